"""`lotse triage`: what goes in, what comes out, whatever the lines are."""

import asyncio
import csv
import io
import json
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from actions.step import Kind, Step
from channels.batch import (
    FIELDS,
    LIMIT,
    Count,
    NoColumns,
    Post,
    Refused,
    Result,
    Sorter,
    Writer,
    read_csv,
    read_json_line,
    read_jsonl,
    sort_all,
)
from channels.engine import Incoming, Outgoing
from knowledge.store import load

PHRASES = load().phrases
CASE = {
    "codes": ["0xC004F074"],
    "product": "windows",
    "mechanism": "volume_kms",
    "ranking": [["volume_kms", 0.9], ["volume_mak", 0.1]],
    "context": ["no_vpn"],
    "facts": {},
    "escalate": True,
    "team": "infrastructure",
    "scope": "in",
    "refused": False,
    "language": "de",
}


def step(kind: Kind = Kind.CHECK, **case: object) -> Step:
    return Step(kind, "an-id", "de", "Titel", "Text", fault="a-fault", case={**CASE, **case})


class Assistant:
    """Answers every message with the same; remembers what it was asked and how many at once."""

    def __init__(self, *answers: Outgoing) -> None:
        self.answers = answers
        self.asked: list[Incoming] = []
        self.at_once = self.most_at_once = 0

    async def answer(self, message: Incoming) -> tuple[Outgoing, ...]:
        self.asked.append(message)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        # Later posts are answered sooner: the order of the results must not follow that.
        await asyncio.sleep(0.02 / len(self.asked))
        self.at_once -= 1
        return self.answers


def sorter(*answers: Outgoing, locale: str = "") -> tuple[Sorter, Assistant]:
    assistant = Assistant(*answers)
    return Sorter(assistant, PHRASES, locale), assistant


async def sort(sorting: Sorter, lines: Iterator[Post | Refused]) -> list[Result]:
    return [result async for result in sort_all(sorting, lines)]


# --- one post -------------------------------------------------------------------------------


async def test_a_result_has_every_field_of_the_contract_in_its_order() -> None:
    sorting, _ = sorter(Outgoing("text", step()))
    result = await sorting.result(Post("7", "kaputt"))
    assert tuple(result) == FIELDS
    assert result["id"] == "7"
    assert result["codes"] == ["0xC004F074"]
    assert result["mechanism_ranking"] == [["volume_kms", 0.9], ["volume_mak", 0.1]]
    assert (result["escalate"], result["team"]) == (True, "infrastructure")
    assert result["first_step"]["kind"] == "check"
    assert result["asks"] is False


async def test_a_question_is_marked_as_one() -> None:
    sorting, _ = sorter(Outgoing("text", step(Kind.ASK)))
    assert (await sorting.result(Post("7", "kaputt")))["asks"] is True


async def test_a_refusal_is_marked_as_one() -> None:
    sorting, _ = sorter(Outgoing("text", step(Kind.REFUSE, scope="out")))
    result = await sorting.result(Post("7", "crack"))
    assert (result["refused"], result["scope"]) == (True, "out")


async def test_the_first_step_that_is_no_small_talk_counts() -> None:
    answers = (Outgoing("x", step(Kind.GREET)), Outgoing("y"), Outgoing("z", step(Kind.MEASURE)))
    sorting, _ = sorter(*answers)
    assert (await sorting.result(Post("7", "hallo, kaputt")))["first_step"]["kind"] == "measure"


async def test_small_talk_alone_is_out_of_scope() -> None:
    for answer in (Outgoing("Gern geschehen."), Outgoing("x", step(Kind.GREET))):
        sorting, _ = sorter(answer)
        result = await sorting.result(Post("7", "danke"))
        assert tuple(result) == FIELDS
        assert (result["scope"], result["mechanism"]) == ("out", "none")


