"""When a part dies: an apology in the right language, nothing lost, and an answer again."""

import asyncio
import os
import signal
import time

import pytest

from tests.e2e.assistant import START, Assistant, Person


@pytest.mark.parametrize(("part", "word"), [("Action server", "action_server"), ("Rasa", "rasa")])
async def test_a_killed_part_is_apologised_for_and_comes_back(
    part: str, word: str, assistant: Assistant, english_person: Person, person: Person
) -> None:
    await english_person.say("slmgr /ato gives 0xC004F074, I am working from home")
    await person.say("slmgr /ato bringt 0xC004F074, bin im Homeoffice")
    before = english_person.step
    (pid,) = assistant.children(word)
    os.kill(pid, signal.SIGKILL)
    began = time.monotonic()
    sorry = await english_person.say("why?")
    waited = time.monotonic() - began
    verzeihung = await person.say("warum?")
    assert not english_person.step
    assert "sorry" in sorry["text"].lower() or "moment" in sorry["text"].lower()
    assert sorry["text"] != verzeihung["text"]
    assert waited < 5, f"the apology took {waited:.1f} s"

    async with asyncio.timeout(START):
        while not english_person.step:
            await asyncio.sleep(1)
            await english_person.say("why?")
    assert english_person.step["kind"] == "explain"
    assert english_person.step["fault"] == before["fault"], "the case was forgotten"
    told = (assistant.home / "logs" / "serve.log").read_text()
    assert f"{part}: ended unexpectedly" in told
