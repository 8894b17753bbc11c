"""Figures: fan charts of projections; assessments with targets, required path and what each probability depends on;
the path that attains a plan, what holds it back, what could be promised; how forecasts fared; growth among the growth
of others."""

from __future__ import annotations

import functools
import io
import logging
import math
import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import matplotlib.ticker
import numpy as np
import pandas as pd
from matplotlib import font_manager
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from attain.errors import ArgumentError
from attain.event import GROWTH, Event, event_of, figure_y
from attain.goals import RUNGS, under_priors
from attain.language import Language, Text, check_language
from attain.prior import NO_PRIOR, prior_label
from attain.scale import LOGIT, Scale
from attain.sensitivity import choices
from attain.target import AS_STATED
from attain.text import label_of, likelihood
from attain.wording import chance, chance_range, chinese, needs_words, share_words, stated_words, tight, unit_words

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

    from attain.assessment import Assessment
    from attain.backtest import Backtest
    from attain.bottleneck import Bottleneck
    from attain.goals import Frontier, Menu
    from attain.growth_test import GrowthTest
    from attain.path import AttainingPath
    from attain.projection import Projection

_BANDS = ((0.025, 0.975), (0.1, 0.9), (0.25, 0.75))
INK, FAINT, RULE, FAN = "#1b1b1b", "#808080", "#dcdcdc", "#1f5fa8"
TARGETS = ("#c0392b", "#2e7d32", "#8e44ad", "#b9770e")
_BAR: dict[str, Any] = {"alpha": 0.35, "linewidth": 6, "solid_capstyle": "round", "clip_on": False}
_DIAMOND: dict[str, Any] = {"linestyle": "none", "marker": "D", "markersize": 6.5, "clip_on": False}
_RING: dict[str, Any] = {"linestyle": "none", "marker": "o", "fillstyle": "none", "markersize": 7, "clip_on": False}
_CHINESE_FONTS = (
    "Noto Sans CJK SC", "Source Han Sans SC", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "Microsoft YaHei", "SimHei",
    "PingFang SC", "Hiragino Sans GB", "Droid Sans Fallback",
)  # fmt: skip


@functools.cache
def _chinese_font() -> str | None:
    """Name of an installed font with Chinese characters; its absence is told once, with the way out."""
    installed = {font.name for font in font_manager.fontManager.ttflist}
    found = next((name for name in _CHINESE_FONTS if name in installed), None) or _newly_installed_font()
    if found is None:
        logging.getLogger("attain").warning(
            "no Chinese font found, Chinese labels show as boxes; on Debian: apt install fonts-wqy-microhei"
        )
    return found


def _newly_installed_font() -> str | None:
    """A Chinese font that matplotlib's list, written once per installation, does not know yet."""
    for path in font_manager.findSystemFonts():
        try:
            name = font_manager.get_font(path).family_name
        except (OSError, RuntimeError):
            continue
        if name in _CHINESE_FONTS:
            font_manager.fontManager.addfont(path)
            return name
    return None


def _style() -> Any:
    chinese = _chinese_font()
    return {
        "font.family": ["DejaVu Sans", *([chinese] if chinese else [])],
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.unicode_minus": False,
        "axes.edgecolor": FAINT,
        "text.color": INK,
        "axes.labelcolor": INK,
        "axes.titlecolor": INK,
        "xtick.color": FAINT,
        "ytick.color": FAINT,
        "xtick.labelcolor": INK,
        "ytick.labelcolor": INK,
        "text.parse_math": False,
        "font.size": 10,
        "figure.dpi": 110,
    }


class Picture(Figure):
    """A figure that draws itself in a notebook, without pyplot and its state."""

    def _repr_png_(self) -> bytes:
        return png(self)


def fan_chart(
    projection: Projection, indicator: str, *, paths: int = 0, seed: int = 0, language: Language = "en"
) -> Figure:
    """History and projection of one indicator: median, and bands of 50, 80 and 95 %; and so many simulated paths."""
    check_language(language)
    name = _indicator(projection, indicator)
    with mpl.rc_context(_style()):
        figure = Picture(figsize=(7.5, 4.8), layout="constrained")
        axes = figure.add_subplot()
        if paths:
            _draw_paths(axes, projection, name, paths, seed, language)
        _draw(figure, axes, projection, name, language)
    return figure


