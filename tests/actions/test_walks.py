"""Every fault, walked to each of its ends: generated from the knowledge, so no answer is missed."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise

import pytest

from actions.case import Case, Heard
from actions.decision import ChoiceId
from actions.moves import Move, reply, with_step
from actions.step import Kind, Step
from actions.triage import with_patience
from actions.walk import SERIOUS, lacking, walk
from actions.wording import say
from knowledge.schema import Fault
from knowledge.store import Knowledge, load
from knowledge.words import ANYTHING_ELSE, Need, Place, Risk

#: Tens of thousands of steps: to count covered lines would take most of the suite's time, and other
#: tests cover them.
pytestmark = pytest.mark.no_cover

KNOWLEDGE = load()
FAULTS = sorted(KNOWLEDGE.faults)
#: A person never gets more steps than this before an end or the offer to hand over.
LONGEST = 12
#: What a person answers who can do nothing and knows nothing: it must lead to an end too.
SHRUGS = (ANYTHING_ELSE, ChoiceId.CANNOT, ChoiceId.NO, ChoiceId.YES)
#: What people are without when they begin: nothing, or one of the needs.
SITUATIONS = (None, *Need)
#: How many walks with answers by lot each fault gets, beside those that miss no answer.
BY_LOT = 6
#: The steps by which a person changes something.
ACTED = (Kind.MEASURE, Kind.CONSENT)


@dataclass(frozen=True)
class Stop:
    """A step of a walk, with the case that led there."""

    case: Case
    step: Step


Way = tuple[Stop, ...]


def stop(case: Case, fault: str, knowledge: Knowledge = KNOWLEDGE) -> Stop:
    decision = with_patience(case, walk(case, knowledge.faults[fault], knowledge), knowledge)
    step = say(decision, case, knowledge)
    return Stop(with_step(case, step), step)


def follow(at: Stop, choice: str, fault: str) -> Stop:
    assert at.case.offered is not None
    return stop(at.case.with_entry(at.case.offered.kind, at.case.offered.id, choice), fault)


def is_end(step: Step) -> bool:
    return step.kind in (Kind.RESOLVED, Kind.ESCALATE)


def beginning(without: Need | None) -> Case:
    return Case(said=("x",), lacking=(without.value,) if without else ())


@cache
def every_stop(
    fault: str, without: Need | None = None, language: str = "de"
) -> tuple[tuple[Stop, Way], ...]:
    """Return every step that can be reached and the way there, each by a shortest way."""
    start = replace(beginning(without), language=language)
    todo: list[tuple[Stop, Way]] = [(stop(start, fault), ())]
    seen: dict[tuple[object, ...], tuple[Stop, Way]] = {}
    while todo:
        at, way = todo.pop(0)
        # The same measure leads elsewhere when it comes at another place of the walk.
        key = (at.step.kind, at.step.id, at.step.fault, at.step.progress)
        if key in seen:
            continue
        seen[key] = (at, way)
        if not is_end(at.step):
            todo += [(follow(at, c.id, fault), (*way, at)) for c in at.step.choices]
    return tuple(seen.values())


@cache
def by_lot(fault: str, without: Need | None) -> tuple[Way, ...]:
    """Return whole walks with answers drawn by lot, the same ones every time."""
    lots = random.Random(f"{fault} {without}")
    walks = []
    for _ in range(BY_LOT):
        way = [stop(beginning(without), fault)]
        while not is_end(way[-1].step):
            assert len(way) <= LONGEST, [at.step.id for at in way]
            choices = way[-1].step.choices
            way.append(follow(way[-1], lots.choice(choices).id, fault))
        walks.append(tuple(way))
    return tuple(walks)


def walked(fault: str, without: Need | None) -> Iterator[tuple[Stop, Way]]:
    """Yield every step, by the shortest ways and by lot, with the way that led there."""
    yield from every_stop(fault, without)
    for way in by_lot(fault, without):
        yield from ((at, way[:n]) for n, at in enumerate(way))


def shrugged(fault: str) -> Stop:
    """Return the end for somebody who can do nothing and knows nothing."""
    here = stop(beginning(None), fault)
    while not is_end(here.step):
        offered = [choice.id for choice in here.step.choices]
        here = follow(here, next(s for s in SHRUGS if s in offered), fault)
    return here


def open_mild_measures(at: Stop, fault: Fault) -> list[str]:
    """Return the fault's milder measures that this person could still try, without the walk's help.

    What gives only what the person has (connecting the VPN in the office) is none.
    """
    without = lacking(at.case, KNOWLEDGE)
    places = (Place.INTRANET, Place.OFFLINE if Need.INTERNET in without else Place.ONLINE)
    named = {name for place in places for name in fault.measures.get(place, ())}
    mild = (KNOWLEDGE.measures[n] for n in named if KNOWLEDGE.measures[n].risk not in SERIOUS)
    return [
        measure.id
        for measure in mild
        if at.case.answer("measure", measure.id) is None
        and not set(measure.needs) & without
        and not (measure.gives and not set(measure.gives) & without)
    ]


def sent_to(fault: str) -> set[str]:
    """Return the faults that a fault sends to, and those they send to."""
    found, todo = set[str](), [fault]
    while todo:
        name = todo.pop()
        uses = KNOWLEDGE.faults[name].checks
        targets = {
            outcome.then.removeprefix("see ")
            for use in uses
            for outcome in use.answers
            if outcome.then.startswith("see ")
        }
        todo += targets - found
        found |= targets
    return found


@pytest.mark.parametrize("fault", FAULTS)
def test_every_answer_of_every_check_is_walked(fault: str) -> None:
    """No check stands where nobody gets to, and each of its answers is offered."""
    offered = {
        (at.step.id, choice.id)
        for at, _ in every_stop(fault)
        for choice in at.step.choices
        if at.step.kind is Kind.CHECK and at.step.fault == fault
    }
    uses = KNOWLEDGE.faults[fault].checks
    assert offered == {(use.use, outcome.when) for use in uses for outcome in use.answers}


@pytest.mark.parametrize("fault", FAULTS)
def test_every_answer_leads_to_an_end(fault: str) -> None:
    answers = 0
    for at, way in every_stop(fault):
        for choice in at.step.choices if not is_end(at.step) else ():
            here, steps = follow(at, choice.id, fault), len(way) + 1
            while not is_end(here.step):
                offered = [c.id for c in here.step.choices]
                here = follow(here, next(s for s in SHRUGS if s in offered), fault)
                steps += 1
                assert steps <= LONGEST, f"{fault}: {here.step.id} comes after {steps} steps"
            assert here.step.fault in {fault, *sent_to(fault)}
            answers += 1
    assert answers >= 4


@pytest.mark.parametrize("without", SITUATIONS)
@pytest.mark.parametrize("fault", FAULTS)
def test_answers_by_lot_lead_to_an_end_as_well(fault: str, without: Need | None) -> None:
    for way in by_lot(fault, without):
        assert len(way) <= LONGEST + 1
        assert way[-1].step.kind in (Kind.RESOLVED, Kind.ESCALATE)
        asked = [(at.step.kind, at.step.id) for at in way]
        assert len(set(asked)) == len(asked), "the same step comes twice"


@pytest.mark.parametrize("fault", FAULTS)
def test_another_fault_is_only_where_an_answer_names_it(fault: str) -> None:
    for at, way in every_stop(fault):
        if way and at.step.fault != way[-1].step.fault:
            before = way[-1].step
            assert before.fault is not None
            assert at.step.fault in sent_to(before.fault)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_walk_can_end_solved_and_can_end_handed_over(fault: str) -> None:
    kinds = {at.step.kind for at, _ in walked(fault, None)} | {shrugged(fault).step.kind}
    assert {Kind.RESOLVED, Kind.ESCALATE} <= kinds


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("fault", FAULTS)
def test_every_step_has_words_a_way_on_and_a_source(fault: str, language: str) -> None:
    for at, _ in every_stop(fault, language=language):
        assert at.step.title
        assert at.step.body
        assert at.step.language == language
        assert at.step.sources or at.step.kind is Kind.RESOLVED
        assert at.step.choices or at.step.kind is Kind.RESOLVED
        assert "{" not in at.step.title + at.step.why


@pytest.mark.parametrize("without", SITUATIONS)
@pytest.mark.parametrize("fault", FAULTS)
def test_nothing_serious_is_done_without_warning_and_consent(
    fault: str, without: Need | None
) -> None:
    for at, way in walked(fault, without):
        if at.step.kind is not Kind.MEASURE or Risk(at.step.risk) not in SERIOUS:
            continue
        asked = way[-1].step
        assert (asked.kind, asked.id) == (Kind.CONSENT, at.step.id)
        assert at.case.answer("consent", at.step.id) == ChoiceId.YES
        assert asked.warning
        assert asked.before
        measure = KNOWLEDGE.measures[at.step.id]
        assert measure.undo
        assert measure.undo.de in asked.body


@pytest.mark.parametrize("without", SITUATIONS)
@pytest.mark.parametrize("fault", FAULTS)
def test_the_mild_comes_before_the_serious(fault: str, without: Need | None) -> None:
    """When consent is asked for, no milder measure of the fault that fits is left untried."""
    for at, _ in walked(fault, without):
        if at.step.kind is Kind.CONSENT:
            assert at.step.fault is not None
            assert open_mild_measures(at, KNOWLEDGE.faults[at.step.fault]) == []


@pytest.mark.parametrize("fault", FAULTS)
def test_whoever_says_no_is_not_asked_for_the_same_again(fault: str) -> None:
    for way in by_lot(fault, None):
        declined = {
            at.step.id
            for at, after in pairwise(way)
            if at.step.kind is Kind.CONSENT
            and after.case.answer("consent", at.step.id) == ChoiceId.NO
        }
        assert not declined & {at.step.id for at in way if at.step.kind is Kind.MEASURE}


@pytest.mark.parametrize("without", list(Need))
@pytest.mark.parametrize("fault", FAULTS)
def test_nobody_is_offered_what_needs_something_they_lack(fault: str, without: Need) -> None:
    """Whoever has no administrator rights, internet or company network gets what goes without."""
    for at, _ in walked(fault, without):
        assert without_what_is_lacking(at)


@pytest.mark.parametrize("without", list(Need))
@pytest.mark.parametrize("fault", FAULTS)
def test_saying_so_in_the_middle_changes_the_next_step(fault: str, without: Need) -> None:
    for at, _ in every_stop(fault):
        if not is_end(at.step):
            assert without_what_is_lacking(stop(at.case.with_lacking(without.value), fault))


def without_what_is_lacking(at: Stop) -> bool:
    """Tell whether a step asks for nothing that the person is without."""
    lacks = lacking(at.case, KNOWLEDGE)
    if at.step.kind in ACTED:
        unit_needs = set(KNOWLEDGE.measures[at.step.id].needs)
    elif at.step.kind is Kind.CHECK:
        unit_needs = set(KNOWLEDGE.checks[at.step.id].needs)
    else:
        return True
    elevated = bool(at.step.command and at.step.command.elevated)
    return not unit_needs & lacks and not (elevated and Need.ADMIN_RIGHTS in lacks)


@pytest.mark.parametrize("fault", FAULTS)
def test_somebody_offline_is_told_the_hard_limit(fault: str) -> None:
    stops = [at for at, _ in every_stop(fault, Need.INTERNET)]
    offline = [at for at in stops if Need.INTERNET in lacking(at.case, KNOWLEDGE)]
    assert offline
    for at in offline:
        if at.step.kind is Kind.ESCALATE and at.step.fault:
            assert KNOWLEDGE.faults[at.step.fault].offline_limit.de in at.step.body


@pytest.mark.parametrize("fault", FAULTS)
def test_the_same_case_gives_the_same_step(fault: str) -> None:
    case = beginning(None)
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
