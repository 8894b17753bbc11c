"""The first sheet of an Excel workbook, as the table of text that a CSV file of it would be."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from os import PathLike
from typing import Any
from zipfile import BadZipFile

import pandas as pd

from attain.errors import DataError


def read_sheet(path: str | PathLike[str]) -> pd.DataFrame:
    """The cells of the first sheet under its header, the first row that is not empty.

    A cell that shows per cent is read as such (`7%` for a stored 0.07), a day as 2025-03-01, the result of a formula
    as it was when the workbook was saved.

    Returns
    -------
    DataFrame
        Text, "" for an empty cell; the index says in which row of the sheet each row stands.

    Raises
    ------
    DataError
        Without the file's name: where openpyxl is missing, for what is no workbook, and for a header with gaps or
        repeated columns.
    OSError
    """
    try:
        import openpyxl
    except ImportError as error:
        raise DataError(
            "an .xlsx file needs openpyxl: pip install 'attain[excel]'; or save the sheet as CSV (UTF-8)"
        ) from error
    try:
        sheet = openpyxl.load_workbook(path, data_only=True).worksheets[0]
    except (BadZipFile, KeyError, IndexError, ValueError) as error:
        raise DataError("not an Excel workbook with a sheet; save it anew as .xlsx, or as CSV (UTF-8)") from error
    rows = {f"row {cells[0].row}": [_text(cell) for cell in cells] for cells in sheet.iter_rows()}
    table = pd.DataFrame.from_dict({row: texts for row, texts in rows.items() if any(texts)}, "index", dtype=object)
    if table.empty:
        raise DataError("the first sheet is empty")
    table = table.loc[:, (table != "").any()]
    return table.iloc[1:].set_axis(_header(table.iloc[0]), axis=1)


def _header(names: pd.Series[str]) -> pd.Index[str]:
    header = pd.Index(names.str.strip(), dtype=object)
    if "" in header:
        raise DataError(f"{names.name}: a column has cells but no name in the header; name it, or empty it")
    if header.has_duplicates:
        twice = header[header.duplicated()][0]
        raise DataError(f"{names.name}: the column {twice!r} stands twice; rename or drop one")
    return header


def _text(cell: Any) -> str:
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = value.date()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    shown = Decimal(f"{value:.15g}")  # the digits of Excel
    return f"{(100 * shown).normalize():f}%" if "%" in cell.number_format else f"{shown:f}"