def assessment_chart(
    result: Assessment, indicator: str, *, language: Language = "en", sensitivity: bool = True
) -> Figure:
    """One indicator of an assessment: history, fan, targets and required path on the left; on the right, unless
    `sensitivity` is off, for each treatment of the data the range of the probability, and what the data alone say.

    Raises
    ------
    ArgumentError
        For an indicator that is not projected, or a language without words.
    """
    check_language(language)
    projection = result.projection
    if projection is None:
        raise ArgumentError(f"{result.plan.id}: no target is assessed, so there is nothing to draw")
    name = _indicator(projection, indicator)
    targets = result.table.index[result.table["indicator"] == name]
    told = result.sensitivity[result.sensitivity["target"].isin(targets) & result.sensitivity["probability"].notna()]
    told = told[told["in_range"] | (told["reading"] == AS_STATED)]
    panel = sensitivity and len(told) > len(targets)
    with mpl.rc_context(_style()):
        figure = Picture(figsize=(11.5 if panel else 7.5, 5.2), layout="constrained")
        left, *right = figure.subplots(1, 1 + panel, width_ratios=[1.9, 1] if panel else [1], squeeze=False)[0]
        colours = {str(t): TARGETS[i % len(TARGETS)] for i, t in enumerate(targets)}
        marks = [_Mark.of(result, str(t), colours[str(t)], language) for t in targets]
        _draw(figure, left, projection, name, language, [mark for mark in marks if mark is not None])
        if panel:
            _draw_sensitivity(right[0], told, colours, language)
            keys = list(_keys(told, language))
            figure.legend(handles=keys, loc="outside lower right", frameon=False, fontsize=9)
            title = Text(result.plan.title or result.plan.title_zh, result.plan.title_zh or result.plan.title)
            figure.suptitle(_say(title, language) or result.plan.id, fontsize=13)
    return figure


def _say(text: Text, language: Language) -> str:
    """The text as it is set in a figure."""
    return chinese(text.zh) if language == "zh" else tight(text.en, language)


def _indicator(projection: Projection, indicator: str) -> str:
    name = projection.history.find(indicator)
    if name is None or name not in projection.indicators:
        raise ArgumentError(f"{indicator!r} is not projected; projected: {', '.join(projection.indicators[:9])}")
    return name


def png(figure: Figure) -> bytes:
    """A figure as a PNG file."""
    stream = io.BytesIO()
    with mpl.rc_context(_style()):
        figure.savefig(stream, format="png")
    return stream.getvalue()


def svg(figure: Figure, name: str) -> str:
    """A figure as an element for an HTML page: letters as outlines, no background, ids that start with `name`."""
    stream = io.StringIO()
    about = {"Date": None, "Creator": None, "Format": None, "Type": None}
    with mpl.rc_context({**_style(), "svg.fonttype": "path", "svg.hashsalt": name}):
        figure.savefig(stream, format="svg", transparent=True, metadata=about)
    text = stream.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r' (?:xmlns(?::xlink)?|version)="[^"]*"', "", text).replace("xlink:href=", "href=")
    text = re.sub(r'\b(id="|href="#|url\(#)', rf"\g<1>{name}-", text)
    return re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)


def _draw(
    figure: Figure, axes: Axes, projection: Projection, name: str, language: Language, marks: Sequence[_Mark] = ()
) -> None:
    _draw_fan(axes, projection, name, language)
    _draw_history(axes, projection, name, language)
    _label_axes(axes, projection, name, language)
    axes.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.08), fontsize=9, ncols=2)
    handles = [mark.draw(axes) for mark in marks]
    if handles:
        figure.legend(handles=handles, loc="outside lower left", frameon=False, fontsize=9)
    low, high = axes.get_ylim()
    axes.set_ylim(max(0.0, low), min(1.0, high) if projection.scale_of(name) is LOGIT else high)


def _draw_fan(axes: Axes, projection: Projection, indicator: str, language: Language) -> None:
    origin, mixture = projection.origin(indicator), projection.mixture(indicator)
    probabilities = sorted({p for band in _BANDS for p in band} | {0.5})
    start = np.full((1, len(probabilities)), origin.log_level)
    logs = np.vstack([start, *(mixture.quantile(mixture.row(year), probabilities)[None] for year in mixture.years)])
    levels = pd.DataFrame(
        projection.scale_of(indicator).figures(logs), index=[origin.year, *mixture.years], columns=probabilities
    )
    for (low, high), alpha in zip(_BANDS, (0.13, 0.22, 0.32), strict=True):
        axes.fill_between(levels.index, levels[low], levels[high], color=FAN, alpha=alpha, linewidth=0)
    shares = [f"{100 * (high - low):.0f}" for low, high in _BANDS[::-1]]
    bands = Text(
        f"bands of {shares[0]}, {shares[1]} and {shares[2]} %", f"{shares[0]}%、{shares[1]}%、{shares[2]}% 区间"
    )
    axes.fill_between([], [], color=FAN, alpha=0.4, linewidth=0, label=_say(bands, language))
    median = Text("projection, median", "预测中位数")
    axes.plot(levels.index, levels[0.5], color=FAN, linewidth=1.8, label=_say(median, language))


