"""How long loading, checking and writing the knowledge takes, and how much of it there is.

Numbers, no test. Loading and checking: the best of some runs in this process. The commands: once
each, with the start of Python, as somebody waits for them.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

from knowledge import content_rules, store
from knowledge.cli import main
from knowledge.findings import read_messages
from knowledge.show import counts

RUNS = 3


def measure(home: Path = store.HOME, runs: int = RUNS) -> list[str]:
    """Return the lines of the report."""
    today, messages = date.today(), read_messages()
    reading = store.read(home)
    inside: dict[str, Callable[[], object]] = {
        "load": lambda: store.read(home),
        "check": lambda: content_rules.check(reading, today, messages),
    }
    rows = [f"| {name} | {best(work, runs):.2f} s |" for name, work in inside.items()]
    rows += [f"| ./lotse kb {name} | {_command(name, home):.2f} s |" for name in commands()]
    rows += [f"| {name} | {count} |" for name, count in counts(store.load(home), today).items()]
    return ["| what | number |", "|---|---|", *rows]


def commands() -> list[str]:
    """Return the commands that somebody waits for, as far as this version has them."""
    return [name for name in ("check", "handbook") if name in main.commands]


def best(work: Callable[[], object], runs: int) -> float:
    """Return the shortest time of some runs, in seconds."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def _command(name: str, home: Path) -> float:
    """Return the seconds that a command takes from its start to its end."""
    with tempfile.TemporaryDirectory() as folder:
        to = ["--out", folder] if name == "handbook" else []
        command = [sys.executable, "-m", "knowledge", name, "--home", str(home), *to]
        return best(lambda: subprocess.run(command, check=True, capture_output=True), 1)
