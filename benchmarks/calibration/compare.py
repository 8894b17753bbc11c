"""How well do the forecasting methods that an economist has at hand forecast real yearly series, and how honestly?

    python benchmarks/calibration/compare.py [--data DIR] [--methods a,b,c] [--limit N] [--out FILE.md]
                                             [--predictions NAME=FILE ...]

Each window of windows.csv.gz is a history and five later levels. A method forecasts the log level from the history; its
predictive is the normal of its own point forecast and 95 % interval, scored 3 and 5 years ahead by score.py of the same
folder. The reference is the random walk with drift, exact Student t. What a method answered is kept as a CSV, which
score.py reads too, so that a second run computes nothing twice.
"""

import os

os.environ["OMP_NUM_THREADS"] = "1"  # read when NumPy loads
os.environ["OPENBLAS_NUM_THREADS"] = "1"
os.environ["MKL_NUM_THREADS"] = "1"

import argparse
import hashlib
import importlib.util
import platform
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib import metadata
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats
from tqdm import tqdm

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
DATA = ROOT.parent / "shared" / "data" / "calibration"
CACHE = ROOT / "build" / "calibration"
AHEAD, HORIZONS = 5, (3, 5)
FLOOR = 0.001  # least standard deviation of a predictive
BLOCK = 100  # windows: the most that an interrupted run loses
LEAN = 0.01  # of an interval's width: from there on it is called asymmetric
SCORED = "crps pit p1 p2 p3 p4".split()
CACHED = ["window", "horizon", *SCORED, "mean", "lower", "upper", "seconds", "failure"]
REFERENCE = "random walk"

Forecast = Callable[[np.ndarray], tuple[Any, Any, Any]]  # log levels -> mean, lower and upper 95 % limit, AHEAD each


@dataclass(frozen=True)
class Method:
    """Who brings a method, and by which call."""

    package: str
    call: str


METHODS = {
    "r-theta": Method("R forecast", "thetaf"),
    "r-ets": Method("R forecast", "ets"),
    "r-arima": Method("R forecast", "auto.arima"),
    "sf-ets": Method("statsforecast", "AutoETS"),
    "sf-arima": Method("statsforecast", "AutoARIMA"),
    "sf-theta": Method("statsforecast", "DynamicOptimizedTheta"),
    "sf-optimized-theta": Method("statsforecast", "OptimizedTheta"),
    "sf-auto-theta": Method("statsforecast", "AutoTheta"),
    "sf-ces": Method("statsforecast", "AutoCES"),
    "sm-trend": Method("statsmodels", "UnobservedComponents"),
    "sm-damped": Method("statsmodels", "ETSModel"),
}
SLOW = ("sf-ces",)  # a second a window: run only where asked for
SETTINGS = {
    "ets": "additive.only=TRUE",
    "UnobservedComponents": "local linear trend",
    "ETSModel": "additive, damped trend",
}


@dataclass(frozen=True)
class Answer:
    """What a method said about one window; limits is (3, AHEAD): mean, lower, upper."""

    limits: np.ndarray
    seconds: float
    failure: str

    @classmethod
    def of(cls, limits: Any, seconds: float, failure: str = "") -> "Answer":
        if not failure and not (limits.shape == (3, AHEAD) and np.isfinite(limits).all()):
            failure = "a forecast that is not finite"
        return cls(np.full((3, AHEAD), np.nan) if failure else limits, seconds, failure)


@dataclass(frozen=True)
class Entry:
    """One line of the tables: the predictions of every scored window, and what is to be said of them."""

    predictions: pd.DataFrame  # SCORED, index (window, horizon)
    what: str
    replaced: int = 0  # windows that have the reference's prediction instead of the method's own
    seconds: float = np.nan
    notes: tuple[str, ...] = ()


