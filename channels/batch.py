"""A whole backlog at once: posts in, one result line per post out, in the same order.

`python -m channels.batch` reads JSON Lines or CSV from standard input and writes the same form
to standard output. Each post is a conversation of its own; only its first Step is looked at.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import io
import itertools
import json
import os
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO, Protocol, TextIO
from uuid import uuid4

import aiohttp
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from actions.step import Kind, Step
from channels.cards import Phrases, say
from channels.engine import Engine, Incoming, Outgoing
from channels.services import Installation, NotStarted, engine_running
from knowledge.schema import Text
from knowledge.store import Knowledge, load

#: Posts in Rasa's hands at a time, and results that may wait for a slow one before them.
AT_A_TIME = 8
WAITING = 32
LIMIT_MB = 8
LIMIT = LIMIT_MB * 1_000_000
#: One post alone takes a fraction of a second; eight large ones share two cores.
TIMEOUT_S = 120.0
#: Every conversation of a batch starts like this.
SENDER = "batch-"

#: What a channel says when there is no answer; everything else without a Step is small talk.
EXCUSES = ("channel_sorry", "channel_empty", "channel_not_text")

#: The fields of a result, in their order (DESIGN, section 3).
FIELDS = (
    "id",
    "language",
    "scope",
    "refused",
    "codes",
    "product",
    "mechanism",
    "mechanism_ranking",
    "asks",
    "context",
    "escalate",
    "team",
    "fault",
    "first_step",
)
RANKING = "mechanism_ranking"

Result = dict[str, Any]


class Answers(Protocol):
    """What a batch needs of an Engine."""

    async def answer(self, message: Incoming) -> tuple[Outgoing, ...]:
        """Return what the assistant says to a message."""


@dataclass(frozen=True)
class Post:
    """One description to sort."""

    id: Any
    text: str


@dataclass(frozen=True)
class Refused:
    """A line that is no post, and the phrase that says why."""

    phrase: str
    id: Any = None
    values: Mapping[str, object] | None = None


Line = Post | Refused


# --- reading --------------------------------------------------------------------------------


def lines_of(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the lines of a stream; a line beyond the limit comes cut, one byte too long."""
    while line := stream.readline(LIMIT + 1):
        rest = line
        while len(rest) > LIMIT and not rest.endswith(b"\n"):
            rest = stream.readline(LIMIT + 1)
        yield line


def read_jsonl(stream: BinaryIO) -> Iterator[Line]:
    """Yield one Post or Refused for every line."""
    for number, line in enumerate(lines_of(stream)):
        yield read_json_line(line.removeprefix(b"\xef\xbb\xbf") if number == 0 else line)


def read_json_line(line: bytes) -> Line:
    """Return the post of one line of JSON, or why it is none.

    >>> read_json_line(b'{"id": "1", "text": "0xC004F074"}')
    Post(id='1', text='0xC004F074')
    >>> read_json_line(b'[]').phrase
    'batch_not_object'
    """
    if len(line) > LIMIT:
        return Refused("batch_too_long", values={"limit": LIMIT_MB})
    if not line.strip():
        return Refused("batch_empty_line")
    try:
        data = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError:
        return Refused("batch_not_utf8")
    except (ValueError, RecursionError) as error:
        return Refused("batch_not_json", values={"reason": error})
    if not isinstance(data, dict):
        return Refused("batch_not_object")
    return _post(data.get("id"), data.get("text"))


def _post(id_: Any, text: object) -> Line:
    if not isinstance(text, str) or not text.strip():
        return Refused("batch_no_text", id_)
    return Post(id_, text)


class NoColumns(Exception):
    """A CSV file whose first line names no columns `id` and `text`."""


@dataclass(frozen=True)
class CsvForm:
    """How a CSV file is written; the results are written likewise, for the same spreadsheet."""

    delimiter: str
    mark: str


def read_csv(stream: BinaryIO) -> tuple[CsvForm, Iterator[Line]]:
    """Return the form of a CSV file, and one Post or Refused for every row.

    Raises NoColumns when the first line does not name the columns.
    """
    lines = (_decoded(line) for line in lines_of(stream))
    heading = next(lines, "")
    form = CsvForm(_delimiter(heading), "\ufeff" if heading.startswith("\ufeff") else "")
    first = csv.reader([heading.removeprefix("\ufeff")], delimiter=form.delimiter)
    names = [name.strip().casefold() for name in next(first, [])]
    if "id" not in names or "text" not in names:
        raise NoColumns
    csv.field_size_limit(LIMIT)
    rows = csv.reader(lines, delimiter=form.delimiter)
    return form, _rows(rows, names.index("id"), names.index("text"))


