"""The bundled histories: every figure stands in the collected sources, and the words about them fit the figures."""

import csv
import io
import re
from datetime import date
from importlib import resources
from pathlib import Path

import pytest
import yaml

import attain as at

SHARED = Path(__file__).parents[3] / "shared" / "data"
PLACES = ("jiangsu", "jiangxi")
PLANS = {"jiangsu": ("jiangsu-2021", "jiangsu-2023"), "jiangxi": ("jiangxi-2022", "jiangxi-2025")}

# Growth published beside levels of the same statistic, and revised levels, enter the series of levels.
COLLECTED_AS = {
    "gdp": ("gdp", "gdp_revised"),
    "gdp_growth": ("gdp_growth", "gdp_index_prev100"),
    "sei_output": ("sei_output_growth",),
}

# (place, indicator, year, value, start of the treatment): figures that no collected row holds as they stand, and why.
DERIVED = {
    ("jiangxi", "cluster_ge_500_count", "2025", "24"): "18 between 500 and 1000 and 6 over 1000, if 18 is a band",
    ("jiangxi", "aviation_revenue", "2019", "18.16"): "growth in the quoted fragment of the row of the level 1,020",
    ("jiangsu", "sei_output_share", "2022", "40.8"): "41.3 of 2023 less the published rise of 0.5 points",
    ("jiangsu", "national_sei_clusters", "2022", "3"): "three clusters named in the plan of 2023-02-16",
}


