"""Results as text: tables of at most 100 columns, and the wording of probabilities."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import pandas as pd

from attain.language import Language, Text, check_language, note_of
from attain.prior import NO_PRIOR, prior_label
from attain.sensitivity import READINGS, Ends, Grid, Row, choices, data_alone, grids
from attain.target import AS_STATED
from attain.units import UNITS

if TYPE_CHECKING:
    from attain.assessment import Assessment
    from attain.plan import Plan
    from attain.projection import Projection
    from attain.target import Target

WIDTH = 100
FEW_OBSERVATIONS = 6
WIDE_RANGE = 0.3
_NARROWEST = 8
_ENDING = "，。；：、？！）》"
TODAY = Text("Written with today's knowledge:", "以下说明按今天所知写成：")


def percent(probability: float) -> str:
    """A probability as whole per cent, never a false 0 or 100."""
    if probability < 0.01:
        return "<1 %"
    return ">99 %" if probability > 0.99 else f"{100 * probability:.0f} %"


def percent_range(low: float, high: float) -> str:
    """A range of probabilities, one number where both print the same."""
    a, b = percent(low), percent(high)
    return a if a == b else f"{a.removesuffix(' %')}–{b}"


def leads_with_range(observations: float, low: float, high: float) -> bool:
    """Does the range come before the number? With few growth observations, or where its ends are far apart."""
    return observations < FEW_OBSERVATIONS or high - low > WIDE_RANGE


def number(value: float | None, unit: str) -> str:
    """A figure in its unit, rates as per cent."""
    if value is None or not math.isfinite(value):
        return "-"
    if unit in ("per year", "fraction"):
        return f"{100 * value:.1f} %"
    whole = value == round(value) and unit in UNITS and UNITS[unit].dimension == "count"
    return f"{value:,.0f}" if whole or abs(value) >= 100 else f"{value:#.3g}"


def needed(change: float | None, kind: str, language: Language) -> str:
    """What a target of a kind needs a year: growth in per cent, of a share points."""
    if kind != "share" or change is None or not math.isfinite(change):
        return number(change, "per year")
    return Text(f"{100 * change:.2f} points", f"{100 * change:.2f} 个百分点").say(language)


def interval(low: float, high: float, unit: str, language: Language = "en") -> str:
    """Two figures of one unit."""
    between = Text(" to ", "至").say(language) if min(low, high) < 0 else "–"
    return f"{number(low, unit).removesuffix(' %')}{between}{number(high, unit).removesuffix(' %')}"


def stated(target: Target) -> str:
    """The number of a target with its word, as the plan states it."""
    signs = {"at_least": "≥", "more_than": ">", "at_most": "≤", "less_than": "<", "about": "≈", "between": ""}
    values = [target.value] if target.upper is None else [target.value, target.upper]
    shown = "–".join(f"{float(100 * v if target.is_rate else v):,.10g}" for v in values)
    unit = "%" if target.is_rate else "×" if target.kind == "multiple" else target.effective_unit or ""
    return f"{signs[target.word]}{shown} {unit}".rstrip()


def display_width(text: str) -> int:
    """Columns that a text takes on a terminal; Chinese characters take two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _fit(text: str, width: int) -> str:
    if display_width(text) <= width:
        return text
    while text and display_width(text) > width - 1:
        text = text[:-1]
    return text + "…"


def _pad(text: str, width: int, right: bool) -> str:
    gap = " " * (width - display_width(text))
    return gap + text if right else text + gap


