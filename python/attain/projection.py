"""The years ahead: each indicator of a history as a mixture of t (or normal) distributions of its log level, or of the
logit of its share, summed exactly.

`project` reads the history into the core's flat table; quantiles come from one batch call for all levels and one for
all shares, probabilities from the mixture of one indicator. What is y here is the figure on the indicator's `Scale`.
"""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from attain import _core
from attain.errors import ArgumentError, AttainError, DataError, UnitError
from attain.history import AsOf, History, Observations
from attain.language import Language
from attain.prior import Prior, load_prior
from attain.reading import load_history
from attain.scale import LOG, LOGIT, Scale
from attain.units import parse_rate

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Model = Literal["growth", "random-walk"]
Quantiles = float | Sequence[float]
_STATUS = {code: (name, text) for code, name, _, text in _core.status_table()}
_REDUNDANT = 2
_WAYS_OUT = {
    "ATT_OVERLAP": "; give one of the scopes a treatment of its own",
    "ATT_NOT_A_SHARE": "; give that row a treatment of its own, or leave it out",
}

_FARTHEST = 600.0  # of y, for the levels of paths

_RELATIVE_ERROR = 1e-11
# By the least a0 of the prior: what att_growth_posterior promises where figures have errors.
_NODE_ERRORS = ((0.5, 1e-8), (0.2, 1e-6), (0.0, 1e-2))


def numerical_error(log_probability: float, node_error: float = 0.0) -> float:
    """Promised error of a probability, from figures to answer: 1e-11 of it, and as much more as its log is large; and
    where figures have errors, 1e-8 for the values that stand for the volatility (`Projection.node_error`).

    docs/accuracy.md has the measure, and the test that holds the promise.
    """
    if log_probability == -math.inf:
        return node_error
    return node_error + math.exp(log_probability) * _RELATIVE_ERROR * max(1.0, -log_probability)


@dataclass(frozen=True)
class Origin:
    """Where the projection of an indicator starts.

    Attributes
    ----------
    year : last year whose figure is published, or follows from published growth without a gap.
    levels : levels or shares used; changes : growth observations behind the projection.
    scope : code of the scope that is projected, in `Observations.scope`.
    log_level : y of the figure of that year, log of a level or logit of a share; 0 where there is no level, and the
        projection is of the log change since `year`.
    """

    year: int
    levels: int
    changes: int
    scope: int
    log_level: float


@dataclass(frozen=True, eq=False)
class Mixture:
    """y of one indicator, log level or logit of a share, over its horizon: components with weight, df, location and
    scale matrix.

    Attributes
    ----------
    years : the years ahead (H).
    weight, df : (K).
    location : (K, H); scale : (K, H, H), scale matrices.
    """

    years: tuple[int, ...]
    weight: npt.NDArray[np.float64]
    df: npt.NDArray[np.float64]
    location: npt.NDArray[np.float64]
    scale: npt.NDArray[np.float64]

    def row(self, by: int, since: int | None = None) -> npt.NDArray[np.float64]:
        """The functional "y of `by`", less that of `since` where it is given."""
        row = np.zeros(len(self.years))
        row[self.years.index(by)] = 1.0
        if since is not None:
            row[self.years.index(since)] = -1.0
        return row

    def log_probability(self, row: npt.NDArray[np.float64], lower: float = -math.inf, upper: float = math.inf) -> float:
        """log P(lower <= row'X <= upper)."""
        location, scale = _core.mixture_margin(self.weight, self.df, self.location, self.scale, row)
        return _core.margin_log_interval(self.weight, self.df, location, scale, lower, upper)

    def quantile(self, row: npt.NDArray[np.float64], probability: Sequence[float]) -> npt.NDArray[np.float64]:
        """Quantiles of row'X."""
        location, scale = _core.mixture_margin(self.weight, self.df, self.location, self.scale, row)
        return _core.margin_quantile(self.weight, self.df, location, scale, np.asarray(probability, np.float64))


