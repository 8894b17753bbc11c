"""Figures of the past: read, checked, and put into the flat table that the core takes.

A history is one row per published figure. Nothing is dropped on reading: a row that no model uses yet (a part of a
year, a share, a floor, an older vintage) stays, with the reason in the column `unused`.
"""

from __future__ import annotations

import dataclasses
import functools
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from importlib import resources
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import yaml

from attain.errors import BasisError, DataError, UnitError
from attain.language import Text
from attain.units import convert, decimal, parse_rate

COLUMNS = (
    "indicator", "label", "label_zh", "year", "period", "kind", "value", "unit", "price", "scope", "treatment",
    "bound", "released", "vintage", "confidence", "source", "url", "note",
)  # fmt: skip
KINDS = ("level", "growth", "share")
_KIND_CODES = {"level": 0, "growth": 1}
_OLDER = "an older vintage"
_FULL_YEAR = re.compile(r"(\d{4})?Y?")
_PART_YEAR = re.compile(r"(\d{4})(?:[HQM]\d{1,2}(?:-[HQM]\d{1,2})?|-\d{2})")

AsOf = int | str | date | None
_Codes = npt.NDArray[np.int32]
Columns = tuple[npt.NDArray[np.int64], _Codes, _Codes, _Codes, npt.NDArray[np.float64]]


@dataclass(frozen=True)
class Observations:
    """The flat table of the core: one entry per row, series by series in the order of `indicators`.

    `row` leads back to `History.rows`; series, year, kind, scope and value are what `attain._core` takes.
    """

    indicators: tuple[str, ...]
    series: npt.NDArray[np.int64]
    year: npt.NDArray[np.int32]
    kind: npt.NDArray[np.int32]
    scope: npt.NDArray[np.int32]
    value: npt.NDArray[np.float64]
    row: npt.NDArray[np.int64]

    @property
    def columns(self) -> Columns:
        """The five columns in the order of the core's arguments."""
        return self.series, self.year, self.kind, self.scope, self.value

    def of(self, position: int) -> Observations:
        """The rows of one series as a table of their own."""
        start, end = np.searchsorted(self.series, [position, position + 1])
        part = slice(int(start), int(end))
        columns = (self.year[part], self.kind[part], self.scope[part], self.value[part], self.row[part])
        return Observations((self.indicators[position],), np.zeros(int(end - start), np.int64), *columns)


@dataclass(frozen=True)
class Service:
    """Which series serves a plan's indicator (None: none does), and where the two differ or what is missing."""

    series: str | None
    note: str


