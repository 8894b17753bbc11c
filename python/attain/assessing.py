"""The verb `assess`: every target of a plan, in every reading, on every treatment of the data that serves it, under
every prior for its scale.

The range of a probability is over all of these. What the data alone say, the random walk without a prior, stands beside
it and not within: from k changes its t has k - 1 degrees of freedom, so with two or three it says next to nothing, and
would widen every range to no use.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import pandas as pd

from attain.assessment import SENSITIVITY_COLUMNS, TABLE_COLUMNS, Assessment
from attain.dependence import Dependence, dependence_of
from attain.errors import ArgumentError, DataError
from attain.event import (
    ASSESSED_KINDS,
    Event,
    Missing,
    PathEvent,
    can_be_assessed,
    event_of,
    figure_as_stated,
    figure_in_terms,
    figure_unit,
    not_projected,
    published_row,
    stated_change,
    sum_event,
    sum_problem,
)
from attain.history import AsOf, History
from attain.joint import (
    AnyEvent,
    Joint,
    Projections,
    is_attained,
    is_settled,
    joint_probability,
    path_outcomes,
    probability_of_paths,
)
from attain.language import Text, note_of
from attain.plan import Plan, load_plan
from attain.precision import as_modelled
from attain.prior import NO_PRIOR, Prior, load_prior, priors_of
from attain.projection import Model, Projection, numerical_error, project
from attain.reading import load_history
from attain.scale import LOG, LOGIT
from attain.simulation import DRAWS, Drawing
from attain.target import Target
from attain.units import convert, decimal
from attain.yardsticks import ipcc_likelihood

Engine = Literal["auto", "exact", "independent", "factor", "simulation"]
_INTERVAL = (0.1, 0.5, 0.9)
_Seen = tuple[Sequence[AnyEvent], Projection]  # the targets of one indicator, as events on a projection


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
        `"factor"` for an integral over what the indicators have in common, `"simulation"` for the share of simulated
        paths. `"auto"`: `simulation` where a target needs it, which are growth and amounts in every year and sums of
        other indicators; else `exact` where it serves, else `independent` or `factor` as `dependence` says.
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
        Of simulated paths, and of the points of integrals over several target years.

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
        dependence = "independent"
    if engine == "factor" and isinstance(dependence, str) and dependence == "independent":
        raise ArgumentError("engine: 'factor' needs a dependence; leave `dependence` out, or use 'independent'")
    if model not in (None, "growth", "random-walk"):
        raise ArgumentError(f"model: {model!r} is neither 'growth' nor 'random-walk'")
    grid = load_prior("general" if prior is None else prior)
    loaded = load_plan(plan)
    means = dependence, Drawing(draws, threads, seed), engine == "simulation"
    if isinstance(history, Projection):
        if (model, prior, as_of) != (None, None, None):
            raise ArgumentError("model, prior, as_of: the projection brings its own; leave them out")
        given = history
        work = _Work(loaded, given.history, given.model, given.prior, given.to, given.treatments, *means)
    else:
        figures = _history_of(loaded, history).as_of(as_of)
        own = grid if model != "random-walk" else None
        work = _Work(loaded, figures, model or "growth", own, 0, {}, *means)
    result = work.assess()
    if engine == "exact" and result.engine != "exact":
        raise ArgumentError("engine: 'exact' needs targets on one functional of one indicator; use 'auto'")
    if engine in ("factor", "independent") and result.engine == "simulation":
        raise ArgumentError(f"engine: {engine!r} cannot join growth or amounts in every year, nor sums; use 'auto'")
    return result


def _history_of(plan: Plan, history: Any) -> History:
    if history is None and plan.history is None:
        raise ArgumentError(f"{plan.id}: name a history; the plan names none")
    return load_history(history if history is not None else plan.history or "")


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
    drawing: Drawing
    simulated: bool

    @functools.cached_property
    def resolved(self) -> dict[str, Target]:
        """The targets with the series that serves each as their indicator; their own name where none does."""
        services = {t.id: self.history.series_for(self.plan.id, t.indicator).series for t in self.plan.targets}
        return {t.id: t.model_copy(update={"indicator": services[t.id] or t.indicator}) for t in self.plan.targets}

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

    def _why_not(self, target: Target) -> Missing | None:
        """What keeps a target from being assessed, before any projection."""
        if target.id in self.sums:
            return sum_problem(target, self.sums[target.id], self.history)
        service = self.history.series_for(self.plan.id, self._as_planned(target.id).indicator)
        if service.series is None and service.note:
            # Notes are written with today's knowledge, and under a date would tell of later figures.
            undated = Text("a published series that speaks of it", "相应的公布数据")
            needs = note_of(service) if self.history.known is None else undated
            return Missing(Text("no published series serves it", "没有对应的公布数据"), needs)
        each = next((r for r in self.plan.relations if r.kind == "each_of" and target.id in r.parts), None)
        if each is not None and target.kind in ASSESSED_KINDS:
            reason = Text(f"it holds for each of {each.units} units", f"目标分别针对 {each.units} 个单位")
            return Missing(reason, Text("figures of every unit", "每个单位的数据"))
        if target.control == "administrative":
            reason = Text(
                "an issuer certifies it, so the growth model does not speak", "由主管部门认定，增长模型不适用"
            )
            return Missing(reason, Text("the issuer's track record", "主管部门以往的完成情况"))
        return can_be_assessed(target, self.history)

    def _as_planned(self, name: str) -> Target:
        return next(t for t in self.plan.targets if t.id == name)

    @functools.cached_property
    def candidates(self) -> list[Target]:
        return [t for name, t in self.resolved.items() if name not in self.missing]

    def indicators(self, target: Target) -> list[str]:
        """Those that a candidate is about: its own, or those that it is the sum of."""
        found = [self.history.find(t.indicator) for t in self.sums.get(target.id, [target])]
        return [name for name in dict.fromkeys(found) if name is not None]

    @functools.cached_property
    def last_year(self) -> int:
        """A year that no figure reaches and no target passes."""
        names = [name for t in self.candidates for name in self.indicators(t)]
        figures = int(self.history.usable(names)["year"].max()) + 1
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
        chosen = {name: self._first_usable(name) for name in self.projections}
        usable = {name: treatment for name, treatment in chosen.items() if treatment is not None}
        return self.project(list(usable), {n: t for n, t in usable.items() if t}, self.model) if usable else None

    def _first_usable(self, indicator: str) -> str | None:
        found = self.projections[indicator]
        asked = [self.treatments[indicator]] if indicator in self.treatments else []
        return next((t for t in [*asked, *found] if isinstance(found[t], Projection)), None)

    @functools.cached_property
    def projections(self) -> dict[str, dict[str, Projection | str]]:
        """By indicator and treatment its projection as asked for, or why there is none."""
        names = dict.fromkeys(name for t in self.candidates for name in self.indicators(t))
        return {name: {t: self._under(name, t, self.model) for t in self.history.treatments_of(name)} for name in names}

    def _under(self, indicator: str, treatment: str, model: Model) -> Projection | str:
        try:
            return self.project([indicator], {indicator: treatment} if treatment else {}, model)
        except DataError as error:
            return str(error)

    @functools.cached_property
    def ways(self) -> dict[str, list[_Way]]:
        """By indicator every way to project it, treatment by treatment, the prior asked for first."""
        return {indicator: list(self._ways_of(indicator)) for indicator in self.projections}

    def _ways_of(self, indicator: str) -> Iterator[_Way]:
        priors = self._priors_of(indicator)
        for treatment, found in self.projections[indicator].items():
            for prior in priors:
                under = found if isinstance(found, str) else replace(found, prior=prior)
                yield _Way(treatment, prior.name, under, in_range=True)
            alone = self._under(indicator, treatment, "random-walk") if priors else found
            yield _Way(treatment, NO_PRIOR, alone, in_range=not priors)

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
            self._joint(list(events.values()), self.default)
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
            table=table,
            sensitivity=sensitivity,
            not_assessed=not_assessed,
            joint=joint,
            joint_range=self._joint_range(list(events.values()), True),
            data_alone=self._joint_range(list(events.values()), self.model == "random-walk"),
            prior=self.default.prior_name if self.default else self._asked,
            as_of=self.history.known,
            seed=self.drawing.seed,
        )

    def _joint(self, events: Sequence[AnyEvent], projections: Projections) -> Joint:
        return joint_probability(events, projections, self.dependence, self.drawing, simulated=self.simulated)

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
        for name in self.indicators(target):
            if self.default is None or name not in self.default.indicators:
                return not_projected(name, "; ".join(str(why) for why in self.projections[name].values()))
        assert self.default is not None, "every indicator is projected"
        return self._event_on(target, self.default)

    def _event_on(self, target: Target, projections: Projections) -> AnyEvent | Missing:
        """The event of a target on the projections of its indicators."""
        names = self.indicators(target)
        own = {n: projections if isinstance(projections, Projection) else projections[n] for n in names}
        return sum_event(target, names, own) if target.id in self.sums else event_of(target, own[names[0]])

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
            for way in self._ways_for(event)
        ]
        return pd.DataFrame(rows, columns=list(SENSITIVITY_COLUMNS))

    def _ways_for(self, event: AnyEvent) -> list[_Way]:
        """Every way to project the indicators of an event; those of a sum each under its first treatment."""
        names = self.indicators(event.target)
        return self.ways[names[0]] if len(names) == 1 else list(self._ways_together(names))

    def _ways_together(self, names: Sequence[str]) -> Iterator[_Way]:
        assert self.default is not None, "an event has a projection"
        priors = self._priors_of(names[0])
        for prior in priors:
            yield _Way("", prior.name, replace(self.default, prior=prior), in_range=True)
        treatments = {name: t for name in names if (t := self._first_usable(name))}
        try:
            alone: Projection | str = self.project(names, treatments, "random-walk")
        except DataError as error:
            alone = str(error)
        yield _Way("", NO_PRIOR, alone, in_range=not priors)

    def _answer(self, target: Target, projection: Projection | str) -> dict[str, Any]:
        """The probability of a target on a projection, with what belongs beside it, or the reason why there is none."""
        if isinstance(projection, str):
            return {"reason": projection, "reason_zh": "未能预测"}
        event = self._event_on(target, projection)
        if isinstance(event, Missing):
            return {"reason": event.reason.en, "reason_zh": event.reason.zh}
        log_p, error = self._probability_of(event, projection)
        return {
            "probability": math.exp(log_p),
            "log_probability": log_p,
            "numerical_error": error,
            "observations": min(projection.origin(name).changes for name in self.indicators(target)),
            "median": self._outcome(event, projection)[1],
            "reason": "",
            "reason_zh": "",
        }

    def _probability_of(self, event: AnyEvent, projection: Projection) -> tuple[float, float]:
        """log P(event), and the error of P."""
        if is_settled(event):
            return (0.0, 0.0) if is_attained(event, projection) else (-math.inf, 0.0)
        nodes = sum(projection.node_error(name) for name in self.indicators(event.target))
        if isinstance(event, Event):
            log_p = event.log_probability(projection.mixture(event.indicator))
            return log_p, numerical_error(log_p, nodes)
        answer = probability_of_paths([event], projection, self.dependence, self.drawing)
        return math.log(answer.probability), answer.error + nodes

    def _outcome(self, event: AnyEvent, projection: Projection) -> tuple[float, float, float]:
        """10, 50 and 90 % quantiles of the outcome in the terms of the target; NaN where published figures, more than
        one, have settled it."""
        if isinstance(event, Event):
            return outcome_quantiles(event, projection)
        if is_settled(event):
            return math.nan, math.nan, math.nan
        low, median, high = path_outcomes(event, projection, self.dependence, self.drawing, _INTERVAL).tolist()
        return low, median, high

    @functools.cached_property
    def dependence(self) -> Dependence:
        """That between the indicators of the default projection."""
        assert self.default is not None, "what is assessed is projected"
        return dependence_of(self.asked_dependence, self.default)

    def _joint_range(self, events: Sequence[AnyEvent], in_range: bool) -> tuple[float, float]:
        """Extremes of the joint probability: one prior for all indicators of a scale, each indicator in the worst,
        and in the best, of its treatments and readings for its own targets; sums as they are stated, of indicators
        without target under their first treatment. NaN where one has no number."""
        sums = [event.target for event in events if event.target.id in self.sums]
        own = dict.fromkeys(event.indicator for event in events if event.target.id not in self.sums)
        ends = {name: self._ends(events, name, in_range) for name in own}
        for name in (name for target in sums for name in self.indicators(target) if name not in own):
            ends[name] = self._ends([], name, in_range)
        scales = {name: self.history.scale_of(name) for name in ends}
        nothing: dict[str, list[_Seen]] = {"": []}
        by_scale = [next((ends[n] for n in ends if scales[n] is s), nothing) for s in (LOG, LOGIT)]
        logs: list[float] = []
        for priors in itertools.product(*by_scale):
            chosen = dict(zip((LOG, LOGIT), priors, strict=True))
            sides = {name: ends[name].get(chosen[scales[name]], []) for name in ends}
            if not all(sides.values()):
                return math.nan, math.nan
            logs += [self._log_joint({name: seen[side] for name, seen in sides.items()}, sums) for side in (0, -1)]
        return math.exp(min(logs)), math.exp(max(logs))

    def _ends(self, events: Sequence[AnyEvent], indicator: str, in_range: bool) -> dict[str, list[_Seen]]:
        """By prior the ways to see the targets on an indicator, the least probable first."""
        targets = [e.target for e in events if e.indicator == indicator]
        found: dict[str, list[_Seen]] = {}
        for way in self.ways[indicator]:
            if way.in_range == in_range:
                found.setdefault(way.prior, []).extend(_seen(targets, way.projection))
        return {
            prior: sorted(seen, key=lambda s: self._log_joint({indicator: s}, [])) if targets else seen[:1]
            for prior, seen in found.items()
        }

    def _log_joint(self, seen: Mapping[str, _Seen], sums: Sequence[Target]) -> float:
        events = [event for own, _ in seen.values() for event in own]
        projections = {name: projection for name, (_, projection) in seen.items()}
        totals = [self._event_on(target, projections) for target in sums]
        if any(isinstance(event, Missing) for event in totals):
            return math.nan
        events += [event for event in totals if not isinstance(event, Missing)]
        log_p = self._joint(events, projections).log_probability if events else 0.0
        assert log_p is not None, "events have a joint probability"
        return log_p

    def _row(self, event: AnyEvent, sensitivity: pd.DataFrame) -> dict[str, Any]:
        assert self.default is not None, "an event has a projection"
        target, projection, names = event.target, self.default, self.indicators(event.target)
        log_p, error = self._probability_of(event, projection)
        p = math.exp(log_p)
        own = (sensitivity["target"] == target.id) & sensitivity["in_range"]
        over = sensitivity.loc[own, "probability"].dropna()
        low, median, high = self._outcome(event, projection)
        settled = is_settled(event)
        word = ("attained" if p == 1 else "missed") if settled else ipcc_likelihood(p)
        return {
            "indicator": event.indicator,
            "label": target.label or (target.id if target.id in self.sums else self.history.label_of(event.indicator)),
            "kind": target.kind,
            "by": event.by,
            "value": float(target.value),
            "unit": unit_of(target),
            "nature": target.nature,
            "control": target.control,
            "observations": min(projection.origin(name).changes for name in names),
            "last_year": min(projection.origin(name).year for name in names),
            "last_value": self._last_value(event, projection),
            "required_growth": None if settled else self._required(event, projection),
            "median": median,
            "interval80": (low, high),
            "probability": p,
            "numerical_error": error,
            "range": (float(over.min()), float(over.max())),
            "likelihood": word,
        }

    def _last_value(self, event: AnyEvent, projection: Projection) -> float | None:
        """The last figure; of a sum that of the last year which all parts have."""
        if event.target.id not in self.sums:
            return _last_value(event, projection)
        names = self.indicators(event.target)
        year = min(projection.origin(name).year for name in names)
        before = sum_event(event.target.model_copy(update={"by": year}), names, dict.fromkeys(names, projection))
        return -before.bases[0] if isinstance(before, PathEvent) else None

    def _required(self, event: AnyEvent, projection: Projection) -> float | None:
        """What just attains the target: see `required_growth`; the stated rate of a growth in every year; of a sum the
        growth of its parts together."""
        if isinstance(event, Event):
            return required_growth(event, projection)
        if event.target.kind == "growth":
            return float(event.target.value)
        last = self._last_value(event, projection) if event.target.id in self.sums else None
        years = event.by - min(projection.origin(name).year for name in self.indicators(event.target))
        return None if last is None else math.expm1(math.log(float(event.target.value) / last) / years)


def _seen(targets: Sequence[Target], projection: Projection | str) -> Iterator[_Seen]:
    """The targets on one indicator, each reading of them that has events."""
    for reading in dict.fromkeys(name for target in targets for name in target.readings):
        read = [target.readings.get(reading, target) for target in targets]
        events = [] if isinstance(projection, str) else [event_of(target, projection) for target in read]
        settled = [event for event in events if not isinstance(event, Missing)]
        if len(settled) == len(targets) and isinstance(projection, Projection):
            yield settled, projection


def unit_of(target: Target) -> str:
    """The unit of a target's number, for people: per year, fraction, times, or the unit written."""
    if target.kind == "growth" and target.mode != "cumulative":
        return "per year"
    if target.is_rate:
        return "fraction"
    return "times" if target.kind == "multiple" else target.effective_unit or ""


