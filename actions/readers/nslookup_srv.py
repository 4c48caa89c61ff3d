r"""Reader for `nslookup -type=srv _vlmcs._tcp` and `Resolve-DnsName -Type SRV`.

    Server:  dc02.werk.example
    Address:  10.60.0.12

    _vlmcs._tcp.werk.example        SRV service location:
              priority       = 0
              weight         = 0
              port           = 1688
              svr hostname   = kms02.werk.example

>>> sample = __doc__.partition(">>>")[0]
>>> sorted(read(sample).facts.items())
[('srv_host', 'kms02.werk.example:1688'), ('srv_record', 'FOUND')]

"Non-existent domain" is not translated; the words around it are:

>>> read("*** dc02.werk.example wurde _vlmcs._tcp.werk.example nicht gefunden: "
...      "Non-existent domain").facts
{'srv_record': 'MISSING'}
"""

import re

from actions.readers import fields
from actions.readers.reading import Reading

_ASKED = "_vlmcs._tcp"
_LOCATION = re.compile(
    r"\bport\s{0,40}=\s{0,40}(\d{1,5})\s{1,80}svr hostname\s{0,40}=\s{0,40}([A-Za-z0-9._-]{1,253})"
)
_RESOLVED = re.compile(
    r"_vlmcs\._tcp[\w.-]{0,200}\s{1,80}SRV\s{1,40}\d{1,9}\s{1,40}Answer\s{1,40}"
    r"([A-Za-z0-9._-]{1,253})\s{1,40}\d{1,5}\s{1,40}\d{1,5}\s{1,40}(\d{1,5})\b"
)
_UNKNOWN = re.compile(
    r"_vlmcs\._tcp[^\n*]{0,250}?"
    r"(?:Non-existent domain|DNS name does not exist|DNS-Name ist nicht vorhanden)"
)
_NO_RECORD = re.compile(r"SRV\) records available for [\w.-]{0,20}_vlmcs\._tcp")


def read(paste: str) -> Reading | None:
    """Return whether DNS names a KMS host; None when the text holds no answer to that.

    A name server that did not answer has said neither. What DNS names need not be the host that
    the client uses, so this is `srv_host` and not `kms_host`.
    """
    if _ASKED not in paste.lower():
        return None
    hosts = _hosts(paste)
    missing = bool(_UNKNOWN.search(paste) or _NO_RECORD.search(paste))
    if bool(hosts) == missing:  # neither, or both: then the text does not decide it
        return None
    facts = {
        "srv_record": "MISSING" if missing else "FOUND",
        "srv_host": ", ".join(hosts) or None,
    }
    return fields.reading("nslookup_srv", facts, () if missing else ("srv_host",))


def _hosts(text: str) -> list[str]:
    """Return every host that the answer names, once each, with its port."""
    found = [f"{host}:{port}" for port, host in _LOCATION.findall(text)]
    found += [f"{host}:{port}" for host, port in _RESOLVED.findall(text)]
    return list(dict.fromkeys(found))
