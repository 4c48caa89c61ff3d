"""The little Markdown of the knowledge: paragraphs, lists, bold, code, links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_LINK = re.compile(r"\[([^\]]+)\]\((https?://[^)\s]+)\)")
_MARK = re.compile(r"\*\*|__(?=\S)|(?<=\S)__|`")
_SPAN = re.compile(
    r"`(?P<code>[^`]+)`|\*\*(?P<bold>.+?)\*\*|\[(?P<link>[^\]]+)\]\((?P<url>https?://[^)\s]+)\)"
)
_BULLET = re.compile(r"^\s*[-*] +")
#: Two letters before the full stop: "z. B." ends no sentence.
_SENTENCE = re.compile(r"(?<=[\wäöüß”“\")`]{2}[.!?]) +(?=[A-ZÄÖÜ„“\"*`])")


@dataclass(frozen=True)
class Run:
    """A piece of a line in one style."""

    text: str
    bold: bool = False
    code: bool = False
    url: str | None = None


def paragraphs(markdown: str) -> Iterator[str]:
    """Yield what stands between empty lines: a paragraph, or a whole list."""
    for part in re.split(r"\n\s*\n", markdown):
        if part.strip():
            yield part.strip("\n")


def lines(paragraph: str) -> tuple[str, ...]:
    """Return the items of a list, with a bullet before each; else the one paragraph.

    >>> lines("- eins\\n- zwei"), lines("ein\\nSatz")
    (('• eins', '• zwei'), ('ein Satz',))
    """
    rows = paragraph.splitlines()
    if any(_BULLET.match(row) for row in rows):
        return tuple(_BULLET.sub("• ", row) for row in rows)
    return (" ".join(row.strip() for row in rows),)


def runs(line: str) -> Iterator[Run]:
    """Yield the pieces of a line.

    >>> [run.text for run in runs("Mit `slmgr /dlv` **jetzt**.")]
    ['Mit ', 'slmgr /dlv', ' ', 'jetzt', '.']
    """
    at = 0
    for span in _SPAN.finditer(line):
        if span.start() > at:
            yield Run(line[at : span.start()])
        code, bold, link = span["code"], span["bold"], span["link"]
        yield Run(code or bold or link, bool(bold), bool(code), span["url"])
        at = span.end()
    if at < len(line):
        yield Run(line[at:])


def unmarked(markdown: str) -> str:
    """Return Markdown as plain text, addresses in brackets behind their words."""
    return _MARK.sub("", _LINK.sub(r"\1 (\2)", markdown))


def sentences(text: str) -> tuple[str, ...]:
    """Return the sentences of a text.

    >>> sentences("Sichern Sie die Daten, z. B. Bilder. Prüfen Sie die Edition.")
    ('Sichern Sie die Daten, z. B. Bilder.', 'Prüfen Sie die Edition.')
    """
    return tuple(part.strip() for part in _SENTENCE.split(text) if part.strip())
