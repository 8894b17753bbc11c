"""How many of named members are above a threshold: against the Poisson-binomial and its integral over the factor; what
published figures settle; what keeps a count from being assessed; the path to it, and its arithmetic."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats
from test_simulation import drawn

import attain as at
from attain.cli import main
from attain.dependence import dependence_of
from attain.errors import PlanError
from attain.event import event_of, sum_event
from attain.path import attaining_path

NAMES = list("abcdef")
LAST = np.array([70.0, 82, 88, 93, 104, 125])
LEVELS = pd.DataFrame(
    {
        name: last * np.exp(-0.06 * np.arange(8)[::-1] + 0.03 * np.sin(np.arange(8) + 2 * i) - 0.03 * np.sin(7 + 2 * i))
        for i, (name, last) in enumerate(zip(NAMES, LAST, strict=True))
    },
    index=range(2017, 2025),
)
COUNT = {"id": "k", "kind": "count_above", "indicator": "big", "by": 2027, "threshold": "100亿元", "members": NAMES}


def tidy(frame=LEVELS, **columns):
    rows = frame.melt(ignore_index=False, var_name="indicator").reset_index(names="year").dropna()
    return rows.assign(**{"kind": "level", "unit": "亿元", "label_zh": "集群" + rows["indicator"], **columns})


def plan_of(*targets, **fields):
    return {"id": "p", "targets": list(targets), **fields}


def poisson_binomial(chances):
    """P(so many), of members each with a chance of its own."""
    counts = np.ones(1)
    for p in chances:
        counts = np.convolve(counts, [1 - p, p])
    return counts


WORDS = [({"at_least": "4个"}, range(4, 7)), ({"at_least": 3.2}, range(4, 7)), ({"more_than": 4}, range(5, 7)),
         ({"at_most": 4}, range(5)), ({"less_than": "4个"}, range(4)), ({"about": 4}, range(4, 7)),
         ({"about": 4, "approx_tolerance": "30%"}, range(3, 7)), ({"between": [3, 4]}, range(3, 5))]  # fmt: skip


def test_independent_members_are_a_poisson_binomial():
    targets = [{**COUNT, **word, "id": f"k{i}"} for i, (word, _) in enumerate(WORDS)]
    result = at.assess(plan_of(*targets), tidy(), dependence="independent", draws=50_000)
    mixtures = [result.projection.mixture(name) for name in NAMES]
    assert min(len(m.weight) for m in mixtures) > 20
    chances = [math.exp(m.log_probability(m.row(2027), math.log(100))) for m in mixtures]
    expected = poisson_binomial(chances)
    for i, (_, counts) in enumerate(WORDS):
        row = result.table.loc[f"k{i}"]
        assert row["probability"] == pytest.approx(sum(expected[k] for k in counts), abs=4 * row["numerical_error"])
        assert 0 < row["numerical_error"] < 3e-3
        assert row["median"] == np.searchsorted(np.cumsum(expected), 0.5)
        assert row["interval80"] == tuple(np.searchsorted(np.cumsum(expected), [0.1, 0.9]))
        assert row["last_value"] == 2
        assert row["unit"] == "个"
    together = sum(expected[k] for k in set.intersection(*(set(c) for _, c in WORDS if 4 in c and 3 not in c)))
    some = [t for t, (_, c) in zip(targets, WORDS, strict=True) if 4 in c and 3 not in c]
    joint = at.assess(plan_of(*some), tidy(), dependence="independent", draws=50_000)
    assert joint.engine == "simulation"
    assert joint.probability == pytest.approx(together, abs=4 * joint.numerical_error)


@pytest.mark.parametrize("loading", [0.9, -0.5])
def test_members_with_a_common_factor_are_its_integral(loading):
    loadings = {name: loading for name in NAMES}
    target = {**COUNT, "at_least": 5}
    result = at.assess(plan_of(target), tidy(), model="random-walk", dependence=loadings, draws=50_000)
    own = math.sqrt(1 - loading**2)
    mixtures = [result.projection.mixture(name) for name in NAMES]
    scores = [(math.log(100) - m.location[0, 2]) / math.sqrt(m.scale[0, 2, 2]) for m in mixtures]
    df = mixtures[0].df[0]
    quantiles = (np.arange(2000) + 0.5) / 2000
    widths = np.sqrt(df / stats.chi2(df).ppf(quantiles))

    def given(factor):
        chances = [stats.norm.sf((score / widths - loading * factor) / own).mean() for score in scores]
        return stats.norm.pdf(factor) * poisson_binomial(chances)[5:].sum()

    expected, _ = integrate.quad(given, -8, 8, epsabs=1e-6)
    assert result.probability == pytest.approx(expected, abs=4 * result.numerical_error + 1e-4)
    alone = at.assess(plan_of(target), tidy(), model="random-walk", dependence="independent", draws=50_000)
    assert abs(result.probability - alone.probability) > 5 * result.numerical_error


def test_a_count_together_with_levels_of_its_members():
    level = {"id": "e", "kind": "level", "indicator": "e", "by": 2026, "at_least": "115亿元"}
    plan = plan_of({**COUNT, "at_least": "4个"}, level)
    result = at.assess(plan, tidy(), dependence="independent", draws=50_000)
    rng = np.random.default_rng(1)
    paths = {name: np.exp(drawn(result.projection.mixture(name), rng)) for name in NAMES}
    above = sum((paths[name][:, 2] >= 100).astype(int) for name in NAMES) >= 4
    assert result.probability == pytest.approx(np.mean(above & (paths["e"][:, 1] >= 115)), abs=0.004)
    assert result.table.loc["e", "numerical_error"] < 1e-8
    assert result.indicators == ["e", "a", "b", "c", "d", "f"]
    low, high = result.range
    assert low <= result.probability <= high
    assert list(result.bottleneck["probability"].sort_index()) == list(result.table["probability"].sort_index())


def test_labels_and_other_units_name_the_same_members():
    target = {**COUNT, "at_least": "4个"}
    labels = at.assess(plan_of({**target, "members": [f"集群{name}" for name in NAMES]}), tidy(), draws=2000)
    units = at.assess(plan_of({**target, "threshold": "0.01万亿元"}), tidy(), draws=2000)
    assert labels.probability == units.probability == at.assess(plan_of(target), tidy(), draws=2000).probability


def test_what_each_would_have_to_grow():
    floor, ceiling = (
        at.assess(plan_of({**COUNT, **w}), tidy(), draws=2000).table.loc["k"] for w in ({"at_least": 4}, {"at_most": 4})
    )
    assert floor["required_growth"] == pytest.approx((100 / 88) ** (1 / 3) - 1)  # a to f: the fourth largest is c
    assert ceiling["required_growth"] == pytest.approx((100 / 82) ** (1 / 3) - 1)
    assert floor["last_value"] == 2


def test_figures_in_hand_settle_a_count():
    past = [at.assess(plan_of({**COUNT, "by": 2024, **w}), tidy(), draws=2000).table.loc["k"] for w in
            ({"at_least": 2}, {"more_than": 2}, {"at_most": 2}, {"less_than": 2}, {"at_least": 3})]  # fmt: skip
    assert [row["likelihood"] for row in past] == ["attained", "missed", "attained", "missed", "missed"]
    assert [row["probability"] for row in past] == [1, 0, 1, 0, 0]
    settled = at.assess(plan_of({**COUNT, "by": 2024, "at_least": 2}), tidy(), draws=2000)
    assert settled.probability == 1
    assert "attained" in settled.summary()
    earlier = at.assess(plan_of({**COUNT, "by": 2022, "at_least": 1}), tidy(), draws=2000).table.loc["k"]
    assert earlier["median"] == (LEVELS.loc[2022] >= 100).sum()


def test_what_is_published_of_some_members_counts_as_it_is():
    frame = LEVELS.copy()
    frame.loc[2025, ["d", "e", "f"]] = [100.0, 99.9, 131]
    by = {**COUNT, "by": 2025}
    some = at.assess(plan_of({**by, "at_least": 3}), tidy(frame), dependence="independent", draws=50_000)
    chances = [math.exp(m.log_probability(m.row(2025), math.log(100))) for m in map(some.projection.mixture, "abc")]
    row = some.table.loc["k"]
    assert row["probability"] == pytest.approx(poisson_binomial(chances)[1:].sum(), abs=4 * row["numerical_error"])
    assert row["last_year"] == 2024
    assert row["last_value"] == 2
    settled = [at.assess(plan_of({**by, **word}), tidy(frame)).table.loc["k", "likelihood"] for word in
               ({"at_least": 2}, {"at_least": 6}, {"at_most": 1}, {"at_most": 5})]  # fmt: skip
    assert settled == ["attained", "missed", "missed", "attained"]


def test_a_floor_below_the_threshold_leaves_a_past_member_open():
    frame = LEVELS.copy()
    frame.loc[2025] = 110.0
    bounded = tidy(frame)
    bounded["bound"] = np.where((bounded["year"] == 2025) & (bounded["indicator"] == "b"), "more_than", "")
    by = {**COUNT, "by": 2025, "at_least": 6}
    assert at.assess(plan_of(by), bounded).probability == 1
    open_yet = at.assess(plan_of({**by, "threshold": "120亿元"}), bounded)
    assert open_yet.not_assessed.loc["k", "reason"] == "2025 has passed with a bound only"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"kind": "level", "threshold": None}, "members: belongs to count_above, not to level"),
        ({"members": ["a"]}, "members: name two or more indicators, each once, not a"),
        ({"members": []}, "members: name two or more indicators, each once, not none"),
        ({"members": ["a", "b", "a"]}, "members: name two or more indicators, each once, not a, b, a"),
        ({"at_least": 7}, "members: 6 are named, and 7 of them cannot count; name all that can"),
        ({"at_least": None, "more_than": 6}, "members: 6 are named, and 7 of them cannot count"),
        ({"at_least": None, "at_most": 6}, "members: 6 are named, so that at most 6 is no limit"),
        ({"at_least": None, "between": [1.2, 1.8]}, "between: no whole number lies between 1.2 and 1.8"),
        ({"threshold": "0亿元"}, "threshold: a size is positive, not '0亿元'"),
        ({"threshold": "1e400亿元"}, "threshold: a size is positive, not '1e400亿元'"),
        ({"at_least": "5亿元"}, "at_least: members are counted one by one, not in 亿元; write for instance '10个'"),
        ({"at_least": "1万家"}, "at_least: members are counted one by one, not in 万家"),
    ],
)
def test_members_that_a_plan_cannot_name(fields, message):
    with pytest.raises(PlanError, match="target 'k'") as told:
        at.load_plan(plan_of({**COUNT, "at_least": 5, **fields}))
    assert message in str(told.value)


def other(name, **columns):
    return tidy(LEVELS[["a"]].rename(columns={"a": name}), **columns)


@pytest.mark.parametrize(
    ("more", "name", "reason", "needs"),
    [
        (None, "w", "no history of w", "yearly figures of w"),
        (other("w", unit="吨"), "w", "cannot convert 亿元 (money) to 吨 (mass)", "units that convert"),
        (other("w", unit=""), "w", "cannot convert 亿元 (money) to a plain number", "units that convert"),
        (other("w", price="constant"), "w", "target in nominal prices, history in constant prices", "nominal prices"),
        (other("w", kind="growth", unit="").assign(value=0.05), "w", "w has growth rates only", "one level of w"),
        (
            other("w", kind="share", unit="").assign(value=0.3),
            "w",
            "w is a share, not a level",
            "levels for this level",
        ),
        (None, "集群b", "b stands twice among the members", "members that differ"),
    ],
)
def test_members_that_cannot_be_counted(more, name, reason, needs):
    history = tidy() if more is None else pd.concat([tidy(), more])
    result = at.assess(plan_of({**COUNT, "members": ["a", "b", name], "at_least": 2}), history)
    row = result.not_assessed.loc["k"]
    assert row["reason"].startswith(reason)
    assert needs in row["needs"]
    assert row["reason_zh"]
    assert row["needs_zh"]
    assert result.probability is None


def test_a_year_for_which_a_member_has_no_figure():
    frame = LEVELS.copy()
    frame.loc[2023, "b"] = math.nan
    result = at.assess(plan_of({**COUNT, "by": 2023, "at_least": 2}), tidy(frame))
    assert result.not_assessed.loc["k", "reason"] == "2023 has passed without a figure"
    ahead = at.assess(plan_of({**COUNT, "at_least": 2}), tidy(frame))
    assert 0 < ahead.probability < 1


def test_without_members_naming_them_is_what_it_needs():
    unnamed = {key: value for key, value in COUNT.items() if key != "members"}
    history = pd.concat([tidy(), tidy(pd.DataFrame({"big": [2.0, 2]}, index=[2023, 2024]), unit="个")])
    for figures, told in ((tidy(), "an engine, and yearly figures of big, or"), (history, "an engine, or")):
        row = at.assess(plan_of({**unnamed, "at_least": 3}), figures).not_assessed.loc["k"]
        assert row["needs"].startswith(f"{told} the members by name, each with yearly figures: members")
        assert "或列出各成员及其年度数据 (members)" in row["needs_zh"]
    count = at.assess(plan_of({**COUNT, "at_least": 3}), history).table.loc["k"]
    assert count["label"] == "集群big"


def test_units_each_and_issuers_are_refused_as_ever():
    target = {**COUNT, "at_least": 3}
    each = plan_of(target, relations=[{"kind": "each_of", "parts": ["k"], "units": 11}])
    assert "each of 11 units" in at.assess(each, tidy()).not_assessed.loc["k", "reason"]
    certified = at.assess(plan_of({**target, "control": "administrative"}), tidy())
    assert "an issuer certifies it" in certified.not_assessed.loc["k", "reason"]


@pytest.mark.parametrize("dependence", ["independent", "factor"])
@pytest.mark.parametrize("word", [{"at_least": 5}, {"at_most": 1}, {"between": [4, 4]}])
def test_the_path_to_a_count_takes_the_nearest_members(word, dependence):
    projection = at.project(tidy(), to=2027)
    given = dependence_of(dependence, projection)
    count = at.count_above("big", **{k: v for k, v in COUNT.items() if k not in ("kind", "indicator")}, **word)
    own = event_of(at.level("a", by=2027, at_least="85亿元"), projection)
    found = attaining_path([event_of(count, projection), own], projection, given)
    least, most = count.counts
    reach = (found.levels.loc[2027] > 100 - 1e-6).sum(), (found.levels.loc[2027] > 100 + 1e-6).sum()
    assert (least or 0) <= reach[0]
    assert reach[1] <= (6 if most is None else most)
    tried = []
    for chosen in itertools.combinations(NAMES, least or most):
        sides = {name: "at_least" if name in chosen else "at_most" for name in NAMES}
        wanted = [n for n in NAMES if (least if n in chosen else most) is not None]
        bounds = [at.level(n, id=n, by=2027, **{sides[n]: "100亿元"}) for n in wanted]
        events = [event_of(bound, projection) for bound in bounds]
        tried.append(attaining_path([*events, own], projection, given).distance)
    assert found.distance == pytest.approx(min(tried), rel=1e-9)
    assert 0 < len(found.bound) < 6
    assert found.targets.loc["k", "binding"]


def level(name, **word):
    return {"id": name, "kind": "level", "indicator": name, "by": 2027, **word}


@pytest.mark.parametrize(
    ("word", "levels"),
    [
        ({"at_least": 3}, [level("c", at_most="99亿元"), level("d", at_most="99亿元")]),
        ({"at_most": 1}, [level("d", at_least="101亿元")]),
        ({"at_most": 1}, [level("e", at_least="101亿元")]),
        ({"between": [2, 2]}, [level("a", at_least="101亿元"), level("f", at_most="99亿元")]),
        ({"between": [2, 3]}, [level("a", at_least="101亿元"), level("b", at_least="101亿元")]),
        ({"at_least": 2}, [level(name, at_most="99亿元") for name in "cdef"]),
    ],
)
def test_where_the_nearest_members_cannot_others_do(word, levels):
    projection = at.project(tidy(), to=2027)
    given = dependence_of("independent", projection)
    count, *others = at.load_plan(plan_of({**COUNT, **word}, *levels)).targets
    events = [event_of(other, projection) for other in others]
    found = attaining_path([event_of(count, projection), *events], projection, given)
    least, most = count.counts
    reached = found.levels.loc[2027]
    assert (reached > 100 - 1e-6).sum() >= (least or 0)
    assert (reached > 100 + 1e-6).sum() <= (6 if most is None else most)
    tried = []
    for above in itertools.combinations(NAMES, least or 0):
        for below in itertools.combinations(set(NAMES) - set(above), 6 - (6 if most is None else most)):
            sides = {**dict.fromkeys(above, "at_least"), **dict.fromkeys(below, "at_most")}
            bounds = [at.level(n, id=f"of {n}", by=2027, **{side: "100亿元"}) for n, side in sides.items()]
            chosen = [*(event_of(bound, projection) for bound in bounds), *events]
            tried.append(attaining_path(chosen, projection, given).distance)
    assert found.distance == pytest.approx(min(tried), rel=1e-9)


def with_total(asked, most):
    """A count, a ceiling on the sum of its members, and the parts of that sum."""
    total = {"id": "t", "kind": "level", "indicator": "total", "by": 2027, "at_most": most}
    parts = [{"id": n, "kind": "level", "indicator": n, "by": 2027, "at_least": "1亿元"} for n in NAMES]
    return plan_of(
        {**COUNT, "at_least": asked}, total, *parts, relations=[{"kind": "sum", "whole": "t", "parts": NAMES}]
    )


def test_members_make_up_a_total():
    checked = at.check(with_total(6, "590亿元"), tidy())
    (conflict,) = checked.conflicts
    assert sorted(conflict.targets) == ["k", "t"]
    assert conflict.certificate.proves()
    assert "puts it at 60 billion yuan or more" in conflict.text
    assert at.check(with_total(5, "590亿元"), tidy()).feasible
    assert at.check(with_total(5, "510亿元"), tidy()).feasible
    assert not at.check(with_total(5, "499亿元"), tidy()).feasible
    assert at.check({**with_total(5, "499亿元"), "relations": []}, tidy()).feasible


def test_counts_over_two_sizes_are_two_counts():
    few, many = {**COUNT, "id": "k1", "at_most": 3}, {**COUNT, "id": "k2", "threshold": "80亿元", "at_least": 5}
    result = at.assess(plan_of(few, many), tidy(), draws=2000)
    assert result.probability > 0.4
    assert result.consistency.feasible
    unnamed = [{key: value for key, value in target.items() if key != "members"} for target in (few, many)]
    assert at.check(plan_of(*unnamed)).feasible
    more = plan_of({**few, "at_most": None, "at_least": 5}, {**many, "at_least": None, "at_most": 3})
    (conflict,) = at.check(more).conflicts
    assert sorted(conflict.targets) == ["k1", "k2"]
    assert conflict.certificate.proves()


@pytest.mark.parametrize(("most", "feasible"), [("500亿元", True), ("450亿元", True), ("449亿元", False)])
def test_members_over_two_sizes_make_up_their_bands(most, feasible):
    plan = with_total(6, most)
    count, *others = plan["targets"]
    larger, smaller = {**count, "id": "k1", "at_least": 3}, {**count, "threshold": "50亿元"}
    assert at.check({**plan, "targets": [larger, smaller, *others]}).feasible is feasible


def test_labels_name_the_same_members_in_a_check():
    plan = with_total(6, "500亿元")
    labelled = {**plan["targets"][0], "members": [f"集群{name}" for name in NAMES]}
    (conflict,) = at.check({**plan, "targets": [labelled, *plan["targets"][1:]]}, tidy()).conflicts
    assert sorted(conflict.targets) == ["k", "t"]


def test_a_label_and_an_id_name_one_level():
    floor, ceiling = {"id": "x", "at_least": "100亿元"}, {"id": "y", "at_most": "90亿元"}
    both = {"kind": "level", "by": 2027}
    plan = plan_of({**both, **floor, "indicator": "a"}, {**both, **ceiling, "indicator": "集群a"})
    (conflict,) = at.check(plan, tidy()).conflicts
    assert sorted(conflict.targets) == ["x", "y"]
    assert at.check(plan).feasible


def test_no_path_to_a_count_is_no_proof():
    projection = at.project(tidy(), to=2027)
    count, total, *_ = at.load_plan(with_total(6, "590亿元")).targets
    events = event_of(count, projection), sum_event(total, NAMES, projection)
    path = attaining_path(events, projection, dependence_of("independent", projection))
    assert not path.found
    assert path.conflict == ()
    roomy = events[0], sum_event(total.model_copy(update={"at_most": "610亿元"}), NAMES, projection)
    path = attaining_path(roomy, projection, dependence_of("independent", projection))
    assert path.levels.loc[2027].min() >= 100 - 1e-6
    assert path.levels.loc[2027].sum() <= 610 + 1e-6


def test_members_measured_otherwise_than_their_threshold():
    plan = plan_of(
        {**COUNT, "at_least": 5}, {"id": "a", "kind": "level", "indicator": "a", "by": 2027, "at_least": "5万吨"}
    )
    with pytest.raises(PlanError, match="'k' and 'a' are both of 'a', but one is a money and one a mass"):
        at.check(plan)


def test_a_plan_with_a_count_is_told_in_full(tmp_path, capsys):
    level = {
        "id": "e",
        "kind": "level",
        "indicator": "e",
        "by": 2027,
        "at_least": "115亿元",
        "label": "e",
        "label_zh": "戊",
    }
    count = {**COUNT, "at_least": "4个", "label": "big clusters", "label_zh": "大集群", "words": "4个百亿集群"}
    plan, history = tmp_path / "plan.yaml", tmp_path / "history.csv"
    plan.write_text(at.load_plan(plan_of(count, level)).to_yaml(), encoding="utf-8")
    assert at.load_plan(plan) == at.load_plan(plan_of(count, level))
    tidy().to_csv(history, index=False)
    told = {}
    for language in ("en", "zh"):
        main(["assess", str(plan), "--history", str(history), "--draws", "5000", "--lang", language])
        told[language] = capsys.readouterr().out
    row = next(line for line in told["en"].splitlines() if line.startswith("big clusters"))
    assert "≥4 个" in row
    assert "2 (2024)" in row
    assert "3 (3–4)" in row
    assert "of a count that of each member alike" in " ".join(told["en"].split())
    assert "大集群" in told["zh"]
    assert "计数目标为各成员同步增长的增速" in told["zh"].replace("\n", "")
    main(["assess", str(plan), "--history", str(history), "--draws", "5000", "--lang", "zh", "--out", str(tmp_path)])
    page = " ".join((tmp_path / "p.zh.html").read_text(encoding="utf-8").split())
    assert "所列 6 个中" in page


def test_scenarios_restate_a_count():
    plan = plan_of(
        {**COUNT, "at_least": 4}, {"id": "e", "kind": "level", "indicator": "e", "by": 2027, "at_least": "115亿元"}
    )
    scenarios = [
        at.Scenario(name="five", override={"target": {"k": 5}}),
        at.Scenario(name="faster", override={"drift": {"c": "3%"}}),
        at.Scenario(name="larger", override={"target": {"k": {"threshold": "110亿元"}}}),
    ]
    table = at.sweep(plan, tidy(), scenarios, draws=2000).query("target == 'k'").set_index("scenario")
    assert (table["error"] == "").all()
    p = table["probability"]
    assert p["baseline"] == at.assess(plan, tidy(), draws=2000).table.loc["k", "probability"]
    assert p["five"] < p["baseline"] < p["faster"]
    assert p["larger"] < p["baseline"]
    five = at.assess(plan_of({**COUNT, "at_least": 5}), tidy(), draws=2000)
    assert p["five"] == five.probability
    refused = {
        "level": ({"kind": "level", "threshold": None, "members": None, "at_least": "600亿元"}, "no history of big"),
        "twice": ({"members": ["a", "集群a", "c", "e"]}, "a stands twice among the members"),
        "real": ({"price": "constant"}, "constant"),
        "issued": ({"control": "administrative"}, "an issuer certifies it"),
    }
    changed = [at.Scenario(name, override={"target": {"k": fields}}) for name, (fields, _) in refused.items()]
    errors = at.sweep(plan, tidy(), changed, draws=256).query("target == 'all'").set_index("scenario")["error"]
    assert all(reason in errors[name] for name, (_, reason) in refused.items()), list(errors)
    loadings = at.Scenario("loadings", override={"loading": {"c": 0.5, "集群c": 0.1}})
    twice = at.sweep(plan, tidy(), [loadings], draws=256)["error"].iloc[-1]
    assert twice == "loading: 'c' stands twice, by its id and by a label; name it once"
    many = at.sweep(plan, tidy(), [at.Scenario(name="many", override={"target": {"k": 7}})], draws=256)
    assert "6 are named, and 7 of them cannot count" in many.query("scenario == 'many'")["error"].iloc[0]
