"""The conversations of this server, and who answers in them."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from actions.step import Step
from channels.cards import Phrases, attachment, is_unticked, suggested_actions
from channels.directline.inbound import File, Posted, Submit
from channels.directline.refused import Refused
from channels.directline.store import ACTIVITIES, Kept, Store, Waiting
from channels.directline.tokens import Pass, Tokens
from channels.engine import Engine, Incoming, Outgoing
from channels.redaction import Note, clean
from channels.text_files import decoded
from channels.tracker import Tracker

log = logging.getLogger(__name__)

Json = dict[str, Any]

BOT = {"id": "lizenzlotse", "name": "Lizenzlotse", "role": "bot"}
#: Conversations in memory, messages of one that wait for an answer, and its open streams.
CONVERSATIONS = 2_000
WAITING = 8
LISTENERS = 10
#: Seconds that answers on their way have when the server ends; what is later waits on disk.
GOODBYE = 1.5
#: Seconds between two looks at whether Rasa has finished a turn that this server did not see end.
LOOK = 0.2


@dataclass
class Conversation:
    """The activities of one conversation, numbered from 1; `last` is the newest number."""

    id: str
    user: str
    locale: str = ""
    last: int = 0
    waiting: int = 0
    listeners: int = 0
    gone: bool = False
    activities: dict[int, Json] = field(default_factory=dict)
    turns: asyncio.Lock = field(default_factory=asyncio.Lock)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def name(self, number: int) -> str:
        """Return the id of the activity with this number."""
        return f"{self.id}|{number:07}"

    def take(self, activities: dict[int, Json]) -> None:
        """Take activities in, and tell who listens."""
        self.activities |= activities
        self.last = max(self.last, *activities) if activities else self.last
        while len(self.activities) > ACTIVITIES:
            del self.activities[next(iter(self.activities))]
        self.tell()

    def tell(self) -> None:
        """Tell who listens that something has changed."""
        self._changed.set()
        self._changed = asyncio.Event()

    def drop(self, number: int) -> None:
        """Forget an activity that was of use for a moment only."""
        self.activities.pop(number, None)

    def after(self, watermark: int) -> Json:
        """Return the activities after a number, as Direct Line answers them."""
        newer = [one for number, one in self.activities.items() if number > watermark]
        return {"activities": newer, "watermark": str(self.last)}

    async def changed(self) -> None:
        """Wait for the next activity."""
        await self._changed.wait()

    def sent_as(self, client_id: str) -> str | None:
        """Return the id of the activity that its client has named so."""
        known = (
            one["id"]
            for one in reversed(self.activities.values())
            if client_id and one.get("channelData", {}).get("clientActivityID") == client_id
        )
        return next(known, None)

    def steps(self) -> list[Json]:
        """Return the Steps that were shown, the newest first."""
        shown = (one.get("channelData", {}).get("step") for one in self.activities.values())
        return [step for step in shown if step][::-1]

    def label(self, submit: Submit) -> str | None:
        """Return the label of a choice, if it was ever offered here."""
        for step in self.steps():
            if submit.step in ("", step["id"]):
                for choice in step["choices"]:
                    if choice["id"] == submit.choice:
                        return str(choice["label"])
            if not submit.step:
                break  # who names no Step means the last
        return None

    def tickets(self) -> tuple[str, ...]:
        """Return the numbers of the cases that were handed over here."""
        numbers = [step["ticket"]["id"] for step in reversed(self.steps()) if step.get("ticket")]
        return tuple(dict.fromkeys(numbers))


@dataclass(frozen=True)
class Forgotten:
    """What became of a conversation: whether Rasa's record is deleted, and what stays."""

    tracker: bool
    tickets: tuple[str, ...]


