"""Simulated paths: against the joint integral, NumPy and exact margins; the same bytes whatever the threads and the
instructions; what no path attains; targets that only paths can answer."""

import math
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from test_joint import GROWTH, LAST, MOST, SECOND, bounded, random_indicator

import attain as at
from attain import _core
from attain.errors import ArgumentError
from attain.projection import Mixture
from attain.simulation import Drawing, Quantity, Simulation, estimate

LEVELS = pd.DataFrame(
    {
        "x": [100.0, 108, 113, 121, 133, 140, 150, 158],
        "y": [10.0, 9, 11, 12, 11, 13, 14, 14.5],
        "z": [50.0, 52, 51, 55, 60, 61, 65, 66],
    },
    index=range(2017, 2025),
)


def random_problem(seed):
    """Bounds as joint_log_probability takes them: up to six indicators, two factors, one or two years."""
    rng = np.random.default_rng(seed)
    problem = []
    for _ in range(rng.integers(1, 7)):
        indicator = random_indicator(rng, rng.uniform(-0.3, 0.7, rng.integers(2, 3)))
        rows = [[LAST, SECOND, GROWTH][k] for k in rng.choice(3, rng.integers(1, 3), replace=False)]
        centre = indicator["weight"] @ indicator["location"] @ np.array(rows, float).T
        lower = centre - rng.uniform(-0.05, 0.15)
        problem.append(bounded(indicator, rows, lower, lower + rng.choice([0.4, math.inf])))
    return problem


def as_simulation(problem, seed=0, **options):
    """The same bounds, a target each, as a simulation."""
    mixtures, loadings, targets = {}, {}, []
    for i, (weight, df, location, scale, first, loading, rows, lower, upper) in enumerate(problem):
        years = tuple(range(first, first + location.shape[1]))
        mixtures[f"i{i}"], loadings[f"i{i}"] = Mixture(years, weight, df, location, scale), loading
        for row, low, high in zip(rows, lower, upper, strict=True):
            terms = tuple((f"i{i}", years[j], row[j]) for j in np.flatnonzero(row))
            targets.append([Quantity("logs", terms, low, high)])
    return Simulation(mixtures, loadings, targets, seed=seed, **options)


