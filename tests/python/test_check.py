"""Plan arithmetic: what the bundled plans imply, conflicts planted in small plans, readings, and the shape of the
result."""

import contextlib
import json
import math
import random

import pandas as pd
import pytest
from hypothesis import given, settings
from test_language import plans

import attain as at
from attain.cli import main
from attain.consistency import CONSISTENT
from attain.findings import redundant
from attain.levels import Source
from attain.linear import Certificate, decide
from attain.reading import load_history
from attain.text import display_width
from attain.worlds import groups

LEVELS = pd.DataFrame({"x": [101.3, 105.4, 110.7]}, index=[2023, 2024, 2025])
PLANS = ["jiangsu-2021", "jiangsu-2023", "jiangsu-2025", "jiangxi-2022", "jiangxi-2025"]


@pytest.fixture(scope="module")
def checked():
    return {name: at.check(name) for name in PLANS}


def check(*targets, relations=(), history=None, **fields):
    return at.check({"id": "p", "targets": list(targets), "relations": list(relations), **fields}, history)


def level(word="at_least", number="5万亿元", by=2028, **fields):
    return at.level("x", by=by, **{word: number}, **fields)


def growth(word="at_least", number="10%", since=2025, by=2028, **fields):
    return at.growth("x", since=since, by=by, **{word: number}, **fields)


def implied(result, topic, *targets):
    """The quantities of a topic that rest on just these targets."""
    frame = result.implied
    return frame[(frame["topic"] == topic) & frame["targets"].map(lambda own: set(own) == set(targets))]


# --- the bundled plans ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PLANS)
def test_no_bundled_plan_contradicts_itself_under_any_reading(checked, name):
    result = checked[name]
    assert result.feasible
    assert result.conflicts == []
    assert not (result.sensitivity["verdict"] == "infeasible").any()
    assert set(result.verdicts.index) == {target.id for target in result.plan.targets}


def test_the_base_from_which_growth_and_level_agree(checked):
    bases = implied(checked["jiangxi-2025"], "base", "cluster-revenue-growth", "cluster-revenue")
    assert list(bases["low"].round()) == [37566, 34151]
    pd.testing.assert_series_equal(bases["low"], bases["high"], check_names=False)
    assert bases["low"].tolist() == pytest.approx([50_000 / 1.1**3, 50_000 / 1.1**4])
    later, earlier = bases["because"]
    assert "published is 3.9 trillion yuan, 3.8 % more" in later
    assert "published growth implies 3.5519 trillion yuan, 4 % more" in earlier


def test_growth_still_needed(checked):
    row = implied(checked["jiangxi-2025"], "needed", "cluster-revenue").iloc[0]
    assert row["low"] == pytest.approx((50_000 / 39_000) ** (1 / 3) - 1)
    assert round(row["low"], 3) == 0.086
    assert math.isnan(row["high"])
    assert "the most ever published is 9.8 % growth (2025, the only change published)" in row["because"]


def test_ten_per_cent_asks_for_more_than_five_trillion(checked):
    result = checked["jiangxi-2025"]
    assert implied(result, "level", "cluster-revenue-growth")["low"].tolist() == pytest.approx([39_000 * 1.1**3])
    row = result.verdicts.loc["cluster-revenue"]
    assert (row["verdict"], row["others"]) == ("redundant", ["cluster-revenue-growth"])
    assert pytest.approx(5.0547, abs=1e-4) == 1.095**3 * 3.85
    assert "at least 5.0547 trillion yuan" in row["text"]


def test_growth_of_the_whole_at_which_a_share_and_its_growth_agree(checked):
    row = implied(checked["jiangxi-2022"], "growth of the whole", "sei-va-growth", "sei-va-share").iloc[0]
    assert row["low"] == pytest.approx(1.12 * (0.20 / 0.28) ** 0.25 - 1)
    assert row["high"] == pytest.approx(0.12)
    for base in (20, 22, 24, 26, 28):
        rate = f"{100 * (1.12 * (base / 28) ** 0.25 - 1):.1f}".removesuffix(".0")
        assert f"{rate} % from a share of {base} %" in row["because"]
    assert "where the whole grows 12 % too, the share cannot rise" in row["because"]


