"""`lotse chat`: a conversation in the terminal, with and without one."""

import contextlib
import io
import json
import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import pytest
from prompt_toolkit import PromptSession
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.output import DummyOutput
from rich.console import Console

from actions.step import Choice, Command, Kind, Progress, SourceRef, Step, TicketRef
from channels.cards import plain
from channels.engine import Incoming, Outgoing
from channels.screens import RedactedHistory, Terminal, drawn, session_at
from channels.terminal import Talk, chosen_number
from knowledge.store import load
from tests.channels.fake_home import fake_home
from tests.channels.samples import LANGUAGES, by_kind

ROOT = Path(__file__).parent.parent.parent
KNOWLEDGE = load()
PHRASES = KNOWLEDGE.phrases
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

    def waiting(self, sentence: str) -> AbstractContextManager[object]:
        return contextlib.nullcontext()


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


YES_AND_NO = (Choice("yes", "Ja, ausführen: Rearm"), Choice("no", "Nein, nicht ausführen"))
CONSENT = Outgoing(
    "text",
    replace(
        step(
            choices=(Choice("yes", "Ja, ausführen: Rearm"), Choice("no", "Nein, nicht ausführen"))
        ),
        kind=Kind.CONSENT,
    ),
)


@pytest.mark.parametrize("text", ["ja", "Ja!", "j", "ok", "yes", "ja bitte", "2", "2."])
async def test_a_hasty_yes_is_no_consent(text: str) -> None:
    assistant, script = await talked("x", text, assistant=Assistant(CONSENT))
    assert len(assistant.received) == 1
    assert "„ja, ausführen“" in script.notes[1]


@pytest.mark.parametrize("text", ["ja, ausführen", "Ja ausführen.", "„ja, ausführen“"])
async def test_the_whole_word_is_consent(text: str) -> None:
    assistant, _ = await talked("x", text, assistant=Assistant(CONSENT))
    assert assistant.received[1].choice == "yes"
    assert assistant.received[1].text == "Ja, ausführen: Rearm"


async def test_the_first_number_of_a_consent_is_the_harmless_way_out() -> None:
    assistant, _ = await talked("x", "1", assistant=Assistant(CONSENT))
    assert assistant.received[1].choice == "no"


async def test_words_that_are_no_yes_go_on_from_a_consent() -> None:
    assistant, _ = await talked("x", "warum muss das sein?", assistant=Assistant(CONSENT))
    assert assistant.received[1].text == "warum muss das sein?"


async def test_help_names_every_command() -> None:
    assistant, script = await talked("/help")
    assert assistant.received == []
    assert all(name in script.notes[1] for name in ("/back", "/language", "/quit", "ausführen"))


async def test_back_and_language_are_said_to_the_assistant() -> None:
    assistant, _ = await talked("/back", "/language en", "/language")
    assert [message.text for message in assistant.received] == [
        "Bitte einen Schritt zurück",
        "Please answer in English",
        "Please answer in English",  # the answer in between was German
    ]
    assert [message.locale for message in assistant.received] == ["de", "en", "en"]


async def test_another_word_with_a_slash_is_a_message() -> None:
    assistant, _ = await talked("/dlv zeigt nichts")
    assert assistant.received[0].text == "/dlv zeigt nichts"


@pytest.mark.parametrize("text", ["700003", "0x80", "zwei", "", "²", "1,5", "-1"])
def test_what_is_no_small_number_chooses_nothing(text: str) -> None:
    assert chosen_number(text) is None


# --- drawing --------------------------------------------------------------------------------


def picture(drawing: Step, width: int = 80) -> str:
    console = Console(file=io.StringIO(), width=width, force_terminal=False)
    for piece in drawn(drawing, PHRASES, width):
        console.print(piece, crop=False)
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
            phase="network_service",
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
        "☐ Den Wiederherstellungsschlüssel.",
        "Code 0xC004F074",
        "22.11.2026",
        "Prüfung 2 von 4",
        "LL-7",
        "● Netz und Dienst",
    ):
        assert words in shown


def test_a_step_without_extras_shows_no_empty_labels() -> None:
    shown = picture(step(choices=()))
    assert "Warum" not in shown
    assert "Quelle" not in shown
    assert "Achtung" not in shown


