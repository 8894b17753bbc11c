"""Scenarios mean what they say: against closed forms, against assess of what they change, against simulation. The bytes
of a sweep are the same whoever computes it, in whatever order, and after a stop."""

import math
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sweeps import HISTORY, PLAN, bytes_of, draws, ordered

import attain as at
from attain.answering import Worker, baseline_of
from attain.cli import main
from attain.conditioning import Condition, condition
from attain.errors import ArgumentError, DataError
from attain.projection import Mixture
from attain.sweep import COLUMNS

WALK = {"model": "random-walk"}


def probabilities(results, scenario):
    rows = results[results["scenario"] == scenario]
    assert (rows["error"] == "").all(), list(rows["error"])
    return rows.set_index("target")["probability"]


def logs(results, scenario):
    return results[results["scenario"] == scenario].set_index("target")["log_probability"]


def one(scenario, plan=PLAN, history=HISTORY, **options):
    """Log probabilities of one scenario."""
    results = at.sweep(plan, history, [scenario], **options)
    assert (results["error"] == "").all(), list(results["error"])
    return logs(results, scenario.name)


def assessed(plan=PLAN, history=HISTORY, **options):
    result = at.assess(plan, history, **options)
    own = result.sensitivity[result.sensitivity["prior"] == result.prior.split(", ")[0]].groupby("target").first()
    return pd.concat([own["log_probability"], pd.Series({"all": result.log_probability})])


# --- the baseline -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("plan", "as_of"), [("jiangxi-2022", None), ("jiangxi-2025", "2025-08-28")])
def test_the_baseline_is_what_assess_says_to_the_last_bit(plan, as_of):
    results, result = at.sweep(plan, as_of=as_of), at.assess(plan, as_of=as_of)
    assert list(results.columns) == list(COLUMNS)
    rows = results.set_index("target")
    assert list(rows.index) == [*result.table.index, "all"]
    assert rows.at["all", "log_probability"] == result.log_probability
    assert rows.at["all", "engine"] == result.engine
    assert (rows["probability"][:-1] == result.table["probability"]).all()
    assert rows["numerical_error"].to_list() == pytest.approx(
        [*result.table["numerical_error"], result.numerical_error]
    )
    assert (rows["observations"][:-1] == result.table["observations"]).all()


def test_what_changes_nothing_changes_no_byte():
    names = {"x": 2026, "y": 2027}
    nothing = [
        at.Scenario("shocks", shocks=[{"indicator": n, "year": y, "size": "0%"} for n, y in names.items()]),
        at.Scenario("drift", override={"drift": 0}),
        at.Scenario("volatility", override={"volatility": 1}),
        at.Scenario("price", override={"price": {2026: "0%"}}),
        at.Scenario("reading", override={"reading": "as stated"}),
        at.Scenario("target", override={"target": {"x-level-2028": 200}}),
        at.Scenario("prior", override={"prior": "general"}),
    ]
    results = at.sweep(PLAN, HISTORY, nothing)
    columns = ["target", "probability", "log_probability", "numerical_error", "engine", "observations", "error"]
    base = bytes_of(results[results["scenario"] == "baseline"][columns])
    for scenario in nothing:
        assert bytes_of(results[results["scenario"] == scenario.name][columns]) == base, scenario.name


# --- conditional projections ------------------------------------------------------------------------------------------


def test_the_gaussian_conditional():
    rng = np.random.default_rng(1)
    factor = rng.normal(size=(5, 5))
    scale, location = factor @ factor.T, rng.normal(size=5)
    mixture = Mixture(tuple(range(2025, 2030)), np.ones(1), np.array([math.inf]), location[None], scale[None])
    given = condition(mixture, (Condition(2026, None, 0.7), Condition(2029, 2028, -0.2)))
    rows, values = np.array([[0, 1, 0, 0, 0], [0, 0, 0, -1, 1.0]]), np.array([0.7, -0.2])
    gain = scale @ rows.T @ np.linalg.inv(rows @ scale @ rows.T)
    assert np.allclose(given.location[0], location + gain @ (values - rows @ location), rtol=0, atol=1e-12)
    assert np.allclose(given.scale[0], scale - gain @ rows @ scale, rtol=0, atol=1e-12)
    assert given.location[0, 1] == 0.7
    assert (given.scale[0, 1] == 0).all()