def _rows(rows: Iterator[list[str]], id_: int, text: int) -> Iterator[Line]:
    while True:
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error:
            yield Refused("batch_too_long", values={"limit": LIMIT_MB})
            continue
        if not row:
            yield Refused("batch_empty_line")
            continue
        name = row[id_] if id_ < len(row) else None
        yield _post(name, row[text] if text < len(row) else None)


def _decoded(line: bytes) -> str:
    """Return a line as text; Excel on a German Windows saves CSV in cp1252."""
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("cp1252", errors="replace")


def _delimiter(heading: str) -> str:
    try:
        return csv.Sniffer().sniff(heading, delimiters=";,\t").delimiter
    except csv.Error:
        return ","


# --- one post -------------------------------------------------------------------------------


class Sorter:
    """Turns posts into results."""

    def __init__(self, engine: Answers, phrases: Phrases, locale: str) -> None:
        self._engine = engine
        self._phrases = phrases
        self._locale = locale

    async def result(self, line: Line) -> Result:
        """Return the result line of a post, or the error line of what is none."""
        if isinstance(line, Refused):
            return self._error(line)
        answers = await self._ask(line)
        if self._apology(answers):
            # Rasa may have been restarting; under a new name, so nothing is said twice.
            answers = await self._ask(line)
        if apology := self._apology(answers):
            return self._error(Refused("batch_no_answer", line.id, {"answer": apology}))
        step = first_step(answers)
        return assessed(line, step) if step else small_talk(line, answers, self._locale)

    def _apology(self, answers: Iterable[Outgoing]) -> str:
        """Return the channel's own sentence, where that is all there is."""
        excuses = {words for name in EXCUSES for words in spoken(self._phrases[name])}
        texts = [answer.text for answer in answers]
        return " ".join(texts) if all(text in excuses for text in texts) else ""

    async def _ask(self, post: Post) -> tuple[Outgoing, ...]:
        sender = SENDER + uuid4().hex
        message = Incoming(sender, post.text, locale=self._locale, channel="batch")
        return await self._engine.answer(message)

    def _error(self, line: Refused) -> Result:
        language = self._locale or "en"
        return {
            "id": line.id,
            "error": say(self._phrases, line.phrase, language, **(line.values or {})),
        }


def first_step(answers: Iterable[Outgoing]) -> Step | None:
    """Return the first Step that is no small talk."""
    steps = (answer.step for answer in answers if answer.step)
    return next((step for step in steps if step.kind is not Kind.GREET), None)


def spoken(words: Text) -> tuple[str, str]:
    """Return a phrase in both languages."""
    return words.de, words.en


def small_talk(post: Post, answers: Iterable[Outgoing], locale: str) -> Result:
    """Return the result of a post that describes no problem: it is out of scope."""
    step = next((answer.step for answer in answers if answer.step), None)
    return {
        "id": post.id,
        "language": step.language if step else locale or "de",
        "scope": "out",
        "refused": False,
        "codes": [],
        "product": "none",
        "mechanism": "none",
        RANKING: [],
        "asks": False,
        "context": [],
        "escalate": False,
        "team": "none",
        "fault": None,
        "first_step": step.to_json() if step else None,
    }


def assessed(post: Post, step: Step) -> Result:
    """Return the result of a post: what its first Step knows of the case."""
    case = step.case
    return {
        "id": post.id,
        "language": step.language,
        "scope": case.get("scope", "in"),
        "refused": bool(case.get("refused")) or step.kind is Kind.REFUSE,
        "codes": case.get("codes", []),
        "product": case.get("product", "none"),
        "mechanism": case.get("mechanism", "unknown"),
        RANKING: case.get("ranking", []),
        "asks": step.kind is Kind.ASK,
        "context": case.get("context", []),
        "escalate": bool(case.get("escalate")),
        "team": case.get("team", "none"),
        "fault": step.fault,
        "first_step": step.to_json(),
    }


# --- all of them ----------------------------------------------------------------------------


async def sort_all(sorter: Sorter, lines: Iterator[Line]) -> AsyncIterator[Result]:
    """Yield one result per line, in the order of the lines, some posts at a time."""
    hands = asyncio.Semaphore(AT_A_TIME)

    async def result(line: Line) -> Result:
        async with hands:
            return await sorter.result(line)

    read: asyncio.Queue[Line | None] = asyncio.Queue(AT_A_TIME)
    waiting: asyncio.Queue[asyncio.Task[Result] | None] = asyncio.Queue(WAITING)

    async def hand_out() -> None:
        while (line := await read.get()) is not None:
            await waiting.put(asyncio.create_task(result(line)))
        await waiting.put(None)

    arguments = (lines, read, asyncio.get_running_loop())
    # A daemon: it may hang in a read when everything else has ended.
    threading.Thread(target=_feed, args=arguments, daemon=True).start()
    handing_out = asyncio.create_task(hand_out())
    while (task := await waiting.get()) is not None:
        yield await task
    await handing_out


