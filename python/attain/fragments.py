"""What a notebook shows of plans, histories and results: tables in the notebook's own colours.

Each is HTML of its own, with inline styles and no colour but the current one, so that it reads in light and dark.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from attain.attaining_text import (
    BOTTLENECK_HEAD,
    bottleneck_rows,
    conflict_text,
    drift_text,
    frontier_rows,
    half_page,
    menu_head,
    menu_rows,
    path_rows,
    record_text,
    reference_text,
    relaxation_text,
)
from attain.consistency_text import HEADINGS, sections
from attain.consistency_text import verdict as consistency_verdict
from attain.prior import prior_label
from attain.sensitivity import grids
from attain.text import beside, cell_words, label_of, likelihood, row_words, target_words, verdict
from attain.wording import chance, chance_range, figure_words, needs_words, stated_words

if TYPE_CHECKING:
    from attain.assessment import Assessment
    from attain.audit import Audit
    from attain.backtest import Backtest
    from attain.bottleneck import Bottleneck
    from attain.consistency import Consistency
    from attain.glide_path import GlidePath
    from attain.goals import EvenDrift, Frontier, Menu
    from attain.growth_test import GrowthTest
    from attain.history import History
    from attain.path import AttainingPath
    from attain.plan import Plan
    from attain.projection import Projection
    from attain.reference_class import ReferenceClass, TrackRecord
    from attain.yardsticks import Yardsticks

_MANY = 60
_BOX = "color:inherit;background:transparent;max-width:100%;overflow-x:auto"
_TABLE = "border-collapse:collapse;background:transparent;color:inherit;margin:.4em 0"
_CELL = (
    "padding:.2em .7em;word-break:keep-all;border:0;background:none;"
    "border-bottom:1px solid color-mix(in srgb,currentColor 25%,transparent)"
)
_NUMBER = "text-align:right;white-space:nowrap"
_FINE = "opacity:.7"


def plan_fragment(plan: Plan) -> str:
    """A plan: its title and its targets."""
    rows = [
        [label_of(target, "en"), target.by or "–", stated_words(target, "en"), target.kind, target.indicator]
        for target in plan.targets
    ]
    issued = f", issued {plan.issued}" if plan.issued else ""
    head = f"{plan.title or plan.title_zh or plan.id} ({plan.id}){issued}"
    if not rows:
        return str(_box(head, plan.note or "The plan has no target."))
    return str(_box(head, f"{len(rows)} targets") + _table(["target", "by", "stated", "kind", "indicator"], rows, (1,)))


def history_fragment(history: History) -> str:
    """A history: which indicators are usable, from when to when."""
    about = history.describe()
    rows = [
        [
            name,
            history.label_of(str(name)),
            row["unit"],
            row["levels"],
            row["growth_rates"],
            row["shares"],
            _years(row["first"], row["last"]) if row["usable"] else row["needs"],
            row["treatments"],
        ]
        for name, row in about.iterrows()
    ]
    usable = int(about["usable"].sum())
    head = ["indicator", "label", "unit", "levels", "growth rates", "shares", "years", "treatments"]
    return str(
        _box(f"History {history.name}", f"{usable} of {len(rows)} indicators usable") + _table(head, rows, (3, 4, 5, 6))
    )


def _years(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}–{last}"


def audit_fragment(result: Audit) -> str:
    """An audit: its findings, those that the history keeps apart already last."""
    from attain.audit import breaks_told, headline

    rows = [
        [
            finding.year,
            "kept apart" if finding.marked else finding.verdict,
            finding.cause,
            f"{finding.told.en} {finding.why.en}",
        ]
        for part in result.parts()
        for finding in part
    ]
    told = headline(result).en + (f" {breaks_told(result).en}" if result.breaks else "")
    head = ["year", "verdict", "likely cause", "figures"]
    return str(_box(f"Audit of {result.history.name}", told) + _table(head, rows, ()))


def yardsticks_fragment(result: Yardsticks) -> str:
    """The official labels of a plan's targets."""
    from attain.yardsticks import rule_name

    rows = [
        [row["label"], row["by"], rule_name(row["yardstick"]).en, row["word"], f"{100 * row['score']:.1f} %"]
        for _, row in result.table.iterrows()
    ]
    told = f"A label is a rule, not a probability. {len(result.missing)} targets without a course."
    head = ["target", "by", "yardstick", "word", "measured"]
    return str(_box(result.plan.title or result.plan.id, told) + _table(head, rows, (1, 4)))


