"""What the evidence says: mechanism, product, scope, escalation (DESIGN 4.6).

A reader's facts beat codes, codes and terms beat the classifier; how much each counts is data
(knowledge/weights.yaml). Pure functions of a case and the knowledge.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from actions.case import DESCRIBE, Case
from actions.unexplained import are_foreign, may_be_ours, unexplained
from knowledge.schema import CODE, EscalationSign, Fault
from knowledge.store import Knowledge
from knowledge.words import Context, Mechanism, Product, Status, TermKind

#: No class is ever impossible: evidence must be able to lift what the classifier missed.
FLOOR = 0.015
#: The terms by which a person says that no team need act: no organisation stands behind the
#: computer, or something is only to be looked up.
NO_TEAM = frozenset({"private_person", "wants_to_see"})
#: How much of a code's weight speaks against "not for us" when only its family is known.
MAY_BE_OURS = 0.5
#: From these points on, a term alone tells a mechanism.
TELLS_FROM = 1.0
#: So few words around a code that occurs only here say nothing against it.
FEW_WORDS = 10
#: How the codes begin that any program shows, for Windows error numbers; all others in the
#: knowledge are of licensing, and being spread over many mechanisms makes them no less so.
GENERAL = "0x8007"
#: By so many times one product's mechanisms must be likelier than the other's to decide for it.
LEANS_FROM = 3.0
#: What an answer to a question takes from the mechanisms it excludes.
EXCLUDED = 12.0

Scores = dict[Mechanism, float]
Ranking = tuple[tuple[Mechanism, float], ...]

OF_WINDOWS = frozenset(m for m in Mechanism if m.value.startswith("windows_"))
OF_M365 = frozenset(m for m in Mechanism if m.value.startswith("m365_"))


class Scope(StrEnum):
    """Whether a message is for this assistant."""

    IN = "in"
    OUT = "out"
    HUMAN = "human"


@dataclass(frozen=True)
class Understanding:
    """What the evidence of a case adds up to. The shares of `ranking` sum to one."""

    ranking: Ranking
    product: Product
    context: tuple[Context, ...]
    scope: Scope
    refused: bool

    @property
    def mechanism(self) -> Mechanism:
        """Return the mechanism that leads; none when the message is not for us."""
        return self.ranking[0][0] if self.scope is Scope.IN else Mechanism.NONE


def understand(case: Case, knowledge: Knowledge) -> Understanding:
    """Return what the evidence of the case says."""
    weighed = scores(case, knowledge)
    not_ours = dict(shares(weighed))[Mechanism.NONE]
    is_ours = not_ours < knowledge.weights.foreign_from or is_little_but_a_code(case, knowledge)
    ranking = shares({m: s for m, s in weighed.items() if m is not Mechanism.NONE})
    refused = is_refused(case, knowledge)
    foreign = are_foreign(case.codes, knowledge) and speaks_by_codes_alone(case, knowledge)
    ours = is_ours and not refused and not foreign
    scope = Scope.HUMAN if case.wants_human else Scope.IN if ours else Scope.OUT
    return Understanding(
        ranking=ranking,
        product=_product(case, knowledge, ranking) if scope is Scope.IN else Product.NONE,
        context=contexts(case, knowledge),
        scope=scope,
        refused=refused,
    )


def shares(weighed: Mapping[Mechanism, float]) -> Ranking:
    """Return the scores as shares that sum to one, the highest first.

    Where nothing tells mechanisms apart, none of them leads.
    """
    top = max(weighed.values())
    raised = {mechanism: math.exp(score - top) for mechanism, score in weighed.items()}
    total = sum(raised.values())
    ranked = sorted(
        raised.items(), key=lambda item: (-item[1], item[0] is not Mechanism.UNKNOWN, item[0].value)
    )
    return tuple((mechanism, value / total) for mechanism, value in ranked)


def is_refused(case: Case, knowledge: Knowledge) -> bool:
    """Tell whether a licence bypass is asked for: a telling word, or a sure classifier.

    Whoever pastes an output wants it read, however odd the question beside it sounds.
    """
    tools = any(_kind(term, knowledge) is TermKind.REFUSE for term in case.terms)
    sure = case.intents.get("piracy", 0.0) >= knowledge.weights.refuse_from
    return tools or (sure and not case.facts)


def speaks_by_codes_alone(case: Case, knowledge: Knowledge) -> bool:
    """Tell whether a case consists of codes that no fault explains, and nothing tells more.

    More is: a quoted message, a fact, a telling term, an answer, or a description that the
    classifier understands.
    """
    if not case.codes or len(unexplained(case.codes, knowledge)) < len(case.codes):
        return False
    if case.messages or case.facts or any(_left_by_answers(case, knowledge)):
        return False
    if any(entry.kind in ("check", "measure", "consent") for entry in case.log):
        return False
    named = (knowledge.terms[term] for term in case.terms if term in knowledge.terms)
    if any(points >= TELLS_FROM for term in named for points in term.points_to.values()):
        return False
    known = (m for m in Mechanism if m is not Mechanism.UNKNOWN)
    described = max(case.intents.get(f"{DESCRIBE}{m}", 0.0) for m in known)
    return described < knowledge.weights.understood_from


def contexts(case: Case, knowledge: Knowledge) -> tuple[Context, ...]:
    """Return the circumstances that were mentioned, in the order of their list."""
    named = {term for term in case.terms if _kind(term, knowledge) is TermKind.CONTEXT}
    return tuple(context for context in Context if context.value in named)


def telling(terms: tuple[str, ...], knowledge: Knowledge) -> tuple[str, ...]:
    """Return the terms that say something about a problem.

    Without those that another one overrides (a board is more than a part), and without the words
    by which something is asked.
    """
    return tuple(
        term
        for term in not_overridden(terms, knowledge)
        if _kind(term, knowledge) is not TermKind.QUESTION
    )


def not_overridden(terms: tuple[str, ...], knowledge: Knowledge) -> tuple[str, ...]:
    """Return the terms without those that say less than another one beside them."""
    known = (knowledge.terms[term] for term in terms if term in knowledge.terms)
    dropped = {name for term in known for name in term.overrides}
    return tuple(term for term in terms if term not in dropped)


def fault_for(case: Case, mechanism: Mechanism, knowledge: Knowledge) -> Fault | None:
    """Return the fault of a mechanism that the evidence fits best, None when there is none.

    When a code or a quoted message names none of its own faults, one that it does name goes first,
    if that occurs in this mechanism as well: a TPM code in a story about signing in is still a TPM
    code, and a damaged licence store fails every licence channel.
    """
    own = [f for f in active_faults(knowledge) if f.mechanism is mechanism]
    if not any(_is_named(case, fault) for fault in own):
        codes = {c for c in case.codes if mechanism in mechanisms_of(c, knowledge)}
        own = [
            fault
            for fault in active_faults(knowledge)
            if codes & set(fault.signals.codes)
            or (mechanism in fault.also and fault.id in case.messages)
        ] or own
    if own:
        return max(own, key=lambda fault: (_fit(case, fault), fault.usual))
    info = knowledge.mechanisms.get(mechanism)
    return knowledge.faults.get(info.start_with) if info and info.start_with else None


def certain_fault(case: Case, knowledge: Knowledge) -> Fault | None:
    """Return the fault that a code names beyond doubt, None when no code does.

    No other fault lists the code, and the table of codes names one mechanism, the fault's; a code
    without any in the table occurs everywhere.
    """
    for code in case.codes:
        fault = _only_fault(code, knowledge)
        if fault and knowledge.codes[code].mechanisms == (fault.mechanism,):
            return fault
    return None


def active_faults(knowledge: Knowledge) -> Iterator[Fault]:
    """Yield the faults that are in use."""
    return (f for f in knowledge.faults.values() if f.status is not Status.RETIRED)


def escalation_sign(case: Case, fault: Fault, knowledge: Knowledge) -> EscalationSign | None:
    """Return the first reason of the fault to hand over at once that the case shows.

    Single words do not count where all that was said speaks against it; outputs and codes do.
    """
    reasons = (r for r in fault.escalation.when if r.signs)
    shown = (r for r in reasons if all(shows(case, sign) for sign in r.signs))
    against = speaks_against_a_team(case, knowledge)
    return next((r for r in shown if not against or any(map(is_proof, r.signs))), None)


def speaks_against_a_team(case: Case, knowledge: Knowledge) -> bool:
    """Tell whether what was said sounds like something a person mends alone."""
    return case.team_acts is not None and case.team_acts < knowledge.weights.team_below


def team_must_act(case: Case, fault: Fault, knowledge: Knowledge) -> bool:
    """Tell whether only a team can mend it, whatever the checks say: by a sign, always, by words.

    A private person has no team behind the computer, and to look something up needs none.
    """
    if escalation_sign(case, fault, knowledge):
        return True
    if not NO_TEAM.isdisjoint(case.terms) or speaks_against_a_team(case, knowledge):
        return False
    told = case.team_acts is not None and case.team_acts >= knowledge.weights.team_from
    return fault.escalation.always or told


def is_proof(sign: str) -> bool:
    """Tell whether a sign is a code or an output's fact, and no word that somebody used."""
    return "=" in sign or bool(re.match(CODE, sign))