def _draw_paths(axes: Axes, projection: Projection, indicator: str, paths: int, seed: int, language: Language) -> None:
    """Simulated paths, thin; the few that leave the bands are cut, rather than the bands pressed flat."""
    origin = projection.origin(indicator)
    figures = projection.simulate(paths, seed)[:, projection.position(indicator), -(projection.to - origin.year) :]
    start = projection.scale_of(indicator).figure(origin.log_level)
    years = np.array([origin.year, *projection.mixture(indicator).years])
    lines = [np.column_stack([years, [start, *path]]) for path in figures]
    label = _say(Text(f"{paths} simulated paths", f"模拟路径 {paths} 条"), language)
    axes.add_collection(LineCollection(lines, color=INK, alpha=0.45, linewidth=0.6, label=label), autolim=False)


def _draw_history(axes: Axes, projection: Projection, indicator: str, language: Language) -> None:
    """Levels or shares on the scope that is projected as filled points; those of other scopes, and those that only
    other treatments of the data use, hollow. A line joins figures of one scope only."""
    rows = projection.observations.of(projection.position(indicator))
    levels = rows.kind != GROWTH
    for scope in dict.fromkeys(rows.scope[levels].tolist()):
        own = levels & (rows.scope == scope)
        axes.plot(rows.year[own], rows.value[own], "-", color=FAINT, linewidth=0.8)
    compared = levels & (rows.scope == projection.origin(indicator).scope)
    _draw_implied(axes, projection, indicator, language)
    dots: dict[str, Any] = {"color": INK, "markersize": 6, "zorder": 3}
    if compared.any():
        label = _say(Text("published, used here", "公布数据，用于预测"), language)
        axes.plot(rows.year[compared], rows.value[compared], "o", label=label, **dots)
    other = levels & ~compared
    if other.any():
        label = _say(Text("published, on another scope", "公布数据，口径不同"), language)
        axes.plot(rows.year[other], rows.value[other], "o", fillstyle="none", label=label, **dots)
    aside = _elsewhere(projection, indicator)
    if len(aside):
        label = _say(Text("published, in other treatments of the data", "公布数据，用于其他数据处理"), language)
        axes.plot(aside["year"], aside["reading"], "s", fillstyle="none", label=label, **{**dots, "color": FAINT})


def _draw_implied(axes: Axes, projection: Projection, indicator: str, language: Language) -> None:
    """Figures of years without level that follow from published growth, back from a level of the projected scope."""
    rows, origin = projection.observations.of(projection.position(indicator)), projection.origin(indicator)
    own = rows.scope == origin.scope
    seen = set(rows.year[own & (rows.kind != GROWTH)].tolist())
    years = {int(y) - 1 for y in rows.year[own & (rows.kind == GROWTH)]} | {origin.year}
    implied = {y: figure_y(projection, indicator, y) for y in sorted(years - seen)}
    points = {year: math.exp(log) for year, log in implied.items() if log is not None}
    for year, value in points.items():
        after = figure_y(projection, indicator, year + 1) if year < origin.year else None
        if after is not None:
            axes.plot([year, year + 1], [value, math.exp(after)], ":", color=FAINT, linewidth=1.0)
    if points:
        label = _say(Text("follows from published growth", "由公布的增速推得"), language)
        axes.plot(list(points), list(points.values()), "x", color=FAINT, markersize=5, label=label)


def _elsewhere(projection: Projection, indicator: str) -> pd.DataFrame:
    """Levels or shares that models may use, but not the treatment of this projection."""
    history = projection.history
    used = projection.observations.of(projection.position(indicator))
    drawn = set(zip(used.year.tolist(), used.value.tolist(), strict=True))
    rows = history.rows[
        (history.rows["indicator"] == indicator) & (history.rows["kind"] != "growth") & (history.rows["unused"] == "")
    ].drop_duplicates(["year", "reading"])
    keep = [(int(y), float(v)) not in drawn for y, v in zip(rows["year"], rows["reading"], strict=True)]
    return rows[keep]


