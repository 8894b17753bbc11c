"""Do the published figures of a history agree with each other? Contradictions beyond rounding, what is remarkable, and
scope breaks for a person to accept."""

from __future__ import annotations

import functools
import itertools
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pandas as pd
from pydantic import ValidationError

from attain.disagreement import Finding
from attain.errors import ArgumentError, BasisError, UnitError
from attain.figure_checks import figure_findings
from attain.history import COLUMNS, History
from attain.identity import Identity, unknown_ids
from attain.identity_checks import identity_findings, level_jumps
from attain.language import Language, Text, check_language
from attain.ledger import Ledger, Quantity, rounding_of
from attain.reading import load_history
from attain.target import plain_message
from attain.text import wrap
from attain.units import decimal, parse_amount

TABLE_COLUMNS = (
    "check", "verdict", "cause", "indicator", "others", "year", "published", "implied", "low", "high", "gap", "marked",
    "places", "text", "text_zh", "why", "why_zh",
)  # fmt: skip
_CAUSES = ("scope", "price", "sources", "revision")
_HEADS = (
    Text(
        "Contradictions: not all of these can be true on one scope, whatever the rounding",
        "矛盾：同一口径下不可能同时成立，且非四舍五入所致",
    ),
    Text(
        "Remarkable: possible, but hard to believe without a change of scope or of prices",
        "存疑：并非不可能，但若口径、价格未变则难以成立",
    ),
    Text("Kept apart already, by a scope or a treatment of the data", "已由口径或数据处理分开"),
)  # fmt: skip
_READ = Text(
    "Figures are read as what rounds to them (39,000: 38,500 to 39,500; 9.8 %: 9.75 to 9.85 %), floors as anything"
    " above them; published growth is on comparable scope.",
    "数字按四舍五入理解（39,000 即 38,500 至 39,500，9.8% 即 9.75% 至 9.85%），“超过”只作下限；公布的增速为可比口径。",
)


