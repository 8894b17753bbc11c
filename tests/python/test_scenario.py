"""What a scenario says, how many of them are written down, and what is refused."""

import pickle

import numpy as np
import openpyxl
import pandas as pd
import pytest

import attain as at
from attain.errors import ArgumentError
from attain.scenario import load_study


def test_content_is_what_changes_and_not_how_it_is_called():
    one = at.Scenario("one", override={"drift": {"x": "1%", "y": "2%"}, "volatility": 1.5}, exclude=["t"])
    two = at.Scenario("two", override={"volatility": 1.5, "drift": {"y": "2%", "x": "1%"}}, exclude=["t"])
    assert one.content == two.content
    assert one.content != at.Scenario("one", override={"drift": {"x": "1%", "y": "2%"}}).content
    assert pickle.loads(pickle.dumps(one)) == one


def test_a_prior_of_ones_own_is_told_by_its_numbers():
    general = at.load_prior("general")
    mine = general.mixed(at.load_prior("industry"), 0.5, "mine")
    other = general.mixed(at.load_prior("industry"), 0.4, "mine")
    contents = {at.Scenario("s", override={"prior": prior}).content for prior in ("general", general, mine, other)}
    assert len(contents) == 4


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"override": {"drft": "1%"}}, "drft"),
        ({"override": {"drift": 10}}, "10 % or"),
        ({"override": {"path": {"x": {2027: float("nan")}}}}, "path: nan is not"),
        ({"override": {"path": {"x": {2027: float("inf")}}}}, "path: inf is not"),
        ({"override": {"drift": "-100%"}}, "leaves nothing"),
        ({"override": {"volatility": 0}}, "positive factor"),
        ({"override": {"loading": {"x": 1.0}}}, "beyond 0.99"),
        ({"override": {"reading": "loosely"}}, "as stated"),
        ({"override": {"prior": 3}}, "neither the name"),
        ({"shocks": [{"indicator": "x", "year": 2026, "size": "-10%", "fade": 2}]}, "fade"),
        ({"shocks": [{"indicator": "x", "year": 26, "size": "-10%"}]}, "year"),
        ({"chocs": []}, "chocs"),
    ],
)
def test_what_is_wrong_is_named(fields, told):
    with pytest.raises(ArgumentError, match="scenario 's'") as error:
        at.Scenario("s", **fields)
    assert told in str(error.value)


def test_a_grid_has_every_combination():
    grid = at.Scenario.grid({"drift.x": ["-1%", "1%"], "growth.x.2026": ["5%"], "price.2027": [0.01, 0.02]})
    assert len(grid) == 4
    assert grid[1].name == "drift.x = -1%, growth.x.2026 = 5%, price.2027 = 0.02"
    assert grid[1].override == at.Override(drift={"x": "-1%"}, growth={"x": {2026: "5%"}}, price={2027: 0.02})


def test_places_reach_every_field():
    places = {
        "path.x.2026": 120, "volatility": 1.5, "price.x.2027": "1%", "loading.x": 0.5, "target.t": "5亿元",
        "prior": "industry", "reading": "to the number", "shock.x.2026": "-10%", "fade.x.2026": 0.25, "exclude": "a, b",
    }  # fmt: skip
    (found,) = at.Scenario.grid({place: [value] for place, value in places.items()})
    assert found.override == at.Override(
        path={"x": {2026: 120}}, volatility=1.5, price={"x": {2027: "1%"}}, loading={"x": 0.5}, target={"t": "5亿元"},
        prior="industry", reading="to the number",
    )  # fmt: skip
    assert found.shocks == (at.Shock(indicator="x", year=2026, size="-10%", fade=0.25),)
    assert found.exclude == ("a", "b")


@pytest.mark.parametrize(
    "places", [{"speed": 1}, {"shock.x": "1%"}, {"drift": "1%", "drift.x": "2%"}, {"drift.x": "1%", "drift": "2%"}]
)
def test_places_that_are_none_are_refused(places):
    with pytest.raises(ArgumentError):
        at.Scenario.grid({place: [value] for place, value in places.items()})


