"""Time and error of the probability of a multivariate normal rectangle, against R's mvtnorm and SciPy.

    python benchmarks/bench_rectangle.py [--rounds 5]

Two problems: equal correlations of 0.4 with all bounds at 0.5, which attain is made to integrate without knowing the
structure, and correlations that have none. Every side runs in every round; mvtnorm is timed inside R, so without R's
start, and left out where R has no mvtnorm. All are asked for an error of 1e-4; what they make of it is measured
against the exact value, or attain's own with many times the points. Nothing is asserted: docs/speed.md says what was
measured.
"""

import os

os.environ["OMP_NUM_THREADS"] = "1"  # read when NumPy loads
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import argparse
import math
import platform
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import scipy
from scipy import stats

import attain as at

# mvtnorm's and SciPy's estimated error of 1e-4 is some three and a half of their standard errors.
ABSOLUTE, STANDARD = 1e-4, 1e-4 / 3.5
OURS, FACTOR, R, SCIPY = "attain, lattice", "attain, structure found", "R mvtnorm", "SciPy"
REPEATS = {(OURS, 10): 40, (OURS, 25): 12, (FACTOR, 10): 200, (FACTOR, 25): 200, (R, 10): 10, (R, 25): 3}
REPEATS |= {(SCIPY, 10): 5, (SCIPY, 25): 1}


@dataclass
class Side:
    """One entry a round: milliseconds a call, CPU; answers of all calls."""

    milliseconds: list[float] = field(default_factory=list)
    answers: list[float] = field(default_factory=list)


@dataclass
class Problem:
    """P(X <= upper) of correlations; `blurred` has no structure, and the same probability within 1e-7."""

    name: str
    upper: np.ndarray
    correlation: np.ndarray
    exact: float
    blurred: np.ndarray


def equal(dimensions: int) -> Problem:
    """Correlations of 0.4, and the same blurred beyond what the search for one factor accepts."""
    correlation = np.full((dimensions, dimensions), 0.4) + 0.6 * np.eye(dimensions)
    noise = np.random.default_rng(1).normal(size=correlation.shape) * 1e-9
    upper = np.full(dimensions, 0.5)
    exact = math.exp(at.mvn_probability(-np.inf, upper, 0, correlation)[0])
    return Problem(
        f"equal, {dimensions}", upper, correlation, exact, correlation + np.triu(noise, 1) + np.triu(noise, 1).T
    )


def random(dimensions: int) -> Problem:
    """Correlations of a random covariance."""
    rng = np.random.default_rng(dimensions)
    factor = rng.normal(size=(dimensions, dimensions + 2))
    covariance = factor @ factor.T
    spread = np.sqrt(np.diag(covariance))
    correlation = covariance / np.outer(spread, spread)
    upper = rng.uniform(0.5, 2.0, dimensions)
    runs = [at.mvn_probability(-np.inf, upper, 0, correlation, rel_error=1e-5, seed=100 + s)[0] for s in range(4)]
    return Problem(f"random, {dimensions}", upper, correlation, float(np.exp(runs).mean()), correlation)


def timed(side: Side, seeds: range, work: Callable[[int], float]) -> None:
    start = time.process_time()
    side.answers += [work(seed) for seed in seeds]
    side.milliseconds.append((time.process_time() - start) / len(seeds) * 1e3)


def has_mvtnorm() -> bool:
    return bool(shutil.which("Rscript")) and "TRUE" in in_r('cat(requireNamespace("mvtnorm", quietly=TRUE))')


def in_r(code: str) -> str:
    return subprocess.run(["Rscript", "-"], input=code, capture_output=True, text=True, check=True).stdout