@dataclass(frozen=True, eq=False)
class Audit:
    """Where the figures of a history disagree; made by `audit`.

    Attributes
    ----------
    history
        What was audited.
    identities
        The identities between its indicators that were checked.
    findings
        What was found, contradictions first; those that the history keeps apart already come last.
    """

    history: History
    identities: tuple[Identity, ...]
    findings: tuple[Finding, ...]

    @functools.cached_property
    def table(self) -> pd.DataFrame:
        """Frame, one row per finding: check, verdict (contradiction or remarkable), cause (scope, price, revision or
        sources), indicator, others (the other indicators of the identity), year, published, implied with low and high
        (what rounding leaves open), gap (relative for levels and counts, in points for shares, both as fractions),
        marked (does a scope or a treatment keep the figures apart already?), places (where the figures stand), text and
        why in English and Chinese. Growth, shares and changes are fractions; what does not apply is NaN.
        """
        return pd.DataFrame([self._row(finding) for finding in self.findings], columns=list(TABLE_COLUMNS))

    def _row(self, finding: Finding) -> dict[str, Any]:
        implied = finding.implied
        ends = (None, None) if implied is None else implied.sure
        return {
            "check": finding.check, "verdict": finding.verdict, "cause": finding.cause,
            "indicator": finding.indicators[0], "others": ", ".join(finding.indicators[1:]), "year": finding.year,
            "published": _float(finding.published), "implied": _float(implied),
            "low": math.nan if ends[0] is None else float(ends[0]),
            "high": math.nan if ends[1] is None else float(ends[1]),
            "gap": math.nan if finding.gap is None else finding.gap, "marked": finding.marked,
            "places": ", ".join(str(self.history.rows.at[row, "place"]) for row in finding.rows),
            "text": finding.told.en, "text_zh": finding.told.zh, "why": finding.why.en, "why_zh": finding.why.zh,
        }  # fmt: skip

    @functools.cached_property
    def breaks(self) -> tuple[tuple[str, int], ...]:
        """Indicator and first year of each scope that is proposed: those of findings not marked yet, whose cause is
        scope."""
        proposed = (f.breaks for f in self.findings if not f.marked and f.cause == "scope")
        return tuple(dict.fromkeys(itertools.chain.from_iterable(proposed)))

    @functools.cached_property
    def proposals(self) -> pd.DataFrame:
        """Rows to accept: frame with the columns of a tidy history and `place`, each to stand in place of the row
        there, with a scope that ends or begins at a proposed break."""
        rows = [row for name in dict.fromkeys(name for name, _ in self.breaks) for row in self._split(name)]
        return pd.DataFrame(rows, columns=["place", *COLUMNS])

    def _split(self, name: str) -> Iterator[dict[str, Any]]:
        own = self.history.rows[self.history.rows["indicator"] == name]
        years = sorted(year for indicator, year in self.breaks if indicator == name)
        for _, row in own.iterrows():
            begun = [year for year in years if year <= row["year"]]
            span = f"since {begun[-1]}" if begun else f"to {years[0] - 1}"
            scope = f"{row['scope']}, {span}" if row["scope"] else span
            yield {"place": row["place"], **{c: row[c] for c in COLUMNS}, **_as_published(row), "scope": scope}

    def summary(self, *, language: Language = "en") -> str:
        """The audit as a page of text of at most 100 columns."""
        check_language(language)
        blocks = [_wrapped(headline(self).say(language)), *self._sections(language)]
        return "\n\n".join("\n".join(block) for block in blocks)

    def _sections(self, language: Language) -> Iterator[list[str]]:
        number = 0
        for head, findings in zip(_HEADS, self.parts(), strict=True):
            lines = _wrapped(head.say(language))
            for why, together in groups(findings):
                number += 1
                told = [finding.told.say(language) for finding in together]
                lines += ["", *_wrapped(f"{number:>2}. {told[0]}", "    ")]
                for text in (*told[1:], why.say(language)):
                    lines += _wrapped(f"    {text}", "    ")
            if findings:
                yield lines
        if self.breaks:
            yield _wrapped(breaks_told(self).say(language))
        yield _wrapped(_READ.say(language))

    def parts(self) -> tuple[list[Finding], list[Finding], list[Finding]]:
        """Contradictions and remarkable findings that the history does not keep apart, and those that it does."""
        fresh = [finding for finding in self.findings if not finding.marked]
        return (
            [f for f in fresh if f.verdict == "contradiction"],
            [f for f in fresh if f.verdict == "remarkable"],
            [f for f in self.findings if f.marked],
        )

    def to_frame(self) -> pd.DataFrame:
        """A copy of `table`."""
        return self.table.copy()

    def to_dict(self) -> dict[str, Any]:
        """The findings and the proposed rows as plain data; what does not apply is None."""
        findings, proposals = _plain(self.table), _plain(self.proposals)
        return {"schema": 1, "history": self.history.name, "findings": findings, "proposals": proposals}

    def to_json(self) -> str:
        """`to_dict()` as JSON text."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=2, allow_nan=False)

    def _repr_html_(self) -> str:
        from attain.fragments import audit_fragment

        return audit_fragment(self)


def headline(result: Audit) -> Text:
    """What was found, in one sentence."""
    contradictions, remarkable, marked = (len(part) for part in result.parts())
    rows, indicators, known = len(result.history.rows), len(result.history.indicators), len(result.identities)
    told = f"Audit of {result.history.name}: {_many(rows, 'figure')} of {_many(indicators, 'indicator')}"
    identities = f", {_many(known, 'identity', 'identities')} between them" if known else ""
    about = Text(
        f"{told}{identities}.", f"{result.history.name} 数据核查：{indicators} 个指标，{rows} 条数据"
        + (f"，指标间恒等关系 {known} 个。" if known else "。"),
    )  # fmt: skip
    if not result.findings:
        return Text(f"{about.en} Nothing contradicts beyond rounding.", f"{about.zh}未发现超出四舍五入的矛盾。")
    counts = Text(
        f"{_many(contradictions, 'contradiction')}, {remarkable} remarkable",
        f"矛盾 {contradictions} 处，存疑 {remarkable} 处",
    )
    apart = Text(f"; {marked} more that the history keeps apart already", f"，另有 {marked} 处数据中已分开处理")
    more = apart if marked else Text("", "")
    return Text(f"{about.en} {counts.en}{more.en}.", f"{about.zh}{counts.zh}{more.zh}。")


def _many(count: int, one: str, several: str = "") -> str:
    return f"{count} {one if count == 1 else several or one + 's'}"


def breaks_told(result: Audit) -> Text:
    """The proposed breaks of scope."""
    label, rows = result.history.label_of, len(result.proposals)
    told = "; ".join(f"{label(name)} from {year}" for name, year in result.breaks)
    told_zh = "；".join(f"{label(name, 'zh')}自 {year} 年起" for name, year in result.breaks)
    return Text(
        f"Proposed: a new scope for {told}. The {rows} rows stand in .proposals, to be put"
        " in place of those of the same place by whoever accepts them.",
        f"建议新设口径：{told_zh}。相应的 {rows} 行见 .proposals，如予采纳，替换同一位置的原有各行。",
    )


def groups(findings: Sequence[Finding]) -> Iterator[tuple[Text, list[Finding]]]:
    """Findings of the same indicators with the same cause, told together."""
    found: dict[tuple[Any, ...], list[Finding]] = {}
    for finding in findings:
        found.setdefault((finding.check, finding.indicators, finding.why), []).append(finding)
    for (_, _, why), together in found.items():
        yield why, together


def _wrapped(text: str, indent: str = "") -> list[str]:
    """Lines that never part a number from its sign of per cent."""
    return [line.replace("\u00a0", " ") for line in wrap(text.replace(" %", "\u00a0%"), indent)]


def _float(quantity: Quantity | None) -> float:
    return math.nan if quantity is None else float(quantity.point)


def _as_published(row: pd.Series[Any]) -> dict[str, Any]:
    """Value and unit of a row as a table of figures states them: rates in per cent, changes in points."""
    value: Any = decimal(row["value"])
    if row["kind"] == "growth" or row["kind"] == "change":
        value = (value * 100).normalize()
        return {"value": f"{value:f}", "unit": "%" if row["kind"] == "growth" else "pp"}
    told = {"value": f"{Decimal(value).normalize():f}"}
    if row["kind"] == "level" and row["rounding"] != "":
        told["rounding"] = f"{rounding_of(row.to_dict()):.10g}"
    return told


def _plain(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a frame as JSON takes them."""
    return [
        {str(c): None if isinstance(v, float) and math.isnan(v) else v for c, v in row.items()}
        for row in frame.to_dict("records")
    ]


