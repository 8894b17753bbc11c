"""All targets together: against simulation of the same model, the multivariate t, and the prototype; dependence
estimated, shrunk and given; degenerate input."""

import math
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import attain as at
from attain import _core
from attain.dependence import correlations, dependence_of, learned, one_factor, one_step_surprises
from attain.errors import ArgumentError
from attain.event import event_of
from attain.joint import joint_probability, subset_probabilities
from attain.prior import priors_of
from attain.scale import LOG

PROTOTYPE = Path(__file__).parents[3] / "shared" / "prototype"
MOST = 12 * 2**17
DRAWS = 400_000


def random_indicator(rng, loading, years=4, components=6):
    """An indicator of the core without bounds: walks of different speeds, drifts and tails."""
    walk = np.tril(np.ones((years, years)))
    factors = 0.05 * (1 + rng.random((components, 1, 1))) * walk + 0.01 * rng.normal(size=(components, years, years))
    return {
        "weight": rng.dirichlet(np.ones(components)),
        "df": rng.choice([3.0, 5.0, 8.0], components),
        "location": np.cumsum(rng.normal(0.08, 0.02, (components, years)), axis=1),
        "scale": factors @ factors.transpose(0, 2, 1),
        "first": 2025,
        "loading": np.atleast_1d(loading),
    }


def bounded(indicator, rows, lower, upper=math.inf):
    rows = np.array(rows, float)
    own = np.broadcast_to(lower, len(rows)).astype(float)
    return (*indicator.values(), rows, own, np.broadcast_to(upper, len(rows)).astype(float))


def simulated(problem, rng, draws=DRAWS):
    """Share of draws within all bounds, and its standard error: the model of joint.h, drawn."""
    first, rows = problem[0][4], [row for indicator in problem for row in indicator[6]]
    places = sorted({int(y) for row in rows for y in np.flatnonzero(row)}, reverse=True)
    common = rng.standard_normal((len(problem[0][5]), len(places), draws))
    inside = np.ones(draws, bool)
    for weight, df, location, scale, begin, loading, bounds, lower, upper in problem:
        assert begin == first
        part = rng.choice(len(weight), size=draws, p=weight)
        own = math.sqrt(1 - loading @ loading) * rng.standard_normal((len(places), draws))
        z = np.einsum("p,pjn->jn", loading, common) + own
        s = np.sqrt(df[part] / rng.chisquare(df[part]))
        factor = np.linalg.cholesky(scale[np.ix_(range(len(weight)), places, places)])
        path = np.zeros((draws, location.shape[1]))
        for k in range(len(weight)):
            chosen = part == k
            path[np.ix_(chosen, places)] = location[k, places] + (s * (factor[k] @ z))[:, chosen].T
        value = path @ bounds.T
        inside &= ((value >= lower) & (value <= upper)).all(axis=1)
    return inside.mean(), max(inside.std(), 1 / math.sqrt(draws)) / math.sqrt(draws)


LAST, SECOND, GROWTH = [0, 0, 0, 1], [0, 1, 0, 0], [0, -1, 0, 1]


def problem_of(rng, indicators, kind, push):
    problem = []
    for i in range(indicators):
        indicator = random_indicator(rng, rng.uniform(-0.2, 0.8))
        rows = {"one year": [LAST], "two years": [[LAST, SECOND][i % 2]], "growth": [[LAST, GROWTH], [SECOND]][i % 2]}[
            kind
        ]
        centre = indicator["weight"] @ indicator["location"] @ np.array(rows, float).T
        lower = centre + push - 0.05
        problem.append(bounded(indicator, rows, lower, lower + 0.4 if i % 3 == 2 else math.inf))
    return problem


@pytest.mark.parametrize("kind", ["one year", "two years", "growth"])
@pytest.mark.parametrize(
    ("indicators", "push"), [(2, 0.0), (2, 0.35), (6, 0.0), (6, 0.08), (12, 0.0), (12, 0.03), (12, 0.06)]
)
def test_the_integral_is_the_simulation(indicators, push, kind):
    rng = np.random.default_rng([indicators, int(100 * push), len(kind)])
    problem = problem_of(rng, indicators, kind, push)
    ((log_p, error),) = _core.joint_log_probability(problem, 0, 2e-3, MOST)
    share, deviation = simulated(problem, rng)
    assert error <= (1e-6 if kind == "one year" else 2e-3)
    assert abs(math.exp(log_p) - share) < 4.5 * (deviation + error * math.exp(log_p))


