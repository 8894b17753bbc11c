"""One target of a plan: an indicator, a word (at least, about, ...), a number, a year."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StrictFloat, StrictInt, StrictStr, model_validator

from attain.errors import PlanError, UnitError
from attain.units import parse_amount, parse_multiple, parse_points, parse_rate, unit

Kind = Literal[
    "level", "growth", "share", "multiple", "reduction", "count", "count_above", "flow", "coverage", "ratio"
]  # fmt: skip
Mode = Literal["average", "every-year", "cumulative"]
Price = Literal["nominal", "constant"]
Word = Literal["at_least", "more_than", "at_most", "less_than", "about", "between"]
YearSource = Literal["stated", "section lead", "plan horizon", "resolved"]
Amount = StrictInt | StrictFloat | StrictStr
Year = Annotated[int, Field(ge=1000, le=9999)]

WORDS: tuple[Word, ...] = ("at_least", "more_than", "at_most", "less_than", "about", "between")
AS_STATED, TO_THE_NUMBER = "as stated", "to the number"
_RATES = {"growth", "share", "reduction", "coverage"}
_CHANGES = {"growth", "multiple", "reduction"}
_POSITIVE = {"level", "multiple", "count", "count_above", "flow", "ratio"}
_DEFAULT_TOLERANCE = {"rate": Decimal("0.005"), "amount": Decimal("0.05")}


class Target(BaseModel):
    """A target as a plan states it.

    Exactly one of the words `at_least`, `more_than`, `at_most`, `less_than`, `about`, `between` carries the number.
    Numbers are kept as written; `value`, `upper` and `bounds` read them. `about` is one-sided: at least the number
    less a tolerance, 0.5 percentage points for rates and 5 % for amounts unless `approx_tolerance` says otherwise.

    Attributes
    ----------
    id
        Name of the target within its plan.
    kind
        What the number is: a level; a growth rate per year; a share `of` another quantity; a multiple of, or a
        reduction from, the level of a base year; a count; a count of members above a `threshold` (count_above); a flow
        `per` year or period; the coverage of a population; a ratio `of` one count per another.
    indicator
        Id or Chinese label of the indicator in the history.
    label, label_zh
        For tables and figures.
    unit
        Unit of the number where it is not written beside it.
    by, since
        Target year; base year of a growth, multiple or reduction.
    by_source, since_source
        Where the year comes from: stated, section lead, plan horizon, or resolved from words.
    mode
        Of a growth: average over the window (default), every year, or cumulative.
    of, per
        Denominator of a share, coverage or ratio; what one unit of it, or one period of a flow, is.
    threshold
        Of a count_above: the size over which members count, such as `1000亿元`.
    members
        Of a count_above: the indicators that can count, each with figures of its own; without them it is not assessed.
    entity, scope
        Whose number it is; what is counted, where the document says so.
    price
        Nominal (default) or constant prices.
    aspiration
        The plan says 力争 (strive for).
    nature
        Binding (约束性) or expected (预期性), where the plan says so.
    control
        Market, influenced, or administrative (an issuer certifies it).
    clause, words
        Where in the document, and the few words that carry the number there.
    note, note_zh
        What a reader should know, in English and in Chinese.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(min_length=1)
    kind: Kind
    indicator: str = Field(min_length=1)
    label: str | None = None
    label_zh: str | None = None
    at_least: Amount | None = None
    more_than: Amount | None = None
    at_most: Amount | None = None
    less_than: Amount | None = None
    about: Amount | None = None
    between: tuple[Amount, Amount] | None = None
    approx_tolerance: Amount | None = None
    unit: str | None = None
    by: Year | None = None
    by_source: YearSource = "stated"
    since: Year | None = None
    since_source: YearSource = "stated"
    mode: Mode | None = None
    of: str | None = None
    per: str | None = None
    threshold: str | None = None
    members: tuple[str, ...] | None = None
    entity: str | None = None
    scope: str | None = None
    price: Price = "nominal"
    aspiration: bool = False
    nature: Literal["binding", "expected"] | None = None
    control: Literal["market", "influenced", "administrative"] = "market"
    clause: str | None = None
    words: str | None = None
    note: str | None = None
    note_zh: str | None = None

    @property
    def word(self) -> Word:
        """The one word that carries the number."""
        return next(w for w in WORDS if getattr(self, w) is not None)

    @property
    def is_rate(self) -> bool:
        """Is the number a rate rather than an amount?"""
        return self.kind in _RATES

    @property
    def value(self) -> Decimal:
        """The stated number, in `effective_unit` (rates as fractions); the lower one of `between`."""
        return self._number(self._stated[0])

    @property
    def upper(self) -> Decimal | None:
        """The upper number of `between`, else None."""
        return None if self.between is None else self._number(self.between[1])

    @property
    def _stated(self) -> tuple[Amount, ...]:
        """The number as written; both of `between`."""
        stated = getattr(self, self.word)
        return stated if self.word == "between" else (stated,)

    @property
    def effective_unit(self) -> str | None:
        """The unit of `value`: the one written beside the number, else `unit`; None for rates and multiples."""
        if self.is_rate or self.kind == "multiple":
            return None
        return parse_amount(self._stated[0], self.unit)[1]

    @property
    def bounds(self) -> tuple[Decimal | None, Decimal | None]:
        """Lower and upper bound of the event in `effective_unit`, None where it is open."""
        if self.word == "between":
            return self.value, self.upper
        if self.word in ("at_most", "less_than"):
            return None, self.value
        return (self.value - self._tolerance() if self.word == "about" else self.value), None

    @property
    def counts(self) -> tuple[int | None, int | None]:
        """The least and the largest number of members that attain a count_above, None where it is open."""
        lower, upper = self.bounds
        if self.word == "more_than":
            return math.floor(self.value) + 1, None
        if self.word == "less_than":
            return None, math.ceil(self.value) - 1
        return None if lower is None else math.ceil(lower), None if upper is None else math.floor(upper)

    @property
    def readings(self) -> dict[str, Target]:
        """The target under each reading of its words: as stated; for `about` (左右) also to the number, with no
        tolerance."""
        strict = {"at_least": self.about, "about": None, "approx_tolerance": None}
        to_the_number = {} if self.about is None else {TO_THE_NUMBER: self.model_copy(update=strict)}
        return {AS_STATED: self, **to_the_number}

    def holds(self, figure: Decimal) -> bool:
        """Does a published figure, in the unit of `bounds`, attain the target?"""
        lower, upper = self.bounds
        if self.word == "more_than":
            return figure > self.value
        if self.word == "less_than":
            return figure < self.value
        return (lower is None or figure >= lower) and (upper is None or figure <= upper)

    def _number(self, stated: Amount) -> Decimal:
        if self.is_rate:
            return parse_rate(stated, self.unit)
        if self.kind == "multiple":
            return parse_multiple(stated, self.unit)
        return parse_amount(stated, self.effective_unit)[0]

    def _tolerance(self) -> Decimal:
        if self.approx_tolerance is None:
            default = _DEFAULT_TOLERANCE["rate" if self.is_rate else "amount"]
            return default if self.is_rate else self.value * default
        if self.is_rate:
            return parse_points(self.approx_tolerance)
        return self.value * parse_rate(self.approx_tolerance)

    @model_validator(mode="after")
    def _check(self) -> Self:
        stated = [w for w in WORDS if getattr(self, w) is not None]
        if len(stated) != 1:
            named = "none" if not stated else " and ".join(stated)
            raise ValueError(f"exactly one of {', '.join(WORDS)} carries the number; given: {named}")
        self._check_numbers()
        self._check_fields_of_kind()
        self._check_members()
        return self

    def _check_numbers(self) -> None:
        if self.unit is not None:
            unit(self.unit)
        if self.threshold is not None and parse_amount(self.threshold)[1] is None:
            raise ValueError(f"threshold: {self.threshold!r} has no unit; write for instance '1000亿元'")
        if self.threshold is not None and not 0 < float(parse_amount(self.threshold)[0]) < math.inf:
            raise ValueError(f"threshold: a size is positive, not {self.threshold!r}")
        try:
            lower, upper = self.bounds
        except UnitError as error:
            raise ValueError(f"{self.word}: {error}") from error
        if any(bound is not None and math.isinf(float(bound)) for bound in (lower, upper)):
            raise ValueError(f"{self.word}: the number is too large")
        if lower is not None and upper is not None and lower > upper:
            raise ValueError(f"between: the lower number {lower} is above the upper {upper}")
        self._check_tolerance()
        if self.kind == "growth" and any(bound is not None and bound <= -1 for bound in (lower, upper)):
            raise ValueError(f"{self.word}: growth of -100 % or less leaves nothing to grow")
        if self.kind == "reduction" and not 0 < self.value < 1:
            raise ValueError(f"{self.word}: a reduction lies between 0 and 100 %, not at {float(100 * self.value):g} %")
        if self.kind in _POSITIVE and self.value <= 0:
            raise ValueError(f"{self.word}: a {self.kind} must be positive, not {self.value}")
        if self.kind in ("share", "coverage") and not 0 <= self.value <= 1:
            raise ValueError(
                f"{self.word}: a {self.kind} lies between 0 and 100 %, not at {float(100 * self.value):g} %"
            )

    def _check_tolerance(self) -> None:
        if self.approx_tolerance is None:
            return
        if self.word != "about":
            raise ValueError(f"approx_tolerance: belongs to about, not to {self.word}; leave it out")
        try:
            tolerance = parse_points(self.approx_tolerance) if self.is_rate else parse_rate(self.approx_tolerance)
        except UnitError as error:
            raise ValueError(f"approx_tolerance: {error}") from error
        if not 0 <= tolerance < 1:
            raise ValueError(f"approx_tolerance: {self.approx_tolerance!r} is not between 0 and 100 %")

    def _check_fields_of_kind(self) -> None:
        belongs = {
            "mode": {"growth"},
            "since": _CHANGES,
            "of": {"share", "coverage", "ratio"},
            "per": {"flow", "ratio"},
            "threshold": {"count_above"},
            "members": {"count_above"},
        }
        for field, kinds in belongs.items():
            if getattr(self, field) is not None and self.kind not in kinds:
                raise ValueError(f"{field}: belongs to {' or '.join(sorted(kinds))}, not to {self.kind}; leave it out")
        for field, kinds in {"of": {"share", "ratio"}, "threshold": {"count_above"}}.items():
            if getattr(self, field) is None and self.kind in kinds:
                raise ValueError(f"{field}: a {self.kind} needs it")
        if self.kind in _CHANGES and self.by is not None and self.since is None:
            raise ValueError(f"since: a {self.kind} needs its base year; write for instance since: {self.by - 3}")
        if self.since is not None and self.by is not None and self.since >= self.by:
            raise ValueError(f"since: the base year {self.since} is not before the target year {self.by}")

    def _check_members(self) -> None:
        if self.members is None:
            return
        named = len(self.members)
        if named < 2 or len(set(self.members)) < named:
            raise ValueError(
                f"members: name two or more indicators, each once, not {', '.join(self.members) or 'none'}"
            )
        own = unit(self.effective_unit or "")
        if own.dimension not in ("count", "plain number") or own.factor != 1:
            raise ValueError(
                f"{self.word}: members are counted one by one, not in {own.name}; write for instance '10个'"
            )
        least, most = self.counts
        if least is not None and least > named:
            raise ValueError(f"members: {named} are named, and {least} of them cannot count; name all that can")
        if most is not None and most >= named:
            raise ValueError(f"members: {named} are named, so that at most {most} is no limit; name all that can count")
        if least is not None and most is not None and least > most:
            raise ValueError(f"{self.word}: no whole number lies between {self.value} and {self.upper}")


