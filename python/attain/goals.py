"""Which target could one stand by? The level that has a stated chance, for one indicator or several; the frontier of
two; the menu of a bottom line, an expected and a stretching target under each prior; and what one would have to believe
of growth for a target to be even.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from attain import _core
from attain.dependence import Dependence, dependence_of
from attain.errors import ArgumentError, DataError, NumericalError
from attain.event import Event
from attain.joint import joint_probability
from attain.language import Language, Text
from attain.prior import NO_PRIOR, priors_of
from attain.projection import Projection, bound_y
from attain.roots import root
from attain.scale import LOG
from attain.target import level as level_target

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Word = Literal["at_least", "at_most"]

RUNGS = {0.9: Text("bottom line", "底线"), 0.6: Text("expected", "预期"), 0.3: Text("stretch", "奋斗")}
"""What a plan calls targets of these chances."""

_FARTHEST_DRIFT = 2.0
_JOINT_TOLERANCE = 1e-10  # of logs of probabilities


def target_at(
    projection: Projection,
    indicator: str | Sequence[str],
    *,
    by: int,
    probability: float,
    word: Word = "at_least",
    dependence: Any = "factor",
) -> float | pd.Series[float]:
    """The level or share that is reached with a stated probability.

    Parameters
    ----------
    projection
        Made by `project`.
    indicator
        Id or label; of several, the levels that are reached together with that probability, each by the same effort:
        all alone equally probable.
    by
        Year.
    probability
        Of one indicator, or of all together.
    word
        `"at_least"`, or `"at_most"` for what is to be kept down.
    dependence
        Between several indicators, as in `assess`.

    Returns
    -------
    float or Series
        In the unit of the history, shares as fractions. Of one indicator it is exact: `Projection.probability` of it
        is `probability`.

    Raises
    ------
    ArgumentError, DataError
        For a probability outside (0, 1), a year that is not ahead, and indicators that are not projected or have growth
        rates only.
    """
    _check(probability, word)
    if isinstance(indicator, str):
        name = _checked(projection, indicator, by)
        return projection.scale_of(name).figure(_y_at(projection, name, by, math.log(probability), word))
    names = _several(projection, indicator, by)
    given = dependence_of(dependence, projection)

    def missing(log_each: float) -> float:
        at = {name: _y_at(projection, name, by, log_each, word) for name in names}
        return _log_all(projection, at, by, word, given) - math.log(probability)

    # All are at most as probable as one, and one of them fails at most as often as the sum of their failures.
    log_each = _between(missing, math.log(probability), math.log1p(-(1 - probability) / len(names)))
    found = [projection.scale_of(n).figure(_y_at(projection, n, by, log_each, word)) for n in names]
    return pd.Series(found, index=pd.Index(names, name="indicator"), name=by)


def _check(probability: float, word: str) -> None:
    if not (isinstance(probability, int | float) and 0 < probability < 1):
        raise ArgumentError(f"probability: {probability!r} is not within 0 and 1")
    if word not in ("at_least", "at_most"):
        raise ArgumentError(f"word: {word!r} is neither 'at_least' nor 'at_most'")


def _checked(projection: Projection, indicator: str, by: int) -> str:
    name = projection.indicators[projection.position(indicator)]
    years = projection.mixture(name).years
    if by not in years:
        raise ArgumentError(f"by: {by} is outside the projected years {years[0]} to {years[-1]} of {name}")
    if projection.origin(name).levels == 0:
        raise DataError(f"{name!r} has growth rates only: it has no level to aim at")
    return name


def _several(projection: Projection, indicators: Sequence[str], by: int) -> list[str]:
    names = [_checked(projection, name, by) for name in indicators]
    if not names or len(set(names)) < len(names):
        raise ArgumentError(f"indicator: name different indicators, not {', '.join(map(str, indicators)) or 'none'}")
    return names


def _y_at(projection: Projection, name: str, by: int, log_probability: float, word: Word) -> float:
    """y that is reached, or not exceeded, with a probability."""
    mixture = projection.mixture(name)
    below = -math.expm1(log_probability) if word == "at_least" else math.exp(log_probability)
    return float(mixture.quantile(mixture.row(by), [below])[0])


def _event(projection: Projection, name: str, by: int, y: float, word: Word) -> Event:
    """y of a year as a floor or a ceiling. The joint engine asks a target only of what is settled."""
    target = level_target(name, by=by, at_least=1)
    lower, upper = (y, math.inf) if word == "at_least" else (-math.inf, y)
    return Event(target, name, by, None, lower, upper, None, None)


def _log_all(projection: Projection, at: Mapping[str, float], by: int, word: Word, dependence: Dependence) -> float:
    events = [_event(projection, name, by, y, word) for name, y in at.items()]
    log_p = joint_probability(events, projection, dependence).log_probability
    assert log_p is not None, "events have a joint probability"
    return max(log_p, -1e3)


def _between(function: Callable[[float], float], low: float, high: float) -> float:
    """The zero that lies between the ends."""
    found = root(function, low, high, _JOINT_TOLERANCE)
    if found is None:
        raise NumericalError("no level has that probability within the accuracy of the joint probability")
    return found


# --- two indicators -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Frontier:
    """Pairs of levels that are reached together with one probability; made by `frontier`.

    Attributes
    ----------
    projection : behind it.
    indicators, by, probability : as asked for.
    table : frame, one column of levels per indicator, from easy for the first to easy for the second.
    """

    projection: Projection
    indicators: tuple[str, str]
    by: int
    probability: float
    table: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """A copy of `table`."""
        return self.table.copy()

    def summary(self, *, language: Language = "en") -> str:
        """The pairs as a table."""
        from attain.attaining_text import frontier_text

        return frontier_text(self, language)

    def _repr_html_(self) -> str:
        from attain.fragments import frontier_fragment

        return frontier_fragment(self)

    def plot(self, *, language: Language = "en") -> Figure:
        """The frontier, with the medians and the pair of equal effort."""
        from attain.figures import frontier_chart

        return frontier_chart(self, language=language)


def frontier(
    projection: Projection,
    indicators: Sequence[str],
    *,
    by: int,
    probability: float,
    points: int = 25,
    dependence: Any = "factor",
) -> Frontier:
    """The levels of two indicators that are reached together with one probability: more of one costs some of the other.

    Parameters
    ----------
    projection, by, probability, dependence
        As in `target_at`.
    indicators
        Two.
    points
        How many pairs; the middle one of an odd number asks of both what is equally probable, if they are independent.

    Raises
    ------
    ArgumentError, DataError
        As `target_at`.
    """
    _check(probability, "at_least")
    names = _several(projection, indicators, by)
    if len(names) != 2 or points < 2:
        raise ArgumentError(f"frontier: two indicators and two points or more, not {len(names)} and {points}")
    given, log_p = dependence_of(dependence, projection), math.log(probability)
    pairs = [_pair(projection, names, by, log_p, share, given) for share in np.linspace(0.01, 0.99, points)]
    table = pd.DataFrame(pairs, columns=names).rename_axis("point")
    return Frontier(projection, (names[0], names[1]), by, probability, table)


def _pair(
    projection: Projection, names: Sequence[str], by: int, log_p: float, share: float, dependence: Dependence
) -> list[float]:
    """The pair whose first level alone takes that share of -log P."""
    first = _y_at(projection, names[0], by, share * log_p, "at_least")

    def missing(log_second: float) -> float:
        at = {names[0]: first, names[1]: _y_at(projection, names[1], by, log_second, "at_least")}
        return _log_all(projection, at, by, "at_least", dependence) - log_p

    easy = math.log1p(math.exp(log_p) - math.exp(share * log_p))  # where failures never coincide
    second = _y_at(projection, names[1], by, _between(missing, log_p, easy), "at_least")
    return [projection.scale_of(name).figure(y) for name, y in zip(names, (first, second), strict=True)]


# --- the menu -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Menu:
    """Levels that have stated chances, under each prior; made by `menu`.

    Attributes
    ----------
    projection : behind it, under the prior asked for.
    indicator, by, word : as asked for.
    table : frame, index prior and probability; columns level (in the unit of the history, shares as fractions) and
        growth (a constant rate per year from the last figure; for a share points per year, as a fraction). The prior
        asked for comes first.
    """

    projection: Projection
    indicator: str
    by: int
    word: Word
    table: pd.DataFrame

    @property
    def probabilities(self) -> tuple[float, ...]:
        """The chances, as asked for."""
        return tuple(self.table.index.unique("probability"))

    @property
    def priors(self) -> tuple[str, ...]:
        """The prior asked for, then the others of the scale."""
        return tuple(self.table.index.unique("prior"))

    def to_frame(self) -> pd.DataFrame:
        """A copy of `table`."""
        return self.table.copy()

    def summary(self, *, language: Language = "en") -> str:
        """Level and growth for each chance and prior."""
        from attain.attaining_text import menu_text

        return menu_text(self, language)

    def _repr_html_(self) -> str:
        from attain.fragments import menu_fragment

        return menu_fragment(self)

    def plot(self, *, language: Language = "en") -> Figure:
        """The levels over the chances, one mark for each prior."""
        from attain.figures import menu_chart

        return menu_chart(self, language=language)


def menu(
    projection: Projection,
    indicator: str | None = None,
    *,
    by: int | None = None,
    probabilities: Sequence[float] = tuple(RUNGS),
    word: Word = "at_least",
) -> Menu:
    """What could be promised: 底线, 预期, 奋斗, the levels with chances of 90, 60 and 30 %, under each prior.

    Parameters
    ----------
    projection
        Made by `project`; its prior comes first, then every bundled one of the indicator's scale.
    indicator
        Id or label; not needed where there is only one.
    by
        Year; the last one of the projection by default.
    probabilities
        Other chances.
    word
        `"at_least"`, or `"at_most"` for what is to be kept down.

    Raises
    ------
    ArgumentError, DataError
        As `target_at`.
    """
    if not len(probabilities):
        raise ArgumentError("probabilities: give one chance or more, such as 0.9")
    for probability in probabilities:
        _check(probability, word)
    year = projection.to if by is None else by
    name = _checked(projection, projection.indicators[projection.position(indicator)], year)
    origin, scale = projection.origin(name), projection.scale_of(name)
    rows = {}
    for prior, under in under_priors(projection, name):
        for probability in probabilities:
            y = _y_at(under, name, year, math.log(probability), word)
            rows[prior, probability] = scale.figure(y), scale.required(origin.log_level, y, year - origin.year)
    index = pd.MultiIndex.from_tuples(rows, names=["prior", "probability"])
    table = pd.DataFrame(rows.values(), index=index, columns=["level", "growth"])
    return Menu(projection, name, year, word, table)


def under_priors(projection: Projection, indicator: str) -> Iterator[tuple[str, Projection]]:
    """The projection under its own prior, and under every other bundled one of the indicator's scale."""
    scale = projection.scale_of(indicator)
    own = projection.prior_of(scale)
    yield NO_PRIOR if own is None else own.name, projection
    for prior in priors_of(scale) if own is not None else []:
        if own is not None and prior.name != own.name:
            yield prior.name, replace(projection, prior=prior)


