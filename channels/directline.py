"""Direct Line 3.0, served by ourselves, for Web Chat in a browser.

A browser gets a short-lived token bound to one conversation and one user, never a secret. The
same server keeps the activities of a conversation, so that the chat survives a reload.
Protocol: https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-direct-line-3-0-api-reference
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from secrets import token_urlsafe
from typing import Any, TypeVar

import jwt
from aiohttp import hdrs, web
from pydantic import BaseModel, ConfigDict, ValidationError

from channels.cards import Phrases, attachment, suggested_actions
from channels.engine import Engine, Incoming, Outgoing
from channels.redaction import clean

log = logging.getLogger(__name__)

Json = dict[str, Any]
M = TypeVar("M", bound=BaseModel)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

PREFIX = "/directline"
BOT = {"id": "lizenzlotse", "name": "Lizenzlotse", "role": "bot"}
TOKEN_LIFE = timedelta(minutes=30)
ALGORITHM = "HS256"
#: Characters of a request body, conversations and activities that are kept, waiting messages.
BODY_LIMIT = 256 * 1024
CONVERSATIONS = 5_000
ACTIVITIES = 1_000
WAITING = 8


class Refused(Exception):
    """A request that is not served: an HTTP status, a code and a sentence for a developer."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


# --- tokens ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Pass:
    """What a token lets its bearer do: speak as one user in one conversation."""

    conversation: str
    user: str


class Tokens:
    """Signs and reads tokens."""

    def __init__(self, secret: str, now: Callable[[], datetime]) -> None:
        self._secret = secret
        self._now = now

    def new(self) -> Pass:
        """Return a pass for a conversation that nobody else knows."""
        return Pass(token_urlsafe(18), f"dl_{token_urlsafe(12)}")

    def sign(self, holder: Pass) -> Json:
        """Return the token of a pass, as Direct Line answers it."""
        now = self._now()
        claims = {
            "conv": holder.conversation,
            "user": holder.user,  # Web Chat reads this one
            "iat": now,
            "exp": now + TOKEN_LIFE,
        }
        return {
            "conversationId": holder.conversation,
            "token": jwt.encode(claims, self._secret, ALGORITHM),
            "expires_in": int(TOKEN_LIFE.total_seconds()),
        }

    def read(self, token: str) -> Pass:
        """Return the pass that a token carries; raises Refused."""
        try:
            claims = jwt.decode(
                token,
                self._secret,
                [ALGORITHM],
                # The clock is handed in, so the day is compared below and not by the library.
                options={
                    "require": ["exp", "conv", "user"],
                    "verify_exp": False,
                    "verify_iat": False,
                },
            )
        except jwt.InvalidTokenError as error:
            raise Refused(401, "Unauthorized", "The token is missing or not valid.") from error
        if self._now().timestamp() >= claims["exp"]:
            raise Refused(403, "TokenExpired", "The token has expired.")
        return Pass(claims["conv"], claims["user"])


# --- conversations --------------------------------------------------------------------------


@dataclass
class Conversation:
    """The activities of one conversation, numbered from 1; `last` is the newest number."""

    id: str
    user: str
    locale: str = ""
    last: int = 0
    waiting: int = 0
    listeners: int = 0
    activities: dict[int, Json] = field(default_factory=dict)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def add(self, activity: Json, now: datetime) -> int:
        """Keep an activity, give it an id and a time, tell who listens; return its number."""
        self.last += 1
        self.activities[self.last] = {
            "id": f"{self.id}|{self.last:07}",
            "timestamp": now.astimezone(UTC).isoformat(timespec="milliseconds"),
            "channelId": "directline",
            "conversation": {"id": self.id},
            **activity,
        }
        if len(self.activities) > ACTIVITIES:
            del self.activities[next(iter(self.activities))]
        self._changed.set()
        self._changed = asyncio.Event()
        return self.last

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


