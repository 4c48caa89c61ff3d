"""The chat page in a real browser, Web Chat and all, in front of a stand-in for Rasa."""

from collections.abc import AsyncIterator

import pytest
from aiohttp.test_utils import TestServer
from playwright.async_api import expect

from channels.app import init_app
from channels.settings import Settings
from knowledge.store import load
from tests.channels.fake_rasa import FakeRasa
from tests.e2e.browser import choose, open_chat, read, said, write

SECRET = "not a secret, but long enough to sign tokens with"


@pytest.fixture
def rasa() -> FakeRasa:
    return FakeRasa()


@pytest.fixture
async def url(rasa) -> AsyncIterator[str]:
    async with TestServer(rasa.app()) as behind:
        settings = Settings(secret=SECRET, rasa_url=str(behind.make_url("/")))
        async with TestServer(init_app(settings, load())) as server:
            yield str(server.make_url("/"))


async def test_a_conversation_by_clicks_goes_from_the_code_to_the_ticket(browser, url):
    page = await open_chat(browser, url, locale="de-DE")
    await read(page, "Guten Tag, hier ist die Lizenzlotse.")
    await write(page, "Windows zeigt 0xC004F074")
    await choose(page, "Über den KMS-Server der Firma")
    await read(page, "nslookup -type=srv _vlmcs._tcp")
    await choose(page, "Nicht verbunden")
    await read(page, "Lässt sich nicht rückgängig machen")
    await page.get_by_role("checkbox").last.check()
    await choose(page, "Ja, ausführen: Produktschlüssel entfernen")
    await read(page, "Fall LL-1042")
    assert page.errors == []


async def test_a_consent_without_its_ticks_is_not_sent_and_says_why(browser, url, rasa):
    page = await open_chat(browser, url, locale="de-DE")
    await write(page, "consent")
    await choose(page, "Ja, ausführen: Produktschlüssel entfernen")
    await read(page, "Bitte erst erledigen und abhaken.")
    assert [body["message"] for body in rasa.received] == ["/start", "consent"]
    await choose(page, "Nein, nicht ausführen")
    await read(page, "Fall LL-1042")
    assert rasa.received[-1]["metadata"]["choice"] == "no"


@pytest.mark.parametrize("allowed", [["clipboard-read", "clipboard-write"], []])
async def test_a_command_is_copied_and_nothing_is_sent(browser, url, rasa, allowed):
    page = await open_chat(browser, url, locale="de-DE", permissions=allowed)
    if not allowed:  # as without https
        await page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    await write(page, "check")
    await choose(page, "Kopieren")
    await expect(page.get_by_role("button", name="Kopiert ✓")).to_be_visible()
    await expect(page.get_by_role("status").get_by_text("Kopiert ✓")).to_be_attached()
    if allowed:
        copied = await page.evaluate("navigator.clipboard.readText()")
        assert copied == "nslookup -type=srv _vlmcs._tcp"
    await expect(page.get_by_role("button", name="Kopieren")).to_be_visible()
    assert [body["message"] for body in rasa.received] == ["/start", "check"]
    assert page.errors == []


async def test_the_page_greets_an_english_browser_in_english(browser, url):
    page = await open_chat(browser, url, locale="en-GB")
    await read(page, "Hello, this is Lizenzlotse.")
    await expect(page.get_by_placeholder("Type your message")).to_be_visible()


async def test_a_choice_is_offered_once(browser, url):
    page = await open_chat(browser, url, locale="de-DE")
    await write(page, "check")
    await expect(page.get_by_role("button", name="Nicht verbunden")).to_have_count(1)


async def test_the_chat_survives_a_reload(browser, url, rasa):
    page = await open_chat(browser, url, locale="de-DE")
    await write(page, "check")
    await read(page, "nslookup")
    await page.reload()
    await read(page, "nslookup")
    await choose(page, "Nicht verbunden")
    await read(page, "Vorher bitte bestätigen")
    assert [body["message"] for body in rasa.received].count("/start") == 1


async def test_a_new_conversation_is_a_new_one(browser, url, rasa):
    page = await open_chat(browser, url, locale="de-DE")
    await write(page, "check")
    await read(page, "nslookup")
    await page.get_by_role("button", name="Neues Gespräch").click()
    await expect(said(page, "nslookup")).to_have_count(0)
    await read(page, "Guten Tag, hier ist die Lizenzlotse.")
    assert len({body["sender"] for body in rasa.received}) == 2


async def test_a_secret_is_masked_on_the_screen_too(browser, url):
    page = await open_chat(browser, url, locale="de-DE")
    await write(page, "Mein Schlüssel: " + "-".join(["BCDFG"] * 5))
    await read(page, "Mein Schlüssel: …-BCDFG")
    await expect(said(page, "BCDFG-BCDFG")).to_have_count(0)


async def test_pasted_lines_arrive_as_lines(browser, url, rasa):
    page = await open_chat(browser, url, locale="de-DE")
    output = "Name: Windows(R), Professional edition\nBeschreibung: VOLUME_KMSCLIENT channel\n" * 60
    await write(page, output)
    await read(page, "echo: Name")
    assert rasa.received[-1]["message"] == output.strip()


async def test_the_page_asks_nobody_else_for_anything(browser, url):
    context = await browser.new_context(locale="de-DE")
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    page = await context.new_page()
    await page.goto(url)
    await read(page, "Guten Tag, hier ist die Lizenzlotse.")
    assert [one for one in asked if not one.startswith((url, f"blob:{url}", "data:"))] == []


async def test_the_page_says_so_when_rasa_is_away(browser, url, rasa):
    rasa.status = 500
    page = await open_chat(browser, url, locale="de-DE")
    await read(page, "Entschuldigung, ich kann gerade nicht antworten.")


async def test_the_page_says_so_when_the_chat_cannot_be_loaded(browser, url):
    context = await browser.new_context(locale="de-DE")
    page = await context.new_page()
    await page.route("**/assets/webchat.js*", lambda route: route.abort())
    await page.goto(url)
    await expect(page.get_by_text("Der Chat kann gerade nicht geladen werden.")).to_be_visible()
