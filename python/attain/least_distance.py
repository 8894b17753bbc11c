"""Which point nearest to the origin satisfies linear inequalities, or is there none?

minimise |z|^2 / 2 subject to G z >= h is one non-negative least squares problem (Lawson & Hanson 1974, chapter 23):
with u >= 0 nearest to [G'; h'] u = (0, ..., 0, 1) and r the residual, z = -r_1..n / r_n+1, and where r is nothing, u
says that the inequalities contradict each other: G'u = 0, h'u > 0. A tiny residual is neither: point and contradiction
are verified, and what is neither is refused.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import nnls

from attain.errors import NumericalError

Floats = npt.NDArray[np.float64]

_TOLERANCE = 1e-9


@dataclass(frozen=True, eq=False)
class Nearest:
    """The nearest point, or a proof that there is none.

    Attributes
    ----------
    point : z (n); None where the inequalities contradict each other.
    multipliers : (m), at least 0. Of a point: z = G' multipliers, and a multiplier above 0 means that its inequality
        holds with equality. Of a contradiction: G' multipliers = 0 and h' multipliers > 0.
    """

    point: Floats | None
    multipliers: Floats


def nearest_point(rows: Floats, bounds: Floats) -> Nearest:
    """The point z of least |z| with rows @ z >= bounds.

    Parameters
    ----------
    rows : (m, n), G.
    bounds : (m), h.

    Raises
    ------
    NumericalError
        When neither a point nor a contradiction can be verified: inequalities that contradict each other by less than
        rounding.
    """
    if (bounds <= 0).all():
        return Nearest(np.zeros(rows.shape[1]), np.zeros(len(bounds)))
    size = np.linalg.norm(rows, axis=1)
    size[size == 0] = 1.0
    unit, level = rows / size[:, None], bounds / size
    stretch = np.abs(level).max()
    u = _non_negative(np.vstack([unit.T, level / stretch]))
    solved = _verified(unit, level, u > 0)
    if solved is not None:
        return Nearest(solved[0], solved[1] / size)
    u /= u.sum() or 1.0
    if np.abs(unit.T @ u).max(initial=0.0) <= _TOLERANCE and level @ u > _TOLERANCE * stretch:
        return Nearest(None, u / size)
    raise NumericalError("the targets leave next to no room between them; whether any is left cannot be told")


def _non_negative(matrix: Floats) -> Floats:
    """u >= 0 that brings matrix @ u nearest to (0, ..., 0, 1)."""
    aim = np.zeros(len(matrix))
    aim[-1] = 1.0
    try:
        return np.asarray(nnls(matrix, aim, maxiter=30 * matrix.shape[1])[0], np.float64)
    except RuntimeError as error:
        raise NumericalError(f"the least distance did not converge: {error}") from error


def _verified(rows: Floats, bounds: Floats, binding: npt.NDArray[np.bool_]) -> tuple[Floats, Floats] | None:
    """The nearest point where the binding inequalities hold with equality, and the multipliers; None unless it
    satisfies all the others and no multiplier is negative."""
    point: Floats = np.linalg.lstsq(rows[binding], bounds[binding], rcond=None)[0].astype(np.float64)
    multipliers = np.zeros(len(bounds))
    multipliers[binding] = np.linalg.lstsq(rows[binding].T, point, rcond=None)[0]
    room = _TOLERANCE * (1 + np.linalg.norm(point))
    holds = (rows @ point >= bounds - room).all()
    stationary = np.abs(rows.T @ multipliers - point).max(initial=0.0) <= room
    return (point, np.maximum(multipliers, 0.0)) if holds and stationary and (multipliers >= -room).all() else None
