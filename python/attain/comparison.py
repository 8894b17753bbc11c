"""How scenarios differ from their baseline: as a table, as text, and as a tornado figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib as mpl
import pandas as pd

from attain.answering import ALL
from attain.errors import ArgumentError
from attain.language import Language, Text, check_language
from attain.prior import prior_label
from attain.scenario import BASELINE
from attain.sensitivity import READINGS
from attain.wording import chance

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MOST_BARS, _MOST_LINES = 20, 8
_KINDS = {
    "path": Text("path", "路径"),
    "growth": Text("growth", "当年增速"),
    "drift": Text("drift", "趋势增速"),
    "volatility": Text("volatility", "波动"),
    "price": Text("price", "价格"),
    "loading": Text("loading", "载荷（相关性）"),
    "target": Text("target", "目标"),
    "prior": Text("prior", "先验"),
    "reading": Text("reading", "读法"),
    "shock": Text("shock", "冲击"),
}


def compare(results: pd.DataFrame) -> pd.DataFrame:
    """The probabilities of scenarios beside those of the baseline.

    Parameters
    ----------
    results
        What `sweep` returned.

    Returns
    -------
    DataFrame
        One row per scenario and target, without the baseline's own and without scenarios that failed; columns
        scenario, target, probability, baseline, difference and ratio (of probabilities). The target `all` is of the
        targets that the scenario did not exclude.
    """
    base = results[results["scenario"] == BASELINE].set_index("target")["probability"]
    rows = results[(results["scenario"] != BASELINE) & (results["error"] == "")]
    table = rows[["scenario", "target", "probability"]].reset_index(drop=True)
    table["baseline"] = table["target"].map(base)
    table["difference"] = table["probability"] - table["baseline"]
    table["ratio"] = table["probability"] / table["baseline"].where(table["baseline"] > 0)
    return table


def sweep_text(results: pd.DataFrame, language: Language = "en") -> str:
    """What a sweep found for all targets together, in a few lines of text."""
    check_language(language)
    table = compare(results)
    table = table[table["target"] == ALL].sort_values("difference", kind="stable")
    failed = results[results["error"] != ""]
    count, base = results["scenario"].nunique() - 1, chance(_baseline(results, ALL), language)
    lines = [
        Text(
            f"{count:,} scenarios, {len(failed)} failed; all together {base} in the baseline",
            f"{count:,} 个情景，{len(failed)} 个失败；基准情景下全部目标同时实现的概率为 {base}",
        )
    ]
    if len(table):
        low, high = (chance(p, language) for p in (table["probability"].min(), table["probability"].max()))
        lines.append(Text(f"over scenarios: {low} to {high}", f"各情景：{low} 至 {high}"))
    ends = pd.concat([table.head(_MOST_LINES // 2), table.tail(_MOST_LINES // 2)]).drop_duplicates()
    for name, p, difference in zip(ends["scenario"], ends["probability"], ends["difference"], strict=True):
        told = f"  {name}: {chance(p, language)} ({100 * difference:+.1f})"
        lines.append(Text(told, told))
    lines += [
        Text(f"failed: {name}: {why}", f"失败：{name}：{why}")
        for name, why in zip(failed["scenario"][:_MOST_LINES], failed["error"], strict=False)
    ]
    return "\n".join(line.say(language) for line in lines)


def _baseline(results: pd.DataFrame, target: str) -> float:
    own = results[(results["scenario"] == BASELINE) & (results["target"] == target) & (results["error"] == "")]
    if own.empty:
        raise ArgumentError(f"results: the baseline has no target {target!r}; give the frame that sweep returned")
    return float(own["probability"].iloc[0])


def tornado(results: pd.DataFrame, target: str = ALL, *, language: Language = "en") -> Figure:
    """One bar for each thing that scenarios change, the longest on top: from the least to the largest probability.

    Scenarios made by `Scenario.one_at_a_time` and `Scenario.grid` share a bar where their names agree up to ` = `; at
    its ends stands what follows. At most 20 bars.

    Parameters
    ----------
    results
        What `sweep` returned.
    target
        Id of a target, or `all`.
    language
        Of the labels.

    Raises
    ------
    ArgumentError
        When the baseline has no such target, or no scenario has.
    """
    from attain.figures import Picture, _style

    check_language(language)
    base, table = _baseline(results, target), compare(results)
    table = table[table["target"] == target]
    if table.empty:
        raise ArgumentError(f"results: no scenario has the target {target!r}")
    parts = table["scenario"].str.partition(" = ")
    table = table.assign(group=parts[0], value=parts[2])
    spans = table.groupby("group", sort=False)["probability"].agg(["min", "max"])
    length = (spans["max"].clip(lower=base) - spans["min"].clip(upper=base)).sort_values(kind="stable")
    groups = list(length.index[-_MOST_BARS:])
    with mpl.rc_context(_style()):
        figure = Picture(figsize=(8.5, 1.4 + 0.52 * len(groups)), layout="constrained")
        axes = figure.add_subplot()
        for place, group in enumerate(groups):
            _draw_bar(axes, place, table[table["group"] == group], base, language)
        _label(axes, groups, base, target, language)
    return figure


def _draw_bar(axes: Axes, place: int, rows: pd.DataFrame, base: float, language: Language) -> None:
    from attain.figures import FAINT, FAN, INK, TARGETS

    if (rows["difference"] == 0).all():
        unmoved = Text("moves nothing", "没有影响").say(language)
        axes.annotate(
            unmoved,
            (100 * base, place),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            fontsize=9,
            color=FAINT,
        )
    for side, colour in ((-1, TARGETS[0]), (1, FAN)):
        own = rows[(rows["difference"] * side > 0)]
        if own.empty:
            continue
        end = own.iloc[int((own["difference"] * side).argmax())]
        axes.barh(place, 100 * end["difference"], left=100 * base, height=0.58, color=colour, alpha=0.75)
        axes.annotate(
            _value(str(end["value"]), language), (100 * end["probability"], place), xytext=(4 * side, 0),
            textcoords="offset points", ha="left" if side > 0 else "right", va="center", fontsize=9, color=INK,
        )  # fmt: skip


def _label(axes: Axes, groups: list[str], base: float, target: str, language: Language) -> None:
    from attain.figures import INK

    axes.axvline(100 * base, color=INK, linewidth=1)
    axes.set_yticks(range(len(groups)), [_kind(group, language) for group in groups])
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_ylim(-0.7, len(groups) - 0.3)
    low, high = axes.get_xlim()
    room = 0.12 * (high - low)
    axes.set_xlim(max(low - room, -0.06 * (high - low)), high + room)
    whose = Text("all targets together", "全部目标同时实现") if target == ALL else Text(target, target)
    axes.set_xlabel(
        Text(f"probability of {whose.en}, %; the line is the baseline", f"{whose.zh}的概率（%），竖线为基准情景").say(
            language
        )
    )


def _kind(group: str, language: Language) -> str:
    """A group of scenarios in words, where its name is a place."""
    kind, _, rest = group.partition(".")
    if kind not in _KINDS:
        return group
    name, dot, year = rest.rpartition(".")
    told = [name, year] if dot and year.isdecimal() else [rest]
    comma = "，" if language == "zh" else ", "
    return comma.join([_KINDS[kind].say(language), *(part for part in told if part)])


def _value(value: str, language: Language) -> str:
    """What a place is set to, in words where it is a name."""
    if value in READINGS:
        return READINGS[value].say(language)
    return prior_label(value).say(language)
