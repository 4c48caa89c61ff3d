r"""Reader for `cscript ospp.vbs /act`; English on every Windows.

    ---Processing--------------------------
    ---------------------------------------
    Installed product key detected - attempting to activate the following product:
    SKU ID: 83b1d5c7-20fa-4e69-a7d3-5c90e2f4871b
    LICENSE NAME: Office 21, Office21ProPlus2021VL_MAK_AE edition
    LICENSE DESCRIPTION: Office 21, VOLUME_MAK channel
    Last 5 characters of installed product key: T7C3N
    ERROR CODE: 0xC004C020
    ERROR DESCRIPTION: The activation server reported that the Multiple Activation Key has
    exceeded its limit.
    ---------------------------------------
    ---Exiting-----------------------------

>>> sample = __doc__.partition(">>>")[0]
>>> read(sample).facts["activation_result"], read(sample).facts["activation_error"]
('FAILED', '0xC004C020')
"""

import re

from actions.readers import fields
from actions.readers.reading import Reading

_ATTEMPT = "attempting to activate the following product"
_SUCCESS = "Product activation successful"
_ERROR = re.compile(rf"\bERROR CODE:\s{{0,40}}({fields.CODE})")
_DESCRIPTION = re.compile(r"\bLICENSE DESCRIPTION:\s{0,40}([^\n]{0,80}? channel)")
_KEY = re.compile(r"\bLast 5 characters of installed product key:\s{0,40}([A-Z0-9]{5})\b")
# The trial entry that sits beside a volume licence fails always; it is not what counts.
_LEFTOVER = re.compile(r"LICENSE NAME:[^\n]{0,100}?_Grace edition")


def read(paste: str) -> Reading | None:
    """Return how the activation of Office ended; None when the text shows no attempt.

    Of several products with different answers, only what all agree on is read.
    """
    parts = [part for part in paste.split(_ATTEMPT)[1:] if not _LEFTOVER.search(part)]
    if not parts:
        return None
    result = fields.only(map(_result, parts))
    facts = {
        "activation_result": result,
        "activation_error": fields.only(fields.code_at(_ERROR, part) for part in parts),
        "licence_channel": fields.only(map(_channel, parts)),
        "licensed_product": "m365",
        "partial_key": fields.only(fields.found(_KEY, part) for part in parts),
    }
    needed = ("activation_result", "activation_error") if result != "SUCCESS" else ()
    return fields.reading("ospp_act", facts, needed)


def _result(part: str) -> str | None:
    """Return how it ended for one product. Teams may have eaten the success line's `<…>`."""
    if _SUCCESS in part:
        return "SUCCESS"
    return "FAILED" if _ERROR.search(part) else None


def _channel(part: str) -> str | None:
    return fields.channel(fields.found(_DESCRIPTION, part) or "")
