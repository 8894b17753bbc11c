"""Required growth among spells that began alike, and how comparable targets fared."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy.stats import beta

import attain as at
from attain.errors import ArgumentError, BasisError, DataError
from attain.reference_class import growth_spells

OWN = pd.DataFrame({"indicator": "x", "year": [2020, 2021, 2022, 2023], "value": [100.0, 110, 121, 133.1]})


def panel():
    return at.load_history("provinces")


def test_spells_that_began_alike_are_counted():
    projection = at.project(OWN, to=2026)
    found = at.reference_class(projection, by=2026, at_least=133.1 * 1.08**3)
    assert found.speed == pytest.approx(0.1)
    assert found.required == pytest.approx(0.08)
    assert found.years == 3
    levels = panel().usable(panel().indicators)
    table = levels[levels["kind"] == "level"].pivot_table(index="year", columns="indicator", values="value")
    growth = []
    for name in table:
        for year in table.index:
            try:
                before, start, end = (float(table.at[year + k, name]) for k in (-3, 0, 3))
            except KeyError:
                continue
            if abs((start / before) ** (1 / 3) - 1.1) <= 0.02:
                growth.append((end / start) ** (1 / 3) - 1)
    assert len(found.spells) == len(growth) > 50
    assert found.percentile == pytest.approx(100 * np.mean(np.array(growth) < 0.08))
    assert found.every_speed > len(growth)
    assert "that began as fast (10.0 % a year)" in found.summary()
    assert "起步增速相近" in found.summary(language="zh")
    assert found._repr_html_().startswith("<div")


def test_one_level_has_no_speed_and_every_spell_counts():
    projection = at.project(OWN.tail(1), to=2026)
    found = at.reference_class(projection, by=2026, at_least=200)
    assert math.isnan(found.speed)
    assert len(found.spells) == found.every_speed
    assert found.percentile == found.every_percentile


def test_a_speed_beyond_the_panel_says_so():
    fast = OWN.assign(value=[1.0, 4, 16, 64])
    found = at.reference_class(at.project(fast, to=2026), by=2026, at_least=100)
    assert found.spells.empty
    assert math.isnan(found.percentile)
    assert "no spell" in found.summary()


def test_a_spell_without_lead_is_one_without_speed():
    plain, led = growth_spells(panel(), 3, "nominal"), growth_spells(panel(), 3, "nominal", 3)
    assert "speed" not in plain
    assert len(led) == len(plain) - 3 * plain["series"].nunique()


def test_a_floor_is_no_level_of_a_spell():
    rows = pd.DataFrame({"indicator": "s", "year": range(2010, 2015), "value": [1.0, 2, 3, 4, 5]})
    rows["bound"] = ["", "at_least", "", "", ""]
    assert growth_spells(at.load_history(rows), 1, "nominal")["since"].tolist() == [2012, 2013]


def test_what_has_no_growth_or_no_prices_is_refused():
    projection = at.project("jiangxi", to=2028, indicators=["sei_va_share", "sei_va_growth"])
    with pytest.raises(ArgumentError, match="share"):
        at.reference_class(projection, "sei_va_share", by=2028, at_least=0.4)
    with pytest.raises(DataError, match="growth rates only"):
        at.reference_class(projection, "sei_va_growth", by=2028, at_least=2)
    real = at.project(OWN.assign(price="constant"), to=2026)
    with pytest.raises(BasisError, match="constant"):
        at.reference_class(real, by=2026, at_least=200)
    with pytest.raises(ArgumentError, match="not after"):
        at.reference_class(at.project(OWN, to=2026), by=2023, at_least=200)


RECORD = pd.DataFrame(
    {
        "plan": ["a", "b", "c", "d", "e"],
        "kind": ["count", "count", "count", "level", "count"],
        "control": ["influenced", "influenced", "market", "influenced", "influenced"],
        "attained": [True, False, True, True, True],
    }
)


def test_a_record_is_counted_with_its_interval():
    found = at.track_record(RECORD, kind="count", control=["influenced"])
    assert (found.attained, found.of) == (2, 3)
    assert (found.low, found.high) == pytest.approx(tuple(beta.ppf([0.05, 0.95], 2.5, 1.5)))
    assert "Of 3 comparable targets" in found.summary()
    assert "3 个可比目标" in found.summary(language="zh")
    nothing = at.track_record(RECORD, plan="z")
    assert math.isnan(nothing.rate)
    assert "No comparable" in nothing.summary()


def test_a_record_that_cannot_be_read_is_refused():
    with pytest.raises(ArgumentError, match=r"nofile\.csv"):
        at.track_record("nofile.csv")
    with pytest.raises(ArgumentError, match="no column 'attained'"):
        at.track_record(RECORD.drop(columns="attained"))
    with pytest.raises(ArgumentError, match="no column 'region'"):
        at.track_record(RECORD, region="x")
    with pytest.raises(ArgumentError, match="'perhaps' in row 1"):
        at.track_record(RECORD.assign(attained=["yes", "perhaps", "no", "1", "0"]))


def test_the_record_stands_beside_influenced_targets_and_in_no_number(tmp_path):
    path = tmp_path / "record.csv"
    RECORD.to_csv(path, index=False)
    plain, told = at.assess("jiangxi-2025"), at.assess("jiangxi-2025", track_record=path)
    assert plain.base_rates == {}
    influenced = [t.id for t in told.plan.targets if t.control == "influenced"]
    assert influenced == list(told.base_rates)
    assert told.base_rates["high-tech-firms"].of == 3
    assert told.to_json() == plain.to_json()
    told.to_html(tmp_path / "page.html")
    assert "Of 3 comparable targets" in (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "Of 3 comparable targets" in told.summary()
