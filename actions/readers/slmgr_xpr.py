r"""Reader for `slmgr /xpr`.

    Windows(R), Enterprise edition:
        Volume activation will expire 3/2/2027 8:41:30 AM

>>> sample = __doc__.partition(">>>")[0]
>>> read(sample).facts["licence_status"], read(sample).facts["licence_channel"]
('LICENSED', 'VOLUME_KMSCLIENT')
>>> read("Windows(R), Professional edition: Der Computer ist permanent aktiviert.").facts
{'licence_status': 'LICENSED', 'licensed_product': 'windows', 'edition': 'Professional'}

"Volume activation will expire" is what slmgr prints for a licence that KMS or Active Directory
renews; a MAK does not expire. "Permanently activated" says nothing about the channel.
"""

import re

from actions.readers import fields
from actions.readers.reading import Reading

NEEDED = ("licence_status", "licensed_product")

_VOLUME = re.compile(
    r"\bVolume activation will expire\s{1,40}\d"
    r"|\bVolumenaktivierung (?:läuft|endet|wird)[^.\n]{0,30}\d{1,2}\.\d{1,2}\.\d{4}"
)
_LICENSED = re.compile(
    r"\bThe machine is permanently activated"
    r"|\b(?:Timebased|Automatic VM) activation will expire\s{1,40}\d"
    r"|\b(?:Der|Dieser) (?:Computer|Rechner) (?:ist|wurde) (?:permanent|dauerhaft) aktiviert"
)
_GRACE = re.compile(
    r"\b(?:Initial|Additional|Non-genuine|Extended) grace period ends\b"
    r"|\b(?:Toleranzperiode|Toleranzzeitraum|Kulanzzeitraum|Karenzzeit|Aktivierungsfrist) endet\b"
)
_NOTIFICATION = re.compile(
    r"\bWindows is in Notification mode|\bWindows befindet sich im Benachrichtigungsmodus",
    re.IGNORECASE,
)
_UNLICENSED = re.compile(r"[ -][Ee]dition:\s{0,40}(?:Unlicensed|Nicht lizenziert)\b")

_MEANING = (
    (_VOLUME, "LICENSED"),
    (_LICENSED, "LICENSED"),
    (_GRACE, "GRACE"),
    (_NOTIFICATION, "NOTIFICATION"),
    (_UNLICENSED, "UNLICENSED"),
)


def read(paste: str) -> Reading | None:
    """Return what slmgr says about the end of the activation; None when it says nothing."""
    status = fields.only(meaning for pattern, meaning in _MEANING if pattern.search(paste))
    if status is None:
        return None
    facts = {
        "licence_status": status,
        "licence_channel": "VOLUME_KMSCLIENT" if _VOLUME.search(paste) else None,
        "licensed_product": fields.product(paste),
        "edition": fields.edition(paste),
    }
    return fields.reading("slmgr_xpr", facts, NEEDED)
