"""The command line of the measurements: `python -m bench understanding FILE`.

Those that need the bot's own packages are started by `./lotse bench` itself.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Iterable
from pathlib import Path

from bench import intents, kb, load, understanding, weights
from channels.services import NotStarted

COMMANDS = "understanding|weights|intents|knowledge|load"


def main() -> int:
    """Run the command line; return its exit code."""
    arguments = _parser().parse_args()
    try:
        print(*_report(arguments), sep="\n")
    except (NotStarted, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./lotse bench")
    commands = parser.add_subparsers(required=True, dest="command", metavar=COMMANDS)
    commands.add_parser("knowledge")
    for name in ("weights", "intents"):
        commands.add_parser(name).add_argument("files", type=Path, nargs="+", metavar="FILE")
    command = commands.add_parser("understanding")
    command.add_argument("file", type=Path, metavar="FILE")
    command.add_argument("--url", metavar="RASA")
    command.add_argument("--misses", action="store_true")
    command = commands.add_parser("load")
    command.add_argument("--conversations", type=int, default=200, metavar="N")
    command.add_argument("--turns", type=int, default=5, metavar="N")
    command.add_argument("--think", type=float, default=30.0, metavar="SECONDS")
    command.add_argument("--url", metavar="WEB")
    return parser


def _report(arguments: argparse.Namespace) -> Iterable[str]:
    if arguments.command == "weights":
        return weights.measure(arguments.files)
    if arguments.command == "intents":
        return intents.measure(arguments.files)
    if arguments.command == "knowledge":
        return kb.measure()
    if arguments.command == "load":
        people, turns, think = arguments.conversations, arguments.turns, arguments.think
        return [asyncio.run(load.measure(people, turns, think, arguments.url))]
    posts = understanding.labelled(arguments.file)
    outcomes = asyncio.run(understanding.measure(posts, arguments.url))
    missed = [understanding.misses(outcomes)] if arguments.misses else []
    return [understanding.report(outcomes), *missed]


if __name__ == "__main__":
    sys.exit(main())