def load_module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None or not path.exists():
        raise SystemExit(f"{path} is missing: --data names the folder of windows.csv.gz and score.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# --- predictions --------------------------------------------------------------------------------------------------


def normal_crps(actual: np.ndarray, mean: np.ndarray, sd: np.ndarray) -> np.ndarray:
    """Continuous ranked probability score of a normal (Gneiting and Raftery 2007, equation 21, as a loss)."""
    z = (actual - mean) / sd
    return sd * (z * (2 * stats.norm.cdf(z) - 1) + 2 * stats.norm.pdf(z) - 1 / np.sqrt(np.pi))


def standard_deviation(lower: Any, upper: Any) -> Any:
    return np.maximum((upper - lower) / (2 * stats.norm.ppf(0.975)), FLOOR)


def reference(frame: pd.DataFrame) -> pd.DataFrame:
    """The random walk's predictions: its location is bound 2, from which bounds 1 and 3 stand s sqrt(h) away."""
    h, df = frame.horizon, frame.n - 2
    scale = (frame.b3 - frame.b1) / 2 * np.sqrt(1 + h / (frame.n - 1))
    out = {"crps": frame.rw, "pit": stats.t.cdf((frame.actual - frame.b2) / scale, df)}
    out |= {f"p{k}": stats.t.sf((frame[f"b{k}"] - frame.b2) / scale, df) for k in range(1, 5)}
    return keyed(frame[["window", "horizon"]].assign(**out))


def keyed(table: pd.DataFrame) -> pd.DataFrame:
    return table.set_index(["window", "horizon"])[SCORED]


def predictive(frame: pd.DataFrame, answers: dict[str, Answer]) -> pd.DataFrame:
    """CACHED of the windows answered; where a method failed, the reference's prediction."""
    part = frame[frame.window.isin(answers)].reset_index(drop=True)
    of = [answers[window] for window in part.window]
    limits = np.array([a.limits[:, h - 1] for a, h in zip(of, part.horizon, strict=True)]).reshape(-1, 3)
    mean, lower, upper = limits.T
    sd = standard_deviation(lower, upper)
    out = part[["window", "horizon"]].assign(mean=mean, lower=lower, upper=upper)
    out["crps"] = normal_crps(part.actual, mean, sd)
    out["pit"] = stats.norm.cdf(part.actual, mean, sd)
    for k in range(1, 5):
        out[f"p{k}"] = stats.norm.sf(part[f"b{k}"], mean, sd)
    out["seconds"], out["failure"] = [a.seconds for a in of], [a.failure for a in of]
    failed = out.failure != ""
    out.loc[failed, SCORED] = reference(part)[SCORED].to_numpy()[failed]
    return out[CACHED]


# --- methods ------------------------------------------------------------------------------------------------------


def statsforecast_model(call: str) -> Forecast:
    from statsforecast import models

    def forecast(y: np.ndarray) -> tuple[Any, Any, Any]:
        made = getattr(models, call)(season_length=1).forecast(y, AHEAD, level=[95])
        return made["mean"], made["lo-95"], made["hi-95"]

    return forecast


def statsmodels_model(call: str) -> Forecast:
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel
    from statsmodels.tsa.statespace.structural import UnobservedComponents

    def trend(y: np.ndarray) -> tuple[Any, Any, Any]:
        made = UnobservedComponents(y, "local linear trend").fit(disp=False).get_forecast(AHEAD)
        lower, upper = made.conf_int(alpha=0.05).T
        return made.predicted_mean, lower, upper

    def damped(y: np.ndarray) -> tuple[Any, Any, Any]:
        fit = ETSModel(pd.Series(y), error="add", trend="add", damped_trend=True).fit(disp=False)
        made = fit.get_prediction(len(y), len(y) + AHEAD - 1).summary_frame(alpha=0.05)
        return made["mean"], made["pi_lower"], made["pi_upper"]

    return {"UnobservedComponents": trend, "ETSModel": damped}[call]


def answers_of_python(method: Method, histories: Sequence[np.ndarray]) -> Iterator[Answer]:
    forecast = (statsforecast_model if method.package == "statsforecast" else statsmodels_model)(method.call)
    warm = True
    for y in (histories[0], *histories):  # the first call loads and compiles
        started = time.perf_counter()
        try:
            limits, failure = np.array(forecast(y), float), ""
        except Exception as error:  # whatever a method throws is a failed window
            limits, failure = None, f"{type(error).__name__}: {error}".splitlines()[0][:120]
        if not warm:
            yield Answer.of(limits, time.perf_counter() - started, failure)
        warm = False


def answers_of_r(method: Method, histories: Sequence[np.ndarray]) -> Iterator[Answer]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "histories"
        file.write_text("\n".join(" ".join(map(repr, y.tolist())) for y in histories) + "\n")
        command = ["Rscript", str(HERE / "forecast.R"), method.call, str(file)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for line in process.stdout:
                seconds, failure, *numbers = line.rstrip("\n").split("\t")
                yield Answer.of(np.array(numbers, float).reshape(3, -1) if numbers else None, float(seconds), failure)
        if process.returncode:
            raise SystemExit(f"{' '.join(command[:3])} ended with status {process.returncode}")


@cache
def version(package: str) -> str | None:
    """What is installed of a package, None where nothing is."""
    if not package.startswith("R "):
        try:
            return metadata.version(package)
        except metadata.PackageNotFoundError:
            return None
    try:
        said = subprocess.run(
            ["Rscript", "-e", f'cat(format(packageVersion("{package[2:]}")), R.version$major, R.version$minor)'],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
    except (OSError, subprocess.CalledProcessError):
        return None
    forecast, major, minor = said.stdout.split()
    return f"{forecast} (R {major}.{minor})"


def cache_file(method: Method, digest: str) -> Path:
    package = f"{method.package}-{str(version(method.package)).split()[0]}".replace(" ", "-")
    return CACHE / f"{package}-{method.call}-{digest}.csv"


def read_cache(file: Path) -> pd.DataFrame:
    if not file.exists():
        return pd.DataFrame(columns=CACHED)
    return pd.read_csv(file, dtype={"failure": str}).fillna({"failure": ""})


def answered(name: str, frame: pd.DataFrame, histories: dict[str, np.ndarray], digest: str) -> pd.DataFrame:
    """CACHED of the windows of frame, read from a file; what it lacks is computed and appended, block by block."""
    file = cache_file(METHODS[name], digest)
    file.parent.mkdir(parents=True, exist_ok=True)
    kept = set(read_cache(file).window)
    if missing := [window for window in frame.window.unique() if window not in kept]:
        made = answers_of_r if METHODS[name].package.startswith("R ") else answers_of_python
        answers = made(METHODS[name], [histories[window] for window in missing])
        pairs = zip(missing, tqdm(answers, name, len(missing), leave=False, disable=None), strict=True)
        while block := dict(islice(pairs, BLOCK)):
            rows = predictive(frame, block)
            rows.to_csv(file, mode="a", header=not file.exists(), index=False, float_format="%.10g")
    table = read_cache(file)
    return table[table.window.isin(frame.window)]


# --- entries of the table -----------------------------------------------------------------------------------------


def entry_of_method(name: str, frame: pd.DataFrame, made: pd.DataFrame) -> Entry:
    failed = made.failure != ""
    own, windows = made[~failed], made.drop_duplicates("window")
    notes = []
    if failed.any():
        (reason, _), *others = made[failed].failure.value_counts().items()
        by_n = made[failed].merge(frame[["window", "horizon", "n"]]).drop_duplicates("window").n.value_counts()
        where = ", ".join(f"{count:,} windows of {n} levels" for n, count in by_n.sort_index().items())
        notes.append(f"{name}: no forecast of {where} ({reason}{'; and other reasons' if others else ''})")
    width = own.upper - own.lower
    lean = ((own.upper + own.lower) / 2 - own["mean"]).abs() / width
    if lean[width > 0].median() > LEAN:
        notes.append(f"{name}: asymmetric intervals; their middle stands {lean.median():.3f} of their width from the"
                     " point forecast (median)")  # fmt: skip
    if (floored := (own.upper - own.lower < 2 * FLOOR * stats.norm.ppf(0.975)).mean()) > 0.001:
        notes.append(f"{name}: standard deviation raised to {FLOOR} in {floored:.1%} of its forecasts")
    method = METHODS[name]
    what = f"{method.package} `{method.call}`" + (f", {SETTINGS[method.call]}" if method.call in SETTINGS else "")
    replaced = int((windows.failure != "").sum())
    return Entry(keyed(made), what, replaced, float(windows.seconds.sum()), tuple(notes))


def entry_of_file(name: str, file: Path, frame: pd.DataFrame) -> Entry:
    """Predictions made elsewhere; a window with a number missing has the reference's prediction."""
    table = pd.read_csv(file)
    if absent := [c for c in ("window", "horizon", *SCORED) if c not in table]:
        raise SystemExit(f"{file}: no column {', '.join(absent)}")
    if table.duplicated(["window", "horizon"]).any():
        raise SystemExit(f"{file}: a window and horizon stand in it twice")
    expected = reference(frame)
    given = keyed(table).reindex(expected.index)
    finite = pd.Series(np.isfinite(given).all(axis=1), given.index)
    incomplete = ~finite.groupby("window").transform("all")
    replaced = int(incomplete.groupby("window").first().sum())
    notes = (f"{name}: no complete prediction of {replaced:,} windows in its file",) if replaced else ()
    return Entry(given.where(~incomplete, expected), "predictions given", replaced, notes=notes)


# --- tables -------------------------------------------------------------------------------------------------------


def scores(frame: pd.DataFrame, entry: Entry, score: ModuleType, by: str | None = None) -> dict[Any, dict[str, float]]:
    """score.py's measures, keyed by the values of a column, or "all"."""
    scored = frame.join(entry.predictions, on=["window", "horizon"], validate="one_to_one")
    return {key: score.scores(part) for key, part in (scored.groupby(by) if by else [("all", scored)])}


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [f"| {' | '.join(line)} |" for line in (head, *rows)]
    return [lines[0], "|---" * len(head) + "|", *lines[1:]]


def overall(frame: pd.DataFrame, entries: dict[str, Entry], score: ModuleType) -> list[str]:
    measures = "crps cover80 cover95 slope ece brier".split()
    rows = []
    for name, entry in entries.items():
        found = scores(frame, entry, score)["all"]
        seconds = "" if np.isnan(entry.seconds) else f"{entry.seconds:,.0f}"
        numbers = [f"{found[m]:.3f}" for m in measures]
        rows.append([name, entry.what, *numbers, f"{entry.replaced:,}" if entry.replaced else "", seconds])
    head = ["CRPS", "80 % cover", "95 % cover", "slope", "calibration error", "Brier", "failed", "seconds"]
    return markdown(["method", "what", *head], rows)


def by_fold(frame: pd.DataFrame, entries: dict[str, Entry], score: ModuleType) -> list[str]:
    folds = sorted(frame.fold.unique())
    found = {name: scores(frame, entry, score, "fold") for name, entry in entries.items()}
    sizes = frame.drop_duplicates("window").fold.value_counts()
    head = ["CRPS", *(f"{fold} ({sizes[fold]:,})" for fold in folds)]
    return markdown(head, [[name, *(f"{at[fold]['crps']:.3f}" for fold in folds)] for name, at in found.items()])


def by_length(frame: pd.DataFrame, entries: dict[str, Entry], score: ModuleType) -> list[str]:
    lengths = sorted(frame.n.unique())
    found = {name: scores(frame, entry, score, "n") for name, entry in entries.items()}
    head = [f"{label}, {n} levels" for label in ("CRPS", "80 % cover", "slope") for n in lengths]
    rows = [[name, *(f"{at[n][m]:.3f}" for m in ("crps", "cover80", "slope") for n in lengths)]
            for name, at in found.items()]  # fmt: skip
    return markdown(["method", *head], rows)


def heading(windows: int, entries: dict[str, Entry]) -> list[str]:
    packages = [m.package for name, m in METHODS.items() if name in entries]
    used = [*dict.fromkeys(packages), "numpy", "scipy", "pandas"]
    versions = ", ".join(f"{package} {version(package)}" for package in used)
    machine = load_module(HERE.parent / "machine.py").machine()
    command = " ".join(["python", "benchmarks/calibration/compare.py", *sys.argv[1:]])
    return [
        f"Made by `{command}` on {datetime.now(UTC):%Y-%m-%d},",
        f"{machine}; Python {platform.python_version()}, {versions}.",
        f"{windows:,} windows of real yearly series, histories of 6, 10 or 15 levels, scored 3 and 5 years ahead.",
    ]


READING = """\
CRPS is that of the log level over the random walk's, a mean of the ratios of the cells (levels of history, horizon);
below 1 is better. Slope is that of a logistic recalibration of the probabilities of four levels a window (1 is right,
below 1 overconfident), calibration error the mean distance of those probabilities from the frequencies by tenths, Brier
their squared error. Methods run on logs, without a season, with their default settings but for what the table says. A
predictive is the normal of a method's point forecast and its own 95 % interval, standard deviation at least 0.001; the
random walk's is its exact t. Failed: windows of which a method gave no finite forecast; they count with the random
walk's prediction, so that all methods are scored on the same windows. Seconds: wall time within the method, all windows
one after the other on one thread; loading and compiling not counted."""


def report(frame: pd.DataFrame, entries: dict[str, Entry], score: ModuleType, absent: Sequence[str]) -> str:
    notes = [f"* {note}" for entry in entries.values() for note in entry.notes] + [f"* {text}" for text in absent]
    parts = [
        ["# Forecasts of real yearly series: a comparison"],
        heading(frame.window.nunique(), entries),
        overall(frame, entries, score),
        READING.splitlines(),
        notes,
        ["## By fold", "", "CRPS over the random walk's in each group of sources; windows in brackets."],
        by_fold(frame, entries, score),
        ["## By length of the history"],
        by_length(frame, entries, score),
    ]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


# --- command ------------------------------------------------------------------------------------------------------


def choose(frame: pd.DataFrame, limit: int | None) -> pd.DataFrame:
    """The first of the windows in one fixed random order, so that a larger limit contains a smaller one."""
    windows = frame.window.unique()
    chosen = np.random.default_rng(0).permutation(windows)[: limit or len(windows)]
    return frame[frame.window.isin(set(chosen))].reset_index(drop=True)


def read_options(words: Sequence[str] | None) -> argparse.Namespace:
    options = argparse.ArgumentParser(description="Forecasting methods on real yearly series, scored and compared.")
    default = ",".join(name for name in METHODS if name not in SLOW)
    options.add_argument("--data", type=Path, default=DATA, help="folder of windows.csv.gz and score.py")
    options.add_argument("--methods", default=default, help=f"of {', '.join(METHODS)}; all but {', '.join(SLOW)}")
    options.add_argument("--limit", type=int, help="score so many windows only, drawn at random")
    options.add_argument("--out", type=Path, help="write the tables to this file too")
    options.add_argument("--predictions", action="append", default=[], metavar="NAME=FILE",
                         help="a CSV of predictions made elsewhere: window, horizon, crps, pit, p1 to p4")  # fmt: skip
    given = options.parse_args(words)
    given.methods = [name for name in given.methods.split(",") if name]
    if unknown := [name for name in given.methods if name not in METHODS]:
        options.error(f"no method {', '.join(unknown)}; there are {', '.join(METHODS)}")
    if wrong := [text for text in given.predictions if "=" not in text]:
        options.error(f"--predictions takes NAME=FILE, not {wrong[0]}")
    return given


def main(words: Sequence[str] | None = None) -> None:
    given = read_options(words)
    score = load_module(given.data / "score.py")
    file = given.data / "windows.csv.gz"
    digest = hashlib.sha256(file.read_bytes()).hexdigest()[:8]
    frame = choose(score.load(), given.limit)
    windows = pd.read_csv(file).set_index("window")
    histories = {w: np.log(np.array(text.split(), float))[:n] for w, text, n in windows[["levels", "n"]].itertuples()}
    entries = {}
    for name, path in (text.split("=", 1) for text in given.predictions):
        entries[name] = entry_of_file(name, Path(path), frame)
    entries[REFERENCE] = Entry(reference(frame), "with drift, exact t: the reference")
    absent = [f"{name}: not run, {METHODS[name].package} is not installed"
              for name in given.methods if version(METHODS[name].package) is None]  # fmt: skip
    for name in given.methods:
        if version(METHODS[name].package) is not None:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # on fits that do not converge: what they forecast is scored
                made = answered(name, frame, histories, digest)
            entries[name] = entry_of_method(name, frame, made)
    text = report(frame, entries, score, absent)
    print(text, end="")
    if given.out:
        given.out.parent.mkdir(parents=True, exist_ok=True)
        given.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