@dataclass(frozen=True)
class History:
    """Published figures of one or more indicators; made by `load_history`.

    Attributes
    ----------
    rows : frame, one row per figure, columns as in `COLUMNS`, with `place` (where it stands in its source) and
        `unused`.
    name : where the figures come from.
    treatments : name of a treatment of the data to what it assumes, where the source tells.
    serves : by plan id and its indicator, the series that speaks of it.
    defaults : indicator to the treatment used when none is asked for; the first in the rows otherwise.
    """

    rows: pd.DataFrame
    name: str
    treatments: Mapping[str, Text] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)
    serves: Mapping[str, Mapping[str, Service]] = field(default_factory=dict)

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
    def _ids(self) -> dict[str, str]:
        """Every name that leads to an indicator: labels, and before them ids."""
        names = {label: str(i) for c in ("label", "label_zh") for i, label in self._first_rows[c].items() if label}
        return names | {name: name for name in self.indicators}

    @functools.cached_property
    def _treatments(self) -> dict[str, tuple[str, ...]]:
        named = self.rows[(self.rows["treatment"] != "") & (self.rows["unused"] == "")]
        names = named.groupby("indicator", sort=False)["treatment"].unique()
        return {str(i): tuple(sorted(t, key=lambda name: name != self.defaults.get(str(i)))) for i, t in names.items()}

    def find(self, name: str) -> str | None:
        """Id of the indicator with this id, Chinese or English label; None when there is none."""
        return self._ids.get(name)

    def treatments_of(self, indicator: str) -> tuple[str, ...]:
        """Names of the treatments that have a usable figure, the default first; `("",)` when the figures need none."""
        return self._treatments.get(indicator, ("",))

    def unit_of(self, indicator: str) -> str:
        """Unit of an indicator's levels, in which it is projected; "" where none is given."""
        return self._units.get(indicator, "")

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
        return sorted({int(year) for year in rows["year"]})

    def usable(self, indicators: Sequence[str], treatments: Mapping[str, str] | None = None) -> pd.DataFrame:
        """The rows that a model uses of these indicators, each under its treatment (the default where none is
        named), series by series in the order of `indicators`, years ascending."""
        position = {name: i for i, name in enumerate(indicators)}
        chosen = {name: self.treatments_of(name)[0] for name in self._treatments} | dict(treatments or {})
        wanted = _lookup(self.rows["indicator"], chosen, "")
        named = self.rows["treatment"]
        rows = self.rows[
            (self.rows["unused"] == "") & ((named == "") | (named == wanted)) & self.rows["indicator"].isin(position)
        ]
        return rows.assign(series=rows["indicator"].map(position)).sort_values(["series", "year"], kind="stable")

    def as_of(self, when: AsOf) -> History:
        """What was known then.

        A date keeps the figures released by then, and leaves out rows without `released` (listed in `rows` with the
        reason); an integer year keeps figures for years up to it, in their final vintage.
        """
        if when is None:
            return self
        if isinstance(when, int):
            late = self.rows["year"] > when
            return self._without(late, f"after {when}")
        day = _as_date(when)
        known = self.rows["released"] != ""
        late = known & (self.rows["released"] > day.isoformat())
        return self._without(~known, "no release date")._without(late, f"released after {day}")

    def _without(self, mask: pd.Series[bool], reason: str) -> History:
        unused = self.rows["unused"].mask(mask & self.rows["unused"].isin(["", _OLDER]), reason)
        return dataclasses.replace(self, rows=_mark_old_vintages(self.rows.assign(unused=unused)))

    def observations(self, indicators: Sequence[str], treatments: Mapping[str, str] | None = None) -> Observations:
        """The flat table of the usable rows of these indicators, each under its treatment."""
        rows = self.usable(indicators, treatments)
        return Observations(
            indicators=tuple(indicators),
            series=rows["series"].to_numpy(np.int64),
            year=rows["year"].to_numpy(np.int32),
            kind=np.array([_KIND_CODES[kind] for kind in rows["kind"]], np.int32),
            scope=pd.factorize(rows["scope"])[0].astype(np.int32),
            value=rows["value"].to_numpy(np.float64),
            row=rows.index.to_numpy(np.int64),
        )

    def describe(self) -> pd.DataFrame:
        """Which indicators are usable, from when to when, on which scope.

        Returns
        -------
        DataFrame
            Index indicator; columns label, unit, price, levels, growth_rates, first, last, scopes, treatments,
            usable (bool),
            needs (what is missing where it is not usable), unused (rows kept but not used, with the reasons).
        """
        return pd.DataFrame([self._describe(name) for name in self.indicators]).set_index("indicator")

    def _describe(self, name: str) -> dict[str, Any]:
        rows = self.usable([name])
        unused = self.rows.loc[(self.rows["indicator"] == name) & (self.rows["unused"] != ""), "unused"].value_counts()
        return {
            "indicator": name,
            "label": self.label_of(name),
            "unit": self.unit_of(name),
            "price": self.price_of(name),
            "levels": int((rows["kind"] == "level").sum()),
            "growth_rates": int((rows["kind"] == "growth").sum()),
            "first": int(rows["year"].min()) if len(rows) else None,
            "last": int(rows["year"].max()) if len(rows) else None,
            "scopes": ", ".join(s for s in rows["scope"].unique() if s),
            "treatments": ", ".join(t for t in self.treatments_of(name) if t),
            "usable": len(rows) > 0,
            "needs": "" if len(rows) else "yearly levels or growth rates",
            "unused": "; ".join(f"{count} {reason}" for reason, count in unused.items()),
        }

    def to_frame(self) -> pd.DataFrame:
        """A copy of `rows`."""
        return self.rows.copy()

    def summary(self) -> str:
        """`describe()` as text."""
        shown = ["levels", "growth_rates", "first", "last", "unit", "treatments"]
        return f"{self.name}\n{self.describe()[shown].to_string()}"


def load_history(
    source: str | PathLike[str] | pd.DataFrame | pd.Series[Any] | History, *, name: str | None = None
) -> History:
    """Figures from a bundled id, a CSV file, a tidy or wide DataFrame, or a Series.

    Parameters
    ----------
    source
        * id of a bundled history (`"jiangxi"`);
        * path of a CSV file with at least the columns indicator, year (or period) and value, and any other of
        `COLUMNS`; a CSV
          without a column `indicator` is wide: a column year, and one column per indicator;
        * a DataFrame of either form (wide: index year, one column per indicator; a missing cell is a year without
        figure); * a Series with a year index, named after its indicator.
    name
        How errors and tables call it.

    Raises
    ------
    DataError, UnitError, BasisError
        Naming the file, the line or row, the column, and the way out.
    """
    if isinstance(source, History):
        return source
    if isinstance(source, pd.Series):
        return _from_series(source, name or "series")
    if isinstance(source, pd.DataFrame):
        return _from_frame(source, name or "frame")
    text = str(source)
    if Path(text).suffix == "" and not Path(text).exists():
        return _bundled(text)
    return _from_csv(Path(text), name or text)


