"""Direct Line 3.0 as Web Chat speaks it."""

import asyncio
import json

import jwt
import pytest
from aiohttp.test_utils import TestClient, TestServer
from yarl import URL

from channels.app import init_app
from channels.settings import Settings
from tests.channels.browser import Browser, error, generated
from tests.channels.conftest import SECRET
from tests.channels.fake_rasa import step

DAY = 24 * 60 * 60


# --- tokens ---------------------------------------------------------------------------------


async def test_a_token_is_short_lived_and_for_one_conversation_and_one_user(client, clock):
    answer = await client.post("/directline/tokens/generate")
    given = await answer.json()
    claims = jwt.decode(given["token"], SECRET, ["HS256"], options={"verify_exp": False})
    assert given["expires_in"] == 1800
    assert claims["conv"] == given["conversationId"]
    assert claims["user"].startswith("dl_")
    assert claims["exp"] == clock().timestamp() + 1800


async def test_two_tokens_share_nothing(client):
    given = [await (await client.post("/directline/tokens/generate")).json() for _ in range(2)]
    assert len({one["conversationId"] for one in given}) == 2


async def test_a_token_is_renewed_for_the_same_conversation(client, browser, clock):
    clock.wait(minutes=29)
    answer = await client.post("/directline/tokens/refresh", headers=browser.headers)
    renewed = Browser(client, (await answer.json())["token"])
    assert (renewed.conversation, renewed.user) == (browser.conversation, browser.user)
    clock.wait(minutes=29)
    assert (await renewed.open()).status == 201


async def test_an_expired_token_is_refused(client, browser, clock):
    clock.wait(minutes=31)
    assert await error(await browser.open()) == (403, "TokenExpired")
    answer = await client.post("/directline/tokens/refresh", headers=browser.headers)
    assert await error(answer) == (403, "TokenExpired")


@pytest.mark.parametrize(
    "token",
    [
        "",
        "rubbish",
        jwt.encode({"conv": "c", "user": "dl_u", "exp": 9e9}, "another secret " * 4, "HS256"),
        jwt.encode({"conv": "c", "user": "dl_u", "exp": 9e9}, None, "none"),
        jwt.encode({"user": "dl_u", "exp": 9e9}, SECRET, "HS256"),
        jwt.encode({"conv": "c", "user": "dl_u"}, SECRET, "HS256"),
    ],
)
async def test_a_token_of_somebody_elses_making_is_refused(client, token):
    headers = {"Authorization": f"Bearer {token}"}
    answer = await client.post("/directline/conversations", headers=headers)
    assert await error(answer) == (401, "Unauthorized")


@pytest.mark.parametrize("way", ["", "/activities", "/stream"])
async def test_the_token_of_another_conversation_is_refused(client, browser, way):
    await browser.open()
    other = Browser(
        client, (await (await client.post("/directline/tokens/generate")).json())["token"]
    )
    await other.open()
    answer = await client.get(f"{browser.path}{way}", headers=other.headers)
    assert await error(answer) == (403, "Forbidden")
    answer = await client.post(f"{browser.path}/activities", json={}, headers=other.headers)
    assert await error(answer) == (403, "Forbidden")


# --- conversations --------------------------------------------------------------------------


async def test_a_conversation_begins_with_a_greeting_in_the_locale(browser):
    answer = await browser.open("en-GB")
    opened = await answer.json()
    assert answer.status == 201
    assert opened["conversationId"] == browser.conversation
    (greeting,) = await browser.heard(1)
    assert greeting["channelData"]["step"] == json.loads(json.dumps(step("greet", "en").to_json()))
    assert greeting["locale"] == "en"


async def test_opening_twice_greets_once(browser, rasa):
    await browser.open()
    await browser.heard(1)
    assert (await browser.open()).status == 200
    await asyncio.sleep(0.1)
    assert [body["message"] for body in rasa.received] == ["/start"]


