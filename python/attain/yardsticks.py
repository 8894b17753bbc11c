"""Official labels for progress towards a target, each by its published rule. A label is not a probability.

Every rule looks at a base, the last figure and the goal (`attain.course`), and says a word; none says how likely the
goal is. Where a rule leaves something open, its docstring says what is done here.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from attain.course import Course, course_of, figure, history_of, missing_frame, missing_lines
from attain.event import Missing
from attain.language import Language, Text, check_language
from attain.plan import Plan, load_plan
from attain.text import label_of, likelihood, percent, table_text, wrap

if TYPE_CHECKING:
    from attain.assessment import Assessment

_IPCC = (
    (0.99, "virtually certain"),
    (0.90, "very likely"),
    (0.66, "likely"),
    (0.33, "about as likely as not"),
    (0.10, "unlikely"),
    (0.01, "very unlikely"),
    (0.00, "exceptionally unlikely"),
)
_ACHIEVED = Text("target achieved", "已达到目标")


def ipcc_likelihood(probability: float) -> str:
    """Likelihood word of a probability in [0, 1].

    Mastrandrea et al. (2010), Guidance Note for Lead Authors of the IPCC Fifth Assessment Report on Consistent
    Treatment of
    Uncertainties, table 1; the overlapping classes of the note are cut so that each probability has the narrowest one.
    """
    return next(word for least, word in _IPCC if probability >= least)


class Label(NamedTuple):
    """What a rule measures, the bar it holds that against, and its word."""

    score: float
    bar: float
    word: Text


def actual_to_required_growth(course: Course) -> Label:
    """Ratio of the compound growth since the base to the compound growth that the whole way needs: 95 %, 60 % and 0 %.

    Eurostat, Sustainable development in the European Union, monitoring report, annex on the assessment of trends; Open
    SDG, Progress measurement methodology (whose words these are): R = d CAGR_i / |CAGR_T|, on track from 95 %,
    acceleration needed from 60 %, limited progress from 0 %, deterioration below.
    """
    sign = math.copysign(1, course.goal - course.base)
    required = abs(_growth(course.base, course.goal, course.by - course.base_year))
    ratio = sign * _growth(course.base, course.value, course.year - course.base_year) / required
    words = (
        (0.95, Text("on track", "进展符合要求")),
        (0.60, Text("progress made but acceleration needed", "有进展，但须加快")),
        (0.00, Text("limited progress", "进展有限")),
        (-math.inf, Text("deterioration", "倒退")),
    )
    return Label(ratio, 0.95, _ACHIEVED if course.done >= 1 else _word(ratio, words))


def progress_chart(course: Course) -> Label:
    """Part of the way that is done by the target year if growth goes on: 0.95 and 0.10.

    United Nations Statistics Division, Sustainable Development Goals Progress Chart, Technical Note (2022, 2023): the
    value expected at constant compound growth, less the base, over the way from base to target.
    """
    growth = _growth(course.base, course.value, course.year - course.base_year)
    expected = course.value * (1 + growth) ** (course.by - course.year)
    score = (expected - course.base) / (course.goal - course.base)
    words = (
        (0.95, Text("on track or target met", "正按进度推进或已达到")),
        (0.10, Text("fair progress, but acceleration needed", "有一定进展，但须加快")),
        (-math.inf, Text("stagnation or regression", "停滞或倒退")),
    )
    return Label(score, 0.95, _ACHIEVED if course.done >= 1 else _word(score, words))


def anticipated_progress(course: Course) -> Label:
    """Gap that a straight line through the figures leaves at the target year, of the way from base to goal: 10 % and
    100 %.

    ESCAP, Asia and the Pacific SDG Progress Report, technical notes: a linear regression that gives recent figures more
    weight; a gap of at most 10 % asks to maintain progress, up to 100 % to accelerate, more to reverse the trend. The
    weights here rise evenly with the year, from the first figure to the last; ESCAP's (Working Paper SD/WP/04, 2017)
    differ.
    """
    years = np.array(list(course.figures), float)
    weights = np.sqrt(years - years[0] + 1)
    _, level = np.polyfit(years - course.by, np.array(list(course.figures.values())), 1, w=weights)
    gap = (course.goal - float(level)) / (course.goal - course.base)
    words = (
        (-0.10, Text("maintain progress", "保持现有进度")),
        (-1.00, Text("accelerate progress", "须加快进度")),
        (-math.inf, Text("reverse the trend", "须扭转趋势")),
    )
    return Label(gap, 0.10, _ACHIEVED if course.done >= 1 else _word(-gap, words))


def required_rate(course: Course) -> Label:
    """Growth a year since the base against the growth a year that is left to do.

    World Bank, World Development Indicators and Global Monitoring Report, progress towards the Millennium Development
    Goals: on track where the past rate is at least the rate required.
    """
    past = _growth(course.base, course.value, course.year - course.base_year)
    if course.year == course.by or course.done >= 1:
        return Label(past, math.nan, _ACHIEVED if course.done >= 1 else Text("missed", "未达到"))
    needed = _growth(course.value, course.goal, course.by - course.year)
    ahead = past >= needed if course.goal > course.base else past <= needed
    return Label(past, needed, Text("on track", "进展符合要求") if ahead else Text("off track", "进展不足"))


def completion_against_time(course: Course) -> Label:
    """Part of the way that is done against the part of the time that has passed (完成进度 against 时间进度).

    The rule of Chinese mid-term evaluations, 时间过半、任务过半: half the time, half the task. It is linear, and asks
    too much of anything that compounds; see `completion_when_compounding`.
    """
    return Label(course.done, course.elapsed, _schedule(course.done, course.elapsed))


def completion_when_compounding(course: Course) -> Label:
    """Part of the way that is done against the part that constant growth would have done by now.

    With goal / base = G over n years, ((G)^(k/n) - 1) / (G - 1) is due after k: at 10 % a year 43 %, not 50 %, after
    three of six.
    """
    ratio = course.goal / course.base
    due = math.expm1(course.elapsed * math.log(ratio)) / (ratio - 1)
    return Label(course.done, due, _schedule(course.done, due))


def _schedule(done: float, due: float) -> Text:
    if done >= 1:
        return _ACHIEVED
    return Text("on or ahead of schedule", "达到或快于进度") if done >= due else Text("behind schedule", "落后于进度")


def _growth(start: float, end: float, years: int) -> float:
    return math.expm1(math.log(end / start) / years)


def _word(score: float, words: tuple[tuple[float, Text], ...]) -> Text:
    return next(word for least, word in words if score >= least)


class _Rule(NamedTuple):
    name: Text
    label: Callable[[Course], Label]
    source: str


RULES = {
    "eurostat": _Rule(
        Text("Eurostat/Open SDG, actual to required growth", "欧盟统计局/Open SDG，实际与所需增速之比"),
        actual_to_required_growth, "https://open-sdg.readthedocs.io/en/latest/progress-methodology/",
    ),
    "un": _Rule(
        Text("UN progress chart, expected part of the way", "联合国进展图，预计完成部分"), progress_chart,
        "https://unstats.un.org/sdgs/files/report/2023/Progress_Chart_Technical_Note_2023.pdf",
    ),
    "escap": _Rule(
        Text("ESCAP anticipated progress, gap left", "亚太经社会预期进展，预计差距"), anticipated_progress,
        "https://data.unescap.org/resource-guides/progress-assessment-methodology",
    ),
    "world-bank": _Rule(
        Text("World Bank, past against required growth a year", "世界银行，以往与所需年增速"), required_rate,
        "World Bank, Global Monitoring Report",
    ),
    "completion": _Rule(
        Text("done against time elapsed", "完成进度与时间进度"), completion_against_time, "时间过半、任务过半",
    ),
    "completion-compounding": _Rule(
        Text("done against what constant growth makes due", "完成进度与匀速增长应完成进度"),
        completion_when_compounding, "((goal / base)^(k/n) - 1) / (goal / base - 1)",
    ),
}  # fmt: skip
_IPCC_RULE = Text("IPCC word of the probability", "IPCC 概率用语")
_IPCC_SOURCE = "IPCC AR5 Guidance Note on Uncertainties, table 1"
COLUMNS = (
    "target", "label", "label_zh", "yardstick", "unit", "base_year", "base", "year", "value", "by", "goal", "score",
    "bar", "word", "word_zh", "probability", "source",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Yardsticks:
    """Official labels of a plan's targets; made by `yardsticks`.

    Attributes
    ----------
    plan
        Whose targets.
    table
        Frame, one row per target and yardstick: target, label and label_zh, yardstick (key of `RULES`, and `ipcc` where
        an assessment is given), unit, base_year and base, year and value (the last figure), by and goal, all in the
        unit of the history with shares as fractions; score (what the rule measures), bar (what it holds it against),
        word and word_zh, probability (of the assessment; NaN without one), source.
    missing
        Frame, index target, columns reason and needs, and both in Chinese: targets without a course.
    """

    plan: Plan
    table: pd.DataFrame
    missing: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """A copy of `table`."""
        return self.table.copy()

    def summary(self, *, language: Language = "en") -> str:
        """Target by target, the words of the yardsticks."""
        check_language(language)
        lines = [Text("A label is a rule, not a probability.", "评语依规则得出，并非概率。").say(language)]
        for _, rows in self.table.groupby("target", sort=False):
            first = rows.iloc[0]
            label = first["label_zh" if language == "zh" else "label"]
            way = [("base", "base_year"), ("value", "year"), ("goal", "by")]
            span = " → ".join(f"{figure(first[value], first['unit'])} ({first[year]})" for value, year in way)
            chance = percent(first["probability"])
            known = "" if math.isnan(first["probability"]) else Text(f", P {chance}", f"，概率 {chance}").say(language)
            lines += ["", *wrap(f"{label}{Text(': ', '：').say(language)}{span}{known}")]
            header = Text("yardstick|measured|bar|word", "标尺|实测|标准|评语").say(language).split("|")
            lines += table_text(header, [_cells(row, language) for _, row in rows.iterrows()])
        return "\n".join([*lines, *missing_lines(self.missing, language)])

    def _repr_html_(self) -> str:
        from attain.fragments import yardsticks_fragment

        return yardsticks_fragment(self)


def rule_name(name: str) -> Text:
    """What a yardstick measures, in words."""
    return _IPCC_RULE if name == "ipcc" else RULES[name].name


def _cells(row: pd.Series[Any], language: Language) -> list[str]:
    word = row["word_zh" if language == "zh" else "word"]
    score, bar = ("-" if math.isnan(v) else f"{100 * v:.0f} %" for v in (row["score"], row["bar"]))
    if row["yardstick"] == "world-bank":
        score, bar = ("-" if math.isnan(v) else f"{100 * v:.1f} %" for v in (row["score"], row["bar"]))
    return [rule_name(row["yardstick"]).say(language), score, bar, word]


def yardsticks(plan: Any, history: Any = None, *, assessment: Assessment | None = None) -> Yardsticks:
    """The official labels of a plan's targets.

    Parameters
    ----------
    plan : anything that `load_plan` takes.
    history : anything that `load_history` takes; the plan's own bundled one by default.
    assessment : an assessment of the plan, whose probabilities stand beside the labels.

    Raises
    ------
    ArgumentError
        When the plan names no history and none is given.
    """
    loaded = load_plan(plan)
    figures = history_of(loaded, history)
    rows: list[dict[str, Any]] = []
    missing: dict[str, Missing] = {}
    for target in loaded.targets:
        course = course_of(target, loaded, figures)
        problem = course if isinstance(course, Missing) else _no_way(course)
        if problem is not None:
            missing[target.id] = problem
        elif isinstance(course, Course):
            rows += _labels(course, assessment)
    return Yardsticks(loaded, pd.DataFrame(rows, columns=list(COLUMNS)), missing_frame(missing))


def _no_way(course: Course) -> Missing | None:
    """Why there is no way to measure: none was to be done, or none has passed."""
    reason = course.no_way_from(course.base_year)
    if reason is not None:
        return Missing(reason, Text("a target that is ahead of its base", "高于基数的目标"))
    if course.year > course.base_year:
        return None
    reason = Text(f"no figure after its base year {course.base_year}", f"基年 {course.base_year} 之后没有数据")
    needs = Text(f"a figure of {course.indicator} after {course.base_year}", f"{course.base_year} 年以后的数据")
    return Missing(reason, needs)


def _labels(course: Course, assessment: Assessment | None) -> list[dict[str, Any]]:
    target = course.target
    probability = math.nan
    labels = [(name, rule.label(course), rule.source) for name, rule in RULES.items()]
    if assessment is not None and target.id in assessment.table.index:
        probability, word = assessment.table["probability"][target.id], assessment.table["likelihood"][target.id]
        labels.append(("ipcc", Label(probability, math.nan, likelihood(word)), _IPCC_SOURCE))
    about = {
        "target": target.id, "label": label_of(target, "en"), "label_zh": label_of(target, "zh"), "unit": course.unit,
        "base_year": course.base_year, "base": course.base, "year": course.year, "value": course.value,
        "by": course.by, "goal": course.goal, "probability": probability,
    }  # fmt: skip
    return [
        about | {"yardstick": name, "score": score, "bar": bar, "word": word.en, "word_zh": word.zh, "source": source}
        for name, (score, bar, word), source in labels
    ]
