"""Results as text: tables of at most 100 columns, and the wording of probabilities."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from attain.assessment import Assessment
    from attain.target import Target

WIDTH = 100
FEW_OBSERVATIONS = 6
WIDE_RANGE = 0.3


def percent(probability: float) -> str:
    """A probability as whole per cent, never a false 0 or 100."""
    if probability < 0.01:
        return "<1 %"
    return ">99 %" if probability > 0.99 else f"{100 * probability:.0f} %"


def percent_range(low: float, high: float) -> str:
    """A range of probabilities, one number where both print the same."""
    a, b = percent(low), percent(high)
    return a if a == b else f"{a.removesuffix(' %')}–{b}"


def leads_with_range(observations: float, low: float, high: float) -> bool:
    """Does the range come before the number? With few growth observations, or where treatments disagree widely."""
    return observations < FEW_OBSERVATIONS or high - low > WIDE_RANGE


def display_width(text: str) -> int:
    """Columns that a text takes on a terminal; Chinese characters take two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _fit(text: str, width: int) -> str:
    if display_width(text) <= width:
        return text
    while display_width(text) > width - 1:
        text = text[:-1]
    return text + "…"


def _pad(text: str, width: int, right: bool) -> str:
    gap = " " * (width - display_width(text))
    return gap + text if right else text + gap


def table_text(header: Sequence[str], rows: Sequence[Sequence[str]], numeric: Sequence[bool]) -> list[str]:
    """Lines of a table at most `WIDTH` wide; the first column gives way."""
    cells = [list(header), *(list(row) for row in rows)]
    widths = [max(display_width(row[c]) for row in cells) for c in range(len(header))]
    widths[0] = min(widths[0], WIDTH - sum(widths[1:]) - 2 * (len(widths) - 1))
    lines = [
        "  ".join(_pad(_fit(cell, w), w, right) for cell, w, right in zip(row, widths, numeric, strict=True)).rstrip()
        for row in cells
    ]
    return [lines[0], "-" * (sum(widths) + 2 * (len(widths) - 1)), *lines[1:]]


def number(value: float | None, unit: str) -> str:
    """A figure in its unit, rates as per cent."""
    if value is None or not math.isfinite(value):
        return "-"
    if unit == "per year":
        return f"{100 * value:.1f} %"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:#.3g}"


def interval(low: float, high: float, unit: str) -> str:
    """Two figures of one unit."""
    return f"{number(low, unit).removesuffix(' %')} to {number(high, unit).removesuffix(' %')}"


def assessment_text(result: Assessment) -> str:
    """The assessment: verdict first, targets, treatments of the data, what is not assessed."""
    blocks = [_head(result), _targets(result), _treatments(result), _not_assessed(result)]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def _head(result: Assessment) -> list[str]:
    plan = result.plan
    issued = f", issued {plan.issued}" if plan.issued else ""
    lines = [_fit(f"{plan.title or plan.id} ({plan.id}){issued}", WIDTH)]
    if result.projection is None:
        return [*lines, f"None of its {len(plan.targets)} targets can be assessed."]
    projection = result.projection
    known = f", as known {result.as_of}" if result.as_of is not None else ""
    lines.append(
        _fit(
            f"history {projection.history.name}{known}, model {projection.model}, prior {projection.prior_name}",
            WIDTH,
        )
    )
    return [*lines, "", *_verdict(result)]


def _verdict(result: Assessment) -> list[str]:
    counted = f"{len(result.table)} of {len(result.plan.targets)} targets"
    if result.probability is None:
        return [f"Together ({counted}): no number, {result.joint.reason}."]
    low, high = result.joint_range
    fewest = float(result.table["observations"].min())
    span, point = percent_range(low, high), percent(result.probability)
    if leads_with_range(fewest, low, high):
        answer = f"{span} over treatments of the data, {point} on the default one"
    else:
        answer = f"{point} ({span} over treatments of the data)"
    return [
        f"All together, over {counted}: {answer}.",
        f"Engine {result.engine}, numerical error {result.numerical_error:.0e}, growth observations {fewest:.0f}.",
    ]


