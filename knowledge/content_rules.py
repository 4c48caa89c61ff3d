"""The content rules: what well-formed knowledge must also keep to.

One small function per rule; each takes the ground (what was read, and the day) and yields what
breaks the rule, with its place. The sentences stand in phrases/knowledge.yaml, and every rule has
its smallest broken example in tests/knowledge/broken/. `RULES` at the end is the list.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from knowledge.families import family_of
from knowledge.findings import Finding, Messages, Problem, Spot
from knowledge.schema import CODE, Answer, Check, Fault, Measure, QuestionChoice
from knowledge.store import Knowledge, Reading, loader_findings
from knowledge.words import (
    ANYTHING_ELSE,
    Context,
    Mechanism,
    Need,
    Phase,
    Place,
    Risk,
    Severity,
    Status,
    TermKind,
)

LONGEST_LABEL = 45
#: How many sentences an explanation has, at least and at most.
SENTENCES = (2, 4)
#: Where a sentence ends: not behind "z. B." or "e.g.", and not before a small letter.
SENTENCE_END = re.compile(
    r"(?<![ .(][A-Za-z])(?<!bzw)(?<!usw)(?<!etc)[.!?][\"“”)*]*(?=\s+[\"„“(*`]*[A-ZÄÖÜ0-9]|\s*$)"
)
LONGEST_NAME = 3
#: Lines of a fault's file: two screens.
LONGEST_FAULT = 150
#: Days after which a review is old.
LONGEST_REVIEW = 365
PHASES = list(Phase)
RISKS = list(Risk)
#: What a measure of a risk must say beside what to do.
RISK_WORDS = {
    Risk.NONE: (),
    Risk.REVERSIBLE: ("warning", "undo"),
    Risk.LIMITED: ("warning", "before", "undo"),
    Risk.IRREVERSIBLE: ("warning", "before", "undo"),
}
#: The one source without an address: the article this project began with.
ARTICLE = "article"
#: slmgr options that change something; the others only show.
CHANGING_COMMAND = re.compile(r"\bslmgr(\.vbs)?\s+/(?!dli|dlv|xpr|dti)[a-z]", re.IGNORECASE)
PRODUCT_KEY = re.compile(r"\b[A-Z0-9]{5}(?:-[A-Z0-9]{5}){4}\b", re.IGNORECASE)
PIRACY = re.compile(
    r"(?<!\w)(vlmcsd|kms[ _-]?pico|py-kms|kms[ _-]?auto\w*|kms_vl_all\w*|kms38|massgrave\w*"
    r"|microsoft activation scripts|mas_aio|hwidgen|ohook|tsforge|kmseldi|re-loader|aact"
    r"|get\.activated\.win)(?!\w)",
    re.IGNORECASE,
)
#: Anything that is meant as a code, however it is written.
LIKE_A_CODE = re.compile(r"\b0x[0-9a-f]{6,}\b|\bAADSTS[ -]?[0-9]+\b", re.IGNORECASE)
#: What a translation must not change: what stands in `backticks`, codes, links into Settings,
#: command names and switches.
UNTRANSLATED = re.compile(
    r"`[^`]+`|0x[0-9A-Fa-f]{8}|AADSTS[0-9]+|ms-settings:[\w-]+|(?<=\s)/[A-Za-z]{2,}\b(?!/)"
    r"|\b(?:slmgr|ospp\.vbs|dsregcmd|nslookup|w32tm|gpupdate|slui|winver|vnextdiag\.ps1"
    r"|Test-NetConnection|Get-CimInstance|changepk|sfc|DISM)\b"
)
#: Signs that a message has lost before patterns are looked for (vocabulary/README.md).
NEVER_SEEN = re.compile(r"[„“”\"»«()\[\]{}_/\\<>=\-–—]")
PLACEHOLDER = re.compile(r"\{\w+\}")
#: What is filled in when a family is shown; every other brace would break the sentence.
FILLED_IN = frozenset({"{code}", "{number}"})
BRACES = re.compile(r"\{[^{}]*\}|[{}]")


@dataclass(frozen=True)
class Ground:
    """What the rules look at. `today` is handed in: a rule reads no clock."""

    reading: Reading
    knowledge: Knowledge
    today: date

    def spot(self, kind: str, id_: str, *way: str | int) -> Spot:
        """Return the file and line of a value."""
        return self.reading.spot(kind, id_, *way)

    def unknown(
        self, kind: str, id_: str, known: Iterable[str], spot: Spot, **values: str
    ) -> Iterator[Problem]:
        """Yield a problem when nothing of the kind has the id.

        What stands in a malformed file counts as known: that file has its own finding.
        """
        malformed = self.reading.malformed
        if id_ in known or (kind, id_) in malformed or (kind, "*") in malformed:
            return
        yield Problem(spot, f"unknown-{kind}", {"value": id_, **values}, tuple(sorted(known)))


@dataclass(frozen=True)
class ContentRule:
    """A rule, how bad it is to break it, and the function that finds where it is broken."""

    id: str
    severity: Severity
    broken: Callable[[Ground], Iterable[Problem]]


# --- names that lead to something ------------------------------------------------------------


def known_checks(ground: Ground) -> Iterator[Problem]:
    """Every check that a fault uses exists."""
    for fault in ground.knowledge.faults.values():
        for at, use in enumerate(fault.checks):
            spot = ground.spot("faults", fault.id, "checks", at, "use")
            yield from ground.unknown("checks", use.use, ground.knowledge.checks, spot)


def known_measures(ground: Ground) -> Iterator[Problem]:
    """Every measure that a fault names exists."""
    known = ground.knowledge.measures
    for fault in ground.knowledge.faults.values():
        for place, names in fault.measures.items():
            for at, name in enumerate(names):
                spot = ground.spot("faults", fault.id, "measures", place, at)
                yield from ground.unknown("measures", name, known, spot, owner=fault.id)
        for spot, check, _, name in _then(ground, fault, "measure"):
            yield from ground.unknown("measures", name, known, spot, owner=check)


def known_faults(ground: Ground) -> Iterator[Problem]:
    """Every fault that another one, or a mechanism, points to exists."""
    known = ground.knowledge.faults
    for fault in known.values():
        for at, name in enumerate(fault.not_to_confuse_with):
            spot = ground.spot("faults", fault.id, "not_to_confuse_with", at)
            yield from ground.unknown("faults", name, known, spot)
        for spot, _, _, name in _then(ground, fault, "see"):
            yield from ground.unknown("faults", name, known, spot)
    for mechanism, info in ground.knowledge.mechanisms.items():
        if info.start_with:
            spot = ground.spot("mechanisms", mechanism, "start_with")
            yield from ground.unknown("faults", info.start_with, known, spot)


def known_sources(ground: Ground) -> Iterator[Problem]:
    """Every source that something names exists."""
    known = ground.knowledge.sources
    for kind, id_, sources in _sourced(ground.knowledge):
        for at, name in enumerate(sources):
            spot = ground.spot(kind, id_, "sources", at)
            yield from ground.unknown("sources", name, known, spot)


def known_evidence(ground: Ground) -> Iterator[Problem]:
    """Every piece of evidence that a handover brings exists."""
    known = ground.knowledge.evidence
    for fault in ground.knowledge.faults.values():
        for at, name in enumerate(fault.escalation.bring):
            spot = ground.spot("faults", fault.id, "escalation", "bring", at)
            yield from ground.unknown("evidence", name, known, spot)


def known_terms(ground: Ground) -> Iterator[Problem]:
    """Every term that a fault's signals name exists."""
    for fault in ground.knowledge.faults.values():
        for at, name in enumerate(fault.signals.terms):
            spot = ground.spot("faults", fault.id, "signals", "terms", at)
            yield from ground.unknown("terms", name, ground.knowledge.terms, spot)


