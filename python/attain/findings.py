"""What does arithmetic find wrong, or worth saying, in one reading of a plan? Conflicts, redundant targets, local
floors above a total, and growth that history never saw.

Every finding names its targets and tells its numbers in one sentence, in English and in Chinese.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Literal, NamedTuple

from attain.language import Text, listed
from attain.levels import Figure, Functional, Source, bounds_of, dimension_of
from attain.linear import Certificate, Row, connected, decide, irreducible
from attain.published import Seen, change_a_year, last_figure
from attain.quantity import amount, figure_words, joined, quoted, rate
from attain.target import Target
from attain.worlds import Reading

Verdict = Literal["infeasible", "strained", "over-allocated", "redundant"]
Refuted = tuple[Sequence[Row], Certificate]
_SLIGHT = 1e-9


class Told(NamedTuple):
    """A finding in a sentence, and the other targets that it rests on."""

    text: Text
    others: tuple[str, ...] = ()


@dataclass(frozen=True)
class Finding:
    """One thing found: its verdict on `target`.

    Attributes
    ----------
    tell : puts it into words, which may take longer than to find it.
    number : of an over-allocation the coefficient, of a strained target the change a year that it needs; else None.
    """

    verdict: Verdict
    target: str
    tell: Callable[[], Told]
    number: float | None = None


@dataclass(frozen=True)
class Conflict:
    """Targets that cannot all be met; without any one of them the rest could.

    Attributes
    ----------
    targets : ids.
    text, text_zh : the conflict in one sentence, and what the smallest change of each target is that resolves it.
    certificate : multipliers of the rows, which add up to something false.
    changes : by target the number, in base units, up to which it must be moved; None where no number of it would do.
    """

    targets: list[str]
    text: str
    text_zh: str
    certificate: Certificate
    changes: dict[str, float | None]


def conflicts(reading: Reading) -> Iterator[Conflict]:
    """The conflicts of a reading: each is irreducible, and no two have all their targets in common."""
    names = list(reading.targets)
    while names:
        rows = reading.system(names)
        found = decide(rows)
        if not isinstance(found, Certificate):
            return
        proof = irreducible(rows, found)
        sources = dict.fromkeys(row.source for row, _ in proof.multipliers if isinstance(row.source, Source))
        involved = [t for t in reading.targets if Source("target", t) in sources]
        yield _conflict(reading, involved, [row for row in rows if row.source is None or row.source in sources], proof)
        if not involved:
            return
        names.remove(involved[-1])


def _conflict(reading: Reading, names: list[str], rows: list[Row], proof: Certificate) -> Conflict:
    figures = _figures_in(reading, proof)
    if not names:
        text = Text(
            f"Published figures and the relations of the plan contradict each other: {joined(figures).en}.",
            f"公布数据与规划中的关系相互矛盾：{joined(figures).zh}。",
        )
        return Conflict([], *text, proof, {})
    changes = {name: _room(reading, name, rows) for name in names}
    focal = next((name for name in reversed(names) if changes[name] is not None), names[-1])
    others = [reading.targets[name] for name in names if name != focal]
    cause = joined([*(quoted(t) for t in others), *figures])
    target, room = reading.targets[focal], changes[focal]
    own = quoted(target)
    if room is None:
        text = Text(f"{own.en} cannot be met beside {cause.en}.", f"{own.zh}与{cause.zh}不能同时实现。")
    else:
        limit, verb = _limit(reading, focal, room), "puts" if len(others) + len(figures) == 1 else "put"
        text = Text(
            f"{own.en} cannot be met: {cause.en} {verb} it {limit.en}.",
            f"{own.zh}不能实现：按{cause.zh}，{limit.zh}。",
        )
    ways = [_way(reading, name, room) for name, room in changes.items() if room is not None]
    if ways:
        more = Text(
            f" The smallest change that resolves it: {listed([w.en for w in ways], ', ', ', or ')}.",
            f"最小的调整：{'，或'.join(w.zh for w in ways)}。",
        )
        text = Text(text.en + more.en, text.zh + more.zh)
    numbers = {name: _change_number(reading, name, room) for name, room in changes.items()}
    return Conflict(names, *text, proof, numbers)


def _change_number(reading: Reading, name: str, room: _Room | None) -> float | None:
    return None if room is None else float(_stated_at(reading.targets[name], reading.functionals[name][0], room))


@dataclass(frozen=True)
class _Room:
    """What the rest of a conflict leaves a target: a ratio or level at most (or at least) so large.

    `attained` where the rest can hold at it, rather than short of it only; `touched` where it is the target's own
    bound.
    """

    ratio: Fraction
    at_most: bool
    attained: bool = True
    touched: bool = False


def _room(reading: Reading, name: str, rows: Sequence[Row]) -> _Room | None:
    if len(reading.functionals[name]) != 1:
        return None
    functional = reading.functionals[name][0]
    rest = [row for row in rows if row.source != Source("target", name)]
    low, high = functional.reach(rest)
    lower, upper = (None if b is None else functional.ratio(b) for b in bounds_of(reading.targets[name]))
    if functional.form == "reduction":
        lower, upper = upper, lower
    if lower is not None and high is not None and high <= lower:
        attained = not isinstance(decide([*rest, functional.at(">=", high)]), Certificate)
        return _Room(high, True, attained, high == lower)
    if upper is not None and low is not None and low >= upper:
        attained = not isinstance(decide([*rest, functional.at("<=", low)]), Certificate)
        return _Room(low, False, attained, low == upper)
    return None


def _limit(reading: Reading, name: str, room: _Room) -> Text:
    """Where the rest puts a target."""
    target, down = reading.targets[name], _downwards(reading.functionals[name][0], room)
    number = _number_words(target, _bound_at(target, reading.functionals[name][0], room.ratio, down), down)
    if not room.attained:
        return Text(f"{'below' if down else 'above'} {number.en}", f"只能{'低于' if down else '高于'}{number.zh}")
    return Text(f"at {number.en} or {'less' if down else 'more'}", f"{'至多' if down else '至少'}为{number.zh}")


def _way(reading: Reading, name: str, room: _Room) -> Text:
    """How far a target must move for the rest to hold beside it."""
    target, down = reading.targets[name], _downwards(reading.functionals[name][0], room)
    number = _number_words(target, _stated_at(target, reading.functionals[name][0], room), down)
    own = quoted(target, stated=False)
    if room.attained and room.touched:
        return Text(f"{own.en} to include {number.en} itself", f"{own.zh}包含{number.zh}本身")
    if not room.attained:
        return Text(
            f"{own.en} to {'below' if down else 'above'} {number.en}",
            f"{own.zh}调到{'低于' if down else '高于'}{number.zh}",
        )
    return Text(f"{own.en} {'down' if down else 'up'} to {number.en}", f"{own.zh}{'降' if down else '升'}至{number.zh}")


def _downwards(functional: Functional, room: _Room) -> bool:
    """Must the number of the target come down?"""
    return room.at_most != (functional.form == "reduction")


def _bound_at(target: Target, functional: Functional, ratio: Fraction, down: bool) -> Fraction | float:
    """The bound of a target at a ratio; things are counted whole, on the side that holds."""
    if target.is_rate:
        return functional.number(ratio)
    return (
        ratio if target.kind not in ("count", "count_above") else Fraction((math.floor if down else math.ceil)(ratio))
    )


def _stated_at(target: Target, functional: Functional, room: _Room) -> Fraction | float:
    """The number of a target whose bound is where the rest of a conflict leaves it: "about" is as far above its bound
    as its tolerance."""
    lower = target.bounds[0]
    if target.word != "about" or lower is None:
        return functional.number(room.ratio) if target.is_rate else room.ratio
    bound = _bound_at(target, functional, room.ratio, _downwards(functional, room))
    return bound + float(target.value - lower) if target.is_rate else bound * Fraction(target.value) / Fraction(lower)


def _number_words(target: Target, number: Fraction | float, down: bool) -> Text:
    """A number of a target, rounded to the side that holds; things are counted whole."""
    if target.is_rate:
        return rate(float(number), down=down)
    exact = Fraction(number)
    if target.kind in ("count", "count_above"):
        exact = Fraction(math.floor(exact) if down else math.ceil(exact))
    told = amount(exact, target.effective_unit or "", down=down)
    return Text(f"{told.en} times", f"{told.zh} 倍") if target.kind == "multiple" else told


def _figures_in(reading: Reading, proof: Certificate) -> list[Text]:
    names = dict.fromkeys(
        row.source.name
        for row, _ in proof.multipliers
        if isinstance(row.source, Source) and row.source.kind == "figure"
    )
    figures = [reading.published[name] for name in names]
    several = len({figure.indicator for figure in figures}) > 1
    return [figure_words(f, label=reading.group.label_of(f.indicator) if several else None) for f in figures]


def redundant(reading: Reading) -> Iterator[Finding]:
    """Targets that the others, with figures and relations, imply; each by a proof for every bound of it."""
    for name, target in reading.targets.items():
        own = [row for row in reading.rows if row.source == Source("target", name)]
        rest = reading.system([other for other in reading.targets if other != name])
        rest = connected(rest, [level for row in own for level in row.coefficients])  # all others hold at the point
        proofs = [] if _is_missed(reading, name, rest, own) else _implied(reading, name, rest, own)
        if proofs:
            yield Finding("redundant", name, partial(_redundancy, reading, target, proofs, rest))


def _is_missed(reading: Reading, name: str, rest: Sequence[Row], own: Sequence[Row]) -> bool:
    """Does a point that is known from another world satisfy the rest and miss a target?"""
    point = reading.group.points_beside.get(name)
    return point is not None and all(r.holds(point) for r in rest) and not all(r.holds(point) for r in own)


def _implied(reading: Reading, name: str, rest: Sequence[Row], own: Sequence[Row]) -> list[Refuted]:
    """Of every row of a target its negation beside the rest, and the proof that they contradict each other; none where
    the rest does not imply the target, and a point beside it is kept."""
    refuted: list[Refuted] = []
    for row in own:
        against = [*rest, row.negation()]
        found = decide(against, reading.point)
        if not isinstance(found, Certificate):
            reading.group.points_beside[name] = found
            return []
        refuted.append((against, found))
    return refuted


def _redundancy(reading: Reading, target: Target, refuted: Sequence[Refuted], rest: Sequence[Row]) -> Told:
    proof = Certificate(tuple(used for rows, found in refuted for used in irreducible(rows, found).multipliers))
    sources = {row.source for row, _ in proof.multipliers}
    others = [t for n, t in reading.targets.items() if Source("target", n) in sources]
    causes = [*(quoted(t) for t in others), *_figures_in(reading, proof)]
    own, cause = quoted(target), joined(causes)
    verb = "gives" if len(causes) == 1 else "give"
    functional = reading.functionals[target.id][0]
    least = target.bounds[0] is not None
    room = functional.limit(rest, least != (functional.form == "reduction"))
    text = Text(f"{own.en} holds in any case.", f"{own.zh}必然成立。")
    if causes and room is not None:
        number = _number_words(target, _bound_at(target, functional, room, down=least), down=least)
        text = Text(
            f"{own.en} adds nothing: {cause.en} already {verb} at {'least' if least else 'most'} {number.en}.",
            f"{own.zh}没有提出新的要求：由{cause.zh}已可推出{'至少' if least else '至多'}{number.zh}。",
        )
    return Told(text, tuple(t.id for t in others))


def over_allocated(reading: Reading) -> Iterator[Finding]:
    """Local floors that add up to more than the total asks for: 层层加码, told as a coefficient."""
    for relation in reading.group.relations.values():
        whole = reading.targets.get(relation.whole or "")
        if whole is None or relation.kind not in ("sum", "each_of") or bounds_of(whole)[1] is not None:
            continue
        parts = [reading.targets[name] for name in relation.parts]
        floors = [bounds_of(part)[0] for part in parts if dimension_of(part) is not None and part.by == whole.by]
        known = [floor for floor in floors if floor is not None]
        total = bounds_of(whole)[0]
        if dimension_of(whole) is None or total is None or total <= 0 or len(known) < len(parts):
            continue
        local = sum(known, Fraction(0)) * (relation.units or 1)
        if local > total:
            tell = partial(_over_allocation, whole, parts, relation.units, local, total)
            yield Finding("over-allocated", whole.id, tell, float(local / total))


def _over_allocation(
    whole: Target, parts: Sequence[Target], units: int | None, local: Fraction, total: Fraction
) -> Told:
    coefficient = float(local / total)
    unit = whole.effective_unit or ""
    named = joined([quoted(part) for part in parts])
    sums, asked = amount(local, unit), amount(total, unit)
    made = Text(f"{named.en} make at least {sums.en} together", named.zh)
    if units is not None:
        made = Text(f"{named.en} makes at least {sums.en} over {units} units", f"{units} 个单位各自落实{named.zh}")
    text = Text(
        f"{made.en}, while {quoted(whole, stated=False).en} asks for {asked.en}: the local floors are"
        f" {coefficient:.2f} times the total.",
        f"{made.zh}，合计至少{sums.zh}，而{quoted(whole, stated=False).zh}只要求{asked.zh}：加码系数为"
        f" {coefficient:.2f}。",
    )
    return Told(text, tuple(part.id for part in parts))


def strained(reading: Reading) -> Iterator[Finding]:
    """Targets that need a larger change a year, from their last figure, than any that was published."""
    for name, target in reading.targets.items():
        required = need(reading, name)
        seen = reading.seen(name)
        if required is None or seen is None or is_open(reading, name):
            continue
        up = _asks_for_least(target)
        if required > seen.rise + _SLIGHT if up else required < seen.fall - _SLIGHT:
            yield Finding("strained", name, partial(_strain, reading, target, required, seen, up), required)


def _asks_for_least(target: Target) -> bool:
    """Is a larger level better?"""
    return target.bounds[0] is not None and target.kind != "reduction"


def _starts_ahead(target: Target, last: Figure) -> bool:
    return target.since is not None and target.since >= last.year


def is_open(reading: Reading, name: str) -> bool:
    """Is the last figure a bound from which a target may need less than `need` says: over 1,200, where it asks for at
    least so much?"""
    target, last = reading.targets[name], last_figure(reading.figures[name])
    if last is None or (_starts_ahead(target, last) and last.kind != "share"):
        return False
    return (last.high if _asks_for_least(target) else last.low) is None


def need(reading: Reading, name: str) -> float | None:
    """The constant change a year that a target needs by itself: growth as a fraction, of a share points.

    It counts from the last figure, or from the base year where that lies ahead; None without a figure, and where one of
    the target's own year settles it.
    """
    target, figures = reading.targets[name], reading.figures[name]
    last = last_figure(figures)
    if last is None or target.by is None or not reading.functionals[name] or any(f.year == target.by for f in figures):
        return None
    functional = reading.functionals[name][-1]
    share = last.kind == "share"
    if functional.whole is not None and target.since is None and not share:
        return None
    over = functional if _starts_ahead(target, last) or share else Functional(functional.part, last.functional.part)
    ratio = over.limit(reading.alone(name), _asks_for_least(target))
    if ratio is None:
        return None
    if share:
        return change_a_year(float(last.value), float(ratio), target.by - last.year, "share")
    start = over.whole.year if over.whole is not None and over.whole.year is not None else last.year
    return change_a_year(1.0, float(ratio), target.by - start, "level")


def _strain(reading: Reading, target: Target, required: float, seen: Seen, up: bool) -> Told:
    last = last_figure(reading.figures[target.id])
    assert last is not None, "a strained target has a figure"
    needs, most = change_words(required, last.kind == "share"), most_seen(seen, up, last.kind == "share")
    own, ahead = quoted(target, stated=False), target.since is not None and target.since > last.year
    start = Text(f"from {target.since}", f"从 {target.since} 年起") if ahead else figure_words(last, "from")
    return Told(
        Text(
            f"{own.en} needs {needs.en} a year {start.en}; {most.en}.",
            f"{own.zh}{start.zh}每年需{needs.zh}，而{most.zh}。",
        )
    )


def most_seen(seen: Seen, up: bool, share: bool) -> Text:
    """The largest change published upwards or downwards, or the least the other way where there is none, with its
    years."""
    change, years = (seen.rise, seen.rise_years) if up else (seen.fall, seen.fall_years)
    told = change_words(change, share)
    only = Text(", the only change published", "，也是公布过的唯一一次变化") if seen.changes == 1 else Text("", "")
    if up and change >= 0:
        most = Text("the most ever published is", "公布过的最大值是")
    elif up:
        most = Text("it never grew; the least published is", "从未增长，公布过的最小降幅是")
    elif change < 0:
        most = Text("the most published is", "公布过的最大降幅是")
    else:
        most = Text("it never fell; the least published is", "从未下降，公布过的最小增幅是")
    return Text(f"{most.en} {told.en} ({years}{only.en})", f"{most.zh}{told.zh}（{years} 年{only.zh}）")


def change_words(change: float, share: bool) -> Text:
    """A change a year, without "a year": growth, or points of a share."""
    told = Text(f"{100 * abs(change):.2f} points", f"{100 * abs(change):.2f} 个百分点") if share else rate(abs(change))
    if change < 0:
        return Text(f"a fall of {told.en}", f"下降 {told.zh}")
    return Text(told.en, f"提高 {told.zh}") if share else Text(f"{told.en} growth", f"增长 {told.zh}")
