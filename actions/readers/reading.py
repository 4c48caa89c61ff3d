"""What a reader hands back."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Reading:
    """The facts that one pasted output establishes, named as in knowledge/facts.yaml.

    `missing` names facts that this output usually holds and that were not found in it: the
    paste was read in part.
    """

    reader: str
    facts: Mapping[str, str]
    missing: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """True when nothing is missing.

        >>> Reading("w32tm_status", {"clock": "STOPPED"}).complete
        True
        >>> Reading("slmgr_dlv", {"licence_channel": "OEM"}, ("licence_status",)).complete
        False
        """
        return not self.missing
