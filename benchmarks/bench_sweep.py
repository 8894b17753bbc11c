"""Scenarios a second: jiangxi-2022, whose five open targets the engine `factor` takes together, on processes.

    python benchmarks/bench_sweep.py [--scenarios N] [--workers W]

Two sweeps. All different: a Latin hypercube over drift, volatility and loading of every indicator, so that scenarios
share nothing but the baseline. Grid: combinations of a few values, as studies have them. Wall time is of the whole
call; CPU time that of all processes. Overhead: what a scenario costs beside its calls of the core, on one thread.
"""

import argparse
import os
import resource
import time
from concurrent.futures import Executor, ProcessPoolExecutor
from typing import Any

import numpy as np
from machine import machine

import attain as at
from attain import _core
from attain.answering import Worker, baseline_of

PLAN = "jiangxi-2022"
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


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--scenarios", type=int, default=10_000)
    options.add_argument("--workers", type=int, default=2)
    given = options.parse_args()
    names = indicators()
    print(f"{machine()}; load {os.getloadavg()[0]:.1f}; {given.workers} processes; attain {at.__version__},"
          f" NumPy {np.__version__}")  # fmt: skip
    print(
        "| sweep | scenarios | wall s | CPU s | ms CPU a scenario | in the core | overhead over the core |\n"
        + "|---" * 7
        + "|"
    )
    for what, made in (("all different", all_different), ("grid", grid)):
        scenarios = made(names, given.scenarios)
        whole, core = shares(scenarios[:200])
        wall, used = timed(scenarios, given.workers)
        counts = f"{len(scenarios):,} | {wall:.1f} | {used:.1f} | {whole:.1f} | {core:.1f}"
        print(f"| {what} | {counts} | {whole / core - 1:.0%} |", flush=True)
    print(f"memory of the largest process: {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
