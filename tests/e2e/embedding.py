"""A page of somebody else's that embeds the chat, and what looks for barriers in it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Frame, FrameLocator, Locator, Page

ROOT = Path(__file__).resolve().parents[2]
#: What WCAG 2.2 asks for at A and AA, as far as a program can see it.
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa")
SENDBOX = "#chat textarea, #chat input[type=text]"
#: The policy of a careful page: what docs/web.md says it needs, and no more.
POLICY = "default-src 'none'; style-src 'self'; script-src {lotse}; frame-src {lotse}"


@asynccontextmanager
async def embedding(lotse: str, language: str = "de", attributes: str = "") -> AsyncIterator[str]:
    """Give the address of a page with the launcher; its origin is not that of the chat."""

    async def page(request: web.Request) -> web.Response:
        text = f"""<!doctype html>
<html lang="{language}"><head><title>Intranet</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<script src="{lotse}widget.js" defer {attributes}></script></head>
<body><main><h1>Intranet</h1><p><a href="#more" id="before">Link</a></p></main></body></html>"""
        policy = POLICY.format(lotse=lotse.rstrip("/"))
        headers = {"Content-Security-Policy": policy, "Referrer-Policy": "no-referrer"}
        return web.Response(text=text, content_type="text/html", headers=headers)

    app = web.Application()
    app.router.add_get("/", page)
    app.router.add_get("/favicon.ico", lambda _: web.Response(status=204))
    async with TestServer(app) as server:
        yield str(server.make_url("/"))


def launcher(page: Page) -> Locator:
    """Return the button that opens the chat."""
    return page.locator("#launcher")


def panel(page: Page) -> Locator:
    """Return the panel that holds the chat."""
    return page.locator("lizenzlotse-chat dialog")


def inside(page: Page) -> FrameLocator:
    """Return the chat in its frame."""
    return page.frame_locator("lizenzlotse-chat iframe")


async def opened(page: Page, url: str) -> FrameLocator:
    """Open the chat on a page and return it, as soon as one can write."""
    await page.goto(url)
    await launcher(page).click()
    await inside(page).locator(SENDBOX).wait_for()
    return inside(page)


async def barriers(page: Page) -> list[str]:
    """Return what axe-core finds wrong, in the page and in every frame of it."""
    home = Path(os.environ.get("LOTSE_HOME") or ROOT / ".lotse")
    axe = (home / "clients/node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")
    return [found for frame in page.frames for found in await _found(frame, axe)]


async def _found(frame: Frame, axe: str) -> list[str]:
    await frame.evaluate(axe)
    options: dict[str, Any] = {
        "runOnly": {"type": "tag", "values": RULES},
        "iframes": False,
        "resultTypes": ["violations"],
    }
    result = await frame.evaluate("options => axe.run(document, options)", options)
    return [
        f"{one['id']} {node['target']} {node['failureSummary']} {node['html'][:300]}"
        for one in result["violations"]
        for node in one["nodes"]
    ]
