"""Backtests: scores recomputed from quantiles, the scorer of the calibration panel, windows cut by hand, errors."""

import importlib.util
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from priors import PROTOTYPE

import attain as at
from attain import _core
from attain.cli import main
from attain.errors import ArgumentError, DataError

ROOT = Path(__file__).parents[2]
CALIBRATION = ROOT.parent / "shared" / "data" / "calibration"


def load(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def windows():
    """Every 33rd window of the calibration panel, and its levels as one tidy frame."""
    if not CALIBRATION.is_dir():
        pytest.skip("the calibration panel is not beside this checkout")
    frame = pd.read_csv(CALIBRATION / "windows.csv.gz").iloc[::33]
    levels = frame["levels"].str.split()
    tidy = frame[["window", "start"]].assign(value=levels).explode("value")
    tidy["year"] = tidy["start"] + tidy.groupby("window").cumcount()
    return frame, tidy.rename(columns={"window": "indicator"})[["indicator", "year", "value"]]


@pytest.fixture(scope="module")
def scored(windows):
    frame, tidy = windows
    return at.backtest(
        tidy, horizons=(3, 5), units=dict(zip(frame["window"], frame["unit"], strict=True)), prior=PROTOTYPE
    )


def panel(series=3, years=14, seed=0):
    rng = np.random.default_rng(seed)
    levels = 100 * np.exp(np.cumsum(rng.normal(0.06, 0.05, (years, series)), axis=0))
    return pd.DataFrame(levels, index=range(2001, 2001 + years), columns=[f"s{i}" for i in range(series)])


def test_scores_are_those_of_the_quantiles(windows, scored):
    """CRPS as an integral over quantiles of the batch, which knows nothing of the scores; PIT by inverting them."""
    frame, _ = windows
    sample = frame.iloc[:200]
    z = np.linspace(-13.8, 13.8, 4001)
    p = 1 / (1 + np.exp(-z))  # the integral over p is one over its log odds z
    table = scored.table.set_index(["series", "horizon"])
    assert len(sample) == 200
    for row in sample.itertuples():
        y = np.log(np.array(row.levels.split(), float))
        zeros = np.zeros(row.n, np.int32)
        year = np.arange(row.n, dtype=np.int32)
        columns = (zeros.astype(np.int64), year, zeros, zeros, np.exp(y[: row.n]), zeros, zeros)
        quantile = _core.growth_quantiles(PROTOTYPE.points, *columns, row.n, row.n + 4, p)[1][0]
        for h in (3, 5):
            x, actual, got = quantile[h - 1], y[row.n - 1 + h], table.loc[(row.window, h)]
            loss = 2 * ((actual <= x) - p) * (x - actual)
            assert got["crps"] == pytest.approx(np.trapezoid(loss * p * (1 - p), z), rel=1e-4)
            assert got["pit"] == pytest.approx(np.interp(actual, x, p), abs=1e-5)
            assert got["median"] == pytest.approx(math.exp(np.interp(0.5, p, x)), rel=1e-6)
            assert got["actual"] == pytest.approx(math.exp(actual), rel=1e-12)


def test_the_summary_is_what_the_scorer_of_the_panel_says(windows, scored):
    frame, _ = windows
    scorer = load(CALIBRATION / "score.py")
    p = scored.exceedances["probability"].to_numpy().reshape(-1, 4)
    told = scored.table.rename(columns={"series": "window"})[["window", "horizon", "crps", "pit"]]
    told[["p1", "p2", "p3", "p4"]] = p
    reference = scorer.load()
    merged = reference[reference["window"].isin(frame["window"])].merge(told, on=["window", "horizon"])
    assert len(merged) == len(scored.table) == 2 * len(frame)
    expected, got = scorer.scores(merged), scored.scores().loc["all"]
    for key, name in {"ece": "calibration_error"}.items():
        expected[name] = expected.pop(key)
    for key, value in expected.items():
        assert got[key] == pytest.approx(value, abs=1e-9 if key != "slope" else 1e-6), key
    at_bounds = scored.exceedances["level"].to_numpy().reshape(-1, 4)
    order = merged.set_index(["window", "horizon"]).loc[list(zip(told["window"], told["horizon"], strict=True))]
    np.testing.assert_allclose(np.log(at_bounds), order[["b1", "b2", "b3", "b4"]], atol=1e-9)
    np.testing.assert_allclose(scored.table["random_walk"], order["rw"], rtol=1e-7, atol=1e-6)


def test_the_benchmark_scores_the_same_windows(windows, scored):
    frame, _ = windows
    script = load(ROOT / "benchmarks" / "calibration" / "windows.py")
    levels = [np.array(text.split(), float) for text in frame["levels"]]
    got = script.score_windows(frame["window"].tolist(), levels, frame["n"].to_numpy(), PROTOTYPE.points)
    got = got.set_index(["window", "horizon"]).sort_index()
    table = scored.table.set_index(["series", "horizon"]).sort_index()
    np.testing.assert_array_equal(got["crps"], table["crps"])
    np.testing.assert_array_equal(got["pit"], table["pit"])


def random_walk(levels, h):
    g = np.diff(np.log(levels))
    return math.log(levels[-1]) + h * g.mean(), g.std(ddof=1)


@pytest.mark.parametrize("gap", [False, True])
def test_a_rolling_origin_uses_no_later_figure(gap):
    frame = panel()
    if gap:
        frame.loc[2005, "s1"] = np.nan
    result = at.backtest(frame, horizons=(1, 3), origins="all")
    assert set(result.table["origin"]) == set(range(2004, 2014))
    for row in result.table.itertuples():
        known = frame.loc[: row.origin, row.series].dropna()
        assert row.history == len(known)
        projection = at.project(known.rename("x"), to=row.origin + row.horizon)
        assert row.actual == pytest.approx(frame.at[row.origin + row.horizon, row.series], rel=1e-12)
        assert row.median == pytest.approx(projection.quantile(0.5).loc[row.origin + row.horizon, "x"], rel=1e-9)
        p = projection.probability(by=row.origin + row.horizon, at_most=row.actual)
        assert row.pit == pytest.approx(p, abs=1e-10)


def test_bounds_and_the_log_score_are_of_the_forecast():
    frame = panel(series=1)
    result = at.backtest(frame, horizons=2, origins=2010, history=6)
    (row,) = result.table.itertuples()
    known = frame.loc[2005:2010, "s0"]
    middle, s = random_walk(known.to_numpy(), 2)
    levels = [*np.exp(middle + np.array([-1, 0, 1]) * s * math.sqrt(2)), known.iloc[-1] * 1.1**2]
    np.testing.assert_allclose(result.exceedances["level"], levels, rtol=1e-12)
    projection = at.project(known, to=2012)
    for asked in result.exceedances.itertuples():
        assert asked.probability == pytest.approx(projection.probability(by=2012, at_least=asked.level), abs=1e-10)
        assert asked.reached == (row.actual >= asked.level)
    step = 1e-4
    near = [projection.probability(by=2012, at_most=row.actual * math.exp(d)) for d in (-step, step)]
    assert row.log_score == pytest.approx(math.log((near[1] - near[0]) / (2 * step)), abs=1e-4)


def test_gaps_spread_the_random_walk_over_their_years():
    frame = panel(series=1, years=9)
    frame.loc[[2003, 2004], "s0"] = np.nan
    result = at.backtest(frame, horizons=1, origins=2008)
    y, years = np.log(frame["s0"].dropna().loc[:2008]), frame["s0"].dropna().loc[:2008].index.to_numpy()
    g, d = np.diff(y), np.diff(years)
    m = g.sum() / d.sum()
    s = math.sqrt(((g - d * m) ** 2 / d).sum() / (len(g) - 1))
    expected = y.iloc[-1] + m + np.array([-1, 0, 1]) * s
    np.testing.assert_allclose(np.log(result.exceedances["level"][:3]), expected, rtol=1e-12)


def test_the_random_walk_scores_as_itself():
    result = at.backtest(panel(series=5), model="random-walk")
    np.testing.assert_allclose(result.table["crps"], result.table["random_walk"], rtol=1e-12)
    assert result.scores().at["all", "crps"] == pytest.approx(1)
    assert result.prior == "none"


def test_origins():
    frame = panel(series=2)
    frame.loc[2012:, "s1"] = np.nan
    last = at.backtest(frame, horizons=(1, 3)).table
    assert last.groupby("series")["origin"].unique().map(list).to_dict() == {"s0": [2011], "s1": [2008]}
    chosen = at.backtest(frame, horizons=(1, 3), origins=[2006, 2010]).table
    assert sorted(set(zip(chosen["series"], chosen["origin"], chosen["horizon"], strict=True))) == [
        ("s0", 2006, 1), ("s0", 2006, 3), ("s0", 2010, 1), ("s0", 2010, 3),
        ("s1", 2006, 1), ("s1", 2006, 3), ("s1", 2010, 1),
    ]  # fmt: skip


def test_what_cannot_be_scored_is_listed():
    frame = panel(series=2)
    frame.loc[2004:, "s1"] = np.nan
    tidy = frame.melt(ignore_index=False, var_name="indicator").dropna().rename_axis("year").reset_index()
    tidy = tidy.assign(kind="level", scope="")
    more = [
        {"indicator": "rates", "year": 2005, "value": 0.05, "kind": "growth", "scope": ""},
        *(
            {"indicator": "two", "year": y, "value": 5.0, "kind": "level", "scope": str(y > 2005)}
            for y in range(2001, 2012)
        ),
    ]
    result = at.backtest(pd.concat([tidy, pd.DataFrame(more)]))
    assert result.table["series"].unique().tolist() == ["s0"]
    reasons = result.skipped["reason"]
    assert "no origin with 4 levels" in reasons["s1"]
    assert "no yearly level" in reasons["rates"]
    assert "2 scopes" in reasons["two"]
    assert "Not scored, 3" in result.summary()


def test_a_walk_without_spread_is_listed():
    frame = panel(series=1).assign(even=[100.0 * 2**i for i in range(14)])
    assert at.backtest(frame).table["series"].nunique() == 2
    result = at.backtest(frame, model="random-walk")
    assert result.table["series"].unique().tolist() == ["s0"]
    assert "no log score" in result.skipped.loc["even", "reason"]


def test_constant_series_have_no_score_against_the_walk():
    result = at.backtest(pd.DataFrame({"x": [5.0] * 12}, index=range(2010, 2022)), horizons=(1, 3))
    row = next(line.split() for line in result.summary().splitlines() if line.startswith("CRPS"))
    assert row[-3:] == ["-", "-", "low"]
    assert "nan" not in result.summary()


def test_intervals_draw_whole_units():
    frame = panel(series=30)
    alone = at.backtest(frame)
    one = at.backtest(frame, units={f"s{i}": "all" for i in range(30)})
    assert one.scores().loc["low"].drop("forecasts").equals(one.scores().loc["high"].drop("forecasts"))
    pd.testing.assert_series_equal(
        one.scores().loc["all"], one.scores().loc["low"], check_names=False, rtol=1e-6, atol=1e-6
    )
    spread = alone.scores().loc["high"] - alone.scores().loc["low"]
    assert (spread[["crps", "cover80", "slope", "brier", "log_score"]] > 0).all()
    pd.testing.assert_frame_equal(alone.scores(), at.backtest(frame).scores())


def test_slopes_of_samples_are_close_to_newtons_end():
    """One step from the slope of all leaves little: against the whole search, on samples of units."""
    from attain.backtest import _Sample

    result = at.backtest(panel(series=200, seed=3))
    sample = _Sample.of(result.table, result.exceedances)
    member = np.unique(result.table["unit"], return_inverse=True)[1]
    got = sample.bootstrap(member, 40)["slope"]
    rng, whole = np.random.default_rng(0), []
    for _ in got:
        times = np.bincount(rng.choice(200, 200), minlength=200)[member]
        rows = np.repeat(np.arange(len(member)), times)
        again = _Sample(sample.terms[rows], sample.log_odds[rows], sample.reached[rows])
        whole.append(again.line(np.ones(len(rows), bool))[1])
    assert np.abs(got - whole).max() < 0.5 * np.std(whole)
    assert got.std() == pytest.approx(np.std(whole, ddof=1), rel=0.15)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"horizons": (0, 1)}, ArgumentError, "horizons"),
        ({"horizons": ()}, ArgumentError, "horizons"),
        ({"horizons": 1.5}, ArgumentError, "horizons"),
        ({"origins": "first"}, ArgumentError, "origins: 'first'"),
        ({"origins": [2005.5]}, ArgumentError, "origins"),
        ({"history": 3}, ArgumentError, "history"),
        ({"model": "arima"}, ArgumentError, "model"),
        ({"prior": "none"}, ArgumentError, "no prior"),
        ({"origins": 1990}, DataError, "nothing can be scored"),
        ({"history": 13}, DataError, "13 levels"),
    ],
)
def test_errors(options, error, message):
    with pytest.raises(error, match=message):
        at.backtest(panel(), **options)


