"""`lotse chat`: a conversation in the terminal, with and without one."""

import io
import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from prompt_toolkit import PromptSession
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.output import DummyOutput
from rich.console import Console

from actions.step import Choice, Command, Kind, Progress, SourceRef, Step, TicketRef
from channels.engine import Incoming, Outgoing
from channels.terminal import RedactedHistory, Talk, Terminal, chosen_number, drawn, session_at
from knowledge.store import load
from tests.channels.fake_home import fake_home

ROOT = Path(__file__).parent.parent.parent
PHRASES = load().phrases
CHOICES = (Choice("connected", "Ja, verbunden"), Choice("not_connected", "Nein"))


def step(**changes: object) -> Step:
    given: dict[str, object] = {"choices": CHOICES, **changes}
    return Step(Kind.CHECK, "company-network", "de", "Firmennetz", "Sind Sie verbunden?", **given)  # type: ignore[arg-type]


class Assistant:
    def __init__(self, *answers: Outgoing) -> None:
        self.answers = answers or (Outgoing("text", step()),)
        self.received: list[Incoming] = []

    async def start(
        self, conversation: str, locale: str = "", channel: str = "web"
    ) -> tuple[Outgoing, ...]:
        return (Outgoing("Guten Tag."),)

    async def answer(self, message: Incoming) -> tuple[Outgoing, ...]:
        self.received.append(message)
        return self.answers


class Script:
    """A screen whose lines are known beforehand."""

    def __init__(self, *lines: str) -> None:
        self.lines = list(lines)
        self.shown: list[str] = []
        self.notes: list[str] = []

    async def line(self) -> str | None:
        return self.lines.pop(0) if self.lines else None

    def show(self, answer: Outgoing) -> None:
        self.shown.append(answer.text)

    def note(self, sentence: str) -> None:
        self.notes.append(sentence)


async def talked(*lines: str, assistant: Assistant | None = None) -> tuple[Assistant, Script]:
    assistant, script = assistant or Assistant(), Script(*lines)
    await Talk(assistant, script, PHRASES, "de").run()
    return assistant, script


# --- the conversation -----------------------------------------------------------------------


async def test_a_conversation_begins_with_a_greeting_and_ends_with_a_goodbye() -> None:
    _, script = await talked()
    assert script.shown == ["Guten Tag."]
    assert "/quit" in script.notes[0]
    assert script.notes[-1] == "Auf Wiedersehen."


async def test_a_number_takes_the_choice_of_the_last_step() -> None:
    assistant, _ = await talked("0xC004F074", "2")
    assert assistant.received[1].text == "Nein"
    assert assistant.received[1].choice == "not_connected"


async def test_a_number_that_is_no_choice_is_said_and_not_sent() -> None:
    assistant, script = await talked("0xC004F074", "3")
    assert len(assistant.received) == 1
    assert "von 1 bis 2" in script.notes[1]


async def test_a_number_without_choices_is_a_message() -> None:
    assistant, _ = await talked("2")
    assert (assistant.received[0].text, assistant.received[0].choice) == ("2", None)


async def test_quit_ends_and_empty_lines_are_nothing() -> None:
    assistant, _ = await talked("", "   ", "/QUIT", "still there?")
    assert assistant.received == []


async def test_the_terminal_follows_the_language_of_the_answers() -> None:
    english = Outgoing("text", Step(Kind.CHECK, "x", "en", "Title", "Body"))
    _, script = await talked("hello", assistant=Assistant(english))
    assert script.notes[-1] == "Goodbye."


async def test_all_messages_are_one_conversation_with_the_chosen_locale() -> None:
    assistant, _ = await talked("eins", "zwei")
    assert len({message.conversation for message in assistant.received}) == 1
    assert {(m.locale, m.channel) for m in assistant.received} == {("de", "terminal")}


@pytest.mark.parametrize("text", ["700003", "0x80", "zwei", "", "²", "1,5", "-1"])
def test_what_is_no_small_number_chooses_nothing(text: str) -> None:
    assert chosen_number(text) is None


# --- drawing --------------------------------------------------------------------------------


def picture(drawing: Step, width: int = 80) -> str:
    console = Console(file=io.StringIO(), width=width, force_terminal=False)
    console.print(drawn(drawing, PHRASES))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_step_shows_everything_it_carries() -> None:
    shown = picture(
        step(
            command=Command("slmgr /dlv", "cmd", elevated=True),
            risk="limited",
            warning="Ein Schlüssel wird verbraucht.",
            before="Den Wiederherstellungsschlüssel.",
            why="Code 0xC004F074",
            sources=(SourceRef("Microsoft", "https://learn.microsoft.com", "2026-11-22"),),
            progress=Progress(1, 4),
            ticket=TicketRef("LL-7", "infrastructure", None, queued=True),
        )
    )
    for words in (
        "Firmennetz",
        "Sind Sie verbunden?",
        "slmgr /dlv",
        "Als Administrator",
        "1. Ja, verbunden",
        "2. Nein",
        "Nur begrenzt",
        "Ein Schlüssel wird verbraucht.",
        "Den Wiederherstellungsschlüssel.",
        "Warum: Code 0xC004F074",
        "22.11.2026",
        "1 von 4 Prüfungen erledigt",
        "LL-7",
    ):
        assert words in shown