def audit(history: Any, *, identities: Sequence[Identity | Mapping[str, Any]] = ()) -> Audit:
    """Check the figures of a history against each other.

    A level and its published growth against the level before; a share against its part and its whole, and what it
    leaves; parts against their sum; counts against totals; what is reached within a year against the year; sources
    against each other. All within rounding, in exact arithmetic. Older vintages are not compared, but name a revision
    as the cause where they agree.

    Parameters
    ----------
    history : anything that `load_history` takes.
    identities : how indicators hang together, beside what a bundled history says of itself: each an `Identity` or a
        mapping of its fields, such as `{"kind": "share", "share": "rd_intensity", "parts": ["rd"], "whole": "gdp"}`.

    Raises
    ------
    ArgumentError
        For an identity that is not one, or names an indicator that the history lacks.
    BasisError
        For an identity between indicators at nominal and at constant prices.
    UnitError
        For an identity between indicators, or with thresholds, whose units do not convert.
    """
    figures = load_history(history)
    every = (*figures.identities, *(_identity(given) for given in identities))
    unknown = next(unknown_ids(every, figures.indicators), None)
    if unknown is not None:
        raise ArgumentError(
            f"identities: no indicator {unknown!r}; {figures.name} has {', '.join(figures.indicators[:20])}"
        )
    _refuse_mixed_prices(figures, every)
    ledger = Ledger(figures)
    _refuse_mixed_units(ledger, every)
    return Audit(figures, every, tuple(_findings(ledger, every)))


def _refuse_mixed_prices(history: History, identities: Sequence[Identity]) -> None:
    for identity in identities:
        prices = {name: history.price_of(name) for name in (identity.whole, *identity.parts)}
        if len(set(prices.values())) > 1:
            told = ", ".join(f"{name} at {price} prices" for name, price in prices.items())
            raise BasisError(f"identities: the {identity.kind} mixes {told}; give both at the same prices")


def _refuse_mixed_units(ledger: Ledger, identities: Sequence[Identity]) -> None:
    for identity in identities:
        try:
            for size in identity.thresholds:
                parse_amount(size, ledger.history.unit_of(identity.whole))
            alike = identity.parts if identity.kind == "members" else (identity.whole, *identity.parts)
            for name in alike[1:]:
                ledger.in_unit_of(alike[0], name, ())
        except UnitError as error:
            told = f"the {identity.kind} of {', '.join(identity.parts)} in {identity.whole}"
            raise UnitError(f"identities: {told}: {error}; give units that convert") from error


def _findings(ledger: Ledger, identities: Sequence[Identity]) -> list[Finding]:
    """All findings: contradictions first, what is kept apart already last, then by cause, the latest year first."""
    found = [*figure_findings(ledger), *identity_findings(ledger, identities)]
    linked = {(f.indicators[0], f.year) for f in found if f.check == "level and growth"}
    found += level_jumps(ledger, identities, linked)
    return sorted(found, key=lambda f: (f.verdict != "contradiction", f.marked, _CAUSES.index(f.cause), -f.year))


def _identity(given: Identity | Mapping[str, Any]) -> Identity:
    if isinstance(given, Identity):
        return given
    try:
        return Identity.model_validate(given)
    except ValidationError as error:
        raise ArgumentError(f"identities: {plain_message(error)}") from error
