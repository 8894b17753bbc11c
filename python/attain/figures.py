"""Figures: fan charts of projections, and assessments with targets, required path and treatments of the data."""

from __future__ import annotations

import functools
import logging
import math
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import matplotlib.ticker
import numpy as np
import pandas as pd
from matplotlib import font_manager
from matplotlib.figure import Figure

from attain.event import LEVEL
from attain.text import percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from attain.assessment import Assessment
    from attain.projection import Projection

_BANDS = ((0.025, 0.975), (0.1, 0.9), (0.25, 0.75))
_BLUE, _RED, _GREY, _GREEN = "#1f5fa8", "#c0392b", "#666666", "#2e7d32"
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
        "font.size": 10,
        "figure.dpi": 110,
    }


def fan_chart(projection: Projection, indicator: str, *, language: str = "en") -> Figure:
    """History and projection of one indicator: median, and bands of 50, 80 and 95 %."""
    with mpl.rc_context(_style()):
        figure = Figure(figsize=(7.5, 4.5), layout="constrained")
        axes = figure.add_subplot()
        _draw_fan(axes, projection, indicator)
        _draw_history(axes, projection, indicator)
        _label_axes(axes, projection, indicator, language)
        axes.legend(frameon=False, loc="upper left")
    return figure


def assessment_chart(result: Assessment, indicator: str, *, language: str = "en") -> Figure:
    """One indicator of an assessment: history, fan, targets and required path on the left, probability under each
    treatment of the data on the right."""
    projection = result.projection
    assert projection is not None, "Assessment.plot refuses an empty assessment"
    with mpl.rc_context(_style()):
        told = result.sensitivity[
            (result.sensitivity["treatment"] != "") & result.sensitivity["target"].isin(_targets_on(result, indicator))
        ]
        figure = Figure(figsize=(11 if len(told) else 7.5, 5), layout="constrained")
        ratios = [1.9, 1] if len(told) else [1]
        axes = figure.subplots(1, len(ratios), width_ratios=ratios, squeeze=False)[0]
        _draw_fan(axes[0], projection, indicator)
        _draw_history(axes[0], projection, indicator)
        _draw_targets(axes[0], result, indicator, language)
        _label_axes(axes[0], projection, indicator, language)
        axes[0].legend(frameon=False, loc="upper left", fontsize=9)
        if len(told):
            _draw_treatments(axes[1], result, told)
        title = result.plan.title_zh if language == "zh" else result.plan.title
        figure.suptitle(title or result.plan.id, fontsize=13)
    return figure


def _targets_on(result: Assessment, indicator: str) -> list[str]:
    return [str(name) for name in result.table.index[result.table["indicator"] == indicator]]


def _draw_fan(axes: Axes, projection: Projection, indicator: str) -> None:
    origin, mixture = projection.origin(indicator), projection.mixture(indicator)
    probabilities = sorted({p for band in _BANDS for p in band} | {0.5})
    start = np.full((1, len(probabilities)), origin.log_level)
    logs = np.vstack([start, *(mixture.quantile(mixture.row(year), probabilities)[None] for year in mixture.years)])
    levels = pd.DataFrame(np.exp(logs), index=[origin.year, *mixture.years], columns=probabilities)
    for band, alpha in zip(_BANDS, (0.13, 0.22, 0.32), strict=True):
        label = f"{100 * (band[1] - band[0]):.0f} % band"
        axes.fill_between(
            levels.index, levels[band[0]], levels[band[1]], color=_BLUE, alpha=alpha, linewidth=0, label=label
        )
    axes.plot(levels.index, levels[0.5], color=_BLUE, linewidth=1.8, label="median")


