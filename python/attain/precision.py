"""How exactly a row tells a figure: rounding, floors and ceilings, parts of a year, sources that differ.

A row becomes the observation of a log figure (of log(1 + growth), of the logit of a share) with an error: `reading` is
what is read from it, `error` the standard deviation of the published figure around the true one, in log or logit units,
`looseness` the variance of a part of a year around the year, in units of the model's s2.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from attain.prior import part_year_looseness
from attain.scale import LOG, LOGIT
from attain.units import decimal

UPWARD, DOWNWARD = ("at_least", "more_than"), ("at_most", "less_than")
WIDEST = 0.1
_ROOT_12 = math.sqrt(12)
_PARTS = {"H": 2, "Q": 4, "M": 12}
_PART_YEAR = re.compile(r"[1-9]\d{3}(?:([HQM])(\d{1,2})(?:-\1(\d{1,2}))?|-(\d{2}))")
_CELL = ["indicator", "year", "kind", "scope"]
_LONGER, _FULL = "a longer part of the year is published", "part of a year whose figure is published"
_BESIDE, _WEAKER = "a bound beside a figure of the year", "a weaker bound than another of the year"
OVERTAKEN = (_LONGER, _FULL, _BESIDE, _WEAKER)


def months_of(period: str) -> int:
    """Months from January on that a part of a year spans: 2025H1 6, 2025Q1-Q3 9; 0 where it begins later."""
    match = _PART_YEAR.fullmatch(period)
    if match is None or int(match[2] or match[4]) != 1:
        return 0
    return int(match[3] or 1) * 12 // _PARTS[match[1] or "M"]


def looseness_of(rows: pd.DataFrame) -> pd.Series[float]:
    """Looseness of each row: that of its months for growth over a part of a year, else 0."""
    loose = {period: part_year_looseness(months_of(period)) for period in rows["period"].unique() if months_of(period)}
    return rows["period"].map(loose).fillna(0.0).where(rows["kind"] == "growth", 0.0).astype(float)


def last_digit(number: Decimal) -> Decimal:
    """The unit of the last digit that is not zero: 1000 for 39000, 0.1 for 9.8."""
    exponent = number.normalize().as_tuple().exponent
    assert isinstance(exponent, int), "the number is finite"
    return Decimal(1).scaleb(exponent)


def rate_step(rate: Decimal) -> Decimal:
    """What a rate, share or change in per cent was rounded to: the unit of its last digit, at most a point."""
    return min(last_digit(rate), Decimal(1))


def read_cell(
    number: Decimal, value: float, bound: str, rounding: Decimal | None, *, growth: bool
) -> tuple[float, float]:
    """What a row tells of its log figure.

    Parameters
    ----------
    number : the figure as written, and `rounding` in the same unit.
    value : the figure, a growth rate as a fraction.
    bound : word of a bound, "" for a figure. A floor v stands for a value within v and v (1 + d), evenly in logs, with
        v d the unit of the last non-zero digit, at most 10 % of v, or `rounding` where it is given; a ceiling mirrors
        it.
    growth : is it a growth rate rather than a level?

    Returns
    -------
    tuple
        Shift from the log figure to the middle of what it may be, and standard deviation.
    """
    base, scale = (1 + value, value / float(number) if number else 0.01) if growth else (value, value / float(number))
    if not bound:
        return 0.0, abs(scale) * float(rounding or 0) / _ROOT_12 / base
    step = min(last_digit(number), abs(number) * Decimal(str(WIDEST))) if rounding is None else rounding
    width = math.log1p(abs(scale) * float(step) / base)
    return (width if bound in UPWARD else -width) / 2, width / _ROOT_12


def read_share(number: Decimal, whole: int, bound: str, rounding: Decimal | None) -> tuple[float, float]:
    """What a row tells of the logit of its share; see `read_cell`.

    A floor v stands for a share within v and v + d, evenly in logits, with d the unit of the last non-zero digit, at
    most 10 % of v and of what it leaves of the whole, or `rounding`; a ceiling within v - d and v, which is a floor of
    the complement.

    Parameters
    ----------
    number : the share as written, and `rounding` in the same unit.
    whole : 1, or 100 for per cent.
    bound : as in `read_cell`.
    """
    left = whole - number
    if not 0 < number < whole:
        return 0.0, 0.0  # has no logit, which the core refuses
    if not bound:
        return 0.0, float((rounding or 0) * whole / number / left) / _ROOT_12
    least = min(number, left)
    step = min(last_digit(number), least * Decimal(str(WIDEST))) if rounding is None else rounding
    other = number + step if bound in UPWARD else number - step
    move = LOGIT.transform(other / whole) - LOGIT.transform(number / whole)
    return move / 2, abs(move) / _ROOT_12


def as_modelled(rows: pd.DataFrame | pd.Series[Any]) -> npt.NDArray[np.float64]:
    """The published figures of rows, or of one row, shares as fractions."""
    percent = (rows["kind"] == "share") & (rows["unit"] == "%")
    return np.where(percent, rows["value"] / 100, rows["value"]).astype(np.float64)


def as_written(cell: Any) -> Decimal:
    """The number of a cell, a sign of percent left aside."""
    return decimal(cell.strip().removesuffix("%") if isinstance(cell, str) else cell)


def overtaken(rows: pd.DataFrame) -> pd.Series[str]:
    """Why a row of one treatment gives way to another: a part of a year to the year or to a longer part, a bound to a
    figure or to a stricter bound; "" for those that stand.

    A part of a year without scope gives way to a figure of its year on any scope.
    """
    reason = pd.Series("", index=rows.index, dtype=object)
    part, bounded = rows["period"] != "", rows["bound"] != ""
    if part.any():
        reason = _overtaken_parts(rows, part, reason)
    return _overtaken_bounds(rows, bounded & ~part, part, reason) if bounded.any() else reason


def _overtaken_parts(rows: pd.DataFrame, part: pd.Series[bool], reason: pd.Series[str]) -> pd.Series[str]:
    months = rows["period"].map({period: months_of(period) for period in rows["period"].unique()})
    longest = months.where(part).groupby([rows[c] for c in ("indicator", "year", "scope")]).transform("max")
    year = pd.MultiIndex.from_frame(rows[["indicator", "year"]])
    on_scope = pd.MultiIndex.from_frame(rows[["indicator", "year", "scope"]])
    full = on_scope.isin(on_scope[~part]) | ((rows["scope"] == "") & year.isin(year[~part]))
    return reason.mask(part & (months < longest), _LONGER).mask(part & full, _FULL)


def _overtaken_bounds(
    rows: pd.DataFrame, bounded: pd.Series[bool], part: pd.Series[bool], reason: pd.Series[str]
) -> pd.Series[str]:
    cell = pd.MultiIndex.from_frame(rows[_CELL])
    beside = bounded & cell.isin(cell[~bounded & ~part])
    figures = as_modelled(rows)
    strength = pd.Series(np.where(rows["bound"].isin(UPWARD), figures, -figures), rows.index)
    order = strength[bounded].sort_values(ascending=False, kind="stable").index
    weaker = rows.loc[order, _CELL].duplicated()
    reason[weaker.index[weaker]] = _WEAKER
    return reason.mask(beside, _BESIDE)


def mark_overtaken(rows: pd.DataFrame) -> pd.Series[str]:
    """The column `unused` with the rows marked that give way in every treatment to which they belong."""
    unused = rows["unused"]
    usable = rows[unused == ""]
    special = usable.loc[(usable["period"] != "") | (usable["bound"] != ""), "indicator"].unique()
    for _, own in usable[usable["indicator"].isin(special)].groupby("indicator", sort=False):
        names = [name for name in own["treatment"].unique() if name] or [""]
        stands = pd.Series(False, index=own.index)
        reasons = pd.Series("", index=own.index, dtype=object)
        for name in names:
            reason = overtaken(own[own["treatment"].isin(["", name])])
            stands[reason.index[reason == ""]] = True
            reasons[reason.index[reason != ""]] = reason[reason != ""]
        unused = unused.mask(unused.index.isin(stands.index[~stands]), reasons.reindex(unused.index))
    return unused


def merge_sources(rows: pd.DataFrame) -> pd.DataFrame:
    """One row for each figure: where sources differ, the mean of the logs (of the logits of shares), with its standard
    error beside those that the rows have; the first row stands for all."""
    keys = [*_CELL, "period"]
    again = rows[rows.duplicated(keys, keep=False)]
    if again.empty:
        return rows
    merged = rows.drop_duplicates(keys).copy()
    for _, same in again.groupby(keys, sort=False):
        merged.loc[same.index[0], ["reading", "error"]] = _mean_of(same)
    return merged


def _mean_of(same: pd.DataFrame) -> tuple[float, float]:
    growth = same["kind"].iloc[0] == "growth"
    scale = LOGIT if same["kind"].iloc[0] == "share" else LOG
    readings = same["reading"].to_numpy(float)
    logs = np.array([scale.transform(reading + growth) for reading in readings])
    if not np.isfinite(logs).all():
        return float(readings[~np.isfinite(logs)][0]), 0.0  # a share of nothing or all, which the core refuses
    spread = logs.std(ddof=1) / math.sqrt(len(logs)) if np.ptp(readings) > 0 else 0.0
    error = math.hypot(spread, math.sqrt(float((same["error"] ** 2).mean())))
    if np.ptp(readings) == 0:
        return float(readings[0]), error
    return float(np.expm1(logs.mean()) if growth else scale.figure(logs.mean())), error


def interval_of(row: pd.Series[Any]) -> tuple[float, float]:
    """Log of the least and the largest level, or logit of the share, that a row with a bound stands for."""
    scale = LOGIT if row["kind"] == "share" else LOG
    middle, half = scale.transform(row["reading"]), row["error"] * _ROOT_12 / 2
    return middle - half, middle + half
