"""Assessments: probabilities, ranges, the joint, settled targets, what is not assessed, and the contract of the
JSON."""

import json
import math
import re

import numpy as np
import pandas as pd
import pytest
from priors import PROTOTYPE

import attain as at
from attain.errors import ArgumentError
from attain.sensitivity import choices
from attain.text import display_width, percent, percent_range
from attain.yardsticks import ipcc_likelihood

LEVELS = pd.DataFrame({"x": [100.0, 108, 113, 121, 133, 140], "y": [10.0, 9, 11, 12, 11, 13]}, index=range(2019, 2025))


def plan_of(*targets):
    return {"id": "p", "targets": [{"id": f"t{i}", **t} for i, t in enumerate(targets)]}


def level(indicator="x", by=2028, **word):
    return {"kind": "level", "indicator": indicator, "by": by, **word}


def growth(since=2024, by=2028, **fields):
    return {"kind": "growth", "indicator": "x", "since": since, "by": by, **fields}


@pytest.fixture(scope="module")
def jiangxi():
    return at.assess("jiangxi-2025", prior=PROTOTYPE)


def test_growth_and_multiple_are_levels_in_other_words():
    projection = at.project(LEVELS, to=2028, indicators=["x"])
    bound = 140 * 1.07**4
    expected = projection.probability(by=2028, at_least=bound)
    same = [growth(at_least="7%"), growth(at_least=1.07**4 - 1, mode="cumulative"), level(at_least=bound),
            {"kind": "multiple", "indicator": "x", "since": 2024, "by": 2028, "at_least": 1.07**4}]  # fmt: skip
    table = at.assess(plan_of(*same), LEVELS).table
    np.testing.assert_allclose(table["probability"], expected, rtol=1e-9)
    np.testing.assert_allclose(table["required_growth"], 0.07, rtol=1e-9)
    assert table.loc["t1", "median"] == pytest.approx((1 + table.loc["t0", "median"]) ** 4 - 1)
    assert table.loc["t3", "median"] == pytest.approx((1 + table.loc["t0", "median"]) ** 4)


def test_growth_since_an_earlier_published_year():
    table = at.assess(
        plan_of(growth(since=2021, by=2026, at_least="6%"), level(by=2026, at_least=113 * 1.06**5)), LEVELS
    ).table
    assert table.loc["t0", "probability"] == pytest.approx(table.loc["t1", "probability"], rel=1e-9)
    assert table.loc["t0", "required_growth"] == pytest.approx(math.sqrt(113 * 1.06**5 / 140) - 1)


def test_growth_since_a_year_ahead_is_the_difference_of_two_years():
    result = at.assess(plan_of(growth(since=2026, by=2028, at_least="5%")), LEVELS)
    mixture = result.projection.mixture("x")
    row = np.array([0, -1.0, 0, 1])
    assert result.probability == pytest.approx(math.exp(mixture.log_probability(row, lower=2 * math.log(1.05))))
    drawn = simulate(mixture, 400_000)
    assert result.probability == pytest.approx(np.mean(drawn[:, 3] - drawn[:, 1] >= 2 * math.log(1.05)), abs=0.004)


def simulate(mixture, n):
    rng = np.random.default_rng(0)
    component = rng.choice(len(mixture.weight), size=n, p=mixture.weight)
    root = np.linalg.cholesky(mixture.scale + 1e-15 * np.eye(len(mixture.years)))
    t = (
        rng.normal(size=(n, len(mixture.years)))
        / np.sqrt(rng.chisquare(mixture.df[component]) / mixture.df[component])[:, None]
    )
    return mixture.location[component] + np.einsum("nij,nj->ni", root[component], t)


def test_at_most_and_between():
    table = at.assess(
        plan_of(level(at_least=170), level(at_most=170), level(between=[150, 170]), level(at_most=150)),
        LEVELS,
    ).table["probability"]
    assert table["t0"] + table["t1"] == pytest.approx(1, abs=1e-12)
    assert table["t2"] == pytest.approx(table["t1"] - table["t3"], abs=1e-12)


