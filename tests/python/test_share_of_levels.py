"""Shares of two levels as targets, correlations without common factors, and the engine that takes them."""

import json
import math

import numpy as np
import pandas as pd
import pytest

import attain as at
from attain.errors import ArgumentError
from attain.event import event_of
from attain.joint import joint_probability

YEARS = range(2015, 2025)
PART = [100.0, 109, 117, 131, 142, 150, 168, 180, 191, 209]
WHOLE = [300.0, 315, 333, 352, 378, 391, 420, 445, 462, 490]


def levels(name, values, unit="亿元", years=YEARS, **columns):
    return pd.DataFrame({"indicator": name, "year": years, "value": values, "unit": unit, **columns})


HISTORY = pd.concat([levels("part", PART), levels("whole", np.array(WHOLE) / 1e4, "万亿元")], ignore_index=True)


def plan_of(*targets):
    return {"id": "p", "title": "P", "targets": [{"id": f"t{i}", "by": 2028, **t} for i, t in enumerate(targets)]}


def share(**fields):
    return {"kind": "share", "indicator": "part", "of": "whole", **fields}


def level(name="part", unit="亿元", **fields):
    return {"kind": "level", "indicator": name, "unit": unit, **fields}


def drawn_levels(mixture, rng, draws=400_000):
    """Levels of the last year, drawn from a mixture."""
    k = rng.choice(len(mixture.weight), size=draws, p=mixture.weight)
    t = rng.standard_normal(draws) / np.sqrt(rng.chisquare(mixture.df[k]) / mixture.df[k])
    return np.exp(mixture.location[k, -1] + np.sqrt(mixture.scale[k, -1, -1]) * t)


def test_a_share_of_two_levels_is_that_of_their_simulated_paths():
    """With independent indicators the projection's own draws tell the answer."""
    result = at.assess(plan_of(share(at_least="46%"), share(between=["40%", "45%"])), HISTORY, dependence="independent")
    assert (result.engine, result.probability) == ("sov", 0)  # the two exclude each other
    projection = at.project(HISTORY, to=2028)
    rng = np.random.default_rng(0)
    part, whole = (drawn_levels(projection.mixture(name), rng) for name in ("part", "whole"))
    drawn = part / whole / 1e4
    row = result.table.loc["t0"]
    assert row["probability"] == pytest.approx((drawn >= 0.46).mean(), abs=0.005)
    assert result.table.loc["t1", "probability"] == pytest.approx(((drawn >= 0.4) & (drawn <= 0.45)).mean(), abs=0.005)
    np.testing.assert_allclose(
        (row["interval80"][0], row["median"], row["interval80"][1]), np.quantile(drawn, [0.1, 0.5, 0.9]), rtol=5e-3
    )
    assert row["last_value"] == pytest.approx(209 / 490)
    assert row["required_growth"] == pytest.approx((0.46 - 209 / 490) / 4)
    assert (row["unit"], row["last_year"], row["observations"]) == ("fraction", 2024, 9)
    assert row["range"][0] <= row["probability"] <= row["range"][1]
    assert 0 < row["numerical_error"] < 2e-3


def test_the_stronger_they_move_together_the_surer_is_their_share():
    spreads = []
    for correlation in (0.0, 0.5, 0.9, 1.0):
        names = ["part", "whole"]
        given = pd.DataFrame([[1, correlation], [correlation, 1]], names, names)
        row = at.assess(plan_of(share(at_least="46%")), HISTORY, dependence=given).table.loc["t0"]
        spreads.append(row["interval80"][1] - row["interval80"][0])
    assert spreads == sorted(spreads, reverse=True)


def test_a_share_beside_both_its_levels():
    targets = [share(at_least="44%"), level(at_least=260), level("whole", at_least=580)]
    result = at.assess(plan_of(*targets), HISTORY)
    assert result.engine == "sov"
    assert 0 < result.probability < result.table["probability"].min() + 1e-3
    assert result.range[0] <= result.probability <= result.range[1]
    assert "Engine sov (a share joins two levels)" in result.summary()
    assert "占比目标涉及两个总量" in result.summary(language="zh")
    implied = at.assess(plan_of(*targets, share(at_least="1%")), HISTORY)
    assert implied.probability == pytest.approx(result.probability, abs=3e-3)
    assert set(result.dependence.index) == {"part", "whole"}
    assert result.plot() is not None
    assert result.to_dict()["joint"]["engine"] == "sov"


def test_readings_and_treatments_of_part_and_whole():
    other = levels("whole", np.array(WHOLE) * 1.05, treatment="revised")
    frame = pd.concat([HISTORY.assign(treatment=["", *[""] * 9, *["first"] * 10]), other], ignore_index=True)
    result = at.assess(plan_of(share(about="46%")), frame)
    rows = result.sensitivity[result.sensitivity["in_range"]]
    assert set(rows["treatment"]) == {"first", "revised"}
    assert set(rows["reading"]) == {"as stated", "to the number"}
    assert (rows["reason"] == "").all()
    assert result.range[0] < result.probability


