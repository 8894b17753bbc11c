"""Paths, bottlenecks, menus and what would have to be believed, in words: the plan in half a page, and each result as a
table of at most 100 columns."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from attain.event import Event, indicators_ahead
from attain.goals import RUNGS, Menu, even_drift
from attain.language import Language, Text, listed
from attain.prior import prior_label
from attain.reference_class import PROVINCES, reference_class
from attain.relaxation import RELAXED_TO
from attain.scale import LOG, LOGIT
from attain.text import label_of, percent, table_text, wrap
from attain.units import convert, decimal
from attain.units import unit as unit_of
from attain.wording import chance, figure_words, needs_words, share_words, tight, unit_words

if TYPE_CHECKING:
    from attain.assessment import Assessment
    from attain.bottleneck import Bottleneck
    from attain.event import AnyEvent
    from attain.goals import EvenDrift, Frontier
    from attain.path import AttainingPath
    from attain.projection import Projection
    from attain.reference_class import ReferenceClass, TrackRecord

QUESTIONS = {
    "holds": Text("What holds it back?", "卡在哪里？"),
    "takes": Text("What would it take?", "需要怎样的走势？"),
    "instead": Text("What could be promised instead?", "可以改为承诺什么？"),
}
_PANELS = {PROVINCES: Text("the GDP of China's provinces", "全国各省地区生产总值")}
_KEPT = {"at_least": Text("", ""), "at_most": Text(", at most", "（不高于）")}
_IMPLIED, _NOTHING = 0.995, 0.005
_MOST_NAMED = 3


class _Voice:
    """An assessment's results in one language: labels, figures in the units of the plan, rates."""

    def __init__(self, result: Assessment, language: Language) -> None:
        assert result.projection is not None, "something is assessed"
        self.result, self.language, self.projection = result, language, result.projection
        self.labels = {t.id: label_of(t, language) for t in result.plan.targets}
        self.units = {
            e.indicator: e.target.effective_unit for e in result.open_events if e.target.kind == "level"
        }  # fmt: skip

    def say(self, english: str, chinese: str) -> str:
        """One of two texts."""
        return Text(english, chinese).say(self.language)

    def quoted(self, name: str) -> str:
        """The label of a target in quotation marks."""
        return f"“{self.labels[name]}”"

    def series(self, indicator: str) -> str:
        """The label of an indicator."""
        return self.projection.history.label_of(indicator, self.language)

    def figure(self, indicator: str, value: float) -> str:
        """A figure of an indicator, in the unit of the plan where it has one."""
        if not self.projection.origin(indicator).levels:
            origin = self.projection.origin(indicator).year
            return self.say(f"{value:.3g} times {origin}", f"{origin} 年的 {value:.3g} 倍")
        if self.projection.scale_of(indicator) is LOGIT:
            return figure_words(value, "fraction", self.language)
        own = self.projection.history.unit_of(indicator)
        unit = self.units.get(indicator) or own
        if self.language == "en" and unit in ("亿元", "万亿元"):
            billions = value * float(convert(decimal(1), own, "亿元")) / 10
            return f"{billions / 1000:,.2f} trillion yuan" if billions >= 1000 else f"{billions:,.0f} billion yuan"
        return figure_words(value * float(convert(decimal(1), own, unit)), unit, self.language)

    def rate(self, indicator: str, change: float) -> str:
        """Growth in per cent, of a share points."""
        change = round(change, 6) + 0.0  # no minus before nothing
        return needs_words(change, "share" if self.projection.scale_of(indicator) is LOGIT else "", self.language)

    def chance(self, probability: float) -> str:
        """A probability in whole per cent."""
        return chance(probability, self.language)


def half_page(result: Assessment, language: Language = "en") -> list[tuple[str, str]]:
    """Question and answer on what follows from the verdict: what holds the plan back, what it would take, what could be
    promised instead. Without questions that have no answer; empty where no target is open."""
    if result.holds_back is None or result.attaining_path is None or not result.open_events:
        return []
    voice = _Voice(result, language)
    answers = {
        "holds": _holds(voice, result.holds_back),
        "takes": _takes(voice, result.attaining_path),
        "instead": _instead(voice, result.holds_back),
    }
    between = Text(" ", "").say(language)
    told = {name: between.join(filter(None, parts)) for name, parts in answers.items()}
    return [(QUESTIONS[name].say(language), answer) for name, answer in told.items() if answer]


