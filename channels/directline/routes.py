"""The routes of Direct Line 3.0, and who is let in."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import time
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import hdrs, web

from channels.cards import say
from channels.directline import inbound
from channels.directline.inbound import BODY_LIMIT, Opening, Posted, Resuming, body, watermark
from channels.directline.limits import Gate, Limits, neighbourhood, visitor
from channels.directline.line import LINE, LISTENERS, Conversation, Forgotten
from channels.directline.refused import Refused
from channels.directline.tokens import Pass
from channels.directline.transcript import transcript
from channels.engine import language_of
from channels.origins import Origins

log = logging.getLogger(__name__)

Json = dict[str, Any]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

PREFIX = "/directline"


# --- the routes -----------------------------------------------------------------------------


def routes() -> list[web.RouteDef]:
    """Return the routes of Direct Line 3.0."""
    one = f"{PREFIX}/conversations/{{conversation}}"
    return [
        web.post(f"{PREFIX}/tokens/generate", generate),
        web.post(f"{PREFIX}/tokens/refresh", refresh),
        web.post(f"{PREFIX}/tokens/resume", resume),
        web.post(f"{PREFIX}/conversations", start),
        web.get(one, reconnect),
        web.delete(one, forget),
        web.get(f"{one}/activities", read),
        web.post(f"{one}/activities", post),
        web.post(f"{one}/upload", upload),
        web.get(f"{one}/stream", stream),
        web.get(f"{one}/transcript", download),
    ]


# --- who is let in --------------------------------------------------------------------------


class Gates:
    """Whose pages may speak with us, and how much is taken from whom."""

    def __init__(
        self,
        origins: Origins,
        limits: Limits,
        proxies: frozenset[str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.origins = origins
        self._proxies = proxies
        self._requests = Gate(limits.requests_of_address, clock)
        self._conversations = Gate(limits.conversations_of_address, clock)
        self._messages = Gate(limits.messages_of_conversation, clock)

    def check_request(self, request: web.Request) -> None:
        """Raise Refused when a page or an address may not ask now."""
        origin = request.headers.get(hdrs.ORIGIN)
        if origin is not None and not self.origins.allows(origin, request.host):
            raise Refused(403, "BadOrigin", "Pages of this origin may not speak with this server.")
        _pass(self._requests, self._visitor(request))

    def check_opening(self, request: web.Request) -> None:
        """Raise Refused when an address opens conversations too fast."""
        _pass(self._conversations, self._visitor(request))

    def check_message(self, conversation: Conversation) -> None:
        """Raise Refused when messages of a conversation come too fast."""
        _pass(self._messages, conversation.id)

    def _visitor(self, request: web.Request) -> str:
        forwarded = request.headers.get("X-Forwarded-For", "")
        return neighbourhood(visitor(request.remote or "", forwarded, self._proxies))


GATES = web.AppKey("gates", Gates)


def _pass(gate: Gate, key: str) -> None:
    if wait := gate.wait(key):
        raise Refused(
            429,
            "TooManyRequests",
            "Too many requests; wait as long as Retry-After says.",
            phrase="web_too_fast",
            retry_after=wait,
        )


@web.middleware
async def errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let in who may speak Direct Line with us, and answer as Direct Line does."""
    if not request.path.startswith(f"{PREFIX}/"):
        return await handler(request)
    try:
        request.app[GATES].check_request(request)
    except Refused as error:
        return _refusal(request, error)
    response = _preflight() if _asks_first(request) else await _answered(request, handler)
    if not response.prepared:  # a stream has answered long ago
        response.headers.update(_cross_origin(request))
    return response