def test_joint_of_one_functional_is_the_stricter_bound():
    result = at.assess(plan_of(level(at_least=150), level(at_least=170), level(at_most=190)), LEVELS)
    alone = at.assess(plan_of(level(between=[170, 190])), LEVELS)
    assert result.engine == "exact"
    assert result.probability == pytest.approx(alone.probability, rel=1e-12)
    assert result.range == pytest.approx(alone.range, rel=1e-12)


def test_joint_of_two_independent_indicators_is_the_product():
    plan = plan_of(level(at_least=170), level("y", at_least=14))
    result = at.assess(plan, LEVELS, dependence="independent")
    assert result.engine == "independent"
    assert result.probability == pytest.approx(result.table["probability"].prod(), rel=1e-12)
    assert at.assess(plan, LEVELS, engine="independent").probability == result.probability
    with pytest.raises(ArgumentError, match="one functional"):
        at.assess(plan, LEVELS, engine="exact")


def test_bounds_that_exclude_each_other_have_probability_zero():
    result = at.assess(plan_of(level(at_least=170), level(at_most=160)), LEVELS)
    assert result.probability == 0
    assert result.to_dict()["joint"]["log_probability"] is None


def test_published_figures_settle_targets():
    result = at.assess(
        plan_of(
            level(by=2023, at_least=133),
            level(by=2023, more_than=133),
            growth(since=2019, by=2024, at_least="6%"),
        ),
        LEVELS,
    )
    assert result.table["likelihood"].tolist() == ["attained", "missed", "attained"]
    assert result.table["probability"].tolist() == [1, 0, 1]
    assert result.table.loc["t2", "median"] == pytest.approx(1.4**0.2 - 1, rel=1e-9)
    assert result.probability == 0
    assert "attained" in result.summary()


@pytest.mark.parametrize(
    ("target", "reason", "needs"),
    [
        (level("z", at_least=1), "no history of z", "yearly figures of z"),
        ({"kind": "level", "indicator": "x", "at_least": 5}, "no target year", "a year: by"),
        (level(at_least="5亿元"), "cannot convert 亿元", "units that convert"),
        (level(at_least=200, price="constant"), "constant prices, history in nominal", "deflator"),
        ({"kind": "flow", "indicator": "x", "by": 2028, "at_least": 5, "per": "quarter"}, "for a flow", "at hand: x"),
        (growth(since=2015, at_least="5%"), "no figure of the base year 2015", "figure of x for 2015"),
        (level(by=2018, at_least=5), "2018 has passed without a figure", "the figure of x for 2018"),
        (
            {"kind": "count", "indicator": "x", "by": 2028, "at_least": 5},
            "no engine for a count",
            "at hand: x of 2019",
        ),
    ],
)
def test_what_is_not_assessed_says_what_it_needs(target, reason, needs):
    result = at.assess(plan_of(target, level(at_least=170)), LEVELS)
    assert result.not_assessed.index.tolist() == ["t0"]
    assert reason in result.not_assessed.loc["t0", "reason"]
    assert needs in result.not_assessed.loc["t0", "needs"]
    assert result.table.index.tolist() == ["t1"]


def test_nothing_assessed_is_an_answer():
    result = at.assess(plan_of(level("z", at_least=1)), LEVELS)
    assert result.probability is None
    assert result.table.empty
    assert "None of its 1 targets can be assessed" in result.summary()
    assert json.loads(result.to_json())["joint"] is None
    with pytest.raises(ArgumentError, match="nothing to draw"):
        result.plot()
    assert at.assess({"id": "empty"}, LEVELS).summary()


def test_a_projection_can_be_assessed():
    projection = at.project(LEVELS, to=2030, model="random-walk")
    a, b = (
        at.assess(plan_of(level(at_least=170)), projection),
        at.assess(plan_of(level(at_least=170)), LEVELS, model="random-walk"),
    )
    assert a.probability == b.probability
    assert a.projection.prior_name == "none"


