"""Which family a code belongs to: what can honestly be said of it when no fault explains it."""

from collections.abc import Mapping

from knowledge.schema import Family

#: Before the number of an Entra code, and before the hex digits of all others.
ENTRA, HEX = "AADSTS", "0x"


def family_of(code: str, families: Mapping[str, Family]) -> Family | None:
    """Return the family whose longest beginning fits the code, None when none does."""
    fitting = (
        (len(beginning), id_)
        for id_, family in families.items()
        for beginning in family.begins
        if code.startswith(beginning)
    )
    return families[best[1]] if (best := max(fitting, default=None)) else None


def number_in(code: str) -> str:
    """Return the number behind a code, as digits: of an Entra code all, else the lower half.

    >>> number_in("AADSTS50058"), number_in("0x80070005"), number_in("0x80072EE7")
    ('50058', '5', '12007')
    """
    if code.startswith(ENTRA):
        return code.removeprefix(ENTRA)
    return str(int(code.removeprefix(HEX), 16) & 0xFFFF)
