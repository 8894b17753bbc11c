"""How indicators surprise together: loadings on common factors, estimated, learned, or given.

The standardised one-step surprise of a figure is the normal score of where it fell in the forecast made the year
before. Correlations of these over the years that two indicators share are few and noisy: each is shrunk to what
indicators of one place have in common in the panels (`priors/dependence.yaml`), as if that had been seen for so many
more years. One factor is then fitted to the shrunk correlations by least squares.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import resources
from statistics import NormalDist
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import yaml

from attain import _core
from attain.errors import ArgumentError
from attain.event import GROWTH
from attain.history import Columns, Observations
from attain.projection import Projection
from attain.scale import LOG, LOGIT, Scale

Kind = Literal["factor", "independent", "given"]
_Floats = npt.NDArray[np.float64]

MOST_LOADING = 0.99
_FARTHEST_SCORE = 4.0
_FEWEST_CHANGES = 2
_ALTERNATIONS = 500
_ROUNDING = 1e-10  # of an eigenvalue


@dataclass(frozen=True, eq=False)
class Dependence:
    """How the indicators of one plan move together.

    Attributes
    ----------
    kind : `factor` (estimated), `independent`, or `given` by the user.
    indicators : whose loadings are known.
    table : (indicators, factors), their loadings on common factors; what two indicators' surprises correlate is the sum
        of products over factors.
    years : by indicator the years whose surprise it shares with another one; 0 where nothing was estimated.
    correlation : frame of the correlations given; None where there are loadings.
    """

    kind: Kind
    indicators: tuple[str, ...]
    table: _Floats
    years: pd.Series[int]
    correlation: pd.DataFrame | None = None

    @property
    def loadings(self) -> pd.DataFrame:
        """The table as a frame, index indicator."""
        return pd.DataFrame(self.table, index=list(self.indicators))

    def matrix(self, indicators: Sequence[str]) -> _Floats:
        """Correlations of the surprises of these indicators."""
        if self.correlation is not None:
            names = list(indicators)
            found = self.correlation.reindex(index=names, columns=names, fill_value=0.0).to_numpy(np.float64)
        else:
            loadings = np.array([self.of(name) for name in indicators])
            found = loadings @ loadings.T
        matrix: _Floats = np.where(np.eye(len(indicators), dtype=bool), 1.0, found)
        return matrix

    def of(self, indicator: str) -> _Floats:
        """Loadings of one indicator; one that is not named stands alone."""
        return self._rows.get(indicator, np.zeros(self.table.shape[1]))

    def loadings_of(self, indicators: Sequence[str]) -> _Floats:
        """Of these indicators on the common factors; of correlations that have none, a root of theirs, which leaves
        nothing of their own."""
        if self.correlation is None:
            return np.array([self.of(name) for name in indicators])
        values, vectors = np.linalg.eigh(self.matrix(indicators))
        return np.asarray(vectors * np.sqrt(np.maximum(values, 0)))

    @functools.cached_property
    def _rows(self) -> dict[str, _Floats]:
        return dict(zip(self.indicators, self.table, strict=True))

    def with_loadings(self, given: Mapping[str, float]) -> Dependence:
        """The same with other loadings of some indicators, on one common factor."""
        table = np.array([[given.get(name, own)] for name, own in zip(self.indicators, self.table[:, 0], strict=True)])
        return replace(self, kind="given", table=table)

    def to_frame(self) -> pd.DataFrame:
        """Index indicator, columns loading (several factors: loading_1 and on; where there are none, the correlations
        with each indicator) and years."""
        if self.correlation is not None:
            return self.correlation.assign(years=self.years).rename_axis("indicator")
        factors = self.table.shape[1]
        names = ["loading"] if factors == 1 else [f"loading_{p + 1}" for p in range(factors)]
        return self.loadings.set_axis(names, axis=1).assign(years=self.years).rename_axis("indicator")


def dependence_of(asked: Any, projection: Projection) -> Dependence:
    """The dependence that a user asked for, between the indicators of a projection.

    Parameters
    ----------
    asked
        `"factor"`, `"independent"`, a mapping of indicators to loadings on one factor (others load nothing), or a
        DataFrame of correlations with the same indicators as index and columns.

    Raises
    ------
    ArgumentError
        For anything else, unknown indicators, loadings beyond 0.99, and what is no correlation matrix.
    """
    names = list(projection.indicators)
    if isinstance(asked, pd.DataFrame):
        return _from_correlation(asked, projection)
    if isinstance(asked, Mapping):
        return _from_loadings(asked, projection)
    if asked == "independent":
        return _made("independent", names, np.zeros((len(names), 1)), np.zeros(len(names), int))
    if asked == "factor":
        return estimate_dependence(projection)
    raise ArgumentError(
        f"dependence: {asked!r} is none of 'factor', 'independent', a mapping of loadings, a frame of correlations"
    )


def _made(kind: Kind, names: Sequence[str], loadings: _Floats, years: npt.NDArray[np.int_]) -> Dependence:
    return Dependence(kind, tuple(names), loadings, pd.Series(years.tolist(), index=list(names), dtype=int))


def _named(name: Any, projection: Projection) -> str:
    found = projection.history.find(str(name))
    if found is None:
        known = ", ".join(projection.history.indicators[:9])
        raise ArgumentError(f"dependence: unknown indicator {name!r}; there are {known}")
    return found


def _from_loadings(asked: Mapping[Any, Any], projection: Projection) -> Dependence:
    given: dict[str, float] = {}
    for name, value in asked.items():
        try:
            loading = float(value)
        except (TypeError, ValueError):
            raise ArgumentError(f"dependence: the loading of {name!r} is {value!r}, not a number") from None
        if not abs(loading) <= MOST_LOADING:
            raise ArgumentError(
                f"dependence: the loading of {name!r} is {loading:g}; give -{MOST_LOADING} to {MOST_LOADING}, for an"
                " indicator keeps something of its own"
            )
        given[_named(name, projection)] = loading
    names = list(projection.indicators)
    loadings = np.array([[given.get(name, 0.0)] for name in names])
    return _made("given", names, loadings, np.zeros(len(names), int))


def _from_correlation(asked: pd.DataFrame, projection: Projection) -> Dependence:
    """Correlations as they are; indicators that are not named stand alone."""
    rows, columns = ([_named(name, projection) for name in axis] for axis in (asked.index, asked.columns))
    if len(set(rows)) < len(rows) or sorted(rows) != sorted(columns):
        raise ArgumentError("dependence: a frame of correlations has the same indicators as index and columns")
    try:
        matrix = asked.set_axis(rows, axis=0).set_axis(columns, axis=1)[rows].to_numpy(np.float64)
    except (TypeError, ValueError):
        raise ArgumentError("dependence: the frame of correlations has cells that are not numbers") from None
    if (
        not np.isfinite(matrix).all()
        or np.abs(matrix - matrix.T).max() > 1e-9
        or np.abs(np.diag(matrix) - 1).max() > 1e-9
    ):
        raise ArgumentError("dependence: correlations are finite and symmetric, with ones on the diagonal")
    least = float(np.linalg.eigvalsh(matrix)[0])
    if least < -_ROUNDING:
        raise ArgumentError(
            f"dependence: the correlations contradict each other: their least eigenvalue is {least:.3g}, and must"
            " not be below 0"
        )
    names = list(projection.indicators)
    whole = pd.DataFrame((matrix + matrix.T) / 2, index=rows, columns=rows)
    whole = whole.reindex(index=names, columns=names, fill_value=0.0)
    whole = whole.where(~np.eye(len(names), dtype=bool), 1.0)
    return Dependence("given", tuple(names), np.zeros((len(names), 0)), pd.Series(0, index=whole.index), whole)


@functools.cache
def learned() -> Mapping[str, Any]:
    """The card of what was learned: `correlation`, and the `years` that it counts for."""
    text = resources.files("attain").joinpath("priors", "dependence.yaml").read_text(encoding="utf-8")
    card: Mapping[str, Any] = yaml.safe_load(text)
    return card


def estimate_dependence(projection: Projection) -> Dependence:
    """One common factor from the surprises of the past, shrunk to what was learned."""
    names = list(projection.indicators)
    surprises = one_step_surprises(projection).reindex(columns=names)
    known = surprises.notna().to_numpy()
    products, counts = correlations(surprises.to_numpy(np.float64))
    prior = learned()
    shrunk = (counts * products + prior["years"] * prior["correlation"]) / (counts + prior["years"])
    shared = (known & (known.sum(axis=1, keepdims=True) > 1)).sum(axis=0)
    return _made("factor", names, one_factor(shrunk)[:, None], shared)


def correlations(surprises: _Floats) -> tuple[_Floats, npt.NDArray[np.int_]]:
    """Pairwise correlations about 0 of columns over the rows that both have (0 where there is none), and the number of
    these rows: surprises of a forecast have mean 0 when it is right, and their common mean is dependence too."""
    known = np.isfinite(surprises)
    z = np.where(known, surprises, 0.0)
    squares = (z**2).T @ known
    size = np.sqrt(squares * squares.T)
    counts = known.astype(int).T @ known.astype(int)
    return np.divide(z.T @ z, size, out=np.zeros_like(size), where=size > 0), counts


def one_factor(correlation: _Floats) -> _Floats:
    """Loadings whose products are nearest to the correlations off the diagonal (least squares, alternating: each
    loading in turn given the others), within what a loading may be; two indicators load alike."""
    n = len(correlation)
    if n == 1:
        return np.zeros(1)
    if n == 2:
        size = math.sqrt(min(abs(correlation[0, 1]), MOST_LOADING**2))
        return np.array([size, math.copysign(size, correlation[0, 1])])
    off = correlation - np.diag(np.diag(correlation))
    values, vectors = np.linalg.eigh(off + np.eye(n))
    loading = vectors[:, -1] * math.sqrt(max(values[-1] - 1, 0.0))
    for _ in range(_ALTERNATIONS):
        before = loading.copy()
        for i in range(n):
            rest = loading @ loading - loading[i] ** 2
            loading[i] = np.clip(off[i] @ loading / rest, -MOST_LOADING, MOST_LOADING) if rest > 1e-12 else 0.0
        if np.abs(loading - before).max() < 1e-12:
            break
    return loading if loading.sum() >= 0 else -loading


def one_step_surprises(projection: Projection) -> pd.DataFrame:
    """Normal scores of each figure in the forecast of the year before: index year, one column per indicator that has
    any. Only figures known for certain on the scope of the forecast, with two or more changes before them."""
    found: dict[str, dict[int, float]] = {name: {} for name in projection.indicators}
    for scale in (LOG, LOGIT):
        names = [name for name in projection.indicators if projection.scale_of(name) is scale]
        for (name, year), score in _surprises_of(projection, names, scale):
            found[name][year] = score
    table = pd.DataFrame({name: pd.Series(scores, dtype=float) for name, scores in found.items() if scores})
    return table.sort_index().rename_axis("year")


def _surprises_of(projection: Projection, names: Sequence[str], scale: Scale) -> list[tuple[tuple[str, int], float]]:
    """Scores of all indicators on one scale, from one batch of truncated histories."""
    keys, tables = [], []
    for name in names:
        rows = projection.observations.of(projection.position(name))
        for year in np.unique(rows.year)[1:]:
            keys.append((name, int(year)))
            tables.append((rows, rows.year < year))
    if not keys:
        return []
    columns = _stacked(tables)
    _, _, origins = _core.growth_origins(*columns)
    actual = [
        _figure_that_came(rows, year, origin, scale)
        for (rows, _), (_, year), origin in zip(tables, keys, origins, strict=True)
    ]
    prior = projection.prior_of(scale)
    points = None if prior is None else prior.points
    status, _, _, pit, _, _ = _core.growth_scores(
        points, *columns, np.array([1], np.int32), np.array(actual)[:, None], np.empty((len(keys), 1, 0))
    )
    ready = (status == 0) & np.isfinite(pit[:, 0])
    return [(key, _score(p)) for key, p, good in zip(keys, pit[:, 0].tolist(), ready.tolist(), strict=True) if good]


def _stacked(tables: Sequence[tuple[Observations, npt.NDArray[np.bool_]]]) -> Columns:
    """One flat table of all truncated histories, each a series of its own."""
    parts = [tuple(column[mask] for column in rows.columns[1:]) for rows, mask in tables]
    series = np.repeat(np.arange(len(parts)), [len(part[0]) for part in parts])
    year, kind, scope, value, looseness, error = (np.concatenate(column) for column in zip(*parts, strict=True))
    return series, year, kind, scope, value, looseness, error


def _figure_that_came(rows: Observations, year: int, origin: tuple[Any, ...], scale: Scale) -> float:
    """y of the figure of a year on the scope of the forecast from the year before; NaN where there is none."""
    last, _, changes, scope, y = origin
    if last != year - 1 or changes < _FEWEST_CHANGES:
        return math.nan
    own = (rows.year == year) & (rows.scope == scope) & (rows.looseness == 0) & (rows.error == 0)
    figures, growth = rows.value[own & (rows.kind != GROWTH)], rows.value[own & (rows.kind == GROWTH)]
    if len(figures):
        return float(scale.transform(float(figures[0])))
    return float(y + math.log1p(growth[0])) if len(growth) else math.nan


def _score(p: float) -> float:
    """Normal score of a probability, within four."""
    far = NormalDist().cdf(-_FARTHEST_SCORE)
    return NormalDist().inv_cdf(min(max(p, far), 1 - far))
