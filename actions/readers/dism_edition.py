r"""Reader for `dism /online /get-currentedition`.

    Deployment Image Servicing and Management tool
    Version: 10.0.26100.1150

    Image Version: 10.0.26100.4061

    Current edition is:

    Current Edition : Professional

    The operation completed successfully.

>>> sample = __doc__.partition(">>>")[0]
>>> read(sample).facts
{'edition': 'Professional', 'licensed_product': 'windows'}
>>> read("Aktuelle Edition : Core").facts["edition"]
'Core'

The trade name in a sentence is not what DISM prints:

>>> read("Aktuelle Edition: Home") is None
True
"""

import re

from actions.readers import fields
from actions.readers.reading import Reading

# Edition IDs are the same in every language.
_EDITION = re.compile(
    r"\b(?:Current Edition|Aktuelle Edition)\s{0,40}:\s{0,40}"
    r"((?:Core|Professional|Enterprise|Education|IoTEnterprise|Server|CloudEdition|PPI)[A-Za-z]{0,30})\b"
)


def read(paste: str) -> Reading | None:
    """Return the edition that is installed; None when the text does not name it."""
    edition = fields.only(_EDITION.findall(paste))
    if edition is None:
        return None
    return fields.reading("dism_edition", {"edition": edition, "licensed_product": "windows"}, ())
