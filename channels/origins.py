"""Which web pages may embed the chat and speak Direct Line with it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

#: Pages on the computer itself, whatever their port.
LOCAL = ("http://localhost:*", "https://localhost:*", "http://127.0.0.1:*", "https://127.0.0.1:*")
_ORIGIN = re.compile(r"https?://(?:\*\.)?[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::(?:\d{1,5}|\*))?")


class BadOrigin(ValueError):
    """An entry of LOTSE_ORIGINS that is no origin."""


@dataclass(frozen=True)
class Origins:
    """The origins that are allowed beside our own, as a content security policy writes them."""

    allowed: tuple[str, ...] = LOCAL

    def allows(self, origin: str, host: str) -> bool:
        """Return whether a page of `origin` may speak with us, whom it knows as `host`.

        >>> Origins().allows("http://localhost:5173", "lotse.example.org")
        True
        >>> Origins().allows("https://elsewhere.example.org", "lotse.example.org")
        False
        >>> Origins().allows("https://lotse.example.org", "lotse.example.org")
        True
        """
        known = origin.lower()
        if known.partition("://")[2] == host.lower():
            return True
        return any(_pattern(entry).fullmatch(known) for entry in self.allowed)


def origins_in(text: str) -> Origins:
    """Return the origins listed in LOTSE_ORIGINS, beside those of this computer.

    Raises BadOrigin, naming the entry and the repair.

    >>> origins_in("https://intranet.example.org, https://*.example.net").allowed[-2:]
    ('https://intranet.example.org', 'https://*.example.net')
    """
    entries = [entry.lower().rstrip("/") for entry in re.split(r"[\s,]+", text) if entry]
    for entry in entries:
        if not _ORIGIN.fullmatch(entry):
            raise BadOrigin(
                f'LOTSE_ORIGINS: "{entry}" is no origin. Write the scheme and the host, such as '
                "https://intranet.example.org, without a path."
            )
    return Origins((*LOCAL, *_once(entries)))


def _once(entries: Iterable[str]) -> Iterable[str]:
    return dict.fromkeys(entries)


def _pattern(entry: str) -> re.Pattern[str]:
    """Return what an entry matches: `*.` any subdomain, `:*` any port and none."""
    pattern = re.escape(entry).replace(r"\*\.", r"(?:[a-z0-9-]+\.)+", 1)
    return re.compile(re.sub(r":\\\*$", r"(?::\\d{1,5})?", pattern))
