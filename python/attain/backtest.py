"""How good were the forecasts that the model would have made? Panels cut at past origins, projected, and scored against
the figures that came.

All windows of a panel go to the core in one batch call, whatever their number.
"""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from attain import _core
from attain.errors import ArgumentError, DataError
from attain.history import Columns, History
from attain.prior import Points, Prior, load_prior
from attain.projection import Model
from attain.reading import load_history
from attain.scale import LOG, LOGIT

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Origins = Literal["last", "all"] | int | Sequence[int]
Floats = npt.NDArray[np.float64]
_Integers = npt.NDArray[np.int64]

LEAST_LEVELS = 4
"""Levels up to an origin, its own among them: the random walk, with which the forecasts are compared, has a mean."""

BOUNDS = ("walk - 1 sd", "walk", "walk + 1 sd", "10 % a year")
_LEAST_SPREAD = 1e-6
_BANDS = (8, 12, 20)
_DRAWS = 200
_STATUS = {code: text for code, _, _, text in _core.status_table()}
_METRICS = ("crps", "cover80", "cover95", "slope", "calibration_error", "brier", "log_score")


@dataclass(frozen=True, eq=False)
class Backtest:
    """Forecasts from past origins and how they fared; made by `backtest`.

    Attributes
    ----------
    table
        Frame, one row per forecast: series, origin (year), horizon (years after it), actual and median (levels), crps
        and log_score (of the log level), pit, random_walk (CRPS of the random walk with drift), history (levels used),
        unit.
    exceedances
        Frame, one row per forecast and bound: series, origin, horizon, bound (its name in `BOUNDS`), level,
        probability (forecast that the figure is at least the level), reached (whether it was).
    skipped
        Frame (index series, column reason) of what could not be scored.
    name, model, prior
        Panel, and how it was projected.
    """

    table: pd.DataFrame
    exceedances: pd.DataFrame
    skipped: pd.DataFrame
    name: str
    model: Model
    prior: str

    @functools.cached_property
    def _scores(self) -> pd.DataFrame:
        sample = _Sample.of(self.table, self.exceedances)
        every = np.ones(len(self.table), bool)
        draws = sample.bootstrap(np.unique(self.table["unit"].to_numpy(str), return_inverse=True)[1], _DRAWS)
        rows: dict[str, Mapping[Any, Any]] = {"all": sample.part(every)}
        rows |= {"low": draws.quantile(0.05).to_dict(), "high": draws.quantile(0.95).to_dict()}
        for label, mask in self._parts():
            rows[label] = sample.part(mask) | {"forecasts": int(mask.sum())}
        frame = pd.DataFrame(rows).T
        frame["forecasts"] = frame["forecasts"].fillna(len(self.table)).astype(np.int64)
        return frame[["forecasts", *_METRICS]]

    def _parts(self) -> Iterable[tuple[str, npt.NDArray[np.bool_]]]:
        horizon, band = self.table["horizon"].to_numpy(), _band(self.table["history"].to_numpy())
        for h in np.unique(horizon):
            yield f"horizon {h}", horizon == h
        edges = ("", *(str(edge) for edge in _BANDS))
        for b in np.unique(band):
            told = f"over {edges[-1]}" if b == len(_BANDS) else f"to {_BANDS[b]}"
            yield f"history {told}", band == b

    def scores(self) -> pd.DataFrame:
        """Scores of all forecasts, with 90 % bootstrap intervals over units, and of parts.

        Returns
        -------
        DataFrame
            Index `all`, `low` and `high` (the interval), one row per horizon and per band of history length; columns

            * forecasts: how many;
            * crps: mean over cells of history length and horizon of the ratio of mean CRPS to the random walk's;
            * cover80, cover95: share of figures within the central 80 and 95 %;
            * slope: of the logistic regression of what was reached on the log odds of its probability, 1 where
              probabilities mean what they say, less where they are too extreme (Cox 1958);
            * calibration_error: mean distance between probability and frequency over ten bins of probability;
            * brier: mean squared error of the probabilities;
            * log_score: mean log density at the figure, of the log level.
        """
        return self._scores.copy()

    SCORE_HEAD: ClassVar = ("score", "all", "90 % interval", "ideal")

    def score_rows(self) -> list[list[str]]:
        """The scores in words, under `SCORE_HEAD`."""
        every, low, high = (self._scores.loc[part].to_dict() for part in ("all", "low", "high"))
        rows = []
        for key, told, best in _TOLD:
            numbers = [f"{every[key]:.3f}", f"{low[key]:.3f} to {high[key]:.3f}"]
            # Of constant series the random walk has no score.
            rows.append([told, *(["-", "-"] if math.isnan(every[key]) else numbers), best])
        return rows

    def count_words(self) -> str:
        """How many forecasts of how many series, how far ahead."""
        ahead = ", ".join(map(str, sorted(set(self.table["horizon"]))))
        series = self.table["series"].nunique()
        return f"{len(self.table):,} forecasts of {series:,} series, {ahead} years ahead"

    def summary(self) -> str:
        """The scores as a table, and what is left out."""
        from attain.text import table_text

        head = [f"Backtest of {self.name}", f"{self.count_words()}, model {self.model}, prior {self.prior}", ""]
        return "\n".join([*head, *table_text(self.SCORE_HEAD, self.score_rows()), *self._skipped_lines()])

    def _skipped_lines(self) -> list[str]:
        if self.skipped.empty:
            return []
        counts = self.skipped["reason"].value_counts()
        told = [f"  {number}: {reason}" for reason, number in counts.head(5).items()]
        return ["", f"Not scored, {len(self.skipped):,}:", *told, *(["  ..."] if len(counts) > 5 else [])]

    def to_frame(self) -> pd.DataFrame:
        """A copy of `table`."""
        return self.table.copy()

    def _repr_html_(self) -> str:
        from attain.fragments import backtest_fragment

        return backtest_fragment(self)

    def plot(self) -> Figure:
        """Reliability of the probabilities, and histogram of the PIT, side by side."""
        from attain.figures import backtest_chart

        return backtest_chart(self)


