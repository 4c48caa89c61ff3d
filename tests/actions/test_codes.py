"""Every code that is known, given alone: its fault, or honestly no more than its family."""

from dataclasses import replace
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from actions.case import Case, Heard
from actions.decision import ChoiceId
from actions.handoff.handoff import handoff_of
from actions.moves import Move, reply
from actions.step import Kind, Step
from actions.unexplained import FAMILY, family, team_of
from knowledge.families import number_in
from knowledge.schema import Text
from knowledge.store import load
from knowledge.words import Team

#: Tens of thousands of steps: to count covered lines would take most of the suite's time, and other
#: tests cover them.
pytestmark = pytest.mark.no_cover

KNOWLEDGE = load()
LANGUAGES = ("de", "en")
CODES = sorted(KNOWLEDGE.codes)
UNEXPLAINED = [code for code in CODES if code not in KNOWLEDGE.explained]
#: Codes whose beginning nobody knows.
STRANGE = ("0xAABBCCDD", "0x12345678")
MESSAGES = YAML(typ="safe", pure=True).load(Path(__file__).parents[1] / "messages.yaml")
TEXTS = [(language, row[language]) for row in MESSAGES for language in row]


def given(*codes: str, language: str = "de", **more: object) -> Step:
    """Return the answer to a message that consists of codes."""
    heard = Heard(" ".join(codes), intents={"give_evidence": 1.0}, codes=codes, language=language)
    step = reply(Case(), replace(heard, **more), Move.DESCRIBE, KNOWLEDGE).step  # type: ignore[arg-type]
    assert step is not None
    return step


def text(words: Text, language: str) -> str:
    return words.en if language == "en" else words.de


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", [c for c in CODES if c in KNOWLEDGE.explained])
def test_a_code_with_a_fault_leads_to_it_or_to_a_question(code: str, language: str) -> None:
    step = given(code, language=language)
    assert step.language == language
    assert step.sources
    if step.kind is not Kind.ASK:
        assert step.fault is not None
        assert code in KNOWLEDGE.faults[step.fault].signals.codes
    assert KNOWLEDGE.phrases["evidence-code"].en.format(code=code).lower() in step.why.lower()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", UNEXPLAINED)
def test_a_code_without_a_fault_gets_its_family_and_no_more(code: str, language: str) -> None:
    step, known = given(code, language=language), family(code, KNOWLEDGE)
    assert known is not None
    assert step.fault is None
    values = {"code": code, "number": number_in(code)}
    said = step.title + step.body
    assert code in said
    assert text(known.title, language) in said
    assert text(known.meaning, language).format(**values) in said
    assert {source.title for source in step.sources} >= {
        KNOWLEDGE.sources[name].title for name in known.sources
    }
    if known.look_up:
        shown = step.body + (step.command.text if step.command else "")
        assert known.look_up.text.format(**values) in shown
    offered = {choice.id for choice in step.choices}
    assert offered & {ChoiceId.HUMAN, ChoiceId.HAND_OVER, ChoiceId.YES}
    if known.ours:
        assert text(KNOWLEDGE.phrases["code-not-sourced"], language) in said
        assert step.case["scope"] == "in"
    else:
        assert step.kind is Kind.OUT_OF_SCOPE
        assert step.case["scope"] == "out"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", STRANGE)
def test_a_code_that_nobody_knows_is_asked_for_again(code: str, language: str) -> None:
    step = given(code, language=language)
    asked = text(KNOWLEDGE.phrases["code-unknown"], language).format(code=code)
    assert asked in step.body
    assert step.fault is None
    assert step.case["mechanism"] == "unknown"
    assert {c.id for c in step.choices} & {ChoiceId.HUMAN, ChoiceId.HAND_OVER, ChoiceId.YES}


@pytest.mark.parametrize(("language", "message"), TEXTS)
def test_every_message_gets_an_answer_in_its_language(language: str, message: str) -> None:
    """Alone, without what the bot finds in it: there is an answer, and no fault is made up."""
    heard = Heard(message, intents={"describe_unknown": 0.9}, language=language)
    step = reply(Case(), heard, Move.DESCRIBE, KNOWLEDGE).step
    assert step is not None
    assert step.language == language
    assert step.fault is None


@pytest.fixture(scope="module")
def asked() -> str:
    """A code without a fault, of a family with a team, that is answered with a question."""
    known = (code for code in UNEXPLAINED if team_of([code], KNOWLEDGE) is not Team.NONE)
    return next(code for code in known if given(code).kind is Kind.ASK)


@pytest.fixture(scope="module")
def offered() -> str:
    """A code without a fault that the handover is offered for at once."""
    return next(code for code in UNEXPLAINED if given(code).id == FAMILY)