def _feed(
    lines: Iterator[Line], queue: asyncio.Queue[Line | None], loop: asyncio.AbstractEventLoop
) -> None:
    """Put the lines into the queue, as fast as it takes them, and None after the last."""
    for line in itertools.chain(lines, (None,)):
        asyncio.run_coroutine_threadsafe(queue.put(line), loop).result()


class Writer:
    """Writes results as JSON Lines or as CSV."""

    def __init__(self, stream: TextIO, form: CsvForm | None = None) -> None:
        self._stream = stream
        self._csv = csv.writer(stream, delimiter=form.delimiter) if form else None
        if form and self._csv:
            stream.write(form.mark)
            self._csv.writerow((*FIELDS, "error"))

    def write(self, result: Result) -> None:
        """Write one result, at once: somebody may be reading along."""
        if self._csv:
            self._csv.writerow([_cell(result.get(name)) for name in (*FIELDS, "error")])
        else:
            self._stream.write(json.dumps(result, ensure_ascii=False) + "\n")
        self._stream.flush()


def _cell(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


# --- progress -------------------------------------------------------------------------------


class Count:
    """Counts results and says on standard error how far it is."""

    def __init__(self, phrases: Phrases, language: str, console: Console, every_s: float) -> None:
        self.errors = 0
        self.done = 0
        self._say = (phrases, language)
        self._console = console
        self._every = every_s
        self._started = self._said = time.monotonic()
        self._bar = Progress(
            TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), console=console
        )
        self._task = self._bar.add_task("", total=None)

    def __enter__(self) -> Count:
        if self._console.is_terminal:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._console.is_terminal:
            self._bar.stop()
        self._console.print(self.sentence(), highlight=False)

    def add(self, result: Result) -> None:
        """Count one result."""
        self.done += 1
        self.errors += "error" in result
        if self._console.is_terminal:
            self._bar.update(self._task, description=self.sentence())
        elif time.monotonic() - self._said >= self._every:
            self._said = time.monotonic()
            self._console.print(self.sentence(), highlight=False)

    def sentence(self) -> str:
        """Return how far it is."""
        phrases, language = self._say
        rate = self.done / max(time.monotonic() - self._started, 0.001)
        return say(
            phrases,
            "batch_progress",
            language,
            done=self.done,
            errors=self.errors,
            rate=f"{rate:.1f}",
        )


# --- the command ----------------------------------------------------------------------------


@asynccontextmanager
async def sorter_running(
    installation: Installation,
    knowledge: Knowledge,
    tell: Callable[[str], None],
    locale: str = "",
    url: str | None = None,
) -> AsyncIterator[Sorter]:
    """Give a Sorter with a Rasa behind it: the one at `url`, or one that is started."""
    async with aiohttp.ClientSession() as http:
        if url:
            yield Sorter(Engine(http, url, knowledge, TIMEOUT_S), knowledge.phrases, locale)
            return
        async with engine_running(installation, knowledge.phrases, tell) as started:
            yield Sorter(Engine(http, started, knowledge, TIMEOUT_S), knowledge.phrases, locale)


async def triage(as_csv: bool, locale: str, source: BinaryIO, target: TextIO) -> int:
    """Sort everything that `source` holds; return the exit code."""
    installation = Installation.from_environment(os.environ)
    knowledge = load()
    form: CsvForm | None = None
    if as_csv:
        try:
            form, lines = read_csv(source)
        except NoColumns:
            _tell(say(knowledge.phrases, "batch_no_columns", locale or installation.language))
            return 2
    else:
        lines = read_jsonl(source)
    console = Console(stderr=True)
    async with sorter_running(installation, knowledge, _tell, locale) as sorter:
        with Count(knowledge.phrases, installation.language, console, every_s=5) as count:
            writer = Writer(target, form)
            async for result in sort_all(sorter, lines):
                writer.write(result)
                count.add(result)
    return 0


def _tell(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


def main() -> int:
    """Run the command line; return its exit code."""
    parser = argparse.ArgumentParser(prog="./lotse triage")
    parser.add_argument("--csv", action="store_true")
    parser.add_argument("--language", choices=("de", "en"), default="")
    arguments = parser.parse_args()
    # Whatever the locale says, and with half a character in an id written as JSON escapes it.
    target = io.TextIOWrapper(
        sys.stdout.buffer, encoding="utf-8", errors="backslashreplace", newline=""
    )
    try:
        return asyncio.run(triage(arguments.csv, arguments.language, sys.stdin.buffer, target))
    except NotStarted as error:
        _tell(str(error))
        return 1
    except BrokenPipeError:
        # Whoever read the results has enough; Python would complain once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
