"""Cards as Teams gets them: everything that the assistant can say, in both languages."""

import json
import re

import pytest

from actions.step import Choice, Command, Kind, SourceRef, Step
from channels.cards import card
from channels.engine import Outgoing
from channels.teams.drawing import CARD_LIMIT, VERB, answered_card, message, teams_card
from tests.channels.fake_rasa import step
from tests.channels.test_cards import LANGUAGES, NAMES, elements

#: What Adaptive Cards 1.2 know; a phone draws these as meant.
OF_1_2 = {
    *("AdaptiveCard", "TextBlock", "RichTextBlock", "TextRun", "Container", "ActionSet"),
    *("ColumnSet", "Column", "FactSet", "Image", "ImageSet"),
    *("Action.Submit", "Action.OpenUrl", "Action.ToggleVisibility", "Action.ShowCard"),
    *("Input.Text", "Input.ChoiceSet", "Input.Toggle", "Input.Date", "Input.Number", "Input.Time"),
}
#: Later ones, which have one of 1.2 behind them.
WITH_FALLBACK = {"Action.Execute"}


@pytest.fixture
def phrases(knowledge):
    return knowledge.phrases


def longest_steps(knowledge, language):
    """Yield every check, measure and question as a Step with all that can stand beside it."""
    units = (*knowledge.checks.values(), *knowledge.measures.values())
    sources = tuple(
        SourceRef("A title of a page that is rather long", "https://learn.microsoft.com/x" * 5, day)
        for day in ("2026-11-22", "2026-11-23", "2026-11-24")
    )
    for unit in (*units, *knowledge.questions.values()):
        said = {name: getattr(getattr(unit, name), language) for name in ("title", "body")}
        labels = getattr(unit, "answers", getattr(unit, "choices", ()))
        choices = tuple(Choice(one.id, getattr(one.label, language)) for one in labels)
        command = unit.command and Command(unit.command.text, unit.command.shell, True)
        yield Step(
            Kind.CHECK,
            unit.id,
            language,
            **said,
            command=command,
            choices=choices,
            risk="irreversible",
            warning=said["body"],
            before=said["body"],
            why=said["title"] * 3,
            sources=sources,
        )


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_step_of_every_fault_fits_into_a_message(language, knowledge):
    for shown in longest_steps(knowledge, language):
        sent = message(Outgoing("", shown), knowledge.phrases)
        size = len(json.dumps(sent, ensure_ascii=False).encode())
        assert size < CARD_LIMIT, f"{shown.id}: {size} bytes"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_a_card_reads_well_with_what_1_2_knows(name, language, phrases):
    drawn = teams_card(step(name, language), phrases)
    assert drawn["version"] == "1.5"
    assert drawn["fallbackText"].strip()
    for element in elements(drawn):
        assert element["type"] in OF_1_2 | WITH_FALLBACK
        if element["type"] in WITH_FALLBACK:
            assert element["fallback"]["type"] in OF_1_2


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_every_input_has_a_label(name, language, phrases):
    drawn = teams_card(step(name, language), phrases)
    inputs = [one for one in elements(drawn) if one["type"].startswith("Input.")]
    assert all(one.get("label", "").strip() for one in inputs)


def test_a_button_executes_and_submits_the_same_where_that_is_unknown(phrases):
    shown = step("consent", "en")
    execute = teams_card(shown, phrases)["actions"][0]
    submit = card(shown, phrases)["actions"][0]
    assert execute["type"] == "Action.Execute"
    assert execute["verb"] == VERB
    assert execute["fallback"] == submit
    assert (execute["title"], execute["data"]) == (submit["title"], submit["data"])


def test_more_buttons_than_fit_a_row_execute_too(phrases):
    kinds = [one["type"] for one in elements(teams_card(step("ask", "de"), phrases))]
    assert kinds.count("Action.Execute") == len(step("ask", "de").choices)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["ask", "consent"])
def test_an_answered_card_says_all_it_said_and_offers_nothing(name, language, phrases):
    shown = step(name, language)
    before, after = teams_card(shown, phrases), answered_card(shown, shown.choices[0], phrases)
    assert not [one for one in elements(after) if one["type"].startswith(("Action", "Input"))]
    said = {one["text"] for one in elements(before) if one["type"] == "TextBlock"}
    now = {one["text"] for one in elements(after) if one["type"] == "TextBlock"}
    assert said < now
    items = {f"• {one['title']}" for one in elements(before) if one["type"] == "Input.Toggle"}
    (answer,) = now - said - items
    assert items < now
    assert shown.choices[0].label in answer


def test_text_is_sent_as_text(phrases):
    assert message(Outgoing("a *b* <c>"), phrases) == {
        "type": "message",
        "text": "a *b* <c>",
        "textFormat": "plain",
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_case_of_a_person_does_not_travel_in_a_card(language, phrases):
    sent = json.dumps(message(Outgoing("", step("check", language)), phrases))
    assert not re.search(r'"case"', sent)


def test_a_card_links_to_the_handbook_where_its_address_is_known(phrases):
    address = "https://lotse.muster.example/handbook"
    page = f"{address}/de/faults/kms-host-unreachable.html"
    shown = step("check", "de")
    assert page in json.dumps(message(Outgoing("", shown), phrases, address))
    assert page in json.dumps(answered_card(shown, shown.choices[0], phrases, address))
    assert page not in json.dumps(message(Outgoing("", shown), phrases))
