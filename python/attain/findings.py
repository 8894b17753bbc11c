"""Where published figures disagree: one check for each identity that they should obey, all beyond rounding.

A contradiction cannot be true on one scope whatever the rounding; something remarkable can, but only with a jump, or
with a rest that shrinks while all around it grows. Every check is exact: fractions, and intervals of `attain.ledger`.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from attain.identity import Identity
from attain.language import Text, listed
from attain.ledger import Cell, Interval, Ledger, Quantity, exactly
from attain.precision import months_of
from attain.units import convert, parse_amount

Check = Literal[
    "level and growth", "share and change", "share and levels", "rest", "parts and whole", "counts", "part of the year",
    "sources", "jump",
]  # fmt: skip
Verdict = Literal["contradiction", "remarkable"]
Cause = Literal["scope", "price", "revision", "sources"]

RISE, FALL, POINTS = Fraction(14, 10), Fraction(9, 10), Fraction(3, 100)
"""A level that in one year grows to more than RISE or sinks under FALL of what it was, or a share that moves by more
than POINTS, is a jump. None of the 558 yearly changes of provincial GDP in the bundled `provinces` is one."""
REVISABLE = 0.1
"""A share published before its level was may be off by a revision of at most so much of it."""


@dataclass(frozen=True)
class Finding:
    """Figures that disagree.

    Attributes
    ----------
    check, verdict, cause : which identity, how strongly, and what is the likely reason.
    indicators, year : whose figures, and in which year they disagree.
    published, implied : the published figure, and what the others imply for it; None where there is no such pair.
    gap : relative for levels and counts, in points (as a fraction) for shares; None without a pair.
    rows : labels in `History.rows` of all figures named.
    marked : does a scope or a treatment of the history keep them apart already?
    breaks : indicator and year in which a new scope would begin, for the person to accept.
    told, why : the figures and the cause in words.
    """

    check: Check
    verdict: Verdict
    cause: Cause
    indicators: tuple[str, ...]
    year: int
    published: Quantity | None
    implied: Quantity | None
    gap: float | None
    rows: tuple[int, ...]
    marked: bool
    breaks: tuple[tuple[str, int], ...]
    told: Text
    why: Text

    def __post_init__(self) -> None:
        object.__setattr__(self, "told", Text(self.told.en, _set_in_chinese(self.told.zh)))


def _set_in_chinese(text: str) -> str:
    """No space between Chinese characters, nor before a sign of per cent."""
    return re.sub(r"(?<=[\u4e00-\u9fff]) (?=[\u4e00-\u9fff])", "", text).replace(" %", "%")


def find(ledger: Ledger, identities: Iterable[Identity]) -> list[Finding]:
    """All findings, contradictions first, in each by year."""
    found = [*_sources(ledger), *_growth(ledger), *_changes(ledger), *_part_years(ledger)]
    for identity in identities:
        found += {
            "share": _share, "sum": _sum, "part_of": _part_of, "nested": _nested, "members": _members,
        }[identity.kind](ledger, identity)  # fmt: skip
    found += _jumps(ledger, tuple(identities), {(f.indicators[0], f.year) for f in found if f.check in _LINKS})
    return sorted(found, key=lambda f: (f.verdict != "contradiction", f.marked, _CAUSES.index(f.cause), -f.year))


_LINKS = ("level and growth", "share and change")
_CAUSES = ("scope", "price", "sources", "revision")

# --- comparing ------------------------------------------------------------------------------------------------------


def _verdict(published: Quantity, implied: Quantity) -> Verdict | None:
    if not published.sure.meets(implied.sure):
        return "contradiction"
    return None if published.usual.meets(implied.usual) else "remarkable"


def _worst(pairs: Iterable[tuple[Quantity, Quantity]]) -> tuple[Verdict, Quantity, Quantity] | None:
    """The verdict on the pair of alternatives that agrees best: None where any agrees."""
    best: tuple[tuple[bool, Fraction], Verdict, Quantity, Quantity] | None = None
    for published, implied in pairs:
        verdict = _verdict(published, implied)
        if verdict is None:
            return None
        rank = (verdict == "contradiction", abs(published.point - implied.point))
        if best is None or rank < best[0]:
            best = rank, verdict, published, implied
    return None if best is None else best[1:]


def _rows(*quantities: Quantity) -> tuple[int, ...]:
    return tuple(dict.fromkeys(itertools.chain.from_iterable(q.rows for q in quantities)))


def _relative(published: Quantity, implied: Quantity) -> float:
    return float(published.point / implied.point - 1)


# --- words ----------------------------------------------------------------------------------------------------------


def figure(number: Fraction, published: bool = True) -> str:
    """A level: with all its digits where it is published, else with those that matter."""
    value = float(number)
    if published:
        return f"{value:,.10g}"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def rate(fraction: Fraction, digits: int | None = None) -> str:
    """A rate in per cent: with the digits it has, or so many."""
    value = float(100 * fraction)
    return f"{value:.6g} %" if digits is None else f"{value:.{digits}f} %"


def _decimals(fraction: Fraction) -> int:
    """Decimals of a rate in per cent."""
    return len(f"{float(100 * fraction):.6g}".partition(".")[2])


def spread(interval: Interval, digits: int | None = None) -> Text:
    """What an implied level, or with `digits` an implied rate, may be, in brackets; nothing where its ends print the
    same."""
    low, high = (
        None if end is None else figure(end, False) if digits is None else rate(end, digits) for end in interval
    )
    if low == high:
        return Text("", "")
    if high is None:
        return Text(f" (at least {low})", f"（至少 {low}）")
    if low is None:
        return Text(f" (at most {high})", f"（至多 {high}）")
    low = low.removesuffix(" %")
    return Text(f" ({low} to {high})", f"（{low} 至 {high}）")


def bounded(quantity: Quantity, share: bool = False) -> Text:
    """A published figure, with the word of its bound."""
    told = rate(quantity.point) if share else figure(quantity.point)
    if quantity.sure.high is None:
        return Text(f"over {told}", f"超过 {told}")
    return Text(f"at most {told}", f"不超过 {told}") if quantity.sure.low is None else Text(told, told)


def _label(ledger: Ledger, name: str) -> Text:
    unit = ledger.history.unit_of(name)
    told = {"亿元": Text(" (100 million yuan)", "（亿元）")}.get(unit, Text("", ""))
    history = ledger.history
    return Text(history.label_of(name) + told.en, history.label_of(name, "zh") + told.zh)


def _short(ledger: Ledger, name: str) -> Text:
    return Text(ledger.history.label_of(name), ledger.history.label_of(name, "zh"))


def _difference(gap: float) -> Text:
    told = rate(abs(Fraction(gap)), 1 if abs(gap) < 1 else 0)
    return Text(f"{told} {'more' if gap > 0 else 'less'}", f"{'多' if gap > 0 else '少'} {told}")


def _when(year: int, part: str) -> Text:
    """A year, or a part of it."""
    if not part:
        return Text(str(year), f"{year} 年")
    names = {"H1": "上半年", "Q1": "一季度", "Q1-Q3": "前三季度"}
    return Text(f"{year}{part}", f"{year} 年{names.get(part, part)}")


REVISION = Text(
    "Likely cause: revision. An earlier vintage of the figures agrees.", "可能原因：数据修订。修订前的数据相互吻合。"
)
REVISED = Text(
    "Likely cause: revision. The share was published before the level that it is compared with.",
    "可能原因：数据修订。占比公布在先，所对照的总量公布在后。",
)

# --- level and growth, share and change -----------------------------------------------------------------------------


def _growth(ledger: Ledger) -> Iterator[Finding]:
    """A level and the published growth up to it imply the last level before."""
    for name, cells in ledger.cells.items():
        for cell in cells:
            if cell.kind != "level" or not ledger.of(cell._replace(kind="growth")):
                continue
            factors: list[tuple[Quantity, ...]] = []
            base: tuple[Quantity, ...] = ()
            year = cell.year
            while not base and (grown := ledger.of(Cell(name, "growth", year, cell.part))):
                factors.append(grown)
                year -= 1
                base = ledger.of(Cell(name, "level", year, cell.part))
            if base:
                yield from _growth_link(ledger, cell, factors, Cell(name, "level", year, cell.part))


def _growth_link(ledger: Ledger, end: Cell, factors: list[tuple[Quantity, ...]], start: Cell) -> Iterator[Finding]:
    products = [_product(choice) for choice in itertools.product(*factors)]
    worst = _worst((b, e.over(f)) for b in ledger.of(start) for e in ledger.of(end) for f in products)
    if worst is None:
        return
    verdict, base, implied = worst
    ends = [*ledger.of(end), *ledger.before.get(end, ())]
    bases = [*ledger.of(start), *ledger.before.get(start, ())]
    revised = any(_verdict(b, e.over(f)) is None for b in bases for e in ends for f in products)
    level = next(e for e in ledger.of(end) if set(e.rows) <= set(implied.rows))
    gap, label = _relative(base, implied), _label(ledger, end.indicator)
    rates = [rate(choice[0].point - 1) for choice in reversed(factors)]
    then, before, more = _when(end.year, end.part), _when(start.year, end.part), _difference(gap)
    told, range_told, was = bounded(level), spread(implied.sure), bounded(base)
    yield Finding(
        "level and growth", verdict, "revision" if revised else "scope", (end.indicator,), end.year,
        base, implied, gap, _rows(base, implied), ledger.apart(base.rows, level.rows), ((end.indicator, end.year),),
        Text(
            f"{label.en}: {told.en} in {then.en} and growth of {listed(rates)} imply"
            f" {figure(implied.point, False)} for {before.en}{range_told.en}; published is {was.en}, {more.en}.",
            f"{label.zh}：{then.zh}为 {told.zh}，增长 {'、'.join(rates)}，据此推算 {before.zh}为"
            f" {figure(implied.point, False)}{range_told.zh}；公布数为 {was.zh}，{more.zh}。",
        ),
        REVISION if revised else Text(
            "Likely cause: scope. Growth is published on comparable scope, levels count what was on the list of"
            f" their year, and the list changed between {before.en} and {then.en}.",
            f"可能原因：口径。增速按可比口径计算，总量按当年范围统计，{before.zh}与 {then.zh}之间统计范围有变。",
        ),
    )  # fmt: skip


def _product(factors: Iterable[Quantity]) -> Quantity:
    told = exactly(1)
    for factor in factors:
        told = told.times(factor)
    return told


def _changes(ledger: Ledger) -> Iterator[Finding]:
    """A share and its published change imply the share of the year before."""
    for name, cells in ledger.cells.items():
        for cell in cells:
            if cell.kind != "change":
                continue
            ends, starts = ledger.of(cell._replace(kind="share")), ledger.of(Cell(name, "share", cell.year - 1))
            worst = _worst((b, e.less(c)) for b in starts for e in ends for c in ledger.of(cell))
            if worst is None:
                continue
            verdict, base, implied = worst
            change, end = ledger.of(cell)[0], next(e for e in ends if set(e.rows) <= set(implied.rows))
            label, gap, range_told = _label(ledger, name), float(base.point - implied.point), spread(implied.sure, 1)
            points = f"{float(100 * change.point):+.6g}"
            yield Finding(
                "share and change", verdict, "scope", (name,), cell.year, base, implied, gap, _rows(base, implied),
                ledger.apart(base.rows, end.rows), ((name, cell.year),),
                Text(
                    f"{label.en}: {rate(end.point)} in {cell.year} and a change of {points} points imply"
                    f" {rate(implied.point, 1)} for {cell.year - 1}{range_told.en}; published is {rate(base.point)}.",
                    f"{label.zh}：{cell.year} 年为 {rate(end.point)}，比上年变动 {points} 个百分点，据此推算"
                    f" {cell.year - 1} 年为 {rate(implied.point, 1)}{range_told.zh}；公布数为 {rate(base.point)}。",
                ),
                Text(
                    "Likely cause: scope. The change is on the classification of the later year.",
                    "可能原因：口径。变动按后一年的分类计算。",
                ),
            )  # fmt: skip


# --- shares ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Known:
    """A level, published or implied, with the words for it."""

    quantity: Quantity
    told: Text


def _level(ledger: Ledger, name: str, year: int, part: str = "") -> list[_Known]:
    """What is published of a level, else what the next year's level and growth imply for it."""
    published = [_Known(q, bounded(q)) for q in ledger.of(Cell(name, "level", year, part))]
    if published or part:
        return published
    found = []
    for after in ledger.of(Cell(name, "level", year + 1)):
        for factor in ledger.of(Cell(name, "growth", year + 1)):
            implied, later, grown = after.over(factor), bounded(after), rate(factor.point - 1)
            size = figure(implied.point, False)
            told = Text(
                f"{size} (implied by {later.en} and growth of {grown} in {year + 1})",
                f"{size}（由 {year + 1} 年 {later.zh}、增长 {grown} 推算）",
            )
            found.append(_Known(implied, told))
    return found