def known_facts(ground: Ground) -> Iterator[Problem]:
    """Every fact that a check reads or a fault's signals name exists."""
    known = ground.knowledge.facts
    for check in ground.knowledge.checks.values():
        if check.fact:
            spot = ground.spot("checks", check.id, "fact")
            yield from ground.unknown("facts", check.fact, known, spot)
    for fault in ground.knowledge.faults.values():
        for name in fault.signals.facts:
            spot = ground.spot("faults", fault.id, "signals", "facts", name)
            yield from ground.unknown("facts", name, known, spot)


def known_outputs(ground: Ground) -> Iterator[Problem]:
    """Every reader that a check names reads an output that is described."""
    for check in ground.knowledge.checks.values():
        if check.reader:
            spot = ground.spot("checks", check.id, "reader")
            yield from ground.unknown("outputs", check.reader, ground.knowledge.outputs, spot)


def known_signs(ground: Ground) -> Iterator[Problem]:
    """Every sign of an escalation is a context, a term, a code, or fact=value."""
    words = {*Context, *ground.knowledge.terms}
    for fault in ground.knowledge.faults.values():
        for at, reason in enumerate(fault.escalation.when):
            for sign_at, sign in enumerate(reason.signs):
                way = ("escalation", "when", at, "signs", sign_at)
                spot = ground.spot("faults", fault.id, *way)
                fact, equals, _ = sign.partition("=")
                if equals:
                    yield from ground.unknown("facts", fact, ground.knowledge.facts, spot)
                elif not re.match(CODE, sign) and not _has_malformed(ground, "terms"):
                    yield from ground.unknown("signs", sign, words, spot)


def known_fact_values(ground: Ground) -> Iterator[Problem]:
    """Every value named for a fact is one that the fact can have."""
    for spot, fact, value in _fact_values(ground):
        values = ground.knowledge.facts[fact].values if fact in ground.knowledge.facts else ()
        if values and value not in values:
            yield Problem(spot, "fact-value", {"fact": fact, "value": value}, values)


def facts_have_a_name(ground: Ground) -> Iterator[Problem]:
    """Every check whose answers name facts says which fact it is."""
    for check in ground.knowledge.checks.values():
        if any(answer.facts for answer in check.answers) and not check.fact:
            yield Problem(ground.spot("checks", check.id, "answers"), "fact-name")


def known_mechanisms(ground: Ground) -> Iterator[Problem]:
    """Every mechanism that a fault has is described in words."""
    known = ground.knowledge.mechanisms
    for fault in ground.knowledge.faults.values():
        spot = ground.spot("faults", fault.id, "mechanism")
        yield from ground.unknown("mechanisms", fault.mechanism, known, spot)


def confused_with_another(ground: Ground) -> Iterator[Problem]:
    """No fault is to be confused with itself; it is another one that is meant."""
    for fault in ground.knowledge.faults.values():
        for at, name in enumerate(fault.not_to_confuse_with):
            if name == fault.id:
                spot = ground.spot("faults", fault.id, "not_to_confuse_with", at)
                yield Problem(spot, "itself", {"value": name})


def used_somewhere(ground: Ground) -> Iterator[Problem]:
    """Every check, measure, source and piece of evidence is used by something."""
    if ground.reading.malformed:
        return  # what looks unused may be used there
    faults = ground.knowledge.faults.values()
    used = {
        "checks": {use.use for fault in faults for use in fault.checks},
        "measures": {name for f in faults for names in f.measures.values() for name in names},
        "sources": {name for _, _, names in _sourced(ground.knowledge) for name in names},
        "evidence": {name for fault in faults for name in fault.escalation.bring},
    }
    for kind, names in used.items():
        for kind_, id_ in ground.reading.places:
            if kind_ == kind and id_ not in names:
                yield Problem(ground.spot(kind, id_), f"unused-{kind}", {"value": id_})


