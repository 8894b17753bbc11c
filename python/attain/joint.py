"""The probability of several events at once: exactly, as a product over indicators, with common factors, or from
simulated paths."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from attain import _core
from attain.dependence import Dependence
from attain.event import Event, PathEvent, figure_as_stated
from attain.language import Text
from attain.projection import Projection
from attain.simulation import Drawing, Estimate, Simulation

NO_REASON = Text("", "")
Projections = Projection | Mapping[str, Projection]
AnyEvent = Event | PathEvent
_USUAL = Drawing()

_RELATIVE_ERROR = 5e-4  # of an integral over two dimensions or more; one dimension goes far below
_MOST_POINTS = 12 * 2**17  # what the generating vector of the lattice was made for
_LOOSE = 2e-2, 12 * 2**7  # several functionals on one indicator: every point sums over all components and scales
_OUTCOME_PATHS = 8192


@dataclass(frozen=True, eq=False)
class Joint:
    """P(all events), or why there is none.

    Attributes
    ----------
    log_probability : None where it is not computed, and `reason` says why.
    engine : `exact` for one functional of one indicator, `independent` for a product over indicators, `factor` for
        an integral over common factors, `simulation` for paths; `none` where nothing is assessed.
    log_error : numerical error of the log, of the integral or the simulation.
    dependence : how the indicators move together; None where nothing is assessed.
    """

    log_probability: float | None
    engine: str
    log_error: float = 0.0
    dependence: Dependence | None = None
    reason: Text = NO_REASON


def joint_probability(
    events: Sequence[AnyEvent],
    projections: Projections,
    dependence: Dependence,
    drawing: Drawing = _USUAL,
    *,
    simulated: bool = False,
) -> Joint:
    """Joint probability of events.

    Published figures settle their targets; bounds on one functional of one indicator reduce to the stricter. What is
    left is exact for one functional; a product where the dependence is none; otherwise the integral of
    csrc/include/attain/joint.h over common factors; and the share of simulated paths where an event bounds more than
    one functional.

    Parameters
    ----------
    events
        Each on the projection of its indicator.
    projections
        One of all indicators, or by indicator the one that its events stand on.
    dependence
        Loadings of the indicators.
    drawing
        The paths; its seed is also that of the lattice, which integrates over two dimensions and more.
    simulated
        By paths in any case.
    """
    open_events = [event for event in events if not is_settled(event)]
    by_paths = simulated or any(isinstance(event, PathEvent) for event in open_events)
    linear = [event for event in open_events if isinstance(event, Event)]
    engine = "simulation" if by_paths else _engine_for(linear, dependence)
    if not all(is_attained(event, projections) for event in events if is_settled(event)):
        return Joint(-math.inf, engine, dependence=dependence)
    if by_paths and open_events:
        answer = probability_of_paths(open_events, projections, dependence, drawing)
        return Joint(math.log(answer.probability), engine, answer.error / answer.probability, dependence)
    groups = _by_indicator(linear)
    if engine == "factor":
        log_p, error = _integral(groups, projections, dependence, drawing.seed)
        return Joint(log_p, engine, error, dependence)
    parts = [_of_one_indicator(own, projections, dependence, drawing.seed) for own in groups]
    return Joint(sum(p for p, _ in parts), engine, sum(error for _, error in parts), dependence)


def is_settled(event: AnyEvent) -> bool:
    """Have published figures attained or missed it?"""
    return (event.published if isinstance(event, Event) else event.attained) is not None


def is_attained(event: AnyEvent, projections: Projections) -> bool:
    """Have they attained it?"""
    if isinstance(event, PathEvent):
        return event.attained is True
    return event.target.holds(figure_as_stated(event, _of(projections, event.indicator)))


def _simulation(
    events: Sequence[AnyEvent], projections: Projections, dependence: Dependence, drawing: Drawing
) -> Simulation:
    """Of the indicators and years that open events name."""
    targets = [event.quantities for event in events]
    names = dict.fromkeys(name for own in targets for quantity in own for name, _, _ in quantity.terms)
    mixtures = {name: _of(projections, name).mixture(name) for name in names}
    return Simulation(mixtures, {name: dependence.of(name) for name in names}, targets, seed=drawing.seed)


def probability_of_paths(
    events: Sequence[AnyEvent], projections: Projections, dependence: Dependence, drawing: Drawing
) -> Estimate:
    """P(all open events), from simulated paths."""
    return _simulation(events, projections, dependence, drawing).probability(drawing)


def path_outcomes(
    event: PathEvent, projections: Projections, dependence: Dependence, drawing: Drawing, q: Sequence[float]
) -> npt.NDArray[np.float64]:
    """Quantiles of the outcome of an open event, in the terms of its target, from 8192 paths."""
    values = _simulation([event], projections, dependence, drawing).paths(_OUTCOME_PATHS)[2]
    return np.quantile(event.outcomes(values), q)


def subset_probabilities(
    events: Sequence[Event], projections: Projections, dependence: Dependence, *, seed: int = 0
) -> npt.NDArray[np.float64]:
    """log P of every subset of open events: (2^N); bit i of an index says that event i is among them. At most 16."""
    groups = _by_indicator(events)
    order = [events.index(event) for own in groups for event in own]
    answers = _core.joint_subsets(
        [_arguments(own, projections, dependence) for own in groups], seed, _RELATIVE_ERROR, _MOST_POINTS
    )
    subsets = np.arange(2 ** len(events))
    moved = sum((subsets >> event & 1) << place for place, event in enumerate(order))
    return np.ascontiguousarray(answers[moved, 0])


def _engine_for(open_events: Sequence[Event], dependence: Dependence) -> str:
    if len({event.functional for event in open_events}) <= 1:
        return "exact"
    return "independent" if dependence.kind == "independent" else "factor"


def _of(projections: Projections, indicator: str) -> Projection:
    return projections if isinstance(projections, Projection) else projections[indicator]


def _by_indicator(events: Sequence[Event]) -> list[list[Event]]:
    names = dict.fromkeys(event.indicator for event in events)
    return [[event for event in events if event.indicator == name] for name in names]


def _of_one_indicator(
    own: Sequence[Event], projections: Projections, dependence: Dependence, seed: int
) -> tuple[float, float]:
    """log P of the bounds on one indicator, and its error."""
    if len({event.functional for event in own}) > 1:
        return _integral([own], projections, dependence, seed)
    lower, upper = max(event.lower for event in own), min(event.upper for event in own)
    if lower > upper:
        return -math.inf, 0.0
    mixture = _of(projections, own[0].indicator).mixture(own[0].indicator)
    return mixture.log_probability(mixture.row(own[0].by, own[0].since), lower, upper), 0.0


def _integral(
    groups: Sequence[Sequence[Event]], projections: Projections, dependence: Dependence, seed: int
) -> tuple[float, float]:
    arguments = [_arguments(own, projections, dependence) for own in groups]
    several = any(len({event.functional for event in own}) > 1 for own in groups)
    accuracy = _LOOSE if several else (_RELATIVE_ERROR, _MOST_POINTS)
    ((log_p, error),) = _core.joint_log_probability(arguments, seed, *accuracy)
    return float(log_p), float(error)


def _arguments(own: Sequence[Event], projections: Projections, dependence: Dependence) -> tuple[Any, ...]:
    """One indicator as the core takes it."""
    mixture = _of(projections, own[0].indicator).mixture(own[0].indicator)
    return (
        mixture.weight,
        mixture.df,
        mixture.location,
        mixture.scale,
        mixture.years[0],
        dependence.of(own[0].indicator),
        np.array([mixture.row(event.by, event.since) for event in own]),
        np.array([event.lower for event in own]),
        np.array([event.upper for event in own]),
    )
