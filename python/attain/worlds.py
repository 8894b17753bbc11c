"""How can a plan be read, and what does it say of levels under each reading?

A choice is one thing that the document or the data leave open: whether about 10 % may fall half a point short, from
which year "about three years" run, whether counts over thresholds are nested or bands, whether growth in constant
prices may be set beside nominal levels, which treatment of the data. A world fixes every choice; the first option of
each is the plan as stated. Targets that share no level and no relation are looked at apart.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar, cast

import pandas as pd

from attain.errors import PlanError
from attain.history import History
from attain.language import Text, listed
from attain.levels import (
    BANDED,
    NESTED,
    Figure,
    Functional,
    Level,
    dimension_of,
    dimensions_of,
    functionals,
    on_the_number,
    part_within_whole,
    relation_rows,
    rows_of_counts,
    sign,
    target_rows,
)
from attain.linear import Certificate, Point, Row, Variable, decide
from attain.plan import Plan
from attain.published import Seen, figures_of, full_years, seen
from attain.quantity import label_text
from attain.relation import Relation
from attain.target import AS_STATED, TO_THE_NUMBER, Target
from attain.units import unit

T = TypeVar("T")
AS_ONE = "as one"
_MIDYEAR = 7
_MOST_WORLDS = 256
_DATA = "data "
_TEXTS = {
    ("number", TO_THE_NUMBER): Text("“about” is read to the number", "“左右”按足额理解"),
    ("counts", BANDED): Text("counts over thresholds are bands", "门槛以上个数为互不包含的区间"),
    ("prices", AS_ONE): Text("constant and nominal prices are taken as one", "不区分可比价与现价"),
}


@dataclass(frozen=True)
class World:
    """The options chosen, by choice; what is not named is as stated."""

    options: Mapping[str, str] = field(default_factory=dict)

    def __getitem__(self, choice: str) -> str | None:
        return self.options.get(choice)


@dataclass(frozen=True)
class Group:
    """Targets of a plan that bear on each other, with the relations between them and the series behind them.

    Attributes
    ----------
    plan, history : of the check; without figures the history is None.
    targets : as the plan states them, what the history knows by a label under its id.
    relations : by their number in the plan, from 1.
    """

    plan: Plan
    history: History | None
    targets: tuple[Target, ...]
    relations: Mapping[int, Relation]

    @functools.cached_property
    def choices(self) -> dict[str, list[str]]:
        """Every choice with its options beside the one as stated."""
        found: dict[str, list[str]] = {}
        if any(len(t.readings) > 1 for t in self.targets):
            found["number"] = [TO_THE_NUMBER]
        others = [str(year) for year in dict.fromkeys(y for t in self.targets for y in self.other_bases(t))]
        if others:
            found["base"] = others
        if any(self._counts_by_threshold(r) for r in self.relations.values()):
            found["counts"] = [BANDED]
        if len({t.price for t in self.targets}) > 1:
            found["prices"] = [AS_ONE]
        for series in dict.fromkeys(s for t in self.targets if (s := self.series_of(t)) is not None):
            assert self.history is not None, "a series has a history"
            treatments = self.history.treatments_of(series)
            found |= {_DATA + series: list(treatments[1:])} if len(treatments) > 1 else {}
        return found

    def other_bases(self, target: Target) -> list[int]:
        """Years from which a window "of about three years" may run too: the last full year before issue and, for a
        plan issued past midyear, the year of issue."""
        issued = self.plan.issued
        if target.since is None or target.since_source != "resolved" or issued is None:
            return []
        may = [issued.year - 1, *([issued.year] if issued.month >= _MIDYEAR else [])]
        return [year for year in may if year != target.since and (target.by is None or year < target.by)]

    def _counts_by_threshold(self, relation: Relation) -> bool:
        named = [t for t in self.targets if t.id in relation.ids and t.kind == "count_above"]
        kinds = ("nested", "same_population")
        return relation.kind in kinds and len({t.threshold for t in named}) > 1

    def series_of(self, target: Target) -> str | None:
        """The series of the history that speaks of a target's indicator."""
        return None if self.history is None else self.history.series_for(self.plan.id, target.indicator).series

    @functools.cached_property
    def _read_once(self) -> dict[Any, Any]:
        """What was read from the history already: its rows are the same in many worlds."""
        return {}

    def _once(self, key: Any, read: Callable[[], T]) -> T:
        if key not in self._read_once:
            self._read_once[key] = read()
        return cast(T, self._read_once[key])

    def _full_years(self, series: str, treatment: str) -> pd.DataFrame:
        history = self.history
        assert history is not None, "a series has a history"
        return self._once((series, treatment), lambda: full_years(history, series, treatment))

    def figures_of(self, target: Target, world: World, indicator: str, before: int) -> list[Figure]:
        """The published figures that fix the levels of an indicator, the part of a target, before a year."""
        series = self.series_of(target)
        same = [t for t in self.targets if t.indicator == target.indicator]
        if series is None or any(units_apart(self.plan, self.history, t) for t in same):
            return []
        treatment = world[_DATA + series] or ""
        rows, key = self._full_years(series, treatment), (target.id, treatment, indicator, before)
        return self._once(key, lambda: figures_of(rows, target, indicator, before))

    def label_of(self, indicator: str) -> Text:
        """What an indicator of the plan is called: by its series, else by a target of it."""
        target = next(t for t in self.targets if t.indicator == indicator)
        series, history = self.series_of(target), self.history
        if series is None or history is None:
            return label_text(target)
        return Text(history.label_of(series), history.label_of(series, "zh"))

    @functools.cached_property
    def points_beside(self) -> dict[str, Point]:
        """By target a point, found in some world, that satisfies all but that target."""
        return {}

    @functools.cached_property
    def points(self) -> list[Point]:
        """Points that satisfy all that is said in some world; one of one world often does in another."""
        return []

    def seen(self, target: Target, world: World, until: int) -> Seen | None:
        """The largest changes that the figures behind a target show up to a year; none in other prices."""
        series = self.series_of(target)
        if series is None or self.history is None or self.history.price_of(series) != target.price:
            return None
        treatment = world[_DATA + series] or ""
        return self._once((series, treatment, until), lambda: seen(self._full_years(series, treatment), until + 1))

    def worlds(self) -> Iterator[World]:
        """Every combination of options, as stated first, those that depart less before those that depart more; each
        option alone where there are too many."""
        count = math.prod(1 + len(others) for others in self.choices.values())
        for departures in range(1 + (len(self.choices) if count <= _MOST_WORLDS else 1)):
            for chosen in itertools.combinations(self.choices, departures):
                for options in itertools.product(*(self.choices[choice] for choice in chosen)):
                    yield World(dict(zip(chosen, options, strict=True)))

    def describe(self, options: Mapping[str, Sequence[str]]) -> Text:
        """Options of some choices in words, as what follows "if"; as stated where there are none."""
        told = [self._describe(choice, chosen) for choice, chosen in options.items()]
        if not told:
            return Text(AS_STATED, "按原文")
        return Text(listed([t.en for t in told]), "且".join(t.zh for t in told))

    def _describe(self, choice: str, options: Sequence[str]) -> Text:
        either = Text(listed(options, ", ", " or "), listed(options, "、", "或 "))
        if choice == "base":
            return Text(f"growth is counted from {either.en}", f"增长从 {either.zh} 年算起")
        if not choice.startswith(_DATA):
            return _TEXTS[choice, options[0]]
        served = [label_text(t) for t in self.targets if self.series_of(t) == choice.removeprefix(_DATA)]
        label = min(served, key=lambda text: len(text.en))
        return Text(f"the figures of “{label.en}” are treated as {either.en}", f"“{label.zh}”的数据按 {either.zh} 处理")

    def read(self, world: World) -> Reading:
        """The group under the options of a world."""
        return Reading(self, world)