def faults_are_reached(ground: Ground) -> Iterator[Problem]:
    """Every fault has a signal, begins its mechanism, or is where another one sends to."""
    if ground.reading.malformed:
        return  # what looks lonely may be named there
    faults = ground.knowledge.faults.values()
    sent = {name for fault in faults for *_, name in _then(ground, fault, "see")}
    sent |= {info.start_with or "" for info in ground.knowledge.mechanisms.values()}
    for fault in faults:
        signals = fault.signals
        shown = (signals.codes, signals.messages, signals.context, signals.terms, signals.facts)
        retired = fault.status is Status.RETIRED
        if not (retired or any(shown) or fault.usual or fault.id in sent):
            spot = ground.spot("faults", fault.id, "signals")
            yield Problem(spot, "unreached", {"value": fault.id})


def faults_fit_two_screens(ground: Ground) -> Iterator[Problem]:
    """Every fault can be read on two screens."""
    for document in ground.reading.documents:
        lines = document.text.count("\n")
        if document.file.startswith("faults/") and lines > LONGEST_FAULT:
            values = {"count": str(lines), "most": str(LONGEST_FAULT)}
            yield Problem(Spot(document.file, LONGEST_FAULT + 1), "long-fault", values)


# --- families of codes -------------------------------------------------------------------------


def beginnings_differ(ground: Ground) -> Iterator[Problem]:
    """No two families claim the same beginning: a code belongs to one."""
    first: dict[str, str] = {}
    for id_, family in ground.knowledge.families.items():
        for at, beginning in enumerate(family.begins):
            other = first.setdefault(beginning, id_)
            if other != id_ or beginning in family.begins[:at]:
                values = {"value": beginning, "other": other}
                yield Problem(ground.spot("families", id_, "begins", at), "same-beginning", values)


def codes_of_faults_are_known(ground: Ground) -> Iterator[Problem]:
    """Every code that a fault lists stands in codes.yaml, with the name it has."""
    if _has_malformed(ground, "codes"):
        return
    for fault in ground.knowledge.faults.values():
        for at, code in enumerate(fault.signals.codes):
            if re.match(CODE, code) and code not in ground.knowledge.codes:
                spot = ground.spot("faults", fault.id, "signals", "codes", at)
                yield Problem(spot, "nameless-code", {"value": code})


def codes_have_a_family(ground: Ground) -> Iterator[Problem]:
    """Every code that exists has a fault that explains it, or at least a family."""
    if _has_malformed(ground, "families") or _has_malformed(ground, "faults"):
        return  # what looks alone may be explained there
    for code in ground.knowledge.codes:
        known = code in ground.knowledge.explained
        if not known and family_of(code, ground.knowledge.families) is None:
            yield Problem(ground.spot("codes", code), "no-family", {"value": code})


def look_ups_change_nothing(ground: Ground) -> Iterator[Problem]:
    """Every look-up only shows a text: no administrator rights, no command that changes."""
    for id_, family in ground.knowledge.families.items():
        look_up = family.look_up
        if look_up and (look_up.elevated or CHANGING_COMMAND.search(look_up.text)):
            spot = ground.spot("families", id_, "look_up")
            yield Problem(spot, "look-up", {"value": look_up.text})


def known_placeholders(ground: Ground) -> Iterator[Problem]:
    """Every placeholder of a family is one that is filled in."""
    for id_, family in ground.knowledge.families.items():
        look_up = family.look_up.text if family.look_up else ""
        named = {"title": family.title, "meaning": family.meaning}
        texts = [(way, text) for way, words in named.items() for text in (words.de, words.en)]
        for way, text in [*texts, ("look_up", look_up)]:
            for value in sorted(set(BRACES.findall(text)) - FILLED_IN):
                spot = ground.spot("families", id_, way)
                yield Problem(spot, "placeholder", {"value": value}, tuple(sorted(FILLED_IN)))


# --- the way through a fault -----------------------------------------------------------------


def checks_in_order_of_phases(ground: Ground) -> Iterator[Problem]:
    """Every fault's checks go from identity to invasive, never back."""
    for fault in ground.knowledge.faults.values():
        uses = [(at, check) for at, check in _checks(ground, fault)]
        for (_, before), (at, check) in pairwise(uses):
            if PHASES.index(check.phase) < PHASES.index(before.phase):
                spot = ground.spot("faults", fault.id, "checks", at, "use")
                values = {"value": check.id, "phase": check.phase}
                yield Problem(
                    spot,
                    "phase-order",
                    values | {"other": before.id, "other_phase": before.phase},
                )


def ends_in_a_catch_all(ground: Ground) -> Iterator[Problem]:
    """Every check's last answer is the catch-all, and no other one is."""
    for check in ground.knowledge.checks.values():
        names = [answer.id for answer in check.answers]
        if names[-1] != ANYTHING_ELSE or names.count(ANYTHING_ELSE) > 1:
            spot = ground.spot("checks", check.id, "answers", len(names) - 1)
            yield Problem(spot, "catch-all", {"value": names[-1], "expected": ANYTHING_ELSE})


def answers_every_answer(ground: Ground) -> Iterator[Problem]:
    """Every fault says for each answer of its checks where it leads."""
    for fault in ground.knowledge.faults.values():
        for at, check in _checks(ground, fault):
            given = {outcome.when for outcome in fault.checks[at].answers}
            for answer in check.answers:
                if answer.id not in given:
                    spot = ground.spot("faults", fault.id, "checks", at, "answers")
                    yield Problem(spot, "open-answer", {"check": check.id, "value": answer.id})


