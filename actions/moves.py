"""What a message does to the case, and what is said to it.

`reply(case, heard, move, knowledge)` is pure. The bot names the move; a choice that was offered
and is clicked or typed counts before it, because only the case knows what was offered.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from actions import wording
from actions.case import DESCRIBE, Case, Heard, Offer
from actions.decision import ChoiceId, Decision
from actions.evidence import contexts, is_refused, not_overridden, telling
from actions.step import Kind, Step
from actions.triage import current_fault, decide
from actions.unexplained import FAMILY, unexplained
from knowledge.schema import Explanation
from knowledge.store import Knowledge
from knowledge.words import ANYTHING_ELSE, Need

#: From this many words on, a message says more than yes, no or thanks.
MANY_WORDS = 6
#: Up to so many words, "What is KMS?" wants an explanation whatever the classifier hears; up to
#: the second number when no problem is described in it.
QUESTION_WORDS, LONG_QUESTION_WORDS = 8, 14
#: How many things one answer explains.
EXPLAINED = 3
#: Terms of the vocabulary: what a thing is, what this is, what is wrong, why something must be.
ASKS_MEANING, ASKS_THIS = "asks_meaning", "asks_this"
ASKS_TROUBLE, ASKS_REASON = "asks_trouble", "asks_reason"
#: The explanations that say why begin like this.
WHY = "why-"
#: The phrases that say that something has no explanation.
UNKNOWN = "explain-unknown"


class Move(StrEnum):
    """What a person does with a message."""

    DESCRIBE = "describe"
    START = "start"
    GREET = "greet"
    SMALL_TALK = "small_talk"
    AFFIRM = "affirm"
    DENY = "deny"
    DONE = "done"
    SOLVED = "solved"
    NOT_SOLVED = "not_solved"
    CANNOT = "cannot"
    NO_ADMIN_RIGHTS = "no_admin_rights"
    OFFLINE = "offline"
    DONT_KNOW = "dont_know"
    WHY = "why"
    EXPLAIN = "explain"
    BACK = "back"
    CORRECT = "correct"
    RESTART = "restart"
    HUMAN = "human"
    SWITCH_LANGUAGE = "switch_language"
    TICKET_STATUS = "ticket_status"


@dataclass(frozen=True)
class Reply:
    """The case after a message, and the answer: a Step, or a sentence of small talk.

    `hand_over` means: the case goes to a team, and the answer follows with its number.
    """

    case: Case
    step: Step | None = None
    sentence: str | None = None
    hand_over: bool = False


def reply(case: Case, heard: Heard, move: Move, knowledge: Knowledge) -> Reply:
    """Return the answer to a message and the case after it."""
    case = _in_language(case, heard)
    chosen = offered_choice(case, heard)
    if chosen is not None:
        return _after_choice(case, chosen, knowledge)
    if heard.choice is not None:
        return _go_on(case, knowledge, "choice-stale")
    topics = asked_topics(heard, move, knowledge)
    if topics:
        return _about(topics, case, heard, knowledge)
    return _ANSWERS[_really(case, heard, move, knowledge)](case, heard, knowledge)


def offered_choice(case: Case, heard: Heard) -> str | None:
    """Return the id of the offered choice that was clicked or typed, None without one."""
    choices = case.offered.choices if case.offered else ()
    if heard.choice is not None:
        return next((id_ for id_, _ in choices if id_ == heard.choice), None)
    return next((id_ for id_, label in choices if _same(label, heard.text)), None)


def with_step(case: Case, step: Step) -> Case:
    """Return the case that remembers what a Step offers; explanations offer nothing new."""
    if step.kind is Kind.EXPLAIN and step.id != "parked":
        return case
    choices = tuple((choice.id, choice.label) for choice in step.choices)
    return replace(case, offered=Offer(step.kind.value, step.id, choices))


def _same(label: str, said: str) -> bool:
    return _bare(label) == _bare(said)


def _bare(words: str) -> str:
    return "".join(char for char in words.casefold() if char.isalnum())


def _in_language(case: Case, heard: Heard) -> Case:
    """Return the case in the language of the message.

    A short message keeps the conversation's language, so that it never flaps.
    """
    if case.is_empty and not case.log:
        from_locale = "en" if heard.locale.lower().startswith("en") else ""
        default = from_locale or ("de" if heard.locale else case.language)
        return replace(case, language=heard.language or default)
    clear = heard.language is not None and len(heard.text.split()) >= MANY_WORDS
    return replace(case, language=heard.language or case.language) if clear else case


def _really(case: Case, heard: Heard, move: Move, knowledge: Knowledge) -> Move:
    """Return the move that a message is, given the case.

    A message with evidence, or a long first one, describes something whatever it sounds like; a
    move that the classifier only guesses is none.
    """
    if move is Move.START:
        return move
    guessed = heard.intents.get(heard.intent, 0.0) < knowledge.weights.understood_from
    if guessed and not (case.is_empty and move is Move.GREET):
        return Move.DESCRIBE
    if move in (Move.HUMAN, Move.RESTART):
        return move
    if heard.is_evidence:
        return Move.CORRECT if move is Move.CORRECT else Move.DESCRIBE
    answers = move not in (Move.DESCRIBE, Move.GREET, Move.SMALL_TALK, Move.TICKET_STATUS)
    long = len(heard.text.split()) >= MANY_WORDS
    if case.is_empty and (answers or move is Move.GREET) and long and move is not Move.EXPLAIN:
        return Move.DESCRIBE
    return move


def asked_topics(heard: Heard, move: Move, knowledge: Knowledge) -> tuple[Explanation, ...]:
    """Return the explanations that a message asks for; evidence is never a question.

    "What is X" asks for what X is, "why must I not X" for a reason; the classifier may waver.
    "What is the best activator for KMS" asks for what is declined, not for what KMS is.
    """
    known = tuple(knowledge.explanations[t] for t in heard.topics if t in knowledge.explanations)
    if heard.is_evidence or not known or is_refused(Case().with_heard(heard), knowledge):
        return ()
    sure = heard.intents.get(heard.intent, 0.0) >= knowledge.weights.understood_from
    words, asks = len(heard.text.split()), set(not_overridden(heard.terms, knowledge))
    describes = sure and heard.intent.startswith(DESCRIBE)
    short = words <= (QUESTION_WORDS if describes else LONG_QUESTION_WORDS)
    if ASKS_TROUBLE in asks:
        return ()
    reasons = tuple(topic for topic in known if topic.id.startswith(WHY))
    if (
        reasons
        and words <= LONG_QUESTION_WORDS
        and (ASKS_REASON in asks or (sure and move is Move.WHY))
    ):
        return reasons[:EXPLAINED]
    if (asks & {ASKS_MEANING, ASKS_THIS} and short) or (sure and move is Move.EXPLAIN):
        return known[:EXPLAINED]
    return ()


def _go_on(case: Case, knowledge: Knowledge, *notes: str) -> Reply:
    """Return the step the case is at, with notes before it."""
    return _said(case, decide(case, knowledge), knowledge, *notes)


def _said(case: Case, decision: Decision, knowledge: Knowledge, *notes: str) -> Reply:
    if decision.kind is Kind.TICKET and case.ticket is None:
        return Reply(case, hand_over=True)
    words = tuple(wording.phrase(knowledge, note, case.language) for note in notes)
    step = wording.say(replace(decision, notes=words), case, knowledge)
    return Reply(with_step(case, step), step)


def _after_choice(case: Case, chosen: str, knowledge: Knowledge) -> Reply:
    """Return the answer to a choice of the last Step."""
    offer = case.offered
    if offer is None or chosen == ChoiceId.RESTART:
        return _restart(case, Heard(""), knowledge)
    if chosen == ChoiceId.HUMAN:
        return _go_on(replace(case, wants_human=True), knowledge)
    if chosen == ChoiceId.HAND_OVER:
        return _go_on(case.with_entry("escalate", FAMILY, ChoiceId.YES), knowledge)
    if offer.id == "did-you-mean":
        yes = chosen == ChoiceId.YES
        codes = (*case.codes, *case.doubtful[:1]) if yes else case.codes
        return _go_on(replace(case, codes=codes, doubtful=case.doubtful[1:]), knowledge)
    if offer.id == "human" and chosen == ChoiceId.LATER:
        return _go_on(replace(case, wants_human=False), knowledge)
    return _go_on(case.with_entry(offer.kind, offer.id, chosen), knowledge)


def _describe(case: Case, heard: Heard, knowledge: Knowledge) -> Reply:
    """Take a description or evidence in and go on."""
    heard = replace(heard, terms=telling(heard.terms, knowledge))
    if case.answer("resolved", "case") or case.ticket:
        case = _fresh(case)
    if _adds_nothing(case, heard, knowledge):
        return _go_on(case, knowledge, "not-understood")
    in_walk = bool(case.log) or (case.offered is not None and not case.is_empty)
    after = case.with_heard(heard)
    if not in_walk:
        return _go_on(after, knowledge)
    fresh = [code for code in heard.codes if code not in case.codes]
    decision = decide(after, knowledge)
    unknown = decision.unexplained or unexplained(fresh, knowledge)
    return _said(after, replace(decision, unexplained=unknown), knowledge, "noted")


def _adds_nothing(case: Case, heard: Heard, knowledge: Knowledge) -> bool:
    """Tell whether a message in the middle of a walk says nothing that was not known."""
    if case.is_empty or case.offered is None or heard.is_evidence:
        return False
    new_terms = set(heard.terms) - set(case.terms)
    sure = max(heard.intents.values(), default=0.0) >= knowledge.weights.understood_from
    return not new_terms and not (sure and len(heard.text.split()) >= MANY_WORDS)


def _fresh(case: Case) -> Case:
    """Return an empty case that follows another in the same conversation."""
    return Case(number=case.number + 1, language=case.language)


def _greet(case: Case, heard: Heard, knowledge: Knowledge) -> Reply:
    if not case.is_empty:
        return _go_on(case, knowledge)
    return _said(case, Decision(Kind.GREET, "greet"), knowledge)


def _start(case: Case, heard: Heard, knowledge: Knowledge) -> Reply:
    return _greet(case, heard, knowledge)


def _restart(case: Case, heard: Heard, knowledge: Knowledge) -> Reply:
    """Begin a new case; what the message already says of it is taken in."""
    fresh = _fresh(case)
    if heard.is_evidence or contexts(Case(terms=heard.terms), knowledge):
        return _describe(fresh, heard, knowledge)
    return _said(fresh, Decision(Kind.GREET, "greet"), knowledge)


def _small_talk(case: Case, heard: Heard, knowledge: Knowledge) -> Reply:
    name = f"small-talk-{heard.intent}"
    known = name if name in knowledge.phrases else "small-talk-thanks"
    return Reply(case, sentence=wording.phrase(knowledge, known, case.language))


def _by_offer(
    answers: dict[str, str], note: str = "not-understood"
) -> Callable[[Case, Heard, Knowledge], Reply]:
    """Return an answer that counts as a choice, depending on the kind of Step offered last."""

    def answer(case: Case, heard: Heard, knowledge: Knowledge) -> Reply:
        kind = case.offered.kind if case.offered else ""
        chosen = answers.get(kind)
        offered = {id_ for id_, _ in case.offered.choices} if case.offered else set()
        if chosen in offered:
            return _after_choice(case, chosen, knowledge)
        return _go_on(case, knowledge, *([note] if case.offered else []))

    return answer


def _yes_or_no(word: str, answers: dict[str, str]) -> Callable[[Case, Heard, Knowledge], Reply]:
    """Return an answer for a plain yes or no: the choice that begins with that word."""
    fixed = _by_offer(answers)

    def answer(case: Case, heard: Heard, knowledge: Knowledge) -> Reply:
        said = _bare(wording.phrase(knowledge, word, case.language))
        choices = case.offered.choices if case.offered else ()
        fitting = [id_ for id_, label in choices if _bare(label.split(",")[0].split()[0]) == said]
        if len(fitting) == 1:
            return _after_choice(case, fitting[0], knowledge)
        return fixed(case, heard, knowledge)

    return answer


def _solved(case: Case, heard: Heard, knowledge: Knowledge) -> Reply:
    if case.is_empty:
        return _small_talk(case, heard, knowledge)
    return _go_on(case.with_entry("resolved", "case", ChoiceId.YES), knowledge)


def _lacks(need: Need) -> Callable[[Case, Heard, Knowledge], Reply]:
    def answer(case: Case, heard: Heard, knowledge: Knowledge) -> Reply:
        return _go_on(case.with_lacking(need.value), knowledge, "noted")

    return answer


def _why(case: Case, heard: Heard, knowledge: Knowledge) -> Reply:
    """Explain why the last step was asked for, and offer its choices again."""
    current = decide(case, knowledge)
    unit = current.check or current.question
    about = wording.text(unit.why, case.language) if unit else None
    if current.kind in (Kind.GREET, Kind.OUT_OF_SCOPE, Kind.REFUSE):
        about = None
    elif about is None:
        about = wording.say(current, case, knowledge).why
    cites = unit.sources if unit else ()
    return _aside(case, replace(current, id="why", about=about, cites=cites), knowledge)


def _explain(case: Case, heard: Heard, knowledge: Knowledge) -> Reply:
    """Say what the fault is about, and offer the last step's choices again."""
    unknown = ASKS_MEANING in not_overridden(heard.terms, knowledge)
    if case.is_empty and unknown and not telling(heard.terms, knowledge):
        return _said(case, Decision(Kind.EXPLAIN, UNKNOWN), knowledge)
    if case.is_empty:
        return _describe(case, heard, knowledge)
    notes = (wording.phrase(knowledge, UNKNOWN, case.language),) if unknown else ()
    fault = current_fault(case, knowledge)
    if fault is None:
        return _go_on(case, knowledge, *([UNKNOWN] if unknown else []))
    return _aside(case, Decision(Kind.EXPLAIN, "explain", fault=fault, notes=notes), knowledge)