def _share(ledger: Ledger, identity: Identity) -> Iterator[Finding]:
    assert identity.share is not None, "a share identity names its share"
    for cell in ledger.cells.get(identity.share, ()):
        if cell.kind == "share":
            yield from _share_and_levels(ledger, identity, cell)
            if not cell.part:
                yield from _rest(ledger, identity, cell)


def _share_and_levels(ledger: Ledger, identity: Identity, cell: Cell) -> Iterator[Finding]:
    part, whole = identity.parts[0], identity.whole
    parts, wholes = _level(ledger, part, cell.year, cell.part), _level(ledger, whole, cell.year, cell.part)
    shares = ledger.of(cell)
    ratios = {(p.quantity.rows, w.quantity.rows): (p, w) for p in parts for w in wholes}
    worst = _worst((s, p.quantity.over(w.quantity)) for s in shares for p, w in ratios.values())
    if worst is None:
        return
    verdict, share, implied = worst
    p, w = next(pair for pair in ratios.values() if pair[0].quantity.over(pair[1].quantity).rows == implied.rows)
    older = [
        q.over(v)
        for q in [*(k.quantity for k in parts), *ledger.before.get(Cell(part, "level", cell.year, cell.part), ())]
        for v in [*(k.quantity for k in wholes), *ledger.before.get(Cell(whole, "level", cell.year, cell.part), ())]
    ]
    revised = any(_verdict(s, ratio) is None for s in (*shares, *ledger.before.get(cell, ())) for ratio in older)
    small = abs(_relative(share, implied)) <= REVISABLE
    late = small and not revised and _came_later(ledger, share, (p.quantity, w.quantity))
    gap, digits = float(share.point - implied.point), max(1, _decimals(share.point))
    range_told, when = spread(implied.sure, digits), _when(cell.year, cell.part)
    label, of, said = _short(ledger, cell.indicator), _short(ledger, whole), bounded(share, True)
    wider = share.point < implied.point
    scope = Text(
        "Likely cause: scope. " + ("The part counts more than" if wider else "The share counts more than")
        + (" the share does, or the whole less." if wider else " the part does, or a smaller whole."),
        "可能原因：口径。" + ("分子的统计范围宽于占比所用的范围，或分母较窄。" if wider
        else "占比所用的分子范围较宽，或分母较窄。"),
    )  # fmt: skip
    yield Finding(
        "share and levels",
        verdict,
        "revision" if revised or late else "scope",
        (cell.indicator, part, whole),
        cell.year,
        share,
        implied,
        gap,
        _rows(share, implied),
        False,
        (),
        Text(
            f"{label.en}, {when.en}: {p.told.en} over {_lower(of.en)} of {w.told.en} is {rate(implied.point, digits)}"
            f"{range_told.en}; published is {said.en}.",
            f"{label.zh}，{when.zh}：{p.told.zh} 除以{of.zh} {w.told.zh}，为 {rate(implied.point, digits)}"
            f"{range_told.zh}；公布数为 {said.zh}。",
        ),
        REVISION if revised else REVISED if late else scope,
    )