class Line:
    """The conversations of this server, and who answers in them."""

    def __init__(
        self, engine: Engine, phrases: Phrases, tokens: Tokens, now: Callable[[], datetime]
    ) -> None:
        self.tokens = tokens
        self.sockets: set[web.WebSocketResponse] = set()
        self._engine = engine
        self._phrases = phrases
        self._now = now
        self._conversations: OrderedDict[str, Conversation] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()

    def find(self, name: str) -> Conversation | None:
        """Return a conversation, if it is known."""
        conversation = self._conversations.get(name)
        if conversation:
            self._conversations.move_to_end(name)
        return conversation

    def open(self, holder: Pass, locale: str = "", last: int = 0) -> Conversation:
        """Return a new conversation whose next activity comes after the number `last`."""
        if len(self._conversations) >= CONVERSATIONS:
            self._forget_one()
        conversation = Conversation(holder.conversation, holder.user, locale, last)
        self._conversations[conversation.id] = conversation
        return conversation

    def greet(self, conversation: Conversation) -> None:
        """Greet, without making the caller wait."""
        self._answer(conversation, lambda: self._engine.start(conversation.id, conversation.locale))

    def hear(self, conversation: Conversation, posted: Posted) -> str:
        """Keep what a person sent and answer it in the background; return its id.

        Raises Refused when the person is too far ahead of the answers.
        """
        if conversation.waiting >= WAITING:
            raise Refused(429, "TooManyRequests", "Wait for the answers to earlier messages.")
        conversation.locale = posted.locale or conversation.locale
        offered = self._engine.offered(conversation.id)
        submit = posted.submit()
        label = (
            offered.get(submit.choice)
            if submit and self._is_current(conversation, submit)
            else None
        )
        text = label or posted.words()
        number = conversation.add(_echo(conversation, posted, text), self._now())
        message = Incoming(
            conversation.id, text, conversation.locale, submit.choice if submit and label else None
        )
        if submit and not label:
            self._say(conversation, "channel_choice_gone", message)
        elif posted.attachments and not text.strip():
            self._say(conversation, "channel_attachment", message)
        else:
            self._answer(conversation, lambda: self._engine.answer(message), number)
        return _id(conversation, number)

    async def close(self) -> None:
        """Stop answering."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _is_current(self, conversation: Conversation, submit: Submit) -> bool:
        return submit.step in ("", self._engine.last_step(conversation.id))

    def _say(self, conversation: Conversation, phrase: str, message: Incoming) -> None:
        said = self._engine.phrase(phrase, message)
        conversation.add(self._activity(conversation, said), self._now())

    def _answer(
        self,
        conversation: Conversation,
        ask: Callable[[], Awaitable[tuple[Outgoing, ...]]],
        number: int | None = None,
    ) -> None:
        task = asyncio.create_task(self._reply(conversation, ask, number))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _reply(
        self,
        conversation: Conversation,
        ask: Callable[[], Awaitable[tuple[Outgoing, ...]]],
        number: int | None,
    ) -> None:
        conversation.waiting += 1
        typing = conversation.add({"type": "typing", "from": BOT}, self._now())
        try:
            for answer in await ask():
                reply = self._activity(conversation, answer)
                if number is not None:
                    reply["replyToId"] = _id(conversation, number)
                conversation.add(reply, self._now())
        finally:
            conversation.drop(typing)
            conversation.waiting -= 1

    def _activity(self, conversation: Conversation, answer: Outgoing) -> Json:
        activity: Json = {
            "type": "message",
            "from": BOT,
            "text": answer.text,
            "textFormat": "plain",
        }
        step = answer.step
        if not step:
            message = Incoming(conversation.id, "", conversation.locale)
            return activity | {"locale": self._engine.language(message)}
        activity |= {
            "locale": step.language,
            "attachments": [attachment(step, self._phrases)],
            "channelData": {"step": step.to_json()},
        }
        if suggested := suggested_actions(step):
            activity["suggestedActions"] = suggested | {"to": [conversation.user]}
        return activity

    def _forget_one(self) -> None:
        """Forget the conversation that was quiet longest, one without a listener if there is."""
        quiet = (name for name, one in self._conversations.items() if not one.listeners)
        del self._conversations[next(quiet, next(iter(self._conversations)))]


LINE = web.AppKey("line", Line)


def _id(conversation: Conversation, number: int) -> str:
    return f"{conversation.id}|{number:07}"


def _echo(conversation: Conversation, posted: Posted, text: str) -> Json:
    """Return what a person sent as the conversation keeps it: without secrets."""
    echo: Json = {
        "type": "message",
        "from": {"id": conversation.user, "role": "user"},
        "text": clean(text).text,
        "textFormat": "plain",
        "locale": conversation.locale,
    }
    # Web Chat finds its own message again by this.
    if client := (posted.channelData or {}).get("clientActivityID"):
        echo["channelData"] = {"clientActivityID": str(client)[:100]}
    return echo


# --- what arrives ---------------------------------------------------------------------------


class Submit(BaseModel):
    """The data of a card's button."""

    model_config = ConfigDict(frozen=True)

    choice: str
    step: str = ""


