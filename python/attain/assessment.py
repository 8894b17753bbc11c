"""Will the plan be attained? Each target and all together, with error, range and the number of observations behind
it."""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from attain.errors import ArgumentError
from attain.event import AnyEvent, Event, figure_unit
from attain.history import History
from attain.joint import Joint, is_settled
from attain.language import Language
from attain.plan import Plan
from attain.projection import Projection, numerical_error
from attain.scale import LOGIT
from attain.simulation import Drawing
from attain.target import Target
from attain.units import convert, decimal

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from attain.bottleneck import Bottleneck
    from attain.consistency import Consistency
    from attain.goals import Menu
    from attain.path import AttainingPath
    from attain.reference_class import TrackRecord

TABLE_COLUMNS = (
    "indicator", "label", "kind", "by", "value", "unit", "nature", "control", "observations", "last_year", "last_value",
    "required_growth", "median", "interval80", "probability", "numerical_error", "range", "likelihood",
)  # fmt: skip
SENSITIVITY_COLUMNS = (
    "target", "treatment", "prior", "reading", "probability", "log_probability", "numerical_error", "observations",
    "median", "reason", "reason_zh", "in_range",
)  # fmt: skip


BOTTLENECK_COLUMNS = ("probability", "others", "given", "shapley", "shapley_error", "fraction")


