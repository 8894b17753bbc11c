"""Yardsticks, glide paths and deflators against numbers worked out by hand."""

import math

import numpy as np
import pandas as pd
import pytest

import attain as at
from attain.course import Course
from attain.errors import ArgumentError, BasisError, PlanError
from attain.yardsticks import (
    actual_to_required_growth,
    anticipated_progress,
    completion_against_time,
    completion_when_compounding,
    progress_chart,
    required_rate,
)

TARGET = at.level("x", by=2026, at_least="200亿元")


def course(figures, goal, by=2026, target=TARGET):
    return Course(target, "x", "亿元", figures, min(figures), by, goal)


def plan(*targets, **fields):
    return at.Plan(id="mine", targets=targets, **fields)


def history(figures, **fields):
    rows = [{"indicator": "x", "year": y, "value": v, "unit": "亿元"} | fields for y, v in figures.items()]
    return at.load_history(pd.DataFrame(rows))


# --- yardsticks -----------------------------------------------------------------------------------------------------


def test_43_per_cent_not_50_is_on_schedule_after_three_of_six_years_at_10_per_cent():
    growing = course({2020: 100.0, 2023: 133.1}, 100 * 1.1**6)
    label = completion_when_compounding(growing)
    assert label.bar == pytest.approx((1.1**3 - 1) / (1.1**6 - 1))
    assert round(label.bar, 2) == 0.43
    assert label.score == pytest.approx(label.bar)
    linear = completion_against_time(growing)
    assert linear.bar == 0.5
    assert linear.word.en == "behind schedule"


@pytest.mark.parametrize(
    ("value", "ratio", "word"),
    [
        (100 * 1.0096**3, 0.96, "on track"),
        (100 * 1.0061**3, 0.61, "progress made but acceleration needed"),
        (100 * 1.0059**3, 0.59, "limited progress"),
        (99.0, None, "deterioration"),
        (106.3, None, "target achieved"),
    ],
)
def test_actual_to_required_growth(value, ratio, word):
    label = actual_to_required_growth(course({2020: 100.0, 2023: value}, 100 * 1.01**6))
    assert label.word.en == word
    if ratio is not None:
        assert label.score == pytest.approx(ratio)


def test_a_fall_that_is_wanted_is_progress():
    label = actual_to_required_growth(course({2020: 100.0, 2023: 100 * 0.99**3}, 100 * 0.99**6))
    assert (round(label.score, 9), label.word.en) == (1, "on track")
    assert required_rate(course({2020: 100.0, 2023: 98.0}, 90.0)).word.en == "off track"


@pytest.mark.parametrize(("growth", "word"), [(0.0965, "on track"), (0.05, "fair"), (0.005, "stagnation")])
def test_progress_chart(growth, word):
    label = progress_chart(course({2020: 100.0, 2023: 100 * (1 + growth) ** 3}, 100 * 1.1**6))
    assert label.score == pytest.approx(((1 + growth) ** 6 - 1) / (1.1**6 - 1))
    assert label.word.en.startswith(word)


def test_progress_chart_cuts():
    for expected, word in ((0.9501, "on track"), (0.9499, "fair"), (0.1001, "fair"), (0.0999, "stagnation")):
        end = 100 + expected * 100
        label = progress_chart(course({2020: 100.0, 2023: 100 * math.sqrt(end / 100)}, 200.0))
        assert label.score == pytest.approx(expected)
        assert label.word.en.startswith(word)


def test_anticipated_progress():
    """Two figures make the line; later ones bend it more than earlier ones."""
    label = anticipated_progress(course({2020: 100.0, 2023: 150.0}, 220.0))
    assert label.score == pytest.approx(20 / 120)
    assert label.word.en == "accelerate progress"
    assert anticipated_progress(course({2020: 100.0, 2023: 145.5}, 200.0)).word.en == "maintain progress"
    assert anticipated_progress(course({2020: 100.0, 2023: 99.0}, 200.0)).word.en == "reverse the trend"
    figures = {2020: 100.0, 2021: 101.0, 2022: 102.0, 2023: 110.0}
    years, weights = np.arange(4.0), np.arange(1.0, 5)
    design = np.stack([np.ones(4), years - 6]).T
    values = np.array(list(figures.values()))
    end = np.linalg.solve(design.T * weights @ design, design.T * weights @ values)[0]
    assert anticipated_progress(course(figures, 200.0)).score == pytest.approx((200 - end) / 100)