def answers_only_answers(ground: Ground) -> Iterator[Problem]:
    """No fault answers what its check cannot give."""
    for fault in ground.knowledge.faults.values():
        for at, check in _checks(ground, fault):
            names = tuple(answer.id for answer in check.answers)
            for when_at, outcome in enumerate(fault.checks[at].answers):
                if outcome.when not in names:
                    way = ("checks", at, "answers", when_at, "when")
                    values = {"check": check.id, "value": outcome.when}
                    spot = ground.spot("faults", fault.id, *way)
                    yield Problem(spot, "unknown-answer", values, names)


def answered_once(ground: Ground) -> Iterator[Problem]:
    """Every fault uses a check once, and says for each answer once where it leads."""
    for fault in ground.knowledge.faults.values():
        for at in _repeated(use.use for use in fault.checks):
            spot = ground.spot("faults", fault.id, "checks", at, "use")
            yield Problem(spot, "twice", {"value": fault.checks[at].use})
        for at, use in enumerate(fault.checks):
            for when_at in _repeated(outcome.when for outcome in use.answers):
                way = ("checks", at, "answers", when_at, "when")
                spot = ground.spot("faults", fault.id, *way)
                yield Problem(spot, "twice", {"value": use.answers[when_at].when})


def measures_are_listed(ground: Ground) -> Iterator[Problem]:
    """Every measure that an answer leads to stands in the measures block as well."""
    for fault in ground.knowledge.faults.values():
        listed = {name for names in fault.measures.values() for name in names}
        for spot, check, _, name in _then(ground, fault, "measure"):
            if name not in listed:
                values = {"check": check, "value": name}
                yield Problem(spot, "unlisted-measure", values, tuple(sorted(listed)))


def risk_never_falls(ground: Ground) -> Iterator[Problem]:
    """Every place's measures begin with what costs least."""
    for fault in ground.knowledge.faults.values():
        for place, names in fault.measures.items():
            known = [
                (at, ground.knowledge.measures[name])
                for at, name in enumerate(names)
                if name in ground.knowledge.measures
            ]
            for (_, before), (at, measure) in pairwise(known):
                if RISKS.index(measure.risk) < RISKS.index(before.risk):
                    spot = ground.spot("faults", fault.id, "measures", place, at)
                    yield Problem(
                        spot,
                        "risk-order",
                        {
                            "value": measure.id,
                            "risk": measure.risk,
                            "other": before.id,
                            "other_risk": before.risk,
                        },
                    )


def one_usual_fault(ground: Ground) -> Iterator[Problem]:
    """Every mechanism that has faults has exactly one to begin with."""
    by_mechanism: dict[Mechanism, list[Fault]] = defaultdict(list)
    for fault in ground.knowledge.faults.values():
        if fault.status != Status.RETIRED:
            by_mechanism[fault.mechanism].append(fault)
    for mechanism, faults in by_mechanism.items():
        usual = [fault for fault in faults if fault.usual]
        if not usual and not _has_malformed(ground, "faults"):
            spot = ground.spot("faults", faults[0].id, "mechanism")
            names = ", ".join(fault.id for fault in faults)
            yield Problem(spot, "no-usual", {"mechanism": mechanism, "faults": names})
        for fault in usual[1:]:
            spot = ground.spot("faults", fault.id, "usual")
            yield Problem(spot, "two-usual", {"mechanism": mechanism, "other": usual[0].id})


def see_comes_to_an_end(ground: Ground) -> Iterator[Problem]:
    """No person is sent round in a circle by giving the same answers again.

    Two faults may point to each other by different answers of one check; a circle is one that a
    person can really walk: at every fault on it the same answer to the same check leads on.
    """
    steps = {
        fault.id: list(_see_steps(ground, fault)) for fault in ground.knowledge.faults.values()
    }
    reported: set[frozenset[str]] = set()
    for start in sorted(steps):
        for circle, spot in _circles(start, start, (start,), {}, steps):
            if frozenset(circle) not in reported:
                reported.add(frozenset(circle))
                yield Problem(spot, "circle", {"faults": " → ".join((*circle, start))})


def lists_by_place(ground: Ground) -> Iterator[Problem]:
    """No measure offered offline needs the internet or the company network."""
    reach = {Need.INTERNET, Need.COMPANY_NETWORK}
    for fault in ground.knowledge.faults.values():
        for at, name in enumerate(fault.measures.get(Place.OFFLINE, ())):
            measure = ground.knowledge.measures.get(name)
            for need in sorted(reach.intersection(measure.needs)) if measure else ():
                spot = ground.spot("faults", fault.id, "measures", Place.OFFLINE, at)
                yield Problem(spot, "offline-need", {"value": name, "need": need})


# --- checks and measures themselves ----------------------------------------------------------


def risk_has_its_words(ground: Ground) -> Iterator[Problem]:
    """Every measure with a risk says what changes, what to secure first and the way back."""
    for measure in ground.knowledge.measures.values():
        for name in RISK_WORDS[measure.risk]:
            if getattr(measure, name) is None:
                spot = ground.spot("measures", measure.id, "risk")
                yield Problem(spot, "risk-words", {"risk": measure.risk, "field": name})


def admin_rights_are_named(ground: Ground) -> Iterator[Problem]:
    """Every command that changes the system says that it is elevated and needs the rights."""
    for kind, thing in _commanding(ground.knowledge):
        command = thing.command
        if not command or not (command.elevated or CHANGING_COMMAND.search(command.text)):
            continue
        spot = ground.spot(kind, thing.id, "command")
        if Need.ADMIN_RIGHTS not in thing.needs:
            values = {"value": command.text, "field": "needs: [admin_rights]"}
            yield Problem(spot, "admin-rights", values)
        if not command.elevated:
            values = {"value": command.text, "field": "elevated: true"}
            yield Problem(spot, "admin-rights", values)