def _lower(label: str) -> str:
    """A label within a sentence."""
    return label[:1].lower() + label[1:] if label[1:2].islower() else label


def _came_later(ledger: Ledger, share: Quantity, levels: Iterable[Quantity]) -> bool:
    """Was a level published in a later year than the share?"""
    dates = ledger.rows["released"].where(ledger.rows["released"] != "", ledger.rows["vintage"]).str[:4]
    known = dates[list(share.rows)].min()
    return known != "" and any(dates[list(q.rows)].max() > known for q in levels)


def _rest(ledger: Ledger, identity: Identity, cell: Cell) -> Iterator[Finding]:
    """The share's complement: does the rest shrink while the part and the whole both grow?"""
    told = [*_rest_by_growth(ledger, identity, cell), *_rest_by_levels(ledger, identity, cell)]
    if not told:
        return
    part, whole = _short(ledger, identity.parts[0]), _short(ledger, identity.whole)
    rows = _rows(*(q for _, quantities in told for q in quantities))
    years = sorted(ledger.rows.loc[list(rows), "year"].unique().tolist())
    shares = [ledger.of(Cell(cell.indicator, "share", year)) for year in years]
    first = next((s for s in shares if s and s[0].rows != ledger.of(cell)[0].rows), ())
    yield Finding(
        "rest",
        "remarkable",
        "scope",
        (cell.indicator, *identity.parts, identity.whole),
        cell.year,
        None,
        None,
        None,
        rows,
        bool(first) and ledger.apart(first[0].rows, ledger.of(cell)[0].rows),
        ((cell.indicator, cell.year),),
        Text(
            f"{part.en} (the part) and {_lower(whole.en)} (the whole), {cell.year}: "
            + " ".join(text.en for text, _ in told),
            f"{part.zh}（部分）与{whole.zh}（总体），{cell.year} 年：" + "".join(text.zh for text, _ in told),
        ),
        Text(
            "Likely cause: scope. The growth rates compare the same firms in both years, the shares are of each"
            " year's list: do not chain the one onto the other.",
            "可能原因：口径。增速比较的是两年相同的企业，占比按各年名单计算，二者不可连用。",
        ),
    )


