"""How targets of one plan hang together, as data: nested, sum, overlap, part of, same population, each of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from attain.target import Target
from attain.units import unit

RelationKind = Literal["nested", "sum", "overlap", "part_of", "same_population", "each_of"]
_NEEDS_WHOLE = {"nested", "sum", "part_of"}
_HAS_NO_WHOLE = {"overlap", "same_population"}


class Relation(BaseModel):
    """A relation between targets, by their ids.

    Attributes
    ----------
    kind
        nested: what a part counts, the whole counts too; sum: the parts add up to the whole; overlap: the parts share
        members, so they do not add; part_of: the part's indicator is a component of the whole's; same_population: the
        parts speak of one population; each_of: the part holds for each of `units` units, the whole is their total.
    whole, parts
        Ids of targets; nested, sum and part_of need a whole, each_of may have one, the others have none.
    units
        Of an each_of: the number of units, such as 11 cities.
    note, note_zh
        What the document says, or why the relation is read into it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: RelationKind
    whole: str | None = None
    parts: tuple[str, ...] = Field(min_length=1)
    units: Annotated[int, Field(ge=1)] | None = None
    note: str | None = None
    note_zh: str | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.kind in _NEEDS_WHOLE and self.whole is None:
            raise ValueError(f"whole: a {self.kind} relation needs it")
        if self.kind in _HAS_NO_WHOLE and self.whole is not None:
            raise ValueError(f"whole: a {self.kind} relation has none; list all targets as parts")
        if self.kind in _HAS_NO_WHOLE and len(self.parts) < 2:
            raise ValueError(f"parts: a {self.kind} relation needs two or more")
        if (self.kind == "each_of") != (self.units is not None):
            raise ValueError("units: an each_of relation needs the number of its units, and no other has one")
        if len(set(self.ids)) < len(self.ids):
            raise ValueError(f"a target stands twice in the {self.kind} relation of {', '.join(self.ids)}")
        return self

    @property
    def ids(self) -> tuple[str, ...]:
        """All targets named."""
        return self.parts if self.whole is None else (self.whole, *self.parts)


def problems(relations: Sequence[Relation], targets: Mapping[str, Target]) -> Iterator[str]:
    """What is wrong with the relations of a plan: unknown ids, units that do not match, cycles."""
    for number, relation in enumerate(relations, start=1):
        place = f"relation no. {number} ({relation.kind})"
        unknown = [name for name in relation.ids if name not in targets]
        if unknown:
            yield f"{place}: no target {unknown[0]!r}; the targets are {', '.join(targets)}"
        elif relation.whole is not None:
            yield from _unit_problems(relation, targets, place)
    cycle = _cycle(relations)
    if cycle:
        yield f"relations: {' is within '.join(cycle)}, a cycle; drop one of these relations"


def _unit_problems(relation: Relation, targets: Mapping[str, Target], place: str) -> Iterator[str]:
    assert relation.whole is not None, "called for relations with a whole"
    whole = targets[relation.whole]
    for name in relation.parts:
        if _dimension(targets[name]) != _dimension(whole):
            yield (
                f"{place}: {name!r} is a {_dimension(targets[name])}, {relation.whole!r} a {_dimension(whole)};"
                " their units do not convert"
            )


def _dimension(target: Target) -> str:
    if target.is_rate:
        return "rate"
    return "multiple" if target.kind == "multiple" else unit(target.effective_unit or "").dimension


def _cycle(relations: Sequence[Relation]) -> list[str]:
    """Targets that are each within the next, the last the first again; empty when there are none."""
    within: dict[str, list[str]] = {}
    for relation in relations:
        for part in relation.parts if relation.whole is not None else ():
            within.setdefault(part, []).append(str(relation.whole))
    done: set[str] = set()

    def follow(name: str, path: list[str]) -> list[str]:
        if name in path:
            return [*path[path.index(name) :], name]
        if name in done:
            return []
        found = next((c for above in within.get(name, []) if (c := follow(above, [*path, name]))), [])
        done.add(name)
        return found

    return next((c for name in within if (c := follow(name, []))), [])
