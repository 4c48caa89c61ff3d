"""Where the statements of the article live: the form of article.yaml, and what it demands.

A statement names places in the knowledge, and says for each what must be true there. Every demand
can also say how it could be lost: with that, a test shows that no demand is empty.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, model_validator
from ruamel.yaml import YAML

from knowledge.schema import Text
from knowledge.store import Knowledge
from knowledge.words import Language, Phase, Risk, Team

FILE = Path(__file__).parent / "article.yaml"
#: The way from a thing to a value inside it: names of fields, and of keys.
Way = tuple[str, ...]


class Part(StrEnum):
    """A part of the article."""

    BASICS = "basics"
    MECHANISMS = "mechanism table"
    WINDOWS = "windows table"
    M365 = "microsoft 365 table"
    LOGS = "log and tool table"
    ORDER = "order of work"
    ONLINE = "with internet"
    OFFLINE = "without internet"
    COMMANDS = "commands"
    WARNINGS = "warnings"
    ESCALATION = "escalation"


class Closed(BaseModel):
    """A piece of article.yaml: frozen, and closed to unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Words(Closed):
    """Key words that a text has: `both` in each language, `de` and `en` in theirs."""

    both: tuple[str, ...] = ()
    de: tuple[str, ...] = ()
    en: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _some(self) -> "Words":
        if not (self.both or (self.de and self.en)):
            raise ValueError("name words for both languages")
        return self

    def of(self, language: Language) -> tuple[str, ...]:
        """Return the words that a text in this language has."""
        return (*self.both, *(self.de if language is Language.DE else self.en))


# --- demands: what must be true of one thing, and how it could be lost ------------------------


@dataclass(frozen=True)
class Listed:
    """A list holds a value."""

    way: Way
    value: str

    def met(self, thing: Any) -> bool:
        return self.value in at(thing, self.way, ())

    def lost(self, thing: Any) -> str:
        return f'"{self.value}"'

    def losses(self, thing: Any) -> Iterator[Any]:
        rest = tuple(value for value in at(thing, self.way, ()) if value != self.value)
        yield changed(thing, self.way, rest)


@dataclass(frozen=True)
class Equal:
    """A field has a value."""

    way: Way
    value: str | bool

    def met(self, thing: Any) -> bool:
        return bool(at(thing, self.way, None) == self.value)

    def lost(self, thing: Any) -> str:
        return f'"{self.value}" ({at(thing, self.way, None)})'

    def losses(self, thing: Any) -> Iterator[Any]:
        yield changed(thing, self.way, None)


@dataclass(frozen=True)
class Said:
    """A text, or one of several, has all the words, in both languages."""

    way: Way
    words: Words

    def met(self, thing: Any) -> bool:
        return any(not self._missing(text) for text in texts(at(thing, self.way, ())))

    def losses(self, thing: Any) -> Iterator[Any]:
        """Yield the thing without each of the words, in each of the languages."""
        for language in Language:
            for word in self.words.of(language):
                yield changed(thing, self.way, erased(at(thing, self.way, ()), language, word))

    def lost(self, thing: Any) -> str:
        """Return the words that are missing in the text that comes closest."""
        found = texts(at(thing, self.way, ())) or (Text.model_construct(de="", en=""),)
        closest = min((self._missing(text) for text in found), key=len)
        return ", ".join(f'"{word}" ({language})' for language, word in closest)

    def _missing(self, text: Text) -> list[tuple[Language, str]]:
        return [
            (language, word)
            for language in Language
            for word in self.words.of(language)
            if word.casefold() not in getattr(text, language).casefold()
        ]


@dataclass(frozen=True)
class Ordered:
    """A fault uses all the checks, in this order."""

    checks: tuple[str, ...]
    way: ClassVar[Way] = ("checks",)

    def met(self, thing: Any) -> bool:
        return self._used(thing) == self.checks

    def lost(self, thing: Any) -> str:
        return f"{' → '.join(self.checks)} ({' → '.join(self._used(thing))})"

    def losses(self, thing: Any) -> Iterator[Any]:
        """Yield the fault without each of the checks, and with all checks the other way round."""
        for name in self.checks:
            rest = tuple(use for use in thing.checks if use.use != name)
            yield changed(thing, self.way, rest)
        if len(self.checks) > 1:
            yield changed(thing, self.way, thing.checks[::-1])

    def _used(self, thing: Any) -> tuple[str, ...]:
        return tuple(use.use for use in thing.checks if use.use in self.checks)


@dataclass(frozen=True)
class Leads:
    """An answer of a check leads somewhere."""

    check: str
    when: str
    then: str
    way: ClassVar[Way] = ("checks",)

    def met(self, thing: Any) -> bool:
        return any(
            (use.use, answer.when, answer.then) == (self.check, self.when, self.then)
            for use in thing.checks
            for answer in use.answers
        )

    def lost(self, thing: Any) -> str:
        return f"{self.check}: {self.when} → {self.then}"

    def losses(self, thing: Any) -> Iterator[Any]:
        left = tuple(
            use.model_copy(update={"answers": tuple(a for a in use.answers if a.when != self.when)})
            for use in thing.checks
        )
        yield changed(thing, self.way, left)


