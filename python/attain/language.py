"""Words in two languages, side by side where they are used."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, Protocol

from attain.errors import ArgumentError

Language = Literal["en", "zh"]


class Text(NamedTuple):
    """One text in English and in Chinese."""

    en: str
    zh: str

    def say(self, language: Language) -> str:
        """The text in that language."""
        return self.zh if language == "zh" else self.en


class Noted(Protocol):
    """Anything with a note in English and, where there is one, in Chinese."""

    @property
    def note(self) -> str | None: ...
    @property
    def note_zh(self) -> str | None: ...


def note_of(thing: Noted) -> Text:
    """The note of a plan, target, relation or service in both languages; English stands in where Chinese is missing."""
    return Text(thing.note or "", thing.note_zh or thing.note or "")


def listed(parts: Sequence[str], between: str = ", ", before_last: str = " and ") -> str:
    """Parts as a list in a sentence: a, b and c."""
    return between.join(parts[:-1]) + before_last + parts[-1] if len(parts) > 1 else "".join(parts)


def check_language(language: str) -> None:
    """ArgumentError unless there are words in that language."""
    if language not in ("en", "zh"):
        raise ArgumentError(f"language: {language!r} is neither 'en' nor 'zh'")
