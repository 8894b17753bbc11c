"""Histories in every form they come in, read and checked: what is not understood is refused, with the place and the
way out.

Each form (a bundled id; a CSV file, an Excel sheet or a frame, tidy or wide; a Series) becomes one tidy frame of cells
as they were written, labelled by their place; `_from_tidy` checks it column by column.
"""

from __future__ import annotations

import csv
import dataclasses
import io
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from importlib import resources
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import yaml

from attain.errors import BasisError, DataError, UnitError
from attain.history import COLUMNS, History, Service, cells, mark_unused, parse_day
from attain.identity import Identity
from attain.language import Text
from attain.precision import UPWARD, as_modelled, as_written, looseness_of, months_of, read_cell, read_share
from attain.scale import LOGIT
from attain.spreadsheet import read_sheet
from attain.units import convert, decimal, parse_points, parse_rate, plain_number

KINDS = ("level", "growth", "share", "change")
BOUNDS = ("", "at_least", "more_than", "at_most", "less_than")
_FULL_YEAR = re.compile(r"([1-9]\d{3})?Y?")
_PART_YEAR = re.compile(r"([1-9]\d{3})(?:([HQM])(\d{1,2})(?:-\2(\d{1,2}))?|-(\d{2}))")
_PARTS = {"H": 2, "Q": 4, "M": 12}
_YEAR = re.compile(r"(\d{4})(?:\.0+)?")
_MONTH = re.compile(r"(\d{4})[-/](0?[1-9]|1[0-2])")
_EMPTY = "is empty; a history needs at least one figure"


def load_history(
    source: str | PathLike[str] | pd.DataFrame | pd.Series[Any] | History, *, name: str | None = None
) -> History:
    """Figures from a bundled id, a CSV or Excel file, a tidy or wide DataFrame, or a Series.

    Parameters
    ----------
    source
        One of

        * the id of a bundled history (`"jiangxi"`);
        * the path of a CSV file with at least the columns indicator, year (or period) and value, and any other of
          `COLUMNS`; a CSV without a column `indicator` is wide: a column year, and one column per indicator;
        * the path of an .xlsx file, whose first sheet is such a table (needs `openpyxl`: `pip install attain[excel]`);
        * a DataFrame of either form; wide: index year (or dates, one per year), one column per indicator, a missing
          cell is a year without figure;
        * a Series with such an index, named after its indicator;
        * a History, which is returned.
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
    return _from_file(Path(text), name or text)


# --- the forms ------------------------------------------------------------------------------------------------------


def _bundled(name: str) -> History:
    folder = resources.files("attain").joinpath("data")
    if not folder.joinpath(f"{name}.csv").is_file():
        known = ", ".join(sorted(e.name[:-4] for e in folder.iterdir() if e.name.endswith(".csv")))
        raise DataError(f"no bundled history {name!r}; bundled: {known}; or give the path of a .csv or .xlsx file")
    about = yaml.safe_load(folder.joinpath(f"{name}.yaml").read_text(encoding="utf-8"))
    frame = _read_csv(folder.joinpath(f"{name}.csv").read_text(encoding="utf-8"), name)
    treatments = {treatment: Text(**texts) for treatment, texts in about["treatments"].items()}
    serves = {plan: {i: Service(**row) for i, row in rows.items()} for plan, rows in about["serves"].items()}
    defaults = {indicator: tuple(names) for indicator, names in about["defaults"].items()}
    identities = tuple(Identity(**identity) for identity in about["identities"])
    return dataclasses.replace(
        _from_tidy(frame, name), treatments=treatments, defaults=defaults, serves=serves, identities=identities
    )


def _from_file(path: Path, name: str) -> History:
    if path.suffix not in (".csv", ".xlsx"):
        raise DataError(f"{name}: a history is a .csv or .xlsx file; save the sheet as CSV (UTF-8)")
    try:
        frame = _sheet(path, name) if path.suffix == ".xlsx" else _read_csv(path.read_text(encoding="utf-8-sig"), name)
    except OSError as error:
        raise DataError(f"{name}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{name}: is not UTF-8 text; save it as CSV UTF-8") from error
    if "indicator" in frame.columns:
        return _from_tidy(frame, name)
    if "year" not in frame.columns:
        raise DataError(
            f"{name}: neither a column indicator (one figure per row) nor a column year (one column per indicator);"
            f" its columns are {', '.join(map(repr, frame.columns))}; in a .csv file commas separate them"
        )
    wide = frame.set_index("year").map(lambda cell: cell if cell.strip() else None)
    return _from_wide(wide, name, frame.index)


def _sheet(path: Path, name: str) -> pd.DataFrame:
    try:
        return read_sheet(path)
    except DataError as error:
        raise DataError(f"{name}: {error}") from error


def _read_csv(text: str, name: str) -> pd.DataFrame:
    """The cells as text; the index says in which line of the file a row begins."""
    try:
        records = list(_records(text))
    except csv.Error as error:
        raise DataError(f"{name}: not a table of comma-separated values: {error}") from error
    if not records:
        raise DataError(f"{name}: not a table of comma-separated values: it has no header")
    header = [column.strip() for column in records[0][1]]
    _refuse_repeated_columns(header, name)
    for line, fields in records[1:]:
        if len(fields) != len(header):
            raise DataError(
                f"{name}, line {line}: {len(fields)} fields under a header of {len(header)}; put a field that holds a"
                " comma into double quotes, and keep the comma of an empty one"
            )
    lines = pd.Index([f"line {line}" for line, _ in records[1:]], dtype=object)
    return pd.DataFrame([fields for _, fields in records[1:]], lines, pd.Index(header, dtype=object), dtype=object)


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    """Each record that is not blank, and the line in which it begins: a quoted field may hold line ends."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    for fields in reader:
        if fields:
            yield line, fields
        line = reader.line_num + 1


