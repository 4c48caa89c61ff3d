"""Print what the launcher costs a page before anybody opens it, from a running `./lotse serve`.

PYTHONPATH=. .lotse/desk/bin/python docs/launcher_cost.py http://127.0.0.1:8080/
"""

import asyncio
import sys
from statistics import median
from typing import Any

from playwright.async_api import Browser, async_playwright

from tests.e2e.browser import FLAGS, chromium
from tests.e2e.embedding import embedding

ROUNDS = 15
WATCH = """
window.seen = [];
for (const type of ["longtask", "layout-shift"])
  new PerformanceObserver((list) => seen.push(...list.getEntries()))
    .observe({ type, buffered: true });
"""
READ = """() => ({
  requests: performance.getEntriesByType("resource").length,
  bytes: performance.getEntriesByType("resource").reduce((sum, one) => sum + one.transferSize, 0),
  long: seen.filter((one) => one.entryType === "longtask").length,
  shifts: seen.filter((one) => one.entryType === "layout-shift").length,
  frames: document.querySelectorAll("iframe").length,
})"""


async def visit(browser: Browser, url: str, with_launcher: bool) -> dict[str, Any]:
    """Return what one visit of a page costs; without the launcher its script is not let through."""
    context = await browser.new_context()
    page = await context.new_page()
    if not with_launcher:
        await page.route("**/widget.js", lambda route: route.abort())
    await page.add_init_script(WATCH)
    session = await context.new_cdp_session(page)
    await session.send("Performance.enable")
    await page.goto(url, wait_until="networkidle")
    await page.wait_for_timeout(500)
    metrics = (await session.send("Performance.getMetrics"))["metrics"]
    seconds = {one["name"]: one["value"] for one in metrics}
    cost: dict[str, Any] = await page.evaluate(READ)
    await context.close()
    return cost | {
        "script": seconds["ScriptDuration"] * 1000,
        "layout": (seconds["LayoutDuration"] + seconds["RecalcStyleDuration"]) * 1000,
        "heap": seconds["JSHeapUsedSize"] / 1024,
    }


async def measure(lotse: str) -> None:
    """Print a table: the median of some visits, without and with the launcher, taken in turns."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        async with embedding(lotse) as url:
            visits = [
                (which, await visit(browser, url, which))
                for _ in range(ROUNDS)
                for which in (False, True)
            ]
        await browser.close()
    print("| | without | with the launcher |\n|---|---|---|")
    for name in visits[0][1]:
        row = [
            median(cost[name] for which, cost in visits if which is side) for side in (False, True)
        ]
        print(f"| {name} | {row[0]:.1f} | {row[1]:.1f} |")


if __name__ == "__main__":
    asyncio.run(measure(sys.argv[1]))
