"""The probabilities of a plan's targets in one scenario of a baseline that is prepared once.

A scenario changes what it overrides, and no more; nothing random depends on it, on the worker, or on the order, so that
equal scenarios have equal bytes.
"""

from __future__ import annotations

import functools
import hashlib
import math
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from attain.assessing import assess
from attain.changes import changed_dependence, changes_of
from attain.conditioning import Change
from attain.dependence import Dependence
from attain.errors import ArgumentError, AttainError
from attain.event import AnyEvent, Missing, PathEvent, can_be_assessed, event_of, sum_event
from attain.joint import JointMemory, is_settled, joint_probability
from attain.prior import Prior, load_prior
from attain.projection import Mixture, Projection, numerical_error
from attain.scale import LOG, LOGIT
from attain.scenario import Scenario, identity_of
from attain.simulation import DRAWS, Drawing
from attain.target import WORDS, Target, plain_message
from attain.units import parse_amount

ALL = "all"
_MIXTURES_KEPT, _MARGINS_KEPT = 32, 20_000


class Answer(NamedTuple):
    """One target of one scenario, or all together."""

    target: str
    probability: float
    log_probability: float
    numerical_error: float
    engine: str
    observations: int
    error: str


@dataclass(frozen=True, eq=False)
class Baseline:
    """What all scenarios start from; it goes to other processes as it is.

    Attributes
    ----------
    events
        The assessed targets, by id.
    projection
        Of all their indicators.
    dependence
        Between the indicators.
    drawing
        Of integrals and paths: the same for every scenario.
    """

    events: Mapping[str, AnyEvent]
    projection: Projection
    dependence: Dependence
    drawing: Drawing

    @functools.cached_property
    def targets(self) -> dict[str, Target]:
        """The targets assessed, by id, each on its indicator of the history."""
        return {name: event.target for name, event in self.events.items()}

    @functools.cached_property
    def digest(self) -> str:
        """Stands for everything that an answer depends on beside the scenario."""
        from attain import __version__

        p, told = self.projection, hashlib.sha256()
        told.update(repr([__version__, p.model, p.to, p.origins, dict(p.treatments), self.drawing]).encode())
        told.update("".join(f"{k}{t.model_dump_json()}" for k, t in self.targets.items()).encode())
        told.update(repr([(k, e.indicators, _question(e)) for k, e in self.events.items()]).encode())
        told.update(repr([identity_of(_prior_for(p, scale)) for scale in (LOG, LOGIT)]).encode())
        told.update(p.history.rows.to_csv().encode())
        for column in p.observations.columns:
            told.update(column.tobytes())
        told.update(f"{self.dependence.kind}{self.dependence.to_frame().to_csv()}".encode())
        return told.hexdigest()


def _prior_for(projection: Projection, scale: Any) -> Prior | None:
    used = any(projection.scale_of(name) is scale for name in projection.indicators)
    return projection.prior_of(scale) if used else None


def baseline_of(plan: Any, history: Any, *, draws: int = DRAWS, **options: Any) -> Baseline:
    """What scenarios start from: the targets that `assess` assesses, on its default projection."""
    result = assess(plan, history, draws=draws, **options)
    if result.projection is None or result.joint.dependence is None:
        raise ArgumentError(f"{result.plan.id}: no target is assessed, so there is nothing to sweep")
    events = {event.target.id: event for event in result.events}
    return Baseline(events, replace(result.projection), result.joint.dependence, replace(result.drawing, threads=1))