_TOLD = (
    ("crps", "CRPS / random walk's", "low"),
    ("cover80", "cover of 80 % intervals", "0.800"),
    ("cover95", "cover of 95 % intervals", "0.950"),
    ("slope", "calibration slope", "1.000"),
    ("calibration_error", "calibration error", "0.000"),
    ("brier", "Brier score", "low"),
    ("log_score", "log score", "high"),
)


# --- scores ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Sample:
    """What scores are made of, one row per forecast: N forecasts, C cells of history length and horizon.

    Attributes
    ----------
    terms
        What is summed, (N, 2 C + 14): CRPS by cell, the random walk's by cell, within 80 and 95 %, log score, squared
        errors of the probabilities, probability less outcome by bin of probability.
    log_odds, reached
        (N, bounds).
    """

    terms: Floats
    log_odds: Floats
    reached: Floats

    @classmethod
    def of(cls, table: pd.DataFrame, exceedances: pd.DataFrame) -> _Sample:
        pit, shape = table["pit"].to_numpy(), (len(table), len(BOUNDS))
        history, horizon = table["history"].to_numpy(), table["horizon"].to_numpy()
        cell = pd.get_dummies(pd.Series(_band(history) * 1000 + horizon)).to_numpy(float)
        p = exceedances["probability"].to_numpy().reshape(shape)
        reached = exceedances["reached"].to_numpy(float).reshape(shape)
        bins = np.minimum((p * 10).astype(np.int64), 9)
        off = [np.where(bins == b, p - reached, 0.0).sum(axis=1) for b in range(10)]
        within = [(pit >= low) & (pit <= 1 - low) for low in (0.1, 0.025)]
        squares = ((p - reached) ** 2).sum(axis=1)
        crps = [cell * table[column].to_numpy()[:, None] for column in ("crps", "random_walk")]
        terms = np.column_stack([*crps, *within, table["log_score"], squares, *off])
        inner = np.clip(p, 0.005, 0.995)
        return cls(terms, np.log(inner / (1 - inner)), reached)

    def metrics(self, sums: Floats, total: float, slope: float) -> dict[str, float]:
        """Scores from the sums of `terms` over `total` forecasts, and their calibration slope."""
        crps, walk = sums[:-14].reshape(2, -1)
        seen = walk > 0
        return {
            "crps": float((crps[seen] / walk[seen]).mean()) if seen.any() else float("nan"),
            "cover80": float(sums[-14] / total),
            "cover95": float(sums[-13] / total),
            "slope": slope,
            "calibration_error": float(np.abs(sums[-10:]).sum() / total / len(BOUNDS)),
            "brier": float(sums[-11] / total / len(BOUNDS)),
            "log_score": float(sums[-12] / total),
        }

    def part(self, mask: npt.NDArray[np.bool_]) -> dict[str, float]:
        """Scores of some of the forecasts."""
        return self.metrics(self.terms[mask].sum(axis=0), float(mask.sum()), self.line(mask)[1])

    def line(self, mask: npt.NDArray[np.bool_]) -> Floats:
        """Intercept and slope of the logistic regression of what was reached on the log odds of the probabilities,
        clipped to 0.005 and 0.995."""
        x, reached = self.log_odds[mask].ravel(), self.reached[mask].ravel()
        line = np.zeros(2)
        for _ in range(40):
            step = _newton_step(_newton_terms(x, reached, line).sum(axis=1))
            line = line + step
            if np.abs(step).max() < 1e-9:
                break
        return line

    def bootstrap(self, member: _Integers, draws: int) -> pd.DataFrame:
        """Scores of samples of whole units; `member` is the unit of each forecast. The slope is one step of Newton's
        method away from that of all forecasts, which leaves the square of a small difference."""
        rng, count = np.random.default_rng(0), int(member.max()) + 1
        line = self.line(np.ones(len(member), bool))
        terms = _newton_terms(self.log_odds.ravel(), self.reached.ravel(), line).reshape(5, *self.reached.shape)
        every = np.column_stack([self.terms, terms.sum(axis=2).T, np.ones(len(member))])
        by_unit = np.array([np.bincount(member, column, count) for column in every.T])
        rows = []
        for _ in range(draws):
            times = np.bincount(rng.choice(count, count), minlength=count)
            sums: Floats = (by_unit * times).sum(axis=1)
            rows.append(self.metrics(sums[:-6], sums[-1], (line + _newton_step(sums[-6:-1]))[1]))
        return pd.DataFrame(rows)


