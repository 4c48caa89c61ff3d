"""The form of the knowledge: what a file in this folder may say.

Every model is frozen and refuses fields that it does not know. Sentences for people come as
`Text`, German and English side by side; facts stand once.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from knowledge.words import (
    Context,
    Language,
    Mechanism,
    Need,
    Phase,
    Place,
    Product,
    Risk,
    Shell,
    Status,
    Team,
    TermKind,
)

CODE = r"^(0x[0-9A-F]{8}|AADSTS[0-9]{5,7})$"
#: How the codes of a family begin.
BEGINNING = r"^(0x[0-9A-F]{3,8}|AADSTS[0-9]{0,7})$"
DAY = r"^20[0-9]{2}-[01][0-9]-[0-3][0-9]$"
ID = r"^[a-z0-9]+([-_][a-z0-9]+)*$"
OUTCOME = r"^(next check|hand over|resolved|measure [a-z0-9-]+|see [a-z0-9-]+)$"


class Model(BaseModel):
    """A piece of knowledge: frozen, and closed to unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Text(Model):
    """A sentence for people, in both languages."""

    de: str = Field(min_length=1)
    en: str = Field(min_length=1)


class Command(Model):
    """What a person types or opens. `elevated` means: in a window run as administrator."""

    text: str = Field(min_length=1)
    shell: Shell
    elevated: bool = False


class Source(Model):
    """Where a statement comes from, and the day it was read there.

    `internal`: a rule or page of the own organisation, which needs no address.
    """

    title: str
    internal: bool = False
    url: str | None = None
    read_on: str = Field(pattern=DAY)


class Answer(Model):
    """One possible result of a check.

    `facts` are the values a reader gives for it, `lacks` what the person is without after it.
    """

    id: str
    label: Text
    facts: tuple[str, ...] = ()
    lacks: tuple[Need, ...] = ()


class Check(Model):
    """One thing to look at, and the closed list of what one may see there."""

    id: str = Field(pattern=ID)
    title: Text
    phase: Phase
    why: Text
    body: Text
    read: Text
    command: Command | None = None
    alternative: Text | None = None
    needs: tuple[Need, ...] = ()
    reader: str | None = None
    fact: str | None = None
    answers: tuple[Answer, ...] = Field(min_length=2)
    sources: tuple[str, ...] = Field(min_length=1)


class Measure(Model):
    """One thing to do. `undo` says the way back; `before` what to secure first.

    `gives` is what the person has again once it is done (connecting the VPN: company_network).
    """

    id: str = Field(pattern=ID)
    title: Text
    body: Text
    command: Command | None = None
    needs: tuple[Need, ...] = ()
    gives: tuple[Need, ...] = ()
    risk: Risk
    warning: Text | None = None
    before: Text | None = None
    undo: Text | None = None
    sources: tuple[str, ...] = Field(min_length=1)


class Signals(Model):
    """What points to a fault. `messages` are words of the message that the person sees."""

    codes: tuple[str, ...] = ()
    messages: dict[Language, tuple[str, ...]] = Field(default_factory=dict)
    context: tuple[Context, ...] = ()
    terms: tuple[str, ...] = ()
    facts: dict[str, tuple[str, ...]] = Field(default_factory=dict)


class Outcome(Model):
    """Where an answer leads: next check, hand over, resolved, measure ID, see FAULT."""

    when: str
    then: str = Field(pattern=OUTCOME)


class CheckUse(Model):
    """A check as a fault uses it."""

    use: str
    answers: tuple[Outcome, ...] = Field(min_length=1)


class EscalationSign(Text):
    """A reason to hand over at once: all `signs` together, in words beside it.

    A sign is a context, a term of the vocabulary, a code, or `fact=value`.
    Without signs, the sentence is advice for the person who reads the fault.
    """

    signs: tuple[str, ...] = ()


class Escalation(Model):
    """Who takes the fault over, when, and with which evidence.

    `always`: only the team can mend it. A backlog is sorted so from the first message on; the
    checks still collect what the team needs, and try what the person can do meanwhile.
    """

    team: Team
    always: bool = False
    when: tuple[EscalationSign, ...] = Field(min_length=1)
    bring: tuple[str, ...] = Field(min_length=1)


