"""Learning a prior from a panel: the weights of points of the growth family under which its past would have been
foretold best, and how far the indicators of one plan tell of each other."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from attain import _core
from attain.backtest import Windows, cut_windows
from attain.errors import ArgumentError, DataError
from attain.history import AsOf
from attain.prior import Floats, Prior, check_own_name, load_prior
from attain.projection import project
from attain.reading import load_history
from attain.scale import LOG, LOGIT, Scale

LENGTHS = (2, 3, 6, 10, 15)
HORIZONS = (1, 2, 3, 4, 5)
EVIDENCE_LIMIT = 30.0
HEDGE = 0.05
SHORT, SHORT_IMPORTANCE = 6, 0.12  # what histories of fewer levels count for: with few changes the prior speaks

# Shocks: persistence phi, then the shares of measurement error, level shocks and growth shocks.
_SHOCKS = (
    (0, 0, 1, 0), (0, 0.3, 0.7, 0), (0, 0.95, 0.05, 0), (0.3, 0, 0.3, 0.7), (0.3, 0.3, 0.4, 0.3), (0.3, 0.9, 0, 0.1),
    (0.6, 0, 0, 1), (0.85, 0, 0, 1), (0.95, 0.3, 0.4, 0.3),
)  # fmt: skip
# Drift: variance in units of s2, persistence; around 3 % a year, or around none.
_DRIFTS = ((0.03, 1), (0.1, 0.5), (0.3, 1), (0.5, 0.5), (2, 0.95), (1, 0.7), (0.1, 0.85))
_NO_DRIFT, _DRIFT = (0.2, 0.8), 0.03
_VOLATILITIES = ((0.7, 0.02), (0.7, 0.06), (0.7, 0.18))
_FADING = (0.0, 0.9)

_STEPS, _RATE, _LEAST_WEIGHT = 35, 0.2, 5e-4
_CLIMBED = (1, 3, 5)  # horizons that the climb looks at
_PER_LENGTH = 3
_CLOSE, _MOST_ROUNDS = 1e-10, 500


def candidates(scale: Scale = LOG) -> Floats:
    """Every combination of shocks, drift, volatility and fading, with equal weights: (G, 11). Shares have no drift that
    points up or down, so that a share and its complement are treated alike."""
    around = _DRIFT if scale is LOG else 0.0
    drifts = [(0.0, *_NO_DRIFT), *((around, *drift) for drift in _DRIFTS)]
    combined = itertools.product(_FADING, _SHOCKS, drifts, _VOLATILITIES)
    rows = [(*shock, m0, k0, *volatility, rho, d, 1.0) for d, shock, (m0, k0, rho), volatility in combined]
    return np.array(rows, np.float64)


def learn_points(windows: Windows, importance: Floats | None = None, scale: Scale = LOG) -> Floats:
    """Points with the weights under which the windows would have been foretold best.

    Parameters
    ----------
    windows
        Histories and what came after them: W.
    importance
        What each window counts for, beside what its length makes of it: (W). Equal by default.
    scale
        Of the figures.

    Returns
    -------
    array (G, 11)
        All candidates climb the mean log predictive density (`csrc/core/growth_learn.c`), which stops early, as what
        fits one panel to the last digit fits no other; those that earned nothing are dropped, and a part `HEDGE` of the
        weight is spread evenly over the rest, so that a series unlike the panel finds points that fit it.
    """
    table = candidates(scale)
    horizons, actual, counts = _climbed(windows, importance)
    weight, _ = _core.growth_learn((table, np.inf), *windows.columns, horizons, actual, counts, _STEPS, _RATE)
    kept = weight > _LEAST_WEIGHT
    weight = weight[kept] / weight[kept].sum()
    return np.column_stack([table[kept, :-1], (1 - HEDGE) * weight + HEDGE / len(weight)])


def _climbed(windows: Windows, importance: Floats | None) -> tuple[npt.NDArray[np.int32], Floats, Floats]:
    """Horizons, outcomes and what each window counts for."""
    used = np.isin(windows.horizons, _CLIMBED)
    by_length = np.where(windows.length < SHORT, SHORT_IMPORTANCE, 1.0)
    counts = by_length if importance is None else by_length * importance
    return windows.horizons[used], windows.actual[:, used], counts


@dataclass(frozen=True)
class Panel:
    """Levels, or odds of shares, of many series, numbered from 0: series and years ascend."""

    code: npt.NDArray[np.int64]
    year: npt.NDArray[np.int64]
    value: Floats

    def windows(self, lengths: Sequence[int]) -> Windows:
        """Of each series and length, up to three windows, evenly spaced, the last one five figures before the end."""
        series = np.unique(self.code)
        first, last = np.searchsorted(self.code, series), np.searchsorted(self.code, series, side="right") - 1
        ends: list[tuple[int, int]] = []
        for n, low, high in ((n, f, e) for n in lengths for f, e in zip(first, last, strict=True)):
            earliest, latest = low + n - 1, high - max(HORIZONS)
            if latest >= earliest:
                ends += [(n, int(end)) for end in np.unique(np.linspace(earliest, latest, _PER_LENGTH).astype(int))]
        if not ends:
            raise DataError(f"no series is longer than {min(lengths)} + {max(HORIZONS)} years")
        length, end = np.array(ends, np.int64).T
        order = np.argsort(length, kind="stable")
        return cut_windows(self.code, self.year, self.value, end[order], length[order], HORIZONS)


def learn_prior(panel: Any, *, name: str, lengths: Sequence[int] = LENGTHS, title: str = "") -> Prior:
    """Learn a prior from a panel of yearly series.

    Parameters
    ----------
    panel
        Anything that `load_history` takes; levels of all indicators, or shares of all.
    name
        What the prior is called in tables and reports.
    lengths
        Levels of the histories that it is learned from; each is followed by five years to be foretold.
    title
        A line for its card.

    Returns
    -------
    Prior
        To be used as it is (`project(..., prior=...)`), or mixed with a shipped one (`Prior.mixed`), which a panel of
        fewer than about a hundred series needs.

    Raises
    ------
    ArgumentError
        When the name is that of a bundled prior, or lengths are no numbers of levels.
    DataError
        When no series is long enough, or when levels and shares stand side by side.

    Notes
    -----
    Figures count as read, without their errors; every scope of an indicator is a series of its own.
    """
    check_own_name(name)
    sizes = sorted({operator.index(n) for n in lengths})
    if not sizes or sizes[0] < 1:
        raise ArgumentError(f"lengths: {lengths!r}; name numbers of levels such as (6, 10)")
    figures = load_history(panel)
    scales = {figures.scale_of(indicator) for indicator in figures.indicators}
    if len(scales) != 1:
        raise DataError(f"{figures.name}: a prior is of levels or of shares; take the others out")
    scale = scales.pop()
    rows = figures.usable(figures.indicators)
    rows = rows[rows["kind"] != "growth"].sort_values(["series", "scope", "year"], kind="stable")
    each = rows.groupby(["series", "scope"], sort=False).ngroup()  # a change of scope is no growth
    value = rows["reading"].to_numpy(np.float64)
    if scale is LOGIT:
        whole = rows[(value <= 0) | (value >= 1)]
        if len(whole):
            place = whole["place"].iloc[0]
            raise DataError(f"{figures.name}, {place}: a share of 0 or 100 % has no odds; leave it out")
        value = value / (1 - value)  # odds, whose log is the logit
    windows = Panel(np.asarray(each, np.int64), rows["year"].to_numpy(np.int64), value).windows(sizes)
    if np.isnan(windows.actual[:, np.isin(windows.horizons, _CLIMBED)]).all():
        raise DataError(f"{figures.name}: no history has a figure 1, 3 or 5 years later to be learned from")
    points = learn_points(windows, scale=scale)
    return Prior(name, points, EVIDENCE_LIMIT, card(title or name, scale, points, len(windows.length), figures.name))


def card(title: str, scale: Scale, points: Floats, windows: int, panel: str) -> dict[str, Any]:
    """The card of a learned prior."""
    return {
        "title": title,
        "scale": scale.name,
        "evidence_limit": EVIDENCE_LIMIT,
        "learned": "weights that climb the mean log predictive density of levels 1, 3 and 5 years ahead",
        "candidates": len(candidates(scale)),
        "kept": len(points),
        "windows": windows,
        "panel": panel,
    }


def pooled_prior(
    history: Any,
    *,
    prior: str | Prior = "general",
    indicators: Sequence[str] | None = None,
    treatments: Mapping[str, str] | None = None,
    as_of: AsOf = None,
    strength: float = 20.0,
) -> Prior:
    """A prior in which the indicators of one history tell of each other: partial pooling of drift and volatility.

    The weights of the points are unknown, with a Dirichlet prior of `strength` times those of `prior`; what they come
    to is the fixed point

        w_g = (strength w0_g + sum_i p_i(g)) / (strength + N),   p_i(g) ~ w_g p_g(figures of i)^share

    of N indicators, the posterior mean with the responsibilities p_i taken as counts (Dempster, Laird & Rubin 1977,
    section 4.3). A figure informs its own indicator through it twice, though ever more faintly as `strength` grows.

    Parameters
    ----------
    history, indicators, treatments, as_of
        As in `project`.
    prior
        Where it starts from.
    strength
        Indicators that `prior` counts for; more pools less.

    Raises
    ------
    ArgumentError
        For a strength that is not positive, an unknown indicator, or one of another scale than the prior's.
    """
    if not (isinstance(strength, int | float) and 0 < strength < np.inf):
        raise ArgumentError(f"strength: {strength!r} is no positive number")
    base = load_prior(prior)
    figures = load_history(history).as_of(as_of)
    own = [n for n in figures.indicators if figures.scale_of(n).name == base.card["scale"]]
    names = own if indicators is None else indicators
    last = int(figures.rows["year"].max())
    projection = project(figures, to=last + 1, prior=base, indicators=names, treatments=treatments)
    other = [n for n in projection.indicators if n not in own]
    if other:
        raise ArgumentError(f"indicators: {other[0]!r} is not of the scale of prior {base.name!r}; leave it out")
    start = base.table[:, -1] / base.table[:, -1].sum()
    evidence = np.array([_evidence(projection.mixture(n).weight, start) for n in projection.indicators])
    weight = start
    for _ in range(_MOST_ROUNDS):
        share = evidence * weight
        new = (strength * start + (share / share.sum(axis=1, keepdims=True)).sum(axis=0)) / (strength + len(evidence))
        weight, moved = new, float(np.abs(new - weight).max())
        if moved < _CLOSE:
            break
    about = {
        "title": f"{base.name}, pooled over {len(evidence)} indicators of {figures.name}",
        "scale": base.card["scale"],
        "strength": strength,
        "indicators": list(projection.indicators),
        "base": dict(base.card),
    }
    table = np.column_stack([base.table[:, :-1], weight])
    return Prior(f"{base.name}, pooled", table, base.evidence_limit, about)


def _evidence(weight: Floats, start: Floats) -> Floats:
    """What the figures of one indicator say of the points, from its posterior weights (nodes of a point together)."""
    own: Floats = weight.reshape(len(start), -1).sum(axis=1) / start
    scaled: Floats = own / own.max()
    return scaled
