"""The probability that a multivariate normal or t falls into a rectangle."""

from __future__ import annotations

import math
import operator

import numpy as np
import numpy.typing as npt

from attain import _core
from attain.errors import ArgumentError

_MOST_POINTS = 12 * 2**17  # what the generating vector of the lattice was made for


def _vector(values: npt.ArrayLike, name: str, dimensions: int) -> npt.NDArray[np.float64]:
    """One of the vectors; a single number stands for all dimensions."""
    vector = _array(values, name)
    if vector.ndim == 0:
        vector = np.full(dimensions, vector)
    if vector.shape != (dimensions,):
        raise ArgumentError(
            f"{name} has shape {vector.shape}; cov has {dimensions} rows, so give {dimensions} numbers or one"
        )
    return vector


def _array(values: npt.ArrayLike, name: str) -> npt.NDArray[np.float64]:
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise ArgumentError(f"{name} is not an array of numbers") from None
    if np.isnan(array).any():
        raise ArgumentError(f"{name} has a NaN at {np.argwhere(np.isnan(array))[0].tolist()}")
    return array


def _covariance(cov: npt.ArrayLike) -> npt.NDArray[np.float64]:
    matrix = _array(cov, "cov")
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or matrix.shape[0] == 0:
        raise ArgumentError(f"cov has shape {matrix.shape}; a square matrix is needed, one row for each dimension")
    if not np.isfinite(matrix).all():
        raise ArgumentError(f"cov has an infinite entry at {np.argwhere(~np.isfinite(matrix))[0].tolist()}")
    return matrix


def _check_bounds(lower: npt.NDArray[np.float64], upper: npt.NDArray[np.float64]) -> None:
    crossed = np.flatnonzero(lower > upper)
    if len(crossed):
        i = crossed[0]
        raise ArgumentError(f"lower[{i}] = {lower[i]:g} lies above upper[{i}] = {upper[i]:g}; exchange them")


def mvn_probability(
    lower: npt.ArrayLike,
    upper: npt.ArrayLike,
    mean: npt.ArrayLike,
    cov: npt.ArrayLike,
    df: float | None = None,
    *,
    rel_error: float = 1e-4,
    seed: int = 0,
) -> tuple[float, float]:
    """Log of the probability that a multivariate normal or t falls into a rectangle.

    Parameters
    ----------
    lower, upper : array_like, shape (D,), or one number for all dimensions
        Bounds, ``lower <= upper``; either may be infinite.
    mean : array_like, shape (D,), or one number
        Mean; of the t its location.
    cov : array_like, shape (D, D)
        Covariance, or the scale matrix of the t. It may be singular: variables that others determine bound them, and
        one of variance 0 is a known value.
    df : float, optional
        Degrees of freedom of the t, at least 0.1. None or infinity: normal.
    rel_error : float, default 1e-4
        Standard error of the log, so of the probability relative to itself, at which sampling stops.
    seed : int, default 0
        Of the random shifts, 0 to 2**64 - 1: equal seeds give equal results.

    Returns
    -------
    log_probability : float
        ``-inf`` where the rectangle is impossible, for instance when bounds of a variable with variance are equal.
    log_standard_error : float
        Standard error of `log_probability` over twelve random shifts. 0 where no sampling was needed: one
        variable, independent variables or blocks, variables that share one factor; then the probability is right to
        1e-8 of itself. Larger than `rel_error` when 1.5 million points did not suffice, and infinite
        when no point fell inside.

    Raises
    ------
    ArgumentError
        For shapes that disagree, a NaN, bounds that cross, a covariance that is not symmetric and positive
        semidefinite, and for more than 250 bounded variables whose correlations have no structure.

    Notes
    -----
    The structure of the correlations is found, not asked for: a rectangle splits into blocks, and a block with one
    common factor is a one-dimensional integral, in any dimension. Everything else is integrated by separation of
    variables [1]_, variables reordered [2]_ and shifted so that the largest weight is as small as possible [3]_, [4]_,
    on a randomly shifted lattice. All of it is done in logs: probabilities of 1e-300 keep their digits.

    References
    ----------
    .. [1] A. Genz (1992), Numerical computation of multivariate normal probabilities, Journal of Computational and
       Graphical Statistics 1, 141-149.
    .. [2] A. Genz, F. Bretz (2009), Computation of Multivariate Normal and t Probabilities, Springer.
    .. [3] Z. I. Botev (2017), The normal law under linear restrictions: simulation and estimation via minimax tilting,
       Journal of the Royal Statistical Society B 79, 125-148.
    .. [4] Z. I. Botev, P. L'Ecuyer (2015), Efficient probability estimation and simulation of the truncated
       multivariate Student-t distribution, Proceedings of the 2015 Winter Simulation Conference, 380-391.

    Examples
    --------
    >>> log_p, error = mvn_probability(0, np.inf, 0, [[1, 0.5], [0.5, 1]])
    >>> round(math.exp(log_p), 12), error
    (0.333333333333, 0.0)
    """
    matrix = _covariance(cov)
    low, high = (_vector(values, name, len(matrix)) for values, name in ((lower, "lower"), (upper, "upper")))
    centre = _vector(mean, "mean", len(matrix))
    _check_bounds(low, high)
    if not np.isfinite(centre).all():
        raise ArgumentError("mean has an infinite entry")
    freedom = math.inf if df is None else float(df)
    if not freedom >= 0.1:
        raise ArgumentError(f"df is {df}; give at least 0.1, or None for the normal")
    if not 0 < rel_error < math.inf:
        raise ArgumentError(f"rel_error is {rel_error}; give a positive number such as 1e-4")
    if not 0 <= operator.index(seed) < 2**64:
        raise ArgumentError(f"seed is {seed}; give a whole number from 0 to 2**64 - 1")
    log_probability, error, _ = _core.mvn_log_probability(
        low, high, centre, matrix, freedom, operator.index(seed), rel_error, _MOST_POINTS
    )
    return log_probability, error
