"""A Step as an Adaptive Card.

Version 1.5 with the elements of 1.2, which Teams on a phone draws best; what is newer are
properties that an older client leaves out without harm. Not `CodeBlock`: Web Chat leaves it out
without a word.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import singledispatch
from typing import Any

from actions.step import Kind, Step
from channels.cards.layout import (
    Before,
    Body,
    Button,
    Buttons,
    CommandBox,
    Heading,
    Part,
    Progress,
    Risk,
    Source,
    Sources,
    Ticket,
    Why,
    choices,
    parts,
)
from channels.cards.markdown import Run, lines, paragraphs, runs
from channels.cards.text import plain
from channels.cards.ticks import TICKED, box
from channels.cards.words import Phrases

CARD = "application/vnd.microsoft.card.adaptive"
#: Buttons in one row of actions; Teams shows no more.
ROW = 6
#: The colour of a risk, which its words and its icon say too.
RISK_STYLE = {"reversible": "accent", "limited": "warning", "irreversible": "attention"}
Json = dict[str, Any]


def card(step: Step, phrases: Phrases, handbook: str = "") -> Json:
    """Return `step` as an Adaptive Card that any client draws."""
    return _card(step, phrases, handbook, copies=False)


def attachment(step: Step, phrases: Phrases, handbook: str = "") -> Json:
    """Return the card of `step` as the attachment of an activity of the web chat.

    Its commands have a button to copy them, which the chat page itself takes care of.
    """
    return {"contentType": CARD, "content": _card(step, phrases, handbook, copies=True)}


def suggested_actions(step: Step) -> Json | None:
    """Return the choices as suggested actions: clicking one sends its label as text.

    A consent has none: it is given on its card, where what has to be secured is ticked.
    """
    if not step.choices or step.kind is Kind.CONSENT:
        return None
    actions = [{"type": "imBack", "title": c.label, "value": c.label} for c in choices(step)]
    return {"to": [], "actions": actions}


def _card(step: Step, phrases: Phrases, handbook: str, copies: bool) -> Json:
    told = parts(step, phrases, handbook)
    body = [element for part in told for element in _elements(part, copies)]
    whole: Json = {
        "type": "AdaptiveCard",
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "version": "1.5",
        "lang": step.language,
        "fallbackText": plain(step, phrases, handbook),
        "body": body,
    }
    buttons = [_button(step, one) for part in told if isinstance(part, Buttons) for one in part.all]
    rows = [buttons[start : start + ROW] for start in range(0, len(buttons), ROW)]
    if len(rows) == 1:
        return whole | {"actions": rows[0]}
    body.extend({"type": "ActionSet", "actions": row} for row in rows)
    return whole


def _elements(part: Part, copies: bool) -> list[Json]:
    elements = list(drawn(part))
    if copies and isinstance(part, CommandBox) and part.copy:
        box = elements[0]
        button = {"type": "Column", "width": "auto", "items": [_copy_button(part)]}
        words = {"type": "Column", "width": "stretch", "items": box["items"]}
        aside = {"verticalContentAlignment": "Center"}
        return [box | {"items": [{"type": "ColumnSet", "columns": [words, button | aside]}]}]
    return elements


def _copy_button(part: CommandBox) -> Json:
    """Return a button that the chat page takes care of; it never gets to the server."""
    data = {"copy": part.text, "copied": part.copied, "failed": part.not_copied}
    button = {"type": "Action.Submit", "title": part.copy, "data": data}
    return {"type": "ActionSet", "actions": [button | {"associatedInputs": "none"}]}


def _button(step: Step, button: Button) -> Json:
    choice = button.choice
    data = {"choice": choice.id, "step": step.id}
    action: Json = {"type": "Action.Submit", "title": choice.label, "data": data}
    if button.harmless:
        # It is there for who has not ticked anything.
        return action | {"style": "positive", "associatedInputs": "none"}
    return action | {"style": "destructive"} if button.serious else action


# --- part by part -----------------------------------------------------------------------------


@singledispatch
def drawn(part: Part) -> Iterator[Json]:
    """Yield the elements of a part."""
    raise TypeError(f"no element for {type(part).__name__}")


@drawn.register
def _(part: Progress) -> Iterator[Json]:
    yield _small(part.line)
    if not part.phases:
        return
    names = [
        _text(f"{sign} {name}", size="Small", **_phase_style(number, part.now))
        for number, (sign, name) in enumerate(part.phases)
    ]
    columns = [{"type": "Column", "width": "auto", "items": [name]} for name in names]
    yield {"type": "ColumnSet", "columns": columns, "spacing": "None"}


def _phase_style(number: int, now: int) -> Json:
    return {"weight": "Bolder", "color": "Accent"} if number == now else {"isSubtle": True}


@drawn.register
def _(part: Heading) -> Iterator[Json]:
    yield _text(part.text, weight="Bolder", size="Medium", style="heading")


@drawn.register
def _(part: Body) -> Iterator[Json]:
    for paragraph in paragraphs(part.markdown):
        yield from _paragraph(paragraph)


@drawn.register
def _(part: Risk) -> Iterator[Json]:
    words = [_text(f"{part.icon} **{part.words}**")] if part.words else []
    icon = "" if part.words else f"{part.icon} "
    warning = [_line(f"{icon}**{part.label}:** {part.warning}")] if part.warning else []
    yield _box(RISK_STYLE[part.level], [*words, *warning])


@drawn.register
def _(part: Before) -> Iterator[Json]:
    plain_items = (_text(f"☐ {item}", spacing="Small") for item in part.items)
    yield _box(
        "emphasis", [_text(f"**{part.label}:**"), *(_toggles(part) if part.tick else plain_items)]
    )


def _toggles(part: Before) -> Iterator[Json]:
    for number, (item, name) in enumerate(zip(part.items, part.names, strict=True), 1):
        yield {
            "type": "Input.Toggle",
            "id": box(number),
            "label": name,
            "title": item,
            "wrap": True,
            "isRequired": True,
            "errorMessage": part.missing,
            "valueOn": TICKED,
            "valueOff": "",
            "spacing": "Small",
        }


@drawn.register
def _(part: CommandBox) -> Iterator[Json]:
    hint = f"{part.where} – **{part.rights}**" if part.rights else part.where
    # A TextRun is shown as it is; a TextBlock would read `*` and `_` of a command as Markdown.
    run = {"type": "TextRun", "text": part.text, "fontType": "Monospace"}
    typed: Json = {"type": "RichTextBlock", "inlines": [run], "spacing": "Small"}
    yield _box("emphasis", [_small(hint), typed])


@drawn.register
def _(part: Ticket) -> Iterator[Json]:
    facts = (_text(f"**{name}:** {value}", spacing="Small") for name, value in part.facts)
    items = [_text(part.title, weight="Bolder", size="Medium"), *facts]
    if part.url:
        items.append(_text(_link(part.link, part.url)))
    yield _box("good", items)


@drawn.register
def _(part: Why) -> Iterator[Json]:
    yield _small(f"**{part.label}:** {part.text}")


@drawn.register
def _(part: Sources) -> Iterator[Json]:
    told = " · ".join(map(_source, part.all))
    read = f" ({part.read})" if part.read else ""
    yield _small(f"**{part.label}:** {told}{read}")


def _source(source: Source) -> str:
    named = _link(source.title, source.url) if source.url else source.title
    return f"{named} ({source.read})" if source.read else named


@drawn.register
def _(part: Buttons) -> Iterator[Json]:
    yield from ()  # they stand below the body


# --- elements ---------------------------------------------------------------------------------


def _paragraph(paragraph: str) -> Iterator[Json]:
    """Yield a paragraph or list. Teams does not know `code`, so a line with it is made of runs."""
    if "`" not in paragraph:
        yield _text(paragraph)
        return
    for number, line in enumerate(lines(paragraph)):
        yield _line(line) | ({"spacing": "Small"} if number else {})


def _line(line: str) -> Json:
    if "`" not in line:
        return _text(line)
    return {"type": "RichTextBlock", "inlines": [_run(run) for run in runs(line)]}


def _run(run: Run) -> Json:
    drawn_run: Json = {"type": "TextRun", "text": run.text}
    if run.code:
        drawn_run["fontType"] = "Monospace"
    if run.bold:
        drawn_run["weight"] = "Bolder"
    if run.url:
        drawn_run["selectAction"] = {"type": "Action.OpenUrl", "url": run.url}
    return drawn_run


def _link(title: str, url: str) -> str:
    return f"[{title.translate(_BRACKETS)}]({url.translate(_PARENTHESES)})"


_BRACKETS = str.maketrans({"[": "(", "]": ")"})
_PARENTHESES = str.maketrans({"(": "%28", ")": "%29", " ": "%20"})


def _text(text: str, **style: Any) -> Json:
    return {"type": "TextBlock", "text": text, "wrap": True} | style


def _small(text: str) -> Json:
    return _text(text, size="Small", isSubtle=True, spacing="Small")


def _box(style: str, items: list[Json]) -> Json:
    return {"type": "Container", "style": style, "items": items, "spacing": "Medium"}