def shows(case: Case, sign: str) -> bool:
    """Tell whether a case shows a sign: a context or term, a code, or `fact=value`."""
    fact, equals, value = sign.partition("=")
    if equals:
        return case.facts.get(fact) == value
    return sign in case.terms or sign in case.codes


def scores(case: Case, knowledge: Knowledge) -> Scores:
    """Return the weighed evidence for every mechanism, and for none of them."""
    weighed = _classifier_scores(case, knowledge)
    for mechanism, weight in _support(case, knowledge):
        weighed[mechanism] += weight
    for mechanism in of_other_product(case, knowledge):
        weighed[mechanism] -= knowledge.weights.other_product
    if may_be_ours(case.codes, knowledge):
        weighed[Mechanism.NONE] -= MAY_BE_OURS * knowledge.weights.code
    for left in _left_by_answers(case, knowledge):
        for mechanism in weighed:
            weighed[mechanism] -= 0.0 if mechanism in left else EXCLUDED
    return weighed


def _classifier_scores(case: Case, knowledge: Knowledge) -> Scores:
    """Return the classifier's log probabilities; all that describes nothing speaks for none."""
    chances = {m: case.intents.get(f"{DESCRIBE}{m}", 0.0) for m in Mechanism}
    described = sum(chances.values())
    named = sum(case.intents.values())
    chances[Mechanism.NONE] = max(0.0, named - described) if described else 0.0
    weight = knowledge.weights.classifier
    return {m: weight * math.log(max(chance, FLOOR)) for m, chance in chances.items()}