_Told = tuple[Text, tuple[Quantity, ...]]


def _rest_by_growth(ledger: Ledger, identity: Identity, cell: Cell) -> Iterator[_Told]:
    share = ledger.of(cell)[0]
    part = ledger.of(Cell(identity.parts[0], "growth", cell.year))
    whole = ledger.of(Cell(identity.whole, "growth", cell.year))
    if not part or not whole or not all(exactly(1).surely_below(q) for q in (part[0], whole[0])):
        return
    before = share.times(whole[0]).over(part[0])
    if not before.surely_below(exactly(1)):
        return
    rest = whole[0].times(share.from_one()).over(before.from_one())
    if not rest.surely_below(exactly(1)):
        return
    fell, year = rest.from_one(), cell.year
    grew, all_grew, least = rate(part[0].point - 1), rate(whole[0].point - 1), spread(before.sure, 1)
    range_told = spread(fell.sure, 0)
    yield (
        Text(
            f"growth of {grew} and {all_grew} with a share of {rate(share.point)} imply a"
            f" share of {rate(before.point, 1)} in {year - 1}{least.en}, and a rest that fell by {rate(fell.point, 0)}"
            f"{range_told.en} in one year.",
            f"部分增长 {grew}，总体增长 {all_grew}，占比 {rate(share.point)}，据此推算 {year - 1} 年占比为"
            f" {rate(before.point, 1)}{least.zh}，其余部分一年内下降 {rate(fell.point, 0)}{range_told.zh}。",
        ),
        (share, part[0], whole[0]),
    )


def _rest_by_levels(ledger: Ledger, identity: Identity, cell: Cell) -> Iterator[_Told]:
    earlier = [year for year in ledger.years(cell.indicator, "share") if year < cell.year]
    if not earlier:
        return
    start, now = _balance(ledger, identity, earlier[-1]), _balance(ledger, identity, cell.year)
    if start is None or now is None or not all(a.surely_below(b) for a, b in zip(start[:2], now[:2], strict=True)):
        return
    if not now[2].surely_below(start[2]):
        return
    share, was = ledger.of(cell)[0], ledger.of(Cell(cell.indicator, "share", earlier[-1]))[0]
    sizes = [figure(rest[2].point, False) for rest in (start, now)]
    yield (
        Text(
            f"From {rate(was.point)} in {earlier[-1]} to {rate(share.point)} in {cell.year} the rest fell from"
            f" {sizes[0]} to {sizes[1]}, though part and whole both grew.",
            f"占比由 {earlier[-1]} 年的 {rate(was.point)} 升至 {cell.year} 年的 {rate(share.point)}，其余部分由"
            f" {sizes[0]} 降至 {sizes[1]}，而部分与总体均为增长。",
        ),
        (was, share, *start[:2], *now[:2]),
    )


