"""The doors between Rasa and the pure functions: read the tracker, answer, return events.

The bot's rules choose the Action (bot/rules); each Action names the move it stands for.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import wording
from actions.case import Case, Heard, TicketNumber
from actions.handoff.handoff import TicketSystem, handoff_of
from actions.handoff.outbox import Outbox
from actions.moves import Move, Reply, reply, with_step
from actions.readers import read_all
from actions.triage import decide
from knowledge.store import Knowledge, load

OUTBOX_DEFAULT = ".lotse/state/outbox.sqlite"


@dataclass(frozen=True)
class Desk:
    """What an Action works with; made once, when the first message comes."""

    knowledge: Knowledge
    tickets: TicketSystem
    now: Callable[[], datetime]


@cache
def desk() -> Desk:
    """Return the desk of this process. LOTSE_OUTBOX names the outbox's file."""
    outbox = Outbox(Path(os.environ.get("LOTSE_OUTBOX", OUTBOX_DEFAULT)))
    return Desk(knowledge=load(), tickets=outbox, now=lambda: datetime.now(UTC))


def heard_from(message: Mapping[str, Any]) -> Heard:
    """Return the latest message of a tracker, as the bot understood it."""
    text = message.get("text") or ""
    entities: list[Mapping[str, Any]] = message.get("entities") or []
    ranking: list[Mapping[str, Any]] = message.get("intent_ranking") or [message.get("intent", {})]
    metadata: Mapping[str, Any] = message.get("metadata") or {}
    readings = read_all(text)
    return Heard(
        text=text,
        intents={r["name"]: float(r["confidence"]) for r in ranking if r.get("name")},
        language=message.get("language"),
        locale=str(metadata.get("locale") or ""),
        codes=_values(entities, "code", certain=True),
        doubtful=_values(entities, "code", certain=False),
        terms=_values(entities, "term"),
        topics=_values(entities, "topic"),
        messages=_values(entities, "message"),
        facts={name: value for reading in readings for name, value in reading.facts.items()},
        outputs=(text,) if message.get("outputs") or readings else (),
        choice=metadata.get("choice"),
        team_acts=message.get("team_acts"),
    )


def _values(entities: list[Mapping[str, Any]], name: str, **wanted: Any) -> tuple[str, ...]:
    fitting = (e for e in entities if e["entity"] == name)
    right = (e for e in fitting if all(e.get(key) == value for key, value in wanted.items()))
    return tuple(dict.fromkeys(str(entity["value"]) for entity in right))


def answer(case: Case, heard: Heard, move: Move, conversation: str, at: Desk) -> Reply:
    """Return the answer to a message; a case that is handed over gets its number here."""
    replied = reply(case, heard, move, at.knowledge)
    return _handed_over(replied.case, conversation, at) if replied.hand_over else replied


def _handed_over(case: Case, conversation: str, at: Desk) -> Reply:
    """Return the answer with the case's number; both are kept in one transaction."""
    now = at.now().isoformat(timespec="seconds")
    handoff = handoff_of(case, at.knowledge, conversation=conversation, at=now)

    def with_number(number: str) -> dict[str, Any]:
        numbered = replace(case, ticket=TicketNumber(number, handoff.team))
        step = wording.say(decide(numbered, at.knowledge), numbered, at.knowledge)
        return {"number": number, "team": handoff.team, "step": step.to_json()}

    told = at.tickets.hand_over(handoff, with_number)
    numbered = replace(case, ticket=TicketNumber(told["number"], told["team"]))
    step = wording.say(decide(numbered, at.knowledge), numbered, at.knowledge)
    return Reply(with_step(numbered, step), step)


class Door(Action, ABC):
    """Reads the tracker, asks for the answer, returns the case. Subclasses name the move."""

    @property
    @abstractmethod
    def move(self) -> Move:
        """The move that this Action stands for."""

    def name(self) -> str:
        """Return the name that bot/domain lists."""
        return f"action_{self.move}"

    def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Answer the latest message."""
        case = Case.from_json(tracker.get_slot("case"))
        heard = heard_from(tracker.latest_message)
        replied = answer(case, heard, self.move, str(tracker.sender_id), desk())
        if replied.step:
            dispatcher.utter_message(json_message=replied.step.to_json())
        else:
            dispatcher.utter_message(text=replied.sentence)
        return [SlotSet("case", replied.case.to_json())]


class ActionDescribe(Door):
    """A problem is described, or evidence for it is given."""

    move = Move.DESCRIBE


class ActionStart(Door):
    """A conversation is opened."""

    move = Move.START


class ActionGreet(Door):
    """Somebody says hello."""

    move = Move.GREET


class ActionSmallTalk(Door):
    """Thanks, goodbye, an insult, or the question whether this is a bot."""

    move = Move.SMALL_TALK


class ActionAffirm(Door):
    """Yes."""

    move = Move.AFFIRM


class ActionDeny(Door):
    """No."""

    move = Move.DENY


class ActionDone(Door):
    """It was done."""

    move = Move.DONE


class ActionSolved(Door):
    """It works again."""

    move = Move.SOLVED


class ActionNotSolved(Door):
    """It was done and nothing changed."""

    move = Move.NOT_SOLVED


class ActionCannot(Door):
    """It cannot be done."""

    move = Move.CANNOT


class ActionNoAdminRights(Door):
    """The person has no administrator rights."""

    move = Move.NO_ADMIN_RIGHTS


class ActionOffline(Door):
    """The person has no internet."""

    move = Move.OFFLINE


class ActionDontKnow(Door):
    """The person does not know."""

    move = Move.DONT_KNOW


class ActionWhy(Door):
    """The reason for a question is wanted."""

    move = Move.WHY


class ActionExplain(Door):
    """An explanation of the fault is wanted."""

    move = Move.EXPLAIN


class ActionBack(Door):
    """One step back."""

    move = Move.BACK


class ActionCorrect(Door):
    """The last answer was wrong."""

    move = Move.CORRECT


class ActionRestart(Door):
    """Something else, or from the beginning."""

    move = Move.RESTART


class ActionHuman(Door):
    """A person is wanted."""

    move = Move.HUMAN


class ActionSwitchLanguage(Door):
    """The other language is wanted."""

    move = Move.SWITCH_LANGUAGE


class ActionTicketStatus(Door):
    """The state of the handed over case is wanted."""

    move = Move.TICKET_STATUS


class ActionHealth(Action):
    """Answers the question whether an action answers (channels/engine.py asks it)."""

    def name(self) -> str:
        """Return the name that bot/domain lists."""
        return "action_health"

    def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Say that the knowledge is loaded and the actions answer."""
        desk()
        dispatcher.utter_message(json_message={"health": "ok"})
        return []
