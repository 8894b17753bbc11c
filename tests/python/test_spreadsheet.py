"""Excel sheets: read as the CSV files that they would be, or refused with the place and the way out."""

import sys
from datetime import date, datetime
from zipfile import ZipFile

import openpyxl
import pandas as pd
import pytest

import attain as at
from attain.errors import DataError


def book_of(path, rows, shown=()):
    """A workbook of these rows; `shown` has the number formats of cells."""
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for cell, how in dict(shown).items():
        book.active[cell].number_format = how
    book.save(path)
    return path


def same_as_csv(path, text):
    table = path.with_suffix(".csv")
    table.write_text(text, encoding="utf-8")
    given, expected = at.load_history(path).rows, at.load_history(table).rows
    pd.testing.assert_frame_equal(given.drop(columns="place"), expected.drop(columns="place"))
    return list(given["place"])


def test_a_tidy_sheet(tmp_path):
    """Days are cells of their own kind, shares and growth are numbers shown as per cent, the result of a product has
    binary dust."""
    rows = [
        ("indicator", "year", "kind", "value", "unit", "bound", "released"),
        ("output", 2023, None, 39000, "亿元", "more_than", datetime(2024, 3, 1)),
        (),
        ("output", 2024, "growth", 0.1 * 0.7, None, "more_than", date(2025, 3, 1)),
        ("part", 2024, "share", 0.421, "%", None, "2025-03-01"),
        ("part", 2023, "share", 42.25, "%", None, None),
    ]
    path = book_of(tmp_path / "h.xlsx", rows, {"D4": "0%", "D5": "0.0%"})
    places = same_as_csv(
        path,
        "indicator,year,kind,value,unit,bound,released\noutput,2023,,39000,亿元,more_than,2024-03-01\n"
        "output,2024,growth,7%,,more_than,2025-03-01\npart,2024,share,42.1%,%,,2025-03-01\npart,2023,share,42.25,%,,\n",
    )
    assert places == ["row 2", "row 4", "row 5", "row 6"]


def test_a_wide_sheet_is_projected(tmp_path):
    rows = [
        (),
        ("year", "x", None, "y"),
        *((2015 + i, 100 * 1.07**i, None, 10 + i if i != 3 else None) for i in range(8)),
    ]
    path = book_of(tmp_path / "h.xlsx", rows)
    frame = pd.DataFrame({"x": [r[1] for r in rows[2:]], "y": [r[3] for r in rows[2:]]}, index=range(2015, 2023))
    given, expected = (at.project(source, to=2025).quantile(0.5) for source in (path, frame))
    pd.testing.assert_frame_equal(given, expected)
    assert at.load_history(path).rows["place"].iloc[0] == "row 3, column 'x', year 2015"


@pytest.mark.parametrize(
    ("stored", "how", "shown"),
    [
        (7.1, '0.0"%"', "7.1%"),
        (7.1, r"0.0\%", "7.1%"),
        (7.1, '0.0" % (yoy)"', "7.1%"),
        (0.071, "0.0%;[Red]-0.0%", "7.1%"),
        (0.071, '0.0%" (%)"', "7.1%"),
        (7.1, '0.0_%;"-"0.0_%', "7.1"),
    ],
)
def test_a_per_cent_sign_scales_where_it_is_no_mere_text(tmp_path, stored, how, shown):
    rows = [("indicator", "year", "kind", "value", "unit"), ("part", 2024, "share", stored, "%")]
    path = book_of(tmp_path / "h.xlsx", rows, {"D2": how})
    same_as_csv(path, f"indicator,year,kind,value,unit\npart,2024,share,{shown},%\n")


def saved_with(path, results):
    """The workbook as a program that computes would save it: by formula its kind and result."""
    with ZipFile(path) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    sheet = parts["xl/worksheets/sheet1.xml"].decode()
    for formula, (kind, result) in results.items():
        head, tail = sheet.split(f"><f>{formula}</f><v", 1)
        tail = tail[tail.index("/>") + 2 :] if tail.lstrip().startswith("/>") else tail[tail.index("</v>") + 4 :]
        sheet = f'{head} t="{kind}"><f>{formula}</f><v>{result}</v>{tail}'
    parts["xl/worksheets/sheet1.xml"] = sheet.encode()
    with ZipFile(path, "w") as book:
        for name, content in parts.items():
            book.writestr(name, content)
    return path


def test_the_first_sheet_with_results_of_formulas_as_saved(tmp_path):
    """The result may be an empty text; formulas of other sheets do not matter."""
    rows = [("indicator", "year", "value", "unit"), ("x", 2024, "=5+6", '=""')]
    path = book_of(tmp_path / "h.xlsx", rows)
    book = openpyxl.load_workbook(path)
    book.create_sheet("notes").append(["=1+1"])
    book.active = 1
    book.save(path)
    saved_with(path, {"5+6": ("n", "11"), '""': ("str", "")})
    same_as_csv(path, "indicator,year,value,unit\nx,2024,11,\n")


def test_a_formula_that_was_never_computed_is_refused(tmp_path):
    """Its cell is not an empty one: the history would end early, the scenario would be the baseline."""
    years = [(2019 + i, 100 * 1.06**i) for i in range(3)]
    history = book_of(tmp_path / "h.xlsx", [("year", "x"), *years, (2022, "=B4*1.06")])
    told = "h.xlsx: sheet 'Sheet', cell B5: the formula has no value.* open the workbook in Excel or LibreOffice"
    with pytest.raises(DataError, match=told):
        at.load_history(history)
    scenarios = book_of(tmp_path / "s.xlsx", [("scenario", "drift"), ("fast", "=0.02+0.01")])
    with pytest.raises(at.ArgumentError, match=r"s.xlsx: sheet 'Sheet', cell B2: the formula has no value"):
        at.load_scenarios(scenarios)


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([], "the first sheet is empty"),
        ([("indicator", "year", "value")], "is empty"),
        ([("x", "x"), (1, 2)], "row 1: the column 'x' stands twice"),
        ([("year", None, "x"), (2020, 5, 6)], "row 1: a column has cells but no name"),
        ([("Output of the province",), ("year", "x"), (2020, 5)], "row 1: a column has cells but no name"),
        ([("years", "x"), (2020, 5)], "neither a column indicator"),
        ([("indicator", "year", "value"), ("x", 2020, "#DIV/0!")], "row 2, column value"),
        ([("year", "x"), (2020, 5), (2021, -1)], "row 3, column 'x', year 2021"),
    ],
)
def test_a_bad_sheet_names_the_place(tmp_path, rows, told):
    path = book_of(tmp_path / "h.xlsx", rows)
    with pytest.raises(DataError, match=told) as error:
        at.load_history(path)
    assert str(error.value).startswith(f"{path}")


def test_what_is_no_workbook(tmp_path):
    path = tmp_path / "h.xlsx"
    with pytest.raises(DataError, match=r"h.xlsx: cannot be read .No such file"):
        at.load_history(path)
    path.write_text("year,x\n2020,5\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"h.xlsx: not an Excel workbook"):
        at.load_history(path)


def test_without_openpyxl_the_way_out_is_told(tmp_path, monkeypatch):
    path = book_of(tmp_path / "h.xlsx", [("year", "x"), (2020, 5)])
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(DataError, match=r"h.xlsx: .*pip install 'attain\[excel\]'"):
        at.load_history(path)
    with pytest.raises(at.ArgumentError, match=r"h.xlsx: .*pip install 'attain\[excel\]'"):
        at.load_scenarios(path)
