"""A conversation in the terminal: `python -m channels.terminal`.

On a terminal a Step is a panel and the line can be edited; without one every line of standard
input is a message and every answer is plain text.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import sys
import threading
from collections.abc import Iterator
from typing import Protocol
from uuid import uuid4

import aiohttp
from prompt_toolkit import PromptSession
from prompt_toolkit.history import FileHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from rich.console import Console, Group, RenderableType
from rich.markdown import Markdown
from rich.padding import Padding
from rich.panel import Panel
from rich.text import Text

from actions.step import Choice, Kind, Step
from channels.cards import Phrases, command_hint, day, progress_line, say, ticket_lines
from channels.engine import Engine, Incoming, Outgoing
from channels.redaction import clean
from channels.services import Installation, NotStarted, engine_running
from knowledge.store import load

QUIT = ("/quit", "/exit", "/q")
#: How long one answer may take; the first one after a start is the slowest.
TIMEOUT_S = 30.0
RISK_STYLE = {"reversible": "yellow", "limited": "bold dark_orange", "irreversible": "bold red"}
KIND_STYLE = {
    Kind.ASK: "cyan",
    Kind.CHECK: "blue",
    Kind.MEASURE: "green",
    Kind.CONSENT: "red",
    Kind.ESCALATE: "magenta",
    Kind.TICKET: "magenta",
    Kind.RESOLVED: "green",
    Kind.REFUSE: "red",
}


class Assistant(Protocol):
    """What a conversation needs of an Engine."""

    async def start(
        self, conversation: str, locale: str = "", channel: str = "web"
    ) -> tuple[Outgoing, ...]:
        """Return the greeting."""

    async def answer(self, message: Incoming) -> tuple[Outgoing, ...]:
        """Return what to show for a message."""


class Screen(Protocol):
    """Where a conversation is read from and shown."""

    async def line(self) -> str | None:
        """Return what the person wrote, None when there will be no more."""

    def show(self, answer: Outgoing) -> None:
        """Show one answer."""

    def note(self, sentence: str) -> None:
        """Show a sentence of the terminal's own."""


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
        self._choices: tuple[Choice, ...] = ()

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
        number = chosen_number(text)
        if number is None or not self._choices:
            return await self._send(text, None)
        if not 1 <= number <= len(self._choices):
            return self._note("terminal_no_such_choice", number=number, last=len(self._choices))
        choice = self._choices[number - 1]
        return await self._send(choice.label, choice.id)

    async def _send(self, text: str, choice: str | None) -> None:
        message = Incoming(self._id, text, self._locale, choice, "terminal")
        self._show(await self._assistant.answer(message))

    def _show(self, answers: tuple[Outgoing, ...]) -> None:
        for answer in answers:
            self._screen.show(answer)
        steps = [answer.step for answer in answers if answer.step]
        if steps:
            self._choices = steps[-1].choices
            self._language = steps[-1].language

    def _note(self, phrase: str, **values: object) -> None:
        self._screen.note(say(self._phrases, phrase, self._language, **values))


def chosen_number(text: str) -> int | None:
    """Return the number that a message consists of, as far as it can be a choice's.

    >>> chosen_number(" 2. "), chosen_number("700003"), chosen_number("zwei")
    (2, None, None)
    """
    bare = text.strip().rstrip(".)")
    return int(bare) if bare.isascii() and bare.isdigit() and len(bare) <= 2 else None


# --- without a terminal ---------------------------------------------------------------------


class Pipe:
    """Plain lines in, plain text out."""

    async def line(self) -> str | None:
        """Return the next line of standard input."""
        loop = asyncio.get_running_loop()
        read: asyncio.Future[bytes] = loop.create_future()
        # A daemon: Ctrl-C must not wait for a line that never comes.
        threading.Thread(target=_read_line, args=(loop, read), daemon=True).start()
        line = await read
        return line.decode("utf-8", errors="replace") if line else None

    def show(self, answer: Outgoing) -> None:
        """Print the plain text of an answer."""
        print(f"{answer.text}\n", flush=True)

    def note(self, sentence: str) -> None:
        """Print a sentence."""
        print(f"{sentence}\n", flush=True)


def _read_line(loop: asyncio.AbstractEventLoop, read: asyncio.Future[bytes]) -> None:
    line = sys.stdin.buffer.readline()
    with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
        loop.call_soon_threadsafe(read.set_result, line)


# --- on a terminal --------------------------------------------------------------------------


