"""A real browser for tests; the conftest of this folder imports the fixture `browser` from here.

Finds the machine's Chromium and installs nothing; `./lotse test` sees to it that there is one.
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, Locator, Page, async_playwright, expect

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--no-sandbox",  # tests run as root in containers
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",  # nothing but the page under test goes out
    "--disable-component-update",
    "--disable-sync",
)


def chromium() -> str | None:
    """Return where Chromium is, if it is anywhere."""
    return next(filter(None, map(shutil.which, NAMES)), None)


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Give a headless Chromium."""
    path = chromium()
    assert path, "no Chromium on this machine (Debian: apt-get install chromium)"
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield running
        await running.close()


async def open_chat(browser: Browser, url: str, **context: Any) -> Page:
    """Return the chat page at `url`, as soon as one can type into it.

    `context` goes to the browser: locale, color_scheme, viewport.
    """
    page = await (await browser.new_context(**context)).new_page()
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.errors = []  # what the page threw or complained about, for the test to look at
    page.on("console", lambda m: page.errors.append(m.text) if m.type == "error" else None)
    await page.goto(url)
    await page.locator("#chat textarea, #chat input[type=text]").wait_for()
    return page


async def write(page: Page, text: str) -> None:
    """Type a message and send it."""
    box = page.locator("#chat textarea, #chat input[type=text]")
    await box.fill(text)
    await box.press("Enter")


async def choose(page: Page, label: str) -> None:
    """Click the newest button with this label."""
    await page.get_by_role("button", name=label, exact=True).last.click()


def said(page: Page, text: str) -> Locator:
    """Return where a message on the screen holds `text`.

    Not what Web Chat says to screen readers alone, which is in the page too.
    """
    return page.locator("#chat .webchat__bubble__content").get_by_text(text)


async def read(page: Page, text: str) -> None:
    """Wait until `text` can be read in a message."""
    await expect(said(page, text).last).to_be_visible()
