"""The bot's components, asked in the bot's own environment."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
HOME = Path(os.environ.get("LOTSE_HOME", ROOT / ".lotse"))

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
    "nix am Mainboard getauscht": {"mainboard_change"},
    "nothing on the motherboard was changed": {"mainboard_change"},
}
#: What is named in a text, of the topics in probe.py.
NAMED = {
    "Was ist ein KMS-Host?": ["kms-host"],
    "Was ist KMS, und was ist ein KMS-Server?": ["kms-host", "kms"],
    "Unterschied zwischen MAK und KMS": ["mak", "kms"],
    "warum darf ich das Gerät im KMS nicht löschen": ["why-not-delete"],
    "was ist ein Drucker": [],
}


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    """What the components find in all of these texts, in one run of the bot's Python."""
    asked = {"terms": [*HEARD, *UNHEARD], "topics": [*NAMED]}
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
    answers["terms"] = dict(zip(asked["terms"], answers["terms"], strict=True))
    answers["topics"] = dict(zip(asked["topics"], answers["topics"], strict=True))
    return answers


def test_new_words_make_rasa_train_the_component_again(found: dict[str, Any]) -> None:
    first, again, other = found["fingerprints"]
    assert first == again != other


@pytest.mark.parametrize("text", NAMED)
def test_the_longest_words_of_what_can_be_explained_count(text: str, found: dict[str, Any]) -> None:
    assert found["topics"][text] == NAMED[text]


def test_the_examples_in_the_docstrings_hold(found: dict[str, Any]) -> None:
    assert found["failed_examples"] == 0


@pytest.mark.parametrize("text", HEARD)
def test_a_term_is_heard_in_both_languages(found: dict[str, Any], text: str) -> None:
    assert HEARD[text] <= set(found["terms"][text])


@pytest.mark.parametrize("text", UNHEARD)
def test_a_negated_term_is_not_heard(found: dict[str, Any], text: str) -> None:
    assert not UNHEARD[text] & set(found["terms"][text])
