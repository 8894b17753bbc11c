"""A target as an event of a projection: bounds on one linear functional of one indicator's y, its log level or the
logit of its share; or, for a share of two levels, of the difference of their logs; or, where one does not do, bounds on
several quantities of a path.

A level or share is bounded at one year. A growth or multiple since a year whose figure is known is a level too; since a
year ahead it is the difference of two years. A growth or an amount in every year, the sum of other indicators, and how
many of them are above a threshold, are quantities of a path. What cannot be put that way says what it needs.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from attain.errors import UnitError
from attain.history import History
from attain.language import Text
from attain.precision import interval_of
from attain.projection import Mixture, Projection
from attain.scale import LOGIT
from attain.simulation import Quantity
from attain.target import WORDS, Target
from attain.units import convert, decimal

GROWTH = 1
_ASSESSED_KINDS = ("level", "growth", "share", "multiple", "reduction", "flow")
_FARTHEST = 600.0  # of y, where a path has become absurd
_YEARLY = (None, "year", "年")
_KINDS_ZH = {
    "level": "总量", "growth": "增速", "share": "占比", "multiple": "倍数", "reduction": "下降率", "count": "数量",
    "count_above": "规模以上数量", "flow": "年度数量", "coverage": "覆盖率", "ratio": "配比",
}  # fmt: skip


@dataclass(frozen=True)
class Missing:
    """Why a target is not assessed, and what it needs."""

    reason: Text
    needs: Text


@dataclass(frozen=True)
class Event:
    """lower <= y of `by` (less that of `since`, where it lies ahead, or of the whole) <= upper; y as in `attain.scale`.

    Attributes
    ----------
    base : y of the base year that the bounds contain; for a share of two levels minus the log of what their units
        convert by; None when `since` lies ahead, or for a level or a share measured directly.
    published : y of `by` (less that of the whole) where it is published already, which settles the target.
    whole : indicator whose level is the whole of a share of two levels, else None.
    """

    target: Target
    indicator: str
    by: int
    since: int | None
    lower: float
    upper: float
    base: float | None
    published: float | None
    whole: str | None = None

    @property
    def indicators(self) -> tuple[str, ...]:
        """The indicators that it stands on: one, or part and whole."""
        return (self.indicator,) if self.whole is None else (self.indicator, self.whole)

    @property
    def functional(self) -> tuple[str, int, int | None, str | None]:
        """Targets with the same functional reduce to the stricter bounds."""
        return self.indicator, self.by, self.since, self.whole

    @property
    def word(self) -> Literal["at_least", "at_most"]:
        """Is it a floor, or only a ceiling?"""
        return "at_least" if self.lower > -math.inf else "at_most"

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        """The same for a simulation."""
        since = () if self.since is None else ((self.indicator, self.since, -1.0),)
        whole = () if self.whole is None else ((self.whole, self.by, -1.0),)
        return (Quantity("logs", ((self.indicator, self.by, 1.0), *since, *whole), self.lower, self.upper),)

    def log_probability(self, mixture: Mixture) -> float:
        """log P(event) of an event on one indicator."""
        assert self.whole is None, "a share of two levels needs both, and their dependence"
        return mixture.log_probability(mixture.row(self.by, self.since), self.lower, self.upper)


@dataclass(frozen=True)
class PathEvent:
    """A path has all these quantities within their bounds.

    Attributes
    ----------
    indicator : that of the target; a sum of others has none that is projected.
    indicators : those that the quantities are of.
    quantities : empty where published figures settle the target already.
    bases : of each quantity what is taken from it before it is told in the terms of the target: y of a year before, the
        log of a unit, or, with the sign turned, what is published of a sum or a count.
    attained : True or False where they do, else None.
    """

    target: Target
    indicator: str
    by: int
    indicators: tuple[str, ...]
    quantities: tuple[Quantity, ...] = ()
    bases: tuple[float, ...] = ()
    attained: bool | None = None

    def outcomes(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Of paths, (N, quantities), the outcome in the terms of the target: that of the year which decides, the least
        of those under a floor, the largest of those under a ceiling."""
        told = values - np.array(self.bases)
        if self.target.kind in ("growth", "flow"):
            told = (np.exp if self.target.kind == "flow" else np.expm1)(np.clip(told, -_FARTHEST, _FARTHEST))
        decides = np.min if self.target.bounds[0] is not None else np.max
        outcome: npt.NDArray[np.float64] = decides(told, axis=1)
        return outcome


