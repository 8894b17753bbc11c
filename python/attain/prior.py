"""Priors of the growth model: tables of points with weights, each with a card that says where it comes from."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import yaml

from attain.errors import ArgumentError
from attain.scale import LOGIT, Scale

OF_SHARES = "share"
COLUMNS = ("phi", "r", "w", "q", "m0", "k0", "a0", "s0", "weight")


@dataclass(frozen=True)
class Prior:
    """Points of the growth family (design of the model: `csrc/include/attain/growth.h`).

    Attributes
    ----------
    name : such as `general`.
    table : array (G, 9), columns phi, r, w, q, m0, k0, a0, s0, weight.
    card : provenance: data, method, counts; and the `scale` of the figures that it speaks of, log or logit.
    """

    name: str
    table: npt.NDArray[np.float64]
    card: Mapping[str, Any]

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

    def summary(self) -> str:
        """Name, number of points, provenance."""
        return f"prior {self.name}: {len(self.table)} points; " + "; ".join(f"{k}: {v}" for k, v in self.card.items())


@functools.cache
def load_prior(name: str = "general") -> Prior:
    """The bundled prior of that name; ArgumentError lists the names there are."""
    folder = resources.files("attain").joinpath("priors")
    if not folder.joinpath(f"{name}.csv").is_file():
        known = ", ".join(sorted(e.name[:-4] for e in folder.iterdir() if e.name.endswith(".csv")))
        raise ArgumentError(f"no prior {name!r}; there are: {known}")
    with resources.as_file(folder.joinpath(f"{name}.csv")) as path:
        frame = pd.read_csv(path)
    card = yaml.safe_load(folder.joinpath(f"{name}.yaml").read_text(encoding="utf-8"))
    return Prior(name, np.ascontiguousarray(frame[list(COLUMNS)].to_numpy(np.float64)), card)


@functools.cache
def part_year_looseness(months: int) -> float:
    """Variance, in units of s2, of growth over the first months of a year (1 to 11) around that of the whole year."""
    text = resources.files("attain").joinpath("priors", "part-year.yaml").read_text(encoding="utf-8")
    return float(yaml.safe_load(text)["kappa"][months])