@pytest.mark.parametrize(("bound", "word"), [("40%", "attained"), ("43%", "missed")])
def test_published_levels_settle_a_share(bound, word):
    result = at.assess(plan_of(share(by=2024, at_least=bound)), HISTORY)
    assert result.table.loc["t0", "likelihood"] == word
    assert result.table.loc["t0", "median"] == pytest.approx(209 / 490)


def test_what_a_share_of_levels_lacks():
    late = pd.concat([levels("part", PART), levels("whole", WHOLE[:-1], years=YEARS[:-1])], ignore_index=True)
    cases = [
        (share(of="nothing", at_least="46%"), HISTORY, "no level of nothing"),
        (share(of="part", at_least="46%"), HISTORY, "share of itself"),
        (share(at_least="46%"), HISTORY.assign(unit=["亿元"] * 10 + ["吨"] * 10), "convert"),
        (share(at_least="46%"), HISTORY.assign(price=["nominal"] * 10 + ["constant"] * 10), "different prices"),
        (share(by=2024, at_least="46%"), late, "without a figure of both"),
    ]
    for target, history, told in cases:
        missing = at.assess(plan_of(target), history).not_assessed
        assert told in missing.loc["t0", "reason"], told
        assert missing.loc["t0", "needs"]
        assert missing.loc["t0", "reason_zh"]


def test_the_engines_agree():
    targets = plan_of(level(at_least=260), level("whole", at_least=580, by=2027))
    factor, drawn = (at.assess(targets, HISTORY, engine=engine) for engine in ("factor", "sov"))
    assert (factor.engine, drawn.engine) == ("factor", "sov")
    assert drawn.log_probability == pytest.approx(factor.log_probability, abs=6e-3)
    assert "Engine sov (as asked for)" in drawn.summary()
    far = plan_of(level(at_least=2000), level("whole", at_least=5000))
    log_p = [at.assess(far, HISTORY, engine=engine).log_probability for engine in ("factor", "sov")]
    assert log_p[0] < -12
    assert log_p[1] == pytest.approx(log_p[0], abs=6e-3)


def test_singular_correlations_are_taken():
    names = ["part", "whole"]
    one = pd.DataFrame(np.ones((2, 2)), names, names)
    targets = plan_of(level(at_least=260), level("whole", at_least=580))
    result = at.assess(targets, HISTORY, dependence=one)
    near = at.assess(targets, HISTORY, dependence=dict.fromkeys(names, 0.99))
    assert (result.engine, near.engine) == ("sov", "factor")
    assert near.probability - 1e-3 < result.probability < near.probability + 0.03
    assert list(result.dependence.columns) == ["part", "whole", "years"]
    assert "Engine sov (correlations as given)" in " ".join(result.summary().split())


def test_what_no_draw_attains_has_a_bound_and_not_nan():
    impossible = plan_of(share(at_most="44%"), level(at_least=260), level("whole", at_most=580))
    result = at.assess(impossible, HISTORY)
    assert result.probability == 0
    assert 0 < result.numerical_error < 1e-4
    assert json.loads(result.to_json())["joint"]["numerical_error"] == result.numerical_error
    assert "nan" not in result.summary()


def test_the_range_of_one_way_is_the_number():
    plan = plan_of(level(at_least=250), level("whole", at_least=560), share(at_least="45%"))
    result = at.assess(plan, HISTORY, model="random-walk")
    assert result.range == (result.probability, result.probability)


@pytest.mark.parametrize(("bound", "within"), [("at_least", "42%"), ("at_most", "40%")])
def test_a_bound_on_a_level_settles_a_share_only_where_it_must(bound, within):
    history = HISTORY.assign(bound="")
    history.loc[(history["indicator"] == "part") & (history["year"] == 2024), ["value", "bound"]] = [200.0, bound]
    for at_least, likelihood in (("30%", "attained"), (within, None), ("60%", "missed")):
        result = at.assess(plan_of(share(by=2024, at_least=at_least)), history)
        assert result.table["likelihood"].tolist() == ([] if likelihood is None else [likelihood])
        assert likelihood is not None or "a bound only" in result.not_assessed.loc["t0", "reason"]


@pytest.mark.parametrize("engine", ["factor", "independent", "exact"])
def test_other_engines_take_no_share_of_levels(engine):
    with pytest.raises(ArgumentError, match="engine"):
        at.assess(plan_of(share(at_least="46%")), HISTORY, engine=engine)


def test_events_of_part_and_whole_have_a_joint_of_their_own():
    projection = at.project(HISTORY, to=2028)
    (target,) = at.load_plan(plan_of(share(at_most="43%"))).targets
    event = event_of(target, projection)
    assert event.indicators == ("part", "whole")
    assert math.exp(event.upper - event.base) == pytest.approx(0.43)
    from attain.dependence import dependence_of

    dependence = dependence_of("factor", projection)
    at_most = joint_probability([event], projection, dependence)
    at_least = at.assess(plan_of(share(at_least="43%")), projection)
    assert math.exp(at_most.log_probability) + at_least.probability == pytest.approx(1, abs=3e-3)
