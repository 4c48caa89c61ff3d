"""The launcher on somebody else's page: what it costs, opens, keeps and leaves."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, expect

from channels.app import init_app
from channels.settings import Settings
from knowledge.store import load
from tests.channels.fake_rasa import FakeRasa
from tests.e2e.embedding import SENDBOX, embedding, inside, launcher, opened, panel

SECRET = "not a secret, but long enough to sign tokens with"


class Clock:
    """The time of the server, which a test moves on."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@pytest.fixture
def rasa() -> FakeRasa:
    return FakeRasa()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def lotse(rasa: FakeRasa, clock: Clock) -> AsyncIterator[str]:
    async with TestServer(rasa.app()) as behind:
        settings = Settings(secret=SECRET, rasa_url=str(behind.make_url("/")))
        async with TestServer(init_app(settings, load(), clock)) as server:
            yield str(server.make_url("/"))


async def test_before_it_is_opened_a_page_pays_for_one_small_script(
    browser: Browser, lotse: str
) -> None:
    page = await browser.new_page()
    async with embedding(lotse) as url:
        await page.goto(url, wait_until="networkidle")
        await expect(launcher(page)).to_be_visible()
        loaded = await page.evaluate(
            "performance.getEntriesByType('resource').map(one => one.name)"
        )
        assert loaded == [f"{lotse}widget.js"]
        assert await page.locator("iframe").count() == 0
        assert await page.evaluate("performance.getEntriesByType('layout-shift').length") == 0


async def test_the_chat_opens_as_a_dialog_and_gives_the_focus_back(
    browser: Browser, lotse: str
) -> None:
    page = await (await browser.new_context(locale="de-DE")).new_page()
    async with embedding(lotse, "de") as url:
        chat = await opened(page, url)
        await expect(chat.locator(SENDBOX)).to_be_focused()
        await expect(page.get_by_role("dialog", name="Lizenzlotse")).to_be_visible()
        await page.keyboard.press("Shift+Tab")  # no trap: one leaves as one came
        await page.keyboard.press("Escape")
        await expect(panel(page)).to_be_hidden()
        await expect(launcher(page)).to_be_focused()
        await launcher(page).press("Enter")
        await page.get_by_role("button", name="Chat schließen").click()
        await expect(launcher(page)).to_be_focused()
        await page.evaluate("lizenzlotse.open()")
        await expect(panel(page)).to_be_visible()


async def test_on_a_phone_it_fills_the_screen_and_what_is_behind_cannot_be_reached(
    browser: Browser, lotse: str
) -> None:
    page = await (await browser.new_context(viewport={"width": 320, "height": 640})).new_page()
    async with embedding(lotse) as url:
        await opened(page, url)
        assert await panel(page).bounding_box() == {"x": 0, "y": 0, "width": 320, "height": 640}
        assert await panel(page).evaluate("one => one.matches(':modal')")
        await page.set_viewport_size({"width": 1000, "height": 640})
        assert not await panel(page).evaluate("one => one.matches(':modal')")
        await expect(inside(page).locator(SENDBOX)).to_be_visible()


@pytest.mark.parametrize(
    ("page_language", "attributes", "browser_language", "word"),
    [
        ("de-AT", "", "en-GB", "Guten Tag"),
        ("en", "", "de-DE", "Hello"),
        ("fr", "", "en-GB", "Hello"),
        ("en", 'data-language="de"', "en-GB", "Guten Tag"),
    ],
)
async def test_it_speaks_the_language_of_the_page(
    browser: Browser,
    lotse: str,
    page_language: str,
    attributes: str,
    browser_language: str,
    word: str,
) -> None:
    page = await (await browser.new_context(locale=browser_language)).new_page()
    async with embedding(lotse, page_language, attributes) as url:
        chat = await opened(page, url)
        await expect(chat.locator(".webchat__bubble__content").get_by_text(word)).to_be_visible()


async def test_colour_place_and_name_are_attributes(browser: Browser, lotse: str) -> None:
    wishes = 'data-color="gold" data-position="left" data-title="IT-Hilfe" data-label="Fragen"'
    page = await browser.new_page()
    async with embedding(lotse, "de", wishes) as url:
        await page.goto(url)
        style = await launcher(page).evaluate(
            "one => [getComputedStyle(one).backgroundColor, getComputedStyle(one).color]"
        )
        assert style == ["rgb(255, 215, 0)", "rgb(0, 0, 0)"]
        box = await launcher(page).bounding_box()
        assert box is not None
        assert box["x"] < 100
        await launcher(page).get_by_text("Fragen").click()
        await expect(page.get_by_role("heading", name="IT-Hilfe")).to_be_visible()


async def test_a_page_that_is_not_allowed_gets_no_chat(
    browser: Browser, lotse: str, rasa: FakeRasa
) -> None:
    page = await (await browser.new_context(locale="de-DE")).new_page()
    await page.clock.install()
    async with embedding(lotse) as url:
        foreign = url.replace("127.0.0.1", "elsewhere.localhost")  # the same server, another origin
        await page.goto(foreign)
        await launcher(page).click()
        await page.clock.fast_forward(15_000)
        await expect(page.get_by_role("status")).to_contain_text("gerade nicht erreichbar")
        assert rasa.received == []


