"""The one next step: evidence, then a question if need be, then the walk through a fault.

`next_step(case, knowledge)` is pure: no clock, network, files or randomness; the same case gives
the same step.
"""

from __future__ import annotations

from dataclasses import replace

from actions import wording
from actions.case import Case
from actions.decision import Decision, Reason
from actions.evidence import (
    OF_M365,
    Ranking,
    Scope,
    Understanding,
    certain_fault,
    escalation_sign,
    fault_for,
    is_little_but_a_code,
    named_faults,
    of_other_product,
    speaks_by_codes_alone,
    understand,
)
from actions.step import Kind, Step
from actions.unexplained import FAMILY, are_foreign, handed_over_unexplained, unexplained
from actions.walk import walk
from knowledge.schema import Fault, Question
from knowledge.store import Knowledge
from knowledge.words import Mechanism, Product

#: Mechanisms with less than this share of the leader's are no contenders.
CONTENDS_FROM = 0.05
#: A code that names one fault begins it without a question, unless many words say otherwise.
CERTAIN_FROM = 0.5
#: What counts as a step of a walk, and the id of the offer to hand a long one over.
WALKED = frozenset({"check", "measure", "consent"})
PATIENCE = "patience"


def next_step(case: Case, knowledge: Knowledge) -> Step:
    """Return what to say next, in the language of the case."""
    return wording.say(decide(case, knowledge), case, knowledge)


def decide(case: Case, knowledge: Knowledge) -> Decision:
    """Return what to say next, without words."""
    seen = understand(case, knowledge)
    if _was_handed_over(case):
        without = handed_over_unexplained(case)
        fault = None if without else current_fault(case, knowledge)
        return Decision(Kind.TICKET, "ticket", fault=fault)
    if case.answer("resolved", "case"):
        return Decision(Kind.RESOLVED, "resolved", fault=current_fault(case, knowledge))
    if seen.scope is Scope.HUMAN:
        return Decision(Kind.ESCALATE, "human", reason=Reason.WISH)
    if seen.refused:
        return Decision(Kind.REFUSE, "refuse")
    if case.is_empty:
        return Decision(Kind.GREET, "greet")
    if seen.scope is Scope.OUT and are_foreign(case.codes, knowledge):
        return Decision(Kind.OUT_OF_SCOPE, "foreign-code", unexplained=case.codes)
    if seen.scope is Scope.OUT:
        return Decision(Kind.OUT_OF_SCOPE, "out-of-scope")
    return _diagnose(case, seen, knowledge)


def current_fault(case: Case, knowledge: Knowledge) -> Fault | None:
    """Return the fault that the case is walked through, None while that is open."""
    seen = understand(case, knowledge)
    if seen.scope is not Scope.IN or speaks_by_codes_alone(case, knowledge):
        return None
    return _start(case, seen, knowledge)


def _diagnose(case: Case, seen: Understanding, knowledge: Knowledge) -> Decision:
    """Return a question that tells mechanisms apart, or the next step of the leading fault."""
    if case.doubtful:
        return Decision(Kind.ASK, "did-you-mean")
    fault = _start(case, seen, knowledge)
    sign = escalation_sign(case, fault, knowledge) if fault else None
    certain = fault is not None and fault is certain_fault(case, knowledge)
    leads = seen.ranking[0][1] >= CERTAIN_FROM or is_little_but_a_code(case, knowledge)
    certain = certain and leads
    question = None if certain else open_question(case, seen.ranking, knowledge)
    alone = speaks_by_codes_alone(case, knowledge)
    if alone and not case.answer("escalate", FAMILY) and not (question and case.log):
        return _by_family(case, question)
    # The first answer says which codes it does not know the meaning of.
    unknown = () if case.log else unexplained(case.codes, knowledge)
    if question:
        return Decision(Kind.ASK, question.id, question=question, unexplained=unknown)
    if fault is None and case.answer("escalate", FAMILY):
        return Decision(Kind.EXPLAIN, "parked")
    if fault is None:
        return Decision(Kind.ESCALATE, "no-answer", reason=Reason.NO_ANSWER)
    if sign and case.answer("escalate", fault.id) is None:
        decision = Decision(Kind.ESCALATE, fault.id, fault=fault, reason=Reason.SIGN, sign=sign)
    else:
        decision = with_patience(case, walk(case, fault, knowledge), knowledge)
    return replace(decision, unexplained=unknown)


