"""Rare events: importance sampling against plain paths and exact tails; what its error is worth; the single shift that
is silently wrong."""

import math

import numpy as np
import pytest

from attain.projection import Mixture
from attain.rare import attaining_shifts
from attain.simulation import Drawing, Quantity, Simulation, estimate, weighted

YEARS = tuple(range(2026, 2031))


def explosive(bound, *, seed=0, indicators=20, components=1, loading=0.632):
    """P(sum of random walks of uncertain volatility >= bound) in 2030, a t of 8 degrees of freedom each."""
    walk = np.minimum.outer(np.arange(1.0, 6), np.arange(1.0, 6))
    mixture = Mixture(
        YEARS,
        np.ones(components) / components,
        np.full(components, 8.0),
        np.zeros((components, 5)),
        np.array([0.02 * (1 + k) * walk for k in range(components)]),
    )
    mixtures = {f"i{i}": mixture for i in range(indicators)}
    total = Quantity("levels", tuple((name, 2030, 1.0) for name in mixtures), bound)
    return Simulation(mixtures, dict.fromkeys(mixtures, np.array([loading])), [[total]], seed=seed)


def aimed(bound, draws, *, seed, shifts, **problem):
    simulation = explosive(bound, seed=seed, **problem)
    simulation.aim(*shifts)
    return weighted(simulation.tally(draws))


@pytest.mark.parametrize(("components", "bound"), [(1, 70), (3, 110)])
def test_the_mixture_is_the_plain_share(components, bound):
    simulation = explosive(bound, components=components)
    tally = simulation.tally(2_000_000)
    plain = estimate(tally.all, tally.paths)
    found = aimed(bound, 100_000, seed=1, shifts=attaining_shifts(simulation), components=components)
    assert 50 < tally.all < 3000
    assert found.error < 0.3 * plain.error
    assert found.probability == pytest.approx(plain.probability, abs=4 * math.hypot(found.error, plain.error))


def test_its_error_is_honest_and_small():
    shifts = attaining_shifts(explosive(130))
    truth = aimed(130, 2_000_000, seed=99, shifts=shifts)
    assert 1e-6 < truth.probability < 1e-5
    draws = 256 * 80
    found = [aimed(130, draws, seed=seed, shifts=shifts) for seed in range(30)]
    off = np.array([(one.probability - truth.probability) / one.error for one in found])
    assert 0.6 < np.sqrt(np.mean(off**2)) < 1.5
    actual = np.mean([(one.probability - truth.probability) ** 2 for one in found])
    plain = truth.probability / draws
    assert plain / actual > 500


def test_a_single_shift_is_silently_wrong():
    shift, _ = attaining_shifts(explosive(130))
    right = aimed(130, 400_000, seed=5, shifts=attaining_shifts(explosive(130)))
    nearest = np.argmin((shift**2).sum(axis=1))
    single = aimed(130, 400_000, seed=5, shifts=(shift[nearest : nearest + 1], [255]))
    assert single.probability + 10 * single.error < 0.5 * right.probability


def test_a_tail_that_is_known():
    simulation = explosive(0, indicators=1)
    mixture = Mixture(YEARS, np.ones(1), np.array([8.0]), np.zeros((1, 5)), np.full((1, 5, 5), 0.1) + 0.1 * np.eye(5))
    for bound in (2.0, 3.5):
        exact = math.exp(mixture.log_probability(mixture.row(2030), bound))
        target = [Quantity("logs", (("x", 2030, 1.0),), bound)]
        simulation = Simulation({"x": mixture}, {"x": np.zeros(1)}, [target], seed=2)
        found = simulation.probability(Drawing(100_000))
        assert exact < 2e-3
        assert found.error < 0.03 * exact
        assert found.probability == pytest.approx(exact, abs=4 * found.error)


def test_several_bounds_at_once():
    mixture = Mixture(YEARS, np.ones(1), np.array([math.inf]), np.zeros((1, 5)), np.eye(5)[None] * 0.04)
    mixtures = {name: mixture for name in "ab"}
    targets = [[Quantity("logs", ((name, year, 1.0),), 0.5)] for name in "ab" for year in (2029, 2030)]
    found = Simulation(mixtures, dict.fromkeys("ab", np.zeros(1)), targets, seed=3).probability(Drawing(100_000))
    exact = (0.5 * math.erfc(2.5 / math.sqrt(2))) ** 4
    assert found.error < 0.05 * exact
    assert found.probability == pytest.approx(exact, abs=4 * found.error)


@pytest.mark.parametrize("size", [0.0, 9.0])
def test_one_level_that_outgrows_another(size):
    mixture = Mixture(YEARS, np.ones(1), np.array([math.inf]), np.full((1, 5), size), np.eye(5)[None] * 0.02)
    share = Quantity("levels", (("a", 2030, 0.3), ("b", 2030, -0.7)), 0.0)  # a has 70 % of the sum
    simulation = Simulation(dict.fromkeys("ab", mixture), dict.fromkeys("ab", np.zeros(1)), [[share]], seed=3)
    found = simulation.probability(Drawing(100_000))
    exact = 0.5 * math.erfc(math.log(0.7 / 0.3) / 0.2 / math.sqrt(2))
    assert exact < 2e-5
    assert found.error < 0.05 * exact
    assert found.probability == pytest.approx(exact, abs=4 * found.error)


def test_what_no_path_can_attain_has_a_bound():
    mixture = Mixture(YEARS, np.ones(1), np.array([math.inf]), np.zeros((1, 5)), np.eye(5)[None] * 0.04)
    target = [Quantity("logs", (("a", 2030, 1.0),), 0.5), Quantity("logs", (("a", 2030, 1.0),), -math.inf, 0.4)]
    found = Simulation({"a": mixture}, {"a": np.zeros(1)}, [target], seed=3).probability(Drawing(100_000))
    assert 0 < found.probability < found.probability + found.error < 4e-5