# --- what holds it back ---------------------------------------------------------------------------------------------


def _holds(voice: _Voice, held: Bottleneck) -> Iterator[str]:
    if held.log_probability == -math.inf:
        yield voice.say("The targets cannot all be attained.", "各目标不可能全部实现。")
        return
    first = held.table.iloc[0]
    name, alone = voice.quoted(str(held.table.index[0])), voice.chance(first["probability"])
    if len(held.table) == 1:
        yield voice.say(f"One target is open, {name}, at {alone}.", f"未定的目标只有{name}，概率为 {alone}。")
        return
    others, together = voice.chance(first["others"]), voice.chance(math.exp(held.log_probability))
    yield voice.say(
        f"{name}, with a chance of {alone} on its own. Without it the rest of the plan would stand at {others}; with"
        f" it, at {together}.",
        f"{name}：单独实现的概率为 {alone}。不要求它，其余目标全部实现的概率为 {others}；加上它，为 {together}。",
    )
    yield from _spread(voice, held)
    rest = held.table.iloc[1:]
    implied = [voice.quoted(str(n)) for n in rest.index[(rest["given"] > _IMPLIED) & (rest["fraction"] < _NOTHING)]]
    if implied:
        costs = "costs nothing more: whoever attains the rest attains it" if len(implied) == 1 else "cost nothing more"
        yield voice.say(f"{listed(implied)} {costs}.", f"{'、'.join(implied)}不增加难度：其余目标实现时它也会实现。")


def _spread(voice: _Voice, held: Bottleneck) -> Iterator[str]:
    """Of three and more targets, those that carry most of -log P(all)."""
    shares = held.table["fraction"].sort_values(ascending=False, kind="stable")[:_MOST_NAMED]
    shares = shares[shares >= _NOTHING]
    if len(held.table) < _MOST_NAMED or len(shares) < 2:
        return
    errors = held.fraction_error
    told = [
        (share_words(share, errors[str(name)], voice.language), voice.quoted(str(name)))
        for name, share in shares.items()
    ]
    english = listed(
        [f"{share} lies in {name}" if i == 0 else f"{share} in {name}" for i, (share, name) in enumerate(told)]
    )
    chinese = "、".join(f"{name}占 {share}" for share, name in told)
    yield voice.say(f"Of the difficulty of the whole {english}.", f"在整体难度中，{chinese}。")


# --- what it would take ---------------------------------------------------------------------------------------------


def _takes(voice: _Voice, path: AttainingPath) -> Iterator[str]:
    if not path.found:
        yield conflict_text(path, voice.language)
        return
    if path.distance == 0:
        yield voice.say(
            "Nothing beyond what is projected: the median path attains every target.",
            "按预测走势即可：中位数走势已能实现全部目标。",
        )
        return
    bound = set(path.targets.index[path.targets["binding"]])
    events = [e for e in _hardest_first(voice.result) if e.target.id in bound]
    courses = [_course(voice, path, indicator) for indicator in path.bound[:_MOST_NAMED]]
    yield voice.say(f"Most likely in this way: {'; '.join(courses)}.", f"最可能的实现方式：{'；'.join(courses)}。")
    if len(path.bound) < len({name for e in voice.result.open_events for name in indicators_ahead(e)}):
        yield voice.say("The other indicators need only move along.", "其他指标随之变动即可。")
    yield _modesty(voice, path)
    yield from _beliefs(voice, events)


