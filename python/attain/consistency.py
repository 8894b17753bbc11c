"""Do the targets of a plan agree with each other, and with the figures that were published when they begin?

Every target is linear in levels (`attain.levels`), so this is a matter of proof and not of probability: a level for
every year that satisfies all targets, or multipliers that add them up to a contradiction (`attain.linear`).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass
from typing import Any

import pandas as pd

from attain.findings import Conflict, Finding, Told, conflicts, over_allocated, redundant, strained
from attain.history import History
from attain.implied import Implied, implied_by, overlapping
from attain.language import Language, Text
from attain.plan import Plan, load_plan
from attain.reading import load_history
from attain.worlds import Reading, groups

CONSISTENT, INFEASIBLE = "consistent", "infeasible"
VERDICT_COLUMNS = ("verdict", "others", "number", "text", "text_zh")
IMPLIED_COLUMNS = ("topic", "quantity", "low", "high", "unit", "because", "targets", "quantity_zh", "because_zh")
SENSITIVITY_COLUMNS = ("reading", "target", "as_stated", "verdict", "text", "reading_zh", "text_zh")


@dataclass(frozen=True, eq=False)
class Consistency:
    """What the arithmetic of a plan says; made by `check`.

    Attributes
    ----------
    plan, history
        What was checked, and the figures it was checked with; None where there were none.
    conflicts
        Of the plan as stated, each irreducible: without any one of its targets the others could be met.
    verdicts
        Frame, index target; one row for each target, more where several things are to be said of it. `verdict` is
        `consistent`, `infeasible` (part of a conflict), `strained` (needs a larger change a year than was ever
        published), `redundant` (the others imply it), or `over-allocated` (local floors add up to more than this total
        asks for); others (ids that it rests on), number (coefficient of an over-allocation, change a year that a
        strained target needs), text and text_zh.
    implied
        Frame: what the numbers imply that the plan does not say; topic (such as `needed`: the change a year from the
        last figure), quantity, low and high (NaN where there is no bound, rates as fractions), unit, because, targets
        (ids), and both texts in Chinese. Targets are taken at their numbers and figures as published.
    sensitivity
        Frame: which readings of the plan or treatments of the data change which verdict; reading, target, as_stated,
        verdict, text. Readings alone stand before those that matter together only. Empty where none does.
    unchanged
        The readings and treatments that, alone, change no verdict.
    alone
        Ids of targets on which no other target and no figure bears, so that nothing could contradict them.
    readings
        How many combinations of readings and treatments were evaluated.
    """

    plan: Plan
    history: History | None
    conflicts: list[Conflict]
    verdicts: pd.DataFrame
    implied: pd.DataFrame
    sensitivity: pd.DataFrame
    unchanged: tuple[Text, ...]
    alone: tuple[str, ...]
    readings: int

    @property
    def feasible(self) -> bool:
        """Can all targets be met together, as stated?"""
        return not self.conflicts

    def summary(self, *, language: Language = "en") -> str:
        """The check as a page of text of at most 100 columns."""
        from attain.consistency_text import consistency_text

        return consistency_text(self, language)

    def to_frame(self) -> pd.DataFrame:
        """A copy of `verdicts`."""
        return self.verdicts.copy()

    def to_dict(self) -> dict[str, Any]:
        """For JSON: feasible, conflicts, verdicts, implied, sensitivity; what is not a number is null."""
        return {
            "plan": self.plan.id,
            **self.brief(),
            "verdicts": _records(self.verdicts.reset_index()),
            "implied": _records(self.implied),
            "sensitivity": _records(self.sensitivity),
        }

    def brief(self) -> dict[str, Any]:
        """Feasible, and the targets of each conflict: what an assessment tells of it."""
        return {"feasible": self.feasible, "conflicts": [list(conflict.targets) for conflict in self.conflicts]}

    def _repr_html_(self) -> str:
        from attain.fragments import consistency_fragment

        return consistency_fragment(self)


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {str(name): None if isinstance(value, float) and value != value else value for name, value in record.items()}
        for record in frame.astype(object).to_dict(orient="records")
    ]


def check(plan: Any, history: Any = None) -> Consistency:
    """Check the targets of a plan against each other and against the figures from which they start.

    Figures of full years before the target year fix levels, within half the unit of their last digit; whether the
    target year's own figure attains a target is for `assess`. More than and less than are strict, and every verdict is
    proved without tolerance. Readings that the document or the data leave open are all evaluated.

    Parameters
    ----------
    plan
        Anything that `load_plan` takes.
    history
        Anything that `load_history` takes; by default the bundled history that the plan names, if it names one.

    Returns
    -------
    Consistency
        `.feasible`, `.conflicts`, `.verdicts`, `.implied`, `.sensitivity`, `.summary()`.

    Raises
    ------
    PlanError, DataError, UnitError
        Naming the place and the way out.
    """
    loaded = load_plan(plan)
    source = history if history is not None else loaded.history
    figures = None if source is None else load_history(source)
    parts = groups(loaded, figures)
    read = [[_Outcome(group.read(world)) for world in group.worlds()] for group in parts]
    stated = [outcomes[0] for outcomes in read]
    found = [conflict for outcome in stated for conflict in outcome.conflicts]
    told = [finding for outcome in stated for finding in outcome.findings]
    rows = {t.id: _verdicts(t.id, found, told) for t in loaded.targets}
    implied = [*(i for group in parts for i in implied_by(group)), *overlapping(loaded)]
    alone = [name for outcome in stated for name in _alone(outcome.reading)]
    tried = [_Tried(outcomes) for outcomes in read if outcomes[0].reading.group.targets[0].id not in alone]
    changes = [row for group in tried for row in group.changes()]
    return Consistency(
        plan=loaded,
        history=figures,
        conflicts=found,
        verdicts=_verdict_frame(rows),
        implied=pd.DataFrame([_implied_row(i) for i in implied], columns=list(IMPLIED_COLUMNS)),
        sensitivity=pd.DataFrame(changes, columns=list(SENSITIVITY_COLUMNS)),
        unchanged=tuple(dict.fromkeys(text for group in tried for text in group.unchanged())),
        alone=tuple(alone),
        readings=1 + sum(len(group.outcomes) - 1 for group in tried),
    )


def _verdicts(name: str, conflicts: Sequence[Conflict], findings: Sequence[Finding]) -> list[list[Any]]:
    rows: list[list[Any]] = [
        [INFEASIBLE, [t for t in conflict.targets if t != name], None, conflict.text, conflict.text_zh]
        for conflict in conflicts
        if name in conflict.targets
    ]
    for finding in findings:
        if finding.target == name:
            text, others = finding.tell()
            rows.append([finding.verdict, list(others), finding.number, text.en, text.zh])
    return rows or [[CONSISTENT, [], None, "", ""]]


def _verdict_frame(rows: dict[str, list[list[Any]]]) -> pd.DataFrame:
    index = [name for name, own in rows.items() for _ in own]
    frame = pd.DataFrame([row for own in rows.values() for row in own], index, columns=list(VERDICT_COLUMNS))
    return frame.astype({"number": float}).rename_axis("target")


def _implied_row(implied: Implied) -> list[Any]:
    quantity, because = implied.quantity, implied.because
    ends = [float("nan") if end is None else end for end in (implied.low, implied.high)]
    return [implied.topic, quantity.en, *ends, implied.unit, because.en, list(implied.targets), quantity.zh, because.zh]


@dataclass(frozen=True)
class _Outcome:
    """What a group comes to in one world."""

    reading: Reading

    @property
    def feasible(self) -> bool:
        """Can all targets be met together?"""
        return self.reading.point is not None

    @functools.cached_property
    def conflicts(self) -> list[Conflict]:
        """Of a world that is not feasible."""
        return [] if self.feasible else list(conflicts(self.reading))

    @functools.cached_property
    def findings(self) -> list[Finding]:
        """Of a world that is feasible, in the order of its targets; a total below its local floors is not told to be
        redundant too."""
        if not self.feasible:
            return []
        above = list(over_allocated(self.reading))
        floors = {finding.target for finding in above}
        found = [*(f for f in redundant(self.reading) if f.target not in floors), *above, *strained(self.reading)]
        return [f for name in self.reading.targets for f in found if f.target == name]

    @functools.cached_property
    def verdicts(self) -> dict[tuple[str, str], Callable[[], Told]]:
        """Target and verdict, with what tells of it."""
        found = [(t, Told(Text(c.text, c.text_zh))) for c in self.conflicts for t in c.targets]
        infeasible = {(t, INFEASIBLE): functools.partial(Told, *told) for t, told in found}
        return infeasible | {(f.target, f.verdict): f.tell for f in self.findings}


@dataclass(frozen=True)
class _Tried:
    """The outcomes of a group, as stated first."""

    outcomes: list[_Outcome]

    def changes(self) -> Iterator[list[Any]]:
        """What readings change: each alone, and combinations where only they make or break the plan."""
        stated = self.outcomes[0]
        told: list[tuple[Set[tuple[str, str]], tuple[str, str, bool]]] = []
        for outcome in self.outcomes[1:]:
            options = outcome.reading.world.options.items()
            if len(options) > 1 and outcome.feasible == stated.feasible:
                continue
            for change in _differences(stated, outcome):
                if not any(before <= options and change == same for before, same in told):
                    told.append((options, change))
                    yield _change_row(stated, outcome, *change)

    def unchanged(self) -> Iterator[Text]:
        """The readings that, alone, change nothing, by what is read."""
        found: dict[str, list[str]] = {}
        for outcome in self.outcomes[1:]:
            options = outcome.reading.world.options
            if len(options) == 1 and not any(_differences(self.outcomes[0], outcome)):
                for choice, option in options.items():
                    found.setdefault(choice, []).append(option)
        for choice, unchanging in found.items():
            yield self.outcomes[0].reading.group.describe({choice: unchanging})


def _alone(reading: Reading) -> Iterator[str]:
    """The target of a group that has no other target and no figure."""
    if len(reading.targets) == 1 and not reading.published:
        yield from reading.targets


def _differences(stated: _Outcome, outcome: _Outcome) -> Iterator[tuple[str, str, bool]]:
    """Targets and verdicts that a world adds (True) or loses."""
    for target, verdict in outcome.verdicts:
        if (target, verdict) not in stated.verdicts:
            yield target, verdict, True
    for target, verdict in stated.verdicts:
        if outcome.feasible and (target, verdict) not in outcome.verdicts:
            yield target, verdict, False


def _change_row(stated: _Outcome, outcome: _Outcome, target: str, verdict: str, added: bool) -> list[Any]:
    reading = outcome.reading.describe()
    lost = Text(f"No longer {verdict}.", "不再成立。")
    text = outcome.verdicts[target, verdict]().text if added else lost
    before = CONSISTENT if added else verdict
    after = verdict if added else CONSISTENT
    return [reading.en, target, before, after, text.en, reading.zh, text.zh]