# --- the reverse question -------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class EvenDrift:
    """What one would have to believe for a target to be even; made by `even_drift`.

    Attributes
    ----------
    indicator, by, level : the target.
    required : growth per year that reaches it from the last figure, a fraction; of a share points per year.
    drift : growth per year that a prior would have to expect before it sees a figure, in its median, for an even
        chance: a fraction; of a share the yearly change in log odds. None where no belief within reach does it.
    expected : what the prior does expect, its median.
    percentile : percentage of the prior's drifts below `drift`.
    probability : of the target as it is.
    prior : name of the prior.
    """

    projection: Projection = field(repr=False)
    indicator: str
    by: int
    level: float
    required: float
    drift: float | None
    expected: float
    percentile: float
    probability: float
    prior: str

    def to_frame(self) -> pd.DataFrame:
        """One row, index indicator."""
        columns = ["by", "level", "required", "drift", "expected", "percentile", "probability", "prior"]
        row = {name: getattr(self, name) for name in columns}
        return pd.DataFrame([row], index=pd.Index([self.indicator], name="indicator"))

    def summary(self, *, language: Language = "en") -> str:
        """The answer in words."""
        from attain.attaining_text import even_drift_text

        return even_drift_text(self, language)

    def _repr_html_(self) -> str:
        from attain.fragments import even_drift_fragment

        return even_drift_fragment(self)