def test_the_error_of_the_lattice_is_the_actual_one():
    rng = np.random.default_rng(3)
    problem = problem_of(rng, 4, "two years", 0.05)
    ((truth, _),) = _core.joint_log_probability(problem, 99, 2e-5, MOST)
    answers = np.array([_core.joint_log_probability(problem, seed, 3e-3, MOST)[0] for seed in range(60)])
    actual = np.sqrt(np.mean((answers[:, 0] - truth) ** 2))
    assert 0.4 < actual / np.sqrt(np.mean(answers[:, 1] ** 2)) < 1.5


def test_the_prototype_agrees():
    if not PROTOTYPE.is_dir():
        pytest.skip("no shared/prototype beside the project")
    sys.path.insert(0, str(PROTOTYPE))
    try:
        import joint_factor
        from growth_grid import posterior, shipped
    finally:
        sys.path.remove(str(PROTOTYPE))
    rng = np.random.default_rng(5)
    grid, prior, a0, s0 = shipped()
    levels = np.cumsum(0.06 + 0.03 * rng.standard_normal((5, 8)) + 0.02 * rng.standard_normal(8), axis=1)
    weight, location, scale, df, _ = posterior(levels, grid, a0, s0, prior, 5)
    weight = np.maximum(weight, 1e-300) / weight.sum(axis=1, keepdims=True)
    for ask, tolerance in ((0.2, 1e-5), (0.5, 2e-5), (4.0, 1e-3)):  # the prototype's step over scales is coarser
        parts = [(weight[i], location[i, :, -1], scale[i, :, -1], df / 2, 0.6, levels[i, -1] + ask) for i in range(5)]
        problem = [
            (w, df, m[:, None], (s**2)[:, None, None], 2028, np.array([load]), [[1.0]], [bound], [math.inf])
            for w, m, s, _, load, bound in parts
        ]
        ((log_p, _),) = _core.joint_log_probability(problem, 0, 1e-6, MOST)
        with np.errstate(divide="ignore"):
            expected = joint_factor.joint(parts)
        assert log_p == pytest.approx(expected, abs=tolerance)


def test_a_probability_of_1e_30_is_stable():
    rng = np.random.default_rng(8)
    problem = problem_of(rng, 6, "one year", 0.0)
    problem = [(*p[:7], p[7] + 6.0, np.full(1, math.inf)) for p in problem]
    ((rough, _),) = _core.joint_log_probability(problem, 0, 1e-3, MOST)
    ((fine, _),) = _core.joint_log_probability(problem, 0, 1e-14, MOST)
    assert -90 < rough < -50
    assert rough == pytest.approx(fine, abs=1e-6)


# --- in assess ------------------------------------------------------------------------------------------------------

LEVELS = pd.DataFrame(
    {
        "x": [100.0, 108, 113, 121, 133, 140, 150, 158],
        "y": [10.0, 9, 11, 12, 11, 13, 14, 14.5],
        "z": [50.0, 52, 51, 55, 60, 61, 65, 66],
    },
    index=range(2017, 2025),
)


def plan_of(*targets):
    return {"id": "p", "targets": [{"id": f"t{i}", **t} for i, t in enumerate(targets)]}


def level(indicator="x", by=2028, **word):
    return {"kind": "level", "indicator": indicator, "by": by, **word}


THREE = plan_of(level(at_least=190), level("y", at_least=16), level("z", at_least=75))


def test_a_random_walk_in_two_years_is_a_multivariate_t():
    result = at.assess(plan_of(level(at_least=165, by=2026), level(at_least=190)), LEVELS, model="random-walk")
    mixture = result.projection.mixture("x")
    years, bounds = [1, 3], np.log([165, 190])
    expected, error = at.mvn_probability(
        bounds,
        math.inf,
        mixture.location[0, years],
        mixture.scale[0][np.ix_(years, years)],
        df=mixture.df[0],
        rel_error=1e-5,
    )
    assert result.engine == "sov"
    assert result.log_probability == pytest.approx(expected, abs=4 * (result.joint.log_error + error))
    assert result.numerical_error < 1e-3