def _balance(ledger: Ledger, identity: Identity, year: int) -> tuple[Quantity, Quantity, Quantity] | None:
    """Part, whole and rest of a year, from the share and whichever of the two is published."""
    assert identity.share is not None, "a share identity names its share"
    share = ledger.of(Cell(identity.share, "share", year))[0]
    parts, wholes = (ledger.of(Cell(name, "level", year)) for name in (identity.parts[0], identity.whole))
    if not share.sure.low or not (parts or wholes):
        return None
    whole = wholes[0] if wholes else parts[0].over(share)
    return parts[0] if parts else whole.times(share), whole, whole.times(share.from_one())


# --- parts, wholes, counts ------------------------------------------------------------------------------------------


def _sum(ledger: Ledger, identity: Identity) -> Iterator[Finding]:
    for year in ledger.years(identity.whole, "level"):
        parts = [ledger.of(Cell(name, "level", year)) for name in identity.parts]
        if not all(parts):
            continue
        sums = [_total(choice) for choice in itertools.product(*parts)]
        worst = _worst((whole, total) for whole in ledger.of(Cell(identity.whole, "level", year)) for total in sums)
        if worst is not None:
            yield _parts_finding(ledger, identity, year, *worst)


def _total(quantities: Iterable[Quantity]) -> Quantity:
    told = exactly(0)
    for quantity in quantities:
        told = told.plus(quantity)
    return told


def _part_of(ledger: Ledger, identity: Identity) -> Iterator[Finding]:
    for year in ledger.years(identity.whole, "level"):
        known = [alternatives for name in identity.parts if (alternatives := ledger.of(Cell(name, "level", year)))]
        if not known:
            continue
        sums = [_total(choice) for choice in itertools.product(*known)]
        pairs = [(whole, total) for whole in ledger.of(Cell(identity.whole, "level", year)) for total in sums]
        if any(not whole.surely_below(total) for whole, total in pairs):
            continue
        worst = _worst(pairs)
        if worst is not None:
            yield _parts_finding(ledger, identity, year, *worst)


def _parts_finding(
    ledger: Ledger, identity: Identity, year: int, verdict: Verdict, whole: Quantity, total: Quantity
) -> Finding:
    gap, label = _relative(whole, total), _label(ledger, identity.whole)
    parts = [_short(ledger, name) for name in identity.parts if set(total.rows) & _rows_of(ledger, name)]
    range_told, said, more = spread(total.sure), bounded(whole), _difference(gap)
    verb = "add up to" if len(parts) > 1 else "is"
    return Finding(
        "parts and whole", verdict, "scope", (identity.whole, *identity.parts), year, whole, total, gap,
        _rows(whole, total), False, (),
        Text(
            f"{label.en}, {year}: {listed([_lower(p.en) for p in parts])} {verb} {figure(total.point, False)}"
            f"{range_told.en}; the whole is published as {said.en}, {more.en}.",
            f"{label.zh}，{year} 年：{'、'.join(p.zh for p in parts)}{'合计' if len(parts) > 1 else ''}为"
            f" {figure(total.point, False)}{range_told.zh}；总体公布数为 {said.zh}，{more.zh}。",
        ),
        Text(
            "Likely cause: scope. Parts and whole are not counted alike, or the parts overlap.",
            "可能原因：口径。部分与总体的统计范围不同，或各部分有重叠。",
        ),
    )  # fmt: skip


def _rows_of(ledger: Ledger, name: str) -> set[int]:
    return set(ledger.rows.index[ledger.rows["indicator"] == name])


def _nested(ledger: Ledger, identity: Identity) -> Iterator[Finding]:
    for outer, inner in itertools.pairwise((identity.whole, *identity.parts)):
        yield from _part_of(ledger, Identity(kind="part_of", whole=outer, parts=(inner,)))


def _members(ledger: Ledger, identity: Identity) -> Iterator[Finding]:
    """Counts lie within each other, their least total within the total, and the list of members stays the same."""
    for outer, inner in itertools.pairwise(identity.parts):
        yield from _part_of(ledger, Identity(kind="part_of", whole=outer, parts=(inner,)))
    for year in ledger.years(identity.whole, "level"):
        yield from _least_total(ledger, identity, year)
    yield from _list_changes(ledger, identity)


