"""Do the figures of one indicator agree: levels with growth, shares with changes, parts of the year with the year,
sources with each other, and each year with the next?"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator
from fractions import Fraction

from attain.disagreement import (
    REVISION,
    Finding,
    Verdict,
    bounded,
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
from attain.language import Text, listed
from attain.ledger import Cell, Ledger, Quantity, exactly
from attain.precision import months_of

RISE, FALL, POINTS = Fraction(14, 10), Fraction(9, 10), Fraction(3, 100)
"""A level that in one year grows to more than RISE or sinks under FALL of what it was, or a share that moves by more
than POINTS, is a jump. None of the 558 yearly changes of provincial GDP in the bundled `provinces` is one."""


def figure_findings(ledger: Ledger) -> Iterator[Finding]:
    """What disagrees within each indicator, but for jumps of levels, for which `attain.identity_checks` knows more."""
    for check in (_sources, _growth, _changes, _part_years):
        yield from check(ledger)
    for name in ledger.cells:
        if not ledger.is_count(name):
            yield from _growth_jumps(ledger, name)
            yield from _share_jumps(ledger, name)


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
    worst = worst_pair((b, e.over(f)) for b in ledger.of(start) for e in ledger.of(end) for f in products)
    if worst is None:
        return
    verdict, base, implied = worst
    ends = [*ledger.of(end), *ledger.before.get(end, ())]
    bases = [*ledger.of(start), *ledger.before.get(start, ())]
    revised = any(verdict_on(b, e.over(f)) is None for b in bases for e in ends for f in products)
    level = next(e for e in ledger.of(end) if set(e.rows) <= set(implied.rows))
    gap, label = relative(base, implied), name_and_unit(ledger, end.indicator)
    rates = [rate(choice[0].point - 1) for choice in reversed(factors)]
    then, before, more = when_told(end.year, end.part), when_told(start.year, end.part), difference(gap)
    told, range_told, was = bounded(level), spread(implied.sure), bounded(base)
    yield Finding(
        check="level and growth",
        verdict=verdict,
        cause="revision" if revised else "scope",
        indicators=(end.indicator,),
        year=end.year,
        published=base,
        implied=implied,
        gap=gap,
        rows=rows_of(base, implied),
        marked=ledger.apart(base.rows, level.rows),
        breaks=((end.indicator, end.year),),
        told=Text(
            f"{label.en}: {told.en} in {then.en} and growth of {listed(rates)} imply"
            f" {figure(implied.point, False)} for {before.en}{range_told.en}; {was.en} is published, {more.en}.",
            f"{label.zh}：{then.zh}为 {told.zh}，增长 {'、'.join(rates)}，据此推算 {before.zh}为"
            f" {figure(implied.point, False)}{range_told.zh}；公布数为 {was.zh}，{more.zh}。",
        ),
        why=REVISION
        if revised
        else Text(
            "Likely cause: scope. Growth is published on comparable scope, levels count what was on the list of"
            f" their year, and the list changed between {before.en} and {then.en}.",
            f"可能原因：口径。增速按可比口径计算，总量按当年范围统计，{before.zh}与 {then.zh}之间统计范围有变。",
        ),
    )


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
            worst = worst_pair((b, e.less(c)) for b in starts for e in ends for c in ledger.of(cell))
            if worst is None:
                continue
            verdict, base, implied = worst
            change, end = ledger.of(cell)[0], next(e for e in ends if set(e.rows) <= set(implied.rows))
            label, range_told = name_of(ledger, name), spread(implied.sure, 1)
            points = f"{float(100 * change.point):+.6g}"
            yield Finding(
                check="share and change",
                verdict=verdict,
                cause="scope",
                indicators=(name,),
                year=cell.year,
                published=base,
                implied=implied,
                gap=float(base.point - implied.point),
                rows=rows_of(base, implied),
                marked=ledger.apart(base.rows, end.rows),
                breaks=((name, cell.year),),
                told=Text(
                    f"{label.en}: {rate(end.point)} in {cell.year} and a change of {points} points imply"
                    f" {rate(implied.point, 1)} for {cell.year - 1}{range_told.en}; {rate(base.point)} is published.",
                    f"{label.zh}：{cell.year} 年为 {rate(end.point)}，比上年变动 {points} 个百分点，据此推算"
                    f" {cell.year - 1} 年为 {rate(implied.point, 1)}{range_told.zh}；公布数为 {rate(base.point)}。",
                ),
                why=Text(
                    "Likely cause: scope. The change is on the classification of the later year.",
                    "可能原因：口径。变动按后一年的分类计算。",
                ),
            )


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
    worst = worst_pair(pairs)
    if worst is None:
        return
    verdict, total, part = worst
    label = name_and_unit(ledger, early.indicator)
    then, end = when_told(early.year, early.part), when_told(late.year, late.part)
    yield Finding(
        check="part of the year",
        verdict=verdict,
        cause="scope",
        indicators=(early.indicator,),
        year=early.year,
        published=total,
        implied=part,
        gap=relative(total, part),
        rows=rows_of(total, part),
        told=Text(
            f"{label.en}: {bounded(part).en} in {then.en} is more than {bounded(total).en} in {end.en}, which contains"
            " it.",
            f"{label.zh}：{then.zh}已达 {bounded(part).zh}，高于包含该时段的{end.zh}的 {bounded(total).zh}。",
        ),
        why=Text(
            "Likely cause: scope. The two count different members, or one was revised.",
            "可能原因：口径。两者统计范围不同，或其一经过修订。",
        ),
    )


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
    nothing_left = before.sure.high is not None and before.sure.high < 0
    verdict: Verdict = "contradiction" if nothing_left else "remarkable"
    label = name_and_unit(ledger, early.indicator)
    then, end = when_told(early.year, early.part), when_told(late.year, late.part)
    rates = [rate(f[0].point - 1) for f in factors]
    sizes = [figure(q.point, False) for q in (before, now)]
    yield Finding(
        check="part of the year",
        verdict=verdict,
        cause="scope",
        indicators=(early.indicator,),
        year=early.year,
        rows=rows_of(part[0], whole[0], factors[0][0], factors[1][0]),
        told=Text(
            f"{label.en}: {figure(part[0].point)} with growth of {rates[0]} in {then.en} and {figure(whole[0].point)}"
            f" with {rates[1]} in {end.en} leave {sizes[1]} for the time between, after {sizes[0]} a year before.",
            f"{label.zh}：{then.zh}为 {figure(part[0].point)}，增长 {rates[0]}；{end.zh}为 {figure(whole[0].point)}，"
            f"增长 {rates[1]}；其间时段为 {sizes[1]}，而上年同期为 {sizes[0]}。",
        ),
        why=Text(
            "Likely cause: scope, unless activity fell in that time: the two figures do not count the same members.",
            "可能原因：口径。除非该时段确有下降，两个数据的统计范围不同。",
        ),
    )


def _sources(ledger: Ledger) -> Iterator[Finding]:
    """Several figures of one cell and vintage that rounding does not reconcile."""
    for cell, alternatives in ledger.now.items():
        pairs = [(a, b) for a, b in itertools.combinations(alternatives, 2) if not a.sure.meets(b.sure)]
        if not pairs:
            continue
        first, last = min(alternatives, key=lambda q: q.point), max(alternatives, key=lambda q: q.point)
        is_share, label, when = cell.kind in ("share", "change"), name_and_unit(ledger, cell.indicator), cell.year
        shift = exactly(1 if cell.kind == "growth" else 0)
        is_rate = is_share or cell.kind == "growth"
        figures = [bounded(q.less(shift), is_rate) for q in alternatives]
        gap = float(last.point - first.point) if is_rate else relative(last, first)
        at, apart = when_told(when, cell.part), all(ledger.apart(a.rows, b.rows) for a, b in pairs)
        yield Finding(
            check="sources",
            verdict="contradiction",
            cause="sources",
            indicators=(cell.indicator,),
            year=when,
            published=last,
            implied=first,
            gap=gap,
            rows=rows_of(*alternatives),
            marked=apart,
            told=Text(
                f"{label.en}, {at.en}: {listed([f.en for f in figures])} stand side by side.",
                f"{label.zh}，{at.zh}：同时列有 {'、'.join(f.zh for f in figures)}。",
            ),
            why=Text(
                "Likely cause: sources or readings that differ."
                + (
                    " Each has a treatment of its own." if apart else " Give each a treatment of the data, or keep one."
                ),
                "可能原因：来源或理解不同。" + ("已各设数据处理。" if apart else "可各设一种数据处理，或只留其一。"),
            ),
        )


def _growth_jumps(ledger: Ledger, name: str) -> Iterator[Finding]:
    for year in ledger.years(name, "growth"):
        for factor in ledger.of(Cell(name, "growth", year)):
            beyond = exactly(RISE).surely_below(factor) or factor.surely_below(exactly(FALL))
            if not beyond or ledger.history.price_of(name) != "nominal":
                continue
            label, grew = name_of(ledger, name), rate(factor.point - 1)
            yield Finding(
                check="jump",
                verdict="remarkable",
                cause="price",
                indicators=(name,),
                year=year,
                rows=factor.rows,
                told=Text(
                    f"{label.en}: growth of {grew} in {year}, as its publisher states it.",
                    f"{label.zh}：{year} 年增长 {grew}，为发布者所公布的增速。",
                ),
                why=Text(
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
    label, points = name_of(ledger, name), f"{float(100 * move.point):+.4g}"
    now = ledger.of(Cell(name, "share", year))
    before = rate(now[0].point - move.point) if now else ""
    whence = (f", from {before} to {rate(now[0].point)}", f"，由 {before} 至 {rate(now[0].point)}") if now else ("", "")
    else_ = "" if math.isnan(most) else f"; in no other year by more than {most:.2g} a year"
    else_zh = "" if math.isnan(most) else f"；其他年份每年至多 {most:.2g} 个百分点"
    return Finding(
        check="jump",
        verdict="remarkable",
        cause="scope",
        indicators=(name,),
        year=year,
        gap=float(move.point),
        rows=rows_of(move, *now),
        marked=ledger.begins(move.rows),
        breaks=((name, year),),
        told=Text(
            f"{label.en}: {points} points in {year if years == 1 else f'{years} years to {year}'}{whence[0]}{else_}.",
            f"{label.zh}：{f'{year} 年' if years == 1 else f'至 {year} 年的 {years} 年间'}变动 {points} 个百分点"
            f"{whence[1]}{else_zh}。",
        ),
        why=Text(
            "Likely cause: scope. A classification that changed moves a share at once; do not fit a trend across it.",
            "可能原因：口径。分类调整会使占比一次性变动，不宜跨越该年拟合趋势。",
        ),
    )
