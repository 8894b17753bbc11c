"""What do the numbers of a plan imply that it does not say? Each quantity is optimised over what the plan says, with
its targets at their numbers and figures as published.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Literal

from attain.findings import is_open, most_seen, need
from attain.language import Text, listed
from attain.levels import BANDED, Functional, Level, bounds_of, fraction, in_unit, level_of, threshold_of
from attain.linear import Row
from attain.plan import Plan
from attain.published import implied_level, last_figure
from attain.quantity import amount, figure_words, label_text, rate
from attain.relation import Relation
from attain.target import TO_THE_NUMBER, Target
from attain.worlds import AS_ONE, Group, Reading, World

_STEP = Fraction(5, 100)
_BETWEEN = 5


Topic = Literal["base", "needed", "level", "members", "whole", "units", "growth of the whole", "overlap"]


@dataclass(frozen=True)
class Implied:
    """A quantity that a plan implies: between `low` and `high`, None where there is no bound; rates as fractions."""

    topic: Topic
    quantity: Text
    low: float | None
    high: float | None
    unit: str
    because: Text
    targets: tuple[str, ...]


def implied_by(group: Group) -> Iterator[Implied]:
    """All quantities that a group of targets implies."""
    reading = group.read(World({"number": TO_THE_NUMBER}))
    yield from _bases(group)
    for name in reading.targets:
        yield from _needed(reading, name)
        yield from _level_from_base(reading, name)
    for relation in reading.group.relations.values():
        yield from _totals_of_members(group, relation)
        yield from _wholes(reading, relation)
        yield from _local_totals(reading, relation)
    yield from _growth_of_whole(group)
    yield from _ratios(reading)


def _told(value: Fraction, unit: str) -> float:
    return in_unit(value, unit) if unit else float(value)


def _unit_of(reading: Reading, target: Target) -> str:
    """The unit of a target's levels: that of the history, else of its number."""
    series, history = reading.group.series_of(target), reading.group.history
    known = history.unit_of(series) if series is not None and history is not None else ""
    return known if known not in ("", "fraction") else target.effective_unit or ""


def _level_label(reading: Reading, target: Target) -> Text:
    """What the level behind a target is called: by a target of that level, by the series, or by the target itself."""
    own = [t for t in reading.targets.values() if t.indicator == target.indicator and t.kind in ("level", "count")]
    series, history = reading.group.series_of(target), reading.group.history
    if own or series is None or history is None:
        return label_text(own[0] if own else target)
    return Text(history.label_of(series), history.label_of(series, "zh"))


def _grows(target: Target) -> bool:
    return target.kind in ("growth", "multiple") and target.mode != "every-year"


def _bases(group: Group) -> Iterator[Implied]:
    """The base at which a growth and a level agree, for every year from which the growth may be counted."""
    for base in (None, *group.choices.get("base", [])):
        reading = group.read(World({"number": TO_THE_NUMBER, **({"base": base} if base else {})}))
        for growth in reading.targets.values():
            for level in reading.targets.values():
                same = (level.indicator, level.by, level.price) == (growth.indicator, growth.by, growth.price)
                if _grows(growth) and level.kind in ("level", "count") and same and growth.since is not None:
                    yield from _base(reading, growth, level)


def _base(reading: Reading, growth: Target, level: Target) -> Iterator[Implied]:
    since, by = growth.since, growth.by
    unit = _unit_of(reading, level)
    rows = reading.met_exactly([growth.id, level.id])
    low, high = Functional(Level(growth.indicator, since, growth.price)).reach(rows)
    if not low:
        return
    figures = reading.figures[growth.id]
    published = implied_level(figures, since) if since is not None else None
    reached, own = amount(fraction(level.value, level.effective_unit), unit), _number(growth)
    because = Text(f"from there {own.en} leads to {reached.en} in {by}", f"由此{own.zh}，{by} 年达到{reached.zh}")
    if published is not None:
        exact = any(f.kind == "level" and f.year == since for f in figures)
        more = rate(abs(float(published / low) - 1))
        than = Text("more" if published > low else "less", "高" if published > low else "低")
        known = amount(published, unit)
        because = Text(
            f"{because.en}; {'published is' if exact else 'published growth implies'} {known.en}, {more.en} {than.en}",
            f"{because.zh}；{'公布数' if exact else '按公布增速推算'}为{known.zh}，{than.zh} {more.zh}",
        )
    name = label_text(level)
    quantity = Text(f"{name.en} in {since} at which growth and level agree", f"{since} 年{name.zh}，若要增速与总量一致")
    top = None if high is None else _told(high, unit)
    yield Implied("base", quantity, _told(low, unit), top, unit, because, (growth.id, level.id))