def test_where_the_words_tell_the_mechanism_the_walk_goes_on_and_the_code_is_owned_up_to(
    asked: str,
) -> None:
    kms = {"intents": {"describe_volume_kms": 0.9}, "terms": ("kms",)}
    step = given(asked, **kms)
    assert step.fault
    known = family(asked, KNOWLEDGE)
    assert known is not None
    said = KNOWLEDGE.phrases["code-family-short"].de
    assert said.format(code=asked, family=known.title.de) in step.body
    assert known.title.de in step.why


def test_the_codes_with_a_fault_lead(asked: str) -> None:
    both, alone = given(asked, "0xC004F074"), given("0xC004F074")
    assert both.fault == alone.fault
    assert both.case["ranking"] == alone.case["ranking"]


def test_a_code_of_something_else_is_not_for_this_assistant() -> None:
    step = given("0x8024402C")
    assert (step.kind, step.id) == (Kind.OUT_OF_SCOPE, "foreign-code")


def test_a_foreign_code_beside_an_activation_problem_is_no_reason_to_turn_away() -> None:
    step = given("0x8024402C", "0xC004F074")
    assert step.fault == "kms-host-unreachable"


def test_a_case_with_only_a_code_goes_to_the_team_of_its_family(asked: str) -> None:
    heard = Heard(asked, intents={"give_evidence": 1.0}, codes=(asked,))
    first = reply(Case(), heard, Move.DESCRIBE, KNOWLEDGE)
    assert first.step is not None
    label = next(c.label for c in first.step.choices if c.id == ChoiceId.HAND_OVER)
    after = reply(first.case, Heard(label), Move.DESCRIBE, KNOWLEDGE)
    assert after.hand_over
    handoff = handoff_of(after.case, KNOWLEDGE, conversation="c", at="2026-11-25T10:00:00Z")
    assert handoff.team == team_of([asked], KNOWLEDGE) != Team.NONE
    assert handoff.fault is None
    assert handoff.codes == (asked,)


def test_an_answered_question_goes_on_and_the_family_is_not_told_again(asked: str) -> None:
    heard = Heard(asked, intents={"give_evidence": 1.0}, codes=(asked,))
    step, case = None, Case()
    replied = reply(case, heard, Move.DESCRIBE, KNOWLEDGE)
    for _ in range(4):
        step, case = replied.step, replied.case
        assert step is not None
        if step.kind is not Kind.ASK:
            break
        replied = reply(case, Heard(step.choices[0].label), Move.DESCRIBE, KNOWLEDGE)
        assert replied.step is not None
        assert asked not in replied.step.body
    assert step is not None
    assert step.fault is not None


def test_whoever_does_not_hand_over_a_bare_code_is_not_offered_it_again(offered: str) -> None:
    heard = Heard(offered, intents={"give_evidence": 1.0}, codes=(offered,))
    first = reply(Case(), heard, Move.DESCRIBE, KNOWLEDGE)
    assert first.step is not None
    assert first.step.id == FAMILY
    later = next(c.label for c in first.step.choices if c.id == ChoiceId.LATER)
    after = reply(first.case, Heard(later), Move.DESCRIBE, KNOWLEDGE)
    assert after.step is not None
    assert after.step.id != FAMILY


def test_a_code_that_comes_later_in_a_walk_is_owned_up_to_once(asked: str) -> None:
    kms = {"intents": {"describe_volume_kms": 0.9}, "terms": ("kms",)}
    first = reply(Case(), Heard("KMS geht nicht", **kms), Move.DESCRIBE, KNOWLEDGE)  # type: ignore[arg-type]
    heard = Heard(f"jetzt kommt {asked}", codes=(asked,), intents={"give_evidence": 0.9})
    after = reply(first.case, heard, Move.DESCRIBE, KNOWLEDGE)
    assert after.step is not None
    assert asked in after.step.body
    assert after.step.fault == "kms-host-unreachable"
    going_on = reply(after.case, Heard(after.step.choices[0].label), Move.DESCRIBE, KNOWLEDGE)
    assert going_on.step is not None
    assert asked not in going_on.step.body


def test_asking_what_such_a_code_is_about_names_no_fault(asked: str) -> None:
    heard = Heard(asked, intents={"give_evidence": 1.0}, codes=(asked,))
    first = reply(Case(), heard, Move.DESCRIBE, KNOWLEDGE)
    about = Heard("worum geht es da", intents={"explain": 0.9})
    after = reply(first.case, about, Move.EXPLAIN, KNOWLEDGE)
    assert after.step is not None
    assert after.step.fault is None
