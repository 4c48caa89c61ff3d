"""Files as pastes, the transcript, and being forgotten."""

import json
from io import BytesIO

import pytest
from aiohttp import FormData

from channels.directline.inbound import UPLOAD_LIMIT
from channels.engine import Engine
from channels.redaction import LIMIT
from tests.channels.browser import error, generated

OUTPUT = "Name: Windows(R), Professional edition\nBeschreibung: Schlüsselkanal VOLUME_MAK\n"


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp850", "cp1252"]
)
async def test_a_text_file_is_taken_as_a_paste_whatever_windows_wrote_it(browser, rasa, encoding):
    await browser.open()
    await browser.heard(1)
    answer = await browser.upload(OUTPUT.encode(encoding), "ausgabe.txt")
    assert answer.status == 200
    _, echo, reply = await browser.heard(3)
    assert (await answer.json())["id"] == echo["id"]
    assert echo["attachments"] == [{"contentType": "text/plain", "name": "ausgabe.txt"}]
    assert rasa.received[-1]["message"] == OUTPUT.strip()
    assert reply["replyToId"] == echo["id"]


async def test_what_was_written_beside_a_file_comes_before_it(browser, rasa):
    await browser.open()
    await browser.heard(1)
    activity = {
        "type": "message",
        "text": "Das steht da:",
        "channelData": {"clientActivityID": "a"},
    }
    await browser.upload(OUTPUT.encode(), activity=json.dumps(activity))
    _, echo, _ = await browser.heard(3)
    assert echo["text"] == "Das steht da:"
    assert echo["channelData"] == {"clientActivityID": "a"}
    assert rasa.received[-1]["message"] == f"Das steht da:\n{OUTPUT.strip()}"


async def test_a_file_without_a_form_is_taken_too(browser, rasa):
    await browser.open()
    headers = browser.headers | {
        "Content-Type": "text/plain",
        "Content-Disposition": 'name="file"; filename="log.txt"',
    }
    path = f"{browser.path}/upload?userId={browser.user}"
    answer = await browser.http.post(path, data=OUTPUT.encode(), headers=headers)
    assert answer.status == 200
    await browser.heard(3)
    assert rasa.received[-1]["message"] == OUTPUT.strip()


@pytest.mark.parametrize(
    "data",
    [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"PK\x03\x04\x14\0\0\0", b"\x01\x02\x03\x04" * 50, b""],
    ids=["picture", "archive", "binary", "nothing"],
)
async def test_what_is_no_text_is_answered_with_a_sentence(browser, rasa, knowledge, data):
    await browser.open()
    await browser.heard(1)
    assert (await browser.upload(data, "log.txt")).status == 200
    reply = (await browser.heard(3))[-1]
    assert reply["text"] == knowledge.phrases["channel_attachment"].de
    assert len(rasa.received) == 1


async def test_a_long_file_is_read_in_part_and_that_is_said(browser, rasa, knowledge):
    await browser.open()
    await browser.upload(b"0xC004F074 line\r\n" * 5_000)
    note, _ = (await browser.heard(4))[-2:]
    assert note["text"] == knowledge.phrases["channel_cut"].de.format(limit=LIMIT)
    assert len(rasa.received[-1]["message"]) <= LIMIT


async def test_a_file_beyond_the_limit_is_refused_with_a_sentence(browser, rasa):
    await browser.open()
    await browser.heard(1)
    answer = await browser.upload(b"x" * (UPLOAD_LIMIT + 1))
    assert await error(answer) == (413, "MessageSizeTooBig")
    assert "1024 KB" in (await answer.json())["error"]["message"]

    async def endless():
        for _ in range(40):
            yield b"x" * 65_536

    headers = browser.headers | {"Content-Type": "text/plain"}
    answer = await browser.http.post(f"{browser.path}/upload", data=endless(), headers=headers)
    assert await error(answer) == (413, "MessageSizeTooBig")
    assert len(rasa.received) == 1


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data; boundary=x", b"rubbish"),
        ("multipart/form-data", b"rubbish"),
        ("multipart/form-data; boundary=x", b"--x--\r\n"),
        ("multipart/form-data; boundary=x", b"--x\r\n\r\n" * 30 + b"--x--\r\n"),
        (
            "multipart/form-data; boundary=x",
            b"--x\r\nContent-Type: multipart/mixed; boundary=y\r\n\r\n--y\r\n\r\n--y--\r\n"
            b"--x--\r\n",
        ),
    ],
)
async def test_a_broken_form_is_refused(browser, rasa, kind, body):
    await browser.open()
    await browser.heard(1)
    headers = browser.headers | {"Content-Type": kind}
    answer = await browser.http.post(f"{browser.path}/upload", data=body, headers=headers)
    assert answer.status == 400
    assert len(rasa.received) == 1


