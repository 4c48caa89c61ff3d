"""What survives when the server ends: everything that was said, and everything that waits."""

import asyncio
import json
import sqlite3
import stat
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from aiohttp.test_utils import TestClient, TestServer

from channels.app import init_app
from channels.directline import line
from channels.directline.store import ACTIVITIES, CONVERSATIONS, KEPT, Store
from channels.settings import Settings
from channels.tracker import Tracker, heard_in
from tests.channels.browser import Browser, error, generated
from tests.channels.conftest import PATIENCE, SECRET


@pytest.fixture
def serving(rasa_url, knowledge, clock, tmp_path):
    """Give a server with a state folder; each one is the next life of the same server."""

    @asynccontextmanager
    async def serve():
        settings = Settings(secret=SECRET, rasa_url=rasa_url, timeout_s=PATIENCE, state=tmp_path)
        async with TestClient(TestServer(init_app(settings, knowledge, clock))) as client:
            yield client

    return serve


async def test_a_conversation_survives_a_restart(serving, rasa):
    async with serving() as client:
        before = await generated(client)
        await before.open()
        await before.post(text="0xC004F074", channelData={"clientActivityID": "a1"})
        said = await before.heard(3)
        mark = (await before.read())["watermark"]
    async with serving() as client:
        after = Browser(client, before.token)
        assert await after.heard(3) == said
        assert (await after.read(mark))["activities"] == []
        await after.post(text="0xC004F074", channelData={"clientActivityID": "a1"})
        await after.post(value={"choice": "kms", "step": "ask"})
        await after.heard(5)
        new = [one for one in (await after.read(mark))["activities"] if one["type"] == "message"]
        assert new[0]["text"] == "Über den KMS-Server der Firma"
        assert new[1]["channelData"]["step"]["id"] == "check"
        assert len(new) == 2
    assert len(rasa.received) == 3


async def test_what_is_on_disk_holds_no_secret_and_is_nobody_elses(serving, tmp_path):
    async with serving() as client:
        browser = await generated(client)
        await browser.open()
        await browser.post(text="Passwort: Sommer24")
        await browser.heard(3)
        await browser.upload(b"Kennwort: Winter25")
        await browser.heard(5)
        files = list(tmp_path.glob("web.sqlite*"))
        content = b"".join(path.read_bytes() for path in files)
        assert b"Passwort: ***" in content
        assert b"Sommer24" not in content
        assert b"Winter25" not in content
        assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


async def test_what_is_forgotten_is_on_no_disk(serving, tmp_path, rasa):
    rasa.tracker = tmp_path / "tracker.sqlite"
    async with serving() as client:
        browser, other = await generated(client), await generated(client)
        for one in (browser, other):
            await one.open()
            await one.post(text="Hi from the cellar")
            await one.heard(3)
        answer = await browser.http.delete(browser.path, headers=browser.headers)
        assert (await answer.json())["tracker"] is True
        await other.post(text="still here")
        await other.heard(5)
        await client.app[line.LINE].forget(client.app[line.LINE].find(other.conversation))
        content = b"".join(path.read_bytes() for path in tmp_path.iterdir())
        assert b"from the cellar" not in content
    async with serving() as client:
        assert await error(await Browser(client, browser.token).open()) == (404, "BadArgument")


@pytest.mark.parametrize("delay", [0.1, 0.6])
async def test_a_message_on_its_way_is_answered_after_a_restart(
    serving, rasa, tmp_path, monkeypatch, delay
):
    """Whether Rasa has finished it meanwhile or not, it counts once."""
    monkeypatch.setattr(line, "GOODBYE", 0.0)  # as if the server had been killed
    rasa.tracker = tmp_path / "tracker.sqlite"
    async with serving() as client:
        browser = await generated(client)
        await browser.open()
        await browser.heard(1)
        rasa.delay = delay
        await browser.post(text="0xC004F074")
        await asyncio.sleep(0.02)
    async with serving() as client:
        again = Browser(client, browser.token)
        echo, reply = (await again.heard(3))[1:]
        assert reply["replyToId"] == echo["id"]
        assert reply["channelData"]["step"]["id"] == "ask"
        await asyncio.sleep(0.3)
        assert len(await again.heard(3)) == 3
        await again.post(value={"choice": "kms", "step": "ask"})
        assert (await again.heard(5))[-1]["channelData"]["step"]["id"] == "check"
    assert len([event for event in _events(rasa.tracker) if event["event"] == "user"]) == 3