async def test_a_conversation_that_was_not_opened_is_not_found(browser):
    answer = await browser.http.get(browser.path, headers=browser.headers)
    assert await error(answer) == (404, "BadArgument")
    assert await error(await browser.post(text="Hi")) == (404, "BadArgument")


async def test_a_stream_address_follows_the_proxy_in_front(browser):
    await browser.open()
    headers = browser.headers | {"X-Forwarded-Proto": "https"}
    answer = await browser.http.get(f"{browser.path}?watermark=2", headers=headers)
    url = URL((await answer.json())["streamUrl"])
    assert (url.scheme, url.path) == ("wss", f"{browser.path}/stream")
    assert url.query["watermark"] == "2"


# --- activities -----------------------------------------------------------------------------


async def test_a_message_is_taken_at_once_and_answered_later(browser, rasa):
    await browser.open()
    await browser.heard(1)
    rasa.delay = 0.3
    answer = await browser.post(text="0xC004F074", channelData={"clientActivityID": "a1", "x": 1})
    posted = await answer.json()
    assert answer.status == 200
    _, echo = await browser.heard(2)
    assert posted == {"id": echo["id"]}
    assert echo["id"] == f"{browser.conversation}|{int(echo['id'][-7:]):07}"
    assert echo["from"] == {"id": browser.user, "role": "user"}
    assert echo["channelData"] == {"clientActivityID": "a1"}
    assert (await browser.heard(1, "typing"))[-1]["from"]["role"] == "bot"
    *_, reply = await browser.heard(3)
    assert reply["replyToId"] == echo["id"]
    assert await browser.read(0) == await browser.read("")
    assert [one["type"] for one in (await browser.read())["activities"]] == ["message"] * 3


async def test_an_answer_carries_text_card_choices_and_step(browser):
    await browser.open()
    await browser.post(text="0xC004F074")
    reply = (await browser.heard(3))[-1]
    assert reply["type"] == "message"
    assert reply["text"].startswith("Wie ist dieser Rechner lizenziert?")
    assert reply["attachments"][0]["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert reply["suggestedActions"]["actions"][0] == {
        "type": "imBack",
        "title": "Über den KMS-Server der Firma",
        "value": "Über den KMS-Server der Firma",
    }
    assert reply["channelData"]["step"]["kind"] == "ask"
    assert {"id", "timestamp", "conversation", "locale"} <= set(reply)


async def test_a_card_links_to_the_handbook_where_its_address_is_known(rasa_url, knowledge, clock):
    address = "https://lotse.muster.example/handbook"
    settings = Settings(secret=SECRET, rasa_url=rasa_url, handbook=address)
    async with TestClient(TestServer(init_app(settings, knowledge, clock))) as client:
        browser = await generated(client)
        await browser.open()
        await browser.post(text="check")
        reply = (await browser.heard(3))[-1]
    page = f"{address}/de/faults/kms-host-unreachable.html"
    assert page in json.dumps(reply["attachments"][0]["content"]["body"])


async def test_what_is_kept_holds_no_secret(browser):
    await browser.open()
    await browser.post(text="Passwort: Sommer24")
    kept = json.dumps(await browser.heard(3))
    assert "Sommer24" not in kept
    assert "Passwort: ***" in kept


async def test_a_watermark_gives_only_what_is_newer(browser):
    await browser.open()
    await browser.heard(1)
    before = (await browser.read())["watermark"]
    await browser.post(text="Hi")
    await browser.heard(3)
    newer = (await browser.read(before))["activities"]
    assert [one["text"] for one in newer if one["type"] == "message"] == ["Hi", "echo: Hi"]
    assert (await browser.read(999))["activities"] == []


@pytest.mark.parametrize("watermark", ["x", "-1", "1.5", "9" * 20, "²"])
async def test_a_watermark_is_a_number(browser, watermark):
    await browser.open()
    path = f"{browser.path}/activities?watermark={watermark}"
    answer = await browser.http.get(path, headers=browser.headers)
    assert await error(answer) == (400, "BadArgument")


