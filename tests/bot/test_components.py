"""The bot's components, asked in the bot's own environment."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
HOME = Path(os.environ.get("LOTSE_HOME", ROOT / ".lotse"))

KMS = [["0xC004F074", True]]
CODES: dict[str, list[list[Any]]] = {
    "slmgr sagt 0xC004F074": KMS,
    "0xc004f074!": KMS,
    "kommt c004f074": KMS,
    "0xC004 F074": KMS,
    "0xC004-F074 steht da": KMS,
    "OxCOO4FO74": KMS,
    "exit code -1073418124": KMS,
    "Ergebnis 3221549172": KMS,
    "https://example.org/?hr=0xC004F074&x=1": KMS,
    "Fehler 80070005 beim Aktivieren": [["0x80070005", True]],
    "CAA20003 beim Anmelden": [["0xCAA20003", True]],
    "(Error Code: 2148073494)": [["0x80090016", True]],
    "AADSTS50020": [["AADSTS50020", True]],
    "aadsts 50020: user account": [["AADSTS50020", True]],
    "Fehler 50020": [["AADSTS50020", True]],
    "Fehlercode: 700003": [["AADSTS700003", True]],
    "0xC004F0744": [["0xC004F074", False]],
    "erst 0xC004F074, dann 0x8007232B, wieder 0xc004f074": [
        ["0xC004F074", True],
        ["0x8007232B", True],
    ],
}
NOT_CODES = [
    "ruf mich an: 0800 4711815 oder +49 69 80070005",
    "am 22.11.2026 um 08:15",
    "Build 22631.3672, Version 10.0.22631",
    "GUID 80090016-dead-4bee-8aaa-111111111111",
    "IP 10.20.0.15 und 192.168.178.1",
    "run slui.exe 0x2a",
    "Ticket 1234567, Kundennummer 40028122",
    "65 PCs, 1688 offen, 10080 Minuten",
]
HEARD = {
    "seit dem Mainboardtausch": {"mainboard_change"},
    "die Hauptplatine wurde getauscht": {"mainboard_change"},
    "since we fitted a new motherboard": {"mainboard_change"},
    "ich bin ohne VPN unterwegs": {"no_vpn"},
    "wir laufen auf Citrix": {"rds_avd"},
}
UNHEARD = {
    "das ist kein Terminalserver": {"rds_avd"},
    "this is not a terminal server": {"rds_avd"},
    "das Mainboard wurde nicht getauscht": {"mainboard_change"},
}


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    """What the components find in all of these texts, in one run of the bot's Python."""
    asked = {"codes": [*CODES, *NOT_CODES], "terms": [*HEARD, *UNHEARD]}
    ran = subprocess.run(
        [HOME / "bot/bin/python", "-W", "ignore", ROOT / "tests/bot/probe.py"],
        input=json.dumps(asked),
        cwd=ROOT / "bot",
        env={**os.environ, "PYTHONPATH": str(ROOT / "bot"), "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    answers: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    answers["codes"] = dict(zip(asked["codes"], answers["codes"], strict=True))
    answers["terms"] = dict(zip(asked["terms"], answers["terms"], strict=True))
    return answers


def test_the_examples_in_the_docstrings_hold(found: dict[str, Any]) -> None:
    assert found["failed_examples"] == 0


@pytest.mark.parametrize("text", CODES)
def test_a_code_is_found_in_every_notation(found: dict[str, Any], text: str) -> None:
    assert found["codes"][text] == CODES[text]


@pytest.mark.parametrize("text", NOT_CODES)
def test_what_only_looks_like_a_code_is_none(found: dict[str, Any], text: str) -> None:
    assert [code for code, certain in found["codes"][text] if certain] == []


@pytest.mark.parametrize("text", HEARD)
def test_a_term_is_heard_in_both_languages(found: dict[str, Any], text: str) -> None:
    assert HEARD[text] <= set(found["terms"][text])


@pytest.mark.parametrize("text", UNHEARD)
def test_a_negated_term_is_not_heard(found: dict[str, Any], text: str) -> None:
    assert not UNHEARD[text] & set(found["terms"][text])
