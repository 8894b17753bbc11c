"""Range, not false precision: what a range is over, what the data alone say beside it, and when words lead with it."""

import itertools
import json
import math
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import attain as at
from attain import prior as priors
from attain.fragments import assessment_fragment
from attain.report import assessment_page
from attain.scale import LOG, LOGIT
from attain.sensitivity import choices, grids
from attain.text import display_width, leads_with_range, percent_range

OF_LEVELS = ["general", *(prior.name for prior in priors.priors_of(LOG) if prior.name != "general")]
LEVELS = pd.DataFrame({"x": [100.0, 108, 113, 121, 133, 140], "y": [10.0, 9, 11, 12, 11, 13]}, index=range(2019, 2025))


def plan_of(*targets):
    return {"id": "p", "targets": list(targets)}


def levels(name, figures, treatment="", kind="level"):
    first = 2025 - len(figures)
    return pd.DataFrame(
        {"indicator": name, "year": range(first, 2025), "value": figures, "kind": kind, "treatment": treatment}
    )


@pytest.fixture
def treated():
    x = [levels("x", [100.0, 108, 113, 121, 133, 140], "one"), levels("x", [100.0, 103, 113, 114, 125, 140], "two")]
    y = [levels("y", [10.0, 9, 11, 12, 11, 13], "one"), levels("y", [10.0, 10.4, 11, 11.3, 12, 13], "two")]
    return pd.concat([*x, *y], ignore_index=True)


def summed(count):
    """A sum of so many indicators, each with two treatments of its data."""
    parts = [f"x{i}" for i in range(count)]
    whole = {"id": "sum", "kind": "level", "indicator": "all", "by": 2028, "at_least": 150 * count}
    targets = [at.level(name, by=2028, at_least=100, id=name) for name in parts]
    relation = {"kind": "sum", "whole": "sum", "parts": parts}
    figures = {"one": [100.0, 108, 113, 121, 133, 140], "two": [100.0, 103, 113, 114, 125, 140]}
    rows = [levels(name, own, told) for name in parts for told, own in figures.items()]
    return {**plan_of(whole, *targets), "relations": [relation]}, pd.concat(rows, ignore_index=True)


def both(**fields):
    return plan_of(at.level("x", by=2028, about=175, id="a"), at.level("y", by=2028, at_least=15, id="b", **fields))


def test_the_priors_of_a_scale_are_found_by_their_cards():
    for scale, one in ((LOG, "general"), (LOGIT, "share")):
        found = priors.priors_of(scale)
        assert one in [prior.name for prior in found]
        assert {prior.card["scale"] for prior in found} == {scale.name}
    assert priors.prior_label("general").zh == "通用"
    assert priors.prior_label("share").zh == "份额"
    assert priors.prior_label("none") == ("data alone", "仅凭数据")
    assert priors.prior_label("my-own") == ("my-own", "my-own")


def test_the_range_is_the_extremes_over_its_rows(treated):
    result = at.assess(both(), treated)
    rows = result.sensitivity
    assert len(rows) == (2 * 2 + 2) * (len(OF_LEVELS) + 1)
    assert not rows.duplicated(["target", "treatment", "prior", "reading"]).any()
    for name, row in result.table.iterrows():
        own = rows.loc[(rows["target"] == name) & rows["in_range"], "probability"]
        assert row["range"] == (own.min(), own.max())
        assert row["range"][0] <= row["probability"] <= row["range"][1]
        assert row["probability"] == own.iloc[0]
    documented = json.loads(result.to_json())
    assert [tuple(t["range"]) for t in documented["targets"]] == result.table["range"].tolist()
    assert tuple(documented["joint"]["range"]) == result.range