def _by_family(case: Case, question: Question | None) -> Decision:
    """Return what is said of codes of which only the family is known: ask on, or hand over."""
    if question:
        kind, id_ = Kind.ASK, question.id
    else:
        kind, id_ = Kind.ESCALATE, FAMILY
    return Decision(kind, id_, question=question, reason=Reason.NO_ANSWER, unexplained=case.codes)


def with_patience(case: Case, decision: Decision, knowledge: Knowledge) -> Decision:
    """Return the decision, or the offer to hand over when a walk has become long.

    A measure that was just consented to is never withheld; somebody who wants to go on may.
    """
    ends = decision.kind in (Kind.ESCALATE, Kind.RESOLVED, Kind.EXPLAIN)
    last = case.log[-1].kind if case.log else ""
    consented = decision.kind is Kind.MEASURE and last == "consent"
    walked = sum(entry.kind in WALKED for entry in case.log)
    if (
        ends
        or consented
        or walked < knowledge.weights.patience
        or case.answer("escalate", PATIENCE)
    ):
        return decision
    fault, done = decision.fault, decision.done
    return Decision(Kind.ESCALATE, PATIENCE, fault=fault, reason=Reason.PATIENCE, done=done)


def _was_handed_over(case: Case) -> bool:
    return bool(case.ticket) or any(e.kind == "escalate" and e.answer == "yes" for e in case.log)


def _start(case: Case, seen: Understanding, knowledge: Knowledge) -> Fault | None:
    """Return the fault to walk: of the leading mechanism that is one.

    Where none leads, the one fault of several mechanisms that is named goes first.
    """
    named = named_faults(case, knowledge)
    if seen.ranking[0][0] is Mechanism.UNKNOWN and len(named) == 1 and named[0].also:
        return named[0]
    leading = next((m for m, _ in seen.ranking if m is not Mechanism.UNKNOWN), None)
    return fault_for(case, leading, knowledge) if leading else None


def open_question(case: Case, ranking: Ranking, knowledge: Knowledge) -> Question | None:
    """Return the question that best tells the contenders apart, None when none is needed.

    A question is needed when the leader is `unknown` or its share is too small to begin with it,
    unless the fault is certain; it must not have been asked, and its choices must part the
    contenders. Where one fault of several mechanisms is named, only Windows or Office is worth
    asking.
    """
    leader, first = ranking[0]
    if leader is not Mechanism.UNKNOWN and first >= knowledge.weights.ask_below:
        return None
    contenders = {m: s for m, s in ranking if s >= CONTENDS_FROM * first}
    named = named_faults(case, knowledge)
    everywhere = [fault for fault in named if fault.also]
    windows = of_other_product(case, knowledge) == OF_M365
    if len(named) == len(everywhere) == 1 and _is_certain(named[0], contenders, windows):
        return None
    asked = {entry.id for entry in case.log if entry.kind == "ask"}
    candidates = [
        (_left_together(question, contenders), question.id, question)
        for question in knowledge.questions.values()
        if question.id not in asked and (question.opening or not everywhere)
    ]
    sure = sum(contenders.values())
    useful = [c for c in candidates if c[0] < 0.999 * sure * sure] if len(contenders) > 1 else []
    if not useful and leader is Mechanism.UNKNOWN:
        useful = [c for c in candidates if c[2].opening]
    return min(useful)[2] if useful else None


def _is_certain(fault: Fault, contenders: dict[Mechanism, float], windows: bool) -> bool:
    """Tell whether a fault of several mechanisms is certain although its mechanism is not.

    `windows`: Windows was mentioned and Office was not.
    """
    ours = windows or fault.product is Product.WINDOWS
    return ours or fault.mechanisms.issuperset(contenders)


def _left_together(question: Question, contenders: dict[Mechanism, float]) -> float:
    """Return how much of the contenders' weight a question leaves together (less is better)."""
    groups = [[contenders.get(m, 0.0) for m in choice.leaves] for choice in question.choices]
    named = {m for choice in question.choices for m in choice.leaves}
    unnamed = sum(s for m, s in contenders.items() if m not in named)
    return sum(sum(group) ** 2 for group in groups) + unnamed**2