def test_required_rate():
    label = required_rate(course({2020: 100.0, 2023: 133.1}, 200.0))
    assert label[:2] == pytest.approx((0.1, (200 / 133.1) ** (1 / 3) - 1))
    assert label.word.en == "off track"
    assert required_rate(course({2020: 100.0, 2023: 133.1}, 170.0)).word.en == "on track"
    assert required_rate(course({2020: 100.0, 2026: 133.1}, 170.0)).word.en == "missed"


def test_labels_of_jiangxi_stand_beside_a_probability_that_they_do_not_tell():
    assessment = at.assess("jiangxi-2025")
    result = at.yardsticks("jiangxi-2025", assessment=assessment)
    rows = result.table.set_index(["target", "yardstick"]).loc["cluster-revenue"]
    assert rows.at["world-bank", "score"] == pytest.approx(0.098)
    assert rows.at["world-bank", "bar"] == pytest.approx((50000 / 39000) ** (1 / 3) - 1)
    base = 39000 / 1.098
    assert rows.at["completion", "score"] == pytest.approx((39000 - base) / (50000 - base))
    assert (rows.at["completion", "bar"], rows.at["completion", "word"]) == (0.25, "behind schedule")
    assert rows.at["completion-compounding", "word"] == "on or ahead of schedule"
    assert (rows["probability"] == assessment.table.at["cluster-revenue", "probability"]).all()
    assert rows.at["ipcc", "word"] == assessment.table.at["cluster-revenue", "likelihood"]
    ids = {target.id for target in result.plan.targets}
    assert set(result.table["target"]) | set(result.missing.index) == ids
    for language in ("en", "zh"):
        assert all(len(line) <= 100 for line in result.summary(language=language).splitlines())
    assert "Eurostat" in result._repr_html_()


def test_jiangsu_met_its_share_by_a_tenth_of_a_point():
    rows = at.yardsticks("jiangsu-2023").table.set_index("yardstick")
    assert rows.loc["completion", ["base_year", "base", "value", "goal"]].tolist() == pytest.approx(
        [2022, 0.408, 0.421, 0.42]
    )
    assert set(rows["word"]) == {"target achieved"}
    assert rows["probability"].isna().all()


def test_targets_without_a_course_say_why():
    figures = history({2020: 100, 2023: 120})
    mine = plan(
        at.level("x", by=2026, at_least="110亿元", id="easy"),
        at.level("x", by=2026, at_least="150", unit="亿元", id="later"),
        at.growth("x", since=2023, by=2026, at_least="5%", id="begun"),
        at.growth("x", since=2021, by=2026, at_least="5%", id="no-base"),
        at.growth("x", since=2020, by=2026, at_least="5%", id="every", mode="every-year"),
        at.growth("x", since=2020, by=2026, at_least="5%", id="real", price="constant"),
        at.level("y", by=2026, at_least="5亿元", id="unknown"),
        at.share("x", of="w", by=2026, at_least="5%", id="no-share"),
        at.level("x", at_least="5亿元", id="no-year"),
        issued="2024-03-01",
    )
    told = at.yardsticks(mine, figures).missing["reason"]
    assert told["easy"] == "attained already in 2023"
    assert told["later"] == told["begun"] == "no figure after its base year 2023"
    assert told["no-base"] == "no figure of the base year 2021 on the scope of 2023"
    assert "constant prices" in told["real"]
    assert told["no-share"] == "x is a level, not a share"
    assert told["unknown"] == "no published series serves it"
    assert set(told.index) == {target.id for target in mine.targets}
    with pytest.raises(ArgumentError, match="name a history"):
        at.yardsticks(mine)


# --- glide paths ----------------------------------------------------------------------------------------------------


def path(**fields):
    mine = plan(at.level("x", by=2026, at_least="133.1亿元", id="t"))
    return at.glide_path(mine, history({2023: 100}), **fields).table