async def test_no_answer_is_asked_for_once_more_and_then_an_error() -> None:
    sorry = PHRASES["channel_sorry"].de
    sorting, assistant = sorter(Outgoing(sorry))
    result = await sorting.result(Post("7", "kaputt"))
    assert result["id"] == "7"
    assert sorry in result["error"]
    assert len(assistant.asked) == 2


async def test_every_post_is_a_conversation_of_its_own() -> None:
    sorting, assistant = sorter(Outgoing("text", step()), locale="en")
    await sort(sorting, iter([Post("1", "a"), Post("2", "b")]))
    names = {message.conversation for message in assistant.asked}
    assert len(names) == 2
    assert all(name.startswith("batch-") for name in names)
    assert {message.locale for message in assistant.asked} == {"en"}


# --- all of them ----------------------------------------------------------------------------


async def test_results_keep_the_order_of_the_posts_eight_at_a_time() -> None:
    sorting, assistant = sorter(Outgoing("text", step()))
    results = await sort(sorting, (Post(number, "kaputt") for number in range(100)))
    assert [result["id"] for result in results] == list(range(100))
    assert assistant.most_at_once == 8


async def test_a_result_comes_before_the_next_post_is_there() -> None:
    sorting, _ = sorter(Outgoing("text", step()))
    second = asyncio.Event()
    loop = asyncio.get_running_loop()

    def slow_pipe() -> Iterator[Post]:
        yield Post("1", "a")
        asyncio.run_coroutine_threadsafe(second.wait(), loop).result()
        yield Post("2", "b")

    results = sort_all(sorting, slow_pipe())
    assert (await asyncio.wait_for(anext(results), 5))["id"] == "1"
    second.set()
    assert (await asyncio.wait_for(anext(results), 5))["id"] == "2"


# --- lines ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "phrase"),
    [
        (b"\n", "batch_empty_line"),
        (b"  \r\n", "batch_empty_line"),
        (b"\xff\xfe\x00\n", "batch_not_utf8"),
        (b"\x00\x01\x02\n", "batch_not_json"),
        (b"{'id': 1}\n", "batch_not_json"),
        (b"[" * 100_000, "batch_not_json"),
        (b"[1]\n", "batch_not_object"),
        (b'"text"\n', "batch_not_object"),
        (b'{"id": "1"}\n', "batch_no_text"),
        (b'{"id": "1", "text": 5}\n', "batch_no_text"),
        (b'{"id": "1", "text": " "}\n', "batch_no_text"),
        (b'{"text": "' + b"x" * LIMIT + b'"}\n', "batch_too_long"),
    ],
)
def test_a_bad_line_says_what_is_wrong(line: bytes, phrase: str) -> None:
    (read,) = read_jsonl(io.BytesIO(line))
    assert isinstance(read, Refused)
    assert read.phrase == phrase


async def test_every_line_gets_its_answer_and_errors_are_sentences() -> None:
    source = b'\xef\xbb\xbf{"id": "1", "text": "a"}\nrubbish\n\n{"id": 4}\n{"id": 5, "text": "b"}'
    sorting, _ = sorter(Outgoing("text", step()), locale="de")
    results = await sort(sorting, read_jsonl(io.BytesIO(source)))
    assert [result["id"] for result in results] == ["1", None, None, 4, 5]
    assert [("error" in result) for result in results] == [False, True, True, True, False]
    assert results[3]["error"] == 'Das Feld "text" fehlt oder ist leer.'


def test_a_line_of_a_megabyte_is_a_post_like_any_other() -> None:
    line = json.dumps({"id": "1", "text": "0xC004F074 " * 100_000}).encode()
    assert isinstance(read_json_line(line), Post)


def test_a_line_that_is_too_long_does_not_swallow_the_next() -> None:
    source = io.BytesIO(b"x" * (3 * LIMIT) + b'\n{"id": "2", "text": "b"}\n')
    first, second = read_jsonl(source)
    assert isinstance(first, Refused)
    assert second == Post("2", "b")


