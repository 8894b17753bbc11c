"""Numbers, units and targets in words, for pages and figures; `attain.text` has the signs of its tables."""

from __future__ import annotations

import math
import re
from decimal import Decimal

from attain.language import Language, Text
from attain.target import Target
from attain.text import needed, number, percent, percent_range
from attain.units import parse_amount

_UNITS_ENGLISH = {
    "元": "yuan", "万元": "10,000 yuan", "百万元": "million yuan", "千万元": "10 million yuan",
    "亿元": "100 million yuan", "万亿元": "trillion yuan", "万人": "10,000 people", "人": "people",
    "万个": "10,000", "万家": "10,000", "万户": "10,000", "万件": "10,000",
    "吨": "tonnes", "万吨": "10,000 tonnes", "亿吨": "100 million tonnes",
    "千瓦时": "kWh", "万千瓦时": "10,000 kWh", "亿千瓦时": "100 million kWh",
    **dict.fromkeys(("个", "家", "户", "项", "条", "件", "所", "座"), ""),
}  # fmt: skip
_UNITS_CHINESE = {
    "yuan": "元", "million yuan": "百万元", "billion yuan": "十亿元", "trillion yuan": "万亿元",
    "piece": "个", "pieces": "个", "firms": "家", "tonnes": "吨", "kWh": "千瓦时", "fraction": "",
}  # fmt: skip
_SHOWS = 0.005  # errors that round to 1 % and more
_HAN = re.compile("[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")
_LATIN = re.compile("[A-Za-z]")
_BRACKETS = re.compile(r"\(([^()]*)\)")
_POINTS = re.compile(f"(?:(?<={_HAN.pattern})|(?=.\\s?{_HAN.pattern}))([,:;?!])(?<!\\d,(?=\\d))\\s?")
_FULL_WIDTH = {",": "\uff0c", ":": "\uff1a", ";": "\uff1b", "?": "\uff1f", "!": "\uff01"}
_WORDS = {
    "at_least": Text("at least {}", "不少于{}"),
    "more_than": Text("more than {}", "超过{}"),
    "at_most": Text("at most {}", "不超过{}"),
    "less_than": Text("less than {}", "低于{}"),
    "about": Text("about {}", "{}左右"),
    "between": Text("{} to {}", "{}至{}"),
}
_FRAMES = {
    "growth": Text("growth of {} a year", "年均增长{}"),
    "growth every-year": Text("growth of {} in every year", "每年增长{}"),
    "growth cumulative": Text("growth of {} in all", "累计增长{}"),
    "multiple": Text("{} the level of {since}", "达到 {since} 年的{}"),
    "reduction": Text("{} below {since}", "比 {since} 年下降{}"),
}


def chinese(text: str) -> str:
    """The text with full-width punctuation wherever it stands beside or around Chinese characters; text that is
    mostly in another language stays as it is."""
    if 5 * len(_HAN.findall(text)) < len(_LATIN.findall(text)):
        return text
    text = _BRACKETS.sub(lambda m: f"\uff08{m[1]}\uff09" if _is_chinese(text, m) else m[0], text)
    return _POINTS.sub(lambda m: _FULL_WIDTH[m[1]], text)


def _is_chinese(text: str, match: re.Match[str]) -> bool:
    return bool(_HAN.search(match[1]) or _HAN.fullmatch(text[max(0, match.start() - 1) : match.start()]))


def tight(text: str, language: Language) -> str:
    """Per cent signs as the language sets them: after a space, in Chinese after none."""
    return text.replace(" %", "%") if language == "zh" else text


def chance(probability: float, language: Language) -> str:
    """A probability in whole per cent."""
    return tight(percent(probability), language)


def share_words(fraction: float, error: float, language: Language) -> str:
    """A part of a whole in whole per cent, with its standard error where that shows."""
    spread = f" ± {100 * error:.0f}" if error >= _SHOWS else ""
    return tight(f"{100 * fraction:.0f}{spread} %", language)


def chance_range(low: float, high: float, language: Language) -> str:
    """A range of probabilities in whole per cent."""
    return tight(percent_range(low, high), language)


def unit_words(unit: str, language: Language) -> str:
    """A unit in the words of the language; nothing for pieces, which English counts without one."""
    return (_UNITS_CHINESE if language == "zh" else _UNITS_ENGLISH).get(unit, unit)


def figure_words(value: float | None, unit: str, language: Language) -> str:
    """A figure with its unit; a dash where there is none."""
    if value is None or not math.isfinite(value):
        return "–"
    if unit in ("per year", "fraction"):
        return tight(number(value, unit).replace("-", "−"), language)
    return _with_unit(number(value, unit).replace("-", "−"), unit, language)


def _with_unit(figure: str, unit: str, language: Language) -> str:
    if unit in ("times", "×"):
        return f"{figure} 倍" if language == "zh" else f"{figure} times"
    words = unit_words(unit, language)
    times = "× " if words[:1].isdigit() else ""
    space = "" if language == "zh" and words else " "
    return tight(f"{figure}{space}{times}{words}".rstrip(), language)


def published_figure(value: float, unit: str, language: Language) -> str:
    """A figure with all the digits that were published."""
    return _with_unit(f"{value:,.10g}", unit, language)


def needs_words(change: float | None, kind: str, language: Language) -> str:
    """What a target of a kind needs a year, growth in per cent or points of a share, without "a year"."""
    told = needed(change, kind, language)
    return "–" if told == "-" else tight(told.replace("-", "−"), language)


def growth_words(rate: float | None, language: Language) -> str:
    """A rate per year in per cent, without "a year"."""
    return figure_words(rate, "per year", language)


def stated_words(target: Target, language: Language) -> str:
    """The number of a target with its word, as the plan states it: more than 5 trillion yuan."""
    values = [target.value] if target.upper is None else [target.value, target.upper]
    shown = _WORDS[target.word].say(language).format(*(_stated_figure(target, value, language) for value in values))
    frame = _FRAMES.get(f"{target.kind} {target.mode}") or _FRAMES.get(target.kind)
    told = shown if frame is None else frame.say(language).format(shown, since=target.since)
    return _with_threshold(target, told, language)


def _with_threshold(target: Target, told: str, language: Language) -> str:
    if target.threshold is None:
        return told
    value, unit = parse_amount(target.threshold)
    size = _with_unit(f"{float(value):,.10g}", unit or "", language)
    if target.members is not None:
        named = len(target.members)
        return Text(f"{told} of {named} members, each over {size}", f"{told}（所列 {named} 个中，门槛 {size}）").say(
            language
        )
    return Text(f"{told}, each over {size}", f"{told}（门槛 {size}）").say(language)


def _stated_figure(target: Target, value: Decimal, language: Language) -> str:
    if target.is_rate:
        return tight(f"{float(100 * value):,.10g} %", language)
    unit = "times" if target.kind == "multiple" else target.effective_unit or ""
    return _with_unit(f"{float(value):,.10g}", unit, language)
