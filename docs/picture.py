"""Draw docs/conversation.png, the README's picture, from a running `./lotse serve`.

PYTHONPATH=. .lotse/desk/bin/python docs/picture.py http://127.0.0.1:8080/
"""

import asyncio
import sys
from pathlib import Path

from playwright.async_api import async_playwright

from tests.e2e.browser import FLAGS, choose, chromium, open_chat, read, write

PICTURE = Path(__file__).with_name("conversation.png")


async def draw(url: str) -> None:
    """Hold the conversation of the README and take its picture."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        page = await open_chat(
            browser, url, locale="de-DE", viewport={"width": 1100, "height": 2000}
        )
        await write(page, "slmgr /ato bringt 0xC004F074, bin im Homeoffice")
        await choose(page, "VOLUME_KMSCLIENT")
        await read(page, "Gehört der Rechner einer Organisation?")
        await page.wait_for_timeout(1500)
        await page.screenshot(path=PICTURE)
        await browser.close()


if __name__ == "__main__":
    asyncio.run(draw(sys.argv[1]))
