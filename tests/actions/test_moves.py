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


def asked(text: str, *topics: str, **more: object) -> Heard:
    """A question as the bot hears it, with a classifier that wavers."""
    wavers = {"describe_volume_kms": 0.3, "explain": 0.25}
    return replace(
        Heard(text, intents=wavers, topics=topics, terms=("asks_meaning", "kms")),
        **more,  # type: ignore[arg-type]
    )


def test_a_question_for_a_word_is_answered_and_starts_no_triage() -> None:
    after = reply(Case(), asked("Was ist KMS?", "kms", language="de"), Move.DESCRIBE, KNOWLEDGE)
    assert after.step is not None
    assert (after.step.kind, after.step.id) == (Kind.EXPLAIN, "kms")
    assert KNOWLEDGE.explanations["kms"].text.de in after.step.body
    assert after.step.sources
    assert after.case.is_empty
    assert after.step.case["scope"] == "in"


def test_the_explanation_speaks_the_language_of_the_question() -> None:
    heard = asked("What does KMS mean?", "kms", language="en")
    after = reply(Case(), heard, Move.DESCRIBE, KNOWLEDGE)
    assert after.step is not None
    assert KNOWLEDGE.explanations["kms"].text.en in after.step.body


def test_a_code_beside_the_word_starts_triage() -> None:
    heard = asked("Was ist los, KMS-Fehler 0xC004F074", "kms", codes=("0xC004F074",))
    after = reply(Case(), heard, Move.DESCRIBE, KNOWLEDGE)
    assert after.step is not None
    assert after.step.fault == "kms-host-unreachable"


def test_asking_what_is_wrong_is_no_question_for_a_word() -> None:
    heard = replace(
        sure("Was ist los mit KMS?", "explain"),
        topics=("kms",),
        terms=("asks_meaning", "asks_trouble", "kms"),
    )
    after = reply(Case(), heard, Move.DESCRIBE, KNOWLEDGE)
    assert after.step is not None
    assert after.step.kind is not Kind.EXPLAIN


def test_a_long_description_that_names_a_word_is_no_question_for_it() -> None:
    text = "Mein Rechner meldet seit gestern was von KMS und ich weiß nicht was zu tun ist"
    after = reply(Case(), asked(text, "kms"), Move.DESCRIBE, KNOWLEDGE)
    assert after.step is not None
    assert after.step.kind is not Kind.EXPLAIN


def test_a_question_for_an_activator_is_declined_and_not_explained() -> None:
    heard = asked(
        "Was ist der beste KMS-Aktivator?", "kms", terms=("asks_meaning", "activator-tool", "kms")
    )
    after = reply(Case(), heard, Move.DESCRIBE, KNOWLEDGE)
    assert after.step is not None
    assert after.step.kind is Kind.REFUSE


def test_an_explanation_leaves_the_walk_where_it_is(at_first_check: Reply) -> None:
    after = reply(at_first_check.case, asked("Was ist KMS?", "kms"), Move.DENY, KNOWLEDGE)
    assert after.step is not None
    assert at_first_check.step is not None
    assert after.step.id == "kms"
    assert after.step.choices == at_first_check.step.choices
    assert after.case == at_first_check.case


def test_two_words_are_explained_together() -> None:
    heard = asked("Unterschied zwischen KMS und Grace Period?", "kms", "grace-period")
    after = reply(Case(), heard, Move.EXPLAIN, KNOWLEDGE)
    assert after.step is not None
    for name in ("kms", "grace-period"):
        assert KNOWLEDGE.explanations[name].text.de in after.step.body
    named = [n for t in ("kms", "grace-period") for n in KNOWLEDGE.explanations[t].sources]
    assert len(set(named)) < len(named), "the two share a source, or this shows nothing"
    told = [source.title for source in after.step.sources]
    assert told == [KNOWLEDGE.sources[name].title for name in dict.fromkeys(named)]


def test_a_why_that_has_its_explanation_gets_it_in_the_middle_of_a_walk(
    at_first_check: Reply,
) -> None:
    heard = asked(
        "warum darf ich das Gerät nicht löschen?",
        "why-not-delete-device",
        terms=("asks_reason",),
    )
    after = reply(at_first_check.case, heard, Move.WHY, KNOWLEDGE)
    assert after.step is not None
    assert after.step.id == "why-not-delete-device"


def test_why_a_check_is_asked_is_answered_by_the_check(at_first_check: Reply) -> None:
    """It names KMS, but what is wanted is the reason of the question."""
    heard = sure("warum soll ich das mit KMS prüfen", "why", topics=("kms",))
    after = reply(at_first_check.case, heard, Move.WHY, KNOWLEDGE)
    assert after.step is not None
    assert after.step.id == "why"


def test_what_has_no_explanation_is_said_plainly(at_first_check: Reply) -> None:
    heard = sure("Was bedeutet Flurbel?", "explain", terms=("asks_meaning",))
    first = reply(Case(), heard, Move.EXPLAIN, KNOWLEDGE)
    assert first.step is not None
    assert first.step.id == "explain-unknown"
    later = reply(at_first_check.case, heard, Move.EXPLAIN, KNOWLEDGE)
    assert later.step is not None
    assert later.step.body.startswith(KNOWLEDGE.phrases["explain-unknown"].de)
    assert at_first_check.step is not None
    assert later.step.choices == at_first_check.step.choices


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("topic", sorted(KNOWLEDGE.explanations))
def test_every_explanation_is_given_in_both_languages(topic: str, language: str) -> None:
    after = reply(Case(language=language), asked("?", topic), Move.EXPLAIN, KNOWLEDGE)
    assert after.step is not None
    text = KNOWLEDGE.explanations[topic].text
    assert (text.en if language == "en" else text.de) in after.step.body
    assert after.step.language == language
    assert after.step.sources