async def _answered(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except Refused as error:
        return _refusal(request, error)
    except web.HTTPRequestEntityTooLarge:
        return _refusal(request, inbound.too_big(BODY_LIMIT))
    except web.HTTPNotFound:
        return _error(404, "BadArgument", "There is nothing here.")
    except web.HTTPMethodNotAllowed:
        return _error(405, "BadArgument", "This method does not exist here.")
    except web.HTTPException as error:
        return _error(error.status, "BadArgument", error.reason)
    except ConnectionError:
        return _error(400, "BadSyntax", "The request ended too early.")  # nobody reads it
    except Exception as error:
        # The type alone is logged: an error's text can hold what the person wrote.
        log.error("%s %s", request.match_info.handler.__name__, type(error).__name__)
        return _error(500, "ServiceError", "Something went wrong here.")


def _refusal(request: web.Request, error: Refused) -> web.Response:
    """Return a refusal: a sentence for a person where one is meant to read it."""
    message = error.message
    if error.phrase:
        language = language_of(request.headers.get(hdrs.ACCEPT_LANGUAGE, ""))
        message = say(request.app[LINE].phrases, error.phrase, language, **error.values)
    response = _error(error.status, error.code, message)
    if error.retry_after:
        response.headers[hdrs.RETRY_AFTER] = str(math.ceil(error.retry_after))
    return response


def _error(status: int, code: str, message: str) -> web.Response:
    return web.json_response({"error": {"code": code, "message": message}}, status=status)


# --- pages of other origins -----------------------------------------------------------------

METHODS = "GET, POST, DELETE"


def _asks_first(request: web.Request) -> bool:
    """Whether a browser asks on behalf of a page if it may send the real request."""
    return request.method == hdrs.METH_OPTIONS and (
        hdrs.ACCESS_CONTROL_REQUEST_METHOD in request.headers
    )


def _preflight() -> web.Response:
    headers = {
        hdrs.ACCESS_CONTROL_ALLOW_METHODS: METHODS,
        hdrs.ACCESS_CONTROL_ALLOW_HEADERS: "authorization, content-type, x-ms-bot-agent",
        hdrs.ACCESS_CONTROL_MAX_AGE: "600",
    }
    return web.Response(status=204, headers=headers)


def _cross_origin(request: web.Request) -> dict[str, str]:
    """Return what lets a page of an allowed origin read the answer."""
    headers: dict[str, str] = {hdrs.VARY: "Origin", hdrs.CACHE_CONTROL: "no-store"}
    if origin := request.headers.get(hdrs.ORIGIN):
        headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = origin
        headers[hdrs.ACCESS_CONTROL_EXPOSE_HEADERS] = "Retry-After"
    return headers


# --- whose request --------------------------------------------------------------------------


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
    return _known(request, _holder(request))


def _known(request: web.Request, holder: Pass) -> Conversation:
    conversation = request.app[LINE].find(holder.conversation)
    if not conversation:
        raise Refused(404, "BadArgument", "There is no such conversation.")
    return conversation


# --- tokens ---------------------------------------------------------------------------------


async def generate(request: web.Request) -> web.Response:
    """Give a browser a token for a conversation of its own, and the key to take it up again."""
    request.app[GATES].check_opening(request)
    tokens = request.app[LINE].tokens
    holder = tokens.new()
    return web.json_response(tokens.sign(holder) | {"key": tokens.sign_key(holder)})


async def refresh(request: web.Request) -> web.Response:
    """Give a new token for one that is still good."""
    holder = _bearer(request)
    line = request.app[LINE]
    if conversation := line.find(holder.conversation):
        line.touch(conversation)
    return web.json_response(line.tokens.sign(holder))


async def resume(request: web.Request) -> web.Response:
    """Give a new token for the key of a conversation whose token has expired."""
    line = request.app[LINE]
    holder = line.tokens.read_key((await body(request, Resuming)).key)
    line.touch(_known(request, holder))
    return web.json_response(line.tokens.sign(holder) | {"key": line.tokens.sign_key(holder)})


# --- conversations --------------------------------------------------------------------------


async def start(request: web.Request) -> web.Response:
    """Open the conversation of a token and greet; an open one is given again."""
    holder = _bearer(request)
    line = request.app[LINE]
    opening = await body(request, Opening)
    if line.find(holder.conversation):
        return web.json_response(_opened(request, holder, 0))
    line.open(holder, inbound.locale(opening.locale))
    return web.json_response(_opened(request, holder, 0), status=201)


async def reconnect(request: web.Request) -> web.Response:
    """Give an open conversation again, its stream beginning after the watermark."""
    after = watermark(request)
    request.app[LINE].touch(_conversation(request))
    return web.json_response(_opened(request, _holder(request), after))


def _opened(request: web.Request, holder: Pass, after: int) -> Json:
    signed = request.app[LINE].tokens.sign(holder)
    scheme = request.headers.get("X-Forwarded-Proto", request.scheme).split(",")[0].strip()
    stream_url = request.url.with_scheme("wss" if scheme == "https" else "ws").with_path(
        f"{PREFIX}/conversations/{holder.conversation}/stream"
    )
    query = {"watermark": str(after), "t": signed["token"]}
    return signed | {"streamUrl": str(stream_url.with_query(query))}


async def forget(request: web.Request) -> web.Response:
    """Delete a conversation, and say what cannot be deleted."""
    conversation = _conversation(request)
    line = request.app[LINE]
    language = line.language(conversation)
    forgotten = await line.forget(conversation)
    told = [say(line.phrases, "web_forgotten", language), *_stays(request, forgotten, language)]
    return web.json_response(
        {
            "tracker": forgotten.tracker,
            "tickets": list(forgotten.tickets),
            "message": " ".join(told),
        }
    )


def _stays(request: web.Request, forgotten: Forgotten, language: str) -> list[str]:
    phrases = request.app[LINE].phrases
    stays = []
    if forgotten.tickets:
        numbers = ", ".join(forgotten.tickets)
        stays.append(say(phrases, "web_forgotten_tickets", language, numbers=numbers))
    if not forgotten.tracker:
        stays.append(say(phrases, "web_forgotten_tracker", language))
    return stays


async def download(request: web.Request) -> web.Response:
    """Give the conversation as a text file."""
    conversation = _conversation(request)
    line = request.app[LINE]
    text = transcript(conversation.activities.values(), line.phrases, line.language(conversation))
    return web.Response(
        text=text,
        content_type="text/plain",
        charset="utf-8",
        headers={hdrs.CONTENT_DISPOSITION: 'attachment; filename="lizenzlotse.txt"'},
    )


# --- activities -----------------------------------------------------------------------------


async def read(request: web.Request) -> web.Response:
    """Give the activities after the watermark."""
    return web.json_response(_conversation(request).after(watermark(request)))


async def post(request: web.Request) -> web.Response:
    """Take an activity at once; the answer comes through the stream or the next reading."""
    conversation = _conversation(request)
    posted = _located(await body(request, Posted))
    if posted.type != "message":
        # Typing, events and the like: taken, and of no consequence.
        return web.json_response({"id": conversation.name(conversation.last)})
    request.app[GATES].check_message(conversation)
    return web.json_response({"id": request.app[LINE].hear(conversation, posted)})


async def upload(request: web.Request) -> web.Response:
    """Take text files as pastes; what is no text is answered with a sentence."""
    conversation = _conversation(request)
    request.app[GATES].check_message(conversation)
    posted, files = await inbound.uploaded(request)
    if not files:
        raise Refused(400, "BadArgument", "There is no file in this form.")
    said = request.app[LINE].hear(conversation, _located(posted), files)
    return web.json_response({"id": said})


def _located(posted: Posted) -> Posted:
    return posted.model_copy(update={"locale": inbound.locale(posted.locale)})


async def stream(request: web.Request) -> web.WebSocketResponse:
    """Send the activities after the watermark, and every new one, through a WebSocket."""
    conversation, after = _conversation(request), watermark(request)
    if conversation.listeners >= LISTENERS:
        raise Refused(429, "TooManyRequests", "This conversation has streams enough.")
    socket = web.WebSocketResponse(heartbeat=30, max_msg_size=4096)
    await socket.prepare(request)
    sending = asyncio.create_task(_send(socket, conversation, after))
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


async def _send(socket: web.WebSocketResponse, conversation: Conversation, after: int) -> None:
    with contextlib.suppress(ConnectionError):
        while not conversation.gone:
            news = conversation.after(after)
            after = int(news["watermark"])
            if news["activities"]:
                await socket.send_json(news)
            elif conversation.last <= after:
                await conversation.changed()
        await socket.close()


async def close_sockets(app: web.Application) -> None:
    """Say goodbye to everybody who listens, so that the server can end."""
    for socket in tuple(app[LINE].sockets):
        await socket.close(code=1001, message=b"the server ends")
