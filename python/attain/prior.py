"""Priors of the growth model: tables of points with weights, each with a card that says where it comes from."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import resources
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import yaml

from attain import _core
from attain.errors import ArgumentError
from attain.language import Text
from attain.scale import LOG, LOGIT, Scale

OF_SHARES = "share"
NO_PRIOR = "none"
_BELIEVED = (0.1, 0.5, 0.9)
COLUMNS = ("phi", "r", "w", "q", "m0", "k0", "a0", "s0", "rho", "d", "weight")
Floats = npt.NDArray[np.float64]
Points = tuple[Floats, float]
Margin = tuple[Floats, Floats, Floats, Floats]


@dataclass(frozen=True, eq=False)
class Prior:
    """Points of the growth family (the model: `csrc/include/attain/growth.h`).

    Attributes
    ----------
    name : such as `general`.
    table : array (G, 11), columns phi, r, w, q, m0, k0, a0, s0, rho, d, weight.
    evidence_limit : n changes count as n / (1 + n / evidence_limit) when points are weighed; infinity is Bayes' rule.
    card : provenance: data, method, counts; and the `scale` of the figures that it speaks of, log or logit.

    Raises
    ------
    ArgumentError
        When the card has no such scale.
    """

    name: str
    table: Floats
    evidence_limit: float
    card: Mapping[str, Any]

    def __post_init__(self) -> None:
        scale = self.card.get("scale")
        if scale not in (LOG.name, LOGIT.name):
            raise ArgumentError(f"prior {self.name!r}: the scale in its card is {scale!r}; write 'log' or 'logit'")

    @property
    def points(self) -> Points:
        """The prior as `attain._core` takes it."""
        return self.table, self.evidence_limit

    def for_scale(self, scale: Scale) -> Prior:
        """The prior of an indicator on that scale, where this one was asked for: a share has `share`, unless a prior of
        shares was asked for.

        Raises
        ------
        ArgumentError
            When this one is of shares, and the indicator is a level.
        """
        if self.card["scale"] == scale.name:
            return self
        if scale is LOGIT:
            return load_prior(OF_SHARES)
        raise ArgumentError(f"prior: {self.name!r} is of shares, which no level can use")

    def to_frame(self) -> pd.DataFrame:
        """The points as a frame, heaviest first."""
        return pd.DataFrame(self.table, columns=COLUMNS).sort_values("weight", ascending=False, ignore_index=True)

    def mixed(self, other: Prior, share: float, name: str = "") -> Prior:
        """This prior with another one, which gets `share` of the weight.

        Raises
        ------
        ArgumentError
            For a share outside 0 to 1, and for a prior of shares with one of levels.
        """
        if not 0 < share < 1:
            raise ArgumentError(f"share: {share!r} is not between 0 and 1")
        if self.card["scale"] != other.card["scale"]:
            raise ArgumentError(f"other: {other.name!r} is of another scale than {self.name!r}; mix priors of one")
        parts = [(self, 1 - share), (other, share)]
        table = np.vstack([_reweighed(p.table, s * p.table[:, -1] / p.table[:, -1].sum()) for p, s in parts])
        limit = (
            1 / sum(s / p.evidence_limit for p, s in parts)
            if any(np.isfinite(p.evidence_limit) for p, _ in parts)
            else np.inf
        )
        card = {
            "scale": self.card["scale"],
            "title": " and ".join(f"{100 * s:.0f} % {p.name}" for p, s in parts),
            "parts": [dict(p.card) for p, _ in parts],
        }
        return Prior(name or f"{self.name}+{other.name}", table, limit, card)

    @property
    def drift(self) -> Margin:
        """The drift a year that it expects before any figure, in log points: weight, df, location and scale (G) of a
        mixture of t."""
        _, _, _, _, m0, k0, a0, s0, _, _, weight = self.table.T
        return weight / weight.sum(), 2 * a0, m0, s0 * np.sqrt(k0)

    def moved(self, drift: float) -> Prior:
        """This prior with every point's mean drift moved by so many log points a year."""
        table = self.table.copy()
        table[:, COLUMNS.index("m0")] += drift
        return replace(self, table=table)

    def beliefs(self) -> pd.Series[float]:
        """What the prior believes before any figure, in plain numbers.

        Returns
        -------
        Series
            Quantiles of the drift a year and of one year's published growth, in log points (of the odds for shares);
            the correlation of the growth of neighbouring years around the prior's mean; the weight of points whose
            drift fades (`rho` below 1), whose past was more volatile (`d` above 0), and of those that are mostly
            measurement error (`r` above a half).
        """
        phi, r, w, q, m0, k0, a0, s0, rho, d, weight = self.table.T
        weight = weight / weight.sum()
        shock = q / (1 - phi**2)  # variance of persistent growth, in units of s2
        told: dict[str, float] = {}
        growth: Margin = (weight, 2 * a0, m0, s0 * np.sqrt(k0 + shock + w + 2 * r))
        for name, mixture in (("drift", self.drift), ("growth", growth)):
            found = _core.margin_quantile(*mixture, np.array(_BELIEVED))
            told |= {f"{name} {100 * p:.0f} %": float(x) for p, x in zip(_BELIEVED, found, strict=True)}
        neighbours = (phi * shock + rho * k0 - r) / (k0 + shock + w + 2 * r)
        parts = {"persistence": neighbours, "drift fades": rho < 1, "past more volatile": d > 0, "noisy": r > 0.5}
        return pd.Series(told | {name: float(weight @ part) for name, part in parts.items()})

    def summary(self) -> str:
        """Name, number of points, what it believes, provenance."""
        b = self.beliefs()
        drift, growth = (
            ", ".join(f"{100 * b[f'{n} {p}']:.1f}" for p in ("10 %", "50 %", "90 %")) for n in ("drift", "growth")
        )
        lines = [
            f"prior {self.name}: {len(self.table)} points",
            f"  drift a year, 10, 50 and 90 %: {drift} log points; growth of a single year: {growth}",
            f"  correlation of neighbouring years {b['persistence']:.2f}; drift fades in {100 * b['drift fades']:.0f} %"
            f" of the weight, the past was more volatile in {100 * b['past more volatile']:.0f} %",
        ]
        return "\n".join([*lines, *(f"  {k}: {v}" for k, v in self.card.items())])


