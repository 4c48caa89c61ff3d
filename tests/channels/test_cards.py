"""A Step as people see it."""

import json
import re
from dataclasses import replace

import pytest

from actions.step import Command, Kind, SourceRef, Step, TicketRef
from channels.cards import attachment, card, is_unticked, plain, suggested_actions
from channels.cards.markdown import unmarked
from knowledge.store import load
from knowledge.words import Risk, Shell, Team
from tests.channels.fake_rasa import step
from tests.channels.samples import by_kind, walked

NAMES = ("greet", "ask", "check", "consent", "ticket")
LANGUAGES = ("de", "en")


def elements(node):
    """Yield every element of a card."""
    if isinstance(node, dict):
        if "type" in node:
            yield node
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            yield from elements(child)


def texts(drawn):
    return [e["text"] for e in elements(drawn) if e["type"] in ("TextBlock", "TextRun")]


def said(node):
    """Yield every word of a card that people see, in the order of the card."""
    if isinstance(node, list):
        for child in node:
            yield from said(child)
    if isinstance(node, dict):
        yield from node.get("text", node.get("title", "")).split()
        for name in ("body", "items", "columns", "inlines", "actions"):
            yield from said(node.get(name, []))


#: Signs that a card and a text set in their own way.
OWN = re.compile(r"[›·•☐\-–:().,\d*`\[\]]+")


def said_in(drawn):
    return words(unmarked(" ".join(said(drawn))))


def words(text):
    text = text.replace("%28", "(").replace("%29", ")")
    return [word for word in OWN.sub(" ", text).split() if not word.startswith("http")]


@pytest.fixture
def phrases(knowledge):
    return knowledge.phrases


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_every_card_is_small_and_whole(name, language, phrases):
    drawn = card(step(name, language), phrases)
    assert drawn["version"] == "1.5"
    assert drawn["lang"] == language
    assert drawn["fallbackText"] == plain(step(name, language), phrases)
    assert len(json.dumps(drawn)) < 25_000
    assert all(text.strip() for text in texts(drawn))
    assert {e["type"] for e in elements(drawn)} <= {
        "AdaptiveCard", "TextBlock", "RichTextBlock", "TextRun", "Container", "ActionSet",
        "ColumnSet", "Column", "Input.Toggle", "Action.Submit",
    }  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", Kind)
def test_every_kind_has_a_card_without_an_empty_text(kind, language, phrases):
    bare = Step(kind, "x", language, "Titel", "")
    assert texts(card(bare, phrases)) == ["Titel"]
    assert plain(bare, phrases) == "Titel"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("risk", Risk)
def test_a_risk_is_said_in_words_with_a_sign_and_a_colour(risk, language, phrases):
    risky = replace(step("check", language), risk=risk.value)
    styles = [e["style"] for e in elements(card(risky, phrases)) if e["type"] == "Container"]
    colour = {"reversible": "accent", "limited": "warning", "irreversible": "attention"}.get(risk)
    assert styles == ([colour, "emphasis"] if colour else ["emphasis"])
    assert plain(risky, phrases) != plain(step("check", language), phrases) or not colour


def test_a_consent_says_what_changes_and_what_to_secure(phrases):
    drawn = "\n".join(texts(card(step("consent", "de"), phrases)))
    assert "Lässt sich nicht rückgängig machen" in drawn
    assert "**Was sich ändert:** Ohne neuen Schlüssel" in drawn
    assert "**Vorher sichern:**" in drawn


def test_what_to_secure_has_to_be_ticked_item_by_item(phrases):
    before = "Sichern Sie die Daten. Fragen Sie, z. B. per Telefon, die IT. Bei null nicht."
    asked = replace(step("consent", "de"), before=before)
    toggles = [e for e in elements(card(asked, phrases)) if e["type"] == "Input.Toggle"]
    assert [one["title"] for one in toggles] == [
        "Sichern Sie die Daten.",
        "Fragen Sie, z. B. per Telefon, die IT. Bei null nicht.",
    ]
    assert len({one["id"] for one in toggles}) == 2
    assert all(one["isRequired"] and one["errorMessage"] and one["label"] for one in toggles)
    assert not any("value" in one for one in toggles)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_consent_cannot_be_confirmed_by_accident(language, knowledge):
    asked = by_kind(language, knowledge)["06-consent"]
    out, confirm = card(asked, knowledge.phrases)["actions"]
    assert (out["data"]["choice"], confirm["data"]["choice"]) == ("no", "yes")
    assert (out["style"], confirm["style"]) == ("positive", "destructive")
    assert out["associatedInputs"] == "none"
    assert "associatedInputs" not in confirm
    measure = getattr(knowledge.measures[asked.id].title, language)
    assert measure in confirm["title"]