AnyEvent = Event | PathEvent


def indicators_ahead(event: AnyEvent) -> tuple[str, ...]:
    """The indicators whose years ahead decide an event: of a sum not those that are published already."""
    return tuple(dict.fromkeys(name for quantity in event.quantities for name, _, _ in quantity.terms))


def can_be_assessed(target: Target, history: History) -> Missing | None:
    """None when the target's kind, control, year, indicator, price and unit allow an assessment; else what it lacks.
    The indicator is that of the history."""
    if target.control == "administrative":
        return Missing(
            Text("an issuer certifies it, so the growth model does not speak", "由主管部门认定，增长模型不适用"),
            Text("the issuer's track record", "主管部门以往的完成情况"),
        )
    if not has_engine(target) or (target.kind == "flow" and target.per not in _YEARLY):
        return Missing(
            Text(f"no engine for a {kind_name(target).en} yet", f"尚无{kind_name(target).zh}目标的计算方法"),
            _at_hand(target, history),
        )
    if target.by is None:
        return Missing(Text("no target year", "没有目标年份"), Text("a year: by", "目标年份 (by)"))
    if target.members is not None:
        return _members_problem(target, history)
    name = history.find(target.indicator)
    if name is None:
        return Missing(
            Text(f"no history of {target.indicator}", f"没有 {target.indicator} 的历史数据"),
            _figures_of(target.indicator),
        )
    if len(history.usable([name])) == 0:
        return Missing(Text(f"no usable figure of {name}", f"{name} 没有可用的数据"), _figures_of(name))
    return basis_problem(target, name, history)


def has_engine(target: Target) -> bool:
    """Does its probability only wait for figures?"""
    return target.kind in _ASSESSED_KINDS or target.members is not None


def kind_name(target: Target) -> Text:
    """The kind of a target in words."""
    return Text(target.kind.replace("_", " "), _KINDS_ZH[target.kind])


def _figures_of(name: str) -> Text:
    return Text(f"yearly figures of {name}", f"{name} 的年度数据")


def basis_problem(target: Target, name: str, history: History) -> Missing | None:
    """Prices, modes and units that do not fit."""
    price = history.price_of(name)
    if target.price != price:
        reason = Text(
            f"target in {target.price} prices, history in {price} prices", "目标与历史数据的价格口径不同(现价/不变价)"
        )
        return Missing(
            reason,
            Text(
                f"figures of {name} in {target.price} prices, or a deflator", f"同一价格口径的 {name} 数据，或价格指数"
            ),
        )
    if target.kind == "share" and history.scale_of(name) is not LOGIT:
        return _no_share_of_levels(target, name, history)
    if target.kind != "share" and history.scale_of(name) is LOGIT:
        return _no_level(target, name)
    return _unit_problem(target, name, history) if target.kind in ("level", "flow") else None


def indicators_of(target: Target, history: History) -> tuple[str, ...]:
    """The indicators that a target which can be assessed stands on: one, the part and the whole of a share of two
    levels, or the members of a count."""
    if target.members is not None:
        return tuple(history.find(name) or name for name in target.members)
    name = history.find(target.indicator)
    assert name is not None, "can_be_assessed refuses unknown indicators"
    if target.kind != "share" or history.scale_of(name) is LOGIT:
        return (name,)
    whole = history.find(target.of or "")
    assert whole is not None, "can_be_assessed refuses unknown wholes"
    return name, whole


