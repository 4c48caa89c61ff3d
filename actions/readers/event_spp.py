r"""Reader for events of Security-SPP, on a client or a KMS host.

    Log Name:      Application
    Source:        Microsoft-Windows-Security-SPP
    Event ID:      12288
    Level:         Information
    Description:
    The client has sent an activation request to the key management service machine.
    Info:
    0xC004F074, 0x00000000, kms02.werk.example:1688, 1d94e7b3-50ca-4f28-86b1-e37d0f92a6c5,
    2027/02/03 08:12, 0, 5, 30240, 4e0f6a2b-91c8-4d37-b5a0-2d7c93e81f46, 25

>>> sample = __doc__.partition(">>>")[0]
>>> read(sample).facts["spp_event"], read(sample).facts["activation_error"]
('12288', '0xC004F074')
>>> read(sample).facts["kms_host"]
'kms02.werk.example:1688'
>>> read("Ereignis-ID: 8198 Fehler bei der Lizenzaktivierung (slui.exe): hr=0xC004F074").facts
{'spp_event': '8198', 'activation_error': '0xC004F074'}
"""

import re

from actions.readers import fields
from actions.readers.reading import Reading

# Numbers that only Security-SPP uses in this sense, once an event label stands before them.
_LABEL = (
    r"\b(?:Event ?ID|Ereignis-?ID|EventID Qualifiers=['\"]\d{1,6}['\"]|Id)"
    r"\s{0,40}[:=>]?\s{0,40}"
)
_EVENT = re.compile(_LABEL + r"(122(?:88|89|90|93|94)|8(?:196|198|200|208|209|229)|90[023])\b")
_SOURCE = re.compile(r"\bSecurity-SPP\b|\bKey Management Service\b|\bslui\.exe\b", re.IGNORECASE)
_RESULT = re.compile(rf"\bhr\s{{0,3}}=\s{{0,3}}({fields.CODE})", re.IGNORECASE)
# 12288: result, RPC status, host:port; 12289: result, RPC status, activated, reason, count.
_REQUEST = re.compile(
    rf"\b(0x[0-9A-Fa-f]{{1,8}}),\s{{0,9}}0x[0-9A-Fa-f]{{1,8}},\s{{0,9}}({fields.HOST}),"
)
_RESPONSE = re.compile(
    r"\b(0x[0-9A-Fa-f]{1,8}),\s{0,9}0x[0-9A-Fa-f]{1,8},\s{0,9}[01],\s{0,9}\d{1,9},\s{0,9}(\d{1,6}),"
)


def read(paste: str) -> Reading | None:
    """Return which event it is and the code in it; None when the text shows no such event.

    Of several different events none is read: which of them counts, a person has to see.
    """
    events = _EVENT.findall(paste)
    if not events or not (_SOURCE.search(paste) or len(events[0]) == 5):
        return None
    event = fields.only(events)
    if event is None:
        return None
    facts = {"spp_event": event, "activation_error": fields.code_at(_RESULT, paste)}
    needed = ("activation_error",) if event in ("8198", "8200") else ()
    if event == "12288":
        facts |= _request(paste)
    if event == "12289":
        facts |= _response(paste)
    return fields.reading("event_spp", facts, needed)


def _request(text: str) -> dict[str, str | None]:
    hit = _REQUEST.search(text)
    return {"activation_error": _failure(hit[1]), "kms_host": hit[2]} if hit else {}


def _response(text: str) -> dict[str, str | None]:
    hit = _RESPONSE.search(text)
    return {"activation_error": _failure(hit[1]), "kms_current_count": hit[2]} if hit else {}


def _failure(result: str) -> str | None:
    """Return the code, unless it says that all went well."""
    return fields.code(f"0x{int(result, 16):08X}") if int(result, 16) else None