def test_a_random_walk_that_is_fixed_is_one_that_was_seen():
    """The prior of the textbook's random walk is flat: a figure fixed ahead is a figure more in its history."""
    longer = HISTORY.copy()
    longer.loc[2025] = [170.0, 14.0]
    options = {"dependence": {"x": 0.5, "y": 0.6}, **WALK}
    seen = assessed(history=longer, **options)
    fixed = one(at.Scenario("s", override={"path": {"x": {2025: 170}, "y": {2025: 14.0}}}), **options)
    grown = at.Scenario(
        "s", override={"growth": {"x": {2025: str(100 * (170 / 158 - 1)) + "%"}, "y": {2025: 14 / 14.5 - 1}}}
    )
    assert fixed.to_dict() == pytest.approx(seen.to_dict(), rel=1e-9)
    assert one(grown, **options).to_dict() == pytest.approx(seen.to_dict(), rel=1e-9)


def test_under_bayes_rule_the_growth_model_learns_as_if_it_had_seen():
    """As long as neither drift nor volatility changes with the distance from the last figure."""
    general = at.load_prior("general")
    steady = general.table[(general.table[:, 8] == 1) & (general.table[:, 9] == 0)]
    assert len(steady) > 10
    bayes = at.Prior("bayes", np.ascontiguousarray(steady), math.inf, general.card)
    longer = HISTORY.copy()
    longer.loc[2025] = [170.0, 14.0]
    longer.loc[2026] = [171.0, 15.0]
    path = {"x": {2025: 170, 2026: 171}, "y": {2025: 14, 2026: 15}}
    fixed = one(at.Scenario("s", override={"path": path}), prior=bayes, dependence="independent")
    baseline = baseline_of(PLAN, longer, prior=bayes, dependence="independent")
    seen = {name: e.log_probability(baseline.projection.mixture(e.indicator)) for name, e in baseline.events.items()}
    assert fixed[list(seen)].to_dict() == pytest.approx(seen, rel=1e-8)


def test_a_conditional_projection_is_what_draws_say_that_come_near():
    baseline = baseline_of(PLAN, HISTORY, prior="industry")
    mixture, rng = baseline.projection.mixture("x"), np.random.default_rng(2)
    part = rng.choice(len(mixture.weight), size=3_000_000, p=mixture.weight)
    z = rng.standard_normal((4, len(part)))
    z *= np.sqrt(mixture.df[part] / rng.chisquare(mixture.df[part]))
    factor = np.linalg.cholesky(mixture.scale)
    second = mixture.location[part, 1] + (factor[part, 1, :2].T * z[:2]).sum(axis=0)
    last = mixture.location[part, 3] + (factor[part, 3].T * z).sum(axis=0)
    near = np.abs(second - math.log(160)) < 2e-3
    share = (last[near] >= math.log(200)).mean()
    log_p = one(at.Scenario("s", override={"path": {"x": {2026: 160}}}), prior="industry")["x-level-2028"]
    assert math.exp(log_p) == pytest.approx(share, abs=4 * math.sqrt(share / near.sum()) + 1e-3)


def test_a_target_in_a_year_that_is_fixed_is_settled():
    plan = {"id": "p", "targets": [at.level("x", by=2026, at_least=170), PLAN["targets"][1]]}
    met = one(at.Scenario("s", override={"path": {"x": {2026: 170}}}), plan)
    missed = one(at.Scenario("s", override={"path": {"x": {2026: 169.9}}}), plan)
    assert met["x-level-2026"] == 0
    assert met["all"] == pytest.approx(met["y-level-2028"], abs=1e-9)
    assert missed["x-level-2026"] == missed["all"] == -math.inf


# --- shifts, scales, and the other overrides --------------------------------------------------------------------------


def x_at_least(level, **options):
    return assessed({"id": "p", "targets": [at.level("x", by=2028, at_least=level, id="x-level-2028")]}, **options)[
        "all"
    ]


