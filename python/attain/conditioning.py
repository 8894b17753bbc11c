"""What a scenario does to the mixture of one indicator: shifts, more or less uncertainty, years that are fixed."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from attain import _core
from attain.projection import Mixture


@dataclass(frozen=True)
class Condition:
    """y of a year, less that of `since` where it is given, is fixed."""

    year: int
    since: int | None
    value: float


@dataclass(frozen=True)
class Change:
    """In this order: y is shifted, its scale matrices are multiplied by volatility^2, years are fixed.

    Attributes
    ----------
    shift : of y in each year ahead, (year, shift).
    volatility : factor.
    conditions : what is fixed.
    """

    shift: tuple[tuple[int, float], ...] = ()
    volatility: float = 1.0
    conditions: tuple[Condition, ...] = ()

    def apply(self, mixture: Mixture) -> Mixture:
        """The mixture after the change; the same object where nothing changes.

        Raises
        ------
        ArgumentError
            When conditions repeat or contradict each other.
        """
        if any(shift for _, shift in self.shift):
            by_year = dict(self.shift)
            shifts = np.array([by_year.get(year, 0.0) for year in mixture.years])
            mixture = replace(mixture, location=mixture.location + shifts)
        if self.volatility != 1:
            mixture = replace(mixture, scale=mixture.scale * self.volatility**2)
        return condition(mixture, self.conditions) if self.conditions else mixture


def condition(mixture: Mixture, conditions: tuple[Condition, ...]) -> Mixture:
    """The mixture given what is fixed, exactly: csrc/include/attain/mixture.h, att_mixture_condition."""
    rows = np.array([mixture.row(c.year, c.since) for c in conditions])
    values = np.array([c.value for c in conditions])
    arrays = _core.mixture_condition(mixture.weight, mixture.df, mixture.location, mixture.scale, rows, values)
    return Mixture(mixture.years, *arrays)
