"""Time per series: 15 yearly levels fitted, projected five years, reduced to seven quantiles, for 10,000 series.

    python benchmarks/bench_growth_batch.py [--series 10000] [--peer 40] [--rounds 7]

Every side runs in every round, one after the other in one process on one thread; its input stands ready before the
clock starts. Nothing is asserted: docs/speed.md says what was measured, and where the time goes.
"""

import os

os.environ["OMP_NUM_THREADS"] = "1"  # read when NumPy loads
os.environ["OPENBLAS_NUM_THREADS"] = "1"
os.environ["MKL_NUM_THREADS"] = "1"

import argparse
import platform
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import scipy
import statsforecast
import statsmodels
from machine import machine
from scipy import stats
from statsforecast.models import AutoETS
from statsmodels.tsa.statespace.structural import UnobservedComponents

import attain as at
from attain import _core

LEVELS, AHEAD, LAST = 15, 5, 2024
SIMULATED = 30  # years, of which a series with gaps keeps LEVELS
PROBABILITY = np.array([0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95])
SCORE = stats.norm.ppf(PROBABILITY)
# The fastest of eight settings tried, with results made lighter; the default 50 iterations seldom suffice for it.
SIMPLEX = {"method": "nm", "maxiter": 500, "cov_type": "none", "low_memory": True}

CORE, GAPS, PUBLIC = "attain core", "attain core, own gaps each", "attain project().quantile()"
PEER, FIT, FASTEST = "statsmodels fit + forecast", "statsmodels fit alone", "statsmodels Nelder-Mead"
AUTO_ETS = "statsforecast AutoETS"
WALK, NUMPY_WALK = "random walk: attain core", "random walk: vectorised NumPy"

SIDES = {
    CORE: "one call for all series, all of the same years: a model per point of the prior, in closed form, averaged",
    GAPS: f"the same, {LEVELS} of {SIMULATED} years at random: nothing to share between series",
    PUBLIC: "a wide frame read and checked, projected, quantiles in a frame",
    PEER: "one model, local linear trend, three variances by maximum likelihood, default settings; normal quantiles",
    FIT: "the same with the model built beforehand, without forecast and quantiles",
    FASTEST: f"fit + forecast by fit({', '.join(f'{k}={v!r}' for k, v in SIMPLEX.items())})",
    AUTO_ETS: "per series, compiled beforehand: the best of its exponential smoothings, forecast with 50, 80 and 90 %"
    " intervals, which with the mean are the seven quantiles",
    WALK: "another model, which has a formula for all series at once; the same call with prior None",
    NUMPY_WALK: "that formula, for equal years only, with one scipy.stats.t.ppf",
}


@dataclass
class Timing:
    """Microseconds per series, one entry a round."""

    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)

    def add(self, work: Callable[[], Any], count: int) -> Any:
        wall, cpu = time.perf_counter(), time.process_time()
        result = work()
        self.cpu.append((time.process_time() - cpu) / count * 1e6)
        self.wall.append((time.perf_counter() - wall) / count * 1e6)
        return result


def simulate(count: int, rng: np.random.Generator) -> np.ndarray:
    """Log levels (count, SIMULATED): growth is AR(1), with a mean and a volatility of each series' own."""
    mean, spread = rng.normal(0.06, 0.03, (count, 1)), 0.03 * np.exp(rng.normal(0, 0.4, (count, 1)))
    growth = spread * rng.normal(size=(count, SIMULATED))
    for year in range(1, SIMULATED):
        growth[:, year] += 0.5 * growth[:, year - 1]
    return rng.normal(5, 1, (count, 1)) + np.cumsum(mean + growth, axis=1)


def random_years(count: int, rng: np.random.Generator) -> np.ndarray:
    """Which years a series keeps (count, SIMULATED): the last one, and LEVELS - 1 others."""
    rank = rng.random((count, SIMULATED - 1)).argsort(axis=1).argsort(axis=1)
    return np.hstack([rank < LEVELS - 1, np.ones((count, 1), bool)])