async def test_a_message_that_rasa_never_heard_is_asked_after_a_restart(
    serving, rasa, clock, monkeypatch
):
    monkeypatch.setattr(line, "GOODBYE", 0.0)
    async with serving() as client:
        browser = await generated(client)
        await browser.open()
        await browser.heard(1)
        rasa.delay = 5
        await browser.post(text="0xC004F074")
        await browser.post(text="Hi")
    rasa.delay = 0
    clock.wait(minutes=1)
    async with serving() as client:
        *_, first, second = await Browser(client, browser.token).heard(5)
        assert first["channelData"]["step"]["id"] == "ask"
        assert second["text"] == "echo: Hi"


async def test_a_greeting_on_its_way_comes_after_a_restart(serving, rasa, clock, monkeypatch):
    monkeypatch.setattr(line, "GOODBYE", 0.0)
    rasa.delay = 5
    async with serving() as client:
        browser = await generated(client)
        await browser.open("en-GB")
    rasa.delay = 0
    clock.wait(minutes=1)
    async with serving() as client:
        (greeting,) = await Browser(client, browser.token).heard(1)
        assert greeting["locale"] == "en"


async def test_numbers_are_never_used_twice(serving):
    async with serving() as client:
        browser = await generated(client)
        await browser.open()
        await browser.heard(1)
        mark = int((await browser.read())["watermark"])  # the greeting's, after its typing
    async with serving() as client:
        again = Browser(client, browser.token)
        await again.post(text="Hi")
        await again.heard(3)
        new = [one["text"] for one in (await again.read(mark))["activities"]]
        assert new == ["Hi", "echo: Hi"]


def _events(path):
    with sqlite3.connect(path) as db:
        return [json.loads(data) for (data,) in db.execute("SELECT data FROM events ORDER BY id")]


# --- bounds ---------------------------------------------------------------------------------


def test_a_conversation_keeps_its_newest_activities(clock):
    store = Store()
    store.open("c", "dl_u", "de", clock())
    for start in range(1, ACTIVITIES + 300, 100):
        activities = {number: {"n": number} for number in range(start, start + 100)}
        store.add("c", "de", activities, clock())
    kept = store.find("c")
    assert len(kept.activities) == ACTIVITIES
    assert max(kept.activities) == kept.last == ACTIVITIES + 300


def test_what_nobody_can_reach_any_more_is_deleted(clock):
    store = Store()
    store.open("old", "dl_u", "de", clock())
    clock.wait(hours=1)
    store.open("new", "dl_u", "de", clock())
    assert store.prune(clock() + KEPT - timedelta(minutes=30)) == 1
    assert (store.find("old"), store.find("new").user) == (None, "dl_u")
    assert [one.conversation for one in store.waiting()] == ["new"]


def test_the_number_of_conversations_is_bounded(clock, monkeypatch):
    monkeypatch.setattr("channels.directline.store.CONVERSATIONS", 3)
    assert CONVERSATIONS > 1_000
    store = Store()
    for name in "abcde":
        clock.wait(seconds=1)
        store.open(name, "dl_u", "de", clock())
    assert store.prune(clock()) == 2
    assert store.find("b") is None
    assert store.find("c")


async def test_a_conversation_that_left_the_memory_comes_back_from_the_store(
    serving, monkeypatch, rasa
):
    monkeypatch.setattr(line, "CONVERSATIONS", 1)
    async with serving() as client:
        first, second = await generated(client), await generated(client)
        for one in (first, second):
            await one.open()
            await one.post(text="0xC004F074")
            await one.heard(3)
        await first.post(value={"choice": "kms", "step": "ask"})
        assert (await first.heard(5))[-1]["channelData"]["step"]["id"] == "check"


# --- Rasa's record --------------------------------------------------------------------------


def test_a_record_that_cannot_be_read_is_no_record(tmp_path):
    (tmp_path / "broken").write_text("no database, but long enough to look like one" * 100)
    for tracker in (Tracker(), Tracker(tmp_path / "absent"), Tracker(tmp_path / "broken")):
        assert tracker.heard("c", "c|1") is None
        assert tracker.forget("c") is False


def test_an_answer_of_another_message_is_not_taken_for_this_one():
    events = [
        {"event": "user", "metadata": None},
        {"event": "bot", "text": "other", "data": {}},
        {"event": "user", "metadata": {"message_id": "c|1"}},
        {"event": "bot", "text": None, "data": {"custom": {"version": 1}}},
    ]
    assert heard_in(events, "c|1").answers == ({"custom": {"version": 1}},)
    assert heard_in(events, "c|2") is None
