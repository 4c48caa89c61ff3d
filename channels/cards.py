"""A Step as people see it: an Adaptive Card, and the same in plain text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from actions.step import Choice, Command, SourceRef, Step, TicketRef
from knowledge.schema import Text

Phrases = Mapping[str, Text]

#: A risk is said in words, with an icon and a colour.
_RISK_STYLE = {"reversible": "accent", "limited": "warning", "irreversible": "attention"}
_RISK_ICON = {"reversible": "↩", "limited": "⚠", "irreversible": "‼"}


def say(phrases: Phrases, name: str, language: str, **values: object) -> str:
    """Return the phrase `name` in `language` (de, else en), its placeholders filled."""
    text = phrases[name]
    return (text.en if language == "en" else text.de).format(**values)


# --- plain text -----------------------------------------------------------------------------

_LINK = re.compile(r"\[([^\]]+)\]\((https?://[^)\s]+)\)")
_MARK = re.compile(r"\*\*|__(?=\S)|(?<=\S)__|`")


def plain(step: Step, phrases: Phrases) -> str:
    """Return `step` as plain text: everything its card says, in the same order."""
    return "\n\n".join(part for part in _plain_parts(step, phrases) if part.strip())


def _plain_parts(step: Step, phrases: Phrases) -> Iterator[str]:
    language = step.language
    yield _unmarked(step.title)
    yield _unmarked(step.body)
    if step.risk in _RISK_STYLE:
        yield f"{_RISK_ICON[step.risk]} {say(phrases, f'channel_risk_{step.risk}', language)}"
    if step.warning:
        yield f"{say(phrases, 'channel_warning', language)}: {_unmarked(step.warning)}"
    if step.before:
        yield f"{say(phrases, 'channel_before', language)}: {_unmarked(step.before)}"
    if step.command:
        yield f"{command_hint(step.command, phrases, language)}:\n    {step.command.text}"
    if step.ticket:
        yield "\n".join(ticket_lines(step.ticket, phrases, language))
    yield "\n".join(f"{n}. {choice.label}" for n, choice in enumerate(step.choices, 1))
    if step.why:
        yield f"{say(phrases, 'channel_why', language)}: {_unmarked(step.why)}"
    yield "\n".join(_plain_source(source, phrases, language) for source in step.sources)
    if step.progress:
        yield progress_line(step, phrases)


def _plain_source(source: SourceRef, phrases: Phrases, language: str) -> str:
    label = say(phrases, "channel_source", language)
    read = say(phrases, "channel_read_on", language, day=day(source.read_on, language))
    where = f"{source.title}, {source.url}" if source.url else source.title
    return f"{label}: {where} ({read})"


def _unmarked(markdown: str) -> str:
    return _MARK.sub("", _LINK.sub(r"\1 (\2)", markdown))


def command_hint(command: Command, phrases: Phrases, language: str) -> str:
    """Return where the command is typed, and whether as administrator."""
    hint = say(phrases, f"channel_command_{command.shell}", language)
    if not command.elevated:
        return hint
    return f"{hint} – {say(phrases, 'channel_elevated', language)}"


def ticket_lines(ticket: TicketRef, phrases: Phrases, language: str) -> tuple[str, ...]:
    """Return the case's number and team, its address, and whether it still waits."""
    team = say(phrases, f"team-{ticket.team}", language)
    lines = [say(phrases, "channel_ticket", language, id=ticket.id, team=team)]
    if ticket.url:
        lines.append(ticket.url)
    if ticket.queued:
        lines.append(say(phrases, "channel_ticket_queued", language))
    return tuple(lines)


def progress_line(step: Step, phrases: Phrases) -> str:
    """Return how far the checks have come; empty without progress."""
    if not step.progress:
        return ""
    done, of = step.progress.done, step.progress.of
    return say(phrases, "channel_progress", step.language, done=done, of=of)


def day(iso: str, language: str) -> str:
    """Return an ISO day as people write it.

    >>> day("2026-11-22", "de"), day("2026-11-22", "en")
    ('22.11.2026', '22/11/2026')
    """
    year, month, number = iso[:10].split("-")
    separator = "." if language == "de" else "/"
    return separator.join((number, month, year))


# --- Adaptive Card --------------------------------------------------------------------------

CARD = "application/vnd.microsoft.card.adaptive"
#: Buttons in one row of actions; Teams shows no more.
ROW = 6
Json = dict[str, Any]


