"""A decision: what to say next, before it has words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from actions.step import Kind
from knowledge.schema import Check, EscalationSign, Explanation, Fault, Measure, Question


class Reason(StrEnum):
    """Why a case is handed over."""

    SIGN = "sign"
    EXHAUSTED = "exhausted"
    ANSWER = "answer"
    WISH = "wish"
    NO_ANSWER = "no-answer"
    PATIENCE = "patience"


class ChoiceId(StrEnum):
    """The choices that are not answers of a check or question."""

    YES = "yes"
    NO = "no"
    LATER = "later"
    WORKED = "worked"
    STILL = "still"
    CANNOT = "cannot"
    HUMAN = "human"
    HAND_OVER = "hand-over"
    RESTART = "restart"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Decision:
    """What to say next. `notes` are sentences that go before it.

    `about` and `cites` are what an explanation says and where that comes from, `topics` the
    explanations of the knowledge that are given. `unexplained` are codes of which only the family
    is known, or not even that; with the reason no-answer, nothing else is known of the case.
    """

    kind: Kind
    id: str
    fault: Fault | None = None
    check: Check | None = None
    measure: Measure | None = None
    question: Question | None = None
    reason: Reason | None = None
    sign: EscalationSign | None = None
    done: int = 0
    about: str | None = None
    cites: tuple[str, ...] = ()
    topics: tuple[Explanation, ...] = ()
    unexplained: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
