"""The attaining path: KKT conditions, contradictions, closed forms, sums against brute force, the bundled plans."""

import html
import math

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize_scalar

import attain as at
from attain.attaining_text import QUESTIONS, half_page
from attain.dependence import dependence_of
from attain.errors import ArgumentError, NumericalError, PlanError
from attain.event import Event, PathEvent
from attain.least_distance import nearest_point
from attain.path import _Space, attaining_path
from attain.report import assessment_page
from attain.simulation import Quantity
from attain.text import label_of
from attain.wording import chance

YEARS = [2017, 2018, 2019, 2020, 2021, 2022]
LEVELS = np.array([100, 108, 113, 125, 131, 140.0])


def levels(**columns):
    return pd.DataFrame(columns, index=pd.Index(YEARS, name="year"))


def event(projection, name, by, lower=-math.inf, upper=math.inf, since=None):
    target = at.level(name, by=by, at_least=1, id=f"{name}-{by}")
    return Event(target, name, by, since, lower, upper, None, None)


def path_of(projection, events, dependence="independent"):
    return attaining_path(events, projection, dependence_of(dependence, projection))


def event_of_total(lower, upper=math.inf):
    """x + 10 y of 2025 between bounds."""
    terms = ("x", 2025, 1.0), ("y", 2025, 10.0)
    return PathEvent(
        at.level("z", by=2025, at_least=1, id="both"), "z", 2025, ("x", "y"), (Quantity("levels", terms, lower, upper),)
    )


def random_problem(rng):
    """Inequalities that some point satisfies, several of them without room to spare."""
    n, m = int(rng.integers(1, 13)), int(rng.integers(1, 31))
    rows = rng.normal(size=(m, n)) * 10.0 ** rng.uniform(-2, 2, (m, 1))
    inside = rng.normal(size=n) * 10.0 ** rng.uniform(-1, 1)
    room = np.where(rng.random(m) < 0.4, 0.0, rng.exponential(size=m)) * np.linalg.norm(rows, axis=1)
    return rows, rows @ inside - room


def test_the_conditions_of_karush_kuhn_and_tucker_hold_in_two_thousand_problems():
    rng = np.random.default_rng(7)
    for _ in range(2000):
        rows, bounds = random_problem(rng)
        found = nearest_point(rows, bounds)
        size = np.linalg.norm(rows, axis=1)
        slack, multipliers = (rows @ found.point - bounds) / size, found.multipliers * size
        scale = 1 + np.linalg.norm(found.point)
        assert slack.min() >= -1e-8 * scale
        assert found.multipliers.min() >= 0
        assert np.abs(rows.T @ found.multipliers - found.point).max() <= 1e-8 * scale
        assert np.abs(multipliers * slack).max() <= 1e-8 * scale**2


@pytest.mark.parametrize("gap", [1e-6, 1e-3, 1.0, 1e3])
def test_a_contradiction_is_proved(gap):
    rng = np.random.default_rng(3)
    for _ in range(50):
        rows, bounds = random_problem(rng)
        weight = rng.random(len(rows))
        rows, bounds = np.vstack([rows, -weight @ rows]), np.append(bounds, gap - weight @ bounds)
        try:
            found = nearest_point(rows, bounds)
        except NumericalError:
            assert gap <= 1e-6 * np.abs(bounds).max()
            continue
        assert found.point is None
        assert np.abs(rows.T @ found.multipliers).max() <= 1e-8
        assert bounds @ found.multipliers > 0


def test_a_gap_within_rounding_gives_no_false_point():
    rows = np.array([[1.0, 2.0], [-1.0, -2.0]])
    for gap in 10.0 ** np.arange(-14, -8, 0.5):
        bounds = np.array([1.0, gap - 1.0])
        try:
            found = nearest_point(rows, bounds)
        except NumericalError:
            continue
        assert found.point is None or (rows @ found.point - bounds).min() >= -3 * gap - 1e-8


