"""Put a decision into the person's language.

All words come from the knowledge; nothing for people is written here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from actions.case import Case
from actions.decision import ChoiceId, Decision, Reason
from actions.evidence import (
    Scope,
    Understanding,
    fault_for,
    speaks_by_codes_alone,
    team_must_act,
    understand,
)
from actions.step import Choice, Command, Kind, Progress, SourceRef, Step, TicketRef
from actions.unexplained import FAMILY, families, team_of, unexplained
from actions.unexplained import family as family_of_code
from actions.walk import lacking
from knowledge import schema
from knowledge.families import number_in
from knowledge.schema import Fault, Text
from knowledge.store import Knowledge
from knowledge.words import Mechanism, Need, Product, Risk, Status, Team

#: Decimal places of the shares in a ranking.
DIGITS = 4
#: How many of a fault's sources an answer about the whole fault cites.
CITED = 3
#: Of how many codes without a fault one answer speaks.
CODES_SAID = 3


def say(decision: Decision, case: Case, knowledge: Knowledge) -> Step:
    """Return the Step that says a decision in the language of the case."""
    seen = understand(case, knowledge)
    speaker = _Speaker(decision, case, knowledge, seen)
    title, body = speaker.words()
    unit = decision.check or decision.measure or decision.question
    return Step(
        kind=decision.kind,
        id=decision.id,
        language=case.language,
        title=title,
        body="\n\n".join(part for part in (*decision.notes, *speaker.of_codes(), body) if part),
        fault=decision.fault.id if decision.fault else None,
        phase=speaker.phase(),
        command=_command(unit.command) if unit and unit.command else speaker.look_up(),
        choices=speaker.choices(),
        risk=decision.measure.risk.value if decision.measure else Risk.NONE.value,
        warning=speaker.optional(decision.measure.warning) if decision.measure else None,
        before=speaker.optional(decision.measure.before) if decision.measure else None,
        why=speaker.why(),
        sources=tuple(speaker.sources()),
        progress=speaker.progress(),
        ticket=speaker.ticket(),
        case=summary(decision, case, knowledge, seen),
    )


def phrase(knowledge: Knowledge, name: str, language: str, **values: str) -> str:
    """Return a phrase in a language, with its values filled in."""
    return text(knowledge.phrases[name], language).format(**values)


def text(words: Text, language: str) -> str:
    """Return the words in a language."""
    return words.en if language == "en" else words.de


def summary(
    decision: Decision, case: Case, knowledge: Knowledge, seen: Understanding
) -> dict[str, Any]:
    """Return what is known of the case, as a Step carries it (DESIGN, section 3)."""
    alone = speaks_by_codes_alone(case, knowledge)
    fault = decision.fault or (None if alone else _likely_fault(case, seen, knowledge))
    ours = seen.scope.value == "in"
    needed = fault is not None and team_must_act(case, fault, knowledge)
    escalate = ours and (needed or decision.kind in (Kind.ESCALATE, Kind.TICKET))
    team = fault.escalation.team if fault and escalate else Team.NONE
    if decision.id == FAMILY and escalate:
        team = team_of(case.codes, knowledge)
    if case.ticket and escalate:
        team = Team(case.ticket.team)
    return {
        "language": case.language,
        "codes": list(case.codes),
        "product": seen.product.value,
        "mechanism": seen.mechanism.value,
        "ranking": [[m.value, round(share, DIGITS)] for m, share in seen.ranking],
        "context": [context.value for context in seen.context],
        "facts": dict(case.facts),
        "escalate": escalate,
        "team": team.value,
        # A question that is answered from the knowledge was for us, whatever else it says.
        "scope": Scope.IN.value if decision.topics else seen.scope.value,
        "refused": seen.refused,
    }


def _likely_fault(case: Case, seen: Understanding, knowledge: Knowledge) -> Fault | None:
    leading = seen.mechanism
    return None if leading is Mechanism.NONE else fault_for(case, leading, knowledge)


def _command(command: schema.Command | None) -> Command | None:
    if command is None:
        return None
    return Command(text=command.text, shell=command.shell.value, elevated=command.elevated)


class _Speaker:
    """Speaks one decision: each method gives one part of the Step."""

    def __init__(
        self, decision: Decision, case: Case, knowledge: Knowledge, seen: Understanding
    ) -> None:
        self._seen = seen
        self._decision = decision
        self._case = case
        self._knowledge = knowledge

    def words(self) -> tuple[str, str]:
        """Return title and body."""
        decision = self._decision
        if decision.check:
            return self._text(decision.check.title), self._check_body(decision.check)
        if decision.measure:
            return self._measure_words(decision.measure)
        if decision.question:
            return self._question_words(decision.question)
        if decision.kind is Kind.ESCALATE:
            return self._escalate_words()
        if decision.kind is Kind.EXPLAIN:
            return self._explain_words()
        if decision.id == "foreign-code":
            return self._foreign_words()
        values = {"code": next(iter(self._case.doubtful), "")}
        if self._case.ticket:
            values |= {"ticket": self._case.ticket.id, "team": self._team(self._case.ticket.team)}
        return self._phrase(f"{decision.id}-title", **values), self._phrase(
            f"{decision.id}-body", **values
        )

    def choices(self) -> tuple[Choice, ...]:
        """Return the buttons."""
        decision = self._decision
        if decision.check:
            return tuple(Choice(a.id, self._text(a.label)) for a in decision.check.answers)
        if decision.question:
            asked = (Choice(c.id, self._text(c.label)) for c in decision.question.choices)
            return (*asked, *self._hand_over_choice())
        named = dict(self._fixed_choices())
        values = {
            "code": next(iter(self._case.doubtful), ""),
            "measure": self._text(decision.measure.title) if decision.measure else "",
        }
        return tuple(Choice(id_, self._phrase(name, **values)) for id_, name in named.items())

    def of_codes(self) -> Iterator[str]:
        """Yield what is said of codes without a fault: their family, and that this is all."""
        alone = self._decision.reason is Reason.NO_ANSWER
        for code in self._decision.unexplained[:CODES_SAID] if self._says_codes() else ():
            family = family_of_code(code, self._knowledge)
            if family is None:
                yield self._phrase("code-unknown" if alone else "code-unknown-short", code=code)
            elif alone:
                said = self._phrase("code-family", code=code, **self._family(code, family))
                parts = (said, self._phrase("code-not-sourced"), self._look_up_words(code, family))
                yield " ".join(part for part in parts if part)
            else:
                yield self._phrase("code-family-short", code=code, **self._family(code, family))
        if alone and self._decision.question and self._decision.unexplained:
            team = team_of(self._case.codes, self._knowledge)
            yield self._phrase("code-offer", team=self._team(team.value))

    def look_up(self) -> Command | None:
        """Return the maker's own way to read about the first code that is not explained."""
        alone = self._decision.reason is Reason.NO_ANSWER or self._decision.id == "foreign-code"
        for code in self._decision.unexplained if alone else ():
            family = family_of_code(code, self._knowledge)
            if family and family.look_up:
                text = family.look_up.text.format(code=code, number=number_in(code))
                return Command(text=text, shell=family.look_up.shell.value)
        return None

    def why(self) -> str:
        """Return the evidence in one sentence."""
        speaks_of_nothing = (Kind.GREET, Kind.REFUSE, Kind.OUT_OF_SCOPE)
        if self._decision.kind in speaks_of_nothing or self._decision.topics:
            return ""
        evidence = list(self._evidence())
        if self._decision.kind is Kind.ASK and not evidence:
            return self._phrase("why-open")
        if not evidence:
            return ""
        sentence = self._phrase("why-evidence", evidence=", ".join(evidence))
        return sentence[0].upper() + sentence[1:]

    def sources(self) -> Iterator[SourceRef]:
        """Yield the sources of what is said."""
        decision = self._decision
        unit = decision.check or decision.measure or decision.question
        of_fault = decision.fault.sources[:CITED] if decision.fault else ()
        of_codes = [f.sources for f in families(decision.unexplained, self._knowledge)]
        told = decision.cites or (unit.sources if unit else of_fault)
        for name in dict.fromkeys((*told, *(name for names in of_codes for name in names))):
            source = self._knowledge.sources[name]
            yield SourceRef(title=source.title, url=source.url, read_on=source.read_on)

    def progress(self) -> Progress | None:
        """Return how far the walk has come."""
        fault = self._decision.fault
        if fault is None or self._decision.kind in (Kind.TICKET, Kind.RESOLVED):
            return None
        return Progress(done=self._decision.done, of=len(fault.checks))

    def phase(self) -> str | None:
        """Return the phase of a check, or the place of a measure."""
        decision = self._decision
        if decision.check:
            return decision.check.phase.value
        if decision.measure and decision.fault:
            places = decision.fault.measures.items()
            return next((p.value for p, ids in places if decision.measure.id in ids), None)
        return None

    def ticket(self) -> TicketRef | None:
        """Return the number the case was handed over under."""
        ticket = self._case.ticket
        return TicketRef(ticket.id, ticket.team, None, queued=True) if ticket else None

    def optional(self, words: Text | None) -> str | None:
        """Return words that may be missing."""
        return self._text(words) if words else None

    def _text(self, words: Text) -> str:
        return text(words, self._case.language)

    def _phrase(self, name: str, **values: str) -> str:
        return phrase(self._knowledge, name, self._case.language, **values)

    def _team(self, team: str) -> str:
        return self._phrase(f"team-{team}")

    def _says_codes(self) -> bool:
        return self._decision.kind in (
            Kind.ASK,
            Kind.CHECK,
            Kind.MEASURE,
            Kind.CONSENT,
            Kind.ESCALATE,
        )

    def _family(self, code: str, family: schema.Family) -> dict[str, str]:
        """Return the family's words as the values of a phrase."""
        values = {"code": code, "number": number_in(code)}
        meaning = self._text(family.meaning).format(**values)
        return {"family": self._text(family.title), "meaning": meaning}

    def _look_up_words(self, code: str, family: schema.Family) -> str:
        if not family.look_up:
            return ""
        command = family.look_up.text.format(code=code, number=number_in(code))
        return self._phrase("code-look-up", command=command)

    def _question_words(self, question: schema.Question) -> tuple[str, str]:
        """Return title and body; where only codes are known, what is said of them leads."""
        title, body = self._text(question.title), self._text(question.body)
        if self._decision.reason is not Reason.NO_ANSWER:
            return title, body
        codes = self._decision.unexplained[:CODES_SAID]
        known = families(codes, self._knowledge)
        name = "code-title" if known else "code-unknown-title"
        return self._phrase(name, code=", ".join(codes)), f"**{title}** {body}"

    def _foreign_words(self) -> tuple[str, str]:
        """Return title and body for codes of something that is not our field."""
        code = self._decision.unexplained[0]
        family = families([code], self._knowledge)[0]
        values = self._family(code, family)
        title = self._phrase("foreign-code-title", code=code, **values)
        return title, self._phrase("foreign-code-body", code=code, **values)

    def _hand_over_choice(self) -> Iterator[Choice]:
        """Yield the way to a person beside a question that only a code leads to."""
        if self._decision.reason is not Reason.NO_ANSWER:
            return
        if team_of(self._case.codes, self._knowledge) is Team.NONE:
            yield Choice(ChoiceId.HUMAN, self._phrase("choice-human"))
        else:
            yield Choice(ChoiceId.HAND_OVER, self._phrase("escalate-yes"))

    def _check_body(self, check: schema.Check) -> str:
        parts = [self._meaning(), self._text(check.body)]
        parts.append(self._phrase("check-read", read=self._text(check.read)))
        if check.alternative:
            alternative = self._text(check.alternative)
            parts.append(self._phrase("check-alternative", alternative=alternative))
        return "\n\n".join(part for part in parts if part)

    def _meaning(self) -> str:
        """Return what the fault is, with the first step only."""
        fault = self._decision.fault
        if fault is None or any(e.kind == "check" for e in self._case.log):
            return ""
        draft = self._phrase("draft") if fault.status is Status.DRAFT else ""
        return f"**{self._text(fault.title)}.** {self._text(fault.meaning)} {draft}".strip()

    def _measure_words(self, measure: schema.Measure) -> tuple[str, str]:
        title, body = self._text(measure.title), self._text(measure.body)
        undo = self._text(measure.undo) if measure.undo else ""
        if self._decision.kind is Kind.CONSENT:
            return (
                self._phrase("consent-title", measure=title),
                self._phrase("consent-body", body=body, undo=undo),
            )
        parts = [body, self._phrase("undo", undo=undo) if undo else "", self._offline_limit()]
        return title, "\n\n".join(part for part in parts if part)

    def _offline_limit(self) -> str:
        """Return the hard limit of a fault without internet, when the person has none."""
        fault = self._decision.fault
        if fault is None or Need.INTERNET not in lacking(self._case, self._knowledge):
            return ""
        return self._phrase("offline-limit", limit=self._text(fault.offline_limit))

    def _escalate_words(self) -> tuple[str, str]:
        decision = self._decision
        team = decision.fault.escalation.team if decision.fault else Team.NONE
        if decision.id == FAMILY:
            team = team_of(self._case.codes, self._knowledge)
            title = self._phrase("escalate-title", team=self._team(team.value))
            return title, self._phrase("code-escalate")
        reason = self._reason()
        limit = self._offline_limit()
        bring = "\n".join(self._bring(decision.fault)) if decision.fault else ""
        name = "escalate-body" if bring else "escalate-plain-body"
        body = self._phrase(name, reason=reason, bring=bring)
        title = self._phrase("escalate-title", team=self._team(team.value))
        return title, "\n\n".join(part for part in (body, limit) if part)

    def _reason(self) -> str:
        if self._decision.sign:
            return self._text(self._decision.sign)
        return self._phrase(f"reason-{self._decision.reason or Reason.EXHAUSTED}")

    def _bring(self, fault: Fault) -> Iterator[str]:
        for name in fault.escalation.bring:
            evidence = self._knowledge.evidence[name]
            command = f" – `{evidence.command}`" if evidence.command else ""
            yield f"- {self._text(evidence)}{command}"

    def _explain_words(self) -> tuple[str, str]:
        decision = self._decision
        if decision.id in ("parked", "explain-unknown"):
            return self._phrase(f"{decision.id}-title"), self._phrase(f"{decision.id}-body")
        if decision.id == "status":
            return self._phrase("status-title"), self._status()
        if decision.topics:
            return self._topic_words()
        if decision.id == "why":
            return self._phrase("why-title"), decision.about or self._phrase("why-nothing")
        if decision.fault is None:
            return self._phrase("why-title"), self._phrase("why-nothing")
        causes = "\n".join(f"- {self._text(cause)}" for cause in decision.fault.causes)
        title = self._phrase("explain-title", title=self._text(decision.fault.title))
        head = self._phrase("explain-causes")
        return title, f"{self._text(decision.fault.meaning)}\n\n{head}\n\n{causes}"

    def _topic_words(self) -> tuple[str, str]:
        """Return what explanations of the knowledge say, and what else may be asked."""
        topics = self._decision.topics
        several = len(topics) > 1
        parts = [
            f"**{self._text(t.title)}.** {self._text(t.text)}" if several else self._text(t.text)
            for t in topics
        ]
        named = dict.fromkeys(name for topic in topics for name in topic.see_also)
        more = [self._knowledge.explanations[n] for n in named if n not in {t.id for t in topics}]
        names = ", ".join(self._text(topic.title) for topic in more)
        parts.append(self._phrase("explain-see-also", names=names) if names else "")
        parts.append(self._decision.about or "")
        title = " · ".join(self._text(topic.title) for topic in topics)
        return title, "\n\n".join(part for part in parts if part)

    def _status(self) -> str:
        ticket = self._case.ticket
        if ticket is None:
            return self._phrase("ticket-status-none")
        return self._phrase("ticket-status-open", ticket=ticket.id, team=self._team(ticket.team))

    def _fixed_choices(self) -> Iterator[tuple[str, str]]:
        """Yield (choice id, phrase) of the steps whose choices are always the same."""
        kind = self._decision.kind
        if kind is Kind.ASK:
            yield ChoiceId.YES, "did-you-mean-yes"
            yield ChoiceId.NO, "did-you-mean-no"
        if kind is Kind.CONSENT:
            # The harmless way out comes first: nobody confirms by picking the first that comes.
            yield ChoiceId.NO, "consent-no"
            yield ChoiceId.YES, "consent-yes"
        if kind is Kind.MEASURE:
            yield ChoiceId.WORKED, "measure-worked"
            yield ChoiceId.STILL, "measure-still"
            yield ChoiceId.CANNOT, "measure-cannot"
        if kind is Kind.ESCALATE:
            at_once = self._decision.reason is Reason.SIGN
            yield ChoiceId.YES, "escalate-yes"
            yield ChoiceId.LATER, "escalate-later" if at_once else "escalate-no"
        if kind is Kind.OUT_OF_SCOPE or self._decision.id == "parked":
            yield ChoiceId.HUMAN, "choice-human"
            yield ChoiceId.RESTART, "choice-restart"

    def _evidence(self) -> Iterator[str]:
        """Yield what points to this step: codes, outputs, circumstances, words."""
        unknown = unexplained(self._case.codes, self._knowledge)
        for code in sorted(self._case.codes, key=lambda code: code in unknown):
            yield self._evidence_of(code)
        fault = self._decision.fault
        for fact, values in (fault.signals.facts if fault else {}).items():
            if self._case.facts.get(fact) in values:
                value = self._case.facts[fact]
                yield self._phrase("evidence-fact", fact=fact, value=value)
        seen = self._seen
        for context in seen.context:
            yield self._phrase(f"context-{context.value}")
        alone = self._decision.reason is Reason.NO_ANSWER and self._decision.unexplained
        if self._case.said and seen.product is not Product.NONE and not alone:
            yield self._phrase("evidence-words")

    def _evidence_of(self, code: str) -> str:
        """Return a code as evidence; it never speaks for a fault that does not list it."""
        if not unexplained([code], self._knowledge):
            return self._phrase("evidence-code", code=code)
        family = family_of_code(code, self._knowledge)
        if family is None:
            return self._phrase("evidence-code-unknown", code=code)
        return self._phrase("evidence-code-family", code=code, family=self._text(family.title))
