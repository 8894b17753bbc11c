"""The verb `assess`: every target of a plan, in every reading, on every treatment of the data that serves it, under
every prior for its scale.

The range of a probability is over all of these. What the data alone say, the random walk without a prior, stands beside
it and not within: from k changes its t has k - 1 degrees of freedom, so with two or three it says next to nothing, and
would widen every range to no use.

Treatments of indicators that a target joins are combined, up to 16 combinations; where there are more, the treatments
of each indicator are taken alone, the others by default.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, get_args

import pandas as pd

from attain.assessment import SENSITIVITY_COLUMNS, TABLE_COLUMNS, Assessment
from attain.course import history_of
from attain.dependence import Dependence, dependence_of
from attain.errors import ArgumentError, DataError
from attain.event import (
    AnyEvent,
    Event,
    Missing,
    PathEvent,
    can_be_assessed,
    event_of,
    figure_as_stated,
    figure_in_terms,
    figure_unit,
    has_engine,
    indicators_of,
    not_projected,
    published_row,
    share_y,
    stated_change,
    sum_event,
    sum_problem,
)
from attain.history import AsOf, History
from attain.joint import (
    Engine,
    Joint,
    is_attained,
    is_settled,
    joined_quantiles,
    joint_probability,
    path_outcomes,
)
from attain.language import Text, note_of
from attain.plan import Plan, load_plan
from attain.precision import as_modelled
from attain.prior import NO_PRIOR, Prior, load_prior, priors_of
from attain.projection import Model, Projection, numerical_error, project
from attain.reference_class import read_record
from attain.scale import LOG, LOGIT
from attain.simulation import DRAWS, Drawing
from attain.target import Target
from attain.units import convert, decimal
from attain.yardsticks import ipcc_likelihood

_INTERVAL = (0.1, 0.5, 0.9)
_MOST_COMBINED = 16  # they double with each member that has two treatments, and each is a projection
_Group = tuple[str, ...]  # indicators that targets join, or one alone
_Seen = tuple[tuple[AnyEvent, ...], Projection]  # the targets on a group, as events on a projection of it


def assess(
    plan: Any,
    history: Any = None,
    *,
    model: Model | None = None,
    prior: str | Prior | None = None,
    engine: Engine = "auto",
    dependence: Any = "factor",
    draws: int = DRAWS,
    threads: int | None = None,
    as_of: AsOf = None,
    seed: int = 0,
    track_record: Any = None,
) -> Assessment:
    """Assess the targets of a plan, each and together.

    Parameters
    ----------
    plan
        Anything that `load_plan` takes.
    history
        Anything that `load_history` takes, or a `Projection`; by default the bundled history that the plan names.
    model, prior, as_of
        As in `project`, by default the growth model with the prior `general`. A `Projection` brings its own, and its
        treatments of the data. The prior asked for gives the number; the range is over it and every bundled prior of
        its scale.
    engine
        `"exact"` for targets on one functional of one indicator, `"independent"` for a product over indicators,
        `"factor"` for an integral over what the indicators have in common, `"sov"` for draws of the components of all
        indicators, each with the exact probability of the bounds given it, `"simulation"` for the share of simulated
        paths. `"auto"`: `simulation` where a target needs it, which are growth and amounts in every year, sums of
        other indicators and counts of members; `sov` where a share joins two levels; else `exact` where it serves,
        `independent` where `dependence` says so, `sov` where an indicator has targets on several quantities, targets
        have several years, or correlations are given, and `factor` otherwise.
    dependence
        How the indicators move together: `"factor"`, one common factor estimated from the surprises of the past and
        shrunk to what was learned; `"independent"`; a mapping of indicators to loadings (-0.99 to 0.99) on one factor;
        or a DataFrame of correlations, indicators as index and columns. `Assessment.dependence` shows it.
    draws
        Paths of a simulation, rounded up to a multiple of 256; where few of them attain all targets, as many again are
        drawn about paths that do.
    threads
        For a simulation; all of the machine by default. Their number changes nothing but the time.
    seed
        Of the points of integrals over several target years, of draws, and of paths.
    track_record
        Frame or .csv file of past targets, as in `track_record`: shown beside the targets that programmes influence,
        in no probability.

    Returns
    -------
    Assessment
        Every target of the plan is in `table` or in `not_assessed`.

    Raises
    ------
    PlanError, DataError, UnitError, BasisError, ArgumentError
        Naming the place and the way out.
    """
    if engine not in get_args(Engine):
        raise ArgumentError(f"engine: {engine!r} is none of {', '.join(map(repr, get_args(Engine)))}")
    if engine == "independent":
        if not (isinstance(dependence, str) and dependence in ("factor", "independent")):
            raise ArgumentError("engine: 'independent' uses no dependence; leave one of the two out")
        dependence = "independent"
    if engine == "factor" and isinstance(dependence, str) and dependence == "independent":
        raise ArgumentError("engine: 'factor' needs a dependence; leave `dependence` out, or use 'independent'")
    if model not in (None, "growth", "random-walk"):
        raise ArgumentError(f"model: {model!r} is neither 'growth' nor 'random-walk'")
    grid = load_prior("general" if prior is None else prior)
    loaded = load_plan(plan)
    means = dependence, engine, Drawing(draws, threads, seed)
    if isinstance(history, Projection):
        if (model, prior, as_of) != (None, None, None):
            raise ArgumentError("model, prior, as_of: the projection brings its own; leave them out")
        given = history
        work = _Work(loaded, given.history, given.model, given.prior, given.to, given.treatments, *means)
    else:
        figures = history_of(loaded, history).as_of(as_of)
        own = grid if model != "random-walk" else None
        work = _Work(loaded, figures, model or "growth", own, 0, {}, *means)
    result = work.assess()
    if engine == "exact" and result.engine != "exact":
        raise ArgumentError("engine: 'exact' needs targets on one functional of one indicator; leave it out")
    if engine in ("independent", "factor", "sov") and result.engine not in ("exact", "independent", engine):
        raise ArgumentError(
            f"engine: {engine!r} does not serve here ({result.joint.reason.en}); leave it out for {result.engine!r}"
        )
    return result if track_record is None else replace(result, track_record=read_record(track_record))


@dataclass(frozen=True)
class _Way:
    """One way to project an indicator: a treatment of its data under a prior, or why it fails."""

    treatment: str
    prior: str
    projection: Projection | str
    in_range: bool


@dataclass(frozen=True)
class _Work:
    """One plan on one history, projected in every way of the indicators that its targets name."""

    plan: Plan
    history: History
    model: Model
    prior: Prior | None
    to: int
    treatments: Mapping[str, str]
    asked_dependence: Any
    engine: Engine
    drawing: Drawing

    @functools.cached_property
    def resolved(self) -> dict[str, Target]:
        """The targets with the series that serves each as their indicator; their own name where none does."""
        return {t.id: t.model_copy(update=self._served(t)) for t in self.plan.targets}

    def _served(self, target: Target) -> dict[str, object]:
        def series(name: str) -> str:
            return self.history.series_for(self.plan.id, name).series or name

        found: dict[str, object] = {"indicator": series(target.indicator)}
        if target.kind == "share" and target.of:
            found["of"] = series(target.of)
        if target.members is not None:
            found["members"] = tuple(map(series, target.members))
        return found

    @functools.cached_property
    def missing(self) -> dict[str, Missing]:
        found = {name: self._why_not(target) for name, target in self.resolved.items()}
        return {name: missing for name, missing in found.items() if missing is not None}

    @functools.cached_property
    def sums(self) -> dict[str, list[Target]]:
        """The levels without a series of their own that are sums of targets with one: id to those."""
        relations = [r for r in self.plan.relations if r.kind == "sum"]
        wholes = {r.whole: [self.resolved[name] for name in r.parts] for r in relations if r.whole is not None}
        return {
            name: parts
            for name, parts in wholes.items()
            if self.resolved[name].kind == "level"
            and self.history.find(self.resolved[name].indicator) is None
            and all(self.history.find(part.indicator) is not None for part in parts)
        }

    def _stands_on(self, target: Target) -> tuple[str, ...]:
        """The indicators of a candidate."""
        parts = [indicators_of(part, self.history)[0] for part in self.sums.get(target.id, [])]
        return tuple(dict.fromkeys(parts)) or indicators_of(target, self.history)

    def _event_on(self, target: Target, projection: Projection) -> AnyEvent | Missing:
        if target.id in self.sums:
            return sum_event(target, self._stands_on(target), projection)
        return event_of(target, projection)

    def _why_not(self, target: Target) -> Missing | None:
        """What keeps a target from being assessed, before any projection."""
        if target.id in self.sums:
            return sum_problem(target, self.sums[target.id], self.history)
        service = self.history.series_for(self.plan.id, self._as_planned(target.id).indicator)
        if service.series is None and service.note and target.members is None:
            # Notes are written with today's knowledge, and under a date would tell of later figures.
            undated = Text("a published series that speaks of it", "相应的公布数据")
            needs = note_of(service) if self.history.known is None else undated
            return Missing(Text("no published series serves it", "没有对应的公布数据"), needs)
        each = next((r for r in self.plan.relations if r.kind == "each_of" and target.id in r.parts), None)
        if each is not None and has_engine(target):
            reason = Text(f"it holds for each of {each.units} units", f"目标分别针对 {each.units} 个单位")
            return Missing(reason, Text("figures of every unit", "每个单位的数据"))
        return can_be_assessed(target, self.history)

    def _as_planned(self, name: str) -> Target:
        return next(t for t in self.plan.targets if t.id == name)

    @functools.cached_property
    def candidates(self) -> list[Target]:
        return [t for name, t in self.resolved.items() if name not in self.missing]

    @functools.cached_property
    def indicators(self) -> list[str]:
        """Those that candidates stand on."""
        return list(dict.fromkeys(name for t in self.candidates for name in self._stands_on(t)))

    @functools.cached_property
    def last_year(self) -> int:
        """A year that no figure reaches and no target passes."""
        figures = int(self.history.usable(self.indicators)["year"].max()) + 1
        return max([figures, self.to, *(t.by for t in self.candidates if t.by is not None)])

    def project(self, names: Sequence[str], treatments: Mapping[str, str], model: Model) -> Projection:
        return project(
            self.history,
            to=self.last_year,
            model=model,
            prior=self.prior or "general",
            indicators=names,
            treatments=treatments,
        )

    @property
    def _asked(self) -> str:
        """Name of the prior asked for."""
        return NO_PRIOR if self.prior is None else self.prior.name

    @functools.cached_property
    def default(self) -> Projection | None:
        """Every indicator under its first treatment that a model can use, the one asked for before the default."""
        usable = self._usable
        return self.project(list(usable), {n: t for n, t in usable.items() if t}, self.model) if usable else None

    @functools.cached_property
    def _usable(self) -> dict[str, str]:
        """By indicator the treatment of the default, for those that have one."""
        chosen = {name: self._first_usable(name) for name in self.projections}
        return {name: treatment for name, treatment in chosen.items() if treatment is not None}

    def _first_usable(self, indicator: str) -> str | None:
        found = self.projections[indicator]
        asked = [self.treatments[indicator]] if indicator in self.treatments else []
        return next((t for t in [*asked, *found] if isinstance(found[t], Projection)), None)

    @functools.cached_property
    def projections(self) -> dict[str, dict[str, Projection | str]]:
        """By indicator and treatment its projection as asked for, or why there is none."""
        return {
            name: {t: self._under({name: t}, self.model) for t in self.history.treatments_of(name)}
            for name in self.indicators
        }

    def _under(self, treatments: Mapping[str, str], model: Model) -> Projection | str:
        try:
            return self.project(list(treatments), {name: t for name, t in treatments.items() if t}, model)
        except DataError as error:
            return str(error)

    def ways(self, group: _Group) -> list[_Way]:
        """The ways to project a group of indicators, treatment by treatment, the prior asked for first."""
        if group not in self._ways:
            self._ways[group] = list(self._ways_of(group))
        return self._ways[group]

    @functools.cached_property
    def _ways(self) -> dict[_Group, list[_Way]]:
        return {}

    def _ways_of(self, group: _Group) -> Iterator[_Way]:
        priors = self._priors_of(group[0])
        for treatments in self._combined(group):
            told = " / ".join(t for t in treatments.values() if t)
            alone = self.projections[group[0]][treatments[group[0]]]
            found = self._under(treatments, self.model) if len(group) > 1 else alone
            for prior in priors:
                under = found if isinstance(found, str) else replace(found, prior=prior)
                yield _Way(told, prior.name, under, in_range=True)
            walk = self._under(treatments, "random-walk") if priors else found
            yield _Way(told, NO_PRIOR, walk, in_range=not priors)

    def _combined(self, group: _Group) -> Iterator[dict[str, str]]:
        """By indicator of a group its treatment: every combination, or where there are too many, the default and each
        treatment that departs from it alone."""
        if math.prod(len(self.projections[name]) for name in group) <= _MOST_COMBINED:
            for chosen in itertools.product(*(self.projections[name] for name in group)):
                yield dict(zip(group, chosen, strict=True))
            return
        default = {name: self._usable[name] for name in group}
        yield default
        yield from ({**default, name: t} for name in group for t in self.projections[name] if t != default[name])

    def _priors_of(self, indicator: str) -> list[Prior]:
        """The priors that the range of an indicator is over, the one asked for first; none for the random walk."""
        if self.prior is None:
            return []
        scale = self.history.scale_of(indicator)
        asked = self.prior.for_scale(scale)
        return [asked, *(prior for prior in priors_of(scale) if prior.name != asked.name)]

    def assess(self) -> Assessment:
        events, missing = self._default_events()
        sensitivity = self._sensitivity(list(events.values()))
        rows = {name: self._row(event, sensitivity) for name, event in events.items()}
        joint = (
            joint_probability(list(events.values()), self.default, self.dependence, self.drawing, engine=self.engine)
            if self.default and events
            else Joint(None, "none", reason=Text("nothing is assessed", "没有可评估的目标"))
        )
        table = pd.DataFrame.from_dict(rows, orient="index", columns=list(TABLE_COLUMNS)).rename_axis("id")
        columns = ["reason", "needs", "reason_zh", "needs_zh"]
        texts = {n: [m.reason.en, m.needs.en, m.reason.zh, m.needs.zh] for n, m in missing.items()}
        not_assessed = pd.DataFrame.from_dict(texts, orient="index", columns=columns).rename_axis("id")
        return Assessment(
            plan=self.plan,
            history=self.history,
            projection=self.default,
            events=tuple(events.values()),
            table=table,
            sensitivity=sensitivity,
            not_assessed=not_assessed,
            joint=joint,
            joint_range=self._joint_range(list(events.values()), True),
            data_alone=self._joint_range(list(events.values()), self.model == "random-walk"),
            prior=self.default.prior_name if self.default else self._asked,
            as_of=self.history.known,
            drawing=self.drawing,
        )

    def _default_events(self) -> tuple[dict[str, AnyEvent], dict[str, Missing]]:
        events: dict[str, AnyEvent] = {}
        missing: dict[str, Missing] = {}
        for target in self.resolved.values():
            outcome = self.missing.get(target.id) or self._event(target)
            if isinstance(outcome, Missing):
                missing[target.id] = outcome
            else:
                events[target.id] = outcome
        return events, missing

    def _event(self, target: Target) -> AnyEvent | Missing:
        for name in self._stands_on(target):
            if self.default is None or name not in self.default.indicators:
                return not_projected(name, "; ".join(str(why) for why in self.projections[name].values()))
        assert self.default is not None, "a target stands on some indicator"
        return self._event_on(target, self.default)

    def _sensitivity(self, events: Sequence[AnyEvent]) -> pd.DataFrame:
        rows = [
            {
                "target": event.target.id,
                "treatment": way.treatment,
                "prior": way.prior,
                "reading": reading,
                **self._answer(target, way.projection),
                "in_range": way.in_range,
            }
            for event in events
            for reading, target in event.target.readings.items()
            for way in self.ways(event.indicators)
        ]
        return pd.DataFrame(rows, columns=list(SENSITIVITY_COLUMNS))

    @functools.cached_property
    def dependence(self) -> Dependence:
        """That between the indicators of the default projection."""
        assert self.default is not None, "what is assessed is projected"
        return dependence_of(self.asked_dependence, self.default)

    def _joint_range(self, events: Sequence[AnyEvent], in_range: bool) -> tuple[float, float]:
        """Extremes of the joint probability: one prior for all indicators of a scale, each group of indicators in the
        worst, and in the best, of its treatments and readings for its own targets. NaN where one has no number."""
        ends = {group: self._ends(events, group, in_range) for group in _groups_of(events)}
        scales = {group: self.history.scale_of(group[0]) for group in ends}
        nothing: dict[str, list[_Seen]] = {"": []}
        by_scale = [next((ends[n] for n in ends if scales[n] is s), nothing) for s in (LOG, LOGIT)]
        logs: list[float] = []
        for priors in itertools.product(*by_scale):
            chosen = dict(zip((LOG, LOGIT), priors, strict=True))
            sides = [ends[name].get(chosen[scales[name]], []) for name in ends]
            if not all(sides):
                return math.nan, math.nan
            logs += [self._log_joint(tuple(own[side] for own in sides)) for side in (0, -1)]
        return math.exp(min(logs)), math.exp(max(logs))

    def _ends(self, events: Sequence[AnyEvent], group: _Group, in_range: bool) -> dict[str, list[_Seen]]:
        """By prior the ways to see the targets on a group of indicators, the least probable first."""
        targets = [e.target for e in events if e.indicators[0] in group]
        found: dict[str, list[_Seen]] = {}
        for way in self.ways(group):
            if way.in_range == in_range:
                found.setdefault(way.prior, []).extend(self._seen(targets, way.projection))
        return {prior: sorted(seen, key=lambda s: self._log_joint((s,))) for prior, seen in found.items()}

    @functools.cached_property
    def _log_joint(self) -> Callable[[tuple[_Seen, ...]], float]:
        """log P of all events seen; the ends of a range meet the same ones again."""
        return functools.cache(self._log_joint_of)

    def _log_joint_of(self, seen: tuple[_Seen, ...]) -> float:
        events = [event for own, _ in seen for event in own]
        projections = {name: projection for own, projection in seen for event in own for name in event.indicators}
        if not events:
            return 0.0
        joint = joint_probability(events, projections, self.dependence, self.drawing, engine=self.engine)
        assert joint.log_probability is not None, "events have a joint probability"
        return joint.log_probability

    def _alone(self, event: AnyEvent, projection: Projection) -> tuple[float, float]:
        """log P of one event, and its numerical error."""
        if is_settled(event):
            return 0.0 if is_attained(event, projection) else -math.inf, 0.0
        nodes = sum(projection.node_error(name) for name in event.indicators)
        if isinstance(event, Event) and event.whole is None:
            log_p = event.log_probability(projection.mixture(event.indicator))
            return log_p, numerical_error(log_p, nodes)
        joint = joint_probability([event], projection, self.dependence, self.drawing)
        assert joint.log_probability is not None, "an event has a probability"
        return joint.log_probability, nodes + joint.error

    def _quantiles(self, event: AnyEvent, projection: Projection, asked: Sequence[float]) -> list[float]:
        """Quantiles of the outcome in the terms of the target, ascending; NaN where the figures of several years have
        settled it."""
        if isinstance(event, PathEvent):
            if is_settled(event):
                published = bool(event.bases) and _last_year(event, projection) >= event.by
                return [-event.bases[0] if published else math.nan] * len(asked)
            return list(map(float, path_outcomes(event, projection, self.dependence, self.drawing, asked)))
        if event.whole is None or event.published is not None:
            return outcome_quantiles(event, projection, asked)
        assert event.base is not None, "a share of two levels has what their units convert by"
        logs = joined_quantiles(event, projection, self.dependence, asked, seed=self.drawing.seed)
        return [math.exp(y - event.base) for y in logs]

    def _answer(self, target: Target, projection: Projection | str) -> dict[str, Any]:
        """The probability of a target on a projection, with what belongs beside it, or why there is none."""
        if isinstance(projection, str):
            return {"reason": projection, "reason_zh": "未能预测"}
        event = self._event_on(target, projection)
        if isinstance(event, Missing):
            return {"reason": event.reason.en, "reason_zh": event.reason.zh}
        log_p, error = self._alone(event, projection)
        return {
            "probability": math.exp(log_p),
            "log_probability": log_p,
            "numerical_error": error,
            "observations": min(projection.origin(name).changes for name in event.indicators),
            "median": self._quantiles(event, projection, [0.5])[0],
            "reason": "",
            "reason_zh": "",
        }

    def _row(self, event: AnyEvent, sensitivity: pd.DataFrame) -> dict[str, Any]:
        assert self.default is not None, "an event has a projection"
        target, projection = event.target, self.default
        log_p, error = self._alone(event, projection)
        p = math.exp(log_p)
        own = (sensitivity["target"] == target.id) & sensitivity["in_range"]
        over = sensitivity.loc[own, "probability"].dropna()
        low, median, high = self._quantiles(event, projection, _INTERVAL)
        settled = is_settled(event)
        word = ("attained" if p == 1 else "missed") if settled else ipcc_likelihood(p)
        return {
            "indicator": event.indicator,
            "label": target.label or self._label_of(event),
            "kind": target.kind,
            "by": event.by,
            "value": float(target.value),
            "unit": unit_of(target),
            "nature": target.nature,
            "control": target.control,
            "observations": min(projection.origin(name).changes for name in event.indicators),
            "last_year": _last_year(event, projection),
            "last_value": self._last_value(event, projection),
            "required_growth": None if settled else self._required(event, projection),
            "median": median,
            "interval80": (low, high),
            "probability": p,
            "numerical_error": error,
            "range": (float(over.min()), float(over.max())),
            "likelihood": word,
        }

    def _label_of(self, event: AnyEvent) -> str:
        """That of the indicator; a sum or a count of others may have none."""
        name = self.history.find(event.indicator)
        return event.target.id if name is None else self.history.label_of(name)

    def _last_value(self, event: AnyEvent, projection: Projection) -> float | None:
        """The last figure; of a sum or a count that of the last year which all parts have."""
        if event.target.id not in self.sums and event.target.members is None:
            return _last_value(event, projection)
        year = _last_year(event, projection)
        before = self._event_on(event.target.model_copy(update={"by": year}), projection)
        return -before.bases[0] if isinstance(before, PathEvent) else None

    def _required(self, event: AnyEvent, projection: Projection) -> float | None:
        """What just attains the target: see `required_growth`; the stated rate of a growth in every year; of a sum the
        growth of its parts together, of a count that of each member."""
        if isinstance(event, Event):
            return required_growth(event, projection)
        if event.target.members is not None:
            return _growth_of_each(event, projection)
        if event.target.kind == "growth":
            return float(event.target.value)
        last = self._last_value(event, projection) if event.target.id in self.sums else None
        years = event.by - _last_year(event, projection)
        return None if last is None else math.expm1(math.log(float(event.target.value) / last) / years)

    def _seen(self, targets: Sequence[Target], projection: Projection | str) -> Iterator[_Seen]:
        """The targets on a group of indicators, each reading of them that has events."""
        for reading in dict.fromkeys(name for target in targets for name in target.readings):
            read = [target.readings.get(reading, target) for target in targets]
            events = [] if isinstance(projection, str) else [self._event_on(target, projection) for target in read]
            settled = [event for event in events if not isinstance(event, Missing)]
            if len(settled) == len(targets) and isinstance(projection, Projection):
                yield tuple(settled), projection


def _groups_of(events: Sequence[AnyEvent]) -> list[_Group]:
    """Indicators that events join, directly or through others; each stands in one group."""
    groups: list[_Group] = []
    for event in events:
        met = [group for group in groups if set(group) & set(event.indicators)]
        joined = tuple(dict.fromkeys(name for group in [*met, event.indicators] for name in group))
        groups = [group for group in groups if group not in met] + [joined]
    return groups


def unit_of(target: Target) -> str:
    """The unit of a target's number, for people: per year, fraction, times, or the unit written."""
    if target.kind == "growth" and target.mode != "cumulative":
        return "per year"
    if target.is_rate:
        return "fraction"
    if target.members is not None:
        return target.effective_unit or "个"
    return "times" if target.kind == "multiple" else target.effective_unit or ""


