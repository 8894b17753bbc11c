"""The probability of several events at once, for indicators that move independently."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from attain.event import Event, figure_as_stated
from attain.language import Text
from attain.projection import Projection

NO_REASON = Text("", "")


@dataclass(frozen=True)
class Joint:
    """P(all events), or why there is none.

    Attributes
    ----------
    log_probability : None where it is not computed, and `reason` says why.
    engine : `exact` for one functional of one indicator, `independent` for a product over indicators.
    """

    log_probability: float | None
    engine: str
    reason: Text = NO_REASON


def joint_probability(events: Sequence[Event], projection: Projection) -> Joint:
    """Joint probability of events on one projection: bounds on one functional of one indicator reduce to the
    stricter, indicators multiply, and published figures settle their targets."""
    open_events = [event for event in events if event.published is None]
    engine = "exact" if len({event.functional for event in open_events}) <= 1 else "independent"
    if not all(
        event.target.holds(figure_as_stated(event, projection)) for event in events if event.published is not None
    ):
        return Joint(-math.inf, engine)
    total = 0.0
    for indicator in dict.fromkeys(event.indicator for event in open_events):
        own = [event for event in open_events if event.indicator == indicator]
        if len({event.functional for event in own}) > 1:
            return Joint(None, engine, _years_apart(indicator))
        total += _stricter(own, projection)
    return Joint(total, engine)


def _years_apart(indicator: str) -> Text:
    return Text(
        f"targets on {indicator} over different windows need an engine that joins them",
        f"{indicator} 的各目标年份或基年不同，需要联合计算的方法",
    )


def _stricter(events: Sequence[Event], projection: Projection) -> float:
    """log P of all bounds on one functional: the highest lower and the lowest upper."""
    first = events[0]
    lower, upper = max(event.lower for event in events), min(event.upper for event in events)
    if lower > upper:
        return -math.inf
    mixture = projection.mixture(first.indicator)
    return mixture.log_probability(mixture.row(first.by, first.since), lower, upper)
