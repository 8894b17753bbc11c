"""What do targets, relations and published figures say of levels? Linear rows over one variable per indicator and year.

Levels are in the base unit of their dimension (yuan, pieces), as exact fractions. A level that something is compared
with is positive, any other not negative; a part is not more than its whole. Strict comparators stay strict: more than
50,000 is `-x < -50000`, and only rows that all hold exactly are a solution.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any, Literal, NamedTuple

from attain.linear import Row, Variable, supremum
from attain.relation import Relation
from attain.target import Target
from attain.units import parse_amount, unit

NESTED, BANDED = "nested", "banded"
Sense = Literal["<=", "<", "=", ">=", ">"]
Reach = tuple[Fraction | None, Fraction | None]


class Level(NamedTuple):
    """The level of an indicator in a year; in constant prices it is a quantity of its own, and so is a count of members
    over each size, in base units."""

    indicator: str
    year: int | None
    price: str = "nominal"
    over: Fraction | None = None


class Source(NamedTuple):
    """Whose row it is: a target by id, a relation by its number, a figure by its indicator and year."""

    kind: Literal["target", "relation", "figure"]
    name: str


@dataclass(frozen=True)
class Functional:
    """What the number of a target is of levels: `part`, or `part / whole`.

    Attributes
    ----------
    years : of a growth a year, the window; else 1.
    form : how the ratio becomes the number: itself, ratio ** (1 / years) - 1, or 1 - ratio.
    """

    part: Level
    whole: Level | None = None
    years: int = 1
    form: Literal["plain", "growth", "reduction"] = "plain"

    def ratio(self, number: Fraction) -> Fraction:
        """The ratio, or the level, at which the target has this number."""
        if self.form == "growth":
            return (1 + number) ** self.years
        return 1 - number if self.form == "reduction" else number

    def number(self, ratio: Fraction) -> float:
        """The number of the target at a ratio or level."""
        if self.form == "growth":
            return math.expm1(math.log(ratio) / self.years) if ratio > 0 else -1.0
        return float(1 - ratio if self.form == "reduction" else ratio)

    def row(self, sense: Sense, number: Fraction, source: Source) -> Row:
        """The row `number of the target sense number`; of a reduction the sense turns round."""
        turned: dict[Sense, Sense] = {"<=": ">=", ">=": "<=", "<": ">", ">": "<", "=": "="}
        return self.at(turned[sense] if self.form == "reduction" else sense, self.ratio(number), source)

    def at(self, sense: Sense, ratio: Fraction, source: Source | None = None) -> Row:
        """The row `ratio or level sense ratio`."""
        sign = Fraction(-1 if sense in (">=", ">") else 1)
        plain: Literal["<=", "<", "="] = "=" if sense == "=" else "<" if sense in ("<", ">") else "<="
        if self.whole is None:
            return Row({self.part: sign}, plain, sign * ratio, source)
        return Row({self.part: sign, self.whole: -sign * ratio}, plain, Fraction(0), source)

    def reach(self, rows: Sequence[Row]) -> Reach:
        """Least and largest ratio, or level, over rows; None where there is no bound, or no solution."""
        return self.limit(rows, least=True), self.limit(rows, least=False)

    def limit(self, rows: Sequence[Row], least: bool) -> Fraction | None:
        """One end of `reach`.

        A ratio is the linear fractional programme of Charnes and Cooper (1962): with the rows times a scale and the
        whole at 1 it is linear.
        """
        if self.whole is not None:
            scale = "scale"
            rows = [Row({**row.coefficients, scale: -row.bound}, row.sense, Fraction(0)) for row in rows]
            rows += [Row({self.whole: Fraction(1)}, "=", Fraction(1)), Row({scale: Fraction(-1)}, "<", Fraction(0))]
        sign = Fraction(-1 if least else 1)
        highest = supremum(rows, {self.part: sign})
        return None if highest is None else sign * highest


def fraction(value: Decimal, unit_name: str | None = None) -> Fraction:
    """A decimal number of some unit in the base unit of its dimension."""
    return Fraction(value) * (Fraction(unit(unit_name).factor) if unit_name else 1)


def in_unit(value: Fraction, unit_name: str) -> float:
    """A level in base units, in another unit."""
    return float(value / Fraction(unit(unit_name).factor))


@dataclass(frozen=True)
class Figure:
    """A published figure: level, growth on the year before, or share of `whole`, between `low` and `high` by rounding;
    a floor has no `high`, a ceiling no `low`."""

    indicator: str
    year: int
    kind: Literal["level", "growth", "share"]
    value: Fraction
    low: Fraction | None
    high: Fraction | None
    price: str = "nominal"
    whole: str | None = None
    unit: str = ""

    @property
    def functional(self) -> Functional:
        """What it is of levels."""
        part = Level(self.indicator, self.year, self.price)
        if self.kind == "growth":
            return Functional(part, Level(self.indicator, self.year - 1, self.price), 1, "growth")
        return Functional(part, Level(self.whole, self.year, self.price) if self.whole is not None else None)

    def rows(self, rounded: bool) -> Iterator[Row]:
        """What it says of levels: within its rounding, or exactly."""
        if not rounded:
            yield self.functional.row("=", self.value, self.source)
            return
        if self.low is not None:
            yield self.functional.row(">=", self.low, self.source)
        if self.high is not None:
            yield self.functional.row("<=", self.high, self.source)

    @property
    def source(self) -> Source:
        """Whose row it is."""
        return Source("figure", f"{self.indicator} {self.year} {self.kind}")


def level_of(target: Target, indicator: str, year: int | None) -> Level:
    """The level of an indicator that a target is of in a year."""
    return Level(indicator, year, target.price, threshold_of(target) if target.kind == "count_above" else None)


def functionals(target: Target, name: str) -> list[Functional]:
    """What a target bounds: one functional, or one for each year of growth in every year; none without a window. The
    part is the level of the indicator named."""
    price = target.price
    part = level_of(target, name, target.by)
    if target.kind in ("share", "coverage", "ratio"):
        return [Functional(part, Level(target.of or f"all of {name}", target.by, price))]
    if target.kind not in ("growth", "multiple", "reduction"):
        return [Functional(part)]
    if target.since is None or target.by is None:
        return []
    if target.mode == "every-year":
        pairs = [(Level(name, y, price), Level(name, y - 1, price)) for y in range(target.since + 1, target.by + 1)]
        return [Functional(after, before, 1, "growth") for after, before in pairs]
    base = Level(name, target.since, price)
    if target.kind == "growth":
        return [Functional(part, base, 1 if target.mode == "cumulative" else target.by - target.since, "growth")]
    return [Functional(part, base, form="reduction" if target.kind == "reduction" else "plain")]


def bounds_of(target: Target) -> Reach:
    """Lower and upper bound of a target in base units; counts round up."""
    lower, upper = (None if b is None else fraction(b, target.effective_unit) for b in target.bounds)
    whole = target.kind in ("count", "count_above") and lower is not None and target.word == "about"
    return (Fraction(math.ceil(lower)) if whole and lower is not None else lower), upper


def target_rows(target: Target, of: Sequence[Functional]) -> Iterator[Row]:
    """What a target says of levels."""
    lower, upper = bounds_of(target)
    strict = target.word in ("more_than", "less_than")
    source = Source("target", target.id)
    for functional in of:
        if lower is not None:
            yield functional.row(">" if strict else ">=", lower, source)
        if upper is not None:
            yield functional.row("<" if strict else "<=", upper, source)


def on_the_number(target: Target, of: Sequence[Functional]) -> Iterator[Row]:
    """A target met exactly: its number, or a number of `between`."""
    if target.upper is not None:
        yield from target_rows(target, of)
        return
    for functional in of:
        yield functional.row("=", fraction(target.value, target.effective_unit), Source("target", target.id))


def relation_rows(
    relation: Relation, number: int, targets: Mapping[str, Target], levels: Mapping[str, str], counts: str
) -> Iterator[Row]:
    """What a relation says of levels, in the years of its targets.

    Parameters
    ----------
    levels : the indicator of each target's part.
    counts : `NESTED` or `BANDED`, how counts over thresholds are read.
    """
    source = Source("relation", str(number))
    if relation.kind == "same_population":
        yield from _members(relation, targets, counts, source)
    if relation.whole is None or relation.whole not in targets:
        return
    whole, parts = targets[relation.whole], [targets[name] for name in relation.parts if name in targets]
    banded = counts == BANDED and all(t.kind == "count_above" for t in (whole, *parts))
    years = dict.fromkeys(y for t in (whole, *parts) for y in (t.by, t.since) if y is not None)
    for year in years:
        top = level_of(whole, levels[whole.id], year)
        own = [level_of(t, levels[t.id], year) for t in parts]
        if relation.kind == "sum":
            yield Row({top: Fraction(1), **dict.fromkeys(own, Fraction(-1))}, "=", Fraction(0), source)
        for level in own if relation.kind in ("nested", "part_of") and not banded else []:
            yield Row({level: Fraction(1), top: Fraction(-1)}, "<=", Fraction(0), source)
        for level in own if relation.kind == "each_of" else []:
            yield Row({top: Fraction(1), level: Fraction(-(relation.units or 1))}, "=", Fraction(0), source)


def _members(relation: Relation, targets: Mapping[str, Target], counts: str, source: Source) -> Iterator[Row]:
    """Members over thresholds make up at least so much of their total."""
    named = [targets[name] for name in relation.parts if name in targets]
    counted = [t for t in named if t.kind == "count_above"]
    totals = dict.fromkeys((t.indicator, t.price) for t in named if t.kind in ("level", "growth", "multiple"))
    for year in dict.fromkeys(t.by for t in counted):
        weights = _least_total({level_of(t, t.indicator, year) for t in counted if t.by == year}, counts)
        for indicator, price in totals:
            yield Row(weights | {Level(indicator, year, price): Fraction(-1)}, "<=", Fraction(0), source)


def _least_total(levels: Set[Level], counts: str) -> dict[Variable, Fraction]:
    """What members over sizes make up at least: of nested counts each band at its lower end."""
    weights: dict[Variable, Fraction] = {}
    below = Fraction(0)
    for level in sorted(levels, key=_size):
        weights[level] = _size(level) - below if counts == NESTED else _size(level)
        below = _size(level)
    return weights


def rows_of_counts(targets: Iterable[Target], counts: str) -> Iterator[tuple[set[Level], Row]]:
    """What holds of counts of members anyway, with the counts that it is of: of nested ones not more are over a larger
    size than over a smaller one, and members by name make up at least what those that count do."""
    sizes: dict[tuple[Any, ...], set[Level]] = {}
    named: dict[tuple[Any, ...], set[Level]] = {}
    for target in targets:
        if target.kind == "count_above":
            level = level_of(target, target.indicator, target.by)
            sizes.setdefault(level[:3], set()).add(level)
            if target.members is not None:
                named.setdefault((*level[:3], frozenset(target.members)), set()).add(level)
    for own in sizes.values() if counts == NESTED else ():
        for smaller, larger in pairwise(sorted(own, key=_size)):
            yield {smaller, larger}, Row({larger: Fraction(1), smaller: Fraction(-1)}, "<=", Fraction(0))
    for (_, year, price, members), own in named.items():
        total = {Level(name, year, price): Fraction(-1) for name in sorted(members)}
        yield own, Row(_least_total(own, counts) | total, "<=", Fraction(0))


def _size(level: Level) -> Fraction:
    assert level.over is not None, "a count_above has a threshold"
    return level.over


def dimension_of(target: Target) -> str | None:
    """The dimension of the level that a target gives: money, count, ...; None for rates and ratios."""
    if target.kind not in ("level", "count", "count_above", "flow"):
        return None
    return unit(target.effective_unit or "").dimension


def dimensions_of(target: Target) -> Iterator[tuple[str, str]]:
    """The indicators whose levels a target gives, or counts as members, each with their dimension."""
    own = dimension_of(target)
    if own is not None:
        yield target.indicator, own
    if target.members is not None and target.threshold is not None:
        size = unit(parse_amount(target.threshold)[1] or "").dimension
        yield from ((name, size) for name in target.members)


def threshold_of(target: Target) -> Fraction:
    """The size over which members count, in base units."""
    assert target.threshold is not None, "a count_above has a threshold"
    value, unit_name = parse_amount(target.threshold)
    return fraction(value, unit_name)


def sign(level: Variable, compared: bool) -> Row:
    """What holds of all levels: those with which others are compared are positive, none is negative."""
    return Row({level: Fraction(-1)}, "<" if compared else "<=", Fraction(0))


def part_within_whole(target: Target, of: Sequence[Functional]) -> Iterator[Row]:
    """A share or coverage is at most 1."""
    if target.kind in ("share", "coverage"):
        for f in of:
            assert f.whole is not None, "a share has a whole"
            yield Row({f.part: Fraction(1), f.whole: Fraction(-1)}, "<=", Fraction(0))