def test_the_harmless_way_out_is_first_however_the_choices_come(phrases):
    given = step("consent", "de")
    assert [c.id for c in given.choices] == ["yes", "no"]
    assert [a["data"]["choice"] for a in card(given, phrases)["actions"]] == ["no", "yes"]
    assert plain(given, phrases).index("Nein, nicht") < plain(given, phrases).index("Ja, aus")


def test_a_question_for_consent_offers_no_copy_of_its_command(phrases):
    drawn = attachment(step("consent", "de"), phrases)["content"]
    assert "copy" not in json.dumps(drawn)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_web_chat_gets_a_button_that_copies_and_teams_does_not(language, phrases):
    shown = step("check", language)
    (copy,) = [e for e in elements(attachment(shown, phrases)) if "copy" in e.get("data", {})]
    assert copy["data"]["copy"] == shown.command.text
    assert "choice" not in copy["data"]
    assert copy["associatedInputs"] == "none"
    assert "copy" not in json.dumps(card(shown, phrases))


@pytest.mark.parametrize("shell", ["settings", "portal"])
def test_a_place_to_open_is_nothing_to_copy(shell, phrases):
    shown = replace(step("check", "de"), command=Command("Einstellungen > System", shell))
    assert "copy" not in json.dumps(attachment(shown, phrases))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_check_says_where_it_stands_in_the_phases(language, phrases):
    shown = texts(card(step("check", language), phrases))
    assert shown[0] in ("Prüfung 2 von 4", "Check 2 of 4")
    assert [text[0] for text in shown[1:5]] == ["✓", "✓", "●", "○"]


def test_code_in_a_sentence_is_no_markdown_because_teams_would_show_the_marks(phrases):
    shown = Step(Kind.CHECK, "x", "de", "T", "Mit `a_b_*` und **fett**.\n\n- `eins`\n- zwei")
    runs = [e for e in elements(card(shown, phrases)) if e["type"] == "TextRun"]
    assert {"type": "TextRun", "text": "a_b_*", "fontType": "Monospace"} in runs
    assert {"type": "TextRun", "text": "fett", "weight": "Bolder"} in runs
    assert [e["text"] for e in elements(card(shown, phrases)) if "`" in e.get("text", "")] == []


def test_the_handbook_is_named_where_there_is_one(phrases):
    shown = step("check", "de")
    address = "https://lotse.muster.example/handbook/"
    url = "https://lotse.muster.example/handbook/de/faults/kms-host-unreachable.html"
    assert any(url in text for text in texts(card(shown, phrases, address)))
    assert url in plain(shown, phrases, address)
    assert "handbook" not in json.dumps(card(shown, phrases))
    assert "handbook" not in json.dumps(card(replace(shown, fault=None), phrases, address))


@pytest.mark.parametrize("shell", Shell)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_command_is_monospaced_as_it_is_and_says_where(shell, language, phrases):
    command = Command("nslookup -type=srv _vlmcs._tcp *", shell.value, elevated=True)
    drawn = card(replace(step("check", language), command=command), phrases)
    (run,) = [e for e in elements(drawn) if e["type"] == "TextRun"]
    assert run == {"type": "TextRun", "text": command.text, "fontType": "Monospace"}
    assert any(
        phrases[f"channel_command_{shell}"].model_dump()[language] in t for t in texts(drawn)
    )
    assert any(phrases["channel_elevated"].model_dump()[language] in t for t in texts(drawn))


def test_a_choice_submits_its_id_and_its_step(phrases):
    drawn = card(step("consent", "en"), phrases)
    assert drawn["actions"][1] == {
        "type": "Action.Submit",
        "title": "Yes, do this: remove the product key",
        "data": {"choice": "yes", "step": "consent"},
        "style": "destructive",
    }


def test_more_choices_than_teams_shows_in_a_row_are_split(phrases):
    drawn = card(step("ask", "de"), phrases)
    rows = [e["actions"] for e in elements(drawn) if e["type"] == "ActionSet"]
    assert [len(row) for row in rows] == [6, 1]
    assert "actions" not in drawn


def test_a_suggested_action_sends_its_label():
    assert suggested_actions(step("ask", "de"))["actions"][0] == {
        "type": "imBack",
        "title": "Über den KMS-Server der Firma",
        "value": "Über den KMS-Server der Firma",
    }
    assert suggested_actions(step("greet", "de")) is None


