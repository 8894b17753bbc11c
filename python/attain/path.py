"""Which path attains the plan, and is nearest to what is projected?

The projected y (`attain.scale`) of all indicators and years ahead have a centre, the medians, and a scale matrix:
within an indicator that of its mixture, between indicators the common factors of joint.h, year by year in reverse
time. The path is the point within all targets whose distance from the centre in that matrix is least
(`attain.least_distance`). Its distance is a distance, no probability. Of a count of members it takes those above the
threshold that are nearest to it on the path to all other targets, and where these contradict the rest, others.
"""

from __future__ import annotations

import contextlib
import heapq
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from attain.dependence import Dependence
from attain.errors import ArgumentError, AttainError, NumericalError, PlanError
from attain.event import AnyEvent, PathEvent
from attain.language import Language
from attain.least_distance import Nearest, nearest_point
from attain.projection import Mixture, Projection
from attain.scale import LOG
from attain.simulation import Quantity

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Floats = npt.NDArray[np.float64]

_STEPS, _SETTLED = 500, 1e-10
_TRIES = 64  # of members
_LEAST = 1e-9  # of its median, a level to start from
_Side = list[tuple[int | None, float]]
_Barred = frozenset[tuple[str, Quantity]]  # bounds on members, with the id of the target
_Owner = tuple[str, tuple[str, ...]]  # of a bound: id of the target, indicators


@dataclass(frozen=True)
class Total:
    """A bound on a sum of levels: side * log(sum over terms of exp(y + log weight)) >= side * bound.

    Attributes
    ----------
    name : id of the target.
    terms : by indicator and year the log of the weight, which carries the units.
    side : 1 for a floor, -1 for a ceiling.
    """

    name: str
    terms: Mapping[tuple[str, int], float]
    bound: float
    side: int


@dataclass(frozen=True, eq=False)
class AttainingPath:
    """The path nearest to the projection on which every open target is attained; `Assessment.attaining_path`.

    Attributes
    ----------
    events : the open targets.
    levels, median : frames, index year, one column per indicator: the path, and the medians of the projection. In the
        unit of the history, shares as fractions; NaN up to an indicator's own last figure.
    growth, projected_growth : the same of the growth over the year before on either, a fraction; of a share points, as
        a fraction.
    deviation : how far the path lies from the median, in units of the projection's scale in that year: the modesty
        statistic of Leeper & Zha [1]_. Within 2 the path asks for nothing that the past has not seen.
    targets : frame, index target id, columns binding (does it shape the path?), multiplier (what the squared distance,
        halved, rises by for 1 of the bound in logs, of a share in logits) and cost (its part of the squared distance;
        all together 1, none where the median attains the plan).
    distance : 0 where the median path attains every target; infinite, and the frames empty, where there is no path.
    bound : the indicators that the bounds which shape the path are of, in the years ahead.
    conflict : ids of targets that contradict each other, or lie at the end of a scale, such as a share of 100 %; there
        is no path then. Empty too where no path was found, and no proof that there is none.

    References
    ----------
    .. [1] E. M. Leeper, T. Zha (2003), Modest policy interventions, Journal of Monetary Economics 50, 1673-1700.
    """

    events: tuple[AnyEvent, ...] = field(repr=False)
    projection: Projection
    levels: pd.DataFrame
    median: pd.DataFrame
    growth: pd.DataFrame
    projected_growth: pd.DataFrame
    deviation: pd.DataFrame
    targets: pd.DataFrame
    distance: float
    bound: tuple[str, ...] = ()
    conflict: tuple[str, ...] = ()

    @property
    def found(self) -> bool:
        """Is there a path?"""
        return math.isfinite(self.distance)

    @property
    def modest(self) -> bool:
        """Does the path stay within 2 of `deviation`?"""
        return self.found and not (self.deviation.abs() > 2).any(axis=None)

    def to_frame(self) -> pd.DataFrame:
        """Tidy: indicator, year, level, median, growth, projected_growth, deviation."""
        parts = {
            "level": self.levels, "median": self.median, "growth": self.growth,
            "projected_growth": self.projected_growth, "deviation": self.deviation,
        }  # fmt: skip
        stacked = {name: frame.rename_axis(columns="indicator").unstack() for name, frame in parts.items()}
        return pd.DataFrame(stacked).dropna().reset_index()

    def summary(self, *, language: Language = "en") -> str:
        """The path as a table of years, with the growth that it asks for and what is projected."""
        from attain.attaining_text import path_text

        return path_text(self, language)

    def _repr_html_(self) -> str:
        from attain.fragments import path_fragment

        return path_fragment(self)

    def plot(self, indicator: str | None = None, *, language: Language = "en") -> Figure:
        """The path of one indicator over the fan, and the growth that it asks for each year."""
        from attain.figures import path_chart

        if not self.found:
            raise ArgumentError("no path attains every target, so there is nothing to draw")
        return path_chart(self, self.projection.indicators[self.projection.position(indicator)], language=language)


