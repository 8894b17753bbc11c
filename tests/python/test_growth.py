"""The growth model against oracles: dense conditioning on shocks, the prototype, simulation, the random walk's
closed form."""

import importlib.util
import math
from pathlib import Path

import numpy as np
import oracle
import pytest
from priors import PROTOTYPE, random_points
from scipy import stats

import attain as at
from attain import _core
from attain.errors import ArgumentError, DataError

DENSE = Path(__file__).parents[3] / "shared" / "prototype" / "growth_dense.py"
KIND = {"level": 0, "growth": 1}
PRIOR = PROTOTYPE.points
STATUS = {name: code for code, name, *_ in _core.status_table()}


def columns(rows):
    """Rows (year, kind, value, scope) of one series as the core's columns."""
    scopes = list(dict.fromkeys(s for *_, s in rows))
    year, kind, value, scope = zip(*((y, KIND[k], v, scopes.index(s)) for y, k, v, s in rows), strict=True)
    codes = [np.array(c, np.int32) for c in (year, kind, scope)]
    return np.zeros(len(rows), np.int64), *codes, np.array(value, float), *np.zeros((2, len(rows)))


def core_posterior(rows, to, prior=PRIOR):
    ((origin, *_, log_level),) = _core.growth_origins(*columns(rows))[2]
    return _core.growth_posterior(prior, *columns(rows), to - origin), origin, log_level


def adds_information(rows, new):
    """Would the oracle's system stay regular with this row, were there no measurement error?"""
    contrasts = oracle.contrasts_of([*rows, new])
    years = sorted({y for c in contrasts for y in c[:2]})
    steps = np.array([[x < y <= z for y in years] for z, x, *_ in contrasts], float).reshape(len(contrasts), len(years))
    return np.linalg.matrix_rank(steps) == len(contrasts) if len(contrasts) else True


def random_pattern(rng):
    """Levels, gaps, growth rows and changes of scope; scopes follow one another, as revisions do."""
    start, length = 2000, int(rng.integers(1, 16))
    breaks = np.sort(rng.integers(0, length + 1, size=rng.integers(0, 3)))
    log_level, rows = rng.normal(5, 2), []
    for i in range(length):
        growth = rng.normal(0.06, 0.08)
        log_level += growth
        scope = f"s{np.searchsorted(breaks, i, side='right')}"
        for kind, value, chance in (
            ("growth", math.expm1(growth + rng.normal(0, 0.01)), 0.35),
            ("level", math.exp(log_level), 0.75),
        ):
            new = (start + i, kind, value, scope)
            if rng.random() < chance and adds_information(rows, new):
                rows.append(new)
    return (
        rows
        if any(k == "level" for _, k, *_ in rows)
        else [*rows, (start + length, "level", math.exp(log_level), "s9")]
    )


def test_500_random_patterns_equal_the_oracle():
    rng = np.random.default_rng(1)
    scopes = set()
    for i in range(500):
        rows, prior = random_pattern(rng), PRIOR if i % 10 == 0 else random_points(rng)
        scope = [s for _, k, _, s in rows if k == "level"][-1]
        scopes.add(len({s for *_, s in rows}))
        got, origin, log_level = core_posterior(rows, rows[-1][0] + 6, prior)
        expected = oracle.posterior(rows, prior, origin, log_level, scope, rows[-1][0] + 6)
        for name, a, b in zip(("weight", "df", "location", "scale"), got, expected, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-8 * np.abs(b).max(), err_msg=f"{name} of {rows}")
    assert scopes >= {1, 2, 3}, "the patterns must include changes of scope"


def test_equals_the_dense_prototype():
    if not DENSE.exists():
        pytest.skip("the prototype is not beside this checkout")
    spec = importlib.util.spec_from_file_location("growth_dense", DENSE)
    dense = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(dense)
    rng = np.random.default_rng(2)
    theta, (a0, s0, _, _, weight_0) = PROTOTYPE.table[:, :6], PROTOTYPE.table[:, 6:].T
    for _ in range(100):
        rows = random_pattern(rng)
        to = rows[-1][0] + 5
        got, origin, _ = core_posterior(rows, to)
        logs = [(y, k, math.log1p(v) if k == "growth" else math.log(v), s) for y, k, v, s in rows]
        weight, location, scale, df = dense.posterior(logs, theta, weight_0, a0, s0, to)
        later = slice(location.shape[1] - (to - origin), None)  # growth after the last level makes those years known
        np.testing.assert_allclose(got[0], weight, atol=1e-8)
        np.testing.assert_allclose(got[1], df)
        np.testing.assert_allclose(got[2], location[:, later], atol=1e-8)
        np.testing.assert_allclose(got[3], scale[:, later, later], atol=1e-8)