def test_the_joint_range_takes_one_prior_for_all_and_each_indicator_as_it_likes(treated):
    result = at.assess(both(), treated, dependence="independent")
    rows = result.sensitivity.set_index(["target", "treatment", "prior", "reading"])["probability"]
    products = [
        rows["a", first, prior, reading] * rows["b", second, prior, "as stated"]
        for prior in OF_LEVELS
        for first, second in itertools.product(("one", "two"), repeat=2)
        for reading in ("as stated", "to the number")
    ]
    assert result.range == pytest.approx((min(products), max(products)), rel=1e-12)
    alone = [
        rows["a", first, "none", reading] * rows["b", second, "none", "as stated"]
        for first, second in itertools.product(("one", "two"), repeat=2)
        for reading in ("as stated", "to the number")
    ]
    assert result.data_alone == pytest.approx((min(alone), max(alone)), rel=1e-12)


def test_levels_and_shares_have_priors_of_their_own():
    history = pd.concat([levels("x", LEVELS["x"]), levels("s", [0.2, 0.21, 0.23, 0.24, 0.26], kind="share")])
    targets = at.level("x", by=2028, at_least=170, id="a"), at.share("s", of="x", by=2028, at_least="28%", id="b")
    result = at.assess(plan_of(*targets), history, dependence="independent")
    found = result.sensitivity[result.sensitivity["in_range"]].groupby("target")["prior"].agg(list)
    assert found["a"] == OF_LEVELS
    assert found["b"] == ["share"]
    (low, high), p = result.table.loc["a", "range"], result.table.loc["b", "probability"]
    assert result.range == pytest.approx((low * p, high * p), rel=1e-12)


def test_rows_equal_what_project_gives_under_their_prior():
    for asked in OF_LEVELS:
        result = at.assess(plan_of(at.level("x", by=2028, at_least=170, id="a")), LEVELS, prior=asked)
        rows = result.sensitivity.set_index("prior")["probability"]
        assert rows.index.tolist() == [asked, *(p.name for p in priors.priors_of(LOG) if p.name != asked), "none"]
        for name in OF_LEVELS:
            projection = at.project(LEVELS, to=2028, indicators=["x"], prior=name)
            assert rows[name] == projection.probability(by=2028, at_least=170)
        assert result.probability == rows[asked]
        assert result.range == pytest.approx((rows.drop("none").min(), rows.drop("none").max()), rel=1e-12)


def test_what_the_data_alone_say_is_the_random_walk_and_not_in_the_range():
    target = at.level("x", by=2028, at_least=170, id="a")
    result = at.assess(plan_of(target), LEVELS)
    row = result.sensitivity.set_index("prior").loc["none"]
    walk = at.project(LEVELS, to=2028, indicators=["x"], model="random-walk")
    assert row["probability"] == walk.probability(by=2028, at_least=170)
    assert row["observations"] == 5
    assert not row["in_range"]
    assert result.data_alone == pytest.approx((row["probability"],) * 2, rel=1e-12)
    assert f"The data alone say {percent_range(*result.data_alone)}: a random walk" in result.summary()
    assert "仅凭数据为" in result.summary(language="zh")

    asked = at.assess(plan_of(target), LEVELS, model="random-walk")
    assert asked.sensitivity["prior"].tolist() == ["none"]
    assert asked.sensitivity["in_range"].all()
    assert asked.table.loc["a", "range"] == (asked.probability, asked.probability)
    assert "data alone" not in asked.summary()


def test_one_change_says_nothing_alone():
    result = at.assess(plan_of(at.level("x", by=2028, at_least=170, id="a")), LEVELS.loc[2023:, ["x"]])
    row = result.sensitivity.set_index("prior").loc["none"]
    assert math.isnan(row["probability"])
    assert "two changes" in row["reason"]
    assert np.isnan(result.data_alone).all()
    assert "The data alone say" not in result.summary()
    assert "no number" not in result.summary()
    assert "NaN" not in result.to_json()


