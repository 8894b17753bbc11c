"""Do the figures of indicators that hang together agree: a share with its levels and its rest, parts with their whole,
counts with their total, and a level with what shares imply for it?"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from attain.disagreement import (
    REVISION,
    Cause,
    Finding,
    Verdict,
    bounded,
    decimals,
    difference,
    figure,
    name_and_unit,
    name_of,
    rate,
    relative,
    rows_of,
    spread,
    verdict_on,
    when_told,
    worst_pair,
)
from attain.figure_checks import FALL, RISE
from attain.identity import Identity
from attain.language import Text, listed
from attain.ledger import Cell, Ledger, Quantity, exactly
from attain.units import parse_amount, unit

REVISABLE = 0.1
"""A share published before its level was may be off by a revision of at most so much of it."""
REVISED = Text(
    "Likely cause: revision. The share was published before the level that it is compared with.",
    "可能原因：数据修订。占比公布在先，所对照的总量公布在后。",
)


def identity_findings(ledger: Ledger, identities: Iterable[Identity]) -> Iterator[Finding]:
    """What disagrees between the indicators of each identity."""
    checks = {"share": _share, "sum": _sum, "part_of": _part_of, "nested": _nested, "members": _members}
    for identity in identities:
        yield from checks[identity.kind](ledger, identity)


def level_jumps(ledger: Ledger, identities: Sequence[Identity], told: set[tuple[str, int]]) -> Iterator[Finding]:
    """Levels that leap or sink, published or implied by shares, but for the indicators and years `told` already.
    Counts are no levels here: a list may double."""
    for name in ledger.cells:
        if not ledger.is_count(name):
            yield from _level_jumps(ledger, identities, name, told)


@dataclass(frozen=True)
class _Known:
    """A level, published or implied, with the words for it."""

    quantity: Quantity
    told: Text


def _level(ledger: Ledger, name: str, like: str, year: int, part: str = "") -> list[_Known]:
    """What is published of a level, else what the next year's level and growth imply for it; in the unit of another
    indicator."""
    published = [_Known(q, bounded(q)) for q in ledger.levels(name, year, part, like)]
    if published or part:
        return published
    found = []
    for after in ledger.levels(name, year + 1, "", like):
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
    parts, wholes = (_level(ledger, name, whole, cell.year, cell.part) for name in (part, whole))
    shares = ledger.of(cell)
    ratios = {(p.quantity.rows, w.quantity.rows): (p, w) for p in parts for w in wholes}
    worst = worst_pair((s, p.quantity.over(w.quantity)) for s in shares for p, w in ratios.values())
    if worst is None:
        return
    verdict, share, implied = worst
    p, w = next(pair for pair in ratios.values() if pair[0].quantity.over(pair[1].quantity).rows == implied.rows)
    cause, why = _share_cause(ledger, identity, cell, share, implied)
    gap, digits = float(share.point - implied.point), max(1, decimals(share.point))
    range_told, when = spread(implied.sure, digits), when_told(cell.year, cell.part)
    label, of, said = name_of(ledger, cell.indicator), name_of(ledger, whole), bounded(share, True)
    yield Finding(
        check="share and levels",
        verdict=verdict,
        cause=cause,
        indicators=(cell.indicator, part, whole),
        year=cell.year,
        published=share,
        implied=implied,
        gap=gap,
        rows=rows_of(share, implied),
        told=Text(
            f"{label.en}, {when.en}: {p.told.en} over {_lower(of.en)} of {w.told.en} is {rate(implied.point, digits)}"
            f"{range_told.en}; {said.en} is published.",
            f"{label.zh}，{when.zh}：{p.told.zh} 除以{of.zh} {w.told.zh}，为 {rate(implied.point, digits)}"
            f"{range_told.zh}；公布数为 {said.zh}。",
        ),
        why=why,
    )


def _share_cause(
    ledger: Ledger, identity: Identity, cell: Cell, share: Quantity, implied: Quantity
) -> tuple[Cause, Text]:
    """A revision where an earlier vintage agrees, or the share came first and is not far off; else the scope."""
    parts, wholes = (
        [
            *(k.quantity for k in _level(ledger, name, identity.whole, cell.year, cell.part)),
            *ledger.in_unit_of(identity.whole, name, ledger.before.get(Cell(name, "level", cell.year, cell.part), ())),
        ]
        for name in (identity.parts[0], identity.whole)
    )
    shares = (*ledger.of(cell), *ledger.before.get(cell, ()))
    if any(verdict_on(s, p.over(w)) is None for s in shares for p in parts for w in wholes):
        return "revision", REVISION
    if abs(relative(share, implied)) <= REVISABLE and _came_later(ledger, share, implied):
        return "revision", REVISED
    if share.point < implied.point:
        return "scope", Text(
            "Likely cause: scope. The part counts more than the share does, or the whole less.",
            "可能原因：口径。分子的统计范围宽于占比所用的范围，或分母较窄。",
        )
    return "scope", Text(
        "Likely cause: scope. The share counts more than the part does, or has a smaller whole.",
        "可能原因：口径。占比所用的分子范围较宽，或分母较窄。",
    )


def _lower(label: str) -> str:
    """A label within a sentence."""
    return label[:1].lower() + label[1:] if label[1:2].islower() else label


def _came_later(ledger: Ledger, share: Quantity, implied: Quantity) -> bool:
    """Was a level published in a later year than the share?"""
    dates = ledger.rows["released"].where(ledger.rows["released"] != "", ledger.rows["vintage"]).str[:4]
    known = dates[list(share.rows)].min()
    return bool(known != "" and dates[list(implied.rows)].max() > known)


def _rest(ledger: Ledger, identity: Identity, cell: Cell) -> Iterator[Finding]:
    """The share's complement: does the rest shrink while the part and the whole both grow?"""
    told = [*_rest_by_growth(ledger, identity, cell), *_rest_by_levels(ledger, identity, cell)]
    if not told:
        return
    part, whole = name_of(ledger, identity.parts[0]), name_and_unit(ledger, identity.whole)
    rows = rows_of(*(q for _, quantities in told for q in quantities))
    years = sorted(ledger.rows.loc[list(rows), "year"].unique().tolist())
    shares = [ledger.of(Cell(cell.indicator, "share", year)) for year in years]
    first = next((s for s in shares if s and s[0].rows != ledger.of(cell)[0].rows), ())
    yield Finding(
        check="rest",
        verdict="remarkable",
        cause="scope",
        indicators=(cell.indicator, *identity.parts, identity.whole),
        year=cell.year,
        rows=rows,
        marked=bool(first) and ledger.apart(first[0].rows, ledger.of(cell)[0].rows),
        breaks=((cell.indicator, cell.year),),
        told=Text(
            f"{part.en} within {_lower(whole.en)}, {cell.year}: " + " ".join(text.en for text, _ in told),
            f"{whole.zh}中的{part.zh}，{cell.year} 年：" + "".join(text.zh for text, _ in told),
        ),
        why=Text(
            "Likely cause: scope. Growth compares like with like in both years, the shares are of each year's list: do"
            " not chain the one onto the other.",
            "可能原因：口径。增速按两年可比口径计算，占比按各年名单计算，二者不可连用。",
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
            f"the part grew by {grew} and the whole by {all_grew}, to a share of {rate(share.point)}; so the share of"
            f" {year - 1} was {rate(before.point, 1)}{least.en}, and the rest fell by {rate(fell.point, 0)}"
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
    parts, wholes = (ledger.levels(name, year, "", identity.whole) for name in (identity.parts[0], identity.whole))
    if not share.sure.low or not (parts or wholes):
        return None
    whole = wholes[0] if wholes else parts[0].over(share)
    return parts[0] if parts else whole.times(share), whole, whole.times(share.from_one())


def _sum(ledger: Ledger, identity: Identity) -> Iterator[Finding]:
    for year in ledger.years(identity.whole, "level"):
        parts = [ledger.levels(name, year, "", identity.whole) for name in identity.parts]
        if not all(parts):
            continue
        sums = [_total(choice) for choice in itertools.product(*parts)]
        worst = worst_pair((whole, total) for whole in ledger.of(Cell(identity.whole, "level", year)) for total in sums)
        if worst is not None:
            yield _parts_finding(ledger, identity, year, *worst)


def _total(quantities: Iterable[Quantity]) -> Quantity:
    told = exactly(0)
    for quantity in quantities:
        told = told.plus(quantity)
    return told


def _part_of(ledger: Ledger, identity: Identity) -> Iterator[Finding]:
    for year in ledger.years(identity.whole, "level"):
        known = [own for name in identity.parts if (own := ledger.levels(name, year, "", identity.whole))]
        if not known:
            continue
        sums = [_total(choice) for choice in itertools.product(*known)]
        pairs = [(whole, total) for whole in ledger.of(Cell(identity.whole, "level", year)) for total in sums]
        if any(not whole.surely_below(total) for whole, total in pairs):
            continue
        worst = worst_pair(pairs)
        if worst is not None:
            yield _parts_finding(ledger, identity, year, *worst)


def _parts_finding(
    ledger: Ledger, identity: Identity, year: int, verdict: Verdict, whole: Quantity, total: Quantity
) -> Finding:
    gap, label = relative(whole, total), name_and_unit(ledger, identity.whole)
    parts = [name_of(ledger, name) for name in identity.parts if set(total.rows) & _rows_about(ledger, name)]
    range_told, said, more = spread(total.sure), bounded(whole), difference(gap)
    verb = "add up to" if len(parts) > 1 else "is"
    return Finding(
        check="parts and whole",
        verdict=verdict,
        cause="scope",
        indicators=(identity.whole, *identity.parts),
        year=year,
        published=whole,
        implied=total,
        gap=gap,
        rows=rows_of(whole, total),
        told=Text(
            f"{label.en}, {year}: {listed([_lower(p.en) for p in parts])} {verb} {figure(total.point, False)}"
            f"{range_told.en}; the whole is published as {said.en}, {more.en}.",
            f"{label.zh}，{year} 年：{'、'.join(p.zh for p in parts)}{'合计' if len(parts) > 1 else ''}为"
            f" {figure(total.point, False)}{range_told.zh}；总体公布数为 {said.zh}，{more.zh}。",
        ),
        why=Text(
            "Likely cause: scope. Parts and whole are not counted alike, or the parts overlap.",
            "可能原因：口径。部分与总体的统计范围不同，或各部分有重叠。",
        ),
    )


def _rows_about(ledger: Ledger, name: str) -> set[int]:
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
    own = ledger.history.unit_of(identity.whole)
    sizes = [Fraction(parse_amount(size, own)[0]) for size in identity.thresholds]
    counts = [_pieces(ledger, name, year) for name in identity.parts[1:]]
    known = [(size, least[0]) for size, least in zip(sizes, counts, strict=True) if least]
    if not known:
        return
    steps = [size - before for before, (size, _) in zip([Fraction(0), *(s for s, _ in known)], known, strict=False)]
    least = _total(count.times(exactly(step)) for step, (_, count) in zip(steps, known, strict=True))
    for total in ledger.of(Cell(identity.whole, "level", year)):
        if total.sure.high is not None and least.sure.low is not None and total.sure.high < least.sure.low:
            label, need = name_and_unit(ledger, identity.whole), figure(least.point, False)
            yield Finding(
                check="counts",
                verdict="contradiction",
                cause="scope",
                indicators=(identity.whole, *identity.parts[1:]),
                year=year,
                published=total,
                implied=least,
                gap=relative(total, least),
                rows=rows_of(total, least),
                told=Text(
                    f"{label.en}, {year}: the members over their thresholds need a total of at least {need};"
                    f" {bounded(total).en} is published.",
                    f"{label.zh}，{year} 年：各门槛以上的成员合计至少需要 {need}；公布数为 {bounded(total).zh}。",
                ),
                why=Text(
                    "Likely cause: scope. The counts are of another list, or the thresholds are bands.",
                    "可能原因：口径。个数出自另一份名单，或门槛为分档。",
                ),
            )


def _pieces(ledger: Ledger, name: str, year: int) -> list[Quantity]:
    """What is published of a count, in single pieces."""
    scale = exactly(Fraction(unit(ledger.history.unit_of(name)).factor))
    return [count.times(scale) for count in ledger.of(Cell(name, "level", year))]


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
    told, label, total = _average(sizes, dict(counts)), name_of(ledger, counter), name_and_unit(ledger, whole)
    marked = all(ledger.apart(a[1].rows, b[1].rows) for a, b in changed)
    breaks = tuple((whole, b[0]) for _, b in changed)
    yield Finding(
        check="counts",
        verdict="remarkable",
        cause="scope",
        indicators=(counter, whole),
        year=changed[-1][1][0],
        rows=rows_of(*(q for _, q in counts), *sizes.values()),
        marked=marked,
        breaks=breaks,
        told=Text(
            f"{label.en}: {listed(listing)}. {total.en} is the total of each year's list{told.en}.",
            f"{label.zh}：{'，'.join(listing_zh)}。{total.zh}是各年名单的合计{told.zh}。",
        ),
        why=Text(
            "Likely cause: scope. Members leave and join the list, so totals and counts over a threshold are of"
            " different lists and their growth is not that of the same members.",
            "可能原因：口径。名单有进有出，各年总量和门槛以上个数出自不同名单，其增减不等于同一批成员的增减。",
        ),
    )


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


def _series(ledger: Ledger, identities: Sequence[Identity], name: str) -> dict[int, _Known]:
    """Levels by year: published, else implied by a share and its part."""
    years = ledger.years(name, "level")
    series = {year: _level(ledger, name, name, year)[0] for year in years}
    for identity in identities:
        if identity.kind != "share" or identity.whole != name or identity.share is None:
            continue
        for year in ledger.years(identity.share, "share"):
            share = ledger.of(Cell(identity.share, "share", year))[0]
            part = ledger.levels(identity.parts[0], year, "", name)
            if year in series or not part or not share.sure.low:
                continue
            implied = part[0].over(share)
            size, of, at = figure(implied.point, False), bounded(part[0]), rate(share.point)
            own = name_of(ledger, identity.parts[0])
            told = Text(
                f"{size} (implied by {of.en} of {_lower(own.en)} and their share of {at})",
                f"{size}（由{own.zh} {of.zh}、占比 {at} 推算）",
            )
            series[year] = _Known(implied, told)
    return dict(sorted(series.items()))


def _level_jumps(
    ledger: Ledger, identities: Sequence[Identity], name: str, told_already: set[tuple[str, int]]
) -> Iterator[Finding]:
    series, label = _series(ledger, identities, name), name_and_unit(ledger, name)
    for (start, a), (end, b) in itertools.pairwise(series.items()):
        factor, years = b.quantity.over(a.quantity), end - start
        rose, fell = exactly(RISE**years).surely_below(factor), factor.surely_below(exactly(FALL**years))
        published = years == 1 and ledger.of(Cell(name, "growth", end))
        if published or (name, end) in told_already or not (rose or fell):
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
            check="jump",
            verdict="remarkable",
            cause="scope",
            indicators=(name,),
            year=end,
            published=b.quantity,
            implied=a.quantity,
            gap=float(factor.point - 1),
            rows=rows_of(a.quantity, b.quantity),
            marked=ledger.apart(a.quantity.rows, b.quantity.rows),
            breaks=((name, end),),
            told=told,
            why=Text(
                "Likely cause: scope. Coverage or classification changed; do not read the difference as growth.",
                "可能原因：口径。统计范围或分类有变，差额不能视为增长。",
            ),
        )