def test_a_plan_without_history_asks_for_one():
    with pytest.raises(ArgumentError, match="name a history"):
        at.assess(plan_of(level(at_least=170)))


def test_every_target_of_jiangxi_is_told(jiangxi):
    assert len(jiangxi.table) == 2
    assert len(jiangxi.not_assessed) == 11
    assert sorted([*jiangxi.table.index, *jiangxi.not_assessed.index]) == sorted(t.id for t in jiangxi.plan.targets)
    assert jiangxi.not_assessed.loc["digital-coverage", "reason"] == "no published series serves it"


def test_jiangxi_under_four_treatments(jiangxi):
    told = jiangxi.sensitivity
    level_target = told[(told["target"] == "cluster-revenue") & (told["prior"] == "prototype")].set_index("treatment")
    expected = {
        "2025-and-its-growth": 0.213524,
        "one-scope": 0.188919,
        "new-scope-from-2023": 0.139950,
        "new-scope-from-2025": 0.209447,
    }
    for treatment, p in expected.items():
        assert level_target.loc[treatment, "probability"] == pytest.approx(p, abs=1e-6)
    assert level_target["observations"].to_dict() == {
        "2025-and-its-growth": 1,
        "one-scope": 2,
        "new-scope-from-2023": 2,
        "new-scope-from-2025": 2,
    }


def test_the_joint_of_jiangxi_is_its_stricter_target(jiangxi):
    assert jiangxi.probability == jiangxi.table.loc["cluster-revenue-growth", "probability"]
    assert jiangxi.range == pytest.approx(jiangxi.table.loc["cluster-revenue-growth", "range"], rel=1e-12)


def test_summary_fits_100_columns_and_leads_with_the_range(jiangxi):
    text = jiangxi.summary()
    assert max(display_width(line) for line in text.splitlines()) <= 100
    answer = f"{percent_range(*jiangxi.range)} over {choices(jiangxi.sensitivity).en}, 18 % by default."
    assert f"over 2 of 13 targets: {answer}" in text.replace("\n", " ")
    for target in jiangxi.plan.targets:
        assert target.label[:20] in text


def test_json_contract(jiangxi):
    document = json.loads(jiangxi.to_json())
    assert list(document) == [
        "schema",
        "plan",
        "as_of",
        "seed",
        "prior",
        "joint",
        "targets",
        "not_assessed",
        "consistency",
    ]
    joint = "probability log_probability numerical_error range engine dependence targets of"
    assert list(document["joint"]) == joint.split()
    columns = (
        "id indicator label kind by value unit nature control observations last_year last_value required_growth"
        " median interval80 probability numerical_error range likelihood"
    )
    assert list(document["targets"][0]) == columns.split()
    assert document["joint"]["of"] == 13
    assert document["consistency"] == {"feasible": True, "conflicts": []}
    assert document["targets"][1]["last_value"] == 3.9
    assert document["targets"][0]["last_value"] == 39000
    assert [list(entry) for entry in document["not_assessed"]] == [["id", "reason", "needs"]] * 11


def test_as_of_changes_what_is_known():
    before = at.assess("jiangxi-2025", as_of="2025-08-28")
    treatments = before.sensitivity.groupby("target")["treatment"].unique()
    assert [list(names) for names in treatments] == [["new-scope-from-2023", "one-scope", "new-scope-from-2025"]] * 2
    assert before.table.loc["cluster-revenue", "last_year"] == 2023
    assert before.to_dict()["as_of"] == "2025-08-28"
    assert "as known 2025-08-28" in before.summary()


@pytest.mark.parametrize(
    ("p", "text"), [(0.0, "<1 %"), (0.004, "<1 %"), (0.146, "15 %"), (0.993, ">99 %"), (1.0, ">99 %")]
)
def test_percentages_are_never_false_certainties(p, text):
    assert percent(p) == text


