r"""Commands that did not run at all: the shell did not find them.

    'slmgr' is not recognized as an internal or external command,
    operable program or batch file.

>>> failed_command(__doc__)
'slmgr'
>>> failed_command('Der Befehl "dsregcmd" ist entweder falsch geschrieben oder\nkonnte nicht')
'dsregcmd'
>>> failed_command('Eingabefehler: Die Skriptdatei "C:\\Windows\\ospp.vbs" wurde nicht gefunden.')
'ospp.vbs'
>>> failed_command("slmgr /dlv zeigt nichts an") is None
True
"""

import re

_QUOTE = "[\"'“”„‘’]"
_NAME = rf"{_QUOTE}([^\n\"'“”„‘’]{{1,200}}){_QUOTE}"
_NOT_FOUND = (
    re.compile(rf"{_NAME} is not recognized as "),
    re.compile(rf"\bThe term {_NAME} is not recognized"),
    re.compile(rf"\bDer Befehl {_NAME} ist entweder falsch geschrieben"),
    re.compile(rf"\b(?:Die Benennung|Der Begriff) {_NAME} wurde nicht als Name eines Cmdlet"),
    re.compile(rf"\bInput Error: Can not find script file {_NAME}", re.IGNORECASE),
    re.compile(rf"\bEingabefehler: Die Skriptdatei {_NAME} wurde nicht gefunden"),
)


def failed_command(text: str) -> str | None:
    """Return the command that the shell did not find, without its folder; None for none."""
    for pattern in _NOT_FOUND:
        hit = pattern.search(text)
        if hit:
            return hit[1].replace("/", "\\").rsplit("\\", 1)[-1].strip().lower()
    return None
