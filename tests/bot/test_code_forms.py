"""Codes are found in every form people write them in; what only looks like one is none."""

import re
from pathlib import Path

import pytest
from components.code_forms import Found, find_codes
from hypothesis import assume, example, given
from hypothesis import strategies as st

from knowledge.schema import CODE
from knowledge.store import load

KNOWN = frozenset(load().codes)
HEX = sorted(code for code in KNOWN if code.startswith("0x"))
ENTRA = sorted(KNOWN - set(HEX))
LOOK_ALIKES = [
    line
    for line in Path(__file__).with_name("look_alikes.txt").read_text(encoding="utf-8").splitlines()
    if line and not re.match(r"# [A-Z]|# What", line)
]

KMS = "0xC004F074"
#: Notations worth naming; the generated ones below go further.
WRITTEN = {
    "slmgr sagt 0xC004F074": KMS,
    "0xc004f074!": KMS,
    "kommt c004f074": KMS,
    "0xC004 F074": KMS,
    "0xC004-F074 steht da": KMS,
    "0xC0 04 F0 74": KMS,
    "C004 F074 in der Meldung": KMS,
    "OxCOO4FO74": KMS,
    "0×C004F074": KMS,
    "０ｘＣ００４Ｆ０７４": KMS,
    "0xC004\u00adF074": KMS,
    "hr = C004F074h": KMS,
    "0xC004F074L": KMS,
    "#C004F074": KMS,
    "exit code -1073418124": KMS,
    "Ergebnis 3221549172": KMS,
    "https://example.org/?hr=0xC004F074&x=1": KMS,
    "Fehler 80070005 beim Aktivieren": "0x80070005",
    "CAA20003 beim Anmelden": "0xCAA20003",
    "(Error Code: 2148073494)": "0x80090016",
    "AADSTS50020": "AADSTS50020",
    "aadsts 50020: user account": "AADSTS50020",
    "AADSTS-50020": "AADSTS50020",
    "Fehler 50020": "AADSTS50020",
    "Fehlercode: 700003": "AADSTS700003",
    "error=53003&state=1": "AADSTS53003",
    "es endet in 53003": "AADSTS53003",
}

#: What may stand around a code without belonging to it.
AROUND = st.sampled_from(["", " ", "(", ")", '"', "„", "“", ".", ",", ":", "!", "?", "\n", "\t"])
WORDS = st.sampled_from(["", "Fehler ", "seit gestern kommt ", "error ", "hr=", "Word sagt: "])
JOINTS = ["", " ", "-", "_", "\u00a0", "\u200b", "\u00ad"]


def sure(text: str) -> list[str]:
    return [found.code for found in find_codes(text, KNOWN) if found.certain]


def signed(code: str) -> int:
    number = int(code, 16)
    return number - 2**32 if number >= 2**31 else number


@pytest.mark.parametrize("text", WRITTEN)
def test_a_code_is_found_in_every_notation(text: str) -> None:
    assert sure(text) == [WRITTEN[text]]


@pytest.mark.parametrize("text", LOOK_ALIKES)
def test_what_only_looks_like_a_code_is_none(text: str) -> None:
    assert find_codes(text, KNOWN) == []


def test_each_code_is_named_once_in_the_order_of_the_text() -> None:
    text = "erst 0xC004F074, dann 0x8007232B, wieder 0xc004f074"
    assert sure(text) == ["0xC004F074", "0x8007232B"]


def test_two_codes_written_together_are_two() -> None:
    assert sure("0xC004F0740x8007232B") == ["0xC004F074", "0x8007232B"]


@given(
    code=st.sampled_from(HEX),
    joint=st.sampled_from(JOINTS),
    prefix=st.sampled_from(["0x", "0X", "Ox", "0x "]),
    letter_o=st.booleans(),
    lower=st.booleans(),
    before=WORDS,
    after=AROUND,
)
def test_a_known_code_with_0x_is_found_however_it_is_written(
    code: str, joint: str, prefix: str, letter_o: bool, lower: bool, before: str, after: str
) -> None:
    digits = code[2:].replace("0", "O") if letter_o else code[2:]
    digits = digits.lower() if lower else digits
    assert sure(f"{before}{prefix}{digits[:4]}{joint}{digits[4:]}{after}") == [code]