def unique_answers(ground: Ground) -> Iterator[Problem]:
    """Answers of one check or question differ in id, in label and in facts."""
    for kind, id_, name, answers in _answered(ground.knowledge):
        for at in _repeated(answer.id for answer in answers):
            yield Problem(ground.spot(kind, id_, name, at), "twice", {"value": answers[at].id})
        for language in ("de", "en"):
            labels = [getattr(answer.label, language) for answer in answers]
            for at in _repeated(label.lower() for label in labels):
                yield Problem(ground.spot(kind, id_, name, at), "twice", {"value": labels[at]})
    for check in ground.knowledge.checks.values():
        facts = [(at, fact) for at, answer in enumerate(check.answers) for fact in answer.facts]
        for nth in _repeated(fact for _, fact in facts):
            at, fact = facts[nth]
            spot = ground.spot("checks", check.id, "answers", at, "facts")
            yield Problem(spot, "twice", {"value": fact})


def short_labels(ground: Ground) -> Iterator[Problem]:
    """Every label fits on a button."""
    for kind, id_, name, answers in _answered(ground.knowledge):
        for at, answer in enumerate(answers):
            for language, label in (("de", answer.label.de), ("en", answer.label.en)):
                if len(label) > LONGEST_LABEL:
                    spot = ground.spot(kind, id_, name, at, "label", language)
                    values = {"value": label, "length": str(len(label))}
                    yield Problem(spot, "long-label", values | {"most": str(LONGEST_LABEL)})


def outputs_are_patterns(ground: Ground) -> Iterator[Problem]:
    """Every output's lines are regular expressions, and enough of them."""
    for id_, output in ground.knowledge.outputs.items():
        for at, line in enumerate(output.lines):
            try:
                re.compile(line)
            except re.error as error:
                values = {"value": line, "reason": str(error)}
                yield Problem(ground.spot("outputs", id_, "lines", at), "no-pattern", values)
        if output.at_least > len(output.lines):
            values = {"value": str(output.at_least), "most": str(len(output.lines))}
            yield Problem(ground.spot("outputs", id_, "at_least"), "too-many-lines", values)


def terms_say_something(ground: Ground) -> Iterator[Problem]:
    """Every term has words in at least one language."""
    for term in ground.knowledge.terms.values():
        if not term.de and not term.en:
            yield Problem(ground.spot("terms", term.id), "no-words", {"value": term.id})


def contexts_have_their_word(ground: Ground) -> Iterator[Problem]:
    """Every term of kind context has a context of the closed list as its id."""
    words = tuple(sorted(Context))
    for term in ground.knowledge.terms.values():
        if term.kind == TermKind.CONTEXT and term.id not in words:
            yield Problem(ground.spot("terms", term.id), "no-context", {"value": term.id}, words)


def terms_point_somewhere(ground: Ground) -> Iterator[Problem]:
    """Every term for a product names the product, every one for a mechanism what it points to."""
    for term in ground.knowledge.terms.values():
        spot = ground.spot("terms", term.id)
        if term.kind == TermKind.PRODUCT and not term.product:
            yield Problem(spot, "pointless-term", {"value": term.id, "field": "product"})
        if term.kind == TermKind.MECHANISM and not term.points_to:
            yield Problem(spot, "pointless-term", {"value": term.id, "field": "points_to"})


def patterns_can_be_found(ground: Ground) -> Iterator[Problem]:
    """Every form of a pattern is free of signs that a message has lost before it is searched."""
    for spot, pattern in _patterns(ground):
        for form in _forms(pattern):
            if lost := NEVER_SEEN.search(form):
                yield Problem(spot, "lost-pattern", {"value": form, "sign": lost.group()})


# --- explanations ----------------------------------------------------------------------------


def known_explanations(ground: Ground) -> Iterator[Problem]:
    """Every explanation that another one points to exists, and is another one."""
    known = ground.knowledge.explanations
    for id_, explanation in known.items():
        for at, name in enumerate(explanation.see_also):
            spot = ground.spot("explanations", id_, "see_also", at)
            yield from ground.unknown("explanations", name, known, spot)
            if name == id_:
                yield Problem(spot, "points-to-itself", {"value": name})


def known_subjects(ground: Ground) -> Iterator[Problem]:
    """Everything that an explanation gives the reason of is a measure, a check or a fault."""
    kinds = ("measures", "checks", "faults")
    malformed = {id_ for kind, id_ in ground.reading.malformed if kind in kinds}
    known = {id_ for kind in kinds for id_ in getattr(ground.knowledge, kind)} | malformed
    for id_, explanation in ground.knowledge.explanations.items():
        for at, name in enumerate(explanation.about):
            spot = ground.spot("explanations", id_, "about", at)
            yield from ground.unknown("subjects", name, known, spot)


def explanations_are_asked_for(ground: Ground) -> Iterator[Problem]:
    """Every explanation has words by which people ask for it, and no other one has the same."""
    first: dict[str, str] = {}
    for id_, explanation in ground.knowledge.explanations.items():
        asked = [("de", at, p) for at, p in enumerate(explanation.asked.de)]
        asked += [("en", at, p) for at, p in enumerate(explanation.asked.en)]
        if not asked:
            yield Problem(ground.spot("explanations", id_, "asked"), "never-asked", {"value": id_})
        for language, at, pattern in asked:
            if (other := first.setdefault(pattern, id_)) != id_:
                spot = ground.spot("explanations", id_, "asked", language, at)
                yield Problem(spot, "asked-twice", {"value": pattern, "other": other})