def _number(target: Target) -> Text:
    """The number of a growth, multiple or reduction in words."""
    if target.kind == "multiple":
        return Text(f"{float(target.value):g} times as much", f"达到 {float(target.value):g} 倍")
    told = rate(float(target.value))
    if target.kind == "reduction":
        return Text(f"{told.en} less", f"下降 {told.zh}")
    cumulative = target.mode == "cumulative"
    return Text(
        f"{told.en} {'in all' if cumulative else 'a year'}", f"{'累计' if cumulative else '年均'}增长 {told.zh}"
    )


def _needed(reading: Reading, name: str) -> Iterator[Implied]:
    """The change a year that a level or share still needs from its last figure."""
    target, last = reading.targets[name], last_figure(reading.figures[name])
    if last is None or target.by is None or target.kind not in ("level", "count", "count_above", "share", "coverage"):
        return
    required = need(reading, name)
    if required is None:
        return
    share = last.kind == "share"
    words = Text("points", "百分点") if share else Text("growth", "增速")
    quantity = Text(
        f"{label_text(target).en}: {words.en} a year needed from {last.year} to {target.by}",
        f"{label_text(target).zh}：{last.year}—{target.by} 年每年所需{words.zh}",
    )
    because = figure_words(last, "from")
    seen = reading.seen(name)
    if seen is not None:
        most = most_seen(seen, required >= 0, share)
        because = Text(f"{because.en}; {most.en}", f"{because.zh}；{most.zh}")
    from_below = (target.bounds[0] is not None) != is_open(reading, name)
    low, high = (required, None) if from_below else (None, required)
    yield Implied("needed", quantity, low, high, "points per year" if share else "per year", because, (name,))


def _level_from_base(reading: Reading, name: str) -> Iterator[Implied]:
    """The level to which a growth, multiple or reduction leads from a published base."""
    target = reading.targets[name]
    changes = target.kind in ("growth", "multiple", "reduction") and target.mode != "every-year"
    if not changes or target.since is None or not reading.functionals[name]:
        return
    base = implied_level(reading.figures[name], target.since)
    if base is None:
        return
    functional, unit = reading.functionals[name][0], _unit_of(reading, target)
    level = base * functional.ratio(fraction(target.value))
    asks_least = (target.bounds[0] is not None) != (target.kind == "reduction")
    name_of = _level_label(reading, target)
    quantity = Text(f"{name_of.en} in {target.by}", f"{target.by} 年{name_of.zh}")
    because = Text(
        f"{_number(target).en} from {amount(base, unit).en} in {target.since}",
        f"{target.since} 年为{amount(base, unit).zh}，{_number(target).zh}",
    )
    told = _told(level, unit)
    yield Implied("level", quantity, told if asks_least else None, None if asks_least else told, unit, because, (name,))


def _totals_of_members(group: Group, relation: Relation) -> Iterator[Implied]:
    """The least total of members whose counts over thresholds are given: nested, and in bands."""
    if relation.kind != "same_population":
        return
    for counts in (None, *group.choices.get("counts", [])):
        reading = group.read(World({"number": TO_THE_NUMBER, **({"counts": counts} if counts else {})}))
        named = [reading.targets[name] for name in relation.parts]
        counted = [t for t in named if t.kind == "count_above"]
        total = next((t for t in named if t.kind == "level"), None)
        if total is None or not counted:
            continue
        rows = reading.grounded([*reading.met_exactly([t.id for t in counted]), *reading.related()])
        low, _ = Functional(Level(total.indicator, counted[0].by, total.price)).reach(rows)
        if low:
            yield _total(reading, total, counted, low)


def _total(reading: Reading, total: Target, counted: list[Target], low: Fraction) -> Implied:
    unit = _unit_of(reading, total)
    ordered = sorted(counted, key=threshold_of, reverse=True)
    banded = reading.world["counts"] == BANDED
    numbers = [fraction(t.value, t.effective_unit) for t in ordered]
    sizes = [amount(threshold_of(t), unit) for t in ordered]
    own = numbers if banded else [numbers[0], *(b - a for a, b in pairwise(numbers))]
    english = " + ".join(f"{float(n):g} × {s.en}" for n, s in zip(own, sizes, strict=True))
    chinese = " + ".join(f"{float(n):g} × {s.zh}" for n, s in zip(own, sizes, strict=True))
    year = counted[0].by
    quantity = Text(
        f"{label_text(total).en} in {year} that the counts need, {'side by side' if banded else 'nested'}",
        f"{year} 年门槛以上个数所需的{label_text(total).zh}（{'互不包含' if banded else '逐级包含'}）",
    )
    because = Text(english, chinese)
    return Implied("members", quantity, _told(low, unit), None, unit, because, tuple(t.id for t in counted))