@pytest.mark.parametrize(
    ("fields", "times"),
    [
        ({"override": {"drift": "2%"}}, 1.02**4),
        ({"override": {"drift": {"x": -0.01}}}, 0.99**4),
        ({"override": {"price": "3%"}}, 1.03**4),
        ({"override": {"price": {2026: "3%", 2028: "-1%"}}}, 1.03 * 0.99),
        ({"override": {"price": {"x": {2025: "3%"}}}}, 1.03),
        ({"shocks": [{"indicator": "x", "year": 2026, "size": "-10%", "fade": 0.5}]}, 0.9**0.25),
        ({"shocks": [{"indicator": "x", "year": 2028, "size": "-10%"}] * 2}, 0.81),
        ({"shocks": [{"indicator": "x", "year": 2026, "size": "-10%", "fade": 0}]}, 1),
        (
            {"shocks": [{"indicator": "x", "year": 2026, "size": "-10%", "fade": 1}], "override": {"drift": "1%"}},
            0.9 * 1.01**4,
        ),
    ],
)
def test_shifts_are_another_target(fields, times):
    assert one(at.Scenario("s", **fields))["x-level-2028"] == pytest.approx(x_at_least(200 / times), rel=1e-10)


def test_volatility_scales_the_t_of_the_random_walk():
    y = np.log(HISTORY["x"].to_numpy())
    growth, n, h = np.diff(y), len(y), 4
    spread = growth.std(ddof=1) * math.sqrt(h + h * h / (n - 1))
    for times in (0.5, 2.0):
        expected = stats.t.logsf((math.log(200) - y[-1] - h * growth.mean()) / (times * spread), n - 2)
        found = one(at.Scenario("s", override={"volatility": {"x": times}}), **WALK)["x-level-2028"]
        assert found == pytest.approx(expected, rel=1e-10)


def test_overrides_of_the_baseline_are_another_assessment():
    given = {"dependence": {"x": 0.3, "y": 0.4}}
    other = {"id": "p", "targets": [at.level("x", by=2029, at_least=190, id="x-level-2028"), PLAN["targets"][1]]}
    about = {"id": "p", "targets": [at.level("x", by=2028, about=200), PLAN["targets"][1]]}
    cases = [
        ({"prior": "industry"}, PLAN, {"prior": "industry", **given}, PLAN),
        ({"loading": 0.7}, PLAN, {"dependence": {"x": 0.7, "y": 0.7}}, PLAN),
        ({"loading": {"y": -0.7}}, PLAN, {"dependence": {"x": 0.3, "y": -0.7}}, PLAN),
        ({"target": {"x-level-2028": {"by": 2029, "at_least": 190}}}, other, given, PLAN),
        ({"reading": "to the number"}, PLAN, given, about),
    ]
    for override, plan, options, base in cases:
        found = one(at.Scenario("s", override=override), base, **given)
        assert found.to_dict() == pytest.approx(assessed(plan, **options).to_dict(), rel=1e-9), override


def test_targets_that_are_excluded_are_gone():
    found = one(at.Scenario("s", exclude=["y-level-2028"]))
    assert list(found.index) == ["x-level-2028", "all"]
    assert found["all"] == found["x-level-2028"]


def test_units_of_an_overridden_target_are_those_written_or_its_own():
    base = baseline_of("jiangxi-2025", None)
    worker = Worker(base)
    answers = [
        worker.answer(at.Scenario("s", override={"target": {"cluster-revenue": value}}))
        for value in ("4.5万亿元", "45000亿元", {"more_than": "45000亿元"})
    ]
    assert all(not rows[0].error for rows in answers), answers
    assert answers[0] == answers[1] == answers[2]
    four = worker.answer(at.Scenario("s", override={"target": {"cluster-revenue": 4.5}}))
    assert four == answers[0]


# --- what fails -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"override": {"drift": {"z": "1%"}}}, "there are x, y"),
        ({"override": {"path": {"x": {2024: 100}}}}, "2025 to 2028"),
        ({"override": {"path": {"x": {2026: -1}}}}, "no figure"),
        ({"override": {"path": {"x": {2026: 100}}, "growth": {"x": {2025: "1%", 2026: "1%"}}}}, "contradicts"),
        ({"override": {"target": {"z": 100}}}, "there are x-level-2028"),
        ({"override": {"target": {"x-level-2028": {"by": 2010}}}}, "not assessed"),
        ({"override": {"target": {"x-level-2028": {"unit": "furlongs"}}}}, "furlongs"),
        ({"override": {"target": {"x-level-2028": {"id": "y-level-2028"}}}}, "does not rename"),
        ({"override": {"prior": "mine"}}, "no prior 'mine'"),
        ({"override": {"prior": "share"}}, "share"),
        ({"override": {"price": {2020: "1%"}}}, "ahead for no indicator"),
        ({"shocks": [{"indicator": "x", "year": 2030, "size": "1%"}]}, "2025 to 2028"),
        ({"exclude": ["x-level-2028", "y-level-2028"]}, "no target is left"),
        ({"exclude": ["z"]}, "no target 'z'"),
    ],
)
def test_a_scenario_that_fails_says_why_and_the_others_go_on(fields, told):
    results = at.sweep(PLAN, HISTORY, [at.Scenario("bad", **fields), at.Scenario("good", override={"drift": "1%"})])
    (row,) = results[results["scenario"] == "bad"].to_dict("records")
    assert told in row["error"]
    assert row["target"] == "all"
    assert math.isnan(row["probability"])
    assert (results[results["scenario"] == "good"]["error"] == "").all()


