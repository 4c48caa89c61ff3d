"""Tell pasted command output from what a person wrote around it."""

from __future__ import annotations

import re
from typing import Any

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message

from components.finding import Finder

#: What a person wrote around an output: the text for everything that understands language.
PROSE = "prose"
#: The outputs recognised, by the names that actions/readers use.
OUTPUTS = "outputs"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=True)
class PastedOutput(Finder):
    """Recognises output by its shape and sets the person's own words apart from it.

    Output never reaches a classifier: its labels would look like words somebody chose.
    """

    def prepare(self, words: dict[str, Any]) -> None:
        """Compile the shapes of the known outputs."""
        self._shapes = {
            name: ([re.compile(line) for line in shape["lines"]], shape["at_least"])
            for name, shape in words["outputs"].items()
        }

    def understand(self, message: Message) -> None:
        """Set `outputs` and `prose`; the text itself stays whole, for codes and readers."""
        text = message.get(TEXT) or ""
        spans = self._spans(text)
        message.set(OUTPUTS, sorted(spans), add_to_output=True)
        message.set(PROSE, without(text, list(spans.values())))

    def _spans(self, text: str) -> dict[str, tuple[int, int]]:
        """Return where each recognised output begins and ends."""
        spans = {}
        for name, (lines, at_least) in self._shapes.items():
            hits = [hit for line in lines for hit in _first_hits(line, text)]
            if len({hit.re for hit in hits}) >= at_least:
                first, last = min(hit.start() for hit in hits), max(hit.end() for hit in hits)
                spans[name] = _whole_lines(text, first, last)
        return spans


def _whole_lines(text: str, first: int, last: int) -> tuple[int, int]:
    """Return the lines of an output; where newlines were lost, only what is surely output.

    Teams turns the newlines of pasted text into blanks: greeting and question then stand in the
    same line as the output, and must stay.
    """
    if "\n" not in text[first:last]:
        return first, last
    end = text.find("\n", last)
    return text.rfind("\n", 0, first) + 1, len(text) if end < 0 else end


def _first_hits(line: re.Pattern[str], text: str) -> list[re.Match[str]]:
    """Return the matches of a line's shape, line by line."""
    pattern = re.compile(line.pattern, line.flags | re.MULTILINE)
    return list(pattern.finditer(text))


def without(text: str, spans: list[tuple[int, int]]) -> str:
    """Return the text outside the spans.

    >>> without("Hallo\\nName: x\\ngeht nicht", [(6, 13)])
    'Hallo geht nicht'
    """
    kept = [True] * len(text)
    for begin, end in spans:
        kept[begin:end] = [False] * (end - begin)
    prose = "".join(char if keep else " " for char, keep in zip(text, kept, strict=False))
    return " ".join(prose.split())
