r"""Reader for `Get-CimInstance SoftwareLicensingProduct` as a list, the way without VBScript.

    Name                 : Windows(R), Enterprise edition
    Description          : Windows(R) Operating System, VOLUME_KMSCLIENT channel
    LicenseStatus        : 5
    LicenseStatusReason  : 3221549065
    PartialProductKey    : H4R9W
    GracePeriodRemaining : 0

>>> sample = __doc__.partition(">>>")[0]
>>> reading = read(sample)
>>> reading.facts["licence_status"], reading.facts["notification_reason"], reading.complete
('NOTIFICATION', '0xC004F009', True)

Property names and numbers are the same in every language.
"""

import re

from actions.readers import fields
from actions.readers.reading import Reading

NEEDED = ("licence_channel", "licence_status", "licensed_product")

_STATUS = re.compile(r"\bLicenseStatus\s{0,40}[:=]\s{0,40}([0-6])\b")
_MEANING = {
    "0": "UNLICENSED",
    "1": "LICENSED",
    "2": "GRACE",
    "3": "GRACE",
    "4": "GRACE",
    "5": "NOTIFICATION",
    "6": "GRACE",
}
_REASON = re.compile(r"\bLicenseStatusReason\s{0,40}[:=]\s{0,40}(\d{9,10})\b")
_KEY = re.compile(r"\bPartialProductKey\s{0,40}[:=]\s{0,40}([A-Z0-9]{5})\b")
_MINUTES = re.compile(r"\bGracePeriodRemaining\s{0,40}[:=]\s{0,40}([1-9]\d{0,6})\b")
_MINUTES_OF_A_DAY = 24 * 60


def read(paste: str) -> Reading | None:
    """Return what PowerShell lists of the licence; None when the text holds no such list.

    Of several products with different answers, only what all agree on is read.
    """
    text = fields.ospp_parts(paste)[1]
    statuses = _STATUS.findall(text)
    keys = _KEY.findall(text)
    if not statuses and not keys:
        return None
    status = fields.only(statuses)
    minutes = fields.only(_MINUTES.findall(text))
    reason = fields.only(_REASON.findall(text))
    facts = {
        "licence_channel": fields.channel(text),
        "licence_status": _MEANING[status] if status else None,
        "notification_reason": f"0x{int(reason):08X}" if reason and status == "5" else None,
        "partial_key": fields.only(keys),
        "days_left": str(int(minutes) // _MINUTES_OF_A_DAY) if minutes else None,
        "licensed_product": fields.product(text),
        "edition": fields.edition(text),
    }
    return fields.reading("cim_licensing", facts, NEEDED)
