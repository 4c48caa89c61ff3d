"""Clients of others, unmodified, are cut off two hundred times and lose and double nothing."""

import asyncio
import contextlib
import json
import os
import random
import signal
import socket
import sqlite3
import sys
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
from aiohttp.test_utils import TestServer

from tests.channels.fake_rasa import FakeRasa
from tests.e2e.assistant import ROOT, Assistant, ready
from tests.e2e.cutting import Client, directline_client, directlinejs, wire

CUTS = 200
#: Of a hundred cuts so many end the server: with SIGKILL, and kindly.
KILLED, ENDED = 3, 3
#: Seconds until everybody has said what they had to say, on a busy machine.
BOUND = 300.0


class Server:
    """The channel server as a process that can be ended and started again."""

    def __init__(self, rasa_url: str, state: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._command = (sys.executable, "-m", "tests.clients.server")
        self._arguments = (str(self.port), rasa_url, str(state))

    async def start(self) -> None:
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        self.process = await asyncio.create_subprocess_exec(
            *self._command, *self._arguments, cwd=ROOT, env=environment
        )
        async with asyncio.timeout(60):
            while True:
                with contextlib.suppress(OSError):
                    await asyncio.open_connection("127.0.0.1", self.port)
                    return
                await asyncio.sleep(0.1)

    async def end(self, number: signal.Signals) -> None:
        self.process.send_signal(number)
        await self.process.wait()


async def test_two_hundred_random_cuts_lose_and_double_nothing(tmp_path: Path) -> None:
    seed = random.randrange(10**6)
    print("seed", seed)
    dice = random.Random(seed)
    rasa = FakeRasa(delay=0.05, tracker=tmp_path / "tracker.sqlite")
    stop = tmp_path / "stop"
    counted: Counter[str] = Counter()
    async with TestServer(rasa.app()) as behind, AsyncExitStack() as stack:
        server = Server(str(behind.make_url("/")), tmp_path)
        await server.start()
        stack.push_async_callback(server.end, signal.SIGTERM)
        wires = [await stack.enter_async_context(wire(server.port)) for _ in range(9)]
        clients = [
            *[await directlinejs(one.port, stop, "stream") for one in wires[:3]],
            *[await directlinejs(one.port, stop, "polling") for one in wires[3:6]],
            *[await directline_client(one.port, stop) for one in wires[6:]],
        ]
        listening = [asyncio.create_task(client.listen()) for client in clients]
        await greeted(clients)
        while counted["cuts"] < CUTS:
            await asyncio.sleep(dice.uniform(0.02, 0.5))
            how = dice.randrange(100)
            if how < KILLED + ENDED:
                kind = signal.SIGKILL if how < KILLED else signal.SIGTERM
                counted[kind.name] += 1
                await server.end(kind)
                await server.start()
            elif busy := [one for one in wires if one.busy]:
                dice.choice(busy).cut()
            else:
                continue
            counted["cuts"] += 1
        stop.touch()
        async with asyncio.timeout(BOUND):
            await asyncio.gather(*listening)
        counted["expired"] = sum("renewed" in line for client in clients for line in client.told)
        async with aiohttp.ClientSession() as http:
            said = [await conversation(http, server.port, client) for client in clients]
    print(dict(counted), "messages", [len(client.heard()) for client in clients])
    for client, activities in zip(clients, said, strict=True):
        compare(client, activities)
        sender = client.done["conversation"]
        asked = [body["message"] for body in rasa.received if body["sender"] == sender]
        written = [one["text"] for one in activities if one["from"]["role"] == "user"]
        assert asked == ["/start", *written], client.name
    assert counted["expired"] > 0


async def greeted(clients: list[Client]) -> None:
    """Wait until everybody has been greeted: who cannot begin has nothing to lose."""
    async with asyncio.timeout(BOUND):
        while not all(client.heard() for client in clients):
            await asyncio.sleep(0.1)


async def conversation(http: aiohttp.ClientSession, port: int, client: Client) -> list[dict]:
    """Return the messages of a conversation, as the server has kept them."""
    done = client.done
    path = f"http://127.0.0.1:{port}/directline/conversations/{done['conversation']}/activities"
    async with http.get(path, headers={"Authorization": f"Bearer {done['token']}"}) as answer:
        assert answer.status == 200, (client.name, await answer.text())
        activities = (await answer.json())["activities"]
    return [one for one in activities if one["type"] == "message"]


def compare(client: Client, activities: list[dict]) -> None:
    """Every message was kept once and answered once, and the client was given every answer once."""
    written = [one for one in activities if one["from"]["role"] == "user"]
    answers = [one for one in activities if one["from"]["role"] == "bot"]
    assert written, client.name
    assert [one["text"] for one in written] == [f"Nachricht {n}" for n in range(len(written))]
    assert [one.get("replyToId") for one in answers[1:]] == [one["id"] for one in written]
    assert client.heard() == [one["text"] for one in answers], client.name


async def test_with_the_real_assistant_behind_it_is_the_same(
    assistant: Assistant, tmp_path: Path
) -> None:
    dice = random.Random(7)
    stop = tmp_path / "stop"
    port = int(assistant.url.rpartition(":")[2])
    async with AsyncExitStack() as stack:
        wires = [await stack.enter_async_context(wire(port)) for _ in range(3)]
        clients = [
            await directlinejs(wires[0].port, stop, "stream"),
            await directlinejs(wires[1].port, stop, "polling"),
            await directline_client(wires[2].port, stop),
        ]
        listening = [asyncio.create_task(client.listen()) for client in clients]
        await greeted(clients)
        for number in range(20):
            await asyncio.sleep(dice.uniform(0.2, 1.0))
            dice.choice(wires).cut()
            if number in (8, 15):
                (pid,) = assistant.children("channels.app")
                os.kill(pid, signal.SIGKILL)
                await ready(assistant)
        stop.touch()
        async with asyncio.timeout(BOUND):
            await asyncio.gather(*listening)
        async with aiohttp.ClientSession() as http:
            said = [await conversation(http, port, client) for client in clients]
    for client, activities in zip(clients, said, strict=True):
        compare(client, activities)
        heard = user_events(assistant.home / "state" / "tracker.sqlite", client)
        assert set(heard.values()) == {1}, client.name


def user_events(tracker: Path, client: Client) -> Counter[str]:
    """Return how often Rasa has heard each message of a client."""
    with contextlib.closing(sqlite3.connect(tracker)) as db:
        rows = db.execute(
            "SELECT data FROM events WHERE sender_id = ? AND type_name = 'user'",
            (client.done["conversation"],),
        )
        return Counter(json.loads(data)["metadata"].get("message_id") for (data,) in rows)
