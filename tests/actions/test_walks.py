"""Every fault, walked to each of its ends: generated from the knowledge, so no answer is missed."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from actions.case import Case, Heard
from actions.decision import ChoiceId
from actions.moves import Move, reply, with_step
from actions.step import Kind, Step
from actions.triage import with_patience
from actions.walk import SERIOUS, lacking, walk
from actions.wording import say
from knowledge.store import Knowledge, load
from knowledge.words import ANYTHING_ELSE, Need, Place, Risk

KNOWLEDGE = load()
FAULTS = sorted(KNOWLEDGE.faults)
#: A person never gets more steps than this before an end or the offer to hand over.
LONGEST = 12
#: What a person answers who can do nothing and knows nothing: it must lead to an end too.
SHRUGS = (ANYTHING_ELSE, ChoiceId.CANNOT, ChoiceId.NO, ChoiceId.YES)


@dataclass(frozen=True)
class Stop:
    """A step of a walk, with the case that led there."""

    case: Case
    step: Step


def stop(case: Case, fault: str, knowledge: Knowledge = KNOWLEDGE) -> Stop:
    decision = with_patience(case, walk(case, knowledge.faults[fault], knowledge), knowledge)
    step = say(decision, case, knowledge)
    return Stop(with_step(case, step), step)


def follow(at: Stop, choice: str, fault: str) -> Stop:
    assert at.case.offered is not None
    return stop(at.case.with_entry(at.case.offered.kind, at.case.offered.id, choice), fault)


def is_end(step: Step) -> bool:
    return step.kind in (Kind.RESOLVED, Kind.ESCALATE)


def every_stop(fault: str, start: Case) -> Iterator[tuple[Stop, tuple[Stop, ...]]]:
    """Yield every step that can be reached and the way there, each by a shortest way."""
    first = stop(start, fault)
    todo: list[tuple[Stop, tuple[Stop, ...]]] = [(first, ())]
    seen: set[tuple[str, str, str | None]] = set()
    while todo:
        at, way = todo.pop(0)
        key = (at.step.kind, at.step.id, at.step.fault)
        if key in seen:
            continue
        seen.add(key)
        yield at, way
        if not is_end(at.step):
            todo += [(follow(at, c.id, fault), (*way, at)) for c in at.step.choices]


@pytest.mark.parametrize("fault", FAULTS)
def test_every_answer_leads_to_an_end(fault: str) -> None:
    answers = 0
    for at, way in every_stop(fault, Case(said=("x",))):
        for choice in at.step.choices if not is_end(at.step) else ():
            here, steps = follow(at, choice.id, fault), len(way) + 1
            while not is_end(here.step):
                offered = [c.id for c in here.step.choices]
                here = follow(here, next(s for s in SHRUGS if s in offered), fault)
                steps += 1
                assert steps <= LONGEST, f"{fault}: {here.step.id} comes after {steps} steps"
            answers += 1
    assert answers >= 4


@pytest.mark.parametrize("fault", FAULTS)
def test_a_walk_can_end_solved_and_can_end_handed_over(fault: str) -> None:
    kinds = {at.step.kind for at, _ in every_stop(fault, Case(said=("x",)))}
    assert {Kind.RESOLVED, Kind.ESCALATE} <= kinds


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("fault", FAULTS)
def test_every_step_has_words_a_way_on_and_a_source(fault: str, language: str) -> None:
    for at, _ in every_stop(fault, Case(said=("x",), language=language)):
        assert at.step.title
        assert at.step.body
        assert at.step.language == language
        assert at.step.sources or at.step.kind is Kind.RESOLVED
        assert at.step.choices or at.step.kind is Kind.RESOLVED
        assert "{" not in at.step.title + at.step.why


@pytest.mark.parametrize("fault", FAULTS)
def test_nothing_serious_is_done_without_warning_and_consent(fault: str) -> None:
    for at, way in every_stop(fault, Case(said=("x",))):
        if at.step.kind is not Kind.MEASURE or Risk(at.step.risk) not in SERIOUS:
            continue
        asked = way[-1].step
        assert (asked.kind, asked.id) == (Kind.CONSENT, at.step.id)
        assert asked.warning
        assert asked.before


@pytest.mark.parametrize("fault", FAULTS)
def test_the_mild_comes_before_the_serious(fault: str) -> None:
    """When consent is asked for, no milder measure of the fault that fits is left untried."""
    for at, _ in every_stop(fault, Case(said=("x",))):
        if at.step.kind is not Kind.CONSENT or at.step.fault is None:
            continue
        places = KNOWLEDGE.faults[at.step.fault].measures
        named = [m for place in (Place.ONLINE, Place.INTRANET) for m in places.get(place, ())]
        measures = KNOWLEDGE.measures
        mild = [m for m in named if measures[m].risk not in SERIOUS and not measures[m].gives]
        lacking = {Need.COMPANY_NETWORK, Need.ADMIN_RIGHTS, Need.INTERNET}
        untried = [m for m in mild if at.case.answer("measure", m) is None]
        assert all(set(KNOWLEDGE.measures[m].needs) & lacking for m in untried) or not untried


@pytest.mark.parametrize("fault", FAULTS)
def test_somebody_without_administrator_rights_is_never_told_to_use_them(fault: str) -> None:
    start = Case(said=("x",), lacking=(Need.ADMIN_RIGHTS.value,))
    for at, _ in every_stop(fault, start):
        if at.step.kind in (Kind.MEASURE, Kind.CONSENT):
            assert Need.ADMIN_RIGHTS not in KNOWLEDGE.measures[at.step.id].needs
            assert not (at.step.command and at.step.command.elevated)


@pytest.mark.parametrize("fault", FAULTS)
def test_somebody_offline_gets_nothing_that_needs_the_internet(fault: str) -> None:
    start = Case(said=("x",), lacking=(Need.INTERNET.value,))
    stops = [at for at, _ in every_stop(fault, start)]
    offline = [at for at in stops if Need.INTERNET in lacking(at.case, KNOWLEDGE)]
    assert offline
    for at in offline:
        if at.step.kind in (Kind.MEASURE, Kind.CONSENT):
            assert Need.INTERNET not in KNOWLEDGE.measures[at.step.id].needs
        if at.step.kind is Kind.ESCALATE and at.step.fault:
            assert KNOWLEDGE.faults[at.step.fault].offline_limit.de in at.step.body


@pytest.mark.parametrize("fault", FAULTS)
def test_the_same_case_gives_the_same_step(fault: str) -> None:
    case = Case(said=("x",))
    assert stop(case, fault) == stop(Case.from_json(case.to_json()), fault)


def test_back_undoes_the_last_answer() -> None:
    heard = Heard(
        "0xC004F074", codes=("0xC004F074",), facts={"licence_channel": "VOLUME_KMSCLIENT"}
    )
    first = reply(Case(), heard, Move.DESCRIBE, KNOWLEDGE)
    assert first.step is not None
    choice = first.step.choices[-1]
    second = reply(first.case, Heard(choice.label), Move.DESCRIBE, KNOWLEDGE)
    assert second.step is not None
    assert second.step.id != first.step.id
    sure = Heard("zurück", intents={"back": 0.9})
    back = reply(second.case, sure, Move.BACK, KNOWLEDGE)
    assert back.step is not None
    assert replace(back.step, why="") == replace(first.step, why="")