def _wholes(reading: Reading, relation: Relation) -> Iterator[Implied]:
    """The least whole that its parts imply: their sum, or the largest of nested ones."""
    if relation.kind not in ("sum", "nested") or relation.whole is None or len(relation.parts) < 2:
        return
    whole, parts = reading.targets[relation.whole], [reading.targets[name] for name in relation.parts]
    if whole.is_rate or any(bounds_of(p)[0] is None for p in parts):
        return
    unit = whole.effective_unit or ""
    numbers = [amount(fraction(p.value, p.effective_unit), unit) for p in parts]
    rows = reading.grounded([*reading.met_exactly(relation.parts), *reading.related()])
    low, _ = Functional(level_of(whole, whole.indicator, whole.by)).reach(rows)
    if low is None:
        return
    added = sum((fraction(p.value, p.effective_unit) for p in parts), Fraction(0))
    english, chinese = " + ".join(n.en for n in numbers), " + ".join(n.zh for n in numbers)
    because = Text(f"the parts add up: {english}", f"各部分相加：{chinese}")
    if relation.kind == "nested":
        because = Text(
            f"nested: the largest counts, not the sum of {amount(added, unit).en}",
            f"逐级包含，取最大者，而不是相加得到的 {amount(added, unit).zh}",
        )
    quantity = Text(f"{label_text(whole).en} in {whole.by}", f"{whole.by} 年{label_text(whole).zh}")
    yield Implied("whole", quantity, _told(low, unit), None, unit, because, relation.parts)


def _local_totals(reading: Reading, relation: Relation) -> Iterator[Implied]:
    """What targets for each unit make in all, and how many units must reach the upper number for the total."""
    if relation.kind != "each_of" or relation.whole is None or relation.units is None:
        return
    whole, units = reading.targets[relation.whole], relation.units
    for name in relation.parts:
        part = reading.targets[name]
        least, most = bounds_of(part)
        total, unit = bounds_of(whole)[0], whole.effective_unit or ""
        low, high = (None if b is None else _told(b * units, unit) for b in (least, most))
        quantity = Text(f"{label_text(part).en}, {units} together", f"{label_text(part).zh}，{units} 个合计")
        numbers = [amount(b, unit) for b in (least, most) if b is not None]
        because = Text(f"{units} × {' to '.join(n.en for n in numbers)}", f"各{'至'.join(n.zh for n in numbers)}")
        if total is not None:
            asked = amount(total, unit)
            because = Text(f"{because.en}, where the total asks for {asked.en}", f"{because.zh}，总目标为{asked.zh}")
        yield Implied("units", quantity, low, high, unit, because, (name, whole.id))
        if least is not None and most is not None and total is not None and most > least and total > units * least:
            more = (total - units * least) / (most - least)
            yield _at_the_upper(part, whole, units, more)


def _at_the_upper(part: Target, whole: Target, units: int, more: Fraction) -> Implied:
    upper = amount(fraction(part.upper or part.value, part.effective_unit), part.effective_unit or "")
    name = label_text(part)
    quantity = Text(
        f"{name.en}: units of {units} that must reach {upper.en}", f"{name.zh}：{units} 个单位中须达到{upper.zh}的"
    )
    lower = amount(fraction(part.value, part.effective_unit), part.effective_unit or "")
    asked = amount(bounds_of(whole)[0] or Fraction(0), whole.effective_unit or "")
    because = Text(
        f"{units} × {lower.en} makes {units * float(part.value):g} of the {asked.en} asked for in all",
        f"{units} × {lower.zh}只有 {units * float(part.value):g} 个，合计须达{asked.zh}",
    )
    return Implied("units", quantity, float(math.ceil(more)), None, "个", because, (part.id, whole.id))


def _growth_of_whole(group: Group) -> Iterator[Implied]:
    """The growth of the whole at which the growth and the share of a part agree, by the share in the base year."""
    reading = group.read(World({"number": TO_THE_NUMBER, "prices": AS_ONE}))
    for share in reading.targets.values():
        for growth in reading.targets.values():
            same = reading.levels[share.id] == reading.levels[growth.id] and share.by == growth.by
            if share.kind == "share" and growth.kind == "growth" and same and growth.since is not None:
                yield from _whole(reading, share, growth)


