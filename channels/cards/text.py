"""A Step in plain text: everything its card says, in the same order."""

from __future__ import annotations

from functools import singledispatch

from actions.step import Step
from channels.cards.layout import (
    Before,
    Body,
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
    parts,
)
from channels.cards.markdown import unmarked
from channels.cards.words import Phrases


def plain(step: Step, phrases: Phrases, handbook: str = "") -> str:
    """Return `step` as plain text: everything its card says, in the same order."""
    pieces = map(written, parts(step, phrases, handbook))
    return "\n\n".join(piece for piece in pieces if piece.strip())


@singledispatch
def written(part: Part) -> str:
    """Return a part as text."""
    raise TypeError(f"no text for {type(part).__name__}")


@written.register
def _(part: Progress) -> str:
    phases = " › ".join(f"{sign} {name}" for sign, name in part.phases)
    return f"{part.line}: {phases}" if phases else part.line


@written.register
def _(part: Heading) -> str:
    return unmarked(part.text)


@written.register
def _(part: Body) -> str:
    return unmarked(part.markdown).strip()


@written.register
def _(part: Risk) -> str:
    first = f"{part.icon} {part.words}".strip() if part.words else part.icon
    warning = f"{part.label}: {unmarked(part.warning)}" if part.warning else ""
    return f"{first}\n{warning}".strip() if part.words else f"{first} {warning}"


@written.register
def _(part: Before) -> str:
    return "\n".join((f"{part.label}:", *(f"☐ {item}" for item in part.items)))


@written.register
def _(part: CommandBox) -> str:
    hint = f"{part.where} – {part.rights}" if part.rights else part.where
    return f"{hint}:\n    {part.text}"


@written.register
def _(part: Ticket) -> str:
    link = (f"{part.link}: {part.url}",) if part.url else ()
    return "\n".join((part.title, *(f"{name}: {value}" for name, value in part.facts), *link))


@written.register
def _(part: Why) -> str:
    return f"{part.label}: {unmarked(part.text)}"


@written.register
def _(part: Sources) -> str:
    told = "\n".join(map(_source, part.all))
    return f"{part.label}: {told} ({part.read})" if part.read else f"{part.label}: {told}"


def _source(source: Source) -> str:
    where = f"{source.title}, {source.url}" if source.url else source.title
    return f"{where} ({source.read})" if source.read else where


@written.register
def _(part: Buttons) -> str:
    return "\n".join(f"{n}. {button.choice.label}" for n, button in enumerate(part.all, 1))
