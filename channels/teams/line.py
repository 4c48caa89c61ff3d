"""The conversations in Teams: each is answered in order, one message at a time.

A message is acknowledged as soon as it stands in the journal. A worker per conversation shows
that an answer is being written, asks the engine, and delivers; it ends when nothing waits.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import uuid4

from actions.step import Choice, Step
from channels.cards import Phrases, is_unticked
from channels.engine import Engine, Incoming, Outgoing
from channels.redaction import LIMIT, Note, clean
from channels.teams import drawing, files
from channels.teams.activity import (
    Activity,
    Deed,
    FileRef,
    deed_of,
    files_of,
    has_picture,
    submit_of,
    words_of,
)
from channels.teams.files import Fetch, NotRead
from channels.teams.journal import Entry, Journal, Shown
from channels.teams.sending import NotDelivered, Patience, Sender

log = logging.getLogger(__name__)

Json = dict[str, Any]
#: Messages of one conversation that may wait.
WAITING = 8
#: Seconds between two signs that an answer is being written; Teams shows one for three.
TYPING = 2.5
#: Seconds to wait for the second event of an installation: one of the two knows the language.
SECOND_EVENT = 0.8
#: Seconds that answers under way have when the process ends, within the supervisor's grace.
GOODBYE = 2.0
#: Seconds between two looks whether Rasa is there, after a start with messages waiting.
LOOK = 1.0


class Interrupted(Exception):
    """The process ends; the message stays in the journal."""


@dataclass(frozen=True)
class Job:
    """What is to be answered, as the journal keeps it: without secrets.

    `phrase` is an answer of the channel's own, instead of one of the engine's. `also` is one that
    comes after the engine's.
    """

    reference: Mapping[str, Any]
    locale: str = ""
    text: str = ""
    choice: str = ""
    step: str = ""
    note: str = ""
    phrase: str = ""
    also: str = ""
    greet: bool = False
    has_files: bool = False


@dataclass
class _Queue:
    """The waiting entries of one conversation, and who works on them."""

    entries: deque[Entry] = field(default_factory=deque)
    worker: asyncio.Task[None] | None = None


@dataclass(frozen=True)
class Clicked:
    """What the click on a card does to it: replaced by another card, or a sentence shown."""

    card: Json | None = None
    sentence: str = ""


class Line:
    """The conversations in Teams, and who answers in them."""

    def __init__(
        self,
        engine: Engine,
        phrases: Phrases,
        journal: Journal,
        sender: Sender,
        now: Callable[[], datetime],
        patience: Patience,
        fetch: Fetch = files.fetch_from_microsoft,
        handbook: str = "",
    ) -> None:
        self._engine, self._phrases, self._handbook = engine, phrases, handbook
        self._journal, self._sender = journal, sender
        self._now, self._patience, self._fetch = now, patience, fetch
        self._queues: dict[str, _Queue] = {}
        self._files: dict[int, tuple[FileRef, ...]] = {}
        self._locales: dict[str, str] = {}
        self._ready = asyncio.Event()
        self._ready.set()
        self._closing = False

    # --- what arrives -----------------------------------------------------------------------

    def hear(self, activity: Activity) -> Clicked | None:
        """Take what happened; return what a click does to its card. Answers come later."""
        name, deed = conversation_of(activity), deed_of(activity)
        if deed is Deed.SAY:
            self._hear_words(name, activity)
        elif deed is Deed.CHOOSE:
            return self._hear_click(name, activity)
        elif deed is Deed.ARRIVE:
            self._hear_arrival(name, activity)
        elif deed is Deed.LEAVE:
            self._journal.forget(name)
        return None

    def _hear_words(self, name: str, activity: Activity) -> None:
        cleaned, sent = clean(words_of(activity)), files_of(activity)
        job = Job(reference_of(activity), activity.spoken_locale, cleaned.text)
        if sent:
            job = replace(job, has_files=True)
        elif cleaned.note is Note.EMPTY and has_picture(activity):
            job = replace(job, phrase="channel_attachment")
        elif cleaned.note in (Note.EMPTY, Note.NOT_TEXT):
            job = replace(job, phrase=f"channel_{cleaned.note}")
        else:
            also = "teams_picture" if has_picture(activity) else ""
            job = replace(job, note=cleaned.note or "", also=also)
        self._take(name, _id(activity, job.text), job, sent)

    def _hear_click(self, name: str, activity: Activity) -> Clicked:
        submit, shown = submit_of(activity), self._journal.shown(name)
        job = Job(reference_of(activity), activity.spoken_locale)
        choice = _choice(shown, submit.choice, submit.step)
        if shown is None or choice is None or shown.clicked not in ("", choice.id):
            return self._decline(name, activity, job, "channel_choice_gone")
        step = Step.from_json(shown.step)
        if is_unticked(step, choice.id, submit.model_extra or {}, self._phrases):
            return self._decline(name, activity, job, "channel_before_missing")
        if self._is_full(name):
            return Clicked(sentence=self._sentence("teams_many", name, job))
        if not shown.clicked:
            job = replace(job, text=choice.label, choice=choice.id, step=submit.step)
            self._take(name, _id(activity, ""), job)
            self._journal.click(name, choice.id, self._time())
        return Clicked(card=drawing.answered_card(step, choice, self._phrases, self._handbook))

    def _decline(self, name: str, activity: Activity, job: Job, phrase: str) -> Clicked:
        """Return the sentence with which a click is not taken; a submit gets it as a message."""
        if activity.type != "invoke":
            self._take(name, _id(activity, ""), replace(job, phrase=phrase))
        return Clicked(sentence=self._sentence(phrase, name, job))

    def _hear_arrival(self, name: str, activity: Activity) -> None:
        is_first = self._journal.greet(name, self._time())
        if activity.spoken_locale and (is_first or name in self._queues):
            self._locales[name] = activity.spoken_locale
        if not is_first:
            return
        job = Job(reference_of(activity), activity.spoken_locale, greet=True)
        if not activity.is_personal:
            job = replace(job, greet=False, phrase="teams_hello_group")
        self._take(name, f"hello {uuid4()}", job)

    def _take(self, name: str, activity: str, job: Job, sent: tuple[FileRef, ...] = ()) -> None:
        """Keep a job and have it answered; the first one too many is told so, others are not."""
        queue = self._queues.setdefault(name, _Queue())
        if len(queue.entries) > WAITING:
            log.warning("more than %s messages wait in a conversation", WAITING)
            return
        if self._is_full(name):
            job, sent = Job(job.reference, job.locale, phrase="teams_many"), ()
        number = self._journal.take(name, activity, asdict(job), self._time())
        if number is not None:
            self._files |= {number: sent} if sent else {}
            queue.entries.append(Entry(number, name, asdict(job), None, 0))
        self._work(name)

    def _is_full(self, name: str) -> bool:
        queue = self._queues.get(name)
        return queue is not None and len(queue.entries) >= WAITING

    # --- answering --------------------------------------------------------------------------

    def resume(self) -> asyncio.Task[None] | None:
        """Go on with what an earlier process left; return the task that waits for Rasa."""
        self._journal.tidy(self._time())
        waiting = self._journal.waiting()
        if not waiting:
            return None
        log.info("%s messages from before the start are answered now", len(waiting))
        self._ready.clear()
        for entry in waiting:
            self._queues.setdefault(entry.conversation, _Queue()).entries.append(entry)
        for name in tuple(self._queues):
            self._work(name)
        return asyncio.create_task(self._wait_for_rasa())

    async def close(self) -> None:
        """Let answers under way be delivered, for a moment; the rest stays in the journal."""
        self._closing = True
        workers = [one.worker for one in self._queues.values() if one.worker]
        if workers:
            await asyncio.wait(workers, timeout=GOODBYE)
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)

    async def _wait_for_rasa(self) -> None:
        while not (await self._engine.healthy()).ok:
            await self._patience.sleep(LOOK)
        self._ready.set()

    def _work(self, name: str) -> None:
        queue = self._queues[name]
        if queue.entries and not self._closing and (not queue.worker or queue.worker.done()):
            queue.worker = asyncio.create_task(self._work_through(name, queue))
        elif not queue.entries:
            del self._queues[name]

    async def _work_through(self, name: str, queue: _Queue) -> None:
        await self._ready.wait()
        try:
            while queue.entries and not self._closing:
                await self._serve(queue.entries[0])
                queue.entries.popleft()
        except Interrupted:
            return
        except Exception as error:
            # The journal has it: a later start tries again, and the next message goes on.
            log.error("a message could not be answered: %s", type(error).__name__)
            queue.entries.popleft()
        finally:
            queue.worker = None
        self._work(name)

    async def _serve(self, entry: Entry) -> None:
        job = Job(**entry.deed)
        answers = entry.answers
        if answers is None:
            async with self._typing(job):
                answers = await self._answers(entry, job)
        try:
            for number, answer in enumerate(answers[entry.sent :], entry.sent + 1):
                await self._deliver(job, answer)
                self._journal.sent(entry.number, number)
        except NotDelivered as error:
            log.error("an answer was not delivered: status %s", error.status)
            if not error.for_good:
                return  # it stays in the journal for the next start
        self._journal.done(entry.number)

    async def _deliver(self, job: Job, answer: Json) -> None:
        try:
            await self._sender.send(job.reference, answer["activity"])
        except NotDelivered as error:
            if error.status not in (400, 413) or "twin" not in answer:
                raise
            log.warning("a card was refused (status %s): its text is sent", error.status)
            await self._sender.send(job.reference, answer["twin"])

    async def _answers(self, entry: Entry, job: Job) -> tuple[Json, ...]:
        """Return the answers to a job, once they stand in the journal."""
        said = await self._ask(entry, job)
        if said[-1].failed:
            if self._closing:
                raise Interrupted
            self._journal.click(entry.conversation, "", self._time())  # it may be clicked again
        answers = tuple(self._drawn(one) for one in said)
        steps = [one.step for one in said if one.step]
        shown = steps[-1].to_json() | {"case": {}} if steps else None
        self._journal.answer(entry.number, answers, shown, self._time())
        return answers

    async def _ask(self, entry: Entry, job: Job) -> tuple[Outgoing, ...]:
        name = entry.conversation
        if job.greet:
            await self._patience.sleep(SECOND_EVENT)
            locale = self._locales.pop(name, job.locale)
            return await self._engine.start(name, locale, "teams")
        if job.has_files:
            job = await self._with_files(entry, job)
        message = Incoming(name, job.text, job.locale, job.choice or None, "teams")
        if job.choice and not _choice(self._journal.shown(name), job.choice, job.step):
            job = replace(job, phrase="channel_choice_gone")
        if job.phrase:
            return (self._engine.phrase(job.phrase, message),)
        answers = await self._engine.answer(message)
        before = (self._engine.phrase("channel_cut", message, limit=LIMIT),)
        after = (self._engine.phrase(job.also, message),) if job.also else ()
        return (*(before if job.note == Note.CUT else ()), *after, *answers)

    async def _with_files(self, entry: Entry, job: Job) -> Job:
        """Return the job with the text of its files; their addresses are in no journal."""
        sent = self._files.pop(entry.number, ())
        try:
            if not sent:
                raise NotRead("teams_file_gone")
            cleaned = clean(f"{job.text}\n{await files.text_of_files(sent, self._fetch)}")
        except NotRead as error:
            # Words beside the file are answered all the same.
            return (
                replace(job, also=error.phrase) if job.text else replace(job, phrase=error.phrase)
            )
        if cleaned.note in (Note.EMPTY, Note.NOT_TEXT):
            return replace(job, phrase=f"channel_{cleaned.note}")
        return replace(job, text=cleaned.text, note=cleaned.note or "")

    def _drawn(self, answer: Outgoing) -> Json:
        drawn = {"activity": drawing.message(answer, self._phrases, self._handbook)}
        return drawn | {"twin": drawing.text_only(answer.text)} if answer.step else drawn

    @contextlib.asynccontextmanager
    async def _typing(self, job: Job) -> AsyncIterator[None]:
        """Show that an answer is being written, as long as the block takes."""

        async def go_on() -> None:
            while True:
                await self._sender.typing(job.reference)
                await self._patience.sleep(TYPING)

        task = asyncio.create_task(go_on())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def _sentence(self, phrase: str, name: str, job: Job) -> str:
        return self._engine.phrase(phrase, Incoming(name, "", job.locale)).text

    def _time(self) -> float:
        return self._now().timestamp()


def _choice(shown: Shown | None, choice: str, step: str) -> Choice | None:
    """Return the choice of the last card that an id names; only that one is ours to take."""
    if shown is None or shown.step["id"] != step:
        return None
    offered = (Choice(**one) for one in shown.step["choices"])
    return next((one for one in offered if one.id == choice), None)


def conversation_of(activity: Activity) -> str:
    """Return the name of a conversation: in a channel, a thread is one, whoever writes in it."""
    return f"teams|{activity.conversation.id}"


def _id(activity: Activity, text: str) -> str:
    """Return what tells a message from one that was delivered twice; an edit is another one."""
    edit = f" {text}" if activity.type == "messageUpdate" else ""
    return f"{activity.id or uuid4()}{edit}"


def reference_of(activity: Activity) -> Json:
    """Return where an answer goes; nobody's name is in it."""
    talk = activity.conversation.model_dump(exclude_none=True)
    reference: Json = {
        "serviceUrl": activity.serviceUrl,
        "channelId": activity.channelId or "msteams",
        "conversation": talk,
        "from": {"id": activity.sender.id} if activity.sender.id else None,
        "recipient": {"id": activity.recipient.id},
        # Answers go beside what they answer: in a channel, into its thread.
        "id": activity.id,
    }
    return {name: value for name, value in reference.items() if value is not None}