def test_priors_of_ones_own_are_told_apart_by_their_numbers():
    general, industry = at.load_prior("general"), at.load_prior("industry")
    scenarios = [
        at.Scenario(f"{share:.1f}", override={"prior": general.mixed(industry, share, "mine")})
        for share in (0.2, 0.4, 0.6)
    ]
    serial = at.sweep(PLAN, HISTORY, scenarios)
    assert serial[serial["target"] == "all"]["probability"].nunique() == 4
    with ProcessPoolExecutor(1) as executor:
        assert bytes_of(at.sweep(PLAN, HISTORY, scenarios, executor=executor, chunk=1)) == bytes_of(serial)


def test_shares_have_no_prices_and_no_growth():
    share = pd.DataFrame(
        {"indicator": "s", "year": range(2015, 2024), "value": np.linspace(0.2, 0.28, 9), "kind": "share"}
    )
    plan = {"id": "p", "targets": [at.share("s", of="gdp", by=2026, at_least="30%", id="s")]}
    scenarios = [
        at.Scenario("price", override={"price": {"s": "1%"}}),
        at.Scenario("growth", override={"growth": {"s": {2025: "1%"}}}),
        at.Scenario("path", override={"path": {"s": {2025: "31%"}}}),
        at.Scenario("all prices", override={"price": "1%"}),
    ]
    results = at.sweep(plan, share, scenarios)
    errors = results[results["target"] == "all"].set_index("scenario")["error"]
    assert "nominal" in errors["price"]
    assert "path instead" in errors["growth"]
    assert errors["path"] == ""
    assert probabilities(results, "all prices")["s"] == probabilities(results, "baseline")["s"]


def test_what_is_no_scenario_is_refused():
    twice = [at.Scenario("a"), at.Scenario("a")]
    for scenarios, told in (
        (twice, "stands twice"),
        ([at.Scenario("baseline")], "name of the baseline"),
        ([{}], "no Scenario"),
    ):
        with pytest.raises(ArgumentError, match=told):
            at.sweep(PLAN, HISTORY, scenarios)
    with pytest.raises(ArgumentError, match="chunk"):
        at.sweep(PLAN, HISTORY, chunk=0)
    with pytest.raises(ArgumentError, match=r"no concurrent\.futures\.Executor"):
        at.sweep(PLAN, HISTORY, executor=3)
    with pytest.raises(ArgumentError, match="nothing to sweep"):
        at.sweep("jiangsu-2025", HISTORY)


# --- whoever computes it ----------------------------------------------------------------------------------------------

SCENARIOS = draws(60)


@pytest.fixture(scope="module")
def serial():
    return at.sweep(PLAN, HISTORY, SCENARIOS)


@pytest.mark.parametrize(
    ("pool", "workers", "chunk"),
    [(ThreadPoolExecutor, 1, 50), (ThreadPoolExecutor, 2, 7), (ProcessPoolExecutor, 2, 11)],
)
def test_bytes_do_not_depend_on_the_executor(serial, pool, workers, chunk):
    with pool(workers) as executor:
        assert bytes_of(at.sweep(PLAN, HISTORY, SCENARIOS, executor=executor, chunk=chunk)) == bytes_of(serial)


def test_bytes_do_not_depend_on_the_order(serial):
    shuffled = [SCENARIOS[i] for i in np.random.default_rng(4).permutation(len(SCENARIOS))]
    results = at.sweep(PLAN, HISTORY, shuffled, chunk=13)
    assert bytes_of(ordered(results, SCENARIOS)) == bytes_of(serial)


