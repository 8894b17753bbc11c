"""Scores of the growth model on the windows of a calibration panel, in the format that its scorer reads.

    python benchmarks/calibration/windows.py [FOLDER] [--prior general] [--out PREDICTIONS.csv]

FOLDER holds windows.csv.gz: columns window, n (levels of the history), levels (the history and the five years after
it, parted by blanks); by default shared/data/calibration beside the project. Written are window, horizon, crps and pit
of the log level, and p1 .. p4, the probabilities of at least the four bounds of `attain.backtest.Windows.bounds`.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

import attain as at
from attain.backtest import cut_windows

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "data" / "calibration"
HORIZONS = (3, 5)


def score_windows(
    names: Sequence[str],
    levels: Sequence[np.ndarray],
    n: np.ndarray,
    prior: np.ndarray | None,
    horizons: Sequence[int] = HORIZONS,
) -> pd.DataFrame:
    """Scores of windows under a prior.

    Parameters
    ----------
    names : of the windows.
    levels : of each window, its history first.
    n : levels of each history.
    prior : table (G, 9), or None for the random walk.
    horizons : years after the history.

    Returns
    -------
    DataFrame
        Columns window, horizon, crps, pit, p1, p2, p3, p4; windows in the given order.
    """
    length = np.array([len(own) for own in levels])
    first = np.cumsum(length) - length
    order = np.argsort(n, kind="stable")  # of one pattern together
    code, year = np.repeat(np.arange(len(levels)), length), np.arange(length.sum()) - np.repeat(first, length)
    windows = cut_windows(
        code, year, np.concatenate(levels), (first + n - 1)[order], np.asarray(n)[order], list(horizons)
    )
    got = windows.scores(prior, windows.bounds())
    if got.status.any():
        bad = np.flatnonzero(got.status)[0]
        raise SystemExit(f"{names[order[bad]]}: status {got.status[bad]}")
    back = np.argsort(order)
    columns = {"window": np.repeat(names, len(horizons)), "horizon": np.tile(horizons, len(levels))}
    columns |= {"crps": got.crps[back].ravel(), "pit": got.pit[back].ravel()}
    return pd.DataFrame(columns | {f"p{i + 1}": got.exceed[back, :, i].ravel() for i in range(got.exceed.shape[2])})


def main() -> None:
    options = argparse.ArgumentParser(description="Scores of the growth model on calibration windows.")
    options.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    options.add_argument("--prior", default="general", help="name of a prior, or random-walk")
    options.add_argument("--out", type=Path, help="default: standard output")
    given = options.parse_args()
    frame = pd.read_csv(given.folder / "windows.csv.gz")
    levels = [np.array(text.split(), float) for text in frame["levels"]]
    prior = None if given.prior == "random-walk" else at.load_prior(given.prior).table
    start = time.perf_counter()
    scores = score_windows(frame["window"].tolist(), levels, frame["n"].to_numpy(), prior)
    print(f"{len(scores):,} forecasts in {time.perf_counter() - start:.2f} s", file=sys.stderr)
    scores.to_csv(given.out or sys.stdout, index=False)


if __name__ == "__main__":
    main()