def _targets(result: Assessment) -> list[str]:
    by_id = {target.id: target for target in result.plan.targets}
    rows = [_target_row(row, by_id[str(name)]) for name, row in result.table.iterrows()]
    if not rows:
        return []
    header = ["target", "by", "stated", "last figure", "needs", "median (80 %)", "P, range", "P"]
    lines = table_text(header, rows, [False, True, True, True, True, True, True, True])
    return [
        *lines,
        "needs: growth per year from the last figure; P: over treatments of the data, and under the default.",
    ]


def stated(target: Target) -> str:
    """The number of a target with its word, as the plan states it."""
    sign = {"at_least": "≥", "more_than": ">", "at_most": "≤", "less_than": "<", "about": "≈", "between": ""}[
        target.word
    ]
    values = [target.value] if target.upper is None else [target.value, target.upper]
    shown = " to ".join(f"{float(100 * v if target.is_rate else v):,.10g}" for v in values)
    unit = "%" if target.is_rate else "times" if target.kind == "multiple" else target.effective_unit or ""
    return f"{sign}{shown} {unit}".rstrip()


def _target_row(row: pd.Series[Any], target: Target) -> list[str]:
    low, high = row["interval80"]
    unit = row["unit"]
    spread = f"{number(row['median'], unit)} ({interval(low, high, unit)})"
    last = f"{number(row['last_value'], '')} ({row['last_year']})"
    settled = row["likelihood"] in ("attained", "missed")
    chance = row["likelihood"] if settled else percent(row["probability"])
    return [
        row["label"],
        str(row["by"]),
        stated(target),
        last,
        number(row["required_growth"], "per year"),
        spread,
        percent_range(*row["range"]),
        chance,
    ]


def _treatments(result: Assessment) -> list[str]:
    told = result.sensitivity[result.sensitivity["treatment"] != ""]
    if told.empty or result.projection is None:
        return []
    targets = list(dict.fromkeys(told["target"]))
    rows = []
    for treatment, part in told.groupby("treatment", sort=False):
        by_target = part.set_index("target")
        cells = [_sensitivity_cell(by_target, target) for target in targets]
        rows.append([str(treatment), f"{by_target['observations'].max():.0f}", *cells])
    header = ["treatment of the data", "growth obs.", *(_fit(f"P({target})", 28) for target in targets)]
    lines = table_text(header, rows, [False, *([True] * (1 + len(targets)))])
    texts = result.projection.history.treatments
    notes = [f"{t}: {texts[str(t)].en}" for t in told["treatment"].unique() if t in texts]
    return [*lines, *([""] if notes else []), *(line for note in notes for line in _wrap(note))]


def _sensitivity_cell(by_target: pd.DataFrame, target: str) -> str:
    if target not in by_target.index:
        return "-"
    if by_target.at[target, "reason"]:
        return "no number"
    p = float(by_target["probability"][target])
    return f"{100 * p:.1f} %" if 0.01 <= p <= 0.99 else percent(p)


def _wrap(text: str) -> list[str]:
    words, lines = text.split(), [""]
    for word in words:
        if display_width(f"{lines[-1]} {word}") > WIDTH:
            lines.append("   ")
        lines[-1] = f"{lines[-1]} {word}" if lines[-1] else word
    return lines


def _not_assessed(result: Assessment) -> list[str]:
    if result.not_assessed.empty:
        return []
    labels = {t.id: t.label or t.id for t in result.plan.targets}
    lines = [f"Not assessed, {len(result.not_assessed)} of {len(result.plan.targets)} targets:"]
    for name, row in result.not_assessed.iterrows():
        lines += _wrap(f"  {labels[str(name)]}: {row['reason']}; needs {row['needs']}.")
    return lines