def outcome_quantiles(event: Event, projection: Projection) -> tuple[float, float, float]:
    """10, 50 and 90 % quantiles of the outcome in the terms of the target; the published figure where there is one."""
    if event.published is not None:
        value = float(figure_as_stated(event, projection))
        return value, value, value
    mixture = projection.mixture(event.indicator)
    logs = mixture.quantile(mixture.row(event.by, event.since), _INTERVAL)
    low, median, high = sorted(_in_terms_of(event, float(x), projection) for x in logs)
    return low, median, high


def _in_terms_of(event: Event, log_outcome: float, projection: Projection) -> float:
    if event.target.kind in ("level", "share"):
        factor = convert(decimal(1), projection.history.unit_of(event.indicator), figure_unit(event.target))
        return projection.scale_of(event.indicator).figure(log_outcome) * float(factor)
    return stated_change(event.target, log_outcome - (event.base or 0.0))


def _last_value(event: AnyEvent, projection: Projection) -> float | None:
    """The last figure, in the unit of a level or share target, else of the history; None where there are growth rates
    only."""
    origin = projection.origin(event.indicator)
    if not origin.levels:
        return None
    published, y = published_row(projection, event.indicator, origin.year), origin.log_level
    if published is not None and published["bound"]:
        y = projection.scale_of(event.indicator).transform(float(as_modelled(published)))
    return float(figure_in_terms(event, y, projection))


def required_growth(event: Event, projection: Projection) -> float:
    """What just attains the target from the last figure T years before: constant growth a year, (B / L)^(1 / T) - 1;
    for a share the constant change a year in points, (B - L) / T, as a fraction."""
    bound = event.upper if event.lower == -math.inf and event.upper < math.inf else event.lower
    start = 0.0 if event.since is not None else projection.origin(event.indicator).log_level
    years = event.by - (event.since if event.since is not None else projection.origin(event.indicator).year)
    return projection.scale_of(event.indicator).required(start, bound, years)
