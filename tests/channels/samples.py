"""Steps of every kind, made from the knowledge as the assistant makes them."""

from __future__ import annotations

from dataclasses import replace

from actions.case import Case, Heard, TicketNumber
from actions.decision import Decision
from actions.moves import Move, reply
from actions.step import Kind, Step
from actions.wording import say
from knowledge.store import Knowledge
from tests.actions.test_walks import every_stop

LANGUAGES = ("de", "en")


def walked(fault: str, language: str) -> tuple[Step, ...]:
    """Return every step that can be reached in a fault."""
    return tuple(at.step for at, _ in every_stop(fault, language=language))


def by_kind(language: str, knowledge: Knowledge) -> dict[str, Step]:
    """Return a Step of every kind, by a name that sorts as a conversation goes."""
    case = Case(language=language)
    heard = Heard("0xC004C008", codes=("0xC004C008",))
    handed = replace(
        case, codes=("0xC004F074",), said=("x",), ticket=TicketNumber("LL-1042", "infrastructure")
    )
    topic = knowledge.explanations["kms"]
    explained = Decision(Kind.EXPLAIN, topic.id, topics=(topic,), cites=topic.sources)
    asked = reply(case, heard, Move.DESCRIBE, knowledge).step
    assert asked
    kms = {step.kind: step for step in reversed(walked("kms-host-unreachable", language))}
    every = (step for fault in sorted(knowledge.faults) for step in walked(fault, language))
    rearm = next(s for s in every if s.kind is Kind.CONSENT and s.id == "rearm")
    every = (step for fault in sorted(knowledge.faults) for step in walked(fault, language))
    cautious = next(s for s in every if s.kind is Kind.MEASURE and s.risk == "limited")
    return {
        "01-greet": say(Decision(Kind.GREET, "greet"), case, knowledge),
        "02-ask": asked,
        "03-check": kms[Kind.CHECK],
        "04-measure": kms[Kind.MEASURE],
        "05-measure-limited": cautious,
        "06-consent": rearm,
        "07-escalate": kms[Kind.ESCALATE],
        "08-ticket": say(Decision(Kind.TICKET, "ticket"), handed, knowledge),
        "09-resolved": say(Decision(Kind.RESOLVED, "resolved"), case, knowledge),
        "10-explain": say(explained, case, knowledge),
        "11-refuse": say(Decision(Kind.REFUSE, "refuse"), case, knowledge),
        "12-out-of-scope": say(Decision(Kind.OUT_OF_SCOPE, "out-of-scope"), case, knowledge),
    }
