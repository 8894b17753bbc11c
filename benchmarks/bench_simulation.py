"""Time and memory of simulated paths, against NumPy.

    python benchmarks/bench_simulation.py [--rounds 5] [--paths 1000000]

The job: 20 indicators over 5 years, a random walk each whose drift and volatility ten changes leave uncertain, one
common factor; five targets (four levels, a sum of all levels); of all 100 columns of log levels mean, standard
deviation and seven quantiles. NumPy does it as one writes it down, on whole arrays; and as an expert would, in chunks
of 2000 paths that stay in the cache, with the quantiles from histograms. attain does it with each instruction set that
the machine has, and once with mixtures of 90 components, which are the growth model's. All on one thread, CPU time;
each side runs once a round, in a process of its own, whose memory is what it takes above its imports. Nothing is
asserted: docs/speed.md says what was measured.
"""

import os

os.environ["OMP_NUM_THREADS"] = "1"  # read when NumPy loads
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import argparse
import json
import math
import platform
import resource
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from machine import machine

from attain import _core
from attain.errors import ArgumentError

INDICATORS, YEARS, CHANGES, RHO = 20, 5, 10, 0.4
MEAN, DEVIATION = 0.05, 0.05  # of the log changes that were seen
LEVEL, TOTAL = 0.25, 28.0
QUANTILES = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
BINS, LOW, HIGH = 1024, -3.0, 4.0
CHUNK, BLOCK = 2000, 256
NUMPY, EXPERT, GROWTH = "NumPy, whole arrays", "NumPy, chunks and histograms", "attain, 90 components"
INSTRUCTIONS = {"attain, plain (SSE2)": 1, "attain, AVX2": 2, "attain, AVX-512": 3}
THREADS = {"attain, one thread": 1, "attain, two threads": 2}


def paths_by_numpy(rng, paths):
    """Log levels (paths, indicators, years)."""
    shocks = rng.standard_normal((paths, INDICATORS, YEARS))
    shocks *= math.sqrt(1 - RHO)
    shocks += math.sqrt(RHO) * rng.standard_normal((paths, 1, YEARS))
    sigma = DEVIATION / np.sqrt(rng.chisquare(CHANGES - 1, (paths, INDICATORS)) / (CHANGES - 1))
    drift = math.sqrt(1 - RHO) * rng.standard_normal((paths, INDICATORS))
    drift += math.sqrt(RHO) * rng.standard_normal((paths, 1))
    drift = MEAN + sigma / math.sqrt(CHANGES) * drift
    shocks *= sigma[:, :, None]
    shocks += drift[:, :, None]
    return np.cumsum(shocks, axis=2, out=shocks)


def attained(logs):
    """(paths, 5)"""
    total = np.exp(logs[:, :, -1]).sum(axis=1)
    return np.column_stack([logs[:, :4, -1] >= LEVEL, total >= TOTAL])


def by_numpy(paths):
    logs = paths_by_numpy(np.random.default_rng(1), paths)
    hit = attained(logs)
    columns = logs.reshape(paths, -1)
    columns.mean(axis=0), columns.std(axis=0)
    np.quantile(columns, QUANTILES, axis=0)
    return hit.all(axis=1).mean()


def by_expert(paths):
    rng, width = np.random.default_rng(1), INDICATORS * YEARS
    histogram, first, second, hits = np.zeros((width, BINS), np.int64), np.zeros(width), np.zeros(width), 0
    offset = np.arange(width) * BINS
    for start in range(0, paths, CHUNK):
        logs = paths_by_numpy(rng, min(CHUNK, paths - start))
        hits += attained(logs).all(axis=1).sum()
        columns = logs.reshape(-1, width)
        first += columns.sum(axis=0)
        second += np.einsum("ij,ij->j", columns, columns)
        bins = np.clip((columns - LOW) * (BINS / (HIGH - LOW)), 0, BINS - 1).astype(np.int64)
        histogram += np.bincount((bins + offset).ravel(), minlength=width * BINS).reshape(width, BINS)
    quantiles_of(histogram)
    return hits / paths


def quantiles_of(histogram):
    below = np.cumsum(histogram, axis=1) / histogram.sum(axis=1, keepdims=True)
    return [LOW + (HIGH - LOW) / BINS * np.array([np.searchsorted(row, p) for row in below]) for p in QUANTILES]