def test_equalities_on_a_random_walk_give_the_conditional_means_of_waggoner_and_zha():
    projection = at.project(levels(x=LEVELS), to=2027, model="random-walk")
    growth, h = np.diff(np.log(LEVELS)), np.arange(1, 6)
    scale = growth.var(ddof=1) * (np.minimum.outer(h, h) + np.outer(h, h) / len(growth))
    mean = math.log(LEVELS[-1]) + growth.mean() * h
    fixed = {2024: mean[1] + 0.05, 2027: mean[4] - 0.1}
    rows = np.eye(5)[[1, 4]]
    expected = mean + scale @ rows.T @ np.linalg.solve(
        rows @ scale @ rows.T, np.array(list(fixed.values())) - rows @ mean
    )
    path = path_of(projection, [event(projection, "x", by, y, y) for by, y in fixed.items()])
    np.testing.assert_allclose(np.log(path.levels["x"]), expected, rtol=0, atol=1e-10)
    gap = np.log(path.levels["x"]).to_numpy() - mean
    assert path.distance == pytest.approx(math.sqrt(gap @ np.linalg.solve(scale, gap)), rel=1e-9)


def test_a_median_that_attains_is_the_path():
    projection = at.project(levels(x=LEVELS), to=2026)
    path = path_of(projection, [event(projection, "x", 2026, math.log(120))])
    assert path.distance == 0
    pd.testing.assert_frame_equal(path.levels, path.median)
    np.testing.assert_allclose(path.median["x"], projection.quantile(0.5)["x"], rtol=1e-12)
    assert not path.targets["binding"].any()
    assert (path.targets["cost"] == 0).all()
    assert path.modest


def test_growth_asked_leads_from_the_last_figure_along_the_path():
    path = at.assess({"id": "p", "targets": [at.level("x", by=2025, at_least=190)]}, levels(x=LEVELS)).attaining_path
    chained = LEVELS[-1] * (1 + path.growth["x"]).cumprod()
    np.testing.assert_allclose(chained, path.levels["x"], rtol=1e-12)
    assert path.levels.loc[2025, "x"] == pytest.approx(190, rel=1e-12)
    assert (path.growth > path.projected_growth).all(axis=None)
    assert path.targets["cost"].sum() == pytest.approx(1)


def test_the_space_is_that_of_the_projection_and_its_dependence():
    noise = np.exp(np.random.default_rng(1).normal(0, 0.02, len(YEARS)))
    projection = at.project(levels(x=LEVELS, y=LEVELS[::-1] * noise), to=2025)
    space = _Space(projection, dependence_of({"x": 0.8, "y": 0.5}, projection))
    scale = space.factor @ space.factor.T
    own = [i for i, (name, _) in enumerate(space.places) if name == "x"]
    mixture = projection.mixture("x")
    apart = mixture.location - np.log(projection.quantile(0.5)["x"].to_numpy())
    expected = np.einsum("k,khj->hj", mixture.weight, mixture.scale + apart[:, :, None] * apart[:, None, :])
    np.testing.assert_allclose(scale[np.ix_(own, own)], expected[::-1, ::-1], rtol=1e-9)
    last = [space.places.index((name, 2025)) for name in ("x", "y")]
    size = np.sqrt(np.diag(scale))
    assert scale[last[0], last[1]] / size[last].prod() == pytest.approx(0.4, rel=1e-9)


@pytest.mark.parametrize("dependence", ["independent", {"x": 0.7, "y": 0.6}])
@pytest.mark.parametrize("times", [1.02, 1.5, 4.0])
def test_a_sum_that_falls_short_is_reached_in_the_nearest_way(dependence, times):
    projection = at.project(levels(x=LEVELS, y=3 * np.exp(np.cumsum([0, 0.1, -0.2, 0.3, 0.2, -0.1]))), to=2025)
    median = projection.quantile(0.5).loc[2025]
    floor = math.log(times * (median["x"] + 10 * median["y"]))
    path = path_of(projection, [event_of_total(math.exp(floor))], dependence)
    reached = path.levels.loc[2025, "x"] + 10 * path.levels.loc[2025, "y"]
    assert math.log(reached) == pytest.approx(floor, abs=1e-9)

    space = _Space(projection, dependence_of(dependence, projection))
    at_end = [space.places.index((name, 2025)) for name in ("x", "y")]
    inverse = np.linalg.inv((space.factor @ space.factor.T)[np.ix_(at_end, at_end)])

    def squared(part):
        y = np.array([floor + math.log(part), floor + math.log1p(-part) - math.log(10)])
        gap = y - space.centre[at_end]
        return float(gap @ inverse @ gap)

    grid = np.linspace(1e-3, 1 - 1e-3, 2000)
    near = grid[np.argmin([squared(p) for p in grid])]
    best = minimize_scalar(squared, bounds=(near - 1e-3, near + 1e-3), method="bounded", options={"xatol": 1e-10})
    assert path.distance == pytest.approx(math.sqrt(best.fun), rel=1e-6)
    assert path.targets.loc["both", "cost"] == pytest.approx(1)