def even_drift(
    projection: Projection, indicator: str | None = None, *, by: int, at_least: Any = None, at_most: Any = None
) -> EvenDrift:
    """What one would have to believe: the growth that a prior would have to expect for a target to be even.

    The whole prior is moved: every point's mean drift by the same amount, its spread and all else as they are. The
    figures then count as they always do, so with few of them belief decides, and with many it takes an extreme one.

    Parameters
    ----------
    projection
        With a prior; the random walk has none to move.
    indicator
        Id or label; not needed where there is only one.
    by
        Year.
    at_least, at_most
        One of them: the target, as in `Projection.probability`.

    Raises
    ------
    ArgumentError, DataError
        As `target_at`, and for a projection without a prior.
    """
    if (at_least is None) == (at_most is None):
        raise ArgumentError("give exactly one of at_least, at_most")
    word: Word = "at_most" if at_least is None else "at_least"
    name = _checked(projection, projection.indicators[projection.position(indicator)], by)
    scale, origin = projection.scale_of(name), projection.origin(name)
    prior = projection.prior_of(scale)
    if prior is None:
        raise ArgumentError(
            "the random walk has no prior, so there is nothing to believe beforehand; use model='growth'"
        )
    y = bound_y(scale, at_least if at_most is None else at_most, word)
    event = _event(projection, name, by, y, word)

    def log_odds(shift: float) -> float:
        believed = replace(projection, prior=prior.moved(shift))
        return event.log_probability(believed.mixture(name)) - math.log(0.5)

    shift = root(log_odds, -_FARTHEST_DRIFT, _FARTHEST_DRIFT, 1e-12)
    expected = float(_core.margin_quantile(*prior.drift, np.array([0.5]))[0])
    found = None if shift is None else expected + shift
    below = math.nan if found is None else 100 * math.exp(_core.margin_log_interval(*prior.drift, -math.inf, found))
    change = math.expm1 if scale is LOG else float
    return EvenDrift(
        projection=projection,
        indicator=name,
        by=by,
        level=scale.figure(y),
        required=scale.required(origin.log_level, y, by - origin.year),
        drift=None if found is None else change(found),
        expected=change(expected),
        percentile=below,
        probability=math.exp(event.log_probability(projection.mixture(name))),
        prior=prior.name,
    )
