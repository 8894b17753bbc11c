"""What holds a plan back: Shapley shares against all orders and closed forms, rare plans, the common relaxation."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest

import attain as at
from attain.attaining_text import QUESTIONS, half_page
from attain.bottleneck import bottleneck, shapley_shares
from attain.dependence import dependence_of
from attain.event import event_of, sum_event
from attain.joint import joint_probability
from attain.relaxation import relaxed
from attain.simulation import Drawing
from attain.subsets import Subsets

YEARS = [2017, 2018, 2019, 2020, 2021, 2022]


def levels(count, seed=0):
    growth = np.random.default_rng(seed).normal(0.06, 0.04, (len(YEARS), count))
    columns = [f"x{i}" for i in range(count)]
    return pd.DataFrame(100 * np.exp(growth.cumsum(axis=0)), index=pd.Index(YEARS, name="year"), columns=columns)


def plan_of(history, times, by=2025):
    last = history.iloc[-1]
    targets = [at.level(name, by=by, at_least=float(times * last[name]), id=name) for name in history.columns]
    return {"id": "p", "targets": targets}


def test_shares_are_the_means_over_all_orders():
    cost = np.random.default_rng(2).exponential(size=16)
    cost[0] = 0
    added = np.zeros((24, 4))
    for row, order in zip(added, itertools.permutations(range(4)), strict=True):
        had = 0
        for i in order:
            row[i] = cost[had | 1 << i] - cost[had]
            had |= 1 << i
    np.testing.assert_allclose(shapley_shares(cost), added.mean(axis=0), rtol=1e-12)


@pytest.mark.parametrize("plan", ["jiangxi-2025", "jiangxi-2022"])
def test_the_shares_add_up_to_the_whole(plan):
    result = at.assess(plan)
    table = result.bottleneck
    assert result.holds_back.log_probability == pytest.approx(result.log_probability, abs=1e-12)
    assert table["shapley"].sum() == pytest.approx(-result.log_probability, abs=1e-9)
    assert table["fraction"].sum() == pytest.approx(1, abs=1e-9)
    np.testing.assert_allclose(table["given"] * table["others"], result.probability, rtol=1e-9)
    assert table["others"].is_monotonic_decreasing
    for name, p in table["probability"].items():
        assert p == pytest.approx(result.table.loc[name, "probability"], rel=1e-9)


@pytest.mark.parametrize("times", [2.0, 6.0])
def test_a_rare_plan_has_finite_shares(times):
    history = levels(3)
    result = at.assess(plan_of(history, times), history)
    assert result.log_probability < math.log(1e-3 if times == 2 else 1e-12)
    shares = result.bottleneck["shapley"]
    assert np.isfinite(shares).all()
    assert (shares > 0).all()
    assert shares.sum() == pytest.approx(-result.log_probability, abs=1e-9)


def test_independent_targets_cost_what_they_cost_alone():
    history = levels(4)
    result = at.assess(plan_of(history, 1.2), history, engine="independent")
    alone = -np.log(result.table["probability"])
    pd.testing.assert_series_equal(result.bottleneck["shapley"].sort_index(), alone, check_names=False, rtol=1e-8)


def test_of_two_floors_the_lower_one_comes_with_the_higher():
    history = levels(1)
    targets = [at.level("x0", by=2025, at_least=float(k * history["x0"].iloc[-1]), id=f"by {k}") for k in (1.1, 1.3)]
    table = at.assess({"id": "p", "targets": targets}, history).bottleneck
    assert list(table.index) == ["by 1.3", "by 1.1"]
    assert table.loc["by 1.1", "given"] == pytest.approx(1)
    low, high = (table.loc[name, "probability"] for name in ("by 1.1", "by 1.3"))
    assert table.loc["by 1.1", "shapley"] == pytest.approx(-math.log(low) / 2)
    assert table.loc["by 1.3", "shapley"] == pytest.approx(-math.log(high) + math.log(low) / 2)


def test_more_than_sixteen_targets_have_no_shares_but_all_else():
    history = levels(17)
    held = at.assess(plan_of(history, 1.05), history, engine="independent").holds_back
    assert held.table["shapley"].isna().all()
    assert held.table[["probability", "others", "given"]].notna().all(axis=None)
    assert "–" in held.summary()


def test_several_years_of_one_indicator_share_by_draws_while_they_are_few():
    history = levels(2)
    targets = [
        at.level(name, by=by, at_least=float(history[name].iloc[-1]) * 1.08 ** (by - 2022), id=f"{name} {by}")
        for name in history
        for by in (2024, 2025, 2026, 2027)
    ]
    few = at.assess({"id": "p", "targets": targets[:5]}, history)
    assert few.engine == "sov"
    assert few.bottleneck["shapley"].sum() == pytest.approx(-few.log_probability, abs=1e-9)
    many = at.assess({"id": "p", "targets": targets}, history)
    assert many.bottleneck["shapley"].isna().all()
    assert many.bottleneck["given"].between(0, 1).all()


def test_the_relaxation_has_the_probability_that_it_says():
    result = at.assess("jiangxi-2022")
    held = at.assess(plan_of(levels(3), 1.25), levels(3)).holds_back
    for h, r in ((held, at.assess(plan_of(levels(3), 1.25), levels(3))), (result.holds_back, result)):
        for p, fraction in h.relaxation.items():
            events = [relaxed(e, fraction, r.projection) for e in r.open_events]
            log_p = joint_probability(events, r.projection, r.joint.dependence).log_probability
            assert math.exp(log_p) == pytest.approx(p, rel=1e-4)


def test_targets_that_contradict_each_other_have_no_shares():
    history = levels(1)
    targets = [at.level("x0", by=2025, at_least=200, id="up"), at.level("x0", by=2025, at_most=150, id="down")]
    held = at.assess({"id": "p", "targets": targets}, history).holds_back
    assert held.log_probability == -math.inf
    assert held.table["shapley"].isna().all()
    assert (held.table["given"] == 0).all()
    assert held.relaxation.isna().all()


def test_settled_targets_drop_out():
    result = at.assess("jiangxi-2022")
    assert result.table.loc["new-energy-size", "likelihood"] == "attained"
    assert "new-energy-size" not in result.bottleneck.index
    assert at.assess("jiangsu-2023").bottleneck.empty
    assert at.assess("jiangsu-2025").bottleneck.columns.tolist() == result.bottleneck.columns.tolist()


def test_the_bottleneck_tells_and_draws_itself():
    held = at.assess("jiangxi-2025").holds_back
    for language, label in (("en", "Cluster revenue growth"), ("zh", "全省集群营业收入年均增长")):
        assert label in held.summary(language=language)
        assert len(held.plot(language=language).axes) == 2
    assert "<table" in held._repr_html_()


def test_errors_of_counts_on_the_same_paths_are_those_of_their_multinomial():
    rng, paths = np.random.default_rng(3), 40_000
    pattern = rng.dirichlet(np.ones(8))
    among = np.array([[a & b == b for a in range(8)] for b in range(8)])  # is the pattern of a subset attained?
    coefficient, off = rng.normal(size=(4, 8)), []
    counted = np.arange(8) > 0
    for _ in range(500):
        counts = rng.multinomial(paths, pattern)
        found = Subsets(np.log(among @ counts / paths), np.zeros(8), counts, counted)
        error = coefficient @ (found.log_probability - np.log(among @ pattern))
        off.append(error / found.error_of(coefficient))
    np.testing.assert_allclose(np.sqrt(np.mean(np.square(off), axis=0)), 1, atol=0.1)


def test_a_sum_of_one_part_is_its_level_within_errors_that_are_honest():
    history = levels(3)
    projection = at.project(history, to=2025)
    dependence = dependence_of("factor", projection)
    targets = [at.level(n, by=2025, at_least=float(1.15 * history[n].iloc[-1]), id=n) for n in history]
    own = [event_of(target, projection) for target in targets]
    exact = bottleneck(own, projection, dependence, Drawing())
    assert (exact.relaxation_error == 0).all()
    assert exact.table["shapley_error"].max() < 1e-6
    mixed = [sum_event(targets[0], ["x0"], projection), *own[1:]]
    shares, relaxations = [], []
    for seed in range(50):
        held = bottleneck(mixed, projection, dependence, Drawing(20_000, seed=seed))
        table = held.table.loc[exact.table.index]
        shares.append((table["shapley"] - exact.table["shapley"]) / table["shapley_error"])
        relaxations.append((held.relaxation - exact.relaxation) / held.relaxation_error)
        assert held.table["shapley_error"].max() < 0.05
        assert held.relaxation_error.max() < 0.01
    rms = np.sqrt(np.mean(np.square(shares), axis=0))
    assert (rms < 1.3).all()  # a bound on the standard error
    assert (rms > 0.2).all()
    np.testing.assert_allclose(np.sqrt(np.mean(np.square(relaxations), axis=0)), 1, atol=0.35)


def as_paths(last, kind):
    """Targets that simulated paths assess, and levels that are the same."""

    def level(name, by, **word):
        return at.level(name, by=by, unit="亿元", id=name, **word)

    if kind in ("both", "none"):
        threshold = round(1.2 * max(last.values()) if kind == "both" else 0.8 * min(last.values()), 3)
        word, own = ({"at_least": 2}, "at_least") if kind == "both" else ({"less_than": 1}, "less_than")
        count = at.count_above("big", threshold=f"{threshold}亿元", members=list(last), by=2025, **word, id=kind)
        return [count], [level(name, 2025, **{own: threshold}) for name in last]
    word = {"at_most": 0.8 * last["x0"]} if kind == "ceiling" else {"at_least": 1.3 * last["x0"]}
    beside = level("x1", 2025, at_least=1.2 * last["x1"])
    return [at.flow("x0", by=2023, unit="亿元", **word, id="x0"), beside], [level("x0", 2023, **word), beside]


@pytest.mark.parametrize("kind", ["both", "none", "floor", "ceiling"])
def test_what_is_a_level_in_the_end_is_relaxed_like_it(kind):
    wide = levels(2)
    history = wide.rename_axis(columns="indicator").unstack().rename("value").reset_index().assign(unit="亿元")
    by_paths, exact = (
        at.assess({"id": "p", "targets": targets}, history).holds_back
        for targets in as_paths(wide.iloc[-1].to_dict(), kind)
    )
    assert (by_paths.relaxation_error > 0).all()
    assert (exact.relaxation_error == 0).all()
    off = (by_paths.relaxation - exact.relaxation) / by_paths.relaxation_error
    assert (off.abs() < 4).all()


@pytest.mark.parametrize("published", [False, True])
def test_a_sum_relaxed_so_far_has_the_probability_that_it_says(published):
    history = levels(2)
    if published:
        history.loc[2023] = [history["x0"].iloc[-1] * 1.06, math.nan]

    def plan(bound):
        parts = [at.level(n, by=2023, at_least=1, id=n) for n in history]
        relation = {"kind": "sum", "whole": "whole", "parts": ["x0", "x1"]}
        whole = at.level("z", by=2023, at_least=bound, id="whole")
        return {"id": "p", "targets": [*parts, whole], "relations": [relation]}

    last = float(history["x0"].iloc[-1] + history["x1"].dropna().iloc[-1])
    held = at.assess(plan(1.2 * last), history).holds_back
    for p, fraction in held.relaxation.items():
        relaxed_plan = at.assess(plan(last * 1.2**fraction), history)
        assert relaxed_plan.table.loc["whole", "probability"] == pytest.approx(p, abs=0.01)


def test_errors_stand_in_words_where_they_show():
    history = levels(3)
    plan = plan_of(history, 1.2)
    plan["targets"][0] = at.growth("x0", since=2022, by=2025, at_least="6%", mode="every-year", id="x0")
    for draws, shown in ((4000, True), (400_000, False)):
        result = at.assess(plan, history, draws=draws)
        for language in ("en", "zh"):
            told = result.holds_back.summary(language=language)
            assert ("±" in told) == shown
            assert ("±" in dict(half_page(result, language))[QUESTIONS["holds"].say(language)]) == shown
            assert len(result.holds_back.plot(language=language).axes) == 2


def test_what_draws_do_not_tell_has_no_shares():
    history = levels(3)
    plan = plan_of(history, 40)
    plan["targets"][0] = at.growth("x0", since=2022, by=2025, at_least="60%", mode="every-year", id="x0")
    assert at.assess(plan, history, draws=2000).bottleneck["shapley"].isna().all()


def summed(history, word, bound, caps=None):
    """x0 and x1 with ceilings, and a bound on their sum."""
    parts = [at.level(name, by=2025, at_most=cap, id=name) for name, cap in (caps or {"x0": 1e6, "x1": 1e6}).items()]
    whole = at.level("z", by=2025, id="whole", **{word: bound})
    relation = {"kind": "sum", "whole": "whole", "parts": ["x0", "x1"]}
    return at.assess({"id": "p", "targets": [*parts, whole], "relations": [relation]}, history, draws=2000)


def test_shares_of_a_rare_plan_of_paths_are_those_of_its_subsets():
    history = levels(3)
    targets = [
        at.level("x0", by=2025, at_least=float(12 * history["x0"].iloc[-1]), id="hard"),
        at.growth("x1", since=2022, by=2025, at_least="1%", mode="every-year", id="mid"),
        at.level("x2", by=2025, at_least=float(1.1 * history["x2"].iloc[-1]), id="mid2"),
    ]
    result = at.assess({"id": "p", "targets": targets}, history, draws=20_000)
    assert result.log_probability < math.log(1e-5)

    def cost(chosen):
        if not chosen:
            return 0.0
        found = joint_probability(chosen, result.projection, result.joint.dependence, result.drawing)
        return -found.log_probability

    events = result.open_events
    costs = [cost([e for i, e in enumerate(events) if subset >> i & 1]) for subset in range(8)]
    expected = pd.Series(shapley_shares(np.array(costs)), index=[e.target.id for e in events])
    found = result.bottleneck.loc[expected.index]
    assert ((found["shapley"] - expected).abs() < 3 * found["shapley_error"]).all()
    assert (found["shapley_error"] < 0.01 * expected.max()).all()


@pytest.mark.parametrize(("times", "shares"), [(1.0, True), (3.0, False)])
def test_many_targets_with_paths_share_only_where_paths_attain_them(times, shares):
    history = levels(7)
    plan = plan_of(history, times)
    plan["targets"][0] = at.growth("x0", since=2022, by=2025, at_least="-5%", mode="every-year", id="x0")
    held = at.assess(plan, history, draws=5000).holds_back
    assert held.table["shapley"].notna().all() == shares
    assert held.table["others"].notna().all()


def test_a_contradiction_of_a_sum_and_its_parts_has_no_shares():
    result = summed(levels(2), "at_least", 600, {"x0": 150, "x1": 200})
    assert result.holds_back.log_probability == -math.inf
    assert result.bottleneck["shapley"].isna().all()
    assert "cannot all be attained" in result.summary()


def test_a_target_that_has_its_part_of_the_difficulty_is_not_said_to_cost_nothing():
    history = levels(1)
    targets = [at.level("x0", by=2025, at_least=float(k * history["x0"].iloc[-1]), id=f"by {k}") for k in (1.3, 1.4)]
    result = at.assess({"id": "p", "targets": targets}, history)
    assert result.bottleneck.loc["by 1.3", "given"] > 0.999
    assert result.bottleneck.loc["by 1.3", "fraction"] > 0.1
    assert "nothing more" not in result.summary()


def test_the_spread_names_no_share_that_rounds_to_nothing():
    history = levels(3)
    plan = plan_of(history, 0.2)
    plan["targets"][0] = at.level("x0", by=2025, at_least=float(2 * history["x0"].iloc[-1]), id="x0")
    summary = at.assess(plan, history, engine="independent").summary()
    assert "0 % in" not in summary
    assert "Of the difficulty" not in summary
