"""Somebody asks what a word means or why, before and in the middle of a check."""

import pytest

from tests.e2e.assistant import Person

#: A question and the explanation that answers it.
DE = {
    "Was ist KMS?": "kms",
    "Was heißt Karenzzeit?": "grace-period",
    "erklär mir KMS": "kms",
    "warum darf ich das Gerät nicht löschen?": "why-not-delete-device",
}
EN = {
    "what does grace period mean": "grace-period",
    "what is a KMS": "kms",
    "why must I not delete the device?": "why-not-delete-device",
}


async def test_questions_are_answered_and_the_check_stays(person: Person) -> None:
    await person.say("Was ist KMS?")
    assert (person.step["kind"], person.step["id"]) == ("explain", "kms")
    await person.say("slmgr /ato bringt 0xC004F074, bin im Homeoffice")
    check, labels = person.step["id"], person.labels()
    assert person.step["kind"] == "check"
    for question, topic in DE.items():
        await person.say(question)
        assert (person.step["kind"], person.step["id"]) == ("explain", topic), question
        assert person.step["language"] == "de"
        assert person.step["sources"]
        assert person.labels() == labels
    await person.choose(labels[0])
    assert person.step["id"] != check
    assert person.step["case"]["codes"] == ["0xC004F074"]


@pytest.mark.parametrize("question", EN)
async def test_a_first_question_in_english(english_person: Person, question: str) -> None:
    await english_person.say(question)
    assert english_person.step["id"] == EN[question]
    assert english_person.step["language"] == "en"


async def test_asking_what_is_wrong_begins_triage(person: Person) -> None:
    await person.say("Was ist los, KMS-Fehler 0xC004F074")
    assert person.step["fault"] == "kms-host-unreachable"


async def test_what_has_no_explanation_is_not_made_up(person: Person) -> None:
    await person.say("Was bedeutet Flurbelung?")
    assert person.step["kind"] == "explain"
    assert person.step["sources"] == []