def test_percent_ranges():
    assert percent_range(0.14, 0.21) == "14–21 %"
    assert percent_range(0.141, 0.142) == "14 %"
    assert percent_range(0.001, 0.3) == "<1–30 %"


def test_likelihood_words():
    words = [ipcc_likelihood(p) for p in (0, 0.05, 0.2, 0.5, 0.7, 0.95, 1)]
    assert words == [
        "exceptionally unlikely",
        "very unlikely",
        "unlikely",
        "about as likely as not",
        "likely",
        "very likely",
        "virtually certain",
    ]


def test_the_promised_error_holds_against_the_oracle():
    """What every probability carries: figures to answer, over targets from sure to one in a million."""
    import oracle

    from attain.projection import numerical_error

    prior = at.load_prior().points
    projection = at.project(LEVELS, to=2028, indicators=["x"])
    rows = [(int(y), "level", float(v), "a") for y, v in LEVELS["x"].items()]
    mixture = oracle.posterior(rows, prior, 2024, math.log(140), "a", 2028)
    for bound in np.geomspace(80, 2000, 30):
        expected = oracle.tail(mixture, math.log(bound), 3)
        assert projection.probability(by=2028, at_least=bound) == pytest.approx(
            expected, abs=numerical_error(math.log(expected))
        )


def test_a_projection_brings_its_treatment_and_date():
    treatments = {"cluster_prov_revenue": "one-scope"}
    projection = at.project(
        "jiangxi", to=2028, indicators=["cluster_prov_revenue"], treatments=treatments, prior=PROTOTYPE
    )
    result = at.assess("jiangxi-2025", projection)
    assert result.table.loc["cluster-revenue", "probability"] == pytest.approx(0.188919, abs=1e-6)
    assert result.prior == result.to_dict()["prior"] == "prototype"
    assert result.sensitivity["prior"].iloc[0] == "prototype"
    dated = at.assess("jiangxi-2025", at.project("jiangxi", to=2028, as_of=2023))
    assert dated.to_dict()["as_of"] == 2023
    with pytest.raises(ArgumentError, match="the projection brings its own"):
        at.assess("jiangxi-2025", projection, as_of="2024-01-01")


def test_a_prior_of_ones_own_is_named():
    own = PROTOTYPE.mixed(at.load_prior(), 0.25, "own")
    plan = plan_of(level(at_least=170))
    result = at.assess(plan, LEVELS, prior=own)
    assert result.prior == json.loads(result.to_json())["prior"] == result.projection.prior_name == "own"
    again = at.assess(plan, at.project(LEVELS, to=2030, prior=own))
    assert again.prior == "own"
    assert again.probability == pytest.approx(result.probability, rel=1e-12)
    assert at.assess(plan, LEVELS, prior=at.load_prior()).prior == at.assess(plan, LEVELS).prior == "general"
    assert at.assess(plan, LEVELS, prior=own, model="random-walk").prior == "none"
    assert at.backtest(LEVELS, horizons=1, prior=own).prior == "own"
    with pytest.raises(ArgumentError, match="'bare': the scale in its card is None; write 'log' or 'logit'"):
        at.Prior("bare", own.table, math.inf, {})
    with pytest.raises(ArgumentError, match="other: 'share' is of another scale than 'own'"):
        own.mixed(at.load_prior("share"), 0.5)


def test_where_the_default_treatment_fails_another_is_used():
    result = at.assess("jiangxi-2025", model="random-walk")
    assert result.projection.treatments["cluster_prov_revenue"] == "one-scope"
    told = result.sensitivity.set_index(["target", "treatment"])
    assert "random walk" in told.loc[("cluster-revenue", "2025-and-its-growth"), "reason"]
    assert told.loc[("cluster-revenue", "one-scope"), "probability"] == pytest.approx(0.2994, abs=1e-4)


