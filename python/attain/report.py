"""The assessment of a plan as one HTML page for people who decide: verdict first, and nothing that is not in the page.

What each section shows is gathered here, in the words of the language; templates/assessment.html lays it out.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

import jinja2
import numpy as np
import pandas as pd
from markupsafe import Markup, escape

from attain import consistency_text
from attain.attaining_text import half_page, menu_head, menu_rows, menu_title, record_text
from attain.event import has_engine
from attain.figures import FAINT, INK, RULE, assessment_chart, bottleneck_chart, path_chart, svg
from attain.language import Language, Text, check_language, listed, note_of
from attain.prior import NO_PRIOR, prior_label
from attain.sensitivity import Grid, Row, choices, grids
from attain.text import (
    FEW_OBSERVATIONS,
    beside,
    cell_words,
    engine_reason,
    fewest_observations,
    independence,
    knowledge,
    label_of,
    leads_with_range,
    likelihood,
    number,
    percent,
    prior_words,
    row_words,
    settled,
    target_words,
    verdict,
)
from attain.wording import (
    chance,
    chance_range,
    chinese,
    figure_words,
    growth_words,
    needs_words,
    published_figure,
    stated_words,
    tight,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from attain.assessment import Assessment
    from attain.goals import Menu
    from attain.history import AsOf, History
    from attain.relation import Relation
    from attain.target import Target


_HEADINGS = {
    "assessed": Text("Targets assessed", "已评估的目标"),
    "figures": Text("Figures", "图"),
    "holds": Text("What holds the plan back", "卡在哪里"),
    "path": Text("The path that attains the plan", "实现规划的走势"),
    "menu": Text("What could be promised", "可以承诺什么"),
    "sensitivity": Text("What the probabilities depend on", "概率取决于什么"),
    "hindsight": Text("What happened since", "后来的情况"),
    "missing": Text("Not assessed, and what each needs", "未评估的目标及所需数据"),
    "agree": Text("Do the targets agree with each other?", "目标之间是否一致"),
    "differ": Text("Where plan and statistic differ", "规划指标与统计指标的差别"),
    "relations": Text("How the targets hang together", "目标之间的关系"),
    "sources": Text("Sources of the figures", "数据来源"),
    "about": Text("The document and the computation", "文件与计算说明"),
}
_COLUMNS = {
    "target": Text("Target", "目标"),
    "by": Text("Year", "年份"),
    "stated": Text("The plan says", "规划数"),
    "last": Text("Last figure", "最新数据"),
    "needs": Text("Growth needed a year", "需年均增长"),
    "median": Text("Projected median (80 % interval)", "预测中位数（80 % 区间）"),
    "range": Text("Probability, range", "概率区间"),
    "point": Text("by default", "默认值"),
    "word": Text("In words", "可能性"),
    "observations": Text("Growth observations", "增长观测数"),
    "treatment": Text("Treatment", "数据处理"),
    "assumes": Text("What it assumes", "含义"),
    "why": Text("Why", "原因"),
    "wanted": Text("What it needs", "所需数据"),
    "figure": Text("Figure", "数据"),
    "released": Text("Released", "公布日期"),
    "outcome": Text("Outcome", "结果"),
    "then": Text("Probability then", "当时的概率"),
    "confidence": Text("Confidence", "可信度"),
    "source": Text("Source", "来源"),
    "scope": Text("Scope or treatment", "口径或处理"),
}
_NOTES = {
    "needs": Text(
        "Growth needed is a constant rate from the last figure (for a growth target whose base year lies ahead, from"
        " that year; for a share, points a year; for a count of members, that of each alike).",
        "需年均增长是从最新数据起（基年在后的增速目标从基年起）的固定增速，占比则为每年百分点，计数目标则为各成员同步增长的增速。",
    ),
    "sensitivity": Text(
        "Down: treatments of the data. Across: priors, what other series taught before these figures were seen."
        " Data alone: a random walk with drift, without a prior; it is not in the range, for few figures leave its"
        " t distribution next to no degrees of freedom.",
        "纵向为数据处理，横向为先验，即在看到这些数据之前由其他序列得到的规律。仅凭数据：不用先验的带漂移随机游走；"
        "数据很少时其 t 分布几乎没有自由度，因此不计入区间。",
    ),
    "holds": Text(
        "Left: the chance of each target alone. Right: its share of the difficulty of the whole, of -log P(all), as"
        " Shapley shares it: what it adds on average over all orders in which the targets could be asked for; after ±"
        " the standard error of simulated paths, where it shows.",
        "左：各目标单独实现的概率。右：在整体难度（-log P(全部)）中的占比，按沙普利值分摊，"
        "即在各种先后次序下平均增加的难度；± 后为模拟走势的标准误（较小时从略）。",
    ),
    "path": Text(
        "Of all paths on which every target is attained, the one nearest to what is projected. Indicators that the"
        " targets do not bind are left out.",
        "在实现全部目标的各种走势中，与预测最接近的一条；未受目标约束的指标从略。",
    ),
    "menu": Text(
        "Levels with their chance, and in brackets the growth that each needs a year (of a share points), under each"
        " prior.",
        "各概率下的水平，括号内为所需年均增长（占比为百分点），按先验分列。",
    ),
    "hindsight": Text(
        "Hindsight: these figures were known only later. None of them enters any number above.",
        "事后数据：以下数字当时尚不知道，没有用于上面的任何计算。",
    ),
    "no_hindsight": Text(
        "No figure that was released later is at hand.",
        "没有此后公布的数据。",
    ),
    "default": Text("default", "默认"),
    "written": Text(
        "Written with today's knowledge: descriptions may speak of figures that came later; no probability uses them.",
        "说明文字写于今日，可能提到后来的数据；概率的计算没有使用这些数据。",
    ),
}


def assessment_page(result: Assessment, language: Language = "en") -> str:
    """One self-contained HTML page: no script, nothing from the network, figures inline.

    Parameters
    ----------
    result
        What `assess` made.
    language
        Of all words that are not quoted from the document or the data.

    Raises
    ------
    ArgumentError
        For a language without words.
    """
    check_language(language)
    page = _Page(result, language)
    return _environment(language).get_template("assessment.html").render(page=page.content())


@functools.cache
def _environment(language: Language) -> jinja2.Environment:
    def finish(value: Any) -> Any:
        plain = isinstance(value, str) and not isinstance(value, Markup)
        return (chinese(tight(value, language)) if language == "zh" else value) if plain else value

    return jinja2.Environment(
        loader=jinja2.PackageLoader("attain"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=finish,
    )


class _Page:
    """The sections of one page."""

    def __init__(self, result: Assessment, language: Language) -> None:
        self.result = result
        self.language: Language = language
        self.targets = {target.id: target for target in result.plan.targets}

    def say(self, english: str, chinese_text: str) -> str:
        """One of two texts."""
        return Text(english, chinese_text).say(self.language)

    def content(self) -> dict[str, Any]:
        """All that the template shows."""
        plan = self.result.plan
        return {
            "lang": self.say("en", "zh-Hans"),
            "other": self.say("zh-Hans", "en"),
            "title": self.say(plan.title or plan.title_zh, plan.title_zh or plan.title) or plan.id,
            "origin": self.origin(),
            "verdict": self.verdict(),
            "half": half_page(self.result, self.language),
            "rows": [self.row(str(name), row) for name, row in self.result.table.iterrows()],
            "figures": list(self.figures()),
            "holds": list(self.holds()),
            "paths": list(self.paths()),
            "menus": [self.menu(menu) for menu in self.result.menus],
            "records": list(self.records()),
            "treatments": list(self.treatments()),
            "grids": [self.grid(grid) for grid in grids(self.result) if grid.treated or len(grid.priors) > 1],
            "range_note": self.range_note(),
            "hindsight": None if self.result.as_of is None else list(self.hindsight()),
            "missing": [group for group in self.missing() if group["rows"]],
            "agree": self.agreement(),
            "differ": list(self.differences()),
            "relations": [self.relation(relation) for relation in plan.relations],
            "sources": list(self.sources()),
            "about": list(self.about()),
            "note": note_of(plan).say(self.language),
            "note_lang": "zh-Hans" if self.language == "zh" and plan.note_zh else "en",
            "h": {name: text.say(self.language) for name, text in _HEADINGS.items()},
            "c": {name: text.say(self.language) for name, text in _COLUMNS.items()},
            "n": {name: text.say(self.language) for name, text in _NOTES.items()},
            "dated": self.result.as_of is not None,
            "colon": self.say(": ", "\uff1a"),
            "ink": INK,
        }

    def label(self, name: str) -> str:
        """The label of a target."""
        return label_of(self.targets[name], self.language)

    def quoted(self, name: str) -> str:
        """The label of a target in quotation marks."""
        return f"“{_inner(self.label(name))}”"

    def range_of(self, name: str) -> tuple[float, float]:
        """The range of a target's probability."""
        low, high = cast(tuple[float, float], self.result.table.at[name, "range"])
        return low, high

    def origin(self) -> str:
        """Under the title: whose plan, when, as known when."""
        plan, as_of = self.result.plan, self.result.as_of
        document = plan.document
        issuer = (document.issuer if document else None) or plan.region
        parts = [issuer, document.number if document else None]
        parts.append(self.say(f"issued {plan.issued}", f"{plan.issued} 印发") if plan.issued else None)
        if isinstance(as_of, int | np.integer):
            parts.append(self.say(f"on figures of years up to {as_of}", f"仅用截至 {as_of} 年的数据"))
        elif as_of is not None:
            parts.append(self.say(f"as known on {as_of}", f"截至 {as_of} 所知"))
        return " · ".join(part for part in parts if part)

    # --- the verdict ------------------------------------------------------------------------------------------------

    def verdict(self) -> dict[str, str]:
        """A headline, one or two sentences, and what they rest on."""
        count, assessed = len(self.targets), len(self.result.table)
        if not count:
            return {
                "head": self.say("No target to assess", "没有可评估的目标"),
                "text": self.say(
                    "The document states no number with a year, so there is nothing that could be attained or missed.",
                    "文件中没有带年份的量化目标，因此没有可以评估的内容。",
                ),
                "rests": "",
            }
        if not assessed:
            return {
                "head": self.say("No number can be given", "无法给出概率"),
                "text": self.say(
                    f"None of the plan's {count} targets can be assessed. {self.why_none()}",
                    f"规划的 {count} 个目标目前都不能评估。{self.why_none()}",
                ),
                "rests": "",
            }
        return self.answer(assessed, count)

    def why_none(self) -> str:
        """The commonest reasons, counted."""
        groups = [(group["brief"], len(group["rows"])) for group in self.missing() if group["rows"]]
        english = ", ".join(f"{brief} ({n})" for brief, n in groups)
        chinese_text = "、".join(f"{brief}（{n} 个）" for brief, n in groups)
        return self.say(f"Why: {english}.", f"原因：{chinese_text}。")

    def answer(self, assessed: int, count: int) -> dict[str, str]:
        """The joint probability in a sentence, the range first where it must lead."""
        result, lang = self.result, self.language
        all_of = {1: "the one target", 2: "both targets"}.get(assessed, f"all {assessed} targets")
        which = f"attaining {all_of} that can be assessed, of {count} in the plan,"
        which_zh = f"规划 {count} 个目标中，可评估的 {assessed} 个{'全部' if assessed > 1 else ''}实现的概率"
        if result.probability is None:
            return {
                "head": self.say("No joint number", "没有合计概率"),
                "text": self.say(
                    f"The chance of {which} has no number: {result.joint.reason.en}. Each target has its own below.",
                    f"{which_zh}无法给出（{result.joint.reason.zh}）；各目标的概率见下表。",
                ),
                "rests": self.rests(),
            }
        if settled(result):
            told = verdict(result).say(lang)
            return {"head": self.say("Settled", "已有结果"), "text": told, "rests": ""}
        low, high = result.joint_range
        point, span = chance(result.probability, lang), chance_range(low, high, lang)
        leads = leads_with_range(fewest_observations(result), low, high)
        head = span if leads else point
        free = independence(result)
        told = self.say(f"The chance of {which} is {head}{free.en}", f"{which_zh}{free.zh}为 {head}")
        aside = "" if span == point else self.aside(leads, point, span)
        told = f"{told}{aside}{self.say('.', '。')}{self.weakest()}"
        alone = beside(result).say(lang)
        return {"head": head, "text": told, "rests": self.say(f"{self.rests()} {alone}".rstrip(), self.rests() + alone)}

    def aside(self, leads: bool, point: str, span: str) -> str:
        """The number that does not lead."""
        over = choices(self.result.sensitivity)
        if leads:
            return self.say(f" over {over.en} ({point} by default)", f"，因{over.zh}而异（默认为 {point}）")
        return self.say(f" ({span} over {over.en})", f"（不同{over.zh}之间为 {span}）")

    def range_note(self) -> str:
        """What the ranges of the table are over."""
        over = choices(self.result.sensitivity)
        return self.say(f"The range is over {over.en}. ", f"概率区间是不同{over.zh}之间的区间。") if over.en else ""

    def weakest(self) -> str:
        """The hardest target of several."""
        table = self.result.table
        if len(table) < 2:
            return ""
        name = str(table["probability"].idxmin())
        low, high = self.range_of(name)
        told = chance_range(low, high, self.language)
        return self.say(f" The hardest is {self.quoted(name)} at {told}.", f"最难的是{self.quoted(name)}({told})。")

    def rests(self) -> str:
        """How much data is behind it, and what that means."""
        fewest = fewest_observations(self.result)
        few = fewest < FEW_OBSERVATIONS
        plural = "" if fewest == 1 else "s"
        english = f"The target with the shortest record rests on {fewest} growth observation{plural}"
        told = f"记录最短的目标只有 {fewest} 个增长观测"
        if few and _prints_one_number(self.result):
            return self.say(
                f"{english}. Much of the answer comes from how such series behave elsewhere.",
                f"{told}，结果在很大程度上来自同类序列的一般规律。",
            )
        if few:
            return self.say(
                f"{english}: read the range, not the number. Much of it comes from how such series behave elsewhere.",
                f"{told}：请看区间而不是单个数值，结果在很大程度上来自同类序列的一般规律。",
            )
        return self.say(f"{english}.", f"{told}。")

    # --- the table of targets ---------------------------------------------------------------------------------------

    def row(self, name: str, row: pd.Series[Any]) -> dict[str, Any]:
        """One assessed target."""
        target, lang = self.targets[name], self.language
        low, high = row["range"]
        unit = row["unit"]
        settled = row["likelihood"] in ("attained", "missed")
        return {
            "label": self.label(name),
            "words": _inner(target.words or ""),
            "tags": list(self.tags(target)),
            "by": row["by"],
            "stated": stated_words(target, lang),
            "last": self.last_figure(row, target),
            "needs": needs_words(row["required_growth"], target.kind, lang),
            "median": figure_words(row["median"], unit, lang),
            "spread": "" if settled else self.spread(row["interval80"], unit),
            "range": chance_range(low, high, lang),
            "point": chance(row["probability"], lang),
            "bar": (_share(low), _share(high - low), _share(row["probability"])),
            "leads": leads_with_range(float(row["observations"]), low, high),
            "word": likelihood(row["likelihood"]).say(lang),
            "settled": settled,
            "observations": row["observations"],
        }

    def tags(self, target: Target) -> Iterator[str]:
        """How the plan qualifies a target."""
        if target.aspiration:
            yield self.say("strive for (力争)", "力争")
        if target.nature is not None:
            yield {
                "binding": Text("binding (约束性)", "约束性"),
                "expected": Text("expected (预期性)", "预期性"),
            }[target.nature].say(self.language)
        if target.control == "administrative":
            yield self.say("certified by an issuer", "由主管部门认定")
        if target.control == "influenced":
            yield self.say("influenced by programmes", "受政策项目影响")

    def last_figure(self, row: pd.Series[Any], target: Target) -> str:
        """The last figure and its year."""
        unit = row["unit"] if target.kind in ("level", "count_above") else self.result.history.unit_of(row["indicator"])
        value = row["last_value"]
        if value is None or not math.isfinite(value):
            if any(e.target.id == target.id and e.indicator not in e.indicators for e in self.result.events):
                return self.say("not published for all in one year", "各项未在同一年公布")
            return self.say(f"growth only, to {row['last_year']}", f"仅有增速，至 {row['last_year']} 年")
        return f"{figure_words(value, unit, self.language)} ({row['last_year']})"

    def spread(self, interval: tuple[float, float], unit: str) -> str:
        """An 80 % interval."""
        low, high = (tight(number(value, unit).replace("-", "−"), self.language) for value in interval)
        return self.say(f"{low} to {high}", f"{low}至{high}")

    # --- figures and treatments -------------------------------------------------------------------------------------

    def figures(self) -> Iterator[dict[str, Any]]:
        """One figure for each indicator with an assessed target."""
        table = self.result.table
        for i, indicator in enumerate(name for name in self.result.indicators if (table["indicator"] == name).any()):
            labels = [self.label(str(name)) for name in table.index[table["indicator"] == indicator]]
            chart = assessment_chart(self.result, indicator, language=self.language, sensitivity=False)
            series = self.result.history.label_of(indicator, self.language)
            told = self.say(
                f"{series}: published figures, projection, and the path to {', '.join(labels)}",
                f"{series}：公布数据、预测，以及实现“{'”“'.join(labels)}”的路径",
            )
            yield self.drawn(chart, f"figure{i}", told)

    def drawn(self, chart: Figure, name: str, told: str) -> dict[str, Any]:
        """A figure in the page's own colours, with what it shows for those who do not see it."""
        drawing = svg(chart, name)
        for colour, variable in ((INK, "ink"), (FAINT, "faint"), (RULE, "rule")):
            drawing = drawing.replace(colour, f"var(--{variable})")
        accessible = Markup('<svg role="img" aria-label="{}"').format(told)
        return {"svg": Markup(drawing.replace("<svg", accessible, 1)), "caption": told}

    def holds(self) -> Iterator[dict[str, Any]]:
        """What each of several open targets does to the whole."""
        held = self.result.holds_back
        if held is None or len(held.table) < 2 or held.table["fraction"].isna().any():
            return
        told = self.say(
            "Chance of each target alone, and its share of the difficulty", "各目标单独实现的概率及难度占比"
        )
        yield self.drawn(bottleneck_chart(held, language=self.language), "holds", told)

    def paths(self) -> Iterator[dict[str, Any]]:
        """The attaining path of each indicator that the targets bind."""
        path = self.result.attaining_path
        if path is None:
            return
        for i, indicator in enumerate(path.bound):
            series = self.result.history.label_of(indicator, self.language)
            told = self.say(f"{series}: the path that attains the plan", f"{series}：实现规划的走势")
            yield self.drawn(path_chart(path, indicator, language=self.language), f"path{i}", told)

    def menu(self, menu: Menu) -> dict[str, Any]:
        """What could be promised of one indicator."""
        title = menu_title(menu, self.language)
        return {"title": title, "head": menu_head(menu, self.language), "rows": menu_rows(menu, self.language)}

    def records(self) -> Iterator[dict[str, str]]:
        """How often targets like those that programmes influence were attained, where a record is given."""
        for name, record in self.result.base_rates.items():
            yield {"label": self.label(name), "text": record_text(record).say(self.language)}

    def treatments(self) -> Iterator[dict[str, Any]]:
        """For each indicator with several treatments of its data, what each assumes."""
        told = self.result.sensitivity
        for indicator in self.result.indicators:
            own = told[told["target"].isin(self.result.table.index[self.result.table["indicator"] == indicator])]
            names = [str(name) for name in own["treatment"].unique()]
            if names in ([], [""]):
                continue
            used = self.result.projection.treatments.get(indicator, names[0]) if self.result.projection else names[0]
            yield {
                "title": self.result.history.label_of(indicator, self.language),
                "rows": [self.treatment(name, own[own["treatment"] == name], name == used) for name in names],
            }

    def treatment(self, name: str, part: pd.DataFrame, default: bool) -> dict[str, Any]:
        """One treatment: what it assumes, how many growth observations it leaves, and why it has no number."""
        text = self.result.history.treatments.get(name)
        fewest = part.loc[part["in_range"], "observations"].min()
        reasons = part.loc[part["in_range"], self.say("reason", "reason_zh")].unique()
        return {
            "name": name,
            "default": default,
            "assumes": "" if text is None else text.say(self.language),
            "observations": "–" if math.isnan(fewest) else f"{fewest:.0f}",
            "why": self.say("; ", "；").join(filter(None, reasons)),
        }

    def grid(self, grid: Grid) -> dict[str, Any]:
        """Treatments of a target, or targets, down and priors across."""
        labels = {name: self.label(name) for name in self.targets}
        return {
            "title": labels[grid.rows[0].target] if grid.treated else "",
            "first": _COLUMNS["treatment" if grid.treated else "target"].say(self.language),
            "priors": [prior_label(prior).say(self.language) for prior in grid.priors],
            "rows": [
                {
                    "name": row_words(row, self.language) if grid.treated else target_words(row, labels, self.language),
                    "joined": row.treatment is None,
                    "cells": [self.cell(row, prior) for prior in grid.priors],
                }
                for row in grid.rows
            ],
        }

    def cell(self, row: Row, prior: str) -> dict[str, Any]:
        """A probability, and how deep its colour is: its middle, where it is a range over treatments."""
        middle = sum(row.ends[prior]) / 2
        return {
            "text": tight(cell_words(row, prior, self.language), self.language).replace("-", "–"),
            "alone": prior == NO_PRIOR,
            "depth": None if math.isnan(middle) else f"{60 * middle:.0f}%",
        }

    # --- hindsight, what is missing, where plan and statistic differ -----------------------------------------------

    def hindsight(self) -> Iterator[dict[str, Any]]:
        """What was published after the date of knowledge."""
        over = {"at_least": "≥ ", "more_than": "> ", "at_most": "≤ ", "less_than": "< "}
        for _, row in self.result.hindsight.sort_values("year", kind="stable").iterrows():
            name, attained = str(row["target"]), row["attained"]
            outcome = "–"
            if attained is not None and not pd.isna(attained):
                outcome = likelihood("attained" if attained else "missed").say(self.language)
            bound = over.get(str(row.get("bound", "")), "")
            yield {
                "label": self.label(name),
                "stated": stated_words(self.targets[name], self.language),
                "figure": bound + published_figure(row["value"], row["unit"], self.language),
                "year": row["year"],
                "released": row["released"] or "–",
                "outcome": outcome,
                "then": chance_range(*self.range_of(name), self.language) if name in self.result.table.index else "–",
            }

    def missing(self) -> list[dict[str, Any]]:
        """Targets that are not assessed, by what is missing first."""
        groups = {
            "series": Text(
                "No published series speaks of them|no published series", "没有对应的公布数据|没有对应的公布数据"
            ),
            "method": Text(
                "Figures may be at hand, the method for this kind of target is not there yet|method not there yet",
                "这类目标的计算方法尚未具备（数据可能已有）|计算方法尚未具备",
            ),
            "issuer": Text(
                "An issuer certifies them, the model has no say|certified by an issuer",
                "由主管部门认定，模型不适用|由主管部门认定",
            ),
            "rest": Text(
                "Figures too few, or on another basis|figures too few or on another basis",
                "数据不足或口径不一|数据不足或口径不一",
            ),
        }
        rows: dict[str, list[dict[str, Any]]] = {name: [] for name in groups}
        for name, row in self.result.not_assessed.iterrows():
            target = self.targets[str(name)]
            rows[self.group_of(target)].append(self.missing_row(target, row))
        said = {name: text.say(self.language).split("|") for name, text in groups.items()}
        return [
            {
                "title": self.say(f"{said[name][0]} ({len(found)})", f"{said[name][0]}({len(found)})"),
                "brief": said[name][1],
                "rows": found,
                "reasons": len({row["why"] for row in found}) > 1,
            }
            for name, found in rows.items()
        ]

    def group_of(self, target: Target) -> str:
        """Which group of the not assessed a target belongs to."""
        if self.series_of(target) is None and target.members is None:
            return "series"
        if target.control == "administrative":
            return "issuer"
        return "rest" if has_engine(target) else "method"

    def series_of(self, target: Target) -> str | None:
        """The series that serves a target."""
        return self.result.history.series_for(self.result.plan.id, target.indicator).series

    def missing_row(self, target: Target, row: pd.Series[Any]) -> dict[str, Any]:
        """One target that is not assessed: why, what it needs, and the figures that are known."""
        needs = self.say(row["needs"], row["needs_zh"] or row["needs"])
        return {
            "label": label_of(target, self.language),
            "words": _inner(target.words or ""),
            "tags": list(self.tags(target)),
            "stated": stated_words(target, self.language),
            "by": target.by or "–",
            "why": _sentence(self.say(row["reason"], row["reason_zh"] or row["reason"])),
            "needs": _sentence(needs.removeprefix("Needs ")),
            "known": self.known_figures(target),
        }

    def known_figures(self, target: Target) -> str:
        """The last published figures of a series that no model reads yet, as far as known at `as_of`."""
        name = self.series_of(target)
        if name is None:
            return ""
        rows = known_rows(self.result.history, self.result.as_of)
        rows = rows[(rows["indicator"] == name) & (rows["kind"] != "change")]
        rows = rows.drop_duplicates(["year", "period", "value"]).sort_values(["year", "period"])
        rows = rows[~rows["note"].str.startswith("hindsight")]
        told = [self.known_figure(row) for _, row in rows.tail(4).iterrows()]
        listed = self.say("; ".join(told), "、".join(told))
        return self.say(f"Published: {listed}", f"已公布：{listed}") if told else ""

    def known_figure(self, row: pd.Series[Any]) -> str:
        """A figure with its year or period, and the sign of a bound."""
        sign = {"at_least": "≥ ", "more_than": "> ", "at_most": "≤ ", "less_than": "< "}.get(row["bound"], "")
        when = row["period"] or row["year"]
        if row["kind"] == "growth":
            told = growth_words(row["value"], self.language)
            return self.say(f"growth {sign}{told} ({when})", f"增长 {sign}{told} ({when})")
        return f"{sign}{published_figure(row['value'], row['unit'], self.language)} ({when})"

    def agreement(self) -> dict[str, Any] | None:
        """Whether the targets agree with each other: the verdict, and what is worth saying; None without targets."""
        if not self.targets:
            return None
        checked, headings = self.result.consistency, consistency_text.HEADINGS
        return {
            "verdict": consistency_text.verdict(checked).say(self.language),
            "sections": [
                {"title": headings[name].say(self.language), "items": items}
                for name, items in consistency_text.sections(checked, self.language)
            ],
            "method": consistency_text.METHOD.say(self.language),
        }

    def differences(self) -> Iterator[dict[str, str]]:
        """Notes on the series that serve targets, once each."""
        seen: dict[str, list[str]] = {}
        notes: dict[str, str] = {}
        for target in self.targets.values():
            service = self.result.history.series_for(self.result.plan.id, target.indicator)
            if service.note and service.series is not None:
                seen.setdefault(target.indicator, []).append(label_of(target, self.language))
                notes[target.indicator] = note_of(service).say(self.language)
        for indicator, labels in seen.items():
            yield {
                "label": self.say(", ".join(labels), "、".join(labels)),
                "note": notes[indicator],
            }

    def relation(self, relation: Relation) -> dict[str, str]:
        """A relation between targets in words."""
        quoted = [self.quoted(name) for name in relation.parts]
        parts = self.say(listed(quoted), "、".join(quoted))
        whole = self.quoted(relation.whole) if relation.whole else ""
        verb = "is" if len(quoted) == 1 else "are"
        each = self.say(f"; {whole} is their total", f";{whole}为其合计") if whole else ""
        texts = {
            "nested": Text(f"{whole} includes {parts}.", f"{whole}包括{parts}。"),
            "sum": Text(f"{whole} is the sum of {parts}.", f"{whole}等于{parts}之和。"),
            "overlap": Text(f"{parts} share members and do not add up.", f"{parts}互有重叠，不能相加。"),
            "part_of": Text(f"{parts} {verb} a part of {whole}.", f"{parts}是{whole}的组成部分。"),
            "same_population": Text(f"{parts} speak of the same population.", f"{parts}针对同一总体。"),
            "each_of": Text(
                f"{parts} hold{'s' if len(quoted) == 1 else ''} for each of {relation.units} units{each}.",
                f"{parts}分别适用于 {relation.units} 个单位{each}。",
            ),
        }
        return {"text": texts[relation.kind].say(self.language), "note": note_of(relation).say(self.language)}

    # --- sources and the computation --------------------------------------------------------------------------------

    def sources(self) -> Iterator[dict[str, Any]]:
        """The figures behind the assessed targets, under all treatments, each with where it was read."""
        rows = known_rows(self.result.history, self.result.as_of)
        rows = rows[(rows["unused"] == "")]
        for indicator in self.result.indicators:
            own = rows[rows["indicator"] == indicator].sort_values(["year", "kind"], kind="stable")
            figures = own.groupby(["year", "kind", "value", "source", "url"], sort=False)
            yield {
                "title": self.result.history.label_of(indicator, self.language),
                "rows": [self.source(part) for _, part in figures],
            }

    def source(self, part: pd.DataFrame) -> dict[str, Any]:
        """One figure, as each treatment uses it, and where it was read."""
        row = part.iloc[0]
        names = [name for name in dict.fromkeys(part["treatment"]) if name]
        scopes = [name for name in dict.fromkeys(part["scope"]) if name]
        confidence = {"high": Text("high", "高"), "medium": Text("medium", "中"), "low": Text("low", "低")}
        level = confidence.get(row["confidence"], Text(row["confidence"] or "–", row["confidence"] or "–"))
        return {
            "figure": self.known_figure(row),
            "scope": ", ".join(names or scopes),
            "released": row["released"] or "–",
            "confidence": level.say(self.language),
            "source": row["source"] or row["url"] or self.result.history.name,
            "url": _link(row["url"]),
            "note": row["note"],
        }

    def about(self) -> Iterator[tuple[str, Any]]:
        """Name and value of what identifies the document and the computation."""
        result, plan = self.result, self.result.plan
        document = plan.document
        if document is not None:
            link = _link(document.url)
            title = Markup('<a href="{}">{}</a>').format(link, document.title) if link else document.title
            yield self.say("Document", "文件"), title
            if document.number:
                yield self.say("Number", "文号"), document.number
            if document.issuer:
                yield self.say("Issuer", "印发机关"), document.issuer
        if plan.issued:
            yield self.say("Issued", "印发日期"), str(plan.issued)
        yield self.say("Plan", "规划代号"), plan.id
        yield self.say("History", "数据"), result.history.name
        if result.as_of is not None:
            yield self.say("Knowledge", "所知"), knowledge(result.as_of).say(self.language).lstrip(",\uff0c ")
        if result.projection is None:
            return
        models = {
            "growth": Text("growth model, averaged over a learned prior", "增长模型（按学习到的先验加权平均）"),
            "random-walk": Text("random walk with drift", "带漂移的随机游走"),
        }
        yield self.say("Model", "模型"), models[result.projection.model].say(self.language)
        yield self.say("Prior", "先验"), prior_words(result.projection).say(self.language)
        yield self.say("Joint probability", "合计概率"), self.engine()
        if result.numerical_error is not None:
            yield (
                self.say("Numerical error", "数值误差"),
                self.say(
                    f"{result.numerical_error:.0e} (of the computation only; the range says how far choices decide)",
                    f"{result.numerical_error:.0e}（仅为计算误差；先验和数据的影响见概率区间）",
                ),
            )

    def engine(self) -> str:
        """The engine in words."""
        engines = {
            "exact": Text("exact: the stricter bound decides", "精确：以较严者为准"),
            "independent": Text("product over indicators taken as independent", "各指标视为相互独立，概率相乘"),
            "factor": Text("integral over what the indicators have in common", "对各指标的共同因素积分"),
            "simulation": Text("share of simulated paths", "模拟路径中全部实现的比例"),
            "sov": Text(
                "draws of every indicator's components, each with the exact chance of the bounds",
                "抽取各指标的混合成分，并精确计算给定成分下的实现概率",
            ),
        }
        told, why = engines.get(self.result.engine), engine_reason(self.result)
        return self.result.engine if told is None else Text(told.en + why.en, told.zh + why.zh).say(self.language)


def _prints_one_number(result: Assessment) -> bool:
    """Do the ends of the joint range print the same?"""
    low, high = result.joint_range
    return percent(low) == percent(high)


def known_rows(history: History, as_of: AsOf) -> pd.DataFrame:
    """The figures of a history that were known at a date or year, whether a model uses them or not."""
    rows = history.rows
    if as_of is None:
        return rows
    if isinstance(as_of, int | np.integer):
        return rows[rows["year"] <= as_of]
    return rows[(rows["released"] != "") & (rows["released"] <= str(as_of))]


def _share(probability: float) -> str:
    return f"{100 * probability:.1f}%"


def _sentence(text: str) -> str:
    """The text with a capital, but for an id in front."""
    first = text.split(" ", 1)[0]
    return text if "_" in first else text[:1].upper() + text[1:]


def _inner(text: str) -> str:
    """A text to be quoted: its own quotation marks become the inner ones."""
    return text.replace("“", "‘").replace("”", "’")


def _link(url: str | None) -> Markup | None:
    """An address that is safe to follow; None for anything but the web's own."""
    return escape(url) if url and url.startswith(("https://", "http://")) else None