def _least_total(ledger: Ledger, identity: Identity, year: int) -> Iterator[Finding]:
    """Members over thresholds, nested, need a total of at least their sum at the thresholds."""
    unit = ledger.history.unit_of(identity.whole)
    sizes = [Fraction(convert(*parse_amount(size), unit)) for size in identity.thresholds]  # type: ignore[arg-type]
    counts = [ledger.of(Cell(name, "level", year)) for name in identity.parts[1:]]
    known = [(size, least[0]) for size, least in zip(sizes, counts, strict=True) if least]
    if not known:
        return
    steps = [size - before for before, (size, _) in zip([Fraction(0), *(s for s, _ in known)], known, strict=False)]
    least = _total(count.times(exactly(step)) for step, (_, count) in zip(steps, known, strict=True))
    for total in ledger.of(Cell(identity.whole, "level", year)):
        if total.sure.high is not None and least.sure.low is not None and total.sure.high < least.sure.low:
            label, need = _label(ledger, identity.whole), figure(least.point, False)
            yield Finding(
                "counts", "contradiction", "scope", (identity.whole, *identity.parts[1:]), year, total, least,
                _relative(total, least), _rows(total, least), False, (),
                Text(
                    f"{label.en}, {year}: the members over their thresholds need a total of at least {need}; published"
                    f" is {bounded(total).en}.",
                    f"{label.zh}，{year} 年：各门槛以上的成员合计至少需要 {need}；公布数为 {bounded(total).zh}。",
                ),
                Text(
                    "Likely cause: scope. The counts are of another list, or the thresholds are bands.",
                    "可能原因：口径。个数出自另一份名单，或门槛为分档。",
                ),
            )  # fmt: skip


def _list_changes(ledger: Ledger, identity: Identity) -> Iterator[Finding]:
    counter, whole = identity.parts[0], identity.whole
    counts = [(year, ledger.of(Cell(counter, "level", year))[0]) for year in ledger.years(counter, "level")]
    changed = [(a, b) for a, b in itertools.pairwise(counts) if not a[1].usual.meets(b[1].usual)]
    if not changed:
        return
    years = [year for year, _ in counts]
    sizes = {year: q[0] for year in years if (q := ledger.of(Cell(whole, "level", year)))}
    listing = [f"{figure(q.point)} ({year})" for year, q in counts]
    listing_zh = [f"{year} 年 {figure(q.point)}" for year, q in counts]
    told, label, total = _average(sizes, dict(counts)), _short(ledger, counter), _label(ledger, whole)
    marked = all(ledger.apart(a[1].rows, b[1].rows) for a, b in changed)
    breaks = tuple((whole, b[0]) for _, b in changed)
    yield Finding(
        "counts", "remarkable", "scope", (counter, whole), changed[-1][1][0], None, None, None,
        _rows(*(q for _, q in counts), *sizes.values()), marked, breaks,
        Text(
            f"{label.en}: {listed(listing)}. {total.en} is the total of each year's list{told.en}.",
            f"{label.zh}：{'，'.join(listing_zh)}。{total.zh}是各年名单的合计{told.zh}。",
        ),
        Text(
            "Likely cause: scope. Members leave and join the list, so totals and counts over a threshold are of"
            " different lists and their growth is not that of the same members.",
            "可能原因：口径。名单有进有出，各年总量和门槛以上个数出自不同名单，其增减不等于同一批成员的增减。",
        ),
    )  # fmt: skip


def _average(sizes: dict[int, Quantity], counts: dict[int, Quantity]) -> Text:
    """How the size per member moved between the first and the last year in which both are published."""
    if len(sizes) < 2:
        return Text("", "")
    first, last = min(sizes), max(sizes)
    means = [figure(sizes[year].point / counts[year].point, False) for year in (first, last)]
    return Text(
        f": {means[0]} per member in {first}, {means[1]} in {last}",
        f"：平均每个成员 {first} 年为 {means[0]}，{last} 年为 {means[1]}",
    )


# --- parts of the year ----------------------------------------------------------------------------------------------


def _part_years(ledger: Ledger) -> Iterator[Finding]:
    """What is reached by a month is at most what is reached by a later month, and by the end of the year."""
    for name, cells in ledger.cells.items():
        if not ledger.is_flow(name):
            continue
        for year in sorted({cell.year for cell in cells}):
            reached = [(months_of(f"{year}{c.part}") or 12, c) for c in cells if c.year == year and c.kind == "level"]
            reached = [(months, c) for months, c in reached if not c.part or months_of(f"{year}{c.part}")]
            reached.sort(key=lambda item: item[0])
            for (_, early), (_, late) in itertools.pairwise(reached):
                yield from _reached_less(ledger, early, late)
                yield from _rest_of_year(ledger, early, late)


def _reached_less(ledger: Ledger, early: Cell, late: Cell) -> Iterator[Finding]:
    pairs = [(b, a) for a in ledger.of(early) for b in ledger.of(late)]
    if any(not b.surely_below(a) for b, a in pairs):
        return
    worst = _worst(pairs)
    if worst is None:
        return
    verdict, total, part = worst
    label, then, end = _label(ledger, early.indicator), _when(early.year, early.part), _when(late.year, late.part)
    yield Finding(
        "part of the year", verdict, "scope", (early.indicator,), early.year, total, part, _relative(total, part),
        _rows(total, part), False, (),
        Text(
            f"{label.en}: {bounded(part).en} in {then.en} is more than {bounded(total).en} in {end.en}, which contains"
            " it.",
            f"{label.zh}：{then.zh}已达 {bounded(part).zh}，高于包含该时段的{end.zh}的 {bounded(total).zh}。",
        ),
        Text(
            "Likely cause: scope. The two count different members, or one was revised.",
            "可能原因：口径。两者统计范围不同，或其一经过修订。",
        ),
    )  # fmt: skip


