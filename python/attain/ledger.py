"""What was published, cell by cell: each figure as the interval of exact fractions that its digits stand for.

A figure of n digits stands for all that rounds to it, half a unit of its last non-zero digit to either side (39,000:
38,500 to 39,500), unless `rounding` says otherwise; a rate for at most half a point to either side; a count below
1,000 for itself. A trailing zero is not seen (8.0 % is read as 8 %), which can only hide a contradiction, never make
one. A floor stands for all above it: that is `sure`. `usual` is what a floor usually means, up to one unit of its last
digit more.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

from attain.history import UNKNOWN_THEN, History
from attain.precision import UPWARD, last_digit, rate_step
from attain.units import convert, decimal, unit

EXACT_COUNTS = 1000
_ROOT_12 = math.sqrt(12)
_FLOAT = Fraction(1, 10**12)


class Interval(NamedTuple):
    """All numbers from low to high, both included; None where it is open."""

    low: Fraction | None
    high: Fraction | None

    def meets(self, other: Interval) -> bool:
        """Have the two a number in common?"""
        return _below(self.low, other.high) and _below(other.low, self.high)


def _below(low: Fraction | None, high: Fraction | None) -> bool:
    return low is None or high is None or low <= high


@dataclass(frozen=True)
class Quantity:
    """A published figure, or what follows from several.

    Attributes
    ----------
    point : as published, or computed from figures as published.
    sure, usual : what it may be, see the head of this file.
    rows : labels in `History.rows` of the figures it rests on.
    """

    point: Fraction
    sure: Interval
    usual: Interval
    rows: tuple[int, ...]

    def times(self, other: Quantity) -> Quantity:
        """The product of two positive quantities."""
        return self._with(other, self.point * other.point, _product)

    def over(self, other: Quantity) -> Quantity:
        """The ratio of two positive quantities."""
        return self._with(other, self.point / other.point, _ratio)

    def plus(self, other: Quantity) -> Quantity:
        """The sum."""
        return self._with(other, self.point + other.point, _sum)

    def less(self, other: Quantity) -> Quantity:
        """The difference."""
        return self._with(other, self.point - other.point, _difference)

    def _with(self, other: Quantity, point: Fraction, combine: Any) -> Quantity:
        sure, usual = combine(self.sure, other.sure), combine(self.usual, other.usual)
        return Quantity(point, sure, usual, tuple(dict.fromkeys(self.rows + other.rows)))

    def from_one(self) -> Quantity:
        """One less the quantity, such as what a share leaves of the whole."""
        return exactly(1).less(self)

    def surely_below(self, other: Quantity) -> bool:
        """Is it below the other whatever the rounding, with floors as usual?"""
        high, low = self.usual.high, other.usual.low
        return high is not None and low is not None and high < low


def exactly(number: int | Fraction) -> Quantity:
    """A number that is known."""
    value = Fraction(number)
    return Quantity(value, Interval(value, value), Interval(value, value), ())


def _product(a: Interval, b: Interval) -> Interval:
    return Interval(_both(a.low, b.low, Fraction.__mul__), _both(a.high, b.high, Fraction.__mul__))


def _ratio(a: Interval, b: Interval) -> Interval:
    low = Fraction(0) if b.high is None else _both(a.low, b.high, Fraction.__truediv__)
    return Interval(low, _both(a.high, b.low, Fraction.__truediv__) if b.low else None)


def _sum(a: Interval, b: Interval) -> Interval:
    return Interval(_both(a.low, b.low, Fraction.__add__), _both(a.high, b.high, Fraction.__add__))


def _difference(a: Interval, b: Interval) -> Interval:
    return Interval(_both(a.low, b.high, Fraction.__sub__), _both(a.high, b.low, Fraction.__sub__))


def _both(a: Fraction | None, b: Fraction | None, combine: Any) -> Fraction | None:
    return None if a is None or b is None else combine(a, b)


class Cell(NamedTuple):
    """Which figure: level, growth (as the factor 1 + g), share or change (as fractions), of a year or of a part of it
    (such as H1)."""

    indicator: str
    kind: str
    year: int
    part: str = ""


class Ledger:
    """The published figures of a history, whatever the treatment to which they belong.

    Where a figure has several vintages, `now` has the latest and `before` the others; several figures of one cell are
    what different sources, or readings, say of it.
    """

    def __init__(self, history: History) -> None:
        self.history = history
        rows = history.rows[~history.rows["unused"].str.startswith(UNKNOWN_THEN)]
        self.rows = rows[~((rows["value"] == 0) & (rows["bound"] != ""))]
        self.now: dict[Cell, tuple[Quantity, ...]] = {}
        self.before: dict[Cell, tuple[Quantity, ...]] = {}
        for cell, same in self._records().items():
            latest = max(record["vintage"] for record in same)
            self.now[cell] = tuple(self._distinct(record for record in same if record["vintage"] == latest))
            self.before[cell] = tuple(self._distinct(record for record in same if record["vintage"] != latest))

    def _records(self) -> dict[Cell, list[dict[str, Any]]]:
        """The rows as plain records by cell, each with its label as `row`."""
        found: dict[Cell, list[dict[str, Any]]] = {}
        for row, record in zip(self.rows.index, self.rows.to_dict("records"), strict=True):
            part = record["period"].removeprefix(str(record["year"]))
            cell = Cell(record["indicator"], record["kind"], record["year"], part)
            found.setdefault(cell, []).append({str(k): v for k, v in record.items()} | {"row": int(row)})
        return found

    def _distinct(self, records: Iterable[dict[str, Any]]) -> Iterable[Quantity]:
        """One quantity for each number; read as a bound where one of its rows is one."""
        found: dict[float, list[dict[str, Any]]] = {}
        for record in records:
            found.setdefault(record["value"], []).append(record)
        for same in found.values():
            record = next((record for record in same if record["bound"]), same[0])
            point, sure, usual = _read(record, self.is_count(record["indicator"]))
            yield Quantity(point, sure, usual, tuple(record["row"] for record in same))

    def of(self, cell: Cell) -> tuple[Quantity, ...]:
        """What is published of a cell; empty where nothing is."""
        return self.now.get(cell, ())

    @functools.cached_property
    def cells(self) -> dict[str, list[Cell]]:
        """The cells of each indicator, by year."""
        found: dict[str, list[Cell]] = {name: [] for name in self.history.indicators}
        for cell in sorted(self.now, key=lambda cell: (cell.year, cell.part)):
            found[cell.indicator].append(cell)
        return found

    def levels(self, indicator: str, year: int, part: str, like: str) -> tuple[Quantity, ...]:
        """What is published of the level of an indicator, in the unit of another."""
        return self.in_unit_of(like, indicator, self.of(Cell(indicator, "level", year, part)))

    def in_unit_of(self, like: str, indicator: str, levels: Iterable[Quantity]) -> tuple[Quantity, ...]:
        """Levels of an indicator in the unit of another; as they are where that has no level.

        Raises
        ------
        UnitError
            For units that do not convert.
        """
        own, other = (self.history.unit_of(name) for name in (indicator, like))
        measured = all(any(cell.kind == "level" for cell in self.cells.get(name, ())) for name in (indicator, like))
        scale = exactly(Fraction(convert(Decimal(1), own, other)) if measured else 1)
        return tuple(level.times(scale) for level in levels)

    def years(self, indicator: str, kind: str, part: str = "") -> list[int]:
        """Years with a figure of that kind."""
        return [cell.year for cell in self.cells.get(indicator, ()) if (cell.kind, cell.part) == (kind, part)]

    def is_count(self, indicator: str) -> bool:
        """Does the indicator count pieces?"""
        return unit(self.history.unit_of(indicator)).dimension == "count"

    def is_flow(self, indicator: str) -> bool:
        """Do the parts of a year add up to it?"""
        return unit(self.history.unit_of(indicator)).adds_up

    def apart(self, one: Iterable[int], other: Iterable[int]) -> bool:
        """Does a treatment, or a scope within one, keep the two sets of rows apart?"""
        a, b = (self.rows.loc[list(rows), ["treatment", "scope"]].to_numpy(str).tolist() for rows in (one, other))
        pairs = [(x[1], y[1]) for x in a for y in b if _compatible(x[0], y[0])]
        return any(x != y for x, y in pairs) or not pairs

    def begins(self, rows: Iterable[int]) -> bool:
        """Does a named scope begin with one of these rows?"""
        first = self.rows.groupby(["indicator", "scope"])["year"].transform("min")
        own = self.rows.loc[list(rows)]
        return bool(((own["scope"] != "") & (own["year"] == first[own.index])).any())


def _compatible(one: str, other: str) -> bool:
    return one == other or not one or not other


def _read(row: Mapping[Any, Any], count: bool) -> tuple[Fraction, Interval, Interval]:
    """Point and intervals of a row: a level, a factor of growth, or a share or change as a fraction."""
    percent = row["kind"] in ("growth", "change") or (row["kind"] == "share" and row["unit"] == "%")
    number = Fraction(decimal(float(row["value"])))
    point = number / 100 if row["kind"] == "share" and percent else number
    point += row["kind"] == "growth"
    half, least = _half(row, point, count), None if row["kind"] == "change" else Fraction(0)
    if not row["bound"]:
        both = Interval(_at_least(least, point - half), point + half)
        return point, both, both
    if row["bound"] in UPWARD:
        return point, Interval(point, None), Interval(point, point + 2 * half)
    return point, Interval(least, point), Interval(_at_least(least, point - 2 * half), point)


def _at_least(least: Fraction | None, number: Fraction) -> Fraction:
    return number if least is None else max(least, number)


def _half(row: Mapping[Any, Any], point: Fraction, count: bool) -> Fraction:
    """Half a unit of the last digit that a row tells, on the scale of its point."""
    if row["rounding"] != "":
        return _half_told(row, point)
    if row["kind"] in ("growth", "change", "share"):
        told = point - (row["kind"] == "growth")
        return Fraction(rate_step(decimal(float(100 * told)))) / 200
    return Fraction(0) if count and not row["bound"] and point < EXACT_COUNTS else _unit_of(point) / 2


def _half_told(row: Mapping[Any, Any], point: Fraction) -> Fraction:
    if row["kind"] == "change":
        return Fraction(decimal(row["rounding"])) / 200
    base = point * (1 - point) if row["kind"] == "share" else point
    spread = row["error"] if not row["bound"] else math.expm1(row["error"] * _ROOT_12) / _ROOT_12
    return Fraction(spread * _ROOT_12 / 2) * base * (1 + _FLOAT)


def rounding_of(row: Mapping[Any, Any]) -> float:
    """The rounding that a row tells, on the scale of its level, whatever the unit that it was written in."""
    return float(2 * _half_told(row, Fraction(decimal(float(row["value"])))))


def _unit_of(number: Fraction) -> Fraction:
    """The unit of the last non-zero digit of a decimal."""
    return Fraction(last_digit(decimal(float(abs(number)))))
