r"""What several readers look for: channels, products, editions, codes.

Every pattern is bounded (`{0,40}`, never a nested `*`), so that a long message costs time in
proportion to its length and no more. Line breaks count as white space everywhere, because a
pasted text may have lost them.
"""

import re
from collections.abc import Iterable, Mapping

from actions.readers.reading import Reading

GUID = r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}"
CODE = r"0[xX][0-9A-Fa-f]{8}(?![0-9A-Fa-f])"
HOST = r"[A-Za-z0-9][A-Za-z0-9._-]{0,253}(?::\d{1,5})?"

WINDOWS_ID = "55c92734-d682-4d71-983e-d6ec3f16059f"
OFFICE_ID = "0ff1ce16-a989-479d-af46-f275c6370663"

# The channel as the Description line writes it; the display language does not change it.
_DESCRIBED = re.compile(r"\b(RETAIL|TIMEBASED_EVAL) channel\b")
_NAMED = re.compile(
    r"\b(?:(?P<client>VOLUME_KMSCLIENT)|(?P<host>VOLUME_KMS(?:_[A-Z0-9_-]{1,20})?)"
    r"|(?P<mak>VOLUME_MAK)|(?P<eval>TIMEBASED_EVAL)"
    r"|(?P<oem>OEM_(?:DM|SLP|NONSLP|COA_SLP|COA_NSLP|COA)))\b",
    re.IGNORECASE,
)
# The channel as the Product Key Channel line writes it.
_KEYED = re.compile(
    r"\b(?:(?P<client>Volume:GVLK)|(?P<host>Volume:CSVLK)|(?P<mak>Volume:MAK)"
    r"|(?P<eval>Retail:TB:Eval)|(?P<oem>OEM:(?:DM|SLP|NONSLP|COA_SLP|COA_NSLP|COA)))\b",
    re.IGNORECASE,
)
# Key types that a person names as the channel ("GVLK channel", "CSVLK-Kanal").
_SPOKEN = re.compile(r"\b(?:(?P<client>GVLK)|(?P<host>CSVLK))[ -](?:channel|[Kk]anal)\b")
_RETAIL_KEY = re.compile(
    r"\bProduct ?Key[ -]?(?:Channel|Kanal)\s{0,40}[:=]\s{0,40}Retail(?![:\w])", re.IGNORECASE
)
_CHANNEL_OF = {
    "client": "VOLUME_KMSCLIENT",
    "host": "KMS_HOST",
    "mak": "VOLUME_MAK",
    "eval": "EVALUATION",
    "oem": "OEM",
    "RETAIL": "RETAIL",
    "TIMEBASED_EVAL": "EVALUATION",
}

_EDITION = re.compile(
    r"\bWindows ?(?:\(R\)|®)(?: [\d.]{1,4})?, ?([A-Za-z0-9]{2,40})[ -][Ee]dition\b"
)
_WINDOWS = re.compile(rf"\bWindows ?(?:\(R\)|®)|{WINDOWS_ID}", re.IGNORECASE)
_OFFICE = re.compile(rf"\bOffice \d\d, |{OFFICE_ID}", re.IGNORECASE)
_OSPP_BEGIN = re.compile(r"---Processing---|\bLICENSE (?:NAME|DESCRIPTION|STATUS):")
_OSPP_END = "---Exiting---"


def only(values: Iterable[str | None]) -> str | None:
    """Return the one value that all agree on; None for none, several, or one that has none.

    >>> only(["OEM", "OEM"])
    'OEM'
    >>> only(["OEM", "RETAIL"]), only(["OEM", None])
    (None, None)
    """
    distinct = set(values)
    return distinct.pop() if len(distinct) == 1 else None


def channel(text: str) -> str | None:
    """Return the licence channel that the text names, if it names exactly one.

    The word before it follows the display language; the channel does not.

    >>> channel("Beschreibung: Windows(R) Operating System, VOLUME_KMSCLIENT channel")
    'VOLUME_KMSCLIENT'
    >>> channel("Product Key-Kanal: Volume:CSVLK")
    'KMS_HOST'
    >>> channel("Windows(R) Operating System, OEM_DM channel")
    'OEM'
    >>> channel("Wir kaufen im Retail-Kanal.") is None
    True
    """
    found = [_CHANNEL_OF[hit[1]] for hit in _DESCRIBED.finditer(text)]
    for pattern in (_NAMED, _KEYED, _SPOKEN):
        found += [_CHANNEL_OF[str(hit.lastgroup)] for hit in pattern.finditer(text)]
    if _RETAIL_KEY.search(text):
        found.append("RETAIL")
    return only(found)


def edition(text: str) -> str | None:
    """Return the Windows edition as the licence names it.

    >>> edition("Name: Windows(R), CoreSingleLanguage edition")
    'CoreSingleLanguage'
    """
    return only(_EDITION.findall(text))


def product(text: str) -> str | None:
    """Return `windows` or `m365` when the text speaks of one of them only.

    >>> product("Name: Office 21, Office21ProPlus2021VL_KMS_Client_AE edition")
    'm365'
    """
    windows, office = _WINDOWS.search(text), _OFFICE.search(text)
    if bool(windows) == bool(office):
        return None
    return "windows" if windows else "m365"


def code(value: str) -> str:
    """Return a code as we write it.

    >>> code("0xc004f074")
    '0xC004F074'
    """
    return "0x" + value[2:].upper()


def found(pattern: re.Pattern[str], text: str) -> str | None:
    """Return the first group of the first hit, or None."""
    hit = pattern.search(text)
    return hit[1] if hit else None


def code_at(pattern: re.Pattern[str], text: str) -> str | None:
    """Return the code that the pattern's first group holds, as we write codes."""
    hit = found(pattern, text)
    return code(hit) if hit else None


def ospp_parts(text: str) -> tuple[str, str]:
    """Return what ospp.vbs printed within the text, and the rest.

    Its labels are English on every Windows. What was pasted without the frame counts from its
    first label to the end.

    >>> ospp_parts("Hallo LICENSE DESCRIPTION: Office 21, VOLUME_MAK channel")
    ('LICENSE DESCRIPTION: Office 21, VOLUME_MAK channel', 'Hallo ')
    """
    inside, outside, position = "", "", 0
    while begin := _OSPP_BEGIN.search(text, position):
        end = text.find(_OSPP_END, begin.start())
        end = len(text) if end < 0 else end + len(_OSPP_END)
        outside += text[position : begin.start()]
        inside += text[begin.start() : end] + "\n"
        position = end
    return inside.rstrip("\n"), outside + text[position:]


def reading(reader: str, facts: Mapping[str, str | None], needed: Iterable[str]) -> Reading | None:
    """Return the reading of the facts that have a value; None when no fact has one.

    `needed` names what the output usually holds: what is not there is reported as missing.
    """
    known = {name: value for name, value in facts.items() if value is not None}
    if not known:
        return None
    return Reading(reader, known, tuple(name for name in needed if name not in known))