def test_a_dask_cluster_that_loses_a_worker(serial, tmp_path):
    distributed = pytest.importorskip("distributed")
    workers = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with distributed.LocalCluster(**workers) as cluster, distributed.Client(cluster) as client:
        with pytest.raises(ArgumentError, match=r"client\.get_executor\(\)"):
            at.sweep(PLAN, HISTORY, SCENARIOS, executor=client)
        victim = next(iter(client.run(os.getpid).values()))
        killed = threading.Event()

        def kill():
            while not len(list(tmp_path.glob("*/*.parquet"))) > 10:
                time.sleep(0.002)
            os.kill(victim, signal.SIGKILL)
            killed.set()

        threading.Thread(target=kill, daemon=True).start()
        results = at.sweep(PLAN, HISTORY, SCENARIOS, executor=client.get_executor(), out=tmp_path, chunk=2)
        assert killed.is_set()
    assert bytes_of(results) == bytes_of(serial)


MPI_STUDY = """
import sys
from mpi4py.futures import MPIPoolExecutor
from sweeps import HISTORY, PLAN, draws
import attain as at
if __name__ == "__main__":
    with MPIPoolExecutor() as executor:
        at.sweep(PLAN, HISTORY, draws(60), executor=executor, chunk=7).to_pickle(sys.argv[1])
        print("workers:", executor.num_workers)
"""
BEYOND_THE_CORES = {  # what Open MPI refuses otherwise, as root too; its version 5 has another name for it
    "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "OMPI_MCA_rmaps_base_oversubscribe": "1",
    "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe",
}