def _no_share_of_levels(target: Target, name: str, history: History) -> Missing | None:
    """What keeps the share of a level from being assessed: the level of its whole is missing, or is no match."""
    whole = history.find(target.of or "")
    if whole is None or len(history.usable([whole])) == 0 or history.scale_of(whole) is LOGIT:
        reason = Text(
            f"{name} is a level, not a share, and there is no level of {target.of}",
            f"{name} 是总量而非占比，且没有 {target.of} 的总量数据",
        )
        needs = Text(
            f"levels of {target.of}, or {name} measured as a share: rows of kind share",
            f"{target.of} 的总量数据，或 {name} 的占比数据 (kind: share)",
        )
        return Missing(reason, needs)
    if whole == name:
        reason = Text(f"{name} is a share of itself", f"{name} 不能是自身的占比")
        return Missing(reason, Text("another indicator: of", "另一个指标 (of)"))
    for one in (name, whole):
        if not (history.usable([one])["kind"] == "level").any():
            return Missing(Text(f"{one} has growth rates only", f"{one} 只有增速"), _one_level(one))
    return _no_common_measure(name, whole, history)


def _no_common_measure(name: str, whole: str, history: History) -> Missing | None:
    """Prices or units of part and whole that do not match."""
    if history.price_of(name) != history.price_of(whole):
        reason = Text(f"{name} and {whole} are in different prices", f"{name} 与 {whole} 的价格口径不同(现价/不变价)")
        return Missing(reason, Text("both in the same prices", "同一价格口径的数据"))
    try:
        convert(Decimal(1), history.unit_of(name), history.unit_of(whole))
    except UnitError as error:
        reason = Text(str(error), f"{name} 与 {whole} 的单位不能换算")
        return Missing(reason, Text("both in units that convert", "单位可换算的数据"))
    return None


def _no_level(target: Target, name: str) -> Missing:
    """A share neither grows nor is a level: its target is a share."""
    reason = Text(f"{name} is a share, not a level", f"{name} 是占比，不是总量")
    kind = kind_name(target)
    needs = Text(
        f"a target of kind share, or levels for this {kind.en}", f"占比目标 (kind: share)，或{kind.zh}所需的总量数据"
    )
    return Missing(reason, needs)


def _at_hand(target: Target, history: History) -> Text:
    """What a kind without engine needs beside the engine; a count of members can do without one."""
    name = history.find(target.indicator)
    if target.kind == "count_above":
        named = Text(
            ", or the members by name, each with yearly figures: members", "，或列出各成员及其年度数据 (members)"
        )
    else:
        named = Text("", "")
    if name is None:
        return Text(
            f"an engine, and yearly figures of {target.indicator}{named.en}",
            f"计算方法，以及 {target.indicator} 的年度数据{named.zh}",
        )
    years = ", ".join(str(year) for year in history.years_of(name))
    return Text(
        f"an engine{named.en}; at hand: {name} of {years or 'no full year'}",
        f"计算方法{named.zh}；现有数据：{name}({years or '无全年数据'})",
    )


def _unit_problem(target: Target, name: str, history: History) -> Missing | None:
    if not (history.usable([name])["kind"] == "level").any():
        return Missing(Text(f"{name} has growth rates only", f"{name} 只有增速"), _one_level(name))
    wanted, given = target.effective_unit, history.unit_of(name)
    if wanted is None and given:
        reason = Text(f"the number has no unit, the history is in {given}", f"目标数没有单位，历史数据的单位是{given}")
        return Missing(reason, Text(f"unit: {given}", f"unit: {given}"))
    try:
        convert(Decimal(1), wanted or "", given)
    except UnitError as error:
        needs = Text(
            f"a target and a history of {name} in units that convert", f"目标与 {name} 的历史数据须用可换算的单位"
        )
        return Missing(Text(str(error), f"单位 {wanted} 与 {given} 不能换算"), needs)
    return None


def _one_level(name: str) -> Text:
    return Text(f"one level of {name}", f"{name} 的一个总量数据")


def not_projected(name: str, reason: str) -> Missing:
    """A target whose indicator could not be projected."""
    return Missing(Text(f"{name} is not projected: {reason}", f"{name} 未能预测"), _figures_of(name))


def _figure_for(name: str, year: int) -> Text:
    return Text(
        f"the figure of {name} for {year}, on the scope of its last figure", f"{name} {year} 年与最新数据同口径的数值"
    )


