"""The promise of docs/calibration.md: windows of six groups of sources, each foretold by a prior learned without it."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

ROOT = Path(__file__).resolve().parents[2]
PANEL = ROOT.parent / "shared" / "data" / "calibration"
# R forecast 8.20, thetaf, on the same windows: docs/calibration-comparison.md
THETA = {
    "china": 1.080, "competitions": 0.800, "penn-maddison": 0.946, "tourism": 0.818, "united-states": 0.995,
    "world-bank": 0.855,
}  # fmt: skip
pytestmark = pytest.mark.skipif(not PANEL.exists(), reason="the calibration panel is not beside the project")


@pytest.fixture(scope="module")
def scorer():
    spec = importlib.util.spec_from_file_location("score", PANEL / "score.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def scored(scorer, tmp_path_factory):
    out = tmp_path_factory.mktemp("folds") / "predictions.csv"
    script = ROOT / "benchmarks" / "calibration" / "learn.py"
    subprocess.run([sys.executable, script, "folds", "--out", out], check=True)
    windows = scorer.load()
    merged = windows.merge(pd.read_csv(out), on=["window", "horizon"], validate="one_to_one")
    assert len(merged) == len(windows)
    return merged


def test_the_scores_hold(scorer, scored):
    scores = scorer.scores(scored)
    assert scores["crps"] <= 0.79
    assert round(scores["brier"], 3) <= 0.153
    assert scores["ece"] <= 0.015
    for length, part in scored.groupby("n"):
        assert 0.78 <= scorer.scores(part)["cover80"] <= 0.825, length
    for fold, part in scored.groupby("fold"):
        assert scorer.scores(part)["crps"] < THETA[fold], fold


def test_intervals_over_units_contain_what_is_promised(scorer, scored):
    units, rng = scored["unit"].unique(), np.random.default_rng(0)
    by_unit = dict(iter(scored.groupby("unit")))
    draws = [scorer.scores(pd.concat([by_unit[u] for u in rng.choice(units, len(units))])) for _ in range(60)]
    low, high = pd.DataFrame(draws).quantile(0.05), pd.DataFrame(draws).quantile(0.95)
    for name, promised in (("cover80", 0.80), ("cover95", 0.95), ("slope", 1.0)):
        assert low[name] <= promised <= high[name], name