def test_a_step_without_extras_shows_no_empty_labels() -> None:
    shown = picture(step(choices=()))
    assert "Warum" not in shown
    assert "Quelle" not in shown
    assert "Achtung" not in shown


def test_a_long_command_stays_whole_on_a_narrow_screen() -> None:
    command = "Get-CimInstance SoftwareLicensingProduct -Filter PartialProductKey"
    shown = picture(step(command=Command(command, "powershell")), width=40)
    inside = "".join(line.strip("│ ╭╮╰╯─") for line in shown.splitlines())
    assert command.replace(" ", "") in inside.replace(" ", "").replace("│", "")


def test_square_brackets_in_a_label_are_text_and_no_markup() -> None:
    assert "[rot]Ja" in picture(step(choices=(Choice("a", "[rot]Ja"),)))


# --- the line -------------------------------------------------------------------------------


@pytest.fixture
def keyboard() -> Iterator[PipeInput]:
    with create_pipe_input() as keyboard:
        yield keyboard


@pytest.fixture
def screen(keyboard: PipeInput, tmp_path: Path) -> Terminal:
    session = session_at(str(tmp_path / "history"))
    session = PromptSession(
        history=session.history,
        multiline=True,
        key_bindings=session.key_bindings,
        input=keyboard,
        output=DummyOutput(),
    )
    return Terminal(Console(file=io.StringIO()), session, PHRASES, "de")


async def test_enter_sends_a_line(keyboard: PipeInput, screen: Terminal) -> None:
    keyboard.send_text("0xC004F074\r")
    assert await screen.line() == "0xC004F074"


async def test_a_paste_of_several_lines_is_one_message(
    keyboard: PipeInput, screen: Terminal
) -> None:
    keyboard.send_text("\x1b[200~Name: Windows\nStatus: Licensed\n\x1b[201~\r")
    assert await screen.line() == "Name: Windows\nStatus: Licensed\n"


async def test_ctrl_d_ends(keyboard: PipeInput, screen: Terminal) -> None:
    keyboard.send_text("\x04")
    assert await screen.line() is None


def test_the_history_file_keeps_no_product_key(tmp_path: Path) -> None:
    history = RedactedHistory(str(tmp_path / "history"))
    key = "-".join(["ABCDE"] * 5)
    history.store_string(f"Mein Key ist {key}")
    kept = (tmp_path / "history").read_text(encoding="utf-8")
    assert key not in kept
    assert "Mein Key ist" in kept


# --- the real command -----------------------------------------------------------------------


def test_without_a_terminal_lines_go_in_and_plain_text_comes_out(tmp_path: Path) -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "channels.terminal", "--language", "en"],
        cwd=ROOT,
        env=fake_home(tmp_path),
        input="0xC004F074\n/quit\n",
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert shown.returncode == 0, shown.stderr
    assert "\x1b" not in shown.stdout
    assert shown.stdout.rstrip().endswith("Goodbye.")
    assert len(shown.stdout.split("\n\n")) > 3


def test_on_a_terminal_a_step_is_a_panel(tmp_path: Path) -> None:
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "channels.terminal", "--language", "de"],
        cwd=ROOT,
        env=fake_home(tmp_path) | {"TERM": "xterm", "COLUMNS": "100"},
        stdin=follower,
        stdout=follower,
        stderr=follower,
        start_new_session=True,
    )
    os.close(follower)
    seen = read_until(leader, "Sie>")
    os.write(leader, b"0xC004F074\r")
    # Not before the next prompt: in between the terminal itself would swallow Ctrl-D.
    seen += read_until(leader, "╯[^╯]*Sie>")
    os.write(leader, b"\x04")
    seen += read_until(leader, "Auf Wiedersehen.")
    process.wait(timeout=30)
    os.close(leader)
    assert process.returncode == 0
    assert "╭" in seen


def read_until(terminal: int, pattern: str) -> str:
    """Return what a terminal shows until the pattern is there; gives up after a while."""
    seen = b""
    end = time.monotonic() + 40
    while not re.search(pattern, seen.decode(errors="ignore")) and time.monotonic() < end:
        if not select.select([terminal], [], [], 0.5)[0]:
            continue
        try:
            seen += os.read(terminal, 65536)
        except OSError:  # the other side is closed
            break
    return seen.decode(errors="ignore")