def table(log_levels: np.ndarray, kept: np.ndarray) -> tuple[np.ndarray, ...]:
    """The seven columns of the core's flat table."""
    series, column = np.nonzero(kept)
    zeros = np.zeros(len(series), np.int32)
    year = (LAST + 1 - SIMULATED + column).astype(np.int32)
    return series.astype(np.int64), year, zeros, zeros, np.exp(log_levels[kept]), *np.zeros((2, len(series)))


def core(prior: np.ndarray | None, columns: tuple[np.ndarray, ...]) -> np.ndarray:
    status, quantile = _core.growth_quantiles(prior, *columns, LAST + 1, LAST + AHEAD, PROBABILITY)
    if status.any():
        raise RuntimeError("a series was not projected")
    return quantile


def numpy_walk(levels: np.ndarray) -> np.ndarray:
    """The random walk with drift of all series at once, (S, AHEAD, Q)."""
    y = np.log(levels)
    growth, h = np.diff(y), np.arange(1, AHEAD + 1)
    scale = growth.std(axis=1, ddof=1)[:, None] * np.sqrt(h * (1 + h / (LEVELS - 1)))
    middle = y[:, -1:] + growth.mean(axis=1)[:, None] * h
    return middle[:, :, None] + scale[:, :, None] * stats.t.ppf(PROBABILITY, LEVELS - 2)


def build(y: np.ndarray) -> UnobservedComponents:
    return UnobservedComponents(y, "local linear trend")


def peer(sample: Sequence[np.ndarray], **settings: Any) -> list[tuple[Any, np.ndarray]]:
    """Fits and log quantiles (AHEAD, Q) of each series."""
    answers = []
    for y in sample:
        fit = build(y).fit(disp=False, **settings)
        forecast = fit.get_forecast(AHEAD)
        answers.append((fit, forecast.predicted_mean[:, None] + forecast.se_mean[:, None] * SCORE))
    return answers


