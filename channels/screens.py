"""Where a conversation in the terminal is read from and shown."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager
from functools import singledispatch
from typing import Protocol

from prompt_toolkit import PromptSession
from prompt_toolkit.history import FileHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from rich.console import Console, Group, RenderableType
from rich.markdown import Markdown
from rich.padding import Padding
from rich.panel import Panel
from rich.rule import Rule
from rich.text import Text

from actions.step import Kind, Step
from channels.cards import Phrases, say
from channels.cards.layout import (
    Before,
    Body,
    Buttons,
    CommandBox,
    Heading,
    Part,
    Progress,
    Risk,
    Sources,
    Ticket,
    Why,
    parts,
)
from channels.cards.text import written
from channels.engine import Outgoing
from channels.redaction import clean

#: The colour of a risk, which its words and its icon say too.
RISK_STYLE = {
    "reversible": "bold yellow",
    "limited": "bold dark_orange",
    "irreversible": "bold red",
}
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
#: What the frame of a command takes, in columns.
FRAME = 6


class Screen(Protocol):
    """Where a conversation is read from and shown."""

    async def line(self) -> str | None:
        """Return what the person wrote, None when there will be no more."""

    def show(self, answer: Outgoing) -> None:
        """Show one answer."""

    def note(self, sentence: str) -> None:
        """Show a sentence of the terminal's own."""

    def waiting(self, sentence: str) -> AbstractContextManager[object]:
        """Show that an answer is on its way, as long as the block takes."""


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

    def waiting(self, sentence: str) -> AbstractContextManager[object]:
        """Show nothing: whoever reads a pipe waits without it."""
        return contextlib.nullcontext()


class JsonLines(Pipe):
    """Lines in, one JSON object per answer out; sentences of the terminal's own go to stderr."""

    async def line(self) -> str | None:
        """Return the next line; one that is a string in JSON may hold several lines of text."""
        line = await super().line()
        with contextlib.suppress(ValueError):
            if isinstance(text := json.loads(line or ""), str):
                return text
        return line

    def show(self, answer: Outgoing) -> None:
        """Print an answer: its Step, else its text."""
        told = answer.step.to_json() if answer.step else {"text": answer.text}
        print(json.dumps(told | {"failed": True} if answer.failed else told), flush=True)

    def note(self, sentence: str) -> None:
        """Print a sentence, where it is in nobody's way."""
        print(sentence, file=sys.stderr, flush=True)


def _read_line(loop: asyncio.AbstractEventLoop, read: asyncio.Future[bytes]) -> None:
    line = sys.stdin.buffer.readline()
    with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
        loop.call_soon_threadsafe(read.set_result, line)


# --- on a terminal --------------------------------------------------------------------------


class Terminal:
    """Steps out, drawn; a line that can be edited in, with its history."""

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
            self._console.print(Padding(Text(answer.text), (1, 1)))
            return
        self._language = answer.step.language
        for piece in drawn(answer.step, self._phrases, self._console.width):
            # Not cropped: the terminal itself wraps a long command, so that it is copied whole.
            self._console.print(piece, crop=False)

    def note(self, sentence: str) -> None:
        """Print a sentence, dim."""
        self._console.print(Padding(Text(sentence, style="dim"), (0, 1, 1, 1)))

    def waiting(self, sentence: str) -> AbstractContextManager[object]:
        """Show that an answer is on its way."""
        return self._console.status(Text(sentence, style="dim"))


class Teletype(Terminal):
    """A terminal that cannot move its cursor (TERM=dumb): the same, on plain lines."""

    def __init__(self, console: Console, phrases: Phrases, language: str) -> None:
        self._console = console
        self._phrases = phrases
        self._language = language

    async def line(self) -> str | None:
        """Return the next line, as the terminal itself lets it be edited."""
        print(say(self._phrases, "terminal_prompt", self._language), end="", flush=True)
        return await Pipe().line()


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


# --- drawing --------------------------------------------------------------------------------