def _reweighed(table: Floats, weight: Floats) -> Floats:
    return np.ascontiguousarray(np.column_stack([table[:, :-1], weight]))


def load_prior(prior: str | Prior = "general") -> Prior:
    """The bundled prior of that name, or the prior given; ArgumentError lists the names there are."""
    return prior if isinstance(prior, Prior) else _bundled(prior)


@functools.cache
def _bundled(name: str) -> Prior:
    folder = resources.files("attain").joinpath("priors")
    if name not in _names():
        raise ArgumentError(f"no prior {name!r}; there are: {', '.join(_names())}")
    with resources.as_file(folder.joinpath(f"{name}.csv")) as path:
        frame = pd.read_csv(path)
    card = yaml.safe_load(folder.joinpath(f"{name}.yaml").read_text(encoding="utf-8"))
    table = np.ascontiguousarray(frame[list(COLUMNS)].to_numpy(np.float64))
    return Prior(name, table, float(card["evidence_limit"]), card)


def check_own_name(name: str) -> None:
    """ArgumentError when a prior of one's own bears the name of a bundled one, or the word for no prior."""
    if name in (*_names(), NO_PRIOR):
        raise ArgumentError(f"name: {name!r} is taken; give the prior a name of its own")


@functools.cache
def _names() -> tuple[str, ...]:
    folder = resources.files("attain").joinpath("priors")
    return tuple(sorted(e.name[:-4] for e in folder.iterdir() if e.name.endswith(".csv")))


def priors_of(scale: Scale) -> list[Prior]:
    """Every bundled prior that speaks of figures on a scale."""
    return [prior for prior in map(load_prior, _names()) if prior.card["scale"] == scale.name]


def prior_label(name: str) -> Text:
    """The name of a prior in words: `title_zh` of the card in Chinese; `none` is what the data alone say."""
    if name == NO_PRIOR:
        return Text("data alone", "仅凭数据")
    return Text(name, load_prior(name).card.get("title_zh", name) if name in _names() else name)


@functools.cache
def part_year_looseness(months: int) -> float:
    """Variance, in units of s2, of growth over the first months of a year (1 to 11) around that of the whole year."""
    text = resources.files("attain").joinpath("priors", "part-year.yaml").read_text(encoding="utf-8")
    return float(yaml.safe_load(text)["kappa"][months])