class Posted(BaseModel):
    """An activity that a browser sends. Who sent it stands in the token."""

    model_config = ConfigDict(frozen=True)

    type: str
    text: str | None = None
    value: Any = None
    locale: str | None = None
    attachments: list[Any] | None = None
    channelData: dict[str, Any] | None = None

    def words(self) -> str:
        """Return the text, or the value of a button that sends text."""
        if self.text is None and isinstance(self.value, str):
            return self.value
        return self.text or ""

    def submit(self) -> Submit | None:
        """Return the data of the card's button that was clicked, if this is a click.

        A click that names no choice is one on a card of somebody else's making.
        """
        if self.text or not isinstance(self.value, dict):
            return None
        try:
            return Submit.model_validate(self.value)
        except ValidationError:
            return Submit(choice="")


class Opening(BaseModel):
    """What a browser may say when it opens a conversation."""

    model_config = ConfigDict(frozen=True)

    locale: str | None = None


async def _body(request: web.Request, model: type[M]) -> M:
    try:
        raw = await request.text()
        return model.model_validate(json.loads(raw) if raw.strip() else {})
    except (ValueError, RecursionError) as error:
        raise Refused(400, "BadSyntax", "The body is not what Direct Line 3.0 asks for.") from error


def _locale(locale: str | None) -> str:
    known = (locale or "")[:35]
    return known if known.replace("-", "").isalnum() else ""


def _watermark(request: web.Request) -> int:
    text = request.query.get("watermark", "")
    if text in ("", "undefined", "null"):
        return 0
    if not (text.isascii() and text.isdigit()) or len(text) > 9:
        raise Refused(400, "BadArgument", "The watermark is not a number.")
    return int(text)


def _bearer(request: web.Request) -> Pass:
    scheme, _, token = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    token = token.strip() if scheme.lower() == "bearer" else ""
    return request.app[LINE].tokens.read(token or request.query.get("t", ""))


def _holder(request: web.Request) -> Pass:
    """Return the pass of a request for a conversation; raises Refused when it is for another."""
    holder = _bearer(request)
    if holder.conversation != request.match_info["conversation"]:
        raise Refused(403, "Forbidden", "The token is for another conversation.")
    return holder


def _conversation(request: web.Request) -> Conversation:
    conversation = request.app[LINE].find(_holder(request).conversation)
    if not conversation:
        raise Refused(404, "BadArgument", "There is no such conversation.")
    return conversation


# --- the routes -----------------------------------------------------------------------------


def routes() -> list[web.RouteDef]:
    """Return the routes of Direct Line 3.0."""
    one = f"{PREFIX}/conversations/{{conversation}}"
    return [
        web.post(f"{PREFIX}/tokens/generate", generate),
        web.post(f"{PREFIX}/tokens/refresh", refresh),
        web.post(f"{PREFIX}/conversations", start),
        web.get(one, reconnect),
        web.get(f"{one}/activities", read),
        web.post(f"{one}/activities", post),
        web.post(f"{one}/upload", upload),
        web.get(f"{one}/stream", stream),
    ]