@dataclass(frozen=True)
class HandsOver:
    """All the signs together hand a fault over at once."""

    signs: tuple[str, ...]
    way: ClassVar[Way] = ("escalation", "when")

    def met(self, thing: Any) -> bool:
        return any(set(reason.signs) == set(self.signs) for reason in thing.escalation.when)

    def lost(self, thing: Any) -> str:
        return " + ".join(self.signs)

    def losses(self, thing: Any) -> Iterator[Any]:
        rest = tuple(r for r in thing.escalation.when if set(r.signs) != set(self.signs))
        yield changed(thing, self.way, rest)


Demand = Listed | Equal | Said | Ordered | Leads | HandsOver


def at(thing: Any, way: Way, otherwise: Any) -> Any:
    """Return what stands at the end of the way, or `otherwise` when it does not go so far."""
    for step in way:
        thing = thing.get(step) if isinstance(thing, Mapping) else getattr(thing, step, None)
        if thing is None:
            return otherwise
    return thing


def changed(thing: Any, way: Way, value: Any) -> Any:
    """Return a copy of the thing with another value at the end of the way."""
    if not way:
        return value
    inner = changed(at(thing, way[:1], None), way[1:], value)
    if isinstance(thing, Mapping):
        return {**thing, way[0]: inner}
    return thing.model_copy(update={way[0]: inner})


def texts(found: Any) -> tuple[Text, ...]:
    """Return one or several texts as several."""
    return (found,) if isinstance(found, Text) else tuple(found)


def erased(found: Any, language: Language, word: str) -> tuple[Text, ...]:
    """Return the texts without a word in one language."""
    return tuple(
        text.model_copy(update={language.value: _without_word(getattr(text, language), word)})
        for text in texts(found)
    )


def _without_word(text: str, word: str) -> str:
    return text.casefold().replace(word.casefold(), "")


# --- places: the things of the knowledge, each with what may be demanded of it ----------------


class Place(Closed):
    """A thing of the knowledge. `says`: words that its fields have."""

    kind: ClassVar[str]
    #: Where a kind has a file for each of its things.
    folder: ClassVar[bool] = True

    says: dict[str, Words] = Field(default_factory=dict)

    @property
    def id(self) -> str:
        """Return the id of the thing: the first field that its own form adds."""
        name = next(name for name in type(self).model_fields if name != "says")
        return str(getattr(self, name))

    @property
    def file(self) -> str:
        """Return the file in which the thing stands."""
        return f"knowledge/{self.kind}" + (f"/{self.id}.yaml" if self.folder else ".yaml")

    def demands(self) -> Iterator[Demand]:
        """Yield everything that must be true of the thing."""
        for field, words in self.says.items():
            yield Said(tuple(field.split(".")), words)


class InFault(Place):
    """A fault. `checks`: used in this order. `hands_over`: signs that do so together."""

    kind: ClassVar[str] = "faults"

    fault: str
    codes: tuple[str, ...] = ()
    messages: dict[Language, tuple[str, ...]] = Field(default_factory=dict)
    context: tuple[str, ...] = ()
    terms: tuple[str, ...] = ()
    confused: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    answers: dict[str, dict[str, str]] = Field(default_factory=dict)
    online: tuple[str, ...] = ()
    intranet: tuple[str, ...] = ()
    offline: tuple[str, ...] = ()
    team: Team | None = None
    hands_over: tuple[tuple[str, ...], ...] = ()
    bring: tuple[str, ...] = ()

    def demands(self) -> Iterator[Demand]:
        """Yield everything that must be true of the fault."""
        yield from super().demands()
        yield from self._listed()
        if self.checks:
            yield Ordered(self.checks)
        for check, answers in self.answers.items():
            yield from (Leads(check, when, then) for when, then in answers.items())
        if self.team:
            yield Equal(("escalation", "team"), self.team)
        yield from (HandsOver(signs) for signs in self.hands_over)

    def _listed(self) -> Iterator[Demand]:
        lists: Mapping[Way, Sequence[str]] = {
            ("signals", "codes"): self.codes,
            ("signals", "context"): self.context,
            ("signals", "terms"): self.terms,
            **{("signals", "messages", name): texts for name, texts in self.messages.items()},
            ("not_to_confuse_with",): self.confused,
            ("measures", "online"): self.online,
            ("measures", "intranet"): self.intranet,
            ("measures", "offline"): self.offline,
            ("escalation", "bring"): self.bring,
        }
        yield from (Listed(way, value) for way, values in lists.items() for value in values)