def glide_path_fragment(result: GlidePath) -> str:
    """The milestones of a plan's targets."""
    rows = [
        [
            row["label"],
            row["period"] or row["year"],
            figure_words(row["milestone"], row["unit"], "en"),
            f"{100 * row['growth']:.1f}" + (" points" if row["unit"] == "fraction" else " %"),
        ]
        for _, row in result.table.iterrows()
    ]
    told = f"Milestones, {result.shape}, by {result.frequency}. {len(result.missing)} targets without a path."
    head = ["target", "period", "milestone", "growth of the year"]
    return str(_box(result.plan.title or result.plan.id, told) + _table(head, rows, (2, 3)))


def projection_fragment(projection: Projection) -> str:
    """A projection: median and 80 % interval of each indicator in the last year."""
    ends = projection.quantile([0.1, 0.5, 0.9]).loc[projection.to].to_numpy().reshape(-1, 3)
    rows = []
    for name, origin, (low, mid, high) in zip(projection.indicators, projection.origins, ends, strict=True):
        unit = projection.history.unit_of(name) if origin.levels else ""
        bare = unit if unit == "fraction" else ""
        told = (f"{figure_words(low, bare, 'en')} to {figure_words(high, bare, 'en')}", figure_words(mid, unit, "en"))
        basis = "" if origin.levels else f" times {origin.year}"
        rows.append([projection.history.label_of(name), origin.year, told[1] + basis, told[0], origin.changes])
    skipped = f"; {len(projection.skipped)} not projected" if len(projection.skipped) else ""
    head = f"{projection.history.name} projected to {projection.to}"
    about = f"model {projection.model}, prior {projection.prior_name}{skipped}"
    columns = ["indicator", "last figure", f"median {projection.to}", "80 % interval", "growth observations"]
    return str(_box(head, about) + _table(columns, rows, (1, 2, 3, 4)))


def assessment_fragment(result: Assessment) -> str:
    """An assessment: the verdict, the assessed targets, and how many are not."""
    targets = {target.id: target for target in result.plan.targets}
    rows = [
        [
            label_of(targets[str(name)], "en"),
            row["by"],
            stated_words(targets[str(name)], "en"),
            needs_words(row["required_growth"], row["kind"], "en"),
            figure_words(row["median"], row["unit"], "en"),
            chance_range(row["range"][0], row["range"][1], "en"),
            chance(row["probability"], "en"),
            likelihood(row["likelihood"]).en,
            row["observations"],
        ]
        for name, row in result.table.iterrows()
    ]
    title = result.plan.title or result.plan.title_zh or result.plan.id
    if not rows:
        why = f"None of its {len(targets)} targets can be assessed." if targets else "The plan has no target."
        return str(_box(title, why) + _needs(result))
    head = ["target", "by", "stated", "needs a year", "median", "P, range", "P", "in words", "growth observations"]
    known = f" As known {result.as_of}." if result.as_of is not None else ""
    return str(
        _box(title, f"{verdict(result).en} {beside(result).en}".rstrip() + known, "font-weight:600")
        + _table(head, rows, (1, 3, 4, 5, 6, 8))
        + _half_page(result)
        + _depends(result)
        + _needs(result)
    )


def _half_page(result: Assessment) -> Markup:
    """What holds the plan back, what it would take, and what could be promised instead."""
    return Markup("").join(_box(question, answer, "") for question, answer in half_page(result))


def _depends(result: Assessment) -> Markup:
    """The probabilities by treatment of the data and prior."""
    labels = {target.id: label_of(target, "en") for target in result.plan.targets}
    shown = [grid for grid in grids(result) if len(grid.rows) > 1 or len(grid.priors) > 1]
    tables = Markup("").join(
        _table(
            [labels[grid.rows[0].target] if grid.treated else "target", *(prior_label(p).en for p in grid.priors)],
            [
                [
                    row_words(row, "en") if grid.treated else target_words(row, labels, "en"),
                    *(cell_words(row, prior, "en") for prior in grid.priors),
                ]
                for row in grid.rows
            ],
            range(1, 1 + len(grid.priors)),
        )
        for grid in shown
    )
    told = Markup('<details style="{}"><summary>By treatment of the data and prior</summary>{}</details>')
    return told.format(_BOX, tables) if shown else Markup("")


def _needs(result: Assessment) -> Markup:
    if result.not_assessed.empty:
        return Markup("")
    labels = {target.id: label_of(target, "en") for target in result.plan.targets}
    rows = [[labels[str(name)], row["reason"], row["needs"]] for name, row in result.not_assessed.iterrows()]
    told = Markup("<summary>Not assessed: {} of {}</summary>").format(len(rows), len(labels))
    table = _table(["target", "reason", "needs"], rows, ())
    return Markup('<details style="{}">{}{}</details>').format(_BOX, told, table)