def off_by(seed, draws):
    """How many standard errors paths and integral are apart."""
    problem = random_problem(seed)
    ((log_p, error),) = _core.joint_log_probability(problem, 0, 2e-3, MOST // 8)
    found = as_simulation(problem, seed).probability(Drawing(draws))
    return (found.probability - math.exp(log_p)) / math.hypot(found.error, error * math.exp(log_p))


def test_paths_are_the_integral():
    off = np.array([off_by(seed, 50_000) for seed in range(25)])
    assert np.abs(off).max() < 4
    assert np.mean(off**2) < 2


def tally_bytes(simulation, threads):
    tally = simulation.tally(1_000_000, threads=threads)
    assert tally.paths == 256 * 3907
    return tally.pattern.tobytes(), tally.all


def test_threads_and_instructions_change_no_byte():
    problem = random_problem(3)
    expected = tally_bytes(as_simulation(problem), 1)
    for threads in (2, 5):
        assert tally_bytes(as_simulation(problem), threads) == expected
    for instructions in (1, 2, 3):
        try:
            other = as_simulation(problem, instructions=instructions)
        except ArgumentError:
            continue  # this machine lacks it
        assert tally_bytes(other, 2) == expected
    assert tally_bytes(as_simulation(problem, seed=1), 1) != expected
    assert tally_bytes(as_simulation(problem, scenario=1), 1) != expected


def test_no_number_of_paths_tells_0_or_1():
    for paths in (256, 100_096):
        never, always, half = estimate(0, paths), estimate(paths, paths), estimate(paths // 2, paths)
        assert 0 < never.probability < 1 / paths
        assert never.probability + never.error == pytest.approx(3 / paths, rel=0.01)  # the rule of three
        assert always.probability == pytest.approx(1 - never.probability, rel=1e-12)
        assert always.error == pytest.approx(never.error, rel=1e-9)
        assert half.error == pytest.approx(0.5 / math.sqrt(paths), rel=0.01)


def plan_of(*targets, relations=()):
    named = [{"id": f"t{i}", **t} for i, t in enumerate(targets)]
    return {"id": "p", "targets": named, "relations": list(relations)}


def drawn(mixture, rng, n=400_000):
    """Paths of one indicator, by NumPy."""
    component = rng.choice(len(mixture.weight), size=n, p=mixture.weight / mixture.weight.sum())
    root = np.linalg.cholesky(mixture.scale + 1e-15 * np.eye(len(mixture.years)))
    scale = np.sqrt(rng.chisquare(mixture.df[component]) / mixture.df[component])[:, None]
    z = rng.normal(size=(n, len(mixture.years))) / scale
    return mixture.location[component] + np.einsum("nij,nj->ni", root[component], z)


def test_growth_in_every_year():
    target = {"kind": "growth", "mode": "every-year", "indicator": "x", "since": 2024, "by": 2028, "at_least": "3%"}
    result = at.assess(plan_of(target), LEVELS, dependence="independent", draws=400_000)
    paths = drawn(result.projection.mixture("x"), np.random.default_rng(1))
    growth = np.expm1(np.diff(paths, axis=1, prepend=math.log(158))).min(axis=1)
    row = result.table.loc["t0"]
    assert result.engine == "simulation"
    assert row["probability"] == result.probability
    assert result.probability == pytest.approx(np.mean(growth >= 0.03), abs=4 * 0.5 / math.sqrt(200_000))
    assert 0 < result.numerical_error == pytest.approx(row["numerical_error"], rel=1e-6)
    assert row["median"] == pytest.approx(np.median(growth), abs=0.003)
    assert row["interval80"] == pytest.approx(tuple(np.quantile(growth, [0.1, 0.9])), abs=0.004)
    assert row["required_growth"] == 0.03
    assert row["range"][0] <= row["probability"] <= row["range"][1]
    once = at.assess(plan_of({**target, "since": 2027}), LEVELS)
    assert once.engine == "exact"


def test_years_of_the_window_that_have_passed():
    every = {"kind": "growth", "mode": "every-year", "indicator": "x", "by": 2026, "at_least": "5%"}
    held, failed, over = (
        at.assess(plan_of({**every, "since": since, "by": by}), LEVELS).table.loc["t0"]
        for since, by in ((2023, 2026), (2018, 2026), (2020, 2024))
    )
    ahead = at.assess(plan_of({**every, "since": 2024}), LEVELS).table.loc["t0"]
    assert held["probability"] == ahead["probability"]
    assert failed["probability"] == 0  # 113 after 108
    assert failed["likelihood"] == "missed"
    assert over["likelihood"] == "attained"
    no_base = at.assess(plan_of({**every, "since": 2010}), LEVELS)
    assert "no figure of 2010" in no_base.not_assessed.loc["t0", "reason"]


def test_an_amount_in_every_year():
    target = {"kind": "flow", "indicator": "y", "per": "year", "by": 2027, "at_least": 13.5}
    result = at.assess(plan_of(target), LEVELS, draws=400_000)
    least = drawn(result.projection.mixture("y"), np.random.default_rng(2))[:, :3].min(axis=1)
    assert result.probability == pytest.approx(np.mean(least >= math.log(13.5)), abs=0.004)
    assert result.table.loc["t0", "median"] == pytest.approx(math.exp(np.median(least)), rel=0.01)


SUM = {"kind": "sum", "whole": "t0", "parts": ["t1", "t2"]}
WHOLE = {"kind": "level", "indicator": "total", "by": 2027, "at_least": 190}
PARTS = [{"kind": "level", "indicator": "x", "by": 2027, "at_least": 165},
         {"kind": "level", "indicator": "y", "by": 2027, "at_least": 15}]  # fmt: skip


def test_a_sum_of_parts(tmp_path):
    result = at.assess(plan_of(WHOLE, *PARTS, relations=[SUM]), LEVELS, dependence={}, draws=400_000)
    rng = np.random.default_rng(4)
    x, y = (np.exp(drawn(result.projection.mixture(name), rng)[:, 2]) for name in "xy")
    row = result.table.loc["t0"]
    assert row["probability"] == pytest.approx(np.mean(x + y >= 190), abs=0.004)
    assert row["median"] == pytest.approx(np.median(x + y), rel=0.005)
    assert row["last_value"] == 172.5
    assert row["required_growth"] == pytest.approx((190 / 172.5) ** (1 / 3) - 1)
    assert result.engine == "simulation"
    assert result.probability == pytest.approx(np.mean((x + y >= 190) & (x >= 165) & (y >= 15)), abs=0.004)
    assert result.range[0] <= result.probability <= result.range[1]
    assert result.table.loc["t1", "numerical_error"] < 1e-8  # its own margin stays exact
    assert list(result.sensitivity.query("target == 't0' and in_range")["prior"]) == [
        "general",
        "china-province",
        "industry",
    ]
    for text in (result.summary(), result.summary(language="zh"), result.to_json()):
        assert "simulation" in text
    assert result.indicators == ["x", "y"]
    assert result.plot() is not None
    assert "t0" in result._repr_html_()
    result.to_html(tmp_path / "sum.html", language="zh")
    assert "模拟路径" in (tmp_path / "sum.html").read_text(encoding="utf-8")


def test_a_sum_of_figures_in_hand():
    settled = at.assess(plan_of({**WHOLE, "by": 2023, "at_least": 160}, *PARTS, relations=[SUM]), LEVELS)
    assert settled.table.loc["t0", "likelihood"] == "attained"  # 150 and 14
    lonely = at.assess(plan_of(WHOLE, PARTS[0], {**PARTS[1], "indicator": "w"}, relations=[SUM]), LEVELS)
    assert lonely.not_assessed.loc["t0", "reason"] == "no history of total"


THREE = plan_of(*({"kind": "level", "indicator": n, "by": b, "at_least": v} for n, b, v in
                  (("x", 2027, 170), ("y", 2027, 15.5), ("z", 2026, 69))))  # fmt: skip


def test_engines_agree():
    exact, paths = (at.assess(THREE, LEVELS, engine=e, draws=400_000) for e in ("auto", "simulation"))
    assert (exact.engine, paths.engine) == ("factor", "simulation")
    assert paths.probability == pytest.approx(exact.probability, abs=4 * paths.numerical_error)
    assert paths.range == pytest.approx(exact.range, abs=0.005)
    again = at.assess(THREE, LEVELS, engine="simulation", draws=400_000, threads=1)
    assert again.probability == paths.probability
    assert at.assess(THREE, LEVELS, engine="simulation", seed=1).probability != paths.probability


def test_what_cannot_be_asked():
    every = {"kind": "growth", "mode": "every-year", "indicator": "x", "since": 2024, "by": 2028, "at_least": "3%"}
    for engine in ("exact", "factor", "independent", "sov"):
        with pytest.raises(ArgumentError, match=f"engine: '{engine}'"):
            at.assess(plan_of(every), LEVELS, engine=engine)
    for wrong in ({"draws": 0}, {"draws": 1e5}, {"draws": True}, {"threads": 0}, {"engine": "magic"}):
        with pytest.raises(ArgumentError, match=next(iter(wrong))):
            at.assess(THREE, LEVELS, **wrong)


def test_paths_to_look_at():
    shares = pd.DataFrame({"share": [0.2, 0.22, 0.25, 0.24, 0.27, 0.28]}, index=range(2018, 2024))
    tidy = pd.concat(
        [frame.melt(ignore_index=False, var_name="indicator").reset_index(names="year").assign(kind=kind)
         for frame, kind in ((LEVELS[["x"]], "level"), (shares, "share"))]
    )  # fmt: skip
    projection = at.project(tidy, to=2027)
    paths = projection.simulate(60_000, seed=4, dependence="independent")
    assert paths.shape == (60_000, 2, 4)
    assert np.isnan(paths[:, 0, 0]).all()
    assert not np.isnan(paths[:, 1]).any()
    assert ((paths[:, 1] > 0) & (paths[:, 1] < 1)).all()
    low, mid, high = np.quantile(paths[:, :, -1], [0.1, 0.5, 0.9], axis=0)
    for name, *found in zip(projection.indicators, low, mid, high, strict=True):
        mixture, scale = projection.mixture(name), projection.scale_of(name)
        tails = [math.exp(mixture.log_probability(mixture.row(2027), upper=scale.transform(f))) for f in found]
        assert tails == pytest.approx([0.1, 0.5, 0.9], abs=0.01)
    assert np.array_equal(projection.simulate(3, seed=4, dependence="independent"), paths[:3], equal_nan=True)
    assert projection.plot("x", paths=12).axes[0].get_legend_handles_labels()[1].count("12 simulated paths") == 1
    with pytest.raises(ArgumentError, match="draws"):
        projection.simulate(0)


def test_paths_follow_a_frame_of_correlations():
    matrix = [[1, 0.8, -0.5], [0.8, 1, 0], [-0.5, 0, 1]]
    asked = pd.DataFrame(matrix, index=LEVELS.columns, columns=LEVELS.columns)
    projection = at.project(LEVELS, to=2025, model="random-walk")
    ranks = stats.spearmanr(projection.simulate(20_000, seed=1, dependence=asked)[:, :, 0]).statistic
    assert ranks == pytest.approx(np.array(matrix), abs=0.06)


INTERRUPTED = """
import sys
sys.path.insert(0, {tests!r})
from test_simulation import as_simulation, random_problem
print("ready", flush=True)
as_simulation(random_problem(3)).tally(10**12, threads=2)
"""


def test_ctrl_c_stops_it():
    code = INTERRUPTED.format(tests=str(__import__("pathlib").Path(__file__).parent))
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert "KeyboardInterrupt" in said