def drawn(step: Step, phrases: Phrases, width: int = 80) -> Iterator[RenderableType]:
    """Yield a Step, part by part: no frame around it, so that what is copied is what is meant."""
    yield Text("")
    for part in parts(step, phrases):
        if isinstance(part, Heading):
            yield from _heading(part, KIND_STYLE.get(step.kind, "white"), width)
        elif isinstance(part, Buttons):
            yield Padding(_choices(part, step, phrases), (1, 1))
        elif isinstance(part, CommandBox):
            yield _command(part, width)
        elif isinstance(part, Sources):
            yield from _sources(part)
        else:
            yield Padding(shown(part), (0, 1))


def _heading(part: Heading, style: str, width: int) -> Iterator[RenderableType]:
    title = Text(part.text, style="bold")
    if title.cell_len + FRAME <= width:
        yield Rule(title, align="left", style=style)
    else:
        yield title
        yield Rule(style=style)


def _sources(part: Sources) -> Iterator[RenderableType]:
    """Yield the sources, each address on a line that can be clicked or copied whole."""
    for number, source in enumerate(part.all):
        label = "" if number else f"{part.label}: "
        yield Text(f" {label}{source.title}{_in_brackets(source.read)}", style="dim")
        if source.url:
            # In a group, because the console would join a bare text to others and wrap it.
            yield Group(Text(f"  {source.url}", style="dim", no_wrap=True, overflow="ignore"))
    if part.read:
        yield Text(f" {_in_brackets(part.read).strip()}", style="dim")


def _in_brackets(read: str) -> str:
    return f" ({read})" if read else ""


def _command(part: CommandBox, width: int) -> RenderableType:
    """Return a command in a frame; one that is too long for it stands between two lines."""
    hint = Text.assemble((part.where, "dim"), (f" – {part.rights}" if part.rights else "", "bold"))
    command = Text(part.text, style="bold", no_wrap=True, overflow="ignore")
    if max(len(part.text), hint.cell_len) + FRAME <= width:
        return Padding(Panel(command, title=hint, title_align="left", expand=False), (1, 1, 0, 1))
    return Group(Text(""), Padding(hint, (0, 1)), Rule(style="dim"), command, Rule(style="dim"))


def _choices(part: Buttons, step: Step, phrases: Phrases) -> RenderableType:
    word = say(phrases, "terminal_consent_word", step.language)
    lines = []
    for number, button in enumerate(part.all, 1):
        key, style = (word, "bold red") if button.serious else (f"{number}.", "bold cyan")
        arrow = " → " if button.serious else " "
        lines.append(Text.assemble((key, style), arrow, button.choice.label))
    consent = step.kind is Kind.CONSENT
    hint = say(
        phrases, "terminal_consent" if consent else "terminal_choose", step.language, word=word
    )
    return Group(*lines, Text(hint, style="dim"))


@singledispatch
def shown(part: Part) -> RenderableType:
    """Return a part as the terminal shows it."""
    return Text(written(part), style="dim")


@shown.register
def _(part: Progress) -> RenderableType:
    signs = [
        Text(f"{sign} {name}", style="bold" if n == part.now else "dim")
        for n, (sign, name) in enumerate(part.phases)
    ]
    return Text("  ").join((Text(part.line, style="dim"), *signs))


@shown.register
def _(part: Body) -> RenderableType:
    return Padding(Markdown(part.markdown), (1, 0, 0, 0))


@shown.register
def _(part: Why) -> RenderableType:
    return Text(f"\n{written(part)}", style="dim")


@shown.register
def _(part: Risk) -> RenderableType:
    words = Text(f"\n{part.icon} {part.words}", style=RISK_STYLE[part.level])
    warning = Markdown(f"**{part.label}:** {part.warning}") if part.warning else Text("")
    return Group(words, warning)


@shown.register
def _(part: Before) -> RenderableType:
    items = (Text(f"☐ {item}") for item in part.items)
    return Group(Text(f"\n{part.label}:", style="bold"), *items)


@shown.register
def _(part: Ticket) -> RenderableType:
    first, _, others = written(part).partition("\n")
    return Group(Text(f"\n{first}", style="bold magenta"), Text(others))