def _course(voice: _Voice, path: AttainingPath, indicator: str) -> str:
    """The path of one indicator, year by year where there are few years, else on average."""
    last = max(e.by for e in voice.result.open_events if indicator in indicators_ahead(e))
    years = path.growth[indicator].dropna().loc[:last].index.tolist()
    if len(years) <= _MOST_NAMED:
        asked, given = (
            [voice.rate(indicator, float(change)) for change in frame.loc[years, indicator]]
            for frame in (path.growth, path.projected_growth)
        )
        when = f"in {listed([str(year) for year in years])}", f"在 {'、'.join(map(str, years))} 年"
    else:
        asked, given = ([_average(voice, frame, indicator, last)] for frame in (path.levels, path.median))
        when = f"a year on average to {last}", f"到 {last} 年平均每年"
    end = voice.figure(indicator, float(path.levels[indicator].loc[last]))
    scale = voice.projection.scale_of(indicator)
    share = scale is LOGIT
    falls = path.levels[indicator].loc[last] < scale.figure(voice.projection.origin(indicator).log_level)
    change, change_zh = ("rises by", "上升") if share else ("grows by", "增长")
    if falls:
        change, change_zh = "changes by", "变动"
    label, rates, projected = voice.series(indicator), listed(asked), listed(given)
    each = "分别" if len(asked) > 1 else ""
    return voice.say(
        f"{label} {change} {rates} {when[0]}, to {end}, where {projected} is projected",
        f"{label}{when[1]}{each}{change_zh} {'、'.join(asked)}，{last} 年达到 {end}（预测为 {'、'.join(given)}）",
    )


def _average(voice: _Voice, levels: pd.DataFrame, indicator: str, last: int) -> str:
    """The constant change a year from the last figure to a year of a path."""
    origin, scale = voice.projection.origin(indicator), voice.projection.scale_of(indicator)
    end = scale.transform(float(levels[indicator].loc[last]))
    return voice.rate(indicator, scale.required(origin.log_level, end, last - origin.year))


def _modesty(voice: _Voice, path: AttainingPath) -> str:
    farthest = f"{float(np.nanmax(path.deviation.abs())):.1f}"
    if path.modest:
        return voice.say(
            f"That is demanding, but not unheard of: it strays from the projected median by {farthest} of the"
            " projection's own spread at most.",
            f"要求不低，但并非没有先例：偏离预测中位数最多为预测离散度的 {farthest} 倍。",
        )
    return voice.say(
        f"That is beyond what such series do: it strays from the projected median by {farthest} of the projection's own"
        " spread.",
        f"这超出此类序列的常态：偏离预测中位数达到预测离散度的 {farthest} 倍。",
    )


def _beliefs(voice: _Voice, events: Sequence[AnyEvent]) -> Iterator[str]:
    """How others fared that began alike, and what would have to be believed: of the hardest floor under a level."""
    for event in [e for e in events if isinstance(e, Event) and _is_floor(e, voice.projection)][:1]:
        scale, history = voice.projection.scale_of(event.indicator), voice.projection.history
        level = scale.figure(event.lower)
        is_money = unit_of(history.unit_of(event.indicator)).dimension == "money"
        if scale is LOG and is_money and history.price_of(event.indicator) == "nominal":
            found = reference_class(voice.projection, event.indicator, by=event.by, at_least=level)
            yield reference_text(found).say(voice.language)
        if voice.projection.prior is not None:
            yield drift_text(even_drift(voice.projection, event.indicator, by=event.by, at_least=level)).say(
                voice.language
            )


def _hardest_first(result: Assessment) -> list[AnyEvent]:
    order = {name: place for place, name in enumerate(result.bottleneck.index)}
    return sorted(result.open_events, key=lambda event: order[event.target.id])


def _is_floor(event: Event, projection: Projection) -> bool:
    alone = event.since is None and event.whole is None
    return alone and math.isfinite(event.lower) and bool(projection.origin(event.indicator).levels)


# --- what could be promised instead ---------------------------------------------------------------------------------


def _instead(voice: _Voice, held: Bottleneck) -> Iterator[str]:
    order = {e.indicator: place for place, e in reversed(list(enumerate(_hardest_first(voice.result))))}
    for found in sorted(voice.result.menus, key=lambda m: order[m.indicator])[:2]:
        yield _offer(voice, found)
    yield relaxation_text(held).say(voice.language)