def test_the_joint_lies_between_independence_and_the_least():
    joined, apart = (at.assess(THREE, LEVELS, dependence=d) for d in ("factor", "independent"))
    assert joined.engine == "factor"
    assert apart.engine == "independent"
    assert apart.probability < joined.probability < joined.table["probability"].min()
    assert joined.to_dict()["joint"]["dependence"] == "factor"
    given = {"x": 0.6, "y": 0.5, "z": -0.2}
    alone = [at.assess(THREE, LEVELS, prior=p.name, dependence=given) for p in priors_of(LOG)]
    extremes = min(a.probability for a in alone), max(a.probability for a in alone)
    assert all(a.range == pytest.approx(extremes, rel=1e-6) for a in alone)
    assert list(joined.dependence.columns) == ["loading", "years"]
    assert (joined.dependence["years"] == 5).all()  # 2017-2019 come before any forecast


def test_subsets_are_the_joints_of_fewer_targets():
    projection = at.project(LEVELS, to=2028)
    dependence = dependence_of("factor", projection)
    events = [event_of(t, projection) for t in at.load_plan(THREE).targets]
    subsets = subset_probabilities(events, projection, dependence)[:, 0]
    assert subsets[0] == pytest.approx(0, abs=1e-12)
    for index in range(1, 8):
        own = [event for i, event in enumerate(events) if index >> i & 1]
        expected = joint_probability(own, projection, dependence).log_probability
        assert subsets[index] == pytest.approx(expected, abs=1e-6)


def test_a_given_dependence_is_used():
    none = at.assess(THREE, LEVELS, dependence={})
    assert none.to_dict()["joint"]["dependence"] == "given"
    assert none.probability == pytest.approx(none.table["probability"].prod(), rel=1e-6)
    loadings = at.assess(THREE, LEVELS, dependence={"x": 0.8, "y": 0.7, "z": 0.5})
    names = ["x", "y", "z"]
    matrix = np.outer([0.8, 0.7, 0.5], [0.8, 0.7, 0.5])
    np.fill_diagonal(matrix, 1)
    result = at.assess(THREE, LEVELS, dependence=pd.DataFrame(matrix, names, names))
    assert result.probability == pytest.approx(loadings.probability, rel=3e-3)
    assert (loadings.engine, result.engine) == ("factor", "sov")
    np.testing.assert_array_equal(result.dependence[names], matrix)
    with pytest.raises(ArgumentError, match="uses no dependence"):
        at.assess(THREE, LEVELS, engine="independent", dependence={"x": 0.8})


def test_the_engine_follows_from_the_targets_and_says_why():
    years = plan_of(level(at_least=190), level("y", at_least=15, by=2027), level("z", at_least=70, by=2027))
    one_shared = plan_of(level(at_least=190), level("y", at_least=15, by=2027))
    for plan, engine, why in (
        (one_shared, "factor", "one quantity of each indicator, one year in common"),
        (THREE, "factor", "one quantity of each indicator, one year in common"),
        (years, "sov", "several target years"),
        (plan_of(level(at_least=190)), "exact", "one quantity of one indicator"),
        (plan_of(level(at_least=190), level(at_least=165, by=2026)), "sov", "several quantities of one indicator"),
    ):
        result = at.assess(plan, LEVELS)
        assert result.engine == engine
        assert f"Engine {engine} ({why})" in " ".join(result.summary().split())
    asked = at.assess(years, LEVELS, engine="factor")
    assert asked.engine == "factor"
    assert at.assess(years, LEVELS).log_probability == pytest.approx(asked.log_probability, abs=5e-3)


@pytest.mark.parametrize(
    ("plan", "as_of", "over", "point", "ends"),
    [
        ("jiangxi-2022", "2022-07-20", "over 4 of 20 targets", 0.006, (0.002, 0.05)),
        ("jiangxi-2025", "2025-12-31", "over 2 of 13 targets", 0.228, (0.139, 0.491)),
    ],
)
def test_bundled_plans_are_answered_as_a_whole(plan, as_of, over, point, ends):
    result = at.assess(plan, as_of=as_of)
    assert over in " ".join(result.summary().split())
    assert result.probability == pytest.approx(point, rel=0.1)
    assert result.range == pytest.approx(ends, rel=0.1)
    assert result.range[0] < result.probability < result.range[1]
    assert result.numerical_error < 1e-3


