"""Histories: every form they come in, what is used of them, and errors that name the place and the way out."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest

import attain as at
from attain.errors import ArgumentError, BasisError, DataError, UnitError


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
    assert described["unused"] == "1 part of a year (not modelled yet)"
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
    with pytest.raises(DataError, match="neither a year nor a date"):
        history.as_of("last week")


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
            "kind": ["level", "share", "share"],
        }
    )
    projection = at.project(frame, to=2022)
    assert projection.indicators == ("x",)
    assert projection.skipped["reason"].to_dict() == {"y": "no yearly level or growth rate is usable"}
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
        "line 2, column unit: unknown unit '亿'; known units",
    ),
    "units that differ": (
        "indicator,year,value,unit\nx,2020,3,亿元\nx,2021,3,家\n",
        UnitError,
        "line 3, column unit: cannot convert 家",
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
    with pytest.raises(DataError, match="no bundled history 'atlantis'; bundled: jiangxi"):
        at.load_history("atlantis")
    with pytest.raises(DataError, match=r"nowhere.csv: cannot be read"):
        at.load_history("nowhere.csv")
    with pytest.raises(DataError, match=r"h.ods: a history is a .csv file"):
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
    with pytest.raises(ArgumentError, match="no prior 'mars'; there are: general"):
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