@dataclass(frozen=True)
class Reading:
    """A group in one world: its targets as read, and the rows that they, their relations and figures make."""

    group: Group
    world: World

    def describe(self) -> Text:
        """The reading in words."""
        return self.group.describe({choice: [option] for choice, option in self.world.options.items()})

    @functools.cached_property
    def targets(self) -> dict[str, Target]:
        """The targets under the options."""
        return {t.id: self._read(t) for t in self.group.targets}

    def _read(self, target: Target) -> Target:
        number = self.world["number"]
        read = target.readings.get(number, target) if number else target
        changes: dict[str, object] = {}
        base = self.world["base"]
        if base and int(base) in self.group.other_bases(target):
            changes["since"] = int(base)
        if self.world["prices"] == AS_ONE:
            changes["price"] = "nominal"
        return read.model_copy(update=changes) if changes else read

    @functools.cached_property
    def levels(self) -> dict[str, str]:
        """The indicator of each target's part: of a share in one population with a level or growth, that indicator."""
        found = {t.id: t.indicator for t in self.targets.values()}
        for relation in self.group.relations.values():
            if relation.kind == "same_population":
                named = [self.targets[name] for name in relation.parts]
                parts = [t.indicator for t in named if t.kind in ("level", "growth", "multiple")]
                found |= {t.id: parts[0] for t in named if t.kind == "share" and parts}
        return found

    @functools.cached_property
    def functionals(self) -> dict[str, list[Functional]]:
        """What each target bounds."""
        return {name: functionals(t, self.levels[name]) for name, t in self.targets.items()}

    @functools.cached_property
    def figures(self) -> dict[str, list[Figure]]:
        """The published figures behind each target, up to its own year."""
        own = self.targets.values()
        return {t.id: [] if t.by is None else list(self._figures_behind(t, t.by + 1)) for t in own}

    def _figures_behind(self, target: Target, before: int) -> Iterator[Figure]:
        for figure in self.group.figures_of(target, self.world, self.levels[target.id], before):
            if self.world["prices"] == AS_ONE:
                yield replace(figure, price="nominal")
            elif figure.price == target.price:
                yield figure

    @functools.cached_property
    def published(self) -> dict[str, Figure]:
        """Every figure of years before any target of its indicator, once, by the name of its source."""
        dated = [(t, t.by) for t in self.targets.values() if t.by is not None]
        first = {t.indicator: min(by for other, by in dated if other.indicator == t.indicator) for t, _ in dated}
        return {f.source.name: f for t, _ in dated for f in self._figures_behind(t, first[t.indicator])}

    def seen(self, name: str) -> Seen | None:
        """The largest changes that the figures behind a target show, to the last of them."""
        years = [figure.year for figure in self.figures[name]]
        return self.group.seen(self.targets[name], self.world, max(years)) if years else None

    @functools.cached_property
    def rows(self) -> list[Row]:
        """All that is said: targets, relations, figures within their rounding, and what holds of all levels."""
        return self.system(self.targets)

    @functools.cached_property
    def point(self) -> Point | None:
        """A point that satisfies all rows; None where there is none."""
        for point in self.group.points:
            if all(row.holds(point) for row in self.rows):
                return point
        found = decide(self.rows, *self.group.points[:1])
        if isinstance(found, Certificate):
            return None
        self.group.points.append(found)
        return found

    def system(self, names: Iterable[str]) -> list[Row]:
        """What some targets say, with all relations and the figures within their rounding."""
        return self.grounded([*(row for name in names for row in self._stated[name]), *self._given])

    @functools.cached_property
    def _stated(self) -> dict[str, list[Row]]:
        """What each target says."""
        return {name: list(target_rows(t, self.functionals[name])) for name, t in self.targets.items()}

    @functools.cached_property
    def _given(self) -> list[Row]:
        """What relations and figures say."""
        return [*self.related(), *(row for figure in self.published.values() for row in figure.rows(rounded=True))]

    def related(self) -> list[Row]:
        """What all relations say."""
        numbered = self.group.relations.items()
        return [row for i, r in numbered for row in relation_rows(r, i, self.targets, self.levels, self._counts)]

    @property
    def _counts(self) -> str:
        """How counts over thresholds are read."""
        return self.world["counts"] or NESTED

    def alone(self, name: str) -> list[Row]:
        """What one target says, with the figures behind it as published."""
        published = [row for figure in self.figures[name] for row in figure.rows(rounded=False)]
        return self.grounded([*self._stated[name], *published])

    def met_exactly(self, names: Iterable[str]) -> list[Row]:
        """Some targets at their numbers, without figures and relations."""
        found = [row for name in names for row in on_the_number(self.targets[name], self.functionals[name])]
        return self.grounded(found)

    def grounded(self, rows: list[Row]) -> list[Row]:
        """Rows with what holds of their levels anyway."""
        named = {level for row in rows for level in row.coefficients}
        rows = [*rows, *(row for parts, row in self._parts if not named.isdisjoint(parts))]
        levels = dict.fromkeys(level for row in rows for level in row.coefficients)
        return [*rows, *(self._signs.get(level) or sign(level, compared=False) for level in levels)]

    @functools.cached_property
    def _parts(self) -> list[tuple[set[Level], Row]]:
        """What holds of the parts of targets anyway, with these: within their wholes, and counts of members."""
        of = [(t, f) for name, t in self.targets.items() for f in self.functionals[name]]
        within = [({f.part}, row) for t, f in of for row in part_within_whole(t, [f])]
        return [*within, *rows_of_counts(self.targets.values(), self._counts)]

    @functools.cached_property
    def _signs(self) -> dict[Variable, Row]:
        """What holds of each level that targets or figures speak of."""
        behind = [figure.functional for own in self.figures.values() for figure in own]
        of = [*behind, *(f for own in self.functionals.values() for f in own)]
        compared = {f.whole for f in of if f.whole is not None}
        return {level: sign(level, level in compared) for level in [*compared, *(f.part for f in of)]}


