"""The walk through a fault: checks in the order of the phases, measures, handover.

Where the walk stands is not stored: it follows from the answers in the case's log, so going back
is dropping the last of them.
"""

from __future__ import annotations

from collections.abc import Iterator

from actions.case import Case
from actions.decision import ChoiceId, Decision, Reason
from actions.step import Kind
from knowledge.schema import Check, Fault, Measure
from knowledge.store import Knowledge
from knowledge.words import ANYTHING_ELSE, Context, Need, Place, Risk

#: Risks that need consent, and that wait until everything milder was tried or ruled out.
SERIOUS = frozenset({Risk.LIMITED, Risk.IRREVERSIBLE})
BY_RISK = list(Risk)

#: What a person is without, as said in the description.
LACKING_BY_TERM = {
    Context.OFFLINE.value: Need.INTERNET,
    Context.NO_VPN.value: Need.COMPANY_NETWORK,
    "no_admin_rights": Need.ADMIN_RIGHTS,
}


def walk(
    case: Case, fault: Fault, knowledge: Knowledge, seen: frozenset[str] = frozenset()
) -> Decision:
    """Return the next step of a fault: a check, a measure, its consent, the end, or a handover.

    `seen` are the faults that led here: a walk never enters one twice.
    """
    for done, use in enumerate(fault.checks):
        check = knowledge.checks[use.use]
        answer = answer_to(case, check, knowledge)
        if answer is None:
            return Decision(Kind.CHECK, check.id, fault=fault, check=check, done=done)
        outcomes = {outcome.when: outcome.then for outcome in use.answers}
        word, _, target = outcomes.get(answer, outcomes.get(ANYTHING_ELSE, "next check")).partition(
            " "
        )
        if word == "resolved":
            return Decision(Kind.RESOLVED, "resolved", fault=fault, done=done + 1)
        if word == "hand":
            return _hand_over(case, fault, Reason.ANSWER, done + 1)
        if word == "see":
            visited = seen | {fault.id}
            if target in visited:
                return _hand_over(case, fault, Reason.EXHAUSTED, done + 1)
            return walk(case, knowledge.faults[target], knowledge, visited)
        if word == "measure":
            decision = _propose(case, fault, target, knowledge, done + 1)
            if decision:
                return decision
    return _remaining(case, fault, knowledge)


def answer_to(case: Case, check: Check, knowledge: Knowledge) -> str | None:
    """Return the answer to a check: given by the person, read from output, or out of reach.

    A check that needs what the person lacks counts as its catch-all.
    """
    given = case.answer("check", check.id)
    if given is not None:
        return given
    value = case.facts.get(check.fact) if check.fact else None
    read = next((a.id for a in check.answers if value in a.facts), None) if value else None
    if read is None and set(check.needs) & lacking(case, knowledge):
        return ANYTHING_ELSE
    return read


def lacking(case: Case, knowledge: Knowledge) -> set[Need]:
    """Return what the person is without: as said, as answered, less what a measure gave back."""
    without = {Need(need) for need in case.lacking}
    without |= {need for term, need in LACKING_BY_TERM.items() if term in case.terms}
    for entry in case.log:
        if entry.kind == "check" and entry.id in knowledge.checks:
            answers = knowledge.checks[entry.id].answers
            without |= {need for a in answers if a.id == entry.answer for need in a.lacks}
        if entry.kind == "measure" and entry.answer != ChoiceId.CANNOT:
            without -= set(knowledge.measures[entry.id].gives)
    return without


def _remaining(case: Case, fault: Fault, knowledge: Knowledge) -> Decision:
    """Return the next measure after all checks, or the end of the walk."""
    done = len(fault.checks)
    for measure in usable(case, fault, knowledge):
        if case.answer("measure", measure.id) == ChoiceId.WORKED:
            return Decision(Kind.RESOLVED, "resolved", fault=fault, done=done)
    untried = next(_untried(case, fault, knowledge), None)
    if untried is None:
        return _hand_over(case, fault, Reason.EXHAUSTED, done)
    return _offer(case, fault, untried, done)


def _propose(
    case: Case, fault: Fault, measure_id: str, knowledge: Knowledge, done: int
) -> Decision | None:
    """Return the step for a measure an answer names; None when it is done or out of reach.

    A serious measure lets every milder one that fits go first (DESIGN, section 6).
    """
    measure = knowledge.measures[measure_id]
    result = case.answer("measure", measure.id)
    if result == ChoiceId.WORKED:
        return Decision(Kind.RESOLVED, "resolved", fault=fault, done=done)
    if result is not None or not fits(case, measure, knowledge) or declined(case, measure):
        return None
    if measure.risk in SERIOUS:
        milder = next(_untried(case, fault, knowledge), measure)
        if milder.risk not in SERIOUS:
            return _offer(case, fault, milder, done)
    return _offer(case, fault, measure, done)


def _offer(case: Case, fault: Fault, measure: Measure, done: int) -> Decision:
    """Return the measure, or first the question for consent when it is serious."""
    needs_consent = measure.risk in SERIOUS and case.answer("consent", measure.id) != ChoiceId.YES
    kind = Kind.CONSENT if needs_consent else Kind.MEASURE
    return Decision(kind, measure.id, fault=fault, measure=measure, done=done)


def usable(case: Case, fault: Fault, knowledge: Knowledge) -> Iterator[Measure]:
    """Yield the fault's measures for this situation, the mildest first."""
    offline = Need.INTERNET in lacking(case, knowledge)
    places = (Place.INTRANET, Place.OFFLINE) if offline else (Place.ONLINE, Place.INTRANET)
    named = dict.fromkeys(id_ for place in places for id_ in fault.measures.get(place, ()))
    measures = [knowledge.measures[id_] for id_ in named]
    fitting = [m for m in measures if fits(case, m, knowledge)]
    yield from sorted(fitting, key=lambda measure: BY_RISK.index(measure.risk))


def _untried(case: Case, fault: Fault, knowledge: Knowledge) -> Iterator[Measure]:
    """Yield the usable measures that are still open.

    What only gives back something the person has (connecting the VPN in the office) is left out.
    """
    without = lacking(case, knowledge)
    for measure in usable(case, fault, knowledge):
        pointless = bool(measure.gives) and not set(measure.gives) & without
        open_ = case.answer("measure", measure.id) is None and not declined(case, measure)
        if open_ and not pointless:
            yield measure


def fits(case: Case, measure: Measure, knowledge: Knowledge) -> bool:
    """Tell whether the person has what a measure needs."""
    return not set(measure.needs) & lacking(case, knowledge)


def declined(case: Case, measure: Measure) -> bool:
    """Tell whether the person said no to exactly this measure."""
    return case.answer("consent", measure.id) == ChoiceId.NO


def _hand_over(case: Case, fault: Fault, reason: Reason, done: int) -> Decision:
    """Return the offer to hand over, or its parking when that was declined."""
    step_id = f"{fault.id}-end"
    if case.answer("escalate", step_id) == ChoiceId.LATER:
        return Decision(Kind.EXPLAIN, "parked", fault=fault, done=done)
    return Decision(Kind.ESCALATE, step_id, fault=fault, reason=reason, done=done)
