r"""Reader for `Test-NetConnection <KMS host> -Port 1688`; its labels are English everywhere.

    ComputerName     : kms02.werk.example
    RemoteAddress    : 10.60.0.15
    RemotePort       : 1688
    InterfaceAlias   : Ethernet
    SourceAddress    : 10.60.4.23
    TcpTestSucceeded : True

>>> sample = __doc__.partition(">>>")[0]
>>> read(sample).facts
{'port_1688': 'OPEN'}
>>> read("WARNUNG: TCP connect to (10.60.0.15 : 1688) failed").facts
{'port_1688': 'CLOSED'}

A test of another port says nothing about KMS:

>>> read("RemotePort : 443 TcpTestSucceeded : True") is None
True
"""

import re

from actions.readers import fields
from actions.readers.reading import Reading

# One test: its port, and its verdict not far behind it.
_TEST = re.compile(
    r"\bRemotePort\s{0,40}:\s{0,40}(\d{1,5})\b(.{0,600}?)\bTcpTestSucceeded\s{0,40}:\s{0,40}"
    r"(True|False)\b",
    re.DOTALL,
)
_WARNING = re.compile(r"\bTCP connect to \(?[\w.:-]{1,253}? ?: ?1688\)? failed")
_QUIET = re.compile(
    r"-Port[: ]{1,3}1688\b[^\n]{0,80}-InformationLevel[: ]{1,3}\"?Quiet\"?\s{1,40}(True|False)\b",
    re.IGNORECASE,
)


def read(paste: str) -> Reading | None:
    """Return whether port 1688 answered; None when the text holds no test of that port."""
    verdicts = [verdict for port, _, verdict in _TEST.findall(paste) if port == "1688"]
    verdicts += [verdict.title() for verdict in _QUIET.findall(paste)]
    if not verdicts and _WARNING.search(paste):
        verdicts = ["False"]
    verdict = fields.only(verdicts)
    if verdict is None:
        return None
    facts = {"port_1688": "OPEN" if verdict == "True" else "CLOSED"}
    return fields.reading("test_net_connection", facts, ())