def _about(
    topics: tuple[Explanation, ...], case: Case, heard: Heard, knowledge: Knowledge
) -> Reply:
    """Give explanations with their sources; the case stays where it is.

    What a first question speaks of is shown with the answer, but begins no case.
    """
    cites = tuple(dict.fromkeys(name for topic in topics for name in topic.sources))
    decision = Decision(Kind.EXPLAIN, topics[0].id, topics=topics, cites=cites)
    if not case.is_empty:
        return _aside(case, decision, knowledge)
    then = wording.phrase(knowledge, "explain-then", case.language)
    heard = replace(heard, terms=telling(heard.terms, knowledge))
    step = wording.say(replace(decision, about=then), case.with_heard(heard), knowledge)
    return Reply(case, step)


def _status(case: Case, heard: Heard, knowledge: Knowledge) -> Reply:
    return _aside(case, Decision(Kind.EXPLAIN, "status"), knowledge)


def _aside(case: Case, decision: Decision, knowledge: Knowledge) -> Reply:
    """Return an explanation that leaves the case where it is."""
    aside = replace(decision, kind=Kind.EXPLAIN, check=None, measure=None, question=None)
    step = wording.say(aside, case, knowledge)
    if case.offered is None or case.is_empty:
        return Reply(case, step)
    current = wording.say(decide(case, knowledge), case, knowledge)
    return Reply(with_step(case, current), replace(step, choices=current.choices))