def _from_series(series: pd.Series[Any], name: str) -> History:
    indicator = str(series.name if series.name is not None else "series")
    missing = series.index[series.isna()]
    if len(missing):
        raise DataError(f"{name} {indicator!r}, year {missing[0]}: no figure (NaN); drop missing years with .dropna()")
    return _from_wide(series.to_frame(indicator), name)


def _from_frame(frame: pd.DataFrame, name: str) -> History:
    _refuse_repeated_columns([str(column) for column in frame.columns], name)
    if "indicator" not in frame.columns:
        return _from_wide(frame.set_index("year") if "year" in frame.columns else frame, name)
    blank = frame.index[frame["value"].isna()] if "value" in frame.columns else frame.index[:0]
    if len(blank):
        raise DataError(f"{name}, row {blank[0]}, column value: no figure (NaN); drop the row or fill in the figure")
    labelled = frame.astype(object).where(frame.notna(), "")
    if "year" in frame.columns:
        labelled["year"] = _years(pd.Index(frame["year"]), name, "column year", ".dt.year").to_numpy()
        labelled["year"] = labelled["year"].where(frame["year"].notna(), "")
    labelled.index = pd.Index([f"row {label}" for label in frame.index], dtype=object)
    return _from_tidy(labelled, name)


def _from_wide(wide: pd.DataFrame, name: str, lines: Sequence[str] | pd.Index[str] | None = None) -> History:
    """`lines` says where in a file each row stands."""
    if wide.shape[1] == 0 or len(wide) == 0:
        raise DataError(f"{name}: {_EMPTY}")
    empty = wide.columns[wide.isna().all()]
    if len(empty):
        raise DataError(f"{name}, column {empty[0]!r}: has no figure; drop the column or fill in a figure")
    columns = [str(c) for c in wide.columns]
    years = _years(wide.index, name, "index", ".index.year").tolist()
    rows = [f"year {year}" for year in years]
    before = [f"{line}, " for line in lines] if lines is not None else [""] * len(wide)
    places = [f"{line}column {c!r}, {row}" for c in columns for line, row in zip(before, rows, strict=True)]
    tidy = pd.DataFrame(
        {
            "indicator": np.repeat(np.array(columns, dtype=object), len(wide)),
            "year": years * len(columns),
            "value": wide.to_numpy().T.ravel(),
        },
        index=pd.Index(places, dtype=object),
    )
    return _from_tidy(tidy[tidy["value"].notna()], name)


