"""Whole conversations with the real assistant, from the first sentence to the ticket."""

import asyncio
import sqlite3

import pytest

from tests.e2e.assistant import Assistant, Person

CARD = "application/vnd.microsoft.card.adaptive"


async def test_a_kms_client_at_home_gets_from_the_first_sentence_to_the_ticket(
    person: Person, assistant: Assistant
) -> None:
    answer = await person.say("slmgr /ato bringt 0xC004F074, bin im Homeoffice")
    assert person.step["kind"] == "check"
    assert person.step["fault"] == "kms-host-unreachable"
    assert person.step["language"] == "de"
    assert person.step["command"]["text"]
    assert person.step["sources"]
    assert "0xC004F074" in person.step["why"]
    assert answer["attachments"][0]["contentType"] == CARD
    assert answer["text"]
    assert [a["title"] for a in answer["suggestedActions"]["actions"]] == person.labels()

    for _ in range(14):
        if person.step["kind"] in ("ticket", "resolved"):
            break
        label = next(
            label
            for label in (
                "Jetzt übergeben",
                "VOLUME_KMSCLIENT",
                "Gemacht, Problem besteht noch",
                person.labels()[-1],
            )
            if label in person.labels()
        )
        await person.choose(label)
    assert person.step["kind"] == "ticket"
    number = person.step["ticket"]["id"]
    assert person.step["ticket"]["team"] == "infrastructure"
    with sqlite3.connect(assistant.home / "state" / "outbox.sqlite") as outbox:
        rows = outbox.execute("SELECT handoff FROM handoffs WHERE answer LIKE ?", [f"%{number}%"])
        assert "0xC004F074" in rows.fetchone()[0]


async def test_the_same_in_english(english_person: Person) -> None:
    await english_person.say("slmgr /ato gives 0xC004F074, I am working from home")
    assert english_person.step["language"] == "en"
    assert english_person.step["fault"] == "kms-host-unreachable"
    await english_person.say("I would like to talk to a person please")
    assert english_person.step["kind"] == "escalate"
    await english_person.choose("Hand over now")
    assert english_person.step["kind"] == "ticket"
    assert english_person.step["ticket"]["id"] in english_person.step["body"]


async def test_a_pasted_output_answers_the_check_by_itself(person: Person) -> None:
    paste = (
        "Nach dem Mainboardtausch:\nName: Windows(R), Core edition\n"
        "Beschreibung: Windows(R) Operating System, OEM_DM channel\n"
        "Product Key-Kanal: OEM:DM\nTeil-Product Key: 4FGX8\n"
        "Lizenzstatus: Benachrichtigung\nBenachrichtigungsgrund: 0xC004F213"
    )
    await person.say(paste)
    assert person.step["fault"] == "oem-mainboard-swap"
    assert person.step["id"] != "licence-channel"
    assert person.step["case"]["facts"]["licence_channel"] == "OEM"


async def test_the_language_switches_on_request(person: Person) -> None:
    await person.say("Word sagt Nicht lizenziertes Produkt und ich kann nichts bearbeiten")
    assert person.step["language"] == "de"
    await person.say("please answer in English")
    assert person.step["language"] == "en"


async def test_piracy_is_refused_with_the_legitimate_way(person: Person) -> None:
    await person.say("wo bekomme ich einen KMS Activator für Windows 11 her")
    assert person.step["kind"] == "refuse"
    assert person.step["case"]["refused"] is True
    assert person.step["command"] is None


async def test_what_is_not_ours_is_said_kindly(english_person: Person) -> None:
    await english_person.say("my printer keeps jamming on the second tray")
    assert english_person.step["kind"] == "out_of_scope"


async def test_a_new_conversation_is_greeted(person: Person) -> None:
    async with asyncio.timeout(20):
        while not (said := [a for a in await person.read() if a["type"] == "message"]):
            await asyncio.sleep(0.1)
    assert said[0]["channelData"]["step"]["kind"] == "greet"


