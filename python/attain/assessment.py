"""Will the plan be attained? Each target and all together, with error, range and the number of observations behind
it."""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from attain.errors import ArgumentError, DataError
from attain.event import Event, Missing, can_be_assessed, event_of, figure_as_stated, not_projected, stated_change
from attain.history import AsOf, History, load_history
from attain.joint import Joint, joint_probability
from attain.plan import Plan, load_plan
from attain.projection import Model, Projection, numerical_error, project
from attain.target import Target
from attain.units import convert, decimal
from attain.yardsticks import ipcc_likelihood

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Engine = Literal["auto", "exact", "independent"]
TABLE_COLUMNS = (
    "indicator", "label", "kind", "by", "value", "unit", "nature", "control", "observations", "last_year", "last_value",
    "required_growth", "median", "interval80", "probability", "numerical_error", "range", "likelihood",
)  # fmt: skip
_INTERVAL = (0.1, 0.5, 0.9)


@dataclass(frozen=True)
class Assessment:
    """What a plan's targets are worth against a history; made by `assess`.

    Attributes
    ----------
    plan, projection : what was assessed, and the projection under the default treatments of the data.
    table : frame, one row per assessed target, index target id, columns as in the JSON contract: value in `unit` as
        the plan states
        it (rates as fractions), observations (growth observations behind the number), last_value (in `unit` for a
        level, else in the
        history's unit), required_growth (a constant rate per year from the last figure), median and interval80 in
        the terms of the target, range over the treatments of the data.
    sensitivity : frame, one row per target, treatment, prior and reading; probability is NaN where `reason` says why
        there is none.
    not_assessed : frame, index target id, columns reason and needs, and both in Chinese.
    joint : joint probability of the assessed targets; joint_range : its range over treatments.
    as_of, seed : as given.
    """

    plan: Plan
    projection: Projection | None
    table: pd.DataFrame
    sensitivity: pd.DataFrame
    not_assessed: pd.DataFrame
    joint: Joint
    joint_range: tuple[float, float]
    as_of: AsOf
    seed: int

    @property
    def probability(self) -> float | None:
        """P(all assessed targets); None when nothing is assessed or the joint needs another engine."""
        log_probability = self.joint.log_probability
        return None if log_probability is None else math.exp(log_probability)

    @property
    def log_probability(self) -> float | None:
        """log of `probability`."""
        return self.joint.log_probability

    @property
    def numerical_error(self) -> float | None:
        """Error of the computation in `probability`."""
        return None if self.log_probability is None else numerical_error(self.log_probability)

    @property
    def range(self) -> tuple[float, float] | None:
        """Lowest and highest joint probability over the treatments of the data."""
        return None if self.probability is None else self.joint_range

    @property
    def engine(self) -> str:
        """Engine of the joint probability."""
        return self.joint.engine

    def summary(self) -> str:
        """The assessment as text of at most 100 columns."""
        from attain.text import assessment_text

        return assessment_text(self)

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
            "prior": self.projection.prior_name if self.projection is not None else None,
            "joint": self._joint_dict(),
            "targets": targets,
            "not_assessed": missing,
            "consistency": {"feasible": None, "conflicts": []},
        }

    def _joint_dict(self) -> dict[str, Any] | None:
        if self.probability is None:
            return None
        return {
            "probability": self.probability,
            "log_probability": _plain(self.log_probability),
            "numerical_error": self.numerical_error,
            "range": list(self.joint_range),
            "engine": self.engine,
            "dependence": "independent",
            "targets": list(self.table.index),
            "of": len(self.plan.targets),
        }

    def to_json(self) -> str:
        """`to_dict()` as JSON text; a log probability of minus infinity is null."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=2, allow_nan=False)

    def plot(self, indicator: str | None = None, *, language: str = "en") -> Figure:
        """Figure of one indicator (default: that of the first assessed target): history, fan, targets, required
        path, treatments."""
        from attain.figures import assessment_chart

        if self.projection is None:
            raise ArgumentError(f"{self.plan.id}: no target is assessed, so there is nothing to draw")
        name = self.table["indicator"].iloc[0] if indicator is None else self.projection.history.find(indicator)
        return assessment_chart(self, str(name), language=language)


def assess(
    plan: Any,
    history: Any = None,
    *,
    model: Model = "growth",
    prior: str = "general",
    engine: Engine = "auto",
    as_of: AsOf = None,
    seed: int = 0,
) -> Assessment:
    """Assess the targets of a plan, each and together.

    Parameters
    ----------
    plan : anything that `load_plan` takes.
    history : anything that `load_history` takes, or a `Projection`; by default the bundled history that the plan names.
    model, prior, as_of, seed : as in `project`; a `Projection` brings its own.
    engine : `"exact"` for targets on one functional of one indicator, `"independent"` for a product over indicators,
        `"auto"` the first that serves.

    Returns
    -------
    Assessment
        Every target of the plan is in `table` or in `not_assessed`.

    Raises
    ------
    PlanError, DataError, UnitError, BasisError, ArgumentError
        Naming the place and the way out.
    """
    if engine not in ("auto", "exact", "independent"):
        raise ArgumentError(f"engine: {engine!r} is none of 'auto', 'exact', 'independent'")
    loaded = load_plan(plan)
    if isinstance(history, Projection):
        figures, model = history.history, history.model
        prior = history.prior.name if history.prior is not None else prior
    else:
        figures = _history_of(loaded, history).as_of(as_of)
    work = _Work(loaded, figures, model, prior, history.to if isinstance(history, Projection) else 0)
    result = work.assess(as_of, seed)
    if engine == "exact" and result.engine != "exact":
        raise ArgumentError("engine: 'exact' needs targets on one functional of one indicator; use 'independent'")
    return result


def _history_of(plan: Plan, history: Any) -> History:
    if history is None and plan.history is None:
        raise ArgumentError(f"{plan.id}: name a history; the plan names none")
    return load_history(history if history is not None else plan.history or "")


def _plain(value: Any) -> Any:
    """A cell as JSON takes it: NaN, infinities and missing cells become null, tuples lists."""
    if isinstance(value, tuple | list):
        return [_plain(v) for v in value]
    if value is None or value is pd.NA:
        return None
    if isinstance(value, float | np.floating):
        return float(value) if math.isfinite(value) else None
    return value.item() if isinstance(value, np.generic) else value


@dataclass(frozen=True)
class _Work:
    """One plan on one history, projected under every treatment of the indicators that its targets name."""

    plan: Plan
    history: History
    model: Model
    prior: str
    to: int

    @functools.cached_property
    def resolved(self) -> dict[str, Target]:
        """The targets with the series that serves each as their indicator; their own name where none does."""
        services = {t.id: self.history.series_for(self.plan.id, t.indicator).series for t in self.plan.targets}
        return {t.id: t.model_copy(update={"indicator": services[t.id] or t.indicator}) for t in self.plan.targets}

    @functools.cached_property
    def missing(self) -> dict[str, Missing]:
        found = {name: can_be_assessed(target, self.history) for name, target in self.resolved.items()}
        return {name: missing for name, missing in found.items() if missing is not None}

    @functools.cached_property
    def candidates(self) -> list[Target]:
        return [t for name, t in self.resolved.items() if name not in self.missing]

    def indicator(self, target: Target) -> str:
        name = self.history.find(target.indicator)
        assert name is not None, "can_be_assessed refuses unknown indicators"
        return name

    @functools.cached_property
    def last_year(self) -> int:
        """A year that no figure reaches and no target passes."""
        names = [self.indicator(t) for t in self.candidates]
        figures = int(self.history.usable(names)["year"].max()) + 1
        return max([figures, self.to, *(t.by for t in self.candidates if t.by is not None)])

    def project(self, names: Sequence[str], treatments: Mapping[str, str] | None = None) -> Projection:
        return project(
            self.history,
            to=self.last_year,
            model=self.model,
            prior=self.prior,
            indicators=names,
            treatments=treatments,
        )

    @functools.cached_property
    def default(self) -> Projection | None:
        names = list(dict.fromkeys(self.indicator(t) for t in self.candidates))
        try:
            return self.project(names) if names else None
        except DataError:
            return None

    def under(self, indicator: str, treatment: str) -> Projection | str:
        """The projection of an indicator under a treatment, or why there is none."""
        try:
            return self.project([indicator], {indicator: treatment} if treatment else None)
        except DataError as error:
            return str(error)

    def assess(self, as_of: AsOf, seed: int) -> Assessment:
        events, missing = self._default_events()
        sensitivity = self._sensitivity([e for e in events.values()])
        rows = {name: self._row(event, sensitivity) for name, event in events.items()}
        joint = (
            joint_probability(list(events.values()), self.default)
            if self.default and events
            else Joint(None, "none", "nothing assessed")
        )
        table = pd.DataFrame.from_dict(rows, orient="index", columns=list(TABLE_COLUMNS)).rename_axis("id")
        columns = ["reason", "needs", "reason_zh", "needs_zh"]
        texts = {n: [m.reason.en, m.needs.en, m.reason.zh, m.needs.zh] for n, m in missing.items()}
        not_assessed = pd.DataFrame.from_dict(texts, orient="index", columns=columns).rename_axis("id")
        joint_range = self._joint_range(list(events.values()))
        return Assessment(self.plan, self.default, table, sensitivity, not_assessed, joint, joint_range, as_of, seed)

    def _default_events(self) -> tuple[dict[str, Event], dict[str, Missing]]:
        events: dict[str, Event] = {}
        missing: dict[str, Missing] = {}
        for target in self.resolved.values():
            outcome = self.missing.get(target.id) or self._event(target)
            if isinstance(outcome, Missing):
                missing[target.id] = outcome
            else:
                events[target.id] = outcome
        return events, missing

    def _event(self, target: Target) -> Event | Missing:
        if self.default is None:
            outcome = self.under(self.indicator(target), "")
            return not_projected(target.indicator, str(outcome))
        return event_of(target, self.default)

    def _treatments(self, indicator: str) -> dict[str, Projection | str]:
        return {t: self.under(indicator, t) for t in self.history.treatments_of(indicator)}

    @functools.cached_property
    def _projections(self) -> dict[str, dict[str, Projection | str]]:
        return {name: self._treatments(name) for name in dict.fromkeys(self.indicator(t) for t in self.candidates)}

    def _sensitivity(self, events: Sequence[Event]) -> pd.DataFrame:
        rows = [
            {"target": e.target.id, "treatment": treatment, **self._sensitivity_row(e.target, projection)}
            for e in events
            for treatment, projection in self._projections[e.indicator].items()
        ]
        columns = [
            "target",
            "treatment",
            "prior",
            "reading",
            "probability",
            "log_probability",
            "numerical_error",
            "observations",
            "median",
            "reason",
        ]
        return pd.DataFrame(rows, columns=columns)

    def _sensitivity_row(self, target: Target, projection: Projection | str) -> dict[str, Any]:
        prior = self.prior if self.model == "growth" else "none"
        row: dict[str, Any] = {"prior": prior, "reading": "as stated", "reason": ""}
        if isinstance(projection, str):
            return {**row, "reason": projection}
        event = event_of(target, projection)
        if isinstance(event, Missing):
            return {**row, "reason": event.reason.en}
        log_p = log_probability(event, projection)
        p = math.exp(log_p)
        changes = projection.origin(event.indicator).changes
        median = outcome_quantiles(event, projection)[1]
        answer = {"probability": p, "log_probability": log_p, "numerical_error": numerical_error(log_p)}
        return {**row, **answer, "observations": changes, "median": median}

    def _joint_range(self, events: Sequence[Event]) -> tuple[float, float]:
        """Extremes of the product: each indicator under its worst, and its best, treatment."""
        low = high = 0.0
        for indicator in dict.fromkeys(e.indicator for e in events):
            targets = [e.target for e in events if e.indicator == indicator]
            logs = [
                self._log_joint(targets, p) for p in self._projections[indicator].values() if isinstance(p, Projection)
            ]
            known = [value for value in logs if value is not None]
            if not known:
                return math.nan, math.nan
            low, high = low + min(known), high + max(known)
        return math.exp(low), math.exp(high)

    def _log_joint(self, targets: Sequence[Target], projection: Projection) -> float | None:
        events = [event_of(t, projection) for t in targets]
        settled = [e for e in events if isinstance(e, Event)]
        return joint_probability(settled, projection).log_probability if len(settled) == len(targets) else None

    def _row(self, event: Event, sensitivity: pd.DataFrame) -> dict[str, Any]:
        assert self.default is not None, "an event has a projection"
        target, projection = event.target, self.default
        origin = projection.origin(event.indicator)
        log_p = log_probability(event, projection)
        p = math.exp(log_p)
        over = sensitivity.loc[sensitivity["target"] == target.id, "probability"].dropna()
        low, median, high = outcome_quantiles(event, projection)
        settled = event.published is not None
        word = ("attained" if p == 1 else "missed") if settled else ipcc_likelihood(p)
        return {
            "indicator": event.indicator,
            "label": target.label or projection.history.label_of(event.indicator),
            "kind": target.kind,
            "by": event.by,
            "value": float(target.value),
            "unit": target.effective_unit
            or ("times" if target.kind == "multiple" else "per year" if target.is_rate else ""),
            "nature": target.nature,
            "control": target.control,
            "observations": origin.changes,
            "last_year": origin.year,
            "last_value": _last_value(event, projection),
            "required_growth": None if settled else required_growth(event, projection),
            "median": median,
            "interval80": (low, high),
            "probability": p,
            "numerical_error": 0.0 if settled else numerical_error(log_p),
            "range": (float(over.min()), float(over.max())),
            "likelihood": word,
        }


def log_probability(event: Event, projection: Projection) -> float:
    """log P(event); a published figure settles it as 0 or minus infinity."""
    if event.published is None:
        return event.log_probability(projection.mixture(event.indicator))
    return 0.0 if event.target.holds(figure_as_stated(event, projection)) else -math.inf


def outcome_quantiles(event: Event, projection: Projection) -> tuple[float, float, float]:
    """10, 50 and 90 % quantiles of the outcome in the terms of the target; the published figure where there is one."""
    if event.published is not None:
        value = float(figure_as_stated(event, projection))
        return value, value, value
    mixture = projection.mixture(event.indicator)
    logs = mixture.quantile(mixture.row(event.by, event.since), _INTERVAL)
    low, median, high = (_in_terms_of(event, float(x), projection) for x in logs)
    return low, median, high


def _in_terms_of(event: Event, log_outcome: float, projection: Projection) -> float:
    if event.target.kind == "level":
        factor = convert(decimal(1), projection.history.unit_of(event.indicator), event.target.effective_unit or "")
        return math.exp(log_outcome) * float(factor)
    return stated_change(event.target, log_outcome - (event.base or 0.0))


def _last_value(event: Event, projection: Projection) -> float | None:
    """The last figure, in the unit of a level target, else of the history; None where there are growth rates only."""
    origin = projection.origin(event.indicator)
    if not origin.levels:
        return None
    value = decimal(f"{math.exp(origin.log_level):.12g}")
    if event.target.kind != "level":
        return float(value)
    return float(convert(value, projection.history.unit_of(event.indicator), event.target.effective_unit or ""))


def required_growth(event: Event, projection: Projection) -> float:
    """Constant growth per year from the last figure that just attains the target: (T / y)^(1 / h) - 1."""
    bound = event.lower if math.isfinite(event.lower) else event.upper
    start = 0.0 if event.since is not None else projection.origin(event.indicator).log_level
    years = event.by - (event.since if event.since is not None else projection.origin(event.indicator).year)
    return math.expm1((bound - start) / years)
