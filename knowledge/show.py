"""The knowledge as a person reads it in a terminal: pages of rich renderables."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text as Line

from knowledge.errors import UnknownIdError
from knowledge.families import HEX, family_of, number_in
from knowledge.findings import Messages, closest
from knowledge.schema import (
    CODE,
    Check,
    Command,
    Explanation,
    Family,
    Fault,
    Measure,
    Question,
    Term,
    Text,
)
from knowledge.store import Knowledge
from knowledge.words import Language, Status

#: Up to how many months ago a review may lie, by the rows of the statistics.
AGES = (1, 3, 6, 12)


@dataclass(frozen=True)
class _Pen:
    """Writes headings, paragraphs and lists in one language."""

    messages: Messages
    language: Language
    knowledge: Knowledge

    def word(self, id_: str, **values: str) -> str:
        return self.messages.say(id_, self.language, **values)

    def text(self, text: Text) -> str:
        return text.de if self.language == Language.DE else text.en

    def part(self, heading: str, *lines: str) -> Iterator[Line]:
        """Yield a heading and its lines, or nothing when there are no lines."""
        if any(lines):
            yield Line("\n" + self.word(heading), style="bold")
            yield from (Line(f"  {line}") for line in lines if line)

    def page(self, kind: str, id_: str, title: str, parts: Iterable[Line]) -> Panel:
        heading = Line(title, style="bold cyan")
        return Panel(Group(heading, *parts), title=f"{self.word('kind-' + kind)}: {id_}")

    def command(self, command: Command | None) -> str:
        if not command:
            return ""
        as_admin = f", {self.word('as-admin')}" if command.elevated else ""
        return f"{command.text}   ({command.shell}{as_admin})"

    def sources(self, names: Iterable[str]) -> Iterator[Line]:
        known = [self.knowledge.sources[name] for name in names if name in self.knowledge.sources]
        lines = (
            f"- {source.title}, {self.word('read-on', day=source.read_on)} {source.url or ''}"
            for source in known
        )
        yield from self.part("sources", *lines)

    def has(self, kind: str, id_: str) -> bool:
        return id_ in getattr(self.knowledge, kind)

    def title_of(self, kind: str, id_: str) -> str:
        thing = getattr(self.knowledge, kind).get(id_)
        return f"{id_}: {self.text(thing.title)}" if thing else id_


def pages(
    knowledge: Knowledge, messages: Messages, id_: str, language: Language
) -> list[RenderableType]:
    """Return a page for everything that has the id.

    Raises UnknownIdError when nothing has it.
    """
    pen = _Pen(messages, language, knowledge)
    found: list[RenderableType] = []
    if id_ in knowledge.faults:
        found.append(_fault(pen, knowledge.faults[id_]))
    if id_ in knowledge.checks:
        found.append(_check(pen, knowledge.checks[id_]))
    if id_ in knowledge.measures:
        found.append(_measure(pen, knowledge.measures[id_]))
    if id_ in knowledge.questions:
        found.append(_question(pen, knowledge.questions[id_]))
    if id_ in knowledge.explanations:
        found.append(_explanation(pen, knowledge.explanations[id_]))
    if id_ in knowledge.terms:
        found.append(_term(pen, knowledge.terms[id_]))
    if id_ in knowledge.families:
        found.append(_family(pen, id_, knowledge.families[id_]))
    codes = _codes(knowledge)
    code = codes.get(id_.lower()) or _code_in_form(id_)
    if code:
        found.append(_code(pen, code))
    if not found:
        raise UnknownIdError(id_, closest(id_, tuple(_ids(knowledge))))
    return found


def numbers(knowledge: Knowledge, messages: Messages, language: Language, today: date) -> Table:
    """Return how much of everything there is, and how old the reviews are on a day."""
    table = Table(title=messages.say("stats-title", language), show_header=False)
    table.add_column()
    table.add_column(justify="right")
    for name, count in counts(knowledge, today).items():
        table.add_row(messages.say(f"stats-{name}", language), str(count))
    return table


def counts(knowledge: Knowledge, today: date) -> dict[str, int | str]:
    """Return the number of everything, by the name of its phrase."""
    faults = list(knowledge.faults.values())
    reviewed = [fault for fault in faults if fault.status is Status.REVIEWED]
    known = set(knowledge.codes)
    return {
        "faults": len(faults),
        "reviewed": len(reviewed),
        "drafts": sum(fault.status is Status.DRAFT for fault in faults),
        "oldest": min((fault.reviewed_on for fault in reviewed), default="-"),
        **_ages(reviewed, today),
        "codes": len(knowledge.explained),
        "known-codes": len(known),
        "fault-codes": len(known & knowledge.explained),
        "family-codes": len(known - knowledge.explained),
        "families": len(knowledge.families),
        "messages": sum(len(m) for fault in faults for m in fault.signals.messages.values()),
        "checks": len(knowledge.checks),
        "measures": len(knowledge.measures),
        "questions": len(knowledge.questions),
        "terms": len(knowledge.terms),
        "explanations": len(knowledge.explanations),
        "sources": len(knowledge.sources),
    }


def _ages(faults: Iterable[Fault], today: date) -> dict[str, int]:
    """Return how many reviews are how old, in months of 30 days and a half."""
    ages = dict.fromkeys([*(f"age-{months}" for months in AGES), "age-older"], 0)
    for fault in faults:
        months = (today - date.fromisoformat(fault.reviewed_on)).days / 30.5
        name = next((f"age-{most}" for most in AGES if months <= most), "age-older")
        ages[name] += 1
    return ages


def _fault(pen: _Pen, fault: Fault) -> Panel:
    signals = fault.signals
    parts = [
        Line(f"{fault.product} · {fault.mechanism} · {fault.status} {fault.reviewed_on}"),
        *pen.part("meaning", pen.text(fault.meaning)),
        *pen.part(
            "signals",
            ", ".join(signals.codes),
            *(f'"{text}"' for text in signals.messages.get(pen.language, ())),
            ", ".join((*signals.context, *signals.terms)),
            ", ".join(f"{fact}={'|'.join(values)}" for fact, values in signals.facts.items()),
        ),
        *pen.part(
            "confused", *(pen.title_of("faults", name) for name in fault.not_to_confuse_with)
        ),
        *pen.part("causes", *(f"- {pen.text(cause)}" for cause in fault.causes)),
        *pen.part("checks", *_check_lines(pen, fault)),
        *pen.part("measures", *_measure_lines(pen, fault)),
        *pen.part("warnings", *(f"- {pen.text(warning)}" for warning in fault.warnings)),
        *pen.part(
            "escalation",
            str(fault.escalation.team),
            *(f"- {pen.text(reason)}" for reason in fault.escalation.when),
        ),
        *pen.part("bring", *_evidence(pen, fault)),
        *pen.sources(fault.sources),
    ]
    return pen.page("faults", fault.id, pen.text(fault.title), parts)


def _check_lines(pen: _Pen, fault: Fault) -> Iterator[str]:
    for number, use in enumerate(fault.checks, start=1):
        check = pen.knowledge.checks.get(use.use)
        phase = f" [{check.phase}]" if check else ""
        yield f"{number}. {pen.title_of('checks', use.use)}{phase}"
        labels = {a.id: pen.text(a.label) for a in check.answers} if check else {}
        for outcome in use.answers:
            yield f"     {labels.get(outcome.when, outcome.when)} → {outcome.then}"


def _measure_lines(pen: _Pen, fault: Fault) -> Iterator[str]:
    for place, names in fault.measures.items():
        yield pen.word(f"place-{place}") + ":"
        for name in names:
            measure = pen.knowledge.measures.get(name)
            risk = f" [{measure.risk}]" if measure else ""
            yield f"  - {pen.title_of('measures', name)}{risk}"
    yield pen.text(fault.offline_limit)


def _evidence(pen: _Pen, fault: Fault) -> Iterator[str]:
    for name in fault.escalation.bring:
        item = pen.knowledge.evidence.get(name)
        command = f": {item.command}" if item and item.command else ""
        yield f"- {pen.text(item) if item else name}{command}"


def _check(pen: _Pen, check: Check) -> Panel:
    parts = [
        Line(f"{check.phase}"),
        *pen.part("why", pen.text(check.why)),
        *pen.part("how", pen.text(check.body)),
        *pen.part("command", pen.command(check.command)),
        *pen.part("alternative", pen.text(check.alternative) if check.alternative else ""),
        *pen.part("read-it", pen.text(check.read)),
        *pen.part("answers", *(f"- {pen.text(a.label)} ({a.id})" for a in check.answers)),
        *pen.part("needs", ", ".join(check.needs)),
        *pen.part("used-by", *_users(pen, lambda fault: check.id in {u.use for u in fault.checks})),
        *pen.sources(check.sources),
    ]
    return pen.page("checks", check.id, pen.text(check.title), parts)


def _measure(pen: _Pen, measure: Measure) -> Panel:
    parts = [
        *pen.part("how", pen.text(measure.body)),
        *pen.part("command", pen.command(measure.command)),
        *pen.part("risk", str(measure.risk)),
        *pen.part("what-changes", pen.text(measure.warning) if measure.warning else ""),
        *pen.part("before", pen.text(measure.before) if measure.before else ""),
        *pen.part("undo", pen.text(measure.undo) if measure.undo else ""),
        *pen.part("needs", ", ".join(measure.needs)),
        *pen.part(
            "used-by",
            *_users(
                pen, lambda fault: any(measure.id in names for names in fault.measures.values())
            ),
        ),
        *pen.sources(measure.sources),
    ]
    return pen.page("measures", measure.id, pen.text(measure.title), parts)


def _question(pen: _Pen, question: Question) -> Panel:
    parts = [
        *pen.part("why", pen.text(question.why)),
        *pen.part("how", pen.text(question.body)),
        *pen.part("command", pen.command(question.command)),
        *pen.part(
            "answers",
            *(f"- {pen.text(c.label)} → {', '.join(c.leaves)}" for c in question.choices),
        ),
        *pen.sources(question.sources),
    ]
    return pen.page("questions", question.id, pen.text(question.title), parts)


def _explanation(pen: _Pen, explanation: Explanation) -> Panel:
    asked = explanation.asked
    kinds = ("measures", "checks", "faults")
    about = (pen.title_of(k, n) for n in explanation.about for k in kinds if pen.has(k, n))
    parts = [
        *pen.part("meaning", pen.text(explanation.text)),
        *pen.part("asked", *(asked.de if pen.language == Language.DE else asked.en)),
        *pen.part(
            "see-also", *(pen.title_of("explanations", name) for name in explanation.see_also)
        ),
        *pen.part("about", *about),
        *pen.sources(explanation.sources),
    ]
    return pen.page("explanations", explanation.id, pen.text(explanation.title), parts)


def _term(pen: _Pen, term: Term) -> Panel:
    parts = [
        Line(str(term.kind)),
        *pen.part("words", *(term.de if pen.language == Language.DE else term.en)),
        *pen.part("points-to", ", ".join(f"{m} {w:g}" for m, w in term.points_to.items())),
    ]
    return pen.page("terms", term.id, term.id, parts)


def _code(pen: _Pen, code: str) -> Panel:
    known = pen.knowledge.codes.get(code)
    faults = list(_users(pen, lambda fault: code in fault.signals.codes))
    parts = [
        *pen.part("name", known.name or "" if known else ""),
        *pen.part("mechanisms", ", ".join(known.mechanisms) if known else ""),
        *pen.part("faults-with-code", *(faults or [pen.word("no-fault")])),
        *_family_lines(pen, code),
    ]
    return pen.page("codes", code, code, parts)


def _family_lines(pen: _Pen, code: str) -> Iterator[Line]:
    family = family_of(code, pen.knowledge.families)
    if family is None:
        yield from pen.part("family", pen.word("no-family-known"))
        return
    values = {"code": code, "number": number_in(code)}
    yield from pen.part("family", pen.text(family.title), pen.text(family.meaning).format(**values))
    yield from pen.part("look-up-at", pen.command(family.look_up).format(**values))
    yield from pen.sources(family.sources)


def _family(pen: _Pen, id_: str, family: Family) -> Panel:
    codes = sorted(
        code
        for code in pen.knowledge.codes
        if family_of(code, pen.knowledge.families) is family and code not in pen.knowledge.explained
    )
    parts = [
        *([] if family.ours else [Line(pen.word("not-ours"))]),
        *pen.part("begins", ", ".join(family.begins)),
        *pen.part("meaning", pen.text(family.meaning)),
        *pen.part("look-up-at", pen.command(family.look_up)),
        *pen.part("escalation", str(family.team)),
        *pen.part("codes-of-family", ", ".join(codes)),
        *pen.sources(family.sources),
    ]
    return pen.page("families", id_, pen.text(family.title), parts)


def _users(pen: _Pen, uses: Callable[[Fault], bool]) -> Iterator[str]:
    for fault in pen.knowledge.faults.values():
        if uses(fault):
            yield f"- {pen.title_of('faults', fault.id)}"


def _codes(knowledge: Knowledge) -> dict[str, str]:
    """Return every known code by its small letters, so that 0xc004f074 is found as well."""
    named = {code for fault in knowledge.faults.values() for code in fault.signals.codes}
    return {code.lower(): code for code in sorted(named | set(knowledge.codes))}


def _code_in_form(id_: str) -> str | None:
    """Return the code that was typed, when it has the form of one; nobody need know it."""
    code = id_.upper().replace("0X", HEX, 1)
    return code if re.match(CODE, code) else None


def _ids(knowledge: Knowledge) -> Iterator[str]:
    yield from knowledge.faults
    yield from knowledge.checks
    yield from knowledge.measures
    yield from knowledge.questions
    yield from knowledge.explanations
    yield from knowledge.terms
    yield from knowledge.families
    yield from _codes(knowledge).values()