def test_a_latin_hypercube_covers_each_axis_once():
    axes = {"drift": ["-2%", "2%"], "volatility": [0.5, 1.5], "target.t": ["4万亿元", "5万亿元"]}
    cube = at.Scenario.latin_hypercube(axes, count=20, seed=3)
    cells = np.array([
        (float(s.override.drift[:-1]) / 4 + 0.5, s.override.volatility - 0.5, float(s.override.target["t"][:-3]) - 4)
        for s in cube
    ])  # fmt: skip
    assert (np.sort((20 * cells).astype(int), axis=0) == np.arange(20)[:, None]).all()
    assert cube == at.Scenario.latin_hypercube(axes, count=20, seed=3)
    assert cube != at.Scenario.latin_hypercube(axes, count=20, seed=4)


@pytest.mark.parametrize("ends", [["1%", 0.02], ["1%"], ["low", "high"], ["1亿元", "2万元"]])
def test_ends_of_an_axis_are_of_one_kind(ends):
    with pytest.raises(ArgumentError, match="drift"):
        at.Scenario.latin_hypercube({"drift": ends}, count=2)


YAML = """
plan: jiangxi-2025
as_of: 2025-08-28
scenarios:
  - name: slump
    override: {growth: {cluster_prov_revenue: {2026: 0%}}}
    shocks: [{indicator: cluster_prov_revenue, year: 2027, size: -5%, fade: 0}]
  - name: easy
    exclude: [cluster-revenue]
grid: {drift: [1%, 2%]}
latin_hypercube: {count: 3, axes: {volatility: [0.5, 2]}}
"""


def test_a_file_names_its_baseline_and_its_scenarios(tmp_path):
    path = tmp_path / "s.yaml"
    path.write_text(YAML, encoding="utf-8")
    study, found = load_study(path)
    assert study.plan == "jiangxi-2025"
    assert found == at.load_scenarios(path)
    assert [s.name for s in found] == ["slump", "easy", "drift = 1%", "drift = 2%", "draw 1", "draw 2", "draw 3"]
    assert found[0].override.growth == {"cluster_prov_revenue": {2026: "0%"}}


def test_a_table_says_the_same(tmp_path):
    path = tmp_path / "s.csv"
    pd.DataFrame({
        "scenario": ["slump", "easy"],
        "growth.cluster_prov_revenue.2026": ["0%", ""],
        "shock.cluster_prov_revenue.2027": ["-5%", ""],
        "fade.cluster_prov_revenue.2027": ["0", ""],
        "exclude": ["", "cluster-revenue"],
    }).to_csv(path, index=False)  # fmt: skip
    yaml = tmp_path / "s.yaml"
    yaml.write_text(YAML, encoding="utf-8")
    assert [s.content for s in at.load_scenarios(path)] == [s.content for s in at.load_scenarios(yaml)[:2]]


def test_a_sheet_says_the_same_as_a_table(tmp_path):
    """-1 % is a number in a sheet, shown as per cent."""
    rows = [("scenario", "drift", "volatility", "exclude"), ("slow", -0.01, None, "a, b"), (2026, None, 1.5, None)]
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.active["B2"].number_format = "0%"
    book.save(tmp_path / "s.xlsx")
    table = tmp_path / "s.csv"
    table.write_text('scenario,drift,volatility,exclude\nslow,-1%,,"a, b"\n2026,,1.5,\n', encoding="utf-8")
    found = at.load_scenarios(tmp_path / "s.xlsx")
    assert found == at.load_scenarios(table)
    assert found[0].override.drift == "-1%"


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("s.yaml", "- a", "mapping"),
        ("s.yaml", "scenarios: [{name: a, overide: {}}]", "did you mean 'override'"),
        ("s.yaml", "scenaros: []", "scenaros"),
        ("s.yaml", "scenarios: [a]", "scenarios"),
        ("s.yaml", "grid: {", "s.yaml"),
        ("s.csv", "name,drift\na,1%\n", "column 'scenario'"),
        ("s.txt", "", ".yaml, .csv or .xlsx"),
        ("s.csv", "", "No columns"),
        ("s.csv", 'scenario,drift\n"a,1%\n', "EOF"),
        ("s.xlsx", "none", "not an Excel workbook"),
        ("s.xlsx", "PK\x03\x04", "not an Excel workbook"),
    ],
)
def test_a_bad_file_is_named(tmp_path, name, text, told):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ArgumentError) as error:
        at.load_scenarios(path)
    assert str(path) in str(error.value)
    assert told in str(error.value)


@pytest.mark.parametrize("name", ["s.yaml", "s.csv", "s.xlsx"])
def test_a_missing_file_is_named(tmp_path, name):
    with pytest.raises(ArgumentError, match=f"{name}: cannot be read: No such file"):
        at.load_scenarios(tmp_path / name)
