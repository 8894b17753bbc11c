"""Many more and larger linear systems than the quick tests take: verdict, proof and planted conflict in every one."""

import random
import sys
from pathlib import Path

import pytest

from attain.linear import Certificate, decide, irreducible

sys.path.append(str(Path(__file__).parents[1] / "python"))
from systems import beside, conflict, degenerate, feasible


@pytest.mark.parametrize("seed", range(10))
def test_six_hundred_systems(seed):
    rng = random.Random(seed)
    for _ in range(200):
        names = [f"x{i}" for i in range(rng.randint(2, 12))]
        for make in (feasible, degenerate):
            rows, _ = make(rng, names, rng.randint(1, 3 * len(names)))
            found = decide(rows)
            assert not isinstance(found, Certificate)
            assert all(row.holds(found) for row in rows)
        planted = conflict(rng, rng.randint(1, 8))
        rows = [*planted, *feasible(rng, names, rng.randint(0, 20))[0], *beside(rng, planted)]
        rng.shuffle(rows)
        least = irreducible(rows, decide(rows))
        assert least.proves()
        assert {row.source for row, _ in least.multipliers} == {row.source for row in planted}
