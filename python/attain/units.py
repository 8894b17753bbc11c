"""Units, amounts and rates, as exact decimals: 5万亿元 is 50,000亿元, "10%" is 0.10, a bare 10 is not a rate."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from attain.errors import UnitError

Number = int | float | str | Decimal


@dataclass(frozen=True)
class Unit:
    """A unit by name: `factor` of it make one base unit of its `dimension` (yuan, one piece, a fraction, ...)."""

    name: str
    dimension: str
    factor: Decimal

    @property
    def adds_up(self) -> bool:
        """Do the parts of a year add up to it? Money and quantities do; counts and shares are stocks."""
        return self.dimension in ("money", "mass", "energy")


def _units(dimension: str, factors: dict[str, str]) -> dict[str, Unit]:
    return {name: Unit(name, dimension, Decimal(factor)) for name, factor in factors.items()}


_MONEY = {"元": "1", "万元": "1e4", "百万元": "1e6", "千万元": "1e7", "亿元": "1e8", "万亿元": "1e12"}
_MONEY_ENGLISH = {"yuan": "1", "million yuan": "1e6", "billion yuan": "1e9", "trillion yuan": "1e12"}
_COUNT = {name: "1" for name in ("个", "家", "户", "项", "条", "件", "人", "所", "座", "piece", "pieces", "firms")}
_COUNT_LARGE = {"万个": "1e4", "万家": "1e4", "万户": "1e4", "万人": "1e4", "万件": "1e4"}
_MASS = {"吨": "1", "万吨": "1e4", "亿吨": "1e8", "tonnes": "1"}
_ENERGY = {"千瓦时": "1", "万千瓦时": "1e4", "亿千瓦时": "1e8", "kWh": "1"}

UNITS: dict[str, Unit] = {
    **_units("money", {**_MONEY, **_MONEY_ENGLISH}),
    **_units("count", {**_COUNT, **_COUNT_LARGE}),
    **_units("fraction", {"%": "0.01", "fraction": "1"}),
    **_units("mass", _MASS),
    **_units("energy", _ENERGY),
    **_units("plain number", {"": "1"}),
}

_NUMBER = re.compile(r"[+-]?(?:(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?")
_AMOUNT = re.compile(r"\s*([+-]?[\d.,_]*\d(?:[eE][+-]?\d+)?)\s*(.*?)\s*")


def unit(name: str) -> Unit:
    """The unit of that name.

    Raises
    ------
    UnitError
        For an unknown name; the message lists the known ones.
    """
    found = UNITS.get(name.strip())
    if found is None:
        begun = [u for u in UNITS if u and u.startswith(name.strip())]
        near = begun or difflib.get_close_matches(name.strip(), [u for u in UNITS if u], n=1, cutoff=0.5)
        hint = f"did you mean {near[0]!r}? " if near else ""
        known = ", ".join(repr(u) for u in UNITS if u)
        raise UnitError(f"unknown unit {name!r}; {hint}known units: {known}, or none for a plain number")
    return found


def convert(value: Decimal, source: str, to: str) -> Decimal:
    """`value` in unit `source` expressed in unit `to`; UnitError when their dimensions differ."""
    a, b = unit(source), unit(to)
    if a.dimension != b.dimension:
        raise UnitError(
            f"cannot convert {source or 'a plain number'} ({a.dimension}) to {to or 'a plain number'} ({b.dimension})"
        )
    return value * a.factor / b.factor


def plain_number(text: str) -> str | None:
    """A number as Python writes it, without the commas that part groups of three digits; None for anything else."""
    stripped = text.strip()
    return stripped.replace(",", "") if _NUMBER.fullmatch(stripped) else None


def decimal(value: Number) -> Decimal:
    """The exact decimal that a person wrote: 0.1 is one tenth, not its binary neighbour.

    Raises
    ------
    UnitError
        For anything but one finite number; commas may part groups of three digits, and nothing else.
    """
    text = plain_number(value) if isinstance(value, str) else str(value)
    try:
        number = Decimal(text or "")
    except InvalidOperation:
        raise UnitError(f"{value!r} is not a number{_hint(str(value))}") from None
    if not number.is_finite():
        raise UnitError(f"{value!r} is not a finite number")
    return number


def _hint(text: str) -> str:
    if "," in text:
        return ": commas part groups of three digits, as in 1,234,567.8; write decimals with a point, as in 1.5"
    return ": write 1000 or 1,000, without the underscore" if "_" in text else ""


def parse_amount(value: Number, default_unit: str | None = None) -> tuple[Decimal, str | None]:
    """Number and unit of an amount: `"5万亿元"`, `50000` with `default_unit="亿元"`.

    Raises
    ------
    UnitError
        For text that is no number with a unit, an unknown unit, or a unit that contradicts `default_unit`.
    """
    if isinstance(value, bool):
        raise UnitError(f"{value!r} is not a number")
    if not isinstance(value, str):
        return decimal(value), default_unit
    match = _AMOUNT.fullmatch(value)
    if match is None:
        raise UnitError(f"{value!r} is not a number with a unit, such as '5万亿元'")
    number, written = decimal(match[1]), match[2]
    if not written:
        return number, default_unit
    unit(written)
    return (number, written) if default_unit is None else (convert(number, written, default_unit), default_unit)


def parse_rate(value: Number, default_unit: str | None = None) -> Decimal:
    """A rate as a fraction: `0.10`, `"10%"`, and `10` with `default_unit="%"` are the same.

    Raises
    ------
    UnitError
        For percentage points, and for a bare number outside (-1, 1]: 10 could mean 10 % or 1000 %.
    """
    number, written = parse_amount(value, default_unit)
    if written is not None and unit(written).dimension != "fraction":
        raise UnitError(f"{value!r} is not a rate; write 0.10 or '10%'")
    if written is not None:
        return number * unit(written).factor
    if not -1 < number <= 1:
        raise UnitError(
            f"a bare rate of {value} could mean {value} % or {number * 100} %; write '{value}%' or {number / 100}"
        )
    return number


def parse_multiple(value: Number, default_unit: str | None = None) -> Decimal:
    """A multiple: `2`, `"2倍"` and `"200%"` are the same."""
    text = value.strip().removesuffix("倍") if isinstance(value, str) else value
    number, written = parse_amount(text, default_unit)
    if written is None:
        return number
    if unit(written).dimension != "fraction":
        raise UnitError(f"{value!r} is not a multiple; write 2, '2倍' or '200%'")
    return number * unit(written).factor


def parse_points(value: Number) -> Decimal:
    """Percentage points as a fraction: `"0.5pp"` is 0.005."""
    text = str(value).strip()
    for suffix in ("pp", "个百分点", "百分点"):
        if text.endswith(suffix):
            return decimal(text.removesuffix(suffix)) / 100
    raise UnitError(f"{value!r} is not in percentage points; write '0.5pp'")