@dataclass(frozen=True)
class _Mark:
    """A target on the chart: its bounds in its year, and the path of constant growth, or points a year of a share, that
    just attains it."""

    years: tuple[int, ...]
    bounds: tuple[float, ...]
    path: tuple[float, ...]
    ceiling: bool
    label: str
    colour: str

    @classmethod
    def of(cls, result: Assessment, name: str, colour: str, language: Language) -> _Mark | None:
        """The mark of an assessed target; None where there is nothing to draw."""
        projection = result.projection
        assert projection is not None, "an assessed target has a projection"
        indicator = str(result.table.at[name, "indicator"])
        target = next(t for t in result.plan.targets if t.id == name)
        event = event_of(target.model_copy(update={"indicator": indicator}), projection)
        if not isinstance(event, Event) or event.whole is not None:
            return None  # the share of two levels is on the chart of neither
        scale, (year, start) = projection.scale_of(indicator), _start(event, projection)
        ends = [start + bound if event.since else bound for bound in _finite(event)]
        if not ends:
            return None
        bounds = tuple(scale.figure(end) for end in ends)
        years = tuple(range(year, event.by + 1)) if event.published is None else (event.by,)
        change = scale.required(start, ends[0], max(1, event.by - year))
        path = tuple(scale.after(start, change, y - year) for y in years)
        ceiling = not math.isfinite(event.lower)
        word = likelihood(str(result.table.at[name, "likelihood"])).say(language)
        needs = f"; {word}" if event.published is not None else _needs(scale, change, ceiling, event, language)
        told = f"{label_of(target, language)}: {stated_words(target, language)}{needs}"
        label = "\n".join(textwrap.wrap(_say(Text(told, told), language), 46 if language == "zh" else 84))
        return cls(years, bounds, path if event.published is None else bounds[:1], ceiling, label, colour)

    def draw(self, axes: Axes) -> Artist:
        """The path dashed, the bounds as a diamond (floor), a triangle down (ceiling), or two joined by a line."""
        if len(self.path) > 1:
            axes.plot(self.years, self.path, "--", color=self.colour, linewidth=1.3)
        marker = "v" if self.ceiling else "D"
        style = "-" if len(self.bounds) > 1 else "none"
        years = [self.years[-1]] * len(self.bounds)
        look: dict[str, Any] = {"color": self.colour, "marker": marker, "markersize": 7, "clip_on": False, "zorder": 4}
        return axes.plot(years, self.bounds, linestyle=style, label=self.label, **look)[0]


def _finite(event: Event) -> Iterator[float]:
    return (bound for bound in (event.lower, event.upper) if math.isfinite(bound))


def _start(event: Event, projection: Projection) -> tuple[int, float]:
    """Year and y from which the target's path starts: the last figure, or the median of a base year ahead."""
    if event.since is None:
        origin = projection.origin(event.indicator)
        return origin.year, origin.log_level
    mixture = projection.mixture(event.indicator)
    return event.since, float(mixture.quantile(mixture.row(event.since), [0.5])[0])


def _needs(scale: Scale, change: float, ceiling: bool, event: Event, language: Language) -> str:
    """What the path says in words."""
    share = scale is LOGIT
    shown = needs_words(change, "share" if share else event.target.kind, language)
    rises, rise = ("每年上升", "每年升幅") if share else ("年均增长", "年均增速")
    since = (
        Text(f" from the median of {event.since}", f"（自 {event.since} 年中位数起）") if event.since else Text("", "")
    )
    if ceiling:
        return Text(f"; room for {shown} a year{since.en}", f"；{rise}不超过 {shown}{since.zh}").say(language)
    if change < 0:
        return Text(
            f"; holds down to {shown} a year{since.en}", f"；{'每年' if share else '年均'} {shown} 仍能实现{since.zh}"
        ).say(language)
    return Text(f"; needs {shown} a year{since.en}", f"；需{rises} {shown}{since.zh}").say(language)


def _label_axes(axes: Axes, projection: Projection, indicator: str, language: Language) -> None:
    origin = projection.origin(indicator)
    share = projection.scale_of(indicator) is LOGIT
    unit = Text("share", "占比").say(language) if share else unit_words(projection.history.unit_of(indicator), language)
    title = projection.history.label_of(indicator, language)
    axes.set_title(chinese(title) if language == "zh" else title, loc="left", fontsize=11)
    axes.set_ylabel(unit if origin.levels else Text(f"{origin.year} = 1", f"{origin.year} 年 = 1").say(language))
    per_cent = functools.partial(_per_cent, language=language)
    axes.yaxis.set_major_formatter(mpl.ticker.FuncFormatter(per_cent if share else lambda value, _: f"{value:,.10g}"))
    axes.xaxis.set_major_locator(mpl.ticker.MaxNLocator(integer=True))
    axes.grid(axis="y", color=RULE, linewidth=0.6)
    axes.set_axisbelow(True)


