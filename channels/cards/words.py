"""Phrases and days in the person's language."""

from __future__ import annotations

from collections.abc import Mapping

from knowledge.schema import Text

Phrases = Mapping[str, Text]


def say(phrases: Phrases, name: str, language: str, **values: object) -> str:
    """Return the phrase `name` in `language` (de, else en), its placeholders filled."""
    text = phrases[name]
    return (text.en if language == "en" else text.de).format(**values)


def day(iso: str, language: str) -> str:
    """Return an ISO day as people write it.

    >>> day("2026-11-22", "de"), day("2026-11-22", "en")
    ('22.11.2026', '22/11/2026')
    """
    year, month, number = iso[:10].split("-")
    separator = "." if language == "de" else "/"
    return separator.join((number, month, year))
