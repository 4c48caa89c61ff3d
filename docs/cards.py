"""Take pictures of every kind of card: German and English, light and dark, as the page shows them.

PYTHONPATH=. .lotse/desk/bin/python docs/cards.py [FOLDER]

The pictures go to FOLDER (.lotse/cards), with one sheet of them all per language.
"""

import asyncio
import base64
import sys
from pathlib import Path

from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, Page, async_playwright

from actions.step import Step
from channels.app import init_app
from channels.settings import Settings
from knowledge.store import Knowledge, load
from tests.channels.samples import LANGUAGES, by_kind
from tests.e2e.browser import FLAGS, chromium, open_chat, write

FOLDER = Path(".lotse/cards")
SECRET = "not a secret, but long enough to sign tokens with"
SCHEMES = ("light", "dark")
LOCALE = {"de": "de-DE", "en": "en-GB"}
SHEET = """<!doctype html><body style="margin:24px;background:{ground}">
<div style="columns:4;column-gap:24px">{pictures}</div>"""
PICTURE = (
    """<img src="data:image/png;base64,{data}" style="width:100%;margin:0 0 24px;display:block">"""
)


def showing(steps: dict[str, Step]) -> web.Application:
    """Return a stand-in for Rasa that answers a name with the Step of that name."""

    async def answer(request: web.Request) -> web.Response:
        message = (await request.json())["message"]
        step = steps.get(message, steps["01-greet"])
        return web.json_response([{"custom": step.to_json()}])

    app = web.Application()
    app.router.add_post("/webhooks/rest/webhook", answer)
    return app


async def draw(folder: Path) -> None:
    """Take every picture, and make the sheets."""
    knowledge = load()
    folder.mkdir(parents=True, exist_ok=True)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        for language in LANGUAGES:
            await _language(browser, folder, language, knowledge)
        await browser.close()


async def _language(browser: Browser, folder: Path, language: str, knowledge: Knowledge) -> None:
    steps = by_kind(language, knowledge)
    async with TestServer(showing(steps)) as rasa:
        settings = Settings(secret=SECRET, rasa_url=str(rasa.make_url("/")))
        async with TestServer(init_app(settings, knowledge)) as server:
            url = str(server.make_url("/"))
            for scheme in SCHEMES:
                await _scheme(browser, url, folder, language, scheme, list(steps))
    for scheme in SCHEMES:
        await _sheet(browser, folder, language, scheme)


async def _scheme(
    browser: Browser, url: str, folder: Path, language: str, scheme: str, names: list[str]
) -> None:
    viewport = {"width": 640, "height": 1400}
    page = await open_chat(
        browser, url, locale=LOCALE[language], color_scheme=scheme, viewport=viewport
    )
    cards = page.locator("#chat .ac-adaptiveCard")
    await cards.first.wait_for()
    for number, name in enumerate(names):
        if number:
            await write(page, name)
            await cards.nth(number).wait_for()
        await page.wait_for_timeout(400)
        await _card(page, number, folder / f"{language}-{scheme}-{name}.png")
    await page.context.close()


async def _card(page: Page, number: int, path: Path) -> None:
    bubble = page.locator("#chat .webchat__bubble__content:has(.ac-adaptiveCard)").nth(number)
    await bubble.screenshot(path=path)


async def _sheet(browser: Browser, folder: Path, language: str, scheme: str) -> None:
    pictures = "".join(
        PICTURE.format(data=base64.b64encode(path.read_bytes()).decode())
        for path in sorted(folder.glob(f"{language}-{scheme}-*.png"))
    )
    page = await browser.new_page(viewport={"width": 1800, "height": 900})
    ground = "#fff" if scheme == "light" else "#15252b"
    await page.set_content(SHEET.format(ground=ground, pictures=pictures))
    await page.screenshot(path=folder / f"sheet-{language}-{scheme}.png", full_page=True)
    await page.close()


if __name__ == "__main__":
    asyncio.run(draw(Path(sys.argv[1]) if sys.argv[1:] else FOLDER))