def test_one_indicator_without_answer_does_not_take_the_others_along():
    frame = pd.DataFrame(
        {
            "indicator": ["x"] * 5 + ["y"] * 3,
            "year": [2020, 2021, 2021, 2022, 2022, 2020, 2021, 2022],
            "value": [50, 55, 80, 57, 83, 10, 11, 12],
            "scope": ["a", "a", "b", "a", "b", "", "", ""],
        }
    )
    result = at.assess(plan_of(level(at_least=100), level("y", at_least=13)), frame)
    assert result.table.index.tolist() == ["t1"]
    assert "row 4 (2022)" in result.not_assessed.loc["t0", "reason"]
    assert "give one of the scopes a treatment of its own" in result.not_assessed.loc["t0", "reason"]


def test_administrative_targets_and_targets_per_unit_are_not_for_the_model():
    result = at.assess(plan_of(level(at_least=150, control="administrative"), level(at_least=170)), LEVELS)
    assert result.not_assessed.loc["t0", "needs"] == "the issuer's track record"
    each = {
        **plan_of(level(at_least=150), level(at_least=170)),
        "relations": [{"kind": "each_of", "parts": ["t0"], "units": 11}],
    }
    assert at.assess(each, LEVELS).not_assessed.loc["t0", "reason"] == "it holds for each of 11 units"


def test_reductions_are_multiples_in_other_words():
    targets = [
        {"kind": "reduction", "indicator": "y", "since": 2024, "by": 2028, "at_least": "10%"},
        {"kind": "multiple", "indicator": "y", "since": 2024, "by": 2028, "at_most": 0.9},
    ]
    table = at.assess(plan_of(*targets), LEVELS).table
    assert table.loc["t0", "probability"] == pytest.approx(table.loc["t1", "probability"], rel=1e-12)
    assert table.loc["t0", "median"] == pytest.approx(1 - table.loc["t1", "median"])


def test_hindsight_is_kept_apart():
    then = at.assess("jiangxi-2022", as_of="2022-07-20")
    assert then.table.loc["electronics-size", "last_year"] <= 2021
    later = then.hindsight[then.hindsight["target"] == "electronics-size"]
    assert 11600 in later["value"].tolist()
    assert "Known only later, and not used above" in then.summary()
    assert at.assess("jiangxi-2022").hindsight.empty


def test_hindsight_speaks_of_shares_too():
    later = at.assess("jiangsu-2023", as_of="2023-02-16").hindsight
    share = later[later["target"] == "sei-output-share"].set_index("year")
    assert share.loc[2025, "value"] == 42.1
    assert share.loc[2025, "attained"] is True
    assert share.loc[2024, "attained"] is None
    text = at.assess("jiangsu-2023", as_of="2023-02-16").summary()
    assert max(display_width(line) for line in text.splitlines()) <= 100


def test_hindsight_settles_a_target():
    frame = pd.DataFrame({"indicator": "x", "year": [2020, 2021, 2022, 2023], "value": [100, 108, 113, 121],
                          "released": ["2021-02-01", "2022-02-01", "2023-02-01", "2024-02-01"]})  # fmt: skip
    then = at.assess(plan_of(level(by=2023, at_least=120), level(by=2023, at_least=125)), frame, as_of="2023-06-01")
    assert then.hindsight["attained"].tolist() == [True, False]
    assert then.table["last_year"].tolist() == [2022, 2022]


def test_many_targets_and_treatments_fit_100_columns():
    frame = pd.concat(
        [
            tidy_levels(t, factor)
            for t, factor in (("a-rather-long-name-of-a-treatment", 1.0), ("another-long-one", 1.1))
        ]
    )
    targets = [
        level(at_least=f"{150 + i}亿元", label=f"A label of some length for target number {i}") for i in range(7)
    ]
    for language in ("en", "zh"):
        text = at.assess(plan_of(*targets), frame).summary(language=language)
        assert max(display_width(line) for line in text.splitlines()) <= 100
        assert "target number 6" in text