def _bundled(name: str) -> History:
    folder = resources.files("attain").joinpath("data")
    if not folder.joinpath(f"{name}.csv").is_file():
        known = ", ".join(sorted(e.name[:-4] for e in folder.iterdir() if e.name.endswith(".csv")))
        raise DataError(f"no bundled history {name!r}; bundled: {known}; or give the path of a .csv file")
    about = yaml.safe_load(folder.joinpath(f"{name}.yaml").read_text(encoding="utf-8"))
    frame = _read_csv(io.StringIO(folder.joinpath(f"{name}.csv").read_text(encoding="utf-8")), name)
    treatments = {treatment: Text(**texts) for treatment, texts in about["treatments"].items()}
    serves = {plan: {i: Service(**row) for i, row in rows.items()} for plan, rows in about["serves"].items()}
    return dataclasses.replace(
        _from_tidy(frame, name), treatments=treatments, defaults=about["defaults"], serves=serves
    )


def _from_csv(path: Path, name: str) -> History:
    if path.suffix != ".csv":
        raise DataError(f"{name}: a history is a .csv file; save the sheet as CSV (UTF-8)")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise DataError(f"{name}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{name}: is not UTF-8 text; save it as CSV UTF-8") from error
    frame = _read_csv(io.StringIO(text), name)
    return _from_tidy(frame, name) if "indicator" in frame.columns else _from_wide(_wide_csv(frame, name), name)


def _read_csv(text: io.StringIO, name: str) -> pd.DataFrame:
    try:
        frame = pd.read_csv(text, dtype=str, keep_default_na=False)
    except (pd.errors.EmptyDataError, pd.errors.ParserError) as error:
        raise DataError(f"{name}: not a table of comma-separated values: {error}") from error
    frame.index = pd.Index([f"line {i + 2}" for i in range(len(frame))])
    return frame


