"""Words in two languages, side by side where they are used."""

from __future__ import annotations

from typing import Literal, NamedTuple

from attain.errors import ArgumentError

Language = Literal["en", "zh"]


class Text(NamedTuple):
    """One text in English and in Chinese."""

    en: str
    zh: str

    def say(self, language: Language) -> str:
        """The text in that language."""
        return self.zh if language == "zh" else self.en


def check_language(language: str) -> None:
    """ArgumentError unless there are words in that language."""
    if language not in ("en", "zh"):
        raise ArgumentError(f"language: {language!r} is neither 'en' nor 'zh'")