def attaining_path(events: Sequence[AnyEvent], projection: Projection, dependence: Dependence) -> AttainingPath:
    """The nearest path that attains open events.

    Parameters
    ----------
    events : none of them settled by a published figure.
    projection : of all indicators that events name.
    dependence : between these indicators.
    """
    beyond = [e.target.id for e in events if any(q.lower == math.inf or q.upper == -math.inf for q in e.quantities)]
    if beyond:
        return _no_path(events, projection, tuple(beyond))
    totals = sorted(_totals(events), key=lambda total: -total.side)
    space = _Space(projection, dependence)
    try:
        chosen, found = _with_members(space, events, totals)
    except NumericalError:
        return _no_path(events, projection, ())
    _, bounds, owners = space.linear(chosen)
    owners = [*owners, *((total.name, tuple(name for name, _ in total.terms)) for total in totals)]
    names = [name for name, _ in owners]
    if found.point is None:
        conflict = tuple(dict.fromkeys(n for n, u in zip(names, found.multipliers, strict=True) if u > 0))
        return _no_path(events, projection, conflict)
    y = space.centre + space.factor @ found.point
    # By duality |z|^2 = multipliers' bounds, where the bound of a sum is that of its tangent at the path.
    bounds = np.concatenate([bounds, *(space.tangent(total, y)[1][None] for total in totals)])
    cost = found.multipliers * bounds
    cost /= cost.sum() or 1.0
    by_bound = pd.DataFrame({"multiplier": found.multipliers, "cost": cost}, index=pd.Index(names, name="id"))
    targets = by_bound.groupby(level="id", sort=False).sum()
    targets.insert(0, "binding", targets["multiplier"] > 0)
    binding = (own for (_, own), u in zip(owners, found.multipliers, strict=True) if u > 0)
    bound = dict.fromkeys(name for own in binding for name in own)
    return _as_frames(events, space, y, targets, float(np.linalg.norm(found.point)), tuple(bound))