def _per_cent(value: float, _: object, *, language: Language) -> str:
    return tight(f"{100 * value:.10g} %", language)


def _draw_sensitivity(axes: Axes, told: pd.DataFrame, colours: dict[str, str], language: Language) -> None:
    """Down the treatments of the data; for each target a bar over priors and readings, and its ends in words."""
    treatments = list(dict.fromkeys(told["treatment"]))[::-1]
    step = 0.6 / len(colours)
    right = _right_end(told)
    for (treatment, target), part in told.groupby(["treatment", "target"], sort=False):
        place = list(colours).index(str(target))
        height = treatments.index(treatment) + step * (len(colours) - 1 - 2 * place) / 2
        _draw_span(axes, part, height, colours[str(target)], right, language)
    names = [name or Text("all figures", "全部数据").say(language) for name in treatments]
    axes.set_yticks(range(len(treatments)), names, fontsize=9)
    axes.set_ylim(-0.6, len(treatments) - 0.4)
    axes.set_xlim(0, right)
    axes.xaxis.set_major_formatter(mpl.ticker.FuncFormatter(lambda p, _: tight(f"{100 * p:.0f} %", language)))
    title = Text("Probability, by treatment of the data", "不同数据处理下的概率")
    title = title if len(treatments) > 1 else Text("Probability", "概率")
    axes.set_title(_say(title, language), loc="left", fontsize=11)
    axes.grid(axis="x", color=RULE, linewidth=0.6)
    axes.set_axisbelow(True)


def _draw_span(axes: Axes, part: pd.DataFrame, height: float, colour: str, right: float, language: Language) -> None:
    """One target on one treatment: the bar of the range, a diamond by default, a ring for what the data alone say."""
    ranged, alone = (part.loc[part["in_range"] == inside, "probability"] for inside in (True, False))
    axes.plot([ranged.min(), ranged.max()], [height] * 2, color=colour, **_BAR)
    axes.plot(ranged.iloc[:1], [height], color=colour, **_DIAMOND)
    if len(alone):
        axes.plot(alone, [height], color=colour, **_RING)
    near_end = part["probability"].max() > 0.75 * right
    axes.annotate(
        chance_range(ranged.min(), ranged.max(), language),
        (part["probability"].min() if near_end else part["probability"].max(), height),
        xytext=(-8 if near_end else 8, 0),
        textcoords="offset points",
        ha="right" if near_end else "left",
        va="center",
        fontsize=9,
        color=colour,
    )


def _keys(told: pd.DataFrame, language: Language) -> Iterator[Line2D]:
    """What the marks of the panel mean, those that are drawn."""
    ranged = told[told["in_range"]]
    prior, over = prior_label(str(ranged["prior"].iloc[0])), choices(ranged.assign(treatment=""))
    if ranged["prior"].iloc[0] != NO_PRIOR:
        words = Text(f"by default: prior {prior.en}", f"默认：先验 {prior.zh}")
        yield Line2D([], [], color=FAINT, label=_say(words, language), **_DIAMOND)
    if over.en:
        words = Text(f"range over {over.en}", f"不同{over.zh}之间的区间")
        yield Line2D([], [], color=FAINT, label=_say(words, language), **_BAR)
    if len(ranged) < len(told):
        words = Text("data alone: random walk, no prior, not in the range", "仅凭数据：无先验的随机游走，不计入区间")
        yield Line2D([], [], color=FAINT, label=_say(words, language), **_RING)


def _right_end(told: pd.DataFrame) -> float:
    highest = float(told["probability"].max())
    return min(1.0, max(0.25, highest * 1.35)) if math.isfinite(highest) else 1.0


# --- what would attain the plan, what holds it back, what could be promised ------------------------------------------


