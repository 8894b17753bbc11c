"""Targets one can stand by: levels that invert probabilities, frontiers, the menu that the docs show, beliefs."""

import dataclasses
import math
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import attain as at
from attain.dependence import dependence_of
from attain.errors import ArgumentError, DataError
from attain.event import Event
from attain.goals import under_priors
from attain.joint import joint_probability

DOCS = Path(__file__).parents[2] / "docs" / "goals.md"
PAIR = ["aviation_revenue", "electronic_info_revenue"]
CHANCES = [1e-6, 0.01, 0.3, 0.6, 0.9, 0.999]


@pytest.fixture(scope="module")
def jiangxi():
    names = ["cluster_prov_revenue", *PAIR, "sei_va_share", "gdp"]
    return at.project("jiangxi", to=2030, indicators=names)


def together(projection, at_levels, by, dependence="factor"):
    events = []
    for name, value in at_levels.items():
        y = projection.scale_of(name).transform(value)
        events.append(Event(at.level(name, by=by, at_least=1), name, by, None, y, math.inf, None, None))
    return math.exp(joint_probability(events, projection, dependence_of(dependence, projection)).log_probability)


@pytest.mark.parametrize("word", ["at_least", "at_most"])
def test_a_level_inverts_its_probability(jiangxi, word):
    for name in jiangxi.indicators:
        for p in CHANCES if name != "sei_va_share" else (0.1, 0.5, 0.9):  # beyond, one level leaves it 0 or 100 %
            value = at.target_at(jiangxi, name, by=2030, probability=p, word=word)
            assert abs(jiangxi.probability(name, by=2030, **{word: value}) - p) <= 1e-10


@pytest.mark.parametrize("dependence", ["factor", "independent", {PAIR[0]: 0.9, PAIR[1]: -0.9}])
@pytest.mark.parametrize("p", [0.05, 0.8])
def test_several_levels_have_the_probability_together_and_are_alike_alone(jiangxi, dependence, p):
    found = at.target_at(jiangxi, PAIR, by=2028, probability=p, dependence=dependence)
    assert together(jiangxi, found, 2028, dependence) == pytest.approx(p, rel=1e-7)
    alone = jiangxi.probability(by=2028, at_least=found)
    assert alone.iloc[0] == pytest.approx(alone.iloc[1], rel=1e-9)
    if dependence == "independent":
        assert alone.iloc[0] == pytest.approx(math.sqrt(p), rel=1e-9)


def test_the_points_of_a_frontier_have_its_probability(jiangxi):
    found = at.frontier(jiangxi, PAIR, by=2027, probability=0.4, points=7)
    assert found.table.shape == (7, 2)
    for _, pair in found.table.iterrows():
        assert together(jiangxi, pair, 2027) == pytest.approx(0.4, rel=1e-7)
    assert found.table[PAIR[0]].is_monotonic_increasing
    assert found.table[PAIR[1]].is_monotonic_decreasing
    for language in ("en", "zh"):
        assert f"{found.table.iloc[3, 0]:,.0f}" in found.summary(language=language)
        assert len(found.plot(language=language).axes) == 1
    assert "<table" in found._repr_html_()


@pytest.mark.parametrize("name", ["cluster_prov_revenue", "sei_va_share"])
def test_the_menu_holds_under_each_prior(jiangxi, name):
    menu = at.menu(jiangxi, name, by=2028)
    start = jiangxi.scale_of(name).figure(jiangxi.origin(name).log_level)
    years = 2028 - jiangxi.origin(name).year
    for prior, under in under_priors(jiangxi, name):
        for p, (level, growth) in menu.table.loc[prior].iterrows():
            assert under.probability(name, by=2028, at_least=level) == pytest.approx(p, abs=1e-10)
            end = start + years * growth if name == "sei_va_share" else start * (1 + growth) ** years
            assert end == pytest.approx(level, rel=1e-9)
    assert menu.priors[0] == ("share" if name == "sei_va_share" else "general")
    assert menu.probabilities == (0.9, 0.6, 0.3)


def test_the_menu_tells_and_draws_itself(jiangxi):
    menu = at.menu(jiangxi, "cluster_prov_revenue", probabilities=(0.9, 0.75))
    assert menu.by == 2030
    for language, word in (("en", "bottom line 90 %"), ("zh", "底线 90%")):
        assert word in menu.summary(language=language)
        assert len(menu.plot(language=language).axes) == 1
    assert "75 %" in menu._repr_html_()
    down = at.menu(jiangxi, "cluster_prov_revenue", word="at_most")
    assert down.table["level"].loc["general"].is_monotonic_decreasing
    walk = at.project("provinces", to=2027, model="random-walk", indicators=["jiangxi"])
    assert at.menu(walk).priors == ("none",)