# P(at least 50,000 in 2028) with its own weights, printed by the prototype `growth_dense.py`.
TREATMENTS = {
    "one-scope": 0.188919,
    "new-scope-from-2023": 0.139950,
    "new-scope-from-2025": 0.209447,
    "2025-and-its-growth": 0.213524,
}


@pytest.mark.parametrize(("treatment", "expected"), TREATMENTS.items())
def test_four_treatments_of_jiangxi(treatment, expected):
    projection = at.project(
        "jiangxi",
        to=2028,
        indicators=["cluster_prov_revenue"],
        treatments={"cluster_prov_revenue": treatment},
        prior=PROTOTYPE,
    )
    assert projection.probability(by=2028, at_least=50_000) == pytest.approx(expected, abs=1e-6)


def test_simulation_of_the_model_agrees():
    """Draw the model from its prior, keep the draws near the data: the posterior median and tail agree."""
    rho, d = 0.7, 1.6
    point = np.array([[0.6, 0.3, 0.4, 0.3, 0.03, 0.3, 1.5, 0.05, rho, d, 1.0]])
    rng = np.random.default_rng(3)
    draws, sigma = 800_000, [3 ** (d / 2), 2 ** (d / 2), 1, 1, 1, 1, 1]
    s2 = 1.5 * 0.05**2 / rng.gamma(1.5, size=draws)
    s = np.sqrt(s2)
    drift = np.sqrt(0.3) * s * rng.normal(size=draws)
    b = np.sqrt(0.3 / (1 - 0.36)) * s * rng.normal(size=draws)
    level, figures = np.zeros(draws), []
    for t in range(7):
        if t:
            drift = rho * drift + np.sqrt(0.3 * (1 - rho**2)) * s * rng.normal(size=draws)
            b = 0.6 * b + np.sqrt(0.3) * s * rng.normal(size=draws)
            level = level + 0.03 + drift + sigma[t] * (b + np.sqrt(0.4) * s * rng.normal(size=draws))
        figures.append(level + sigma[t] * np.sqrt(0.3) * s * rng.normal(size=draws))
    seen = np.array([0.0, 0.05, 0.13])
    changes = np.array(figures[1:3]) - figures[0] - seen[1:, None]
    near = np.abs(changes).max(axis=0) < 0.012
    outcome = (figures[6] - figures[0])[near]
    rows = [(2000 + i, "level", math.exp(v), "a") for i, v in enumerate(seen)]
    mixture, *_ = core_posterior(rows, 2006, (point, np.inf))
    assert near.sum() > 3000
    for bound in (0.1, 0.3, 0.5):
        p = oracle.tail(mixture, bound, 3)
        assert np.mean(outcome >= bound) == pytest.approx(p, abs=4 * np.sqrt(p * (1 - p) / near.sum()) + 0.005)


@pytest.mark.parametrize("n", range(3, 41))
def test_random_walk_is_the_closed_form(n):
    rng = np.random.default_rng(n)
    for gaps in (np.ones(n - 1, int), rng.integers(1, 4, n - 1)):
        years = 1980 + np.r_[0, np.cumsum(gaps)]
        y = np.cumsum(rng.normal(0.05, 0.1, n)) + 3
        g, total, k = np.diff(y), gaps.sum(), n - 1
        m = g.sum() / total
        s2 = ((g - gaps * m) ** 2 / gaps).sum() / (k - 1)
        h = np.arange(1, 11)
        rows = [(int(t), "level", math.exp(v), "a") for t, v in zip(years, y, strict=True)]
        weight, df, location, scale = _core.random_walk_posterior(*columns(rows), 10)
        np.testing.assert_allclose(weight, [1.0])
        np.testing.assert_allclose(df, [k - 1])
        np.testing.assert_allclose(location[0], y[-1] + m * h, rtol=1e-10)
        np.testing.assert_allclose(scale[0], s2 * (np.minimum.outer(h, h) + np.outer(h, h) / total), rtol=1e-10)


