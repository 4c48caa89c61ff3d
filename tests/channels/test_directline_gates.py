"""Who is let in to Direct Line: origins, rates, and ten thousand requests of no sense."""

import asyncio
import random
import time

import jwt
import pytest
from aiohttp import ClientError
from aiohttp.test_utils import TestClient, TestServer

from channels.app import init_app
from channels.directline.limits import Gate, Limits, Rate, visitor
from channels.origins import BadOrigin, Origins, origins_in
from channels.settings import Settings
from tests.channels.browser import error, generated
from tests.channels.conftest import PATIENCE, SECRET

FOREIGN = "https://elsewhere.example.org"
GENERATE = "/directline/tokens/generate"


def settings(rasa_url, **more):
    return Settings(secret=SECRET, rasa_url=rasa_url, timeout_s=PATIENCE, **more)


# --- origins --------------------------------------------------------------------------------


async def test_a_page_of_another_origin_is_refused(client):
    answer = await client.post(GENERATE, headers={"Origin": FOREIGN})
    assert await error(answer) == (403, "BadOrigin")
    assert "Access-Control-Allow-Origin" not in answer.headers


async def test_a_page_of_another_origin_is_refused_the_stream_too(browser):
    opened = await (await browser.open()).json()
    path = opened["streamUrl"].partition("/directline")[2]
    answer = await browser.http.get(f"/directline{path}", headers={"Origin": FOREIGN})
    assert await error(answer) == (403, "BadOrigin")


@pytest.mark.parametrize("origin", ["null", "", "http://localhost.example.org", "file://"])
async def test_what_only_looks_like_this_computer_is_refused(client, origin):
    answer = await client.post(GENERATE, headers={"Origin": origin})
    assert await error(answer) == (403, "BadOrigin")


@pytest.mark.parametrize(
    "origin", ["http://localhost:5173", "http://127.0.0.1", "https://localhost"]
)
async def test_a_page_of_this_computer_may_speak_with_us(client, origin):
    answer = await client.post(GENERATE, headers={"Origin": origin})
    assert answer.status == 200
    assert answer.headers["Access-Control-Allow-Origin"] == origin
    assert "Origin" in answer.headers["Vary"]


async def test_our_own_page_may_speak_with_us_under_any_name(client):
    headers = {"Origin": "https://lotse.example.org", "Host": "lotse.example.org"}
    assert (await client.post(GENERATE, headers=headers)).status == 200


async def test_an_origin_that_is_configured_may_speak_with_us(rasa_url, knowledge):
    allowed = settings(rasa_url, origins=origins_in(FOREIGN))
    async with TestClient(TestServer(init_app(allowed, knowledge))) as client:
        asked = {
            "Origin": FOREIGN,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,content-type,x-ms-bot-agent",
        }
        answer = await client.options(GENERATE, headers=asked)
        assert answer.status == 204
        assert answer.headers["Access-Control-Allow-Origin"] == FOREIGN
        assert "x-ms-bot-agent" in answer.headers["Access-Control-Allow-Headers"]
        answer = await client.get("/directline/conversations/c", headers={"Origin": FOREIGN})
        assert await error(answer) == (401, "Unauthorized")
        assert answer.headers["Access-Control-Allow-Origin"] == FOREIGN
        page = await client.get("/")
        assert "frame-ancestors 'self' " in page.headers["Content-Security-Policy"]
        assert FOREIGN in page.headers["Content-Security-Policy"]


async def test_only_this_computer_may_embed_the_chat_unless_configured(client):
    policy = (await client.get("/")).headers["Content-Security-Policy"]
    ancestors = policy.partition("frame-ancestors ")[2].split(";")[0].split()
    assert set(ancestors) == {"'self'", *Origins().allowed}


@pytest.mark.parametrize(
    ("entry", "origin", "allowed"),
    [
        ("https://*.example.net", "https://a.b.example.net", True),
        ("https://*.example.net", "https://example.net", False),
        ("https://*.example.net", "https://example.net.example.org", False),
        ("https://intranet.example.org", "http://intranet.example.org", False),
        ("https://intranet.example.org", "https://intranet.example.org:8443", False),
        ("https://intranet.example.org:8443", "https://intranet.example.org:8443", True),
        ("https://Intranet.Example.org/", "https://intranet.example.org", True),
    ],
)
def test_an_origin_is_its_scheme_host_and_port(entry, origin, allowed):
    assert origins_in(entry).allows(origin, "lotse.example.org") is allowed


