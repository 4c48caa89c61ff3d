"""Readers: one pure function per command; pasted output in, facts out.

A reader has three outcomes: a complete reading, a reading with something missing, or None for
"not mine". It never guesses.
"""

from collections.abc import Callable, Mapping

from actions.readers import (
    cim_licensing,
    dism_edition,
    dsregcmd_status,
    event_spp,
    nslookup_srv,
    ospp_act,
    ospp_dstatus,
    slmgr_ato,
    slmgr_dlv,
    slmgr_xpr,
    test_net_connection,
    vnextdiag,
    w32tm_status,
)
from actions.readers.failed import failed_command
from actions.readers.reading import Reading

Reader = Callable[[str], Reading | None]

#: Every reader by its id, which is also the name of its module and of its output's shape.
READERS: Mapping[str, Reader] = {
    "slmgr_dlv": slmgr_dlv.read,
    "slmgr_xpr": slmgr_xpr.read,
    "slmgr_ato": slmgr_ato.read,
    "cim_licensing": cim_licensing.read,
    "ospp_dstatus": ospp_dstatus.read,
    "ospp_act": ospp_act.read,
    "dsregcmd_status": dsregcmd_status.read,
    "vnextdiag": vnextdiag.read,
    "nslookup_srv": nslookup_srv.read,
    "test_net_connection": test_net_connection.read,
    "w32tm_status": w32tm_status.read,
    "event_spp": event_spp.read,
    "dism_edition": dism_edition.read,
}

# Chat programs put no-break spaces where the console had spaces.
_SPACES = str.maketrans({"\u00a0": " ", "\u202f": " ", "\u200b": None, "\r": None})


def read_all(text: str) -> tuple[Reading, ...]:
    """Return what the readers found in a whole message: prose, output, or both mixed.

    The text is redacted already. Its newlines may be lost, as Teams turns them into spaces.

    >>> [reading.reader for reading in read_all("Hallo, hier: Aktuelle Edition : Professional")]
    ['dism_edition']
    >>> read_all("Hallo, mein Windows ist nicht aktiviert.")
    ()
    """
    plain = text.translate(_SPACES)
    readings = (read(plain) for read in READERS.values())
    return tuple(reading for reading in readings if reading is not None)


__all__ = ["READERS", "Reader", "Reading", "failed_command", "read_all"]
