"""The way to Rasa: always an answer, in the person's language."""

import asyncio
import json

import aiohttp
import pytest

from channels.engine import Condition, Engine, Incoming
from channels.redaction import LIMIT
from tests.channels.fake_rasa import step


def said(knowledge, phrase, language="de", **values):
    text = knowledge.phrases[phrase]
    return (text.en if language == "en" else text.de).format(**values)


async def test_a_step_comes_with_its_plain_text(engine):
    (answer,) = await engine.answer(Incoming("c", "0xC004F074", "de-DE"))
    assert answer.step == step("ask", "de")
    assert answer.text.startswith("Wie ist dieser Rechner lizenziert?")


async def test_small_talk_comes_as_text(engine):
    (answer,) = await engine.answer(Incoming("c", "Hallo"))
    assert (answer.text, answer.step) == ("echo: Hallo", None)


async def test_rasa_hears_where_and_when_a_message_was_sent(engine, rasa):
    await engine.answer(Incoming("c", "check", "en-GB", channel="terminal"))
    assert rasa.received == [
        {
            "sender": "c",
            "message": "check",
            "metadata": {
                "locale": "en-GB",
                "choice": None,
                "channel": "terminal",
                "now": "2026-11-22T09:30:00+00:00",
            },
        }
    ]


async def test_rasa_never_hears_a_secret(engine, rasa):
    await engine.answer(Incoming("c", "Passwort: Sommer24 " + "-".join(["BCDFG"] * 5)))
    assert rasa.received[0]["message"] == "Passwort: *** …-BCDFG"


async def test_a_person_cannot_send_an_intent(engine, rasa):
    await engine.answer(Incoming("c", "/health_check"))
    assert rasa.received[0]["message"] == "> /health_check"


async def test_a_greeting_is_asked_for_with_the_locale(engine, rasa):
    (greeting,) = await engine.start("c", "en-GB")
    assert greeting.step == step("greet", "en")
    assert rasa.received[0]["message"] == "/start"


async def test_the_typed_label_of_a_choice_counts_as_the_choice(engine, rasa):
    await engine.answer(Incoming("c", "0xC004F074"))
    await engine.answer(Incoming("c", " über den KMS-Server  der Firma "))
    assert rasa.received[-1]["metadata"]["choice"] == "kms"


async def test_the_label_of_another_conversation_is_only_text(engine, rasa):
    await engine.answer(Incoming("c", "0xC004F074"))
    await engine.answer(Incoming("d", "Über den KMS-Server der Firma"))
    assert rasa.received[-1]["metadata"]["choice"] is None


@pytest.mark.parametrize(
    "trouble",
    [
        {"status": 500},
        {"delay": 1.5},
        {"raw": "[]"},
        {"raw": "no JSON"},
        {"raw": "{}"},
        {"raw": "[1]"},
        {"raw": '[{"image": "x"}]'},
        {"raw": '[{"custom": {"version": 2}}]'},
        {"raw": '[{"custom": 5}]'},
        {"raw": '[{"custom": {"version": 1, "kind": "ask", "choices": 5}}]'},
    ],
    ids=lambda trouble: json.dumps(trouble),
)
async def test_a_sick_rasa_is_excused(engine, rasa, knowledge, trouble):
    for name, value in trouble.items():
        setattr(rasa, name, value)
    (answer,) = await engine.answer(Incoming("c", "0xC004F074"))
    assert answer.text == said(knowledge, "channel_sorry")


async def test_an_absent_rasa_is_excused(knowledge):
    async with aiohttp.ClientSession() as http:
        engine = Engine(http, "http://127.0.0.1:9", knowledge)
        (answer,) = await engine.answer(Incoming("c", "Hi", "en-US"))
        assert answer.text == said(knowledge, "channel_sorry", "en")
        assert (await engine.healthy()).condition is Condition.UNREACHABLE


async def test_the_excuse_is_in_the_language_of_the_conversation(engine, rasa, knowledge):
    await engine.answer(Incoming("c", "check", "en-GB"))
    rasa.status = 500
    (answer,) = await engine.answer(Incoming("c", "weiter", "de-DE"))
    assert answer.text == said(knowledge, "channel_sorry", "en")


async def test_after_trouble_the_conversation_goes_on(engine, rasa):
    rasa.status = 500
    await engine.answer(Incoming("c", "0xC004F074"))
    rasa.status = 200
    (answer,) = await engine.answer(Incoming("c", "0xC004F074"))
    assert answer.step


@pytest.mark.parametrize(
    ("text", "phrase"),
    [(" \n", "channel_empty"), ("\x00\x01\x02\x03", "channel_not_text")],
)
async def test_what_is_no_text_does_not_reach_rasa(engine, rasa, knowledge, text, phrase):
    (answer,) = await engine.answer(Incoming("c", text, "en"))
    assert answer.text == said(knowledge, phrase, "en")
    assert rasa.received == []


async def test_a_text_beyond_the_limit_is_read_in_part_and_the_person_told(engine, rasa, knowledge):
    note, answer = await engine.answer(Incoming("c", "ab cd " * LIMIT))
    assert note.text == said(knowledge, "channel_cut", limit=LIMIT)
    assert answer.text.startswith("echo: ab cd")
    assert len(rasa.received[0]["message"]) <= LIMIT


async def test_messages_of_one_conversation_wait_for_each_other(engine, rasa):
    rasa.delay = 0.1
    await asyncio.gather(*(engine.answer(Incoming("c", f"Nummer {n}")) for n in range(2)))
    one_after_the_other = [body["message"] for body in rasa.received]
    assert one_after_the_other == ["Nummer 0", "Nummer 1"]


async def test_conversations_do_not_wait_for_each_other(engine, rasa):
    rasa.delay = 0.2
    async with asyncio.timeout(3.0):
        answers = await asyncio.gather(*(engine.answer(Incoming(str(n), "Hi")) for n in range(20)))
    assert all(answer[0].text == "echo: Hi" for answer in answers)


async def test_a_rasa_with_model_and_action_is_healthy(engine):
    assert (await engine.healthy()).ok


@pytest.mark.parametrize("trouble", [{"health": False}, {"raw": "[]"}, {"delay": 1.5}])
async def test_a_rasa_without_model_or_action_is_not_healthy(engine, rasa, trouble):
    for name, value in trouble.items():
        setattr(rasa, name, value)
    health = await engine.healthy()
    assert not health.ok
    assert health.sentence


async def test_health_conversations_are_bounded(engine, rasa, clock):
    for _ in range(3):
        await engine.healthy()
        clock.wait(days=1)
    assert {body["sender"] for body in rasa.received} == {"health-0930"}