def _build(kind: Kind, indicator: str, fields: dict[str, Any]) -> Target:
    fields.setdefault("id", f"{indicator}-{kind}-{fields.get('by')}")
    try:
        return Target(kind=kind, indicator=indicator, **fields)
    except UnitError as error:
        raise PlanError(f"target {fields['id']!r}: {error}") from error
    except ValueError as error:
        raise PlanError(f"target {fields['id']!r}: {plain_message(error)}") from error


def plain_message(error: ValueError) -> str:
    """The sentences of a pydantic error without its apparatus."""
    problems = getattr(error, "errors", None)
    if problems is None:
        return str(error)
    return "; ".join(describe_problem(p) for p in problems())


def describe_problem(problem: dict[str, Any]) -> str:
    """One pydantic problem as `field: sentence`."""
    place = ".".join(str(part) for part in problem["loc"])
    message = problem["msg"].removeprefix("Value error, ")
    return f"{place}: {message}" if place else message


def level(indicator: str, /, **fields: Any) -> Target:
    """A level to be reached by a year: `level("gdp", by=2030, at_least="5万亿元")`.

    Parameters
    ----------
    indicator
        Id or Chinese label of the indicator.
    **fields
        The fields of `Target`: a word with the number, `by`, and `unit` where the number carries none.

    Raises
    ------
    PlanError
        Naming the target, the field and the way out.
    """
    return _build("level", indicator, fields)