@pytest.mark.parametrize(
    ("build", "number", "fields"),
    [(at.level, 170, {}), (at.growth, "5%", {"since": 2024}), (at.growth, "5%", {"since": 2026})],
)
@pytest.mark.parametrize("tolerance", [{}, {"approx_tolerance": "2pp"}])
def test_about_is_read_in_two_ways(build, number, fields, tolerance):
    tolerance = {"approx_tolerance": "2%"} if tolerance and build is at.level else tolerance
    result = at.assess(plan_of(build("x", by=2028, about=number, id="a", **tolerance, **fields)), LEVELS)
    strict = at.assess(plan_of(build("x", by=2028, at_least=number, id="a", **fields)), LEVELS)
    rows = result.sensitivity
    read = {name: part["probability"].tolist() for name, part in rows.groupby("reading", sort=False)}
    assert list(read) == ["as stated", "to the number"]
    assert read["to the number"] == strict.sensitivity["probability"].tolist()
    assert strict.sensitivity["reading"].unique().tolist() == ["as stated"]
    assert result.table.loc["a", "range"][0] == strict.table.loc["a", "range"][0]
    assert result.probability == result.sensitivity["probability"].iloc[0] > strict.probability


def history_of(changes):
    return pd.DataFrame({"x": 100 * 1.05 ** np.arange(changes + 1) * (1 + 0.01 * (np.arange(changes + 1) % 2))},
                        index=range(2024 - changes, 2025))  # fmt: skip


@pytest.mark.parametrize(("changes", "leads"), [(5, True), (6, False)])
def test_words_lead_with_the_range_under_six_observations(changes, leads):
    history = history_of(changes)
    bound = float(at.project(history, to=2028).quantile(0.6).loc[2028, "x"])
    tolerance = {"about": bound, "approx_tolerance": "1%"}  # two readings, so there is a range
    result = at.assess(plan_of(at.level("x", by=2028, id="a", **tolerance)), history)
    low, high = result.range
    assert result.table.loc["a", "observations"] == changes
    assert leads_with_range(changes, low, high) is (leads or high - low > 0.3)
    span, over = percent_range(low, high), choices(result.sensitivity)
    if high - low <= 0.3:
        text, zh = result.summary(), result.summary(language="zh")
        said = re.sub(r"\s+", " ", text)
        assert (f"targets: {span} over {over.en}, " in said) is leads
        assert (f" ({span} over {over.en})." in said) is not leads
        assert (f"{span}（不同{over.zh}之间），默认为" in zh) is leads


def test_words_lead_with_a_range_wider_than_three_tenths():
    assert not leads_with_range(6, 0.2, 0.5)
    assert leads_with_range(6, 0.2, 0.51)
    assert leads_with_range(5, 0.2, 0.21)
    parts = [levels("x", 100 * growth ** np.arange(9.0), name) for name, growth in (("slow", 1.01), ("fast", 1.08))]
    result = at.assess(plan_of(at.level("x", by=2028, at_least=120, id="a")), pd.concat(parts, ignore_index=True))
    low, high = result.range
    assert result.table.loc["a", "observations"] == 8
    assert high - low > 0.3
    assert f"targets: {percent_range(low, high)} over " in result.summary()


def test_the_words_name_only_what_varies(treated):
    assert choices(at.assess(both(), treated).sensitivity) == (
        ("priors, " if len(OF_LEVELS) > 1 else "") + "readings and treatments of the data",
        ("先验、" if len(OF_LEVELS) > 1 else "") + "表述理解与数据处理",
    )
    one = at.assess(plan_of(at.level("x", by=2028, at_least=170, id="a")), LEVELS)
    assert choices(one.sensitivity) == (("priors", "先验") if len(OF_LEVELS) > 1 else ("", ""))
    walk = at.assess(plan_of(at.level("x", by=2028, at_least=170, id="a")), LEVELS, model="random-walk")
    assert choices(walk.sensitivity) == ("", "")
    assert "over" not in walk.summary().split("targets:")[1].splitlines()[0]