def test_a_plan_that_sums_its_parts_asks_for_the_whole():
    parts = [at.level(name, by=2025, at_least=100, id=name) for name in ("x", "y")]
    whole = at.level("z", by=2025, at_least=600, id="whole")
    relation = {"kind": "sum", "whole": "whole", "parts": ["x", "y"]}
    plan = {"id": "p", "targets": [*parts, whole], "relations": [relation]}
    result = at.assess(plan, levels(x=LEVELS, y=LEVELS * 1.4))
    assert result.engine == "simulation"
    assert result.path.loc[2025].sum() == pytest.approx(600)
    assert result.attaining_path.targets.loc["whole", "binding"]
    assert result.bottleneck["shapley"].sum() == pytest.approx(-result.log_probability, abs=1e-9)
    assert result.holds_back.relaxation.between(0, 1).all()
    assert half_page(result)


def test_a_ceiling_on_a_sum_is_kept_by_the_path():
    projection = at.project(levels(x=LEVELS, y=LEVELS / 5), to=2025)
    median = projection.quantile(0.5).loc[2025]
    ceiling = 0.9 * (median["x"] + 10 * median["y"])
    path = path_of(projection, [event_of_total(0.0, ceiling)])
    assert path.levels.loc[2025, "x"] + 10 * path.levels.loc[2025, "y"] == pytest.approx(ceiling, rel=1e-9)


VOLATILE = np.array([30, 60, 25, 70, 30, 55.0])


@pytest.mark.parametrize("times", [0.95, 0.85, 0.7, 0.3])
def test_the_path_below_a_ceiling_far_from_the_medians_is_the_nearest(times):
    projection = at.project(levels(x=10 * LEVELS, y=VOLATILE), to=2025)
    median = projection.quantile(0.5).loc[2025]
    ceiling = times * (median["x"] + 10 * median["y"])
    path = path_of(projection, [event_of_total(0.0, ceiling)])
    assert path.levels.loc[2025, "x"] + 10 * path.levels.loc[2025, "y"] == pytest.approx(ceiling, rel=1e-9)
    space = _Space(projection, dependence_of("independent", projection))
    at_end = [space.places.index((name, 2025)) for name in ("x", "y")]

    def squared(part):
        y = np.log(ceiling) + np.array([math.log(part), math.log1p(-part) - math.log(10)])
        return float((((y - space.centre[at_end]) / space.scale[at_end]) ** 2).sum())

    best = minimize_scalar(squared, bounds=(1e-6, 1 - 1e-6), method="bounded", options={"xatol": 1e-10})
    assert path.distance == pytest.approx(math.sqrt(best.fun), rel=1e-6)
    assert path.targets.loc["both", "cost"] == pytest.approx(1, rel=1e-6)


def capped(projection, caps, floor):
    """Ceilings on parts and a floor on their sum in 2023."""
    ceilings = [event(projection, name, 2023, upper=math.log(cap)) for name, cap in caps.items()]
    total = Quantity("levels", tuple((name, 2023, 1.0) for name in caps), floor, math.inf)
    whole = at.level("z", by=2023, at_least=1, id="whole")
    return path_of(projection, [*ceilings, PathEvent(whole, "z", 2023, tuple(caps), (total,))])


def test_a_floor_on_a_sum_with_ceilings_on_its_parts_is_a_conflict_only_where_they_fall_short():
    rng = np.random.default_rng(0)
    projection = at.project(levels(a=LEVELS * 0.08, b=LEVELS * 0.35, c=LEVELS * 0.7), to=2023)
    median = projection.quantile(0.5).loc[2023]
    for _ in range(60):
        caps = {name: float(m * math.exp(rng.uniform(-1.5, 1.5))) for name, m in median.items()}
        path = capped(projection, caps, sum(caps.values()) * rng.uniform(0.85, 0.999))
        assert not path.conflict
        assert all(path.levels.loc[2023, name] <= cap * (1 + 1e-8) for name, cap in caps.items())
        short = capped(projection, caps, sum(caps.values()) * 1.01)
        assert set(short.conflict) == {"a-2023", "b-2023", "c-2023", "whole"}


