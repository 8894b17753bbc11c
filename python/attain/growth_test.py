"""Is a growth target within what history knows? Against the indicator's own past, against the growth of others, and
against what the model foretells: three answers to three questions, none of which is another's."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from attain import _core
from attain.errors import ArgumentError, DataError
from attain.event import GROWTH, Event, Missing, event_of, figure_y
from attain.history import AsOf, History, Observations
from attain.prior import Prior, priors_of
from attain.projection import Projection, project, whole_year
from attain.reading import load_history
from attain.reference_class import growth_spells
from attain.scale import LOG, LOGIT
from attain.target import growth as growth_target
from attain.units import parse_rate

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Floats = npt.NDArray[np.float64]

TERM = 5
"""Years of the window where no end is given: the term of a plan."""

_HIGHEST_AUTOCORRELATION = 0.95


@dataclass(frozen=True, eq=False)
class MeanTest:
    """The t test of the mean log growth of a year against log(1 + growth).

    Attributes
    ----------
    mean
        Mean growth per year, a fraction: exp of the mean log growth, less 1.
    years
        Yearly changes behind it.
    autocorrelation
        Of yearly log growth at lag one, corrected for bias, at least 0; NaN where four changes are not there, and no
        correction is made.
    effective
        Independent changes that tell as much: 2 to `years`.
    statistic, df, p_value
        Of the test, two-sided.
    """

    mean: float
    years: int
    autocorrelation: float
    effective: float
    statistic: float
    df: float
    p_value: float


@dataclass(frozen=True, eq=False)
class GrowthTest:
    """What speaks for and against a growth target; made by `growth_test`.

    Attributes
    ----------
    indicator, growth
        The indicator, and the target per year, a fraction.
    since, by, origin
        First and last year of the window; year of the last figure.
    mean_test
        The target against the indicator's own past; None where fewer than two yearly changes that differ are known.
    required
        Growth per year over what is left of the window that attains the target at its end.
    spells
        Growth per year of each spell in the reference class as long as what is left of the window: frame with columns
        series, since, by, growth.
    percentile
        Percentage of those spells with growth below what is required; NaN without spells.
    probability
        Predictive probability that growth over the window is at least the target.
    range
        The lowest and highest of it over the prior asked for and every bundled one of levels.
    projection
        Behind the probability.
    reference
        Name of the reference class.
    """

    indicator: str
    growth: float
    since: int
    by: int
    origin: int
    mean_test: MeanTest | None
    required: float
    spells: pd.DataFrame
    percentile: float
    probability: float
    range: tuple[float, float]
    reference: str
    projection: Projection = field(repr=False)

    @property
    def years_left(self) -> int:
        """Years of the window that lie ahead."""
        return self.by - max(self.since, self.origin)

    def headline(self) -> str:
        """The target in words."""
        label = self.projection.history.label_of(self.indicator)
        return f"{label}: growth of {_rate(self.growth)} a year, {self.since} to {self.by}"

    def answers(self) -> list[list[str]]:
        """The questions, and their answers."""
        start = max(self.since, self.origin)
        return [
            ["needed", f"{_rate(self.required)} a year over {self.years_left} years from {start}"],
            ["against its own past", self._past()],
            ["among others", self._rank()],
            ["foretold", f"P(at least the target) = {_chance(self.probability)}, {_span(*self.range)} over priors"],
        ]

    def _past(self) -> str:
        test = self.mean_test
        if test is None:
            return "fewer than two yearly changes that differ are known, so there is no test"
        known = f"{_rate(test.mean)} a year over {test.years} years"
        side = "above" if test.mean > self.growth else "below"
        return f"{known}, {side} the target; t = {test.statistic:.2f}, df {test.df:.1f}, p = {test.p_value:.2g}"

    def _rank(self) -> str:
        if self.spells.empty:
            return f"{self.reference} has no spell of {self.years_left} years"
        reached = _chance(1 - self.percentile / 100)
        count, series = len(self.spells), self.spells["series"].nunique()
        return f"{reached} of {count:,} spells of {series} series in {self.reference} grew as much or more"

    def summary(self) -> str:
        """The answers in words."""
        answers = self.answers()
        width = max(len(question) for question, _ in answers)
        return "\n".join([self.headline(), *(f"  {question:<{width}}  {answer}" for question, answer in answers)])

    def to_frame(self) -> pd.DataFrame:
        """One row: the target, the test, what is required, its percentile, the probability."""
        test = self.mean_test
        row = {
            "growth": self.growth, "since": self.since, "by": self.by, "origin": self.origin,
            "mean_growth": test.mean if test else math.nan, "years": test.years if test else 0,
            "autocorrelation": test.autocorrelation if test else math.nan,
            "effective_years": test.effective if test else math.nan, "t": test.statistic if test else math.nan,
            "df": test.df if test else math.nan, "p_value": test.p_value if test else math.nan,
            "required_growth": self.required, "percentile": self.percentile, "spells": len(self.spells),
            "probability": self.probability, "low": self.range[0], "high": self.range[1],
        }  # fmt: skip
        return pd.DataFrame([row], index=pd.Index([self.indicator], name="indicator"))

    def foretold(self, edges: Floats) -> Floats:
        """Probability that growth per year over what is left of the window falls between neighbouring edges."""
        row, start = self._change()
        logs = start + self.years_left * np.log1p(edges)
        mixture = self.projection.mixture(self.indicator)
        return np.exp([mixture.log_probability(row, a, b) for a, b in itertools.pairwise(logs)])

    def foretold_quantile(self, probability: Sequence[float]) -> Floats:
        """Quantiles of growth per year over what is left of the window."""
        row, start = self._change()
        logs = self.projection.mixture(self.indicator).quantile(row, probability)
        return np.expm1((logs - start) / self.years_left)

    def _change(self) -> tuple[Floats, float]:
        """What is left of the window as a functional of the log levels ahead, and the log level it is taken from."""
        mixture, origin = self.projection.mixture(self.indicator), self.projection.origin(self.indicator)
        ahead = self.since > origin.year
        return mixture.row(self.by, self.since if ahead else None), 0.0 if ahead else origin.log_level

    def _repr_html_(self) -> str:
        from attain.fragments import growth_test_fragment

        return growth_test_fragment(self)

    def plot(self) -> Figure:
        """Histogram of the reference class's spells, with what is required, and what is foretold."""
        from attain.figures import growth_test_chart

        return growth_test_chart(self)


