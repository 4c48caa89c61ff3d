"""What the trained bot makes of texts; runs in the bot's environment.

Reads one JSON string per line from standard input and writes Rasa's parse of each, one JSON
object per line, to standard output, behind a line that holds how long each took, in
milliseconds.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import sys
import time
from typing import Any

import structlog
from rasa.core.agent import Agent


async def parsed(model: str, texts: list[str]) -> tuple[list[dict[str, Any]], list[float]]:
    """Return the parse of every text, and the milliseconds each took."""
    agent = Agent.load(model)
    results, times = [], []
    for text in texts:
        began = time.perf_counter()
        results.append(await agent.parse_message(text))
        times.append((time.perf_counter() - began) * 1000)
    return results, times


def main() -> None:
    """Parse standard input with the model that is named on the command line."""
    texts = [json.loads(line) for line in sys.stdin]
    # Rasa logs every parse on standard output otherwise.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with contextlib.redirect_stdout(sys.stderr):
        parses = asyncio.run(parsed(sys.argv[1], texts))
    results, times = parses
    print(json.dumps(times))
    for result in results:
        print(json.dumps(result, default=float))


if __name__ == "__main__":
    main()