def path_chart(path: AttainingPath, indicator: str, *, language: Language = "en") -> Figure:
    """The attaining path of one indicator over its fan; below, the growth that it asks each year beside what is
    projected."""
    check_language(language)
    with mpl.rc_context(_style()):
        figure = Picture(figsize=(7.5, 6.4), layout="constrained")
        above, below = figure.subplots(2, 1, height_ratios=[2.6, 1])
        _draw_fan(above, path.projection, indicator, language)
        _draw_history(above, path.projection, indicator, language)
        _label_axes(above, path.projection, indicator, language)
        origin, levels = path.projection.origin(indicator), path.levels[indicator].dropna()
        start = path.projection.scale_of(indicator).figure(origin.log_level)
        told = _say(Text("the path that attains the plan", "实现规划的走势"), language)
        years, figures = [origin.year, *levels.index], [start, *levels]
        above.plot(years, figures, "-D", color=TARGETS[0], linewidth=1.8, markersize=4.5, label=told, zorder=4)
        above.set_ylim(bottom=max(0.0, above.get_ylim()[0]))
        above.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.08), fontsize=9, ncols=2)
        _draw_growth(below, path, indicator, language)
    return figure


def _draw_growth(axes: Axes, path: AttainingPath, indicator: str, language: Language) -> None:
    """Bars of growth in each year ahead: asked, and projected."""
    share = path.projection.scale_of(indicator) is LOGIT
    asked, given = path.growth[indicator].dropna(), path.projected_growth[indicator].dropna()
    words = Text("asked", "所需"), Text("projected", "预测")
    for growth, place, colour, word in zip((asked, given), (-0.2, 0.2), (TARGETS[0], FAN), words, strict=True):
        heights = (100 * growth).round(4) + 0.0  # no minus before nothing
        bars = axes.bar(growth.index + place, heights, 0.36, color=colour, alpha=0.75, label=_say(word, language))
        labels = [f"{x:.{2 if share else 1}f}".replace("-", "−") for x in heights]
        axes.bar_label(bars, labels, fontsize=8, padding=2)
    title = Text("Rise a year, points", "每年上升（百分点）") if share else Text("Growth a year, %", "年增速（%）")
    axes.set_title(_say(title, language), loc="left", fontsize=11)
    axes.axhline(0, color=FAINT, linewidth=0.8)
    axes.xaxis.set_major_locator(mpl.ticker.FixedLocator(list(asked.index)))
    axes.yaxis.set_visible(False)
    axes.spines["left"].set_visible(False)
    axes.margins(y=0.2)
    axes.legend(frameon=False, loc="upper right", bbox_to_anchor=(1.0, 1.22), fontsize=9, ncols=2)


def bottleneck_chart(held: Bottleneck, *, language: Language = "en") -> Figure:
    """For each open target, the bottleneck first: its chance alone, and its share of -log P(all)."""
    check_language(language)
    labels = {event.target.id: label_of(event.target, language) for event in held.events}
    width = 14 if language == "zh" else 30
    names = ["\n".join(textwrap.wrap(_say(Text(labels[n], labels[n]), language), width)) for n in held.table.index]
    with mpl.rc_context(_style()):
        figure = Picture(figsize=(7.5, 1.1 + 0.55 * len(names)), layout="constrained")
        left, right = figure.subplots(1, 2, sharey=True)
        alone, cost = (100 * held.table[column] for column in ("probability", "fraction"))
        titles = (
            Text("Chance alone", "单独实现的概率"),
            Text("Share of the difficulty of the plan", "占规划整体难度的比重"),
        )
        told = (
            [chance(p, language) for p in held.table["probability"]],
            [
                "–" if math.isnan(x) else share_words(x / 100, error, language)
                for x, error in zip(cost, held.fraction_error, strict=True)
            ],
        )
        for axes, values, title, words, colour in zip(
            (left, right), (alone, cost), titles, told, (FAN, TARGETS[0]), strict=True
        ):
            bars = axes.barh(range(len(names)), values.fillna(0.0), 0.55, color=colour, alpha=0.75)
            axes.bar_label(bars, words, fontsize=9, padding=4)
            axes.set_title(_say(title, language), loc="left", fontsize=11)
            axes.set_xlim(0, 118)
            axes.xaxis.set_visible(False)
            axes.spines["bottom"].set_visible(False)
        left.set_yticks(range(len(names)), names, fontsize=9)
        left.invert_yaxis()
    return figure