def test_random_walk_probability_is_students_t():
    levels = np.array([100.0, 104, 111, 115, 126])
    history = at.load_history(dict_frame(levels))
    g = np.diff(np.log(levels))
    scale = g.std(ddof=1) * math.sqrt(3 * (1 + 3 / 4))
    expected = stats.t.sf((math.log(150) - math.log(126) - 3 * g.mean()) / scale, 3)
    projection = at.project(history, to=2008, model="random-walk")
    assert projection.probability(by=2008, at_least=150) == pytest.approx(expected, rel=1e-10)
    assert projection.probability(by=2008, at_most=150) == pytest.approx(1 - expected, rel=1e-10)


def dict_frame(levels):
    import pandas as pd

    return pd.DataFrame({"x": levels}, index=range(2001, 2001 + len(levels)))


def test_random_walk_takes_growth_rows_and_scopes():
    rows = [
        (2000, "level", 100.0, "a"),
        (2001, "level", 110.0, "a"),
        (2003, "growth", 0.08, "b"),
        (2004, "growth", 0.12, "b"),
        (2004, "level", 80.0, "b"),
    ]
    _, df, location, _ = _core.random_walk_posterior(*columns(rows), 1)
    m = np.mean([math.log(1.1), math.log(1.08), math.log(1.12)])
    assert df[0] == 2
    assert location[0, 0] == pytest.approx(math.log(80) + m, rel=1e-12)


def test_random_walk_conditions_on_growth_after_a_gap():
    """A growth row behind the last level covers a year ahead: the forecast of that year's change is what it says."""
    rows = [
        (2000, "level", 100.0, "a"),
        (2001, "level", 110.0, "a"),
        (2002, "level", 118.0, "a"),
        (2004, "growth", 0.2, "a"),
    ]
    _, _, location, scale = _core.random_walk_posterior(*columns(rows), 2)
    assert location[0, 1] - location[0, 0] == pytest.approx(math.log(1.2), rel=1e-10)
    change = np.array([-1.0, 1.0])
    assert change @ scale[0] @ change == pytest.approx(0, abs=1e-12)


def test_one_level_answers_with_the_prior():
    (weight, df, location, _), *_ = core_posterior([(2020, "level", 50.0, "a")], 2022)
    table = PROTOTYPE.table
    np.testing.assert_allclose(weight, table[:, -1] / table[:, -1].sum())
    np.testing.assert_allclose(df, 2 * table[:, 6])
    np.testing.assert_allclose(location[:, 1], math.log(50) + 2 * table[:, 4])


def test_growth_between_published_levels_is_redundant():
    rows = [(2020, "level", 50.0, "a"), (2021, "growth", 0.3, "a"), (2021, "level", 55.0, "a")]
    status, use, (origin,) = _core.growth_origins(*columns(rows))
    assert (status == 0).all()
    assert use.tolist() == [1, 2, 0]
    assert origin[2] == 1
    without, *_ = core_posterior([rows[0], rows[2]], 2024)
    with_row, *_ = core_posterior(rows, 2024)
    for a, b in zip(without, with_row, strict=True):
        np.testing.assert_array_equal(a, b)


def test_growth_that_closes_a_chain_is_redundant():
    rows = [
        (2020, "level", 50.0, "a"),
        (2021, "growth", 0.1, "a"),
        (2022, "growth", 0.1, "a"),
        (2022, "level", 60.0, "a"),
    ]
    assert _core.growth_origins(*columns(rows))[1].tolist() == [1, 0, 2, 0]


def test_published_growth_carries_the_origin_on():
    rows = [(2020, "level", 50.0, "a"), (2021, "growth", 0.1, "a"), (2022, "growth", 0.2, "a")]
    (origin,) = _core.growth_origins(*columns(rows))[2]
    assert origin[:3] == (2022, 1, 2)
    assert origin[-1] == pytest.approx(math.log(50 * 1.1 * 1.2), rel=1e-15)


def test_rows_that_deny_each_other_are_refused():
    """Two scopes that overlap say the growth of the same year twice; without measurement error one of them must be
    wrong."""
    rows = [
        (2020, "level", 50.0, "a"),
        (2020, "level", 70.0, "b"),
        (2021, "level", 55.0, "a"),
        (2021, "level", 80.0, "b"),
    ]
    with pytest.raises(DataError, match="same years"):
        _core.growth_posterior(PRIOR, *columns(rows), 3)
    status, _, (origin,) = _core.growth_origins(*columns(rows))
    assert status.tolist() == [0, 0, 0, STATUS["ATT_OVERLAP"]]
    assert origin == (0, 0, 0, 0, 0.0)