def auto_ets(sample: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Log quantiles (AHEAD, Q) of each series."""
    columns = ["lo-90", "lo-80", "lo-50", "mean", "hi-50", "hi-80", "hi-90"]
    forecasts = [AutoETS(season_length=1).forecast(y, AHEAD, level=[50, 80, 90]) for y in sample]
    return [np.column_stack([forecast[column] for column in columns]) for forecast in forecasts]


def fit_all(models: Sequence[UnobservedComponents]) -> None:
    for model in models:
        model.fit(disp=False)


def measure(series: int, sampled: int, rounds: int) -> tuple[dict[str, Timing], list[str]]:
    rng = np.random.default_rng(20250828)
    y, prior = simulate(series, rng), at.load_prior().points
    gaps, recent = random_years(series, rng), y[:, -LEVELS:].copy()
    columns = table(y, np.arange(SIMULATED) >= np.full((series, 1), SIMULATED - LEVELS))
    columns_with_gaps = table(y, gaps)
    levels = np.exp(recent)
    years = pd.RangeIndex(LAST + 1 - LEVELS, LAST + 1, name="year")
    frame = pd.DataFrame(levels.T, index=years, columns=[f"series {i}" for i in range(series)])
    timing = {side: Timing() for side in SIDES}
    fits: dict[str, list[Any]] = {PEER: [], FASTEST: []}
    apart: dict[str, list[np.ndarray]] = {PEER: [], AUTO_ETS: []}
    # the first call loads, compiles and caches
    peer(recent[:3]), auto_ets(recent[:3]), at.project(frame.iloc[:, :9], to=LAST + AHEAD)
    for _ in range(rounds):
        chosen = rng.choice(series, sampled, replace=False)
        sample = list(recent[chosen])
        models = [build(y) for y in sample]
        ours = timing[CORE].add(lambda: core(prior, columns), series)
        theirs = timing[PEER].add(lambda part=sample: peer(part), sampled)
        timing[GAPS].add(lambda: core(prior, columns_with_gaps), series)
        timing[FIT].add(lambda part=models: fit_all(part), sampled)
        public = timing[PUBLIC].add(lambda: at.project(frame, to=LAST + AHEAD).quantile(PROBABILITY), series)
        simplex = timing[FASTEST].add(lambda part=sample: peer(part, **SIMPLEX), sampled)
        smooth = timing[AUTO_ETS].add(lambda part=sample: auto_ets(part), sampled)
        walk = timing[WALK].add(lambda: core(None, columns), series)
        closed = timing[NUMPY_WALK].add(lambda: numpy_walk(levels), series)
        fits[PEER] += [fit for fit, _ in theirs]
        fits[FASTEST] += [fit for fit, _ in simplex]
        for side, quantiles in ((PEER, [q for _, q in theirs]), (AUTO_ETS, smooth)):
            apart[side].append(np.abs(np.array(quantiles)[:, -1, 3] - ours[chosen, -1, 3]))
    same = np.array_equal(public.to_numpy().reshape(AHEAD, series, -1), np.exp(ours).transpose(1, 0, 2))
    unfinished = {side: sum(not fit.mle_retvals["converged"] for fit in of) for side, of in fits.items()}
    lost = np.mean([a.llf - b.llf for a, b in zip(fits[PEER], fits[FASTEST], strict=True)])
    notes = [
        f"patterns of years with gaps: {len(np.unique(gaps, axis=0))} distinct",
        f"project().quantile() and core agree: {'to the last bit' if same else 'NO'}",
        f"random walks, attain and NumPy: at most {np.max(np.abs(walk - closed)):.1e} apart in log quantiles",
        f"median of year {AHEAD}, apart from attain's in logs (median of the sample): "
        + ", ".join(f"{side} {np.median(of):.3f}" for side, of in apart.items()),
        f"fits not converged, of {rounds * sampled}: {unfinished[PEER]} by default settings,"
        f" {unfinished[FASTEST]} by Nelder-Mead, whose log likelihood is {lost:.2f} lower on average",
    ]
    return timing, notes


def middle(values: Sequence[float]) -> str:
    low, mid, high = min(values), float(np.median(values)), max(values)
    digits = 0 if mid >= 100 else 1 if mid >= 10 else 2
    return f"{mid:,.{digits}f} ({low:,.{digits}f} to {high:,.{digits}f})"


def report(timing: dict[str, Timing]) -> list[str]:
    """Ratios are those of CPU times within a round: peer to side."""
    lines = ["| side | us a series, CPU | us a series, wall | peer takes, times | AutoETS takes, times |"]
    lines += ["|---" * 5 + "|"]
    for side, t in timing.items():
        walks = side in (WALK, NUMPY_WALK)
        peers = (timing[NUMPY_WALK if walks else PEER], timing[AUTO_ETS])
        ratios = [middle([slow / fast for slow, fast in zip(p.cpu, t.cpu, strict=True)]) for p in peers]
        lines.append(f"| {side} | {middle(t.cpu)} | {middle(t.wall)} | {ratios[0]} | {'' if walks else ratios[1]} |")
    return lines


def heading(series: int, sampled: int, rounds: int) -> list[str]:
    python, points = platform.python_version(), len(at.load_prior().table)
    return [
        f"{machine()}; one thread; attain {at.__version__}, statsmodels {statsmodels.__version__},"
        f" statsforecast {statsforecast.__version__}, Python {python},",
        f"NumPy {np.__version__}, SciPy {scipy.__version__}, pandas {pd.__version__}",
        f"{series} series of {LEVELS} yearly levels, {AHEAD} years ahead, {len(PROBABILITY)} quantiles;"
        f" prior of {points} points",
        f"the peers fit {sampled} of the series, others in each round; {rounds} rounds: median (least to most)",
    ]


def main() -> None:
    options = argparse.ArgumentParser(description="Time per series of a batch, against other packages.")
    options.add_argument("--series", type=int, default=10_000, help="series of the batch")
    options.add_argument("--peer", type=int, default=40, help="series that the peers fit in each round")
    options.add_argument("--rounds", type=int, default=7)
    given = options.parse_args()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # statsmodels on fits that do not converge: they are counted instead
        timing, notes = measure(given.series, given.peer, given.rounds)
    print("\n".join(heading(given.series, given.peer, given.rounds)) + "\n")
    print("\n".join(report(timing)))
    print(f"peer: {PEER}; of the random walks: vectorised NumPy; AutoETS: of statsforecast\n")
    print("\n".join(f"{side}: {what}" for side, what in SIDES.items()) + "\n")
    print("\n".join(notes))


if __name__ == "__main__":
    main()