def _years(index: pd.Index[Any], name: str, where: str, accessor: str) -> pd.Index[Any]:
    """The years of dates that are one per year; anything but dates as it is."""
    if len(index) and index.dtype == object and all(isinstance(label, date) for label in index):
        index = pd.DatetimeIndex(index)
    if not isinstance(index, pd.DatetimeIndex | pd.PeriodIndex):
        return index
    annual = isinstance(index, pd.DatetimeIndex) or index.freqstr.startswith(("Y", "A"))
    several = index.dropna().unique().year.duplicated()
    if several.any() or not annual:
        raise DataError(
            f"{name}, {where}: the dates are not one per year ({index.dropna().unique()[int(np.argmax(several))]});"
            f" make one figure per year and give its year, as {accessor} does"
        )
    return pd.Index(index.year)


def _refuse_repeated_columns(columns: Sequence[str], name: str) -> None:
    seen: set[str] = set()
    for column in columns:
        if column in seen:
            raise DataError(f"{name}: the column {column!r} stands twice; rename or drop one")
        seen.add(column)


# --- the checks -----------------------------------------------------------------------------------------------------


def _from_tidy(frame: pd.DataFrame, name: str) -> History:
    if len(frame) == 0:
        raise DataError(f"{name}: {_EMPTY}")
    _check_columns(frame, name)
    rows = pd.DataFrame({c: frame[c] if c in frame.columns else "" for c in COLUMNS}, dtype=object)
    rows.insert(0, "place", frame.index)
    rows = rows.reset_index(drop=True)
    for column in set(frame.columns) - {"year", "value", "rounding", "released", "vintage"}:
        rows[column] = _mapped(rows[column], _text)
    _fill_years(rows, name)
    _fill_dates(rows, name)
    _check_words(rows, name)
    _fill_prices(rows, name)
    _refuse_mixed_kinds(rows, name)
    _fill_values(rows, name)
    rows["looseness"] = looseness_of(rows)
    rows["unused"] = _why_unused(rows)
    _refuse_repeats(rows, name)
    return History(mark_unused(rows), name)


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


def _mapped(column: pd.Series[Any], read: Callable[[Any], Any]) -> pd.Series[Any]:
    return pd.Series([read(cell) for cell in column], index=column.index, dtype=object)


def _text(cell: Any) -> str:
    """A cell as text; whole numbers lose the ".0" that pandas gives a column with gaps."""
    if isinstance(cell, str):
        return cell.strip()
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell).strip()


def _first(mask: Any) -> int | None:
    positions = np.flatnonzero(np.asarray(mask))
    return int(positions[0]) if len(positions) else None


def _refuse(rows: pd.DataFrame, mask: Any, name: str, column: str, sentence: str) -> None:
    """Raise for the first row of the mask; `{value}` in the sentence becomes what stands there."""
    first = _first(mask)
    if first is not None:
        row = rows.iloc[first]
        raise DataError(f"{name}, {row['place']}, column {column}: " + sentence.format(value=row[column]))


