from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from aiohttp.test_utils import TestClient, TestServer

from channels.app import init_app
from channels.engine import Engine
from channels.settings import Settings
from knowledge.store import Knowledge, load
from tests.channels.browser import Browser, generated
from tests.channels.fake_rasa import FakeRasa
from tests.channels.teams_desk import desk, microsoft, naps

__all__ = ["desk", "microsoft", "naps"]

SECRET = "not a secret, but long enough to sign tokens with"
# Seconds for Rasa: enough for a busy machine, little enough for a test that waits in vain.
PATIENCE = 1.0


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def wait(self, **span: float) -> None:
        self.time += timedelta(**span)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def knowledge() -> Knowledge:
    return load()


@pytest.fixture
def rasa() -> FakeRasa:
    return FakeRasa()


@pytest.fixture
async def rasa_url(rasa: FakeRasa) -> AsyncIterator[str]:
    async with TestServer(rasa.app()) as server:
        yield str(server.make_url("/"))


@pytest.fixture
async def engine(rasa_url: str, knowledge: Knowledge, clock: Clock) -> AsyncIterator[Engine]:
    async with aiohttp.ClientSession() as http:
        yield Engine(http, rasa_url, knowledge, timeout_s=PATIENCE, now=clock)


@pytest.fixture
async def client(rasa_url: str, knowledge: Knowledge, clock: Clock) -> AsyncIterator[TestClient]:
    settings = Settings(secret=SECRET, rasa_url=rasa_url, timeout_s=PATIENCE)
    async with TestClient(TestServer(init_app(settings, knowledge, clock))) as client:
        yield client


@pytest.fixture
async def browser(client: TestClient) -> Browser:
    return await generated(client)