def test_a_known_base_share_leaves_one_growth_of_the_whole():
    shares = pd.DataFrame({"indicator": ["s"], "year": [2025], "kind": "share", "value": [25.0], "unit": "%"})
    part = at.growth("part", since=2025, by=2028, at_least="10%", id="g")
    share = at.share("s", of="whole", by=2028, at_least="30%", id="s")
    result = check(part, share, relations=[{"kind": "same_population", "parts": ["g", "s"]}], history=shares)
    row = implied(result, "growth of the whole", "g", "s").iloc[0]
    assert row["low"] == row["high"] == pytest.approx(1.1 * (0.25 / 0.30) ** (1 / 3) - 1)


def test_six_industries_add_up_but_overlap(checked):
    sizes = [t.id for t in checked["jiangxi-2022"].plan.targets if t.id.endswith("-size")]
    row = implied(checked["jiangxi-2022"], "overlap", *sizes).iloc[0]
    assert (len(sizes), row["low"], row["high"], row["unit"]) == (6, 12_000, 33_100, "亿元")
    assert "share members" in row["because"]


def test_counts_over_thresholds_need_a_total(checked):
    rows = implied(checked["jiangxi-2025"], "members", "clusters-over-1000", "clusters-over-500")
    assert rows["low"].tolist() == [20_000, 25_000]
    assert [quantity.rsplit(", ")[-1] for quantity in rows["quantity"]] == ["nested", "side by side"]


def test_one_to_two_for_each_city(checked):
    result = checked["jiangxi-2025"]
    row = result.verdicts.loc["clusters-over-1000"]
    assert (row["verdict"], row["others"]) == ("over-allocated", ["clusters-over-1000-per-city"])
    assert row["number"] == pytest.approx(1.1)
    assert result.verdicts.loc["advanced-clusters", "verdict"] == CONSISTENT
    for part, whole in (("clusters-over-1000", "clusters-over-1000"), ("advanced-clusters", "advanced-clusters")):
        together = implied(result, "units", f"{part}-per-city", whole).iloc[0]
        assert (together["low"], together["high"]) == (11, 22)
    nine = implied(result, "units", "advanced-clusters-per-city", "advanced-clusters").iloc[1]
    assert nine["low"] == 9
    assert "units of 11 that must reach 2" in nine["quantity"]


def test_531_is_nested_and_51010_a_sum(checked):
    nested = implied(checked["jiangsu-2021"], "whole", "key-chains", "strong-chains", "excellent-chains").iloc[0]
    assert nested["low"] == 50
    assert "not the sum of 90" in nested["because"]
    parts = ("international-clusters", "leading-clusters", "future-clusters")
    assert implied(checked["jiangsu-2023"], "whole", *parts)["low"].tolist() == [25]
    assert implied(checked["jiangsu-2021"], "whole", "chief-expert-per-chain", "strong-chains")["low"].tolist() == [30]


def test_doubling_three_clusters(checked):
    result = checked["jiangsu-2023"]
    assert implied(result, "level", "national-clusters")["low"].tolist() == [6]
    row = result.verdicts.loc["national-clusters"]
    assert row["verdict"] == "strained"
    assert row["number"] == pytest.approx(2 ** (1 / 3) - 1)
    assert "the most ever published is 0 % growth (2019–2022" in row["text"]


def test_readings_that_change_a_verdict_are_named(checked):
    changes = checked["jiangxi-2025"].sensitivity
    told = set(zip(changes["reading"], changes["target"], changes["verdict"], strict=True))
    one_scope = "the figures of “Cluster revenue” are treated as one-scope"
    assert told == {
        ("“about” is read to the number", "cluster-revenue-growth", "strained"),
        (one_scope, "cluster-revenue-growth", "strained"),
        (one_scope, "cluster-revenue", "strained"),
    }
    unchanged = [text.en for text in checked["jiangxi-2025"].unchanged]
    assert "growth is counted from 2024" in unchanged
    assert "counts over thresholds are bands" in unchanged
    assert checked["jiangxi-2025"].readings == 65