def _fill_years(rows: pd.DataFrame, name: str) -> None:
    periods = {text: _read_period(text) for text in rows["period"].unique()}
    way_out = "{value!r} is no period; write 2025, 2025H1, 2025Q1-Q3, 2025M1-M11 or 2025-08"
    _refuse(rows, [periods[text] is None for text in rows["period"]], name, "period", way_out)
    stated, written = _mapped(rows["year"], _year), [periods[text] or ("", "") for text in rows["period"]]
    implied = pd.Series([year for year, _ in written], index=rows.index, dtype=object)
    bad = stated.isna() | ((stated == "") & (implied == ""))
    _refuse(rows, bad, name, "year", "{value!r} is not a year such as 2025")
    contradiction = (stated != "") & (implied != "") & (stated != implied)
    _refuse(rows, contradiction, name, "period", "{value!r} is not of the year in the column year; correct one of them")
    rows["year"] = stated.where(stated != "", implied).astype(int)
    rows["period"] = [part for _, part in written]


def _read_period(text: str) -> tuple[int | str, str] | None:
    """Year of a period ("" where it tells none) and, where it is a part of a year, the period; None: no period."""
    if match := _FULL_YEAR.fullmatch(text):
        return (int(match[1]) if match[1] else ""), ""
    match = _PART_YEAR.fullmatch(text)
    if match is None:
        return None
    parts, first = _PARTS[match[2] or "M"], int(match[3] or match[5])
    ascending = match[4] is None or first < int(match[4]) <= parts
    if ascending and first == 1 and int(match[4] or 1) == parts:
        return int(match[1]), ""
    return (int(match[1]), text) if 1 <= first <= parts and ascending else None


def _year(cell: Any) -> int | str | None:
    """The year in a cell, "" where it is empty, None where it is no year."""
    if isinstance(cell, str):
        match = _YEAR.fullmatch(cell.strip())
        cell = int(match[1]) if match else cell.strip()
        if cell == "":
            return ""
    whole = type(cell) is int or isinstance(cell, np.integer) or (isinstance(cell, float) and cell.is_integer())
    return int(cell) if whole and 1000 <= cell <= 9999 else None


def _fill_dates(rows: pd.DataFrame, name: str) -> None:
    way_out = "{value!r} is no date; write it as 2021-03-05"
    _fill_date(rows, name, "released", _released, way_out + ", or leave it empty")
    _fill_date(rows, name, "vintage", _vintage, way_out + ", 2021-03 or 2021")


def _fill_date(rows: pd.DataFrame, name: str, column: str, read: Callable[[Any], str | None], way_out: str) -> None:
    if (rows[column] != "").any():
        dates = _mapped(rows[column], read)
        _refuse(rows, dates.isna(), name, column, way_out)
        rows[column] = dates


def _released(cell: Any) -> str | None:
    """ISO text of a date, "" where the cell is empty, None where it is no date."""
    if isinstance(cell, str) and not cell.strip():
        return ""
    day = parse_day(cell if isinstance(cell, date) else _text(cell))
    return None if day is None else day.isoformat()


def _vintage(cell: Any) -> str | None:
    """As `_released`; a month or a year stays one, which as text stands before the dates within it."""
    text = "" if isinstance(cell, date) else _text(cell)
    if _YEAR.fullmatch(text):
        return text[:4]
    month = _MONTH.fullmatch(text)
    return f"{month[1]}-{int(month[2]):02d}" if month else _released(cell)


def _check_words(rows: pd.DataFrame, name: str) -> None:
    rows["kind"] = rows["kind"].where(rows["kind"] != "", "level")
    _refuse(rows, ~rows["kind"].isin(KINDS), name, "kind", "{value!r} is none of level, growth, share, change")
    _refuse(rows, rows["indicator"] == "", name, "indicator", "is empty; name the indicator")
    way_out = f"{{value!r}} is none of {', '.join(BOUNDS[1:])}; leave it empty for a figure as it is"
    _refuse(rows, ~rows["bound"].isin(BOUNDS), name, "bound", way_out)
    priced = rows["price"].isin(["", "nominal", "constant"])
    _refuse(rows, ~priced, name, "price", "{value!r} is neither nominal nor constant")


