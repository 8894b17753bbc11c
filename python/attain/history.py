"""Figures of the past, and the flat table of them that the core takes; `attain.reading` makes them.

A history is one row per published figure. Nothing is dropped on reading: a row that no model uses (a part of a year
that is over, a floor beside the figure itself, an older vintage) stays, with the reason in the column `unused`.
"""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from attain.errors import ArgumentError, DataError
from attain.identity import Identity
from attain.language import Text
from attain.precision import OVERTAKEN, mark_overtaken, merge_sources, overtaken
from attain.scale import LOG, LOGIT, Scale

COLUMNS = (
    "indicator", "label", "label_zh", "year", "period", "kind", "value", "unit", "price", "scope", "treatment",
    "bound", "rounding", "released", "vintage", "confidence", "source", "url", "note",
)  # fmt: skip
_KIND_CODES = {"level": 0, "growth": 1, "share": 2}
_OLDER = "an older vintage"
UNKNOWN_THEN = ("released after", "after ", "no release date")
_DATE = re.compile(r"(\d{4})(?:([-/])(\d{1,2})\2(\d{1,2})|(\d{2})(\d{2}))")

AsOf = int | np.integer[Any] | str | date | None
_Codes = npt.NDArray[np.int32]
_Floats = npt.NDArray[np.float64]
Columns = tuple[npt.NDArray[np.int64], _Codes, _Codes, _Codes, _Floats, _Floats, _Floats]


@dataclass(frozen=True, eq=False)
class Observations:
    """The flat table of the core: one entry per row, series by series in the order of `indicators`.

    Attributes
    ----------
    indicators
        Ids, by the numbers in `series`.
    series, year, kind, scope, value, looseness, error
        What `attain._core` takes: (R) each.
    row
        Label of each row in `History.rows`: (R).
    """

    indicators: tuple[str, ...]
    series: npt.NDArray[np.int64]
    year: npt.NDArray[np.int32]
    kind: npt.NDArray[np.int32]
    scope: npt.NDArray[np.int32]
    value: _Floats
    looseness: _Floats
    error: _Floats
    row: npt.NDArray[np.int64]

    @property
    def columns(self) -> Columns:
        """The seven columns in the order of the core's arguments."""
        return self.series, self.year, self.kind, self.scope, self.value, self.looseness, self.error

    def taken_as_exact(self) -> Observations:
        """The same figures without their errors, as the random walk takes them."""
        return dataclasses.replace(self, error=np.zeros_like(self.error))

    def among(self, positions: npt.NDArray[np.intp]) -> Columns:
        """The seven columns of the series at those positions."""
        mask = np.isin(self.series, positions)
        series, year, kind, scope, value, looseness, error = self.columns
        return series[mask], year[mask], kind[mask], scope[mask], value[mask], looseness[mask], error[mask]

    def of(self, position: int) -> Observations:
        """The rows of one series as a table of their own."""
        start, end = np.searchsorted(self.series, [position, position + 1])
        part = slice(int(start), int(end))
        return Observations(
            (self.indicators[position],),
            np.zeros(int(end - start), np.int64),
            year=self.year[part],
            kind=self.kind[part],
            scope=self.scope[part],
            value=self.value[part],
            looseness=self.looseness[part],
            error=self.error[part],
            row=self.row[part],
        )


@dataclass(frozen=True)
class Service:
    """Which series serves a plan's indicator (None: none does), and where the two differ or what is missing."""

    series: str | None
    note: str
    note_zh: str = ""