def _offer(voice: _Voice, found: Menu) -> str:
    """The menu of one indicator under the prior asked for, and how far priors differ in its middle."""
    series, own = voice.series(found.indicator), found.table.loc[found.priors[0]]
    told = [
        (RUNGS[float(p)], voice.chance(float(p)), voice.figure(found.indicator, level), voice.rate(found.indicator, g))
        for p, level, g in own.itertuples()
    ]
    english = listed([f"{level} with a chance of {p} ({name.en}, {rate} a year)" for name, p, level, rate in told])
    chinese = "；".join(f"{name.zh} {level}（把握 {p}，年均 {rate}）" for name, p, level, rate in told)
    middle = found.table.xs(found.probabilities[1], level="probability")["level"]
    low, high = (voice.figure(found.indicator, float(end)) for end in (middle.min(), middle.max()))
    other = voice.say(
        f" Depending on the prior, the middle one is {low} to {high}.", f"因先验而异，中间一档为 {low}至{high}。"
    )
    kept = _KEPT[found.word]
    return voice.say(f"{series} in {found.by}{kept.en}: {english}.", f"{found.by} 年{series}{kept.zh}：{chinese}。") + (
        other if low != high else ""
    )


def relaxation_text(held: Bottleneck) -> Text:
    """How much of what is asked could be asked at 50 and 80 %."""
    parts: list[Text] = []
    for p, fraction, error in zip(RELAXED_TO, held.relaxation, held.relaxation_error, strict=True):
        odds = "an even chance" if p == 0.5 else f"a chance of {100 * p:.0f} %"
        if fraction <= 0:
            told = f"even if none of the change were asked, there would not be {odds}"
            parts.append(Text(told, f"即使不要求任何变动，也没有 {p:.0%} 的把握"))
            break
        if fraction > 0:
            asked, asked_zh = (share_words(fraction, error, language) for language in ("en", "zh"))
            told = f"if {asked} of the change were asked of all targets, there would be {odds}"
            parts.append(Text(told, f"若各目标只要求原定变动幅度的 {asked_zh}，有 {p:.0%} 的把握"))
    if not parts:
        return Text("", "")
    english = "; ".join(part.en for part in parts)
    return Text(f"{english[0].upper()}{english[1:]}.", f"{'；'.join(part.zh for part in parts)}。")


# --- each result ----------------------------------------------------------------------------------------------------


def path_text(path: AttainingPath, language: Language = "en") -> str:
    """A table of years for each indicator."""
    if not path.found:
        return conflict_text(path, language)
    head = Text(
        f"The path nearest to the projection that attains every target: distance {path.distance:.2f}.",
        f"实现全部目标且最接近预测的走势：距离 {path.distance:.2f}。",
    )
    lines = [head.say(language)]
    header = (
        Text("year|path|growth|projected|growth|spreads", "年份|走势|增速|预测|增速|离散度倍数")
        .say(language)
        .split("|")
    )
    for title, rows in path_rows(path, language):
        lines += ["", title, *table_text(header, rows)]
    return "\n".join(lines)


def conflict_text(path: AttainingPath, language: Language = "en") -> str:
    """Why there is no path."""
    labels = {event.target.id: f"“{label_of(event.target, language)}”" for event in path.events}
    names = [labels[name] for name in path.conflict]
    english, chinese = listed(names), "、".join(names)
    if not names:
        told = Text(
            "No path that attains every target was found, and no proof that there is none.",
            "没有找到能实现全部目标的走势，也未能证明不存在这样的走势。",
        )
    elif len(names) == 1:
        told = Text(f"No path attains {english}: it is out of reach.", f"没有走势能做到：{chinese}不可能实现。")
    else:
        told = Text(
            f"No path attains {english} together: they contradict each other; `check` says by how much.",
            f"没有走势能同时做到：{chinese}互相矛盾，可用 check 查看矛盾所在。",
        )
    return told.say(language)