class _Space:
    """The years ahead of all indicators as one vector y = centre + factor z, in units z of equal likelihood.

    Attributes
    ----------
    places : (indicator, year) of each entry; within an indicator the last year comes first.
    centre, factor : (n), (n, n).
    """

    def __init__(self, projection: Projection, dependence: Dependence) -> None:
        self.projection = projection
        mixtures = {name: projection.mixture(name) for name in projection.indicators}
        self.places = [(name, year) for name, m in mixtures.items() for year in reversed(m.years)]
        parts = [_moments(mixture) for mixture in mixtures.values()]
        self.centre = np.concatenate([centre[::-1] for centre, _ in parts])
        self.scale = np.sqrt(np.concatenate([np.diag(scale)[::-1] for _, scale in parts]))
        self.factor = np.zeros((len(self.places), len(self.places)))
        end = 0
        for _, scale in parts:
            own = slice(end, end := end + len(scale))
            self.factor[own, own] = _root(scale[::-1, ::-1])
        self.factor = self.factor @ _root(_surprises(self.places, dependence))

    def row(self, quantity: Quantity) -> Floats:
        """A sum of coefficient times y as a functional."""
        row = np.zeros(len(self.places))
        for name, year, coefficient in quantity.terms:
            row[self.places.index((name, year))] += coefficient
        return row

    def linear(self, events: Sequence[AnyEvent]) -> tuple[Floats, Floats, list[_Owner]]:
        """Bounds of events as rows @ z >= bounds, and whose each is."""
        told = list(self.bounds(events))
        rows = np.array([row for row, _, _ in told]).reshape(-1, len(self.places))
        bounds = np.array([bound for _, bound, _ in told], np.float64)
        return rows @ self.factor, bounds - rows @ self.centre, [owner for _, _, owner in told]

    def bounds(self, events: Sequence[AnyEvent]) -> Iterator[tuple[Floats, float, _Owner]]:
        """Bounds of events as row @ y >= bound, and whose each is."""
        for event in events:
            for quantity in event.quantities:
                if quantity.rule != "logs":
                    continue
                row, owner = self.row(quantity), (event.target.id, tuple(name for name, _, _ in quantity.terms))
                if quantity.lower > -math.inf:
                    yield row, quantity.lower, owner
                if quantity.upper < math.inf:
                    yield -row, -quantity.upper, owner

    def sides(self, row: Floats, bound: float) -> tuple[_Side, _Side]:
        """row @ y >= bound as two sums of exp(log) times levels over their medians (None: times 1), the first at least
        the second; the row has no more than one 1 and one -1."""
        more, less = (np.flatnonzero(row == sign) for sign in (1, -1))
        assert max(len(more), len(less)) <= 1, "a target bounds a level or a ratio of two"
        first: _Side = [(int(i), self.centre[i]) for i in more] or [(None, 0.0)]
        second: _Side = [(int(i), bound + self.centre[i]) for i in less] or [(None, bound)]
        return first, second

    def sides_of(self, total: Total) -> tuple[_Side, _Side]:
        """The same of a bound on a sum."""
        at = [self.places.index(place) for place in total.terms]
        levels: _Side = [(i, self.centre[i] + w) for i, w in zip(at, total.terms.values(), strict=True)]
        bound: _Side = [(None, total.bound)]
        return (levels, bound) if total.side > 0 else (bound, levels)

    def tangent(self, total: Total, y: Floats) -> tuple[Floats, npt.NDArray[np.float64]]:
        """A bound on a sum as a row and a bound of z, along its tangent at y. The log of a sum is convex in y, so
        whoever keeps to the tangent keeps to a floor, and whoever keeps to a ceiling keeps to the tangent."""
        at = [self.places.index(place) for place in total.terms]
        logs = y[at] + np.array(list(total.terms.values()))
        value = np.logaddexp.reduce(logs)
        row = np.zeros(len(self.places))
        row[at] = np.exp(logs - value)
        return total.side * row @ self.factor, np.asarray(total.side * (total.bound - value + row @ (y - self.centre)))


def _moments(mixture: Mixture) -> tuple[Floats, Floats]:
    """Medians of a mixture's years, and the mean of the components' scale matrices with the spread of their locations
    around these medians. Few figures leave no variance, so scale matrices it is."""
    rows = np.eye(len(mixture.years))
    centre = np.array([mixture.quantile(row, [0.5])[0] for row in rows])
    apart = mixture.location - centre
    spread = np.einsum("k,kh,kj->hj", mixture.weight, apart, apart)
    return centre, np.einsum("k,khj->hj", mixture.weight, mixture.scale) + spread


def _root(matrix: Floats) -> Floats:
    """F with F F' the matrix: lower triangular, and where the matrix is singular the symmetric one."""
    try:
        return np.asarray(np.linalg.cholesky(matrix), np.float64)
    except np.linalg.LinAlgError:
        values, vectors = np.linalg.eigh(matrix)
        return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)) @ vectors.T, np.float64)


def _surprises(places: Sequence[tuple[str, int]], dependence: Dependence) -> Floats:
    """Correlations of the coordinates: those of the indicators within one year, else none."""
    names = list(dict.fromkeys(name for name, _ in places))
    own = np.array([names.index(name) for name, _ in places])
    years = np.array([year for _, year in places])
    return np.where(years[:, None] == years, dependence.matrix(names)[np.ix_(own, own)], 0.0)