async def test_a_submit_of_an_offered_choice_counts_as_the_choice(browser, rasa):
    await browser.open()
    await browser.post(text="0xC004F074")
    await browser.heard(3)
    await browser.post(value={"choice": "kms", "step": "ask"})
    *_, echo, _ = await browser.heard(5)
    assert echo["text"] == "Über den KMS-Server der Firma"
    assert rasa.received[-1]["message"] == "Über den KMS-Server der Firma"
    assert rasa.received[-1]["metadata"]["choice"] == "kms"


@pytest.mark.parametrize(
    "value",
    [
        {"choice": "yes", "step": "consent"},
        {"choice": "kms", "step": "consent"},
        {"choice": "forged", "step": "ask"},
        {"choice": "forged"},
        {"choice": ["kms"]},
        {"something": "else"},
        {},
    ],
)
async def test_a_choice_that_was_never_offered_is_refused_and_not_sent(browser, rasa, value):
    await browser.open()
    await browser.post(text="0xC004F074")
    await browser.heard(3)
    assert await error(await browser.post(value=value)) == (400, "BadArgument")
    assert len(await browser.heard(3)) == 3
    assert len(rasa.received) == 2


@pytest.mark.parametrize("ticks", [{}, {"secured-1": "no"}])
async def test_a_consent_without_its_ticks_is_declined_in_words(browser, rasa, ticks):
    await browser.open()
    await browser.post(text="consent")
    await browser.heard(3)
    value = {"choice": "yes", "step": "consent", **ticks}
    assert (await browser.post(value=value)).status == 200
    *_, said = await browser.heard(5)
    assert said["text"].startswith("Bitte erst erledigen und abhaken.")
    assert len(rasa.received) == 2
    await browser.post(value=value | {"secured-1": "yes"})
    await browser.heard(7)
    assert rasa.received[-1]["metadata"]["choice"] == "yes"


async def test_a_choice_of_an_earlier_question_is_declined_in_words(browser, rasa, knowledge):
    await browser.open()
    await browser.post(text="0xC004F074")
    await browser.heard(3)
    await browser.post(value={"choice": "kms", "step": "ask"})
    await browser.heard(5)
    assert (await browser.post(value={"choice": "mak", "step": "ask"})).status == 200
    *_, echo, reply = await browser.heard(7)
    assert echo["text"] == "Mit einem MAK-Schlüssel"
    assert reply["text"] == knowledge.phrases["channel_choice_gone"].de
    assert reply["replyToId"] == echo["id"]
    assert len(rasa.received) == 3


async def test_a_second_click_never_answers_the_next_question(browser, rasa, knowledge):
    await browser.open()
    await browser.post(text="0xC004F074")
    await browser.heard(3)
    rasa.delay = 0.2
    for _ in range(2):
        assert (await browser.post(value={"choice": "kms", "step": "ask"})).status == 200
    reply = (await browser.heard(7))[-1]
    assert reply["text"] == knowledge.phrases["channel_choice_gone"].de
    assert [body["metadata"]["choice"] for body in rasa.received] == [None, None, "kms"]


async def test_an_activity_that_is_sent_again_counts_once(browser, rasa):
    await browser.open()
    await browser.heard(1)
    sent = {"text": "Hi", "channelData": {"clientActivityID": "a1"}}
    answers = [await (await browser.post(**sent)).json() for _ in range(3)]
    assert len({answer["id"] for answer in answers}) == 1
    assert len(await browser.heard(3)) == 3
    assert len(rasa.received) == 2


async def test_a_file_is_declined_in_words(browser, rasa, knowledge):
    await browser.open()
    await browser.heard(1)
    await browser.post(attachments=[{"contentType": "image/png", "contentUrl": "data:,"}])
    reply = (await browser.heard(3))[-1]
    assert reply["text"] == knowledge.phrases["channel_attachment"].de