def frontier_chart(found: Frontier, *, language: Language = "en") -> Figure:
    """Pairs of levels with one joint probability, and the medians."""
    check_language(language)
    projection, names = found.projection, found.indicators
    with mpl.rc_context(_style()):
        figure = Picture(figsize=(6.2, 5.4), layout="constrained")
        axes = figure.add_subplot()
        x, y = (found.table[name] for name in names)
        told = Text(
            f"together with a chance of {chance(found.probability, 'en')}",
            f"同时达到的概率为 {chance(found.probability, 'zh')}",
        )
        axes.plot(x, y, "-", color=TARGETS[0], linewidth=1.8, label=_say(told, language))
        medians = projection.quantile(0.5).loc[found.by]
        median = _say(Text("projected medians", "预测中位数"), language)
        axes.plot(medians[names[0]], medians[names[1]], "o", color=FAN, markersize=7, label=median)
        for axis, name in zip((axes.xaxis, axes.yaxis), names, strict=True):
            _label_axis(axis, projection, name, found.by, language)
        axes.grid(color=RULE, linewidth=0.6)
        axes.set_axisbelow(True)
        axes.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.14), fontsize=9, ncols=2)
    return figure


def _label_axis(axis: Any, projection: Projection, name: str, by: int, language: Language) -> None:
    """Indicator, year and unit along an axis, and its numbers."""
    share = projection.scale_of(name) is LOGIT
    label, unit = projection.history.label_of(name, language), unit_words(projection.history.unit_of(name), language)
    words = f"{label}, {by}" if language == "en" else f"{by} 年{label}"
    lines = textwrap.wrap(_say(Text(words, words), language), 28 if language == "zh" else 56)
    axis.set_label_text("\n".join([*lines, *([unit] if unit and not share else [])]))
    per_cent = functools.partial(_per_cent, language=language)
    axis.set_major_formatter(mpl.ticker.FuncFormatter(per_cent if share else lambda value, _: f"{value:,.10g}"))


def menu_chart(found: Menu, *, language: Language = "en") -> Figure:
    """The chance of every level under each prior, with the levels of the menu."""
    check_language(language)
    projection, name = found.projection, found.indicator
    chances = np.linspace(0.03, 0.95, 93)
    with mpl.rc_context(_style()):
        figure = Picture(figsize=(7.5, 4.8), layout="constrained")
        axes = figure.add_subplot()
        for (prior, under), colour in zip(under_priors(projection, name), (FAN, *TARGETS), strict=False):
            mixture, own = under.mixture(name), found.table.loc[prior]["level"]
            y = mixture.quantile(mixture.row(found.by), chances.tolist())
            levels = projection.scale_of(name).figures(y)
            axes.plot(levels, 1 - chances if found.word == "at_least" else chances, color=colour, linewidth=1.6)
            label = _say(Text(f"prior {prior_label(prior).en}", f"先验 {prior_label(prior).zh}"), language)
            axes.plot(own, own.index, "o", color=colour, markersize=6, label=label)
        axes.axvline(
            projection.scale_of(name).figure(projection.origin(name).log_level), color=FAINT, linewidth=0.9,
            linestyle=(0, (4, 3)), label=_say(Text("last figure", "最新数据"), language),
        )  # fmt: skip
        told = {
            p: f"{RUNGS[p].say(language)} {chance(p, language)}" if p in RUNGS else chance(p, language)
            for p in found.probabilities
        }
        axes.set_yticks(list(told), list(told.values()))
        axes.set_ylim(0, 1)
        _label_axis(axes.xaxis, projection, name, found.by, language)
        axes.set_title(_say(Text("Chance of reaching a level", "达到各水平的概率"), language), loc="left", fontsize=11)
        axes.grid(color=RULE, linewidth=0.6)
        axes.set_axisbelow(True)
        axes.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.16), fontsize=9, ncols=4)
    return figure


# --- how forecasts fared --------------------------------------------------------------------------------------------

_PIT_BINS, _PROBABILITY_BINS, _SHARE_BINS = 20, 10, 50


def backtest_chart(result: Backtest) -> Figure:
    """Reliability diagram of the probabilities on the left, histogram of the PIT on the right."""
    with mpl.rc_context(_style()):
        figure = Picture(figsize=(10.5, 5.0), layout="constrained")
        left, right = figure.subplots(1, 2)
        _draw_reliability(left, result)
        _draw_pit(right, result)
        title = f"{result.name}: {result.count_words()}, model {result.model}"
        figure.suptitle(title, fontsize=13, x=0.01, ha="left")
    return figure


