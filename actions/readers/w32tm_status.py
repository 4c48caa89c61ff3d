r"""Reader for `w32tm /query /status`.

    Leap Indicator: 0(no warning)
    Stratum: 4 (secondary reference - syncd by (S)NTP)
    Precision: -23 (119.209ns per tick)
    ReferenceId: 0x0A3C000C (source IP:  10.60.0.12)
    Last Successful Sync Time: 2/3/2027 8:12:44 AM
    Source: dc02.werk.example
    Poll Interval: 10 (1024s)

>>> sample = __doc__.partition(">>>")[0]
>>> read(sample).facts
{'clock': 'SYNCHRONISED'}
>>> read("Sprungindikator: 3(nicht synchronisiert) Stratum: 0 (nicht angegeben)").facts
{'clock': 'NOT_SYNCHRONISED'}

The leap indicator 0 means little when the clock follows itself, which the reference tells:

>>> read("Leap Indicator: 0(no warning) ReferenceId: 0x4C4F434C (source name: LOCL)").facts
{'clock': 'NOT_SYNCHRONISED'}
"""

import re

from actions.readers import fields
from actions.readers.reading import Reading

_LEAP = re.compile(r"\b(?:Leap Indicator|Sprungindikator)\s{0,40}:\s{0,40}([0-3])\b")
# No reference at all, or "LOCL": the computer's own clock.
_ALONE = re.compile(
    r"\b(?:Reference ?Id|Referenz-?ID)\s{0,40}:\s{0,40}0x(?:00000000|4C4F434C)\b", re.IGNORECASE
)
_NOT_STARTED = re.compile(
    r"\b(?:The following error occurred|Folgender Fehler ist aufgetreten)\s{0,40}:"
    r"[^\n]{0,120}\(0x80070426\)"
)


def read(paste: str) -> Reading | None:
    """Return whether the clock follows a time source; None when the text does not say."""
    clock = _clock(paste)
    return fields.reading("w32tm_status", {"clock": clock}, ())


def _clock(text: str) -> str | None:
    leap = fields.only(_LEAP.findall(text))
    if leap is not None:
        alone = leap == "3" or _ALONE.search(text)
        return "NOT_SYNCHRONISED" if alone else "SYNCHRONISED"
    return "STOPPED" if _NOT_STARTED.search(text) else None