def table_text(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of a table at most `WIDTH` wide, numbers to the right. Where it would be wider, the first column stands on
    lines of its own, and then the widest others give way."""
    cells = [list(header), *(list(row) for row in rows)]
    widths = _widths(cells)
    stacked = _total(widths) > WIDTH
    if stacked:
        widths = widths[1:]
    while _total(widths) > WIDTH - 2 * stacked and max(widths) > _NARROWEST:
        widths[widths.index(max(widths))] -= 1
    lines: list[str] = []
    for row in cells:
        lines += [_fit(row[0], WIDTH)] if stacked and row is not cells[0] else []
        lines.append("  " * stacked + _line(row[stacked:], widths, left=not stacked))
    return [lines[0], "-" * min(WIDTH, _total(widths) + 2 * stacked), *lines[1:]]


def _widths(cells: Sequence[Sequence[str]]) -> list[int]:
    return [max(display_width(row[c]) for row in cells) for c in range(len(cells[0]))]


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + 2 * (len(widths) - 1)


def _line(cells: Sequence[str], widths: Sequence[int], left: bool) -> str:
    padded = [_pad(_fit(cell, w), w, not left or c > 0) for c, (cell, w) in enumerate(zip(cells, widths, strict=True))]
    return "  ".join(padded).rstrip()


def wrap(text: str, indent: str = "    ") -> list[str]:
    """Lines of at most `WIDTH` columns, later ones indented; Chinese breaks anywhere but before punctuation that ends
    something, other words at spaces."""
    lines = [""]
    for word in _words(text):
        if display_width(lines[-1] + word.rstrip()) > WIDTH:
            lines.append(indent)
            word = word.lstrip()
        lines[-1] += word
    return [line.rstrip() for line in lines]


def _words(text: str) -> Iterator[str]:
    word = ""
    for character, after in zip(text, f"{text[1:]} ", strict=False):
        if (display_width(character) == 2 and character not in _ENDING) or (character == " " and after != "%"):
            yield word
            word = ""
        word += character
    yield word


def assessment_text(result: Assessment, language: Language = "en") -> str:
    """The assessment: verdict first, targets, what each depends on, what happened since, what is not assessed."""
    check_language(language)
    parts = (_head, _targets, _half_page, _sensitivity, _hindsight, _not_assessed)
    blocks = [part(result, language) for part in parts]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def _head(result: Assessment, language: Language) -> list[str]:
    plan = result.plan
    lines = [plan_title(plan, language)]
    if not plan.targets:
        return [
            *lines,
            Text("The plan has no target.", "该规划没有量化目标。").say(language),
            *wrap(note_of(plan).say(language), ""),
        ]
    if result.table.empty:
        none = Text(
            f"None of its {len(plan.targets)} targets can be assessed.", f"{len(plan.targets)} 个目标均不能评估。"
        )
        return [*lines, none.say(language)]
    lines.append(_fit(_basis(result).say(language), WIDTH))
    told = (verdict(result), beside(result), precision(result))
    return [*lines, "", *(line for text in told if text.en for line in wrap(text.say(language), ""))]


def plan_title(plan: Plan, language: Language) -> str:
    """A plan in one line: title, id, date of issue."""
    title = Text(plan.title or plan.title_zh or plan.id, plan.title_zh or plan.title or plan.id).say(language)
    issued = Text(f", issued {plan.issued}", f"，{plan.issued} 印发").say(language) if plan.issued else ""
    return _fit(f"{title} ({plan.id}){issued}", WIDTH)


def _basis(result: Assessment) -> Text:
    projection = result.projection
    assert projection is not None, "there is a projection where something is assessed"
    known, known_zh = ("", "") if result.as_of is None else knowledge(result.as_of)
    prior = prior_words(projection)
    return Text(
        f"history {projection.history.name}{known}, model {projection.model}, prior {prior.en}",
        f"数据 {projection.history.name}{known_zh}，模型 {projection.model}，先验 {prior.zh}",
    )


def prior_words(projection: Projection) -> Text:
    """The priors of a projection, none for the random walk."""
    if projection.prior is None:
        return Text("none", "无")
    labels = [prior_label(name) for name in projection.prior_name.split(", ")]
    return Text(", ".join(label.en for label in labels), "、".join(label.zh for label in labels))


def knowledge(as_of: date | int) -> Text:
    """What a date or a year of knowledge means."""
    if isinstance(as_of, int):
        return Text(f", figures of years up to {as_of} in their final vintage", f"，{as_of} 年及以前的最终数据")
    return Text(f", as known {as_of}", f"，截至 {as_of} 所知")


def settled(result: Assessment) -> bool:
    """Do published figures settle every assessed target?"""
    return bool(result.table["likelihood"].isin(["attained", "missed"]).all())


def fewest_observations(result: Assessment) -> int:
    """Growth observations behind the open target that has least of them."""
    open_targets = result.table[~result.table["likelihood"].isin(["attained", "missed"])]
    return int((open_targets if len(open_targets) else result.table)["observations"].min())


def independence(result: Assessment) -> Text:
    """How the indicators are taken to move together, where there are several."""
    several = result.projection is not None and len(result.projection.indicators) > 1
    if (
        result.engine not in ("independent", "factor", "sov", "simulation")
        or not several
        or result.joint.dependence is None
    ):
        return Text("", "")
    if result.joint.dependence.kind == "independent":
        return Text(", their indicators taken as independent", "（视各指标相互独立）")
    if result.joint.dependence.kind == "given":
        return Text(", their indicators moving together as given", "（各指标的相关性按给定值）")
    if not result.dependence["years"].any():
        return Text(
            ", their indicators moving together as is usual in one place", "（各指标的相关性取同一地区的一般水平）"
        )
    return Text(", their indicators moving together as in the past", "（各指标的相关性按历史估计）")


def verdict(result: Assessment) -> Text:
    """The answer to the whole plan in one sentence."""
    k, n = len(result.table), len(result.plan.targets)
    if result.probability is None:
        reason = result.joint.reason
        return Text(
            f"Together (over {k} of {n} targets): no number, {reason.en}.",
            f"合计({n} 个目标中的 {k} 个):没有数值，{reason.zh}。",
        )
    if settled(result):
        attained = int((result.table["likelihood"] == "attained").sum())
        return Text(
            f"Published figures settle {k} of {n} targets: {attained} attained, {k - attained} missed.",
            f"{n} 个目标中有 {k} 个已由公布数据判定：{attained} 个已实现，{k - attained} 个未实现。",
        )
    low, high = result.joint_range
    point, span, over = percent(result.probability), percent_range(low, high), choices(result.sensitivity)
    if span == point:
        answer = answer_zh = point
    elif leads_with_range(fewest_observations(result), low, high):
        answer = f"{span} over {over.en}, {point} by default"
        answer_zh = f"{span}（不同{over.zh}之间），默认为 {point}"
    else:
        answer = f"{point} ({span} over {over.en})"
        answer_zh = f"{point}（不同{over.zh}之间 {span}）"
    free = independence(result)
    return Text(
        f"All together, over {k} of {n} targets{free.en}: {answer}.",
        f"{n} 个目标中可评估的 {k} 个全部实现的概率{free.zh}：{answer_zh}。",
    )


def engine_reason(result: Assessment) -> Text:
    """Why this engine, in brackets."""
    return Text(f" ({result.joint.reason.en})", f"（{result.joint.reason.zh}）")


def precision(result: Assessment) -> Text:
    """What the joint number rests on: engine, numerical error, growth observations."""
    fewest = fewest_observations(result)
    if result.numerical_error is None:
        return Text(f"Growth observations {fewest}.", f"增长观测 {fewest} 个。")
    why = engine_reason(result)
    return Text(
        f"Engine {result.engine}{why.en}, numerical error {result.numerical_error:.0e}, growth observations {fewest}.",
        f"算法 {result.engine}{why.zh}，数值误差 {result.numerical_error:.0e}，增长观测 {fewest} 个。",
    )


def beside(result: Assessment) -> Text:
    """What the data alone say of the whole plan; nothing where a model has no prior, or nothing is open."""
    alone = data_alone(result)
    if alone is None or settled(result):
        return Text("", "")
    span, fewest = percent_range(*alone.ends), alone.observations
    return Text(
        f"The data alone say {span}: a random walk without a prior, on {fewest} growth observations; not in the range.",
        f"仅凭数据为 {span}：不用先验的随机游走，增长观测 {fewest} 个，不计入区间。",
    )


def label_of(target: Target, language: Language) -> str:
    """The label of a target in a language, its id where it has none."""
    return Text(target.label or target.label_zh or target.id, target.label_zh or target.label or target.id).say(
        language
    )


def _targets(result: Assessment, language: Language) -> list[str]:
    by_id = {target.id: target for target in result.plan.targets}
    rows = [_target_row(row, by_id[str(name)], language) for name, row in result.table.iterrows()]
    if not rows:
        return []
    head = "target|by|stated|last figure|needs|median (80 %)|P, range|P"
    header = Text(head, "目标|年份|规划数|最新数据|需年增|中位数 (80 %)|概率区间|概率").say(language).split("|")
    legend = Text("needs: growth per year from the last figure", "需年增：从最新数据起每年所需增速")
    if "share" in set(result.table["kind"]):
        legend = Text(f"{legend.en}, of a share points a year", f"{legend.zh}，占比为每年所需百分点")
    if "count_above" in set(result.table["kind"]):
        legend = Text(
            f"{legend.en}, of a count that of each member alike", f"{legend.zh}，计数目标为各成员同步增长的增速"
        )
    over = choices(result.sensitivity)
    if over.en:
        more = Text(f"; P: over {over.en}, and by default", f"；概率：不同{over.zh}之间的区间，以及默认值")
        legend = Text(legend.en + more.en, legend.zh + more.zh)
    else:
        header, rows = _without_range(header), [_without_range(row) for row in rows]
    return [*table_text(header, rows), *wrap(Text(legend.en + ".", legend.zh + "。").say(language), "")]


def _half_page(result: Assessment, language: Language) -> list[str]:
    """What holds the plan back, what it would take, what could be promised instead; and how targets that programmes
    influence fared, where a record is given."""
    from attain.attaining_text import half_page, record_text

    told = half_page(result, language)
    for target in result.plan.targets:
        if target.id in result.base_rates:
            told.append((label_of(target, language), record_text(result.base_rates[target.id]).say(language)))
    return [line for head, text in told for line in (head, *wrap(f"  {text}", "  "))]


def _without_range(cells: list[str]) -> list[str]:
    return [*cells[:-2], cells[-1]]


def _target_row(row: pd.Series[Any], target: Target, language: Language) -> list[str]:
    low, high = row["interval80"]
    unit = row["unit"]
    settled = row["likelihood"] in ("attained", "missed")
    spread = "" if settled else f" ({interval(low, high, unit, language)})"
    return [
        label_of(target, language),
        str(row["by"]),
        stated(target),
        f"{number(row['last_value'], unit if target.kind in ('share', 'count_above') else '')} ({row['last_year']})",
        needed(row["required_growth"], target.kind, language),
        number(row["median"], unit) + spread,
        percent_range(*row["range"]),
        likelihood(row["likelihood"]).say(language) if settled else percent(row["probability"]),
    ]


def likelihood(word: str) -> Text:
    """The likelihood word of a target in both languages."""
    chinese = {
        "attained": "已实现",
        "missed": "未实现",
        "virtually certain": "几乎确定",
        "very likely": "很可能",
        "likely": "可能",
        "about as likely as not": "或许可能",
        "unlikely": "不大可能",
        "very unlikely": "很不可能",
        "exceptionally unlikely": "几乎不可能",
    }
    return Text(word, chinese[word])


def _sensitivity(result: Assessment, language: Language) -> list[str]:
    shown = [grid for grid in grids(result) if grid.treated or len(grid.priors) > 1]
    if not shown:
        return []
    head = Text("P by prior", "不同先验下的概率")
    if any(grid.treated for grid in shown):
        head = Text("P by treatment of the data and prior", "不同数据处理与先验下的概率")
    if any(NO_PRIOR in grid.priors for grid in shown):
        alone = Text(
            "; data alone: random walk, no prior, not in the range", "；仅凭数据：无先验的随机游走，不计入区间"
        )
        head = Text(head.en + alone.en, head.zh + alone.zh)
    lines = [*wrap(Text(head.en + ":", head.zh + "：").say(language), "")]
    for grid in shown:
        lines += ["", *_grid_lines(result, grid, language)]
    return [*lines, *_treatment_notes(result, language)]


def _grid_lines(result: Assessment, grid: Grid, language: Language) -> list[str]:
    """Treatments of a target, or targets, down and priors across; where too wide, the extremes of each prior."""
    labels = {target.id: label_of(target, language) for target in result.plan.targets}
    first = Text("treatment of the data|growth obs.", "数据处理|增长观测")
    first = first if grid.treated else Text("target|growth obs.", "目标|增长观测")
    header = [*first.say(language).split("|"), *(prior_label(prior).say(language) for prior in grid.priors)]
    rows = [
        [
            row_words(row, language) if grid.treated else target_words(row, labels, language),
            "-" if math.isnan(row.observations) else f"{row.observations:.0f}",
            *(cell_words(row, prior, language) for prior in grid.priors),
        ]
        for row in grid.rows
    ]
    if _total(_widths([header, *rows])[1:]) > WIDTH - 2:
        return _extremes(grid, labels, language)
    title = [labels[grid.rows[0].target] + Text(":", "：").say(language)] if grid.treated else []
    return [*title, *table_text(header, rows)]


def _extremes(grid: Grid, labels: Mapping[str, str], language: Language) -> list[str]:
    header = Text("target|prior|P", "目标|先验|概率").say(language).split("|")
    told: dict[tuple[str, str], list[Ends]] = {}
    for row in grid.rows:
        for prior, ends in row.ends.items():
            told.setdefault((target_words(row, labels, language), prior), []).append(ends)
    rows = [
        [label, prior_label(prior).say(language), _span(_over(ends), prior, language)]
        for (label, prior), ends in told.items()
    ]
    return table_text(header, rows)


def _over(ends: Sequence[Ends]) -> Ends:
    known = [(low, high) for low, high in ends if not math.isnan(low)] or [(math.nan, math.nan)]
    return min(low for low, _ in known), max(high for _, high in known)


def target_words(row: Row, labels: Mapping[str, str], language: Language) -> str:
    """The label of a row's target, with the reading where it is not the first."""
    reading = "" if row.reading == AS_STATED else READINGS[row.reading].say(language)
    return Text(", ", "，").say(language).join(part for part in (labels[row.target], reading) if part)


def row_words(row: Row, language: Language) -> str:
    """What tells a row from the others of its target: the treatment of the data, or another reading on all of them."""
    if row.treatment is not None:
        return row.treatment
    every = Text("all treatments", "各种处理").say(language)
    return f"{READINGS[row.reading].say(language)}{Text(', ', '，').say(language)}{every}"


def cell_words(row: Row, prior: str, language: Language) -> str:
    """The probability of a row under a prior, a range where it is over treatments."""
    return _span(row.ends[prior], prior, language)


def _span(ends: Ends, prior: str, language: Language) -> str:
    if math.isnan(ends[0]):
        return "-" if prior == NO_PRIOR else Text("no number", "无数值").say(language)
    return percent_range(*ends)


def _treatment_notes(result: Assessment, language: Language) -> list[str]:
    texts = result.history.treatments
    names = [str(name) for name in result.sensitivity["treatment"].unique()]
    notes = [f"{name}: {texts[name].say(language)}" for name in names if name in texts]
    if notes and result.as_of is not None:
        notes.insert(0, TODAY.say(language))
    return [*([""] if notes else []), *(line for note in notes for line in wrap(note))]


def _hindsight(result: Assessment, language: Language) -> list[str]:
    if result.hindsight.empty:
        return []
    head = Text("Known only later, and not used above:", "以下为事后才知道的数据，上面没有使用：").say(language)
    labels = {target.id: label_of(target, language) for target in result.plan.targets}
    told = [f"  {labels[row['target']]} {hindsight_text(row, language)}" for _, row in result.hindsight.iterrows()]
    return [head, *(line for text in told for line in wrap(text))]


def hindsight_text(row: pd.Series[Any], language: Language) -> str:
    """A later figure in words: year, value, scope, when released, and whether it settles the target as reported."""
    over = {"": "", "at_least": "≥", "more_than": ">", "at_most": "≤", "less_than": "<"}[row["bound"]]
    scope = Text(f", scope {row['scope']}", f"，口径 {row['scope']}").say(language) if row["scope"] else ""
    date_told = Text(f", released {row['released']}", f"，{row['released']} 公布")
    released = date_told.say(language) if row["released"] else ""
    outcome = ""
    if row["attained"] is not None:
        word = likelihood("attained" if row["attained"] else "missed")
        outcome = Text(f": {word.en} as reported", f"：按公布数{word.zh}").say(language)
    return f"{row['year']}: {over}{row['value']:,.10g} {row['unit']}{scope}{released}{outcome}"


def _not_assessed(result: Assessment, language: Language) -> list[str]:
    if result.not_assessed.empty:
        return []
    labels = {t.id: label_of(t, language) for t in result.plan.targets}
    k, n = len(result.not_assessed), len(result.plan.targets)
    lines = [Text(f"Not assessed, {k} of {n} targets:", f"未评估的目标({n} 个中的 {k} 个):").say(language)]
    for name, row in result.not_assessed.iterrows():
        english = f"  {labels[str(name)]}: {row['reason']}; needs {row['needs'].removeprefix('Needs ').rstrip('.')}."
        chinese = (
            f"  {labels[str(name)]}:{row['reason_zh']}；需要：{row['needs_zh'].removeprefix('需要').rstrip('。.')}。"
        )
        lines += wrap(Text(english, chinese).say(language))
    return lines
