"""The Microsoft 365 Agents Playground, Microsoft's own stand-in for the Teams client.

`./lotse test` installs it. Two things it does otherwise than Teams, and a relay in between says
what a Teams client says: it always says that its person speaks English, and it loses the newlines
of a pasted text altogether, where Teams makes blanks of them and sends the text as HTML beside.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import escape
from pathlib import Path

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, Locator, Page, expect

from channels.services import free_port

ROOT = Path(__file__).resolve().parents[2]
HOME = Path(os.environ.get("LOTSE_HOME") or ROOT / ".lotse")
PACKAGE = HOME / "playground/node_modules/@microsoft/m365agentsplayground"
#: Milliseconds for an answer; generous, machines are shared.
PATIENCE = 30_000


def node() -> str:
    """Return where Node is: the machine's, or the one that ./lotse made."""
    found = shutil.which("node") or shutil.which("node", path=HOME / "node/bin")
    assert found, "no Node; ./lotse test installs one"
    return found


@asynccontextmanager
async def relay(bot: str, locale: str, pasted: str = "") -> AsyncIterator[str]:
    """Give an address that passes activities on to the bot as a Teams client would send them."""

    async def pass_on(request: web.Request) -> web.Response:
        told = await request.json()
        if pasted and told.get("text") == pasted.replace("\n", " "):
            lines = escape(pasted).replace("\n", "<br>")
            told["attachments"] = [{"contentType": "text/html", "content": f"<p>{lines}</p>"}]
        told |= {"locale": locale} if "locale" in told else {}
        for entity in told.get("entities", []):
            entity |= {"locale": locale} if "locale" in entity else {}
        async with aiohttp.ClientSession() as http, http.post(bot, json=told) as answer:
            kind = answer.content_type
            return web.Response(body=await answer.read(), status=answer.status, content_type=kind)

    app = web.Application()
    app.router.add_post("/api/messages", pass_on)
    async with TestServer(app) as server:
        yield str(server.make_url("/api/messages"))


@asynccontextmanager
async def playground(bot: str, folder: Path) -> AsyncIterator[str]:
    """Give the address of a Playground that talks to the bot at `bot`."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *(node(), str(PACKAGE / "cli.js"), "-e", bot, "-c", "msteams", "-p", str(port), "--dt"),
        cwd=folder,
        env={
            **os.environ,
            "TEAMSAPPTESTER_BROWSER": shutil.which("true") or "true",  # else it ends at once
            "TEAMSAPPTESTER_LOGFILE": str(folder / "playground.log"),
        },
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        await _listens(port)
        yield f"http://localhost:{port}"
    finally:
        process.terminate()
        await process.wait()


async def _listens(port: int) -> None:
    async with asyncio.timeout(60):
        while True:
            try:
                _, writer = await asyncio.open_connection("localhost", port)
            except OSError:
                await asyncio.sleep(0.2)
            else:
                writer.close()
                return


async def open_playground(browser: Browser, url: str) -> Page:
    """Return the Playground's page, as soon as one can type into it."""
    page = await (await browser.new_context(viewport={"width": 1400, "height": 1000})).new_page()
    await page.goto(url)
    await box(page).wait_for(timeout=PATIENCE)
    return page


def box(page: Page) -> Locator:
    """Return where one types."""
    return page.locator("[data-lexical-editor=true]")


async def write(page: Page, text: str) -> None:
    """Type a message and send it."""
    await box(page).click()
    await page.keyboard.insert_text(text)
    await page.keyboard.press("Enter")


def cards(page: Page) -> Locator:
    """Return the cards in the conversation."""
    return page.locator(".ac-adaptiveCard")


@asynccontextmanager
async def one_card_more(page: Page) -> AsyncIterator[None]:
    """Wait after the block until it has brought a card."""
    before = await cards(page).count()
    yield
    await expect(cards(page)).to_have_count(before + 1, timeout=PATIENCE)


async def buttons(page: Page) -> list[str]:
    """Return what the buttons of the newest card say."""
    return await cards(page).last.get_by_role("button").all_inner_texts()


async def choose(page: Page, label: str) -> None:
    """Click the newest button with this label."""
    await page.get_by_role("button", name=label, exact=True).last.click(timeout=PATIENCE)


async def read(page: Page, text: str) -> None:
    """Wait until a text can be read."""
    await expect(page.get_by_text(text).last).to_be_visible(timeout=PATIENCE)