@given(st.binary(max_size=200).filter(lambda line: b"\n" not in line))
def test_no_line_whatever_is_in_it_stops_the_reading(line: bytes) -> None:
    read = list(read_jsonl(io.BytesIO(line + b'\n{"id": "2", "text": "b"}')))
    assert len(read) == 2
    assert read[1] == Post("2", "b")


# --- CSV ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "source",
    [
        b"id,text\r\n1,kaputt\r\n",
        b"id;text\n1;kaputt\n",
        b"text;id;betreff\n kaputt;1;x\n".replace(b" ", b""),
        b'\xef\xbb\xbf"ID";"Text"\n"1";"kaputt"\n',
        b"id\ttext\n1\tkaputt\n",
    ],
)
def test_columns_are_found_in_any_order_and_form(source: bytes) -> None:
    _, rows = read_csv(io.BytesIO(source))
    assert list(rows) == [Post("1", "kaputt")]


def test_a_quoted_text_keeps_its_newlines_and_separators() -> None:
    _, rows = read_csv(io.BytesIO(b'id;text\n1;"eins; zwei\ndrei"\n'))
    assert list(rows) == [Post("1", "eins; zwei\ndrei")]


def test_what_excel_saves_on_a_german_windows_is_read() -> None:
    _, rows = read_csv(io.BytesIO("id;text\n1;Schlüssel ungültig\n".encode("cp1252")))
    assert list(rows) == [Post("1", "Schlüssel ungültig")]


def test_a_row_that_is_too_short_is_an_error_of_its_own() -> None:
    _, rows = read_csv(io.BytesIO(b"id,text\n1\n\n3,kaputt\n"))
    assert list(rows) == [
        Refused("batch_no_text", "1"),
        Refused("batch_empty_line"),
        Post("3", "kaputt"),
    ]


@pytest.mark.parametrize("source", [b"", b"\n", b"number,description\n1,x\n", b"id\n1\n"])
def test_a_file_without_the_columns_is_no_batch(source: bytes) -> None:
    with pytest.raises(NoColumns):
        read_csv(io.BytesIO(source))


async def test_csv_comes_out_as_it_went_in_with_lists_as_json() -> None:
    form, rows = read_csv(io.BytesIO(b"\xef\xbb\xbfid;text\n1;kaputt\n2;\n"))
    sorting, _ = sorter(Outgoing("text", step()))
    target = io.StringIO(newline="")
    writer = Writer(target, form)
    for result in await sort(sorting, rows):
        writer.write(result)
    text = target.getvalue()
    assert text.startswith("\ufeffid;language;")
    first, second = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), delimiter=";")
    assert json.loads(first["codes"]) == ["0xC004F074"]
    assert json.loads(first["first_step"])["kind"] == "check"
    assert (first["escalate"], first["error"]) == ("true", "")
    assert second["id"] == "2"
    assert "text" in second["error"]


def test_json_comes_out_one_line_each_with_umlauts() -> None:
    target = io.StringIO()
    Writer(target).write({"id": "1", "error": "Größe\nzwei"})
    assert target.getvalue() == '{"id": "1", "error": "Größe\\nzwei"}\n'


# --- progress -------------------------------------------------------------------------------


def test_without_a_terminal_progress_is_a_line_now_and_then_and_one_at_the_end() -> None:
    said = io.StringIO()
    with Count(PHRASES, "en", Console(file=said, width=200), every_s=3600) as count:
        count.add({"id": "1"})
        count.add({"id": "2", "error": "x"})
    (line,) = said.getvalue().splitlines()
    assert line.startswith("2 posts done, 1 of them with an error")


def test_progress_is_said_while_it_goes_on() -> None:
    said = io.StringIO()
    with Count(PHRASES, "en", Console(file=said, width=200), every_s=0) as count:
        count.add({"id": "1"})
        assert said.getvalue().startswith("1 posts done, 0 of them")