class InCheck(Place):
    """A check."""

    kind: ClassVar[str] = "checks"

    check: str
    phase: Phase | None = None
    command: str | None = None
    reader: str | None = None
    fact: str | None = None

    def demands(self) -> Iterator[Demand]:
        """Yield everything that must be true of the check."""
        yield from super().demands()
        for field in ("phase", "reader", "fact"):
            if getattr(self, field):
                yield Equal((field,), getattr(self, field))
        if self.command:
            yield Equal(("command", "text"), self.command)


class InMeasure(Place):
    """A measure."""

    kind: ClassVar[str] = "measures"

    measure: str
    command: str | None = None
    risk: Risk | None = None
    needs: tuple[str, ...] = ()

    def demands(self) -> Iterator[Demand]:
        """Yield everything that must be true of the measure."""
        yield from super().demands()
        if self.command:
            yield Equal(("command", "text"), self.command)
        if self.risk:
            yield Equal(("risk",), self.risk)
        yield from (Listed(("needs",), need) for need in self.needs)


class InExplanation(Place):
    """An explanation. `about`: whose reason it is."""

    kind: ClassVar[str] = "explanations"

    explanation: str
    about: tuple[str, ...] = ()

    def demands(self) -> Iterator[Demand]:
        """Yield everything that must be true of the explanation."""
        yield from super().demands()
        yield from (Listed(("about",), subject) for subject in self.about)


class InQuestion(Place):
    """A question that tells mechanisms apart."""

    kind: ClassVar[str] = "questions"

    question: str


class InMechanism(Place):
    """A mechanism in words."""

    kind: ClassVar[str] = "mechanisms"
    folder: ClassVar[bool] = False

    mechanism: str
    words: Words

    def demands(self) -> Iterator[Demand]:
        """Yield the words that must be there."""
        yield Said((), self.words)


class InEvidence(Place):
    """A piece of evidence."""

    kind: ClassVar[str] = "evidence"
    folder: ClassVar[bool] = False

    evidence: str
    words: Words
    command: str | None = None

    def demands(self) -> Iterator[Demand]:
        """Yield everything that must be true of the evidence."""
        yield Said((), self.words)
        if self.command:
            yield Equal(("command",), self.command)


class InFact(Place):
    """A fact that a pasted output proves."""

    kind: ClassVar[str] = "facts"
    folder: ClassVar[bool] = False

    fact: str
    values: tuple[str, ...] = ()

    def demands(self) -> Iterator[Demand]:
        """Yield the values that must be possible."""
        yield from (Listed(("values",), value) for value in self.values)


AnyPlace = (
    InFault | InCheck | InMeasure | InExplanation | InQuestion | InMechanism | InEvidence | InFact
)


# --- statements ---------------------------------------------------------------------------------


class Statement(Closed):
    """A statement of the article, where it stands there, and where it lives in the knowledge."""

    id: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")
    part: Part
    where: str = Field(min_length=1)
    lives_in: tuple[AnyPlace, ...] = Field(min_length=1)


class Article(Closed):
    """What article.yaml holds. `lost_thing` and `lost_value` are what a failing test says."""

    lost_thing: Text
    lost_value: Text
    parts: dict[Part, Text]
    statements: tuple[Statement, ...]

    def losses(self, statement: Statement, knowledge: Knowledge) -> Iterator[str]:
        """Yield a sentence, in both languages, for everything that the knowledge has lost."""
        for place in statement.lives_in:
            thing = getattr(knowledge, place.kind).get(place.id)
            if thing is None:
                yield self._sentence(self.lost_thing, statement, file=place.file, value=place.id)
                continue
            for demand in place.demands():
                if not demand.met(thing):
                    values = {
                        "field": ".".join(demand.way) or place.id,
                        "value": demand.lost(thing),
                    }
                    yield self._sentence(self.lost_value, statement, file=place.file, **values)

    def _sentence(self, text: Text, statement: Statement, **values: str) -> str:
        part = self.parts[statement.part]
        german = text.de.format(id=statement.id, part=part.de, **values)
        return f"{german} ({text.en.format(id=statement.id, part=part.en, **values)})"


def read_article() -> Article:
    """Return article.yaml, strictly read."""
    return Article.model_validate(YAML(typ="safe", pure=True).load(FILE))


def without(knowledge: Knowledge, place: Place) -> Knowledge:
    """Return the knowledge without the thing at the place."""
    things = getattr(knowledge, place.kind)
    return _with(knowledge, place, {k: v for k, v in things.items() if k != place.id})


def damaged(knowledge: Knowledge, place: Place, demand: Demand) -> Iterator[Knowledge]:
    """Yield the knowledge with each loss of what is demanded at the place."""
    things = getattr(knowledge, place.kind)
    for thing in demand.losses(things[place.id]):
        yield _with(knowledge, place, {**things, place.id: thing})


def _with(knowledge: Knowledge, place: Place, things: Mapping[str, Any]) -> Knowledge:
    change: dict[str, Any] = {place.kind: things}
    return replace(knowledge, **change)
