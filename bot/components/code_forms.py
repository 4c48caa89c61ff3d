"""Read error codes in every form people write them in (DESIGN 4.3). Pure functions; no Rasa.

A code that needs a guess (a digit too few, a letter that is no hex digit) is doubtful; it is
offered to the person and never applied silently.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Set
from typing import NamedTuple


class Found(NamedTuple):
    """A code and where it stands. `certain` is False for a repair that the person must confirm."""

    start: int
    end: int
    code: str
    certain: bool


#: Letters that are typed or read (OCR) in place of hex digits.
LOOK_ALIKE = str.maketrans({"O": "0", "Q": "0", "I": "1", "L": "1", "S": "5", "Z": "2", "G": "6"})
#: Signs that stand for others, one for one so that places in the text stay: full-width letters
#: and digits, the multiplication sign of OCR, blanks that do not break, joints that are not seen.
UNSEEN = "\u00ad"
FOLDED = str.maketrans(
    {chr(0xFF01 + i): chr(0x21 + i) for i in range(94)}
    | {"×": "x", "\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u2011": "-", "–": "-"}
    | dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff", UNSEEN)
)

#: First halves of the codes that this field uses; others are no codes without 0x before them.
FAMILIES = re.compile(
    r"^(?:C004|4004|803[DF]|8004|8007|8009|8018|801C|8028|8029|8A01|8086|8019|8024|CAA|CFFF|C000)"
)

#: What line breaks, forms and chat programs put into the middle of a code.
JOINT = rf"[ \-_{UNSEEN}]?"
#: What may follow a code: nothing that would make it longer, the suffix of a programmer, the next.
AFTER = r"(?=[hHL]?(?![0-9A-Za-z])|0[xX])"
WITH_PREFIX = re.compile(
    rf"(?<![0-9A-Za-z])[0Oo][xX][ ]?([0-9A-Za-z]{{4}}){JOINT}([0-9A-Za-z]{{4}}){AFTER}"
)
IN_PAIRS = re.compile(rf"(?<![0-9A-Za-z])[0Oo][xX]((?:[ ]?[0-9A-Fa-f]{{2}}){{4}}){AFTER}")
#: The second code of two that were written together.
ATTACHED = re.compile(rf"(?<=[0-9A-Fa-f])0[xX]([0-9A-Fa-f]{{4}})([0-9A-Fa-f]{{4}}){AFTER}")
MISTYPED = re.compile(r"(?<![0-9A-Za-z])[0Oo][xX]([0-9A-Za-z]{6,10})(?![0-9A-Za-z])")
BARE = re.compile(
    r"(?<![0-9A-Za-z\-{.])([48CcOo][0-9A-Fa-fOo]{7})(?=[hHL]?(?![0-9A-Za-z]|-[0-9A-Fa-f]{4}-|\.\d))"
)
HALVES = re.compile(
    rf"(?<![0-9A-Za-z\-{{.])([48Cc][0-9A-Fa-f]{{3}})[ \-_{UNSEEN}]([0-9A-Fa-f]{{4}})"
    r"(?![0-9A-Za-z]|[-.]\w)"
)
#: What stands before the last group of a telephone number, and before numbers of other kinds.
PHONE = re.compile(r"(?:\+|\d[ /\-]|tel\S*\s)$", re.IGNORECASE)
OTHER_NUMBER = re.compile(
    r"(?:\b(?:plz|tel|telefon|phone|fax|ticket|case id|incident|inc|req|auftrag\w*|bestell\w*|order"
    r"|rechnung\w*|invoice|kunden\w*|kd|customer|asset(?: tag)?|inventar\w*|serien\w*|serial|s/?n"
    r"|raum|room|zimmer|build|version|durchwahl|ext|extension|postfach|po\s?box|konto|iban|artikel\w*|d)"
    r"[\s.:#\-]*(?:nr|no|nummer|number|id)?[\s.:#\-]*)$",
    re.IGNORECASE,
)
#: What is counted is no code.
COUNTED = re.compile(
    r"\d+ ?(?:anwender|benutzer|nutzer|user|mitarbeiter|employees|people|leute|pcs?|clients?"
    r"|ger.te|devices?|seats?|lizenz|licen|st.ck|euro?\b|usd|€|km\b|minut|stunden|hours|days|tage)",
    re.IGNORECASE,
)
#: A postal code and its town, behind a word for the way there.
TOWN = re.compile(r"\b(?:in|aus|nach) \d{5} [A-ZÄÖÜ][a-zäöüß]")
DECIMAL = re.compile(r"(?<![\w.\-+/])(-?\d{9,10})(?![\w/]|[.,\-]\d)")
AADSTS = re.compile(r"AADSTS[ :#\-_]{0,2}(\d{5,7})(?!\d)", re.IGNORECASE)
#: A letter of AADSTS too few or doubled.
LIKE_AADSTS = re.compile(
    r"(?<!\w)(?:AADST|ADSTS|AASTS|AADTS|ADST|AAADSTS|AADSTTS|AADSTSS)"
    r"[ :#\-_]{0,2}(\d{5,7})(?!\d)",
    re.IGNORECASE,
)
ENTRA_NUMBER = re.compile(
    r"(?:fehler|error|code|errorcode|fehlercode|nummer|number)[\s:#=\-]{1,3}(?:nr\.?\s*)?"
    r"([15679]\d{4,6})(?![\w.])",
    re.IGNORECASE,
)
BARE_NUMBER = re.compile(r"(?<![\w.\-+/])([15679]\d{4,6})(?![\w/]|[.,\-]\d)")


def find_codes(text: str, known: Set[str]) -> list[Found]:
    """Return the codes of a text in its order, each once; `known` are the codes that exist.

    >>> [f.code for f in find_codes("kommt c004f074, vorher OxCOO4COO8", {"0xC004C008"})]
    ['0xC004F074', '0xC004C008']
    >>> find_codes("Rückgabe -1073418124", {"0xC004F074"})
    [Found(start=9, end=20, code='0xC004F074', certain=True)]
    >>> find_codes("ADSTS50020", {"AADSTS50020"})
    [Found(start=0, end=10, code='AADSTS50020', certain=False)]
    """
    taken: list[tuple[int, int]] = []
    codes: set[str] = set()
    found: list[Found] = []
    for one in _candidates(text.translate(FOLDED), known):
        if any(one.start < end and start < one.end for start, end in taken):
            continue
        taken.append((one.start, one.end))
        if one.code not in codes:
            codes.add(one.code)
            found.append(one)
    return sorted(found)


def _candidates(text: str, known: Set[str]) -> Iterator[Found]:
    """Yield possible codes, the surest notation first."""
    yield from _with_prefix(text, known)
    yield from _bare(text, known)
    yield from _numbers(text, known)
    yield from _doubtful(text, known)


def _with_prefix(text: str, known: Set[str]) -> Iterator[Found]:
    """Yield what names itself a code: AADSTS and a number, 0x and eight digits."""
    for match in AADSTS.finditer(text):
        yield Found(*match.span(), f"AADSTS{match[1]}", True)
    for pattern in (WITH_PREFIX, ATTACHED):
        for match in pattern.finditer(text):
            yield from _repaired(match, match[1] + match[2], known)
    for match in IN_PAIRS.finditer(text):
        yield from _repaired(match, match[1].replace(" ", ""), known)


def _bare(text: str, known: Set[str]) -> Iterator[Found]:
    """Yield eight hex digits without 0x, when they are known or of a family of this field."""
    for match in BARE.finditer(text):
        digits = match[1].upper().replace("O", "0")
        code, only_digits = f"0x{digits}", match[1].isdigit()
        if only_digits and _is_other_number(text, match.start()):
            continue
        of_the_field = FAMILIES.match(digits) and not only_digits and text[match.start() - 1] != "#"
        if code in known or of_the_field:
            yield Found(match.start(), match.end(), code, True)
    for match in HALVES.finditer(text):
        code = f"0x{match[1]}{match[2]}".upper().replace("0X", "0x", 1)
        if code in known and not _is_other_number(text, match.start()):
            yield Found(*match.span(), code, True)


def _numbers(text: str, known: Set[str]) -> Iterator[Found]:
    """Yield codes written as decimal numbers, and Entra's numbers without their name."""
    for match in DECIMAL.finditer(text):
        code = _from_decimal(int(match[1]))
        if code and (code in known or (match[1].startswith("-") and FAMILIES.match(code[2:]))):
            yield Found(*match.span(), code, True)
    for pattern in (ENTRA_NUMBER, BARE_NUMBER):
        for match in pattern.finditer(text):
            if not _is_other_number(text, match.start(1)):
                yield from _entra(match, known)


