"""mvn_probability: known values, long runs of another program, nested quadrature, refusals."""

import csv
import itertools
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from make_rectangles import rectangle
from scipy import integrate, stats

import attain as at
from attain import _core

HERE = Path(__file__).parent
RECTANGLES = list(csv.DictReader((HERE / "rectangles.csv").read_text(encoding="ascii").splitlines()))


def equicorrelated(dimensions, correlation):
    return np.full((dimensions, dimensions), correlation) + (1 - correlation) * np.eye(dimensions)


@pytest.mark.parametrize("dimensions", [2, 5, 10, 25, 50])
def test_orthants_of_correlation_one_half(dimensions):
    log_probability, error = at.mvn_probability(0, np.inf, 0, equicorrelated(dimensions, 0.5))
    assert log_probability == pytest.approx(-math.log(dimensions + 1), rel=1e-10)
    assert error == 0
    student, _ = at.mvn_probability(0, np.inf, 0, equicorrelated(dimensions, 0.5), df=4)
    assert student == pytest.approx(log_probability, rel=1e-10)


@pytest.mark.parametrize("row", RECTANGLES, ids=lambda row: f"d{row['dimensions']}-df{row['df']}")
def test_random_correlations_against_long_runs_of_mvtnorm(row):
    lower, upper, correlation = rectangle(int(row["dimensions"]), int(row["seed"]))
    exact, theirs = float(row["probability"]), float(row["error"])
    log_probability, error = at.mvn_probability(lower, upper, 0, correlation, df=float(row["df"]), rel_error=5e-5)
    probability = math.exp(log_probability)
    assert probability == pytest.approx(exact, abs=4 * error * probability + theirs + 1e-9 * exact)
    assert error <= 5e-5


@pytest.mark.parametrize("df", [None, 4])
@pytest.mark.parametrize("shift", [0.0, 4.0])
def test_one_factor_is_the_nested_integral(df, shift):
    loads, lower = np.array([0.9, -0.5, 0.3]), np.array([0.2, -1.0, 0.1]) + shift
    lower[1] = -1 - shift / 2
    upper = np.array([np.inf, 0.5, np.inf])
    spread = np.sqrt(1 - loads**2)

    def given_scale(r):
        def integrand(f):
            high = stats.norm.cdf((upper * r - loads * f) / spread)
            return stats.norm.pdf(f) * np.prod(high - stats.norm.cdf((lower * r - loads * f) / spread))

        return integrate.quad(integrand, -9, 12, epsabs=1e-13, epsrel=1e-8, limit=200)[0]

    exact = given_scale(1.0)
    if df:
        exact = integrate.quad(lambda r: stats.chi.pdf(r * df**0.5, df) * df**0.5 * given_scale(r), 0, 8, epsrel=1e-7)[
            0
        ]
    covariance = np.outer(loads, loads) + np.diag(spread**2)
    log_probability, error = at.mvn_probability(lower, upper, 0, covariance, df=df)
    assert math.exp(log_probability) == pytest.approx(exact, rel=1e-6)
    assert error == 0


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(0, 2**32), st.integers(2, 5), st.sampled_from([None, 0.3, 3.0, 30.0]))
def test_two_halves_make_a_whole(seed, dimensions, df):
    rng = np.random.default_rng(seed)
    factor = rng.normal(size=(dimensions, dimensions))
    covariance = factor @ factor.T
    lower, cut, upper = np.sort(rng.normal(size=(3, dimensions)) * 2, axis=0)
    middle_up, middle_low = upper.copy(), lower.copy()
    middle_up[0] = middle_low[0] = cut[0]
    whole, left, right = (
        at.mvn_probability(*bounds, 0, covariance, df=df, rel_error=1e-3)
        for bounds in [(lower, upper), (lower, middle_up), (middle_low, upper)]
    )
    total = math.exp(left[0]) + math.exp(right[0])
    error = sum(math.exp(2 * log_p) * e * e for log_p, e in (whole, left, right)) ** 0.5
    assert math.exp(whole[0]) == pytest.approx(total, abs=6 * error + 1e-9 * total)


def test_all_orthants_make_one():
    covariance = np.minimum.outer(np.arange(1.0, 6), np.arange(1.0, 6))
    parts = []
    for signs in itertools.product([False, True], repeat=5):
        lower, upper = np.where(signs, 0, -np.inf), np.where(signs, np.inf, 0)
        parts.append(at.mvn_probability(lower, upper, 0, covariance)[0])
    assert np.exp(parts).sum() == pytest.approx(1, abs=1e-3)