@pytest.mark.parametrize("kind", ["typing", "event", "conversationUpdate"])
async def test_an_activity_that_says_nothing_is_taken_and_not_answered(browser, rasa, kind):
    await browser.open()
    await browser.heard(1)
    assert (await browser.post(type=kind, name="x", value={})).status == 200
    assert len(await browser.heard(1)) == 1
    assert len(rasa.received) == 1


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"5", b'{"type": 5}', b"\xff\xfe", b"[" * 100_000]
)
async def test_a_broken_body_is_refused(browser, body):
    await browser.open()
    answer = await browser.http.post(
        f"{browser.path}/activities", data=body, headers=browser.headers
    )
    assert await error(answer) == (400, "BadSyntax")


async def test_a_body_beyond_the_limit_is_refused(browser):
    await browser.open()
    assert await error(await browser.post(text="x" * 300_000)) == (413, "MessageSizeTooBig")


async def test_who_runs_ahead_of_the_answers_is_slowed_down(browser, rasa):
    await browser.open()
    await browser.heard(1)
    rasa.delay = 0.5
    answers = [(await browser.post(text="Hi")).status for _ in range(12)]
    assert answers[:8] == [200] * 8
    assert answers[-1] == 429


async def test_what_is_not_there_is_said_as_json(client):
    assert await error(await client.get("/directline/nothing")) == (404, "BadArgument")
    assert await error(await client.get("/directline/tokens/generate")) == (405, "BadArgument")


# --- the stream -----------------------------------------------------------------------------


async def frames(socket, count):
    """Return the first `count` messages of a stream, and its last watermark."""
    messages, watermark = [], None
    async with asyncio.timeout(5):
        while len(messages) < count:
            frame = await socket.receive_json()
            messages += [one for one in frame["activities"] if one["type"] == "message"]
            watermark = frame["watermark"]
    return messages, watermark


async def test_the_stream_brings_what_was_and_what_comes(browser):
    opened = await (await browser.open()).json()
    url = URL(opened["streamUrl"])
    async with browser.http.ws_connect(url.path_qs) as socket:
        (greeting,), _ = await frames(socket, 1)
        await socket.send_str("")  # Web Chat keeps the connection open so
        await browser.post(text="Hi")
        (echo, reply), _ = await frames(socket, 2)
    assert greeting["channelData"]["step"]["kind"] == "greet"
    assert (echo["text"], reply["text"]) == ("Hi", "echo: Hi")


async def test_a_stream_taken_up_again_begins_after_its_watermark(browser):
    opened = await (await browser.open()).json()
    async with browser.http.ws_connect(URL(opened["streamUrl"]).path_qs) as socket:
        _, watermark = await frames(socket, 1)
    await browser.post(text="Hi")
    path = f"{browser.path}?watermark={watermark}"
    again = await (await browser.http.get(path, headers=browser.headers)).json()
    async with browser.http.ws_connect(URL(again["streamUrl"]).path_qs) as socket:
        messages, _ = await frames(socket, 2)
    assert [one["text"] for one in messages] == ["Hi", "echo: Hi"]


async def test_two_tabs_see_the_same(browser):
    opened = await (await browser.open()).json()
    path = URL(opened["streamUrl"]).path_qs
    async with browser.http.ws_connect(path) as one, browser.http.ws_connect(path) as two:
        await browser.post(text="Hi")
        assert (await frames(one, 3))[0] == (await frames(two, 3))[0]


async def test_typing_is_shown_while_rasa_thinks(browser, rasa):
    rasa.delay = 0.3
    opened = await (await browser.open()).json()
    async with browser.http.ws_connect(URL(opened["streamUrl"]).path_qs) as socket:
        first = await socket.receive_json(timeout=5)
    assert [one["type"] for one in first["activities"]] == ["typing"]
