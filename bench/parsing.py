"""How long a message takes to be understood, beside Rasa's stock DIET pipeline in the same run.

`./lotse bench parsing` runs in the bot's environment. It trains the stock pipeline on the same
sentences for one epoch, which makes it no faster and no slower to ask, loads both models, and asks
each in turn for every post of nlu_data/eval. Milliseconds of one run on a shared machine say
little; the ratio does.
"""

from __future__ import annotations

import asyncio
import json
import logging
import statistics
import sys
import tempfile
import time
from pathlib import Path

import structlog
from rasa.core.agent import Agent
from rasa.model_training import train_nlu

from bench.classifiers import DIET, ROOT


async def times(agents: dict[str, Agent], texts: list[str]) -> dict[str, list[float]]:
    """Return the milliseconds each agent took for each text, asked in turn."""
    taken: dict[str, list[float]] = {name: [] for name in agents}
    for text in texts:
        for name, agent in agents.items():
            began = time.perf_counter()
            await agent.parse_message(text)
            taken[name].append((time.perf_counter() - began) * 1000)
    return taken


def main() -> None:
    """Print the table; the command line names our model."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    files = sorted((ROOT / "nlu_data" / "eval").glob("*.jsonl"))
    lines = [line for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    texts = [json.loads(line)["text"] for line in lines]
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder, "config.yml")
        config.write_text(DIET % 1)
        stock = train_nlu(str(config), str(ROOT / "nlu_data"), folder)
        models = {"ours": sys.argv[1], "stock DIET pipeline": stock}
        sizes = {name: Path(model).stat().st_size / 1e6 for name, model in models.items()}
        agents = {name: Agent.load(model) for name, model in models.items()}
        asyncio.run(times(agents, texts[:20]))
        taken = asyncio.run(times(agents, texts))
    print(f"\n{len(texts)} posts\n\n| pipeline | p50 | p95 | model |\n|---|---|---|---|")
    for name, each in taken.items():
        middle, late = statistics.median(each), statistics.quantiles(each, n=20)[-1]
        print(f"| {name} | {middle:.1f} ms | {late:.1f} ms | {sizes[name]:.1f} MB |")
    ratio = statistics.median(taken["ours"]) / statistics.median(taken["stock DIET pipeline"])
    print(f"\nours / stock at p50: {ratio:.2f}")


if __name__ == "__main__":
    main()
