"""Twenty people at once: nobody's message is lost, and nobody gets somebody else's answer."""

from bench.load import SENTENCES, talks
from tests.e2e.assistant import Assistant


async def test_twenty_conversations_at_once_stay_apart(assistant: Assistant) -> None:
    held = await talks(assistant.url, people=20, turns=4, think=2.0, seed=3)
    assert [len(talk.turns) for talk in held] == [4] * 20
    wrong = [(talk.lost, talk.excused, talk.doubled, talk.misdirected) for talk in held]
    assert wrong == [(0, 0, 0, 0)] * 20
    assert {locale for locale, _ in SENTENCES} == {"de-DE", "en-GB"}
