"""A total split over parts: the rules are what they say, quotas are worth what assess says, and the total what its
distribution says."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import integrate

import attain as at
from attain.errors import ArgumentError

HISTORY = pd.DataFrame(
    {
        "north": [100.0, 108, 113, 121, 133, 140, 150, 158],
        "south": [60.0, 59, 71, 72, 81, 93, 94, 114.5],
        "west": [80.0, 82, 83, 85, 88, 92, 93, 96],
    },
    index=range(2017, 2025),
)


@pytest.fixture(scope="module")
def split():
    quotas = {"north": 230, "south": 180, "west": 120}
    return at.allocate(HISTORY, total=480, by=2028, quotas=quotas, seed=1)


def quotas_of(split, rule):
    return split.table[split.table["rule"] == rule].set_index("part")


def test_rules_are_what_they_say(split):
    for rule in ("proportional", "equal effort", "equal probability"):
        assert quotas_of(split, rule)["quota"].sum() == pytest.approx(480, rel=1e-12)
        assert split.rules.at[rule, "coefficient"] == pytest.approx(1, rel=1e-12)
    proportional, effort = quotas_of(split, "proportional"), quotas_of(split, "equal effort")
    assert np.ptp(proportional["quota"] / proportional["last_value"]) < 1e-12
    assert np.ptp(effort["quota"] / effort["median"]) < 1e-12
    assert np.ptp(quotas_of(split, "equal probability")["probability"]) < 1e-9


def test_quotas_are_worth_what_assess_says(split):
    for rule in split.rules.index:
        own = quotas_of(split, rule)
        targets = [at.level(part, by=2028, at_least=quota, id=part) for part, quota in own["quota"].items()]
        result = at.assess({"id": "p", "targets": targets}, HISTORY)
        assert own["probability"].to_list() == pytest.approx(result.table["probability"].to_list(), rel=1e-9)
        assert split.rules.at[rule, "probability"] == pytest.approx(result.probability, rel=1e-9)
        assert split.rules.at[rule, "expected"] == pytest.approx(result.table["probability"].sum(), rel=1e-9)
        needed = result.table["required_growth"].to_list()
        assert own["growth"].to_list() == pytest.approx(needed, rel=1e-9)


def test_given_quotas_are_added_up(split):
    assert split.rules.at["given", "sum"] == 530
    assert split.rules.at["given", "coefficient"] == pytest.approx(530 / 480)
    assert split.feasible
    short = at.allocate(HISTORY, total=480, by=2028, quotas={"north": 200, "south": 150, "west": 120}, draws=10)
    assert short.feasible is False
    assert at.allocate(HISTORY, total=480, by=2028, draws=10).feasible is None


def test_the_total_of_two_independent_parts_is_a_convolution():
    two = at.allocate(HISTORY, total=300, by=2026, parts=["north", "west"], dependence="independent", seed=3)
    projection = at.project(HISTORY, to=2026, indicators=["north", "west"])

    def tail(level):
        return 1.0 if level <= 0 else projection.probability("west", by=2026, at_least=level)

    def density(x, step=1e-4):
        low, high = (projection.probability("north", by=2026, at_most=x * math.exp(s)) for s in (-step, step))
        return (high - low) / (2 * step * x)

    expected, _ = integrate.quad(lambda x: density(x) * tail(300 - x), 60, 400, points=[140, 165, 190, 300], limit=200)
    assert two.probability == pytest.approx(expected, abs=4 * two.standard_error + 1e-4)


def test_common_luck_spreads_the_total():
    together = {"north": 0.95, "south": 0.95, "west": 0.95}
    rare = [at.allocate(HISTORY, total=560, by=2028, dependence=d).probability for d in ("independent", together)]
    assert rare[1] > rare[0] > 0
    one = at.allocate(HISTORY, total=480, by=2028, draws=70_000, seed=2)
    assert one.probability == at.allocate(HISTORY, total=480, by=2028, draws=70_000, seed=2).probability
    assert one.probability != at.allocate(HISTORY, total=480, by=2028, draws=70_000, seed=3).probability


def test_quotas_add_up_as_they_are_written():
    quotas = {"north": 0.7, "south": 0.2, "west": 0.1}
    split = at.allocate(HISTORY / 480, total=1, by=2028, quotas=quotas, draws=10)
    assert split.feasible
    assert split.rules.at["given", "coefficient"] == 1


def test_one_figure_of_each_part_is_enough():
    split = at.allocate(HISTORY.iloc[-1:], total=480, by=2028, draws=2560)
    even = quotas_of(split, "equal probability")
    assert even["quota"].sum() == pytest.approx(480)
    assert np.ptp(even["probability"]) < 1e-9


def test_units_of_the_total_convert():
    rows = [
        {"indicator": name, "year": year, "value": value, "unit": "亿元"}
        for name in HISTORY
        for year, value in HISTORY[name].items()
    ]
    tidy = pd.DataFrame(rows)
    assert at.allocate(tidy, total="0.048万亿元", by=2028, draws=10).total == pytest.approx(480)
    assert "480 亿元" in at.allocate(tidy, total=480, by=2028, draws=10).summary()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"total": -1}, "positive amount"),
        ({"quotas": {"north": 1}}, "'south' has none"),
        ({"parts": ["north", "east"]}, "east"),
        ({"draws": 0}, "draws"),
    ],
)
def test_what_is_wrong_is_named(options, told):
    with pytest.raises(ArgumentError, match=told):
        at.allocate(HISTORY, **{"total": 480, "by": 2028, "draws": 10, **options})


def test_the_summary_speaks_both_languages(split):
    assert "equal effort" in split.summary()
    assert "同等加力" in split.summary(language="zh")
    assert len(split.to_frame()) == 12
