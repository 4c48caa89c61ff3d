"""What a message does to the case."""

from dataclasses import replace

import pytest

from actions.case import Case, Heard
from actions.moves import Move, Reply, reply
from actions.step import Kind
from knowledge.store import load

KNOWLEDGE = load()


def sure(text: str, intent: str, **more: object) -> Heard:
    return replace(Heard(text, intents={intent: 0.95}), **more)  # type: ignore[arg-type]


@pytest.fixture
def at_first_check() -> Reply:
    """A KMS client at home: the first check is shown."""
    heard = sure(
        "slmgr /ato bringt 0xC004F074, bin im Homeoffice",
        "describe_volume_kms",
        language="de",
        codes=("0xC004F074",),
        terms=("no_vpn",),
    )
    return reply(Case(), heard, Move.DESCRIBE, KNOWLEDGE)


def test_a_description_gets_its_first_check(at_first_check: Reply) -> None:
    step = at_first_check.step
    assert step is not None
    assert step.kind is Kind.CHECK
    assert step.fault == "kms-host-unreachable"
    assert "0xC004F074" in step.why


def test_an_offered_choice_counts_however_it_sounds(at_first_check: Reply) -> None:
    """The label is matched before the intent: the classifier may think what it likes."""
    assert at_first_check.step is not None
    label = at_first_check.step.choices[0].label
    after = reply(at_first_check.case, sure(label, "out_of_scope"), Move.DESCRIBE, KNOWLEDGE)
    assert after.case.log[-1].answer == at_first_check.step.choices[0].id


def test_a_choice_that_was_never_offered_changes_nothing(at_first_check: Reply) -> None:
    forged = sure("x", "affirm", choice="format-the-disk")
    after = reply(at_first_check.case, forged, Move.AFFIRM, KNOWLEDGE)
    assert after.case.log == ()
    assert after.step is not None
    assert after.step.id == "licence-channel"


def test_not_knowing_is_an_answer(at_first_check: Reply) -> None:
    after = reply(at_first_check.case, sure("keine Ahnung", "dont_know"), Move.DONT_KNOW, KNOWLEDGE)
    assert after.case.log[-1].answer == "anything else"


def test_no_admin_rights_are_remembered(at_first_check: Reply) -> None:
    heard = sure("bin kein Admin", "no_admin_rights")
    after = reply(at_first_check.case, heard, Move.NO_ADMIN_RIGHTS, KNOWLEDGE)
    assert after.case.lacking == ("admin_rights",)


def test_why_explains_and_leaves_the_case_where_it_is(at_first_check: Reply) -> None:
    after = reply(at_first_check.case, sure("warum?", "why"), Move.WHY, KNOWLEDGE)
    assert after.step is not None
    assert after.step.kind is Kind.EXPLAIN
    assert at_first_check.step is not None
    assert after.step.choices == at_first_check.step.choices
    assert after.case.log == at_first_check.case.log


def test_a_guess_of_the_classifier_is_asked_again(at_first_check: Reply) -> None:
    vague = Heard("na so halt", intents={"solved": 0.2, "deny": 0.18})
    after = reply(at_first_check.case, vague, Move.SOLVED, KNOWLEDGE)
    assert after.step is not None
    assert after.step.id == "licence-channel"
    assert after.case.log == ()


def test_another_problem_begins_a_new_case(at_first_check: Reply) -> None:
    after = reply(at_first_check.case, sure("neues Thema", "restart"), Move.RESTART, KNOWLEDGE)
    assert after.case.number == at_first_check.case.number + 1
    assert after.case.codes == ()
    assert after.step is not None
    assert after.step.kind is Kind.GREET


def test_a_wish_for_a_human_is_a_handover(at_first_check: Reply) -> None:
    after = reply(at_first_check.case, sure("Mensch bitte", "human"), Move.HUMAN, KNOWLEDGE)
    assert after.step is not None
    assert after.step.kind is Kind.ESCALATE
    assert after.step.case["scope"] == "human"


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("auf Englisch bitte", "de", "en"),
        ("in German please", "en", "de"),
        ("switch language", "de", "en"),
    ],
)
def test_the_person_switches_the_language(text: str, language: str, expected: str) -> None:
    case = Case(language=language, said=("x",), intents={"describe_volume_kms": 0.9})
    after = reply(case, sure(text, "switch_language"), Move.SWITCH_LANGUAGE, KNOWLEDGE)
    assert after.case.language == expected
    assert after.step is not None
    assert after.step.language == expected


def test_a_short_message_keeps_the_language(at_first_check: Reply) -> None:
    heard = sure("connected", "affirm", language="en")
    after = reply(at_first_check.case, heard, Move.AFFIRM, KNOWLEDGE)
    assert after.case.language == "de"


def test_a_doubtful_code_is_asked_for_and_never_applied() -> None:
    heard = sure("0xC004F07 kommt", "describe_unknown", doubtful=("0xC004F074",), language="de")
    asked = reply(Case(), heard, Move.DESCRIBE, KNOWLEDGE)
    assert asked.step is not None
    assert asked.step.id == "did-you-mean"
    assert asked.case.codes == ()
    yes = reply(asked.case, Heard("Ja, 0xC004F074"), Move.AFFIRM, KNOWLEDGE)
    assert yes.case.codes == ("0xC004F074",)
    assert yes.step is not None
    assert yes.step.id != "did-you-mean"


@pytest.mark.parametrize("intent", ["thanks", "goodbye", "insult", "bot_challenge"])
def test_small_talk_is_answered_and_changes_nothing(at_first_check: Reply, intent: str) -> None:
    after = reply(at_first_check.case, sure("…", intent), Move.SMALL_TALK, KNOWLEDGE)
    assert after.sentence
    assert after.case == at_first_check.case


@pytest.mark.parametrize("move", list(Move))
def test_every_move_has_an_answer_even_on_an_empty_case(move: Move) -> None:
    after = reply(Case(), sure("hm", str(move)), move, KNOWLEDGE)
    assert after.step is not None or after.sentence
