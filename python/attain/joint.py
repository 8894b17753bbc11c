"""The probability of several events at once: exactly, as a product over indicators, with common factors, or, where
these do not serve, by draws of the indicators' components, or of whole paths."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from attain import _core
from attain.dependence import Dependence
from attain.errors import NumericalError
from attain.event import AnyEvent, Event, PathEvent, figure_as_stated
from attain.language import Text
from attain.projection import Mixture, Projection
from attain.simulation import Drawing, Estimate, Simulation

NO_REASON = Text("", "")
_AS_ASKED = Text("as asked for", "按指定")
Projections = Projection | Mapping[str, Projection]

_RELATIVE_ERROR = 5e-4  # of an integral over two dimensions or more; one dimension goes far below
_MOST_POINTS = 12 * 2**17  # what the generating vector of the lattice was made for
_DRAWN = 1e-3, 12 * 2**14  # the same of the separation of variables
_REMEMBERED, _KEYS = 128, 100_000  # indicators, keys of indicators
_CLOSE_SCORE = 1e-3  # a quantile of a joined event, as a normal score
_MOST_STEPS = 30
_FARTHEST = 1e-12  # probabilities count as at least this when scored

_OUTCOME_PATHS = 8192
_USUAL = Drawing()

Engine = Literal["auto", "exact", "independent", "factor", "sov", "simulation"]


@dataclass(frozen=True, eq=False)
class Joint:
    """P(all events), or why there is none.

    Attributes
    ----------
    log_probability : None where it is not computed, and `reason` says why.
    engine : `exact` for one functional of one indicator, `independent` for a product over indicators, `factor` for
        an integral over common factors, `sov` for draws of components, `simulation` for paths; `none` where
        nothing is assessed.
    log_error : numerical error of the log, of the integral or the draws; infinite where no draw attains all events.
    dependence : how the indicators move together; None where nothing is assessed.
    reason : why this engine, or why there is no probability.
    """

    log_probability: float | None
    engine: str
    log_error: float = 0.0
    dependence: Dependence | None = None
    reason: Text = NO_REASON

    @property
    def error(self) -> float:
        """Numerical error of the probability. Where no draw attains all events, the bound of the rule of three."""
        if self.log_probability == -math.inf:
            return 3 / _DRAWN[1] if math.isinf(self.log_error) else 0.0
        return math.exp(self.log_probability or 0.0) * self.log_error


class JointMemory:
    """What the integrals of one thread have computed of single indicators.

    Attributes
    ----------
    told : by indicator what its mixture and its loading follow from; to be set before each problem.
    """

    def __init__(self) -> None:
        self.told: Mapping[str, Any] = {}
        self._forget()

    def _forget(self) -> None:
        self._memo, self._keys = _core.joint_memo(_REMEMBERED), dict[Any, int]()

    def integral(
        self, groups: Sequence[Sequence[Event]], arguments: list[tuple[Any, ...]], seed: int
    ) -> tuple[float, float]:
        """log P of events by indicator, and its error."""
        if len(self._keys) > _KEYS:
            self._forget()
        keys = [self._keys.setdefault(self._content(own), len(self._keys)) for own in groups]
        return _core.joint_log_probability_again(
            arguments, np.array(keys, np.uint64), self._memo, seed, _RELATIVE_ERROR, _MOST_POINTS
        )

    def _content(self, own: Sequence[Event]) -> Any:
        name = own[0].indicator
        return name, self.told[name], tuple((event.functional, event.lower, event.upper) for event in own)


def joint_probability(
    events: Sequence[AnyEvent],
    projections: Projections,
    dependence: Dependence,
    drawing: Drawing = _USUAL,
    *,
    engine: Engine = "auto",
    memory: JointMemory | None = None,
) -> Joint:
    """Joint probability of events.

    Published figures settle their targets; bounds on one functional of one indicator reduce to the stricter. What is
    left is exact for one functional; a product where the dependence is none; and otherwise the integral of
    csrc/include/attain/joint.h over common factors. Where an event joins indicators, an indicator has bounds on
    several functionals, or correlations leave no common factors, it is the separation of variables of
    csrc/include/attain/sov.h; where an event bounds several quantities of a path, the share of simulated paths.

    Parameters
    ----------
    events
        Each on the projection of its indicator.
    projections
        One of all indicators, or by indicator the one that its events stand on.
    dependence
        Loadings of the indicators.
    drawing
        Of paths; its seed is also that of the lattice, which integrates over two dimensions and more.
    engine
        `"sov"` takes the separation of variables, and `"simulation"` paths, in any case, `"factor"` its integral over
        several years too; the others are as the events and the dependence say.
    memory
        Of problems that have indicators in common with this one; it changes no bit of the answer.
    """
    waiting, seed = [event for event in events if not is_settled(event)], drawing.seed
    open_events = [event for event in waiting if isinstance(event, Event)]
    by_paths = engine == "simulation" or len(open_events) < len(waiting)
    chosen, why = _paths_for(engine) if by_paths else _engine_for(open_events, dependence, engine)
    if not all(is_attained(event, projections) for event in events if is_settled(event)):
        return Joint(-math.inf, chosen, 0.0, dependence, why)
    if by_paths and waiting:
        answer = probability_of_paths(waiting, projections, dependence, drawing)
        return Joint(math.log(answer.probability), chosen, answer.error / answer.probability, dependence, why)
    groups = _by_indicator(open_events)
    if chosen in ("factor", "sov"):
        log_p, error = (
            _integral(groups, projections, dependence, seed, memory)
            if chosen == "factor"
            else _separation(open_events, projections, dependence, seed)
        )
        return Joint(log_p, chosen, error, dependence, why)
    parts = [_of_one_indicator(own, projections, dependence, seed) for own in groups]
    return Joint(sum(p for p, _ in parts), chosen, sum(error for _, error in parts), dependence, why)


def is_settled(event: AnyEvent) -> bool:
    """Have published figures attained or missed it?"""
    return (event.published if isinstance(event, Event) else event.attained) is not None


def is_attained(event: AnyEvent, projections: Projections) -> bool:
    """Have they attained it?"""
    if isinstance(event, PathEvent):
        return event.attained is True
    return event.target.holds(figure_as_stated(event, _of(projections, event.indicator)))


def simulation_of(
    events: Sequence[AnyEvent], projections: Projections, dependence: Dependence, drawing: Drawing
) -> Simulation:
    """Of the indicators and years that open events name."""
    targets = [event.quantities for event in events]
    names = dict.fromkeys(name for own in targets for quantity in own for name, _, _ in quantity.terms)
    mixtures = {name: _of(projections, name).mixture(name) for name in names}
    loadings = dependence.loadings_of(list(names))
    return Simulation(mixtures, dict(zip(names, loadings, strict=True)), targets, seed=drawing.seed)


def probability_of_paths(
    events: Sequence[AnyEvent], projections: Projections, dependence: Dependence, drawing: Drawing
) -> Estimate:
    """P(all open events), from simulated paths."""
    return simulation_of(events, projections, dependence, drawing).probability(drawing)


def path_outcomes(
    event: PathEvent, projections: Projections, dependence: Dependence, drawing: Drawing, q: Sequence[float]
) -> npt.NDArray[np.float64]:
    """Quantiles of the outcome of an open event, in the terms of its target, from 8192 paths."""
    values = simulation_of([event], projections, dependence, drawing).paths(_OUTCOME_PATHS)[2]
    method: Literal["linear", "inverted_cdf"] = (
        "linear" if event.target.members is None else "inverted_cdf"
    )  # no half members
    return np.quantile(event.outcomes(values), q, method=method)


def subset_probabilities(
    events: Sequence[Event], projections: Projections, dependence: Dependence, drawing: Drawing = _USUAL
) -> npt.NDArray[np.float64]:
    """log P and its error for every subset of open events: (2^N, 2); bit i of an index says that event i is among
    them. At most 16, each on one indicator: one integral."""
    groups = _by_indicator(events)
    order = [events.index(event) for group in groups for event in group]
    answers = _core.joint_subsets(
        [_arguments(group, projections, dependence) for group in groups], drawing.seed, _RELATIVE_ERROR, _MOST_POINTS
    )
    subsets = np.arange(2 ** len(events))
    moved = sum((subsets >> event & 1) << place for place, event in enumerate(order))
    return np.ascontiguousarray(answers[moved])


def joined_quantiles(
    event: Event, projections: Projections, dependence: Dependence, probability: Sequence[float], *, seed: int = 0
) -> list[float]:
    """Quantiles of y of the part less that of the whole.

    Raises
    ------
    NumericalError
        When a quantile lies beyond all search.
    """
    normal = NormalDist()
    margins = [_of(projections, name).mixture(name) for name in event.indicators]
    (low, middle, high), whole = (margin.quantile(margin.row(event.by), [0.1, 0.5, 0.9]) for margin in margins)
    centre, spread = float(middle - whole[1]), 0.4 * math.hypot(high - low, whole[2] - whole[0])

    def score(y: float) -> float:
        below = replace(event, lower=-math.inf, upper=y)
        found = math.exp(_separation([below], projections, dependence, seed)[0])
        return normal.inv_cdf(min(max(found, _FARTHEST), 1 - _FARTHEST))

    if spread == 0:
        return [centre for _ in probability]
    return [_root(score, normal.inv_cdf(p), centre, spread) for p in probability]


def _root(score: Callable[[float], float], wanted: float, centre: float, spread: float) -> float:
    """Where a rising function, nearly a line, has a value: bracketed, then by the Illinois method."""
    low, high, reach = centre + (wanted - 0.3) * spread, centre + (wanted + 0.3) * spread, spread
    below, above = score(low) - wanted, score(high) - wanted
    for _ in range(_MOST_STEPS):
        if below <= 0 <= above:
            break
        reach *= 2
        if below > 0:
            low, high, above = low - reach, low, below
            below = score(low) - wanted
        else:
            low, high, below = high, high + reach, above
            above = score(high) - wanted
    if not below <= 0 <= above:
        raise NumericalError("a quantile of a share of two levels lies too far out; give more years of figures")
    y = low
    for _ in range(_MOST_STEPS):
        y = (low * above - high * below) / (above - below) if above > below else low
        off = score(y) - wanted
        if abs(off) < _CLOSE_SCORE or high - low < _CLOSE_SCORE * spread:
            break
        if off > 0:
            high, above, below = y, off, 0.5 * below
        else:
            low, below, above = y, off, 0.5 * above
    return y


def _paths_for(asked: Engine) -> tuple[str, Text]:
    if asked == "simulation":
        return "simulation", _AS_ASKED
    return "simulation", Text("a target bounds several quantities of a path", "有目标涉及走势中的多个数量")


def _engine_for(events: Sequence[Event], dependence: Dependence, asked: Engine) -> tuple[str, Text]:
    """The engine for events on one quantity each, and why."""
    if asked == "sov":
        return "sov", _AS_ASKED
    if any(event.whole is not None for event in events):
        return "sov", Text("a share joins two levels", "占比目标涉及两个总量")
    if not events:
        return "exact", Text("published figures settle it", "已由公布数据判定")
    if _functionals(events) <= 1:
        return "exact", Text("one quantity of one indicator", "同一指标的同一数量")
    if dependence.kind == "independent":
        return "independent", _AS_ASKED
    if any(_functionals(own) > 1 for own in _by_indicator(events)):
        return "sov", Text("several quantities of one indicator", "同一指标有多个目标量")
    if dependence.correlation is not None:
        return "sov", Text("correlations as given", "按给定的相关矩阵")
    if asked == "factor":
        return "factor", _AS_ASKED
    if _shared_years(events) > 1:
        return "sov", Text("several target years", "目标年份不同")
    return "factor", Text("one quantity of each indicator, one year in common", "每个指标一个数量，仅一个年份相互影响")


def _shared_years(events: Sequence[Event]) -> int:
    """In how many years indicators have a factor in common: each loads on all years named, from the last one back to
    the first of its own (joint.h)."""
    first = {
        own[0].indicator: min(event.by if event.since is None else event.since for event in own)
        for own in _by_indicator(events)
    }
    named = {year for event in events for year in (event.by, event.since) if year is not None}
    return sorted(sum(year >= begin for year in named) for begin in first.values())[-2]


def _functionals(events: Sequence[Event]) -> int:
    return len({event.functional for event in events})


def _of(projections: Projections, indicator: str) -> Projection:
    return projections if isinstance(projections, Projection) else projections[indicator]


def _by_indicator(events: Sequence[Event]) -> list[list[Event]]:
    names = dict.fromkeys(event.indicator for event in events)
    return [[event for event in events if event.indicator == name] for name in names]


def _of_one_indicator(
    own: Sequence[Event], projections: Projections, dependence: Dependence, seed: int
) -> tuple[float, float]:
    """log P of the bounds on one indicator, and its error."""
    if _functionals(own) > 1:
        return _separation(own, projections, dependence, seed)
    lower, upper = max(event.lower for event in own), min(event.upper for event in own)
    if lower > upper:
        return -math.inf, 0.0
    mixture = _of(projections, own[0].indicator).mixture(own[0].indicator)
    return mixture.log_probability(mixture.row(own[0].by, own[0].since), lower, upper), 0.0


def _integral(
    groups: Sequence[Sequence[Event]],
    projections: Projections,
    dependence: Dependence,
    seed: int,
    memory: JointMemory | None,
) -> tuple[float, float]:
    arguments = [_arguments(own, projections, dependence) for own in groups]
    if memory is not None:
        return memory.integral(groups, arguments, seed)
    ((log_p, error),) = _core.joint_log_probability(arguments, seed, _RELATIVE_ERROR, _MOST_POINTS)
    return float(log_p), float(error)


def _separation(
    events: Sequence[Event], projections: Projections, dependence: Dependence, seed: int
) -> tuple[float, float]:
    """log P of events that may join indicators, and its error."""
    # In an order of their own, so that the same events have the same points in whatever order they come.
    events = sorted(events, key=lambda e: (e.functional[:2], e.since or 0, e.whole or "", e.lower, e.upper))
    names = sorted({name for event in events for name in event.indicators})
    if not names:
        return 0.0, 0.0
    mixtures = {name: _of(projections, name).mixture(name) for name in names}
    log_p, error, _, _ = _core.sov_log_probability(
        [(m.weight, m.df, m.location, m.scale, m.years[0]) for m in mixtures.values()],
        dependence.matrix(names),
        np.array([_joined_row(event, mixtures) for event in events]),
        np.array([event.lower for event in events]),
        np.array([event.upper for event in events]),
        seed,
        *_DRAWN,
    )
    return log_p, error


def _joined_row(event: Event, mixtures: Mapping[str, Mixture]) -> npt.NDArray[np.float64]:
    """The functional of an event over the years of all indicators, one after the other."""
    parts = {name: np.zeros(len(mixture.years)) for name, mixture in mixtures.items()}
    parts[event.indicator] = mixtures[event.indicator].row(event.by, event.since)
    if event.whole is not None:
        parts[event.whole] = -mixtures[event.whole].row(event.by)
    return np.concatenate(list(parts.values()))


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
