"""How indicators of one history hang together, as data: share, sum, part of, nested, members."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from attain.units import parse_amount

IdentityKind = Literal["share", "sum", "part_of", "nested", "members"]


class Identity(BaseModel):
    """An identity between indicators of a history, by their ids.

    Attributes
    ----------
    kind
        share: `share` is the one part over the whole; sum: the parts add up to the whole; part_of: the parts are
        pieces of the whole that do not overlap; nested: each part lies within the one before, the first within the
        whole; members: the first part counts the members whose total the whole is, the others those over `thresholds`.
    whole, parts, share
        Ids of indicators.
    thresholds
        Of members: the sizes over which the second part and those after it count, ascending, such as `100亿元`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: IdentityKind
    whole: str
    parts: tuple[str, ...] = Field(min_length=1)
    share: str | None = None
    thresholds: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.share is not None) != (self.kind == "share"):
            raise ValueError("share: a share identity names the indicator of the share, and no other has one")
        if self.kind == "share" and len(self.parts) != 1:
            raise ValueError("parts: a share has one part")
        if self.kind == "sum" and len(self.parts) < 2:
            raise ValueError("parts: a sum needs two or more")
        if len(self.thresholds) != (len(self.parts) - 1 if self.kind == "members" else 0):
            raise ValueError("thresholds: members need one for each part after the first, and no other has any")
        if len(set(self.ids)) < len(self.ids):
            raise ValueError(f"an indicator stands twice in the {self.kind} of {', '.join(self.ids)}")
        sizes = [parse_amount(size) for size in self.thresholds]
        if any(unit is None for _, unit in sizes):
            raise ValueError("thresholds: write each with its unit, for instance '1000亿元'")
        return self

    @property
    def ids(self) -> tuple[str, ...]:
        """All indicators named."""
        return (self.whole, *self.parts, *(() if self.share is None else (self.share,)))


def unknown_ids(identities: Sequence[Identity], known: Sequence[str]) -> Iterator[str]:
    """Indicators that an identity names and the history lacks."""
    return (name for identity in identities for name in identity.ids if name not in known)