def _with_members(
    space: _Space, events: Sequence[AnyEvent], totals: Sequence[Total]
) -> tuple[Sequence[AnyEvent], Nearest]:
    """The events with each count of members as bounds on single members, and the nearest point; the same events where
    there is no count, or no path to all other targets.

    First come the members that are nearest to the threshold on the path to all other targets. Members whose bounds are
    part of a contradiction are then barred from these, one at a time, and the choice nearest to that path is next.
    """
    found = _nearest(space, events, totals)
    if found.point is None or all(event.target.members is None for event in events):
        return events, found
    y = space.centre + space.factor @ found.point
    open_: list[tuple[float, int, _Barred]] = [(0.0, 0, frozenset())]
    seen = {open_[0][2]}
    for _ in range(_TRIES):
        if not open_:
            break
        *_, barred = heapq.heappop(open_)
        chosen, _ = _chosen(space, events, y, barred)
        with contextlib.suppress(NumericalError):
            found = _nearest(space, chosen, totals)
            if found.point is not None:
                return chosen, found
            for more in {barred | {bound} for bound in _at_odds(space, chosen, found)} - seen:
                seen.add(more)
                with contextlib.suppress(_NoneLeft):
                    heapq.heappush(open_, (_chosen(space, events, y, more)[1], len(seen), more))
    raise NumericalError("no members were found with which there is a path")


def _at_odds(space: _Space, chosen: Sequence[AnyEvent], found: Nearest) -> Iterator[tuple[str, Quantity]]:
    """The bounds on members that are part of a contradiction, each with its target."""
    bounds = {(e.target.id, q.terms[0][0]): q for e in chosen if e.target.members is not None for q in e.quantities}
    _, _, owners = space.linear(chosen)
    for (name, indicators), multiplier in zip(owners, found.multipliers, strict=False):  # sums come after
        if multiplier > 0 and (name, indicators[0]) in bounds:
            yield name, bounds[name, indicators[0]]


def _chosen(space: _Space, events: Sequence[AnyEvent], y: Floats, barred: _Barred) -> tuple[Sequence[AnyEvent], float]:
    """The events with counts as the bounds on members, of those not barred, that are nearest to a path, and how far
    they are."""
    chosen, far = list(events), 0.0
    for i, event in enumerate(events):
        if isinstance(event, PathEvent) and event.target.members is not None:
            own = {bound for name, bound in barred if name == event.target.id}
            bounds, apart = _one_by_one(space, event.quantities[0], y, own)
            chosen[i], far = replace(event, quantities=bounds), far + apart
    return chosen, far


def _one_by_one(space: _Space, count: Quantity, y: Floats, barred: Set[Quantity]) -> tuple[tuple[Quantity, ...], float]:
    """A count as bounds on single members, and the sum of squares of what each misses of its bound: in units of the
    projection's scale, the nearest reach the threshold and the farthest stay below it. Those that may not stay below
    are the first to reach it."""

    def missing(term: tuple[str, int, float]) -> float:
        at = space.places.index(term[:2])
        return float((term[2] - y[at]) / (space.scale[at] or 1.0))

    floors = {t: Quantity("logs", ((*t[:2], 1.0),), lower=t[2]) for t in count.terms}
    ceilings = {t: Quantity("logs", ((*t[:2], 1.0),), upper=t[2]) for t in count.terms}
    least = int(count.lower) if count.lower > -math.inf else 0
    below = len(count.terms) - int(count.upper) if count.upper < math.inf else 0
    nearest = sorted(count.terms, key=lambda t: (ceilings[t] not in barred, missing(t)))
    reach = [t for t in nearest if floors[t] not in barred][:least]
    stay = sorted((t for t in count.terms if t not in reach and ceilings[t] not in barred), key=missing, reverse=True)
    if len(reach) < least or len(stay) < below:
        raise _NoneLeft
    misses = [*(missing(t) for t in reach), *(-missing(t) for t in stay[:below])]
    bounds = *(floors[t] for t in reach), *(ceilings[t] for t in stay[:below])
    return bounds, sum(max(miss, 0.0) ** 2 for miss in misses)


