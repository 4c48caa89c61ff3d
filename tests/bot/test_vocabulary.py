"""What the vocabulary hears in the sentences of heard.de.txt and heard.en.txt."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from knowledge.store import load
from knowledge.words import TermKind

ROOT = Path(__file__).resolve().parents[2]
HOME = Path(os.environ.get("LOTSE_HOME", ROOT / ".lotse"))
LANGUAGES = ("de", "en")
#: The kinds of term of which each has a sentence in each language.
SHOWN = (TermKind.CONTEXT, TermKind.SITUATION)


class Line(NamedTuple):
    """A sentence, what has to be heard in it, and what must not be."""

    text: str
    heard: frozenset[str]
    unheard: frozenset[str]


def lines_of(language: str) -> list[Line]:
    """Return the sentences of a language."""
    path = Path(__file__).with_name(f"heard.{language}.txt")
    written = path.read_text(encoding="utf-8").splitlines()
    return [line_of(line) for line in written if line.strip() and not line.startswith("#")]


def line_of(line: str) -> Line:
    """Return what a line says.

    >>> line_of("VPN ist an | -no_vpn kms").heard
    frozenset({'kms'})
    """
    text, names = line.rsplit("|", 1)
    heard = {name for name in names.split() if not name.startswith("-")}
    unheard = {name[1:] for name in names.split() if name.startswith("-")}
    return Line(text.strip(), frozenset(heard), frozenset(unheard))


def training_sentences() -> list[str]:
    """Return the sentences the classifier learns from."""
    files = sorted((ROOT / "nlu_data").glob("??/*.yml"))
    texts = [path.read_text(encoding="utf-8") for path in files]
    return [line for text in texts for line in re.findall(r"^ {6}- (.+)$", text, re.MULTILINE)]


@pytest.fixture(scope="module")
def lines() -> dict[str, list[Line]]:
    return {language: lines_of(language) for language in LANGUAGES}


@pytest.fixture(scope="module")
def answers(lines: dict[str, list[Line]]) -> dict[str, Any]:
    """What the matchers hear in all sentences, in one run of the bot's Python."""
    asked = {language: [line.text for line in lines[language]] for language in LANGUAGES}
    asked["shown_by"] = [*asked["de"], *asked["en"], *training_sentences()]
    ran = subprocess.run(
        [HOME / "bot/bin/python", "-W", "ignore", ROOT / "tests/bot/vocabulary_probe.py"],
        input=json.dumps(asked),
        cwd=ROOT / "bot",
        env={**os.environ, "PYTHONPATH": str(ROOT / "bot"), "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    found: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_sentence_says_is_heard_and_nothing_that_it_does_not(
    language: str, lines: dict[str, list[Line]], answers: dict[str, Any]
) -> None:
    heard = zip(lines[language], answers["heard"][language], strict=True)
    wrong = [
        (line.text, sorted(line.heard - set(terms)), sorted(line.unheard & set(terms)))
        for line, terms in heard
        if line.heard - set(terms) or line.unheard & set(terms)
    ]
    assert wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_circumstance_and_situation_has_a_sentence(
    language: str, lines: dict[str, list[Line]]
) -> None:
    named = {term.id for term in load().terms.values() if term.kind in SHOWN}
    heard = {name for line in lines[language] for name in line.heard}
    assert named - heard == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_sentences_name_terms_that_exist(language: str, lines: dict[str, list[Line]]) -> None:
    used = {name for line in lines[language] for name in line.heard | line.unheard}
    assert used - set(load().terms) == set()


def test_every_term_is_shown_by_a_sentence(answers: dict[str, Any]) -> None:
    """By one of the sentences here, or by one that the classifier learns from."""
    assert set(load().terms) - set(answers["shown"]) == set()
