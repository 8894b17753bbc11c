"""A total that is split over parts, such as a province's target over its cities: quotas by rule, and their worth.

Rules:

* `proportional`: every quota is the same multiple of the part's last figure;
* `equal effort`: every quota is the same multiple of the part's median projection, the same growth a year on top of
  what it would come to by itself;
* `equal probability`: every quota is attained with the same probability.

The probability of the total does not depend on the rule; that of all quotas does, and is smaller.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from attain.dependence import Dependence, dependence_of
from attain.errors import ArgumentError
from attain.event import Event, PathEvent, event_of, sum_event
from attain.history import AsOf
from attain.joint import joint_probability, probability_of_paths
from attain.language import Language, Text, check_language
from attain.prior import Prior
from attain.projection import Model, Projection, project
from attain.scale import LOG
from attain.simulation import DRAWS, Drawing, Estimate
from attain.target import level
from attain.text import number, percent
from attain.units import convert, parse_amount

GIVEN = "given"
RULES = {
    "proportional": Text("proportional", "按比例分解"),
    "equal effort": Text("equal effort", "同等加力"),
    "equal probability": Text("equal probability", "同等把握"),
    GIVEN: Text("given", "给定指标"),
}
_FARTHEST_LOGIT = 27.0
ALL_PARTS = "total"


@dataclass(frozen=True, eq=False)
class Allocation:
    """Quotas of the parts of a total; made by `allocate`.

    Attributes
    ----------
    total, by
        What is split, in `unit`, and the year by which.
    unit
        Of all amounts: that of the parts' figures.
    table
        Frame, one row per rule and part: rule, part, last_year, last_value, median, quota, growth (a year from the last
        figure, what the quota needs) and probability.
    rules
        Frame, index rule: sum of the quotas, coefficient (that sum over the total: above 1 more is asked of the parts
        than the total needs, 层层加码; below 1 the quotas do not make up the total), probability that all quotas are
        attained, numerical_error of it, and expected number of quotas attained.
    probability
        That the total comes about, whichever parts bring it; simulated, with `standard_error`.
    """

    total: float
    by: int
    unit: str
    table: pd.DataFrame
    rules: pd.DataFrame
    probability: float
    standard_error: float

    @property
    def feasible(self) -> bool | None:
        """Do the given quotas make up the total? None where none were given."""
        return None if GIVEN not in self.rules.index else float(self.rules["sum"][GIVEN]) >= self.total

    def to_frame(self) -> pd.DataFrame:
        """A copy of `table`."""
        return self.table.copy()

    def summary(self, *, language: Language = "en") -> str:
        """The total, the rules and the quotas as text."""
        check_language(language)
        chance, total = percent(self.probability), f"{number(self.total, self.unit)} {self.unit}".strip()
        head = Text(
            f"{total} by {self.by}: {chance} that the parts come to it together",
            f"到 {self.by} 年合计 {total}：各地合计达到的概率为 {chance}",
        )
        lines = [head.say(language)]
        for rule, row in self.rules.iterrows():
            every, count = percent(row["probability"]), f"{row['expected']:.1f}"
            own = self.table[self.table["rule"] == rule]
            asked = f"{row['coefficient']:.2f}"
            told = Text(
                f"{rule}: all quotas {every}, {count} of {len(own)} expected, coefficient {asked}",
                f"{RULES[str(rule)].zh}：全部完成 {every}，预期完成 {count}/{len(own)}，加码系数 {asked}",
            )
            lines.append(told.say(language))
            lines += [
                f"  {part}: {number(quota, self.unit)} ({100 * growth:+.1f} %, P {percent(p)})"
                for part, quota, growth, p in own[["part", "quota", "growth", "probability"]].to_numpy().tolist()
            ]
        return "\n".join(lines)


def allocate(
    history: Any,
    *,
    total: Any,
    by: int,
    parts: Sequence[str] | None = None,
    quotas: Mapping[str, Any] | None = None,
    model: Model = "growth",
    prior: str | Prior = "general",
    dependence: Any = "factor",
    as_of: AsOf = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> Allocation:
    """Split a total over parts by each rule, and say what the quotas are worth.

    Parameters
    ----------
    history
        Anything that `load_history` takes, with levels of the parts in one unit.
    total
        To be at least reached by all parts together: `"5万亿元"`, or a number in the unit of the parts.
    by
        Year.
    parts
        Ids or labels of the parts, which are taken to make up the total; all indicators by default.
    quotas
        Part to a quota that has been set for it, assessed beside the rules as `given`.
    model, prior, dependence, as_of
        As in `assess`.
    draws, seed
        Of the simulation of the total.

    Raises
    ------
    ArgumentError, DataError, UnitError
        Naming the part and the way out.
    """
    drawing = Drawing(draws, None, seed)
    projection = project(history, to=by, model=model, prior=prior, as_of=as_of, indicators=parts)
    unit = _common_unit(projection, by)
    amount = _amount(total, unit, "total")
    dependent = dependence_of(dependence, projection)
    wanted = _by_rule(projection, by, amount)
    if quotas is not None:
        wanted[GIVEN] = _given(quotas, projection, unit)
    rows, about = [], {}
    for rule, own in wanted.items():
        table, summed = _worth(rule, own, projection, by, dependent, drawing)
        rows += table
        asked = float(sum(Decimal(repr(quota)) for quota in own.values()))  # as written: 0.7 + 0.2 + 0.1 is 1
        about[rule] = {"sum": asked, "coefficient": asked / amount, **summed}
    of_total = _of_total(projection, by, amount, dependent, drawing)
    return Allocation(
        total=amount,
        by=by,
        unit=unit,
        table=pd.DataFrame(rows),
        rules=pd.DataFrame.from_dict(about, orient="index").rename_axis("rule"),
        probability=of_total.probability,
        standard_error=of_total.error,
    )


def _common_unit(projection: Projection, by: int) -> str:
    for name, reason in projection.skipped["reason"].items() if len(projection.skipped) else ():
        raise ArgumentError(f"parts: {name!r} is not projected: {reason}; leave it out")
    units = {projection.history.unit_of(name) for name in projection.indicators}
    for name in projection.indicators:
        if projection.scale_of(name) is not LOG or projection.origin(name).levels == 0:
            raise ArgumentError(f"parts: {name!r} has no levels, so no quota can be set; leave it out")
    if len(units) > 1:
        raise ArgumentError(f"parts: their units differ ({', '.join(sorted(units))}); give them in one")
    return units.pop()


def _amount(value: Any, unit: str, place: str) -> float:
    given, written = parse_amount(value, unit or None)
    amount = float(convert(given, written or unit, unit))
    if not (amount > 0 and math.isfinite(amount)):
        raise ArgumentError(f"{place}: {value!r} is not a positive amount")
    return amount


def _given(quotas: Mapping[str, Any], projection: Projection, unit: str) -> dict[str, float]:
    found = {projection.indicators[projection.position(name)]: value for name, value in quotas.items()}
    for name in projection.indicators:
        if name not in found:
            raise ArgumentError(f"quotas: {name!r} has none; give every part its quota, or leave the part out")
    return {name: _amount(found[name], unit, f"quotas: {name!r}") for name in projection.indicators}


def _by_rule(projection: Projection, by: int, total: float) -> dict[str, dict[str, float]]:
    names = projection.indicators
    last = np.array([math.exp(projection.origin(name).log_level) for name in names])
    median = np.exp(_log_quantiles(projection, by, 0.5))
    quotas = {
        "proportional": total * last / last.sum(),
        "equal effort": total * median / median.sum(),
        "equal probability": _equally_probable(projection, by, total),
    }
    return {rule: dict(zip(names, own.tolist(), strict=True)) for rule, own in quotas.items()}


def _log_quantiles(projection: Projection, by: int, p: float) -> npt.NDArray[np.float64]:
    mixtures = [projection.mixture(name) for name in projection.indicators]
    return np.array([float(m.quantile(m.row(by), [p])[0]) for m in mixtures])


def _equally_probable(projection: Projection, by: int, total: float) -> npt.NDArray[np.float64]:
    """Quantiles of one probability that add up to the total."""
    from scipy.optimize import brentq

    def logs(logit: float) -> npt.NDArray[np.float64]:
        return _log_quantiles(projection, by, 1 / (1 + math.exp(-logit)))

    def excess(logit: float) -> float:  # in logs, for one figure alone leaves levels beyond all doubles possible
        return float(np.logaddexp.reduce(logs(logit))) - math.log(total)

    ends = (-_FARTHEST_LOGIT, _FARTHEST_LOGIT)
    if not excess(ends[0]) < 0 < excess(ends[1]):
        raise ArgumentError(f"total: {total:g} is out of reach of these parts, or sure to come about")
    logit = brentq(excess, *ends, xtol=1e-13, rtol=1e-14)
    quotas = np.exp(logs(logit))
    quotas *= total / quotas.sum()
    return quotas


def _worth(
    rule: str, quotas: Mapping[str, float], projection: Projection, by: int, dependence: Dependence, drawing: Drawing
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Rows of the quotas of one rule, and what they come to together."""
    events: list[Event] = []
    rows: list[dict[str, Any]] = []
    medians = np.exp(_log_quantiles(projection, by, 0.5))
    for median, (name, quota) in zip(medians, quotas.items(), strict=True):
        unit, origin = projection.history.unit_of(name), projection.origin(name)
        event = event_of(level(name, by=by, at_least=repr(quota) + unit, unit=unit or None), projection)
        assert isinstance(event, Event), "a projected level has an event"
        events.append(event)
        rows.append(
            {
                "rule": rule,
                "part": name,
                "last_year": origin.year,
                "last_value": float(math.exp(origin.log_level)),
                "median": float(median),
                "quota": quota,
                "growth": math.expm1((math.log(quota) - origin.log_level) / (by - origin.year)),
                "probability": math.exp(event.log_probability(projection.mixture(name))),
            }
        )
    joint = joint_probability(events, projection, dependence, drawing)
    p = math.exp(joint.log_probability or 0.0)
    expected = math.fsum(float(row["probability"]) for row in rows)
    return rows, {"probability": p, "numerical_error": joint.error, "expected": expected}


def _of_total(projection: Projection, by: int, total: float, dependence: Dependence, drawing: Drawing) -> Estimate:
    """That all parts together reach the total, from paths."""
    unit = projection.history.unit_of(projection.indicators[0])
    target = level(ALL_PARTS, by=by, at_least=repr(total) + unit, unit=unit or None)
    event = sum_event(target, projection.indicators, projection)
    assert isinstance(event, PathEvent), "projected levels have a sum"
    return probability_of_paths([event], projection, dependence, drawing)
