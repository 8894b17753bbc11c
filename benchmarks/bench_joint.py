"""Time of the joint probability of five and twelve targets in one year, one thread.

    python benchmarks/bench_joint.py [--rounds 9]

Random histories of ten exact figures under the shipped prior `general`, one target each, engine `factor`, and engine
`sov` for the same events. Nothing is asserted: docs/speed.md says what was measured.
"""

import argparse
import time

import numpy as np
import pandas as pd
from machine import machine

import attain as at
from attain.dependence import dependence_of
from attain.event import event_of
from attain.joint import joint_probability


def events_on(indicators: int):
    """Ten years of each, and a target that asks for 30 % more four years on."""
    rng = np.random.default_rng(indicators)
    names = [f"x{i}" for i in range(indicators)]
    steps = 0.08 + 0.03 * rng.standard_normal((10, indicators))
    levels = pd.DataFrame(100 * np.exp(np.cumsum(steps, axis=0)), range(2015, 2025), names)
    projection = at.project(levels, to=2028)
    targets = [at.level(name, by=2028, at_least=float(1.3 * levels[name].iloc[-1])) for name in names]
    return [event_of(target, projection) for target in targets], projection


def milliseconds(rounds: int, indicators: int, engine: str) -> tuple[float, float, float]:
    """Least and median CPU time of a call, and log P."""
    events, projection = events_on(indicators)
    dependence, taken = dependence_of("factor", projection), []
    for _ in range(rounds + 1):  # the first call computes the posteriors
        start = time.process_time()
        joint = joint_probability(events, projection, dependence, engine=engine)
        taken.append(1e3 * (time.process_time() - start))
    return min(taken[1:]), float(np.median(taken[1:])), joint.log_probability


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    print(machine())
    print("| targets | engine | ms CPU, median (least) | log P |\n|---|---|---|---|")
    for indicators in (5, 12):
        for engine in ("factor", "sov"):
            least, median, log_p = milliseconds(rounds, indicators, engine)
            print(f"| {indicators} | {engine} | {median:.2g} ({least:.2g}) | {log_p:.4f} |")


if __name__ == "__main__":
    main()
