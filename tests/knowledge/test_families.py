"""Families of codes: what is said of a code that no fault explains."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.families import family_of, number_in
from knowledge.store import load

KNOWLEDGE = load()
FAMILIES = KNOWLEDGE.families


@pytest.mark.parametrize(
    ("code", "family"),
    [
        ("0xC004C014", "activation-server"),
        ("0xC004C4AB", "genuine-validation"),
        ("0xC004E002", "licence-store"),
        ("0xC004F06A", "software-protection"),
        ("0x80070422", "windows-number"),
        ("0x800706BA", "remote-call"),
        ("0x8007232B", "dns"),
        ("0x80072746", "network-connection"),
        ("0x80072EE2", "web-connection"),
        ("0x80041002", "wmi"),
        ("0x80040154", "program-error"),
        ("0x80048820", "microsoft-account"),
        ("0x8009030E", "sign-in-package"),
        ("0x80092004", "certificate"),
        ("0x80280006", "tpm"),
        ("0x801C0001", "device-registration"),
        ("0x8018000F", "device-enrolment"),
        ("0xCAA20004", "token-broker"),
        ("0xCAA82EFD", "token-network"),
        ("0x800A01AD", "script"),
        ("0xD000001C", "wrapped-system-status"),
        ("0x8024200D", "windows-update"),
        ("AADSTS50089", "entra-sign-in"),
        ("AADSTS530099", "entra-conditional-access"),
        ("AADSTS7000218", "entra-app-grant"),
        ("AADSTS90055", "entra-request"),
        ("AADSTS220501", "entra"),
    ],
)
def test_a_code_belongs_to_the_family_with_the_longest_beginning(code: str, family: str) -> None:
    assert family_of(code, FAMILIES) is FAMILIES[family]


@pytest.mark.parametrize("code", ["0x12345678", "0xC0040001", "0xDEADBEEF"])
def test_a_code_that_nobody_knows_has_no_family(code: str) -> None:
    assert family_of(code, FAMILIES) is None


def test_every_known_code_has_a_fault_or_a_family() -> None:
    codes = (code for code in KNOWLEDGE.codes if code not in KNOWLEDGE.explained)
    alone = [code for code in codes if not family_of(code, FAMILIES)]
    assert alone == []


@given(number=st.integers(0, 0xFFFFFFFF))
def test_the_number_behind_a_code_is_its_lower_half(number: int) -> None:
    assert int(number_in(f"0x{number:08X}")) == number % 0x10000


def test_only_what_is_not_ours_says_so() -> None:
    foreign = {id_ for id_, family in FAMILIES.items() if not family.ours}
    assert foreign == {"windows-update", "windows-setup", "bitlocker"}
