"""One running assistant for all end-to-end tests."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest

from tests.e2e.assistant import Assistant, Person, ready, started
from tests.e2e.browser import browser

__all__ = ["browser"]


@pytest.fixture(scope="session")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    home: Path = tmp_path_factory.mktemp("home")
    running = started(home)
    try:
        asyncio.run(ready(running))
        yield running
    finally:
        running.stop()


@pytest.fixture
async def person(assistant: Assistant) -> AsyncIterator[Person]:
    """Somebody who speaks German, in a conversation of their own."""
    async with aiohttp.ClientSession() as http:
        yield await Person(http, assistant.url).begin()


@pytest.fixture
async def english_person(assistant: Assistant) -> AsyncIterator[Person]:
    async with aiohttp.ClientSession() as http:
        yield await Person(http, assistant.url, locale="en-GB").begin()