@dataclass(frozen=True, eq=False)
class History:
    """Published figures of one or more indicators; made by `load_history`.

    Attributes
    ----------
    rows
        Frame, one row per figure; columns `place` (where it stands in its source), those of `COLUMNS`, `reading` (what
        is read from it: the figure, a share as a fraction, or the middle of what a bound stands for), `error` and
        `looseness` (see `attain.precision`), and `unused` (why no model uses it; empty: one does).
    name
        Where the figures come from.
    treatments
        Name of a treatment of the data to what it assumes, where the source tells.
    defaults
        Indicator to the treatments used when none is asked for, the first that has a known figure; otherwise the order
        of the rows.
    serves
        By plan id and its indicator, the series that speaks of it.
    identities
        How its indicators hang together, for `attain.audit`.
    known
        Date or year of knowledge that `as_of` cut it to; None: everything.
    """

    rows: pd.DataFrame
    name: str
    treatments: Mapping[str, Text] = field(default_factory=dict)
    defaults: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    serves: Mapping[str, Mapping[str, Service]] = field(default_factory=dict)
    identities: tuple[Identity, ...] = ()
    known: date | int | None = None

    @functools.cached_property
    def indicators(self) -> tuple[str, ...]:
        """Ids of the indicators in the order in which they first appear."""
        return tuple(str(name) for name in self.rows["indicator"].unique())

    @functools.cached_property
    def _first_rows(self) -> pd.DataFrame:
        return self.rows.drop_duplicates("indicator").set_index("indicator")

    @functools.cached_property
    def _units(self) -> dict[str, str]:
        levels = self.rows[self.rows["kind"] == "level"].drop_duplicates("indicator")
        return dict(zip(levels["indicator"], levels["unit"], strict=True))

    @functools.cached_property
    def _shares(self) -> frozenset[str]:
        return frozenset(self.rows.loc[self.rows["kind"] == "share", "indicator"])

    @functools.cached_property
    def _labelled(self) -> dict[str, list[str]]:
        """Label, Chinese or English, to the indicators that bear it."""
        found: dict[str, dict[str, None]] = {}
        for column in ("label", "label_zh"):
            for indicator, label in self._first_rows[column].items():
                found.setdefault(str(label), {})[str(indicator)] = None
        return {label: list(indicators) for label, indicators in found.items() if label}

    @functools.cached_property
    def _treatments(self) -> dict[str, tuple[str, ...]]:
        named = self.rows[(self.rows["treatment"] != "") & (self.rows["unused"] == "")]
        names = named.groupby("indicator", sort=False)["treatment"].unique()
        return {str(i): self._defaults_first(str(i), list(t)) for i, t in names.items()}

    def _defaults_first(self, indicator: str, names: list[str]) -> tuple[str, ...]:
        first = next((name for name in self.defaults.get(indicator, ()) if name in names), names[0])
        return (first, *(name for name in names if name != first))

    def find(self, name: str) -> str | None:
        """Id of the indicator with this id, or this Chinese or English label; None when there is none.

        Raises
        ------
        DataError
            When several indicators bear the label.
        """
        if name in self._first_rows.index:
            return name
        found = self._labelled.get(name, [])
        if len(found) > 1:
            ids = " and ".join(repr(indicator) for indicator in found)
            raise DataError(f"{self.name}: {ids} bear the same label {name!r}; name the indicator by its id")
        return found[0] if found else None

    def treatments_of(self, indicator: str) -> tuple[str, ...]:
        """Names of the treatments that have a usable figure, the default first; `("",)` when the figures need none."""
        return self._treatments.get(indicator, ("",))

    def unit_of(self, indicator: str) -> str:
        """Unit in which an indicator is projected: that of its levels, "" where none is given; `fraction` for a
        share."""
        return "fraction" if indicator in self._shares else self._units.get(indicator, "")

    def scale_of(self, indicator: str) -> Scale:
        """The scale on which an indicator is modelled: logit for a share measured directly, else log."""
        return LOGIT if indicator in self._shares else LOG

    def price_of(self, indicator: str) -> str:
        """`nominal` or `constant`."""
        return str(self._first_rows.at[indicator, "price"])

    def label_of(self, indicator: str, language: str = "en") -> str:
        """Label for tables and figures, the id where there is none."""
        row = self._first_rows.loc[indicator]
        first, second = ("label_zh", "label") if language == "zh" else ("label", "label_zh")
        return str(row[first] or row[second] or indicator)

    def series_for(self, plan: str, indicator: str) -> Service:
        """The series that speaks of a plan's indicator: as the map `serves` says, else the indicator of that name."""
        mapped = self.serves.get(plan, {}).get(indicator)
        return Service(self.find(indicator), "") if mapped is None else mapped

    def years_of(self, indicator: str) -> list[int]:
        """Years with a full-year figure that is published, in any treatment and of any kind, bounds among them."""
        rows = self.rows[(self.rows["indicator"] == indicator) & (self.rows["period"] == "")]
        rows = rows[~rows["unused"].str.startswith(UNKNOWN_THEN) & (rows["kind"] != "change")]
        return sorted({int(year) for year in rows["year"]})

    def usable(self, indicators: Sequence[str], treatments: Mapping[str, str] | None = None) -> pd.DataFrame:
        """The rows that a model uses of these indicators, each under its treatment.

        Parameters
        ----------
        indicators
            Ids.
        treatments
            Indicator to treatment; the default one where none is named.

        Returns
        -------
        DataFrame
            Rows of `rows` with the column `series` (position in `indicators`): series by series, years ascending,
            within a year the scope that begins later comes after the one that begins earlier. Sources of one figure
            are one row, the first, with the mean of their readings.
        """
        position = {name: i for i, name in enumerate(indicators)}
        chosen = {name: self.treatments_of(name)[0] for name in self._treatments} | dict(treatments or {})
        named, wanted = self.rows["treatment"], _chosen(self.rows["indicator"], chosen)
        mask = (self.rows["unused"] == "") & ((named == "") | (named == wanted))
        rows: pd.DataFrame = self.rows[mask & self.rows["indicator"].isin(position)]
        rows = merge_sources(rows[overtaken(rows) == ""])
        rows = rows.assign(series=rows["indicator"].map(position).astype(np.int64))
        order = np.lexsort((_scope_begins(rows), rows["year"], rows["series"]))
        return rows.take(order)

    def ambiguous_scopes(
        self, indicators: Sequence[str], treatments: Mapping[str, str] | None = None
    ) -> dict[str, str]:
        """Why the last figures of an indicator do not say which scope to project.

        The scope that began last is projected; where two began in the same year, and both have a figure in the last
        one, nothing tells them apart.

        Returns
        -------
        dict
            Indicator to reason and way out; indicators that can be projected are absent.
        """
        rows = self.usable(indicators, treatments)
        rows = rows.assign(begins=_scope_begins(rows))
        has_figure = rows["series"].isin(rows.loc[rows["kind"] != "growth", "series"])
        figures = rows[(rows["kind"] != "growth") | ~has_figure]
        last = figures.drop_duplicates("series", keep="last").set_index("series")
        end, begin = figures["series"].map(last["year"]), figures["series"].map(last["begins"])
        rivals = figures[(figures["year"] == end) & (figures["begins"] == begin)]
        rivals = rivals[rivals.duplicated("series", keep=False)]
        return {str(name): _undecided(part) for name, part in rivals.groupby("indicator", sort=False)}

    def as_of(self, when: AsOf) -> History:
        """What was known then.

        Parameters
        ----------
        when
            A date, as text such as 2025-08-28, `date`, `datetime` or `Timestamp`: keeps the figures released by then,
            and leaves out rows without `released` (listed in `rows` with the reason). An integer year: keeps figures
            for years up to it, in their final vintage. None: everything.

        Raises
        ------
        ArgumentError
            For anything else.
        """
        if when is None:
            return self
        if isinstance(when, int | np.integer) and not isinstance(when, bool) and 1000 <= when <= 9999:
            late = self.rows["year"] > when
            return dataclasses.replace(self._without(late, f"after {when}"), known=int(when))
        day = parse_day(when)
        if day is None:
            raise ArgumentError(f"as_of: {when!r} is neither a year nor a date such as 2025-08-28")
        known = self.rows["released"] != ""
        late = known & (self.rows["released"] > day.isoformat())
        cut = self._without(~known, "no release date")._without(late, f"released after {day}")
        return dataclasses.replace(cut, known=day)

    def _without(self, mask: pd.Series[bool], reason: str) -> History:
        unused = self.rows["unused"].mask(mask, reason)
        return dataclasses.replace(self, rows=mark_unused(self.rows.assign(unused=unused)))

    def observations(self, indicators: Sequence[str], treatments: Mapping[str, str] | None = None) -> Observations:
        """The flat table of the usable rows of these indicators, each under its treatment."""
        rows = self.usable(indicators, treatments)
        return Observations(
            indicators=tuple(indicators),
            series=rows["series"].to_numpy(np.int64),
            year=rows["year"].to_numpy(np.int32),
            kind=np.array([_KIND_CODES[kind] for kind in rows["kind"]], np.int32),
            scope=pd.factorize(rows["scope"])[0].astype(np.int32),
            value=rows["reading"].to_numpy(np.float64),
            looseness=rows["looseness"].to_numpy(np.float64),
            error=rows["error"].to_numpy(np.float64),
            row=rows.index.to_numpy(np.int64),
        )

    def describe(self) -> pd.DataFrame:
        """Which indicators are usable, from when to when, on which scope.

        Returns
        -------
        DataFrame
            Index indicator; columns label, unit, price, levels, growth_rates, shares, first and last (years, missing
            where nothing is usable), scopes, treatments, usable (bool), needs (what is missing where it is not
            usable), unused (rows kept but not used, with the reasons).
        """
        names = pd.Index(self.indicators, name="indicator")
        about, rows = self._first_rows.loc[names], self.usable(self.indicators)
        counts = pd.crosstab(rows["indicator"], rows["kind"]).reindex(index=names, columns=["level", "growth", "share"])
        counts = counts.fillna(0).astype(np.int64)
        years = rows.groupby("indicator")["year"].agg(["min", "max"]).reindex(names).astype("Int64")
        usable = counts.sum(axis=1) > 0
        columns = {
            "label": about["label"].where(about["label"] != "", about["label_zh"]).where(lambda s: s != "", names),
            "unit": [self.unit_of(name) for name in names],
            "price": about["price"],
            "levels": counts["level"],
            "growth_rates": counts["growth"],
            "shares": counts["share"],
            "first": years["min"],
            "last": years["max"],
            "scopes": _joined(rows["indicator"], rows["scope"], names, ", "),
            "treatments": [", ".join(t for t in self.treatments_of(name) if t) for name in names],
            "usable": usable,
            "needs": np.where(usable, "", "yearly levels, shares or growth rates"),
            "unused": self._unused_reasons(names),
        }
        return pd.DataFrame(columns, index=names)

    def _unused_reasons(self, names: pd.Index[str]) -> pd.Series[str]:
        """By indicator, how many rows are not used for which reason, the commonest first."""
        unused = self.rows[self.rows["unused"] != ""]
        counts = unused.groupby(["indicator", "unused"], sort=False).size().sort_values(ascending=False, kind="stable")
        reasons = counts.rename("count").reset_index()
        texts = reasons["count"].astype(str) + " " + reasons["unused"]
        return _joined(reasons["indicator"], texts, names, "; ")

    def _repr_html_(self) -> str:
        from attain.fragments import history_fragment

        return history_fragment(self)

    def to_frame(self) -> pd.DataFrame:
        """A copy of `rows`."""
        return self.rows.copy()

    def summary(self) -> str:
        """`describe()` as text."""
        shown = ["levels", "growth_rates", "shares", "first", "last", "unit", "treatments"]
        return f"{self.name}\n{self.describe()[shown].to_string()}"


