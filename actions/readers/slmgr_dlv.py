r"""Reader for `slmgr /dlv` and `slmgr /dli`.

    Software licensing service version: 10.0.22631.3672

    Name: Windows(R), Enterprise edition
    Description: Windows(R) Operating System, VOLUME_KMSCLIENT channel
    Activation ID: 4e0f6a2b-91c8-4d37-b5a0-2d7c93e81f46
    Application ID: 55c92734-d682-4d71-983e-d6ec3f16059f
    Product Key Channel: Volume:GVLK
    Partial Product Key: H4R9W
    License Status: Licensed
    Volume activation expiration: 246240 minute(s) (171 day(s))
    Remaining Windows rearm count: 1001
    Registered KMS machine name: kms02.werk.example:1688

>>> sample = __doc__.partition(">>>")[0]
>>> reading = read(sample)
>>> reading.facts["licence_channel"], reading.facts["days_left"], reading.missing
('VOLUME_KMSCLIENT', '171', ())

In a German Windows the labels change and the values do not:

>>> read("Beschreibung: Windows(R) Operating System, OEM_DM channel Lizenzstatus: Lizenziert").facts
{'licence_channel': 'OEM', 'licence_status': 'LICENSED', 'licensed_product': 'windows'}

Somebody who types only the channel has told us the channel:

>>> read("slmgr says VOLUME_KMSCLIENT channel, is that right for a private person?").missing
('licence_status', 'licensed_product')
"""

import re

from actions.readers import fields
from actions.readers.reading import Reading

NEEDED = ("licence_channel", "licence_status", "licensed_product")

# What follows "License Status:", by the state it means. German spellings differ by version.
_STATUS = re.compile(
    r"\b(?:Licen[sc]e Status|Lizenzstatus)\s{0,40}:\s{0,40}(?:"
    r"(?P<UNLICENSED>Unlicensed|Nicht lizenziert|Unlizenziert|Ohne Lizenz)"
    r"|(?P<LICENSED>Licensed|Lizenziert)"
    r"|(?P<NOTIFICATION>Notification|Benachrichtigung)"
    r"|(?P<GRACE>(?:\w{3,12}[ -]){1,2}(?:grace period|\w{0,12}(?:frist|periode|zeitraum))))",
    re.IGNORECASE,
)
_REASON = re.compile(
    rf"\b(?:Notification Reason|Benachrichtigungsgrund)\s{{0,40}}:\s{{0,40}}({fields.CODE})"
)
_KEY = re.compile(
    r"\b(?:Partial Product Key|(?:Teil-|Partieller |Teilweiser )Product ?Key"
    r"|Product ?Key \(teilweise\))\s{0,40}:\s{0,40}([A-Z0-9]{5})\b"
)
# "254880 minute(s) (177 day(s))", "254880 Minute(n) (177 Tag(e))"
_DAYS = re.compile(r"\b\d{1,7} minut[^\s\d]{1,6} \((\d{1,5}) ", re.IGNORECASE)
# The German output prints this label twice: Windows first, the SKU second.
_REARM = re.compile(
    r"\b(?:Remaining Windows rearm count|Verbleibende Windows[ -]Rearm-?Anzahl)"
    r"\s{0,40}:\s{0,40}(\d{1,5})\b",
    re.IGNORECASE,
)
_REGISTERED = re.compile(
    r"\b(?:Registered KMS machine name|Name des registrierten KMS-Computers"
    rf"|Registrierter KMS-Computername)\s{{0,40}}:\s{{0,40}}({fields.HOST})"
)
_FROM_DNS = re.compile(
    r"\b(?:KMS machine name from DNS|KMS-Computername aus DNS"
    rf"|Name des KMS-Computers aus DNS)\s{{0,40}}:\s{{0,40}}({fields.HOST})"
)
_NO_DNS = re.compile(
    r"\bDNS auto-discovery: KMS name not available"
    r"|\bDNS-(?:Autoermittlung|AutoErmittlung|Auto-Ermittlung): KMS-Name nicht verfügbar"
)
_COUNT = re.compile(r"\b(?:Current count|Aktuelle Anzahl)\s{0,40}:\s{0,40}(\d{1,6})\b")


def read(paste: str) -> Reading | None:
    """Return what the licence information says; None when there is none in the text."""
    text = fields.ospp_parts(paste)[1]
    if is_cim(text):
        return None
    facts = {
        "licence_channel": fields.channel(text),
        "licence_status": _status(text),
        "notification_reason": fields.code_at(_REASON, text),
        "partial_key": fields.found(_KEY, text),
        "rearm_count": fields.found(_REARM, text),
        "days_left": fields.found(_DAYS, text),
        "kms_current_count": fields.found(_COUNT, text),
        **_kms_host(text),
    }
    if not any(facts.values()):
        return None
    about = {"licensed_product": fields.product(text), "edition": fields.edition(text)}
    return fields.reading("slmgr_dlv", facts | about, NEEDED)


def is_cim(text: str) -> bool:
    """Tell whether the licence information comes from PowerShell instead of slmgr.

    >>> is_cim("LicenseStatus : 1")
    True
    """
    return bool(
        re.search(r"\b(?:LicenseStatus|PartialProductKey|ProductKeyChannel)\s{0,40}[:=]", text)
    )


def _status(text: str) -> str | None:
    """Return the licence status, if the text names exactly one."""
    return fields.only(str(hit.lastgroup) for hit in _STATUS.finditer(text))


def _kms_host(text: str) -> dict[str, str | None]:
    """Return the KMS host and where it comes from: one set by hand beats DNS."""
    registered, from_dns = fields.found(_REGISTERED, text), fields.found(_FROM_DNS, text)
    if registered or from_dns:
        origin = "REGISTERED" if registered else "DNS"
        return {"kms_host": registered or from_dns, "kms_host_origin": origin}
    return {"kms_host_origin": "NONE" if _NO_DNS.search(text) else None}
