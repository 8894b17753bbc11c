"""What holds a plan back? P(all), each, all but one, one given the others; shares of -log P(all); and how much less
would have to be asked of everything for an even chance.

-log P(all) is what the plan costs. Its Shapley shares [1]_ give to each target what it adds, averaged over all orders
in which the targets could be asked for; they add up to the whole.

References
----------
.. [1] L. S. Shapley (1953), A value for n-person games, in: Contributions to the Theory of Games II, 307-317.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from attain.dependence import Dependence
from attain.event import AnyEvent, Event, PathEvent
from attain.joint import Joint, joint_probability, subset_probabilities, subsets_of_paths
from attain.language import Language
from attain.projection import Projection
from attain.roots import root
from attain.simulation import Drawing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Floats = npt.NDArray[np.float64]
_LogJoint = Callable[[Sequence[AnyEvent]], float]

MOST_SHARED, MOST_DRAWN = 16, 6
RELAXED_TO = (0.5, 0.8)
_FRACTIONS = -8.0, 8.0
_IMPOSSIBLE = -1e3  # stands for the log of no probability, where a root is sought


@dataclass(frozen=True, eq=False)
class Bottleneck:
    """What each open target does to the whole; `Assessment.holds_back`.

    Attributes
    ----------
    events : the open targets.
    table : frame, index target id, the bottleneck first (the target whose removal raises P(all) most). Columns
        probability (alone), others (P of all the others), given (P of it when all the others are attained), shapley
        (its share of -log P(all)) and fraction (that share of the whole). Both are NaN where the targets cannot all be
        attained, and where the 2^N subsets are not computed: for more than 16 open targets, or 6 where draws give the
        probabilities, unless a target is of paths and 500 simulated ones attain all.
    log_probability : of all open targets; minus infinity where they contradict each other.
    relaxation : Series, index probability (0.5 and 0.8): the fraction of what is asked at which P(all) is that. Asked
        is the change in y from the last figure to the bound, so 1 is the plan, 0 no growth at all, above 1 more than
        the plan; NaN where no fraction from -8 to 8 does, and where paths give the probabilities. Bounds that no
        growth is asked for stay as they are.
    """

    events: tuple[AnyEvent, ...] = field(repr=False)
    table: pd.DataFrame
    log_probability: float
    relaxation: pd.Series[float]

    def to_frame(self) -> pd.DataFrame:
        """A copy of `table`."""
        return self.table.copy()

    def summary(self, *, language: Language = "en") -> str:
        """The table in words, and the common relaxation."""
        from attain.attaining_text import bottleneck_text

        return bottleneck_text(self, language)

    def _repr_html_(self) -> str:
        from attain.fragments import bottleneck_fragment

        return bottleneck_fragment(self)

    def plot(self, *, language: Language = "en") -> Figure:
        """For each target its probability alone, and what it costs the plan."""
        from attain.figures import bottleneck_chart

        return bottleneck_chart(self, language=language)


def bottleneck(
    events: Sequence[AnyEvent],
    projection: Projection,
    dependence: Dependence,
    drawing: Drawing,
    *,
    contradict: bool = False,
) -> Bottleneck:
    """What each of several open events does to their joint probability.

    Parameters
    ----------
    events : none of them settled by a published figure.
    projection, dependence, drawing : as in `joint_probability`.
    contradict : it is proved that they cannot all be attained, which no number of paths can tell.
    """

    @functools.cache
    def joint(chosen: tuple[AnyEvent, ...]) -> Joint:
        return joint_probability(chosen, projection, dependence, drawing)

    def log_joint(chosen: Sequence[AnyEvent]) -> float:
        log_p = joint(tuple(chosen)).log_probability if chosen else 0.0
        assert log_p is not None, "events have a joint probability"
        return log_p

    n, whole = len(events), -math.inf if contradict else log_joint(events)
    each = [log_joint([event]) for event in events]
    others = [log_joint([e for e in events if e is not event]) for event in events]
    table = None
    if n and whole > -math.inf:
        table = _subsets(events, projection, dependence, drawing, joint(tuple(events)).engine, log_joint)
    shares = np.full(n, math.nan)
    if table is not None:
        table[[0, *(1 << i for i in range(n)), -1]] = [0.0, *each, whole]  # as the assessment tells them
        shares = shapley_shares(-table)
    frame = pd.DataFrame(
        {
            "probability": np.exp(each),
            "others": np.exp(others),
            "given": np.exp([min(whole - other, 0.0) if other > -math.inf else math.nan for other in others]),
            "shapley": shares,
            "fraction": shares / -whole if whole < 0 else np.zeros(n),
        },
        index=pd.Index([event.target.id for event in events], name="id"),
    ).sort_values(["given", "probability"], kind="stable")
    fractions = [_fraction_for(p, events, projection, log_joint) for p in RELAXED_TO]
    relaxation = pd.Series(fractions, index=pd.Index(RELAXED_TO, name="probability"), dtype=float)
    return Bottleneck(tuple(events), frame, whole, relaxation)


def _subsets(
    events: Sequence[AnyEvent],
    projection: Projection,
    dependence: Dependence,
    drawing: Drawing,
    engine: str,
    log_joint: _LogJoint,
) -> Floats | None:
    """log P of every subset (2^N), from the table of one integral, by draws of each subset while they are few, or from
    what the same paths attain; None where there are too many, or too few paths attain all."""
    own = [event for event in events if isinstance(event, Event)]
    one_each = len({event.functional for event in own}) == len({event.indicator for event in own})
    by_paths = any(isinstance(event, PathEvent) for event in events)
    if not by_paths and engine != "sov" and one_each:
        known = len(events) <= MOST_SHARED
        return subset_probabilities(own, projection, dependence, drawing) if known else None
    if len(events) > MOST_DRAWN:
        shared = by_paths and len(events) <= MOST_SHARED
        return subsets_of_paths(events, projection, dependence, drawing) if shared else None
    subsets = range(1 << len(events))
    return np.array([log_joint([e for i, e in enumerate(events) if subset >> i & 1]) for subset in subsets])


def shapley_shares(cost: Floats) -> Floats:
    """Shapley shares (n) of cost[-1], from the cost (2^n) of every subset; bit i of an index says that i is in it, and
    the empty set costs nothing."""
    n = len(cost).bit_length() - 1
    subsets = np.arange(len(cost))
    size = np.array([int(s).bit_count() for s in subsets])
    weight = np.array([math.factorial(s) * math.factorial(n - s - 1) / math.factorial(n) for s in range(n)] + [0.0])
    without = [subsets[subsets >> i & 1 == 0] for i in range(n)]
    return np.array([weight[size[w]] @ (cost[w | 1 << i] - cost[w]) for i, w in enumerate(without)])


def relaxed(event: Event, fraction: float, projection: Projection) -> Event:
    """The event with that fraction of the change that its bounds ask for: of a floor the rise from the last figure, of
    a ceiling the fall."""
    start = 0.0
    if event.since is None:
        last = [projection.origin(name).log_level for name in event.indicators]
        start = last[0] - sum(last[1:])
    lower = event.lower - (1 - fraction) * max(event.lower - start, 0.0) if math.isfinite(event.lower) else event.lower
    upper = event.upper + (1 - fraction) * max(start - event.upper, 0.0) if math.isfinite(event.upper) else event.upper
    return replace(event, lower=lower, upper=upper)


def _fraction_for(
    probability: float, events: Sequence[AnyEvent], projection: Projection, log_joint: _LogJoint
) -> float:
    """The fraction of what is asked at which all events have that probability; NaN where none does, and where paths
    give the probabilities, whose errors hide the root."""
    own = [event for event in events if isinstance(event, Event)]

    def short(fraction: float) -> float:
        asked = [relaxed(event, fraction, projection) for event in own]
        return max(log_joint(asked), _IMPOSSIBLE) - math.log(probability)

    found = root(short, *_FRACTIONS, 1e-9) if own and len(own) == len(events) else None
    return math.nan if found is None else found