def event_of(target: Target, projection: Projection) -> Event | PathEvent | Missing:
    """The event of a target that `can_be_assessed`, on one projection."""
    if target.members is not None:
        return _members_event(target, projection)
    name = projection.history.find(target.indicator)
    if name is None or name not in projection.indicators:
        reason = "it has no history" if name is None else projection.why_skipped(name)
        return not_projected(target.indicator, reason)
    if len(indicators_of(target, projection.history)) > 1:
        return _share_event(target, projection)
    origin, by = projection.origin(name), target.by
    assert by is not None, "can_be_assessed refuses a target without a year"
    if target.kind == "flow":
        return _flow_event(target, name, projection)
    if target.kind in ("level", "share"):
        return _figure_event(target, name, projection)
    since = target.since
    assert since is not None, "a growth or multiple has a base year"
    if target.mode == "every-year" and by - since > 1:
        return _every_year_event(target, name, projection)
    if since > origin.year:
        return Event(target, name, by, since, *_log_bounds(target, by - since), None, None)
    base = figure_y(projection, name, since)
    if base is None:
        reason = f"no figure of the base year {since} on the scope of {origin.year}"
        return Missing(Text(reason, f"基年 {since} 没有与 {origin.year} 年同口径的数据"), _figure_for(name, since))
    lower, upper = (base + bound for bound in _log_bounds(target, by - since))
    return _settle(Event(target, name, by, None, lower, upper, base, None), projection)


def _every_year_event(target: Target, name: str, projection: Projection) -> PathEvent | Missing:
    """Growth of each year of the window: those ahead are quantities, those behind have been attained or missed."""
    assert target.by is not None, "can_be_assessed refuses a target without a year"
    assert target.since is not None, "a growth has its base year"
    origin, (lower, upper) = projection.origin(name).year, _log_bounds(target, 1)
    past = [figure_y(projection, name, year) for year in range(target.since, min(origin, target.by) + 1)]
    if any(y is None for y in past):
        year = target.since + past.index(None)
        reason = Text(f"no figure of {year} on the scope of {origin}", f"{year} 年没有与 {origin} 年同口径的数据")
        return Missing(reason, _figure_for(name, year))
    known = [y for y in past if y is not None]
    held = all(
        target.holds(decimal(f"{math.expm1(after - before):.12g}")) for before, after in itertools.pairwise(known)
    )
    if not held or target.by <= origin:
        return PathEvent(target, name, target.by, (name,), attained=held)
    ahead = range(max(origin, target.since) + 1, target.by + 1)
    bases = tuple(known[-1] if year - 1 == origin else 0.0 for year in ahead)
    before = [() if year - 1 == origin else ((name, year - 1, -1.0),) for year in ahead]
    quantities = tuple(
        Quantity("logs", ((name, year, 1.0), *earlier), base + lower, base + upper)
        for year, earlier, base in zip(ahead, before, bases, strict=True)
    )
    return PathEvent(target, name, target.by, (name,), quantities, bases)


def _flow_event(target: Target, name: str, projection: Projection) -> PathEvent | Missing:
    """The amount of each year ahead, up to `by`."""
    assert target.by is not None, "can_be_assessed refuses a target without a year"
    origin = projection.origin(name)
    if origin.levels == 0:
        return Missing(Text(f"{name} has growth rates only", f"{name} 只有增速"), _one_level(name))
    if target.by <= origin.year:
        reason = Text(f"the years to {target.by} have passed", f"至 {target.by} 年的各年已过")
        return Missing(reason, Text(f"a target year after {origin.year}", f"{origin.year} 年之后的目标年份"))
    factor = convert(Decimal(1), figure_unit(target), projection.history.unit_of(name))
    lower, upper = (None if bound is None else bound * factor for bound in target.bounds)
    ends = _log(lower, -math.inf), _log(upper, math.inf)
    years = range(origin.year + 1, target.by + 1)
    quantities = tuple(Quantity("logs", ((name, year, 1.0),), *ends) for year in years)
    return PathEvent(target, name, target.by, (name,), quantities, (math.log(factor),) * len(years))