def outcome_quantiles(event: Event, projection: Projection, asked: Sequence[float]) -> list[float]:
    """Quantiles of the outcome in the terms of the target, ascending; the published figure where there is one."""
    if event.published is not None:
        return [float(figure_as_stated(event, projection))] * len(asked)
    mixture = projection.mixture(event.indicator)
    logs = mixture.quantile(mixture.row(event.by, event.since), asked)
    return sorted(_in_terms_of(event, float(x), projection) for x in logs)


def _in_terms_of(event: Event, log_outcome: float, projection: Projection) -> float:
    if event.target.kind in ("level", "share"):
        factor = convert(decimal(1), projection.history.unit_of(event.indicator), figure_unit(event.target))
        return projection.scale_of(event.indicator).figure(log_outcome) * float(factor)
    return stated_change(event.target, log_outcome - (event.base or 0.0))


def _last_year(event: AnyEvent, projection: Projection) -> int:
    """The last year with a figure of every indicator of an event."""
    return min(projection.origin(name).year for name in event.indicators)


def _last_value(event: AnyEvent, projection: Projection) -> float | None:
    """The last figure, in the unit of a level or share target, else of the history; None where there are growth rates
    only, or a share lacks a figure of part or whole."""
    if isinstance(event, Event) and event.whole is not None:
        assert event.base is not None, "a share of two levels has what their units convert by"
        y = share_y(projection, event.indicator, event.whole, _last_year(event, projection))
        return None if y is None else math.exp(y - event.base)
    origin = projection.origin(event.indicator)
    if not origin.levels:
        return None
    published, y = published_row(projection, event.indicator, origin.year), origin.log_level
    if published is not None and published["bound"]:
        y = projection.scale_of(event.indicator).transform(float(as_modelled(published)))
    return float(figure_in_terms(event, y, projection))


def _growth_of_each(event: PathEvent, projection: Projection) -> float:
    """The growth of all members alike at which just so many reach the threshold; under a ceiling, just not more."""
    (count,) = event.quantities
    rates = sorted(
        projection.scale_of(name).required(projection.origin(name).log_level, y, by - projection.origin(name).year)
        for name, by, y in count.terms
    )
    return rates[int(count.lower) - 1 if count.lower > -math.inf else int(count.upper)]


def required_growth(event: Event, projection: Projection) -> float | None:
    """What just attains the target from the last figure T years before: constant growth a year, (B / L)^(1 / T) - 1;
    for a share the constant change a year in points, (B - L) / T, as a fraction; None where a share has no L."""
    bound = event.upper if event.lower == -math.inf and event.upper < math.inf else event.lower
    if event.whole is not None:
        assert event.base is not None, "a share of two levels has what their units convert by"
        last = _last_value(event, projection)
        years = event.by - _last_year(event, projection)
        return None if last is None else (math.exp(bound - event.base) - last) / years
    start = 0.0 if event.since is not None else projection.origin(event.indicator).log_level
    years = event.by - (event.since if event.since is not None else projection.origin(event.indicator).year)
    return projection.scale_of(event.indicator).required(start, bound, years)
