"""What a team gets when it takes a case over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from actions.case import Case
from actions.evidence import fault_for, understand
from actions.unexplained import handed_over_unexplained, team_of
from actions.walk import lacking
from knowledge.store import Knowledge
from knowledge.words import Mechanism, Team

#: Facts that say which device and which licence it is about.
DEVICE_FACTS = ("edition", "partial_key", "join_type", "device_state", "tpm_protected")


@dataclass(frozen=True)
class Handoff:
    """A complete case. `at` is an ISO time in UTC; outputs and words are already redacted."""

    key: str
    at: str
    team: str
    language: str
    fault: str | None
    mechanism: str
    codes: tuple[str, ...]
    licence_channel: str | None
    tenant_id: str | None
    device: dict[str, str]
    facts: dict[str, str]
    context: tuple[str, ...]
    checks: tuple[tuple[str, str], ...]
    advised: tuple[tuple[str, str], ...]
    lacking: tuple[str, ...]
    said: tuple[str, ...]
    outputs: tuple[str, ...]
    contact: str
    urgent: bool

    def to_json(self) -> dict[str, Any]:
        """Return the handoff as plain JSON data."""
        return asdict(self)


class TicketSystem(Protocol):
    """Where cases go. The outbox is the first; a real ticket system stands behind it."""

    def hand_over(
        self, handoff: Handoff, answer: Callable[[str], dict[str, Any]]
    ) -> dict[str, Any]:
        """Keep the handoff and return the answer that names its number.

        `answer` makes the answer from the number. The same `handoff.key` gives the same answer
        again: a case is handed over once.
        """


def handoff_of(case: Case, knowledge: Knowledge, *, conversation: str, at: str) -> Handoff:
    """Return what the team in charge needs of a case."""
    seen = understand(case, knowledge)
    mechanism = seen.ranking[0][0] if case.said or case.codes or case.facts else Mechanism.UNKNOWN
    by_code = handed_over_unexplained(case)
    fault = None if by_code else fault_for(case, mechanism, knowledge)
    of_fault = fault.escalation.team if fault and not case.wants_human else Team.NONE
    return Handoff(
        key=f"{conversation}/{case.number}",
        at=at,
        team=(team_of(case.codes, knowledge) if by_code else of_fault).value,
        language=case.language,
        fault=fault.id if fault else None,
        mechanism=mechanism.value,
        codes=case.codes,
        licence_channel=case.facts.get("licence_channel"),
        tenant_id=case.facts.get("tenant_id"),
        device={name: case.facts[name] for name in DEVICE_FACTS if name in case.facts},
        facts=dict(case.facts),
        context=tuple(context.value for context in seen.context),
        checks=tuple((e.id, e.answer) for e in case.log if e.kind in ("ask", "check")),
        advised=tuple((e.id, e.answer) for e in case.log if e.kind in ("measure", "consent")),
        lacking=tuple(sorted(need.value for need in lacking(case, knowledge))),
        said=case.said,
        outputs=case.outputs,
        contact=conversation,
        urgent="urgent" in case.terms,
    )