def sum_event(target: Target, parts: Sequence[str], projection: Projection) -> PathEvent | Missing:
    """A level that is the sum of other indicators, in its own unit; what is published of them already is a constant."""
    assert target.by is not None, "sum_problem refuses a target without a year"
    known, terms = Decimal(0), []
    for name in parts:
        if name not in projection.indicators:
            return not_projected(name, projection.why_skipped(name))
        if projection.origin(name).levels == 0:
            return Missing(Text(f"{name} has growth rates only", f"{name} 只有增速"), _one_level(name))
        factor = convert(Decimal(1), projection.history.unit_of(name), figure_unit(target))
        if target.by > projection.origin(name).year:
            terms.append((name, target.by, float(factor)))
            continue
        y = figure_y(projection, name, target.by)
        if y is None:
            return Missing(
                Text(f"{target.by} has passed without a figure", f"{target.by} 年已过，但没有数据"),
                _figure_for(name, target.by),
            )
        known += factor * decimal(f"{projection.scale_of(name).figure(y):.12g}")
    if not terms:
        attained = target.holds(known)
        return PathEvent(target, target.indicator, target.by, tuple(parts), (), (-float(known),), attained)
    lower, upper = (None if bound is None else float(bound - known) for bound in target.bounds)
    low, high = -math.inf if lower is None else lower, math.inf if upper is None else upper
    if high <= 0 or (low <= 0 and high == math.inf):  # what is published settles it: levels are positive
        return PathEvent(target, target.indicator, target.by, tuple(parts), (), (-float(known),), high > 0)
    total = Quantity("levels", tuple(terms), low, high)
    return PathEvent(target, target.indicator, target.by, tuple(parts), (total,), (-float(known),))


def _members_event(target: Target, projection: Projection) -> PathEvent | Missing:
    """How many members reach the threshold; those whose figure of the year is published count as they are."""
    assert target.by is not None, "can_be_assessed refuses a target without a year"
    known, terms = 0, []
    for member in _as_levels(target):
        event = event_of(member, projection)
        if isinstance(event, Missing):
            return event
        assert isinstance(event, Event), "a level of one year is an event"
        if event.published is None:
            terms.append((event.indicator, event.by, event.lower))
        else:
            known += member.holds(figure_as_stated(event, projection))
    least, most = target.counts
    low = -math.inf if least is None or least <= known else float(least - known)
    high = math.inf if most is None or most >= known + len(terms) else float(most - known)
    names = indicators_of(target, projection.history)
    attained = (low, high) == (-math.inf, math.inf)
    if attained or low > len(terms) or high < 0:  # what is published settles it
        return PathEvent(target, target.indicator, target.by, names, (), (-float(known),), attained)
    count = Quantity("members", tuple(terms), low, high)
    return PathEvent(target, target.indicator, target.by, names, (count,), (-float(known),))


def _members_problem(target: Target, history: History) -> Missing | None:
    for member in _as_levels(target):
        problem = can_be_assessed(member, history)
        if problem is not None:
            return problem
    names = indicators_of(target, history)
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is None:
        return None
    reason = Text(f"{twice} stands twice among the members", f"成员中 {twice} 重复")
    return Missing(reason, Text("members that differ", "不重复的成员"))


def _as_levels(target: Target) -> list[Target]:
    """The members of a count, each as a level that reaches the threshold."""
    level = {**dict.fromkeys((*WORDS, "approx_tolerance", "unit", "threshold", "members")), "kind": "level"}
    stated = target.model_copy(update={**level, "at_least": target.threshold})
    return [stated.model_copy(update={"indicator": name}) for name in target.members or ()]


def sum_problem(target: Target, parts: Sequence[Target], history: History) -> Missing | None:
    """None when a level without figures of its own can be assessed as the sum of these; else what it lacks."""
    if target.by is None:
        return Missing(Text("no target year", "没有目标年份"), Text("a year: by", "目标年份 (by)"))
    for part in parts:
        as_level = target.model_copy(update={"indicator": part.indicator})
        problem = can_be_assessed(as_level, history)
        if problem is not None:
            return problem
    return None