def _draw_reliability(axes: Axes, result: Backtest) -> None:
    """Frequency against probability by tenths, with 90 % intervals of the frequency were the probability right."""
    p = result.exceedances["probability"].to_numpy()
    reached = result.exceedances["reached"].to_numpy(float)
    bins = np.minimum((p * _PROBABILITY_BINS).astype(int), _PROBABILITY_BINS - 1)
    sums = np.array([np.bincount(bins, x, _PROBABILITY_BINS) for x in (np.ones(len(p)), p, reached, p * (1 - p))])
    count, told, came, noise = sums[:, sums[0] > 0]
    told, came, half = told / count, came / count, 1.645 * np.sqrt(noise) / count
    axes.plot([0, 1], [0, 1], color=FAINT, linewidth=0.9, linestyle=(0, (4, 3)))
    axes.fill_between(told, told - half, told + half, color=FAINT, alpha=0.16, linewidth=0)
    axes.plot(told, came, "-", color=FAN, linewidth=1.4)
    axes.scatter(told, came, s=18 + 130 * count / count.max(), color=FAN, zorder=3, clip_on=False)
    axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
    axes.set_title("Was it reached as often as foretold?", loc="left", fontsize=11)
    axes.set_xlabel("probability that the figure is at least a bound, by tenths")
    axes.set_ylabel("how often it was")
    slope = f"slope {float(result.scores()['slope']['all']):.2f}"
    axes.text(0.97, 0.05, f"{slope}\nareas: number of forecasts", ha="right", fontsize=9, color=FAINT)
    _both_in_percent(axes)


def _both_in_percent(axes: Axes) -> None:
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(mpl.ticker.FuncFormatter(lambda x, _: f"{100 * x:.0f} %"))
    axes.grid(color=RULE, linewidth=0.6)
    axes.set_axisbelow(True)


def _draw_pit(axes: Axes, result: Backtest) -> None:
    """Shares of the figures by twentieths of their forecast's distribution; all alike where it is right."""
    pit = result.table["pit"].to_numpy()
    share = np.histogram(pit, _PIT_BINS, (0, 1))[0] / len(pit)
    even = 1 / _PIT_BINS
    half = 1.645 * math.sqrt(even * (1 - even) / len(pit))
    edges = np.linspace(0, 1, _PIT_BINS + 1)
    axes.bar(edges[:-1], share, 1 / _PIT_BINS, align="edge", color="#83a6cf", edgecolor="white", linewidth=0.8)
    axes.axhspan(even - half, even + half, color=FAINT, alpha=0.22, linewidth=0, zorder=0)
    axes.axhline(even, color=INK, linewidth=0.9, linestyle=(0, (4, 3)))
    axes.set(xlim=(0, 1), ylim=(0, max(2 * even, 1.15 * share.max())))
    axes.set_title("Where in its forecast did the figure fall?", loc="left", fontsize=11)
    axes.set_xlabel("share of the forecast's distribution below the figure")
    axes.set_ylabel("share of the figures")
    cover = result.scores().loc["all"]
    told = f"within 80 %: {100 * cover['cover80']:.1f} %\nwithin 95 %: {100 * cover['cover95']:.1f} %"
    axes.text(0.97, 0.97, told, ha="right", va="top", fontsize=9, color=FAINT, transform=axes.transAxes)
    _both_in_percent(axes)


# --- growth among the growth of others ------------------------------------------------------------------------------


def growth_test_chart(result: GrowthTest) -> Figure:
    """Spells of the reference class as a histogram, what is foretold as a curve, what is required as a line."""
    growth = result.spells["growth"].to_numpy()
    near = result.foretold_quantile([0.005, 0.995])
    ends = np.concatenate([near, [result.required], np.quantile(growth, [0.0, 1.0]) if len(growth) else []])
    edges = np.linspace(ends.min() - 0.01, ends.max() + 0.01, _SHARE_BINS + 1)
    with mpl.rc_context(_style()):
        figure = Picture(figsize=(7.5, 4.8), layout="constrained")
        axes = figure.add_subplot()
        if len(growth):
            told = f"{len(growth):,} spells of {result.years_left} years in {result.reference}"
            axes.stairs(np.histogram(growth, edges)[0] / len(growth), edges, fill=True, color="#c9c9c9", label=told)
        middle = (edges[:-1] + edges[1:]) / 2
        axes.plot(middle, result.foretold(edges), color=FAN, linewidth=1.8, label="foretold")
        needs = f"required: {100 * result.required:.1f} %, P = {chance(result.probability, 'en')}"
        axes.axvline(result.required, color=TARGETS[0], linewidth=1.6, label=needs)
        axes.set_title(result.headline(), loc="left", fontsize=11)
        axes.set_xlabel(f"growth per year over {result.years_left} years")
        axes.set_ylabel("share of the spells, probability")
        _both_in_percent(axes)
        axes.set_xlim(edges[0], edges[-1])
        axes.set_ylim(bottom=0)
        axes.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.14), fontsize=9, ncols=3)
    return figure
