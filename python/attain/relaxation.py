"""How much less would have to be asked of all targets for an even chance?

Asked is the change in y (`attain.scale`) from the last figure to a bound, and all bounds ask for one fraction of it.
Where an integral or draws of components answer, the fraction is a root of the joint probability. Where paths answer,
each path has a fraction of its own up to which it attains all that is asked: the same paths serve every fraction, and
the one sought is a quantile of theirs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from attain.dependence import Dependence
from attain.event import AnyEvent, Event, PathEvent
from attain.joint import simulation_of
from attain.projection import Projection
from attain.roots import root
from attain.simulation import BLOCK, Drawing, Quantity

Floats = npt.NDArray[np.float64]
LogJoint = Callable[[Sequence[AnyEvent]], float]

RELAXED_TO = (0.5, 0.8)
_FRACTIONS = -8.0, 8.0
_IMPOSSIBLE = -1e3  # stands for the log of no probability, where a root is sought
_AT_ONCE = 128 * BLOCK  # paths


def relaxation_of(
    events: Sequence[AnyEvent],
    projection: Projection,
    dependence: Dependence,
    drawing: Drawing,
    log_joint: LogJoint,
) -> pd.DataFrame:
    """Frame, index probability (0.5 and 0.8), columns fraction, at which all events together have that probability, and
    error, its standard error. NaN where no fraction from -8 to 8 does."""
    own = [event for event in events if isinstance(event, Event)]
    if len(own) < len(events):
        borne = np.sort(_borne_by_paths(events, projection, dependence, drawing))
        found = [_quantile(borne, 1 - p) for p in RELAXED_TO]
    else:
        found = [(_root(p, own, projection, log_joint), 0.0) for p in RELAXED_TO]
    rows = [(f, e) if _FRACTIONS[0] <= f <= _FRACTIONS[1] and e < math.inf else (math.nan, math.nan) for f, e in found]
    return pd.DataFrame(rows, index=pd.Index(RELAXED_TO, name="probability"), columns=["fraction", "error"])


# --- a root ---------------------------------------------------------------------------------------------------------


def relaxed(event: Event, fraction: float, projection: Projection) -> Event:
    """The event with that fraction of the change that its bounds ask for: of a floor the rise from the last figure, of
    a ceiling the fall."""
    start = _start(event.quantities[0], projection)
    lower = event.lower - (1 - fraction) * max(event.lower - start, 0.0) if math.isfinite(event.lower) else event.lower
    upper = event.upper + (1 - fraction) * max(start - event.upper, 0.0) if math.isfinite(event.upper) else event.upper
    return replace(event, lower=lower, upper=upper)


def _root(probability: float, events: Sequence[Event], projection: Projection, log_joint: LogJoint) -> float:
    """The fraction at which the events have that probability; NaN where none does."""

    def short(fraction: float) -> float:
        asked = [relaxed(event, fraction, projection) for event in events]
        return max(log_joint(asked), _IMPOSSIBLE) - math.log(probability)

    found = root(short, *_FRACTIONS, 1e-9) if events else None
    return math.nan if found is None else found


def _start(quantity: Quantity, projection: Projection) -> float:
    """What a sum of coefficient times y is at the last figures."""
    return sum(coefficient * projection.origin(name).log_level for name, _, coefficient in quantity.terms)


# --- paths ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Paths:
    """y (N) of paths by indicator and year, and the projection that they are of."""

    y: dict[tuple[str, int], Floats]
    projection: Projection

    def borne(self, event: AnyEvent) -> Floats:
        """(N) the largest fraction of what an event asks that each path attains; infinite where it attains any, or
        none."""
        bases = event.bases if isinstance(event, PathEvent) else (0.0,) * len(event.quantities)
        each = [self._of(quantity, base) for quantity, base in zip(event.quantities, bases, strict=True)]
        return np.asarray(np.min(each, axis=0))

    def _of(self, quantity: Quantity, base: float) -> Floats:
        if quantity.rule == "members":
            return self._of_members(quantity)
        if quantity.rule == "levels":
            return self._of_sum(quantity, -base)
        value = np.sum([c * self.y[name, year] for name, year, c in quantity.terms], axis=0)
        return _between(value, quantity.lower, quantity.upper, _start(quantity, self.projection))

    def _of_sum(self, quantity: Quantity, published: float) -> Floats:
        """Of the log of a sum with its published part."""
        last = [c * math.exp(self.projection.origin(name).log_level) for name, _, c in quantity.terms]
        value = np.sum([c * np.exp(self.y[name, year]) for name, year, c in quantity.terms], axis=0)
        low, high = (_log(bound + published) for bound in (quantity.lower, quantity.upper))
        return _between(np.log(value + published), low, high, _log(sum(last) + published))

    def _of_members(self, count: Quantity) -> Floats:
        """Thresholds are what a count asks of its members: so many must reach theirs, so many stay below it."""
        reach = math.ceil(count.lower) if count.lower > -math.inf else 0
        stay = len(count.terms) - math.floor(count.upper) if count.upper < math.inf else 0
        sides: list[Floats] = [self._of_many(count, many, side) for many, side in ((reach, 1), (stay, -1)) if many > 0]
        return np.asarray(np.min(sides, axis=0))

    def _of_many(self, count: Quantity, many: int, side: int) -> Floats:
        each = [
            _floor(side * self.y[name, year], side * y, side * self.projection.origin(name).log_level)
            for name, year, y in count.terms
        ]
        return np.asarray(np.sort(each, axis=0)[-many])


def _log(x: float) -> float:
    return math.log(x) if x > 0 else -math.inf


def _between(value: Floats, lower: float, upper: float, start: float) -> Floats:
    return np.minimum(_floor(value, lower, start), _floor(-value, -upper, -start))


def _floor(value: Floats, bound: float, start: float) -> Floats:
    """The fraction of the rise from the start to a floor that values attain; a floor that asks for none stays."""
    asked = bound - start
    if 0 < asked < math.inf:
        return 1 + (value - bound) / asked
    return np.where(value >= bound, math.inf, -math.inf)


def _borne_by_paths(
    events: Sequence[AnyEvent], projection: Projection, dependence: Dependence, drawing: Drawing
) -> Floats:
    """Of each path the largest fraction at which it attains all events."""
    simulation = simulation_of(events, projection, dependence, drawing)
    parts = []
    for first in range(0, drawing.draws, _AT_ONCE):
        y = simulation.paths(min(_AT_ONCE, drawing.draws - first), first // BLOCK)[1]
        places = [(name, year) for name in simulation.indicators for year in simulation.years]
        paths = _Paths(dict(zip(places, y.reshape(len(y), -1).T, strict=True)), projection)
        parts.append(np.min([paths.borne(event) for event in events], axis=0))
    return np.concatenate(parts)


def _quantile(ascending: Floats, p: float) -> tuple[float, float]:
    """A quantile and its standard error, from the values whose ranks lie one standard error away."""
    n = len(ascending)
    spread = math.sqrt(n * p * (1 - p))
    low, middle, high = (ascending[min(max(round(n * p + k * spread), 0), n - 1)] for k in (-1, 0, 1))
    if not (math.isfinite(low) and math.isfinite(high)):
        return math.nan, math.nan
    return float(middle), float(high - low) / 2
