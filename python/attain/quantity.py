"""Levels, rates and targets as the sentences of a check say them, in English and in Chinese."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from attain.language import Text, listed
from attain.levels import Figure, in_unit
from attain.target import Target
from attain.text import label_of
from attain.units import parse_amount, unit
from attain.wording import stated_words, tight, unit_words

_DIGITS = 5
_LARGE = (("trillion", 12), ("billion", 9), ("million", 6))
_IN_BRACKETS = re.compile("（([^（）]*)）$")


def _rounded(value: float, digits: int, down: bool | None) -> float:
    """A value to so many decimals: nearest, or down or up."""
    places: float = 10.0**digits
    scaled = value * places
    near = round(scaled)
    if down is None or abs(scaled - near) < 1e-6:
        return near / places
    return (math.floor(scaled) if down else math.ceil(scaled)) / places


def rate(value: float, down: bool | None = None) -> Text:
    """A rate in per cent: to one decimal, or to two where it is rounded down or up."""
    digits = 1 if down is None else 2
    told = f"{_rounded(100 * value, digits, down):.{digits}f}".rstrip("0").rstrip(".").replace("-", "−")
    return Text(f"{told} %", f"{told}%")


def amount(value: Fraction, unit_name: str, down: bool | None = None) -> Text:
    """A level in base units, to five digits; money in English in trillions, billions or millions of yuan."""
    chinese = f"{_figure(in_unit(value, unit_name), down)}{unit_words(unit_name, 'zh')}"
    if unit(unit_name).dimension != "money":
        return Text(f"{_figure(in_unit(value, unit_name), down)} {unit_words(unit_name, 'en')}".rstrip(), chinese)
    word, power = next((w, p) for w, p in _LARGE if abs(value) >= 10**p or p == _LARGE[-1][1])
    return Text(f"{_figure(float(value / 10**power), down)} {word} yuan", chinese)


def _figure(value: float, down: bool | None) -> str:
    whole = len(str(int(abs(value))))
    digits = max(0, _DIGITS - whole)
    told = f"{_rounded(value, digits, down):,.{digits}f}"
    return told.rstrip("0").rstrip(".") if "." in told else told


def label_text(target: Target) -> Text:
    """The label of a target; quotation marks in it become inner ones."""
    return Text(*(label_of(target, language).replace("“", "‘").replace("”", "’") for language in ("en", "zh")))


def quoted(target: Target, *, stated: bool = True) -> Text:
    """A target by its label in quotation marks, with what it states and its year, or without."""
    name = label_text(target)
    if not stated:
        return Text(f"“{name.en}”", f"“{name.zh}”")
    english, chinese = _said(target)
    return Text(f"“{name.en}” ({english})", f"“{name.zh}”（{chinese}）")


def _said(target: Target) -> Text:
    """What a target states, with its years."""
    english = stated_words(_in_large_units(target), "en")
    chinese = _IN_BRACKETS.sub(r"，\1", tight(stated_words(target, "zh"), "zh"))
    if target.kind == "growth" and target.since is not None and target.by is not None:
        return Text(f"{english}, {target.since}–{target.by}", f"{target.since}—{target.by} 年{chinese}")
    if target.by is None:
        return Text(english, chinese)
    return Text(f"{english} by {target.by}", f"{target.by} 年{chinese}")


def _in_large_units(target: Target) -> Target:
    """The target with its money in trillions or billions of yuan, as English counts it."""
    changes: dict[str, object] = {}
    if target.threshold is not None:
        changes["threshold"] = _large(*parse_amount(target.threshold))
    own = target.effective_unit
    if own is not None and unit(own).dimension == "money":
        values = [_large(value, own) for value in (target.value, target.upper) if value is not None]
        changes |= {target.word: tuple(values) if target.word == "between" else values[0], "unit": None}
    return target.model_copy(update=changes)


def _large(value: Decimal, unit_name: str | None) -> str:
    yuan = value * unit(unit_name or "").factor
    word, power = next((w, p) for w, p in _LARGE if abs(yuan) >= 10**p or p == _LARGE[-1][1])
    return f"{(yuan / 10**power).normalize():f} {word} yuan"


def figure_words(figure: Figure, use: Literal["the", "from"] = "the", label: Text | None = None) -> Text:
    """A published figure with its year, the word of its bound and, where told, the label of its indicator; a count or a
    rate as such."""
    said = amount(figure.value, figure.unit) if figure.kind == "level" else rate(float(figure.value))
    what = Text("growth of ", "增速") if figure.kind == "growth" else Text("", "")
    bound = Text("", "")
    if figure.high is None or figure.low is None:
        bound = Text("over ", "超过 ") if figure.high is None else Text("at most ", "不超过 ")
    told = Text(f"{what.en}{bound.en}{said.en}", f"{what.zh}{bound.zh}{said.zh}")
    if use == "from":
        return Text(f"from {told.en} in {figure.year}", f"从 {figure.year} 年的{told.zh}起")
    if label is not None:
        name = Text(f"the {told.en} published for “{label.en}” in", f"年公布的“{label.zh}”{told.zh}")
        return Text(f"{name.en} {figure.year}", f"{figure.year} {name.zh}")
    return Text(f"the {told.en} published for {figure.year}", f"{figure.year} 年公布的{told.zh}")


def joined(parts: Sequence[Text]) -> Text:
    """Several things in one sentence."""
    return Text(listed([part.en for part in parts]), listed([part.zh for part in parts], "、", "与"))