def job(instructions, components=1):
    """The same as one component, or as many that are alike."""
    ahead = np.arange(1.0, YEARS + 1)
    scale = DEVIATION**2 * (np.minimum.outer(ahead, ahead) + np.outer(ahead, ahead) / CHANGES)
    mixture = (
        np.full(components, 1 / components),
        np.full(components, CHANGES - 1.0),
        np.tile(MEAN * ahead, (components, 1)),
        np.array([scale * (1 + 1e-3 * k) for k in range(components)]),
    )
    sources = [(*mixture, 1, np.array([math.sqrt(RHO)]))] * INDICATORS

    def quantity(rule, terms, target, lower, low=0.0, high=0.0):
        names, years, coefficients = zip(*terms, strict=True)
        places = np.array(names, np.int32), np.array(years, np.int32), np.array(coefficients, float)
        return rule, *places, target, lower, math.inf, low, high

    columns = [quantity(0, [(i, y + 1, 1)], -1, -math.inf, LOW, HIGH) for i in range(INDICATORS) for y in range(YEARS)]
    levels = [quantity(0, [(i, YEARS, 1)], i, LEVEL) for i in range(4)]
    total = quantity(1, [(i, YEARS, 1) for i in range(INDICATORS)], 4, TOTAL)
    years = np.arange(YEARS, 0, -1, dtype=np.int32)
    return _core.simulation_open(sources, 1, years, [*columns, *levels, total], 5, 1, 0, instructions)


def by_attain(paths, instructions=0, components=1, threads=1):
    simulation = job(instructions, components)
    at = _core.simulation_layout(simulation)
    blocks, total = -(-paths // BLOCK), np.zeros(at["size"], np.int64)

    def part(first):
        own = np.zeros(at["size"], np.int64)
        _core.simulate_blocks(simulation, first, min(256, blocks - first), own)
        return own

    if threads == 1:
        _core.simulate_blocks(simulation, 0, blocks, total)
    else:
        with ThreadPoolExecutor(threads) as pool:
            for own in pool.map(part, range(0, blocks, 256)):
                _core.tally_merge(simulation, total, own)
    own = total[at["histogram"] : at["moments"]].reshape(-1, BINS + 2)
    quantiles_of(own[:, 1:-1])
    _core.tally_sums(total[at["moments"] : at["weights"]].reshape(-1, 67))
    return total[at["all"]] / total[at["paths"]]


def run(side, paths):
    """One side, in this process: CPU and wall seconds, megabytes above what importing took, the joint probability."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    cpu, wall = time.process_time(), time.perf_counter()
    if side == NUMPY:
        joint = by_numpy(paths)
    elif side == EXPERT:
        joint = by_expert(paths)
    elif side == GROWTH:
        joint = by_attain(paths, components=90)
    elif side in THREADS:
        joint = by_attain(paths, threads=THREADS[side])
    else:
        joint = by_attain(paths, INSTRUCTIONS[side])
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return cpu, wall, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024, float(joint)


def has(instructions):
    try:
        job(instructions)
    except ArgumentError:
        return False
    return True


def measured(side, paths):
    command = [sys.executable, __file__, "--side", side, "--paths", str(paths)]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def spread(values):
    return f"{float(np.median(values)):.3g} ({min(values):.3g} to {max(values):.3g})"


def main():
    options = argparse.ArgumentParser(description="Simulated paths, against NumPy.")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--paths", type=int, default=1_000_000)
    options.add_argument("--side", help=argparse.SUPPRESS)
    asked = options.parse_args()
    if asked.side:
        print(json.dumps(run(asked.side, asked.paths)))
        return
    sides = [NUMPY, EXPERT, *(name for name, set_ in INSTRUCTIONS.items() if has(set_)), GROWTH, *THREADS]
    rounds = [{side: measured(side, asked.paths) for side in sides} for _ in range(asked.rounds)]
    print(f"{machine()}; Python {platform.python_version()}, NumPy {np.__version__}; {asked.paths} paths\n")
    print("| side | CPU s | NumPy takes, times | the expert takes, times | wall s | MB | joint |")
    print("|---|---|---|---|---|---|---|")
    for side in sides:
        cpu, wall, memory, joint = zip(*(one[side] for one in rounds), strict=True)
        whole, expert = ([one[of][0] / one[side][0] for one in rounds] for of in (NUMPY, EXPERT))
        cells = (
            spread(cpu),
            spread(whole),
            spread(expert),
            spread(wall),
            f"{np.median(memory):.3g}",
            f"{joint[0]:.4f}",
        )
        print(f"| {side} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
