"""A conversation in the terminal: `python -m channels.terminal`.

On a terminal a Step is drawn and the line can be edited; without one every line of standard input
is a message and every answer is plain text, or a Step in JSON where that is asked for.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import os
import sys
from collections.abc import Awaitable, Callable
from typing import Protocol
from uuid import uuid4

import aiohttp
from rich.console import Console

from actions.step import Choice, Kind, Step
from channels.cards import Phrases, say
from channels.cards.layout import CONFIRM, choices
from channels.engine import Engine, Incoming, Outgoing
from channels.screens import JsonLines, Pipe, Screen, Teletype, Terminal, session_at
from channels.services import Installation, NotStarted, engine_running
from knowledge.store import load

QUIT = ("/quit", "/exit", "/q")
LANGUAGES = ("de", "en")
#: How long one answer may take; the first one after a start is the slowest.
TIMEOUT_S = 30.0
#: A "yes" of no more words than this is no consent yet.
SHORT = 4


class Assistant(Protocol):
    """What a conversation needs of an Engine."""

    async def start(
        self, conversation: str, locale: str = "", channel: str = "web"
    ) -> tuple[Outgoing, ...]:
        """Return the greeting."""

    async def answer(self, message: Incoming) -> tuple[Outgoing, ...]:
        """Return what to show for a message."""


# --- the conversation -----------------------------------------------------------------------


class Talk:
    """One conversation, from greeting to goodbye."""

    def __init__(
        self, assistant: Assistant, screen: Screen, phrases: Phrases, language: str
    ) -> None:
        self._assistant = assistant
        self._screen = screen
        self._phrases = phrases
        self._language = language
        self._locale = language
        self._id = f"terminal-{uuid4().hex}"
        self._step: Step | None = None
        self._commands: dict[str, Callable[[str], Awaitable[None]]] = {
            "/help": self._help,
            "/back": self._back,
            "/language": self._switch,
        }

    async def run(self) -> None:
        """Talk until the person has had enough."""
        self._show(await self._assistant.start(self._id, self._locale, "terminal"))
        self._note("terminal_welcome")
        while (text := await self._screen.line()) is not None:
            if text.strip().casefold() in QUIT:
                break
            if text.strip():
                await self._turn(text)
        self._note("terminal_goodbye")

    async def _turn(self, text: str) -> None:
        word, _, rest = text.strip().partition(" ")
        if command := self._commands.get(word.casefold()):
            return await command(rest.strip().casefold())
        if self._step and self._step.kind is Kind.CONSENT:
            return await self._decide(text, self._step)
        return await self._choose(text)

    async def _choose(self, text: str) -> None:
        """Send a message, or the choice that its number names."""
        number = chosen_number(text)
        offered = choices(self._step) if self._step else ()
        if number is None or not offered:
            return await self._send(text)
        if not 1 <= number <= len(offered):
            return self._note("terminal_no_such_choice", number=number, last=len(offered))
        return await self._send(offered[number - 1].label, offered[number - 1])

    async def _decide(self, text: str, step: Step) -> None:
        """Take an answer to a question for consent: a yes has to be the whole word."""
        confirm = next((one for one in step.choices if one.id == CONFIRM), None)
        if confirm and is_same(text, self._say("terminal_consent_word")):
            return await self._send(confirm.label, confirm)
        if self._is_hasty(text, step):
            return self._note("terminal_consent_needed", word=self._say("terminal_consent_word"))
        return await self._choose(text)

    def _is_hasty(self, text: str, step: Step) -> bool:
        """Tell whether a text is a yes, but not the whole word."""
        number, offered = chosen_number(text), choices(step)
        if number is not None:
            return 1 <= number <= len(offered) and offered[number - 1].id == CONFIRM
        words = [word.strip(",.!") for word in text.casefold().split()]
        return len(words) <= SHORT and words[0] in self._say("terminal_consent_short").split()

    async def _send(self, text: str, choice: Choice | None = None) -> None:
        id_ = choice.id if choice else None
        message = Incoming(self._id, text, self._locale, id_, "terminal")
        with self._screen.waiting(self._say("terminal_wait")):
            answers = await self._assistant.answer(message)
        self._show(answers)

    async def _help(self, rest: str) -> None:
        self._note("terminal_help", word=self._say("terminal_consent_word"))

    async def _back(self, rest: str) -> None:
        await self._send(self._say("terminal_say_back"))

    async def _switch(self, rest: str) -> None:
        """Go on in the language that is named, or in the other one."""
        other = "de" if self._language == "en" else "en"
        self._language = self._locale = rest if rest in LANGUAGES else other
        await self._send(self._say("terminal_say_language"))

    def _show(self, answers: tuple[Outgoing, ...]) -> None:
        for answer in answers:
            self._screen.show(answer)
        steps = [answer.step for answer in answers if answer.step]
        if steps:
            self._step = steps[-1]
            self._language = steps[-1].language

    def _note(self, phrase: str, **values: object) -> None:
        self._screen.note(self._say(phrase, **values))

    def _say(self, phrase: str, **values: object) -> str:
        return say(self._phrases, phrase, self._language, **values)


def chosen_number(text: str) -> int | None:
    """Return the number that a message consists of, as far as it can be a choice's.

    >>> chosen_number(" 2. "), chosen_number("700003"), chosen_number("zwei")
    (2, None, None)
    """
    bare = text.strip().rstrip(".)")
    return int(bare) if bare.isascii() and bare.isdigit() and len(bare) <= 2 else None


def is_same(text: str, words: str) -> bool:
    """Tell whether a text is these words; commas and quotation marks do not matter.

    >>> is_same("„Ja ausführen“", "ja, ausführen"), is_same("ja", "ja, ausführen")
    (True, False)
    """
    return _bare(text) == _bare(words)


def _bare(text: str) -> list[str]:
    return [word for part in text.casefold().split() if (word := part.strip(",.!\"'„“”"))]


# --- the command ----------------------------------------------------------------------------


async def chat(language: str | None, as_json: bool = False) -> int:
    """Hold a conversation; return the exit code."""
    installation = Installation.from_environment(os.environ)
    language = language or installation.language
    phrases = (knowledge := load()).phrases
    async with (
        engine_running(installation, phrases, _tell, lasting=True) as url,
        aiohttp.ClientSession() as http,
    ):
        engine = Engine(http, url, knowledge, TIMEOUT_S)
        screen = JsonLines() if as_json else _screen(installation, phrases, language)
        await Talk(engine, screen, phrases, language).run()
    return 0


def _screen(installation: Installation, phrases: Phrases, language: str) -> Screen:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return Pipe()
    console = Console(highlight=False, emoji=False)
    if console.is_dumb_terminal:
        return Teletype(console, phrases, language)
    installation.state.mkdir(parents=True, exist_ok=True)
    session = session_at(str(installation.state / "chat-history"))
    return Terminal(console, session, phrases, language)


def _tell(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


def main() -> int:
    """Run the command line; return its exit code."""
    parser = argparse.ArgumentParser(prog="./lotse chat")
    parser.add_argument("--language", choices=("de", "en"))
    parser.add_argument("--json", action="store_true", help="one Step in JSON per answer")
    arguments = parser.parse_args()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # an old terminal does not know every sign
    try:
        return asyncio.run(chat(arguments.language, arguments.json))
    except NotStarted as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
