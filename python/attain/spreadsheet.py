"""The first sheet of an Excel workbook, as the table of text that a CSV file of it would be."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from os import PathLike
from typing import Any
from zipfile import BadZipFile

import pandas as pd

from attain.errors import DataError

_TEXT = re.compile(r'"([^"]*)"|\\(.)')  # what a number format shows as it stands
_SPACE = re.compile(r"[_*].")  # of the width of a character, or filled with it


def read_sheet(path: str | PathLike[str]) -> pd.DataFrame:
    """The cells of the first sheet under its header, the first row that is not empty.

    A number is read as it is stored, not as it is rounded to be shown; with a % where the cell shows one (`7%` for a
    stored 0.07, or for a stored 7 whose % is mere text), a day as 2025-03-01, the result of a formula as it was when
    the workbook was saved.

    Returns
    -------
    DataFrame
        Text, "" for an empty cell; the index says in which row of the sheet each row stands.

    Raises
    ------
    DataError
        Without the file's name: where openpyxl is missing, for what is no workbook, for a formula that was saved
        without its result, and for a header with gaps or repeated columns.
    OSError
    """
    try:
        import openpyxl
    except ImportError as error:
        raise DataError(
            "an .xlsx file needs openpyxl: pip install 'attain[excel]'; or save the sheet as CSV (UTF-8)"
        ) from error
    try:
        sheet, formulas = (openpyxl.load_workbook(path, data_only=only).worksheets[0] for only in (True, False))
    except (BadZipFile, KeyError, IndexError, ValueError) as error:
        raise DataError("not an Excel workbook with a sheet; save it anew as .xlsx, or as CSV (UTF-8)") from error
    _require_results(sheet, formulas)
    rows = {f"row {cells[0].row}": [_text(cell) for cell in cells] for cells in sheet.iter_rows()}
    table = pd.DataFrame.from_dict({row: texts for row, texts in rows.items() if any(texts)}, "index", dtype=object)
    if table.empty:
        raise DataError("the first sheet is empty")
    table = table.loc[:, (table != "").any()]
    return table.iloc[1:].set_axis(_header(table.iloc[0]), axis=1)


def _require_results(sheet: Any, formulas: Any) -> None:
    """Libraries write formulas without results, which would be read as empty cells."""
    for cell in (cell for cells in formulas.iter_rows() for cell in cells if cell.data_type == "f"):
        result = sheet[cell.coordinate]
        if result.value is None and result.data_type != "str":  # a text may be empty
            raise DataError(
                f"sheet {sheet.title!r}, cell {cell.coordinate}: the formula has no value, for nothing has computed "
                "it; open the workbook in Excel or LibreOffice and save it there"
            )


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
    spelled = _TEXT.findall(cell.number_format)
    if "%" in _SPACE.sub("", _TEXT.sub("", cell.number_format)):
        return f"{(100 * shown).normalize():f}%"
    return f"{shown:f}%" if any("%" in text for pair in spelled for text in pair) else f"{shown:f}"