def _refuse_mixed_kinds(rows: pd.DataFrame, name: str) -> None:
    """An indicator is of shares and their changes, modelled on the logit, or of levels and growth, modelled on the
    log."""
    share = rows["kind"].isin(["share", "change"])
    mixed = ~share & rows["indicator"].isin(rows.loc[share, "indicator"])
    way_out = "a {value} among the shares of its indicator; give the shares, or the others, an indicator of their own"
    _refuse(rows, mixed, name, "kind", way_out)


def _fill_prices(rows: pd.DataFrame, name: str) -> None:
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
    prices = stated.first().to_dict()
    rows["price"] = _mapped(rows["indicator"], lambda indicator: prices.get(indicator, "nominal"))


def _fill_values(rows: pd.DataFrame, name: str) -> None:
    growth, change = rows["kind"] == "growth", rows["kind"] == "change"
    rate, values = growth | change, np.full(len(rows), np.nan)
    _part_percent_signs(rows)
    values[~rate] = _numbers(rows.loc[~rate], name)
    values[growth] = _rates(rows.loc[growth], name, parse_rate)
    values[change] = _rates(rows.loc[change], name, parse_points)
    _refuse(rows, change & (rows["bound"] != ""), name, "bound", "{value!r} has no meaning for a change in points")
    _refuse(rows, np.isinf(values), name, "value", "{value!r} is not a finite number")
    sunken = (
        "a level of {value} is zero or negative, and growth is modelled on logarithms; leave out years without figure"
    )
    _refuse(rows, (rows["kind"] == "level") & (values <= 0), name, "value", sunken)
    _refuse(rows, growth & (values <= -1), name, "value", "a growth rate of {value} is -100 % or lower")
    _check_shares(rows, values, name)
    shift, error = _errors(rows, values, name)
    rows["value"] = values
    _convert_levels(rows, name)
    rows["reading"] = _shifted(rows, shift)
    rows["error"] = error


