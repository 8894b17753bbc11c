"""Paths of several indicators, drawn in blocks by the core, with what they attain counted on the fly.

The model is that of csrc/include/attain/joint.h, so that what both can answer, both answer alike; the core's
simulate.h says how far. Memory does not grow with the number of paths, and neither threads nor the machine's
instruction set change a bit of the answer.
"""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from attain import _core, rare
from attain.errors import ArgumentError
from attain.progress import progress

if TYPE_CHECKING:
    from attain.projection import Mixture

BLOCK = 256
_RULES = {"logs": 0, "levels": 1, "members": 2}
_BLOCKS_A_CALL = 128
_CALLS_AHEAD = 4  # per thread: what waits takes no memory that grows with the paths
DRAWS = 100_000
_FROM_SECONDS = 2.0  # a bar for what takes longer
FEW = 500  # attaining paths below which the event is rare
_FEWEST_EFFECTIVE = 100  # attaining paths, in effect, behind an error from weights
_AGREE = 5.0  # errors of plain paths within which the aimed ones must agree with them
_SUM_LIMBS = 67
_CONFIDENCE = 0.95
_Cut = tuple[int, int]  # first block, how many
_Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Quantity:
    """lower <= quantity of a path <= upper.

    Attributes
    ----------
    rule : `logs`, sum of coefficient times y; `levels`, sum of coefficient times exp(y); `members`, how many terms have
        y >= coefficient. y as in `attain.scale`.
    terms : (indicator, year, coefficient).
    """

    rule: Literal["logs", "levels", "members"]
    terms: tuple[tuple[str, int, float], ...]
    lower: float = -math.inf
    upper: float = math.inf


@dataclass(frozen=True)
class Drawing:
    """How many paths, on how many threads (None: all of the machine), from which seed."""

    draws: int = DRAWS
    threads: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if not (isinstance(self.draws, int) and self.draws >= 1) or isinstance(self.draws, bool):
            raise ArgumentError(f"draws: {self.draws!r} is not a number of paths such as {DRAWS}")
        if self.threads is not None and not (isinstance(self.threads, int) and self.threads >= 1):
            raise ArgumentError(f"threads: {self.threads!r} is no number of threads; leave it out for all there are")


@dataclass(frozen=True)
class Estimate:
    """A probability from paths.

    Attributes
    ----------
    probability : never 0 or 1, which no number of paths can tell.
    error : one standard error; where no path, or every path, attained, the distance to the bound of 95 % confidence.
    """

    probability: float
    error: float


def estimate(hits: int, paths: int) -> Estimate:
    """From counts: half a hit and half a miss are added (Jeffreys' prior), so that neither is ever ruled out."""
    p = (hits + 0.5) / (paths + 1)
    if 0 < hits < paths:
        return Estimate(p, math.sqrt(p * (1 - p) / paths))
    bound = -math.expm1(math.log1p(-_CONFIDENCE) / paths)  # of the rarer outcome, which never came
    return Estimate(p, bound - min(p, 1 - p))


def weighted(tally: Tally) -> Estimate | None:
    """From importance weights; None where too few paths count for an error to be believed."""
    assert tally.weights is not None, "an aim has weights"
    total, squares = tally.weights[1].tolist()
    if not total**2 >= _FEWEST_EFFECTIVE * squares or total == 0:
        return None
    p = total / tally.paths
    return Estimate(p, math.sqrt(max(squares / tally.paths - p**2, 0.0) / tally.paths))


@dataclass(frozen=True, eq=False)
class Tally:
    """What paths attained.

    Attributes
    ----------
    paths : how many were drawn.
    all : how many attain all targets.
    pattern : (2^targets) bit t of the index: target t is attained; None for more than 16 targets.
    weights : (2 + targets, 2) sums of importance weights and of their squares: of every path, of those that attain all,
        of those that attain each; None without an aim.
    """

    paths: int
    all: int
    pattern: npt.NDArray[np.int64] | None
    weights: _Floats | None


