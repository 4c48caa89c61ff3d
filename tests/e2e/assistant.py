"""The whole assistant, running for real, and a person who talks to it through Direct Line."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

ROOT = Path(__file__).resolve().parents[2]
#: Seconds until the assistant answers, and until an answer comes; generous, machines are shared.
START = 240.0
ANSWER = 60.0


@dataclass
class Assistant:
    """A running `serve` with a home of its own."""

    url: str
    home: Path
    process: subprocess.Popen[bytes]

    def children(self, word: str) -> list[int]:
        """Return the process ids of the programs whose command line holds a word."""
        listed = subprocess.run(
            ["ps", "-o", "pid=,args=", "--ppid", str(self.process.pid)],
            capture_output=True,
            text=True,
            check=False,
        )
        lines = (line.strip().partition(" ") for line in listed.stdout.splitlines())
        return [int(pid) for pid, _, command in lines if word in command]

    def stop(self) -> int:
        """End it as Ctrl-C does and return its exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(30)


def started(home: Path) -> Assistant:
    """Start the assistant with the trained model of this checkout and wait until it answers."""
    made = Path(os.environ.get("LOTSE_HOME") or ROOT / ".lotse")
    for part in ("bot", "desk", "models"):
        (home / part).symlink_to((made / part).resolve(), target_is_directory=True)
    (home / "logs").mkdir()
    port = _free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "channels.services", "serve", "--port", str(port)],
        cwd=ROOT,
        env={
            **os.environ,
            "LOTSE_HOME": str(home),
            "PYTHONPATH": str(ROOT),
            "LC_ALL": "C.UTF-8",
            "LOTSE_TEAMS_PLAYGROUND": "1",
        },
        stdout=(home / "logs" / "serve.log").open("wb"),
        stderr=subprocess.STDOUT,
    )
    return Assistant(f"http://127.0.0.1:{port}", home, process)


async def ready(assistant: Assistant) -> None:
    """Wait until `/healthz` answers 200."""
    async with asyncio.timeout(START), aiohttp.ClientSession() as http:
        while not await _healthy(assistant, http):
            assert assistant.process.poll() is None, (
                assistant.home / "logs" / "serve.log"
            ).read_text()
            await asyncio.sleep(0.5)


async def _healthy(assistant: Assistant, http: aiohttp.ClientSession) -> bool:
    try:
        async with http.get(f"{assistant.url}/healthz") as response:
            return response.status == 200
    except aiohttp.ClientError:
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Person:
    """Somebody in the web chat: writes, clicks, reads the answer."""

    http: aiohttp.ClientSession
    url: str
    locale: str = "de-DE"
    token: str = ""
    conversation: str = ""
    watermark: str = ""
    step: dict[str, Any] = field(default_factory=dict)

    async def begin(self) -> Person:
        """Open a conversation, as Web Chat does."""
        made = await self._call("POST", "/tokens/generate")
        self.token = made["token"]
        opened = await self._call("POST", "/conversations", {"locale": self.locale})
        self.conversation, self.token = opened["conversationId"], opened["token"]
        return self

    async def say(self, text: str) -> dict[str, Any]:
        """Write a message and return the activity that answers it."""
        return await self.send({"type": "message", "text": text})

    async def choose(self, label: str) -> dict[str, Any]:
        """Click the button with a label: its card submits the choice."""
        fitting = [c for c in self.step["choices"] if c["label"] == label]
        assert fitting, f"{label!r} is not among {self.labels()}"
        value = {"choice": fitting[0]["id"], "step": self.step["id"]}
        return await self.send({"type": "message", "value": value})

    async def send(self, activity: dict[str, Any]) -> dict[str, Any]:
        """Send an activity and return the one that answers it."""
        await self.read()
        whole = {"from": {"id": "dl_test"}, "locale": self.locale, **activity}
        posted = await self._call("POST", self._activities(), whole)
        async with asyncio.timeout(ANSWER):
            while True:
                for answer in await self.read():
                    if answer.get("replyToId") == posted["id"] and answer["type"] == "message":
                        self.step = answer.get("channelData", {}).get("step") or {}
                        return answer
                await asyncio.sleep(0.05)

    async def read(self) -> list[dict[str, Any]]:
        """Return the activities that are new."""
        mark = f"?watermark={self.watermark}" if self.watermark else ""
        got = await self._call("GET", self._activities() + mark)
        self.watermark = got["watermark"]
        return list(got["activities"])

    def labels(self) -> list[str]:
        """Return the labels of the buttons that are shown."""
        return [choice["label"] for choice in self.step.get("choices", [])]

    def _activities(self) -> str:
        return f"/conversations/{self.conversation}/activities"

    async def _call(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        address = f"{self.url}/directline{path}"
        async with self.http.request(method, address, json=body, headers=headers) as response:
            assert response.status < 300, f"{method} {path}: {await response.text()}"
            answered: dict[str, Any] = await response.json()
            return answered
