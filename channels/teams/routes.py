"""The route /api/messages: checked, taken, acknowledged at once."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import aiohttp
from aiohttp import web
from microsoft_agents.hosting.aiohttp import CloudAdapter
from pydantic import ValidationError

from channels.cards import CARD, Phrases
from channels.engine import Engine
from channels.teams.activity import CARD_ACTION, Activity
from channels.teams.files import Fetch, fetch_from_microsoft
from channels.teams.gate import Caller, Gate, Refused, check_service
from channels.teams.journal import Journal
from channels.teams.line import Clicked, Line
from channels.teams.sending import Patience, Sender, adapter_for
from channels.teams.settings import TeamsSettings

log = logging.getLogger(__name__)

PATH = "/api/messages"
#: Bytes of an activity; Teams' own messages have about 80 KB at most.
BODY_LIMIT = 256 * 1024
MESSAGE = "application/vnd.microsoft.activity.message"


@dataclass(frozen=True)
class Teams:
    """Teams, connected: who may speak, and who answers."""

    settings: TeamsSettings
    gate: Gate
    line: Line


@dataclass(frozen=True)
class Parts:
    """What a test plays: the way to the channel, the clock's sleep, where files come from."""

    adapter: CloudAdapter | None = None
    patience: Patience = field(default_factory=Patience)
    fetch: Fetch = fetch_from_microsoft


TEAMS: web.AppKey[Teams | None] = web.AppKey("teams")


def routes() -> list[web.RouteDef]:
    """Return the routes for Teams."""
    return [web.post(PATH, messages)]


async def messages(request: web.Request) -> web.Response:
    """Take an activity: 202 at once, or the new card where one was clicked."""
    teams = request.app[TEAMS]
    if teams is None:
        return _error(503, "NotConfigured", "Teams is not set up here; see docs/teams.md.")
    try:
        caller = await teams.gate.admit(request)
        activity = await _activity(request)
        _check(activity, caller, teams.settings)
    except Refused as refused:
        log.warning("refused with %s: %s", refused.status, refused.reason)
        return _error(refused.status, "Refused", "This request is not accepted.")
    clicked = teams.line.hear(activity)
    if activity.type == "invoke":
        return _invoked(activity, clicked)
    return web.Response(status=202)


async def _activity(request: web.Request) -> Activity:
    if request.content_length is not None and request.content_length > BODY_LIMIT:
        raise Refused(413, "a body that is too large")
    try:
        body = await request.content.read(BODY_LIMIT + 1)
        while len(body) <= BODY_LIMIT and (more := await request.content.read(BODY_LIMIT)):
            body += more
        if len(body) > BODY_LIMIT:
            raise Refused(413, "a body that is too large")
        return Activity.model_validate_json(body)
    except ValidationError as error:  # its text quotes what people wrote
        raise Refused(400, "no activity") from error


def _check(activity: Activity, caller: Caller, settings: TeamsSettings) -> None:
    """Raise Refused when the activity is not what its caller may send."""
    check_service(activity.serviceUrl, caller, settings)
    if caller.playground:
        return
    if caller.endorsed is not None and activity.channelId not in caller.endorsed:
        raise Refused(403, "a channel that the key may not sign for")
    if activity.tenant not in settings.tenants:
        raise Refused(403, "people of another tenant")


def _invoked(activity: Activity, clicked: Clicked | None) -> web.Response:
    if activity.name != CARD_ACTION or clicked is None:
        return web.json_response({}, status=501)
    if clicked.card is not None:
        told = {"statusCode": 200, "type": CARD, "value": clicked.card}
    else:
        told = {"statusCode": 200, "type": MESSAGE, "value": clicked.sentence}
    return web.json_response(told)


def _error(status: int, code: str, message: str) -> web.Response:
    return web.json_response({"error": {"code": code, "message": message}}, status=status)


@contextlib.asynccontextmanager
async def connected(
    settings: TeamsSettings,
    engine: Engine,
    phrases: Phrases,
    http: aiohttp.ClientSession,
    now: Callable[[], datetime],
    *,
    host: str,
    state: Path,
    parts: Parts,
    handbook: str = "",
) -> AsyncIterator[Teams]:
    """Give Teams, connected, for as long as the block; what waited before is answered."""
    journal = Journal(state / "teams.sqlite")
    sender = Sender(parts.adapter or adapter_for(settings), settings.app_id, parts.patience)
    line = Line(engine, phrases, journal, sender, now, parts.patience, parts.fetch, handbook)
    resuming = line.resume()
    try:
        yield Teams(settings, Gate(settings, http, now, host), line)
    finally:
        if resuming:
            resuming.cancel()
        await line.close()
        journal.close()