@dataclass(frozen=True, eq=False)
class Projection:
    """Indicators projected to a year; made by `project`.

    Attributes
    ----------
    history : the figures used; observations : the flat table of the core; origins : one per indicator.
    to : last year; model, prior : how; `prior_of` says on which scale the prior asked for is used.
    treatments : treatment of the data, where one was asked for.
    skipped : frame (index indicator, column reason) of indicators that could not be projected.
    redundant : places of growth figures that repeat what two published levels say, and were not used.
    """

    history: History
    observations: Observations
    origins: tuple[Origin, ...]
    to: int
    model: Model
    prior: Prior | None
    treatments: Mapping[str, str] = field(default_factory=dict)
    skipped: pd.DataFrame = field(default_factory=pd.DataFrame)
    redundant: tuple[str, ...] = ()

    @property
    def indicators(self) -> tuple[str, ...]:
        """The projected indicators."""
        return self.observations.indicators

    def scale_of(self, indicator: str) -> Scale:
        """The scale on which an indicator is projected."""
        return self.history.scale_of(indicator)

    def prior_of(self, scale: Scale) -> Prior | None:
        """The prior of the indicators on a scale; None for the random walk."""
        return None if self.prior is None else self.prior.for_scale(scale)

    @functools.cached_property
    def prior_name(self) -> str:
        """Name of the prior, `none` for the random walk; of both where levels and shares are projected together."""
        used = {self.scale_of(name) for name in self.indicators}
        priors = [self.prior_of(scale) for scale in (LOG, LOGIT) if scale in used]
        return ", ".join(prior.name for prior in priors if prior is not None) or "none"

    def node_error(self, indicator: str) -> float:
        """What the volatility's values add to the error of a probability: 1e-8 where figures have errors, more for
        priors with a0 below 0.5; else 0."""
        has_errors = bool(self.observations.of(self.position(indicator)).error.any())
        prior = self.prior_of(self.scale_of(self.indicators[self.position(indicator)]))
        if prior is None or not has_errors:
            return 0.0
        return next(error for least, error in _NODE_ERRORS if prior.table[:, 6].min() >= least)

    @functools.cached_property
    def _mixtures(self) -> dict[str, Mixture]:
        return {}

    @functools.cached_property
    def _positions(self) -> dict[str, int]:
        return {name: place for place, name in enumerate(self.indicators)}

    def position(self, indicator: str | None) -> int:
        """Place of an indicator (id or label) in `indicators`; None is allowed where there is only one."""
        if indicator is None:
            if len(self.indicators) > 1:
                raise ArgumentError(f"name the indicator, one of {', '.join(self.indicators[:9])}")
            return 0
        if indicator in self._positions:
            return self._positions[indicator]
        name = self.history.find(indicator)
        if name in self._positions:
            return self._positions[name]
        if name is not None:
            raise DataError(f"{indicator!r} is not projected: {self.why_skipped(name)}")
        raise ArgumentError(f"unknown indicator {indicator!r}; projected: {', '.join(self.indicators[:9])}")

    def why_skipped(self, name: str) -> str:
        """Why an indicator of the history is not projected."""
        return str(self.skipped["reason"].get(name, "it was not asked for"))

    def origin(self, indicator: str | None = None) -> Origin:
        """Where the projection of an indicator starts."""
        return self.origins[self.position(indicator)]

    def mixture(self, indicator: str | None = None) -> Mixture:
        """y of one indicator over its years ahead."""
        position = self.position(indicator)
        name, origin = self.indicators[position], self.origins[position]
        if name not in self._mixtures:
            self._mixtures[name] = self._posterior(position, origin)
        return self._mixtures[name]

    def with_mixtures(self, mixtures: Mapping[str, Mixture]) -> Projection:
        """The same projection with other mixtures of some indicators, by id."""
        other = replace(self)
        other._mixtures.update({**self._mixtures, **mixtures})
        return other

    def _posterior(self, position: int, origin: Origin) -> Mixture:
        columns, horizon = self.observations.of(position).columns, self.to - origin.year
        prior = self.prior_of(self.scale_of(self.indicators[position]))
        try:
            if prior is None:
                arrays = _core.random_walk_posterior(*columns, horizon)
            else:
                arrays = _core.growth_posterior(prior.points, *columns, horizon)
        except AttainError as error:
            raise type(error)(f"{self.history.name}, '{self.indicators[position]}': {error}") from error
        return Mixture(tuple(range(origin.year + 1, self.to + 1)), *arrays)

    def quantile(self, q: Quantiles) -> pd.DataFrame:
        """Quantiles of the levels and shares.

        Parameters
        ----------
        q : one probability in (0, 1), or several.

        Returns
        -------
        DataFrame
            Index year, one column per indicator; several q give a second column level `quantile`. In the unit of the
            history, shares as fractions; NaN in years up to an indicator's own last figure.
        """
        asked = _probabilities(q)
        order = np.argsort(asked)
        first = min(o.year for o in self.origins) + 1
        years = pd.RangeIndex(first, self.to + 1, name="year")
        cells = np.empty((len(self.indicators), len(years), len(asked)))
        for scale in (LOG, LOGIT):
            own = np.flatnonzero([self.scale_of(name) is scale for name in self.indicators])
            if len(own):
                cells[np.ix_(own, np.arange(len(years)), order)] = self._quantiles(scale, own, first, asked[order])
        columns = pd.MultiIndex.from_product([self.indicators, asked], names=["indicator", "quantile"])
        frame = pd.DataFrame(cells.transpose(1, 0, 2).reshape(len(years), -1), index=years, columns=columns)
        return frame if np.ndim(q) else frame.droplevel("quantile", axis=1)

    def _quantiles(
        self, scale: Scale, positions: npt.NDArray[np.intp], first: int, ascending: npt.NDArray[np.float64]
    ) -> npt.NDArray[np.float64]:
        """Figures (indicators at those positions, years, probabilities) of one scale, from one batch call."""
        prior = self.prior_of(scale)
        columns = self.observations.among(positions)
        points = None if prior is None else prior.points
        status, quantile = _core.growth_quantiles(points, *columns, first, self.to, ascending)
        for i in np.flatnonzero(status)[:1]:
            name = self.indicators[positions[i]]
            raise DataError(f"{self.history.name}, {name!r}: {_STATUS[int(status[i])][1]}")
        return scale.figures(quantile)

    def probability(
        self,
        indicator: str | None = None,
        *,
        by: int,
        at_least: Any = None,
        more_than: Any = None,
        at_most: Any = None,
        less_than: Any = None,
    ) -> float | pd.Series[float]:
        """Probability that a level or share is reached, or not exceeded, in a year.

        Parameters
        ----------
        indicator : id or label; not needed where there is only one, or where the bound names them.
        by : year.
        at_least, more_than, at_most, less_than
            Exactly one bound, in the unit of the history, for a share 0.42 or "42%"; a mapping or Series of bounds by
            indicator gives a Series.
            The figure is continuous, so at least and more than are the same event.
        """
        bounds = {"at_least": at_least, "more_than": more_than, "at_most": at_most, "less_than": less_than}
        given = {word: bound for word, bound in bounds.items() if bound is not None}
        if len(given) != 1:
            raise ArgumentError("give exactly one of at_least, more_than, at_most, less_than")
        word, bound = next(iter(given.items()))
        if isinstance(bound, Mapping | pd.Series):
            return pd.Series(
                {name: self._tail(str(name), by, word, value) for name, value in bound.items()}, dtype=float
            )
        return self._tail(indicator, by, word, bound)

    def _tail(self, indicator: str | None, by: int, word: str, bound: Any) -> float:
        name = self.indicators[self.position(indicator)]
        mixture, origin, scale = self.mixture(name), self.origin(name), self.scale_of(name)
        if by not in mixture.years:
            raise ArgumentError(f"by: {by} is outside the projected years {mixture.years[0]} to {mixture.years[-1]}")
        y = bound_y(scale, bound, word)
        if origin.levels == 0:
            raise DataError(f"{name!r} has growth rates only: it answers questions of growth")
        row, upper = mixture.row(by), word in ("at_least", "more_than")
        return math.exp(mixture.log_probability(row, y) if upper else mixture.log_probability(row, upper=y))

    def simulate(self, n: int, seed: int = 0, *, dependence: Any = "factor") -> npt.NDArray[np.float64]:
        """Paths of the levels and shares.

        Parameters
        ----------
        n : how many.
        seed : of the paths; the same seed gives the same ones, and the first of many are those of few.
        dependence : as in `assess`.

        Returns
        -------
        array (n, indicators, years)
            Indicators and years as in `quantile`, figures in the unit of the history, shares as fractions; NaN in years
            up to an indicator's own last figure. What lies beyond exp(600), as a t of few degrees of freedom may,
            counts as that.
        """
        from attain.dependence import dependence_of
        from attain.simulation import Drawing, Simulation

        Drawing(n, seed=seed)
        loadings = dependence_of(dependence, self).loadings_of(self.indicators)
        mixtures = {name: self.mixture(name) for name in self.indicators}
        years = range(min(o.year for o in self.origins) + 1, self.to + 1)
        paths = Simulation(mixtures, dict(zip(mixtures, loadings, strict=True)), [], seed=seed, years=years)
        y = np.clip(paths.paths(n)[1][:n, :, ::-1], -_FARTHEST, _FARTHEST)
        figures = [self.scale_of(name).figures(y[:, i]) for i, name in enumerate(self.indicators)]
        return np.stack(figures, axis=1)

    def to_frame(self, quantiles: Sequence[float] = (0.1, 0.5, 0.9)) -> pd.DataFrame:
        """Tidy frame: indicator, year, quantile, value."""
        columns = ["indicator", "year", "quantile"]
        tidy = self.quantile(list(quantiles)).melt(ignore_index=False, value_name="value").dropna().reset_index()
        return tidy[[*columns, "value"]].sort_values(columns, ignore_index=True)

    def summary(self) -> str:
        """Median and 80 % interval of each indicator in the last year."""
        from attain.text import interval, number

        ends = self.quantile([0.1, 0.5, 0.9]).loc[self.to].to_numpy().reshape(-1, 3)
        lines = [f"{self.history.name} projected to {self.to}, model {self.model}, prior {self.prior_name}"]
        for name, origin, (low, mid, high) in zip(self.indicators, self.origins, ends, strict=True):
            unit = self.history.unit_of(name) if origin.levels else f"times {origin.year}"
            own, told = (unit, "") if unit == "fraction" else ("", f" {unit}")
            figures = f"{number(mid, own)}{told} (80 %: {interval(low, high, own)})"
            lines.append(f"  {name}: {figures}, {origin.changes} growth observations")
        lines += [f"  {name}: not projected, {reason}" for name, reason in self.skipped["reason"].items()]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        from attain.fragments import projection_fragment

        return projection_fragment(self)

    def plot(self, indicator: str | None = None, *, paths: int = 0, seed: int = 0, language: Language = "en") -> Figure:
        """Fan chart of one indicator, with so many simulated paths drawn over it."""
        from attain.figures import fan_chart

        return fan_chart(self, self.indicators[self.position(indicator)], paths=paths, seed=seed, language=language)