class Terminal:
    """Panels out; a line that can be edited in, with its history."""

    def __init__(
        self, console: Console, session: PromptSession[str], phrases: Phrases, language: str
    ) -> None:
        self._console = console
        self._session = session
        self._phrases = phrases
        self._language = language

    async def line(self) -> str | None:
        """Return what was typed or pasted; a paste of several lines stays one message."""
        prompt = say(self._phrases, "terminal_prompt", self._language)
        try:
            return await self._session.prompt_async(prompt)
        except (EOFError, KeyboardInterrupt):
            return None

    def show(self, answer: Outgoing) -> None:
        """Draw an answer."""
        if answer.step is None:
            self._console.print(Padding(Text(answer.text), (0, 1)))
            return
        self._language = answer.step.language
        self._console.print(drawn(answer.step, self._phrases))

    def note(self, sentence: str) -> None:
        """Print a sentence, dim."""
        self._console.print(Text(sentence, style="dim"))


class RedactedHistory(FileHistory):
    """The history of inputs, kept in a file without the secrets that were typed."""

    def store_string(self, string: str) -> None:
        """Keep an input as it may be stored."""
        super().store_string(clean(string).text)


def session_at(history: str) -> PromptSession[str]:
    """Return an input line with history: Enter sends, Alt-Enter begins a new line."""
    keys = KeyBindings()

    @keys.add("enter")
    def send(event: KeyPressEvent) -> None:
        event.current_buffer.validate_and_handle()

    @keys.add("escape", "enter")
    def new_line(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text("\n")

    return PromptSession(history=RedactedHistory(history), multiline=True, key_bindings=keys)


def drawn(step: Step, phrases: Phrases) -> RenderableType:
    """Return a Step as a panel."""
    return Panel(
        Group(*_parts(step, phrases)),
        title=Text(step.title, style="bold"),
        title_align="left",
        subtitle=Text(progress_line(step, phrases), style="dim"),
        subtitle_align="right",
        border_style=KIND_STYLE.get(step.kind, "white"),
        padding=(1, 2),
    )


def _parts(step: Step, phrases: Phrases) -> Iterator[RenderableType]:
    language = step.language
    yield Markdown(step.body)
    if step.risk in RISK_STYLE:
        style = RISK_STYLE[step.risk]
        yield Text(f"\n{say(phrases, f'channel_risk_{step.risk}', language)}", style=style)
    if step.warning:
        heading = say(phrases, "channel_warning", language)
        yield Markdown(f"**⚠ {heading}:** {step.warning}")
    if step.before:
        yield Markdown(f"**{say(phrases, 'channel_before', language)}:** {step.before}")
    if step.command:
        hint = command_hint(step.command, phrases, language)
        text = Text(step.command.text, style="bold", overflow="fold")
        yield Panel(text, title=Text(hint, style="dim"), title_align="left", expand=False)
    if step.ticket:
        yield Text("\n".join(ticket_lines(step.ticket, phrases, language)), style="bold")
    yield from _choices(step, phrases)
    if step.why:
        yield Text(f"\n{say(phrases, 'channel_why', language)}: {step.why}", style="dim")
    for source in step.sources:
        label = say(phrases, "channel_source", language)
        read = say(phrases, "channel_read_on", language, day=day(source.read_on, language))
        where = f"{source.title}, {source.url}" if source.url else source.title
        yield Text(f"{label}: {where} ({read})", style="dim")


def _choices(step: Step, phrases: Phrases) -> Iterator[RenderableType]:
    if not step.choices:
        return
    yield Text("")
    for number, choice in enumerate(step.choices, 1):
        yield Text.assemble((f"{number}. ", "bold cyan"), choice.label)
    yield Text(say(phrases, "terminal_choose", step.language), style="dim")


# --- the command ----------------------------------------------------------------------------


async def chat(language: str | None) -> int:
    """Hold a conversation; return the exit code."""
    installation = Installation.from_environment(os.environ)
    language = language or installation.language
    phrases = (knowledge := load()).phrases
    async with (
        engine_running(installation, phrases, _tell, lasting=True) as url,
        aiohttp.ClientSession() as http,
    ):
        engine = Engine(http, url, knowledge, TIMEOUT_S)
        await Talk(engine, _screen(installation, phrases, language), phrases, language).run()
    return 0


def _screen(installation: Installation, phrases: Phrases, language: str) -> Screen:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return Pipe()
    installation.state.mkdir(parents=True, exist_ok=True)
    session = session_at(str(installation.state / "chat-history"))
    return Terminal(Console(), session, phrases, language)


def _tell(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


def main() -> int:
    """Run the command line; return its exit code."""
    parser = argparse.ArgumentParser(prog="./lotse chat")
    parser.add_argument("--language", choices=("de", "en"))
    arguments = parser.parse_args()
    try:
        return asyncio.run(chat(arguments.language))
    except NotStarted as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
