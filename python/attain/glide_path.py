"""Milestones on the way from the last figure to a target, year by year or within the year, and what is left to do in
the rest of a year that has begun."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
import pandas as pd

from attain.assessing import assess
from attain.course import (
    Course,
    course_of,
    figure,
    figures_on_scope,
    history_of,
    missing_frame,
    missing_lines,
    parts_on_scope,
)
from attain.errors import ArgumentError, UnitError
from attain.event import Missing
from attain.history import History
from attain.language import Language, Text, check_language
from attain.plan import Plan, load_plan
from attain.text import label_of, table_text, wrap
from attain.units import Number, parse_rate, unit

Shape = Literal["constant-growth", "linear", "front-loaded", "most-likely"]
Frequency = Literal["year", "quarter", "month"]
_PERIODS = {"year": 1, "quarter": 4, "month": 12}
COLUMNS = (
    "target", "label", "label_zh", "unit", "year", "period", "milestone", "growth", "seasonal", "seasonal_zh",
)  # fmt: skip
REST_COLUMNS = (
    "target", "label", "label_zh", "unit", "period", "reached", "milestone", "left", "reached_growth", "rest_growth",
)  # fmt: skip


class Season(NamedTuple):
    """Part of a year's total that is reached by the end of each month, from 0 before January on: (13), and where that
    comes from."""

    reached: tuple[float, ...]
    source: Text


_EVEN = Season(tuple(month / 12 for month in range(13)), Text("even", "均匀"))


@dataclass(frozen=True, eq=False)
class GlidePath:
    """Milestones of a plan's targets; made by `glide_path`.

    Attributes
    ----------
    plan, shape, frequency
        As given.
    table
        Frame, one row per target and period: target, label and label_zh, unit (of the history, shares as fractions),
        year, period (such as 2027Q1-Q3; empty for the year), milestone (the year's figure; within the year what is
        reached by then, for stocks the figure at the end of the period; counts in whole pieces), growth (of the year
        on the path against the year before, as a fraction; for shares in points), seasonal and seasonal_zh (whence the
        course within the year).
    rest
        Frame, one row per target with a year that has begun: target, labels, unit, period, reached, milestone (of the
        XX
    missing
        Frame, index target, columns reason and needs, and both in Chinese: targets without a path.
    """

    plan: Plan
    shape: Shape
    frequency: Frequency
    table: pd.DataFrame
    rest: pd.DataFrame
    missing: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """A copy of `table`."""
        return self.table.copy()

    def summary(self, *, language: Language = "en") -> str:
        """Target by target, the milestones, and what is left of a year that has begun."""
        check_language(language)
        lines = [_title(self).say(language)]
        head = Text("period|milestone|growth of the year", "时期|里程碑|年增速").say(language).split("|")
        for _, rows in self.table.groupby("target", sort=False):
            lines += ["", *wrap(_named(rows.iloc[0], language))]
            lines += table_text(head, [_cells(row) for _, row in rows.iterrows()])
        for _, row in self.rest.iterrows():
            lines += ["", *wrap(rest_told(row).say(language))]
        return "\n".join([*lines, *missing_lines(self.missing, language)])

    def _repr_html_(self) -> str:
        from attain.fragments import glide_path_fragment

        return glide_path_fragment(self)


def _title(path: GlidePath) -> Text:
    shapes = {
        "constant-growth": Text("constant growth", "匀速增长"),
        "linear": Text("equal steps", "等量递增"),
        "front-loaded": Text("faster at first", "先快后慢"),
        "most-likely": Text("most likely", "最可能路径"),
    }
    name = path.plan.title or path.plan.title_zh or path.plan.id
    shape = shapes[path.shape]
    return Text(f"{name}: milestones, {shape.en}", f"{path.plan.title_zh or name}：里程碑，{shape.zh}")


def _named(row: pd.Series[Any], language: Language) -> str:
    unit_told = "" if row["unit"] == "fraction" else Text(f" ({row['unit']})", f"（{row['unit']}）").say(language)
    season = Text(f"; within the year: {row['seasonal']}", f"；年内进度：{row['seasonal_zh']}").say(language)
    return f"{row['label_zh' if language == 'zh' else 'label']}{unit_told}{season if row['seasonal'] else ''}"


def _cells(row: pd.Series[Any]) -> list[str]:
    growth = f"{100 * row['growth']:.1f} %" if row["unit"] != "fraction" else f"{100 * row['growth']:+.2f} pp"
    return [row["period"] or str(row["year"]), figure(row["milestone"], row["unit"]), growth]


def rest_told(row: pd.Series[Any]) -> Text:
    """What is left of a year that has begun, in words."""
    reached, whole, left = (figure(row[c], row["unit"]) for c in ("reached", "milestone", "left"))
    grew, need = (f"{100 * abs(row[c]):.1f} %" for c in ("reached_growth", "rest_growth"))
    up, more = row["reached_growth"] >= 0, row["rest_growth"] >= 0
    told = Text(
        f"{row['label']}: {reached} by {row['period']}, {'up' if up else 'down'} {grew}",
        f"{row['label_zh']}：{row['period']} 已完成 {reached}，{'增长' if up else '下降'} {grew}",
    )
    if math.isnan(row["rest_growth"]):
        return Text(f"{told.en}, which is past the {whole} of the whole year.", f"{told.zh}，已超过全年的 {whole}。")
    return Text(
        f"{told.en}; {left} is left of {whole}, {need} {'more' if more else 'less'} than in the rest of the year"
        " before.",
        f"{told.zh}；全年 {whole} 尚余 {left}，较上年其余时段{'增长' if more else '下降'} {need}。",
    )


def glide_path(
    plan: Any,
    history: Any = None,
    *,
    shape: Shape = "constant-growth",
    frequency: Frequency = "year",
    seasonal: Mapping[str, Sequence[Number]] | None = None,
) -> GlidePath:
    """Milestones from the last figure of each target's indicator to its goal.

    Parameters
    ----------
    plan : anything that `load_plan` takes.
    history : anything that `load_history` takes; the plan's own bundled one by default. Cut it with `as_of` to plan
        from a year that has not ended.
    shape : `"constant-growth"`, the same rate each year (for a share the same points); `"linear"`, equal steps;
        `"front-loaded"`, log steps that fall evenly, n, n - 1, ... 1; `"most-likely"`, the path of `assess` nearest to
        what is projected, which is joint over all targets, so that it may pass a goal for the sake of another.
    frequency : of the milestones. Within a year, amounts add up month by month with their season, counts and shares
        move evenly.
    seasonal : indicator of the history to the shares of its quarters (4) or months (12), which add up to 1; otherwise
        learned from part-year and full-year figures of the same years, straight in between, and even without any.

    Raises
    ------
    ArgumentError
        For an unknown shape or frequency, an indicator that the history lacks, and shares that do not add up.
    PlanError
        For a most likely path where the targets contradict each other.
    """
    if shape not in get_args(Shape):
        raise ArgumentError(f"shape: {shape!r} is none of {', '.join(get_args(Shape))}")
    if frequency not in _PERIODS:
        raise ArgumentError(f"frequency: {frequency!r} is none of {', '.join(_PERIODS)}")
    loaded = load_plan(plan)
    figures = history_of(loaded, history)
    seasons = {_known(name, figures): _given(name, shares) for name, shares in dict(seasonal or {}).items()}
    levels = assess(loaded, figures).path if shape == "most-likely" else None
    rows: list[dict[str, Any]] = []
    rest: list[dict[str, Any]] = []
    missing: dict[str, Missing] = {}
    for target in loaded.targets:
        course = course_of(target, loaded, figures)
        way = course if isinstance(course, Missing) else _no_way(course) or _way(course, shape, levels)
        if isinstance(way, Missing):
            missing[target.id] = way
        elif isinstance(course, Course):
            season = seasons.get(course.indicator) or season_of(figures, course.indicator)
            rows += _periods(course, way, season, frequency)
            rest += _rest(course, way, figures)
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return GlidePath(
        loaded, shape, frequency, table, pd.DataFrame(rest, columns=list(REST_COLUMNS)), missing_frame(missing)
    )


def _known(name: str, history: History) -> str:
    found = history.find(name)
    if found is None:
        raise ArgumentError(f"seasonal: {history.name} has no indicator {name!r}")
    return found


def _given(name: str, shares: Sequence[Number]) -> Season:
    try:
        parts = [float(parse_rate(share)) for share in shares]
    except UnitError as error:
        raise ArgumentError(f"seasonal: {name!r}: {error}") from error
    if len(parts) not in (4, 12) or min(parts) < 0 or abs(sum(parts) - 1) > 1e-6:
        raise ArgumentError(f"seasonal: {name!r} needs 4 or 12 shares that add up to 1, not {parts}")
    knots = np.linspace(0, 12, len(parts) + 1)
    return _season(dict(zip(knots.tolist(), np.cumsum([0.0, *parts]).tolist(), strict=True)), Text("given", "给定"))


def _season(knots: Mapping[float, float], source: Text) -> Season:
    reached = np.interp(range(13), list(knots), list(knots.values()))
    return Season(tuple(float(part) for part in reached), source)


def _no_way(course: Course) -> Missing | None:
    needs = Text(f"a figure of {course.indicator} before {course.by}", f"{course.indicator} {course.by} 年以前的数据")
    if course.year >= course.by:
        return Missing(Text(f"{course.by} has passed", f"{course.by} 年已过"), needs)
    reason = course.no_way_from(course.year)
    return None if reason is None else Missing(reason, needs)


def _way(course: Course, shape: Shape, levels: pd.DataFrame | None) -> dict[float, float] | Missing:
    """The milestones of the years by a shape, or along the levels of a path."""
    if levels is None:
        return milestones(course, shape)
    own = levels.get(course.indicator)
    if own is None:
        reason = Text("the model does not assess it", "模型不作评估")
        return Missing(reason, Text("figures that can be projected", "可供预测的数据"))
    return {course.year: course.value, **own.loc[course.year + 1 : course.by]}


# --- the years ------------------------------------------------------------------------------------------------------


def milestones(course: Course, shape: Shape) -> dict[float, float]:
    """Figure at the end of each year from the last figure's on, which is the first, to the goal."""
    years = range(course.year, course.by + 1)
    parts = _SHAPES["linear" if course.unit == "fraction" and shape == "constant-growth" else shape]
    return {year: parts(course.value, course.goal, i, len(years) - 1) for i, year in enumerate(years)}


def _constant(start: float, goal: float, step: int, steps: int) -> float:
    return start * math.exp(math.log(goal / start) * step / steps)


def _linear(start: float, goal: float, step: int, steps: int) -> float:
    return start + (goal - start) * step / steps


def _front(start: float, goal: float, step: int, steps: int) -> float:
    """Log steps in the proportion n, n - 1, ... 1."""
    done = step * (2 * steps - step + 1) / (steps * (steps + 1))
    return start * math.exp(math.log(goal / start) * done)


_SHAPES: dict[str, Callable[[float, float, int, int], float]] = {
    "constant-growth": _constant,
    "linear": _linear,
    "front-loaded": _front,
}

# --- within the year ------------------------------------------------------------------------------------------------


def season_of(history: History, indicator: str) -> Season:
    """The season that part-year levels teach against the figures of the same years; even where there are none."""
    rows, years = parts_on_scope(history, indicator), figures_on_scope(history, indicator)
    parts = rows[(rows["kind"] == "level") & rows["year"].isin(years)]
    parts = parts.assign(part=parts["value"] / parts["year"].map(years))
    parts = parts[parts["part"] < 1]
    if parts.empty:
        return _EVEN
    means = parts.groupby("months")["part"].mean().cummax()
    knots = {0.0: 0.0, **{float(m): float(p) for m, p in means.items()}, 12.0: 1.0}  # type: ignore[arg-type]
    taught = ", ".join(str(year) for year in sorted(parts["year"].unique()))
    return _season(knots, Text(f"learned from {taught}", f"按 {taught} 年"))


def _periods(course: Course, way: Mapping[float, float], season: Season, frequency: Frequency) -> list[dict[str, Any]]:
    flow, count = unit(course.unit).adds_up, _PERIODS[frequency]
    within = frequency != "year"
    source = (season.source if flow else _EVEN.source) if within else Text("", "")
    about = {**_about(course), "seasonal": source.en, "seasonal_zh": source.zh}
    rows = []
    for year in range(course.year + 1, course.by + 1):
        before, whole = way[year - 1], way[year]
        growth = whole - before if course.unit == "fraction" else whole / before - 1
        for part in range(1, count + 1):
            months = 12 * part // count
            reached = whole * season.reached[months] if flow else before + (whole - before) * months / 12
            told = {"period": _period(year, part, count), "milestone": _whole(reached, course), "growth": growth}
            rows.append({**about, "year": year, **told})
    return rows


def _whole(milestone: float, course: Course) -> float:
    """A milestone that counts pieces, in whole ones: rounded up, down where fewer are wanted."""
    if unit(course.unit).dimension != "count":
        return milestone
    return float(math.ceil(milestone - 1e-9) if course.goal > course.value else math.floor(milestone + 1e-9))


def _about(course: Course) -> dict[str, Any]:
    target = course.target
    labels = {"label": label_of(target, "en"), "label_zh": label_of(target, "zh")}
    return {"target": target.id, **labels, "unit": course.unit}


def _period(year: int, part: int, count: int) -> str:
    """The period from January on as a history writes it."""
    if part == count:
        return ""
    letter = {4: "Q", 12: "M"}[count]
    return f"{year}{letter}1" + (f"-{letter}{part}" if part > 1 else "")


def _rest(course: Course, way: Mapping[float, float], history: History) -> list[dict[str, Any]]:
    """What the rest of the year after the last figure needs, where a part of it is published with its growth, or with
    the same part of the year before: (Y - C) / (Y' - C') - 1 with Y', C' of the year before."""
    year = course.year + 1
    rows = parts_on_scope(history, course.indicator)
    levels = rows[(rows["kind"] == "level") & (rows["year"] == year)]
    if year > course.by or levels.empty or not unit(course.unit).adds_up:
        return []
    row = levels.iloc[-1]
    before = _same_part_before(rows, row["period"], float(row["value"]))
    if before is None or not before < course.value:
        return []
    reached, whole = float(row["value"]), way[year]
    growth = {
        "reached_growth": reached / before - 1,
        "rest_growth": (whole - reached) / (course.value - before) - 1 if whole > reached else math.nan,
    }
    found = {"period": row["period"], "reached": reached, "milestone": whole, "left": whole - reached}
    return [{**_about(course), **found, **growth}]


def _same_part_before(rows: pd.DataFrame, period: str, reached: float) -> float | None:
    """What the same part of the year before had reached: from published growth, else as published."""
    growth = rows[(rows["kind"] == "growth") & (rows["period"] == period)]
    if len(growth):
        return reached / (1 + float(growth["value"].iloc[0]))
    year = int(period[:4])
    level = rows[(rows["kind"] == "level") & (rows["period"] == f"{year - 1}{period[4:]}")]
    return float(level["value"].iloc[0]) if len(level) else None