def bound_y(scale: Scale, bound: Any, word: str) -> float:
    """y of a bound that a user gave as a level, or as a share; `word` names it in messages."""
    return scale.transform(_share(bound, word) if scale is LOGIT else _level(bound, word))


def _level(bound: Any, word: str) -> float:
    try:
        level = float(bound)
    except (TypeError, ValueError):
        raise ArgumentError(f"{word}: {bound!r} is not a number") from None
    if not (level > 0 and math.isfinite(level)):
        raise ArgumentError(f"{word}: a level is positive and finite, not {bound}")
    return level


def _share(bound: Any, word: str) -> float:
    """A share as a fraction, from 0.42 or "42%"."""
    try:
        share = float(parse_rate(bound))
    except UnitError as error:
        raise ArgumentError(f"{word}: {error}") from None
    if not 0 < share < 1:
        raise ArgumentError(f"{word}: a share lies between 0 and 100 %, not at {bound}; write 0.42 or '42%'")
    return share


def _probabilities(q: Any) -> npt.NDArray[np.float64]:
    try:
        asked = np.atleast_1d(np.asarray(q, np.float64))
    except (TypeError, ValueError):
        raise ArgumentError(f"q: {q!r} is neither a probability nor a list of them") from None
    if asked.ndim > 1 or asked.size == 0 or not ((asked > 0) & (asked < 1)).all():
        raise ArgumentError(f"q: {q!r} is not within 0 and 1; ask for one probability or a list of them")
    return asked


