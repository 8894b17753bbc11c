"""Where does a function of one variable change its sign? SciPy is loaded where it is first asked, for that takes a
third of a second."""

from __future__ import annotations

from collections.abc import Callable


def root(function: Callable[[float], float], low: float, high: float, tolerance: float = 1e-15) -> float | None:
    """The zero between two ends, or an end that is one up to rounding; None where both ends have one sign."""
    at_low, at_high = function(low), function(high)
    for end, value in ((low, at_low), (high, at_high)):
        if abs(value) < 1e-14:
            return end
    if at_low * at_high > 0:
        return None
    from scipy.optimize import brentq

    return float(brentq(function, low, high, xtol=tolerance, rtol=1e-14))
