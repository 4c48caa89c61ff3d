"""What a Step says, part by part, in the order in which every channel says it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from actions.step import Choice, Kind, SourceRef, Step
from channels.cards.markdown import sentences, unmarked
from channels.cards.words import Phrases, day, say

#: The phases of checks, in their order.
PHASES = ("identity", "binding", "network_service", "invasive")
PLACES = ("online", "intranet", "offline")
#: A risk is said in words, with an icon and a colour.
RISK_ICON = {"reversible": "↩", "limited": "⚠", "irreversible": "‼"}
#: Stands for the words that follow the beginning of a phrase.
GAP = "\0"
#: The words of a button that copies.
COPY = ("channel_copy", "channel_copied", "channel_copy_failed")
#: A sentence with fewer characters is no thing of its own to tick.
SHORT = 27
#: The answer that confirms.
CONFIRM = "yes"


@dataclass(frozen=True)
class Progress:
    """How far the walk is, and its phases: (sign, name), `now` the number of the current one."""

    line: str
    phases: tuple[tuple[str, str], ...] = ()
    now: int = -1


@dataclass(frozen=True)
class Heading:
    """The title."""

    text: str


@dataclass(frozen=True)
class Body:
    """The answer itself, in Markdown."""

    markdown: str


@dataclass(frozen=True)
class Risk:
    """What is at stake: level, icon, words, and what changes."""

    level: str
    icon: str
    words: str
    label: str
    warning: str


@dataclass(frozen=True)
class Before:
    """What to secure first. `tick`: it has to be ticked; then `missing` says that it is not."""

    label: str
    items: tuple[str, ...]
    names: tuple[str, ...]
    tick: bool
    missing: str


@dataclass(frozen=True)
class CommandBox:
    """A command, where it is typed, and whether that window runs as administrator.

    `copy`, `copied` and `not_copied` are the words of a button that copies it; none where it must
    not be run yet, or where it is a place and nothing to type.
    """

    text: str
    where: str
    rights: str
    copy: str = ""
    copied: str = ""
    not_copied: str = ""


@dataclass(frozen=True)
class Ticket:
    """A case that was handed over: its number, what is known of it, and its page."""

    title: str
    facts: tuple[tuple[str, str], ...]
    link: str
    url: str | None


@dataclass(frozen=True)
class Why:
    """The evidence, in one sentence."""

    label: str
    text: str


@dataclass(frozen=True)
class Source:
    """A page or paper, and when it was read, where the others were read on other days."""

    title: str
    url: str | None
    read: str = ""


@dataclass(frozen=True)
class Sources:
    """Where the answer comes from; `read` says when, where all were read on one day."""

    label: str
    all: tuple[Source, ...]
    read: str = ""


@dataclass(frozen=True)
class Button:
    """A choice. Of two for consent, one is `harmless` and one is not."""

    choice: Choice
    harmless: bool = False
    serious: bool = False


@dataclass(frozen=True)
class Buttons:
    """The choices, in the order in which they are offered."""

    all: tuple[Button, ...]


Part = Progress | Heading | Body | Risk | Before | CommandBox | Ticket | Why | Sources | Buttons


def parts(step: Step, phrases: Phrases, handbook: str = "") -> tuple[Part, ...]:
    """Return what `step` says, in order. `handbook` is the address of the handbook, if any.

    The command of a check stands before how its result is read. A question for consent begins
    with the risk, and what has to be secured stands right before its buttons.
    """
    writer = _Writer(step, phrases)
    head, buttons = (*writer.head(),), (*writer.buttons(),)
    told: tuple[Part, ...] = (*writer.why(), *writer.sources(), *writer.handbook(handbook))
    if step.kind is Kind.CONSENT:
        asked: tuple[Part, ...] = (*writer.risk(), *writer.body(), *writer.command())
        return (*head, *asked, *told, *writer.before(), *buttons)
    done: tuple[Part, ...] = (*writer.risk(), *writer.before())
    if step.kind is Kind.CHECK:
        done += (*writer.body(), *writer.command(), *writer.reading(), *writer.ticket())
        return (*head, *done, *told, *buttons)
    done += (*writer.command(), *writer.ticket())
    return (*head, *writer.body(), *done, *told, *buttons)


def choices(step: Step) -> tuple[Choice, ...]:
    """Return the choices as they are offered: the harmless way out of a consent comes first."""
    if step.kind is not Kind.CONSENT:
        return step.choices
    return tuple(sorted(step.choices, key=lambda choice: choice.id == CONFIRM))


def _items(text: str) -> tuple[str, ...]:
    """Return the sentences of a text, a short one with the one before it.

    >>> _items("Lesen Sie die Zahl, und schreiben Sie sie ins Ticket. Bei null lassen Sie es.")
    ('Lesen Sie die Zahl, und schreiben Sie sie ins Ticket. Bei null lassen Sie es.',)
    """
    items: list[str] = []
    for sentence in sentences(text):
        if items and len(sentence) < SHORT:
            items[-1] = f"{items[-1]} {sentence}"
        else:
            items.append(sentence)
    return tuple(items)


class _Writer:
    """Writes the parts of one Step."""

    def __init__(self, step: Step, phrases: Phrases) -> None:
        self._step = step
        self._phrases = phrases

    def head(self) -> Iterator[Part]:
        """Yield how far the walk is, and the title."""
        if self._step.progress:
            yield self._progress(self._step.progress.done, self._step.progress.of)
        if self._step.title.strip():
            yield Heading(self._step.title)

    def body(self) -> Iterator[Body]:
        """Yield the answer itself; of a check with a command, up to how its result is read."""
        if (body := self._halves()[0]).strip():
            yield Body(body)

    def reading(self) -> Iterator[Body]:
        """Yield how the result of a check's command is read."""
        if (body := self._halves()[1]).strip():
            yield Body(body)

    def risk(self) -> Iterator[Risk]:
        """Yield what is at stake, where something is."""
        step = self._step
        if step.risk in RISK_ICON:
            words = self._say(f"channel_risk_{step.risk}")
            yield Risk(step.risk, RISK_ICON[step.risk], words, *self._warning())
        elif step.warning:
            yield Risk("limited", RISK_ICON["limited"], "", *self._warning())

    def before(self) -> Iterator[Before]:
        """Yield what to secure first, one sentence an item."""
        if not self._step.before:
            return
        items = _items(unmarked(self._step.before))
        tick = self._step.kind is Kind.CONSENT
        count = len(items)
        name = "channel_before_one" if count == 1 else "channel_before_of"
        names = tuple(self._say(name, number=n, of=count) for n in range(1, count + 1))
        yield Before(
            self._say("channel_before"), items, names, tick, self._say("channel_before_missing")
        )

    def command(self) -> Iterator[CommandBox]:
        """Yield the command."""
        command = self._step.command
        if not command:
            return
        where = self._say(f"channel_command_{command.shell}")
        rights = self._say("channel_elevated") if command.elevated else ""
        typed = command.shell in ("cmd", "powershell")
        ready = typed and self._step.kind is not Kind.CONSENT
        copy = [self._say(name) for name in COPY] if ready else []
        yield CommandBox(command.text, where, rights, *copy)

    def ticket(self) -> Iterator[Ticket]:
        """Yield the case's number, its team, whether it still waits, and what went along."""
        ticket = self._step.ticket
        if not ticket:
            return
        state = "channel_ticket_queued" if ticket.queued else "channel_ticket_delivered"
        facts = [
            (self._say("channel_ticket_team"), self._say(f"team-{ticket.team}")),
            (self._say("channel_ticket_state"), self._say(state)),
        ]
        if self._step.why.strip():
            facts.append((self._say("channel_ticket_along"), self._step.why))
        title = self._say("channel_ticket_title", id=ticket.id)
        yield Ticket(title, tuple(facts), self._say("channel_ticket_open"), ticket.url)

    def why(self) -> Iterator[Why]:
        """Yield the evidence; with a case that was handed over it stands there."""
        if self._step.why.strip() and not self._step.ticket:
            yield Why(self._say("channel_why"), self._step.why)

    def sources(self) -> Iterator[Sources]:
        """Yield where the answer comes from."""
        sources = tuple(map(self._source, self._step.sources))
        if not sources:
            return
        label = self._say("channel_source" if len(sources) == 1 else "channel_sources")
        if len(days := {source.read for source in sources}) > 1:
            yield Sources(label, sources)
        else:
            yield Sources(label, tuple(replace(one, read="") for one in sources), days.pop())

    def handbook(self, address: str) -> Iterator[Sources]:
        """Yield the page of the fault in the handbook."""
        if not address.startswith(("https://", "http://")) or not self._step.fault:
            return
        url = f"{address.rstrip('/')}/{self._step.language}/faults/{self._step.fault}.html"
        page = Source(self._say("channel_handbook_page"), url)
        yield Sources(self._say("channel_handbook"), (page,))

    def buttons(self) -> Iterator[Buttons]:
        """Yield the choices."""
        is_consent = self._step.kind is Kind.CONSENT
        offered = tuple(
            Button(
                choice,
                harmless=is_consent and choice.id != CONFIRM,
                serious=is_consent and choice.id == CONFIRM,
            )
            for choice in choices(self._step)
        )
        if offered:
            yield Buttons(offered)

    def _progress(self, done: int, of: int) -> Progress:
        phase = self._step.phase or ""
        if phase in PHASES and self._step.kind is Kind.CHECK:
            now = PHASES.index(phase)
            signs = ["✓" if n < now else "●" if n == now else "○" for n in range(len(PHASES))]
            names = [self._say(f"channel_phase_{name}") for name in PHASES]
            line = self._say("channel_progress_check", number=min(done + 1, of), of=of)
            return Progress(line, tuple(zip(signs, names, strict=True)), now)
        line = self._say("channel_progress", done=done, of=of)
        if phase in PLACES:
            line = f"{line} · {self._say(f'channel_place_{phase}')}"
        return Progress(line)

    def _halves(self) -> tuple[str, str]:
        body = self._step.body
        if self._step.kind is not Kind.CHECK or not self._step.command:
            return body, ""
        start = self._say("check-read", read=GAP).partition(GAP)[0].strip()
        before, found, after = body.partition(start)
        return (before, found + after) if found else (body, "")

    def _warning(self) -> tuple[str, str]:
        return self._say("channel_warning"), self._step.warning or ""

    def _source(self, source: SourceRef) -> Source:
        read = self._say("channel_read_on", day=day(source.read_on, self._step.language))
        return Source(source.title, source.url, read)

    def _say(self, name: str, **values: object) -> str:
        return say(self._phrases, name, self._step.language, **values)
