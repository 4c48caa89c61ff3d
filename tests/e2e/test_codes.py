"""Fifty codes and messages, drawn anew every time, through the running assistant.

LOTSE_SEED draws the same ones again; the seed is printed, and named by whatever fails.
"""

import os
import random
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from ruamel.yaml import YAML

from actions.unexplained import family
from knowledge.store import Knowledge, load
from tests.e2e.assistant import Assistant, Person

DRAWN = 50
MESSAGES = Path(__file__).parents[1] / "messages.yaml"
LOCALES = {"de": "de-DE", "en": "en-GB"}


def pool(knowledge: Knowledge) -> list[tuple[str, str]]:
    """Return everything that can be drawn: language and text."""
    codes = [(language, code) for code in sorted(knowledge.codes) for language in LOCALES]
    rows = YAML(typ="safe", pure=True).load(MESSAGES)
    return codes + [(language, text) for row in rows for language, text in row.items()]


def wrong(text: str, language: str, step: dict[str, Any], knowledge: Knowledge) -> str:
    """Return what is wrong with an answer, an empty text when nothing is."""
    if not step:
        return "no Step"
    if step["language"] != language:
        return f"answered in {step['language']}"
    if text not in knowledge.codes:  # a message: any honest answer, but an answer
        return "" if step["body"] and (step["sources"] or not step["fault"]) else "no source"
    if step["case"]["codes"] != [text]:
        return f"heard {step['case']['codes']}"
    if text in knowledge.explained:
        listed = step["fault"] and text in knowledge.faults[step["fault"]].signals.codes
        return "" if listed or step["kind"] == "ask" else f"led to {step['fault']}"
    known = family(text, knowledge)
    title = getattr(known.title, language) if known else ""
    said = title in step["title"] + step["body"]
    return "" if known and said and not step["fault"] else "not its family, or more than that"


@pytest.fixture
def seed() -> int:
    named = int(os.environ.get("LOTSE_SEED") or random.SystemRandom().randrange(1_000_000))
    print(f"\nLOTSE_SEED={named}")
    return named


async def test_fifty_drawn_codes_and_messages_are_answered_honestly(
    assistant: Assistant, seed: int
) -> None:
    knowledge = load()
    drawn = random.Random(seed).sample(pool(knowledge), DRAWN)
    found = []
    async with aiohttp.ClientSession() as http:
        for language, text in drawn:
            person = await Person(http, assistant.url, locale=LOCALES[language]).begin()
            await person.say(text)
            if fault := wrong(text, language, person.step, knowledge):
                found.append(f"{language} {text!r}: {fault} ({person.step.get('id')})")
    assert not found, f"LOTSE_SEED={seed}: " + "; ".join(found)
