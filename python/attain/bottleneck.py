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
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from attain.dependence import Dependence
from attain.event import AnyEvent
from attain.joint import Joint, joint_probability
from attain.language import Language
from attain.projection import Projection
from attain.relaxation import relaxation_of
from attain.simulation import Drawing
from attain.subsets import subsets_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Bottleneck:
    """What each open target does to the whole; `Assessment.holds_back`.

    Attributes
    ----------
    events : the open targets.
    table : frame, index target id, the bottleneck first (the target whose removal raises P(all) most). Columns
        probability (alone), others (P of all the others), given (P of it when all the others are attained), shapley
        (its share of -log P(all)), shapley_error (the standard error of that, at most) and fraction (the share of the
        whole). All three are NaN where the targets cannot all be attained, and where the 2^N subsets are not computed:
        for more than 16 open targets, or 6 where components are drawn, and where fewer than 500 paths attain each of
        more than 64 subsets.
    log_probability : of all open targets; minus infinity where they contradict each other.
    relaxation : Series, index probability (0.5 and 0.8): the fraction of what is asked at which P(all) is that. Asked
        is the change in y from the last figure to the bound, of a count from each member's to the threshold; so 1 is
        the plan, 0 no growth at all, above 1 more than the plan. NaN where no fraction from -8 to 8 does. Bounds that
        no growth is asked for stay as they are.
    relaxation_error : Series, its standard error from paths; 0 where none are drawn.
    """

    events: tuple[AnyEvent, ...] = field(repr=False)
    table: pd.DataFrame
    log_probability: float
    relaxation: pd.Series[float]
    relaxation_error: pd.Series[float]

    @property
    def fraction_error(self) -> pd.Series[float]:
        """The standard error of `table.fraction`, at most: that of the share, of the whole as it is."""
        return self.table["shapley_error"] / (-self.log_probability or 1.0)

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
    shares = errors = np.full(n, math.nan)
    subsets = None
    if n and whole > -math.inf:
        subsets = subsets_of(events, projection, dependence, drawing, joint)
    if subsets is None:
        others = [log_joint([e for e in events if e is not event]) for event in events]
    else:
        others = [float(subsets.log_probability[-1 - (1 << i)]) for i in range(n)]
        weights = _shapley_weights(n)
        shares, errors = weights @ -subsets.log_probability, subsets.error_of(weights)
    frame = pd.DataFrame(
        {
            "probability": np.exp(each),
            "others": np.exp(others),
            "given": np.exp([min(whole - other, 0.0) if other > -math.inf else math.nan for other in others]),
            "shapley": shares,
            "shapley_error": errors,
            "fraction": shares / -whole if whole < 0 else np.zeros(n),
        },
        index=pd.Index([event.target.id for event in events], name="id"),
    ).sort_values(["given", "probability"], kind="stable")
    relaxation = relaxation_of(events, projection, dependence, drawing, log_joint)
    return Bottleneck(tuple(events), frame, whole, relaxation["fraction"], relaxation["error"])


def shapley_shares(cost: Floats) -> Floats:
    """Shapley shares (n) of cost[-1], from the cost (2^n) of every subset; bit i of an index says that i is in it, and
    the empty set costs nothing."""
    return _shapley_weights(len(cost).bit_length() - 1) @ cost


def _shapley_weights(n: int) -> Floats:
    """Shares are these (n, 2^n) times costs."""
    subsets = np.arange(1 << n)
    size = np.array([int(s).bit_count() for s in subsets])
    weight = np.array([math.factorial(s) * math.factorial(n - s - 1) / math.factorial(n) for s in range(n)])
    among = subsets >> np.arange(n)[:, None] & 1 == 1
    return np.asarray(np.where(among, weight[size - 1], -weight[np.minimum(size, n - 1)]), np.float64)