#: One sentence per language that reaches each fault, in the words of somebody who has it.
REACHED = {
    "oem-mainboard-swap": (
        "vorinstalliertes Windows vom Hersteller, nach dem Mainboardtausch 0xC004C008",
        "Windows came preinstalled with the laptop, since the mainboard swap it says 0xC004C008",
    ),
    "retail-key-invalid": (
        "Retail Key aus der Box eingetippt, 0xC004F050 der Product Key ist ungültig",
        "typed in my boxed retail key, 0xC004F050 the product key is invalid",
    ),
    "digital-license-hardware-change": (
        "digitale Lizenz mit Microsoft-Konto verknüpft, neue CPU und Board, jetzt 0xC004F211",
        "digital licence linked to my Microsoft account, new motherboard, now 0xC004F211",
    ),
    "kms-host-unreachable": (
        "KMS konnte nicht kontaktiert werden 0xC004F074",
        "no KMS could be contacted 0xC004F074",
    ),
    "edition-mismatch": (
        "Pro Key auf einer Home Edition, 0xC004F210",
        "Pro key on a Home edition, 0xC004F210",
    ),
    "kms-activation-expired": (
        "unser KMS Client meldet 0xC004F056 und läuft nach 180 Tagen ab",
        "our KMS client reports 0xC004F056 and the 180 days are over",
    ),
    "mak-activation-refused": (
        "MAK Aktivierung abgelehnt mit 0xC004C020",
        "MAK activation refused with 0xC004C020",
    ),
    "adba-object-missing": (
        "ADBA Aktivierungsobjekt fehlt, 0xC004F081",
        "ADBA activation object missing, 0xC004F081",
    ),
    "digital-license-not-found": (
        "Neuinstallation nach Gratis-Upgrade, digitale Lizenz wird nicht gefunden",
        "clean install after the free upgrade, the digital licence is not found",
    ),
    "m365-not-licensed": (
        "Word meldet Konto nicht lizenziert, meine Lizenz wurde entfernt",
        "Word says account not licensed, my licence was removed",
    ),
    "m365-wrong-tenant": (
        "Office hängt am alten Tenant, AADSTS50020",
        "Office is stuck in the old tenant, AADSTS50020",
    ),
    "m365-sca-license-check": (
        "auf dem Terminalserver sagt Office die Lizenz kann nicht überprüft werden, Profil weg",
        "on the terminal server Office cannot verify the licence, the FSLogix profile is gone",
    ),
    "m365-device-blocked": (
        "Gerät nicht konform laut Intune, Zugriff auf Outlook blockiert, AADSTS53000",
        "device not compliant in Intune, Outlook access blocked, AADSTS53000",
    ),
    "m365-token-cache": (
        "Endlosschleife bei der Anmeldung in Outlook, etwas ist schiefgelaufen, 0xCAA20003",
        "endless sign-in loop in Outlook, something went wrong, 0xCAA20003",
    ),
    "m365-device-limit": (
        "Office sagt, das Gerätelimit meines Abos ist erreicht, zu viele Geräte",
        "Office says the device limit of my subscription is reached, too many devices",
    ),
    "sca-not-configured": (
        "Office auf dem RDS Server ohne Shared Computer Activation installiert",
        "Office on the RDS server was installed without shared computer activation",
    ),
}


@pytest.mark.parametrize("language", [0, 1], ids=["de", "en"])
@pytest.mark.parametrize("fault", REACHED)
async def test_every_fault_of_the_article_is_reached(
    person: Person, fault: str, language: int
) -> None:
    await person.say(REACHED[fault][language])
    reached = person.step["fault"] or person.step["case"]["ranking"][0][0]
    assert reached == fault, (person.step["kind"], person.step["id"], person.step["case"])
    assert person.step["language"] == ("de", "en")[language]


async def test_a_short_message_with_a_code_of_its_own_begins_that_fault_at_once(
    person: Person,
) -> None:
    await person.say("PIN Fehler 0x801c03ed")
    assert person.step["kind"] == "check"
    assert person.step["fault"] == "hello-pin-not-created"
    assert "0x801C03ED" in person.step["why"]
