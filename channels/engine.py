"""The way to Rasa: the only module that talks to it, over HTTP.

A channel hands in what a person sent and gets back what to show, always. When Rasa is down,
slow or broken, the answer is an apology in the person's language.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import aiohttp

from actions.step import Step
from channels.cards import plain, say
from channels.redaction import LIMIT, Note, clean
from knowledge.store import Knowledge

log = logging.getLogger(__name__)

#: Conversations whose language and last choices are remembered.
CONVERSATIONS = 10_000


@dataclass(frozen=True)
class Incoming:
    """One message of a person. `choice` is the id of the button that was clicked.

    `id` is the channel's own name for the message; Rasa keeps it beside the message. `step` is the
    Step whose button was clicked: where it is given, a choice counts only while that Step is the
    last one.
    """

    conversation: str
    text: str
    locale: str = ""
    choice: str | None = None
    channel: str = "web"
    id: str = ""
    step: str = ""


@dataclass(frozen=True)
class Outgoing:
    """One answer: its plain text, and the Step where it is more than small talk.

    `failed`: this is the apology for having none.
    """

    text: str
    step: Step | None = None
    failed: bool = False


class Condition(StrEnum):
    """How Rasa is."""

    OK = "ok"
    UNREACHABLE = "unreachable"
    NO_ANSWER = "no_answer"


@dataclass(frozen=True)
class Health:
    """Whether the assistant can answer. `sentence` says what is missing, in English."""

    condition: Condition
    sentence: str = ""

    @property
    def ok(self) -> bool:
        """Whether Rasa has its model and an action answers."""
        return self.condition is Condition.OK


class NoAnswer(Exception):
    """Rasa gave nothing that can be shown."""


@dataclass
class _Talk:
    """What is remembered of a conversation between two messages."""

    language: str = ""
    offered: dict[str, str] = field(default_factory=dict)
    step: str = ""
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


def language_of(locale: str) -> str:
    """Return the language for a locale as browsers write it: `en`, otherwise `de`."""
    return "en" if locale.lower().startswith("en") else "de"


def _now() -> datetime:
    return datetime.now(UTC).astimezone()


class Engine:
    """Rasa, as the channels see it."""

    def __init__(
        self,
        http: aiohttp.ClientSession,
        rasa_url: str,
        knowledge: Knowledge,
        timeout_s: float = 4.0,
        now: Callable[[], datetime] = _now,
    ) -> None:
        self._http = http
        self._url = rasa_url.rstrip("/")
        self._phrases = knowledge.phrases
        self.timeout_s = timeout_s
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._now = now
        self._talks: OrderedDict[str, _Talk] = OrderedDict()

    async def answer(self, message: Incoming) -> tuple[Outgoing, ...]:
        """Return what to show for `message`. Never raises, never returns nothing."""
        cleaned = clean(message.text)
        if cleaned.note is Note.EMPTY or cleaned.note is Note.NOT_TEXT:
            return (self.phrase(f"channel_{cleaned.note}", message),)
        answers = await self._ask(message, cleaned.text)
        if cleaned.note is Note.CUT:
            return (self.phrase("channel_cut", message, limit=LIMIT), *answers)
        return answers

    async def start(
        self, conversation: str, locale: str = "", channel: str = "web", id: str = ""
    ) -> tuple[Outgoing, ...]:
        """Return the greeting of a new conversation."""
        message = Incoming(conversation, "", locale, channel=channel, id=id)
        return await self._ask(message, "/start")

    async def healthy(self) -> Health:
        """Return whether Rasa has its model and an action answers."""
        # One sender a minute of the day: no conversation grows, and their number is bounded.
        sender = self._now().strftime("health-%H%M")
        try:
            async with self._http.get(f"{self._url}/", timeout=self._timeout) as response:
                response.raise_for_status()
            items = await self._post({"sender": sender, "message": "/health_check"})
        except NoAnswer:
            return self._unwell(Condition.NO_ANSWER)
        except (aiohttp.ClientError, TimeoutError, OSError):
            return self._unwell(Condition.UNREACHABLE)
        if any(item.get("custom") == {"health": "ok"} for item in items):
            return Health(Condition.OK)
        return self._unwell(Condition.NO_ANSWER)

    def offered(self, conversation: str) -> Mapping[str, str]:
        """Return the choices of the conversation's last Step: id to label."""
        talk = self._talks.get(conversation)
        return dict(talk.offered) if talk else {}

    def last_step(self, conversation: str) -> str:
        """Return the id of the conversation's last Step, or an empty string."""
        talk = self._talks.get(conversation)
        return talk.step if talk else ""

    def recall(self, conversation: str, step: Mapping[str, Any]) -> None:
        """Remember the last Step of a conversation from before this server started."""
        _remember(self._talk(conversation), (Outgoing("", Step.from_json(step)),))

    def forget(self, conversation: str) -> None:
        """Remember nothing of a conversation."""
        self._talks.pop(conversation, None)

    def take_up(
        self, message: Incoming, items: Sequence[Mapping[str, Any]]
    ) -> tuple[Outgoing, ...]:
        """Return what to show for the answers that Rasa gave to `message` while nobody listened."""
        try:
            answers = tuple(self._outgoing(item) for item in items)
        except Exception as error:  # whatever stands there, as in _ask
            log.warning("rasa gave no answer: %s", type(error).__name__)
            return self.sorry(message)
        _remember(self._talk(message.conversation), answers)
        return answers

    def sorry(self, message: Incoming) -> tuple[Outgoing, ...]:
        """Return the apology for having no answer."""
        return (replace(self.phrase("channel_sorry", message), failed=True),)

    def phrase(self, name: str, message: Incoming, **values: object) -> Outgoing:
        """Return a phrase of the channel's own in the language of the conversation."""
        return Outgoing(say(self._phrases, name, self.language(message), **values))

    def language(self, message: Incoming) -> str:
        """Return the conversation's last language, else that of the locale, else German."""
        talk = self._talks.get(message.conversation)
        return (talk.language if talk else "") or language_of(message.locale)

    def _unwell(self, condition: Condition) -> Health:
        return Health(condition, say(self._phrases, f"channel_health_{condition}", "en"))

    def _chosen(self, message: Incoming) -> str | None:
        """Return the choice that was clicked, or whose label was typed."""
        if message.choice:
            return message.choice
        labels = {_folded(label): id_ for id_, label in self.offered(message.conversation).items()}
        return labels.get(_folded(message.text))

    async def _ask(self, message: Incoming, text: str) -> tuple[Outgoing, ...]:
        talk = self._talk(message.conversation)
        async with talk.lock:
            # Looked at here and not when it came: another message may have been on its way.
            if message.step and (message.step != talk.step or message.choice not in talk.offered):
                return (self.phrase("channel_choice_gone", message),)
            try:
                answers = await self._turn(message, text)
            except Exception as error:
                # All of them: whatever Rasa sends or does not send, the person gets an answer.
                # The type alone is logged: an error's text can hold what the person wrote.
                log.warning("rasa gave no answer: %s", type(error).__name__)
                return self.sorry(message)
            _remember(talk, answers)
            return answers

    async def _turn(self, message: Incoming, text: str) -> tuple[Outgoing, ...]:
        metadata = {
            "locale": message.locale,
            "choice": self._chosen(message),
            "channel": message.channel,
            "now": self._now().isoformat(),
        }
        if message.id:
            metadata["message_id"] = message.id
        items = await self._post(
            {"sender": message.conversation, "message": text, "metadata": metadata}
        )
        if not items:
            raise NoAnswer("an empty list")
        return tuple(self._outgoing(item) for item in items)

    async def _post(self, body: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the items of Rasa's answer; raises NoAnswer when it is none."""
        url = f"{self._url}/webhooks/rest/webhook"
        async with self._http.post(url, json=body, timeout=self._timeout) as response:
            if response.status != 200:
                raise NoAnswer(f"status {response.status}")
            try:
                items = json.loads(await response.text())
            except ValueError as error:
                raise NoAnswer("not JSON") from error
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise NoAnswer("not a list of messages")
        return items

    def _outgoing(self, item: Mapping[str, Any]) -> Outgoing:
        if isinstance(custom := item.get("custom"), dict):
            step = Step.from_json(custom)
            return Outgoing(plain(step, self._phrases), step)
        if text := item.get("text"):
            return Outgoing(str(text))
        raise NoAnswer("a message without text or Step")

    def _talk(self, conversation: str) -> _Talk:
        talk = self._talks.setdefault(conversation, _Talk())
        self._talks.move_to_end(conversation)
        if len(self._talks) > CONVERSATIONS:
            self._forget_oldest()
        return talk

    def _forget_oldest(self) -> None:
        oldest = next(name for name, talk in self._talks.items() if not talk.lock.locked())
        del self._talks[oldest]


def _folded(label: str) -> str:
    return " ".join(label.split()).casefold()


def _remember(talk: _Talk, answers: tuple[Outgoing, ...]) -> None:
    steps = [answer.step for answer in answers if answer.step]
    if steps:
        talk.language = steps[-1].language
        talk.step = steps[-1].id
        talk.offered = {choice.id: choice.label for choice in steps[-1].choices}