@pytest.mark.parametrize("entry", ["*", "intranet", "https://a.example/path", "https://a;b"])
def test_what_is_no_origin_is_named_with_its_repair(entry):
    with pytest.raises(BadOrigin, match="without a path"):
        origins_in(f"https://intranet.example.org {entry}")


# --- tokens ---------------------------------------------------------------------------------


async def test_a_key_takes_a_conversation_up_again_when_its_token_has_expired(browser, clock):
    await browser.open()
    await browser.heard(1)
    clock.wait(hours=11)
    assert await error(await browser.post(text="Hi")) == (403, "TokenExpired")
    answer = await browser.http.post("/directline/tokens/resume", json={"key": browser.key})
    browser.token = (await answer.json())["token"]
    assert (await browser.post(text="Hi")).status == 200
    clock.wait(hours=13)
    answer = await browser.http.post("/directline/tokens/resume", json={"key": browser.key})
    assert await error(answer) == (403, "TokenExpired")


async def test_a_key_is_no_token_and_a_token_no_key(browser):
    await browser.open()
    answer = await browser.http.post("/directline/tokens/resume", json={"key": browser.token})
    assert await error(answer) == (401, "Unauthorized")
    browser.token = browser.key
    assert await error(await browser.post(text="Hi")) == (401, "Unauthorized")


async def test_a_key_of_a_conversation_that_was_never_opened_opens_none(browser):
    answer = await browser.http.post("/directline/tokens/resume", json={"key": browser.key})
    assert await error(answer) == (404, "BadArgument")


# --- rates ----------------------------------------------------------------------------------


async def test_messages_that_come_too_fast_are_told_when_to_come_again(rasa_url, knowledge):
    slow = settings(rasa_url, limits=Limits(messages_of_conversation=Rate(2, 0.1)))
    async with TestClient(TestServer(init_app(slow, knowledge))) as client:
        browser, other = await generated(client), await generated(client)
        await browser.open()
        await other.open()
        answers = [await browser.post(text="Hi") for _ in range(3)]
        assert [answer.status for answer in answers] == [200, 200, 429]
        assert 8 <= int(answers[-1].headers["Retry-After"]) <= 10
        assert (await other.post(text="Hi")).status == 200


@pytest.mark.parametrize(("language", "word"), [("de-DE", "warten"), ("en-GB,de", "wait")])
async def test_a_refusal_is_said_in_the_language_of_the_browser(
    rasa_url, knowledge, language, word
):
    slow = settings(rasa_url, limits=Limits(conversations_of_address=Rate(1, 0.1)))
    async with TestClient(TestServer(init_app(slow, knowledge))) as client:
        await client.post(GENERATE)
        answer = await client.post(GENERATE, headers={"Accept-Language": language})
        assert await error(answer) == (429, "TooManyRequests")
        assert word in (await answer.json())["error"]["message"]


async def test_requests_of_one_address_do_not_slow_down_another(rasa_url, knowledge):
    slow = settings(
        rasa_url,
        limits=Limits(requests_of_address=Rate(3, 0.1)),
        proxies=frozenset({"127.0.0.1"}),
    )
    async with TestClient(TestServer(init_app(slow, knowledge))) as client:

        async def asked(address):
            return (await client.post(GENERATE, headers={"X-Forwarded-For": address})).status

        assert [await asked("192.0.2.1") for _ in range(4)] == [200, 200, 200, 429]
        assert await asked("192.0.2.2") == 200


def test_who_is_no_proxy_of_ours_cannot_speak_for_others():
    assert visitor("198.51.100.1", "203.0.113.9", frozenset({"192.0.2.1"})) == "198.51.100.1"