def project(
    history: Any,
    *,
    to: int,
    model: Model = "growth",
    prior: str | Prior = "general",
    as_of: AsOf = None,
    seed: int = 0,
    indicators: Sequence[str] | None = None,
    treatments: Mapping[str, str] | None = None,
) -> Projection:
    """Project the indicators of a history.

    Parameters
    ----------
    history : anything that `load_history` takes.
    to : last year of the projection.
    model : `"growth"`, the conjugate growth model averaged over a prior; or `"random-walk"`, the textbook random
        walk with drift, to which every figure is exact.
    prior : a prior, or the name of a bundled one; the random walk has none. Shares use the prior `share` unless this is
        a prior of shares itself, which levels cannot use.
    as_of : date of knowledge, or year of the last figure; see `History.as_of`.
    seed : for random results, of which there are none yet.
    indicators : ids or labels; all by default.
    treatments : indicator to the treatment of its data; the default one where none is named.

    Raises
    ------
    DataError
        When no indicator can be projected; those that cannot, beside others that can, are listed in
        `Projection.skipped`.
    ArgumentError
        For an unknown model, prior, indicator or treatment, and for levels under a prior of shares.
    """
    if model not in ("growth", "random-walk"):
        raise ArgumentError(f"model: {model!r} is neither 'growth' nor 'random-walk'")
    figures = load_history(history).as_of(as_of)
    asked = (indicators,) if isinstance(indicators, str) else figures.indicators if indicators is None else indicators
    wanted = tuple(dict.fromkeys(_find(figures, name) for name in asked))
    if not wanted:
        raise ArgumentError("indicators: name at least one")
    chosen = {_find(figures, name): t for name, t in dict(treatments or {}).items()}
    for name, treatment in chosen.items():
        if treatment not in figures.treatments_of(name):
            known = ", ".join(figures.treatments_of(name))
            raise ArgumentError(f"{name!r} has no treatment {treatment!r}; it has {known}")
    grid = load_prior(prior) if model == "growth" else None
    if grid is not None:
        _refuse_levels_under(grid, figures, wanted)
    return _read(figures, wanted, chosen, whole_year(to, "to"), model, grid)


