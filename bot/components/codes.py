"""Find error codes in every form people write them in (DESIGN 4.3).

A code that needs a guess (a digit too few, a letter that is no hex digit) is marked
`certain: False`; it is offered to the person and never applied silently.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message

from components.finding import Finder

Found = tuple[int, int, str, bool]

#: Letters that are typed or read (OCR) in place of hex digits.
LOOK_ALIKE = str.maketrans({"O": "0", "Q": "0", "I": "1", "L": "1", "S": "5", "Z": "2", "G": "6"})

#: First halves of the codes that this field uses; others are no codes without 0x before them.
FAMILIES = re.compile(
    r"^(?:C004|4004|803[DF]|8004|8007|8009|8018|801C|8028|8029|8A01|8086|8019|8024|CAA|CFFF|C000)"
)

#: 0x and what follows, with the blanks and dashes that line breaks and forms put in between.
WITH_PREFIX = re.compile(
    r"(?<![0-9A-Za-z])[0Oo][xX][ ]?([0-9A-Za-z]{4})[ \-]?([0-9A-Za-z]{4})(?![0-9A-Za-z])"
)
MISTYPED = re.compile(r"(?<![0-9A-Za-z])[0Oo][xX]([0-9A-Za-z]{6,10})(?![0-9A-Za-z])")
BARE = re.compile(
    r"(?<![0-9A-Za-z#\-{.])([48CcOo][0-9A-Fa-fOo]{7})(?![0-9A-Za-z]|-[0-9A-Fa-f]{4}-|\.\d)"
)
#: What stands before the last group of a telephone number.
PHONE = re.compile(r"(?:\+|\d[ /\-]|tel\S*\s)$", re.IGNORECASE)
DECIMAL = re.compile(r"(?<![\w.\-+/])(-?\d{9,10})(?![\w/]|[.,\-]\d)")
AADSTS = re.compile(r"AADSTS[ :#\-]{0,2}(\d{5,7})(?!\d)", re.IGNORECASE)
ENTRA_NUMBER = re.compile(
    r"(?:fehler|error|code|errorcode|fehlercode|nummer|number)[\s:#\-]{1,3}(?:nr\.?\s*)?"
    r"([15679]\d{4,6})(?![\w.])",
    re.IGNORECASE,
)
BARE_NUMBER = re.compile(r"(?<![\w.\-+/])([15679]\d{4,6})(?![\w/]|[.,\-]\d)")


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=True)
class CodeExtractor(Finder):
    """Adds an entity `code` with its canonical value for every code of a message."""

    def prepare(self, words: dict[str, Any]) -> None:
        """Remember which codes exist."""
        self._known = set(words["codes"])

    def understand(self, message: Message) -> None:
        """Add the codes of the whole message, outputs included, each once."""
        text = message.get(TEXT) or ""
        entities = [
            {"entity": "code", "start": s, "end": e, "value": v, "certain": certain}
            for s, e, v, certain in find_codes(text, self._known)
        ]
        self.add_entities(message, entities)


def find_codes(text: str, known: set[str]) -> list[Found]:
    """Return (start, end, canonical code, certain) in the order of the text, each code once.

    >>> find_codes("kommt c004f074, vorher OxCOO4COO8", {"0xC004F074", "0xC004C008"})
    [(6, 14, '0xC004F074', True), (23, 33, '0xC004C008', True)]
    >>> find_codes("Rückgabe -1073418124", {"0xC004F074"})
    [(9, 20, '0xC004F074', True)]
    """
    taken: list[tuple[int, int]] = []
    values: set[str] = set()
    found: list[Found] = []
    for begin, end, value, certain in _candidates(text, known):
        if any(begin < e and b < end for b, e in taken):
            continue
        taken.append((begin, end))
        if value not in values:
            values.add(value)
            found.append((begin, end, value, certain))
    return sorted(found)


def _candidates(text: str, known: set[str]) -> Iterator[Found]:
    """Yield possible codes, the surest notation first."""
    for match in AADSTS.finditer(text):
        yield match.start(), match.end(), f"AADSTS{match[1]}", True
    for match in WITH_PREFIX.finditer(text):
        yield from _repaired(match, match[1] + match[2], known)
    for match in BARE.finditer(text):
        digits = match[1].upper().replace("O", "0")
        value = f"0x{digits}"
        if match[1].isdigit() and PHONE.search(text[: match.start()]):
            continue
        if value in known or (FAMILIES.match(digits) and not match[1].isdigit()):
            yield match.start(), match.end(), value, True
    for match in DECIMAL.finditer(text):
        value = _from_decimal(int(match[1]))
        if value and (value in known or (match[1].startswith("-") and FAMILIES.match(value[2:]))):
            yield match.start(), match.end(), value, True
    for pattern in (ENTRA_NUMBER, BARE_NUMBER):
        for match in pattern.finditer(text):
            if f"AADSTS{match[1]}" in known:
                yield match.start(1), match.end(1), f"AADSTS{match[1]}", True
    for match in MISTYPED.finditer(text):
        nearest = _nearest(match[1].upper().translate(LOOK_ALIKE), known)
        if nearest:
            yield match.start(), match.end(), nearest, False


def _repaired(match: re.Match[str], digits: str, known: set[str]) -> Iterator[Found]:
    """Yield the code behind 0x; a repair that gives no known code is doubtful."""
    upper = digits.upper()
    repaired = upper.translate(LOOK_ALIKE)
    if not re.fullmatch(r"[0-9A-F]{8}", repaired):
        return
    value = f"0x{repaired}"
    only_zeros = upper.replace("O", "0") == repaired
    certain = upper == repaired or (only_zeros and value in known)
    yield match.start(), match.end(), value, certain


def _from_decimal(number: int) -> str | None:
    """Return the code of a signed or unsigned 32-bit number, None when it is none."""
    if not -0x80000000 <= number <= 0xFFFFFFFF or 0 <= number < 0x40000000:
        return None
    return f"0x{number & 0xFFFFFFFF:08X}"


def _nearest(digits: str, known: set[str]) -> str | None:
    """Return the one known code that is a single slip away, None when there are several."""
    near = {f"0x{variant}" for variant in _slips(digits)} & known
    return near.pop() if len(near) == 1 else None


def _slips(digits: str) -> set[str]:
    """Return what one missing, doubled, wrong or swapped digit could have been."""
    hexes = "0123456789ABCDEF"
    cuts = [(digits[:i], digits[i:]) for i in range(len(digits) + 1)]
    dropped = {a + b[1:] for a, b in cuts if b}
    swapped = {a + b[1] + b[0] + b[2:] for a, b in cuts if len(b) > 1}
    wrong = {a + h + b[1:] for a, b in cuts if b for h in hexes}
    added = {a + h + b for a, b in cuts for h in hexes}
    return dropped | swapped | wrong | added