def parse_day(when: Any) -> date | None:
    """The day that a date, a datetime or text such as 2021-03-05, 2021-3-5, 2021/3/5 or 20210305 names, else None."""
    if isinstance(when, date):
        return None if pd.isna(when) else date(when.year, when.month, when.day)
    match = _DATE.fullmatch(when.strip()) if isinstance(when, str) else None
    if match is None:
        return None
    try:
        return date(int(match[1]), int(match[3] or match[5]), int(match[4] or match[6]))
    except ValueError:
        return None


def cells(rows: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """What tells the usable figures apart, with more columns beside it."""
    return rows.loc[rows["unused"] == "", ["indicator", "year", "kind", "scope", *columns]]


def mark_unused(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with `unused` set for those that give way to others: all but the latest vintage of a figure (vintages
    are ISO texts, which sort), and what `attain.precision.overtaken` tells."""
    unused = rows["unused"].mask(rows["unused"].isin((_OLDER, *OVERTAKEN)), "")
    order = cells(rows.assign(unused=unused), ["period", "bound", "treatment", "vintage"])
    order = order.assign(bound=order["bound"] != "").sort_values("vintage", kind="stable")
    superseded = order["vintage"].to_numpy() != _latest(order)
    unused[order.index[superseded]] = _OLDER
    return rows.assign(unused=mark_overtaken(rows.assign(unused=unused)))


def _latest(order: pd.DataFrame) -> npt.NDArray[np.object_]:
    """The latest vintage of each row's figure, in rows sorted by vintage."""
    keys = [c for c in order.columns if c != "vintage"]
    last = order.drop_duplicates(keys, keep="last")
    if len(last) == len(order):
        return order["vintage"].to_numpy()
    return order[keys].merge(last, how="left", on=keys)["vintage"].to_numpy()


def _chosen(indicators: pd.Series[str], treatments: Mapping[str, str]) -> Any:
    """The treatment chosen for each row's indicator, "" where it needs none."""
    return [treatments.get(indicator, "") for indicator in indicators] if treatments else ""


def _scope_begins(rows: pd.DataFrame) -> pd.Series[int]:
    """First year of each row's scope within its series."""
    return rows.groupby(["series", "scope"], sort=False)["year"].transform("min")


def _undecided(rivals: pd.DataFrame) -> str:
    scopes = " and ".join(repr(scope) for scope in rivals["scope"])
    begins, last = rivals["begins"].iloc[0], rivals["year"].iloc[0]
    return (
        f"the scopes {scopes} both begin in {begins} and have a figure in {last}, so nothing says which to project;"
        " give the one that is not meant to be projected a treatment, or leave it out"
    )


def _joined(indicators: pd.Series[str], texts: pd.Series[str], names: pd.Index[str], separator: str) -> pd.Series[str]:
    """By indicator, its distinct texts in order, empty ones left out."""
    pairs = pd.DataFrame({"indicator": indicators, "text": texts}).drop_duplicates()
    found: dict[str, list[str]] = {}
    for indicator, text in zip(pairs["indicator"], pairs["text"], strict=True):
        if text:
            found.setdefault(indicator, []).append(text)
    return pd.Series([separator.join(found.get(name, [])) for name in names], index=names, dtype=object)
