"""Many web conversations at once, beside a single one: `./lotse bench load`.

Everybody speaks Direct Line over a stream, thinks for some seconds, and writes. Each person has an
error code of their own, which is in the case from the first turn on, so a reply that is lost,
doubled, or made from what somebody else wrote is seen.
"""

from __future__ import annotations

import asyncio
import os
import random
import re
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import aiohttp

from channels import services
from channels.services import LOOPBACK, Installation, Voice, engine_running, free_port, kept, ready
from knowledge.store import load

#: Seconds after which a reply counts as lost.
LOST = 60.0
#: Turns without an answer, with an apology instead of one, seen twice, and meant for others.
WRONG = ("lost", "excused", "doubled", "misdirected")
#: Turns of the single conversation.
ALONE = 40
CODE = re.compile(r"0x[0-9A-F]{8}|AADSTS\d+")
#: What people write: a story, codes, an output, small talk, in both languages.
SENTENCES = (
    ("de-DE", "Windows zeigt 0xC004F074, ich bin im Homeoffice"),
    ("de-DE", "Word sagt Nicht lizenziertes Produkt"),
    ("de-DE", "Produktschlüsselkanal: VOLUME_KMSCLIENT"),
    ("de-DE", "was ist KMS?"),
    ("en-GB", "Windows shows 0xC004C008 after a new mainboard"),
    ("en-GB", "Outlook asks for my password again and again, AADSTS50020"),
    ("en-GB", "License Status: Notification"),
    ("en-GB", "hello"),
)


@dataclass
class Talk:
    """What became of one conversation: seconds per turn, and what went wrong."""

    turns: list[float] = field(default_factory=list)
    lost: int = 0
    excused: int = 0
    doubled: int = 0
    misdirected: int = 0


class Person:
    """Somebody who speaks Direct Line over a stream."""

    def __init__(
        self,
        http: aiohttp.ClientSession,
        url: str,
        dice: random.Random,
        code: str,
        excuses: frozenset[str],
    ) -> None:
        self._code = code
        self._known = {code}
        self._http = http
        self._url = f"{url.rstrip('/')}/directline"
        self._dice = dice
        self._answers: dict[str, asyncio.Event] = {}
        self._excuses = excuses
        self.talk = Talk()

    async def hold(self, turns: int, think: float) -> Talk:
        """Hold a conversation of so many turns, thinking so many seconds on average."""
        await asyncio.sleep(self._dice.uniform(0, think))
        made = await self._post("/tokens/generate", {}, "")
        locale, _ = self._dice.choice(SENTENCES)
        opened = await self._post("/conversations", {"locale": locale}, made["token"])
        self._name, self._token = opened["conversationId"], opened["token"]
        async with self._http.ws_connect(opened["streamUrl"]) as socket:
            listening = asyncio.create_task(self._listen(socket))
            for number in range(turns):
                await asyncio.sleep(self._dice.uniform(0.5, 1.5) * think)
                own = [text for language, text in SENTENCES if language == locale]
                await self._turn(locale, self._dice.choice(own) if number else self._code)
            await asyncio.sleep(0.2)  # what comes twice would come now
            listening.cancel()
        return self.talk

    async def _turn(self, locale: str, text: str) -> None:
        self._known |= set(CODE.findall(text))
        began = time.perf_counter()
        path = f"/conversations/{self._name}/activities"
        activity = {"type": "message", "text": text, "locale": locale}
        sent = (await self._post(path, activity, self._token))["id"]
        answered = self._answers.setdefault(sent, asyncio.Event())
        try:
            async with asyncio.timeout(LOST):
                await answered.wait()
        except TimeoutError:
            self.talk.lost += 1
        else:
            self.talk.turns.append(time.perf_counter() - began)

    async def _listen(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        seen: set[str] = set()
        async for message in socket:
            for activity in message.json()["activities"] if message.data else ():
                self._hear(activity, seen)

    def _hear(self, activity: dict[str, Any], seen: set[str]) -> None:
        if activity["type"] != "message":
            return
        self.talk.doubled += activity["id"] in seen
        seen.add(activity["id"])
        case = activity.get("channelData", {}).get("step", {}).get("case", {})
        foreign = set(case.get("codes", ())) - self._known
        self.talk.misdirected += bool(foreign) or activity["conversation"]["id"] != self._name
        if reply := activity.get("replyToId"):
            self.talk.excused += activity["text"] in self._excuses
            self._answers.setdefault(reply, asyncio.Event()).set()

    async def _post(self, path: str, body: dict[str, Any], token: str) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with self._http.post(f"{self._url}{path}", json=body, headers=headers) as answer:
            answer.raise_for_status()
            answered: dict[str, Any] = await answer.json()
            return answered


async def talks(url: str, people: int, turns: int, think: float, seed: int) -> list[Talk]:
    """Return what became of so many conversations at once."""
    sorry = load().phrases["channel_sorry"]
    excuses = frozenset((sorry.de, sorry.en))
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as http:
        persons = [
            Person(http, url, random.Random(f"{seed} {n}"), f"0xC004{n + 4096:04X}", excuses)
            for n in range(people)
        ]
        return list(await asyncio.gather(*(one.hold(turns, think) for one in persons)))


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which a share of all lies.

    >>> percentile([0.4, 0.1, 0.3, 0.2], 0.5), percentile([1.0], 0.95)
    (0.2, 1.0)
    """
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * round(share * 100) // 100) - 1)]


def row(name: str, held: Sequence[Talk]) -> str:
    """Return a line of the table."""
    turns = [seconds for talk in held for seconds in talk.turns]
    p50, p95 = (f"{percentile(turns, share) * 1000:.0f} ms" for share in (0.5, 0.95))
    wrong = [sum(getattr(t, what) for t in held) for what in WRONG]
    return " | ".join([f"| {name}", str(len(turns)), p50, p95, *map(str, wrong), ""]).rstrip()


@asynccontextmanager
async def served() -> AsyncIterator[str]:
    """Give the address of a whole assistant, each part in a process, with a state of its own."""
    installation = Installation.from_environment(os.environ)
    async with AsyncExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lotse-")))
        rasa_url = await stack.enter_async_context(
            engine_running(installation, load().phrases, lambda _: None, reuse=False)
        )
        web = replace(installation, home=home)
        port = free_port()
        program = services.web(web, LOOPBACK, port, rasa_url)
        (keeper,) = await stack.enter_async_context(
            kept([program], Voice(web, load().phrases, lambda _: None))
        )
        http = await stack.enter_async_context(aiohttp.ClientSession())
        await ready(keeper, Voice(web, load().phrases, lambda _: None), http)
        yield f"http://{LOOPBACK}:{port}"


async def measure(
    people: int, turns: int, think: float, url: str | None = None, seed: int = 1
) -> str:
    """Return a Markdown table: one conversation alone, then so many at once."""
    async with AsyncExitStack() as stack:
        url = url or await stack.enter_async_context(served())
        await talks(url, 1, 3, 1.0, seed)  # whoever comes first pays for what is loaded then
        alone = await talks(url, 1, ALONE, 1.5, seed)
        many = await talks(url, people, turns, think, seed + 1)
    head = f"| conversations | turns | p50 | p95 | {' | '.join(WRONG)} |"
    return "\n".join(
        [head, "|---" * (4 + len(WRONG)) + "|", row("1", alone), row(str(people), many)]
    )
