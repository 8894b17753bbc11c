"""Bounds that join indicators: against the engine over factors, the prototype, simulation, and its own error."""

import math
import sys
from pathlib import Path

import numpy as np
import pytest
from test_joint import GROWTH, LAST, SECOND, bounded, problem_of, random_indicator

import attain as at
from attain import _core

PROTOTYPE = Path(__file__).parents[3] / "shared" / "prototype"
MOST = 12 * 2**14
CORRELATION = np.array([[1, 0.5, 0.3], [0.5, 1, 0.4], [0.3, 0.4, 1]])


def as_joined(problem):
    """Arguments of `sov_log_probability` for a problem of `joint_log_probability`."""
    loading = np.array([part[5] for part in problem])
    correlation = loading @ loading.T
    np.fill_diagonal(correlation, 1)
    years = [part[2].shape[1] for part in problem]
    rows = [
        np.concatenate([row if j == i else np.zeros(n) for j, n in enumerate(years)])
        for i, part in enumerate(problem)
        for row in part[6]
    ]
    lower, upper = (np.concatenate([part[side] for part in problem]) for side in (7, 8))
    return [part[:5] for part in problem], correlation, np.array(rows), lower, upper


def indicators_of(rng, count):
    return [tuple(random_indicator(rng, 0).values())[:5] for _ in range(count)]


def share_problem(rng, push):
    """Two levels and their share in the last year, the growth of the second, the level of a third."""
    indicators = indicators_of(rng, 3)
    none = [0, 0, 0, 0]
    rows = np.array(
        [
            LAST + none + none,
            none + LAST + none,
            [*LAST, 0, 0, 0, -1, *none],
            [*none, *GROWTH, *none],
            none + none + SECOND,
        ],
        float,
    )
    typical = np.concatenate([weight @ location for weight, _, location, _, _ in indicators])
    lower = rows @ typical + push - np.array([0.1, 0.1, 0.05, 0.1, 0.1])
    upper = np.array([math.inf, math.inf, lower[2] + 0.25, math.inf, lower[4] + 0.5])
    return indicators, CORRELATION, rows, lower, upper


def simulated(indicators, correlation, rows, lower, upper, rng, draws=400_000):
    """Share of draws within all bounds, and its standard error: the model of sov.h, drawn."""
    years = indicators[0][2].shape[1]
    places = sorted({int(c) % years for row in rows for c in np.flatnonzero(row)}, reverse=True)
    z = np.einsum(
        "ij,jtn->itn", np.linalg.cholesky(correlation), rng.standard_normal((len(indicators), len(places), draws))
    )
    paths = []
    for own, (weight, df, location, scale, _) in zip(z, indicators, strict=True):
        part = rng.choice(len(weight), size=draws, p=weight)
        s = np.sqrt(df[part] / rng.chisquare(df[part]))
        factor = np.linalg.cholesky(scale[np.ix_(range(len(weight)), places, places)])
        path = np.zeros((draws, years))
        path[:, places] = location[part][:, places] + s[:, None] * np.einsum("nij,jn->ni", factor[part], own)
        paths.append(path)
    value = np.concatenate(paths, axis=1) @ rows.T
    inside = ((value >= lower) & (value <= upper)).all(axis=1)
    return inside.mean(), max(inside.std(), 1 / math.sqrt(draws)) / math.sqrt(draws)


@pytest.mark.parametrize("kind", ["one year", "two years"])
@pytest.mark.parametrize("push", [0.0, 0.1, 0.3, 0.8])
@pytest.mark.parametrize("indicators", [2, 6, 12])
def test_the_engine_over_factors_agrees(indicators, push, kind):
    rng = np.random.default_rng([indicators, int(100 * push), len(kind)])
    problem = problem_of(rng, indicators, kind, push)
    ((expected, off),) = _core.joint_log_probability(problem, 0, 1e-3, MOST)
    log_p, error, effective, points = _core.sov_log_probability(*as_joined(problem), 0, 1e-3, MOST)
    assert error < 2e-3
    assert abs(log_p - expected) < 4.5 * math.hypot(error, off)
    assert 0 < effective <= points <= MOST


@pytest.mark.parametrize("push", [0.0, 0.05, 0.15])
def test_a_share_of_two_levels_is_the_simulation(push):
    rng = np.random.default_rng(int(100 * push))
    problem = share_problem(rng, push)
    log_p, error, _, _ = _core.sov_log_probability(*problem, 0, 1e-3, MOST)
    share, deviation = simulated(*problem, rng)
    assert abs(math.exp(log_p) - share) < 4.5 * (deviation + error * math.exp(log_p))


def test_the_prototype_agrees():
    if not PROTOTYPE.is_dir():
        pytest.skip("no shared/prototype beside the project")
    sys.path.insert(0, str(PROTOTYPE))
    try:
        import joint_sov
    finally:
        sys.path.remove(str(PROTOTYPE))
    rng = np.random.default_rng(7)
    a = 4.5  # the prototype has one shape a series
    indicators = [(w, np.full(len(w), 2 * a), m, s, first) for w, _, m, s, first in indicators_of(rng, 3)]
    reverse = [1, 0]  # of the years that are bounded, 1 and 3
    for push in (0.0, 0.2, 0.9):
        rows = np.zeros((4, 3, 4))
        rows[0, 0, 3] = rows[1, 1, 3] = rows[2, 0, 3] = rows[3, 2, 1] = 1
        rows[2, 1, 3] = -1
        typical = np.array([w @ m for w, _, m, _, _ in indicators])
        lower = np.einsum("kih,ih->k", rows, typical) + np.array([0.05, 0.02, 0.1, 0.05]) + push
        series = []
        for w, _, m, s, _ in indicators:
            factor = np.linalg.cholesky(s[:, [3, 1]][:, :, [3, 1]])[:, reverse]  # years in order, coordinates reversed
            series.append({"weight": w, "mean": m[:, [1, 3]], "L": factor, "a": a, "b": np.full(len(w), a)})
        expected, off = joint_sov.sov(series, CORRELATION, rows[:, :, [1, 3]], lower, n=2**11, shifts=8)
        log_p, error, _, _ = _core.sov_log_probability(
            indicators, CORRELATION, rows.reshape(4, 12), lower, np.full(4, math.inf), 0, 1e-3, MOST
        )
        assert abs(log_p - expected) < 5 * math.hypot(error, off), push