def _support(case: Case, knowledge: Knowledge) -> Iterator[tuple[Mechanism, float]]:
    """Yield what codes, quoted messages, terms and facts add to which mechanism."""
    weights = knowledge.weights
    # What a fault explains leads: other codes beside it weigh nothing.
    unknown = unexplained(case.codes, knowledge)
    explained = tuple(code for code in case.codes if code not in unknown)
    for code in explained or case.codes:
        mechanisms = mechanisms_of(code, knowledge)
        for mechanism in mechanisms:
            yield mechanism, weights.code / math.sqrt(len(mechanisms))
        if _is_of_licensing(code, mechanisms):
            yield Mechanism.NONE, weights.code / math.sqrt(len(mechanisms)) - weights.code
    for fault in case.messages:
        if fault in knowledge.faults:
            pointed_to = _pointed_to(knowledge.faults[fault])
            for mechanism in pointed_to:
                yield mechanism, weights.code / math.sqrt(len(pointed_to))
    for term in case.terms:
        if term in knowledge.terms:
            for mechanism, points in knowledge.terms[term].points_to.items():
                yield mechanism, weights.term * points
    for mechanism in {m for m, _ in _facts_met(case, knowledge)}:
        yield mechanism, weights.fact


def mechanisms_of(code: str, knowledge: Knowledge) -> frozenset[Mechanism]:
    """Return the mechanisms in which a code occurs."""
    listed = knowledge.codes[code].mechanisms if code in knowledge.codes else ()
    faults = (f for f in active_faults(knowledge) if code in f.signals.codes)
    return frozenset(listed).union(*(_pointed_to(fault) for fault in faults))


def _pointed_to(fault: Fault) -> frozenset[Mechanism]:
    """Return the mechanisms that a fault speaks for; one of several leaves open which it is."""
    return fault.mechanisms | {Mechanism.UNKNOWN} if fault.also else fault.mechanisms


def named_faults(case: Case, knowledge: Knowledge) -> tuple[Fault, ...]:
    """Return the faults that codes and quoted messages name, without those of another product."""
    named = (fault for fault in active_faults(knowledge) if _is_named(case, fault))
    other = of_other_product(case, knowledge)
    return tuple(fault for fault in named if fault.mechanism not in other)


def _facts_met(case: Case, knowledge: Knowledge) -> Iterator[tuple[Mechanism, str]]:
    for fault in active_faults(knowledge):
        for fact, values in fault.signals.facts.items():
            if case.facts.get(fact) in values:
                yield fault.mechanism, fact