def explanations_are_short(ground: Ground) -> Iterator[Problem]:
    """Every explanation has two to four sentences, in each language."""
    least, most = SENTENCES
    for id_, explanation in ground.knowledge.explanations.items():
        for language in ("de", "en"):
            count = len(SENTENCE_END.findall(getattr(explanation.text, language)))
            if not least <= count <= most:
                values = {"value": language, "count": str(count)}
                spot = ground.spot("explanations", id_, "text", language)
                yield Problem(spot, "sentences", values | {"least": str(least), "most": str(most)})


# --- words -----------------------------------------------------------------------------------


def both_languages(ground: Ground) -> Iterator[Problem]:
    """No German sentence is its own translation. Commands and short names may be."""
    commands = set(_commands(ground.knowledge))
    for document in ground.reading.documents:
        for way, german, english in document.texts:
            same = german == english and german.strip("`") not in commands
            if same and not _is_name(german):
                yield Problem(document.spot(*way, "en"), "same-text", {"value": german})


def same_in_both_languages(ground: Ground) -> Iterator[Problem]:
    """Codes, commands, switches and links into Settings are the same in both languages."""
    for document in ground.reading.documents:
        for way, german, english in document.texts:
            yield from _differences(document.spot(*way, "en"), UNTRANSLATED, german, english)


def same_placeholders(ground: Ground) -> Iterator[Problem]:
    """Every phrase has the same placeholders in both languages."""
    for document in ground.reading.documents:
        if document.file.startswith("phrases/"):
            for way, german, english in document.texts:
                yield from _differences(document.spot(*way, "en"), PLACEHOLDER, german, english)


def codes_are_written_alike(ground: Ground) -> Iterator[Problem]:
    """Every code is 0x with eight capital hex digits, or AADSTS with its digits."""
    for fault in ground.knowledge.faults.values():
        for at, code in enumerate(fault.signals.codes):
            spot = ground.spot("faults", fault.id, "signals", "codes", at)
            yield from _code_problem(spot, code)
    for code in ground.knowledge.codes:
        yield from _code_problem(ground.spot("codes", code), code)
    for document in ground.reading.documents:
        for way, *sentences in document.texts:
            for code in sorted({c for text in sentences for c in LIKE_A_CODE.findall(text)}):
                yield from _code_problem(document.spot(*way), code)


def no_product_keys(ground: Ground) -> Iterator[Problem]:
    """No file holds anything that looks like a product key, not even in a comment."""
    for spot, line in _lines_like(ground, PRODUCT_KEY):
        for key in PRODUCT_KEY.findall(line):
            if set(key.upper()) != {"X", "-"}:
                yield Problem(spot, "product-key", {"end": key[-5:]})


def no_piracy(ground: Ground) -> Iterator[Problem]:
    """No activator is named outside the vocabulary, which recognises the request for one."""
    for spot, line in _lines_like(ground, PIRACY):
        if not spot.file.startswith("vocabulary/"):
            for name in PIRACY.findall(line):
                yield Problem(spot, "piracy", {"value": name})


# --- sources and days ------------------------------------------------------------------------


def sources_have_an_address(ground: Ground) -> Iterator[Problem]:
    """Everybody can read a source again: it has an address, unless it is the organisation's own.

    The article this project began with has none.
    """
    for id_, source in ground.knowledge.sources.items():
        if id_ != ARTICLE and not source.internal and not (source.url or "").startswith("https://"):
            yield Problem(ground.spot("sources", id_, "url"), "source-url", {"value": id_})


def days_have_been(ground: Ground) -> Iterator[Problem]:
    """Every day is a real one and not in the future."""
    for id_, source in ground.knowledge.sources.items():
        yield from _day_problem(ground, ground.spot("sources", id_, "read_on"), source.read_on)
    for fault in ground.knowledge.faults.values():
        spot = ground.spot("faults", fault.id, "reviewed_on")
        yield from _day_problem(ground, spot, fault.reviewed_on)


def reviewed_lately(ground: Ground) -> Iterator[Problem]:
    """Every fault in use was reviewed within a year."""
    for fault in ground.knowledge.faults.values():
        days = _days_since(fault.reviewed_on, ground.today)
        if fault.status is not Status.RETIRED and days > LONGEST_REVIEW:
            spot = ground.spot("faults", fault.id, "reviewed_on")
            yield Problem(spot, "old-review", {"value": fault.reviewed_on})