@pytest.mark.parametrize("push", [0.0, 0.4])
def test_the_reported_error_is_the_actual_one(push):
    rng = np.random.default_rng(3)
    problem = share_problem(rng, push)
    truth, _, _, _ = _core.sov_log_probability(*problem, 99, 1e-5, 12 * 2**15)
    answers = np.array([_core.sov_log_probability(*problem, seed, 4e-3, MOST)[:2] for seed in range(60)])
    z = (answers[:, 0] - truth) / answers[:, 1]
    assert 0.6 < np.sqrt(np.mean(z**2)) < 1.4


def test_equal_seeds_give_equal_bytes():
    problem = share_problem(np.random.default_rng(1), 0.1)
    one, same, other = (_core.sov_log_probability(*problem, seed, 1e-2, MOST) for seed in (5, 5, 6))
    assert one == same != other


@pytest.mark.parametrize("sign", [1, -1])
def test_a_bound_may_stand_on_either_side(sign):
    """Rows turned over are the same bounds."""
    indicators, correlation, rows, lower, upper = share_problem(np.random.default_rng(2), 0.1)
    known, error, _, _ = _core.sov_log_probability(indicators, correlation, rows, lower, upper, 0, 1e-3, MOST)
    low, high = (lower, upper) if sign > 0 else (-upper, -lower)
    found, _, _, _ = _core.sov_log_probability(indicators, correlation, sign * rows, low, high, 1, 1e-3, MOST)
    assert found == pytest.approx(known, abs=6 * error)


def test_indicators_that_move_as_one():
    """A correlation of one, equal components: the stricter bound decides."""
    (indicator,) = indicators_of(np.random.default_rng(4), 1)
    _, _, location, scale, first = indicator
    one = (np.ones(1), np.array([math.inf]), location[:1], scale[:1], first)
    rows, bounds = np.kron(np.eye(2), LAST), location[0, 3] + np.array([0.1, 0.2])
    log_p, error, _, _ = _core.sov_log_probability(
        [one, one], np.ones((2, 2)), rows, bounds, np.full(2, math.inf), 0, 1e-3, MOST
    )
    expected = _core.mvn_log_probability([0.2], [math.inf], [0.0], scale[0, 3:, 3:], math.inf, 0, 1e-6, MOST)[0]
    assert log_p == pytest.approx(expected, abs=1e-9)
    assert error < 1e-9
    t, _, _, _ = _core.sov_log_probability(
        [indicator, indicator], np.ones((2, 2)), rows, bounds, np.full(2, math.inf), 0, 1e-3, MOST
    )
    loaded = [{**dict(zip("wdmsf", indicator, strict=True)), "l": np.array([0.99])} for _ in range(2)]
    near = [bounded(part, [LAST], bound) for part, bound in zip(loaded, bounds, strict=True)]
    ((close, _),) = _core.joint_log_probability(near, 0, 1e-6, MOST)
    assert close < t < close + 0.1


def test_degenerate_input_is_answered_or_refused():
    indicators, correlation, rows, lower, upper = share_problem(np.random.default_rng(5), 0.0)
    ask = lambda **new: _core.sov_log_probability(  # noqa: E731
        *{"i": indicators, "r": correlation, "a": rows, "l": lower, "u": upper, **new}.values(), 0, 1e-2, MOST
    )
    free = np.full(5, math.inf)
    assert ask(l=-free, u=free)[:2] == (0, 0)
    assert ask(l=lower - 99, u=free)[0] == pytest.approx(0, abs=1e-6)
    assert ask(l=np.array([9, 9, 0, -9, -9.0]), u=np.array([9, 9, 0, 9, 9.0]))[0] == -math.inf
    impossible = ask(l=np.array([1, -math.inf, -math.inf, -9, -9]), u=np.array([math.inf, 0, 0.5, 9, 9]))
    assert impossible[0] == -math.inf
    assert ask(l=lower + 1e6, u=free)[0] < -50
    known = [(w, d, m, np.zeros_like(s), f) for w, d, m, s, f in indicators]
    met = ask(i=known, l=lower - 1, u=free)
    assert met[0] == pytest.approx(0, abs=1e-12)
    assert ask(i=known, l=lower + 1, u=free)[0] == -math.inf
    for heavy in (0.1, 1.0):
        tails = [(w, np.full(len(w), heavy), m, s, f) for w, _, m, s, f in indicators]
        log_p, error, _, _ = ask(i=tails)
        assert -9 < log_p < 0
        assert error < 0.02
    with pytest.raises(at.AttainError, match="semidefinite"):
        ask(r=np.array([[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]]))
    with pytest.raises(at.AttainError, match="lower bound"):
        ask(u=lower - 1)
    with pytest.raises(at.AttainError, match="NaN"):
        ask(l=lower * math.nan)
    with pytest.raises(ValueError, match="row"):
        ask(a=rows[:, :-1])
