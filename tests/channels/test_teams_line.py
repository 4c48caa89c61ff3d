"""A conversation in Teams: taken at once, answered in order, delivered sooner or later."""

import asyncio
import json

import pytest
from aiohttp.test_utils import TestClient

from channels.teams.files import NotRead
from channels.teams.journal import Journal
from channels.teams.line import WAITING
from channels.teams.sending import ATTEMPTS, LONGEST_PAUSE, Patience
from tests.channels.fake_teams import (
    BOT,
    BOT_TOKEN,
    PERSON,
    TENANT,
    activity,
    in_channel,
)
from tests.channels.teams_desk import Desk, desk_app

FILE = "application/vnd.microsoft.teams.file.download.info"


def card_of(sent):
    (attachment,) = sent["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    return attachment["content"]


def said(rasa):
    return [body["message"] for body in rasa.received if body["message"] != "/health_check"]


# --- taken at once, answered later ----------------------------------------------------------


async def test_a_message_is_acknowledged_before_it_is_answered(desk, rasa):
    rasa.delay = 0.5
    answer = await desk.say("Windows zeigt 0xC004F074")
    assert answer.status == 202
    assert desk.microsoft.of_kind("message") == []
    (sent,) = await desk.microsoft.wait_for(1)
    assert card_of(sent)["lang"] == "de"


async def test_typing_is_shown_at_once_and_kept_up_until_the_answer(desk, rasa):
    rasa.delay = 0.5
    await desk.say("Windows zeigt 0xC004F074")
    await desk.microsoft.wait_for(1)
    kinds = [one["type"] for one in desk.microsoft.sent]
    assert kinds[0] == "typing"
    assert kinds.count("typing") > 1
    assert kinds[-1] == "message"
    assert set(desk.naps.slept) == {2.5}


async def test_an_answer_goes_beside_its_message_in_the_name_of_the_bot(desk):
    told = activity(desk.microsoft.service, text="0xC004F074")
    await desk.post(told)
    (sent,) = await desk.microsoft.wait_for(1)
    assert sent["replyToId"] == told["id"]
    assert sent["from"]["id"] == BOT["id"]
    assert sent["recipient"]["id"] == PERSON["id"]
    assert sent["path"] == "a:one"
    assert sent["summary"] == card_of(sent)["body"][0]["text"]
    assert set(desk.microsoft.tokens) == {f"Bearer {BOT_TOKEN}"}


async def test_the_locale_of_the_client_chooses_the_language(desk, rasa):
    await desk.say("0xC004F074", locale="en-GB")
    await desk.say(
        "0xC004F074",
        locale=None,
        entities=[{"type": "clientInfo", "locale": "en-US"}],
        conversation={"id": "a:two", "conversationType": "personal", "tenantId": TENANT},
    )
    for sent in await desk.microsoft.wait_for(2):
        assert card_of(sent)["lang"] == "en"
    assert [body["metadata"]["channel"] for body in rasa.received] == ["teams", "teams"]


async def test_messages_of_one_conversation_are_answered_in_order(desk, rasa):
    rasa.delay = 0.05
    for number in range(6):
        await desk.say(f"Zeile {number}")
    sent = await desk.microsoft.wait_for(6)
    assert [one["text"] for one in sent] == [f"echo: Zeile {n}" for n in range(6)]


async def test_a_slow_conversation_holds_up_no_other(desk, rasa):
    rasa.delay = 0.8
    await desk.say("hallo", conversation={"id": "a:slow", "tenantId": TENANT})
    while not rasa.received:
        await asyncio.sleep(0.01)
    rasa.delay = 0
    await desk.say("hallo", conversation={"id": "a:fast", "tenantId": TENANT})
    sent = await desk.microsoft.wait_for(2)
    assert [one["path"] for one in sent] == ["a:fast", "a:slow"]


async def test_too_many_messages_at_once_are_said_to_be_too_many_once(desk, rasa):
    rasa.delay = 0.2
    for number in range(WAITING + 4):
        assert (await desk.say(f"Zeile {number}")).status == 202
    sent = await desk.microsoft.wait_for(WAITING + 1)
    await asyncio.sleep(0.3)
    assert len(desk.microsoft.of_kind("message")) == WAITING + 1
    assert [one["text"] for one in sent[:-1]] == [f"echo: Zeile {n}" for n in range(WAITING)]
    assert "Nachrichten auf einmal" in sent[-1]["text"]


async def test_a_message_delivered_twice_is_answered_once(desk, rasa):
    told = activity(desk.microsoft.service, text="hallo")
    await desk.post(told)
    await desk.microsoft.wait_for(1)
    await desk.post(told)
    await desk.say("noch etwas")
    await desk.microsoft.wait_for(2)
    assert said(rasa) == ["hallo", "noch etwas"]


async def test_the_person_hears_an_apology_when_rasa_is_away(desk, rasa):
    rasa.status = 500
    await desk.say("0xC004F074")
    (sent,) = await desk.microsoft.wait_for(1)
    assert sent["text"].startswith("Entschuldigung")
    assert "attachments" not in sent


# --- delivery -------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [412, 429, 502, 504, 503])
async def test_a_busy_channel_is_tried_again_with_growing_pauses(status, desk):
    desk.microsoft.statuses = [status] * 4
    await desk.say("hallo")
    (sent,) = await desk.microsoft.wait_for(1)
    assert sent["text"] == "echo: hallo"
    assert [nap for nap in desk.naps.slept if nap != 2.5] == [1.0, 2.0, 4.0, 8.0]


async def test_a_channel_that_says_how_long_to_wait_is_believed(desk):
    desk.microsoft.statuses, desk.microsoft.headers = [429], {"Retry-After": "17"}
    await desk.say("hallo")
    await desk.microsoft.wait_for(1)
    assert 17.0 in desk.naps.slept


def test_pauses_have_some_chance_in_them_and_an_end():
    low, high = Patience(chance=lambda: 0.0), Patience(chance=lambda: 1.0)
    assert [low.pause(n, 0) for n in range(3)] == [0.5, 1.0, 2.0]
    assert [high.pause(n, 0) for n in range(3)] == [1.5, 3.0, 6.0]
    assert high.pause(ATTEMPTS, 0) == 1.5 * LONGEST_PAUSE


async def test_order_is_kept_when_the_channel_is_busy(desk):
    desk.microsoft.statuses = [429, 502, 200, 504]
    for number in range(3):
        await desk.say(f"Zeile {number}")
    sent = await desk.microsoft.wait_for(3)
    assert [one["text"] for one in sent] == [f"echo: Zeile {n}" for n in range(3)]


@pytest.mark.parametrize("status", [403, 404])
async def test_a_conversation_that_is_gone_is_given_up(status, desk, tmp_path):
    desk.microsoft.statuses = [status]
    await desk.say("eins")
    await desk.say("zwei")
    (sent,) = await desk.microsoft.wait_for(1)
    assert sent["text"] == "echo: zwei"
    assert [nap for nap in desk.naps.slept if nap != 2.5] == []


@pytest.mark.parametrize("status", [400, 413])
async def test_a_card_that_is_refused_is_sent_as_text(status, desk):
    desk.microsoft.statuses = [status]
    await desk.say("0xC004F074")
    (sent,) = await desk.microsoft.wait_for(1)
    assert "attachments" not in sent
    assert "1. Über den KMS-Server der Firma" in sent["text"]


# --- cards and clicks -----------------------------------------------------------------------


async def asked(desk):
    """Have a card with choices shown, and return it."""
    await desk.say("Windows zeigt 0xC004F074")
    return card_of((await desk.microsoft.wait_for(1))[0])


async def test_a_click_answers_and_its_card_shows_what_was_chosen(desk, rasa):
    await asked(desk)
    answer = await desk.click("kms", "ask")
    assert answer.status == 200
    told = await answer.json()
    assert (told["statusCode"], told["type"]) == (200, "application/vnd.microsoft.card.adaptive")
    assert "Action" not in json.dumps(told["value"])
    assert "✓ Ihre Antwort: Über den KMS-Server der Firma" in json.dumps(
        told["value"], ensure_ascii=False
    )
    await desk.microsoft.wait_for(2)
    assert rasa.received[-1]["message"] == "Über den KMS-Server der Firma"
    assert rasa.received[-1]["metadata"]["choice"] == "kms"


async def test_a_click_in_a_client_that_only_submits_answers_too(desk, rasa):
    await asked(desk)
    value = {"choice": "kms", "step": "ask"}
    told = activity(desk.microsoft.service, value=value)
    assert (await desk.post(told)).status == 202
    await desk.microsoft.wait_for(2)
    assert rasa.received[-1]["metadata"]["choice"] == "kms"


async def test_a_second_click_on_the_same_button_is_one_answer(desk, rasa):
    await asked(desk)
    rasa.delay = 0.2
    first, second = [await desk.click("kms", "ask") for _ in range(2)]
    assert await first.json() == await second.json()
    await desk.microsoft.wait_for(2)
    await asyncio.sleep(0.3)
    assert len(rasa.received) == 2


async def test_a_second_click_on_another_button_comes_too_late(desk, rasa):
    await asked(desk)
    rasa.delay = 0.2
    await desk.click("kms", "ask")
    told = await (await desk.click("mak", "ask")).json()
    assert told["type"] == "application/vnd.microsoft.activity.message"
    assert "früheren Frage" in told["value"]
    await desk.microsoft.wait_for(2)
    assert len(rasa.received) == 2


async def test_a_click_can_be_made_again_after_an_apology(desk, rasa):
    await asked(desk)
    rasa.status = 500
    await desk.click("kms", "ask")
    await desk.microsoft.wait_for(2)
    rasa.status = 200
    told = await (await desk.click("mak", "ask")).json()
    assert told["type"] == "application/vnd.microsoft.card.adaptive"


async def test_a_consent_without_its_ticks_is_declined_in_words(desk, rasa):
    await desk.say("consent")
    await desk.microsoft.wait_for(1)
    value = {"choice": "yes", "step": "consent"}
    told = activity(desk.microsoft.service, value=value)
    assert (await desk.post(told)).status == 202
    *_, said = await desk.microsoft.wait_for(2)
    assert said["text"].startswith("Bitte erst erledigen und abhaken.")
    assert (await (await desk.click("yes", "consent")).json())["value"] == said["text"]
    assert len(rasa.received) == 1
    ticked = activity(desk.microsoft.service, value=value | {"secured-1": "yes"})
    assert (await desk.post(ticked)).status == 202
    await desk.microsoft.wait_for(3)
    assert rasa.received[-1]["metadata"]["choice"] == "yes"


#: Submits that no card of ours made.
TAMPERED = [
    {"choice": "format-disk", "step": "ask"},
    {"choice": "kms", "step": "another-step"},
    {"choice": "kms"},
    {"choice": ["kms"], "step": "ask"},
    {"choice": {"$ne": 1}, "step": "ask"},
    {"choice": "/restart", "step": "ask"},
    {"step": "ask"},
    {"text": "0xC004F074"},
    {},
    [],
    7,
]


@pytest.mark.parametrize("data", TAMPERED, ids=str)
@pytest.mark.parametrize("way", ["execute", "submit"])
async def test_a_tampered_click_is_refused_politely_and_rasa_hears_nothing(way, data, desk, rasa):
    await asked(desk)
    if way == "execute":
        value = {"action": {"type": "Action.Execute", "verb": "x", "data": data}}
        told = activity(desk.microsoft.service, "invoke", name="adaptiveCard/action", value=value)
        answer = await desk.post(told)
        assert answer.status == 200
        assert "früheren Frage" in (await answer.json())["value"]
    else:
        assert (await desk.post(activity(desk.microsoft.service, value=data))).status == 202
        sent = await desk.microsoft.wait_for(2)
        assert "früheren Frage" in sent[-1]["text"]
    assert len(rasa.received) == 1


async def test_a_click_before_anything_was_shown_is_refused_politely(desk, rasa):
    told = await (await desk.click("kms", "ask")).json()
    assert "früheren Frage" in told["value"]
    assert rasa.received == []


async def test_another_invoke_is_not_implemented(desk, rasa):
    for name in ("task/fetch", "composeExtension/query", "no/such"):
        told = activity(desk.microsoft.service, "invoke", name=name, value={})
        assert (await desk.post(told)).status == 501
    assert rasa.received == []


# --- greeting -------------------------------------------------------------------------------


def installed(desk, **more):
    return activity(desk.microsoft.service, "installationUpdate", action="add", **more)


def joined(desk, **more):
    added = {"membersAdded": [PERSON, BOT], "locale": None, "entities": None}
    return activity(desk.microsoft.service, "conversationUpdate", **(added | more))


@pytest.mark.parametrize("order", ["installed first", "joined first"])
async def test_a_new_conversation_is_greeted_once_in_the_clients_language(order, desk, rasa):
    events = [installed(desk, locale="en-GB"), joined(desk)]
    desk.naps.until = asyncio.Event()
    for event in events if order == "installed first" else reversed(events):
        assert (await desk.post(event)).status == 202
    desk.naps.until.set()
    (sent,) = await desk.microsoft.wait_for(1)
    assert card_of(sent)["lang"] == "en"
    await desk.post(joined(desk))
    await desk.say("hallo")
    await desk.microsoft.wait_for(2)
    assert said(rasa) == ["/start", "hallo"]


async def test_who_installs_it_again_is_greeted_again(desk, rasa):
    await desk.post(installed(desk))
    await desk.microsoft.wait_for(1)
    await desk.post(activity(desk.microsoft.service, "installationUpdate", action="remove"))
    await desk.post(installed(desk))
    await desk.microsoft.wait_for(2)
    assert said(rasa) == ["/start", "/start"]


async def test_a_team_is_told_how_to_ask(desk, rasa):
    conversation = {"id": "19:g@thread.tacv2", "conversationType": "channel", "tenantId": TENANT}
    await desk.post(joined(desk, conversation=conversation, locale="en-GB"))
    (sent,) = await desk.microsoft.wait_for(1)
    assert "Mention me with @" in sent["text"]
    assert rasa.received == []


async def test_a_person_who_joins_a_team_is_not_greeted(desk, rasa):
    conversation = {"id": "19:g@thread.tacv2", "conversationType": "channel", "tenantId": TENANT}
    await desk.post(joined(desk, conversation=conversation, membersAdded=[PERSON]))
    await desk.say("hallo")
    await desk.microsoft.wait_for(1)
    assert said(rasa) == ["hallo"]


# --- mentions and threads -------------------------------------------------------------------


async def test_a_mention_in_a_channel_is_answered_in_its_thread(desk, rasa):
    told = in_channel(desk.microsoft.service, "<at>Lizenzlotse</at> 0xC004F074\n")
    await desk.post(told)
    (sent,) = await desk.microsoft.wait_for(1)
    assert said(rasa) == ["0xC004F074"]
    assert sent["path"] == "19:general@thread.tacv2;messageid=1700000000000"
    assert sent["replyToId"] == told["id"]


async def test_every_thread_is_a_case_of_its_own(desk, rasa):
    for thread in ("1", "2", "1"):
        await desk.post(in_channel(desk.microsoft.service, "<at>Lizenzlotse</at> hallo", thread))
    await desk.microsoft.wait_for(3)
    assert len({body["sender"] for body in rasa.received}) == 2


async def test_what_is_said_in_a_channel_without_the_bot_is_not_answered(desk, rasa):
    other = [{"type": "mention", "mentioned": PERSON, "text": "<at>Kim</at>"}]
    await desk.post(in_channel(desk.microsoft.service, "<at>Kim</at> 0xC004F074", entities=other))
    await desk.post(in_channel(desk.microsoft.service, "0xC004F074", entities=[]))
    await desk.say("hallo")
    await desk.microsoft.wait_for(1)
    assert said(rasa) == ["hallo"]


async def test_the_mention_of_another_person_stays(desk, rasa):
    both = [
        {"type": "mention", "mentioned": BOT, "text": "<at>Lizenzlotse</at>"},
        {"type": "mention", "mentioned": PERSON, "text": "<at>Kim Muster</at>"},
    ]
    text = "<at>Lizenzlotse</at> bei <at>Kim Muster</at> kommt 0xC004F074"
    await desk.post(in_channel(desk.microsoft.service, text, entities=both))
    await desk.microsoft.wait_for(1)
    assert said(rasa) == ["bei Kim Muster kommt 0xC004F074"]


async def test_a_mention_alone_is_asked_what_the_matter_is(desk, rasa):
    await desk.post(in_channel(desk.microsoft.service, "<at>Lizenzlotse</at>"))
    (sent,) = await desk.microsoft.wait_for(1)
    assert "Bitte beschreiben Sie kurz" in sent["text"]
    assert rasa.received == []


# --- what was pasted and sent along ---------------------------------------------------------


async def test_a_pasted_output_keeps_its_lines_and_angle_brackets(desk, rasa):
    html = "<div><pre>slmgr /skms &lt;Host&gt;\nName: Windows(R)\n  Status: 0</pre></div>"
    attachment = {"contentType": "text/html", "content": html}
    await desk.say("slmgr /skms Name: Windows(R) Status: 0", attachments=[attachment])
    await desk.microsoft.wait_for(1)
    assert said(rasa) == ["slmgr /skms <Host>\nName: Windows(R)\n  Status: 0"]


async def test_a_product_key_is_gone_before_anything_is_kept(desk, rasa, tmp_path):
    rasa.delay = 0.3
    await desk.say("Mein Schlüssel: " + "-".join(["BCDFG"] * 5))
    assert b"BCDFG-BCDFG" not in b"".join(one.read_bytes() for one in tmp_path.iterdir())
    await desk.microsoft.wait_for(1)
    assert said(rasa) == ["Mein Schlüssel: …-BCDFG"]


async def test_a_command_of_rasas_own_is_text(desk, rasa):
    await desk.say('/restart{"a": 1}')
    await desk.microsoft.wait_for(1)
    assert said(rasa) == ['> /restart{"a": 1}']


def file(name, url="https://contoso.sharepoint.com/x"):
    content = {"downloadUrl": url, "uniqueId": "1", "fileType": name.rsplit(".")[-1]}
    return {"contentType": FILE, "contentUrl": url, "name": name, "content": content}


@pytest.fixture
async def file_desk(rasa_url, knowledge, clock, tmp_path, microsoft, naps):
    files = {
        "https://f/1": "Fehler 0xC004F074\nZeile zwei".encode("utf-16"),
        "https://f/2": b"MZ\x00\x01\x02\x03" * 100,
        "https://f/3": b"x" * 300_000,
        "https://f/4": "Schlüssel gesperrt".encode("cp1252"),
    }

    async def fetch(url, limit):
        if url not in files:
            raise NotRead("teams_file_gone")
        return files[url][: limit + 1]

    server = desk_app(rasa_url, knowledge, clock, tmp_path, microsoft.settings(), naps, fetch)
    async with TestClient(server) as client:
        yield Desk(client, microsoft, naps)


async def test_a_log_file_is_read_as_if_it_had_been_pasted(file_desk, rasa):
    await file_desk.say("Siehe Anhang", attachments=[file("setup.log", "https://f/1")])
    await file_desk.say("", attachments=[file("alt.TXT", "https://f/4")])
    await file_desk.microsoft.wait_for(2)
    assert said(rasa) == ["Siehe Anhang\nFehler 0xC004F074\nZeile zwei", "Schlüssel gesperrt"]


@pytest.mark.parametrize(
    ("name", "url", "sentence"),
    [
        ("bild.png", "https://f/1", "Ich lese Textdateien"),
        ("setup.exe", "https://f/2", "Ich lese Textdateien"),
        ("setup.log", "https://f/2", "nicht als Text lesen"),
        ("setup.log", "https://f/3", "zu groß"),
        ("setup.log", "https://f/none", "nicht abrufen"),
    ],
)
async def test_another_file_is_declined_with_what_to_do(name, url, sentence, file_desk, rasa):
    await file_desk.say(None, attachments=[file(name, url)])
    (sent,) = await file_desk.microsoft.wait_for(1)
    assert sentence in sent["text"]
    assert rasa.received == []


async def test_words_beside_a_file_that_cannot_be_read_are_answered(file_desk, rasa):
    await file_desk.say("hallo", attachments=[file("bild.png")])
    sent = await file_desk.microsoft.wait_for(2)
    assert "Ich lese Textdateien" in sent[0]["text"]
    assert sent[1]["text"] == "echo: hallo"


async def test_a_picture_is_said_to_be_unreadable(desk, rasa):
    picture = {"contentType": "image/*", "contentUrl": "https://smba.trafficmanager.net/i"}
    await desk.say(None, attachments=[picture])
    await desk.say("Siehe Bild", attachments=[picture])
    sent = await desk.microsoft.wait_for(3)
    assert "Dateien und Bilder" in sent[0]["text"]
    assert "Das Bild kann ich nicht lesen" in sent[1]["text"]
    assert said(rasa) == ["Siehe Bild"]


# --- everything else that Teams sends -------------------------------------------------------


async def test_an_edited_message_is_a_new_statement(desk, rasa):
    told = activity(desk.microsoft.service, text="0xC004F075")
    await desk.post(told)
    edit = {"type": "messageUpdate", "text": "0xC004F074"}
    data = {"tenant": {"id": TENANT}, "eventType": "editMessage"}
    for _ in range(2):
        assert (await desk.post(told | edit | {"channelData": data})).status == 202
    await desk.microsoft.wait_for(2)
    await desk.say("hallo")
    await desk.microsoft.wait_for(3)
    assert said(rasa) == ["0xC004F075", "0xC004F074", "hallo"]


QUIET = {
    "a reaction": ("messageReaction", {"reactionsAdded": [{"type": "like"}], "replyToId": "1"}),
    "a reaction taken back": ("messageReaction", {"reactionsRemoved": [{"type": "like"}]}),
    "a deleted message": ("messageDelete", {"channelData": {"tenant": {"id": TENANT}}}),
    "a message undeleted": (
        "messageUpdate",
        {"text": "x", "channelData": {"tenant": {"id": TENANT}, "eventType": "undeleteMessage"}},
    ),
    "typing": ("typing", {}),
    "the end": ("endOfConversation", {}),
    "an event": ("event", {"name": "x", "value": {"y": 1}}),
    "a renamed channel": (
        "conversationUpdate",
        {"channelData": {"tenant": {"id": TENANT}, "eventType": "channelRenamed"}},
    ),
    "what is not invented yet": ("somethingNew", {"value": [1]}),
}


@pytest.mark.parametrize("what", QUIET)
async def test_what_needs_no_answer_gets_none(what, desk, rasa):
    kind, more = QUIET[what]
    assert (await desk.post(activity(desk.microsoft.service, kind, **more))).status == 202
    await desk.say("hallo")
    await desk.microsoft.wait_for(1)
    assert said(rasa) == ["hallo"]


# --- nothing is lost ------------------------------------------------------------------------


@pytest.fixture
def started(rasa_url, knowledge, clock, tmp_path, microsoft, naps):
    """Return what starts the application anew, its state kept."""

    def start():
        return TestClient(
            desk_app(rasa_url, knowledge, clock, tmp_path, microsoft.settings(), naps)
        )

    return start


async def test_what_was_taken_before_the_end_is_answered_after_the_next_start(
    started, microsoft, naps, rasa
):
    rasa.delay = 30
    async with started() as client:
        desk = Desk(client, microsoft, naps)
        for number in range(3):
            await desk.say(f"Zeile {number}")
    assert microsoft.of_kind("message") == []
    rasa.delay = 0
    async with started():
        sent = await microsoft.wait_for(3)
        assert [one["text"] for one in sent] == [f"echo: Zeile {n}" for n in range(3)]
    async with started() as client:
        await Desk(client, microsoft, naps).say("hallo")
        assert len(await microsoft.wait_for(4)) == 4


async def test_an_answer_that_was_not_delivered_is_delivered_after_the_next_start(
    started, microsoft, naps, rasa
):
    microsoft.statuses = [503] * 400
    async with started() as client:
        await Desk(client, microsoft, naps).say("hallo")
        await asyncio.sleep(0.2)
    microsoft.statuses = []
    async with started():
        (sent,) = await microsoft.wait_for(1)
    assert sent["text"] == "echo: hallo"
    assert said(rasa) == ["hallo"]


async def test_an_answer_under_way_is_delivered_before_the_end(started, microsoft, naps, rasa):
    rasa.delay = 0.4
    async with started() as client:
        await Desk(client, microsoft, naps).say("hallo")
    assert [one["text"] for one in microsoft.of_kind("message")] == ["echo: hallo"]


async def test_an_apology_is_not_sent_when_rasa_ends_at_the_same_time(
    started, microsoft, naps, rasa
):
    rasa.delay = 0.4
    async with started() as client:
        await Desk(client, microsoft, naps).say("hallo")
        await asyncio.sleep(0.1)
        rasa.status = 500
    assert microsoft.of_kind("message") == []
    rasa.status, rasa.delay = 200, 0
    async with started():
        (sent,) = await microsoft.wait_for(1)
    assert sent["text"] == "echo: hallo"


async def test_what_waited_is_answered_only_once_rasa_is_there(started, microsoft, naps, rasa):
    rasa.delay = 30
    async with started() as client:
        await Desk(client, microsoft, naps).say("hallo")
    rasa.delay, rasa.health = 0, False
    async with started():
        await asyncio.sleep(0.1)
        assert microsoft.of_kind("message") == []
        rasa.health = True
        (sent,) = await microsoft.wait_for(1)
    assert sent["text"] == "echo: hallo"


async def test_a_card_from_before_the_start_still_works(started, microsoft, naps, rasa):
    async with started() as client:
        await asked(Desk(client, microsoft, naps))
    async with started() as client:
        told = await (await Desk(client, microsoft, naps).click("kms", "ask")).json()
        assert told["type"] == "application/vnd.microsoft.card.adaptive"
        await microsoft.wait_for(2)
    assert rasa.received[-1]["metadata"]["choice"] == "kms"


async def test_who_was_greeted_before_the_start_is_not_greeted_again(
    started, microsoft, naps, rasa
):
    for _ in range(2):
        async with started() as client:
            desk = Desk(client, microsoft, naps)
            await desk.post(installed(desk))
            await microsoft.wait_for(1)
    assert said(rasa) == ["/start"]


def test_the_journal_keeps_no_words_of_what_was_answered(tmp_path):
    journal = Journal(tmp_path / "teams.sqlite")
    number = journal.take("c", "1", {"text": "ein Satz"}, 0.0)
    journal.answer(number, [{"text": "noch ein Satz"}], None, 0.0)
    assert [entry.answers for entry in journal.waiting()] == [({"text": "noch ein Satz"},)]
    journal.done(number)
    assert journal.waiting() == ()
    assert journal.take("c", "1", {"text": "ein Satz"}, 0.0) is None
    journal.tidy(10**9)
    assert journal.take("c", "1", {"text": "ein Satz"}, 0.0) is not None
    assert (tmp_path / "teams.sqlite").stat().st_mode & 0o077 == 0
    journal.close()