def test_shapes():
    assert path()["milestone"].tolist() == pytest.approx([110, 121, 133.1])
    assert path()["growth"].tolist() == pytest.approx([0.1] * 3)
    assert path(shape="linear")["milestone"].tolist() == pytest.approx([100 + 33.1 / 3, 100 + 66.2 / 3, 133.1])
    front = path(shape="front-loaded")
    steps = np.diff(np.log([100, *front["milestone"]]))
    assert steps / steps[-1] == pytest.approx([3, 2, 1])
    assert front["milestone"].iloc[-1] == pytest.approx(133.1)
    assert (front["period"] == "").all()


def test_quarters_and_months_add_up():
    quarters = path(frequency="quarter", seasonal={"x": [0.2, 0.25, 0.25, 0.3]})
    first = quarters[quarters["year"] == 2024]
    assert first["period"].tolist() == ["2024Q1", "2024Q1-Q2", "2024Q1-Q3", ""]
    assert first["milestone"].tolist() == pytest.approx([22, 49.5, 77, 110])
    assert set(quarters["seasonal"]) == {"given"}
    told = path(frequency="quarter", seasonal={"x": ["20%", "25%", "25%", "30%"]})
    pd.testing.assert_frame_equal(told, quarters)
    months = path(frequency="month", seasonal={"x": [0.2, 0.25, 0.25, 0.3]})
    assert months["milestone"].tolist()[:12] == pytest.approx(
        [110 * part for part in np.interp(range(1, 13), [0, 3, 6, 9, 12], [0, 0.2, 0.45, 0.7, 1])]
    )
    assert path(frequency="quarter")["milestone"].tolist()[:4] == pytest.approx([27.5, 55, 82.5, 110])


def test_seasons_are_learned_from_parts_of_years():
    table = at.glide_path("jiangxi-2025", frequency="quarter").table
    own = table[(table["target"] == "cluster-revenue") & (table["year"] == 2028)]
    half, three = 18000 / 39000, 28400 / 39000
    assert own["milestone"].tolist() == pytest.approx([50000 * part for part in (half / 2, half, three, 1)])
    assert set(own["seasonal"]) == {"learned from 2025"}


def test_counts_are_whole_and_shares_move_in_points():
    table = at.glide_path("jiangxi-2025").table
    clusters = table[table["target"] == "clusters-over-1000"]["milestone"].tolist()
    assert clusters == [math.ceil(6 * (10 / 6) ** (i / 3) - 1e-9) for i in (1, 2, 3)] == [8, 9, 10]
    share = at.glide_path("jiangsu-2023", at.load_history("jiangsu").as_of(2022)).table
    share = share[share["target"] == "sei-output-share"]
    assert share["milestone"].tolist() == pytest.approx([0.412, 0.416, 0.42])
    assert share["growth"].tolist() == pytest.approx([0.004] * 3)


def test_the_rest_of_a_year_that_has_begun():
    rows = [
        {"indicator": "x", "period": "2023", "value": 1000, "unit": "亿元"},
        {"indicator": "x", "period": "2024Q1-Q3", "value": 756, "unit": "亿元"},
        {"indicator": "x", "period": "2024Q1-Q3", "value": 8, "unit": "%", "kind": "growth"},
    ]
    mine = plan(at.level("x", by=2026, at_least="1331亿元", id="t"))
    (rest,) = at.glide_path(mine, pd.DataFrame(rows)).rest.to_dict("records")
    assert rest["left"] == pytest.approx(1100 - 756)
    assert rest["reached_growth"] == pytest.approx(0.08)
    assert rest["rest_growth"] == pytest.approx((1100 - 756) / (1000 - 700) - 1)
    before = [rows[0], rows[1], {"indicator": "x", "period": "2023Q1-Q3", "value": 700, "unit": "亿元"}]
    (same,) = at.glide_path(mine, pd.DataFrame(before)).rest.to_dict("records")
    assert same == pytest.approx(rest)
    assert "14.7 %" in at.glide_path(mine, pd.DataFrame(rows)).summary()
    assert "增长 14.7 %" in at.glide_path(mine, pd.DataFrame(rows)).summary(language="zh")
    assert at.glide_path(mine, history({2023: 1000})).rest.empty