def path_rows(path: AttainingPath, language: Language) -> Iterator[tuple[str, list[list[str]]]]:
    """For each indicator its name and, a row for each year, path and median with their growth, and how far apart."""
    for name in path.levels.columns:
        share = path.projection.scale_of(name) is LOGIT
        unit, kind = ("fraction", "share") if share else ("", "")
        frames = (path.levels, path.growth, path.median, path.projected_growth, path.deviation)
        rows = [
            [
                str(year),
                figure_words(level, unit, language),
                needs_words(growth, kind, language),
                figure_words(median, unit, language),
                needs_words(projected + 0.0, kind, language),
                f"{deviation:.2f}",
            ]
            for year, (level, growth, median, projected, deviation) in zip(
                path.levels.index, zip(*(frame[name].round(9).tolist() for frame in frames), strict=True), strict=True
            )
            if not math.isnan(level)
        ]
        yield f"{path.projection.history.label_of(name, language)}{_unit_of(path.projection, name, language)}", rows


def _unit_of(projection: Projection, name: str, language: Language) -> str:
    unit = "" if projection.scale_of(name) is LOGIT else unit_words(projection.history.unit_of(name), language)
    if not projection.origin(name).levels:
        unit = Text(f"{projection.origin(name).year} = 1", f"{projection.origin(name).year} 年 = 1").say(language)
    return Text(f", {unit}", f"，{unit}").say(language) if unit else ""


BOTTLENECK_HEAD = Text(
    "target|alone|all the others|given the others|share of the difficulty", "目标|单独|其余全部|其余实现时|难度占比"
)


def bottleneck_rows(held: Bottleneck, language: Language) -> list[list[str]]:
    """For each target: alone, all the others, given the others, and its share of the difficulty."""
    labels = {event.target.id: label_of(event.target, language) for event in held.events}
    errors = held.fraction_error
    return [
        [
            labels[str(name)],
            chance(row["probability"], language),
            chance(row["others"], language),
            "–" if math.isnan(row["given"]) else chance(row["given"], language),
            "–" if math.isnan(row["fraction"]) else share_words(row["fraction"], errors[str(name)], language),
        ]
        for name, row in held.table.iterrows()
    ]


def bottleneck_text(held: Bottleneck, language: Language = "en") -> str:
    """The table, and the common relaxation."""
    lines = table_text(BOTTLENECK_HEAD.say(language).split("|"), bottleneck_rows(held, language))
    return "\n".join([*lines, *wrap(relaxation_text(held).say(language), "")])


def menu_rows(found: Menu, language: Language) -> list[list[str]]:
    """A row for each prior: the level of each chance, with the growth that it needs."""
    share = found.projection.scale_of(found.indicator) is LOGIT
    unit = "fraction" if share else ""
    rows = []
    for prior in found.priors:
        own = found.table.loc[prior]
        cells = [
            f"{figure_words(level, unit, language)} ({needs_words(growth, 'share' if share else '', language)})"
            for level, growth in own.itertuples(index=False)
        ]
        rows.append([prior_label(prior).say(language), *cells])
    return rows


def menu_head(found: Menu, language: Language) -> list[str]:
    """Prior, and each chance with its name."""
    rungs = [
        f"{RUNGS[p].say(language)} {chance(p, language)}" if p in RUNGS else chance(p, language)
        for p in found.probabilities
    ]
    return [Text("prior", "先验").say(language), *rungs]


def menu_title(found: Menu, language: Language) -> str:
    """Indicator, year and unit of a menu."""
    series = found.projection.history.label_of(found.indicator, language)
    unit = _unit_of(found.projection, found.indicator, language)
    kept = _KEPT[found.word]
    return Text(f"{series} in {found.by}{kept.en}{unit}", f"{found.by} 年{series}{kept.zh}{unit}").say(language)


def menu_text(found: Menu, language: Language = "en") -> str:
    """The menu as a table."""
    needs = Text(", and growth needed a year:", "，括号内为所需年均增长：").say(language)
    table = table_text(menu_head(found, language), menu_rows(found, language))
    return "\n".join([*wrap(f"{menu_title(found, language)}{needs}", ""), *table])


def frontier_text(found: Frontier, language: Language = "en") -> str:
    """The pairs as a table."""
    head = Text(
        f"Reached together by {found.by} with a chance of {percent(found.probability)}:",
        f"到 {found.by} 年同时达到的概率为 {chance(found.probability, 'zh')}：",
    )
    columns = Text("first|second", "其一|其二").say(language).split("|")
    names = [
        f"{found.projection.history.label_of(n, language)}{_unit_of(found.projection, n, language)}"
        for n in found.indicators
    ]
    told = [f"  {column}{Text(': ', '：').say(language)}{name}" for column, name in zip(columns, names, strict=True)]
    return "\n".join([head.say(language), *told, *table_text(columns, frontier_rows(found, language))])


