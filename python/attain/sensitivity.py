"""What does an answer depend on? The rows of `Assessment.sensitivity` as grids, treatments of the data down and priors
across, and the words for what a range is over.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from attain.language import Text, listed
from attain.prior import NO_PRIOR
from attain.target import AS_STATED, TO_THE_NUMBER

if TYPE_CHECKING:
    from attain.assessment import Assessment

Ends = tuple[float, float]
READINGS = {AS_STATED: Text("as stated", "按原文"), TO_THE_NUMBER: Text("to the number", "足额")}
_CHOICES = {
    "prior": Text("priors", "先验"),
    "reading": Text("readings", "表述理解"),
    "treatment": Text("treatments of the data", "数据处理"),
}


@dataclass(frozen=True)
class Row:
    """One line of a grid: a target in one reading on one treatment of its data, or on all of them.

    Attributes
    ----------
    treatment : its name, "" where the data need none, None for all of them.
    observations : growth observations, NaN where there are none.
    ends : lowest and highest probability by prior, NaN where there is none; `none` is the random walk.
    reason : why no prior of the range has a number.
    """

    target: str
    reading: str
    treatment: str | None
    observations: float
    ends: dict[str, Ends]
    reason: Text


@dataclass(frozen=True)
class Grid:
    """Rows with the same priors: the treatments of one target, or the targets whose data have one treatment only."""

    rows: tuple[Row, ...]

    @property
    def priors(self) -> tuple[str, ...]:
        """Names across, the prior asked for first, `none` last."""
        return tuple(self.rows[0].ends)

    @property
    def treated(self) -> bool:
        """Are the rows treatments of one target?"""
        return self.rows[0].treatment != ""


def grids(result: Assessment) -> list[Grid]:
    """All of the sensitivity; every treatment as stated, other readings over all treatments."""
    found: dict[str | tuple[str, ...], list[Row]] = {}
    for target, part in result.sensitivity.groupby("target", sort=False):
        for row in _rows(str(target), part):
            found.setdefault(tuple(row.ends) if row.treatment == "" else row.target, []).append(row)
    return [Grid(tuple(rows)) for rows in found.values()]


def _rows(target: str, part: pd.DataFrame) -> Iterator[Row]:
    for reading, read in part.groupby("reading", sort=False):
        by_treatment = [(str(name), rows) for name, rows in read.groupby("treatment", sort=False)]
        whole = [(None, read)] if len(by_treatment) > 1 and reading != AS_STATED else by_treatment
        for treatment, rows in whole:
            yield _row(target, str(reading), treatment, rows)


def _row(target: str, reading: str, treatment: str | None, rows: pd.DataFrame) -> Row:
    by_prior = rows.groupby("prior", sort=False)["probability"].agg(["min", "max"])
    told = rows[rows["in_range"]]
    reason = Text("", "") if told["probability"].notna().any() else Text(*told[["reason", "reason_zh"]].iloc[0])
    ends = {str(prior): (float(low), float(high)) for prior, low, high in by_prior.itertuples()}
    return Row(target, reading, treatment, float(told["observations"].min()), ends, reason)


def choices(sensitivity: pd.DataFrame) -> Text:
    """What the ranges are over, such as "priors and treatments of the data"; "" where nothing is chosen."""
    told = sensitivity[sensitivity["in_range"] & sensitivity["probability"].notna()]
    counts = told.groupby("target")[list(_CHOICES)].nunique().gt(1).any()
    words = [word for column, word in _CHOICES.items() if counts[column]]
    return Text(listed([word.en for word in words]), listed([word.zh for word in words], "、", "与"))


class Alone(NamedTuple):
    """What the data alone say of the whole plan: the joint range of the random walk, and the fewest observations."""

    ends: Ends
    observations: int


def data_alone(result: Assessment) -> Alone | None:
    """The random walk where it stands beside the range of the model asked for; None where it has no number."""
    told = result.sensitivity[(result.sensitivity["prior"] == NO_PRIOR) & ~result.sensitivity["in_range"]]
    if math.isnan(result.data_alone[0]) or told.empty:
        return None
    return Alone(result.data_alone, int(told["observations"].min()))