def _rate(rate: float) -> str:
    return f"{100 * rate:.1f} %"


def _chance(probability: float) -> str:
    from attain.text import percent

    return percent(probability)


def _span(low: float, high: float) -> str:
    from attain.text import percent_range

    return percent_range(low, high)


def growth_test(
    history: Any,
    indicator: str,
    *,
    growth: float | str,
    by: int | None = None,
    since: int | None = None,
    prior: str | Prior = "general",
    reference: Any = None,
    treatment: str | None = None,
    as_of: AsOf = None,
) -> GrowthTest:
    """Test a growth target against the indicator's past, against the growth of others, and against the forecast.

    Parameters
    ----------
    history
        Anything that `load_history` takes.
    indicator
        Id or label.
    growth
        Average growth per year that is aimed at: a fraction such as 0.08, or text such as "8%".
    by
        Last year of the window; five years after the last figure by default.
    since
        Base year of the window; the year of the last figure by default. Where years of the window have passed, what is
        left has to make up for them, or may rest on them.
    prior
        As in `project`.
    reference
        Panel of the reference class, anything that `load_history` takes; the gross domestic products of China's
        provinces by default.
    treatment
        Treatment of the indicator's data; the default one where none is named.
    as_of
        Date of knowledge, or year of the last figure; see `History.as_of`. It does not touch the reference class.

    Returns
    -------
    GrowthTest

    Raises
    ------
    ArgumentError
        For a growth of -100 % or less, an unknown indicator or one of shares, or a window that has no year ahead.
    DataError
        When the indicator cannot be projected, or has no figure of the base year.
    BasisError
        When no series of the reference class has the prices (nominal or constant) of the indicator.

    Notes
    -----
    The mean test is a t test on the n yearly log growths, corrected for their autocorrelation: with r their sample
    autocorrelation at lag one, whose expectation is about rho - (1 + 3 rho) / n (Kendall 1954; Marriott & Pope 1954),

        rho = (n r + 1) / (n - 3), clipped to [0, 0.95],
        n_e = n / (1 + 2 sum over k < n of (1 - k / n) rho^k), at least 2,
        t = (mean - log(1 + growth)) sqrt(n_e) / s, with n_e - 1 degrees of freedom

    (Zwiers & von Storch 1995, equations 4 and 6). Changes over gaps of several years are spread over them, as the
    random walk does; rho rests on neighbouring years. Short series leave the test too eager still. Share of 20,000
    simulated series, normal with autocorrelation rho, of which tests at 5 % reject the true mean, here and plain:

        ======  ==============  ==============  ==============
        rho     n = 6           n = 10          n = 15
        ======  ==============  ==============  ==============
        0       3.0 %, 5.0 %    3.3 %, 5.1 %    3.5 %, 5.0 %
        0.3     6.4 %, 12.3 %   7.2 %, 13.8 %   7.2 %, 14.6 %
        0.6     12.1 %, 28.4 %  11.3 %, 31.5 %  10.3 %, 33.3 %
        ======  ==============  ==============  ==============

    Spells overlap, within a series and across series of the same years, so their percentile is a description of the
    reference class, not a test.
    """
    rate = float(parse_rate(growth))
    if not rate > -1:
        raise ArgumentError(f"growth: {growth!r} is not above -100 %")
    figures = load_history(history).as_of(as_of)
    name = figures.find(indicator)
    if name is None:
        raise ArgumentError(f"unknown indicator {indicator!r}; {figures.name} has {', '.join(figures.indicators[:20])}")
    if figures.scale_of(name) is LOGIT:
        raise ArgumentError(f"{name!r} is a share, which has no growth; name a level, or assess a target of kind share")
    known = [t for t in figures.treatments_of(name) if t]
    if treatment is not None and treatment not in known:
        raise ArgumentError(f"{name!r} has no treatment {treatment!r}; it has {', '.join(known) or 'none'}")
    chosen = {name: treatment} if treatment is not None else {}
    last = _last_figure(figures, name, chosen)
    end = last + TERM if by is None else whole_year(by, "by")
    projection = project(figures, to=end, prior=prior, indicators=[name], treatments=chosen)
    origin = projection.origin(name)
    start = origin.year if since is None else whole_year(since, "since")
    if start >= end:
        raise ArgumentError(f"since: {start} is not before {end}, the end of the window")
    required = _required(projection, name, rate, start, end)
    others = load_history("provinces" if reference is None else reference)
    spells = growth_spells(others, end - max(origin.year, start), figures.price_of(name))
    below = float((spells["growth"] < required).mean() * 100) if len(spells) else math.nan
    ways = [projection, *(dataclasses.replace(projection, prior=other) for other in priors_of(LOG))]
    chances = [_probability(way, name, rate, start, end) for way in ways]
    return GrowthTest(
        indicator=name,
        growth=rate,
        since=start,
        by=end,
        origin=origin.year,
        mean_test=mean_test(*_changes(projection.observations), math.log1p(rate)),
        required=required,
        spells=spells,
        percentile=below,
        probability=chances[0],
        range=(min(chances), max(chances)),
        reference=others.name,
        projection=projection,
    )


