"""Which published figures fix levels before a target's year, and what is the largest change they ever showed?

Full years only, of one treatment of the data. Levels are those on the scope of the last of them; growth rates on that
scope lead from there to years without a level, so that no level is fixed twice: contradictions between figures are for
an audit, not for a plan.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal

import pandas as pd

from attain.history import History
from attain.levels import Figure, fraction
from attain.precision import DOWNWARD, UPWARD, WIDEST, as_modelled, last_digit, rate_step
from attain.target import Target
from attain.units import unit


@dataclass(frozen=True)
class Seen:
    """The largest rise and fall a year that figures of one scope show, as fractions (points of a share), with the years
    of each and how many changes there are."""

    rise: float
    rise_years: str
    fall: float
    fall_years: str
    changes: int


def full_years(history: History, series: str, treatment: str) -> pd.DataFrame:
    """The figures of full years of a series, under a treatment of the data or, without a name, the default one."""
    rows = history.usable([series], {series: treatment} if treatment else {})
    return rows[rows["period"] == ""]


def figures_of(rows: pd.DataFrame, target: Target, indicator: str, before: int) -> list[Figure]:
    """The figures among `full_years` that fix the levels of an indicator, the part of a target, before a year."""
    rows = rows[rows["year"] < before]
    figures = rows[rows["kind"] != "growth"]
    if figures.empty or (figures["kind"].iloc[-1] == "share") != (target.kind in ("share", "coverage")):
        return []
    scope = figures["scope"].iloc[-1]
    own = figures[figures["scope"] == scope]
    growth = rows[(rows["kind"] == "growth") & (rows["scope"] == scope)]
    whole = target.of or f"all of {indicator}" if figures["kind"].iloc[-1] == "share" else None
    chosen = [*(row for _, row in own.iterrows()), *_links(growth, {int(year) for year in own["year"]})]
    return [_figure(row, indicator, whole) for row in chosen]


def _links(growth: pd.DataFrame, known: set[int]) -> Iterator[pd.Series[Any]]:
    """Growth rates that lead from known levels to years without one, backward first."""
    by_year = {int(row["year"]): row for _, row in growth.iterrows() if row["bound"] == ""}
    for year in sorted(by_year, reverse=True):
        if year in known and year - 1 not in known:
            known.add(year - 1)
            yield by_year.pop(year)
    for year in sorted(by_year):
        if year - 1 in known and year not in known:
            known.add(year)
            yield by_year[year]


def _figure(row: pd.Series[Any], indicator: str, whole: str | None) -> Figure:
    value = Decimal(f"{float(as_modelled(row)):.12g}")
    half = _half_step(value, row)
    factor = row["unit"] if row["kind"] == "level" else ""
    low = None if row["bound"] in DOWNWARD else value if row["bound"] in UPWARD else value - half
    high = None if row["bound"] in UPWARD else value if row["bound"] in DOWNWARD else value + half
    least, most = (None if end is None else fraction(end, factor) for end in (low, high))
    year, kind, price = int(row["year"]), row["kind"], row["price"] or "nominal"
    return Figure(indicator, year, kind, fraction(value, factor), least, most, price, whole, factor)


def _half_step(value: Decimal, row: pd.Series[Any]) -> Decimal:
    """Half of what a figure was rounded to: of its `rounding` where that is given, else of the unit of its last digit
    as written; at most 5 % of a level and half a point of a rate, and nothing for a count to the piece.

    Zeros at the end count as rounding from two on: one of ten figures ends in a zero anyway.
    """
    told = Decimal(str(row["rounding"])) if row["rounding"] else None
    if row["kind"] != "level":
        return (rate_step(100 * value) if told is None else told) / 200
    last = last_digit(value)
    step = told if told is not None else Decimal(1) if last == 10 else last
    if unit(row["unit"]).dimension == "count" and step <= 1:
        return Decimal(0)
    return min(step, abs(value) * Decimal(str(WIDEST))) / 2


def seen(rows: pd.DataFrame, before: int) -> Seen | None:
    """The largest changes a year among `full_years` before a year; None where no two figures of one scope and no growth
    rate show one."""
    rows = rows[rows["year"] < before]
    changes = [(float(row["value"]), str(row["year"])) for _, row in rows[rows["kind"] == "growth"].iterrows()]
    for _, scope in rows[rows["kind"] != "growth"].groupby("scope", sort=False):
        changes += _changes(scope)
    if not changes:
        return None
    (fall, fall_years), (rise, rise_years) = min(changes), max(changes)
    return Seen(rise, rise_years, fall, fall_years, len(changes))


def _changes(scope: pd.DataFrame) -> Iterator[tuple[float, str]]:
    values, years = as_modelled(scope), scope["year"].to_numpy()
    share = scope["kind"].iloc[0] == "share"
    for i in range(len(values) - 1):
        gap = int(years[i + 1] - years[i])
        change = change_a_year(float(values[i]), float(values[i + 1]), gap, "share" if share else "level")
        yield change, f"{years[i]}–{years[i + 1]}"


def change_a_year(start: float, end: float, years: int, kind: Literal["level", "share"]) -> float:
    """The constant change a year from one figure to another: growth of a level, points of a share as a fraction."""
    if kind == "share":
        return (end - start) / years
    return math.expm1(math.log(end / start) / years) if end > 0 else -1.0


def last_figure(figures: list[Figure]) -> Figure | None:
    """The last level or share among figures."""
    return max((f for f in figures if f.kind != "growth"), key=lambda f: f.year, default=None)


def implied_level(figures: list[Figure], year: int) -> Fraction | None:
    """The level of a year as published, or as published growth implies it; None where neither tells."""
    levels = {f.year: f.value for f in figures if f.kind == "level"}
    growth = {f.year: f.value for f in figures if f.kind == "growth"}
    if year in levels:
        return levels[year]
    later = year + 1
    if later in levels and later in growth:
        return levels[later] / (1 + growth[later])
    return levels[year - 1] * (1 + growth[year]) if year - 1 in levels and year in growth else None