def test_a_long_command_is_one_line_that_can_be_copied_whole() -> None:
    command = "Get-CimInstance SoftwareLicensingProduct -Filter PartialProductKey"
    assert command in picture(step(command=Command(command, "powershell")), width=40).splitlines()


@pytest.mark.parametrize("width", [40, 80])
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_of_step_fits_the_width(language: str, width: int) -> None:
    for name, sample in by_kind(language, KNOWLEDGE).items():
        whole = {f"  {source.url}" for source in sample.sources}
        whole |= {sample.command.text} if sample.command else set()
        lines = [line for line in picture(sample, width).splitlines() if line not in whole]
        assert max(map(len, lines)) <= width, name


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_step_on_the_terminal_says_what_its_plain_text_says(language: str) -> None:
    for name, sample in by_kind(language, KNOWLEDGE).items():
        told = "".join(picture(sample, 200).split())
        missing = [word for word in plain(sample, PHRASES).split() if word.strip(":,") not in told]
        assert [word for word in missing if word not in ("-", "›", "2.")] == [], name


def test_consent_shows_the_word_that_confirms_and_no_number_for_it() -> None:
    assert CONSENT.step
    shown = picture(CONSENT.step)
    assert "1. Nein, nicht ausführen" in shown
    assert "ja, ausführen → Ja, ausführen: Rearm" in shown
    assert "2." not in shown


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


def test_with_json_every_answer_is_a_step_on_one_line(tmp_path: Path) -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "channels.terminal", "--language", "de", "--json"],
        cwd=ROOT,
        env=fake_home(tmp_path),
        input='0xC004F074\n"check\\nzweite Zeile"\nconsent\n2\n1\nhallo\n',
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert shown.returncode == 0, shown.stderr
    answers = [json.loads(line) for line in shown.stdout.splitlines()]
    kinds = [answer.get("kind") for answer in answers]
    assert kinds == ["greet", "ask", "check", "consent", "ticket", None]
    assert answers[-1] == {"text": "echo: hallo"}
    assert "„ja, ausführen“" in shown.stderr


@pytest.mark.parametrize("look", [{}, {"TERM": "dumb"}, {"NO_COLOR": "1"}], ids=str)
def test_on_a_real_terminal_a_paste_is_one_message_and_consent_is_a_word(
    tmp_path: Path, look: dict[str, str]
) -> None:
    leader, follower = pty.openpty()
    home = fake_home(tmp_path)
    process = subprocess.Popen(
        [sys.executable, "-m", "channels.terminal", "--language", "de"],
        cwd=ROOT,
        env=home | {"TERM": "xterm", "COLUMNS": "100", "LINES": "40"} | look,
        stdin=follower,
        stdout=follower,
        stderr=follower,
        start_new_session=True,
    )
    os.close(follower)
    seen = read_until(leader, "Sie>")
    # Not before the next prompt: in between the terminal itself would take what is typed.
    for typed, answer in (
        ("check", "Weiß ich nicht"),
        ("consent", "Nein, nicht ausführen"),
        ("2", "Bitte schreiben Sie"),
        ("ja, ausführen", "Ihr Vorgang ist angelegt"),
    ):
        os.write(leader, typed.encode() + b"\r")
        seen += read_until(leader, rf"{answer}[\s\S]*Sie>")
    if look.get("TERM") != "dumb":  # such a terminal knows no bracketed paste
        os.write(leader, b"\x1b[200~eins\nzwei\x1b[201~\r")
        seen += read_until(leader, r"echo: eins\s+zwei[\s\S]*Sie>")
    os.write(leader, b"\x04")
    seen += read_until(leader, "Auf Wiedersehen.")
    process.wait(timeout=30)
    os.close(leader)
    assert process.returncode == 0
    assert "Bitte schreiben Sie „ja, ausführen“" in seen
    assert "Fall LL-1042" in seen
    if look.get("TERM") != "dumb":
        history = tmp_path / "a home" / "state" / "chat-history"
        assert "ja, ausführen" in history.read_text(encoding="utf-8")


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