RULES = (
    ContentRule("known-checks", Severity.ERROR, known_checks),
    ContentRule("known-measures", Severity.ERROR, known_measures),
    ContentRule("known-faults", Severity.ERROR, known_faults),
    ContentRule("known-sources", Severity.ERROR, known_sources),
    ContentRule("known-evidence", Severity.ERROR, known_evidence),
    ContentRule("known-terms", Severity.ERROR, known_terms),
    ContentRule("known-facts", Severity.ERROR, known_facts),
    ContentRule("known-outputs", Severity.ERROR, known_outputs),
    ContentRule("known-signs", Severity.ERROR, known_signs),
    ContentRule("known-fact-values", Severity.ERROR, known_fact_values),
    ContentRule("facts-have-a-name", Severity.ERROR, facts_have_a_name),
    ContentRule("known-mechanisms", Severity.ERROR, known_mechanisms),
    ContentRule("confused-with-another", Severity.ERROR, confused_with_another),
    ContentRule("used-somewhere", Severity.WARNING, used_somewhere),
    ContentRule("faults-are-reached", Severity.ERROR, faults_are_reached),
    ContentRule("faults-fit-two-screens", Severity.ERROR, faults_fit_two_screens),
    ContentRule("codes-of-faults-are-known", Severity.ERROR, codes_of_faults_are_known),
    ContentRule("beginnings-differ", Severity.ERROR, beginnings_differ),
    ContentRule("codes-have-a-family", Severity.ERROR, codes_have_a_family),
    ContentRule("look-ups-change-nothing", Severity.ERROR, look_ups_change_nothing),
    ContentRule("known-placeholders", Severity.ERROR, known_placeholders),
    ContentRule("checks-in-order-of-phases", Severity.ERROR, checks_in_order_of_phases),
    ContentRule("ends-in-a-catch-all", Severity.ERROR, ends_in_a_catch_all),
    ContentRule("answers-every-answer", Severity.ERROR, answers_every_answer),
    ContentRule("answers-only-answers", Severity.ERROR, answers_only_answers),
    ContentRule("answered-once", Severity.ERROR, answered_once),
    ContentRule("measures-are-listed", Severity.ERROR, measures_are_listed),
    ContentRule("risk-never-falls", Severity.ERROR, risk_never_falls),
    ContentRule("one-usual-fault", Severity.ERROR, one_usual_fault),
    ContentRule("see-comes-to-an-end", Severity.ERROR, see_comes_to_an_end),
    ContentRule("lists-by-place", Severity.ERROR, lists_by_place),
    ContentRule("risk-has-its-words", Severity.ERROR, risk_has_its_words),
    ContentRule("admin-rights-are-named", Severity.ERROR, admin_rights_are_named),
    ContentRule("unique-answers", Severity.ERROR, unique_answers),
    ContentRule("short-labels", Severity.ERROR, short_labels),
    ContentRule("outputs-are-patterns", Severity.ERROR, outputs_are_patterns),
    ContentRule("terms-say-something", Severity.ERROR, terms_say_something),
    ContentRule("contexts-have-their-word", Severity.ERROR, contexts_have_their_word),
    ContentRule("terms-point-somewhere", Severity.ERROR, terms_point_somewhere),
    ContentRule("patterns-can-be-found", Severity.WARNING, patterns_can_be_found),
    ContentRule("known-explanations", Severity.ERROR, known_explanations),
    ContentRule("known-subjects", Severity.ERROR, known_subjects),
    ContentRule("explanations-are-asked-for", Severity.ERROR, explanations_are_asked_for),
    ContentRule("explanations-are-short", Severity.ERROR, explanations_are_short),
    ContentRule("both-languages", Severity.ERROR, both_languages),
    ContentRule("same-in-both-languages", Severity.ERROR, same_in_both_languages),
    ContentRule("same-placeholders", Severity.ERROR, same_placeholders),
    ContentRule("codes-are-written-alike", Severity.ERROR, codes_are_written_alike),
    ContentRule("no-product-keys", Severity.ERROR, no_product_keys),
    ContentRule("no-piracy", Severity.ERROR, no_piracy),
    ContentRule("sources-have-an-address", Severity.ERROR, sources_have_an_address),
    ContentRule("days-have-been", Severity.ERROR, days_have_been),
    ContentRule("reviewed-lately", Severity.WARNING, reviewed_lately),
)


def check(reading: Reading, today: date, messages: Messages) -> tuple[Finding, ...]:
    """Return everything that is wrong with what was read, in the order of files and lines."""
    found = list(loader_findings(reading, messages))
    if reading.knowledge:
        ground = Ground(reading, reading.knowledge, today)
        for rule in RULES:
            found += (messages.finding(rule.id, rule.severity, p) for p in rule.broken(ground))
    return tuple(sorted(set(found)))


# --- what several rules look at --------------------------------------------------------------


def _checks(ground: Ground, fault: Fault) -> Iterator[tuple[int, Check]]:
    """Yield the fault's checks that exist, with their position."""
    for at, use in enumerate(fault.checks):
        if use.use in ground.knowledge.checks:
            yield at, ground.knowledge.checks[use.use]


def _then(ground: Ground, fault: Fault, word: str) -> Iterator[tuple[Spot, str, str, str]]:
    """Yield place, check, answer and target of each outcome `word TARGET` of the fault."""
    for at, use in enumerate(fault.checks):
        for then_at, outcome in enumerate(use.answers):
            first, _, target = outcome.then.partition(" ")
            if first == word:
                way = ("checks", at, "answers", then_at, "then")
                yield ground.spot("faults", fault.id, *way), use.use, outcome.when, target