@pytest.mark.parametrize(
    ("dependence", "told"),
    [
        ("some", "none of"),
        ({"x": 1.0}, "keeps something of its own"),
        ({"x": math.nan}, "keeps something of its own"),
        ({"w": 0.5}, "unknown indicator"),
        ({"x": "much"}, "not a number"),
        (pd.DataFrame([[1.0, 2], [2, 1]], ["x", "y"], ["x", "y"]), "contradict each other"),
        (pd.DataFrame([[1.0, 0.2], [0.3, 1]], ["x", "y"], ["x", "y"]), "symmetric"),
        (pd.DataFrame([[1.0, 0.2], [0.2, 1]], ["x", "y"], ["x", "z"]), "same indicators"),
    ],
)
def test_what_is_no_dependence_is_refused(dependence, told):
    with pytest.raises(ArgumentError, match=told):
        at.assess(THREE, LEVELS, dependence=dependence)


def test_degenerate_plans_have_an_answer():
    met = at.assess(plan_of(level(at_least=1), level("y", at_least=16)), LEVELS)
    assert met.probability == pytest.approx(met.table["probability"]["t1"], rel=1e-6)
    failing = at.assess(plan_of(level(at_least=1e9), level("y", at_least=16)), LEVELS)
    assert -60 < failing.log_probability < -5
    same = LEVELS.assign(y=LEVELS["x"])
    equal = at.assess(plan_of(level(at_least=190), level("y", at_least=190)), same)
    assert equal.table["probability"].prod() < equal.probability < equal.table["probability"].min()
    short = at.assess(plan_of(level(at_least=190), level("y", at_least=16)), LEVELS.iloc[-1:])
    assert 0 < short.probability < 1
    assert (short.dependence["years"] == 0).all()
    settled = at.assess(plan_of(level(by=2023, at_least=170), level("y", at_least=16), level(at_least=190)), LEVELS)
    assert settled.log_probability == -math.inf


def test_growth_and_level_of_one_indicator_have_a_joint():
    result = at.assess("jiangxi-2025", as_of="2025-08-28")
    assert result.engine == "sov"
    assert "Engine sov (several quantities of one indicator)" in result.summary()
    assert 0 < result.probability < result.table["probability"].min()
    assert result.range[0] <= result.probability <= result.range[1]
    assert "over 2 of 13 targets" in result.summary()


# --- the estimate ---------------------------------------------------------------------------------------------------


def test_one_factor_finds_its_loadings():
    loading = np.array([0.8, 0.6, -0.3, 0.5])
    np.testing.assert_allclose(one_factor(np.outer(loading, loading)), loading, atol=1e-6)
    np.testing.assert_allclose(one_factor(np.array([[1, -0.49], [-0.49, 1]])), [0.7, -0.7])
    assert one_factor(np.eye(1)).tolist() == [0]
    np.testing.assert_allclose(one_factor(np.eye(3)), 0, atol=1e-8)


def test_correlations_use_the_years_that_both_have():
    surprises = np.array([[1.0, 2, math.nan], [-1, -1, 0.5], [2, math.nan, 1]])
    found, years = correlations(surprises)
    assert years.tolist() == [[3, 2, 2], [2, 2, 1], [2, 1, 2]]
    assert found[0, 1] == pytest.approx(3 / math.sqrt(2 * 5))
    assert found[1, 2] == pytest.approx(-1)


def test_surprises_are_scores_in_the_forecast_of_the_year_before():
    surprises = one_step_surprises(at.project(LEVELS, to=2028))
    assert surprises.index.tolist() == list(range(2020, 2025))
    before = at.project(LEVELS.loc[:2022], to=2023)
    expected = 1 - before.probability("y", by=2023, at_least=LEVELS.at[2023, "y"])
    from statistics import NormalDist

    assert NormalDist().cdf(surprises.at[2023, "y"]) == pytest.approx(expected, abs=1e-9)


def test_without_shared_years_the_learned_value_stands():
    apart = LEVELS.copy()
    dependence = dependence_of("factor", at.project(apart.iloc[-2:], to=2028))
    np.testing.assert_allclose(dependence.loadings[0], math.sqrt(learned()["correlation"]), rtol=1e-6)


def test_many_shared_years_speak_for_themselves():
    rng = np.random.default_rng(1)
    common, own = rng.standard_normal((60, 1)), rng.standard_normal((60, 3))
    growth = 0.05 + 0.03 * (0.9 * common + math.sqrt(1 - 0.81) * own)
    walk = pd.DataFrame(100 * np.exp(np.cumsum(growth, axis=0)), index=range(1965, 2025), columns=list("abc"))
    loading = dependence_of("factor", at.project(walk, to=2028)).to_frame()["loading"]
    assert (loading > 0.72).all()