def _refuse_levels_under(prior: Prior, history: History, names: Sequence[str]) -> None:
    for name in names:
        try:
            prior.for_scale(history.scale_of(name))
        except ArgumentError as error:
            raise ArgumentError(f"{error}; {name!r} is one: use 'general', or project shares alone") from None


def whole_year(value: Any, argument: str) -> int:
    """A year, or an ArgumentError that names the argument."""
    try:
        year = operator.index(value)
    except TypeError:
        raise ArgumentError(f"{argument}: {value!r} is not a year such as 2030") from None
    if not 1000 <= year <= 9999:
        raise ArgumentError(f"{argument}: {value!r} is not a year such as 2030")
    return year


def _find(history: History, name: str) -> str:
    found = history.find(name)
    if found is None:
        raise ArgumentError(f"unknown indicator {name!r}; {history.name} has {', '.join(history.indicators[:20])}")
    return found


def _read(
    history: History,
    names: tuple[str, ...],
    chosen: Mapping[str, str],
    to: int,
    model: Model,
    prior: Prior | None,
) -> Projection:
    table = history.observations(names, chosen)
    if model == "random-walk":
        table = table.taken_as_exact()
    status, use, rows = _core.growth_origins(*table.columns)
    origins = {names[s]: Origin(*row) for s, row in zip(np.unique(table.series), rows, strict=True)}
    reasons = _unreadable(history, table, status) | history.ambiguous_scopes(names, chosen)
    for name, origin in origins.items():
        reason = _out_of_reach(origin, to, model)
        if reason and name not in reasons:
            reasons[name] = reason
    kept = tuple(n for n in names if n not in reasons)
    if not kept:
        told = "; ".join(f"{name}: {reason}" for name, reason in reasons.items())
        raise DataError(f"{history.name}: nothing can be projected to {to}: {told}")
    places = tuple(str(history.rows.at[table.row[i], "place"]) for i in np.flatnonzero(use == _REDUNDANT))
    skipped = pd.DataFrame({"reason": reasons}, dtype=object).rename_axis("indicator")
    observations = table if kept == names else history.observations(kept, chosen)
    if model == "random-walk":
        observations = observations.taken_as_exact()
    return Projection(history, observations, tuple(origins[n] for n in kept), to, model, prior, chosen, skipped, places)


def _unreadable(history: History, table: Observations, status: npt.NDArray[np.int32]) -> dict[str, str]:
    """By indicator, what is wrong with its rows: none at all, or the first one that the core refuses."""
    reasons = dict.fromkeys(table.indicators, "no yearly level, share or growth rate is usable")
    for s in np.unique(table.series):
        del reasons[table.indicators[s]]
    for i in np.flatnonzero(status)[::-1]:
        place = history.rows.at[table.row[i], "place"]
        reasons[table.indicators[table.series[i]]] = f"{place!s} ({table.year[i]}): {_told(int(status[i]))}"
    return reasons


def _told(status: int) -> str:
    name, text = _STATUS[status]
    return text + _WAYS_OUT.get(name, "")


def _out_of_reach(origin: Origin, to: int, model: Model) -> str | None:
    """Why a series that can be read cannot be projected to a year."""
    if origin.year >= to:
        return f"figures reach {origin.year} already"
    if to - origin.year > _core.MAX_HORIZON:
        return f"the horizon to {to} is longer than {_core.MAX_HORIZON} years"
    if model == "random-walk" and origin.changes < 2:
        return "the random walk needs three levels, or two changes"
    return None