def consistency_fragment(result: Consistency) -> str:
    """A check: the verdict, and its sections as lists."""
    title = result.plan.title or result.plan.title_zh or result.plan.id
    told = Markup("").join(
        Markup('<div style="{}">{}<ul>{}</ul></div>').format(
            _BOX, HEADINGS[name].en, Markup("").join(Markup("<li>{}</li>").format(item) for item in items)
        )
        for name, items in sections(result, "en")
    )
    return str(_box(title, consistency_verdict(result).en, "font-weight:600") + told)


def backtest_fragment(result: Backtest) -> str:
    """A backtest: its scores with their intervals."""
    skipped = f"; {len(result.skipped)} not scored" if len(result.skipped) else ""
    about = f"{result.count_words()}, model {result.model}, prior {result.prior}{skipped}"
    rows = result.score_rows()
    return str(_box(f"Backtest of {result.name}", about) + _table(result.SCORE_HEAD, rows, (1, 2, 3)))


def growth_test_fragment(result: GrowthTest) -> str:
    """A growth test: the target, and what speaks for and against it."""
    return str(_box(result.headline(), "") + _table(["question", "answer"], result.answers(), ()))


def path_fragment(path: AttainingPath) -> str:
    """An attaining path: a table for each indicator."""
    if not path.found:
        return str(_box("No path attains the plan", conflict_text(path)))
    told = _box("The path that attains the plan", f"distance {path.distance:.2f} from what is projected")
    tables = (
        _box(title, "") + _table(["year", "path", "growth", "projected", "growth", "spreads"], rows, range(1, 6))
        for title, rows in path_rows(path, "en")
    )
    return str(told + Markup("").join(tables))


def bottleneck_fragment(held: Bottleneck) -> str:
    """A bottleneck: its table, and how much could be asked."""
    head = BOTTLENECK_HEAD.en.split("|")
    return str(
        _box("What holds the plan back", relaxation_text(held).en)
        + _table(head, bottleneck_rows(held, "en"), range(1, 5))
    )


def menu_fragment(found: Menu) -> str:
    """A menu: levels by prior and chance."""
    told = _box(
        f"{found.projection.history.label_of(found.indicator)} in {found.by}", "level, and growth needed a year"
    )
    head = menu_head(found, "en")
    return str(told + _table(head, menu_rows(found, "en"), range(1, len(head))))


def frontier_fragment(found: Frontier) -> str:
    """A frontier: its pairs."""
    names = [found.projection.history.label_of(name) for name in found.indicators]
    told = _box(f"Reached together by {found.by}", f"with a chance of {chance(found.probability, 'en')}")
    return str(told + _table(names, frontier_rows(found, "en"), (0, 1)))


def even_drift_fragment(found: EvenDrift) -> str:
    """What would have to be believed."""
    return str(_box(f"{found.projection.history.label_of(found.indicator)} by {found.by}", drift_text(found).en))


def reference_fragment(found: ReferenceClass) -> str:
    """Required growth among that of others."""
    return str(_box(f"{found.indicator} by {found.by}", reference_text(found).en))


def record_fragment(found: TrackRecord) -> str:
    """How comparable targets fared."""
    return str(_box("Track record", record_text(found).en))


def _box(head: str, text: str, style: str = _FINE) -> Markup:
    return Markup('<div style="{}"><b>{}</b><br><span style="{}">{}</span></div>').format(_BOX, head, style, text)


def _table(head: Sequence[str], rows: Sequence[Sequence[object]], numbers: Sequence[int]) -> Markup:
    sides = [_NUMBER if i in numbers else "text-align:left" for i in range(len(head))]
    top = _row("th", head, sides)
    body = Markup("").join(_row("td", row, sides) for row in rows[:_MANY])
    left = len(rows) - _MANY
    more = Markup('<div style="{}">and {} more</div>').format(_FINE, left) if left > 0 else ""
    table = Markup('<table style="{}"><thead>{}</thead><tbody>{}</tbody></table>').format(_TABLE, top, body)
    return Markup('<div style="{}">{}{}</div>').format(_BOX, table, more)


def _row(tag: str, cells: Iterable[object], sides: Sequence[str]) -> Markup:
    told = (
        Markup('<{0} style="{1};{2}">{3}</{0}>').format(Markup(tag), _CELL, side, escape(cell))
        for cell, side in zip(cells, sides, strict=True)
    )
    return Markup("<tr>{}</tr>").format(Markup("").join(told))