def _whole(reading: Reading, share: Target, growth: Target) -> Iterator[Implied]:
    part, since, by = reading.levels[share.id], growth.since, growth.by
    if since is None or by is None or growth.mode == "every-year":
        return
    last = last_figure(reading.figures[share.id])
    goal = fraction(share.value)
    start = last.value if last is not None and last.year == since else None
    least = start or (last.value // _STEP * _STEP if last is not None else None)
    bases = [start] if start else [goal] if not least or least >= goal else _steps(least, goal)
    rows = reading.met_exactly([share.id, growth.id])
    before, after = (Level(share.of or f"all of {part}", year) for year in (since, by))
    found = []
    for base in bases:
        fixed = Row({Level(part, since): Fraction(1), before: -base}, "=", Fraction(0))
        low, _ = Functional(after, before, by - since, "growth").reach(reading.grounded([*rows, fixed]))
        if not low:
            return
        found.append(math.expm1(math.log(low) / (by - since)))
    table = [(rate(float(base)), rate(x)) for base, x in zip(bases, found, strict=True)]
    english = listed([f"{x.en} from a share of {base.en}" for base, x in table])
    chinese = "、".join(f"{base.zh} 时 {x.zh}" for base, x in table)
    own = rate(float(growth.value))
    because = Text(
        f"{own.en} a year of the part and a share of {rate(float(goal)).en} in {by}: {english} in {since}; where the"
        f" whole grows {own.en} too, the share cannot rise",
        f"部分年均增长 {own.zh}，{by} 年占比 {rate(float(goal)).zh}：{since} 年占比为 {chinese}；总体若同样增长"
        f" {own.zh}，占比就不会上升",
    )
    stated = {t.id: t.price for t in reading.group.targets}
    if stated[share.id] != stated[growth.id]:
        mixed = Text(
            "growth and share are at different prices, taken as one here", "增速与占比的价格口径不同，此处不加区分"
        )
        because = Text(f"{because.en}; {mixed.en}", f"{because.zh}；{mixed.zh}")
    name = label_text(share)
    quantity = Text(
        f"growth a year, {since}–{by}, of the whole behind “{name.en}”, for share and growth to agree",
        f"“{name.zh}”所对应的总体，{since}—{by} 年年均增速，若要占比与增速一致",
    )
    low_end = min(found) if len(found) > 1 or start else None
    yield Implied("growth of the whole", quantity, low_end, max(found), "per year", because, (growth.id, share.id))


def _steps(least: Fraction, goal: Fraction) -> list[Fraction]:
    return [least + (goal - least) * i / (_BETWEEN - 1) for i in range(_BETWEEN)]


def _ratios(reading: Reading) -> Iterator[Implied]:
    """How many things a ratio implies, where the plan says of how many."""
    for name, target in reading.targets.items():
        of = next((t for t in reading.targets.values() if t.kind == "count" and t.indicator == target.of), None)
        if target.kind != "ratio" or of is None:
            continue
        part = reading.functionals[name][0].part
        least, _ = Functional(part).reach(reading.met_exactly([name, of.id]))
        if least:
            quantity = Text(f"{label_text(target).en}, in all", f"{label_text(target).zh}，合计")
            because = Text(
                f"{float(target.value):g} for each of {float(of.value):g}",
                f"{float(of.value):g} 条中每条 {float(target.value):g} 个",
            )
            yield Implied("whole", quantity, float(least), None, "", because, (name, of.id))


def overlapping(plan: Plan) -> Iterator[Implied]:
    """What overlapping parts make together: at least the largest, at most their sum."""
    targets = {t.id: t for t in plan.targets}
    for relation in plan.relations:
        parts = [targets[name] for name in relation.parts]
        units = {p.effective_unit for p in parts}
        if relation.kind != "overlap" or any(p.is_rate or p.kind == "multiple" for p in parts) or len(units) > 1:
            continue
        unit = parts[0].effective_unit or ""
        numbers = [fraction(p.value, p.effective_unit) for p in parts]
        names = Text(listed([label_text(p).en for p in parts]), "、".join(label_text(p).zh for p in parts))
        added = amount(sum(numbers, Fraction(0)), unit)
        because = Text(
            f"they share members, so {added.en} is their sum and not their total; it is at least the largest",
            f"互有重叠，{added.zh}只是简单相加而不是合计，合计不少于其中最大者",
        )
        quantity = Text(f"{names.en}, counted once", f"{names.zh}（不重复计算）")
        low, high = _told(max(numbers), unit), _told(sum(numbers, Fraction(0)), unit)
        yield Implied("overlap", quantity, low, high, unit, because, relation.parts)
