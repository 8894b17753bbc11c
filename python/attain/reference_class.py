"""How did others fare? The growth that a target requires among all spells of that length and starting speed in a panel,
and how often comparable targets were attained.

Neither enters a probability: they stand beside it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from os import PathLike
from typing import Any

import pandas as pd

from attain.errors import ArgumentError, BasisError, DataError
from attain.event import figure_y
from attain.history import History
from attain.language import Language
from attain.projection import Projection, bound_y
from attain.reading import load_history
from attain.scale import LOGIT

PROVINCES = "provinces"
"""The panel where none is given."""

LEAD = 3
"""Years before a spell over which its starting speed is measured."""

NEAR = 0.02
"""How far, in growth a year, starting speeds may lie apart to be alike."""

_INTERVAL = 0.05, 0.95
_TRUE, _FALSE = ("true", "1", "1.0", "yes", "是"), ("false", "0", "0.0", "no", "否")


@dataclass(frozen=True, eq=False)
class ReferenceClass:
    """The growth that a target requires among the growth of others; made by `reference_class`.

    Attributes
    ----------
    indicator, by, years : of the target; years from the last figure on, the length of a spell.
    required : growth per year from the last figure, a fraction.
    speed : growth per year over the years before the last figure, at most three; NaN where none is known, and spells of
        every speed count then.
    spells : frame of the spells that started alike: series, since, by, speed, growth.
    percentile : percentage of these with growth below what is required; NaN without spells.
    every_speed, every_percentile : how many spells there are whatever their speed, and the percentile among those.
    reference : name of the panel.
    """

    indicator: str
    by: int
    years: int
    required: float
    speed: float
    spells: pd.DataFrame = field(repr=False)
    percentile: float
    every_speed: int
    every_percentile: float
    reference: str

    def to_frame(self) -> pd.DataFrame:
        """One row, index indicator."""
        names = ["by", "years", "required", "speed", "percentile", "every_speed", "every_percentile", "reference"]
        row = {name: getattr(self, name) for name in names} | {"spells": len(self.spells)}
        return pd.DataFrame([row], index=pd.Index([self.indicator], name="indicator"))

    def summary(self, *, language: Language = "en") -> str:
        """The answer in words."""
        from attain.attaining_text import reference_text

        return reference_text(self).say(language)

    def _repr_html_(self) -> str:
        from attain.fragments import reference_fragment

        return reference_fragment(self)


def reference_class(
    projection: Projection, indicator: str | None = None, *, by: int, at_least: Any, reference: Any = None
) -> ReferenceClass:
    """The growth that a level requires, among all spells of that length and starting speed in a panel.

    Parameters
    ----------
    projection
        Of the indicator; only its figures are used, and not what is projected.
    indicator
        Id or label; not needed where there is only one.
    by, at_least
        Year and level of the target, in the unit of the history.
    reference
        Panel, anything that `load_history` takes; the gross domestic products of China's provinces by default.

    Raises
    ------
    ArgumentError
        For a share, which has no growth, and a year that is not ahead.
    DataError
        For an indicator that has growth rates only.
    BasisError
        When no series of the panel has the prices of the indicator.

    Notes
    -----
    Starting speed is growth a year over the three years before, of the indicator fewer where there are fewer; alike is
    within 2 percentage points. Spells overlap, so the percentile describes the panel and is no test.
    """
    name = projection.indicators[projection.position(indicator)]
    scale, origin = projection.scale_of(name), projection.origin(name)
    if scale is LOGIT:
        raise ArgumentError(f"{name!r} is a share, which has no growth")
    if origin.levels == 0:
        raise DataError(f"{name!r} has growth rates only: it has no level to grow from")
    if by <= origin.year:
        raise ArgumentError(f"by: {by} is not after {origin.year}, the year of the last figure of {name}")
    years = by - origin.year
    required = scale.required(origin.log_level, bound_y(scale, at_least, "at_least"), years)
    others = load_history(PROVINCES if reference is None else reference)
    every = growth_spells(others, years, projection.history.price_of(name), LEAD)
    speed = _starting_speed(projection, name)
    alike = every if math.isnan(speed) else every[(every["speed"] - speed).abs() <= NEAR].reset_index(drop=True)
    return ReferenceClass(
        name,
        by,
        years,
        required,
        speed,
        alike,
        _below(alike, required),
        len(every),
        _below(every, required),
        others.name,
    )


def _starting_speed(projection: Projection, name: str) -> float:
    """Growth per year over the years before the last figure: three, or as many as are known."""
    origin = projection.origin(name)
    for years in range(LEAD, 0, -1):
        before = figure_y(projection, name, origin.year - years)
        if before is not None:
            return math.expm1((origin.log_level - before) / years)
    return math.nan


def _below(spells: pd.DataFrame, required: float) -> float:
    return float((spells["growth"] < required).mean() * 100) if len(spells) else math.nan


def growth_spells(reference: History, years: int, price: str, lead: int = 0) -> pd.DataFrame:
    """Growth per year of every spell of so many years between two levels on one scope, overlapping ones among them;
    floors and ceilings are no levels.

    Parameters
    ----------
    reference : the panel; series in other prices are left out.
    years : length of a spell.
    price : `nominal` or `constant`.
    lead : years before the spell over which its starting speed is taken; spells without are left out. 0: no speed.

    Returns
    -------
    DataFrame
        Columns series, since, by, growth (a fraction per year), and speed with a lead.

    Raises
    ------
    BasisError
        When no series has these prices.
    """
    names = [name for name in reference.indicators if reference.price_of(name) == price]
    if not names:
        raise BasisError(
            f"reference {reference.name!r} has no series in {price} prices, in which the indicator is; give a panel in"
            f" {price} prices as reference"
        )
    rows = reference.usable(names)
    levels = rows[(rows["kind"] == "level") & (rows["bound"] == "")][["indicator", "scope", "year", "value"]]
    spells = _with_figure(levels, levels, years, "_later")
    spells = _with_figure(spells, levels, -lead, "_before") if lead else spells
    growth = (spells["value_later"] / spells["value"]) ** (1 / years) - 1
    told = {"series": spells["indicator"], "since": spells["year"], "by": spells["year"] + years, "growth": growth}
    if lead:
        told["speed"] = (spells["value"] / spells["value_before"]) ** (1 / lead) - 1
    return pd.DataFrame(told)


def _with_figure(frame: pd.DataFrame, levels: pd.DataFrame, years: int, suffix: str) -> pd.DataFrame:
    """The rows that have a level so many years after theirs on their scope, with it."""
    there = levels.assign(year=levels["year"] - years)
    return frame.merge(there, on=["indicator", "scope", "year"], suffixes=("", suffix))


# --- targets on record ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class TrackRecord:
    """How often comparable targets were attained; made by `track_record`.

    Attributes
    ----------
    attained, of : counts.
    low, high : ends of the 90 % interval of the rate (Jeffreys' prior).
    like : what made targets comparable.
    """

    attained: int
    of: int
    low: float
    high: float
    like: Mapping[str, Any]

    @property
    def rate(self) -> float:
        """Attained of all; NaN where there is none."""
        return self.attained / self.of if self.of else math.nan

    def to_frame(self) -> pd.DataFrame:
        """One row."""
        row = {"attained": self.attained, "of": self.of, "rate": self.rate, "low": self.low, "high": self.high}
        return pd.DataFrame([row])

    def summary(self, *, language: Language = "en") -> str:
        """The record in words."""
        from attain.attaining_text import record_text

        return record_text(self).say(language)

    def _repr_html_(self) -> str:
        from attain.fragments import record_fragment

        return record_fragment(self)


def track_record(record: pd.DataFrame | str | PathLike[str], /, **like: Any) -> TrackRecord:
    """How often targets like this one were attained.

    Parameters
    ----------
    record
        Frame or .csv file, one row per target that has come due: a column `attained` (true or false, 1 or 0), and any
        others that tell targets apart, such as kind, control, region.
    **like
        Columns and the value, or list of values, that a comparable target has there.

    Raises
    ------
    ArgumentError
        For a file that cannot be read, a record without the column `attained`, a cell of it that is neither true nor
        false, and columns that the record does not have.
    """
    frame = read_record(record)
    for column in like:
        if column not in frame.columns:
            raise _no_column(column, frame)
    for column, value in like.items():
        frame = frame[frame[column].isin(value if isinstance(value, list | tuple | set) else [value])]
    from scipy.special import betaincinv  # takes a third of a second to load

    k, n = int(frame["attained"].sum()), len(frame)
    low, high = (float(betaincinv(k + 0.5, n - k + 0.5, p)) for p in _INTERVAL)
    return TrackRecord(k, n, low, high, like)


def read_record(record: pd.DataFrame | str | PathLike[str]) -> pd.DataFrame:
    """A record with its column `attained` as booleans; ArgumentError where it has none, or cells that are neither."""
    frame = record if isinstance(record, pd.DataFrame) else _read_csv(record)
    if "attained" not in frame.columns:
        raise _no_column("attained", frame)
    words = frame["attained"].astype(str).str.strip().str.lower()
    unclear = words[~words.isin([*_TRUE, *_FALSE])]
    if len(unclear):
        raise ArgumentError(f"record: attained is {unclear.iloc[0]!r} in row {unclear.index[0]}; write true or false")
    return frame.assign(attained=words.isin(_TRUE))


def _read_csv(path: str | PathLike[str]) -> pd.DataFrame:
    try:
        return pd.read_csv(path)
    except (OSError, ValueError) as error:
        raise ArgumentError(f"record: {path} cannot be read: {error}") from error


def _no_column(name: str, frame: pd.DataFrame) -> ArgumentError:
    return ArgumentError(f"record: no column {name!r}; it has {', '.join(map(str, frame.columns))}")