async def test_a_broken_activity_beside_a_file_is_refused(browser):
    await browser.open()
    assert (await browser.upload(b"Hi", activity="{")).status == 400
    form = FormData()
    form.add_field("activity", BytesIO(b"\xff"), content_type="application/vnd.microsoft.activity")
    answer = await browser.http.post(f"{browser.path}/upload", data=form, headers=browser.headers)
    assert answer.status == 400


async def test_a_secret_in_a_file_or_its_name_is_not_kept(browser, rasa):
    await browser.open()
    await browser.upload(b"Passwort: Sommer24", "max.muster@contoso.de.txt")
    kept = json.dumps(await browser.heard(3))
    assert "Sommer24" not in kept + json.dumps(rasa.received)
    assert "max.muster" not in kept


# --- transcript -----------------------------------------------------------------------------


async def test_the_transcript_says_who_said_what_and_when(browser):
    await browser.open("en-GB")
    await browser.heard(1)
    await browser.post(text="Password: Summer24", locale="en-GB")
    await browser.heard(3)
    await browser.upload(b"Hi", "log.txt")
    await browser.heard(5)
    answer = await browser.http.get(f"{browser.path}/transcript", headers=browser.headers)
    text = await answer.text()
    assert answer.content_type == "text/plain"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "[2026-11-22 09:30 UTC] You:\nPassword: ***\n" in text
    assert "[2026-11-22 09:30 UTC] Lizenzlotse:\nHello, this is Lizenzlotse." in text
    assert "You:\n[File: log.txt]" in text


async def test_the_transcript_of_another_conversation_is_refused(client, browser):
    await browser.open()
    other = await generated(client)
    for method, way in (("GET", "/transcript"), ("DELETE", "")):
        answer = await client.request(method, f"{browser.path}{way}", headers=other.headers)
        assert await error(answer) == (403, "Forbidden")


# --- being forgotten ------------------------------------------------------------------------


async def test_a_conversation_that_is_forgotten_is_gone_for_good(browser, knowledge):
    await browser.open()
    await browser.post(text="0xC004F074")
    await browser.heard(3)
    answer = await browser.http.delete(browser.path, headers=browser.headers)
    assert answer.status == 200
    forgotten = await answer.json()
    assert forgotten["tickets"] == []
    assert forgotten["message"].startswith(knowledge.phrases["web_forgotten"].de)
    assert await error(await browser.post(text="Hi")) == (404, "BadArgument")
    assert await error(await browser.open()) == (404, "BadArgument")
    answer = await browser.http.post("/directline/tokens/resume", json={"key": browser.key})
    assert await error(answer) == (404, "BadArgument")


async def test_what_cannot_be_deleted_is_said(browser):
    await browser.open()
    await browser.post(text="ticket")
    await browser.heard(3)
    answer = await browser.http.delete(browser.path, headers=browser.headers)
    forgotten = await answer.json()
    assert forgotten["tickets"] == ["LL-1042"]
    assert "bleibt dort: LL-1042" in forgotten["message"]
    assert forgotten["tracker"] is False
    assert "Dialogsystems" in forgotten["message"]


async def test_who_listens_is_told_that_the_conversation_ended(browser):
    opened = await (await browser.open()).json()
    path = "/directline" + opened["streamUrl"].partition("/directline")[2]
    await browser.heard(1)
    async with browser.http.ws_connect(path) as socket:
        await socket.receive_json(timeout=5)
        await browser.http.delete(browser.path, headers=browser.headers)
        assert (await socket.receive(timeout=5)).type.name in ("CLOSE", "CLOSED")


def test_the_engine_forgets_what_it_offered(engine: Engine):
    engine.recall(
        "c",
        {
            "version": 1,
            "kind": "ask",
            "id": "ask",
            "language": "de",
            "title": "?",
            "body": "",
            "choices": [{"id": "a", "label": "A"}],
        },
    )
    assert engine.offered("c") == {"a": "A"}
    engine.forget("c")
    assert engine.offered("c") == {}