class Worker:
    """Answers scenarios of one baseline; what scenarios share is computed once."""

    def __init__(self, baseline: Baseline) -> None:
        self.baseline = baseline
        self._projections: dict[Any, Projection] = {}
        self._margins: dict[Any, Answer] = {}
        self._mixture = functools.lru_cache(maxsize=_MIXTURES_KEPT)(self._changed)
        self._own = threading.local()
        self._node_error = functools.lru_cache(maxsize=None)(self._node_error_of)

    def answer(self, scenario: Scenario) -> list[Answer]:
        """One row per target, and one of all together; or one that says what is wrong."""
        try:
            return self._answer(scenario)
        except Exception as error:  # whatever it is, the other scenarios go on
            return [failed(error)]

    def _answer(self, scenario: Scenario) -> list[Answer]:
        targets = self._targets(scenario)
        basis = self._basis(scenario.override.prior, targets)
        projection = self._projections[basis]
        events = {name: self._event(name, target, projection) for name, target in targets.items()}
        if not events:
            raise ArgumentError("exclude: no target is left")
        changes = changes_of(scenario, projection)
        mixtures = {name: self._mixture(basis, name, change) for name, change in changes.items()}
        changed = projection.with_mixtures(mixtures) if mixtures else projection
        dependence = changed_dependence(scenario, self.baseline.dependence, projection)
        work = _Work(basis, changed, changes, dependence)
        rows = [self._margin(event, work) for event in events.values()]
        return [*rows, self._all(list(events.values()), rows, work)]

    def _targets(self, scenario: Scenario) -> dict[str, Target]:
        override, known = scenario.override, self.baseline.targets
        for place, names in (("target", override.target), ("exclude", scenario.exclude)):
            for name in names:
                if name not in known:
                    raise ArgumentError(f"{place}: no target {name!r} is assessed; there are {', '.join(known)}")
        kept = {name: target for name, target in known.items() if name not in scenario.exclude}
        for name, given in override.target.items():
            if name in kept:
                kept[name] = _restated(kept[name], given)
        if override.reading is None:
            return kept
        return {name: target.readings.get(override.reading, target) for name, target in kept.items()}

    def _basis(self, prior: str | Prior | None, targets: Mapping[str, Target]) -> Any:
        """Key of the projection under a prior, far enough for the targets."""
        base = self.baseline.projection
        to = max([base.to, *(target.by for target in targets.values() if target.by is not None)])
        key = identity_of(prior), to
        if key not in self._projections:
            if prior is not None and base.model != "growth":
                raise ArgumentError("prior: the random walk has none")
            grid = base.prior if prior is None else load_prior(prior)
            projection = replace(base, prior=grid, to=to)
            for name in {n for event in self.baseline.events.values() for n in event.indicators}:
                projection.mixture(name)
            self._projections[key] = projection
        return key

    def _event(self, name: str, target: Target, projection: Projection) -> AnyEvent:
        if target is self.baseline.targets[name]:
            return self.baseline.events[name]
        before = self.baseline.events[name]
        is_path = isinstance(before, PathEvent) and before.target.members is None
        is_sum = is_path and before.indicator not in projection.indicators
        parts = before.indicators if is_sum else (target.indicator,)
        lacking = (can_be_assessed(target.model_copy(update={"indicator": n}), projection.history) for n in parts)
        event: AnyEvent | Missing | None = next((missing for missing in lacking if missing is not None), None)
        if event is None:
            event = sum_event(target, parts, projection) if is_sum else event_of(target, projection)
        if isinstance(event, Missing):
            raise ArgumentError(f"target {name!r} is not assessed: {event.reason.en}; it needs {event.needs.en}")
        return event

    def _changed(self, basis: Any, name: str, change: Change) -> Mixture:
        try:
            return change.apply(self._projections[basis].mixture(name))
        except ArgumentError as error:
            raise ArgumentError(f"{name!r}: {error}") from error

    def _node_error_of(self, basis: Any, name: str) -> float:
        return self._projections[basis].node_error(name)

    def _margin(self, event: AnyEvent, work: _Work) -> Answer:
        key = _question(event), work.key_of(event)
        found = self._margins.get(key)  # once: another thread may clear them
        if found is None:
            if len(self._margins) >= _MARGINS_KEPT:
                self._margins.clear()
            found = self._margins[key] = self._joint([event], work)
        return found._replace(target=event.target.id)

    def _memory(self) -> JointMemory:
        """That of this thread."""
        if not hasattr(self._own, "memory"):
            self._own.memory = JointMemory()
        memory: JointMemory = self._own.memory
        return memory

    def _joint(self, events: Sequence[AnyEvent], work: _Work) -> Answer:
        names = list(dict.fromkeys(name for event in events for name in event.indicators))
        memory, drawing = self._memory(), self.baseline.drawing
        memory.told = work.told
        joint = joint_probability(events, work.projection, work.dependence, drawing, memory=memory)
        if joint.log_probability is None:
            raise ArgumentError(joint.reason.en)
        log_p = joint.log_probability
        nodes = sum(self._node_error(work.basis, name) for name in names)
        error = numerical_error(log_p, nodes) + joint.error
        changes = min(work.projection.origin(name).changes for name in names)
        settled = all(is_settled(event) for event in events)
        return Answer(ALL, math.exp(log_p), log_p, 0.0 if settled else error, joint.engine, changes, "")

    def _all(self, events: Sequence[AnyEvent], rows: Sequence[Answer], work: _Work) -> Answer:
        """Settled targets are in it as the 0 or 1 that their rows have already."""
        waiting = [event for event in events if not is_settled(event)]
        missed = any(is_settled(event) and row.probability == 0 for event, row in zip(events, rows, strict=True))
        return self._joint(events if missed or not waiting else waiting, work)


def _question(event: AnyEvent) -> Any:
    """What tells events apart whose probability may differ, on one projection."""
    if isinstance(event, PathEvent):
        return event.quantities, event.attained
    return event.functional, event.lower, event.upper, event.published


@dataclass(frozen=True)
class _Work:
    """What the answers of one scenario are computed from."""

    basis: Any
    projection: Projection
    changes: Mapping[str, Change]
    dependence: Dependence

    @functools.cached_property
    def told(self) -> dict[str, Any]:
        """By indicator what its mixture and its loading follow from."""
        loadings = {name: self.dependence.of(name).tobytes() for name in self.projection.indicators}
        return {name: (self.basis, self.changes.get(name), own) for name, own in loadings.items()}

    def key_of(self, event: AnyEvent) -> Any:
        """What the probability of an event depends on beside the event; of one indicator not on its loading."""
        if len(event.indicators) == 1:
            return self.basis, self.changes.get(event.indicators[0])
        return tuple(self.told[name] for name in event.indicators)


def failed(error: BaseException) -> Answer:
    told = str(error) if isinstance(error, AttainError) else f"{type(error).__name__}: {error}"
    return Answer(ALL, math.nan, math.nan, math.nan, "none", 0, " ".join(told.split()))


def _restated(target: Target, given: Any) -> Target:
    """The target with another number, under its own word, or with other fields."""
    fields = given if isinstance(given, Mapping) else {target.word: given}
    if "id" in fields:
        raise ArgumentError(f"target {target.id!r}: a scenario does not rename a target; leave out 'id'")
    stated = target.model_dump(exclude_unset=True)
    if any(word in fields for word in WORDS):
        stated = {field: value for field, value in stated.items() if field not in (*WORDS, "unit")}
        if isinstance(given, Mapping) or not isinstance(given, str) or not _has_unit(given):
            stated["unit"] = target.effective_unit
    try:
        return Target(**{**stated, **fields})
    except ValueError as error:
        raise ArgumentError(f"target {target.id!r}: {plain_message(error)}") from error


def _has_unit(given: str) -> bool:
    return parse_amount(given)[1] is not None