def tidy_levels(treatment, factor):
    return pd.DataFrame(
        {
            "indicator": "x",
            "year": range(2019, 2025),
            "value": LEVELS["x"] * factor,
            "unit": "亿元",
            "treatment": treatment,
        }
    )


def test_without_treatments_no_range_is_claimed():
    text = at.assess(plan_of(level(at_least=170)), LEVELS).summary()
    assert "treatments of the data," not in text
    assert "All together, over 1 of 1 targets: " in text


def test_the_chinese_summary_is_chinese(jiangxi):
    text = jiangxi.summary(language="zh")
    assert "13 个目标中可评估的 2 个全部实现的概率\uff1a" + percent_range(*jiangxi.range) in text
    assert max(display_width(line) for line in text.splitlines()) <= 100
    with pytest.raises(ArgumentError, match="neither 'en' nor 'zh'"):
        jiangxi.summary(language="fr")


def test_a_plan_whose_targets_all_fail_still_has_an_answer():
    result = at.assess(plan_of(level(by=2010, at_least=5)), LEVELS)
    assert "None of its 1 targets can be assessed" in result.summary()
    assert result.to_dict()["joint"] is None


def test_settled_plans_are_not_worded_as_forecasts():
    result = at.assess(plan_of(level(by=2023, at_least=130), level(by=2022, at_least=130)), LEVELS)
    assert "Published figures settle 2 of 2 targets: 1 attained, 1 missed." in result.summary()


def test_products_say_what_they_assume():
    plan = plan_of(level(at_least=170), level("y", at_least=14))
    told = {"independent": "taken as independent", "factor": "moving together as in the past"}
    for dependence, words in told.items():
        assert words in " ".join(at.assess(plan, LEVELS, dependence=dependence).summary().split())
    alone = at.assess(plan_of(level(at_least=170), level("y", at_least=14)), LEVELS.iloc[-1:])
    assert "as is usual in one place" in " ".join(alone.summary().split())


def test_reductions_have_their_interval_the_right_way_round():
    target = {"kind": "reduction", "indicator": "y", "since": 2024, "by": 2028, "at_least": "10%"}
    low, high = at.assess(plan_of(target), LEVELS).table.loc["t0", "interval80"]
    assert low < high


def test_nothing_known_only_later_is_told_under_a_date():
    result = at.assess("jiangxi-2022", as_of="2022-07-20")
    assert not [n for n in result.not_assessed["needs"] if re.search("202[345]", n)]
    frame = pd.DataFrame(
        {"indicator": "x", "year": [2021, 2023], "value": [5, 6], "released": ["2022-01-20", "2024-01-27"]}
    )
    count = {"kind": "count", "indicator": "x", "by": 2025, "at_least": 9}
    needs = at.assess(plan_of(count), frame, as_of="2023-02-16").not_assessed.loc["t0", "needs"]
    assert "2021" in needs
    assert "2023" not in needs


def test_a_later_floor_can_settle_a_target():
    frame = pd.DataFrame(
        {
            "indicator": "x", "year": [2020, 2021, 2022], "value": [100, 108, 130], "bound": ["", "", "more_than"],
            "released": ["2021-02-01", "2022-02-01", "2023-02-01"],
        }
    )  # fmt: skip
    then = at.assess(plan_of(level(by=2022, at_least=120), level(by=2022, at_least=140)), frame, as_of="2022-06-01")
    assert then.hindsight["attained"].tolist() == [True, None]


def test_the_default_under_a_date_is_the_next_one_declared():
    result = at.assess("jiangxi-2025", as_of="2025-08-28")
    assert result.projection.treatments["cluster_prov_revenue"] == "new-scope-from-2023"


def test_unknown_models_and_priors_are_refused_whatever_is_assessed():
    for bad in ({"prior": "zzz"}, {"model": "zzz"}, {"model": "random-walk", "prior": "zzz"}):
        with pytest.raises(ArgumentError):
            at.assess(plan_of(level("z", at_least=1)), LEVELS, **bad)
