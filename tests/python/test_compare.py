"""The comparison of forecasting methods: its predictions, its measures against score.py's, what it says of failures."""

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats

ROOT = Path(__file__).parents[2]
ROUNDED = 0.0011  # two numbers of three decimals that come from one
PANEL = ROOT.parent / "shared" / "data" / "calibration"


def load(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


compare = load(ROOT / "benchmarks" / "calibration" / "compare.py")


def histories(count):
    rng = np.random.default_rng(4)
    return {f"w{i}": np.cumsum(rng.normal(0.05, 0.1, (6, 10, 15)[i % 3] + 5)) for i in range(count)}


def frame_of(levels):
    """What score.py makes of windows of log levels, in the same columns."""
    rows = []
    for window, y in levels.items():
        n = len(y) - 5
        growth = np.diff(y[:n])
        for h in (3, 5):
            loc, spread = y[n - 1] + h * growth.mean(), growth.std(ddof=1)
            bounds = [loc + k * spread * np.sqrt(h) for k in (-1, 0, 1)] + [y[n - 1] + h * np.log(1.1)]
            rows.append((window, "s", "f", window, n, h, y[n + h - 1], 0.3, *bounds))
    return pd.DataFrame(rows, columns="window source fold unit n horizon actual rw b1 b2 b3 b4".split())


def answer(y, *, seconds=0.5):
    """Normal with mean at the last level of the history and standard deviation 0.1 sqrt(h)."""
    half = stats.norm.ppf(0.975) * 0.1 * np.sqrt(np.arange(1, 6))
    last = np.full(5, y[-6])
    return compare.Answer.of(np.array([last, last - half, last + half]), seconds)


@pytest.fixture
def panel(tmp_path):
    """score.py and some of the windows, in a folder of their own."""
    if not PANEL.exists():
        pytest.skip("the panel of real series is not beside this checkout")
    shutil.copy(PANEL / "score.py", tmp_path)
    pd.read_csv(PANEL / "windows.csv.gz").iloc[::59].to_csv(tmp_path / "windows.csv.gz", index=False)
    return tmp_path


@pytest.mark.parametrize(("actual", "mean", "sd"), [(0.3, 0.1, 0.2), (-4, 1, 0.7), (2, 2, 1.3)])
def test_crps_of_a_normal_is_its_integral(actual, mean, sd):
    below = integrate.quad(lambda x: stats.norm.cdf(x, mean, sd) ** 2, -30, actual, points=[mean])[0]
    above = integrate.quad(lambda x: stats.norm.sf(x, mean, sd) ** 2, actual, 30, points=[max(mean, actual)])[0]
    assert compare.normal_crps(actual, mean, sd) == pytest.approx(below + above, rel=1e-7)


def test_predictions_are_those_of_the_normal_of_the_interval():
    levels = histories(6)
    frame = frame_of(levels)
    made = compare.predictive(frame, {w: answer(y) for w, y in levels.items()})
    assert list(made) == compare.CACHED
    for row, truth in zip(made.itertuples(), frame.itertuples(), strict=True):
        normal = stats.norm(levels[row.window][-6], 0.1 * np.sqrt(row.horizon))
        assert row.pit == pytest.approx(normal.cdf(truth.actual))
        assert [row.p1, row.p2, row.p3, row.p4] == pytest.approx(normal.sf([truth.b1, truth.b2, truth.b3, truth.b4]))


def test_an_interval_without_width_has_the_least_standard_deviation():
    assert compare.standard_deviation(1.0, 1.0) == compare.FLOOR


def test_the_reference_is_the_exact_t_of_the_random_walk():
    levels = histories(6)
    frame = frame_of(levels)
    made = compare.reference(frame)
    for row in frame.itertuples():
        growth = np.diff(levels[row.window][: row.n])
        scale = growth.std(ddof=1) * np.sqrt(row.horizon * (1 + row.horizon / (row.n - 1)))
        t = stats.t(row.n - 2, levels[row.window][row.n - 1] + row.horizon * growth.mean(), scale)
        found = made.loc[(row.window, row.horizon)]
        assert found.pit == pytest.approx(t.cdf(row.actual))
        bounds = [row.b1, row.b2, row.b3, row.b4]
        assert found[["p1", "p2", "p3", "p4"]].to_numpy() == pytest.approx(t.sf(bounds))


def test_a_method_that_failed_has_the_reference_there_and_is_listed():
    levels = histories(9)
    frame = frame_of(levels)
    answers = {w: answer(y) for w, y in levels.items()}
    answers["w0"] = compare.Answer.of(None, 0.5, "ValueError: too short")
    answers["w4"] = compare.Answer.of(np.full((3, 5), np.inf), 0.5)
    made = compare.entry_of_method("r-ets", frame, compare.predictive(frame, answers))
    assert made.replaced == 2
    assert made.seconds == pytest.approx(4.5)
    assert any("r-ets: no forecast of 1 windows of 6 levels, 1 windows of 10 levels" in note for note in made.notes)
    expected = compare.reference(frame)
    own = (made.predictions != expected).any(axis=1).groupby("window").any()
    assert list(own.index[~own]) == ["w0", "w4"]


def test_what_is_kept_is_not_computed_again(monkeypatch, tmp_path):
    monkeypatch.setattr(compare, "CACHE", tmp_path)
    levels = histories(6)
    frame = frame_of(levels)
    made = compare.predictive(frame, {w: answer(y, seconds=77) for w, y in levels.items()})
    made.to_csv(compare.cache_file(compare.METHODS["sf-ets"], "0"), index=False)
    read = compare.answered("sf-ets", frame.iloc[4:], levels, "0")
    pd.testing.assert_frame_equal(read.reset_index(drop=True), made.iloc[4:].reset_index(drop=True), check_dtype=False)


def test_a_file_with_windows_missing_is_listed(tmp_path):
    frame = frame_of(histories(9))
    table = compare.reference(frame).assign(crps=0.1).reset_index()
    table.loc[table.window == "w8", "p3"] = np.nan
    table.iloc[1:].to_csv(tmp_path / "mine.csv", index=False)  # w0 keeps one horizon of two
    made = compare.entry_of_file("mine", tmp_path / "mine.csv", frame)
    assert made.replaced == 2
    assert made.notes == ("mine: no complete prediction of 2 windows in its file",)
    assert (made.predictions.crps == 0.1).groupby("window").all().sum() == 7


def test_a_file_that_is_no_predictions_is_refused(tmp_path):
    frame = frame_of(histories(3))
    table = compare.reference(frame).reset_index()
    table.drop(columns="pit").to_csv(tmp_path / "narrow.csv", index=False)
    with pytest.raises(SystemExit, match=r"narrow.csv: no column pit"):
        compare.entry_of_file("mine", tmp_path / "narrow.csv", frame)
    pd.concat([table, table]).to_csv(tmp_path / "twice.csv", index=False)
    with pytest.raises(SystemExit, match="twice"):
        compare.entry_of_file("mine", tmp_path / "twice.csv", frame)


def test_a_larger_limit_contains_a_smaller_one():
    frame = frame_of(histories(20))
    few, more = (set(compare.choose(frame, limit).window) for limit in (5, 11))
    assert few < more
    assert len(few) == 5
    assert len(compare.choose(frame, None)) == len(frame)


def cells(lines, name):
    (line,) = [line for line in lines if line.startswith(f"| {name} |")]
    return [cell.strip() for cell in line.strip("|").split("|")]


def plain(cells):
    return [float(cell) for cell in cells]


def test_the_tables_hold_the_scores_of_score_py(panel, capsys):
    score = load(panel / "score.py")
    frame, rng = score.load(), np.random.default_rng(1)
    made = frame[["window", "horizon"]].assign(crps=rng.gamma(2, 0.1, len(frame)), pit=rng.random(len(frame)))
    made = made.assign(**{f"p{k}": rng.random(len(frame)) for k in range(1, 5)})
    made.to_csv(panel / "made.csv", index=False)
    compare.main(["--data", str(panel), "--methods", "", "--predictions", f"made={panel / 'made.csv'}"])
    tables = capsys.readouterr().out.split("\n## ")
    command = [sys.executable, "score.py", "made.csv"]
    said = subprocess.run(command, cwd=panel, capture_output=True, text=True, check=True).stdout
    expected = {line.rsplit(maxsplit=6)[0].strip(): line.split()[-6:] for line in said.splitlines()[1:]}
    assert plain(cells(tables[0].splitlines(), "made")[2:8]) == pytest.approx(plain(expected["all"]), abs=ROUNDED)
    folds = [expected[f"fold {fold}"][0] for fold in sorted(frame.fold.unique())]
    assert plain(cells(tables[1].splitlines(), "made")[1:]) == pytest.approx(plain(folds), abs=ROUNDED)
    lengths = [expected[f"n {n}"][measure] for measure in (0, 1, 3) for n in (6, 10, 15)]
    assert plain(cells(tables[2].splitlines(), "made")[1:]) == pytest.approx(plain(lengths), abs=ROUNDED)
    assert cells(tables[0].splitlines(), compare.REFERENCE)[2] == "1.000"
    first = [line for line in tables[0].splitlines() if line.startswith("| ")][1]
    assert first.startswith("| made |")