def run_r(side: Side, problem: Problem, repeats: int, seed: int) -> None:
    numbers = ",".join(repr(float(x)) for x in problem.correlation.ravel())
    upper = ",".join(repr(float(x)) for x in problem.upper)
    printed = in_r(
        f"library(mvtnorm); set.seed({seed}); s <- matrix(c({numbers}), {len(problem.upper)}); s <- (s + t(s)) / 2;"
        f"a <- GenzBretz(maxpts=1e8, abseps={ABSOLUTE}, releps=0); u <- c({upper});"
        f"p <- pmvnorm(upper=u, sigma=s, algorithm=a);"
        f"time <- system.time(p <- replicate({repeats}, pmvnorm(upper=u, sigma=s, algorithm=a)))[1];"
        f"cat(time / {repeats}, format(p, digits=12))"
    ).split()
    side.milliseconds.append(float(printed[0]) * 1e3)
    side.answers += [float(p) for p in printed[1:]]


def by_attain(problem: Problem, correlation: np.ndarray, seed: int) -> float:
    relative = STANDARD / problem.exact
    return math.exp(at.mvn_probability(-np.inf, problem.upper, 0, correlation, rel_error=relative, seed=seed)[0])


def by_scipy(problem: Problem, seed: int) -> float:
    settings = {"maxpts": 100_000_000, "abseps": ABSOLUTE, "releps": 0}
    if "rng" in stats.multivariate_normal.cdf.__doc__:
        settings["rng"] = np.random.default_rng(seed)
    return float(stats.multivariate_normal.cdf(problem.upper, cov=problem.correlation, **settings))


def measure(problem: Problem, rounds: int, with_r: bool) -> dict[str, Side]:
    structured = problem.blurred is not problem.correlation
    sides = {
        name: Side() for name in (OURS, FACTOR, R, SCIPY) if (with_r or name != R) and (structured or name != FACTOR)
    }
    dimensions = len(problem.upper)
    for turn in range(rounds):
        for name, side in sides.items():
            repeats = REPEATS[name, dimensions]
            seeds = range(1000 * turn, 1000 * turn + repeats)
            if name == OURS:
                timed(side, seeds, lambda seed: by_attain(problem, problem.blurred, seed))
            elif name == FACTOR:
                timed(side, seeds, lambda seed: by_attain(problem, problem.correlation, seed))
            elif name == R:
                run_r(side, problem, repeats, turn)
            else:
                timed(side, seeds, lambda seed: by_scipy(problem, seed))
    return sides


def report(problem: Problem, sides: dict[str, Side]) -> list[str]:
    """Ratios are those within a round; errors over all calls."""
    lines = []
    for name, side in sides.items():
        ratios = [a / b for a, b in zip(side.milliseconds, sides[OURS].milliseconds, strict=True)]
        error = math.sqrt(np.mean((np.array(side.answers) - problem.exact) ** 2))
        fast, middle = min(side.milliseconds), float(np.median(side.milliseconds))
        lines.append(
            f"| {problem.name} | {name} | {middle:.3g} ({fast:.3g}) | {error:.1e} | {float(np.median(ratios)):.3g}"
            f" ({min(ratios):.3g} to {max(ratios):.3g}) |"
        )
    return lines


def main() -> None:
    options = argparse.ArgumentParser(description="Rectangle probabilities, against mvtnorm and SciPy.")
    options.add_argument("--rounds", type=int, default=5)
    rounds, with_r = options.parse_args().rounds, has_mvtnorm()
    version = in_r('cat(format(packageVersion("mvtnorm")))') if with_r else "absent"
    print(f"attain {at.__version__}, mvtnorm {version}, SciPy {scipy.__version__}, NumPy {np.__version__},")
    print(f"Python {platform.python_version()}, {platform.machine()}; one thread; {rounds} rounds: median (least)\n")
    print("| problem, dimensions | side | ms a call, CPU | root mean square error | takes times attain's lattice |")
    print("|---|---|---|---|---|")
    for problem in (equal(10), random(10), equal(25), random(25)):
        print("\n".join(report(problem, measure(problem, rounds, with_r))), flush=True)


if __name__ == "__main__":
    main()
