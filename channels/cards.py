"""A Step as people see it: an Adaptive Card, and the same in plain text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from actions.step import Command, SourceRef, Step, TicketRef
from knowledge.schema import Text

Phrases = Mapping[str, Text]


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
    if step.warning:
        yield f"⚠ {say(phrases, 'channel_warning', language)}: {_unmarked(step.warning)}"
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
    team = say(phrases, f"channel_team_{ticket.team}", language)
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
