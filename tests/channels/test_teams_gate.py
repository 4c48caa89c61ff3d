"""Who may speak to the bot at /api/messages: everybody else is refused, and Rasa hears nothing."""

import json
import logging
from datetime import timedelta

import jwt
import pytest
from aiohttp.test_utils import TestClient

from channels.teams.settings import Cloud, TeamsSettings
from tests.channels.fake_teams import APP, OTHER_TENANT, TENANT, activity, key, unsigned
from tests.channels.teams_desk import Desk, desk_app


def claims(desk, **more):
    now = desk.microsoft.now()
    return {
        "iss": desk.microsoft.cloud.issuer,
        "aud": APP,
        "serviceurl": desk.microsoft.service,
        "exp": int((now + timedelta(hours=1)).timestamp()),
    } | more


def stamp(desk, **span):
    return int((desk.microsoft.now() + timedelta(**span)).timestamp())


#: What is wrong with a token, and how it is answered.
BAD_TOKENS = {
    "missing": (lambda desk: None, 401),
    "empty": (lambda desk: " ", 401),
    "no token at all": (lambda desk: "rubbish", 401),
    "three times rubbish": (lambda desk: "a.b.c", 401),
    "none algorithm": (lambda desk: unsigned(claims(desk)), 401),
    "signed by a forger": (
        lambda desk: jwt.encode(claims(desk), key("forger"), "RS256", headers={"kid": "good"}),
        401,
    ),
    "signed with the public key as a password": (
        lambda desk: jwt.encode(claims(desk), "x" * 64, "HS256", headers={"kid": "good"}),
        401,
    ),
    "without the name of its key": (
        lambda desk: jwt.encode(claims(desk), key("good"), "RS256"),
        401,
    ),
    "unknown key": (lambda desk: desk.microsoft.token("new"), 401),
    "expired": (lambda desk: desk.microsoft.token(exp=stamp(desk, minutes=-6)), 401),
    "not yet valid": (lambda desk: desk.microsoft.token(nbf=stamp(desk, minutes=6)), 401),
    "never expires": (lambda desk: desk.microsoft.token(exp=None), 401),
    "expires at no time": (lambda desk: desk.microsoft.token(exp=True), 401),
    "wrong audience": (lambda desk: desk.microsoft.token(aud=TENANT), 401),
    "no audience": (lambda desk: desk.microsoft.token(aud=None), 401),
    "wrong issuer": (lambda desk: desk.microsoft.token(iss="https://evil.example"), 401),
    "no issuer": (lambda desk: desk.microsoft.token(iss=None), 401),
    "another tenant's issuer": (
        lambda desk: desk.microsoft.token(
            "entra", iss=f"{desk.microsoft.cloud.login}/{OTHER_TENANT}/v2.0", tid=OTHER_TENANT
        ),
        401,
    ),
    "our issuer, another tenant": (
        lambda desk: desk.microsoft.token(
            "entra", iss=f"{desk.microsoft.cloud.login}/{TENANT}/v2.0", tid=OTHER_TENANT
        ),
        403,
    ),
    "no service address": (lambda desk: desk.microsoft.token(serviceurl=None), 403),
    "another service address": (
        lambda desk: desk.microsoft.token(serviceurl="https://evil.example/"),
        403,
    ),
}


@pytest.mark.parametrize("fault", BAD_TOKENS)
async def test_a_bad_token_is_refused_and_rasa_hears_nothing(fault, desk, rasa):
    token, status = BAD_TOKENS[fault]
    answer = await desk.post(activity(desk.microsoft.service, text="0xC004F074"), token(desk))
    assert answer.status == status
    assert set((await answer.json())["error"]) == {"code", "message"}
    assert rasa.received == []
    assert desk.microsoft.sent == []


@pytest.mark.parametrize("header", ["Basic abc", "Bearer", "bearer  ", "x" * 4000])
async def test_another_authorization_is_refused(header, desk, rasa):
    told = activity(desk.microsoft.service, text="0xC004F074")
    answer = await desk.client.post("/api/messages", json=told, headers={"Authorization": header})
    assert answer.status == 401
    assert rasa.received == []


#: What an activity with a good token must not say.
BAD_ACTIVITIES = {
    "people of another tenant": (
        {
            "conversation": {"id": "a:x", "conversationType": "personal", "tenantId": OTHER_TENANT},
            "channelData": {"tenant": {"id": OTHER_TENANT}},
        },
        403,
    ),
    "people of no tenant": ({"conversation": {"id": "a:x"}, "channelData": {}}, 403),
    "a channel that the key may not sign for": ({"channelId": "webchat"}, 403),
    "answers to another host": ({"serviceUrl": "https://evil.example/"}, 403),
    "answers to nowhere": ({"serviceUrl": ""}, 403),
    "answers to no address": ({"serviceUrl": "http://[::"}, 400),
    "no conversation": ({"conversation": None}, 400),
    "no type": ({"type": ""}, 400),
    "text that is a list": ({"text": [1, 2]}, 400),
}


@pytest.mark.parametrize("fault", BAD_ACTIVITIES)
async def test_an_activity_that_its_caller_may_not_send_is_refused(fault, desk, rasa):
    told, status = BAD_ACTIVITIES[fault]
    answer = await desk.post(activity(desk.microsoft.service, **({"text": "0xC004F074"} | told)))
    assert answer.status == status
    assert rasa.received == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 50_000])
