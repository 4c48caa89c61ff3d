"""No barrier in any state of the chat: by axe-core, by keyboard alone, small, enlarged, dark."""

from collections.abc import AsyncIterator

import pytest
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, Locator, Page, expect

from channels.app import init_app
from channels.settings import Settings
from knowledge.store import load
from tests.channels.fake_rasa import FakeRasa
from tests.e2e.embedding import SENDBOX, barriers, embedding, inside, launcher, opened, panel

SECRET = "not a secret, but long enough to sign tokens with"
#: A desk, a phone of the smallest width, and a desk at 200 % zoom: half the room, twice the size.
ROOMS = {
    "desk": {"viewport": {"width": 1280, "height": 900}},
    "phone": {"viewport": {"width": 320, "height": 640}, "has_touch": True},
    "zoom": {"viewport": {"width": 640, "height": 400}, "device_scale_factor": 2},
}


@pytest.fixture
def rasa() -> FakeRasa:
    return FakeRasa()


@pytest.fixture
async def lotse(rasa: FakeRasa) -> AsyncIterator[str]:
    async with TestServer(rasa.app()) as behind:
        settings = Settings(secret=SECRET, rasa_url=str(behind.make_url("/")))
        async with TestServer(init_app(settings, load())) as server:
            yield str(server.make_url("/"))


async def says(page: Page, text: str, answer: str) -> None:
    box = inside(page).locator(SENDBOX)
    await box.fill(text)
    await box.press("Enter")
    words = inside(page).locator(".webchat__bubble__content").get_by_text(answer)
    await expect(words.last).to_be_visible()


async def fits(page: Page) -> bool:
    """Whether nothing has to be scrolled sideways, in the page and in the frame."""
    return all(
        [
            await frame.evaluate(
                "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
            )
            for frame in page.frames
        ]
    )


@pytest.mark.parametrize(
    ("room", "scheme", "language"),
    [
        ("desk", "light", "de"),
        ("desk", "dark", "en"),
        ("phone", "light", "en"),
        ("phone", "dark", "de"),
        ("zoom", "light", "de"),
    ],
)
async def test_no_state_of_the_chat_has_a_barrier(
    browser: Browser, lotse: str, rasa: FakeRasa, room: str, scheme: str, language: str
) -> None:
    found: dict[str, list[str]] = {}
    german = language == "de"
    context = await browser.new_context(color_scheme=scheme, locale=language, **ROOMS[room])
    page = await context.new_page()

    async def look(state: str) -> None:
        await page.wait_for_timeout(400)  # until nothing fades in any more
        if wrong := await barriers(page):
            found[state] = wrong
        assert await fits(page), f"{state} has to be scrolled sideways"

    async with embedding(lotse, language) as url:
        await page.goto(url)
        await look("closed")
        chat = await opened(page, url)
        await look("open")
        await says(page, "0xC004F074", "0xC004F074")
        await look("question")
        await says(page, "check", "nslookup")
        await look("card")
        await chat.get_by_role("button", name="Kopieren" if german else "Copy").last.click()
        await look("copied")
        await says(page, "consent", "slmgr /upk")
        await look("consent")
        yes = chat.get_by_role("button", name="Ja, ausführen" if german else "Yes, do this").last
        await yes.click()
        await look("consent without its ticks")
        await chat.get_by_role("checkbox").last.check()
        await look("consent, ticked")
        await says(page, "ticket", "LL-1042")
        await look("ticket")
        rasa.status = 500
        await says(page, "Hi", "Entschuldigung" if german else "Sorry")
        await look("error")
        rasa.status = 200
        await chat.locator("summary").click()
        await look("menu")
        await chat.locator("#forget").click()
        await look("question before deletion")
        await chat.locator("[value=no]").click()
        await context.set_offline(True)
        await chat.locator(SENDBOX).fill("offline")
        await chat.locator(SENDBOX).press("Enter")
        await page.wait_for_timeout(1500)
        await look("offline")
        await context.set_offline(False)
        await chat.locator("summary").click()
        await chat.locator("#forget").click()
        await chat.locator("[value=yes]").click()
        await expect(chat.locator("#notice")).to_contain_text("LL-1042")
        await look("deleted")
    assert found == {}