@dataclass(frozen=True, eq=False)
class Assessment:
    """What a plan's targets are worth against a history; made by `assess`.

    Attributes
    ----------
    plan, history
        What was assessed, and the figures it was assessed with; those not known at `as_of` are in its rows, unused.
    projection
        The projection under the default treatments of the data; None when nothing is assessed.
    events
        The assessed targets as events on the projection.
    table
        Frame, one row per assessed target, index target id, columns as in the JSON contract: value in `unit` as the
        plan states it (rates as fractions), observations (growth observations behind the number), last_value (in
        `unit` for a level or share, else in the history's unit), required_growth (a constant rate per year from the
        last figure, for a count of members that of each alike; for a share a constant change per year, as a fraction),
        median and interval80 in the terms of the target, range over the rows of `sensitivity` that are `in_range`.
    sensitivity
        Frame, one row per target, treatment of the data, prior and reading of the words; probability is NaN where
        `reason` says why. Of a target on several indicators the treatments are combined, or where that makes more than
        16, those of each indicator stand alone, the others by default. Rows with the prior `none` are what the data
        alone say, the random walk; they are `in_range` only where it is the model asked for.
    not_assessed
        Frame, index target id, columns reason and needs, and both in Chinese.
    joint, joint_range
        Joint probability of the assessed targets, and its range: one prior for all indicators of one scale, each
        indicator in the worst, and in the best, of its treatments and readings.
    data_alone
        The same range of the random walk, without a prior; NaN where it has no number.
    prior
        Name of the prior, `none` for the random walk.
    as_of
        Date or year of knowledge; None: everything published.
    drawing
        Paths, threads and seed as given.
    track_record
        Past targets and what came of them, as given.
    """

    plan: Plan
    history: History
    projection: Projection | None
    events: tuple[AnyEvent, ...]
    table: pd.DataFrame
    sensitivity: pd.DataFrame
    not_assessed: pd.DataFrame
    joint: Joint
    joint_range: tuple[float, float]
    data_alone: tuple[float, float]
    prior: str
    as_of: date | int | None
    drawing: Drawing
    track_record: pd.DataFrame | None = None

    @property
    def seed(self) -> int:
        """As given."""
        return self.drawing.seed

    @property
    def probability(self) -> float | None:
        """P(all assessed targets); None when nothing is assessed."""
        log_probability = self.joint.log_probability
        return None if log_probability is None else math.exp(log_probability)

    @property
    def log_probability(self) -> float | None:
        """log of `probability`."""
        return self.joint.log_probability

    @property
    def numerical_error(self) -> float | None:
        """Error of the computation in `probability`."""
        if self.log_probability is None or self.projection is None:
            return None
        nodes = sum(self.projection.node_error(name) for name in self.projection.indicators)
        return numerical_error(self.log_probability, nodes) + self.joint.error

    @property
    def range(self) -> tuple[float, float] | None:
        """Lowest and highest joint probability over priors, treatments of the data and readings of the targets."""
        return None if self.probability is None else self.joint_range

    @property
    def engine(self) -> str:
        """Engine of the joint probability."""
        return self.joint.engine

    @property
    def indicators(self) -> list[str]:
        """The indicators that stand behind the assessed targets: their own, then those that only sums and counts are
        of."""
        projected = () if self.projection is None else self.projection.indicators
        named = list(self.table["indicator"].unique())
        has_sums = any(event.indicator not in event.indicators for event in self.events)
        others = [name for name in projected if name not in named] if has_sums else []
        return [name for name in named if name in projected] + others

    @property
    def dependence(self) -> pd.DataFrame:
        """Frame, index indicator, columns loading (on what the indicators have in common; two indicators' surprises
        correlate as the product of theirs) and years (whose surprises it shares with another indicator; 0 where the
        loading was not estimated). Empty when nothing is assessed."""
        if self.joint.dependence is None:
            return pd.DataFrame({"loading": [], "years": []}).rename_axis("indicator")
        return self.joint.dependence.to_frame()

    @property
    def open_events(self) -> tuple[AnyEvent, ...]:
        """The events that no published figure settles."""
        return tuple(event for event in self.events if not is_settled(event))

    @functools.cached_property
    def attaining_path(self) -> AttainingPath | None:
        """The path nearest to the projection on which every open target is attained, and how far it is; None when
        nothing is assessed."""
        from attain.path import attaining_path

        if self.projection is None or self.joint.dependence is None:
            return None
        return attaining_path(self.open_events, self.projection, self.joint.dependence)

    @property
    def path(self) -> pd.DataFrame:
        """`attaining_path.levels`: frame, index year, one column per indicator, in the unit of the history. Empty when
        nothing is assessed.

        Raises
        ------
        PlanError
            When the targets contradict each other, so that no path attains them.
        NumericalError
            When no path was found, and no proof that there is none.
        """
        from attain.path import no_path

        if self.attaining_path is None:
            return pd.DataFrame(index=pd.RangeIndex(0, name="year"))
        if not self.attaining_path.found:
            raise no_path(self.attaining_path.conflict)
        return self.attaining_path.levels

    @functools.cached_property
    def holds_back(self) -> Bottleneck | None:
        """What each open target does to the whole, and how much less would have to be asked; None when nothing is
        assessed."""
        from attain.bottleneck import bottleneck

        if self.projection is None or self.joint.dependence is None:
            return None
        contradict = self.attaining_path is not None and bool(self.attaining_path.conflict)
        return bottleneck(self.open_events, self.projection, self.joint.dependence, self.drawing, contradict=contradict)

    @property
    def bottleneck(self) -> pd.DataFrame:
        """`holds_back.table`: frame, index target id, the bottleneck first; columns probability, others, given,
        shapley, shapley_error and fraction. Empty when nothing is assessed."""
        if self.holds_back is None:
            return pd.DataFrame(columns=list(BOTTLENECK_COLUMNS)).rename_axis("id")
        return self.holds_back.table

    @functools.cached_property
    def menus(self) -> tuple[Menu, ...]:
        """What could be promised in place of the open targets: for each indicator with a level or share, and each year
        and direction of its targets, the levels with chances of 90, 60 and 30 %."""
        from attain.goals import menu

        if self.projection is None:
            return ()
        alone = [e for e in self.open_events if isinstance(e, Event) and e.whole is None]
        known = [e for e in alone if self.projection.origin(e.indicator).levels]
        asked = dict.fromkeys((e.indicator, e.by, e.word) for e in known)
        return tuple(menu(self.projection, name, by=by, word=word) for name, by, word in asked)

    @functools.cached_property
    def base_rates(self) -> dict[str, TrackRecord]:
        """For each target that programmes influence, by id, how often comparable ones were attained: those of its kind
        and control, as far as the record has these columns. Empty without a record; no probability uses it."""
        from attain.reference_class import track_record

        record = self.track_record
        if record is None:
            return {}
        influenced = [target for target in self.plan.targets if target.control == "influenced"]
        return {
            t.id: track_record(record, **{c: getattr(t, c) for c in ("kind", "control") if c in record.columns})
            for t in influenced
        }

    @functools.cached_property
    def consistency(self) -> Consistency:
        """Whether the targets agree with each other and with the figures known then: `check`, on first use."""
        from attain.consistency import check

        return check(self.plan, self.history)

    @functools.cached_property
    def hindsight(self) -> pd.DataFrame:
        """Full-year figures of the targets' indicators that were not known at `as_of`, up to the target years.

        Frame with columns target, year, value, unit, bound, scope, released and attained: True or False where the
        figure, as reported and whatever its scope, is of the target year and settles it, else None. Nothing of it
        enters a probability.
        """
        rows = [row for target in self.plan.targets for row in later_figures(target, self)]
        columns = ["target", "year", "value", "unit", "bound", "scope", "released", "attained"]
        return pd.DataFrame(rows, columns=columns).drop_duplicates(["target", "year", "value"], ignore_index=True)

    def summary(self, *, language: Language = "en") -> str:
        """The assessment as text of at most 100 columns."""
        from attain.text import assessment_text

        return assessment_text(self, language)

    def to_html(self, path: str | PathLike[str], *, language: Language = "en") -> None:
        """Write the assessment as one self-contained page."""
        from attain.files import write_text
        from attain.report import assessment_page

        write_text(path, assessment_page(self, language))

    def _repr_html_(self) -> str:
        from attain.fragments import assessment_fragment

        return assessment_fragment(self)

    def to_frame(self) -> pd.DataFrame:
        """A copy of `table`."""
        return self.table.copy()

    def to_dict(self) -> dict[str, Any]:
        """The JSON contract, schema 1."""
        targets = [{"id": name, **{c: _plain(row[c]) for c in TABLE_COLUMNS}} for name, row in self.table.iterrows()]
        missing = [
            {"id": name, "reason": row["reason"], "needs": row["needs"]} for name, row in self.not_assessed.iterrows()
        ]
        return {
            "schema": 1,
            "plan": self.plan.id,
            "as_of": self.as_of.isoformat() if isinstance(self.as_of, date) else self.as_of,
            "seed": self.seed,
            "prior": self.prior,
            "joint": self._joint_dict(),
            "targets": targets,
            "not_assessed": missing,
            "consistency": self.consistency.brief(),
        }

    def _joint_dict(self) -> dict[str, Any] | None:
        if self.table.empty:
            return None
        return {
            "probability": self.probability,
            "log_probability": _plain(self.log_probability),
            "numerical_error": self.numerical_error,
            "range": _plain(self.range),
            "engine": self.engine,
            "dependence": self.joint.dependence.kind if self.joint.dependence else "independent",
            "targets": list(self.table.index),
            "of": len(self.plan.targets),
            **({"reason": self.joint.reason.en} if self.probability is None else {}),
        }

    def to_json(self) -> str:
        """`to_dict()` as JSON text; a log probability of minus infinity is null."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=2, allow_nan=False)

    def plot(self, indicator: str | None = None, *, language: Language = "en") -> Figure:
        """Figure of one indicator (default: that of the first assessed target): history, fan, targets, required path,
        treatments of the data."""
        from attain.figures import assessment_chart

        if self.projection is None:
            raise ArgumentError(f"{self.plan.id}: no target is assessed, so there is nothing to draw")
        name = self.indicators[0] if indicator is None else self.history.find(indicator)
        if name is None or name not in self.projection.indicators:
            raise ArgumentError(
                f"{indicator!r} is not assessed; there are {', '.join(self.table['indicator'].unique())}"
            )
        return assessment_chart(self, str(name), language=language)


def _plain(value: Any) -> Any:
    """A cell as JSON takes it: NaN, infinities and missing cells become null, tuples lists."""
    if isinstance(value, tuple | list):
        return [_plain(v) for v in value]
    if value is None or value is pd.NA:
        return None
    if isinstance(value, float | np.floating):
        return float(value) if math.isfinite(value) else None
    return value.item() if isinstance(value, np.generic) else value


def later_figures(target: Target, result: Assessment) -> Iterator[dict[str, Any]]:
    """Published levels and shares of a target's indicator that came after the date of knowledge."""
    rows = result.history.rows
    name = result.history.series_for(result.plan.id, target.indicator).series
    if result.as_of is None or target.by is None or name is None:
        return
    if target.kind == "share" and result.history.scale_of(name) is not LOGIT:
        return  # of two levels: neither alone is a figure of it
    later = rows["unused"].str.startswith(("released after", "after ")) & rows["kind"].isin(["level", "share"])
    own = (rows["indicator"] == name) & (rows["period"] == "") & (rows["year"] <= target.by)
    floors_first = rows[later & own].sort_values(["year", "bound"], ascending=[True, False], kind="stable")
    for _, row in floors_first.iterrows():
        told = row[["year", "value", "unit", "bound", "scope", "released"]]
        yield {"target": target.id, **told, "attained": _outcome(target, row)}


def _outcome(target: Target, row: pd.Series[Any]) -> bool | None:
    """Does a later level or share settle a target of its year? A floor does where it lies above the target already."""
    if target.kind not in ("level", "share") or row["kind"] != target.kind or row["year"] != target.by:
        return None
    unit = figure_unit(target)
    written = row["unit"] or ("fraction" if target.kind == "share" else "")
    holds = target.holds(convert(decimal(row["value"]), written, unit))
    if row["bound"] == "":
        return holds
    is_floor, has_ceiling = row["bound"] in ("at_least", "more_than"), target.bounds[1] is not None
    return True if holds and is_floor and not has_ceiling else None
