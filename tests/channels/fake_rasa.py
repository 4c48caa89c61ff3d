"""A small stand-in for Rasa: one HTTP server that answers with a few Steps.

The only mock of these tests. It is here because the channels must be shown what a healthy Rasa
never does: answer late, with a 500, with nothing, with rubbish. The real Rasa is covered end to
end in tests/e2e. `python -m tests.channels.fake_rasa PORT` serves it for looking at the page.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web
from ruamel.yaml import YAML

from actions.step import Step

STEPS = Path(__file__).parent / "steps"


def step(name: str, language: str) -> Step:
    """Return the Step `name` of steps/<language>.yaml."""
    steps = YAML(typ="safe", pure=True).load(STEPS / f"{language}.yaml")
    return Step.from_json(steps[name])


@dataclass
class FakeRasa:
    """Answers by the words of a message, and remembers what it was sent.

    Set `status`, `delay` or `raw` to misbehave. With `tracker` it keeps its events as Rasa does.
    """

    status: int = 200
    delay: float = 0.0
    raw: str | None = None
    health: bool = True
    tracker: Path | None = None
    received: list[dict[str, Any]] = field(default_factory=list)

    def app(self) -> web.Application:
        """Return it as an application."""
        app = web.Application(client_max_size=2**20)
        app.router.add_get("/", self._alive)
        app.router.add_post("/webhooks/rest/webhook", self._webhook)
        return app

    async def _alive(self, request: web.Request) -> web.Response:
        return web.Response(text="Hello from Rasa: 3.6.21", status=self.status)

    async def _webhook(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.received.append(body)
        # A turn that has begun ends, whether somebody still waits for it or not.
        return await asyncio.shield(asyncio.ensure_future(self._turn(body)))

    async def _turn(self, body: dict[str, Any]) -> web.Response:
        if self.delay:
            await asyncio.sleep(self.delay)
        if self.raw is not None or self.status != 200:
            return web.Response(text=self.raw or "oops", status=self.status)
        if body["message"] == "/health_check":
            return web.json_response([{"custom": {"health": "ok"}}] if self.health else [])
        answers = answer(body["message"], body.get("metadata") or {})
        if self.tracker:
            self._keep(body, answers)
        return web.json_response(answers)

    def _keep(self, body: dict[str, Any], answers: list[dict[str, Any]]) -> None:
        user = {"event": "user", "text": body["message"], "metadata": body["metadata"]}
        bots = [{"event": "bot", "text": one.get("text"), "data": one} for one in answers]
        with closing(sqlite3.connect(self.tracker)) as db, db:
            db.execute(
                "CREATE TABLE IF NOT EXISTS events (id INTEGER PRIMARY KEY, sender_id VARCHAR(255),"
                " type_name VARCHAR(255), data TEXT)"
            )
            db.executemany(
                "INSERT INTO events (sender_id, type_name, data) VALUES (?, ?, ?)",
                [(body["sender"], one["event"], json.dumps(one)) for one in [user, *bots]],
            )


def answer(text: str, metadata: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what the stand-in answers."""
    language = "en" if str(metadata.get("locale", "")).startswith("en") else "de"
    folded = text.casefold()
    if text == "/start":
        name = "greet"
    elif metadata.get("choice") in ("connected", "not_connected") or "consent" in folded:
        name = "consent"
    elif metadata.get("choice") in ("yes", "no") or "ticket" in folded:
        name = "ticket"
    elif metadata.get("choice") or "check" in folded:
        name = "check"
    elif "0x" in folded:
        name = "ask"
    else:
        return [{"text": f"echo: {text}"}]
    return [{"custom": step(name, language).to_json()}]


if __name__ == "__main__":
    web.run_app(FakeRasa().app(), host="127.0.0.1", port=int(sys.argv[1]), print=None)