def units_apart(plan: Plan, history: History | None, target: Target) -> tuple[str, str] | None:
    """The unit of a target's level and that of the series that speaks of it, where they do not convert."""
    series = None if history is None else history.series_for(plan.id, target.indicator).series
    if history is None or series is None or dimension_of(target) is None:
        return None
    own, published = target.effective_unit or "", history.unit_of(series)
    return None if unit(own).dimension == unit(published).dimension else (own, published)


def groups(plan: Plan, history: History | None) -> list[Group]:
    """The targets of a plan, parted into those that bear on each other, in the order of the plan."""
    targets = [_by_id(t, plan, history) for t in plan.targets]
    root = {t.id: t.id for t in targets}

    def find(name: str) -> str:
        while root[name] != name:
            name = root[name]
        return name

    def join(names: Sequence[str]) -> None:
        for name in names[1:]:
            root[find(name)] = find(names[0])

    quantities: dict[str, list[str]] = {}
    for target in targets:
        for name in (target.indicator, target.of, *(target.members or ())):
            if name is not None:
                quantities.setdefault(name, []).append(target.id)
    for names in (*quantities.values(), *(r.ids for r in plan.relations if r.kind != "overlap")):
        join(list(names))
    members: dict[str, list[Target]] = {}
    for target in targets:
        members.setdefault(find(target.id), []).append(target)
    own = {i: r for i, r in enumerate(plan.relations, start=1) if r.kind != "overlap"}
    _check_units(plan, targets)
    return [
        Group(plan, history, tuple(part), {i: r for i, r in own.items() if find(r.parts[0]) == name})
        for name, part in members.items()
    ]


def _by_id(target: Target, plan: Plan, history: History | None) -> Target:
    """A target whose indicators are called by their ids where a history knows them by a label; what its map `serves`
    for the plan may be defined otherwise than the series, and keeps its name."""
    if history is None:
        return target
    served = history.serves.get(plan.id, {})

    def named(name: str) -> str:
        return name if name in served else history.find(name) or name

    return target.model_copy(
        update={
            "indicator": named(target.indicator),
            "of": None if target.of is None else named(target.of),
            "members": None if target.members is None else tuple(map(named, target.members)),
        }
    )


def _check_units(plan: Plan, targets: Sequence[Target]) -> None:
    """PlanError where targets give one indicator levels of different dimensions."""
    seen_as: dict[str, tuple[str, str]] = {}
    for target in targets:
        for name, dimension in dimensions_of(target):
            first, other = seen_as.setdefault(name, (target.id, dimension))
            if other != dimension:
                raise PlanError(
                    f"{plan.id}: targets {first!r} and {target.id!r} are both of {name!r}, but one is a"
                    f" {other} and one a {dimension}; give them units that convert, or indicators of their own"
                )