@pytest.mark.parametrize(
    ("count", "departures"), [(4, [0, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 4]), (5, [0, 1, 1, 1, 1, 1])]
)
def test_where_treatments_combine_in_many_ways_each_departs_alone(count, departures):
    plan, history = summed(count)
    result = at.assess(plan, history, draws=256)
    rows = result.sensitivity[result.sensitivity["target"] == "sum"]
    ways = rows["treatment"].unique()
    assert ways[0] == " / ".join(["one"] * count)
    assert sorted(way.split(" / ").count("two") for way in ways) == departures
    own = rows.loc[rows["in_range"], "probability"]
    assert result.table.loc["sum", "range"] == (own.min(), own.max())
    assert result.range[0] <= result.probability <= result.range[1]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_prior_treatment_and_reading_is_shown(treated, language):
    result = at.assess(both(label="A target with a label of some length, for it has to be told from others"), treated)
    names = [priors.prior_label(name).say(language) for name in (*OF_LEVELS, "none")]
    text = result.summary(language=language)
    assert max(display_width(line) for line in text.splitlines()) <= 100
    page, fragment = assessment_page(result, language), assessment_fragment(result)
    for name in [*names, "one", "two"]:
        assert name in text
        assert name in page
    assert {"en": "to the number, all treatments", "zh": "足额，各种处理"}[language] in text
    assert {"en": "to the number, all treatments", "zh": "足额，各种处理"}[language] in page
    assert "data alone" in fragment
    assert "to the number, all treatments" in fragment
    shown = [p.get_text() for p in result.plot(language=language).axes[1].texts]
    assert len(shown) == 2


def test_grids_have_every_row_of_the_sensitivity(treated):
    result = at.assess(both(), treated)
    first, second = grids(result)
    assert [(row.reading, row.treatment) for row in first.rows] == [
        ("as stated", "one"), ("as stated", "two"), ("to the number", None)
    ]  # fmt: skip
    assert first.priors == second.priors == (*OF_LEVELS, "none")
    rows = result.sensitivity.set_index(["target", "reading", "prior"])["probability"]
    joined = rows["a", "to the number", "general"]
    assert first.rows[2].ends["general"] == (joined.min(), joined.max())
    untreated = at.assess(both(), LEVELS)
    (only,) = grids(untreated)
    assert [(row.target, row.reading) for row in only.rows] == [
        ("a", "as stated"), ("a", "to the number"), ("b", "as stated")
    ]  # fmt: skip


def test_where_many_priors_are_too_wide_each_has_a_line_with_its_extremes(treated):
    result = at.assess(both(), treated)
    rows = result.sensitivity
    more = [rows[rows["prior"] == "general"].assign(prior=f"a-prior-with-a-rather-long-name-{i}") for i in range(5)]
    text = replace(result, sensitivity=pd.concat([rows, *more], ignore_index=True)).summary()
    assert max(display_width(line) for line in text.splitlines()) <= 100
    own = rows.set_index(["target", "reading", "prior"])["probability"]["a", "as stated", "none"]
    assert re.search(rf"^a +data alone +{re.escape(percent_range(own.min(), own.max()))}$", text, re.MULTILINE)


def test_a_treatment_without_a_number_keeps_its_rows_and_its_reason(treated):
    bad = treated[(treated["indicator"] == "x") & ~((treated["treatment"] == "two") & (treated["year"] < 2026))]
    late = levels("x", [1.0], "two").assign(kind="growth", value=0.05)
    history = pd.concat([bad, late], ignore_index=True)
    result = at.assess(plan_of(at.level("x", by=2028, at_least=170, id="a")), history)
    two = result.sensitivity[result.sensitivity["treatment"] == "two"]
    assert two["probability"].isna().all()
    assert (two["reason"] != "").all()
    assert "no number" in result.summary()
    assert "无数值" in assessment_page(result, "zh")
    assert result.table.loc["a", "range"][0] > 0
