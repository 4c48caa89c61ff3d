"""Whole conversations in Microsoft's stand-in for Teams: the real Rasa, a real browser.

What the person clicks comes from the card on the screen, so that the knowledge may change.
With LOTSE_PICTURES set to a folder, a picture of each station is left there.
"""

import os
import re
from pathlib import Path

import pytest
from playwright.async_api import expect

from knowledge.store import load
from tests.e2e.playground import (
    PATIENCE,
    buttons,
    cards,
    choose,
    one_card_more,
    open_playground,
    playground,
    read,
    relay,
    write,
)

LANGUAGES = {"de": "de-DE", "en": "en-GB"}
FIRST = {"de": "0xC004F210, Pro Key auf einer Home Edition", "en": "0xC004F210, Pro key on Home"}
#: As Windows prints it; the name of the computer is invented.
PASTE = {
    "de": "Name: Windows(R), Core edition"
    "\nBeschreibung: Windows(R) Operating System, OEM_DM channel"
    "\nProduct Key-Kanal: OEM:DM\nTeil-Product Key: 4FGX8\nLizenzstatus: Benachrichtigung"
    "\nBenachrichtigungsgrund: 0xC004F210",
    "en": "Name: Windows(R), Core edition"
    "\nDescription: Windows(R) Operating System, OEM_DM channel"
    "\nProduct Key Channel: OEM:DM\nPartial Product Key: 4FGX8\nLicense Status: Notification"
    "\nNotification Reason: 0xC004F210",
}
HUMAN = {"de": "Ich möchte mit einem Menschen reden", "en": "I would like to talk to a person"}
#: Clicks until a consent must have come.
MOST_CLICKS = 14


@pytest.fixture(scope="module")
def phrases():
    return load().phrases


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_person_gets_from_the_greeting_to_the_ticket(
    language, assistant, browser, tmp_path, phrases
):
    def say(name: str) -> str:
        return getattr(phrases[name], language)

    async def picture(name: str) -> None:
        if folder := os.environ.get("LOTSE_PICTURES"):
            await page.screenshot(path=Path(folder) / f"teams-{language}-{name}.png")

    bot, paste = f"{assistant.url}/api/messages", PASTE[language]
    async with (
        relay(bot, LANGUAGES[language], paste) as near,
        playground(near, tmp_path) as url,
    ):
        page = await open_playground(browser, url)
        await expect(cards(page)).to_have_count(1, timeout=PATIENCE)
        await read(page, {"de": "Guten Tag", "en": "Hello"}[language])
        await picture("1-greeting")

        async with one_card_more(page):
            await write(page, FIRST[language])
        first = await buttons(page)
        await picture("2-description")

        async with one_card_more(page):
            await write(page, paste.replace("\n", " "))
        assert await buttons(page) != first, "the pasted output answered nothing"
        await picture("3-paste")

        consent, still = say("consent-no"), say("measure-still")
        for _ in range(MOST_CLICKS):
            offered = await buttons(page)
            if consent in offered:
                break
            chosen = still if still in offered else offered[0]
            async with one_card_more(page):
                await choose(page, chosen)
            await read(page, say("teams_answered").format(answer=chosen))
        assert consent in offered, "no consent was asked for"
        await picture("4-consent")

        async with one_card_more(page):
            await choose(page, consent)
        async with one_card_more(page):
            await write(page, HUMAN[language])
        async with one_card_more(page):
            await choose(page, say("escalate-yes"))
        await read(page, re.compile(r"LL-\d{6}"))
        await picture("5-ticket")