def bundled(place):
    text = resources.files("attain").joinpath("data", f"{place}.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def about(place):
    return yaml.safe_load(resources.files("attain").joinpath("data", f"{place}.yaml").read_text(encoding="utf-8"))


def collected(place):
    with open(SHARED / f"{place}.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def names_of(indicator):
    return COLLECTED_AS.get(indicator, (indicator, f"{indicator}_growth", f"{indicator}_change_pp"))


def period_of(text):
    return re.sub(r"M(\d+)-(\d+)$", r"M\1-M\2", "" if text == "Y" else text)


def keys_of(row):
    """Where a collected row may stand in a history; an index (previous year = 100) stands as growth."""
    keys = [(row["year"], period_of(row["period"]), row["value"], row["unit"], row["source_title"])]
    if row["indicator_id"] == "gdp_index_prev100":
        growth = f"{float(row['value']) - 100:.1f}"
        keys = [(row["year"], period_of(row["period"]), growth, "%", row["source_title"])]
    return [(row["indicator_id"], *key) for key in keys]


@pytest.mark.parametrize("place", PLACES)
def test_every_figure_stands_in_the_collected_sources(place):
    if not SHARED.is_dir():
        pytest.skip("the collected sources are not beside this checkout")
    sources = {key: row for row in collected(place) for key in keys_of(row)}
    derived = set()
    for row in bundled(place):
        key = (row["year"], row["period"], row["value"], row["unit"], row["source"])
        found = [sources[name, *key] for name in names_of(row["indicator"]) if (name, *key) in sources]
        if not found:
            derived.add((place, row["indicator"], row["year"], row["value"]))
            continue
        assert found[0]["source_url"].startswith(row["url"]), row
        assert found[0]["confidence"] == row["confidence"], row
    assert derived == {key for key in DERIVED if key[0] == place}


@pytest.mark.parametrize("place", PLACES)
def test_what_is_derived_says_so(place):
    for row in bundled(place):
        if (place, row["indicator"], row["year"], row["value"]) in DERIVED:
            assert row["note"], row


@pytest.mark.parametrize("place", PLACES)
def test_treatments_of_the_figures_are_described_in_both_languages(place):
    named, described = {row["treatment"] for row in bundled(place)} - {""}, about(place)["treatments"]
    assert set(described) == named
    for name, texts in described.items():
        assert set(texts) == {"en", "zh"}, name
        assert all(text.strip() for text in texts.values()), name


@pytest.mark.parametrize("place", PLACES)
def test_every_default_is_the_default(place):
    history = at.load_history(place)
    for indicator, treatments in about(place)["defaults"].items():
        assert history.treatments_of(indicator)[0] == treatments[0]
        assert set(treatments) <= set(history.treatments_of(indicator))
        assert len(history.treatments_of(indicator)) > 1


@pytest.mark.parametrize("place", PLACES)
def test_serves_speaks_of_the_indicators_of_the_plans(place):
    history = at.load_history(place)
    assert set(history.serves) == set(PLANS[place])
    for plan, services in history.serves.items():
        assert set(services) == {target.indicator for target in at.load_plan(plan).targets}
        assert {service.series for service in services.values()} - {None} <= set(history.indicators)
        assert all(service.note.strip() for service in services.values())


@pytest.mark.parametrize("place", PLACES)
def test_dates_are_real_and_not_before_the_year_they_speak_of(place):
    for row in bundled(place):
        for column in ("released", "vintage"):
            if row[column]:
                assert date.fromisoformat(row[column]).isoformat() == row[column], row
        assert not row["released"] or row["released"][:4] >= row["year"], row


@pytest.mark.parametrize("place", PLACES)
def test_every_treatment_says_which_scope_is_projected(place):
    history = at.load_history(place)
    assert history.ambiguous_scopes(history.indicators) == {}
    for indicator in history.indicators:
        for treatment in history.treatments_of(indicator):
            assert history.ambiguous_scopes([indicator], {indicator: treatment}) == {}


@pytest.mark.parametrize(
    ("indicator", "pairs"),
    [
        ("gdp", [(2017, 2018), (2018, 2019), (2021, 2022), (2022, 2023)]),
        ("cluster_ge_1000_count", [(2022, 2025)]),
        ("cluster_ge_100_count", [(2022, 2025)]),
        ("above_scale_industry_revenue", [(2020, 2021), (2021, 2022), (2022, 2025)]),
    ],
)
def test_no_growth_is_computed_across_a_break(indicator, pairs):
    rows = at.load_history("jiangxi").usable([indicator])
    scopes = rows[rows["kind"] == "level"].groupby("year")["scope"].agg(set)
    for before, after in pairs:
        assert not scopes[before] & scopes[after], (before, after)


def test_growth_within_a_scope_of_gdp_fits_real_growth():
    """Nominal and real growth of neighbouring years differ by a deflator of a few percent, not by a revision."""
    history = at.load_history("jiangxi")
    real = history.usable(["gdp_growth"]).set_index("year")["value"]
    for _, rows in history.usable(["gdp"]).groupby("scope"):
        levels = rows.set_index("year")["value"]
        for year in levels.index.intersection(levels.index + 1):
            assert -0.03 < levels[year] / levels[year - 1] / (1 + real[year]) - 1 < 0.065, year


def test_the_provinces_are_one_vintage_of_the_collected_table():
    if not SHARED.is_dir():
        pytest.skip("the collected sources are not beside this checkout")
    with open(SHARED / "provinces_gdp.csv", encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["source_id"] == "NBS_5thcensus_2026"]
    rows = [row for row in rows if row["indicator_id"] == "gdp_nominal"]
    expected = {(f"{row['province_zh']}地区生产总值", row["year"], row["value"], row["unit"]) for row in rows}
    assert {(row["label_zh"], row["year"], row["value"], row["unit"]) for row in bundled("provinces")} == expected


def test_the_provinces_are_complete():
    history = at.load_history("provinces")
    about_all = history.describe()
    assert len(about_all) == 31
    assert (about_all[["levels", "first", "last"]] == [19, 2006, 2024]).all().all()
    assert set(about_all["unit"]) == {"亿元"}
    assert about("provinces")["defaults"] == about("provinces")["treatments"] == {}
    jiangxi = next(row for row in bundled("provinces") if row["indicator"] == "jiangxi" and row["year"] == "2024")
    assert jiangxi["label"] == "GDP of Jiangxi"