class _NoneLeft(Exception):
    """Too few members are left to choose from."""


def _nearest(space: _Space, events: Sequence[AnyEvent], totals: Sequence[Total]) -> Nearest:
    """The nearest point; with sums the nearest of those that successive tangents lead to from several starts. The
    multipliers are of the linear bounds, then of the sums.

    Raises
    ------
    NumericalError
        When neither a path nor a contradiction was found.
    """
    rows, bounds, _ = space.linear(events)
    if not totals:
        return nearest_point(rows, bounds)
    reached = list(_reached(space, rows, bounds, totals, _starts(space, totals)))
    if not reached:
        levels = _in_levels(space, events, totals)
        if levels.point is None:
            return levels
        start = space.centre + np.log(np.maximum(1 + levels.point, _LEAST))
        reached = list(_reached(space, rows, bounds, totals, [start]))
    if not reached:
        raise NumericalError("no path to a sum was found")
    return min(reached, key=lambda nearest: float(np.linalg.norm(nearest.point)))  # type: ignore[arg-type]


def _starts(space: _Space, totals: Sequence[Total]) -> Iterator[Floats]:
    """The medians, and for each part of a sum the medians with that part carrying all that is missing: what sums reach
    is not convex, so that there may be several paths to which none is near."""
    yield space.centre
    for total in totals:
        for place, log_weight in total.terms.items():
            start = space.centre.copy()
            start[space.places.index(place)] = total.bound - log_weight
            yield start


def _reached(
    space: _Space, rows: Floats, bounds: Floats, totals: Sequence[Total], starts: Iterable[Floats]
) -> Iterator[Nearest]:
    """The paths that starts lead to. A floor's tangent lies within what the sum allows: where tangents leave nothing,
    that says nothing of the sum."""
    for y in starts:
        with contextlib.suppress(NumericalError):
            nearest = _settle(space, rows, bounds, totals, y)
            if nearest.point is not None:
                yield nearest


def _in_levels(space: _Space, events: Sequence[AnyEvent], totals: Sequence[Total]) -> Nearest:
    """Levels over their medians, less 1, that attain all, or the proof that none do: in levels, exp(y), all bounds are
    linear, those on sums too."""
    sides = [space.sides(row, bound) for row, bound, _ in space.bounds(events)]
    sides += [space.sides_of(total) for total in totals]
    rows, bounds = np.zeros((len(sides), len(space.places))), np.zeros(len(sides))
    for row, own in enumerate(sides):
        largest = max(log for side in own for _, log in side)
        for sign, side in zip((1, -1), own, strict=True):
            for place, log in side:
                if place is None:
                    bounds[row] -= sign * math.exp(log - largest)
                else:
                    rows[row, place] += sign * math.exp(log - largest)
    above_zero = np.eye(len(space.places)), -np.ones(len(space.places))
    found = nearest_point(np.vstack([rows, above_zero[0]]), np.concatenate([bounds - rows.sum(axis=1), above_zero[1]]))
    return Nearest(found.point, found.multipliers[: len(sides)])


def _settle(space: _Space, rows: Floats, bounds: Floats, totals: Sequence[Total], y: Floats) -> Nearest:
    """From y on, the nearest point along the tangents of floors at the last one, until it stays."""
    floors, ceilings = ([total for total in totals if total.side == side] for side in (1, -1))
    for _ in range(_STEPS):
        tangents = [space.tangent(total, y) for total in floors]
        nearest = _below(
            space,
            np.vstack([rows, *(row for row, _ in tangents)]),
            np.concatenate([bounds, [bound for _, bound in tangents]]),
            ceilings,
        )
        if nearest.point is None:
            return nearest
        last, y = y, space.centre + space.factor @ nearest.point
        if not floors or np.abs(y - last).max() <= _SETTLED:
            return nearest
    raise NumericalError("the path to a sum did not settle")