def _rest_of_year(ledger: Ledger, early: Cell, late: Cell) -> Iterator[Finding]:
    """With growth of both: does the rest of the period fall, or is nothing left of it a year before?"""
    part, whole = ledger.of(early), ledger.of(late)
    factors = [ledger.of(cell._replace(kind="growth")) for cell in (early, late)]
    if len(part) != 1 or len(whole) != 1 or any(len(f) != 1 for f in factors):
        return
    before = whole[0].over(factors[1][0]).less(part[0].over(factors[0][0]))
    now = whole[0].less(part[0])
    grew = all(exactly(1).surely_below(f[0]) for f in factors)
    if not before.surely_below(exactly(0)) and not (grew and now.surely_below(before)):
        return
    verdict: Verdict = "contradiction" if before.surely_below(exactly(0)) else "remarkable"
    label, then, end = _label(ledger, early.indicator), _when(early.year, early.part), _when(late.year, late.part)
    rates = [rate(f[0].point - 1) for f in factors]
    sizes = [figure(q.point, False) for q in (before, now)]
    yield Finding(
        "part of the year", verdict, "scope", (early.indicator,), early.year, None, None, None,
        _rows(part[0], whole[0], factors[0][0], factors[1][0]), False, (),
        Text(
            f"{label.en}: {figure(part[0].point)} with growth of {rates[0]} in {then.en} and {figure(whole[0].point)}"
            f" with {rates[1]} in {end.en} leave {sizes[1]} for the time between, after {sizes[0]} a year before.",
            f"{label.zh}：{then.zh}为 {figure(part[0].point)}，增长 {rates[0]}；{end.zh}为 {figure(whole[0].point)}，"
            f"增长 {rates[1]}；其间时段为 {sizes[1]}，而上年同期为 {sizes[0]}。",
        ),
        Text(
            "Likely cause: scope. The figures of the two periods do not count the same members.",
            "可能原因：口径。两个时段的数据统计范围不同。",
        ),
    )  # fmt: skip


# --- sources --------------------------------------------------------------------------------------------------------


def _sources(ledger: Ledger) -> Iterator[Finding]:
    """Several figures of one cell and vintage that rounding does not reconcile."""
    for cell, alternatives in ledger.now.items():
        pairs = [(a, b) for a, b in itertools.combinations(alternatives, 2) if not a.sure.meets(b.sure)]
        if not pairs:
            continue
        first, last = min(alternatives, key=lambda q: q.point), max(alternatives, key=lambda q: q.point)
        is_share, label, when = cell.kind in ("share", "change"), _label(ledger, cell.indicator), cell.year
        shift = exactly(1 if cell.kind == "growth" else 0)
        is_rate = is_share or cell.kind == "growth"
        figures = [bounded(q.less(shift), is_rate) for q in alternatives]
        gap = float(last.point - first.point) if is_rate else _relative(last, first)
        at = _when(when, cell.part)
        yield Finding(
            "sources", "contradiction", "sources", (cell.indicator,), when, last, first, gap, _rows(*alternatives),
            all(ledger.apart(a.rows, b.rows) for a, b in pairs), (),
            Text(
                f"{label.en}, {at.en}: {listed([f.en for f in figures])} stand side by side.",
                f"{label.zh}，{at.zh}：{'、'.join(f.zh for f in figures)} 并存。",
            ),
            Text(
                "Likely cause: sources or readings that differ. Give each a treatment of the data, or keep one.",
                "可能原因：来源或理解不同。可各设一种数据处理，或只留其一。",
            ),
        )  # fmt: skip


# --- jumps ----------------------------------------------------------------------------------------------------------


def _jumps(ledger: Ledger, identities: tuple[Identity, ...], linked: set[tuple[str, int]]) -> Iterator[Finding]:
    for name in ledger.cells:
        if not ledger.is_count(name):
            yield from _level_jumps(ledger, identities, name, linked)
            yield from _growth_jumps(ledger, name)
            yield from _share_jumps(ledger, name)


def _series(ledger: Ledger, identities: tuple[Identity, ...], name: str) -> dict[int, _Known]:
    """Levels by year: published, else implied by a share and its part."""
    years = ledger.years(name, "level")
    series = {year: _level(ledger, name, year)[0] for year in years}
    for identity in identities:
        if identity.kind != "share" or identity.whole != name or identity.share is None:
            continue
        for year in ledger.years(identity.share, "share"):
            share, part = (
                ledger.of(Cell(identity.share, "share", year))[0],
                ledger.of(Cell(identity.parts[0], "level", year)),
            )
            if year in series or not part or not share.sure.low:
                continue
            implied = part[0].over(share)
            size, of, at = figure(implied.point, False), bounded(part[0]), rate(share.point)
            own = _short(ledger, identity.parts[0])
            told = Text(
                f"{size} (implied by {of.en} of {_lower(own.en)} and their share of {at})",
                f"{size}（由{own.zh} {of.zh}、占比 {at} 推算）",
            )
            series[year] = _Known(implied, told)
    return dict(sorted(series.items()))


