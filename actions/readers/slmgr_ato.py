r"""Reader for the answer of `slmgr /ato` and `slmgr /ipk`, from its dialog or the console.

    Activating Windows(R), Professional edition (4e0f6a2b-91c8-4d37-b5a0-2d7c93e81f46) ...
    Error: 0xC004F074 The Software Licensing Service reported that the computer could not be
    activated. No Key Management Service (KMS) could be contacted.

>>> sample = __doc__.partition(">>>")[0]
>>> read(sample).facts["activation_result"], read(sample).facts["activation_error"]
('FAILED', '0xC004F074')
>>> read("Das Produkt wurde erfolgreich aktiviert.").missing
('licensed_product',)
>>> read("Installed product key H4R9W successfully.").facts
{'key_installed': 'YES', 'partial_key': 'H4R9W'}

A bare "Error: 0x…" could come from anywhere, so it is not mine:

>>> read("Windows Update: Error: 0x80070005. Should I run slmgr /ato?") is None
True
"""

import re

from actions.readers import fields
from actions.readers.reading import Reading

_COMMAND = re.compile(r"\bslmgr(?:\.vbs)? {0,3}[/-](ato|ipk)\b", re.IGNORECASE)
_ERROR = rf"\b(?:Error|Fehler): ({fields.CODE})"
# An error is slmgr's when it stands behind the product it activates, behind the command, before
# the service's own words, or as the argument that slmgr tells to call slui with.
_FAILURES = (
    re.compile(
        rf"\b(?:Activating|Aktivieren von|Aktivierung von) [^\n]{{3,120}}?\({fields.GUID}\)"
        rf".{{0,40}}?{_ERROR}",
        re.DOTALL,
    ),
    re.compile(rf"\bslmgr(?:\.vbs)? {{0,3}}[/-](?:ato|ipk)\b.{{0,250}}?{_ERROR}", re.DOTALL | re.I),
    re.compile(
        rf"{_ERROR} (?:The Software (?:Licensing|Protection) Service reported"
        r"|Der Software(?:lizenzierungs|schutz)dienst (?:hat|meldet))"
    ),
    re.compile(r"\bslui\.exe 0x2a (0x[0-9A-F]{8})\b", re.IGNORECASE),
)
_ACTIVATED = re.compile(
    r"\bProduct activated successfully|\bDas Produkt wurde erfolgreich aktiviert"
)
_FAILED = re.compile(r"\bError: Product activation failed|\bFehler: (?:Die )?Produktaktivierung")
_KEY_INSTALLED = re.compile(
    r"\bInstalled product key (?:[\w*-]{0,29}?([A-Z0-9]{5}) )?successfully"
    r"|\bProduct ?Key (?:[\w*\"„“-]{0,31} )?(?:wurde )?erfolgreich installiert"
)


def read(paste: str) -> Reading | None:
    """Return whether the activation or the key was accepted; None when the text says neither."""
    text = fields.ospp_parts(paste)[1]
    installed = _KEY_INSTALLED.search(text)
    facts = _result(text) | ({"key_installed": "YES"} if installed else {})
    if not any(facts.values()):
        return None
    about = {
        "licensed_product": fields.product(text),
        "edition": fields.edition(text),
        "partial_key": installed[1] if installed else None,
    }
    return fields.reading("slmgr_ato", facts | about, _needed(facts))


def _needed(facts: dict[str, str | None]) -> tuple[str, ...]:
    """Return what an answer of this kind holds; a failure has a code."""
    failed = "FAILED" in facts.values() or "NO" in facts.values()
    return ("licensed_product", "activation_error") if failed else ("licensed_product",)


def _result(text: str) -> dict[str, str | None]:
    """Return the result of the activation, or of installing the key when that was the command."""
    error = _error(text)
    failed = bool(error or _FAILED.search(text))
    activated = bool(_ACTIVATED.search(text))
    if failed == activated:  # neither, or both: then we do not know how it ended
        return {}
    if activated:
        return {"activation_result": "SUCCESS"}
    if _commands(text) == {"ipk"}:
        return {"key_installed": "NO", "activation_error": error}
    return {"activation_result": "FAILED", "activation_error": error}


def _error(text: str) -> str | None:
    """Return the code that slmgr ended with, if an error in the text is slmgr's."""
    codes = (fields.code_at(pattern, text) for pattern in _FAILURES)
    return next((code for code in codes if code), None)


def _commands(text: str) -> set[str]:
    """Return which of the two commands the text names."""
    return {hit[1].lower() for hit in _COMMAND.finditer(text)}
