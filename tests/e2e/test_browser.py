"""The page, the real assistant behind it, and a person with a mouse."""

from playwright.async_api import Browser

from tests.e2e.assistant import Assistant
from tests.e2e.browser import choose, open_chat, read, write


async def test_the_sentence_of_the_newcomer_gets_its_check_and_a_click_the_next_step(
    browser: Browser, assistant: Assistant
) -> None:
    page = await open_chat(browser, f"{assistant.url}/", locale="de-DE")
    await write(page, "slmgr /ato bringt 0xC004F074, bin im Homeoffice")
    await read(page, "Welcher Lizenzkanal steckt im Rechner?")
    await read(page, "slmgr /dlv")
    await choose(page, "VOLUME_KMSCLIENT")
    await read(page, "Gehört der Rechner einer Organisation?")
    assert page.errors == []


async def test_the_same_in_english(browser: Browser, assistant: Assistant) -> None:
    page = await open_chat(browser, f"{assistant.url}/", locale="en-GB")
    await write(page, "slmgr /ato gives 0xC004F074, I am working from home")
    await choose(page, "VOLUME_KMSCLIENT")
    await read(page, "Does the computer belong to an organisation?")
    assert page.errors == []