def part_years(*rows, target=None):
    """The glide path by quarters to 1,331 in 2026, or to another target, from rows of period, value and more."""
    frame = pd.DataFrame([{"indicator": "x", "period": p, "value": v, "unit": "亿元", **more} for p, v, more in rows])
    goal = target or at.level("x", by=2026, at_least="1331亿元", id="t")
    return at.glide_path(plan(goal), frame, frequency="quarter")


def test_a_season_is_learned_on_the_scope_of_the_last_figure():
    old, new = {"scope": "old"}, {"scope": "new"}
    half = ("2023H1", 250, new)
    table = part_years(("2022", 1000, old), ("2023", 1000, old), ("2023", 500, new), half, ("2024", 550, new)).table
    assert table["milestone"].iloc[1] / table["milestone"].iloc[3] == pytest.approx(0.5)
    assert set(table["seasonal"]) == {"learned from 2023"}


def test_a_season_is_learned_from_the_latest_vintage_and_the_default_treatment():
    first, last = {"vintage": "2024"}, {"vintage": "2025"}
    half = ("2023H1", 250, last), ("2023H1", 100, first)
    for rows in (half, half[::-1]):
        table = part_years(("2023", 1000, first), ("2023", 500, last), *rows).table
        assert table["milestone"].iloc[1] / table["milestone"].iloc[3] == pytest.approx(0.5)
    one, other = {"treatment": "one"}, {"treatment": "other"}
    table = part_years(("2023", 500, one), ("2023", 800, other), ("2023H1", 200, one), ("2023H1", 500, other)).table
    assert table["milestone"].iloc[1] / table["milestone"].iloc[3] == pytest.approx(0.4)


def test_the_rest_of_a_year_is_of_the_latest_vintage():
    growth = ("2024Q1-Q3", 8, {"unit": "%", "kind": "growth"})
    rows = ("2024Q1-Q3", 756, {"vintage": "2024"}), ("2024Q1-Q3", 702, {"vintage": "2025"})
    for levels in (rows, rows[::-1]):
        (rest,) = part_years(("2023", 1000, {}), *levels, growth).rest.to_dict("records")
        assert (rest["reached"], rest["left"]) == pytest.approx((702, 1100 - 702))


def test_the_rest_of_a_year_that_is_done_or_falls():
    rows = ("2023", 1000, {}), ("2024Q1-Q3", 1200, {})
    done = part_years(*rows, ("2024Q1-Q3", 50, {"unit": "%", "kind": "growth"}))
    assert math.isnan(done.rest["rest_growth"].iloc[0])
    assert "1,200 by 2024Q1-Q3, up 50.0 %, which is past the 1,100 of the whole year" in done.summary()
    ceiling = at.level("x", by=2025, at_most="640亿元", id="t")
    rows = ("2023", 1000, {}), ("2024Q1-Q3", 600, {}), ("2024Q1-Q3", -20, {"unit": "%", "kind": "growth"})
    falling = part_years(*rows, target=ceiling)
    assert falling.rest["rest_growth"].iloc[0] == pytest.approx(200 / 250 - 1)
    assert "600 by 2024Q1-Q3, down 20.0 %; 200 is left of 800, 20.0 % less than" in " ".join(falling.summary().split())
    assert "较上年其余时段下降 20.0 %" in falling.summary(language="zh")


def test_a_ceiling_has_no_way_to_go():
    levels = history({2021: 100, 2022: 121, 2023: 133.1})
    mine = plan(
        at.level("x", by=2026, at_most="130亿元", id="broken"),
        at.level("x", by=2026, at_most="140亿元", id="kept"),
        issued="2022-05-01",
    )
    told = at.yardsticks(mine, levels).missing["reason"]
    assert told["broken"] == "a ceiling has no way to go; the figure of 2023 is above it"
    assert told["kept"] == "a ceiling has no way to go; the figure of 2023 is within it"
    assert at.glide_path(mine, levels).missing["reason"].to_dict() == {"kept": told["kept"]}


def test_the_most_likely_path_is_that_of_the_assessment():
    result = at.glide_path("jiangxi-2025", shape="most-likely")
    path = at.assess("jiangxi-2025").path
    own = result.table[result.table["target"] == "cluster-revenue"].set_index("year")["milestone"]
    assert own.to_dict() == path["cluster_prov_revenue"].loc[2026:2028].to_dict()
    assert "most likely" in result.summary()
    assert result.missing.at["clusters-over-1000", "reason"] == "the model does not assess it"
    ids = {target.id for target in result.plan.targets}
    assert set(result.table["target"]) | set(result.missing.index) == ids