def test_targets_without_a_number_in_common_stand_alone(checked):
    assert checked["jiangxi-2025"].alone == ("key-projects", "pilot-clusters", "digital-coverage", "six-ones-coverage")


# --- conflicts --------------------------------------------------------------------------------------------------------


SUM = {"kind": "sum", "whole": "w", "parts": ["a", "b"]}
CONFLICTS = {
    "two levels": ([level(id="a"), level("at_most", "4.8万亿元", id="b")], [], "puts it at 5 trillion yuan or more"),
    "strict": ([level("more_than", id="a"), level("at_most", id="b")], [], "puts it above 5 trillion yuan"),
    "multiple": (
        [level(id="a"), at.multiple("x", since=2025, by=2028, at_most=2, id="m"),
         level("at_most", "2万亿元", 2025, id="c")],
        [],
        "put it at 2.5 trillion yuan or more",
    ),
    "share": (
        [at.share("s", of="w", by=2028, at_least="30%", id="s"), at.level("w", by=2028, at_least="100亿元", id="w"),
         at.level("s", by=2028, at_most="25亿元", id="p")],
        [],
        "put it at 3 billion yuan or more",
    ),
    "reduction": (
        [at.reduction("x", since=2020, by=2025, at_least="20%", id="r"),
         growth(number="-2%", since=2020, by=2025, id="g")],
        [],
        "puts it at −4.37 % or less",
    ),
    "sum": (
        [at.level("a", by=2030, at_least="10亿元", id="a"), at.level("b", by=2030, at_least="15亿元", id="b"),
         at.level("w", by=2030, at_most="20亿元", id="w")],
        [SUM],
        "put it at 2.5 billion yuan or more",
    ),
    "growth of a sum": (
        [at.growth("a", since=2025, by=2030, at_least="10%", id="a"),
         at.growth("b", since=2025, by=2030, at_least="8%", id="b"),
         at.growth("w", since=2025, by=2030, at_most="7%", id="w")],
        [SUM],
        "put it above 8 %",
    ),
    "members of a total": (
        [at.count_above("k", threshold="1000亿元", by=2028, at_least="10个", id="k"),
         level("at_most", "9000亿元", id="t")],
        [{"kind": "same_population", "parts": ["k", "t"]}],
        "puts it at 1 trillion yuan or more",
    ),
    "each of eleven": (
        [at.count("c", by=2028, between=["1个", "2个"], id="c"), at.count("t", by=2028, at_most="10个", id="t")],
        [{"kind": "each_of", "units": 11, "whole": "t", "parts": ["c"]}],
        "puts it at 11 or more",
    ),
    "nested": (
        [at.count("a", by=2028, at_least="50家", id="a"), at.count("b", by=2028, at_most="40家", id="b")],
        [{"kind": "nested", "whole": "b", "parts": ["a"]}],
        "puts it at 50 or more",
    ),
    "coverage": (
        [at.coverage("d", of="n", by=2027, at_least="90%", id="c"), at.count("d", by=2027, at_most="40家", id="d"),
         at.count("n", by=2027, at_least="50家", id="n")],
        [],
        "put it at 44 or less",
    ),
    "every year": (
        [growth(number="6%", mode="every-year", id="e"), growth("at_most", "15%", mode="cumulative", id="c")],
        [],
        "puts it at 19.11 % or more",
    ),
    "about a level": (
        [level("about", "5万亿元", id="a"), level("at_most", "4.2万亿元", id="b")],
        [],
        "puts it at 4.75 trillion yuan or more",
    ),
    "about a rate": (
        [growth("about", "10%", id="a"), growth("at_most", "9%", id="b")], [], "puts it at 9.5 % or more"
    ),
    "about a fall": (
        [at.reduction("x", since=2025, by=2028, about="20%", id="a"), growth("at_least", "-5%", id="b")],
        [],
        "puts it at −6.98 % or less",
    ),
    "about a count": (
        [at.count("c", by=2028, about="30个", id="a"), at.count("c", by=2028, at_most="27个", id="b")],
        [],
        "puts it at 29 or more",
    ),
    "about a multiple": (
        [at.multiple("x", since=2025, by=2028, about=2, id="a"), growth("at_most", "20%", id="b")],
        [],
        "puts it at 23.86 % or more",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CONFLICTS)
def test_a_conflict_is_told_with_its_numbers_and_proved(name):
    targets, relations, told = CONFLICTS[name]
    bystander = at.count("y", by=2028, at_least="5个", id="bystander")
    result = check(bystander, *targets, relations=relations)
    assert not result.feasible
    (conflict,) = result.conflicts
    assert conflict.targets == [t.id for t in targets]
    assert conflict.certificate.proves()
    assert isinstance(conflict.certificate, Certificate)
    assert told in conflict.text
    assert set(result.verdicts.loc[[t.id for t in targets], "verdict"]) == {"infeasible"}
    assert result.verdicts.loc["bystander", "verdict"] == CONSISTENT
    for left_out in targets:
        rest = [t for t in targets if t is not left_out]
        known = {t.id for t in rest}
        kept = [r for r in relations if {*r["parts"], r.get("whole", r["parts"][0])} <= known]
        assert check(*rest, relations=kept).feasible


def moved(target, number):
    """The target with another number; a share or growth as a fraction."""
    told = number if target.is_rate or target.kind == "multiple" else f"{number:.9f}元"
    if target.effective_unit in ("个", "家"):
        told = f"{number:.9f}{target.effective_unit}"
    return target.model_copy(update={target.word: (told, told) if target.word == "between" else told, "unit": None})


@pytest.mark.parametrize("name", [n for n in CONFLICTS if n not in ("strict", "growth of a sum", "every year")])
def test_the_smallest_change_resolves_a_conflict_and_a_smaller_one_does_not(name):
    targets, relations, _ = CONFLICTS[name]
    changes = check(*targets, relations=relations).conflicts[0].changes
    assert set(changes) == {t.id for t in targets}
    for target in targets:
        stated, change = float(target.value), changes[target.id]
        if target.effective_unit in ("亿元", "万亿元"):
            stated *= {"亿元": 1e8, "万亿元": 1e12}[target.effective_unit]
        for share, resolved in ((1.001, True), (0.99, False)):
            other = moved(target, stated + share * (change - stated))
            others = [other if t is target else t for t in targets]
            assert check(*others, relations=relations).feasible == resolved, (target.id, share)


def test_figures_take_part_in_conflicts_within_their_rounding():
    ceiling, goal = growth("at_most", "5%", id="g"), at.level("x", by=2028, at_least=130, id="l")
    result = check(ceiling, goal, history=LEVELS)
    (conflict,) = result.conflicts
    assert conflict.targets == ["g", "l"]
    assert "the 110.7 published for 2025" in conflict.text
    most = 110.75 * 1.05**3
    assert conflict.changes["l"] == pytest.approx(most)
    assert conflict.changes["g"] == pytest.approx((130 / 110.75) ** (1 / 3) - 1)
    for number, feasible in ((most - 1e-6, True), (most + 1e-6, False)):
        assert check(ceiling, at.level("x", by=2028, at_least=number), history=LEVELS).feasible == feasible


def test_growth_of_a_hundred_per_cent_is_known_to_half_a_point():
    """100 and growth of 100 % make 200, at least 99.5 times 1.995."""
    rows = [
        {"indicator": "x", "year": 2023, "value": 100.1, "kind": "level"},
        {"indicator": "x", "year": 2024, "value": 100, "unit": "%", "kind": "growth"},
    ]
    steady = growth("at_least", "0%", since=2024, by=2026, id="g")
    for most, feasible in ((199.5, False), (199.7, True)):
        ceiling = at.level("x", by=2026, at_most=most, id="l")
        assert check(steady, ceiling, history=pd.DataFrame(rows)).feasible == feasible


def test_the_figure_of_the_target_year_is_not_asked():
    assert check(at.level("x", by=2025, at_least=200), history=LEVELS).feasible


def test_random_plans_about_one_path():
    """Targets that a path attains agree; one more that it must miss is in every conflict."""
    rng = random.Random(4)
    for _ in range(25):
        path = {2025: 100.0}
        for year in range(2026, 2031):
            path[year] = path[year - 1] * (1 + rng.uniform(-0.05, 0.15))
        targets = [
            at.level("x", by=year, **{word: path[year] * (0.99 if word == "at_least" else 1.01)}, id=f"l{year}-{word}")
            for year in path for word in ("at_least", "at_most")
        ]  # fmt: skip
        since, by = sorted(rng.sample(sorted(path), 2))
        rate = (path[by] / path[since]) ** (1 / (by - since)) - 1
        within = at.growth("x", since=since, by=by, at_least=rate - 0.001, id="within")
        assert check(*targets, within).feasible
        beyond = at.growth("x", since=since, by=by, at_least=(1 + rate) * 1.0203 - 1, id="beyond")
        result = check(*targets, within, beyond)
        assert all("beyond" in conflict.targets for conflict in result.conflicts)
        assert result.feasible == (1.0203 ** (by - since) <= 1.01 / 0.99)


@settings(max_examples=40, deadline=None)
@given(plans())
def test_any_plan_is_checked_and_told(data):
    with contextlib.suppress(at.PlanError):  # one indicator in units that do not convert
        told_and_proved(at.check(data))


def told_and_proved(result):
    assert all(conflict.certificate.proves() for conflict in result.conflicts)
    assert set(result.verdicts.index) == {target.id for target in result.plan.targets}
    assert result.summary() != result.summary(language="zh")


# --- other verdicts and readings --------------------------------------------------------------------------------------


def test_strained_targets_are_told_beside_the_largest_change_seen():
    result = check(at.level("x", by=2028, at_least=135, id="l"), history=LEVELS)
    row = result.verdicts.loc["l"]
    assert row["verdict"] == "strained"
    assert row["number"] == pytest.approx((135 / 110.7) ** (1 / 3) - 1)
    assert "6.8 % growth a year from 110.7 in 2025; the most ever published is 5 % growth (2024–2025)" in row["text"]
    assert (
        check(at.level("x", by=2028, at_least=128, id="l"), history=LEVELS).verdicts.loc["l", "verdict"] == CONSISTENT
    )


def test_falls_are_strained_too():
    falling = pd.DataFrame({"x": [110.0, 107.3, 104.1]}, index=[2023, 2024, 2025])
    less = at.reduction("x", since=2025, by=2028, at_least="15%", id="r")
    assert check(less, history=falling).verdicts.loc["r", "verdict"] == "strained"
    assert check(less, history=LEVELS).verdicts.loc["r", "verdict"] == "strained"
    mild = at.reduction("x", since=2025, by=2028, at_least="6%", id="r")
    assert check(mild, history=falling).verdicts.loc["r", "verdict"] == CONSISTENT


def test_a_later_target_starts_from_the_last_figure_whatever_an_earlier_one_asked():
    figures = pd.DataFrame({"x": [100.0, 102.0, 104.0, 106.0, 140.0]}, index=range(2021, 2026))
    early, late = at.level("x", by=2023, at_least=104, id="early"), at.level("x", by=2028, at_least=150, id="late")
    result = check(early, late, history=figures)
    row = implied(result, "needed", "late").iloc[0]
    assert row["low"] == pytest.approx((150 / 140) ** (1 / 3) - 1)
    assert "from 140 in 2025; the most ever published is 32.1 % growth (2024–2025)" in row["because"]
    assert set(result.verdicts["verdict"]) == {CONSISTENT}


def test_a_target_with_a_figure_of_its_year_needs_nothing_more():
    figures = pd.DataFrame({"x": [100.0, 102.0, 140.0]}, index=[2023, 2024, 2025])
    result = check(at.level("x", by=2025, at_least=130, id="l"), history=figures)
    assert result.implied[result.implied["topic"] == "needed"].empty
    assert result.verdicts.loc["l", "verdict"] == CONSISTENT


def test_each_window_is_counted_from_its_own_other_bases():
    """2026 is another base of the later one only, and the year of the earlier one's end."""
    early, late = (
        at.growth("x", since=2024, since_source="resolved", by=by, at_least="5%", id=f"g{by}") for by in (2026, 2028)
    )
    result = check(early, late, issued="2026-08-01")
    assert result.feasible
    assert result.readings == 3


def test_redundancy_is_not_decided_again_where_a_point_is_known(monkeypatch):
    """As stated all together take a programme, and each its own; a treatment that changes no row takes none."""
    decided = []
    for module in ("worlds", "findings"):
        monkeypatch.setattr(f"attain.{module}.decide", lambda *given: decided.append(given) or decide(*given))
    rows = [{"indicator": "x", "year": 2024, "value": 99.5, "treatment": t} for t in ("one", "other")]
    mine = [at.level("x", by=by, at_least=number, id=f"l{by}") for by, number in ((2028, 120), (2029, 150))]
    result = check(*mine, history=pd.DataFrame(rows))
    assert result.readings == 2
    assert len(decided) == 1 + len(mine)
    assert set(result.verdicts["verdict"]) == {CONSISTENT}


def test_redundancy_in_every_reading_is_that_of_all_rows_from_nothing():
    """Points of other readings, a start and the rows that bear on a target change no verdict."""
    rng = random.Random(14)
    found = []
    for _ in range(12):
        plan, history = province(rng)
        (group,) = groups(at.load_plan(plan), load_history(history))
        for world in group.worlds():
            reading = group.read(world)
            assert (reading.point is None) == isinstance(decide(reading.rows), Certificate)
            if reading.point is not None:
                redundancies = {finding.target for finding in redundant(reading)}
                assert redundancies == {name for name in reading.targets if follows(reading, name)}
                found.append(len(redundancies))
    assert len(found) > 60
    assert 0.1 < sum(found) / len(found) < 6


def follows(reading, name):
    rest = reading.system([other for other in reading.targets if other != name])
    own = [row for row in reading.rows if row.source == Source("target", name)]
    return all(isinstance(decide([*rest, row.negation()]), Certificate) for row in own)


def province(rng):
    """A total of two sectors, each with a level, a growth and a share near one path; two treatments of its figures."""
    rows, targets = [], []
    for name in ("a", "b"):
        base, rate = rng.randint(50, 150), rng.choice((0.05, 0.08, 0.1))
        rows += [{"indicator": name, "year": 2025, "value": base * scale, "treatment": treatment}
                 for treatment, scale in (("published", 1), ("revised", rng.choice((1, 1.02))))]  # fmt: skip
        near = round(base * (1 + rate) ** 3 * rng.choice((0.97, 1, 1.04)), 1)
        targets += [
            at.level(name, by=2028, **{rng.choice(("about", "more_than")): near}, id=name),
            at.growth(name, since=2025, by=2028, since_source="resolved", about=rate, id=f"{name}-growth"),
            at.share(name, of="w", by=2028, at_least=rng.choice((0.2, 0.4)), id=f"{name}-share"),
        ]
    targets.append(at.level("w", by=2028, at_least=rng.choice((150, 250)), id="w"))
    plan = {"id": "p", "issued": "2025-09-01", "targets": targets, "relations": [SUM]}
    return plan, pd.DataFrame(rows)


def test_a_floor_is_told_as_one_and_what_is_needed_from_it_too():
    rows = [{"indicator": "x", "year": year, "value": v, "bound": b} for year, v, b in
            [(2021, 100, ""), (2022, 102, ""), (2023, 104, "more_than")]]  # fmt: skip
    goal = at.level("x", by=2025, at_least=150, id="l")
    result = check(goal, history=pd.DataFrame(rows))
    row = implied(result, "needed", "l").iloc[0]
    assert math.isnan(row["low"])
    assert row["high"] == pytest.approx((150 / 104) ** 0.5 - 1)
    assert row["because"].startswith("from over 104 in 2023")
    assert "at most 20.1 % a year from over 104 in 2023" in result.summary()
    assert "从 2023 年的超过 104" in row["because_zh"]
    assert result.verdicts.loc["l", "verdict"] == CONSISTENT, "from far above 104 little is needed"
    ceiling = at.level("x", by=2025, at_most=80, id="l")
    assert check(ceiling, history=pd.DataFrame(rows)).verdicts.loc["l", "verdict"] == "strained"


def test_falls_are_told_as_falls():
    def strain(*values):
        figures = pd.DataFrame({"x": values}, index=range(2026 - len(values), 2026))
        return check(at.level("x", by=2028, at_most=80, id="l"), history=figures)

    rising = strain(100.0, 104.0, 110.0)
    assert "needs a fall of 10.1 % a year" in rising.verdicts.loc["l", "text"]
    assert "it never fell; the least published is 4 % growth (2023–2024)" in rising.verdicts.loc["l", "text"]
    assert "a fall of at least 10.1 % a year" in " ".join(rising.summary().split())
    assert "每年下降至少10.1%" in rising.summary(language="zh")
    falling = strain(114.0, 112.0, 110.0)
    assert "the most published is a fall of 1.8 % (2024–2025)" in falling.verdicts.loc["l", "text"]
    slow = at.level("x", by=2028, at_least=109.5, id="l")
    figures = pd.DataFrame({"x": [114.0, 112.0, 110.0]}, index=range(2023, 2026))
    told = check(slow, history=figures).verdicts.loc["l", "text"]
    assert "it never grew; the least published is a fall of 1.8 % (2023–2024)" in told


def test_redundant_targets_and_what_they_follow_from():
    strict, loose = at.level("x", by=2028, more_than=120, id="a"), at.level("x", by=2028, at_least=110, id="b")
    result = check(strict, loose)
    assert result.verdicts.loc["b", "verdict"] == "redundant"
    assert result.verdicts.loc["b", "others"] == ["a"]
    assert result.verdicts.loc["a", "verdict"] == CONSISTENT
    equal = check(at.level("x", by=2028, more_than=120, id="a"), at.level("x", by=2028, at_least=120, id="b"))
    assert equal.verdicts["verdict"].to_dict() == {"a": CONSISTENT, "b": "redundant"}


def test_counts_in_bands_may_break_what_nested_counts_do_not():
    targets = [
        at.count_above("k", threshold="1000亿元", by=2028, at_least="10个", id="k"),
        at.count_above("k5", threshold="500亿元", by=2028, at_least="30个", id="k5"),
        level("at_most", "22000亿元", id="t"),
    ]
    result = check(*targets, relations=[{"kind": "same_population", "parts": ["k", "k5", "t"]}])
    assert result.feasible
    assert set(result.sensitivity["target"]) == {"k", "k5", "t"}
    assert set(result.sensitivity["verdict"]) == {"infeasible"}
    assert "2.5 trillion yuan or more" in result.sensitivity["text"].iloc[0]
    assert "under another reading they contradict" in " ".join(result.summary().split())


def test_about_may_break_to_the_number():
    result = check(growth("about", "10%", id="g"), growth("at_most", "9.7%", id="h"))
    assert result.feasible
    assert set(result.sensitivity["reading"]) == {"“about” is read to the number"}


def test_constant_prices_are_not_mixed_with_nominal_ones():
    real, nominal = growth(price="constant", id="r"), growth("at_most", "5%", id="n")
    result = check(real, nominal)
    assert result.feasible
    assert set(result.sensitivity["reading"]) == {"constant and nominal prices are taken as one"}
    assert set(result.sensitivity["verdict"]) == {"infeasible"}


def test_the_year_from_which_a_window_runs_may_decide():
    window = at.growth("x", since=2025, since_source="resolved", by=2028, at_least="10%", id="g")
    ceiling = at.level("x", by=2028, at_most=150, id="l")
    result = check(window, ceiling, history=LEVELS, issued="2025-08-28")
    assert result.feasible
    changed = result.sensitivity[result.sensitivity["verdict"] == "infeasible"]
    assert set(changed["reading"]) == {"growth is counted from 2024"}
    early = check(window, ceiling, history=LEVELS, issued="2025-02-28")
    assert set(early.sensitivity["reading"]) == {"growth is counted from 2024"}


# --- the shape of the result ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PLANS)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_is_of_a_hundred_columns(checked, name, language):
    page = checked[name].summary(language=language)
    assert all(display_width(line) <= 100 for line in page.splitlines())
    assert "None" not in page
    assert "nan" not in page.split()


def test_chinese_lines_do_not_begin_with_what_ends_a_sentence(checked):
    for name in PLANS:
        lines = checked[name].summary(language="zh").splitlines()
        assert not [line for line in lines if line.strip()[:1] in set("，。；：、）")]


def test_the_shape_of_the_frames(checked):
    result = checked["jiangxi-2025"]
    assert list(result.implied.columns[1:6]) == ["quantity", "low", "high", "unit", "because"]
    assert result.verdicts.index.name == "target"
    assert (result.implied["low"].fillna(-math.inf) <= result.implied["high"].fillna(math.inf)).all()
    pd.testing.assert_frame_equal(result.to_frame(), result.verdicts)
    assert "No contradiction" in result._repr_html_()
    assert json.dumps(result.to_dict(), allow_nan=False)


def test_an_assessment_carries_its_check(checked):
    result = at.assess("jiangxi-2025")
    assert result.consistency.feasible
    assert result.to_dict()["consistency"] == {"feasible": True, "conflicts": []}
    history = at.load_history("jiangxi").as_of("2025-08-28")
    then = at.assess("jiangxi-2025", history)
    assert "from 3.5 trillion yuan in 2023" in implied(then.consistency, "needed", "cluster-revenue")["because"].iloc[0]


def test_the_command_line(capsys):
    assert main(["check", "jiangxi-2025"]) == 0
    assert capsys.readouterr().out.startswith("Jiangxi, upgrade of industrial clusters to 2028 (jiangxi-2025)")
    assert main(["check", "jiangxi-2025", "--lang", "zh"]) == 0
    assert "没有矛盾" in capsys.readouterr().out
    assert main(["check", "jiangsu-2023", "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["feasible"] is True
    assert {row["verdict"] for row in told["verdicts"]} == {CONSISTENT, "strained", "redundant"}
    assert main(["check", "no-such-plan"]) == 2


def test_figures_that_contradict_a_relation_are_named():
    figures = [
        {"indicator": name, "year": 2025, "value": v, "label": name.upper()} for name, v in (("a", 50.5), ("w", 40.5))
    ]
    grown = [at.growth(name, since=2025, by=2028, at_least="5%", id=name) for name in "aw"]
    result = check(*grown, relations=[{"kind": "part_of", "whole": "w", "parts": ["a"]}], history=pd.DataFrame(figures))
    assert result.conflicts[0].targets == []
    assert "the 50.5 published for “A” in 2025 and the 40.5 published for “W” in 2025" in result.conflicts[0].text
    assert "1 contradiction, whatever the targets" in result.summary()
    assert "与目标无关" in result.summary(language="zh")


def test_one_target_against_the_figures():
    late = growth("at_least", "10%", mode="every-year", since=2022, by=2026, id="g")
    result = check(late, history=LEVELS)
    assert "1 contradiction: the one target cannot be met." in result.summary()


def test_growth_of_the_whole_says_where_prices_differ(checked):
    row = implied(checked["jiangxi-2022"], "growth of the whole", "sei-va-growth", "sei-va-share").iloc[0]
    assert "growth and share are at different prices" in row["because"]
    assert "价格口径不同" in row["because_zh"]


def test_units_that_do_not_convert_and_years_that_lack_are_told():
    money = pd.DataFrame({"indicator": "x", "year": [2024, 2025], "value": [100.0, 110.0], "unit": "亿元"})
    page = " ".join(check(at.level("x", by=2028, at_least="300吨", id="l"), history=money).summary().split())
    assert "is not compared with the published figures: its unit (tonnes) does not convert to theirs" in page
    assert "Nothing that is stated" not in page
    undated = check(at.level("x", at_least="300亿元", id="l"), history=money)
    assert "has no target year" in undated.summary()
    assert "没有目标年份" in undated.summary(language="zh")


def test_a_plan_without_targets_and_one_without_figures():
    assert at.check("jiangsu-2025").feasible
    alone = check(level(id="a"))
    assert alone.history is None
    assert alone.alone == ("a",)
    assert alone.readings == 1