def growth(indicator: str, /, **fields: Any) -> Target:
    """A growth rate per year over a window: `growth("gdp", since=2025, by=2030, about="8%")`.

    `mode="average"` (default) is the compound rate over the window, `"cumulative"` the total change, `"every-year"`
    each year on its own. Parameters and errors as in `level`; `since` is the base year.
    """
    return _build("growth", indicator, fields)


def share(indicator: str, /, **fields: Any) -> Target:
    """A share of another quantity: `share("sei_va_share", of="industrial_va", by=2025, at_least="28%")`.

    Parameters and errors as in `level`; `of` names the denominator.
    """
    return _build("share", indicator, fields)


def multiple(indicator: str, /, **fields: Any) -> Target:
    """A multiple of a base year's level: `multiple("gdp", since=2025, by=2035, at_least=2)` doubles it.

    Parameters and errors as in `level`; `since` is the base year.
    """
    return _build("multiple", indicator, fields)


def reduction(indicator: str, /, **fields: Any) -> Target:
    """A fall from a base year's level: `reduction("energy_intensity", since=2020, by=2025, at_least="13.5%")`.

    Parameters and errors as in `level`; `since` is the base year.
    """
    return _build("reduction", indicator, fields)


def count(indicator: str, /, **fields: Any) -> Target:
    """A number of things: `count("high_tech_firms", by=2028, at_least="9000家")`. As `level` otherwise."""
    return _build("count", indicator, fields)


def count_above(indicator: str, /, **fields: Any) -> Target:
    """A number of members above a size: `count_above("clusters", threshold="1000亿元", by=2028, at_least="10个")`.

    Parameters and errors as in `level`; `members` names the indicators that can count.
    """
    return _build("count_above", indicator, fields)


def flow(indicator: str, /, **fields: Any) -> Target:
    """An amount in every year or period: `flow("projects", per="year", by=2028, at_least="100个")`.

    Parameters and errors as in `level`.
    """
    return _build("flow", indicator, fields)


def coverage(indicator: str, /, **fields: Any) -> Target:
    """The part of a population that has something: `coverage("digital_firms", by=2027, at_least="100%")`.

    Parameters and errors as in `level`; `of` may name the population.
    """
    return _build("coverage", indicator, fields)


def ratio(indicator: str, /, **fields: Any) -> Target:
    """So many of one thing for each of another: `ratio("experts", of="chains", per="chain", by=2023, at_least=1)`.

    Parameters and errors as in `level`; `of` names the other thing.
    """
    return _build("ratio", indicator, fields)