class Line:
    """The conversations of this server, and who answers in them."""

    def __init__(
        self,
        engine: Engine,
        phrases: Phrases,
        tokens: Tokens,
        now: Callable[[], datetime],
        store: Store | None = None,
        tracker: Tracker | None = None,
        handbook: str = "",
    ) -> None:
        self.tokens = tokens
        self.phrases = phrases
        self.sockets: set[web.WebSocketResponse] = set()
        self._engine = engine
        self._now = now
        self._handbook = handbook
        self._store = store or Store()
        self._tracker = tracker or Tracker()
        self._conversations: OrderedDict[str, Conversation] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()

    # --- conversations ----------------------------------------------------------------------

    def find(self, name: str) -> Conversation | None:
        """Return a conversation, if it is known."""
        if conversation := self._conversations.get(name):
            self._conversations.move_to_end(name)
            return conversation
        kept = self._store.find(name)
        return self._recalled(kept) if kept and not kept.forgotten else None

    def open(self, holder: Pass, locale: str = "") -> Conversation:
        """Open a conversation and greet in the background; raises Refused when it was deleted."""
        if self._store.find(holder.conversation):
            raise Refused(404, "BadArgument", "This conversation was deleted.")
        self._store.prune(self._now())
        self._store.open(holder.conversation, holder.user, locale, self._now())
        conversation = self._remembered(Conversation(holder.conversation, holder.user, locale))
        self._answer(conversation, Waiting(conversation.id, 0, {}, self._now()))
        return conversation

    def touch(self, conversation: Conversation) -> None:
        """Note that somebody is still there."""
        self._store.touch(conversation.id, self._now())

    def take_up(self) -> None:
        """Answer the messages that had no answer when the server ended."""
        self._store.prune(self._now())
        for waiting in self._store.waiting():
            if conversation := self.find(waiting.conversation):
                self._answer(conversation, waiting, again=True)

    async def forget(self, conversation: Conversation) -> Forgotten:
        """Delete a conversation: here, in the engine, and in Rasa where we can."""
        conversation.gone = True
        async with conversation.turns:
            tickets = conversation.tickets()
            self._store.forget(conversation.id)
            self._conversations.pop(conversation.id, None)
            conversation.activities.clear()
            conversation.tell()
            self._engine.forget(conversation.id)
            deleted = await asyncio.to_thread(self._tracker.forget, conversation.id)
        return Forgotten(deleted, tickets)

    async def close(self) -> None:
        """Give answers on their way a moment, then stop. What is unanswered waits on disk."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=GOODBYE)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._store.close()

    def language(self, conversation: Conversation) -> str:
        """Return the language of a conversation."""
        return self._engine.language(Incoming(conversation.id, "", conversation.locale))

    def _recalled(self, kept: Kept) -> Conversation:
        conversation = Conversation(kept.id, kept.user, kept.locale, kept.last)
        conversation.activities.update(kept.activities)
        if steps := conversation.steps():
            self._engine.recall(conversation.id, steps[0])
        return self._remembered(conversation)

    def _remembered(self, conversation: Conversation) -> Conversation:
        self._conversations[conversation.id] = conversation
        if len(self._conversations) > CONVERSATIONS:
            quiet = (
                name
                for name, one in self._conversations.items()
                if not one.listeners and not one.waiting and one is not conversation
            )
            if name := next(quiet, None):
                del self._conversations[name]  # it stays on disk
        return conversation

    # --- messages ---------------------------------------------------------------------------

    def hear(self, conversation: Conversation, posted: Posted, files: Sequence[File] = ()) -> str:
        """Keep what a person sent and answer it in the background; return its id.

        The same activity sent again, as after a lost connection, counts once. Raises Refused when
        the person is too far ahead of the answers, or clicks what was never offered.
        """
        if known := conversation.sent_as(posted.client_id()):
            return known
        if conversation.waiting >= WAITING:
            raise Refused(
                429,
                "TooManyRequests",
                "Wait for the answers to earlier messages.",
                phrase="web_too_fast",
                retry_after=2,
            )
        conversation.locale = posted.locale or conversation.locale
        submit = posted.submit()
        label = conversation.label(submit) if submit else None
        if submit and label is None:
            raise Refused(400, "BadArgument", "This choice was never offered here.")
        text = label or posted.words()
        message = Incoming(conversation.id, text, conversation.locale)
        echo = _echo(conversation, posted, text)
        if submit and not self._is_current(conversation, submit):
            return self._say(conversation, echo, "channel_choice_gone", message)
        if submit and self._is_unticked(conversation, submit):
            return self._say(conversation, echo, "channel_before_missing", message)
        if files:
            return self._hear_files(conversation, echo, text, files)
        if posted.attachments and not text.strip():
            return self._say(conversation, echo, "channel_attachment", message)
        if submit:
            step = self._engine.last_step(conversation.id)
            clicked = {"text": text, "choice": submit.choice, "step": step}
            return self._keep_waiting(conversation, echo, clicked)
        return self._keep_waiting(conversation, echo, {"text": text})

    def _hear_files(
        self, conversation: Conversation, echo: Json, text: str, files: Sequence[File]
    ) -> str:
        """Take text files as a paste; return the id of the echo."""
        pastes = [decoded(file.data) for file in files]
        echo["attachments"] = [
            {"contentType": "text/plain", "name": clean(unquote(file.name[:100])).text or "–"}
            for file in files
        ]
        readable = [paste for paste in pastes if paste and clean(paste).note is not Note.NOT_TEXT]
        if len(readable) < len(files):
            message = Incoming(conversation.id, "", conversation.locale)
            return self._say(conversation, echo, "channel_attachment", message)
        return self._keep_waiting(conversation, echo, {"text": "\n".join([text, *readable])})

    def _is_current(self, conversation: Conversation, submit: Submit) -> bool:
        offered = self._engine.offered(conversation.id)
        last = self._engine.last_step(conversation.id)
        return submit.step in ("", last) and submit.choice in offered

    def _is_unticked(self, conversation: Conversation, submit: Submit) -> bool:
        last = next(iter(conversation.steps()), None)
        ticks = submit.model_extra or {}
        return last is not None and is_unticked(
            Step.from_json(last), submit.choice, ticks, self.phrases
        )

    def _say(self, conversation: Conversation, echo: Json, phrase: str, message: Incoming) -> str:
        """Keep what was sent beside a phrase that answers it; return the id of the former."""
        said = self._activity(conversation, self._engine.phrase(phrase, message))
        number = conversation.last + 1
        said["replyToId"] = conversation.name(number)
        self._keep(conversation, [echo, said])
        return conversation.name(number)

    def _keep_waiting(self, conversation: Conversation, echo: Json, message: Json) -> str:
        """Keep what was sent and answer it in the background; return its id."""
        number = conversation.last + 1
        # On disk without secrets; whole in memory, where the engine says what it did with it.
        kept = message | {"text": clean(message["text"]).text}
        self._keep(
            conversation, [echo], waiting=Waiting(conversation.id, number, kept, self._now())
        )
        self._answer(conversation, Waiting(conversation.id, number, message, self._now()))
        return conversation.name(number)

    # --- answers ----------------------------------------------------------------------------

    def _answer(self, conversation: Conversation, waiting: Waiting, again: bool = False) -> None:
        conversation.waiting += 1
        task = asyncio.create_task(self._reply(conversation, waiting, again))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _reply(self, conversation: Conversation, waiting: Waiting, again: bool) -> None:
        try:
            async with conversation.turns:
                if conversation.gone:
                    return
                typing = self._show_typing(conversation)
                try:
                    answers = await self._answers(conversation, waiting, again)
                finally:
                    conversation.drop(typing)
                if not conversation.gone:
                    self._deliver(conversation, answers, waiting.number)
        finally:
            conversation.waiting -= 1

    async def _answers(
        self, conversation: Conversation, waiting: Waiting, again: bool
    ) -> tuple[Outgoing, ...]:
        message = Incoming(
            conversation.id,
            str(waiting.message.get("text", "")),
            conversation.locale,
            waiting.message.get("choice"),
            id=conversation.name(waiting.number),
            step=str(waiting.message.get("step", "")),
        )
        if again and (missed := await self._missed(message, waiting.since)):
            return missed
        if not waiting.number:
            return await self._engine.start(conversation.id, conversation.locale, id=message.id)
        return await self._engine.answer(message)

    async def _missed(self, message: Incoming, since: datetime) -> tuple[Outgoing, ...]:
        """Return what Rasa has answered to a message that this server did not see answered.

        A turn that is still going on is waited for: asking again would count it twice.
        """
        while True:
            heard = await asyncio.to_thread(self._tracker.heard, message.conversation, message.id)
            if heard and heard.answers:
                return self._engine.take_up(message, heard.answers)
            age = (self._now() - since).total_seconds()
            if age > self._engine.timeout_s or not self._tracker.path:
                return self._engine.sorry(message) if heard else ()
            await asyncio.sleep(LOOK)

    def _deliver(
        self, conversation: Conversation, answers: Sequence[Outgoing], number: int
    ) -> None:
        replies = [self._activity(conversation, answer) for answer in answers]
        if number:
            replies = [reply | {"replyToId": conversation.name(number)} for reply in replies]
        self._keep(conversation, replies, answered=number)

    def _show_typing(self, conversation: Conversation) -> int:
        """Show that an answer is on its way; return the number of that activity."""
        number = conversation.last + 1
        self._store.count(conversation.id, number)
        conversation.take(
            {number: self._stamped(conversation, number, {"type": "typing", "from": BOT})}
        )
        return number

    def _keep(
        self,
        conversation: Conversation,
        activities: Sequence[Json],
        *,
        waiting: Waiting | None = None,
        answered: int | None = None,
    ) -> None:
        """Keep activities under the next numbers, on disk first, then tell who listens."""
        numbered = {
            number: self._stamped(conversation, number, one)
            for number, one in enumerate(activities, conversation.last + 1)
        }
        self._store.add(
            conversation.id,
            conversation.locale,
            numbered,
            self._now(),
            waiting=waiting,
            answered=answered,
        )
        conversation.take(numbered)

    def _stamped(self, conversation: Conversation, number: int, activity: Json) -> Json:
        return {
            "id": conversation.name(number),
            "timestamp": self._now().astimezone(UTC).isoformat(timespec="milliseconds"),
            "channelId": "directline",
            "conversation": {"id": conversation.id},
            **activity,
        }

    def _activity(self, conversation: Conversation, answer: Outgoing) -> Json:
        activity: Json = {
            "type": "message",
            "from": BOT,
            "text": answer.text,
            "textFormat": "plain",
        }
        step = answer.step
        if not step:
            return activity | {"locale": self.language(conversation)}
        activity |= {
            "locale": step.language,
            "attachments": [attachment(step, self.phrases, self._handbook)],
            "channelData": {"step": step.to_json()},
        }
        if suggested := suggested_actions(step):
            activity["suggestedActions"] = suggested | {"to": [conversation.user]}
        return activity


LINE = web.AppKey("line", Line)


def _echo(conversation: Conversation, posted: Posted, text: str) -> Json:
    """Return what a person sent as the conversation keeps it: without secrets."""
    echo: Json = {
        "type": "message",
        "from": {"id": conversation.user, "role": "user"},
        "text": clean(text).text,
        "textFormat": "plain",
        "locale": conversation.locale,
    }
    # Web Chat finds its own message again by this, and we one that is sent twice.
    if client := posted.client_id():
        echo["channelData"] = {"clientActivityID": client}
    return echo
