"""A Direct Line client, as a browser is one."""

from __future__ import annotations

import asyncio
from typing import Any

import jwt
from aiohttp import ClientResponse, FormData
from aiohttp.test_utils import TestClient

Json = dict[str, Any]


class Browser:
    """A Direct Line client with a token, as a browser has it."""

    def __init__(self, http, token):
        self.http = http
        self.token = token
        self.conversation = jwt.decode(token, options={"verify_signature": False})["conv"]
        self.user = jwt.decode(token, options={"verify_signature": False})["user"]

    @property
    def headers(self):
        return {"Authorization": f"Bearer {self.token}"}

    @property
    def path(self):
        return f"/directline/conversations/{self.conversation}"

    async def open(self, locale="de-DE"):
        body = {"user": {}, "locale": locale}
        return await self.http.post("/directline/conversations", json=body, headers=self.headers)

    async def post(self, **activity):
        body = {"type": "message", "from": {"id": "somebody else"}, **activity}
        return await self.http.post(f"{self.path}/activities", json=body, headers=self.headers)

    async def read(self, watermark=""):
        path = f"{self.path}/activities?watermark={watermark}"
        return await (await self.http.get(path, headers=self.headers)).json()

    async def heard(self, count, kind="message"):
        """Return the first `count` messages, waiting for them."""
        async with asyncio.timeout(5):
            while True:
                activities = (await self.read())["activities"]
                messages = [one for one in activities if one["type"] == kind]
                if len(messages) >= count:
                    return messages
                await asyncio.sleep(0.02)

    async def upload(self, data, name="log.txt", kind="text/plain", activity=None):
        form = FormData()
        if activity:
            form.add_field("activity", activity, content_type="application/vnd.microsoft.activity")
        form.add_field("file", data, filename=name, content_type=kind)
        return await self.http.post(f"{self.path}/upload", data=form, headers=self.headers)


async def generated(http: TestClient) -> Browser:
    """Return a browser with a new token."""
    answer = await http.post("/directline/tokens/generate")
    given = await answer.json()
    browser = Browser(http, given["token"])
    browser.key = given["key"]
    return browser


async def error(response: ClientResponse) -> tuple[int, str]:
    """Return the status and the code of a refusal."""
    return response.status, (await response.json())["error"]["code"]
