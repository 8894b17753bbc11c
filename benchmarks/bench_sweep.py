"""Scenarios a second: jiangxi-2022, whose five open targets the engine `factor` takes together, on processes.

    python benchmarks/bench_sweep.py [--scenarios N] [--workers W]

Two sweeps. All different: a Latin hypercube over drift, volatility and loading of every indicator, so that scenarios
share nothing but the baseline. Grid: combinations of a few values, as studies have them. Wall time is of the whole
call; CPU time that of all processes. Overhead: what a scenario costs beside its calls of the core, on one thread.

Costs: 1, 5 and 20 made-up indicators with a target each in one year, by how much a scenario changes; with what their
baseline costs, how large it is on its way to a worker, and the most memory that this worker has taken.
"""

import argparse
import os
import pickle
import resource
import time
from concurrent.futures import Executor, ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import numpy as np
import pandas as pd
from machine import machine

import attain as at
from attain import _core
from attain.answering import Worker, baseline_of

PLAN = "jiangxi-2022"
TABLE = "| {} |\n" + "|---" * 7 + "|"
CALLS = ("joint_log_probability_again", "mixture_margin", "margin_log_interval", "mixture_condition")


def indicators() -> list[str]:
    baseline = baseline_of(PLAN, None)
    return [event.indicator for event in baseline.events.values() if event.published is None]


def all_different(names: list[str], count: int) -> list[at.Scenario]:
    axes: dict[str, list[Any]] = {f"drift.{name}": ["-2%", "2%"] for name in names}
    axes |= {f"volatility.{name}": [0.7, 1.4] for name in names}
    axes |= {f"loading.{name}": [0.2, 0.8] for name in names}
    return at.Scenario.latin_hypercube(axes, count=count)


def grid(names: list[str], count: int) -> list[at.Scenario]:
    axes = {f"drift.{name}": [f"{x}%" for x in (-2, -1, -0.5, 0, 0.5, 1, 2)] for name in names}
    return at.Scenario.grid(axes)[:count]


def cpu() -> float:
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in usage)


def timed(scenarios: list[at.Scenario], workers: int) -> tuple[float, float]:
    """Wall and CPU seconds of one sweep."""
    wall, used = time.perf_counter(), cpu()
    executor: Executor = ProcessPoolExecutor(workers)
    with executor:
        results = at.sweep(PLAN, None, scenarios, executor=executor)
    assert (results["error"] == "").all()
    return time.perf_counter() - wall, cpu() - used


def shares(scenarios: list[at.Scenario]) -> tuple[float, float]:
    """Milliseconds of CPU a scenario, whole and in the core, on this thread."""
    worker, inside = Worker(baseline_of(PLAN, None)), [0.0]
    originals = {name: getattr(_core, name) for name in CALLS}

    def watched(call: Any) -> Any:
        def run(*arguments: Any) -> Any:
            start = time.process_time()
            try:
                return call(*arguments)
            finally:
                inside[0] += time.process_time() - start

        return run

    for name, call in originals.items():
        setattr(_core, name, watched(call))
    start = time.process_time()
    for scenario in scenarios:
        worker.answer(scenario)
    whole = time.process_time() - start
    for name, call in originals.items():
        setattr(_core, name, call)
    return 1e3 * whole / len(scenarios), 1e3 * inside[0] / len(scenarios)


def made_up(indicators: int, rounded: bool) -> tuple[dict[str, Any], pd.DataFrame]:
    """A plan, and twelve years of each indicator."""
    rng, rows, targets = np.random.default_rng(1), [], []
    for name in (f"i{i}" for i in range(indicators)):
        levels = 100 * np.exp(np.cumsum(rng.normal(0.06, 0.04, 12)))
        given = {"value": levels.round(), "rounding": 1} if rounded else {"value": levels}
        rows.append(pd.DataFrame({"indicator": name, "year": range(2013, 2025), **given}))
        targets.append(at.level(name, by=2029, at_least=1.25 * float(rows[-1]["value"].iloc[-1]), id=name))
    return {"id": "p", "targets": targets}, pd.concat(rows, ignore_index=True)


def answered(payload: bytes, count: int) -> tuple[float, float, float]:
    """Milliseconds of CPU a scenario where all indicators change, and where one does; MB of this process."""
    worker, taken = Worker(pickle.loads(payload)), []
    worker.answer(at.Scenario("first"))
    for seed, whose in enumerate(("", ".i0")):  # other draws, since a worker keeps what it has computed
        axes: dict[str, list[Any]] = {f"drift{whose}": ["-1%", "1%"], f"volatility{whose}": [0.7, 1.4]}
        scenarios = at.Scenario.latin_hypercube(axes, count=count, seed=seed)
        start = time.process_time()
        answers = [worker.answer(scenario) for scenario in scenarios]
        taken.append(1e3 * (time.process_time() - start) / count)
        assert not any(rows[0].error for rows in answers)
    return taken[0], taken[1], resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def costs(count: int) -> None:
    print(TABLE.format("indicators | figures | all change, ms | one changes, ms | baseline, CPU s | kB | MB"))
    for indicators in (1, 5, 20):
        for rounded in (False, True):
            start = time.process_time()
            payload = pickle.dumps(baseline_of(*made_up(indicators, rounded)))
            baseline = time.process_time() - start
            # A process that is forked from this one would count this one's memory as its own.
            with ProcessPoolExecutor(1, get_context("forkserver")) as executor:
                every, one, memory = executor.submit(answered, payload, count).result()
            sizes = f"{baseline:.2f} | {len(payload) / 1e3:.0f} | {memory:.0f}"
            figures = "rounded" if rounded else "exact"
            print(f"| {indicators} | {figures} | {every:.2g} | {one:.2g} | {sizes} |", flush=True)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--scenarios", type=int, default=10_000)
    options.add_argument("--workers", type=int, default=2)
    given = options.parse_args()
    names = indicators()
    print(f"{machine()}; load {os.getloadavg()[0]:.1f}; {given.workers} processes; attain {at.__version__},"
          f" NumPy {np.__version__}")  # fmt: skip
    print(TABLE.format("sweep | scenarios | wall s | CPU s | ms CPU a scenario | in the core | overhead over the core"))
    for what, made in (("all different", all_different), ("grid", grid)):
        scenarios = made(names, given.scenarios)
        whole, core = shares(scenarios[:200])
        wall, used = timed(scenarios, given.workers)
        counts = f"{len(scenarios):,} | {wall:.1f} | {used:.1f} | {whole:.2g} | {core:.2g}"
        print(f"| {what} | {counts} | {whole / core - 1:.0%} |", flush=True)
    print(f"memory of the largest process: {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024:.0f} MB\n")
    costs(50)


if __name__ == "__main__":
    main()