def test_the_docs_show_the_menu_of_jiangxi():
    text = DOCS.read_text(encoding="utf-8")
    code, shown = re.search(r"```python\n(.*?)```\n+```\n(.*?)```", text, re.DOTALL).groups()
    space = {}
    printed = []
    exec(compile(code.replace("print(", "printed("), "docs/goals.md", "exec"), {"printed": printed.append}, space)
    assert "\n".join(printed) == shown.rstrip("\n")


def test_what_one_would_have_to_believe_makes_the_target_even(jiangxi):
    found = at.even_drift(jiangxi, "cluster_prov_revenue", by=2028, at_least=50_000)
    prior = jiangxi.prior
    shift = math.log1p(found.drift) - math.log1p(found.expected)
    believed = dataclasses.replace(jiangxi, prior=prior.moved(shift))
    assert believed.probability("cluster_prov_revenue", by=2028, at_least=50_000) == pytest.approx(0.5, abs=1e-9)
    assert prior.moved(shift).beliefs()["drift 50 %"] == pytest.approx(math.log1p(found.drift), abs=1e-9)
    assert prior.beliefs()["drift 50 %"] == pytest.approx(math.log1p(found.expected), abs=1e-12)
    assert found.probability == jiangxi.probability("cluster_prov_revenue", by=2028, at_least=50_000)
    assert 50 < found.percentile < 100
    assert "To call it even" in found.summary()
    assert "50% 的把握" in found.summary(language="zh")


def test_an_even_target_needs_no_other_belief(jiangxi):
    for name in ("gdp", "sei_va_share"):
        median = at.target_at(jiangxi, name, by=2028, probability=0.5)
        found = at.even_drift(jiangxi, name, by=2028, at_least=median)
        assert found.drift == pytest.approx(found.expected, abs=1e-9)


def test_the_more_figures_the_more_extreme_the_belief():
    provinces = at.load_history("provinces")
    needed = []
    for since in (2021, 2008):
        rows = provinces.rows
        own = rows[(rows["indicator"] == "jiangxi") & (rows["year"] >= since)][["indicator", "year", "value"]]
        projection = at.project(own, to=2027)
        needed.append(at.even_drift(projection, by=2027, at_least=1.4 * own["value"].iloc[-1]).drift)
    assert needed[1] > needed[0]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda p: at.target_at(p, "gdp", by=2030, probability=1), ArgumentError, "within 0 and 1"),
        (lambda p: at.target_at(p, "gdp", by=2035, probability=0.5), ArgumentError, "outside the projected years"),
        (lambda p: at.target_at(p, "gdp", by=2030, probability=0.5, word="up"), ArgumentError, "at_most"),
        (lambda p: at.target_at(p, ["gdp", "gdp"], by=2030, probability=0.5), ArgumentError, "different indicators"),
        (lambda p: at.target_at(p, "nothing", by=2030, probability=0.5), ArgumentError, "unknown indicator"),
        (lambda p: at.frontier(p, ["gdp"], by=2030, probability=0.5), ArgumentError, "two indicators"),
        (lambda p: at.even_drift(p, "gdp", by=2030), ArgumentError, "exactly one"),
        (lambda p: at.menu(p, "gdp", probabilities=()), ArgumentError, "one chance or more"),
    ],
)
def test_what_cannot_be_answered_is_refused(jiangxi, call, error, message):
    with pytest.raises(error, match=message):
        call(jiangxi)


def test_growth_rates_alone_have_no_level_and_a_walk_no_belief():
    rates = pd.DataFrame({"indicator": "g", "year": [2020, 2021, 2022], "kind": "growth", "value": [0.05, 0.06, 0.04]})
    projection = at.project(rates, to=2025)
    with pytest.raises(DataError, match="growth rates only"):
        at.menu(projection)
    walk = at.project("provinces", to=2027, model="random-walk", indicators=["jiangxi"])
    with pytest.raises(ArgumentError, match="no prior"):
        at.even_drift(walk, by=2027, at_least=40_000)
    assert np.isfinite(at.target_at(walk, "jiangxi", by=2027, probability=0.8))