def test_location_scale_and_order_do_not_matter():
    lower, upper, correlation = rectangle(6, 4)
    spread, mean = np.array([1e-8, 3.0, 1e5, 0.2, 1.0, 7.0]), np.arange(6.0) * 1e-9
    covariance = correlation * np.outer(spread, spread)
    base, error = at.mvn_probability(lower, upper, 0, correlation)
    moved, _ = at.mvn_probability(lower * spread + mean, upper * spread + mean, mean, covariance)
    assert moved == pytest.approx(base, abs=1e-6)
    order = [3, 0, 5, 1, 4, 2]
    turned, _ = at.mvn_probability(lower[order], upper[order], 0, correlation[np.ix_(order, order)])
    assert turned == pytest.approx(base, abs=6 * error)


def test_t_of_many_degrees_is_the_normal():
    lower, upper, correlation = rectangle(4, 2)
    normal, error = at.mvn_probability(lower, upper, 0, correlation)
    for df in (1e8, 1e15, math.inf):
        assert at.mvn_probability(lower, upper, 0, correlation, df=df)[0] == pytest.approx(normal, abs=6 * error)


def test_the_seed_fixes_the_result():
    lower, upper, correlation = rectangle(5, 3)
    first, again, other = (at.mvn_probability(lower, upper, 0, correlation, seed=s) for s in (1, 1, 2**64 - 1))
    assert first == again
    assert first != other


def test_singular_known_and_impossible():
    singular = np.array([[1.0, 0, 1], [0, 1, 1], [1, 1, 2]])
    assert at.mvn_probability(0, np.inf, 0, singular)[0] == pytest.approx(math.log(0.25), abs=1e-3)
    assert at.mvn_probability([0, -1], [1, 1], [0.5, 0], np.diag([0.0, 1]))[0] == pytest.approx(
        math.log(stats.norm.cdf(1) - stats.norm.cdf(-1)), rel=1e-10
    )
    assert at.mvn_probability([1, -1], [2, 1], [0.5, 0], np.diag([0.0, 1])) == (-math.inf, 0)
    assert at.mvn_probability([0, 0], [0, 1], 0, np.eye(2)) == (-math.inf, 0)
    assert at.mvn_probability(-np.inf, np.inf, 0, singular) == (0, 0)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"lower": [0, 2, 0]}, r"lower\[1\] = 2 lies above upper\[1\] = 1"),
        ({"lower": [0, 0]}, r"lower has shape \(2,\); cov has 3 rows"),
        ({"upper": [1, math.nan, 1]}, r"upper has a NaN at \[1\]"),
        ({"mean": math.inf}, "mean has an infinite entry"),
        ({"mean": "none"}, "mean is not an array of numbers"),
        ({"cov": np.ones((2, 3))}, r"cov has shape \(2, 3\); a square matrix"),
        ({"cov": np.diag([1, np.inf, 1])}, r"infinite entry at \[1, 1\]"),
        ({"cov": equicorrelated(3, -0.9)}, "not symmetric and positive semidefinite"),
        ({"cov": np.array([[1, 0.5, 0], [0.4, 1, 0], [0, 0, 1]])}, "not symmetric and positive semidefinite"),
        ({"df": 0.01}, "df is 0.01; give at least 0.1"),
        ({"rel_error": 0}, "rel_error is 0; give a positive number"),
        ({"seed": -1}, "seed is -1; give a whole number"),
    ],
)
def test_refusals_name_what_is_wrong(change, words):
    arguments = {"lower": 0, "upper": 1, "mean": 0, "cov": equicorrelated(3, 0.5)} | change
    with pytest.raises(at.ArgumentError, match=words):
        at.mvn_probability(**arguments)


def test_too_wide_without_structure():
    steps = np.arange(1.0, 252)
    with pytest.raises(at.ArgumentError, match="250 variables without structure"):
        at.mvn_probability(0, np.inf, 0, np.minimum.outer(steps, steps))


def test_the_core_checks_shapes():
    with pytest.raises(ValueError, match="argument 'upper': axis 0 has length 1, expected 2"):
        _core.mvn_log_probability([0.0, 0.0], [1.0], [0.0, 0.0], np.eye(2), math.inf, 0, 1e-4, 10_000)