def test_the_most_likely_path_needs_an_assessment_without_conflict():
    levels = history({year: 100 * 1.1 ** (year - 2018) for year in range(2018, 2024)})
    low, high = at.level("x", by=2026, at_most="170亿元", id="a"), at.level("x", by=2026, at_least="230亿元", id="b")
    with pytest.raises(PlanError, match="a and b"):
        at.glide_path(plan(low, high), levels, shape="most-likely")


def test_glide_path_arguments():
    for fields, message in (
        ({"shape": "wavy"}, "shape"),
        ({"frequency": "week"}, "frequency"),
        ({"seasonal": {"y": [0.25] * 4}}, "no indicator 'y'"),
        ({"seasonal": {"x": [0.5] * 4}}, "add up to 1"),
        ({"seasonal": {"x": [math.nan] * 4}}, "seasonal: 'x': .* not a finite number"),
        ({"seasonal": {"x": ["a quarter"] * 4}}, "seasonal: 'x'"),
    ):
        with pytest.raises(ArgumentError, match=message):
            path(**fields)
    result = at.glide_path("jiangxi-2025")
    ids = {target.id for target in result.plan.targets}
    assert set(result.table["target"]) | set(result.missing.index) == ids
    assert "Milestones" in result._repr_html_()


# --- deflators ------------------------------------------------------------------------------------------------------


def test_constant_price_growth_becomes_nominal():
    real = at.growth("x", since=2022, by=2025, about="12%", price="constant", id="t")
    prices = at.Deflator({2023: "1%", 2024: "2%", 2025: "-0.5%"})
    assert prices.factor(2022, 2025) == 1 + at.Deflator({2023: "0.025049"}).factor(2022, 2023) - 1
    nominal = prices.in_current_prices(real)
    assert (nominal.price, nominal.word, nominal.id) == ("nominal", "about", "t")
    assert float(nominal.value) == pytest.approx(1.12 * (1.01 * 1.02 * 0.995) ** (1 / 3) - 1, abs=1e-13)
    total = at.growth("x", since=2022, by=2025, at_least="40%", mode="cumulative", price="constant")
    assert float(prices.in_current_prices(total).value) == pytest.approx(1.4 * 1.01 * 1.02 * 0.995 - 1, abs=1e-13)
    twice = at.multiple("x", since=2022, by=2025, between=(2, 3), price="constant")
    turned = prices.in_current_prices(twice)
    assert [float(v) for v in (turned.value, turned.upper)] == pytest.approx([2.050098, 3.075147], abs=1e-12)


def test_prices_are_never_mixed_silently():
    levels = history({year: 100 * 1.1 ** (year - 2018) for year in range(2018, 2024)})
    mine = plan(at.growth("x", since=2023, by=2026, at_least="5%", price="constant", id="t"))
    assert "prices" in at.assess(mine, levels).not_assessed.at["t", "reason"]
    turned = at.Deflator("2%").apply(mine)
    assert at.assess(turned, levels).table.at["t", "value"] == pytest.approx(1.05 * 1.02 - 1)
    assert at.assess(turned, levels).probability < 1
    for target in (
        at.growth("x", since=2023, by=2026, at_least="5%"),
        at.level("x", by=2026, at_least="5亿元", price="constant"),
    ):
        with pytest.raises(BasisError, match="turns growth or a multiple"):
            at.Deflator("2%").in_current_prices(target)
    with pytest.raises(BasisError, match="2025"):
        at.Deflator({2024: "1%"}).apply(mine)
    uneven = at.growth("x", since=2023, by=2025, at_least="5%", mode="every-year", price="constant")
    with pytest.raises(BasisError, match="every year"):
        at.Deflator({2024: "1%", 2025: "2%"}).in_current_prices(uneven)
    even = at.Deflator("2%").in_current_prices(uneven)
    assert (float(even.value), even.mode) == (pytest.approx(0.071), "every-year")
    with pytest.raises(at.UnitError):
        at.Deflator(2)
    with pytest.raises(BasisError):
        at.Deflator("-100%")