def figure_unit(target: Target) -> str:
    """The unit of a level or share target's number, `fraction` for a share."""
    return "fraction" if target.kind == "share" else target.effective_unit or ""


def _figure_event(target: Target, name: str, projection: Projection) -> Event | Missing:
    if projection.origin(name).levels == 0:
        return Missing(
            Text(f"{name} has growth rates only", f"{name} 只有增速"),
            _one_level(name),
        )
    assert target.by is not None, "can_be_assessed refuses a target without a year"
    scale = projection.scale_of(name)
    factor = convert(Decimal(1), figure_unit(target), projection.history.unit_of(name))
    lower, upper = (None if bound is None else scale.transform(bound * factor) for bound in target.bounds)
    low, high = -math.inf if lower is None else lower, math.inf if upper is None else upper
    event = Event(target, name, target.by, None, low, high, None, None)
    return _settle(event, projection)


def _share_event(target: Target, projection: Projection) -> Event | Missing:
    """The log of the part less that of the whole."""
    part, whole = indicators_of(target, projection.history)
    if whole not in projection.indicators:
        return not_projected(whole, projection.why_skipped(whole))
    by, unit_of = target.by, projection.history.unit_of
    assert by is not None, "can_be_assessed refuses a target without a year"
    for name in (part, whole):
        if projection.origin(name).levels == 0:
            return Missing(Text(f"{name} has growth rates only", f"{name} 只有增速"), _one_level(name))
    base = -math.log(convert(Decimal(1), unit_of(part), unit_of(whole)))
    lower, upper = target.bounds
    low, high = base + _log(lower, -math.inf), base + _log(upper, math.inf)
    ahead = [projection.origin(name).year < by for name in (part, whole)]
    if all(ahead):
        return Event(target, part, by, None, low, high, base, None, whole)
    published = share_y(projection, part, whole, by)
    if published is not None and _bounds_leave_share_open(projection, part, whole, by, low, high):
        reason = Text(f"{by} has passed with a bound only", f"{by} 年已过，但只公布了下限或上限")
        return Missing(reason, _figure_for(part, by))
    if published is None:
        lacks = whole if ahead[1] else part
        reason = Text(f"{by} has passed without a figure of both", f"{by} 年已过，但分子、分母数据不全")
        return Missing(reason, _figure_for(lacks, by))
    return Event(target, part, by, None, low, high, base, published, whole)


def _bounds_leave_share_open(
    projection: Projection, part: str, whole: str, year: int, lower: float, upper: float
) -> bool:
    """Is a published figure of part or whole a floor or a ceiling, so that they neither attain nor miss for sure?"""
    least = most = 0.0
    for name, side in ((part, 1), (whole, -1)):
        row, y = published_row(projection, name, year), figure_y(projection, name, year)
        ends = (y or 0.0,) * 2 if row is None or row["bound"] == "" else interval_of(row)
        least, most = least + side * ends[::side][0], most + side * ends[::side][1]
    return not ((lower <= least and most <= upper) or most < lower or upper < least)


def share_y(projection: Projection, part: str, whole: str, year: int) -> float | None:
    """Log of part over whole in a year whose figures both are published, in their own units; None otherwise."""
    if any(projection.origin(name).year < year for name in (part, whole)):
        return None
    one, other = figure_y(projection, part, year), figure_y(projection, whole, year)
    return None if one is None or other is None else one - other


def _settle(event: Event, projection: Projection) -> Event | Missing:
    """The event, with the published figure where its year has passed."""
    if event.by > projection.origin(event.indicator).year:
        return event
    published = figure_y(projection, event.indicator, event.by)
    if published is None:
        reason = Text(f"{event.by} has passed without a figure", f"{event.by} 年已过，但没有数据")
        return Missing(reason, _figure_for(event.indicator, event.by))
    if _bound_leaves_open(event, projection):
        reason = Text(f"{event.by} has passed with a bound only", f"{event.by} 年已过，但只公布了下限或上限")
        return Missing(reason, _figure_for(event.indicator, event.by))
    return Event(**{**vars(event), "published": published})