def _left_by_answers(case: Case, knowledge: Knowledge) -> Iterator[tuple[Mechanism, ...]]:
    """Yield, per answered question, the mechanisms that the answer leaves."""
    for entry in case.log:
        question = knowledge.questions.get(entry.id) if entry.kind == "ask" else None
        for choice in question.choices if question else ():
            if choice.id == entry.answer and choice.leaves:
                yield choice.leaves


def of_other_product(case: Case, knowledge: Knowledge) -> frozenset[Mechanism]:
    """Return the mechanisms of the product that nobody mentioned, when one was mentioned."""
    named = _products_named(case, knowledge)
    if named == {Product.WINDOWS}:
        return OF_M365
    return OF_WINDOWS if named == {Product.M365} else frozenset()


def _products_named(case: Case, knowledge: Knowledge) -> set[Product]:
    terms = (knowledge.terms[term] for term in case.terms if term in knowledge.terms)
    named = {term.product for term in terms if term.product}
    licensed = case.facts.get("licensed_product")
    return named | {Product(licensed)} if licensed else named


def _product(case: Case, knowledge: Knowledge, ranking: Ranking) -> Product:
    """Return what is not activated, given the mechanisms' shares."""
    mechanism = ranking[0][0]
    if mechanism in OF_M365:
        return Product.M365
    if mechanism is Mechanism.WINDOWS_SUBSCRIPTION:  # Windows, by a licence of Microsoft 365
        return Product.BOTH
    if mechanism in OF_WINDOWS:
        return Product.WINDOWS
    if case.facts.get("licensed_product"):
        return Product(case.facts["licensed_product"])
    named = _products_named(case, knowledge)
    if named in ({Product.WINDOWS}, {Product.M365}):
        return next(iter(named))
    if mechanism is not Mechanism.UNKNOWN:
        return Product.M365 if "office_product_vl" in case.terms else Product.WINDOWS
    of_codes = {knowledge.codes[c].product for c in case.codes if c in knowledge.codes}
    if len(of_codes) == 1 and not named and Product.BOTH not in of_codes:
        return next(iter(of_codes))
    licensing = any(c in knowledge.codes and not c.startswith(GENERAL) for c in case.codes)
    return _leaning(ranking, by_code=licensing)


def _leaning(ranking: Ranking, *, by_code: bool) -> Product:
    """Return the product that most of what might be wrong belongs to, else both.

    Who names nothing but a code that Office shows as well mostly means Windows.
    """
    windows, m365 = (sum(s for m, s in ranking if m in of) for of in (OF_WINDOWS, OF_M365))
    if windows >= (1.0 if by_code else LEANS_FROM) * m365:
        return Product.WINDOWS
    return Product.M365 if m365 >= LEANS_FROM * windows else Product.BOTH


def _fit(case: Case, fault: Fault) -> float:
    """Return how well the evidence fits a fault of the leading mechanism."""
    signals = fault.signals
    return (
        2.0 * len(set(case.codes) & set(signals.codes))
        + 2.0 * (fault.id in case.messages)
        + 1.0 * len(set(case.terms) & set(signals.terms))
        + 0.6 * len(set(case.terms) & set(signals.context))
        + 3.0 * sum(case.facts.get(fact) in values for fact, values in signals.facts.items())
    )


def _is_named(case: Case, fault: Fault) -> bool:
    """Tell whether a code or a quoted message of the case is the fault's own."""
    return fault.id in case.messages or not set(case.codes).isdisjoint(fault.signals.codes)


def is_little_but_a_code(case: Case, knowledge: Knowledge) -> bool:
    """Tell whether a code that occurs only in licensing stands in few words."""
    words = sum(len(text.split()) for text in case.said)
    named = any(
        _only_fault(code, knowledge) or _is_of_licensing(code, mechanisms_of(code, knowledge))
        for code in case.codes
    )
    return 0 < words <= FEW_WORDS and named


def _only_fault(code: str, knowledge: Knowledge) -> Fault | None:
    """Return the one fault that lists a code, None when several do.

    None as well for a code without a mechanism in the table: it occurs everywhere.
    """
    if code not in knowledge.codes or not knowledge.codes[code].mechanisms:
        return None
    faults = [f for f in active_faults(knowledge) if code in f.signals.codes]
    return faults[0] if len(faults) == 1 else None


def _is_of_licensing(code: str, mechanisms: frozenset[Mechanism]) -> bool:
    """Tell whether a code occurs in licensing alone, though in many mechanisms of it."""
    return Mechanism.UNKNOWN in mechanisms and not code.startswith(GENERAL)


def _kind(term: str, knowledge: Knowledge) -> TermKind | None:
    return knowledge.terms[term].kind if term in knowledge.terms else None