def test_where_neither_path_nor_contradiction_is_found_words_say_so_and_nothing_crashes(tmp_path):
    parts = [at.level(name, by=2025, at_most=200, id=name) for name in ("x", "y")]
    whole = at.level("z", by=2025, at_least=400 * (1 + 1e-10), id="whole")  # the parts fall short by rounding
    plan = {
        "id": "p", "targets": [*parts, whole], "relations": [{"kind": "sum", "whole": "whole", "parts": ["x", "y"]}]
    }  # fmt: skip
    result = at.assess(plan, levels(x=LEVELS, y=LEVELS * 1.4), draws=2000)
    path = result.attaining_path
    assert path.conflict == ()
    assert not path.modest
    assert "no proof that there is none" in result.summary()
    assert "未能证明" in path.summary(language="zh")
    with pytest.raises(NumericalError, match="no path was found"):
        _ = result.path
    result.to_html(tmp_path / "p.html")


def test_growth_in_every_year_holds_in_every_year_of_the_path():
    target = at.growth("x", since=2022, by=2025, at_least="12%", mode="every-year", id="g")
    result = at.assess({"id": "p", "targets": [target]}, levels(x=LEVELS))
    assert result.engine == "simulation"
    assert (result.attaining_path.growth["x"] >= 0.12 - 1e-9).all()
    assert half_page(result)


@pytest.mark.parametrize("plan", ["jiangxi-2025", "jiangxi-2022"])
def test_the_path_of_a_bundled_plan_attains_every_open_target(plan):
    result = at.assess(plan)
    path = result.attaining_path
    assert result.path is path.levels
    for e in result.open_events:
        y = result.projection.scale_of(e.indicator).transform
        change = y(path.levels.loc[e.by, e.indicator]) - (y(path.levels.loc[e.since, e.indicator]) if e.since else 0)
        assert e.lower - 1e-9 <= change <= e.upper + 1e-9
    assert list(path.levels.columns) == list(result.projection.indicators)
    assert set(path.to_frame()["indicator"]) == set(result.projection.indicators)


def test_targets_that_contradict_each_other_are_refused_by_name():
    targets = [at.level("x", by=2025, at_least=170, id="up"), at.level("x", by=2025, at_most=160, id="down")]
    free = at.level("y", by=2025, at_least=1, id="free")
    result = at.assess({"id": "p", "targets": [*targets, free]}, levels(x=LEVELS, y=LEVELS))
    assert set(result.attaining_path.conflict) == {"up", "down"}
    with pytest.raises(PlanError, match=r"up and down|down and up.*check"):
        _ = result.path
    with pytest.raises(ArgumentError, match="nothing to draw"):
        result.attaining_path.plot()
    assert "contradict each other" in result.summary()
    assert "互相矛盾" in result.summary(language="zh")
    labels = {t.id: label_of(t, "en") for t in targets}
    assert all(label in result.attaining_path.summary() for label in labels.values())
    assert all(html.escape(label) in result.attaining_path._repr_html_() for label in labels.values())
    assert not result.attaining_path.modest


def test_nothing_assessed_has_an_empty_path():
    result = at.assess("jiangsu-2025")
    assert result.attaining_path is None
    assert result.path.empty


def test_the_path_tells_and_draws_itself():
    result = at.assess("jiangxi-2022")
    path = result.attaining_path
    for language, word in (("en", "spreads"), ("zh", "离散度")):
        assert word in path.summary(language=language)
        figure = path.plot("sei_va_share", language=language)
        assert len(figure.axes) == 2
    assert "<table" in path._repr_html_()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_half_page_answers_what_follows_from_the_verdict(language):
    result = at.assess("jiangxi-2025")
    answers = dict(half_page(result, language))
    assert list(answers) == [text.say(language) for text in QUESTIONS.values()]
    holds, takes, instead = (answers[text.say(language)] for text in QUESTIONS.values())
    first = result.bottleneck.iloc[0]
    for p in (first["probability"], first["others"], result.probability):
        assert chance(p, language) in holds
    growth = result.attaining_path.growth["cluster_prov_revenue"]
    assert all(f"{100 * g:.1f}" in takes for g in growth)
    menu = result.menus[0].table.loc["general"]
    assert all(f"{level / 10_000:.2f}" in instead for level in menu["level"])
    assert len(" ".join(answers.values())) < (2000 if language == "en" else 800)
    page = html.unescape(assessment_page(result, language))
    assert all(answer in page for answer in answers.values())
    assert all(question in result.summary(language=language) for question in answers)