def published_row(projection: Projection, indicator: str, year: int) -> pd.Series[Any] | None:
    """The row of the history with the level or share of a year on the scope of the forecast."""
    rows, origin = projection.observations.of(projection.position(indicator)), projection.origin(indicator)
    own = (rows.scope == origin.scope) & (rows.kind != GROWTH) & (rows.year == year)
    return projection.history.rows.loc[rows.row[own][0]] if own.any() else None


def _bound_leaves_open(event: Event, projection: Projection) -> bool:
    """Is the published figure of `by` a floor or a ceiling that neither attains nor misses the target for sure?"""
    row = published_row(projection, event.indicator, event.by)
    if row is None or row["bound"] == "":
        return False
    low, high = interval_of(row)
    attained, missed = event.lower <= low and high <= event.upper, high < event.lower or event.upper < low
    return not (attained or missed)


def _log(bound: Decimal | None, where_open: float) -> float:
    """Log of a bound; a bound of zero or less lies below every level."""
    if bound is None:
        return where_open
    return math.log(bound) if bound > 0 else -math.inf


def _log_bounds(target: Target, years: int) -> tuple[float, float]:
    """Bounds on the log change over the window."""
    lower, upper = target.bounds
    if target.kind == "multiple":
        return _log(lower, -math.inf), _log(upper, math.inf)
    if target.kind == "reduction":
        return _log(None if upper is None else 1 - upper, -math.inf), _log(
            None if lower is None else 1 - lower, math.inf
        )
    times = 1 if target.mode == "cumulative" else years
    low = _log(None if lower is None else 1 + lower, -math.inf)
    high = _log(None if upper is None else 1 + upper, math.inf)
    return times * low, times * high


def figure_y(projection: Projection, indicator: str, year: int) -> float | None:
    """y of the figure of a year up to the origin, published on the scope of the forecast or following from
    published growth of whole years; without levels, relative to the origin. None when there is none."""
    rows = projection.observations.of(projection.position(indicator))
    origin = projection.origin(indicator)
    own, grows = (rows.scope == origin.scope) & (rows.looseness == 0), rows.kind == GROWTH
    figures, growth = (
        dict(zip(rows.year[part].tolist(), rows.value[part].tolist(), strict=True))
        for part in (own & ~grows, own & grows)
    )
    y: float | None = origin.log_level
    for before in range(origin.year - 1, year - 1, -1):
        if before in figures:
            y = projection.scale_of(indicator).transform(figures[before])
        else:
            y = y - math.log1p(growth[before + 1]) if y is not None and before + 1 in growth else None
    return y


def figure_as_stated(event: Event, projection: Projection) -> Decimal:
    """The published figure of `by` in the terms of the target, for `Target.holds`."""
    assert event.published is not None, "only a settled event has one"
    if event.base is None:
        return figure_in_terms(event, event.published, projection)
    if event.whole is not None:
        return decimal(f"{math.exp(event.published - event.base):.12g}")
    change = event.published - event.base
    return decimal(f"{stated_change(event.target, change):.12g}")


def figure_in_terms(event: Event | PathEvent, y: float, projection: Projection) -> Decimal:
    """The figure of y, in the unit of a level or share target, else of the history."""
    unit = projection.history.unit_of(event.indicator)
    value = decimal(f"{projection.scale_of(event.indicator).figure(y):.12g}")
    return convert(value, unit, figure_unit(event.target)) if event.target.kind in ("level", "share", "flow") else value


def stated_change(target: Target, log_change: float) -> float:
    """A log change over the target's window as the target states it: a multiple, a rate per year, or a cumulative
    rate."""
    if target.kind == "multiple":
        return math.exp(log_change)
    if target.kind == "reduction":
        return -math.expm1(log_change)
    assert target.by is not None, "a growth has its years"
    assert target.since is not None, "a growth has its years"
    years = 1 if target.mode == "cumulative" else target.by - target.since
    return math.expm1(log_change / years)