def _back(case: Case, heard: Heard, knowledge: Knowledge) -> Reply:
    if case.wants_human:
        return _go_on(replace(case, wants_human=False), knowledge)
    return _go_on(case.without_last(), knowledge)


def _correct(case: Case, heard: Heard, knowledge: Knowledge) -> Reply:
    """Take back the last answer, or begin anew when something else is described."""
    if heard.is_evidence or len(heard.text.split()) >= MANY_WORDS:
        fresh = Case(number=case.number, language=case.language)
        return _describe(fresh, heard, knowledge)
    return _back(case, heard, knowledge)


def _human(case: Case, heard: Heard, knowledge: Knowledge) -> Reply:
    known = case.with_heard(heard) if heard.is_evidence else case
    said = known if known.said else replace(known, said=(heard.text,))
    return _go_on(replace(said, wants_human=True), knowledge)


def _switch_language(case: Case, heard: Heard, knowledge: Knowledge) -> Reply:
    """Go on in the language that was named, or in the other one."""
    said = heard.text.casefold()
    english, german = knowledge.phrases["word-english"], knowledge.phrases["word-german"]
    named = ["en"] * any(w in said for w in (english.de, english.en))
    named += ["de"] * any(w in said for w in (german.de, german.en))
    other = "de" if case.language == "en" else "en"
    case = replace(case, language=named[0] if len(named) == 1 else other)
    if case.is_empty:
        return _said(case, Decision(Kind.GREET, "greet"), knowledge, "language-switched")
    return _go_on(case, knowledge, "language-switched")