def test_overlap_is_refused_even_where_measurement_error_could_explain_it():
    """The structure of the rows decides, not the prior: a point with r > 0 would have a regular covariance."""
    noisy = np.array([[0.6, 0.3, 0.4, 0.3, 0.03, 0.3, 1.5, 0.05, 1.0, 0.0, 1.0]]), np.inf
    rows = [(y, "level", 50.0 + y, s) for y in (2020, 2021) for s in "ab"]
    with pytest.raises(DataError, match="same years"):
        _core.growth_posterior(noisy, *columns(rows), 3)


def overlapping_pattern(rng):
    scopes, density = "abc"[: rng.integers(1, 4)], rng.random()
    cells = [(2000 + y, kind, s) for y in range(rng.integers(1, 8)) for s in scopes for kind in ("growth", "level")]
    return [(y, kind, math.exp(rng.normal()), s) for y, kind, s in cells if rng.random() < density]


def test_overlap_is_a_lack_of_rank():
    """Rows that stay are as many as the rank of all changes, each seen as the years that it sums."""
    rng = np.random.default_rng(6)
    refused = 0
    for _ in range(1000):
        rows = overlapping_pattern(rng)
        if not rows:
            continue
        status, use, _ = _core.growth_origins(*columns(rows))
        assert set(status.tolist()) <= {0, STATUS["ATT_OVERLAP"]}
        contrasts = oracle.contrasts_of(rows)
        steps = np.array([[x < y <= z for y in range(2000, 2008)] for z, x, *_ in contrasts], float).reshape(-1, 8)
        kept = np.count_nonzero((use == 0) & (status == 0))
        assert kept == (np.linalg.matrix_rank(steps) if len(steps) else 0)
        refused += np.count_nonzero(status)
    assert refused > 500


@pytest.mark.parametrize(
    ("rows", "name"),
    [
        ([(2020, "level", -1.0, "a")], "ATT_NOT_POSITIVE"),
        ([(2020, "level", math.nan, "a")], "ATT_NOT_FINITE"),
        ([(2020, "growth", -1.0, "a")], "ATT_BELOW_TOTAL_LOSS"),
        ([(2021, "level", 1.0, "a"), (2020, "level", 1.0, "a")], "ATT_BAD_ORDER"),
        ([(2020, "level", 1.0, "a"), (2020, "level", 1.0, "a")], "ATT_REPEATED"),
    ],
)
def test_the_core_says_which_row_is_wrong(rows, name):
    status, *_ = _core.growth_origins(*columns([(2000, "level", 5.0, "z"), *rows]))
    assert status[-1] == STATUS[name]
    assert (status[:-1] == 0).all()


def random_panel(rng, series):
    parts = [columns(random_pattern(rng)) for _ in range(series)]
    parts = [p for p in parts for _ in range(2)]  # neighbours of one pattern, so that factorisations are shared
    code = np.repeat(np.arange(len(parts)), [len(p[0]) for p in parts])
    return code, *(np.concatenate([p[i] for p in parts]) for i in range(1, 7))


@pytest.mark.parametrize("model", ["growth", "random-walk"])
def test_batch_quantiles_invert_the_exact_cdf(model):
    table = random_panel(np.random.default_rng(5), 40)
    p = np.array([1e-7, 0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975, 1 - 1e-7])
    prior = PRIOR if model == "growth" else None
    status, quantile = _core.growth_quantiles(prior, *table, 2010, 2019, p)
    worst = 0.0
    for s in range(len(status)):
        own = [c[table[0] == s] for c in table]
        origin = _core.growth_origins(*own)[2][0]
        if model == "random-walk" and origin[2] < 2:
            assert status[s] != 0
            assert np.isnan(quantile[s]).all()
            continue
        horizon = 2019 - origin[0]
        mixture = (
            _core.growth_posterior(prior, *own, horizon)
            if prior is not None
            else _core.random_walk_posterior(*own, horizon)
        )
        for year in range(max(2010, origin[0] + 1), 2020):
            row = np.eye(horizon)[year - origin[0] - 1]
            margin = _core.mixture_margin(*mixture, row)
            for level, x in zip(p, quantile[s, year - 2010], strict=True):
                below = math.exp(_core.margin_log_interval(mixture[0], mixture[1], *margin, -math.inf, x))
                worst = max(worst, abs(below - level))
    assert worst < 1e-11