def _draw_history(axes: Axes, projection: Projection, indicator: str) -> None:
    """Figures that the projection uses as filled points, those of other scopes and treatments hollow."""
    history = projection.history
    rows = projection.observations.of(projection.position(indicator))
    used = rows.kind == LEVEL
    others = history.rows[
        (history.rows["indicator"] == indicator) & (history.rows["kind"] == "level") & (history.rows["unused"] == "")
    ]
    others = others[~others["year"].isin(rows.year[used])].drop_duplicates(["year", "value"])
    axes.plot(rows.year[used], rows.value[used], "-", color="#999999", linewidth=0.8)
    axes.plot(rows.year[used], rows.value[used], "o", color="black", markersize=6, label="published, used here")
    if len(others):
        axes.plot(
            others["year"],
            others["value"],
            "o",
            color="black",
            fillstyle="none",
            markersize=6,
            label="published, in other treatments",
        )


def _draw_targets(axes: Axes, result: Assessment, indicator: str, language: str) -> None:
    projection = result.projection
    assert projection is not None
    origin = projection.origin(indicator)
    colours = (_RED, _GREEN, "#8e44ad", "#d35400")
    places = result.table[(result.table["indicator"] == indicator) & result.table["required_growth"].notna()]
    for colour, (name, row) in zip(colours * len(places), places.iterrows(), strict=False):
        rate = float(row["required_growth"])
        years = np.arange(origin.year, int(row["by"]) + 1)
        path = math.exp(origin.log_level) * (1 + rate) ** (years - origin.year)
        target = next(t for t in result.plan.targets if t.id == name)
        label = (target.label_zh if language == "zh" else target.label) or row["label"]
        axes.plot(years, path, "--", color=colour, linewidth=1.3)
        axes.plot(
            years[-1],
            path[-1],
            "D",
            color=colour,
            markersize=7,
            label=f"{label}: {path[-1]:,.0f}, {100 * rate:.1f} % a year",
        )


def _label_axes(axes: Axes, projection: Projection, indicator: str, language: str) -> None:
    unit = projection.history.unit_of(indicator)
    axes.set_title(projection.history.label_of(indicator, language), loc="left", fontsize=11)
    axes.set_ylabel(unit if projection.origin(indicator).levels else f"{projection.origin(indicator).year} = 1")
    axes.yaxis.set_major_formatter(mpl.ticker.FuncFormatter(lambda value, _: f"{value:,.10g}"))
    axes.xaxis.set_major_locator(mpl.ticker.MaxNLocator(integer=True))
    axes.grid(axis="y", color="#dddddd", linewidth=0.6)


def _draw_treatments(axes: Axes, result: Assessment, told: pd.DataFrame) -> None:
    treatments = list(dict.fromkeys(told["treatment"]))[::-1]
    targets = list(dict.fromkeys(told["target"]))
    labels = {str(name): row["label"] for name, row in result.table.iterrows()}
    for i, (target, colour) in enumerate(
        zip(targets, (_RED, _GREEN, "#8e44ad", "#d35400") * len(targets), strict=False)
    ):
        part = told[(told["target"] == target) & told["probability"].notna()].set_index("treatment")["probability"]
        height = np.array([treatments.index(t) for t in part.index]) + 0.16 * (len(targets) - 1 - 2 * i) / 2
        axes.plot(part, height, "D", color=colour, markersize=7, label=labels[target])
        for x, y in zip(part, height, strict=True):
            axes.annotate(
                percent(x),
                (x, y),
                xytext=(8, 0),
                textcoords="offset points",
                va="center",
                fontsize=9,
                color=colour,
            )
    axes.set_yticks(range(len(treatments)), treatments, fontsize=9)
    axes.set_ylim(-0.6, len(treatments) - 0.4)
    axes.set_xlim(0, min(1.0, max(0.25, float(told["probability"].max()) * 1.35)))
    axes.xaxis.set_major_formatter(mpl.ticker.PercentFormatter(1.0, decimals=0))
    axes.set_title("Probability, by treatment of the data", loc="left", fontsize=11)
    axes.grid(axis="x", color="#dddddd", linewidth=0.6)