def test_a_consent_is_given_on_its_card_alone():
    assert suggested_actions(step("consent", "de")) is None


@pytest.mark.parametrize("sent", [{}, {"secured-1": ""}, {"secured-1": True}, {"secured-2": "yes"}])
def test_a_consent_counts_only_with_its_ticks(sent, phrases):
    asked = step("consent", "de")
    assert is_unticked(asked, "yes", sent, phrases)
    assert not is_unticked(asked, "no", sent, phrases)


def test_a_consent_with_every_tick_counts(phrases):
    asked = step("consent", "de")
    boxes = [one for one in elements(card(asked, phrases)) if one["type"] == "Input.Toggle"]
    ticked = {one["id"]: one["valueOn"] for one in boxes}
    assert ticked
    assert not is_unticked(asked, "yes", ticked, phrases)
    assert not is_unticked(replace(asked, before=""), "yes", {}, phrases)


def test_a_source_is_a_link_with_the_day_it_was_read(phrases):
    (told,) = [t for t in texts(card(step("check", "de"), phrases)) if "Quelle" in t]
    assert told.startswith("**Quelle:** [Guidelines for troubleshooting KMS (Windows)](https://")
    assert told.endswith("(gelesen am 22.11.2026)")


def test_sources_read_on_one_day_name_it_once(phrases):
    read = [SourceRef(title, None, day) for title, day in (("A", "2026-11-22"),) * 2]
    later = [*read, SourceRef("C", "https://c.example", "2026-11-24")]
    once = texts(card(replace(step("check", "en"), sources=tuple(read)), phrases))
    each = texts(card(replace(step("check", "en"), sources=tuple(later)), phrases))
    assert "**Sources:** A · A (read on 22/11/2026)" in once
    assert any(text.count("read on") == 3 for text in each)


@pytest.mark.parametrize("team", Team)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_ticket_names_its_number_and_team(team, language, phrases):
    filed = replace(step("ticket", language), ticket=TicketRef("LL-7", team.value, None, False))
    name = phrases[f"team-{team}"].model_dump()[language]
    shown = texts(card(filed, phrases))
    assert any("LL-7" in text for text in shown)
    assert any(text.endswith(f"** {name}") for text in shown)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_the_plain_text_says_all_that_the_card_says(name, language, phrases):
    shown = step(name, language)
    twin = plain(shown, phrases)
    said = (
        [choice.label for choice in shown.choices]
        + [source.url for source in shown.sources]
        + [part for part in (shown.why, shown.warning, shown.title) if part]
        + ([shown.command.text] if shown.command else [])
        + ([shown.ticket.id, shown.ticket.url] if shown.ticket else [])
    )
    assert [part for part in said if part not in twin] == []
    assert "**" not in twin
    assert "\n\n\n" not in twin


def test_underscores_and_stars_of_a_command_survive_in_plain_text(phrases):
    plain_step = Step(
        Kind.CHECK,
        "x",
        "en",
        "T",
        "Look up `_vlmcs._tcp`.",
        command=Command("dir *.* __x__", "cmd"),
    )
    assert plain(plain_step, phrases) == (
        "T\n\nLook up _vlmcs._tcp.\n\nCommand for the Command Prompt:\n    dir *.* __x__"
    )


# --- everything the knowledge can say -------------------------------------------------------

FAULTS = sorted(load().faults)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("fault", FAULTS)
def test_every_step_of_every_fault_is_a_small_card_that_says_what_its_text_says(
    fault, language, phrases
):
    for shown in walked(fault, language):
        drawn = attachment(shown, phrases)["content"]
        assert len(json.dumps(drawn, ensure_ascii=False).encode()) < 25_000, shown.id
        buttons = [e for e in elements(drawn) if e["type"] == "Action.Submit"]
        offered = {(b["data"]["choice"], b["title"]) for b in buttons if "choice" in b["data"]}
        assert offered == {(choice.id, choice.label) for choice in shown.choices}
        assert drawn["lang"] == language
        assert drawn["fallbackText"] == plain(shown, phrases)
        assert "{" not in drawn["fallbackText"].replace(
            shown.command.text if shown.command else "", ""
        )


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_of_step_says_the_same_in_the_same_order(language, knowledge):
    for name, shown in by_kind(language, knowledge).items():
        told = said_in(card(shown, knowledge.phrases))
        assert told == words(plain(shown, knowledge.phrases)), name
