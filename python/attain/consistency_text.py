"""A check as a page of text: the verdict, what to look at, what the numbers imply, and what depends on how they are
read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from attain.language import Language, Text, check_language, listed, note_of
from attain.quantity import amount, label_text, quoted, rate
from attain.text import plan_title, wrap
from attain.units import UNITS
from attain.wording import chinese, unit_words
from attain.worlds import units_apart

if TYPE_CHECKING:
    from attain.consistency import Consistency

VERDICTS = {
    "infeasible": Text("Infeasible", "矛盾"),
    "over-allocated": Text("Over-allocated", "层层加码"),
    "strained": Text("Strained", "偏紧"),
    "redundant": Text("Redundant", "重复"),
    "consistent": Text("Consistent", "一致"),
}
HEADINGS = {
    "conflicts": Text("What contradicts", "矛盾之处"),
    "notes": Text("What to look at", "值得注意"),
    "readings": Text("What depends on how it is read", "取决于如何理解"),
    "implied": Text("What the numbers imply", "由数字可以推知"),
    "needed": Text("What is still needed, at a constant rate", "今后所需（按不变的速度）"),
    "alone": Text("What stands alone", "孤立的目标"),
}


METHOD = Text(
    "Every verdict is proved in exact arithmetic. Figures of full years before the target year hold within half a unit"
    " of their last digit; “more than” and “less than” exclude the number itself. What the numbers imply takes targets"
    " at their numbers and figures as published. How probable a target is, is for the assessment to say.",
    "各项结论均由精确运算证明：目标年份之前的全年数据允许末位半个单位的舍入误差，“超过”“低于”不含该数本身。由数字推知的量"
    "按目标数和公布数计算。目标实现的可能性见评估结果。",
)


def consistency_text(result: Consistency, language: Language = "en") -> str:
    """The check as text of at most 100 columns."""
    check_language(language)
    blocks = [[plan_title(result.plan, language), *wrap(verdict(result).say(language), "")]]
    if not result.plan.targets:
        blocks[0] += wrap(note_of(result.plan).say(language), "")
    for name, items in sections(result, language):
        blocks.append([HEADINGS[name].say(language), *(line for item in items for line in _item(item))])
    if result.plan.targets:
        blocks.append(wrap(METHOD.say(language), ""))
    return "\n\n".join("\n".join(block) for block in blocks)


def _item(text: str) -> list[str]:
    return wrap(f"- {text}", "  ")


def verdict(result: Consistency) -> Text:
    """The answer in one or two sentences."""
    count, conflicts = len(result.plan.targets), len(result.conflicts)
    if not count:
        return Text("The plan has no target, so there is nothing to contradict.", "该规划没有量化目标，无从矛盾。")
    if conflicts:
        told = Text(f"{conflicts} contradiction{'s' if conflicts > 1 else ''}", f"有 {conflicts} 处矛盾")
        if not any(conflict.targets for conflict in result.conflicts):
            return Text(
                f"{told.en}, whatever the targets: published figures and the relations of the plan do not agree.",
                f"{told.zh}，与目标无关：公布数据与规划中的关系不符。",
            )
        if count == 1:
            return Text(f"{told.en}: the one target cannot be met.", f"{told.zh}：唯一的目标不可能实现。")
        return Text(f"{told.en}: the {count} targets cannot all be met.", f"{told.zh}：{count} 个目标不可能全部实现。")
    beside = Text("", "") if result.history is None else Text(" from the published figures on", "，与公布数据也不冲突")
    met = f"all {count} targets can be met together" if count > 1 else "the one target can be met"
    return Text(
        f"No contradiction: {met}{beside.en}{_where(result).en}.",
        f"没有矛盾：{count} 个目标可以同时实现{beside.zh}{_where(result).zh}。",
    )


def _where(result: Consistency) -> Text:
    """Under which readings the plan holds together."""
    if (result.sensitivity["verdict"] == "infeasible").any():
        return Text(", as stated; under another reading they contradict each other", "（按原文；换一种理解则有矛盾）")
    if result.readings == 1:
        return Text("", "")
    return Text(
        f", in every one of {result.readings} combinations of readings and treatments of the data",
        f"；所考察的 {result.readings} 种理解与数据处理的组合均是如此",
    )


def sections(result: Consistency, language: Language) -> Iterator[tuple[str, list[str]]]:
    """Heading and items of every section that has some."""
    implied = result.implied.to_dict(orient="records")
    found = {
        "conflicts": [Text(c.text, c.text_zh).say(language) for c in result.conflicts],
        "notes": list(_notes(result, language)),
        "readings": list(_readings(result, language)),
        "implied": [_implied(row, language) for row in implied if row["topic"] != "needed"],
        "needed": [_needed(result, row, language) for row in implied if row["topic"] == "needed"],
        "alone": list(_alone(result, language)),
    }
    for name, items in found.items():
        if items:
            yield name, [chinese(item) if language == "zh" else item for item in items]


def _notes(result: Consistency, language: Language) -> Iterator[str]:
    for word in ("over-allocated", "strained", "redundant"):
        for row in result.verdicts[result.verdicts["verdict"] == word].to_dict(orient="records"):
            told = VERDICTS[word]
            yield Text(f"{told.en}. {row['text']}", f"{told.zh}：{row['text_zh']}").say(language)


def _implied(row: dict[Any, Any], language: Language) -> str:
    value = between(row["low"], row["high"], row["unit"])
    quantity = row["quantity"][:1].upper() + row["quantity"][1:]
    return Text(
        f"{quantity}: {value.en} ({row['because']}).", f"{row['quantity_zh']}：{value.zh}（{row['because_zh']}）。"
    ).say(language)


def _needed(result: Consistency, row: dict[Any, Any], language: Language) -> str:
    target = quoted(next(t for t in result.plan.targets if t.id == row["targets"][0]))
    value = between(row["low"], row["high"], row["unit"])
    if row["low"] < 0 or row["high"] < 0:
        fall = between(-row["high"], -row["low"], row["unit"])
        value = Text(f"a fall of {fall.en}", f"下降{fall.zh}")
    return Text(
        f"{target.en}: {value.en} a year {row['because']}.", f"{target.zh}：每年{value.zh}，{row['because_zh']}。"
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
    for reading, reading_zh in dict.fromkeys(zip(frame["reading"], frame["reading_zh"], strict=True)):
        own = frame[frame["reading"] == reading]
        told = list(dict.fromkeys(_change(result, row) for row in own.to_dict(orient="records")))
        words = [VERDICTS[word] for word in own["verdict"].unique() if word != "consistent"]
        verdicts = Text(
            f", {listed([w.en.lower() for w in words])}" if words else "",
            f"，{'、'.join(w.zh for w in words)}" if words else "",
        )
        assumes = _assumes(result, reading)
        yield Text(
            f"If {reading}{assumes.en}{verdicts.en}: {' '.join(t.en for t in told)}",
            f"若{reading_zh}{assumes.zh}{verdicts.zh}：{''.join(t.zh for t in told)}",
        ).say(language)
    if result.unchanged:
        yield Text(
            f"Nothing changes if {listed([t.en for t in result.unchanged], ', ', ', or ')}.",
            f"下列情形不改变任何结论：{'；'.join(t.zh for t in result.unchanged)}。",
        ).say(language)


def _change(result: Consistency, row: dict[Any, Any]) -> Text:
    if row["verdict"] != "consistent":
        return Text(f"{row['text']}", f"{row['text_zh']}")
    label = label_text(next(t for t in result.plan.targets if t.id == row["target"]))
    return Text(
        f"“{label.en}” is no longer {row['as_stated']}.", f"“{label.zh}”不再属于{VERDICTS[row['as_stated']].zh}。"
    )


def _assumes(result: Consistency, reading: str) -> Text:
    """What the treatment of the data that a reading names last assumes."""
    treatments = {} if result.history is None else result.history.treatments
    named = [text for name, text in treatments.items() if reading.endswith(f"treated as {name}")]
    if not named:
        return Text("", "")
    english, chinese_text = (text.rstrip(".。") for text in named[0])
    return Text(f" ({english[:1].lower()}{english[1:]})", f"，即{chinese_text}")


def _alone(result: Consistency, language: Language) -> Iterator[str]:
    apart = {t.id: units for t in result.plan.targets if (units := units_apart(result.plan, result.history, t))}
    for target in (t for t in result.plan.targets if t.id in apart):
        own, theirs = (Text(*(unit_words(u, x) for x in ("en", "zh"))) for u in apart[target.id])
        yield Text(
            f"{quoted(target).en} is not compared with the published figures: its unit ({own.en or 'none'}) does not"
            f" convert to theirs ({theirs.en or 'none'}).",
            f"{quoted(target).zh}未与公布数据比较：其单位（{own.zh or '无'}）与公布数据的单位"
            f"（{theirs.zh or '无'}）不能换算。",
        ).say(language)
    alone = [t for t in result.plan.targets if t.id in result.alone and t.id not in apart]
    undated = [label_text(t) for t in alone if t.by is None]
    if undated:
        quotes, one = _quotes(undated), len(undated) == 1
        yield Text(
            f"{quotes.en} {'has' if one else 'have'} no target year, so nothing could contradict"
            f" {'it' if one else 'them'}.",
            f"{quotes.zh}没有目标年份，因此无从矛盾。",
        ).say(language)
    names = [label_text(t) for t in alone if t.by is not None]
    if names:
        quotes = _quotes(names)
        yield Text(
            f"Nothing that is stated or published bears on {quotes.en}; so nothing could contradict"
            f" {'it' if len(names) == 1 else 'them'}.",
            f"{quotes.zh}与其他目标和公布数据都没有关联，因此也无从矛盾。",
        ).say(language)


def _quotes(names: Sequence[Text]) -> Text:
    return Text(listed([f"“{n.en}”" for n in names]), "、".join(f"“{n.zh}”" for n in names))
