"""Simulated paths on many problems: 200 random plans against the joint integral; importance sampling over 100
replications of an event of five in a million."""

import math
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "python"))

from test_rare import aimed, explosive
from test_simulation import off_by

from attain.rare import attaining_shifts
from attain.simulation import estimate


def test_200_random_plans_are_the_integral():
    off = np.array([off_by(seed, 1_000_000) for seed in range(200)])
    print(f"\nrms {np.sqrt(np.mean(off**2)):.2f}, worst {np.abs(off).max():.1f}, mean {off.mean():.2f}")
    assert np.abs(off).max() < 4.5
    assert 0.8 < np.sqrt(np.mean(off**2)) < 1.25
    assert abs(off.mean()) < 4 / math.sqrt(200)


def test_importance_sampling_is_honest_over_100_replications():
    shifts = attaining_shifts(explosive(130))
    truth = aimed(130, 20_000_000, seed=999, shifts=shifts)
    tally = explosive(130, seed=998).tally(50_000_000)
    plain = estimate(tally.all, tally.paths)
    assert abs(plain.probability - truth.probability) < 4 * plain.error
    draws = 256 * 160
    found = [aimed(130, draws, seed=seed, shifts=shifts) for seed in range(100)]
    off = np.array([(one.probability - truth.probability) / one.error for one in found])
    assert 0.8 < np.sqrt(np.mean(off**2)) < 1.25
    assert np.mean(np.abs(off) > 2) < 0.12
    gain = truth.probability / draws / np.mean([(one.probability - truth.probability) ** 2 for one in found])
    print(
        f"\nrms {np.sqrt(np.mean(off**2)):.2f}, beyond two {np.mean(np.abs(off) > 2):.2f}, {gain:.0f} times fewer paths"
    )
    assert gain > 500
