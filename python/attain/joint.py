"""The probability of several events at once: exactly, as a product over indicators, or with common factors."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from attain import _core
from attain.dependence import Dependence
from attain.event import Event, figure_as_stated
from attain.language import Text
from attain.projection import Projection

NO_REASON = Text("", "")
Projections = Projection | Mapping[str, Projection]

_RELATIVE_ERROR = 5e-4  # of an integral over two dimensions or more; one dimension goes far below
_MOST_POINTS = 12 * 2**17  # what the generating vector of the lattice was made for
_LOOSE = 2e-2, 12 * 2**7  # several functionals on one indicator: every point sums over all components and scales
_MOST_SUBSETS = 16


@dataclass(frozen=True, eq=False)
class Joint:
    """P(all events), or why there is none.

    Attributes
    ----------
    log_probability : None where it is not computed, and `reason` says why.
    engine : `exact` for one functional of one indicator, `independent` for a product over indicators, `factor` for
        an integral over common factors; `none` where nothing is assessed.
    log_error : numerical error of the log, of the integral.
    dependence : how the indicators move together; None where nothing is assessed.
    """

    log_probability: float | None
    engine: str
    log_error: float = 0.0
    dependence: Dependence | None = None
    reason: Text = NO_REASON


def joint_probability(
    events: Sequence[Event], projections: Projections, dependence: Dependence, *, seed: int = 0
) -> Joint:
    """Joint probability of events.

    Published figures settle their targets; bounds on one functional of one indicator reduce to the stricter. What is
    left is exact for one functional; a product where the dependence is none; and otherwise the integral of
    csrc/include/attain/joint.h over common factors.

    Parameters
    ----------
    events
        Each on the projection of its indicator.
    projections
        One of all indicators, or by indicator the one that its events stand on.
    dependence
        Loadings of the indicators.
    seed
        Of the lattice, which integrates over two dimensions and more.
    """
    open_events = [event for event in events if event.published is None]
    engine = _engine_for(open_events, dependence)
    held = (e.target.holds(figure_as_stated(e, _of(projections, e))) for e in events if e.published is not None)
    if not all(held):
        return Joint(-math.inf, engine, dependence=dependence)
    groups = _by_indicator(open_events)
    if engine == "factor":
        log_p, error = _integral(groups, projections, dependence, seed)
        return Joint(log_p, engine, error, dependence)
    parts = [_of_one_indicator(own, projections, dependence, seed) for own in groups]
    return Joint(sum(p for p, _ in parts), engine, sum(error for _, error in parts), dependence)


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


def _of(projections: Projections, event: Event) -> Projection:
    return projections if isinstance(projections, Projection) else projections[event.indicator]


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
    mixture = _of(projections, own[0]).mixture(own[0].indicator)
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
    mixture = _of(projections, own[0]).mixture(own[0].indicator)
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