class Fault(Model):
    """One fault, from what it is to who takes it over.

    `also` are further mechanisms that it occurs in, for what has nothing to do with how a licence
    is activated: a damaged licence store fails a KMS client and a retail key alike.
    """

    id: str = Field(pattern=ID)
    title: Text
    status: Status
    reviewed_on: str = Field(pattern=DAY)
    product: Product
    mechanism: Mechanism
    also: tuple[Mechanism, ...] = ()
    usual: bool = False
    signals: Signals
    meaning: Text
    not_to_confuse_with: tuple[str, ...] = ()
    causes: tuple[Text, ...] = Field(min_length=1)
    checks: tuple[CheckUse, ...] = Field(min_length=1)
    measures: dict[Place, tuple[str, ...]]
    offline_limit: Text
    warnings: tuple[Text, ...] = ()
    escalation: Escalation
    sources: tuple[str, ...] = Field(min_length=1)

    @property
    def mechanisms(self) -> frozenset[Mechanism]:
        """Return every mechanism that the fault occurs in."""
        return frozenset({self.mechanism, *self.also})


class Evidence(Text):
    """Something to attach to a case; `command` gives it."""

    command: str | None = None


class MechanismInfo(Text):
    """A mechanism in words, as a choice of a question and in a summary.

    `start_with` names the fault to walk when the mechanism has none of its own. `anchor` says what
    the licence is bound to, `trigger` what disturbs that.
    """

    product: Product
    start_with: str | None = None
    anchor: Text | None = None
    trigger: Text | None = None


class Fact(Model):
    """Something a pasted output can establish; without `values` any value will do."""

    values: tuple[str, ...] = ()


class Output(Model):
    """The shape of a command's output: `lines` are regular expressions for single lines.

    A text holds this output when at least `at_least` different ones of them are found.
    """

    command: str
    lines: tuple[str, ...] = Field(min_length=1)
    at_least: int = 2


class CodeFact(Model):
    """A code that exists: its symbolic name, product and the mechanisms it occurs in."""

    name: str | None = None
    product: Product
    mechanisms: tuple[Mechanism, ...] = ()


class Family(Model):
    """Codes that begin alike and come from one part of Windows, Office or Entra ID. No advice.

    `look_up` shows the maker's own text for a code; `{code}` and `{number}` in it, and in
    `meaning`, stand for the code and for the number behind it. `ours`: it may have to do with
    activation and licensing.
    """

    begins: tuple[Annotated[str, Field(pattern=BEGINNING)], ...] = Field(min_length=1)
    title: Text
    meaning: Text
    look_up: Command | None = None
    team: Team = Team.NONE
    ours: bool = True
    sources: tuple[str, ...] = Field(min_length=1)


class Weights(Model):
    """How evidence is weighed in triage; see knowledge/weights.yaml for what each means."""

    classifier: float
    code: float
    term: float
    fact: float
    other_product: float
    ask_below: float
    refuse_from: float
    foreign_from: float
    team_from: float
    team_below: float
    understood_from: float
    patience: int


class Term(Model):
    """Words people use for one thing. Patterns: see knowledge/vocabulary/README.

    `overrides` are terms that say less and are dropped beside this one.
    """

    id: str = Field(pattern=ID)
    kind: TermKind
    points_to: dict[Mechanism, float] = Field(default_factory=dict)
    product: Product | None = None
    overrides: tuple[str, ...] = ()
    de: tuple[str, ...] = ()
    en: tuple[str, ...] = ()


class Asked(Model):
    """How people name what they want explained; patterns as in knowledge/vocabulary/README."""

    de: tuple[str, ...] = ()
    en: tuple[str, ...] = ()


class Explanation(Model):
    """What a word means, or why something is asked or forbidden: two to four sentences.

    `about` names the measures, checks or faults whose reason this is.
    """

    id: str = Field(pattern=ID)
    title: Text
    asked: Asked
    text: Text
    see_also: tuple[str, ...] = ()
    about: tuple[str, ...] = ()
    sources: tuple[str, ...] = Field(min_length=1)


class QuestionChoice(Model):
    """An answer to a discriminating question, and the mechanisms it leaves."""

    id: str
    label: Text
    leaves: tuple[Mechanism, ...] = ()


class Question(Model):
    """A question that tells mechanisms apart.

    `opening`: it is worth asking even when nothing is known yet.
    """

    id: str = Field(pattern=ID)
    title: Text
    body: Text
    why: Text
    opening: bool = False
    command: Command | None = None
    choices: tuple[QuestionChoice, ...] = Field(min_length=2)
    sources: tuple[str, ...] = Field(min_length=1)
