r"""Reader for `vnextdiag.ps1 -action list`; English on every Windows.

    ========== Mode per ProductReleaseId ==========
    o365proplusretail = vNext

    ========== Shared Computer Licensing ==========
    No registry keys found.

    ========== vNext licenses found ==========
    {
        "Type":  "User|Subscription",
        "Product":  "O365ProPlusRetail",
        "LicenseState":  "Licensed",
        "TenantId":  "6c40be19-f7d2-4a85-93e6-0d5b81c7f2a4"
    }

    ========== Device licenses found ==========
    No licenses found.

>>> sample = __doc__.partition(">>>")[0]
>>> reading = read(sample)
>>> reading.facts["office_licence_state"], reading.facts["shared_computer"], reading.complete
('LICENSED', 'DISABLED', True)

With shared computer activation the licence is a token, so the list of licences says nothing:

>>> read('''========== Shared Computer Licensing ==========
... SharedComputerLicensing = Enabled
... No tokens found.
... ========== vNext licenses found ==========
... No licenses found.''').facts["shared_computer_token"]
'MISSING'
"""

import re

from actions.readers import fields
from actions.readers.reading import Reading

_HEADING = re.compile(r"={5,60}")
_SHARED = re.compile(r"\bSharedComputerLicensing\s{0,40}[:=]\s{0,40}(Enabled|Disabled)\b", re.I)
# Chat programs make typographic quotes of straight ones.
_STATE = re.compile(r"\bLicenseState[\"”“]?\s{0,40}:\s{0,40}[\"“”„](Licensed|Grace|RFM)\b")
_TENANT = re.compile(rf"\bTenantId[\"”“]?\s{{0,40}}:\s{{0,40}}[\"“”„]({fields.GUID})")
_NONE = "No licenses found"


def read(paste: str) -> Reading | None:
    """Return the state of the Microsoft 365 Apps licence; None when the text shows none."""
    sections = _sections(paste)
    shared = _shared(paste, sections)
    facts = {
        "office_licence_state": _state(paste, sections, shared),
        "shared_computer": shared,
        "shared_computer_token": _token(sections) if shared == "ENABLED" else None,
        "tenant_id": fields.only(hit.lower() for hit in _TENANT.findall(paste)),
    }
    if not (facts["office_licence_state"] or shared):
        return None
    needed = ("shared_computer", "office_licence_state")
    if shared == "ENABLED":
        needed = ("shared_computer", "shared_computer_token")
    return fields.reading("vnextdiag", facts | {"licensed_product": "m365"}, needed)


def _sections(text: str) -> dict[str, str]:
    """Return what stands under each heading of the form `===== heading =====`."""
    parts = [part.strip() for part in _HEADING.split(text)]
    return dict(zip(parts[1::2], parts[2::2], strict=False))


def _shared(text: str, sections: dict[str, str]) -> str | None:
    """Return whether shared computer activation is on."""
    switch = fields.found(_SHARED, text)
    if switch:
        return switch.upper()
    unset = "No registry keys found" in sections.get("Shared Computer Licensing", "")
    return "DISABLED" if unset else None


def _token(sections: dict[str, str]) -> str | None:
    """Return whether the user has a token; None when the section is not there in full."""
    body = _SHARED.sub("", sections.get("Shared Computer Licensing", "")).strip()
    if "No tokens found" in body:
        return "MISSING"
    return "PRESENT" if body else None


def _state(text: str, sections: dict[str, str], shared: str | None) -> str | None:
    """Return the state that all listed licences share."""
    states = [hit.upper() for hit in _STATE.findall(text)]
    if states:
        return fields.only(states)
    if shared == "ENABLED":
        return None
    lists = [sections.get(f"{kind} licenses found", "") for kind in ("vNext", "Device")]
    return "NO_LICENCE" if all(_NONE in body for body in lists) else None
