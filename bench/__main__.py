"""The command line of the measurements: `python -m bench understanding FILE`."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

from bench import kb, load, understanding, weights
from channels.services import NotStarted


def main() -> int:
    """Run the command line; return its exit code."""
    parser = argparse.ArgumentParser(prog="./lotse bench")
    commands = parser.add_subparsers(
        required=True, dest="command", metavar="understanding|weights|knowledge|load"
    )
    command = commands.add_parser("weights")
    command.add_argument("files", type=Path, nargs="+", metavar="FILE")
    commands.add_parser("knowledge")
    command = commands.add_parser("understanding")
    command.add_argument("file", type=Path, metavar="FILE")
    command.add_argument("--url", metavar="RASA")
    command.add_argument("--misses", action="store_true")
    command = commands.add_parser("load")
    command.add_argument("--conversations", type=int, default=200, metavar="N")
    command.add_argument("--turns", type=int, default=6, metavar="N")
    command.add_argument("--think", type=float, default=15.0, metavar="SECONDS")
    command.add_argument("--url", metavar="WEB")
    arguments = parser.parse_args()
    if arguments.command == "weights":
        print(*weights.measure(arguments.files), sep="\n")
        return 0
    if arguments.command == "knowledge":
        print(*kb.measure(), sep="\n")
        return 0
    if arguments.command == "load":
        people, turns, think = arguments.conversations, arguments.turns, arguments.think
        print(asyncio.run(load.measure(people, turns, think, arguments.url)))
        return 0
    try:
        posts = understanding.labelled(arguments.file)
        outcomes = asyncio.run(understanding.measure(posts, arguments.url))
    except (NotStarted, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    print(understanding.report(outcomes))
    if arguments.misses:
        print(understanding.misses(outcomes))
    return 0


if __name__ == "__main__":
    sys.exit(main())
