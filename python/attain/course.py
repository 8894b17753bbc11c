"""Where a target starts, where it stands and where it has to be: figures on one scope, and a goal."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pandas as pd

from attain.errors import ArgumentError
from attain.event import Missing, basis_problem, kind_name
from attain.history import UNKNOWN_THEN, History
from attain.language import Language, Text, note_of
from attain.plan import Plan
from attain.precision import months_of
from attain.reading import load_history
from attain.scale import LOGIT
from attain.target import Target
from attain.text import number, wrap
from attain.units import convert

COURSE_KINDS = ("level", "growth", "share", "multiple", "reduction", "count", "count_above", "coverage")
_CHANGES = ("growth", "multiple", "reduction")


@dataclass(frozen=True)
class Course:
    """A target as a way from a base year to a goal.

    Attributes
    ----------
    target, indicator, unit : the target, the series of the history that speaks of it, and its unit.
    figures : year to figure up to the target year, on the scope of the last one, in the unit of the history (shares as
        fractions); a year without figure follows from published growth where there is one.
    base_year : base year of the target, else the last year with a figure before the plan was issued, else the first.
    by, goal : target year, and the stated number as a figure of that year.
    """

    target: Target
    indicator: str
    unit: str
    figures: Mapping[int, float]
    base_year: int
    by: int
    goal: float

    @functools.cached_property
    def year(self) -> int:
        """Year of the last figure."""
        return max(self.figures)

    @property
    def value(self) -> float:
        """The last figure."""
        return self.figures[self.year]

    @property
    def base(self) -> float:
        """The figure of the base year."""
        return self.figures[self.base_year]

    @property
    def elapsed(self) -> float:
        """Part of the time from base to target year that has passed at the last figure."""
        return (self.year - self.base_year) / (self.by - self.base_year)

    @property
    def done(self) -> float:
        """Part of the way from base to goal that is done at the last figure."""
        return (self.value - self.base) / (self.goal - self.base)

    def no_way_from(self, year: int) -> Text | None:
        """Why there is no way to go from the figure of a year: the goal is attained, or is a ceiling to be kept."""
        ceiling = self.target.word in ("at_most", "less_than")
        down, figure = ceiling or self.target.kind == "reduction", self.figures[year]
        if not (figure <= self.goal if down else figure >= self.goal):
            return None
        if not ceiling:
            return Text(f"attained already in {year}", f"{year} 年已达到")
        kept = self.value <= self.goal
        return Text(
            f"a ceiling has no way to go; the figure of {self.year} is {'within' if kept else 'above'} it",
            f"上限目标没有需要完成的进度；{self.year} 年的数据{'未' if kept else '已'}超过上限",
        )


def history_of(plan: Plan, history: Any) -> History:
    """The history given, by default the bundled one that the plan names.

    Raises
    ------
    ArgumentError
        When there is neither.
    """
    if history is None and plan.history is None:
        raise ArgumentError(f"{plan.id}: name a history; the plan names none")
    return load_history(history if history is not None else plan.history or "")


def course_of(target: Target, plan: Plan, history: History) -> Course | Missing:
    """The course of a target, or what it lacks."""
    service = history.series_for(plan.id, target.indicator)
    if service.series is None:
        needs = note_of(service) if service.note else _figures(target.indicator)
        return Missing(Text("no published series serves it", "没有对应的公布数据"), needs)
    name = service.series
    problem = _kind_problem(target, name, history) or _each_problem(target, plan) or _scope_problem(name, history)
    if problem is not None:
        return problem
    assert target.by is not None, "a target without a year has a problem"
    figures = {year: value for year, value in figures_on_scope(history, name).items() if year <= target.by}
    return _with_base(target, name, figures, plan, history)


def missing_frame(missing: Mapping[str, Missing]) -> pd.DataFrame:
    """What targets lack: frame, index target, columns reason and needs, and both in Chinese."""
    rows = {name: [m.reason.en, m.needs.en, m.reason.zh, m.needs.zh] for name, m in missing.items()}
    columns = ["reason", "needs", "reason_zh", "needs_zh"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("target")


def missing_lines(missing: pd.DataFrame, language: Language) -> list[str]:
    """What targets lack, as lines of text; none where nothing is missing."""
    if missing.empty:
        return []
    suffix, colon = ("_zh", "：") if language == "zh" else ("", ": ")
    head = Text(f"Without a course, {len(missing)}:", f"无法衡量的目标 {len(missing)} 个：").say(language)
    told = [f"  {name}{colon}{row[f'reason{suffix}']}" for name, row in missing.iterrows()]
    return ["", head, *(line for text in told for line in wrap(text))]


def figure(value: float, unit: str) -> str:
    """A figure of a course in the unit of its history, a share in per cent."""
    return number(value, "fraction" if unit == "fraction" else "")


def _figures(name: str) -> Text:
    return Text(f"yearly figures of {name}", f"{name} 的年度数据")


def _kind_problem(target: Target, name: str, history: History) -> Missing | None:
    if target.kind not in COURSE_KINDS or (target.kind == "growth" and target.mode == "every-year"):
        kind = kind_name(target)
        return Missing(Text(f"a {kind.en} has no single goal", f"{kind.zh}目标没有单一的目标值"), _figures(name))
    if target.by is None:
        return Missing(Text("no target year", "没有目标年份"), Text("a year: by", "目标年份 (by)"))
    if target.kind in ("share", "coverage") and history.scale_of(name) is not LOGIT:
        reason = Text(f"{name} is a level, not a share", f"{name} 是总量，不是占比")
        return Missing(reason, Text(f"{name} measured as a share", f"{name} 的占比数据"))
    return basis_problem(
        target if target.kind != "coverage" else target.model_copy(update={"kind": "share"}), name, history
    )


def _each_problem(target: Target, plan: Plan) -> Missing | None:
    each = next((r for r in plan.relations if r.kind == "each_of" and target.id in r.parts), None)
    if each is None:
        return None
    reason = Text(f"it holds for each of {each.units} units", f"目标分别针对 {each.units} 个单位")
    return Missing(reason, Text("figures of every unit", "每个单位的数据"))


def _scope_problem(name: str, history: History) -> Missing | None:
    reason = history.ambiguous_scopes([name]).get(name)
    if reason is not None:
        return Missing(Text(reason, "最新数据有两种口径"), _figures(name))
    if not figures_on_scope(history, name):
        return Missing(Text(f"no usable level of {name}", f"{name} 没有可用的数据"), _figures(name))
    return None


def figures_on_scope(history: History, name: str) -> dict[int, float]:
    """Figures of an indicator by year, on the scope of the last one, with what published growth of whole years tells
    of the years beside them."""
    rows = history.usable([name])
    levels = rows[rows["kind"] != "growth"]
    if levels.empty:
        return {}
    own = rows[(rows["scope"] == levels["scope"].iloc[-1]) & (rows["looseness"] == 0)]
    parts = ((own["kind"] != "growth"), (own["kind"] == "growth"))
    figures, growth = (
        dict(zip(own.loc[part, "year"].tolist(), own.loc[part, "reading"].tolist(), strict=True)) for part in parts
    )
    for year in sorted(growth):
        if year - 1 in figures:
            figures.setdefault(year, figures[year - 1] * (1 + growth[year]))
    for year in sorted(growth, reverse=True):
        if year in figures:
            figures.setdefault(year - 1, figures[year] / (1 + growth[year]))
    return dict(sorted(figures.items()))


def parts_on_scope(history: History, name: str) -> pd.DataFrame:
    """Levels and growth of parts of years of an indicator, from January on: on the scope of its last figure or, next to
    it, without scope, in the default treatment and the latest vintage, with the months that they span."""
    figures = history.usable([name])
    scope = figures.loc[figures["kind"] != "growth", "scope"].iloc[-1]
    rows = history.rows[(history.rows["indicator"] == name) & (history.rows["period"] != "")]
    rows = rows[~rows["unused"].str.startswith(UNKNOWN_THEN) & rows["scope"].isin(["", scope])]
    rows = rows[rows["treatment"].isin(["", history.treatments_of(name)[0]])]
    rows = rows.assign(months=rows["period"].map(months_of), own=rows["scope"] == scope)
    rows = rows.sort_values(["months", "own", "vintage"], kind="stable")
    return rows[rows["months"] > 0].drop_duplicates(["period", "kind"], keep="last")


def _with_base(
    target: Target, name: str, figures: Mapping[int, float], plan: Plan, history: History
) -> Course | Missing:
    assert target.by is not None, "a target without a year has a problem"
    if not figures:
        return Missing(Text(f"no figure up to {target.by}", f"{target.by} 年及以前没有数据"), _figures(name))
    base_year = _base_year(target, figures, plan)
    if base_year not in figures:
        reason = f"no figure of the base year {base_year} on the scope of {max(figures)}"
        needs = Text(f"the figure of {name} for {base_year}", f"{name} {base_year} 年的数据")
        return Missing(Text(reason, f"基年 {base_year} 没有与 {max(figures)} 年同口径的数据"), needs)
    if base_year >= target.by:
        return Missing(Text(f"its figures begin in {base_year}", f"数据自 {base_year} 年才开始"), _figures(name))
    unit = history.unit_of(name)
    return Course(target, name, unit, figures, base_year, target.by, _goal(target, figures, unit))


def _base_year(target: Target, figures: Mapping[int, float], plan: Plan) -> int:
    if target.since is not None:
        return target.since
    before = [year for year in figures if plan.issued is not None and year < plan.issued.year]
    return max(before) if before else min(figures)


def _goal(target: Target, figures: Mapping[int, float], history_unit: str) -> float:
    """The stated number as a figure of the target year."""
    value = target.value
    if target.kind not in _CHANGES:
        stated = "fraction" if target.is_rate else target.effective_unit or ""
        bare = target.kind.startswith("count") and not stated
        return float(value if bare else convert(value, stated, history_unit))
    assert target.since is not None, "a change has its base year"
    assert target.by is not None, "a change has its year"
    base, years = figures[target.since], target.by - target.since
    if target.kind == "growth":
        return base * float(1 + value) ** (1 if target.mode == "cumulative" else years)
    return base * float(value if target.kind == "multiple" else Decimal(1) - value)
