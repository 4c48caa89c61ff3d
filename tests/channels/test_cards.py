"""A Step as people see it."""

import json
from dataclasses import replace

import pytest

from actions.step import Choice, Command, Kind, Step, TicketRef
from channels.cards import card, plain, suggested_actions
from knowledge.words import Risk, Shell, Team
from tests.channels.fake_rasa import step

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
        "Action.Submit",
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
    assert styles == [colour, "emphasis"] if colour else ["emphasis"]
    assert plain(risky, phrases) != plain(step("check", language), phrases) or not colour


def test_a_consent_says_what_is_lost_and_what_to_secure(phrases):
    drawn = "\n".join(texts(card(step("consent", "de"), phrases)))
    assert "Lässt sich nicht rückgängig machen" in drawn
    assert "**Achtung:** Ohne neuen Schlüssel" in drawn
    assert "**Vorher sichern:** Notieren Sie" in drawn


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
    assert drawn["actions"][0] == {
        "type": "Action.Submit",
        "title": "Yes, secured, do exactly this",
        "data": {"choice": "yes", "step": "consent"},
    }


def test_more_choices_than_teams_shows_in_a_row_are_split(phrases):
    drawn = card(step("ask", "de"), phrases)
    rows = [e["actions"] for e in elements(drawn) if e["type"] == "ActionSet"]
    assert [len(row) for row in rows] == [6, 1]
    assert "actions" not in drawn


def test_a_suggested_action_sends_its_label():
    assert suggested_actions(step("consent", "de"))["actions"][1] == {
        "type": "imBack",
        "title": "Nein, nicht ausführen",
        "value": "Nein, nicht ausführen",
    }
    assert suggested_actions(step("greet", "de")) is None


def test_a_source_is_a_link_with_the_day_it_was_read(phrases):
    last = texts(card(step("consent", "de"), phrases))[-1]
    assert last.startswith("Quelle: [Guidelines for troubleshooting KMS (Windows)](https://learn.")
    assert last.endswith("(gelesen am 22.11.2026)")


@pytest.mark.parametrize("team", Team)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_ticket_names_its_number_and_team(team, language, phrases):
    filed = replace(step("ticket", language), ticket=TicketRef("LL-7", team.value, None, False))
    name = phrases[f"team-{team}"].model_dump()[language]
    assert any("LL-7" in text and name in text for text in texts(card(filed, phrases)))


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


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_check_measure_and_question_fits_a_card(language, knowledge):
    for unit in (
        *knowledge.checks.values(),
        *knowledge.measures.values(),
        *knowledge.questions.values(),
    ):
        words = {"title": unit.title, "body": unit.body}
        told = {name: getattr(text, language) for name, text in words.items()}
        command = unit.command and Command(unit.command.text, unit.command.shell, True)
        labels = getattr(unit, "answers", getattr(unit, "choices", ()))
        choices = tuple(Choice(one.id, getattr(one.label, language)) for one in labels)
        shown = Step(Kind.CHECK, unit.id, language, **told, command=command, choices=choices)
        assert len(json.dumps(card(shown, knowledge.phrases))) < 25_000, unit.id