def _wide_csv(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    if "year" not in frame.columns:
        raise DataError(
            f"{name}: neither a column indicator (one figure per row) nor a column year (one column per indicator)"
        )
    wide = frame.set_index("year").map(lambda cell: cell if cell.strip() else None)
    return wide


def _from_series(series: pd.Series[Any], name: str) -> History:
    indicator = str(series.name or "series")
    missing = series.index[series.isna()]
    if len(missing):
        raise DataError(f"{name} {indicator!r}, year {missing[0]}: no figure (NaN); drop missing years with .dropna()")
    return _from_wide(series.to_frame(indicator), name)


def _from_frame(frame: pd.DataFrame, name: str) -> History:
    if "indicator" not in frame.columns:
        return _from_wide(frame.set_index("year") if "year" in frame.columns else frame, name)
    labelled = frame.astype(object).where(frame.notna(), "")
    blank = labelled.index[frame["value"].isna()] if "value" in frame.columns else labelled.index[:0]
    if len(blank):
        raise DataError(f"{name}, row {blank[0]}, column value: no figure (NaN); drop the row or fill in the figure")
    labelled.index = pd.Index([f"row {label}" for label in frame.index])
    return _from_tidy(labelled, name)


def _from_wide(wide: pd.DataFrame, name: str) -> History:
    if wide.shape[1] == 0 or len(wide) == 0:
        raise DataError(f"{name}: is empty; a history needs at least one figure")
    empty = wide.columns[wide.isna().all()]
    if len(empty):
        raise DataError(f"{name}, column {empty[0]!r}: has no figure; drop the column or fill in a figure")
    columns = [str(c) for c in wide.columns]
    tidy = pd.DataFrame(
        {
            "indicator": np.repeat(columns, len(wide)),
            "year": np.tile(wide.index.to_numpy(), len(columns)),
            "value": wide.to_numpy().T.ravel(),
        }
    )
    tidy.index = pd.Index("column '" + tidy["indicator"] + "', year " + tidy["year"].astype(str))
    return _from_tidy(tidy[tidy["value"].notna()], name)


def _from_tidy(frame: pd.DataFrame, name: str) -> History:
    if len(frame) == 0:
        raise DataError(f"{name}: is empty; a history needs at least one figure")
    _check_columns(frame, name)
    rows = pd.DataFrame({c: frame[c] if c in frame.columns else "" for c in COLUMNS})
    rows.insert(0, "place", frame.index)
    rows = rows.reset_index(drop=True)
    for column in set(frame.columns) - {"year", "value"}:
        rows[column] = rows[column].astype(str).str.strip()
    _fill_years(rows, name)
    _fill_kinds(rows, name)
    _fill_prices(rows, name)
    _fill_values(rows, name)
    rows["unused"] = _why_unused(rows)
    _refuse_repeats(rows, name)
    return History(_mark_old_vintages(rows), name)


def _check_columns(frame: pd.DataFrame, name: str) -> None:
    missing = [c for c in ("indicator", "value") if c not in frame.columns]
    if "year" not in frame.columns and "period" not in frame.columns:
        missing.append("year")
    if missing:
        raise DataError(
            f"{name}: column {missing[0]!r} is missing; a history needs indicator, year (or period) and value"
        )
    unknown = [str(c) for c in frame.columns if c not in COLUMNS]
    if unknown:
        raise DataError(f"{name}: unknown column {unknown[0]!r}; known columns: {', '.join(COLUMNS)}")


def _lookup(keys: pd.Series[Any], table: Mapping[Any, str], default: str) -> pd.Series[str]:
    found = [table.get(key, default) for key in keys] if table else default
    return pd.Series(found, index=keys.index, dtype=object)


def _first(mask: pd.Series[bool] | npt.NDArray[np.bool_]) -> int | None:
    positions = np.flatnonzero(np.asarray(mask))
    return int(positions[0]) if len(positions) else None


def _refuse(rows: pd.DataFrame, mask: Any, name: str, column: str, sentence: str) -> None:
    """Raise for the first row of the mask; `{value}` in the sentence becomes what stands there."""
    first = _first(mask)
    if first is not None:
        row = rows.iloc[first]
        raise DataError(f"{name}, {row['place']}, column {column}: " + sentence.format(value=row[column]))


def _fill_years(rows: pd.DataFrame, name: str) -> None:
    periods = rows["period"].unique()
    full = rows["period"].isin([text for text in periods if _FULL_YEAR.fullmatch(text)])
    part = rows["period"].isin([text for text in periods if _PART_YEAR.fullmatch(text)])
    _refuse(
        rows,
        ~(full | part),
        name,
        "period",
        "{value!r} is no period; write 2025, 2025H1, 2025Q1-Q3, 2025M1-M11 or 2025-08",
    )
    stated = rows["year"].astype(str).str.strip()
    written = stated.where(stated != "", rows["period"].str[:4])
    years = pd.to_numeric(written, errors="coerce")
    bad = years.isna() | (years != years.round()) | (years < 1000) | (years > 9999)
    _refuse(rows, bad, name, "year", "{value!r} is not a year such as 2025")
    rows["year"] = years.astype(int)
    rows["period"] = rows["period"].where(part, "")


def _fill_kinds(rows: pd.DataFrame, name: str) -> None:
    rows["kind"] = rows["kind"].where(rows["kind"] != "", "level")
    _refuse(rows, ~rows["kind"].isin(KINDS), name, "kind", "{value!r} is none of level, growth, share")
    _refuse(rows, rows["indicator"] == "", name, "indicator", "is empty; name the indicator")


def _fill_prices(rows: pd.DataFrame, name: str) -> None:
    _refuse(
        rows,
        ~rows["price"].isin(["", "nominal", "constant"]),
        name,
        "price",
        "{value!r} is neither nominal nor constant",
    )
    rows.loc[(rows["kind"] == "level") & (rows["price"] == ""), "price"] = "nominal"
    stated = rows.loc[rows["price"] != ""].groupby("indicator")["price"]
    mixed = stated.nunique()
    for indicator in mixed[mixed > 1].index:
        part = rows[(rows["indicator"] == indicator) & (rows["price"] != "")]
        other = part[part["price"] != part["price"].iloc[0]].iloc[0]
        first = part["price"].iloc[0]
        raise BasisError(
            f"{name}, {other['place']}: {indicator!r} mixes {first} and {other['price']} prices ({other['kind']} of"
            f" {other['year']}); constant-price growth never enters nominal levels without a deflator: give it an"
            " indicator of its own"
        )
    rows["price"] = _lookup(rows["indicator"], stated.first().to_dict(), "nominal")


def _plain_number(text: Any) -> float:
    try:
        return float(decimal(text))
    except UnitError:
        return float("nan")


def _growth_value(row: pd.Series[Any], name: str) -> float:
    text = str(row["value"]).strip()
    try:
        return float(parse_rate(text.removesuffix("%") + row["unit"] if row["unit"] else row["value"]))
    except UnitError as error:
        raise UnitError(f"{name}, {row['place']}, column value: {error}") from error


def _fill_values(rows: pd.DataFrame, name: str) -> None:
    values = pd.to_numeric(rows["value"], errors="coerce").astype(float)
    odd = values.isna() & (rows["kind"] != "growth")
    values[odd] = rows.loc[odd, "value"].map(_plain_number)
    _refuse(
        rows,
        values.isna() & (rows["kind"] != "growth"),
        name,
        "value",
        "{value!r} is not a number; put the unit into the column unit",
    )
    _refuse(rows, np.isinf(values), name, "value", "{value!r} is not a finite number")
    sunken = (
        "a level of {value} is zero or negative, and growth is modelled on logarithms; leave out years without figure"
    )
    _refuse(rows, (rows["kind"] == "level") & (values <= 0), name, "value", sunken)
    growth = rows["kind"] == "growth"
    for index in rows.index[growth]:
        values[index] = _growth_value(rows.loc[index], name)
    _refuse(rows, growth & (values <= -1), name, "value", "a growth rate of {value} is -100 % or lower")
    rows["value"] = values
    _convert_levels(rows, name)


def _convert_levels(rows: pd.DataFrame, name: str) -> None:
    """Levels of one indicator into the unit of its first level."""
    levels = rows[(rows["kind"] == "level") & (rows["unit"] != "")]
    if levels.empty:
        return
    first = levels.groupby("indicator")["unit"].first()
    for index, indicator, written in zip(levels.index, levels["indicator"], levels["unit"], strict=True):
        try:
            factor = convert(decimal(1), written, first[indicator])
        except UnitError as error:
            raise UnitError(f"{name}, {rows.loc[index, 'place']}, column unit: {error}") from error
        if factor != 1:
            rows.loc[index, ["value", "unit"]] = [
                float(decimal(rows.loc[index, "value"]) * factor),
                first[indicator],
            ]
    named = _lookup(rows["indicator"], first.to_dict(), "")
    bare = (rows["kind"] == "level") & (rows["unit"] == "") & (named != "")
    _refuse(rows, bare, name, "unit", "is empty, while other figures of the indicator have a unit; fill it in")


def _why_unused(rows: pd.DataFrame) -> pd.Series[str]:
    reason = pd.Series("", index=rows.index)
    reason = reason.mask(rows["kind"] == "share", "share (no model for shares yet)")
    reason = reason.mask(rows["bound"] != "", "a bound, not a figure (not modelled yet)")
    return reason.mask(rows["period"] != "", "part of a year (not modelled yet)")


def _cells(rows: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    return rows.loc[(rows["unused"] == ""), ["indicator", "year", "kind", "scope", *columns]]


def _refuse_repeats(rows: pd.DataFrame, name: str) -> None:
    """One figure per cell: the same treatment may not have two, nor a treatment one that all treatments have."""
    cells = _cells(rows, ["vintage", "treatment"])
    key = ["indicator", "year", "kind", "scope", "vintage"]
    keys = pd.MultiIndex.from_frame(cells[key])
    shared = (cells["treatment"] == "").to_numpy()
    repeated = cells.duplicated([*key, "treatment"]) | (shared & keys.isin(keys[~shared]))
    first = _first(repeated)
    if first is not None:
        same = np.flatnonzero(keys == keys[first])
        row, other = rows.loc[cells.index[first]], rows.loc[cells.index[same[same != first][0]]]
        raise DataError(
            f"{name}, {row['place']}: the {row['kind']} of {row['indicator']!r} for {row['year']} stands already in"
            f" {other['place']}, with the same scope, treatment and vintage;"
            " tell them apart by one of these columns, or drop one"
        )


def _mark_old_vintages(rows: pd.DataFrame) -> pd.DataFrame:
    """Of several vintages of one figure the latest is used; vintages compare as text, so write them as dates."""
    unused = rows["unused"].mask(rows["unused"] == _OLDER, "")
    cells = _cells(rows.assign(unused=unused), ["treatment", "vintage"])
    order = cells.sort_values("vintage", kind="stable")
    superseded = order.index[order.duplicated(["indicator", "year", "kind", "scope", "treatment"], keep="last")]
    unused[superseded] = _OLDER
    return rows.assign(unused=unused)


def _as_date(when: str | date) -> date:
    if isinstance(when, date):
        return when
    try:
        return date.fromisoformat(when)
    except ValueError:
        raise DataError(f"as_of: {when!r} is neither a year nor a date such as 2025-08-28") from None
