"""The handbook in a real browser, opened from disk: search, keyboard, narrow screens, paper."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from knowledge.handbook import build
from knowledge.store import load
from tests.e2e.embedding import barriers


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("handbook")
    build.write(build.render(load()), out)
    return out


@pytest.fixture
async def page(browser, folder: Path) -> AsyncIterator[Page]:
    """Give the German start page from disk; anything asked for elsewhere fails the test."""
    page = await (await browser.new_context()).new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: asked.append(f"error: {error}"))
    await page.goto((folder / "de/index.html").as_uri())
    yield page
    assert [one for one in asked if not one.startswith(folder.as_uri())] == []
    await page.context.close()


async def results(page: Page, question: str) -> list[str]:
    """Return the addresses that a question finds, the best first."""
    await page.locator("#query").fill(question)
    await expect(page.locator(".count")).not_to_be_empty()
    await page.wait_for_timeout(250)  # the pause before the last letters are looked for
    links = await page.locator("#results a").evaluate_all("all => all.map(a => a.href)")
    return [link.split("/de/", 1)[-1].split("/en/", 1)[-1] for link in links]


KMS = "faults/kms-host-unreachable.html"


@pytest.mark.parametrize(
    "question",
    [
        "c004f074",
        "0xC004F074",
        "0xc004 f074",
        "OxCOO4FO74",
        "-1073418124",
        "3221549172",
        "Fehler 0xC004F074 beim Aktivieren",
        "Schlüsselverwaltungsdienst (KMS) konnte nicht kontaktiert werden",
        "schluesselverwaltungsdienst konnte nicht kontaktiert werden",
        "schlusselverwaltungsdienst konnte nicht kontaktiert",
        "kms host nicht erreichbar",
        "kms host nicht ereichbar",
    ],
)
async def test_a_fault_is_found_first_however_it_is_named(page, question):
    assert (await results(page, question))[0] == KMS


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("mainboardtausch", "faults/oem-mainboard-swap.html"),
        ("uhr synchronisieren", "measures/sync-clock.html"),
        ("slmgr /rearm", "measures/rearm.html"),
        ("Was ist KMS", "explanations.html#kms"),
        ("w32tm", "checks/clock.html"),
        ("AADSTS50020", "codes/index.html#AADSTS50020"),
        ("50020", "codes/index.html#AADSTS50020"),
        ("erste hilfe aushang", "poster.html"),
    ],
)
async def test_other_things_are_found_among_the_first_five(page, question, wanted):
    assert wanted in (await results(page, question))[:5]


async def test_english_is_searched_in_english(page, folder):
    await page.goto((folder / "en/index.html").as_uri())
    assert (await results(page, "KMS host cannot be reached"))[0] == KMS
    assert "faults/m365-not-licensed.html" in (await results(page, "account is not licensed"))[:3]


async def test_a_code_that_nobody_knows_leads_to_its_family(page):
    assert (await results(page, "0xC004FFFE"))[0] == "families/software-protection.html"
    await expect(page.locator(".count")).to_contain_text("kennt das Handbuch nicht")


async def test_nonsense_finds_nothing_and_that_is_said(page):
    assert await results(page, "xyzzyqq") == []
    await expect(page.get_by_role("status")).to_contain_text("Kein Treffer")


async def test_markup_in_a_question_stays_text(page):
    await results(page, "<img src=x onerror=alert(1)>")
    await expect(page.locator("#results img")).to_have_count(0)


async def test_the_search_is_done_by_keyboard_alone_and_says_how_much_it_found(page):
    await page.keyboard.press("/")
    await expect(page.locator("#query")).to_be_focused()
    await page.keyboard.type("c004f074")
    await expect(page.get_by_role("status")).to_have_text(re.compile(r"^\d+ Treffer"))
    await page.keyboard.press("ArrowDown")
    await expect(page.locator("#results a").first).to_be_focused()
    await page.keyboard.press("ArrowUp")
    await expect(page.locator("#query")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.locator("#results")).to_be_hidden()
    await page.keyboard.type("c004f074")
    await page.keyboard.press("Enter")
    await expect(page).to_have_title("KMS-Host nicht erreichbar – Handbuch Lizenzlotse")


async def test_a_question_in_the_address_is_answered(page, folder):
    await page.goto((folder / "de/index.html").as_uri() + "?q=c004f074")
    await expect(page.locator("#results a").first).to_contain_text("KMS-Host nicht erreichbar")


async def test_without_javascript_the_indexes_serve(browser, folder):
    page = await (await browser.new_context(java_script_enabled=False)).new_page()
    await page.goto((folder / "de/index.html").as_uri())
    await expect(page.locator("form.search")).to_be_hidden()
    await page.get_by_role("link", name="Fehlercodes").first.click()
    await expect(page.locator("[id='0xC004F074'] a").first).to_be_visible()


@pytest.mark.parametrize(
    "name",
    ["index", "faults/kms-host-unreachable", "codes/index", "messages", "mechanisms", "poster"],
)
async def test_nothing_sticks_out_at_320_pixels(page, folder, name):
    await page.set_viewport_size({"width": 320, "height": 700})
    for language in ("de", "en"):
        await page.goto((folder / language / f"{name}.html").as_uri())
        wide = await page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 320, (language, name)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_no_page_has_a_barrier(page, folder, scheme):
    await page.emulate_media(color_scheme=scheme)
    found = {}
    for language in ("de", "en"):
        for name in ("index", "faults/kms-host-unreachable", "codes/index", "poster"):
            await page.goto((folder / language / f"{name}.html").as_uri())
            if wrong := await barriers(page):
                found[language, name] = wrong
    assert found == {}


async def test_the_picture_of_a_walk_is_the_one_that_fits_the_screen(page, folder):
    await page.goto((folder / "de" / KMS).as_uri())
    await expect(page.locator(".walk-wide")).to_be_visible()
    await expect(page.locator(".walk-narrow")).to_be_hidden()
    await page.set_viewport_size({"width": 360, "height": 700})
    await expect(page.locator(".walk-narrow")).to_be_visible()
    await expect(page.locator(".walk-wide")).to_be_hidden()


async def test_the_poster_is_one_sheet_of_paper(page, folder):
    for language in ("de", "en"):
        await page.goto((folder / language / "poster.html").as_uri())
        pdf = await page.pdf(prefer_css_page_size=True, print_background=True)
        assert len(re.findall(rb"/Type */Page\b", pdf)) == 1, language