def _last_figure(figures: History, name: str, chosen: dict[str, str]) -> int:
    """Year of the last usable figure."""
    rows = figures.usable([name], chosen)
    if rows.empty:
        raise DataError(f"{figures.name}: {name!r} has no usable yearly level or growth rate")
    return int(rows["year"].max())


def _required(projection: Projection, name: str, rate: float, since: int, by: int) -> float:
    """Growth per year over the years of the window that are left."""
    origin = projection.origin(name)
    if since >= origin.year:
        return rate
    base = figure_y(projection, name, since)
    if base is None:
        raise DataError(
            f"{projection.history.name}: {name!r} has no figure of the base year {since} on the scope of {origin.year};"
            " choose another since, or add it"
        )
    return math.expm1((base + (by - since) * math.log1p(rate) - origin.log_level) / (by - origin.year))


def _probability(projection: Projection, name: str, rate: float, since: int, by: int) -> float:
    price = projection.history.price_of(name)
    target = growth_target(name, at_least=f"{100 * rate:.15g}%", since=since, by=by, price=price)
    event = event_of(target, projection)
    if isinstance(event, Missing):
        raise DataError(f"{projection.history.name}: {event.reason.en}; it needs {event.needs.en}")
    assert isinstance(event, Event), "an average growth bounds one functional"
    return math.exp(event.log_probability(projection.mixture(name)))