def _doubtful(text: str, known: Set[str]) -> Iterator[Found]:
    """Yield the one known code that a mistyped one could have been."""
    for match in LIKE_AADSTS.finditer(text):
        if (code := f"AADSTS{match[1]}") in known:
            yield Found(*match.span(), code, False)
    for match in MISTYPED.finditer(text):
        nearest = _nearest(match[1].upper().translate(LOOK_ALIKE), known)
        if nearest:
            yield Found(*match.span(), nearest, False)


def _entra(match: re.Match[str], known: Set[str]) -> Iterator[Found]:
    if (code := f"AADSTS{match[1]}") in known:
        yield Found(*match.span(1), code, True)


def _is_other_number(text: str, start: int) -> bool:
    """Tell whether the words around a number say that it is a telephone's, a ticket's, a town's."""
    before = text[max(0, start - 30) : start]
    town = TOWN.search(text, max(0, start - 5), start + 8)
    counted = COUNTED.match(text, start)
    return bool(PHONE.search(before) or OTHER_NUMBER.search(before) or town or counted)


def _repaired(match: re.Match[str], digits: str, known: Set[str]) -> Iterator[Found]:
    """Yield the code behind 0x; a repair that gives no known code is doubtful."""
    upper = digits.upper()
    repaired = upper.translate(LOOK_ALIKE)
    if not re.fullmatch(r"[0-9A-F]{8}", repaired):
        return
    code = f"0x{repaired}"
    only_zeros = upper.replace("O", "0") == repaired
    yield Found(*match.span(), code, upper == repaired or (only_zeros and code in known))


def _from_decimal(number: int) -> str | None:
    """Return the code of a signed or unsigned 32-bit number, None when it is none."""
    if not -0x80000000 <= number <= 0xFFFFFFFF or 0 <= number < 0x40000000:
        return None
    return f"0x{number & 0xFFFFFFFF:08X}"


def _nearest(digits: str, known: Set[str]) -> str | None:
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