async def test_a_body_that_is_no_activity_is_refused(body, desk, rasa):
    headers = {"Authorization": f"Bearer {desk.microsoft.token()}"}
    answer = await desk.client.post("/api/messages", data=body, headers=headers)
    assert answer.status == 400
    assert rasa.received == []


async def test_a_body_that_is_too_large_is_refused(desk, rasa):
    answer = await desk.say("x" * 300_000)
    assert answer.status == 413
    assert rasa.received == []


async def test_a_body_whose_size_is_not_told_is_refused_when_too_large(desk, rasa):
    async def pieces():
        for _ in range(40):
            yield b"x" * 10_000

    headers = {"Authorization": f"Bearer {desk.microsoft.token()}"}
    answer = await desk.client.post("/api/messages", data=pieces(), headers=headers)
    assert answer.status == 413


async def test_a_token_a_few_minutes_old_is_taken_because_clocks_differ(desk):
    token = desk.microsoft.token(exp=stamp(desk, minutes=-4))
    told = activity(desk.microsoft.service, text="0xC004F074")
    assert (await desk.post(told, token)).status == 202
    await desk.microsoft.wait_for(1)


async def test_a_program_of_the_own_tenant_may_speak(desk):
    issuer = f"{desk.microsoft.cloud.login}/{TENANT}/v2.0"
    token = desk.microsoft.token("entra", iss=issuer, tid=TENANT, serviceurl=None)
    told = activity(desk.microsoft.service, text="0xC004F074")
    assert (await desk.post(told, token)).status == 202
    await desk.microsoft.wait_for(1)


async def test_the_keys_are_fetched_once_and_an_unknown_key_asks_again_after_a_while(desk, clock):
    for _ in range(3):
        await desk.say("hallo")
        await desk.post(activity(desk.microsoft.service), desk.microsoft.token("new"))
    assert desk.microsoft.key_requests == 1
    clock.wait(seconds=31)
    await desk.post(activity(desk.microsoft.service), desk.microsoft.token("new"))
    assert desk.microsoft.key_requests == 2


async def test_without_keys_it_says_that_it_cannot_tell(desk, rasa):
    desk.microsoft.broken = True
    assert (await desk.say("0xC004F074")).status == 503
    desk.microsoft.broken = False
    assert (await desk.say("0xC004F074")).status == 202


async def test_what_people_write_and_tokens_are_in_no_log(desk, caplog):
    caplog.set_level(logging.INFO, logger="channels")
    token = desk.microsoft.token(exp=stamp(desk, hours=-1))
    await desk.post(activity(desk.microsoft.service, text="geheimer Text"), token)
    await desk.post(activity(desk.microsoft.service, text=["geheimer Text"]))
    assert "refused with 401" in caplog.text
    assert "geheim" not in caplog.text
    assert token not in caplog.text


async def test_without_settings_the_route_says_so(client, caplog):
    answer = await client.post("/api/messages", json={"type": "message"})
    assert answer.status == 503
    assert "docs/teams.md" in (await answer.json())["error"]["message"]


async def test_other_methods_do_not_exist(desk):
    assert (await desk.client.get("/api/messages")).status == 405


# --- the playground -------------------------------------------------------------------------


@pytest.fixture
async def open_desk(rasa_url, knowledge, clock, tmp_path, microsoft, naps):
    teams = TeamsSettings(playground=True)
    server = desk_app(rasa_url, knowledge, clock, tmp_path, teams, naps)
    async with TestClient(server) as client:
        yield Desk(client, microsoft, naps)


async def test_the_playground_needs_no_token_on_this_machine(open_desk):
    answer = await open_desk.post(activity(open_desk.microsoft.service, text="0xC004F074"), None)
    assert answer.status == 202
    await open_desk.microsoft.wait_for(1)


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "Via", "X-Forwarded-Host"])
async def test_the_playground_is_not_let_in_through_a_proxy(header, open_desk, rasa):
    told = activity(open_desk.microsoft.service, text="0xC004F074")
    answer = await open_desk.client.post("/api/messages", json=told, headers={header: "10.0.0.1"})
    assert answer.status == 403
    assert rasa.received == []


async def test_the_playground_is_answered_on_this_machine_alone(open_desk, rasa):
    answer = await open_desk.post(activity("https://evil.example/", text="0xC004F074"), None)
    assert answer.status == 403
    assert rasa.received == []


async def test_the_playground_is_not_let_in_where_others_can_reach_the_server(
    rasa_url, knowledge, clock, tmp_path, microsoft, naps, rasa
):
    teams = TeamsSettings(playground=True)
    server = desk_app(rasa_url, knowledge, clock, tmp_path, teams, naps, host="0.0.0.0")
    async with TestClient(server) as client:
        told = activity(microsoft.service, text="0xC004F074")
        assert (await client.post("/api/messages", json=told)).status == 403
    assert rasa.received == []


def test_microsofts_own_addresses_are_what_is_trusted():
    assert Cloud().issuer == "https://api.botframework.com"
    assert json.dumps(Cloud().services).count("http") == 0