def test_batch_marks_bad_series_and_goes_on():
    table = (
        np.array([3, 3, 4, 9]),
        np.array([2000, 2001, 2001, 2001], np.int32),
        np.zeros(4, np.int32),
        np.zeros(4, np.int32),
        np.array([1.0, 2.0, -5.0, 3.0]),
        *np.zeros((2, 4)),
    )
    status, quantile = _core.growth_quantiles(PRIOR, *table, 2001, 2003, np.array([0.5]))
    assert (status != 0).tolist() == [False, True, False]
    assert np.isnan(quantile[1]).all()
    assert np.isnan(quantile[0, 0])
    assert np.isfinite(quantile[[0, 2], 1:]).all()


def test_bad_priors_and_arguments_are_refused():
    rows = columns([(2000, "level", 1.0, "a")])
    for column, value in (
        (0, 1.0),
        (1, 0.5),
        (4, 11.0),
        (5, 1e7),
        (6, 0.04),
        (6, 1e308),
        (7, 1e200),
        (8, 1.1),
        (9, -1.0),
        (10, 0.0),
    ):
        table = PROTOTYPE.table.copy()
        table[0, column] = value
        with pytest.raises(ArgumentError):
            _core.growth_posterior((table, np.inf), *rows, 3)
    for limit in (0.0, -1.0, math.nan):
        with pytest.raises(ArgumentError):
            _core.growth_posterior((PROTOTYPE.table, limit), *rows, 3)
    for horizon in (0, -1, 201, 2**62):
        with pytest.raises(ArgumentError):
            _core.growth_posterior(PRIOR, *rows, horizon)
        with pytest.raises(ArgumentError):
            _core.random_walk_posterior(*rows, horizon)
    for first, last in ((2003, 2001), (-(2**31), 2**31 - 1), (2001, 100_001)):
        with pytest.raises(ArgumentError):
            _core.growth_quantiles(PRIOR, *rows, first, last, np.array([0.5]))
    with pytest.raises(ValueError, match="prior"):
        _core.growth_posterior((PROTOTYPE.table[:, :8], np.inf), *rows, 3)
    with pytest.raises(ArgumentError):
        _core.growth_quantiles(PRIOR, *rows, 2001, 2003, np.array([0.5, 0.1]))


def test_300_levels_have_weights_that_underflow():
    levels = np.exp(3 * np.sin(np.arange(300) / 30))
    rows = [(1700 + i, "level", v, "a") for i, v in enumerate(levels)]
    mixture, *_ = core_posterior(rows, 2002)
    assert mixture[0].min() == 0
    margin = _core.mixture_margin(*mixture, np.array([0.0, 0.0, 1.0]))
    x = _core.margin_quantile(mixture[0], mixture[1], *margin, np.array([0.1, 0.9]))
    status, quantile = _core.growth_quantiles(PRIOR, *columns(rows), 2002, 2002, np.array([0.1, 0.9]))
    assert status.tolist() == [0]
    np.testing.assert_allclose(quantile[0, 0], x, rtol=1e-10)


def test_a_series_too_far_back_is_named_and_empty():
    table = (
        np.array([1, 2]),
        np.array([1800, 2000], np.int32),
        *np.zeros((2, 2), np.int32),
        np.array([5.0, 6.0]),
        *np.zeros((2, 2)),
    )
    status, quantile = _core.growth_quantiles(PRIOR, *table, 2000, 2001, np.array([0.5]))
    assert status.tolist() == [STATUS["ATT_TOO_FAR"], 0]
    assert np.isnan(quantile[0]).all()
    assert np.isfinite(quantile[1, 1])


def test_statuses_are_one_complete_table():
    table = _core.status_table()
    assert [code for code, *_ in table] == list(range(len(table)))
    assert all(
        name.startswith("ATT_") and text and kind in ("none", "memory", "argument", "data", "numeric")
        for _, name, kind, text in table
    )
    assert [name for _, name, kind, _ in table if kind == "none"] == ["ATT_OK"]