def _sourced(knowledge: Knowledge) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Yield kind, id and sources of everything that names sources."""
    for fault in knowledge.faults.values():
        yield "faults", fault.id, fault.sources
    for check in knowledge.checks.values():
        yield "checks", check.id, check.sources
    for measure in knowledge.measures.values():
        yield "measures", measure.id, measure.sources
    for question in knowledge.questions.values():
        yield "questions", question.id, question.sources
    for explanation in knowledge.explanations.values():
        yield "explanations", explanation.id, explanation.sources
    for id_, family in knowledge.families.items():
        yield "families", id_, family.sources


def _answered(
    knowledge: Knowledge,
) -> Iterator[tuple[str, str, str, Sequence[Answer | QuestionChoice]]]:
    """Yield kind, id, field and answers of everything that offers buttons."""
    for check in knowledge.checks.values():
        yield "checks", check.id, "answers", check.answers
    for question in knowledge.questions.values():
        yield "questions", question.id, "choices", question.choices


def _fact_values(ground: Ground) -> Iterator[tuple[Spot, str, str]]:
    """Yield place, fact and value wherever a value of a fact is named."""
    for check in ground.knowledge.checks.values():
        for at, answer in enumerate(check.answers):
            for value_at, value in enumerate(answer.facts):
                way = ("answers", at, "facts", value_at)
                yield ground.spot("checks", check.id, *way), check.fact or "", value
    for fault in ground.knowledge.faults.values():
        for fact, values in fault.signals.facts.items():
            for at, value in enumerate(values):
                yield ground.spot("faults", fault.id, "signals", "facts", fact, at), fact, value
        for at, reason in enumerate(fault.escalation.when):
            for sign_at, sign in enumerate(reason.signs):
                fact, equals, value = sign.partition("=")
                if equals:
                    spot = ground.spot(
                        "faults", fault.id, "escalation", "when", at, "signs", sign_at
                    )
                    yield spot, fact, value


def _commanding(knowledge: Knowledge) -> Iterator[tuple[str, Check | Measure]]:
    """Yield everything that may have a command, with its kind."""
    yield from (("checks", check) for check in knowledge.checks.values())
    yield from (("measures", measure) for measure in knowledge.measures.values())


def _commands(knowledge: Knowledge) -> Iterator[str]:
    yield from (thing.command.text for _, thing in _commanding(knowledge) if thing.command)
    yield from (item.command for item in knowledge.evidence.values() if item.command)


def _patterns(ground: Ground) -> Iterator[tuple[Spot, str]]:
    """Yield every pattern that is looked for in messages, with its place."""
    for term in ground.knowledge.terms.values():
        for language, patterns in (("de", term.de), ("en", term.en)):
            for at, pattern in enumerate(patterns):
                yield ground.spot("terms", term.id, language, at), pattern
    for id_, explanation in ground.knowledge.explanations.items():
        for language, patterns in (("de", explanation.asked.de), ("en", explanation.asked.en)):
            for at, pattern in enumerate(patterns):
                yield ground.spot("explanations", id_, "asked", language, at), pattern


def _forms(pattern: str) -> Iterator[str]:
    """Yield the forms of a pattern that are compared letter by letter: those with | or *."""
    for word in pattern.split():
        if "|" in word or "*" in word:
            yield from word.split("|")


def _repeated(values: Iterable[str]) -> Iterator[int]:
    """Yield the positions of values that stood before."""
    seen: set[str] = set()
    for at, value in enumerate(values):
        if value in seen:
            yield at
        seen.add(value)


def _has_malformed(ground: Ground, kind: str) -> bool:
    return any(kind_ == kind for kind_, _ in ground.reading.malformed)


def _is_name(text: str) -> bool:
    """Return whether the text is the same in every language: at most three words, no verb."""
    words = text.split()
    return len(words) <= LONGEST_NAME and not any(word[0].islower() for word in words)


def _differences(spot: Spot, what: re.Pattern[str], german: str, english: str) -> Iterator[Problem]:
    """Yield what stands in one language and not in the other."""
    in_german, in_english = Counter(what.findall(german)), Counter(what.findall(english))
    for value in sorted(set(in_german) - set(in_english)):
        yield Problem(spot, "only-german", {"value": value})
    for value in sorted(set(in_english) - set(in_german)):
        yield Problem(spot, "only-english", {"value": value})


def _code_problem(spot: Spot, code: str) -> Iterator[Problem]:
    if re.match(CODE, code):
        return
    bare = re.sub(r"[ -]", "", code).upper()
    repaired = "0x" + bare[2:] if bare.startswith("0X") else bare
    choices = (repaired,) if re.match(CODE, repaired) else ()
    yield Problem(spot, "code-form", {"value": code}, choices)


def _lines_like(ground: Ground, pattern: re.Pattern[str]) -> Iterator[tuple[Spot, str]]:
    """Yield the lines, comments too, of every document in which a pattern occurs."""
    for document in ground.reading.documents:
        if pattern.search(document.text):
            for at, line in enumerate(document.text.splitlines(), start=1):
                yield Spot(document.file, at), line


def _days_since(day: str, today: date) -> int:
    """Return how many days ago that was; 0 when there is no such day, which has its own rule."""
    try:
        return (today - date.fromisoformat(day)).days
    except ValueError:
        return 0


def _day_problem(ground: Ground, spot: Spot, day: str) -> Iterator[Problem]:
    try:
        known = date.fromisoformat(day)
    except ValueError:
        yield Problem(spot, "no-day", {"value": day})
        return
    if known > ground.today:
        yield Problem(spot, "future-day", {"value": day, "today": ground.today.isoformat()})


Constraints = Mapping[str, frozenset[str]]


@dataclass(frozen=True)
class _See:
    """A way from one fault to another: the answers a person gives until they are sent there."""

    to: str
    given: Constraints
    spot: Spot


def _see_steps(ground: Ground, fault: Fault) -> Iterator[_See]:
    """Yield the ways out of a fault, each with the answers that lead there."""
    so_far: dict[str, frozenset[str]] = {}
    for at, use in enumerate(fault.checks):
        for then_at, outcome in enumerate(use.answers):
            first, _, target = outcome.then.partition(" ")
            if first == "see":
                way = ("checks", at, "answers", then_at, "then")
                given = so_far | {use.use: frozenset({outcome.when})}
                yield _See(target, given, ground.spot("faults", fault.id, *way))
        on = frozenset(outcome.when for outcome in use.answers if outcome.then == "next check")
        so_far[use.use] = on


def _circles(
    start: str,
    at: str,
    path: tuple[str, ...],
    given: Constraints,
    steps: Mapping[str, list[_See]],
) -> Iterator[tuple[tuple[str, ...], Spot]]:
    """Yield the circles through `start`, smallest id first, that one set of answers walks."""
    for step in steps.get(at, ()):
        together = _both(given, step.given)
        if together is None:
            continue
        if step.to == start:
            yield path, step.spot
        elif step.to > start and step.to not in path:
            yield from _circles(start, step.to, (*path, step.to), together, steps)


def _both(one: Constraints, other: Constraints) -> Constraints | None:
    """Return the answers that fit both, or None when a check would need two answers."""
    together = dict(one)
    for check_id, answers in other.items():
        together[check_id] = together.get(check_id, answers) & answers
        if not together[check_id]:
            return None
    return together