def test_a_gate_lets_through_again_after_the_wait_it_named_and_forgets_whom_it_saw_longest_ago():
    now = [0.0]
    gate = Gate(Rate(2, 0.5), lambda: now[0], keys=2)
    assert [gate.wait("a") for _ in range(3)] == [0.0, 0.0, 2.0]
    now[0] += 2.0
    assert gate.wait("a") == 0.0
    gate.wait("b"), gate.wait("c")
    assert len(gate._spent) == 2


# --- junk -----------------------------------------------------------------------------------

JUNK = 10_000
#: Seconds in which the junk is answered, on a busy machine.
BOUND = 240
METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE", "BREW")
WORDS = (
    *("directline", "conversations", "tokens", "activities", "upload", "stream", "generate"),
    *("refresh", "resume", "transcript", "..", "%2e%2e", "%00", "assets", "chat.js", "healthz"),
    *("widget.js", "webhooks", "rest", "webhook", "🐟", "api", "messages", "'--", "{{x}}"),
)


def junk(dice, token):
    """Return a request of no sense: its method, path, headers and body."""
    path = "/" + "/".join(dice.choices(WORDS, k=dice.randint(0, 6)))
    query = dice.choice(["", "?watermark=x", "?t=rubbish", "?" + "a" * 3_000, "?watermark=%ff"])
    headers = dice.choice(
        [
            {},
            {"Authorization": "Bearer x.y.z"},
            {"Authorization": f"Bearer {token}"},
            {"Content-Type": "multipart/form-data; boundary=x"},
            {"Content-Type": "application/json; charset=klingon"},
            {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"},
            {"Origin": FOREIGN},
            {"Content-Encoding": "gzip"},
        ]
    )
    body = dice.choice(
        [
            None,
            b"{",
            b"[" * 5_000,
            b'{"type": "message", "text": "/restart"}',
            dice.randbytes(dice.randint(0, 500)),
            b"--x\r\n\r\n--x--\r\n",
            b'{"choice": {"$ne": 1}}',
        ]
    )
    return dice.choice(METHODS), path + query, headers, body


UNLIMITED = Limits(Rate(10**6, 10**6), Rate(10**6, 10**6), Rate(10**6, 10**6))


@pytest.mark.parametrize(("limits", "count"), [(Limits(), 2_000), (UNLIMITED, JUNK)])
async def test_ten_thousand_junk_requests_reach_nobody(rasa_url, rasa, knowledge, limits, count):
    seed = random.randrange(10**6)
    print("seed", seed)
    dice = random.Random(seed)
    tokens = [
        jwt.encode({"conv": "c", "user": "dl_u", "exp": 9e9}, secret, "HS256")
        for secret in (SECRET, "another secret " * 4)
    ]
    server = TestServer(init_app(settings(rasa_url, limits=limits), knowledge))
    async with TestClient(server) as client:

        async def ask(number):
            if number % 20 == 0:
                return await shout(server, dice.randbytes(200) + b"\r\n\r\n")
            method, path, headers, body = junk(dice, dice.choice(tokens))
            try:
                async with client.request(method, path, headers=headers, data=body) as answer:
                    # Teams is not set up here, and its door says so.
                    closed = answer.url.path == "/api/messages" and answer.status == 503
                    return 0 if closed else answer.status
            except (ClientError, ValueError):
                return 0  # no HTTP on one of the two sides

        began, statuses = time.monotonic(), []
        for start in range(0, count, 50):
            statuses += await asyncio.gather(*(ask(start + one) for one in range(50)))
        assert time.monotonic() - began < BOUND
        assert len(statuses) == count
        assert {status for status in statuses if status >= 500} == set()
        assert [body for body in rasa.received if body["message"] != "/health_check"] == []
        await asyncio.sleep(1)  # whoever waits as long as it is told is let in again
        browser = await generated(client)
        assert (await browser.open()).status == 201
        await browser.heard(1)


async def shout(server, data):
    """Send bytes that are no HTTP; return the status of the answer, 0 without one."""
    reader, writer = await asyncio.open_connection(server.host, server.port)
    writer.write(data)
    writer.write_eof()
    answer = (await reader.read()).split()
    writer.close()
    return int(answer[1]) if len(answer) > 1 and answer[1].isdigit() else 0