def card(step: Step, phrases: Phrases) -> Json:
    """Return `step` as an Adaptive Card.

    Version 1.5 with the elements of 1.2, which Teams on a phone draws best. Not `CodeBlock`:
    Web Chat leaves it out without a word.
    """
    buttons = [_button(step, choice) for choice in step.choices]
    rows = [buttons[start : start + ROW] for start in range(0, len(buttons), ROW)]
    body = list(_card_body(step, phrases))
    drawn: Json = {
        "type": "AdaptiveCard",
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "version": "1.5",
        "lang": step.language,
        "fallbackText": plain(step, phrases),
        "body": body,
    }
    if len(rows) == 1:
        return drawn | {"actions": rows[0]}
    body.extend({"type": "ActionSet", "actions": row} for row in rows)
    return drawn


def attachment(step: Step, phrases: Phrases) -> Json:
    """Return the card of `step` as the attachment of an activity."""
    return {"contentType": CARD, "content": card(step, phrases)}


def suggested_actions(step: Step) -> Json | None:
    """Return the choices as suggested actions: clicking one sends its label as text."""
    if not step.choices:
        return None
    actions = [{"type": "imBack", "title": c.label, "value": c.label} for c in step.choices]
    return {"to": [], "actions": actions}


def _card_body(step: Step, phrases: Phrases) -> Iterator[Json]:
    language = step.language
    if step.progress:
        yield _small(progress_line(step, phrases))
    if step.title.strip():
        yield _text(step.title, weight="Bolder", size="Medium", style="heading")
    if step.body.strip():
        yield _text(step.body)
    yield from _risk_box(step, phrases)
    if step.command:
        yield _command_box(step.command, phrases, language)
    if step.ticket:
        yield _ticket_box(step.ticket, phrases, language)
    if step.why.strip():
        yield _small(f"**{say(phrases, 'channel_why', language)}:** {step.why}")
    for source in step.sources:
        yield _small(_card_source(source, phrases, language))


def _risk_box(step: Step, phrases: Phrases) -> Iterator[Json]:
    """Yield a box that says the risk in words, icon and colour, where there is one."""
    language = step.language
    lines = []
    if step.risk in _RISK_STYLE:
        words = say(phrases, f"channel_risk_{step.risk}", language)
        lines.append(_text(f"{_RISK_ICON[step.risk]} **{words}**"))
    if step.warning:
        lines.append(_text(f"**{say(phrases, 'channel_warning', language)}:** {step.warning}"))
    if step.before:
        lines.append(_text(f"**{say(phrases, 'channel_before', language)}:** {step.before}"))
    if lines:
        yield _box(_RISK_STYLE.get(step.risk, "warning"), lines)


def _command_box(command: Command, phrases: Phrases, language: str) -> Json:
    # A TextRun is shown as it is; a TextBlock would read `*` and `_` of a command as Markdown.
    run = {"type": "TextRun", "text": command.text, "fontType": "Monospace"}
    typed = {"type": "RichTextBlock", "inlines": [run], "spacing": "Small"}
    return _box("emphasis", [_small(command_hint(command, phrases, language)), typed])


def _ticket_box(ticket: TicketRef, phrases: Phrases, language: str) -> Json:
    team = say(phrases, f"team-{ticket.team}", language)
    number = say(phrases, "channel_ticket", language, id=ticket.id, team=team)
    lines = [_text(number, weight="Bolder")]
    if ticket.url:
        lines.append(_text(_link(say(phrases, "channel_ticket_open", language), ticket.url)))
    if ticket.queued:
        lines.append(_text(say(phrases, "channel_ticket_queued", language)))
    return _box("good", lines)


def _card_source(source: SourceRef, phrases: Phrases, language: str) -> str:
    label = say(phrases, "channel_source", language)
    read = say(phrases, "channel_read_on", language, day=day(source.read_on, language))
    where = _link(source.title, source.url) if source.url else source.title
    return f"{label}: {where} ({read})"


def _link(title: str, url: str) -> str:
    return f"[{title.translate(_BRACKETS)}]({url.translate(_PARENTHESES)})"


_BRACKETS = str.maketrans({"[": "(", "]": ")"})
_PARENTHESES = str.maketrans({"(": "%28", ")": "%29", " ": "%20"})


def _button(step: Step, choice: Choice) -> Json:
    data = {"choice": choice.id, "step": step.id}
    return {"type": "Action.Submit", "title": choice.label, "data": data}


def _text(text: str, **style: Any) -> Json:
    return {"type": "TextBlock", "text": text, "wrap": True} | style


def _small(text: str) -> Json:
    return _text(text, size="Small", isSubtle=True, spacing="Small")


def _box(style: str, items: list[Json]) -> Json:
    return {"type": "Container", "style": style, "items": items, "spacing": "Medium"}
