"""Text files as people upload them: the output of a command, a log."""

from __future__ import annotations

import codecs

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
#: Umlauts and ß in the code page of a German command prompt, and in that of Windows.
_PROMPT = frozenset(b"\x84\x94\x81\xe1\x8e\x99\x9a")
_WINDOWS = frozenset(b"\xe4\xf6\xfc\xdf\xc4\xd6\xdc")


def decoded(data: bytes) -> str | None:
    r"""Return the text of a file; None when it is no text.

    Windows writes UTF-16 (PowerShell), the code page of the prompt (`>` in cmd) or that of
    Windows (many logs).

    >>> decoded("Schlüssel".encode("cp850")), decoded("Schlüssel".encode("cp1252"))
    ('Schlüssel', 'Schlüssel')
    >>> decoded("Schlüssel".encode("utf-16")), decoded(b"\x89PNG\r\n\x1a\n\x00\x00")
    ('Schlüssel', None)
    """
    for mark, encoding in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    if b"\0" in data:
        return _wide(data)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode(_code_page(data), errors="replace")


def _wide(data: bytes) -> str | None:
    """Return UTF-16 text without a mark: every other byte of it is mostly zero."""
    sample = data[:2000]
    for start, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        high = sample[start::2]
        if high.count(0) > 0.9 * len(high):
            return data[: len(data) // 2 * 2].decode(encoding, errors="replace")
    return None


def _code_page(data: bytes) -> str:
    prompt = sum(byte in _PROMPT for byte in data)
    windows = sum(byte in _WINDOWS for byte in data)
    return "cp850" if prompt > windows else "cp1252"