def frontier_rows(found: Frontier, language: Language) -> list[list[str]]:
    """The pairs."""
    units = ["fraction" if found.projection.scale_of(n) is LOGIT else "" for n in found.indicators]
    return [[figure_words(v, u, language) for v, u in zip(pair, units, strict=True)] for pair in found.table.to_numpy()]


def drift_text(found: EvenDrift) -> Text:
    """What would have to be believed, in a sentence."""
    share = found.projection.scale_of(found.indicator) is LOGIT
    if found.drift is None:
        return Text("No belief within reach makes the target even.", "没有合理的事先看法能使该目标达到 50% 的把握。")

    def told(x: float) -> str:
        return f"{x:+.2f}" if share else f"{100 * x:.1f} %"

    above = percent(1 - found.percentile / 100)
    unit = Text(" in log odds", "（对数几率）") if share else Text("", "")
    zh = told(found.drift).replace(" %", "%"), told(found.expected).replace(" %", "%")
    return Text(
        f"To call it even, one would have to expect {told(found.drift)} a year{unit.en} of such a series before seeing"
        f" its figures; the prior expects {told(found.expected)}, with a chance of {above} for more than"
        f" {told(found.drift)}.",
        f"要认为有 50% 的把握，须在看到数据之前就预期此类序列年均增长 {zh[0]}{unit.zh}；先验的预期为 {zh[1]}，高于"
        f" {zh[0]} 的可能性为 {tight(above, 'zh')}。",
    )


def even_drift_text(found: EvenDrift, language: Language = "en") -> str:
    """The target and what would have to be believed."""
    share = found.projection.scale_of(found.indicator) is LOGIT
    series = found.projection.history.label_of(found.indicator, language)
    level = figure_words(
        found.level, "fraction" if share else found.projection.history.unit_of(found.indicator), language
    )
    p, needs = chance(found.probability, language), needs_words(found.required, "share" if share else "", language)
    head = Text(
        f"{series}, {level} by {found.by}: needs {needs} a year, chance {p}.",
        f"{series}到 {found.by} 年{level}：需年均 {needs}，概率 {p}。",
    )
    return f"{head.say(language)}{Text(' ', '').say(language)}{drift_text(found).say(language)}"


def reference_text(found: ReferenceClass) -> Text:
    """Required growth among the growth of others."""
    panel = _PANELS.get(found.reference, Text(found.reference, found.reference))
    fast, fast_zh = "", ""
    if not math.isnan(found.speed):
        rate = f"{100 * found.speed:.1f}"
        fast, fast_zh = f" that began as fast ({rate} % a year)", f"起步增速相近（年均 {rate}%）的 "
    if found.spells.empty:
        return Text(
            f"In {panel.en} no spell of {found.years} years{fast} is known.",
            f"{panel.zh}中没有{fast_zh}{found.years} 年时段。",
        )
    count, needs = f"{len(found.spells):,}", f"{100 * found.required:.1f}"
    reached = percent(1 - found.percentile / 100)
    return Text(
        f"In {panel.en}, {reached} of the {count} spells of {found.years} years{fast} grew by {needs} % a year or"
        " more.",
        f"{panel.zh}中，{fast_zh}{count} 个 {found.years} 年时段，有 {tight(reached, 'zh')} 年均增长达到 {needs}%。",
    )


def record_text(found: TrackRecord) -> Text:
    """How often comparable targets were attained."""
    if not found.of:
        return Text("No comparable target is on record.", "没有可比目标的记录。")
    ends = f"{100 * found.low:.0f}–{100 * found.high:.0f}"
    return Text(
        f"Of {found.of} comparable targets on record {found.attained} were attained (90 % interval of the rate:"
        f" {ends} %).",
        f"记录中 {found.of} 个可比目标有 {found.attained} 个实现（实现率的 90% 区间为 {ends}%）。",
    )
