"""Where do paths attain what hardly any path attains? For importance sampling.

A path is a function of independent standard normals, so the most likely attaining paths are the points of the event
that are nearest to zero. There may be many: under uncertain volatility any one indicator alone may explode. One shift
of the means to the nearest of them can be silently wrong by any factor, since it hardly ever draws the others; so each
that is found gets a share of the draws, a tenth is drawn as nature does, and all are weighted by the density of the
whole mixture. No weight then exceeds ten, and an event that no shift covers shows as a larger error.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from attain.errors import NumericalError

if TYPE_CHECKING:
    from attain.simulation import Simulation

_Floats = npt.NDArray[np.float64]

_NOMINAL = 26  # of 256: a tenth
_MOST_MODES = 110
_LEFT_OUT = 0.01  # of the likelihood of all modes, in those beyond that number; where more, no error could be believed
_STEPS = 30
_DAMPING = 0.7
_STEP = 1e-3  # of differences
_COMPONENTS = (0.0, 0.8, 1.6)  # normals that pick components, the third for about the one in twenty of widest scale
_LONELY = ((2.0, 1.5), (4.0, 2.5))  # normals of scale and shock at which one indicator alone starts
_MISSED = 0.1  # what a point may miss a bound by, on the log scale, and still lead the draws there
_FALL = 8.0  # of the log density, from the nearest point to those that are still worth draws
_APART = 0.5


def attaining_shifts(simulation: Simulation) -> tuple[_Floats, list[int]] | None:
    """Means of normals (modes, normals) about which paths attain all targets, and how many paths of a block to draw
    about each; None where nothing leads to one, none was found, or so many that some would be left out."""
    bounds = _Bounds(simulation)
    if not bounds.led.any():
        return None
    starts = list(_starts(simulation, bounds))
    modes = _distinct([point for start in starts if (point := _nearest(simulation, bounds, start)) is not None])
    if not len(modes):
        return None
    likelihood = np.exp(-0.5 * ((modes**2).sum(axis=1) - modes[0] @ modes[0]))
    if likelihood[_MOST_MODES:].sum() > _LEFT_OUT * likelihood.sum():
        return None
    return modes[:_MOST_MODES], _shares(likelihood[:_MOST_MODES])


class _Bounds:
    """All finite bounds of a simulation as rows that should not be negative: sums on the log scale, differences of
    levels, which may be negative, over their usual size. Counts of members are steps, which lead nowhere."""

    def __init__(self, simulation: Simulation) -> None:
        own = [quantity for target in simulation.targets for quantity in target]
        self.lower = np.array([quantity.lower for quantity in own])
        self.upper = np.array([quantity.upper for quantity in own])
        levels = np.array([quantity.rule == "levels" for quantity in own])
        self.sums = levels & [all(coefficient > 0 for _, _, coefficient in quantity.terms) for quantity in own]
        usual = np.median(np.abs(simulation.paths(1)[2]), axis=0)  # of one block
        self.size = np.where(levels & ~self.sums, np.maximum(usual, 1e-300), 1.0)
        self.led = np.array([quantity.rule != "members" for quantity in own])

    def slack(self, values: _Floats) -> _Floats:
        """(N, quantities) to (N, rows)."""
        below, above = self._scaled(values) - self._scaled(self.lower), self._scaled(self.upper) - self._scaled(values)
        return np.hstack([below[:, self.led & np.isfinite(self.lower)], above[:, self.led & np.isfinite(self.upper)]])

    def _scaled(self, values: _Floats) -> _Floats:
        return np.where(self.sums, np.log(np.maximum(values, 1e-300)), values / self.size)


def _slopes(simulation: Simulation, bounds: _Bounds, at: _Floats) -> tuple[_Floats, _Floats]:
    """Slack (rows) at a point, and its slopes (rows, normals)."""
    n, step = len(at), _STEP * np.eye(len(at))
    slack = bounds.slack(simulation.at(np.vstack([at, at + step, at - step])))
    slope = (slack[1 : n + 1] - slack[n + 1 :]).T / (2 * _STEP)
    slope[:, simulation.components] = 0
    return slack[0], slope


def _nearest(simulation: Simulation, bounds: _Bounds, start: _Floats) -> _Floats | None:
    """The point nearest to zero that attains all, near a start: bounds are made linear again and again (Hasofer & Lind
    1974, Rackwitz & Fiessler 1978, here for several bounds). Normals that pick components stay: in them a path has
    steps."""
    at = start
    for _ in range(_STEPS):
        slack, slope = _slopes(simulation, bounds, at)
        goal = _goal(slope, slope @ at - slack)
        if goal is None:
            return None
        goal[simulation.components] = at[simulation.components]
        step = _DAMPING * (goal - at)
        at = at + step * min(1.0, 2.0 / max(np.abs(step).max(), 1e-9))
        if np.abs(step).max() < 1e-2:
            break
    missed = -bounds.slack(simulation.at(at[None]))[0]
    return at if np.isfinite(at).all() and missed.max(initial=0.0) < _MISSED else None


def _goal(slope: _Floats, bound: _Floats) -> _Floats | None:
    """The point nearest to zero with slope @ point >= bound; None where the bounds, made linear, leave none."""
    from attain.least_distance import nearest_point

    with contextlib.suppress(NumericalError):
        return nearest_point(slope, bound).point if np.isfinite(slope).all() and np.isfinite(bound).all() else None
    return None


def _starts(simulation: Simulation, bounds: _Bounds) -> Iterator[_Floats]:
    """Nothing unusual, and one indicator alone volatile and moving the way that helps; under usual components, and
    under those of wide scale: of all indicators, or of that one."""
    origin = np.zeros(simulation.normals)
    helps = np.sign(_slopes(simulation, bounds, origin)[1].sum(axis=0))
    for component in _COMPONENTS if simulation.components else _COMPONENTS[:1]:
        start = origin.copy()
        start[simulation.components] = component
        yield start
        for (volatile, own), (scale, shock) in itertools.product(simulation.places, _LONELY):
            start = origin.copy()
            start[volatile], start[own] = scale, shock * helps[own]
            picks = [at for at in simulation.components if volatile.start <= at < volatile.stop]
            start[picks] = component
            if volatile.start < volatile.stop:
                yield start


def _distinct(points: list[_Floats]) -> _Floats:
    """The nearest points first, none near another, none far less likely than the first."""
    kept: list[_Floats] = []
    for point in sorted(points, key=lambda z: float(z @ z)):
        near = any(np.linalg.norm(point - other) < _APART for other in kept)
        if not near and point @ point < (kept[0] @ kept[0] if kept else np.inf) + 2 * _FALL:
            kept.append(point)
    return np.array(kept)


def _shares(weight: _Floats) -> list[int]:
    """Paths of a block for each mode, in proportion, one at least."""
    free = 256 - _NOMINAL - len(weight)
    return [1 + int(share) for share in free * weight / weight.sum()]
