r"""Reader for `dsregcmd /status`; its labels are English on every Windows.

    +----------------------------------------------------------------------+
    | Device State                                                         |
    +----------------------------------------------------------------------+
                 AzureAdJoined : YES
              EnterpriseJoined : NO
                  DomainJoined : YES
                  TpmProtected : YES
              DeviceAuthStatus : SUCCESS
                      TenantId : 6c40be19-f7d2-4a85-93e6-0d5b81c7f2a4
               WorkplaceJoined : NO
                 WamDefaultSet : YES
                    AzureAdPrt : YES

>>> sample = __doc__.partition(">>>")[0]
>>> reading = read(sample)
>>> reading.facts["join_type"], reading.facts["prt"], reading.complete
('HYBRID', 'YES', True)

Part of the output is read in part:

>>> read("NgcSet : NO WorkplaceJoined : YES WamDefaultSet : ERROR (0x80070520)").missing
('join_type', 'prt')
"""

import re

from actions.readers import fields
from actions.readers.reading import Reading

NEEDED = ("join_type", "prt")

_SWITCH = re.compile(
    r"\b(AzureAdJoined|EnterpriseJoined|DomainJoined|WorkplaceJoined|AzureAdPrt|TpmProtected)"
    r"\s{0,40}[:=]\s{0,40}(YES|NO)\b"
)
_WAM = re.compile(r"\bWamDefaultSet\s{0,40}[:=]\s{0,40}(YES|NO|ERROR)\b")
_DEVICE = re.compile(r"\bDeviceAuthStatus\s{0,40}[:=]\s{0,40}(SUCCESS|FAILED)\b([^\n]{0,60})")
_TENANT = re.compile(rf"\bTenantId\s{{0,40}}[:=]\s{{0,40}}({fields.GUID})")
_SERVER_ERROR = re.compile(r"\bServer Error Description\s{0,40}[:=][^\n]{0,60}?(AADSTS\d{5,7})\b")
_KEY_TEST = re.compile(r"\bKeySignTest\s{0,40}[:=]\s{0,40}(PASSED|FAILED)\b")
_PHASE = re.compile(r"\bError Phase\s{0,40}[:=]\s{0,40}(pre-check|discover|auth|join)\b", re.I)
_JOIN_ERROR = re.compile(rf"\bClient ErrorCode\s{{0,40}}[:=]\s{{0,40}}({fields.CODE})")


def read(paste: str) -> Reading | None:
    """Return the state of the device and of its sign-in; None when the text shows neither."""
    switches = _switches(paste)
    phase = fields.found(_PHASE, paste)
    facts = {
        "join_type": _join_type(switches),
        "device_state": _device_state(paste),
        "tenant_id": fields.only(hit.lower() for hit in _TENANT.findall(paste)),
        "prt": switches.get("AzureAdPrt"),
        "wam_default": fields.found(_WAM, paste),
        "tpm_protected": switches.get("TpmProtected"),
        "server_error": fields.found(_SERVER_ERROR, paste),
        "key_sign_test": fields.found(_KEY_TEST, paste),
        "join_error_phase": phase.upper().replace("-", "_") if phase else None,
        "join_error": fields.code_at(_JOIN_ERROR, paste),
    }
    is_mine = bool(switches) or facts["wam_default"] or facts["device_state"] or phase
    return fields.reading("dsregcmd_status", facts, NEEDED) if is_mine else None


def _switches(text: str) -> dict[str, str]:
    """Return the fields that are YES or NO, where the text does not contradict itself."""
    hits = _SWITCH.findall(text)
    values = {name: fields.only(value for key, value in hits if key == name) for name, _ in hits}
    return {name: value for name, value in values.items() if value}


def _join_type(switches: dict[str, str]) -> str | None:
    """Return how the device is joined, when the fields that decide it are there."""
    entra, domain = switches.get("AzureAdJoined"), switches.get("DomainJoined")
    if entra is None or domain is None:
        return None
    if entra == "YES":
        return "HYBRID" if domain == "YES" else "ENTRA"
    if domain == "YES":
        return "DOMAIN"
    return {"YES": "REGISTERED", "NO": "NONE"}.get(switches.get("WorkplaceJoined", ""))


def _device_state(text: str) -> str | None:
    """Return what Entra ID said of the device; a test that could not run is no verdict on it."""
    hit = _DEVICE.search(text)
    if not hit:
        return None
    if hit[1] == "SUCCESS":
        return "OK"
    return "DISABLED_OR_DELETED" if "disabled or deleted" in hit[2] else "TEST_FAILED"
