"""Learning a prior from a panel: the weights of points of the growth family under which its past would have been
foretold best.

Two stages: all candidates climb for a short while, the heaviest climb on, those that earn nothing are dropped, and the
rest end the climb. What is shipped is hedged: a part of the weight is spread evenly over the points that are left, so
that a series unlike the panel finds some that fit it, and the evidence of long series is limited (`evidence_limit`).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from attain import _core
from attain.backtest import Windows
from attain.prior import Floats

# Shocks: persistence phi, then the shares of measurement error, level shocks and growth shocks.
_SHOCKS = (
    (0, 0, 1, 0), (0, 0.3, 0.7, 0), (0, 0.7, 0.3, 0), (0, 0.95, 0.05, 0),
    (0.3, 0, 0.7, 0.3), (0.3, 0, 0.3, 0.7), (0.3, 0, 0, 1), (0.3, 0.3, 0, 0.7), (0.3, 0.3, 0.4, 0.3),
    (0.3, 0.7, 0, 0.3), (0.3, 0.9, 0, 0.1), (0.6, 0, 0, 1), (0.6, 0, 0.7, 0.3), (0.85, 0, 0, 1), (0.95, 0, 0.7, 0.3),
    (0.95, 0.3, 0.4, 0.3),
)  # fmt: skip
# Drift: mean, variance in units of s2, persistence.
_DRIFTS = (
    (0, 0.02, 1), (0, 0.3, 0.7), (0.03, 0.05, 1), (0.03, 0.05, 0.7), (0.03, 0.3, 1), (0.03, 0.3, 0.85), (0.03, 2, 0.95),
    (0.08, 0.3, 1), (0.08, 0.3, 0.85), (0.08, 2, 0.95),
)  # fmt: skip
_VOLATILITIES = ((0.5, 0.025), (0.5, 0.1), (1.5, 0.02), (1.5, 0.05), (1.5, 0.12))
_FADING = (0.0, 0.5, 1.0, 2.0)

_COARSE_STEPS, _COARSE_HORIZONS, _KEPT = 25, (1, 3, 5), 240
_FINE_STEPS, _RATE, _LEAST_WEIGHT = 40, 0.2, 1e-3


def candidates() -> Floats:
    """Every combination of shocks, drift, volatility and fading, with equal weights: (G, 11)."""
    combined = itertools.product(_FADING, _SHOCKS, _DRIFTS, _VOLATILITIES)
    rows = [(*shock, m0, k0, *volatility, rho, d, 1.0) for d, shock, (m0, k0, rho), volatility in combined]
    return np.array(rows, np.float64)


@dataclass(frozen=True, eq=False)
class Task:
    """What is learned from: windows, and what each of them counts for (W)."""

    windows: Windows
    importance: Floats

    def of(self, chosen: npt.NDArray[np.bool_]) -> Task:
        """The same windows, of which only the chosen count."""
        return Task(self.windows, np.where(chosen, self.importance, 0.0))

    def climb(self, table: Floats, steps: int, horizons: Sequence[int] | None = None) -> Floats:
        """The points with the weights to which they climb: (G, 11)."""
        used = np.isin(self.windows.horizons, horizons) if horizons else np.ones(len(self.windows.horizons), bool)
        weight, _ = _core.growth_learn(
            (table, np.inf),
            *self.windows.columns,
            self.windows.horizons[used],
            self.windows.actual[:, used],
            self.importance,
            steps,
            _RATE,
        )
        return np.column_stack([table[:, :-1], weight])


def heaviest(table: Floats, count: int, least: float = 0.0) -> Floats:
    """At most `count` points, none lighter than `least` of the whole, in the order in which they stood."""
    weight = table[:, -1] / table[:, -1].sum()
    order = np.argsort(-weight, kind="stable")[:count]
    return np.ascontiguousarray(table[np.sort(order[weight[order] > least])])


def learn_points(task: Task, table: Floats) -> Floats:
    """Weights of the candidates in `table` that earn something: (G, 11)."""
    coarse = heaviest(task.climb(table, _COARSE_STEPS, _COARSE_HORIZONS), _KEPT)
    fine = heaviest(task.climb(coarse, _FINE_STEPS), _KEPT, _LEAST_WEIGHT)
    return task.climb(fine, _FINE_STEPS // 2)


def hedged(table: Floats, share: float) -> Floats:
    """The points with `share` of their weight spread evenly."""
    weight = table[:, -1] / table[:, -1].sum()
    return np.column_stack([table[:, :-1], (1 - share) * weight + share / len(table)])
