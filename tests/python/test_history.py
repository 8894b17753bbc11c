"""Histories: every form they come in, what is used of them, and errors that name the place and the way out."""

import itertools
import math
from datetime import date, datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

import attain as at
from attain.errors import ArgumentError, BasisError, DataError, UnitError
from attain.units import decimal, parse_amount


def tidy(**columns):
    rows = max(len(v) for v in columns.values() if isinstance(v, list))
    return pd.DataFrame({"indicator": ["x"] * rows, "year": list(range(2020, 2020 + rows)), **columns})


def write(tmp_path, text, name="history.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_series_wide_tidy_and_csv_are_the_same_history(tmp_path):
    series = pd.Series([100.0, 110.0, 115.0], index=[2020, 2021, 2022], name="x")
    csv = write(tmp_path, "year,x\n2020,100\n2021,110\n2022,115\n")
    forms = [series, series.to_frame(), tidy(value=[100, 110, 115]), csv]
    expected = at.project(series, to=2025).quantile(0.5)
    assert expected.index.tolist() == [2023, 2024, 2025]
    for form in forms:
        pd.testing.assert_frame_equal(at.project(form, to=2025).quantile(0.5), expected)


def test_a_missing_cell_of_a_wide_frame_is_a_missing_year():
    wide = pd.DataFrame({"x": [100.0, np.nan, 120.0], "y": [1.0, 2.0, 3.0]}, index=[2020, 2021, 2022])
    projection = at.project(wide, to=2023)
    assert projection.origin("x").changes == 1
    assert projection.origin("y").changes == 2


def test_growth_rows_scopes_and_part_years():
    frame = pd.DataFrame(
        {
            "indicator": "x",
            "period": ["2020", "2021", "2021", "2022H1", "2022"],
            "kind": ["level", "level", "growth", "growth", "growth"],
            "value": ["50", "1,060", "7%", "5%", "0.08"],
            "scope": ["old", "new", "new", "new", "new"],
        }
    )
    history = at.load_history(frame)
    described = history.describe().loc["x"]
    assert (described["levels"], described["growth_rates"]) == (2, 2)
    assert described["unused"] == "1 part of a year whose figure is published"
    origin = at.project(history, to=2024).origin("x")
    assert (origin.year, origin.changes) == (2022, 2)
    assert math.exp(origin.log_level) == pytest.approx(1060 * 1.08)


def test_units_of_one_indicator_are_converted():
    history = at.load_history(tidy(value=[39000, "4.1"], unit=["亿元", "万亿元"]))
    assert history.rows["value"].tolist() == [39000, 41000]
    assert history.unit_of("x") == "亿元"


def test_the_latest_vintage_is_used_and_the_others_are_kept():
    frame = pd.DataFrame(
        {
            "indicator": "x",
            "year": [2022, 2023, 2023],
            "value": [100, 104, 106],
            "vintage": ["", "2024-01", "2025-01"],
        }
    )
    history = at.load_history(frame)
    assert history.usable(["x"])["value"].tolist() == [100, 106]
    assert history.rows["unused"].tolist() == ["", "an older vintage", ""]


def test_as_of_a_date_uses_what_was_released_by_then():
    frame = pd.DataFrame(
        {
            "indicator": "x",
            "year": [2021, 2022, 2023, 2023],
            "value": [95, 100, 104, 106],
            "vintage": ["", "", "2024-01-20", "2025-01-20"],
            "released": ["", "2023-01-20", "2024-01-20", "2025-01-20"],
        }
    )
    history = at.load_history(frame)
    assert history.as_of("2024-06-30").usable(["x"])["value"].tolist() == [100, 104]
    assert history.as_of("2024-06-30").rows["unused"].tolist() == [
        "no release date",
        "",
        "",
        "released after 2024-06-30",
    ]
    assert history.as_of(2022).usable(["x"])["value"].tolist() == [95, 100]


@pytest.mark.parametrize(
    "when", ["2023-06-30", date(2023, 6, 30), datetime(2023, 6, 30, 9), pd.Timestamp("2023-06-30")]
)
def test_as_of_takes_every_form_of_a_date(when):
    history = at.load_history(tidy(value=[1, 2, 3], released=["2021-01-20", "2023-06-30", "2023-07-01"]))
    known = history.as_of(when)
    assert known.usable(["x"])["value"].tolist() == [1, 2]
    assert known.rows["unused"].tolist()[2] == "released after 2023-06-30"


@pytest.mark.parametrize(
    "when", ["last week", "2023-02-30", True, 2022.0, np.True_, np.float64(2022), pd.NaT, 20220101, [2022]]
)
def test_as_of_refuses_what_is_no_date_or_year(when):
    with pytest.raises(ArgumentError, match=r"as_of: .* is neither a year nor a date such as 2025-08-28"):
        at.load_history(tidy(value=[1, 2, 3])).as_of(when)


def test_as_of_takes_a_year_of_numpy():
    assert at.load_history(tidy(value=[1, 2, 3])).as_of(np.int64(2021)).usable(["x"])["value"].tolist() == [1, 2]


def test_treatments_select_rows():
    frame = tidy(value=[100, 110, 121], treatment=["", "wide", "narrow"])
    history = at.load_history(frame)
    assert history.treatments_of("x") == ("wide", "narrow")
    assert history.usable(["x"])["value"].tolist() == [100, 110]
    assert history.usable(["x"], {"x": "narrow"})["value"].tolist() == [100, 121]
    with pytest.raises(ArgumentError, match="no treatment 'none'; it has wide, narrow"):
        at.project(history, to=2030, treatments={"x": "none"})


def test_indicators_are_found_by_label():
    history = at.load_history("jiangxi")
    assert history.find("省级产业集群营业收入合计") == "cluster_prov_revenue"
    assert history.find("Gross domestic product") == "gdp"
    assert history.find("gross national happiness") is None


def test_redundant_growth_is_reported():
    frame = pd.DataFrame(
        {
            "indicator": "x",
            "year": [2020, 2021, 2021],
            "kind": ["level", "growth", "level"],
            "value": [100, "0.3", 110],
        }
    )
    assert at.project(frame, to=2022).redundant == ("row 1",)


def test_indicators_that_cannot_be_projected_are_listed():
    frame = pd.DataFrame(
        {
            "indicator": ["x", "y", "y"],
            "year": [2020, 2019, 2020],
            "value": [1, 40, 41],
            "unit": ["", "%", "%"],
            "kind": ["level", "share", "share"],
            "period": ["", "2019H1", "2020H1"],
        }
    )
    projection = at.project(frame, to=2022)
    assert projection.indicators == ("x",)
    assert projection.skipped["reason"].to_dict() == {"y": "no yearly level, share or growth rate is usable"}
    with pytest.raises(DataError, match="'y' is not projected: no yearly level"):
        projection.origin("y")


BAD_TABLES = {
    "empty": (
        "indicator,year,value\n",
        DataError,
        "history.csv: is empty",
    ),
    "no rows at all": (
        "",
        DataError,
        "history.csv: not a table",
    ),
    "repeated": (
        "indicator,year,value\nx,2020,1\nx,2020,2\n",
        DataError,
        "line 3: the level of 'x' for 2020 stands already in line 2",
    ),
    "repeated through treatments": (
        "indicator,year,value,treatment\nx,2020,1,\nx,2020,2,a\n",
        DataError,
        "line 2: the level of 'x' for 2020 stands already in line 3",
    ),
    "zero": (
        "indicator,year,value\nx,2020,0\n",
        DataError,
        "line 2, column value: a level of 0.* zero or negative",
    ),
    "negative": (
        "indicator,year,value\nx,2020,5\nx,2021,-3\n",
        DataError,
        "line 3, column value: a level of -3",
    ),
    "nan": (
        "indicator,year,value\nx,2020,NaN\n",
        DataError,
        "line 2, column value: 'NaN' is not a number",
    ),
    "infinite": (
        "indicator,year,value\nx,2020,inf\n",
        DataError,
        "line 2, column value",
    ),
    "missing": (
        "indicator,year,value\nx,2020,\n",
        DataError,
        "line 2, column value: '' is not a number",
    ),
    "text": (
        "indicator,year,value\nx,2020,3.9万亿\n",
        DataError,
        "'3.9万亿' is not a number; put the unit into the column unit",
    ),
    "unit": (
        "indicator,year,value,unit\nx,2020,3,亿\n",
        UnitError,
        "line 2, column unit: unknown unit '亿'; did you mean '亿元'",
    ),
    "units that differ": (
        "indicator,year,value,unit\nx,2020,3,亿元\nx,2021,3,家\n",
        UnitError,
        "line 3, column unit: cannot convert 家",
    ),
    "too large for the unit": (
        "indicator,year,value,unit\nx,2020,3,亿元\nx,2021,1e308,万亿元\n",
        DataError,
        "line 3, column value: becomes inf in the unit of the indicator's first figure",
    ),
    "unit forgotten": (
        "indicator,year,value,unit\nx,2020,3,亿元\nx,2021,3,\n",
        DataError,
        "line 3, column unit: is empty",
    ),
    "constant-price growth": (
        "indicator,year,kind,value,price\nx,2020,level,3,nominal\nx,2021,growth,0.05,constant\n",
        BasisError,
        "line 3: 'x' mixes nominal and constant prices .growth of 2021.*indicator of its own",
    ),
    "constant-price growth, levels silent": (
        "indicator,year,kind,value,price\nx,2020,level,3,\nx,2021,growth,0.05,constant\n",
        BasisError,
        "line 3.*constant.*nominal",
    ),
    "bare growth": (
        "indicator,year,kind,value\nx,2020,growth,9.8\n",
        UnitError,
        "line 2, column value: a bare rate of 9.8",
    ),
    "growth in money": (
        "indicator,year,kind,value,unit\nx,2020,growth,9.8,亿元\n",
        UnitError,
        "line 2, column value",
    ),
    "total loss": (
        "indicator,year,kind,value,unit\nx,2020,growth,-100,%\n",
        DataError,
        "line 2.*-100 % or lower",
    ),
    "kind": (
        "indicator,year,kind,value\nx,2020,stock,1\n",
        DataError,
        "line 2, column kind: 'stock' is none of",
    ),
    "year": (
        "indicator,year,value\nx,20x0,1\n",
        DataError,
        "line 2, column year: '20x0' is not a year",
    ),
    "period": (
        "indicator,period,value\nx,2020Q,1\n",
        DataError,
        "line 2, column period: '2020Q' is no period",
    ),
    "no value column": (
        "indicator,year\nx,2020\n",
        DataError,
        "column 'value' is missing",
    ),
    "unknown column": (
        "indicator,year,value,colour\nx,2020,1,red\n",
        DataError,
        "unknown column 'colour'; known columns",
    ),
    "no indicator": (
        "indicator,year,value\n,2020,1\n",
        DataError,
        "line 2, column indicator: is empty",
    ),
    "period of another year": (
        "indicator,year,period,value\nx,2020,2021H1,1\n",
        DataError,
        "line 2, column period: '2021H1' is not of the year",
    ),
    "period of another whole year": (
        "indicator,year,period,value\nx,2020,2021,1\n",
        DataError,
        "line 2, column period: '2021' is not of the year",
    ),
    "neither year nor period": (
        "indicator,year,period,value\nx,,,1\n",
        DataError,
        "line 2, column year: '' is not a year",
    ),
    "released": (
        "indicator,year,value,released\nx,2020,1,next week\n",
        DataError,
        "line 2, column released: 'next week' is no date; write it as 2021-03-05",
    ),
    "released in a month": (
        "indicator,year,value,released\nx,2020,1,2021-03\n",
        DataError,
        "line 2, column released: '2021-03' is no date",
    ),
    "released on no day": (
        "indicator,year,value,released\nx,2020,1,2021-02-30\n",
        DataError,
        "line 2, column released: '2021-02-30' is no date",
    ),
    "vintage": (
        "indicator,year,value,vintage\nx,2020,1,second\n",
        DataError,
        "line 2, column vintage: 'second' is no date; write it as 2021-03-05, 2021-03 or 2021",
    ),
    "vintage in month 13": (
        "indicator,year,value,vintage\nx,2020,1,2021-13\n",
        DataError,
        "line 2, column vintage: '2021-13' is no date",
    ),
    "decimal comma": (
        'indicator,year,value\nx,2020,"1,5"\n',
        DataError,
        "line 2, column value: '1,5' is not a number: commas part groups of three digits.* as in 1.5",
    ),
    "decimal comma in growth": (
        'indicator,year,kind,value,unit\nx,2020,growth,"1,5",%\n',
        UnitError,
        "line 2, column value: '1,5' is not a number: commas part groups",
    ),
    "commas in the wrong place": (
        'indicator,year,value\nx,2020,"1,2345"\n',
        DataError,
        "line 2, column value: '1,2345' is not a number: commas part",
    ),
    "underscore": (
        "indicator,year,value\nx,2020,1_000\n",
        DataError,
        "line 2, column value: '1_000' is not a number: write 1000 or 1,000",
    ),
    "complex": (
        "indicator,year,value\nx,2020,1+2j\n",
        DataError,
        "line 2, column value: '1\\+2j' is not a number",
    ),
    "too many fields": (
        "indicator,year,value\nx,2020,1\nx,2021,1,234\n",
        DataError,
        "line 3: 4 fields under a header of 3; put a field that holds a comma into double quotes",
    ),
    "too few fields": (
        "indicator,year,value,unit\nx,2020,1\n",
        DataError,
        "line 2: 3 fields under a header of 4",
    ),
    "more fields than the header in every row": (
        "indicator,year,value\nx,2020,1,9\ny,2020,1,9\n",
        DataError,
        "line 2: 4 fields",
    ),
    "wide with too many fields": (
        "year,x\n2020,1\n2021,1,234\n",
        DataError,
        "line 3: 3 fields under a header of 2",
    ),
    "lines after blank ones": (
        "indicator,year,value\n\nx,2020,1\n\nx,2021,oops\n",
        DataError,
        "line 5, column value: 'oops'",
    ),
    "lines after quoted line ends": (
        'indicator,year,value,note\nx,2020,1,"two\nlines"\nx,2021,oops,\n',
        DataError,
        "line 4, column value: 'oops'",
    ),
    "wide after a blank line": (
        "year,x\n2020,1\n\n2021,-3\n",
        DataError,
        "line 4, column 'x', year 2021, column value: a level of -3",
    ),
    "open quote": (
        'indicator,year,value\nx,2020,"1\nx,2021,2\n',
        DataError,
        "not a table of comma-separated values",
    ),
    "column twice": (
        "indicator,year,value,value\nx,2020,1,2\n",
        DataError,
        "the column 'value' stands twice; rename or drop one",
    ),
    "wide column twice": (
        "year,x,x\n2020,1,2\n",
        DataError,
        "the column 'x' stands twice",
    ),
    "bound": (
        "indicator,year,value,bound\nx,2020,1,over\n",
        DataError,
        "line 2, column bound: 'over' is none of at_least, more_than, at_most, less_than; leave it empty",
    ),
    "share over 100 %": (
        "indicator,year,kind,value,unit\nx,2020,share,101,%\n",
        DataError,
        "line 2, column value: a share of 101 is not between 0 and 100",
    ),
    "share over one": (
        "indicator,year,kind,value\nx,2020,share,42\n",
        DataError,
        "line 2, column value: a share of 42 is not between .* or between 0 and 1 without unit",
    ),
    "share below zero": (
        "indicator,year,kind,value,unit\nx,2020,share,-1,%\n",
        DataError,
        "line 2, column value: a share of -1",
    ),
    "share in money": (
        "indicator,year,kind,value,unit\nx,2020,share,1,亿元\n",
        DataError,
        "line 2, column unit: '亿元' is no unit of a share; write %, or leave it empty for a fraction",
    ),
    "wide without year": (
        "x,y\n1,2\n",
        DataError,
        "neither a column indicator",
    ),
    "wide with an empty column": (
        "year,x,y\n2020,1,\n",
        DataError,
        "column 'y': has no figure",
    ),
}


@pytest.mark.parametrize("case", BAD_TABLES)
def test_bad_tables_name_the_place_and_the_way_out(tmp_path, case):
    text, error, message = BAD_TABLES[case]
    path = write(tmp_path, text)
    with pytest.raises(error, match=message) as caught:
        at.load_history(path)
    assert "history.csv" in str(caught.value)


def test_bad_objects_name_the_place():
    with pytest.raises(DataError, match=r"series 'x', year 2021: no figure .NaN.; drop missing years"):
        at.load_history(pd.Series([1.0, np.nan], index=[2020, 2021], name="x"))
    with pytest.raises(DataError, match="row 1, column value: no figure"):
        at.load_history(tidy(value=[1.0, np.nan]))
    with pytest.raises(DataError, match="is empty"):
        at.load_history(pd.DataFrame({"indicator": [], "year": [], "value": []}))
    with pytest.raises(DataError, match="is empty"):
        at.load_history(pd.Series([], dtype=float, name="x"))
    with pytest.raises(DataError, match="column 'x', year 2021, column value: a level of -1"):
        at.load_history(pd.DataFrame({"x": [1.0, -1.0]}, index=[2020, 2021]))
    with pytest.raises(DataError, match="no bundled history 'atlantis'; bundled: jiangsu, jiangxi, provinces"):
        at.load_history("atlantis")
    with pytest.raises(DataError, match=r"nowhere.csv: cannot be read"):
        at.load_history("nowhere.csv")
    with pytest.raises(DataError, match=r"h.ods: a history is a .csv or .xlsx file"):
        at.load_history("h.ods")


def test_projection_refuses_what_it_cannot_answer():
    projection = at.project(pd.Series([1.0, 1.1, 1.3], index=[2020, 2021, 2022], name="x"), to=2024)
    with pytest.raises(ArgumentError, match="unknown indicator 'z'; projected: x"):
        projection.probability("z", by=2024, at_least=1)
    with pytest.raises(ArgumentError, match="outside the projected years 2023 to 2024"):
        projection.probability(by=2025, at_least=1)
    with pytest.raises(ArgumentError, match="exactly one of at_least"):
        projection.probability(by=2024, at_least=1, at_most=2)
    with pytest.raises(ArgumentError, match="positive and finite"):
        projection.probability(by=2024, at_least=0)
    with pytest.raises(DataError, match="figures reach 2022 already"):
        at.project(projection.history, to=2022)
    with pytest.raises(ArgumentError, match="neither 'growth' nor 'random-walk'"):
        at.project(projection.history, to=2024, model="arima")
    with pytest.raises(ArgumentError, match="no prior 'mars'; there are: china-province, general"):
        at.project(projection.history, to=2024, prior="mars")
    with pytest.raises(DataError, match="three levels"):
        at.project(pd.Series([1.0, 1.1], index=[2020, 2021], name="x"), to=2024, model="random-walk")


def test_growth_only_answers_questions_of_growth_only():
    frame = pd.DataFrame({"indicator": "x", "year": [2020, 2021], "kind": "growth", "value": [0.05, 0.06]})
    projection = at.project(frame, to=2023)
    assert projection.quantile(0.5).loc[2023, "x"] == pytest.approx(1.1, abs=0.05)
    with pytest.raises(DataError, match="growth rates only"):
        projection.probability(by=2023, at_least=1.1)
    plan = {"id": "p", "targets": [
        {"id": "g", "kind": "growth", "indicator": "x", "since": 2021, "by": 2023, "at_least": "3%"},
        {"id": "l", "kind": "level", "indicator": "x", "by": 2023, "at_least": 5}]}  # fmt: skip
    result = at.assess(plan, frame)
    assert result.not_assessed.loc["l", "reason"] == "x has growth rates only"
    assert 0.5 < result.table.loc["g", "probability"] < 0.95


def test_probability_over_a_mapping_of_bounds():
    wide = pd.DataFrame({"x": [1.0, 1.1], "y": [5.0, 6.0]}, index=[2020, 2021])
    projection = at.project(wide, to=2023)
    answer = projection.probability(by=2023, at_least=pd.Series({"x": 1.2, "y": 6.5}))
    assert answer["x"] == projection.probability("x", by=2023, at_least=1.2)
    assert answer["y"] == projection.probability("y", by=2023, at_least=6.5)


def test_quantiles_keep_the_order_asked_for_and_invert_probabilities():
    projection = at.project(pd.Series([1.0, 1.1, 1.3], index=[2020, 2021, 2022], name="x"), to=2024)
    frame = projection.quantile([0.9, 0.1, 0.5])
    assert frame.columns.get_level_values("quantile").tolist() == [0.9, 0.1, 0.5]
    for q in (0.9, 0.1, 0.5):
        assert projection.probability(by=2024, at_most=float(frame.loc[2024, ("x", q)])) == pytest.approx(q, abs=1e-10)
    tidy_frame = projection.to_frame()
    assert tidy_frame.columns.tolist() == ["indicator", "year", "quantile", "value"]
    assert len(tidy_frame) == 6


def test_growth_projection_does_not_depend_on_the_unit():
    """Scale invariance: a history in another unit has the same probabilities."""
    a = at.project(tidy(value=[390, 420, 400, 460]), to=2026)
    b = at.project(tidy(value=[39, 42, 40, 46]), to=2026)
    assert a.probability(by=2026, at_least=500) == pytest.approx(b.probability(by=2026, at_least=50), rel=1e-10)


def test_probability_falls_as_the_target_rises():
    projection = at.project("jiangxi", to=2028, indicators=["cluster_prov_revenue"])
    p = [projection.probability(by=2028, at_least=bound) for bound in np.linspace(20_000, 90_000, 50)]
    assert all(a > b for a, b in itertools.pairwise(p))
    assert 0 < p[-1] < p[0] < 1


@pytest.mark.parametrize(
    "period", ["2021H9", "2021M13", "2021Q7", "2021-99", "2021Q3-Q1", "2021M5-M5", "2021H1-Q2", "2021M0"]
)
def test_periods_that_no_calendar_has(period):
    with pytest.raises(DataError, match=f"row 0, column period: '{period}' is no period; write 2025, 2025H1"):
        at.load_history(pd.DataFrame({"indicator": ["x"], "period": [period], "value": [1]}))


def test_periods_that_agree_with_the_year():
    periods = ["2020", "2020Y", "2020H2", "2020Q1-Q3", "2020M1-M11", "2020-08", ""]
    frame = pd.DataFrame({"indicator": list("abcdefg"), "year": 2020, "period": periods, "value": 1})
    rows = at.load_history(frame).rows
    assert rows["year"].tolist() == [2020] * 7
    assert rows["period"].tolist() == ["", "", "2020H2", "2020Q1-Q3", "2020M1-M11", "2020-08", ""]


def test_dates_of_release_become_iso_text():
    written = ["2021-03-05", "2021-3-5", "2021/3/5", "20210305", 20210305, 20210305.0]
    written += [date(2021, 3, 5), datetime(2021, 3, 5, 12), pd.Timestamp("2021-03-05"), None]
    frame = pd.DataFrame(
        {"indicator": "x", "year": range(2010, 2020), "value": 1, "released": written, "vintage": written}
    )
    rows = at.load_history(frame).rows
    assert rows["released"].tolist() == rows["vintage"].tolist() == ["2021-03-05"] * 9 + [""]
    stamps = tidy(value=[1, 2], released=[pd.Timestamp("2021-03-05"), pd.NaT])
    assert at.load_history(stamps).rows["released"].tolist() == ["2021-03-05", ""]


def test_vintages_compare_as_dates():
    written = ["2021-10-1", "2021-9", 2021, "2021/09/30", ""]
    history = at.load_history(tidy(value=[1, 2, 3, 4, 5], vintage=written).assign(year=2020))
    assert history.rows["vintage"].tolist() == ["2021-10-01", "2021-09", "2021", "2021-09-30", ""]
    assert history.usable(["x"])["value"].tolist() == [1]


def test_commas_part_groups_of_three():
    assert at.load_history(tidy(value=["1,234,567.8", "1234.5", " 7 "])).rows["value"].tolist() == [
        1234567.8,
        1234.5,
        7,
    ]
    assert parse_amount("1,234.5亿元") == (Decimal("1234.5"), "亿元")
    for text in ("1,5亿元", "1,5", "12,34", "1,,234", "1,234,5"):
        with pytest.raises(UnitError, match=r"is not a number: commas part groups of three digits, as in 1,234,567.8"):
            parse_amount(text)
    with pytest.raises(UnitError, match="'1_000' is not a number: write 1000"):
        parse_amount("1_000亿元")
    for value in ("1,5", "1_000", 1 + 2j, True, "", "1.2.3"):
        with pytest.raises(UnitError, match="is not a number"):
            decimal(value)


@pytest.mark.parametrize("value", [1 + 0j, True, np.bool_(True), np.complex64(1), "1_0"])
def test_objects_that_only_python_takes_for_numbers(value):
    with pytest.raises(DataError, match=r"row [01], column value: .* is not a number"):
        at.load_history(tidy(value=[2.5, value]))
    with pytest.raises(DataError, match=r"column 'x', year 202[01], column value: .* is not a number"):
        at.load_history(pd.DataFrame({"x": [2.5, value]}, index=[2020, 2021]))


def test_columns_that_stand_twice_are_refused_first():
    frame = pd.DataFrame([["x", 2020, 1, 2, 3]], columns=["indicator", "year", "value", "value", "colour"])
    with pytest.raises(DataError, match="frame: the column 'value' stands twice"):
        at.load_history(frame)
    with pytest.raises(DataError, match="frame: the column '1' stands twice"):
        at.load_history(pd.DataFrame([[5.0, 6.0]], index=[2020], columns=[1, "1"]))


def test_a_byte_order_mark_and_windows_line_ends(tmp_path):
    path = tmp_path / "h.csv"
    path.write_bytes("\ufeffindicator,year,value\r\nx,2020,5\r\nx,2021,oops\r\n".encode())
    with pytest.raises(DataError, match="line 3, column value: 'oops'"):
        at.load_history(path)
    path.write_bytes("\ufeffyear,x\r\n2020,5\r\n".encode())
    assert at.load_history(path).rows["place"].tolist() == ["line 2, column 'x', year 2020"]


def test_shares_stay_as_published():
    frame = tidy(value=["42.1", 0, 100, "0.421", 1], unit=["%", "%", "%", "", ""], kind=["share"] * 5)
    rows = at.load_history(frame).rows
    assert rows["value"].tolist() == [42.1, 0, 100, 0.421, 1]
    assert rows["unit"].tolist() == ["%", "%", "%", "", ""]


def test_a_label_of_two_indicators_leads_to_neither():
    frame = pd.DataFrame(
        {
            "indicator": ["a", "b", "c"],
            "year": 2020,
            "value": 1,
            "label": ["GDP", "", "a"],
            "label_zh": ["", "GDP", "产值"],
        }
    )
    history = at.load_history(frame, name="mine")
    with pytest.raises(DataError, match="mine: 'a' and 'b' bear the same label 'GDP'; name the indicator by its id"):
        history.find("GDP")
    assert (history.find("a"), history.find("产值"), history.find("")) == ("a", "c", None)


def test_dates_as_an_index():
    values = [100.0, 110.0, 115.0]
    expected = at.load_history(pd.Series(values, index=[2020, 2021, 2022], name="x")).rows
    ends = pd.DatetimeIndex(["2020-12-31", "2021-12-31", "2022-12-31"])
    for index in (ends, ends.to_period("Y"), pd.Index([stamp.date() for stamp in ends], dtype=object)):
        pd.testing.assert_frame_equal(at.load_history(pd.Series(values, index=index, name="x")).rows, expected)
        frame = pd.DataFrame({"year": index, "x": values})
        pd.testing.assert_frame_equal(at.load_history(frame).rows, expected)
        rows = at.load_history(pd.DataFrame({"indicator": "x", "year": index, "value": values})).rows
        assert rows["year"].tolist() == [2020, 2021, 2022]


@pytest.mark.parametrize(
    "index", [pd.date_range("2020-01-31", periods=3, freq="QS"), pd.period_range("2020Q4", periods=3, freq="Q")]
)
def test_dates_that_are_not_one_per_year(index):
    with pytest.raises(DataError, match=r"series, index: the dates are not one per year .*, as \.index\.year does"):
        at.load_history(pd.Series([1.0, 2.0, 3.0], index=index, name="x"))
    with pytest.raises(DataError, match=r"frame, column year: the dates are not one per year .*, as \.dt\.year does"):
        at.load_history(pd.DataFrame({"indicator": "x", "year": index, "value": [1.0, 2.0, 3.0]}))


def test_a_date_that_is_missing_is_no_year():
    with pytest.raises(DataError, match=r"column year: .* is not a year"):
        at.load_history(pd.Series([1.0, 2.0], index=pd.DatetimeIndex(["2020-12-31", None]), name="x"))


def test_the_order_of_rows_does_not_choose_the_scope():
    rows = [("old", 2019, 100), ("old", 2020, 104), ("old", 2022, 108), ("new", 2021, 300), ("new", 2022, 320)]
    answers = set()
    for order in itertools.permutations(rows):
        scopes, years, values = zip(*order, strict=True)
        frame = pd.DataFrame({"indicator": "x", "year": years, "value": values, "scope": scopes})
        history = at.load_history(frame)
        assert history.ambiguous_scopes(["x"]) == {}
        last = history.usable(["x"])["scope"].tolist()[-1]
        answers.add((last, at.project(history, to=2023).quantile(0.5).loc[2023, "x"]))
    assert len(answers) == 1
    assert answers.pop()[0] == "new"


def test_two_scopes_that_begin_and_end_together_are_ambiguous():
    frame = pd.DataFrame(
        {
            "indicator": ["x", "x", "x", "y", "y", "z", "z"],
            "year": [2021, 2022, 2022, 2022, 2022, 2021, 2022],
            "value": [1, 2, 3, 4, 5, 6, 7],
            "kind": ["level", "level", "level", "level", "growth", "level", "level"],
            "scope": ["a", "a", "b", "a", "a", "a", "b"],
            "unit": ["", "", "", "", "%", "", ""],
        }
    )
    assert at.load_history(frame).ambiguous_scopes(["x", "y", "z"]) == {}
    frame.loc[0, "scope"] = "c"
    reasons = at.load_history(frame).ambiguous_scopes(["z", "x", "y"])
    assert list(reasons) == ["x"]
    assert reasons["x"].startswith("the scopes 'a' and 'b' both begin in 2022 and have a figure in 2022")
    assert "give the one that is not meant to be projected a treatment" in reasons["x"]


def test_histories_are_compared_by_identity():
    a, b = (at.load_history(tidy(value=[1, 2])) for _ in range(2))
    assert a == a
    assert a != b
    assert a.observations(["x"]) != b.observations(["x"])
    assert len({a, b}) == 2


def test_describe_has_whole_years_and_says_what_is_missing():
    frame = pd.DataFrame(
        {
            "indicator": ["y", "x", "x", "x", "x", "x", "z"],
            "year": [2020, 2020, 2021, 2021, 2021, 2022, 2019],
            "period": ["2020H1", "", "", "", "", "2022H1", ""],
            "kind": ["share", "level", "growth", "level", "level", "growth", "share"],
            "value": [0.5, 1, 0.1, 2, 1.9, 0.1, 0.4],
            "scope": ["", "a", "b", "b", "b", "b", ""],
            "bound": ["", "", "", "", "more_than", "", ""],
            "label_zh": ["份额", "", "", "", "", "", ""],
        }
    )
    described = at.load_history(frame).describe()
    assert described.index.tolist() == ["y", "x", "z"]
    assert described.loc["z", ["first", "last", "levels", "shares", "unit"]].tolist() == [2019, 2019, 0, 1, "fraction"]
    described = described.drop(index="z")
    assert (str(described["first"].dtype), str(described["last"].dtype)) == ("Int64", "Int64")
    assert described.loc["x", ["first", "last", "levels", "growth_rates"]].tolist() == [2020, 2022, 2, 2]
    assert described["first"].isna().tolist() == [True, False]
    assert described["label"].tolist() == ["份额", "x"]
    assert described["usable"].tolist() == [False, True]
    assert described["scopes"].tolist() == ["", "a, b"]
    assert described["needs"].tolist() == ["yearly levels, shares or growth rates", ""]
    assert described["unused"].tolist() == [
        "1 share of a part of a year (not modelled)",
        "1 a bound beside a figure of the year",
    ]


def test_large_histories_are_read_and_described():
    years, rng = range(2010, 2025), np.random.default_rng(1)
    names = [f"i{k}" for k in range(10_000)]
    wide = pd.DataFrame(np.exp(rng.normal(size=(15, 10_000))), index=years, columns=names)
    history = at.load_history(wide)
    assert list(history.indicators) == names
    np.testing.assert_array_equal(history.rows["value"], wide.to_numpy().T.ravel())
    growth = {"indicator": np.repeat(names[:2000], 15), "year": list(years) * 2000, "kind": "growth"}
    frame = pd.DataFrame({**growth, "value": rng.normal(5, 2, 30_000), "unit": "%"})
    np.testing.assert_allclose(at.load_history(frame).rows["value"], frame["value"] / 100, rtol=1e-12)
    described = at.load_history(wide[names[:1000]]).describe()
    assert described.index.tolist() == names[:1000]
    assert (described[["levels", "first", "last"]] == [15, 2010, 2024]).all(axis=None)
