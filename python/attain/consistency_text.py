"""A check as a page of text: the verdict, what to look at, what the numbers imply, and what depends on how they are
read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from attain.language import Language, Text, check_language, listed, note_of
from attain.quantity import amount, label_text, rate
from attain.text import plan_title, wrap
from attain.units import UNITS
from attain.wording import chinese

if TYPE_CHECKING:
    from attain.consistency import Consistency

VERDICTS = {
    "consistent": Text("Consistent", "一致"),
    "infeasible": Text("Infeasible", "矛盾"),
    "strained": Text("Strained", "偏紧"),
    "over-allocated": Text("Over-allocated", "层层加码"),
    "redundant": Text("Redundant", "多余"),
}
HEADINGS = {
    "conflicts": Text("What contradicts", "矛盾之处"),
    "notes": Text("What to look at", "值得注意之处"),
    "implied": Text("What the numbers imply", "数字的含义"),
    "readings": Text("What depends on how it is read", "取决于如何理解"),
    "alone": Text("What could not be compared", "无从比较的目标"),
}
_ORDER = ("over-allocated", "strained", "redundant")


def consistency_text(result: Consistency, language: Language = "en") -> str:
    """The check as text of at most 100 columns."""
    check_language(language)
    blocks = [[plan_title(result.plan, language), *wrap(verdict(result).say(language), "")]]
    if not result.plan.targets:
        blocks[0] += wrap(note_of(result.plan).say(language), "")
    for name, items in sections(result, language):
        blocks.append([HEADINGS[name].say(language), *(line for item in items for line in _item(item))])
    return "\n\n".join("\n".join(block) for block in blocks)


def _item(text: str) -> list[str]:
    return wrap(f"- {text}", "  ")


def verdict(result: Consistency) -> Text:
    """The answer in one or two sentences."""
    count, conflicts = len(result.plan.targets), len(result.conflicts)
    if not count:
        return Text("The plan has no target, so there is nothing to contradict.", "该规划没有量化目标，无从矛盾。")
    if conflicts:
        plural = "s" if conflicts > 1 else ""
        return Text(
            f"The {count} targets contradict each other, or the published figures: {conflicts} conflict{plural}.",
            f"{count} 个目标之间或与公布数据之间存在 {conflicts} 处矛盾。",
        )
    broken = sorted(set(result.sensitivity.loc[result.sensitivity["verdict"] == "infeasible", "reading"]))
    where = Text("", "")
    if broken:
        where = Text(", as stated; under other readings they do not", "（按原文）；换一种理解则有矛盾")
    elif result.readings > 1:
        where = Text(
            f", in each of {result.readings} combinations of readings and treatments of the data",
            f"，{result.readings} 种理解与数据处理的组合下均是如此",
        )
    targets = Text("The one target is" if count == 1 else f"All {count} targets are", "")
    basis = Text("" if result.history is None else " and the published figures", "")
    return Text(
        f"{targets.en} free of contradiction with each other{basis.en}{where.en}."
        if count > 1
        else f"{targets.en} free of contradiction{where.en}.",
        f"{count} 个目标相互之间{'' if result.history is None else '以及与公布数据之间'}没有矛盾{where.zh}。",
    )


def sections(result: Consistency, language: Language) -> Iterator[tuple[str, list[str]]]:
    """Heading and items of every section that has some."""
    found = {
        "conflicts": [Text(c.text, c.text_zh).say(language) for c in result.conflicts],
        "notes": list(_notes(result, language)),
        "implied": [_implied(row, language) for row in result.implied.to_dict(orient="records")],
        "readings": list(_readings(result, language)),
        "alone": list(_alone(result, language)),
    }
    for name, items in found.items():
        if items:
            yield name, [chinese(item) if language == "zh" else item for item in items]


def _notes(result: Consistency, language: Language) -> Iterator[str]:
    for verdict_word in _ORDER:
        for row in result.verdicts[result.verdicts["verdict"] == verdict_word].to_dict(orient="records"):
            word = VERDICTS[verdict_word].say(language)
            yield Text(f"{word}. {row['text']}", f"{word}：{row['text_zh']}").say(language)


def _implied(row: dict[Any, Any], language: Language) -> str:
    quantity, because = Text(row["quantity"], row["quantity_zh"]), Text(row["because"], row["because_zh"])
    value = between(row["low"], row["high"], row["unit"])
    reason = because.en[:1].upper() + because.en[1:]
    return Text(
        f"{quantity.en[:1].upper()}{quantity.en[1:]}: {value.en}. {reason}.", f"{quantity.zh}：{value.zh}。{because.zh}。"
    ).say(language)


def between(low: float, high: float, unit: str) -> Text:
    """A quantity with one end, two, or one value."""
    bottom, top = (None if end != end else _value(end, unit) for end in (low, high))
    if bottom is not None and top is not None:
        return bottom if bottom == top else Text(f"{bottom.en} to {top.en}", f"{bottom.zh}至{top.zh}")
    if bottom is not None:
        return Text(f"at least {bottom.en}", f"至少{bottom.zh}")
    return Text("no bound", "没有限制") if top is None else Text(f"at most {top.en}", f"至多{top.zh}")


def _value(value: float, unit: str) -> Text:
    if unit == "per year":
        return rate(value)
    if unit == "points per year":
        return Text(f"{100 * value:.2f} points", f"{100 * value:.2f} 个百分点")
    return amount(Fraction(value) * Fraction(UNITS[unit].factor), unit)


def _readings(result: Consistency, language: Language) -> Iterator[str]:
    frame = result.sensitivity
    for reading in dict.fromkeys(zip(frame["reading"], frame["reading_zh"], strict=True)):
        own = frame[frame["reading"] == reading[0]].to_dict(orient="records")
        told = [_change(result, row, language) for row in own]
        yield Text(
            f"With {reading[0]}: {' '.join(told)}{_assumes(result, reading[0], language)}",
            f"{reading[1]}：{''.join(told)}{_assumes(result, reading[0], language)}",
        ).say(language)
    if result.unchanged:
        yield Text(
            f"No verdict changes with {listed([t.en for t in result.unchanged], ', ', ' or ')}.",
            f"以下理解不改变任何结论：{'；'.join(t.zh for t in result.unchanged)}。",
        ).say(language)


def _change(result: Consistency, row: dict[Any, Any], language: Language) -> str:
    if row["verdict"] != "consistent":
        word = VERDICTS[row["verdict"]]
        return Text(f"{word.en.lower()}. {row['text']}", f"{word.zh}。{row['text_zh']}").say(language)
    label = label_text(next(t for t in result.plan.targets if t.id == row["target"]))
    word = VERDICTS[row["as_stated"]]
    return Text(f"“{label.en}” is no longer {word.en.lower()}.", f"“{label.zh}”不再{word.zh}。").say(language)


def _assumes(result: Consistency, reading: str, language: Language) -> str:
    """What the treatments of the data that a reading names assume."""
    treatments = result.history.treatments if result.history is not None else {}
    named = [text.say(language) for name, text in treatments.items() if f"treated as {name}" in reading.split("; ")[-1]]
    return "" if len(named) != 1 else Text(f" ({named[0]})", f"（{named[0]}）").say(language)


def _alone(result: Consistency, language: Language) -> Iterator[str]:
    if not result.alone:
        return
    names = [label_text(t) for t in result.plan.targets if t.id in result.alone]
    few: Sequence[str] = [name.say(language) for name in names]
    yield Text(
        f"No other target and no figure bears on {len(names)} of {len(result.plan.targets)} targets:"
        f" {listed(few, '; ', ' and ')}.",
        f"{len(result.plan.targets)} 个目标中有 {len(names)} 个没有其他目标或数据与之相关：{'、'.join(few)}。",
    ).say(language)
