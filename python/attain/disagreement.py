"""Figures that disagree: what a finding is, when two quantities disagree, and the words for both."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from attain.language import Text
from attain.ledger import Interval, Ledger, Quantity
from attain.precision import months_of
from attain.wording import unit_words

Check = Literal[
    "level and growth", "share and change", "share and levels", "rest", "parts and whole", "counts", "part of the year",
    "sources", "jump",
]  # fmt: skip
Verdict = Literal["contradiction", "remarkable"]
Cause = Literal["scope", "price", "revision", "sources"]


@dataclass(frozen=True)
class Finding:
    """Figures that disagree.

    Attributes
    ----------
    check, verdict, cause : which identity, how strongly, and what is the likely reason.
    indicators, year : whose figures, and in which year they disagree.
    rows : labels in `History.rows` of all figures named.
    told, why : the figures and the cause in words.
    published, implied : the published figure, and what the others imply for it; None where there is no such pair.
    gap : relative for levels and counts, in points (as a fraction) for shares; None without a pair.
    marked : does a scope or a treatment of the history keep them apart already?
    breaks : indicator and year in which a new scope would begin, for the person to accept.
    """

    check: Check
    verdict: Verdict
    cause: Cause
    indicators: tuple[str, ...]
    year: int
    rows: tuple[int, ...]
    told: Text
    why: Text
    published: Quantity | None = None
    implied: Quantity | None = None
    gap: float | None = None
    marked: bool = False
    breaks: tuple[tuple[str, int], ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "told", Text(self.told.en, _set_in_chinese(self.told.zh)))


def _set_in_chinese(text: str) -> str:
    """No space between Chinese characters, nor before a sign of per cent; nothing "is over" a number."""
    tight = re.sub(r"(?<=[\u4e00-\u9fff]) (?=[\u4e00-\u9fff])", "", text).replace(" %", "%")
    return re.sub("为(?=超过|不超过)", "", tight)


def verdict_on(published: Quantity, implied: Quantity) -> Verdict | None:
    if not published.sure.meets(implied.sure):
        return "contradiction"
    return None if published.usual.meets(implied.usual) else "remarkable"


def worst_pair(pairs: Iterable[tuple[Quantity, Quantity]]) -> tuple[Verdict, Quantity, Quantity] | None:
    """The verdict on the pair of alternatives that agrees best: None where any agrees."""
    best: tuple[tuple[bool, Fraction], Verdict, Quantity, Quantity] | None = None
    for published, implied in pairs:
        verdict = verdict_on(published, implied)
        if verdict is None:
            return None
        rank = (verdict == "contradiction", abs(published.point - implied.point))
        if best is None or rank < best[0]:
            best = rank, verdict, published, implied
    return None if best is None else best[1:]


def rows_of(*quantities: Quantity) -> tuple[int, ...]:
    return tuple(dict.fromkeys(itertools.chain.from_iterable(q.rows for q in quantities)))


def relative(published: Quantity, implied: Quantity) -> float:
    return float(published.point / implied.point - 1)


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


def decimals(fraction: Fraction) -> int:
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
    ceiling = not quantity.sure.low and quantity.sure.high == quantity.point
    return Text(f"at most {told}", f"不超过 {told}") if ceiling else Text(told, told)


def name_and_unit(ledger: Ledger, name: str) -> Text:
    """The label of an indicator with the unit of its amounts."""
    words, short = unit_told(ledger, name), name_of(ledger, name)
    return Text(f"{short.en} ({words.en})", f"{short.zh}（{words.zh}）") if words.en else short


def unit_told(ledger: Ledger, name: str) -> Text:
    """The unit of amounts in words; nothing for counts and shares."""
    unit = ledger.history.unit_of(name)
    return Text(unit_words(unit, "en"), unit_words(unit, "zh")) if ledger.is_flow(name) else Text("", "")


def name_of(ledger: Ledger, name: str) -> Text:
    return Text(ledger.history.label_of(name), ledger.history.label_of(name, "zh"))


def difference(gap: float) -> Text:
    told = rate(abs(Fraction(gap)), 1 if abs(gap) < 1 else 0)
    return Text(f"{told} {'more' if gap > 0 else 'less'}", f"{'多' if gap > 0 else '少'} {told}")


def when_told(year: int, part: str) -> Text:
    """A year, or a part of it."""
    if not part:
        return Text(str(year), f"{year} 年")
    months = months_of(f"{year}{part}")
    if not months:
        return Text(f"{year}{part}", f"{year}{part}")
    quarters = {3: Text("quarter", "一季度"), 6: Text("half", "上半年"), 9: Text("three quarters", "前三季度")}
    span = quarters.get(months, Text(f"{months} months", f" 1—{months} 月"))
    return Text(f"the first {span.en} of {year}", f"{year} 年{span.zh}")


REVISION = Text(
    "Likely cause: revision. An earlier vintage of the figures agrees.", "可能原因：数据修订。修订前的数据相互吻合。"
)
