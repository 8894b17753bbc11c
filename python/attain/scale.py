"""On which scale is an indicator modelled? The log of a level, the logit of a share; what needs either asks here."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


class Scale:
    """Figures to the model's y and back, and the constant change per year that leads from one to another."""

    name: Literal["log", "logit"]

    def transform(self, figure: float | Decimal) -> float:
        """y of a figure; infinite where the figure lies at or beyond an end of the scale."""
        raise NotImplementedError

    def figures(self, y: Any) -> Floats:
        """The figures of y, of the same shape."""
        raise NotImplementedError

    def figure(self, y: float) -> float:
        """The figure of y."""
        return float(self.figures(y))

    def required(self, start: float, end: float, years: int) -> float:
        """The constant change per year that leads from `start` to `end`, both in y."""
        raise NotImplementedError

    def after(self, start: float, change: float, years: int) -> float:
        """The figure so many years after `start` (in y) at a constant change."""
        raise NotImplementedError


class _Log(Scale):
    """y = log(level); change is growth per year, as a fraction."""

    name = "log"

    def transform(self, figure: float | Decimal) -> float:
        return math.log(figure) if figure > 0 else -math.inf

    def figures(self, y: Any) -> Floats:
        return np.exp(np.asarray(y, np.float64))

    def required(self, start: float, end: float, years: int) -> float:
        return math.expm1((end - start) / years)

    def after(self, start: float, change: float, years: int) -> float:
        return math.exp(start) * (1 + change) ** years


class _Logit(Scale):
    """y = log(share / (1 - share)); change is in points per year, as a fraction."""

    name = "logit"

    def transform(self, figure: float | Decimal) -> float:
        if not 0 < figure < 1:
            return -math.inf if figure <= 0 else math.inf
        return math.log(figure) - math.log1p(-float(figure))

    def figures(self, y: Any) -> Floats:
        at: Floats = np.asarray(y, np.float64)
        small: Floats = np.exp(-np.abs(at))
        return np.where(at < 0, small, 1.0) / (1 + small)

    def required(self, start: float, end: float, years: int) -> float:
        return (self.figure(end) - self.figure(start)) / years

    def after(self, start: float, change: float, years: int) -> float:
        return self.figure(start) + change * years


LOG, LOGIT = _Log(), _Logit()
