r"""Reader for `cscript ospp.vbs /dstatus`, volume-licensed Office; English on every Windows.

    ---Processing--------------------------
    ---------------------------------------
    SKU ID: 83b1d5c7-20fa-4e69-a7d3-5c90e2f4871b
    LICENSE NAME: Office 21, Office21ProPlus2021VL_KMS_Client_AE edition
    LICENSE DESCRIPTION: Office 21, VOLUME_KMSCLIENT channel
    LICENSE STATUS:  ---LICENSED---
    REMAINING GRACE: 164 days  (236160 minute(s) before expiring)
    Last 5 characters of installed product key: T7C3N
        DNS auto-discovery: KMS name not available
        KMS machine registry override defined: kms02.werk.example:1688
    ---------------------------------------
    ---Exiting-----------------------------

>>> sample = __doc__.partition(">>>")[0]
>>> reading = read(sample)
>>> reading.facts["licence_channel"], reading.facts["licence_status"], reading.complete
('VOLUME_KMSCLIENT', 'LICENSED', True)

Microsoft 365 Apps leave a `_Grace` entry here that says nothing about the subscription
(vnextdiag does), so only the product is read from it:

>>> read('''LICENSE NAME: Office 16, Office16O365ProPlusR_Grace edition
... LICENSE DESCRIPTION: Office 16, RETAIL(Grace) channel
... LICENSE STATUS:  ---NOTIFICATIONS---''').facts
{'licensed_product': 'm365'}
"""

import re

from actions.readers import fields
from actions.readers.reading import Reading

NEEDED = ("licence_channel", "licence_status", "licensed_product")

_STATUS = re.compile(r"\bLICENSE STATUS:\s{0,40}-{0,3}([A-Z_]{4,30})")
_MEANING = {
    "LICENSED": "LICENSED",
    "OOB_GRACE": "GRACE",
    "OOT_GRACE": "GRACE",
    "NON_GENUINE_GRACE": "GRACE",
    "NONGENUINE_GRACE": "GRACE",
    "EXTENDED_GRACE": "GRACE",
    "NOTIFICATIONS": "NOTIFICATION",
    "NOTIFICATION": "NOTIFICATION",
    "UNLICENSED": "UNLICENSED",
}
_NAME = re.compile(r"\bLICENSE NAME:\s{0,40}(Office[^\n]{0,20}? [\w-]{3,80}) edition")
_DESCRIPTION = re.compile(r"\bLICENSE DESCRIPTION:\s{0,40}([^\n]{0,80}? channel)")
_ERROR = re.compile(rf"\bERROR CODE:\s{{0,40}}({fields.CODE})")
_DAYS = re.compile(r"\bREMAINING GRACE:\s{0,40}(\d{1,5}) day")
_KEY = re.compile(r"\bLast 5 characters of installed product key:\s{0,40}([A-Z0-9]{5})\b")
_SET = re.compile(rf"\bKMS machine registry override defined:\s{{0,40}}({fields.HOST})")
_DNS = re.compile(rf"\bKMS machine name from DNS:\s{{0,40}}({fields.HOST})")
_NO_DNS = "DNS auto-discovery: KMS name not available"
_NO_KEY = "No installed product keys detected"
# Entries of Microsoft 365 Apps and of trial periods: not what is licensed here.
_LEFTOVER = re.compile(r"_Grace\b|O365")


def read(paste: str) -> Reading | None:
    """Return what the status list says; None when the text holds none.

    Of several products with different answers, only what all agree on is read.
    """
    text = fields.ospp_parts(paste)[0]
    if _NO_KEY in text:
        return fields.reading("ospp_dstatus", _nothing_installed(), ())
    if not _STATUS.search(text):
        return None
    products = [_facts(part) for part in _products(text) if not _is_leftover(part)]
    names = products[0] if products else {}
    agreed = {name: fields.only(facts.get(name) for facts in products) for name in names}
    return fields.reading("ospp_dstatus", agreed | {"licensed_product": "m365"}, NEEDED)


def _nothing_installed() -> dict[str, str | None]:
    return {"licensed_product": "m365", "office_volume_key": "MISSING"}


def _products(text: str) -> list[str]:
    """Return the text cut before each product's name, as far as a status stands in it."""
    return [part for part in re.split(r"(?=\bLICENSE NAME:)", text) if _STATUS.search(part)]


def _facts(part: str) -> dict[str, str | None]:
    """Return what is said of one product."""
    return {
        "licence_channel": _channel(part),
        "licence_status": _status(part),
        "notification_reason": _reason(part),
        "days_left": fields.found(_DAYS, part),
        "partial_key": fields.found(_KEY, part),
        **_kms_host(part),
    }


def _is_leftover(part: str) -> bool:
    name = fields.found(_NAME, part)
    return bool(name and _LEFTOVER.search(name))


def _channel(part: str) -> str | None:
    return fields.channel(fields.found(_DESCRIPTION, part) or "")


def _status(part: str) -> str | None:
    return _MEANING.get(fields.found(_STATUS, part) or "")


def _reason(part: str) -> str | None:
    """Return the code behind notification mode; in other states the code is only information."""
    return fields.code_at(_ERROR, part) if _status(part) == "NOTIFICATION" else None


def _kms_host(text: str) -> dict[str, str | None]:
    """Return the KMS host and where it comes from: one set by hand beats DNS."""
    by_hand, from_dns = fields.found(_SET, text), fields.found(_DNS, text)
    if by_hand or from_dns:
        origin = "REGISTERED" if by_hand else "DNS"
        return {"kms_host": by_hand or from_dns, "kms_host_origin": origin}
    return {"kms_host": None, "kms_host_origin": "NONE" if _NO_DNS in text else None}