def test_bytes_do_not_depend_on_mpi(serial, tmp_path):
    """Three ranks, one of which hands out."""
    pytest.importorskip("mpi4py")
    if shutil.which("mpiexec") is None:
        pytest.skip("there is no mpiexec")
    (tmp_path / "study.py").write_text(MPI_STUDY)
    arguments = ["-m", "mpi4py.futures", tmp_path / "study.py", tmp_path / "results"]
    run = subprocess.run(
        ["mpiexec", "-n", "3", sys.executable, *arguments],
        env=os.environ | BEYOND_THE_CORES | {"PYTHONPATH": str(Path(__file__).parent)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert "workers: 2" in run.stdout
    assert bytes_of(pd.read_pickle(tmp_path / "results")) == bytes_of(serial)


# --- stopped and resumed ----------------------------------------------------------------------------------------------


def test_a_folder_is_read_again(serial, tmp_path):
    first = at.sweep(PLAN, HISTORY, SCENARIOS[:25], out=tmp_path, chunk=10)
    files = {path: path.stat().st_mtime_ns for path in tmp_path.glob("*/*.parquet")}
    assert len(files) == 3
    assert bytes_of(first) == bytes_of(serial[serial["scenario"].isin(first["scenario"])])
    assert bytes_of(at.sweep(PLAN, HISTORY, SCENARIOS, out=tmp_path, chunk=9)) == bytes_of(serial)
    assert all(path.stat().st_mtime_ns == when for path, when in files.items())
    other = at.sweep(PLAN, HISTORY, SCENARIOS[:2], out=tmp_path, prior="industry")
    assert other["probability"].iloc[0] != serial["probability"].iloc[0]
    assert len(list(tmp_path.iterdir())) == 2


def test_a_pool_that_breaks_loses_only_what_it_had(tmp_path):
    many = draws(600)  # so many that most still wait when it breaks
    with ProcessPoolExecutor(2) as executor:

        def kill():
            while not len(list(tmp_path.glob("*/*.parquet"))) > 3:
                time.sleep(0.002)
            for process in list(executor._processes.values()):
                process.kill()

        threading.Thread(target=kill, daemon=True).start()
        broken = at.sweep(PLAN, HISTORY, many, executor=executor, out=tmp_path, chunk=5)
    lost = broken[broken["error"] != ""]
    assert 0 < len(lost) < len(many)
    assert lost["error"].str.startswith("BrokenProcessPool").all()
    serial = at.sweep(PLAN, HISTORY, many)
    kept = broken[broken["error"] == ""]
    assert bytes_of(kept) == bytes_of(serial[serial["scenario"].isin(kept["scenario"])])
    assert bytes_of(at.sweep(PLAN, HISTORY, many, out=tmp_path)) == bytes_of(serial)


def test_what_failed_is_tried_again(tmp_path):
    bad = at.Scenario("bad", override={"drift": {"z": "1%"}})
    at.sweep(PLAN, HISTORY, [bad], out=tmp_path)
    results = at.sweep(PLAN, HISTORY, [bad], out=tmp_path)
    assert list(results["error"] != "") == [False, False, False, True]


def test_sums_of_other_parts_are_another_baseline():
    sums = at.level("all", by=2028, at_least=230, id="sum")
    parts = [PLAN["targets"], PLAN["targets"][:1]]
    plans = [
        {
            "id": "p",
            "targets": [*PLAN["targets"], sums],
            "relations": [{"kind": "sum", "whole": "sum", "parts": [part.id for part in own]}],
        }
        for own in parts
    ]
    first, second, again = (baseline_of(plan, HISTORY) for plan in (*plans, plans[0]))
    assert first.digest == again.digest
    assert first.digest != second.digest


def test_a_file_that_is_none_is_named(tmp_path):
    at.sweep(PLAN, HISTORY, out=tmp_path)
    (path,) = tmp_path.glob("*/*.parquet")
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(DataError, match="delete it") as error:
        at.sweep(PLAN, HISTORY, out=tmp_path)
    assert str(path) in str(error.value)


# --- against the baseline ---------------------------------------------------------------------------------------------


def test_scenarios_beside_the_baseline():
    scenarios = [
        *at.Scenario.one_at_a_time({"drift": ["-1%", "1%"], "volatility": [2]}),
        at.Scenario("bad", exclude=["z"]),
    ]
    results = at.sweep(PLAN, HISTORY, scenarios)
    table = at.compare(results)
    assert len(table) == 9
    own, base = table.iloc[0], probabilities(results, "baseline")
    assert (own["scenario"], own["target"], own["baseline"]) == ("drift = -1%", "x-level-2028", base["x-level-2028"])
    assert own["difference"] == own["probability"] - own["baseline"] < 0
    assert own["ratio"] == own["probability"] / own["baseline"]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_tornado_has_a_bar_for_each_thing_that_is_changed(language):
    axes = {"drift": ["-1%", "1%"], "volatility": [0.5, 2], "prior": ["industry"], "loading.x": [0.1, 0.9]}
    results = at.sweep(PLAN, HISTORY, at.Scenario.one_at_a_time(axes))
    figure = at.tornado(results, language=language)
    (plot,) = figure.axes
    assert len(plot.get_yticks()) == 4
    ends = [patch.get_x() + patch.get_width() for patch in plot.patches]
    base = 100 * probabilities(results, "baseline")["all"]
    assert min(ends) < base < max(ends)
    alone = at.tornado(results, "x-level-2028", language=language)
    told = {"en": "moves nothing", "zh": "没有影响"}[language]
    assert told in [text.get_text() for text in alone.axes[0].texts]
    with pytest.raises(ArgumentError, match="no target 'z'"):
        at.tornado(results, "z")


# --- on the command line ----------------------------------------------------------------------------------------------


def test_the_command_writes_what_it_says_and_goes_on(capsys, tmp_path):
    path = tmp_path / "s.csv"
    path.write_text("scenario,drift\nslow,-1%\nfast,1%\nodd,1\n", encoding="utf-8")
    HISTORY.rename_axis("year").to_csv(tmp_path / "h.csv")
    (tmp_path / "p.yaml").write_text(at.load_plan(PLAN).to_yaml(), encoding="utf-8")
    arguments = ["sweep", str(path), "--out", str(tmp_path / "out")]
    assert main(arguments) == 2
    assert "--plan" in capsys.readouterr().err
    arguments += ["--plan", str(tmp_path / "p.yaml"), "--history", str(tmp_path / "h.csv"), "--workers", "2"]
    assert main(arguments) == 0
    said = capsys.readouterr().out
    assert "3 scenarios, 0 failed" in said
    assert {f.name for f in (tmp_path / "out").iterdir()} == {
        "answers", "s-comparison.csv", "s-results.csv", "s-tornado.png",
    }  # fmt: skip
    results = (tmp_path / "out" / "s-results.csv").read_bytes()
    assert main([*arguments, "--lang", "zh"]) == 0
    assert "3 个情景，0 个失败" in capsys.readouterr().out
    assert (tmp_path / "out" / "s-results.csv").read_bytes() == results
