"""The web application with Teams set up, in front of the stand-ins for Rasa and Microsoft."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer

from channels.app import init_app
from channels.settings import Settings
from channels.teams.routes import Parts
from channels.teams.sending import Patience
from channels.teams.settings import TeamsSettings
from knowledge.store import Knowledge
from tests.channels.fake_teams import Microsoft, activity, adapter

SECRET = "not a secret, but long enough to sign tokens with"
# Seconds for Rasa: enough for a busy machine, little enough for a test that waits in vain.
PATIENCE = 2.0


@dataclass
class Naps:
    """A sleep that returns at once, or when told, and remembers; chance is always one half."""

    slept: list[float] = field(default_factory=list)
    until: asyncio.Event | None = None

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0.01)
        if self.until:
            await self.until.wait()

    def patience(self) -> Patience:
        return Patience(self.sleep, lambda: 0.5)


Fetch = Callable[[str, int], Awaitable[bytes]]


@dataclass
class Desk:
    """The application, and a Teams that speaks to it."""

    client: TestClient[Any, Any]
    microsoft: Microsoft
    naps: Naps

    async def post(self, told: dict[str, Any], token: str | None = "") -> ClientResponse:
        """Send an activity; `token`: None for none, empty for a good one."""
        token = self.microsoft.token() if token == "" else token
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return await self.client.post("/api/messages", json=told, headers=headers)

    async def say(self, text: str, **more: Any) -> ClientResponse:
        """Send a message of the person."""
        return await self.post(activity(self.microsoft.service, text=text, **more))

    async def click(self, choice: Any, step: Any, **more: Any) -> ClientResponse:
        """Click a button of a card, as clients that execute do."""
        action = {"type": "Action.Execute", "verb": "x", "data": {"choice": choice, "step": step}}
        value = {"action": action, "trigger": "manual"}
        told = {"name": "adaptiveCard/action", "value": value} | more
        return await self.post(activity(self.microsoft.service, "invoke", **told))


def desk_app(
    rasa_url: str,
    knowledge: Knowledge,
    now: Callable[[], datetime],
    state: Path,
    teams: TeamsSettings | None,
    naps: Naps,
    fetch: Fetch | None = None,
    host: str = "127.0.0.1",
) -> TestServer:
    """Return the application with Teams set up as told."""
    settings = Settings(
        secret=SECRET,
        rasa_url=rasa_url,
        host=host,
        timeout_s=PATIENCE,
        teams=teams,
        state=state,
        web_root=state,  # no page: its bundle takes half a second to pack
    )
    parts = Parts(adapter(), naps.patience(), **({"fetch": fetch} if fetch else {}))
    return TestServer(init_app(settings, knowledge, now, parts))


@pytest.fixture
async def microsoft(clock: Callable[[], datetime]) -> AsyncIterator[Microsoft]:
    """Microsoft's side, on loopback."""
    played = Microsoft(clock)
    async with TestServer(played.app()) as server:
        played.url = str(server.make_url("/"))
        yield played


@pytest.fixture
def naps() -> Naps:
    return Naps()


@pytest.fixture
async def desk(
    rasa_url: str,
    knowledge: Knowledge,
    clock: Callable[[], datetime],
    tmp_path: Path,
    microsoft: Microsoft,
    naps: Naps,
) -> AsyncIterator[Desk]:
    """The application with a bot that is set up."""
    server = desk_app(rasa_url, knowledge, clock, tmp_path, microsoft.settings(), naps)
    async with TestClient(server) as client:
        yield Desk(client, microsoft, naps)