@web.middleware
async def errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer a refused request of Direct Line as Direct Line does."""
    if not request.path.startswith(f"{PREFIX}/"):
        return await handler(request)
    try:
        return await handler(request)
    except Refused as error:
        return _error(error.status, error.code, error.message)
    except web.HTTPRequestEntityTooLarge:
        return _error(413, "MessageSizeTooBig", f"A body has at most {BODY_LIMIT} bytes.")
    except web.HTTPNotFound:
        return _error(404, "BadArgument", "There is nothing here.")
    except web.HTTPMethodNotAllowed:
        return _error(405, "BadArgument", "This method does not exist here.")


def _error(status: int, code: str, message: str) -> web.Response:
    return web.json_response({"error": {"code": code, "message": message}}, status=status)


async def generate(request: web.Request) -> web.Response:
    """Give a browser a token for a conversation of its own."""
    tokens = request.app[LINE].tokens
    return web.json_response(tokens.sign(tokens.new()))


async def refresh(request: web.Request) -> web.Response:
    """Give a new token for one that is still good."""
    return web.json_response(request.app[LINE].tokens.sign(_bearer(request)))


async def start(request: web.Request) -> web.Response:
    """Open the conversation of a token and greet; an open one is given again."""
    holder = _bearer(request)
    line = request.app[LINE]
    opening = await _body(request, Opening)
    if line.find(holder.conversation):
        return web.json_response(_opened(request, holder, 0))
    line.greet(line.open(holder, _locale(opening.locale)))
    return web.json_response(_opened(request, holder, 0), status=201)


async def reconnect(request: web.Request) -> web.Response:
    """Give an open conversation again, its stream beginning after the watermark."""
    holder = _holder(request)
    watermark = _watermark(request)
    line = request.app[LINE]
    if not line.find(holder.conversation) and watermark:
        # This server was started anew: who holds a watermark was here before. Rasa knows the
        # conversation, and new activities must not take numbers that the browser has seen.
        line.open(holder, last=watermark)
    _conversation(request)
    return web.json_response(_opened(request, holder, watermark))


def _opened(request: web.Request, holder: Pass, watermark: int) -> Json:
    signed = request.app[LINE].tokens.sign(holder)
    scheme = request.headers.get("X-Forwarded-Proto", request.scheme).split(",")[0].strip()
    stream_url = request.url.with_scheme("wss" if scheme == "https" else "ws").with_path(
        f"{PREFIX}/conversations/{holder.conversation}/stream"
    )
    query = {"watermark": str(watermark), "t": signed["token"]}
    return signed | {"streamUrl": str(stream_url.with_query(query))}


async def read(request: web.Request) -> web.Response:
    """Give the activities after the watermark."""
    return web.json_response(_conversation(request).after(_watermark(request)))


async def post(request: web.Request) -> web.Response:
    """Take an activity at once; the answer comes through the stream or the next reading."""
    conversation = _conversation(request)
    posted = await _body(request, Posted)
    posted = posted.model_copy(update={"locale": _locale(posted.locale)})
    if posted.type != "message":
        # Typing, events and the like: taken, and of no consequence.
        return web.json_response({"id": _id(conversation, conversation.last)})
    return web.json_response({"id": request.app[LINE].hear(conversation, posted)})


async def upload(request: web.Request) -> web.Response:
    """Refuse a file: the assistant reads text."""
    _conversation(request)
    raise Refused(415, "NotSupported", "Files are not taken; paste the text.")


async def stream(request: web.Request) -> web.WebSocketResponse:
    """Send the activities after the watermark, and every new one, through a WebSocket."""
    conversation, watermark = _conversation(request), _watermark(request)
    socket = web.WebSocketResponse(heartbeat=30, max_msg_size=4096)
    await socket.prepare(request)
    sending = asyncio.create_task(_send(socket, conversation, watermark))
    conversation.listeners += 1
    request.app[LINE].sockets.add(socket)
    try:
        async for _ in socket:
            pass  # Web Chat sends empty messages to keep the connection open
    finally:
        request.app[LINE].sockets.discard(socket)
        conversation.listeners -= 1
        sending.cancel()
    return socket


async def _send(socket: web.WebSocketResponse, conversation: Conversation, watermark: int) -> None:
    with contextlib.suppress(ConnectionError):
        while True:
            news = conversation.after(watermark)
            watermark = int(news["watermark"])
            if news["activities"]:
                await socket.send_json(news)
            elif conversation.last <= watermark:
                await conversation.changed()


async def close_sockets(app: web.Application) -> None:
    """Say goodbye to everybody who listens, so that the server can end."""
    for socket in tuple(app[LINE].sockets):
        await socket.close(code=1001, message=b"the server ends")