def _level_jumps(
    ledger: Ledger, identities: tuple[Identity, ...], name: str, linked: set[tuple[str, int]]
) -> Iterator[Finding]:
    series, label = _series(ledger, identities, name), _label(ledger, name)
    for (start, a), (end, b) in itertools.pairwise(series.items()):
        factor, years = b.quantity.over(a.quantity), end - start
        rose, fell = exactly(RISE**years).surely_below(factor), factor.surely_below(exactly(FALL**years))
        if (not rose and not fell) or (name, end) in linked or (years == 1 and ledger.of(Cell(name, "growth", end))):
            continue
        yearly = Fraction(math.pow(float(factor.point), 1 / years)) - 1
        pace, pace_zh = (" a year", "年均") if years > 1 else ("", "")
        told = Text(
            f"{label.en}: {start}, {a.told.en}; {end}, {b.told.en}: {'up' if rose else 'down'} by"
            f" {rate(abs(yearly), 0)}{pace}, and no growth rate is published that says so.",
            f"{label.zh}：{start} 年为 {a.told.zh}，{end} 年为 {b.told.zh}，{pace_zh}{'上升' if rose else '下降'}"
            f" {rate(abs(yearly), 0)}，没有公布的增速与之相应。",
        )
        yield Finding(
            "jump", "remarkable", "scope", (name,), end, b.quantity, a.quantity, float(factor.point - 1),
            _rows(a.quantity, b.quantity), ledger.apart(a.quantity.rows, b.quantity.rows), ((name, end),), told,
            Text(
                "Likely cause: scope. Coverage or classification changed; do not read the difference as growth.",
                "可能原因：口径。统计范围或分类有变，差额不能视为增长。",
            ),
        )  # fmt: skip


def _growth_jumps(ledger: Ledger, name: str) -> Iterator[Finding]:
    for year in ledger.years(name, "growth"):
        for factor in ledger.of(Cell(name, "growth", year)):
            beyond = exactly(RISE).surely_below(factor) or factor.surely_below(exactly(FALL))
            if not beyond or ledger.history.price_of(name) != "nominal":
                continue
            label, grew = _short(ledger, name), rate(factor.point - 1)
            yield Finding(
                "jump",
                "remarkable",
                "price",
                (name,),
                year,
                None,
                None,
                None,
                factor.rows,
                False,
                (),
                Text(
                    f"{label.en}: growth of {grew} in {year}, as its publisher states it.",
                    f"{label.zh}：{year} 年增长 {grew}，为发布者所公布的增速。",
                ),
                Text(
                    "Likely cause: price. A published rate is on one scope, and a nominal change of this size is seldom"
                    " one of quantities: do not project it.",
                    "可能原因：价格。公布的增速口径一致，名义值如此大的变动很少来自数量，不宜外推。",
                ),
            )


def _share_jumps(ledger: Ledger, name: str) -> Iterator[Finding]:
    """Changes of a share, published or between two years."""
    moves: list[tuple[int, Quantity, int]] = []
    for year in ledger.years(name, "change"):
        moves.append((year, ledger.of(Cell(name, "change", year))[0], 1))
    published = {year for year, _, _ in moves}
    for start, end in itertools.pairwise(ledger.years(name, "share")):
        if end not in published:
            move = ledger.of(Cell(name, "share", end))[0].less(ledger.of(Cell(name, "share", start))[0])
            moves.append((end, move, end - start))
    for year, move, years in moves:
        up, down = exactly(POINTS * years).surely_below(move), move.surely_below(exactly(-POINTS * years))
        if up or down:
            others = [abs(float(100 * m.point)) / n for y, m, n in moves if y != year]
            yield _share_jump(ledger, name, year, move, years, max(others, default=math.nan))


def _share_jump(ledger: Ledger, name: str, year: int, move: Quantity, years: int, most: float) -> Finding:
    label, points = _short(ledger, name), f"{float(100 * move.point):+.4g}"
    now = ledger.of(Cell(name, "share", year))
    before = rate(now[0].point - move.point) if now else ""
    whence = (f", from {before} to {rate(now[0].point)}", f"，由 {before} 至 {rate(now[0].point)}") if now else ("", "")
    else_ = "" if math.isnan(most) else f"; in no other year by more than {most:.2g} a year"
    else_zh = "" if math.isnan(most) else f"；其他年份每年至多 {most:.2g} 个百分点"
    return Finding(
        "jump", "remarkable", "scope", (name,), year, None, None, float(move.point), _rows(move, *now),
        ledger.begins(move.rows), ((name, year),),
        Text(
            f"{label.en}: {points} points in {year if years == 1 else f'{years} years to {year}'}{whence[0]}{else_}.",
            f"{label.zh}：{f'{year} 年' if years == 1 else f'至 {year} 年的 {years} 年间'}变动 {points} 个百分点"
            f"{whence[1]}{else_zh}。",
        ),
        Text(
            "Likely cause: scope. A classification that changed moves a share at once; do not fit a trend across it.",
            "可能原因：口径。分类调整会使占比一次性变动，不宜跨越该年拟合趋势。",
        ),
    )  # fmt: skip
