"""The case: everything a conversation has established, frozen, kept in one slot as JSON.

Nothing is ever changed in place; `back` is the log without its last entry.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

#: How much of what was said and pasted a case keeps for the ticket; characters per message.
MESSAGES_KEPT = 20
CHARACTERS_KEPT = 4_000

#: The intents that describe a problem carry their mechanism behind this prefix.
DESCRIBE = "describe_"


@dataclass(frozen=True)
class Entry:
    """One thing that happened: `kind` is ask, check, measure, consent or escalate."""

    kind: str
    id: str
    answer: str


@dataclass(frozen=True)
class Offer:
    """What was offered last: the Step's kind and id, and its choices as (id, label)."""

    kind: str
    id: str
    choices: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class TicketNumber:
    """The case was handed over under this number."""

    id: str
    team: str


@dataclass(frozen=True)
class Heard:
    """One message as the bot understood it.

    `intents` maps intent names to probabilities, `choice` is the id of a clicked choice,
    `language` is None when the message's words do not tell. `topics` are the explanations whose
    words occur, the longest words first.
    """

    text: str
    intents: Mapping[str, float] = field(default_factory=dict)
    language: str | None = None
    locale: str = ""
    codes: tuple[str, ...] = ()
    doubtful: tuple[str, ...] = ()
    terms: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    outputs: tuple[str, ...] = ()
    choice: str | None = None
    team_acts: float | None = None

    @property
    def intent(self) -> str:
        """Return the most probable intent, an empty name when there is none."""
        return max(self.intents, key=lambda name: self.intents[name], default="")

    @property
    def is_evidence(self) -> bool:
        """Tell whether the message carries a code, an output or a quoted error message."""
        return bool(self.codes or self.doubtful or self.facts or self.outputs or self.messages)


@dataclass(frozen=True)
class Case:
    """What is known of one problem.

    `intents` are those of the description, `lacking` what the person does not have
    (internet, company_network, admin_rights), `log` what was answered and done, in order.
    """

    number: int = 1
    language: str = "de"
    said: tuple[str, ...] = ()
    intents: Mapping[str, float] = field(default_factory=dict)
    team_acts: float | None = None
    codes: tuple[str, ...] = ()
    doubtful: tuple[str, ...] = ()
    terms: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    outputs: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()
    log: tuple[Entry, ...] = ()
    wants_human: bool = False
    offered: Offer | None = None
    ticket: TicketNumber | None = None

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing was described yet."""
        return not (self.said or self.codes or self.facts)

    def answer(self, kind: str, id_: str) -> str | None:
        """Return the last answer to a question, check, measure or consent, None without one."""
        answers = (e.answer for e in reversed(self.log) if (e.kind, e.id) == (kind, id_))
        return next(answers, None)

    def with_entry(self, kind: str, id_: str, answer: str) -> Case:
        """Return the case with one more thing that happened."""
        return replace(self, log=(*self.log, Entry(kind, id_, answer)))

    def without_last(self) -> Case:
        """Return the case before the last answer."""
        return replace(self, log=self.log[:-1])

    def with_lacking(self, need: str) -> Case:
        """Return the case of a person who does not have `need`."""
        return self if need in self.lacking else replace(self, lacking=(*self.lacking, need))

    def with_heard(self, heard: Heard) -> Case:
        """Return the case with a description and its evidence added."""
        described = any(name.startswith(DESCRIBE) for name in self.intents)
        return replace(
            self,
            said=(*self.said, heard.text[:CHARACTERS_KEPT])[-MESSAGES_KEPT:],
            intents=self.intents if described else dict(heard.intents),
            team_acts=_higher(self.team_acts, heard.team_acts),
            codes=_union(self.codes, heard.codes),
            doubtful=heard.doubtful,
            terms=_union(self.terms, heard.terms),
            messages=_union(self.messages, heard.messages),
            facts={**self.facts, **heard.facts},
            outputs=_union(self.outputs, heard.outputs),
        )

    def to_json(self) -> dict[str, Any]:
        """Return the case as plain JSON data."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any] | None) -> Case:
        """Return the case that `to_json` wrote; an empty case for None."""
        if not data:
            return cls()
        offered, ticket = data["offered"], data["ticket"]
        return cls(
            number=data["number"],
            language=data["language"],
            said=tuple(data["said"]),
            intents=data["intents"],
            team_acts=data["team_acts"],
            codes=tuple(data["codes"]),
            doubtful=tuple(data["doubtful"]),
            terms=tuple(data["terms"]),
            messages=tuple(data["messages"]),
            facts=data["facts"],
            outputs=tuple(data["outputs"]),
            lacking=tuple(data["lacking"]),
            log=tuple(Entry(**entry) for entry in data["log"]),
            wants_human=data["wants_human"],
            offered=_offer(offered) if offered else None,
            ticket=TicketNumber(**ticket) if ticket else None,
        )


def _offer(data: Mapping[str, Any]) -> Offer:
    choices = tuple((id_, label) for id_, label in data["choices"])
    return Offer(kind=data["kind"], id=data["id"], choices=choices)


def _higher(known: float | None, new: float | None) -> float | None:
    """Return the higher of two probabilities, None when there is none."""
    return max((one for one in (known, new) if one is not None), default=None)


def _union(known: tuple[str, ...], new: tuple[str, ...]) -> tuple[str, ...]:
    return (*known, *(item for item in new if item not in known))