def _newton_terms(x: Floats, reached: Floats, line: Floats) -> Floats:
    """What the log likelihood's slope and curve in intercept and slope are sums of."""
    q = 0.5 + 0.5 * np.tanh(0.5 * (line[0] + line[1] * x))
    off, curve = reached - q, q * (1 - q)
    return np.array([off, off * x, curve, curve * x, curve * x * x])


def _newton_step(sums: Floats) -> Floats:
    """The step towards the maximum; the ridge keeps a sample without variety from none."""
    off, off_x, curve, curve_x, curve_xx = sums
    information = np.array([[curve, curve_x], [curve_x, curve_xx]]) + 1e-6 * np.eye(2)
    return np.linalg.solve(information, [off, off_x])


def _band(history: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """Band of history length: to 8 levels, to 12, to 20, more."""
    return np.searchsorted(_BANDS, history)


# --- windows --------------------------------------------------------------------------------------------------------


class Scores(NamedTuple):
    """What the core says of W windows and H horizons, in logs; NaN where no figure came or the status is not 0.

    Attributes
    ----------
    status : (W).
    crps, log_score, pit, median : (W, H).
    exceed : probabilities of at least each bound: (W, H, Q).
    """

    status: npt.NDArray[np.int32]
    crps: Floats
    log_score: Floats
    pit: Floats
    median: Floats
    exceed: Floats


@dataclass(frozen=True, eq=False)
class Windows:
    """Histories that end at an origin each, and what came: W windows, H horizons.

    Attributes
    ----------
    columns : flat table of the core, one series per window.
    length, origin : levels and year of the last one: (W).
    horizons : years ahead: (H).
    actual : log figures that came, NaN where none did: (W, H).
    """

    columns: Columns
    length: _Integers
    origin: _Integers
    horizons: npt.NDArray[np.int32]
    actual: Floats

    def bounds(self) -> Floats:
        """Log levels whose probability is asked, (W, H, 4): the random walk's forecast less and plus s sqrt(h), and
        growth of 10 % a year from the last level."""
        starts = np.cumsum(self.length) - self.length
        year, level = self.columns[1].astype(np.int64), np.log(self.columns[4])
        years, change = np.diff(year, prepend=0), np.diff(level, prepend=0)
        first, last = level[starts], level[starts + self.length - 1]
        drift = (last - first) / (self.origin - year[starts])
        years[starts], change[starts] = 1, drift  # no change leads to the first level
        square = (change - years * np.repeat(drift, self.length)) ** 2 / years
        spread = np.maximum(np.sqrt(np.add.reduceat(square, starts) / (self.length - 2)), _LEAST_SPREAD)
        h = self.horizons.astype(float)
        middle = last[:, None] + drift[:, None] * h
        step = spread[:, None] * np.sqrt(h)
        return np.stack([middle - step, middle, middle + step, last[:, None] + h * np.log(1.10)], axis=-1)

    def scores(self, prior: Points | None, bounds: Floats) -> Scores:
        """How forecasts under a prior (None: the random walk) fared, with the probabilities of log bounds (W, H, Q)."""
        return Scores(*_core.growth_scores(prior, *self.columns, self.horizons, self.actual, bounds))


def cut_windows(
    code: _Integers, year: _Integers, level: Floats, end: _Integers, length: _Integers, horizons: Sequence[int]
) -> Windows:
    """Windows of the given lengths that end at the rows `end` of a table of levels, sorted by series and year."""
    starts = np.cumsum(length) - length
    row = np.repeat(end - length + 1 - starts, length) + np.arange(length.sum())
    zeros = np.zeros(len(row), np.int32)
    series = np.repeat(np.arange(len(end)), length)
    exact = np.zeros(len(row))
    columns = (series, year[row].astype(np.int32), zeros, zeros, level[row], exact, exact)
    return Windows(columns, length, year[end], np.array(horizons, np.int32), _figures(code, year, level, end, horizons))


def _figures(code: _Integers, year: _Integers, level: Floats, end: _Integers, horizons: Sequence[int]) -> Floats:
    """Log levels some years after the rows `end`, NaN where there is none: (W, H)."""
    key = code * 100_000 + year
    wanted = key[end][:, None] + np.asarray(horizons)
    place = np.minimum(np.searchsorted(key, wanted), len(key) - 1)
    return np.where(key[place] == wanted, np.log(level[place]), np.nan)


def _same_patterns_together(year: _Integers, end: _Integers, length: _Integers) -> _Integers:
    """An order of windows in which those of one pattern of years are neighbours, so that the core factorises once."""
    steps = np.diff(year, prepend=year[:1]).astype(np.uint64)
    with np.errstate(over="ignore"):
        mixed = np.cumsum(steps * steps * np.uint64(0x9E3779B97F4A7C15) * np.arange(1, len(steps) + 1, dtype=np.uint64))
    first = end - length + 1
    gaps = (year[end] - year[first]) - (length - 1)
    return np.lexsort((np.where(gaps > 0, mixed[end] - mixed[first], np.uint64(0)), gaps, length))


# --- from a panel ---------------------------------------------------------------------------------------------------


def backtest(
    panel: Any,
    *,
    horizons: int | Sequence[int] = (1, 3, 5),
    origins: Origins = "last",
    history: int | None = None,
    model: Model = "growth",
    prior: str | Prior = "general",
    units: Mapping[str, str] | None = None,
) -> Backtest:
    """Project a panel of yearly series from past origins, and score the projections against what came.

    Parameters
    ----------
    panel
        Anything that `load_history` takes; the usable levels of each indicator are its series, as published: bounds are
        left out, errors of rounding are not regarded.
    horizons
        Years ahead.
    origins
        `"last"`: for each series, the latest year from which every horizon can be scored; `"all"`: every year from
        which one can (a rolling origin); a year, or several: those.
    history
        Levels that a forecast may use, the origin's own among them; origins with fewer are passed over. None: all
        that there are, four or more.
    model, prior
        As in `project`.
    units
        Series to the unit (a country, a firm) to which it belongs: intervals draw whole units, as series of one are
        not independent. Each series by itself by default.

    Raises
    ------
    ArgumentError
        For horizons, origins, history, model or prior that make no sense.
    DataError
        When no series can be scored; those that cannot, beside others that can, are listed in `Backtest.skipped`.
    """
    ahead, years = _horizons(horizons), _origins(origins)
    if model not in ("growth", "random-walk"):
        raise ArgumentError(f"model: {model!r} is neither 'growth' nor 'random-walk'")
    if history is not None and _whole(history, "history") < LEAST_LEVELS:
        raise ArgumentError(f"history: {history!r} levels are too few; a forecast that can be compared needs four")
    grid = load_prior(prior).for_scale(LOG) if model == "growth" else None
    figures = load_history(panel)
    unknown = sorted(set(units or {}) - set(figures.indicators))
    if unknown:
        raise ArgumentError(f"units: no series {unknown[0]!r} in {figures.name}")
    rows, reasons = _levels(figures)
    code, year = rows["series"].to_numpy(np.int64), rows["year"].to_numpy(np.int64)
    end, length = _choose(code, year, ahead, years, history)
    for s in np.setdiff1d(code, code[end]):
        reasons[figures.indicators[s]] = _no_origin(ahead, years, history)
    if len(end) == 0:
        told = "; ".join(f"{name}: {reason}" for name, reason in list(reasons.items())[:5])
        raise DataError(f"{figures.name}: nothing can be scored: {told}")
    order = _same_patterns_together(year, end, length)
    end, length = end[order], length[order]
    windows = cut_windows(code, year, rows["value"].to_numpy(np.float64), end, length, ahead)
    names = np.array(figures.indicators, object)[code[end]]
    table, exceedances, failed = _frames(windows, grid.points if grid is not None else None, names, units or {})
    skipped = pd.DataFrame([*reasons.items(), *failed], columns=["series", "reason"]).set_index("series")
    if table.empty:
        raise DataError(f"{figures.name}: nothing can be scored: {skipped['reason'].iloc[0]}")
    return Backtest(table, exceedances, skipped, figures.name, model, grid.name if grid is not None else "none")


def _whole(value: Any, name: str) -> int:
    try:
        return operator.index(value)
    except TypeError:
        raise ArgumentError(f"{name}: {value!r} is not a whole number") from None


def _whole_numbers(value: Any, name: str) -> list[int]:
    several = isinstance(value, Iterable) and not isinstance(value, str)
    return sorted({_whole(part, name) for part in (value if several else [value])})


def _horizons(horizons: int | Sequence[int]) -> list[int]:
    ahead = _whole_numbers(horizons, "horizons")
    if not ahead or ahead[0] < 1 or ahead[-1] > _core.MAX_HORIZON:
        raise ArgumentError(f"horizons: {horizons!r} are not years ahead from 1 to {_core.MAX_HORIZON}")
    return ahead


def _origins(origins: Origins) -> Literal["last", "all"] | list[int]:
    if isinstance(origins, str):
        if origins not in ("last", "all"):
            raise ArgumentError(f"origins: {origins!r} is neither 'last' nor 'all', nor a year or a list of years")
        return origins
    return _whole_numbers(origins, "origins")


def _levels(figures: History) -> tuple[pd.DataFrame, dict[str, str]]:
    """Usable levels, sorted by series and year, and why indicators have none."""
    names = figures.indicators
    rows = figures.usable(names)
    rows = rows[(rows["kind"] == "level") & (rows["bound"] == "")]  # a floor is no outcome
    scopes = rows.groupby("series")["scope"].nunique()
    share = "a share; backtests score levels"
    reasons = {name: share if figures.scale_of(name) is LOGIT else "no yearly level is usable" for name in names}
    for s, count in zip(scopes.index.tolist(), scopes.tolist(), strict=True):
        del reasons[names[s]]
        if count > 1:
            reasons[names[s]] = f"its levels stand on {count} scopes; keep one"
    return rows[rows["series"].isin(scopes.index[scopes == 1])], reasons


def _choose(
    code: _Integers, year: _Integers, ahead: list[int], years: Literal["last", "all"] | list[int], history: int | None
) -> tuple[_Integers, _Integers]:
    """Rows at which windows end, and the levels of each window."""
    row = np.arange(len(code))
    begun = row - np.searchsorted(code, code) + 1
    came = ~np.isnan(_figures(code, year, np.ones(len(code)), row, ahead)) if len(code) else np.empty((0, 1), bool)
    fit = (begun >= (history or LEAST_LEVELS)) & (came.all(axis=1) if years == "last" else came.any(axis=1))
    if not isinstance(years, str):
        fit &= np.isin(year, years)
    end = np.flatnonzero(fit)
    if years == "last":
        end = end[np.append(np.diff(code[end]) > 0, True)] if len(end) else end
    return end, (np.full(len(end), history) if history else begun[end]).astype(np.int64)


def _no_origin(ahead: list[int], years: Literal["last", "all"] | list[int], history: int | None) -> str:
    *first, last = map(str, ahead)
    joined = f"{', '.join(first)} {'and' if years == 'last' else 'or'} {last}" if first else last
    where = "" if isinstance(years, str) else f" among {', '.join(map(str, years[:5]))}"
    return f"no origin{where} with {history or LEAST_LEVELS} levels up to it and a figure {joined} years later"


def _frames(
    windows: Windows, prior: Points | None, names: npt.NDArray[Any], units: Mapping[str, str]
) -> tuple[pd.DataFrame, pd.DataFrame, list[tuple[str, str]]]:
    """The tables of a backtest, sorted by series and origin, and the windows that failed."""
    bounds = windows.bounds()
    got, walk = windows.scores(prior, bounds), windows.scores(None, bounds[:, :, :0]).crps
    known = (got.status == 0) & np.isinf(got.log_score).any(axis=1)
    reasons = [(i, _STATUS[int(got.status[i])]) for i in np.flatnonzero(got.status)]
    reasons += [(i, _NO_SPREAD) for i in np.flatnonzero(known)]
    failed = [(str(names[i]), f"origin {windows.origin[i]}: {reason}") for i, reason in reasons]
    w, h = np.nonzero(~np.isnan(windows.actual) & ((got.status == 0) & ~known)[:, None])
    actual, p = windows.actual[w, h], got.exceed[w, h]
    key = {"series": names[w], "origin": windows.origin[w], "horizon": windows.horizons[h].astype(np.int64)}
    levels = {"actual": np.exp(actual), "median": np.exp(got.median[w, h])}
    scores = {"crps": got.crps[w, h], "log_score": got.log_score[w, h], "pit": got.pit[w, h]}
    more = {
        "random_walk": walk[w, h],
        "history": windows.length[w],
        "unit": [units.get(name, name) for name in names[w]],
    }
    table = pd.DataFrame({**key, **levels, **scores, **more})
    order = np.lexsort((key["horizon"], key["origin"], pd.factorize(names[w], sort=True)[0]))
    table = table.iloc[order].reset_index(drop=True)
    long = {column: np.repeat(table[column].to_numpy(), len(BOUNDS)) for column in key}
    asked = bounds[w, h][order]
    long |= {"bound": np.tile(BOUNDS, len(table)), "level": np.exp(asked).ravel(), "probability": p[order].ravel()}
    return table, pd.DataFrame({**long, "reached": (actual[order][:, None] >= asked).ravel()}), failed


_NO_SPREAD = "growth so even that the forecast has no spread, and no log score"