@given(code=st.sampled_from(HEX), lower=st.booleans(), before=WORDS, after=AROUND)
def test_a_known_code_without_0x_is_found(code: str, lower: bool, before: str, after: str) -> None:
    digits = code[2:].lower() if lower else code[2:]
    assume(digits[0] in "48CcOo")
    assert sure(f"{before}{digits}{after}") == [code]


@given(code=st.sampled_from(HEX), unsigned=st.booleans(), before=WORDS, after=AROUND)
def test_a_known_code_is_found_as_a_decimal_number(
    code: str, unsigned: bool, before: str, after: str
) -> None:
    number = int(code, 16) if unsigned else signed(code)
    assume(not (unsigned and number < 0x40000000) and not after.startswith((".", ",")))
    assert sure(f"{before}{number}{after}") == [code]


@given(
    code=st.sampled_from(ENTRA),
    between=st.sampled_from(["", " ", "-", ":", ": ", "#"]),
    before=WORDS,
    after=AROUND,
)
def test_a_known_entra_code_is_found_in_every_form(
    code: str, between: str, before: str, after: str
) -> None:
    number = code.removeprefix("AADSTS")
    assert sure(f"{before}AADSTS{between}{number}{after}") == [code]
    assert sure(f"{before}aadsts{between}{number}{after}") == [code]


@given(
    code=st.sampled_from(HEX),
    other=st.sampled_from(HEX),
    filling=st.sampled_from([" und ", ", ", " / ", "\n", " – danach ", " (0x2a) "]),
)
def test_several_codes_are_all_found(code: str, other: str, filling: str) -> None:
    assert sure(f"{code}{filling}{other}") == list(dict.fromkeys([code, other]))


@given(code=st.sampled_from(HEX), place=st.integers(0, 7))
def test_a_code_that_lost_a_digit_is_never_taken_for_sure(code: str, place: int) -> None:
    digits = code[2:]
    short = digits[:place] + digits[place + 1 :]
    assert sure(f"0x{short}") == []


@given(code=st.sampled_from(HEX), place=st.integers(0, 7), letter=st.sampled_from("ILSZGQilszgq"))
def test_a_letter_that_is_no_hex_digit_makes_a_code_doubtful(
    code: str, place: int, letter: str
) -> None:
    digits = code[2:]
    assert sure(f"0x{digits[:place]}{letter}{digits[place + 1 :]}") == []


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("0xC004F0744", "0xC004F074"),
        ("0xC004F74", "0xC004F074"),
        ("0x8007Z32B", "0x8007232B"),
        ("ADSTS50020", "AADSTS50020"),
        ("AADST50020", "AADSTS50020"),
    ],
)
def test_a_slip_is_offered_and_not_applied(text: str, meant: str) -> None:
    assert [(found.code, found.certain) for found in find_codes(text, KNOWN)] == [(meant, False)]


@given(
    start=st.integers(0, 255),
    rest=st.tuples(*[st.integers(0, 255)] * 3),
    port=st.integers(1, 65535),
)
def test_an_address_in_the_network_is_no_code(
    start: int, rest: tuple[int, int, int], port: int
) -> None:
    assert find_codes(f"Host {start}.{rest[0]}.{rest[1]}.{rest[2]}:{port}", frozenset(HEX)) == []


@given(id_=st.uuids(), capitals=st.booleans())
def test_a_guid_is_no_code(id_: object, capitals: bool) -> None:
    text = str(id_).upper() if capitals else str(id_)
    assert sure(f"TenantId : {text}") == []
    assert sure(f"{{{text}}}") == []


@given(day=st.dates(), time=st.times())
def test_a_day_and_a_time_are_no_code(day: object, time: object) -> None:
    assert sure(f"am {day} um {time}") == []


@given(text=st.text(max_size=300))
@example("0x" * 100)
@example("AADSTS" * 50 + "9" * 100)
@example("0x" + "C" * 10_000)
def test_whatever_is_written_comes_back_as_codes_in_form_or_not_at_all(text: str) -> None:
    for found in find_codes(text, KNOWN):
        assert isinstance(found, Found)
        assert re.match(CODE, found.code)
        assert 0 <= found.start < found.end <= len(text)