def _below(space: _Space, rows: Floats, bounds: Floats, ceilings: Sequence[Total]) -> Nearest:
    """The nearest point below ceilings on sums, whose tangents cut off nothing that keeps to them: where a point lies
    beyond one, its tangent there is added."""
    cuts: list[tuple[int, Floats, npt.NDArray[np.float64]]] = []
    for _ in range(_STEPS):
        nearest = nearest_point(
            np.vstack([rows, *(row for _, row, _ in cuts)]), np.concatenate([bounds, [bound for _, _, bound in cuts]])
        )
        linear, own = np.split(nearest.multipliers, [len(bounds)])
        of_each = [sum(u for u, (of, _, _) in zip(own, cuts, strict=True) if of == i) for i in range(len(ceilings))]
        nearest = Nearest(nearest.point, np.concatenate([linear, of_each]))
        if nearest.point is None:
            return nearest
        y = space.centre + space.factor @ nearest.point
        tangents = [(i, *space.tangent(total, y)) for i, total in enumerate(ceilings)]
        beyond = [cut for cut in tangents if cut[1] @ nearest.point < cut[2] - _SETTLED]
        if not beyond:
            return nearest
        cuts = [cut for cut, u in zip(cuts, own, strict=True) if u > 0] + beyond
    raise NumericalError("the path below the ceiling on a sum did not settle")


def _as_frames(
    events: Sequence[AnyEvent], space: _Space, y: Floats, targets: pd.DataFrame, distance: float, bound: tuple[str, ...]
) -> AttainingPath:
    path, median, scale = (_frame(space, values) for values in (y, space.centre, space.scale))
    levels, growth = _figures(space.projection, path)
    middle, projected = _figures(space.projection, median)
    deviation = (path - median) / scale.where(scale > 0)
    deviation = deviation.fillna(0.0).where(path.notna())
    frames = levels, middle, growth, projected, deviation, targets
    return AttainingPath(tuple(events), space.projection, *frames, distance, bound)


def _frame(space: _Space, values: Floats) -> pd.DataFrame:
    """Index year, one column per indicator."""
    index = pd.MultiIndex.from_tuples(space.places, names=["indicator", "year"])
    return pd.Series(values, index=index).unstack("indicator")[list(space.projection.indicators)].sort_index()


def _figures(projection: Projection, y: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Figures of y, and how they grow from each year to the next, from the last published one on."""
    levels, growth = y.copy(), y.copy()
    for name in projection.indicators:
        origin, scale = projection.origin(name), projection.scale_of(name)
        levels[name] = scale.figures(y[name])
        own = levels[name].dropna()
        before = np.concatenate([[scale.figure(origin.log_level)], own.to_numpy()[:-1]])
        change = own / before - 1 if scale is LOG else own - before
        growth[name] = change.reindex(y.index)
    return levels, growth


def _no_path(events: Sequence[AnyEvent], projection: Projection, conflict: tuple[str, ...]) -> AttainingPath:
    nothing = pd.DataFrame(columns=list(projection.indicators))
    targets = pd.DataFrame(columns=["binding", "multiplier", "cost"])
    frames = nothing, nothing, nothing, nothing, nothing, targets
    return AttainingPath(tuple(events), projection, *frames, math.inf, (), conflict)


def _totals(events: Sequence[AnyEvent]) -> Iterator[Total]:
    """The bounds on sums of levels."""
    for event in events:
        for quantity in event.quantities:
            if quantity.rule != "levels":
                continue
            terms = {(name, year): math.log(weight) for name, year, weight in quantity.terms}
            if quantity.lower > 0:
                yield Total(event.target.id, terms, math.log(quantity.lower), 1)
            if quantity.upper < math.inf:
                yield Total(event.target.id, terms, math.log(quantity.upper), -1)


def no_path(conflict: Sequence[str]) -> AttainError:
    """Why there is no path, and where to ask on."""
    if not conflict:
        return NumericalError(
            "no path was found that attains every target, and no proof that there is none; try `check`"
        )
    if len(conflict) == 1:
        return PlanError(f"no path attains {conflict[0]}, which lies at the end of its scale or beyond; lower it")
    return PlanError(
        f"no path attains {' and '.join(conflict)} together: they contradict each other; `check` says by how much"
    )