def test_a_share_of_two_levels_moves_both_along_the_path():
    target = at.share("x", of="y", by=2025, at_least="60%", id="part")
    history = levels(x=LEVELS, y=LEVELS * 2)
    result = at.assess({"id": "p", "targets": [target]}, history)
    end = result.path.loc[2025]
    assert end["x"] / end["y"] == pytest.approx(0.6)
    assert result.attaining_path.growth["x"].sum() > result.attaining_path.projected_growth["x"].sum()
    assert result.bottleneck["shapley"].sum() == pytest.approx(-result.log_probability, abs=1e-9)
    assert half_page(result)


def test_a_target_beyond_the_end_of_its_scale_is_told_not_crashed_on():
    shares = pd.DataFrame(
        {"indicator": "s", "year": YEARS, "kind": "share", "value": [0.5, 0.52, 0.53, 0.56, 0.55, 0.58]}
    )
    result = at.assess({"id": "p", "targets": [at.share("s", of="t", by=2025, at_least="100%", id="whole")]}, shares)
    assert result.attaining_path.conflict == ("whole",)
    with pytest.raises(PlanError, match="end of its scale"):
        _ = result.path
    assert result.holds_back.relaxation.isna().all()
    assert "out of reach" in result.summary()
    assert (
        result.attaining_path.summary()
        == f"No path attains “{label_of(result.plan.targets[0], 'en')}”: it is out of reach."
    )
    assert "out of reach" in result.attaining_path._repr_html_()
    assert "不可能实现" in result.summary(language="zh")


def half_published(**bound):
    """x published to 2022, y to 2021, and a bound on their sum in 2022."""
    years = [*YEARS, *YEARS[:5]]
    values = [*LEVELS, *(LEVELS[:5] * 1.4)]
    history = pd.DataFrame({"indicator": ["x"] * 6 + ["y"] * 5, "year": years, "value": values})
    parts = [at.level(name, by=2022, at_least=1, id=name) for name in ("x", "y")]
    relation = {"kind": "sum", "whole": "whole", "parts": ["x", "y"]}
    whole = at.level("z", by=2022, id="whole", **bound)
    return at.assess({"id": "p", "targets": [*parts, whole], "relations": [relation]}, history, draws=2000)


@pytest.mark.parametrize(
    ("bound", "word"), [({"at_most": 130}, "missed"), ({"at_least": 120}, "attained"), ({"at_most": 140}, "missed")]
)
def test_what_is_published_of_a_sum_settles_it(bound, word):
    result = half_published(**bound)
    assert result.table.loc["whole", "likelihood"] == word
    assert result.summary()


def test_the_path_of_a_sum_is_of_what_is_not_published(tmp_path):
    result = half_published(at_least=360)
    assert result.attaining_path.bound == ("y",)
    takes = dict(half_page(result))[QUESTIONS["takes"].en]
    assert "by  in" not in takes
    assert "other indicators" not in takes
    result.to_html(tmp_path / "p.html")


def test_a_question_without_an_answer_is_not_asked():
    target = at.growth("x", since=2022, by=2025, at_least="-5%", mode="every-year", id="g")  # asks for no growth
    asked = [question for question, _ in half_page(at.assess({"id": "p", "targets": [target]}, levels(x=LEVELS)))]
    assert asked == [QUESTIONS["holds"].en, QUESTIONS["takes"].en]


def test_a_fall_is_no_growth():
    result = at.assess({"id": "p", "targets": [at.level("x", by=2023, at_most=100, id="down")]}, levels(x=LEVELS))
    assert "x changes by −28.6 %" in dict(half_page(result))[QUESTIONS["takes"].en]
    assert "变动 −28.6%" in dict(half_page(result, "zh"))[QUESTIONS["takes"].zh]


@pytest.mark.parametrize(("unit", "told"), [("家", False), ("亿元", True)])
def test_the_growth_of_provinces_is_told_of_money_only(unit, told):
    rows = pd.DataFrame({"indicator": "x", "year": YEARS, "value": LEVELS, "unit": unit})
    target = at.level("x", by=2025, at_least=f"190{unit}", id="x")
    assert ("China's provinces" in at.assess({"id": "p", "targets": [target]}, rows).summary()) == told


def test_a_floor_and_a_ceiling_of_one_year_each_have_their_menu():
    targets = [at.level("x", by=2025, at_least=120, id="f"), at.level("x", by=2025, at_most=200, id="c")]
    result = at.assess({"id": "p", "targets": targets}, levels(x=LEVELS))
    assert {menu.word for menu in result.menus} == {"at_least", "at_most"}
    assert len({menu.summary().splitlines()[0] for menu in result.menus}) == 2
    assert "x in 2025, at most: " in result.summary().replace("\n  ", " ")
