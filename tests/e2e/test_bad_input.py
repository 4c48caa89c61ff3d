"""Bad input is input: what happens for each kind, with the real assistant."""

import sqlite3

import pytest

from tests.e2e.assistant import Assistant, Person

KEY = "-".join(["BCDFG", "HJKMP", "QRTVW", "XY234", "6789B"])


async def test_an_empty_line_is_asked_for_a_description(person: Person) -> None:
    answer = await person.say("   ")
    assert answer["text"]


async def test_a_megabyte_is_refused_or_cut_and_said_so(
    assistant: Assistant, person: Person
) -> None:
    """The web channel takes 256 KB; longer texts are turned away before anybody reads them."""
    body = {"type": "message", "from": {"id": "dl_test"}, "text": "Fehler " * 150_000}
    headers = {"Authorization": f"Bearer {person.token}"}
    address = f"{assistant.url}/directline/conversations/{person.conversation}/activities"
    async with person.http.post(address, json=body, headers=headers) as refused:
        assert refused.status == 413
        assert (await refused.json())["error"]["message"]
    cut = await person.say("KMS 0xC004F074 " + "bla " * 10_000)
    assert cut["text"]


async def test_binary_is_no_text(person: Person) -> None:
    answer = await person.say("".join(chr(code) for code in range(1, 32)) * 20)
    assert answer["text"]
    assert not person.step


async def test_an_intent_payload_is_only_text(person: Person) -> None:
    await person.say('/intent{"x": 1}')
    assert person.step.get("kind") in (None, "out_of_scope", "ask", "greet")
    await person.say('/describe_volume_kms{"code": "0xC004F074"}')
    assert person.step.get("fault") != "kms-host-unreachable" or person.step["case"]["codes"]


async def test_ten_codes_at_once_are_all_kept(person: Person) -> None:
    codes = [f"0xC004F0{n}" for n in ("74", "42", "50", "81", "56", "38", "34", "6C", "39", "69")]
    await person.say("alles auf einmal: " + ", ".join(codes))
    assert set(person.step["case"]["codes"]) == set(codes)


async def test_two_languages_in_one_sentence_get_one_answer(person: Person) -> None:
    await person.say("mein Office says unlicensed product seit dem Tenant move, please help")
    assert person.step["language"] in ("de", "en")
    assert person.step["kind"] in ("ask", "check", "escalate", "measure")


async def test_an_insult_is_answered_calmly(person: Person) -> None:
    answer = await person.say("du blöder Drecksbot kannst gar nichts")
    assert answer["text"]


async def test_html_is_read_as_its_text(person: Person) -> None:
    await person.say("<div>slmgr sagt <b>0xC004F074</b></div><script>alert(1)</script>")
    assert person.step["case"]["codes"] == ["0xC004F074"]


@pytest.mark.parametrize("complaint", ["Mein Schlüssel funktioniert nicht", "my key doesn't work"])
async def test_a_key_that_does_not_work_is_no_wish_for_a_free_one(
    person: Person, complaint: str
) -> None:
    await person.say(complaint)
    assert person.step["kind"] in ("ask", "check")


async def test_a_product_key_is_nowhere_afterwards(person: Person, assistant: Assistant) -> None:
    """Not in a log, not in the tracker, not in the outbox, not in the answer."""
    for written in (KEY, KEY.lower(), KEY.replace("-", " "), KEY.replace("-", "")):
        answer = await person.say(f"0xC004F050, mein Key {written} geht nicht")
        assert written not in str(answer)
    await person.say("Ich möchte mit einem Menschen sprechen")
    await person.choose("Jetzt übergeben")
    with sqlite3.connect(assistant.home / "state" / "tracker.sqlite") as tracker:
        (events,) = tracker.execute("SELECT count(*) FROM events").fetchone()
    assert events > 0
    secret = [KEY, KEY.lower(), KEY.replace("-", " "), KEY.replace("-", ""), KEY[:17]]
    for path in assistant.home.rglob("*"):
        inside = path.relative_to(assistant.home).parts[0] in ("logs", "state")
        if inside and path.is_file():
            content = path.read_bytes().decode("utf-8", "replace")
            assert not [word for word in secret if word in content], path