async def test_a_conversation_goes_on_on_the_next_page_and_after_a_reload(
    browser: Browser, lotse: str, rasa: FakeRasa
) -> None:
    page = await (await browser.new_context(locale="de-DE")).new_page()
    async with embedding(lotse) as url:
        chat = await opened(page, url)
        await chat.locator(SENDBOX).fill("check")
        await chat.locator(SENDBOX).press("Enter")
        await expect(chat.get_by_text("nslookup").last).to_be_visible()
        await page.goto(f"{url}?another")
        await expect(panel(page)).to_be_visible()
        await expect(inside(page).get_by_text("nslookup").last).to_be_visible()
        assert await page.evaluate("document.activeElement === document.body")
        assert [body["message"] for body in rasa.received] == ["/start", "check"]


async def test_a_token_that_expired_in_the_night_is_renewed_and_nothing_lost(
    browser: Browser, lotse: str, clock: Clock, rasa: FakeRasa
) -> None:
    page = await (await browser.new_context(locale="de-DE")).new_page()
    async with embedding(lotse) as url:
        chat = await opened(page, url)
        box = chat.locator(SENDBOX)
        await expect(chat.get_by_text("Guten Tag").last).to_be_visible()
        clock.ahead = timedelta(hours=9)
        await box.fill("check")
        await box.press("Enter")
        await expect(chat.locator("#notice")).to_contain_text("Ihr Gespräch geht weiter")
        await expect(box).to_have_value("check")  # what was not taken waits to be sent
        await box.press("Enter")
        await expect(chat.get_by_text("nslookup").last).to_be_visible()
        await page.reload()
        await expect(inside(page).get_by_text("nslookup").last).to_be_visible()
        assert [body["message"] for body in rasa.received] == ["/start", "check"]


async def test_a_text_file_is_read_and_the_conversation_kept_as_a_file(
    browser: Browser, lotse: str, rasa: FakeRasa, tmp_path: Path
) -> None:
    page = await (await browser.new_context(locale="de-DE", accept_downloads=True)).new_page()
    log = tmp_path / "ausgabe.txt"
    log.write_bytes("Schlüssel: 0xC004F074\r\nZeile 2".encode("cp850"))
    async with embedding(lotse) as url:
        chat = await opened(page, url)
        await chat.locator("input[type=file]").set_input_files(log)
        await chat.get_by_role("button", name="Senden").click()
        await expect(chat.get_by_text("Wie ist dieser Rechner lizenziert?").last).to_be_visible()
        assert rasa.received[-1]["message"] == "Schlüssel: 0xC004F074\nZeile 2"
        await expect(chat.get_by_text("ausgabe.txt").last).to_be_visible()
        await chat.locator("summary").click()
        async with page.expect_download() as download:
            await chat.get_by_role("button", name="Gespräch herunterladen").click()
        file = await (await download.value).path()
        text = Path(file).read_text(encoding="utf-8")
        assert (await download.value).suggested_filename.startswith("lizenzlotse-")
        assert "Sie:\n[Datei: ausgabe.txt]" in text
        assert "Wie ist dieser Rechner lizenziert?" in text


async def test_what_is_deleted_does_not_come_back(
    browser: Browser, lotse: str, rasa: FakeRasa
) -> None:
    page = await (await browser.new_context(locale="de-DE")).new_page()
    async with embedding(lotse) as url:
        chat = await opened(page, url)
        await chat.locator(SENDBOX).fill("check")
        await chat.locator(SENDBOX).press("Enter")
        await expect(chat.get_by_text("nslookup").last).to_be_visible()
        await chat.locator("summary").click()
        await chat.get_by_role("button", name="Gespräch löschen").click()
        await chat.get_by_role("button", name="Löschen", exact=True).click()
        await expect(chat.locator("#notice")).to_contain_text("Das Gespräch ist gelöscht.")
        await expect(chat.locator("#chat")).to_be_hidden()
        await chat.get_by_role("button", name="Neues Gespräch").click()
        await inside(page).locator(SENDBOX).wait_for()
        await asyncio.sleep(0.5)
        await expect(inside(page).get_by_text("nslookup")).to_have_count(0)
        assert len({body["sender"] for body in rasa.received}) == 2


async def test_what_the_server_does_not_take_is_said_in_words(browser: Browser, lotse: str) -> None:
    page = await (await browser.new_context(locale="de-DE")).new_page()
    async with embedding(lotse) as url:
        chat = await opened(page, url)
        await page.route(
            "**/activities",
            lambda route: route.fulfill(
                status=429, json={"error": {"code": "TooManyRequests", "message": "Bitte warten"}}
            ),
        )
        await chat.locator(SENDBOX).fill("check")
        await chat.locator(SENDBOX).press("Enter")
        await expect(chat.locator("#notice")).to_contain_text("Bitte warten")


async def test_nobody_else_is_asked_for_anything(browser: Browser, lotse: str) -> None:
    page = await browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    complaints: list[str] = []
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    async with embedding(lotse) as url:
        chat = await opened(page, url)
        await expect(chat.get_by_text("Guten Tag, hier").last).to_be_visible()
        known = (url, lotse, f"blob:{lotse}", "data:")
        assert [one for one in asked if not one.startswith(known)] == []
        assert complaints == []
