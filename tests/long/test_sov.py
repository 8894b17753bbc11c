"""The promise of docs/accuracy.md on `att_sov_log_probability`: its error is the actual one, over 200 replications."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from attain import _core

PYTHON = Path(__file__).resolve().parents[1] / "python"
MOST = 12 * 2**14
REPLICATIONS = 200


@pytest.fixture(scope="module")
def problems():
    sys.path.insert(0, str(PYTHON))
    try:
        spec = importlib.util.spec_from_file_location("test_sov_problems", PYTHON / "test_sov.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(PYTHON))
    return module


@pytest.mark.parametrize("push", [0.0, 0.2, 0.5, 1.0])
@pytest.mark.parametrize("kind", ["share", "growth of 2", "growth of 6"])
def test_the_reported_error_is_the_actual_one(problems, kind, push):
    if kind == "share":
        problem = problems.share_problem(np.random.default_rng(3), push)
    else:
        count = int(kind[-1])
        rng = np.random.default_rng([count, 7])
        problem = problems.as_joined(problems.problem_of(rng, count, "growth", push / 2))
    truth, off, _, _ = _core.sov_log_probability(*problem, REPLICATIONS, 2e-5, 12 * 2**16)
    answers = np.array([_core.sov_log_probability(*problem, seed, 4e-3, MOST)[:2] for seed in range(REPLICATIONS)])
    z = (answers[:, 0] - truth) / np.hypot(answers[:, 1], off)
    assert 0.8 < np.sqrt(np.mean(z**2)) < 1.25
    assert np.mean(np.abs(z) < 2) > 0.9