def _shifted(rows: pd.DataFrame, shift: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The figures, moved by the shifts on their scales."""
    figures, growth, moved = as_modelled(rows), (rows["kind"] == "growth").to_numpy(), shift != 0
    share = moved & (rows["kind"] == "share").to_numpy()
    readings = figures.copy()
    readings[moved] = (figures[moved] + growth[moved]) * np.exp(shift[moved]) - growth[moved]
    readings[share] = LOGIT.figures([LOGIT.transform(v) + d for v, d in zip(figures[share], shift[share], strict=True)])
    return readings


def _errors(
    rows: pd.DataFrame, values: npt.NDArray[np.float64], name: str
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Shift and error of every row (see `read_cell`, `read_share`), from `rounding` and `bound`; 0 where both are
    empty."""
    shift, error = np.zeros(len(rows)), np.zeros(len(rows))
    rounding = _roundings(rows, name)
    for i in map(int, np.flatnonzero((rows["bound"] != "") | (rows["rounding"] != ""))):
        row, number = rows.iloc[i], as_written(rows["value"].iat[i])
        if row["kind"] == "share":
            whole = 100 if row["unit"] == "%" else 1
            _refuse_rounding(rows, i, name, rounding[i], min(number, whole - number))
            shift[i], error[i] = read_share(number, whole, row["bound"], rounding[i])
            continue
        growth = row["kind"] in ("growth", "change")
        if not growth:
            _refuse_rounding(rows, i, name, rounding[i], number)
        shift[i], error[i] = read_cell(number, float(values[i]), row["bound"], rounding[i], growth=growth)
    return shift, error


def _refuse_rounding(rows: pd.DataFrame, i: int, name: str, rounding: Decimal | None, most: Decimal) -> None:
    share = rows["kind"].iat[i] == "share"
    reaches_end = share and rows["bound"].iat[i] != "" and rounding == most
    what = "the figure, or than what it leaves of the whole" if share else "the figure"
    way_out = f"{{value!r}} is larger than {what}; give its last digit's unit"
    _refuse(rows, (rows.index == i) & ((rounding or 0) > most or reaches_end), name, "rounding", way_out)


def _roundings(rows: pd.DataFrame, name: str) -> list[Decimal | None]:
    """The unit of the last published digit, in the unit of the row; None where it is not told."""
    told: list[Decimal | None] = [None] * len(rows)
    for i in map(int, np.flatnonzero(rows["rounding"] != "")):
        try:
            told[i] = as_written(rows["rounding"].iat[i])
        except UnitError:
            told[i] = None
        if not (told[i] or 0) > 0:
            way_out = (
                "{value!r} is no rounding; write the unit of the last published digit, such as 1000, or leave it empty"
            )
            _refuse(rows, rows.index == i, name, "rounding", way_out)
    return told


def _part_percent_signs(rows: pd.DataFrame) -> None:
    """A share written as 40.8% is 40.8 with the unit %."""
    shares = rows.loc[(rows["kind"] == "share") & rows["unit"].isin(["", "%"]), "value"]
    signed = shares[[isinstance(cell, str) and cell.endswith("%") for cell in shares]]
    rows.loc[signed.index, "value"] = [cell.removesuffix("%").rstrip() for cell in signed]
    rows.loc[signed.index, "unit"] = "%"


def _numbers(rows: pd.DataFrame, name: str) -> npt.NDArray[np.float64]:
    numbers = np.array([_number(cell) for cell in rows["value"]], dtype=np.float64)
    first = _first(np.isnan(numbers))
    if first is not None:
        row = rows.iloc[first]
        raise DataError(f"{name}, {row['place']}, column value: {_why_no_number(row['value'])}")
    return numbers


def _number(cell: Any) -> float:
    """The number in a cell, NaN where there is none: True, 1+2j and 1_000 are numbers for Python only."""
    if type(cell) is float:
        return cell
    if isinstance(cell, str):
        return float(plain_number(cell) or "nan")
    if isinstance(cell, bool | np.bool_ | complex | np.complexfloating):
        return float("nan")
    try:
        return float(cell)
    except (TypeError, ValueError):
        return float("nan")


def _why_no_number(cell: Any) -> str:
    try:
        decimal(cell)
    except UnitError as error:
        said = str(error)
        return said + "; put the unit into the column unit" if said.endswith("is not a number") else said
    return f"{cell!r} is not a number"


def _rates(rows: pd.DataFrame, name: str, parse: Callable[[Any], Decimal]) -> list[float]:
    """Growth rates, or changes in points, as fractions; the unit stands in its column or behind the number."""
    rates = []
    for cell, unit, place in zip(rows["value"], rows["unit"], rows["place"], strict=True):
        try:
            rates.append(float(parse(str(cell).strip().removesuffix("%") + unit if unit else cell)))
        except UnitError as error:
            raise UnitError(f"{name}, {place}, column value: {error}") from error
    return rates


def _check_shares(rows: pd.DataFrame, values: npt.NDArray[np.float64], name: str) -> None:
    """Shares stay as they are published, in % or as fractions."""
    share, percent = rows["kind"] == "share", rows["unit"] == "%"
    units = share & ~percent & (rows["unit"] != "")
    _refuse(rows, units, name, "unit", "{value!r} is no unit of a share; write %, or leave it empty for a fraction")
    outside = share & ((values < 0) | (values > np.where(percent, 100, 1)))
    way_out = "a share of {value} is not between 0 and 100 with the unit %, or between 0 and 1 without unit"
    _refuse(rows, outside, name, "value", way_out)


def _convert_levels(rows: pd.DataFrame, name: str) -> None:
    """Levels of one indicator into the unit of its first level."""
    levels = rows[(rows["kind"] == "level") & (rows["unit"] != "")]
    first = levels.drop_duplicates("indicator").set_index("indicator")["unit"].to_dict()
    bare = (rows["kind"] == "level") & (rows["unit"] == "") & rows["indicator"].isin(first)
    _refuse(rows, bare, name, "unit", "is empty, while other figures of the indicator have a unit; fill it in")
    for _, part in levels.groupby(["indicator", "unit"], sort=False):
        indicator, written = part["indicator"].iloc[0], part["unit"].iloc[0]
        try:
            factor = convert(decimal(1), written, first[indicator])
        except UnitError as error:
            raise UnitError(f"{name}, {part['place'].iloc[0]}, column unit: {error}") from error
        if written != first[indicator]:
            rows.loc[part.index, "value"] = [float(decimal(value) * factor) for value in part["value"]]
            rows.loc[part.index, "unit"] = first[indicator]
    lost = (rows["kind"] == "level") & ~((rows["value"] > 0) & (rows["value"] < np.inf))
    _refuse(rows, lost, name, "value", "becomes {value} in the unit of the indicator's first figure; change its unit")


def _why_unused(rows: pd.DataFrame) -> pd.Series[str]:
    reason = pd.Series("", index=rows.index, dtype=object)
    bound, share = rows["bound"] != "", rows["kind"] == "share"
    reason = reason.mask(bound & (rows["value"] == 0), "a bound of zero, which tells no size")
    reason = reason.mask(rows["kind"] == "change", "a change in points (not modelled)")
    reason = reason.mask(bound & share & (as_modelled(rows) == 1), "a bound of the whole, which tells no size")
    later = np.array([months_of(period) == 0 for period in rows["period"]], dtype=bool)
    part = rows["period"] != ""
    reason = reason.mask(part & share, "share of a part of a year (not modelled)")
    reason = reason.mask(part & (rows["kind"] == "level"), "level of a part of a year (only its growth is modelled)")
    return reason.mask(part & later, "part of a year that does not begin in January")


def _refuse_repeats(rows: pd.DataFrame, name: str) -> None:
    """One figure per cell and source: the same treatment may not have two, nor a treatment one that all treatments
    have; nor may a cell have both a floor and a ceiling."""
    key = ["indicator", "year", "period", "kind", "scope", "vintage"]
    usable = cells(rows, ["period", "bound", "vintage", "treatment", "source"])
    figures, bounds = usable[usable["bound"] == ""], usable[usable["bound"] != ""]
    again = figures[figures.duplicated(key, keep=False)]
    own = (again["treatment"] != "").to_numpy()
    keys = pd.MultiIndex.from_frame(again[key])
    first = _first(again.duplicated([*key, "treatment", "source"]) | (~own & keys.isin(keys[own])))
    if first is not None:
        same = np.flatnonzero(keys == keys[first])
        _refuse_pair(
            rows,
            again.index[first],
            again.index[same[same != first][0]],
            name,
            "tell them apart by one of these columns or by the source",
        )
    bounds = bounds.assign(bound=bounds["bound"].isin(UPWARD)).drop_duplicates([*key, "treatment", "bound"])
    both = _first(bounds.duplicated([*key, "treatment"]))
    if both is not None:
        pair = bounds[[*key, "treatment"]].eq(bounds[[*key, "treatment"]].iloc[both]).all(axis=1)
        way_out = "a floor and a ceiling are one figure: give their middle, and their distance as its rounding"
        _refuse_pair(rows, bounds.index[both], bounds.index[pair][0], name, way_out)


def _refuse_pair(rows: pd.DataFrame, one: Any, other: Any, name: str, way_out: str) -> None:
    row = rows.loc[one]
    raise DataError(
        f"{name}, {row['place']}: the {row['kind']} of {row['indicator']!r} for {row['year']} stands already in"
        f" {rows.loc[other, 'place']}, with the same scope, treatment and vintage;"
        f" {way_out}, or drop one"
    )
