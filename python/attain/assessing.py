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
from typing import Any, Literal

import pandas as pd

from attain.assessment import SENSITIVITY_COLUMNS, TABLE_COLUMNS, Assessment
from attain.dependence import Dependence, dependence_of
from attain.errors import ArgumentError, DataError
from attain.event import (
    ASSESSED_KINDS,
    Event,
    Missing,
    can_be_assessed,
    event_of,
    figure_as_stated,
    figure_in_terms,
    figure_unit,
    not_projected,
    published_row,
    stated_change,
)
from attain.history import AsOf, History
from attain.joint import Joint, joint_probability
from attain.language import Text, note_of
from attain.plan import Plan, load_plan
from attain.precision import as_modelled
from attain.prior import NO_PRIOR, Prior, load_prior, priors_of
from attain.projection import Model, Projection, numerical_error, project
from attain.reading import load_history
from attain.scale import LOG, LOGIT
from attain.target import Target
from attain.units import convert, decimal
from attain.yardsticks import ipcc_likelihood

Engine = Literal["auto", "exact", "independent", "factor"]
_INTERVAL = (0.1, 0.5, 0.9)
_Seen = tuple[Sequence[Event], Projection]  # the targets of one indicator, as events on a projection


def assess(
    plan: Any,
    history: Any = None,
    *,
    model: Model | None = None,
    prior: str | Prior | None = None,
    engine: Engine = "auto",
    dependence: Any = "factor",
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
        `"factor"` for an integral over what the indicators have in common. `"auto"`: `exact` where it serves, else
        `independent` or `factor` as `dependence` says.
    dependence
        How the indicators move together: `"factor"`, one common factor estimated from the surprises of the past and
        shrunk to what was learned; `"independent"`; a mapping of indicators to loadings (-0.99 to 0.99) on one factor;
        or a DataFrame of correlations, indicators as index and columns. `Assessment.dependence` shows it.
    seed
        Of the points of integrals over several target years.

    Returns
    -------
    Assessment
        Every target of the plan is in `table` or in `not_assessed`.

    Raises
    ------
    PlanError, DataError, UnitError, BasisError, ArgumentError
        Naming the place and the way out.
    """
    if engine not in ("auto", "exact", "independent", "factor"):
        raise ArgumentError(f"engine: {engine!r} is none of 'auto', 'exact', 'independent', 'factor'")
    if engine == "independent":
        dependence = "independent"
    if engine == "factor" and isinstance(dependence, str) and dependence == "independent":
        raise ArgumentError("engine: 'factor' needs a dependence; leave `dependence` out, or use 'independent'")
    if model not in (None, "growth", "random-walk"):
        raise ArgumentError(f"model: {model!r} is neither 'growth' nor 'random-walk'")
    grid = load_prior("general" if prior is None else prior)
    loaded = load_plan(plan)
    if isinstance(history, Projection):
        if (model, prior, as_of) != (None, None, None):
            raise ArgumentError("model, prior, as_of: the projection brings its own; leave them out")
        given = history
        work = _Work(loaded, given.history, given.model, given.prior, given.to, given.treatments, dependence)
    else:
        figures = _history_of(loaded, history).as_of(as_of)
        own = grid if model != "random-walk" else None
        work = _Work(loaded, figures, model or "growth", own, 0, {}, dependence)
    result = work.assess(seed)
    if engine == "exact" and result.engine != "exact":
        raise ArgumentError("engine: 'exact' needs targets on one functional of one indicator; use 'factor'")
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

    @functools.cached_property
    def resolved(self) -> dict[str, Target]:
        """The targets with the series that serves each as their indicator; their own name where none does."""
        services = {t.id: self.history.series_for(self.plan.id, t.indicator).series for t in self.plan.targets}
        return {t.id: t.model_copy(update={"indicator": services[t.id] or t.indicator}) for t in self.plan.targets}

    @functools.cached_property
    def missing(self) -> dict[str, Missing]:
        found = {name: self._why_not(target) for name, target in self.resolved.items()}
        return {name: missing for name, missing in found.items() if missing is not None}

    def _why_not(self, target: Target) -> Missing | None:
        """What keeps a target from being assessed, before any projection."""
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

    def indicator(self, target: Target) -> str:
        name = self.history.find(target.indicator)
        assert name is not None, "can_be_assessed refuses unknown indicators"
        return name

    @functools.cached_property
    def last_year(self) -> int:
        """A year that no figure reaches and no target passes."""
        names = [self.indicator(t) for t in self.candidates]
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
        names = dict.fromkeys(self.indicator(t) for t in self.candidates)
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

    def assess(self, seed: int) -> Assessment:
        events, missing = self._default_events()
        sensitivity = self._sensitivity(list(events.values()))
        rows = {name: self._row(event, sensitivity) for name, event in events.items()}
        joint = (
            joint_probability(list(events.values()), self.default, self.dependence, seed=seed)
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
            joint_range=self._joint_range(list(events.values()), True, seed),
            data_alone=self._joint_range(list(events.values()), self.model == "random-walk", seed),
            prior=self.default.prior_name if self.default else self._asked,
            as_of=self.history.known,
            seed=seed,
        )

    def _default_events(self) -> tuple[dict[str, Event], dict[str, Missing]]:
        events: dict[str, Event] = {}
        missing: dict[str, Missing] = {}
        for target in self.resolved.values():
            outcome = self.missing.get(target.id) or self._event(target)
            if isinstance(outcome, Missing):
                missing[target.id] = outcome
            else:
                events[target.id] = outcome
        return events, missing

    def _event(self, target: Target) -> Event | Missing:
        tried = self.projections[self.indicator(target)]
        if self.default is None or self.indicator(target) not in self.default.indicators:
            return not_projected(target.indicator, "; ".join(str(why) for why in tried.values()))
        return event_of(target, self.default)

    def _sensitivity(self, events: Sequence[Event]) -> pd.DataFrame:
        rows = [
            {
                "target": event.target.id,
                "treatment": way.treatment,
                "prior": way.prior,
                "reading": reading,
                **_answer(target, way.projection),
                "in_range": way.in_range,
            }
            for event in events
            for reading, target in event.target.readings.items()
            for way in self.ways[event.indicator]
        ]
        return pd.DataFrame(rows, columns=list(SENSITIVITY_COLUMNS))

    @functools.cached_property
    def dependence(self) -> Dependence:
        """That between the indicators of the default projection."""
        assert self.default is not None, "what is assessed is projected"
        return dependence_of(self.asked_dependence, self.default)

    def _joint_range(self, events: Sequence[Event], in_range: bool, seed: int) -> tuple[float, float]:
        """Extremes of the joint probability: one prior for all indicators of a scale, each indicator in the worst,
        and in the best, of its treatments and readings for its own targets. NaN where one has no number."""
        ends = {name: self._ends(events, name, in_range, seed) for name in dict.fromkeys(e.indicator for e in events)}
        scales = {name: self.history.scale_of(name) for name in ends}
        nothing: dict[str, list[_Seen]] = {"": []}
        by_scale = [next((ends[n] for n in ends if scales[n] is s), nothing) for s in (LOG, LOGIT)]
        logs: list[float] = []
        for priors in itertools.product(*by_scale):
            chosen = dict(zip((LOG, LOGIT), priors, strict=True))
            sides = [ends[name].get(chosen[scales[name]], []) for name in ends]
            if not all(sides):
                return math.nan, math.nan
            logs += [self._log_joint([own[side] for own in sides], seed) for side in (0, -1)]
        return math.exp(min(logs)), math.exp(max(logs))

    def _ends(self, events: Sequence[Event], indicator: str, in_range: bool, seed: int) -> dict[str, list[_Seen]]:
        """By prior the ways to see the targets on an indicator, the least probable first."""
        targets = [e.target for e in events if e.indicator == indicator]
        found: dict[str, list[_Seen]] = {}
        for way in self.ways[indicator]:
            if way.in_range == in_range:
                found.setdefault(way.prior, []).extend(_seen(targets, way.projection))
        return {prior: sorted(seen, key=lambda s: self._log_joint([s], seed)) for prior, seen in found.items()}

    def _log_joint(self, seen: Sequence[_Seen], seed: int) -> float:
        events = [event for own, _ in seen for event in own]
        projections = {own[0].indicator: projection for own, projection in seen}
        log_p = joint_probability(events, projections, self.dependence, seed=seed).log_probability if events else 0.0
        assert log_p is not None, "events have a joint probability"
        return log_p

    def _row(self, event: Event, sensitivity: pd.DataFrame) -> dict[str, Any]:
        assert self.default is not None, "an event has a projection"
        target, projection = event.target, self.default
        origin = projection.origin(event.indicator)
        log_p = log_probability(event, projection)
        p = math.exp(log_p)
        own = (sensitivity["target"] == target.id) & sensitivity["in_range"]
        over = sensitivity.loc[own, "probability"].dropna()
        low, median, high = outcome_quantiles(event, projection)
        settled = event.published is not None
        word = ("attained" if p == 1 else "missed") if settled else ipcc_likelihood(p)
        return {
            "indicator": event.indicator,
            "label": target.label or projection.history.label_of(event.indicator),
            "kind": target.kind,
            "by": event.by,
            "value": float(target.value),
            "unit": unit_of(target),
            "nature": target.nature,
            "control": target.control,
            "observations": origin.changes,
            "last_year": origin.year,
            "last_value": _last_value(event, projection),
            "required_growth": None if settled else required_growth(event, projection),
            "median": median,
            "interval80": (low, high),
            "probability": p,
            "numerical_error": 0.0 if settled else numerical_error(log_p, projection.node_error(event.indicator)),
            "range": (float(over.min()), float(over.max())),
            "likelihood": word,
        }


def _answer(target: Target, projection: Projection | str) -> dict[str, Any]:
    """The probability of a target on a projection, with what belongs beside it, or the reason why there is none."""
    if isinstance(projection, str):
        return {"reason": projection, "reason_zh": "未能预测"}
    event = event_of(target, projection)
    if isinstance(event, Missing):
        return {"reason": event.reason.en, "reason_zh": event.reason.zh}
    log_p = log_probability(event, projection)
    error = 0.0 if event.published is not None else projection.node_error(event.indicator)
    return {
        "probability": math.exp(log_p),
        "log_probability": log_p,
        "numerical_error": numerical_error(log_p, error),
        "observations": projection.origin(event.indicator).changes,
        "median": outcome_quantiles(event, projection)[1],
        "reason": "",
        "reason_zh": "",
    }


def _seen(targets: Sequence[Target], projection: Projection | str) -> Iterator[_Seen]:
    """The targets on one indicator, each reading of them that has events."""
    for reading in dict.fromkeys(name for target in targets for name in target.readings):
        read = [target.readings.get(reading, target) for target in targets]
        events = [] if isinstance(projection, str) else [event_of(target, projection) for target in read]
        settled = [event for event in events if isinstance(event, Event)]
        if len(settled) == len(targets) and isinstance(projection, Projection):
            yield settled, projection


def unit_of(target: Target) -> str:
    """The unit of a target's number, for people: per year, fraction, times, or the unit written."""
    if target.kind == "growth" and target.mode != "cumulative":
        return "per year"
    if target.is_rate:
        return "fraction"
    return "times" if target.kind == "multiple" else target.effective_unit or ""


def log_probability(event: Event, projection: Projection) -> float:
    """log P(event); a published figure settles it as 0 or minus infinity."""
    if event.published is None:
        return event.log_probability(projection.mixture(event.indicator))
    return 0.0 if event.target.holds(figure_as_stated(event, projection)) else -math.inf


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


def _last_value(event: Event, projection: Projection) -> float | None:
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