def test_figure_and_fragment():
    result = at.backtest(panel(series=12), origins="all")
    figure = result.plot()
    left, right = figure.axes
    assert left.get_xlim() == left.get_ylim() == (0, 1)
    share = sum(bar.get_height() for bar in right.patches if bar.get_width() == pytest.approx(0.05))
    assert share == pytest.approx(1, abs=1e-9)
    assert "CRPS / random walk" in result._repr_html_()
    pd.testing.assert_frame_equal(result.to_frame(), result.table)


def test_command_line(tmp_path, capsys):
    panel().rename_axis("year").to_csv(tmp_path / "panel.csv")
    out = tmp_path / "out"
    panel_csv = str(tmp_path / "panel.csv")
    assert main(["backtest", panel_csv, "--horizons", "1,2", "--history", "6", "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "calibration slope" in printed
    told = pd.read_csv(out / "panel-forecasts.csv")
    assert told["horizon"].unique().tolist() == [1, 2]
    assert (told["history"] == 6).all()
    assert (out / "panel-backtest.png").read_bytes().startswith(b"\x89PNG")
    written = [line for line in printed.splitlines() if line.startswith("wrote ")]
    assert {p.name for p in out.iterdir()} == {line.rsplit("/")[-1] for line in written}
    assert main(["backtest", panel_csv, "--origins", "last", "--history", "2"]) == 2
    assert "history" in capsys.readouterr().err
