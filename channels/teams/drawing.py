"""Answers as Teams shows them: the card that all channels share, with Teams' own buttons."""

from __future__ import annotations

from typing import Any

from actions.step import Choice, Step
from channels.cards import CARD, Phrases, card, say
from channels.engine import Outgoing

Json = dict[str, Any]
#: The verb of a button, by which a card of ours is known.
VERB = "lotse/choose"
#: Teams refuses messages beyond about 80 KB and is slow with cards beyond this.
CARD_LIMIT = 25_000


def message(answer: Outgoing, phrases: Phrases, handbook: str = "") -> Json:
    """Return an answer as an activity: a card, or text where there is no Step."""
    if not answer.step:
        return text_only(answer.text)
    return {
        "type": "message",
        "locale": answer.step.language,
        "summary": answer.step.title,
        "attachments": [
            {"contentType": CARD, "content": teams_card(answer.step, phrases, handbook)}
        ],
    }


def teams_card(step: Step, phrases: Phrases, handbook: str = "") -> Json:
    """Return the card of a Step for Teams: as wide as the chat, with buttons of both kinds."""
    drawn: Json = _with_execute(card(step, phrases, handbook))
    return drawn | {"msteams": {"width": "Full"}}


def answered_card(step: Step, choice: Choice, phrases: Phrases, handbook: str = "") -> Json:
    """Return the card that replaces one that was clicked: the answer in place of the buttons."""
    drawn = _without_buttons(card(step, phrases, handbook))
    words = say(phrases, "teams_answered", step.language, answer=choice.label)
    told = {
        "type": "TextBlock",
        "text": words,
        "wrap": True,
        "weight": "Bolder",
        "spacing": "Medium",
    }
    return drawn | {"body": [*drawn["body"], told], "msteams": {"width": "Full"}}


def text_only(text: str) -> Json:
    """Return an answer without a card."""
    return {"type": "message", "text": text, "textFormat": "plain"}


def _with_execute(node: Any) -> Any:
    """Return a card in which every button that submits executes, where a client can do that."""
    if isinstance(node, list):
        return [_with_execute(one) for one in node]
    if not isinstance(node, dict):
        return node
    if node.get("type") == "Action.Submit":
        return node | {"type": "Action.Execute", "verb": VERB, "fallback": node}
    return {name: _with_execute(value) for name, value in node.items()}


def _without_buttons(drawn: Json) -> Json:
    body = [_read_only(one) for one in drawn["body"] if one.get("type") != "ActionSet"]
    return {name: value for name, value in drawn.items() if name != "actions"} | {"body": body}


def _read_only(element: Json) -> Json:
    """Return an element in which nothing is left to tick."""
    if element.get("type") == "Input.Toggle":
        return {"type": "TextBlock", "text": f"• {element['title']}", "wrap": True}
    if "items" in element:
        return element | {"items": [_read_only(one) for one in element["items"]]}
    return element