async def test_what_cannot_be_loaded_is_said_without_a_barrier(
    browser: Browser, lotse: str
) -> None:
    page = await (await browser.new_context(locale="de-DE")).new_page()
    await page.clock.install()
    async with embedding(lotse, "de") as url:
        await page.route("**/?embed=1*", lambda route: route.abort())
        await page.goto(url)
        await launcher(page).click()
        await page.clock.fast_forward(15_000)
        await expect(page.get_by_role("status")).to_contain_text("gerade nicht erreichbar")
        assert await barriers(page) == []
        await page.unroute("**/?embed=1*")
        await page.get_by_role("button", name="Noch einmal versuchen").click()
        await inside(page).locator(SENDBOX).wait_for()


async def test_a_whole_conversation_by_keyboard_alone(browser: Browser, lotse: str) -> None:
    page = await (await browser.new_context(locale="de-DE")).new_page()
    keys = page.keyboard

    async def focused() -> str:
        """Return the name of what has the focus, in the panel or in the frame."""
        for frame in page.frames[1:]:
            if await frame.evaluate("document.hasFocus()"):
                name: str = await frame.evaluate(
                    "(document.activeElement.ariaLabel || document.activeElement.innerText"
                    " || document.activeElement.placeholder || '').trim()"
                )
                return name
        return ""

    async def tab_to(name: str, key: str = "Tab") -> None:
        seen = []
        for _ in range(40):
            await keys.press(key)
            seen.append(await focused())
            if name in seen[-1]:
                return
        raise AssertionError(f"{name!r} is not among {seen}")

    async with embedding(lotse, "de") as url:
        await page.goto(url)
        await page.locator("#before").focus()
        await keys.press("Tab")
        await keys.press("Enter")
        await inside(page).locator(SENDBOX).wait_for()
        await expect(inside(page).locator(SENDBOX)).to_be_focused()
        await keys.type("0xC004F074")
        await keys.press("Enter")
        await expect(inside(page).get_by_text("Wie ist dieser Rechner").last).to_be_visible()
        await choose_by_keys(page, "Über den KMS-Server der Firma")
        await expect(inside(page).get_by_text("nslookup").last).to_be_visible()
        await choose_by_keys(page, "Nicht verbunden")
        await expect(inside(page).get_by_text("Vorher bitte bestätigen").last).to_be_visible()
        await choose_by_keys(page, "Ja, ausführen: Produktschlüssel entfernen", confirmed=True)
        await expect(inside(page).get_by_text("LL-1042").last).to_be_visible()
        await tab_to("Mehr", "Shift+Tab")
        await keys.press("Enter")
        await tab_to("Gespräch löschen")
        await keys.press("Enter")
        await expect(inside(page).locator("#sure")).to_be_visible()
        await keys.press("Escape")
        await expect(inside(page).locator("#sure")).to_be_hidden()
        await expect(panel(page)).to_be_visible()
        await keys.press("Escape")
        await expect(panel(page)).to_be_hidden()
        await expect(launcher(page)).to_be_focused()


async def choose_by_keys(page: Page, label: str, *, confirmed: bool = False) -> None:
    """Choose an answer of the newest card: Shift+Tab to the messages, End, Enter, Tab, Enter."""
    keys, button = page.keyboard, inside(page).get_by_role("button", name=label).last
    messages = inside(page).locator(".webchat__basic-transcript")
    await expect(button).to_be_visible()

    async def press(key: str) -> None:
        await keys.press(key)
        await page.wait_for_timeout(150)  # nobody is faster

    async def press_until(key: str, place: Locator) -> None:
        for _ in range(30):
            if await place.evaluate("one => one === document.activeElement"):
                return
            await press(key)
        raise AssertionError(f"{label}: {key} does not lead there")

    await press_until("Shift+Tab", messages)
    await press("End")
    await press("Enter")
    if confirmed:
        await press_until("Tab", inside(page).get_by_role("checkbox").last)
        await press("Space")
    await press_until("Tab", button)
    await press("Enter")
    await expect(inside(page).locator(SENDBOX)).to_be_focused()  # and not in the old card


async def test_what_the_assistant_says_is_announced(browser: Browser, lotse: str) -> None:
    page = await (await browser.new_context(locale="de-DE")).new_page()
    async with embedding(lotse, "de") as url:
        chat = await opened(page, url)
        regions = chat.locator("[aria-live=polite], [role=log], [role=status]")
        await expect(
            regions.filter(has_text="Guten Tag, hier ist die Lizenzlotse.").first
        ).to_be_attached()
        await says(page, "0xC004F074", "Wie ist dieser Rechner lizenziert?")
        await expect(
            regions.filter(has_text="Wie ist dieser Rechner lizenziert?").first
        ).to_be_attached()
        assert await panel(page).get_attribute("aria-labelledby") == "title"