class Simulation:
    """Paths of the indicators that targets name, in the years that they name.

    Parameters
    ----------
    mixtures : by indicator.
    loadings : by indicator its loadings on the common factors.
    targets : of each the quantities that a path must have within their bounds.
    seed, scenario : of the streams.
    years : to be drawn; by default those that a target names, which is what the joint engine does.
    instructions : 0 the fastest of the machine; 1 plain, 2 AVX2, 3 AVX-512: the same bytes.
    """

    def __init__(
        self,
        mixtures: Mapping[str, Mixture],
        loadings: Mapping[str, _Floats],
        targets: Sequence[Sequence[Quantity]],
        *,
        seed: int,
        scenario: int = 0,
        years: Sequence[int] | None = None,
        instructions: int = 0,
    ) -> None:
        self.targets = [tuple(quantities) for quantities in targets]
        self.indicators = list(mixtures)
        named = {year for own in self.targets for quantity in own for _, year, _ in quantity.terms}
        self.years = sorted(named if years is None else years, reverse=True)
        sources = [(m.weight, m.df, m.location, m.scale, m.years[0], loadings[name]) for name, m in mixtures.items()]
        self._core = _core.simulation_open(
            sources,
            len(next(iter(loadings.values()))),
            np.array(self.years, np.int32),
            [self._arguments(q, t) for t, own in enumerate(self.targets) for q in own],
            len(self.targets),
            seed,
            scenario,
            instructions,
        )
        self.layout = _core.simulation_layout(self._core)
        self._place_normals(list(mixtures.values()), len(next(iter(loadings.values()))))

    @property
    def normals(self) -> int:
        """Of a path."""
        return self.layout["normals"]

    def _place_normals(self, mixtures: Sequence[Mixture], factors: int) -> None:
        """Which normals pick the component and the scale of each indicator, and which are its own shocks."""
        first = factors * len(self.years)
        self.components: list[int] = []
        self.places: list[tuple[slice, slice]] = []
        for mixture in mixtures:
            many, has_scale = len(mixture.weight) > 1, bool(np.isfinite(mixture.df).any())
            self.components += [first] * many
            own = first + many + has_scale
            end = own + sum(mixture.years[0] <= year <= mixture.years[-1] for year in self.years)
            self.places.append((slice(first, own), slice(own, end)))
            first = end

    def _arguments(self, quantity: Quantity, target: int) -> tuple[object, ...]:
        names, years, coefficients = zip(*quantity.terms, strict=True)
        places = np.array([self.indicators.index(name) for name in names], np.int32)
        terms = places, np.array(years, np.int32), np.array(coefficients, np.float64)
        return _RULES[quantity.rule], *terms, target, quantity.lower, quantity.upper, 0.0, 0.0

    def aim(self, shift: _Floats, paths: Sequence[int]) -> None:
        """Importance sampling: of each block of 256 paths so many have the means of their normals shifted."""
        _core.simulation_aim(self._core, np.ascontiguousarray(shift), np.array(paths, np.uint32))
        self.layout = _core.simulation_layout(self._core)

    def tally(self, draws: int, *, threads: int | None = None) -> Tally:
        """What `draws` paths, rounded up to whole blocks, attain; Ctrl-C stops between two calls of the core."""
        blocks = -(-draws // BLOCK)
        cuts = ((first, min(_BLOCKS_A_CALL, blocks - first)) for first in range(0, blocks, _BLOCKS_A_CALL))
        threads = 1 if blocks <= _BLOCKS_A_CALL else threads or os.cpu_count() or 1
        total = np.zeros(self.layout["size"], np.int64)
        with progress(blocks * BLOCK, " paths", delay=_FROM_SECONDS, unit_scale=True) as bar:
            for count, part in self._parts(cuts, threads):
                _core.tally_merge(self._core, total, part)
                bar.update(count * BLOCK)
        return self._read(total)

    def probability(self, drawing: Drawing) -> Estimate:
        """P(all targets); where few paths attain them, from as many again that are drawn about paths which do."""
        tally = self.tally(drawing.draws, threads=drawing.threads)
        plain = estimate(tally.all, tally.paths)
        shifts = rare.attaining_shifts(self) if tally.all < FEW else None
        if shifts is None:
            return plain
        self.aim(*shifts)
        aimed = weighted(self.tally(drawing.draws, threads=drawing.threads))
        believed = aimed is not None and abs(aimed.probability - plain.probability) < _AGREE * plain.error
        return aimed if aimed is not None and believed and aimed.error < plain.error else plain

    def _part(self, cut: _Cut) -> tuple[int, npt.NDArray[np.int64]]:
        part = np.zeros(self.layout["size"], np.int64)
        _core.simulate_blocks(self._core, *cut, part)
        return cut[1], part

    def _parts(self, cuts: Iterator[_Cut], threads: int) -> Iterator[tuple[int, npt.NDArray[np.int64]]]:
        """The tallies of all cuts, in any order: they are integers."""
        if threads == 1:
            yield from map(self._part, cuts)
            return
        with ThreadPoolExecutor(threads) as pool:
            running: set[Future[tuple[int, npt.NDArray[np.int64]]]] = set()
            try:
                while True:
                    room = threads * _CALLS_AHEAD - len(running)
                    running |= {pool.submit(self._part, cut) for cut in itertools.islice(cuts, room)}
                    if not running:
                        return
                    done, running = wait(running, return_when=FIRST_COMPLETED)
                    yield from (future.result() for future in done)
            finally:
                pool.shutdown(cancel_futures=True)

    def _read(self, tally: npt.NDArray[np.int64]) -> Tally:
        at = self.layout
        limbs = tally[at["weights"] : at["weights"] + at["weighted"] * 2 * _SUM_LIMBS]
        sums = _core.tally_sums(limbs.reshape(-1, _SUM_LIMBS)).reshape(-1, 2)
        return Tally(
            int(tally[at["paths"]]),
            int(tally[at["all"]]),
            tally[at["pattern"] : at["pattern"] + at["patterns"]].copy() if at["patterns"] else None,
            sums if len(sums) else None,
        )

    def paths(self, count: int, first: int = 0) -> tuple[_Floats, _Floats, _Floats, _Floats]:
        """Blocks of paths as they are: their normals (paths, normals), y (paths, indicators, years; years as in
        `years`, NaN where an indicator's figures reach), quantities (paths, quantities) and weights (paths)."""
        return _core.simulate_paths(self._core, first, -(-count // BLOCK))

    def at(self, normals: _Floats) -> _Floats:
        """Quantities (N, quantities) of the paths that these normals (N, normals) make."""
        return _core.simulate_at(self._core, np.ascontiguousarray(normals))
