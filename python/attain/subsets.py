"""How probable is every subset of several events, and what do the errors of these probabilities make of a sum of their
logs?

An integral has one table of all subsets; draws of components take each by itself; paths are counted once for all, and
subsets that few of them attain are taken by themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from attain.dependence import Dependence
from attain.event import AnyEvent, Event, PathEvent
from attain.joint import Joint, simulation_of, subset_probabilities
from attain.projection import Projection
from attain.simulation import FEW, Drawing

Floats = npt.NDArray[np.float64]
_JointOf = Callable[[tuple[AnyEvent, ...]], Joint]

MOST, MOST_ALONE = 16, 64  # events; subsets that are taken by themselves
_KNOWN = 0.5  # error of a log: of what hardly any path attains there is a bound above, and none below


@dataclass(frozen=True, eq=False)
class Subsets:
    """log P of every subset of N events; bit i of an index says that event i is among them.

    Attributes
    ----------
    log_probability : (2^N).
    log_error : (2^N), of those that were taken by themselves, or from an integral.
    pattern : (2^N) how many paths attain exactly these; None where no paths were counted.
    counted : (2^N) is the probability from this pattern?
    """

    log_probability: Floats
    log_error: Floats
    pattern: npt.NDArray[np.int64] | None
    counted: npt.NDArray[np.bool_]

    def error_of(self, coefficient: Floats) -> Floats:
        """Standard errors (n) of coefficient (n, 2^N) @ log_probability.

        Counts of one pattern are those of a multinomial, so that their correlation is known (delta method). What the
        errors of the others have in common is not: they are added up, the most that they can make."""
        alone: Floats = np.abs(coefficient) @ self.log_error
        if self.pattern is None:
            return alone
        slope = np.where(self.counted, coefficient * np.exp(-self.log_probability), 0.0)
        for pairs in _pairs(slope):  # what a path adds that attains exactly these
            pairs[..., 1, :] += pairs[..., 0, :]
        paths = self.pattern.sum()
        mean, square = slope @ self.pattern / paths, slope**2 @ self.pattern / paths
        counts: Floats = np.sqrt(np.maximum(square - mean**2, 0.0) / paths)
        return alone + counts


def subsets_of(
    events: Sequence[AnyEvent], projection: Projection, dependence: Dependence, drawing: Drawing, joint: _JointOf
) -> Subsets | None:
    """All subsets of open events; None where that would be too much, or draws do not tell one. `joint` is of some of
    them."""
    if len(events) > MOST or joint(tuple(events)).log_error >= _KNOWN:
        return None
    found = _all(events, projection, dependence, drawing, joint)
    return found if found is not None and found.log_error.max() < _KNOWN else None


def _all(
    events: Sequence[AnyEvent], projection: Projection, dependence: Dependence, drawing: Drawing, joint: _JointOf
) -> Subsets | None:
    if any(isinstance(event, PathEvent) for event in events):
        return _by_paths(events, projection, dependence, drawing, joint)
    own = [event for event in events if isinstance(event, Event)]
    one_each = len({event.functional for event in own}) == len({event.indicator for event in own})
    if joint(tuple(events)).engine == "sov" or not one_each:
        nothing = np.zeros(1 << len(events))
        return _with(joint, events, range(1, len(nothing)), nothing) if len(nothing) <= MOST_ALONE else None
    table = subset_probabilities(own, projection, dependence, drawing)
    told = [*(1 << i for i in range(len(events))), len(table) - 1]  # as the assessment tells them
    return _with(joint, events, told, table[:, 0], table[:, 1])


def _by_paths(
    events: Sequence[AnyEvent], projection: Projection, dependence: Dependence, drawing: Drawing, joint: _JointOf
) -> Subsets | None:
    """From one tally; single events as the assessment tells them."""
    tally = simulation_of(events, projection, dependence, drawing).tally(drawing.draws, threads=drawing.threads)
    assert tally.pattern is not None, "at most 16 events"
    hits = tally.pattern.copy()
    for pairs in _pairs(hits):
        pairs[..., 0, :] += pairs[..., 1, :]
    rare = np.flatnonzero(hits < FEW).tolist()
    if len(rare) > MOST_ALONE:
        return None
    alone = dict.fromkeys([*rare, *(1 << i for i in range(len(events)))])
    logs = np.log((hits + 0.5) / (tally.paths + 1))  # as in `simulation.estimate`
    return _with(joint, events, list(alone), logs, np.zeros(len(hits)), tally.pattern)


def _with(
    joint: _JointOf,
    events: Sequence[AnyEvent],
    alone: Sequence[int],
    logs: Floats,
    errors: Floats | None = None,
    pattern: npt.NDArray[np.int64] | None = None,
) -> Subsets:
    """The subsets with some of them taken by themselves."""
    logs, errors = logs.copy(), np.zeros(len(logs)) if errors is None else errors.copy()
    counted = np.full(len(logs), pattern is not None)
    logs[0], errors[0], counted[0] = 0.0, 0.0, False
    for subset in alone:
        found = joint(tuple(event for i, event in enumerate(events) if subset >> i & 1))
        assert found.log_probability is not None, "events have a joint probability"
        logs[subset], errors[subset], counted[subset] = found.log_probability, found.log_error, False
    return Subsets(logs, errors, pattern, counted)


def _pairs(table: npt.NDArray[Any]) -> list[npt.NDArray[Any]]:
    """For each event views (..., 2, ...) of a table (..., 2^N) that lead from subsets without it to those with it."""
    events = table.shape[-1].bit_length() - 1
    return [table.reshape(*table.shape[:-1], -1, 2, 1 << place) for place in range(events)]