# --- its own past ---------------------------------------------------------------------------------------------------


def _changes(table: Observations) -> tuple[Floats, Floats, Floats]:
    """Log changes of one series that carry likelihood, the years they cover, and the years in which they end."""
    _, use, _ = _core.growth_origins(*table.columns)
    before: dict[int, tuple[int, float]] = {}
    changes: list[tuple[float, int, int]] = []
    rows = zip(
        *(column.tolist() for column in (table.year, table.kind, table.scope, table.value, table.looseness, use)),
        strict=True,
    )
    for year, kind, scope, value, looseness, used in rows:
        if looseness > 0:
            continue  # a part of a year is no yearly change
        if kind == GROWTH and used == 0:
            changes.append((math.log1p(value), 1, year))
        elif kind != GROWTH:
            if scope in before and used == 0:
                since, base = before[scope]
                changes.append((math.log(value / base), year - since, year))
            before[scope] = (year, value)
    change, length, end = np.array(changes, np.float64).reshape(-1, 3).T
    return change, length, end


def mean_test(change: Floats, length: Floats, end: Floats, log_target: float) -> MeanTest | None:
    """t test of the mean log growth per year, corrected for autocorrelation; see `growth_test`.

    Parameters
    ----------
    change, length, end : log changes (n), the years that each covers, the year in which it ends.
    log_target : log growth per year of the hypothesis.
    """
    n, total = len(change), length.sum()
    if n < 2:
        return None
    mean = change.sum() / total
    spread = math.sqrt(((change - length * mean) ** 2 / length).sum() / (n - 1))
    if spread <= 1e-12 * max(1.0, abs(mean)):
        return None
    rho = _autocorrelation(change - mean, length, end)
    effective = _effective(n, 0.0 if math.isnan(rho) else rho)
    statistic = (mean - log_target) / spread * math.sqrt(total * effective / n)
    tail = _core.margin_log_interval([1.0], [effective - 1], [0.0], [1.0], abs(statistic), math.inf)
    p_value = min(1.0, 2 * math.exp(tail))
    return MeanTest(math.expm1(mean), n, rho, effective, statistic, effective - 1, p_value)


def _autocorrelation(deviation: Floats, length: Floats, end: Floats) -> float:
    """Lag-one autocorrelation of yearly growth without the bias of short series, from neighbouring years."""
    yearly = length == 1
    order = np.argsort(end[yearly], kind="stable")
    x, year = deviation[yearly][order], end[yearly][order]
    n, near = len(x), np.diff(year) == 1
    if n < 4 or not near.any():
        return math.nan
    r = float((x[:-1] * x[1:])[near].mean() / (x * x).mean() * (n - 1) / n)
    return min(max((n * r + 1) / (n - 3), 0.0), _HIGHEST_AUTOCORRELATION)


def _effective(n: int, rho: float) -> float:
    k = np.arange(1, n)
    return float(max(2.0, n / (1 + 2 * ((1 - k / n) * rho**k).sum())))