_KIND = {kind.name: kind.value for kind in Kind}
_ANSWERS: dict[Move, Callable[[Case, Heard, Knowledge], Reply]] = {
    Move.DESCRIBE: _describe,
    Move.START: _start,
    Move.GREET: _greet,
    Move.SMALL_TALK: _small_talk,
    Move.AFFIRM: _yes_or_no(
        "word-yes", {_KIND["CONSENT"]: ChoiceId.YES, _KIND["ESCALATE"]: ChoiceId.YES}
    ),
    Move.DENY: _yes_or_no(
        "word-no",
        {
            _KIND["CONSENT"]: ChoiceId.NO,
            _KIND["ESCALATE"]: ChoiceId.LATER,
            _KIND["MEASURE"]: ChoiceId.STILL,
        },
    ),
    Move.DONE: _by_offer({}, note="done-how-now"),
    Move.SOLVED: _solved,
    Move.NOT_SOLVED: _by_offer({_KIND["MEASURE"]: ChoiceId.STILL}),
    Move.CANNOT: _by_offer({_KIND["MEASURE"]: ChoiceId.CANNOT, _KIND["CHECK"]: ANYTHING_ELSE}),
    Move.NO_ADMIN_RIGHTS: _lacks(Need.ADMIN_RIGHTS),
    Move.OFFLINE: _lacks(Need.INTERNET),
    Move.DONT_KNOW: _by_offer(
        {
            _KIND["CHECK"]: ANYTHING_ELSE,
            _KIND["ASK"]: ChoiceId.UNKNOWN,
            _KIND["MEASURE"]: ChoiceId.CANNOT,
        }
    ),
    Move.WHY: _why,
    Move.EXPLAIN: _explain,
    Move.BACK: _back,
    Move.CORRECT: _correct,
    Move.RESTART: _restart,
    Move.HUMAN: _human,
    Move.SWITCH_LANGUAGE: _switch_language,
    Move.TICKET_STATUS: _status,
}
