"""Load the knowledge into one frozen object, strictly: nothing is guessed, nothing skipped.

`load` is for whoever works with the knowledge; it raises when a file does not have its form.
`read` is for the check: it goes on after a malformed file and says where everything stands.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from knowledge.documents import Document, Way, read_document
from knowledge.errors import MalformedKnowledgeError
from knowledge.findings import Finding, Messages, Problem, Spot, read_messages
from knowledge.form import form_problems
from knowledge.schema import (
    Check,
    CodeFact,
    Evidence,
    Explanation,
    Fact,
    Family,
    Fault,
    Measure,
    MechanismInfo,
    Model,
    Output,
    Question,
    Source,
    Term,
    Text,
    Weights,
)
from knowledge.words import Mechanism, Severity, Status

HOME = Path(__file__).parent
M = TypeVar("M", bound=Model)

#: Folders with one thing in one file.
UNITS: dict[str, type[Model]] = {
    "faults": Fault,
    "checks": Check,
    "measures": Measure,
    "questions": Question,
    "explanations": Explanation,
}
#: Files with many small things, by id.
TABLES: dict[str, type[Model]] = {
    "mechanisms": MechanismInfo,
    "evidence": Evidence,
    "sources": Source,
    "facts": Fact,
    "outputs": Output,
    "codes": CodeFact,
    "families": Family,
}
#: The messages that the loader itself can give; everything else comes from content_rules.py.
LOADER_RULES = (
    "anchor",
    "duplicate-id",
    "duplicate-key",
    "empty-file",
    "file-name",
    "file-suffix",
    "form",
    "missing-field",
    "missing-file",
    "not-a-block",
    "not-a-list",
    "not-a-number",
    "not-text",
    "not-true-or-false",
    "not-utf8",
    "pattern-begins",
    "pattern-id",
    "pattern-read_on",
    "pattern-reviewed_on",
    "pattern-then",
    "split-text",
    "too-few",
    "unknown-field",
    "unknown-word",
    "unquoted-code",
    "unquoted-day",
    "yaml",
)


@dataclass(frozen=True)
class Knowledge:
    """Everything the helpdesk knows, by id."""

    faults: Mapping[str, Fault]
    checks: Mapping[str, Check]
    measures: Mapping[str, Measure]
    questions: Mapping[str, Question]
    explanations: Mapping[str, Explanation]
    terms: Mapping[str, Term]
    mechanisms: Mapping[Mechanism, MechanismInfo]
    phrases: Mapping[str, Text]
    evidence: Mapping[str, Evidence]
    sources: Mapping[str, Source]
    facts: Mapping[str, Fact]
    outputs: Mapping[str, Output]
    codes: Mapping[str, CodeFact]
    families: Mapping[str, Family]
    weights: Weights

    @cached_property
    def explained(self) -> frozenset[str]:
        """Every code that a fault in use lists."""
        used = (fault for fault in self.faults.values() if fault.status is not Status.RETIRED)
        return frozenset(code for fault in used for code in fault.signals.codes)


@dataclass(frozen=True)
class Reading:
    """The knowledge as far as it could be read, and where everything in it stands.

    `knowledge` lacks what `malformed` names; it is None when nothing can be said without the
    missing part. `places` leads from a kind ("faults", "terms", …) and an id to the document
    and to the way inside it.
    """

    knowledge: Knowledge | None
    documents: tuple[Document, ...]
    places: Mapping[tuple[str, str], tuple[Document, Way]]
    malformed: frozenset[tuple[str, str]]
    problems: tuple[Problem, ...]

    def spot(self, kind: str, id_: str, *way: str | int) -> Spot:
        """Return the file and line of a value."""
        document, start = self.places[kind, id_]
        return document.spot(*start, *way)


@dataclass
class _Reader:
    """Collects what the files under `home` hold."""

    home: Path
    found: dict[str, dict[str, Any]] = field(default_factory=dict)
    documents: list[Document] = field(default_factory=list)
    places: dict[tuple[str, str], tuple[Document, Way]] = field(default_factory=dict)
    malformed: set[tuple[str, str]] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)

    def document(self, path: Path) -> Document | None:
        document, problems = read_document(path, self.home)
        self.problems += problems
        if document:
            self.documents.append(document)
        return document

    def keep(self, kind: str, id_: str, model: type[Model], document: Document, way: Way) -> None:
        """Keep the thing at `way` under its id, or note why it cannot be."""
        if (kind, id_) in self.places:
            other = self.spot_of(kind, id_)
            values = {"value": id_, "file": other.file, "line": str(other.line)}
            self.problems.append(Problem(document.spot(*way), "duplicate-id", values))
            return
        self.places[kind, id_] = (document, way)
        try:
            thing = model.model_validate(_inside(document.data, way))
        except ValidationError as error:
            self.malformed.add((kind, id_))
            self.problems += form_problems(error, model, document, way)
            return
        self.found.setdefault(kind, {})[id_] = thing

    def spot_of(self, kind: str, id_: str) -> Spot:
        document, way = self.places[kind, id_]
        return document.spot(*way)

    def units(self, kind: str, model: type[Model]) -> None:
        """Read a folder: one thing in one file, and the file has the name of the thing."""
        for path in _yaml_files(self.home / kind):
            document = self.document(path)
            if not document:
                self.malformed.add((kind, path.stem))
                continue
            self.keep(kind, path.stem, model, document, ())
            thing = self.found.get(kind, {}).get(path.stem)
            if thing and thing.id != path.stem:
                values = {"value": thing.id, "name": path.stem}
                self.problems.append(Problem(document.spot("id"), "file-name", values))
                self.malformed |= {(kind, path.stem), (kind, thing.id)}
                del self.found[kind][path.stem]

    def table(self, kind: str, path: Path, model: type[Model]) -> None:
        """Read a file of many things by id."""
        document = self.document(path)
        if not document:
            self.malformed.add((kind, "*"))
        elif not isinstance(document.data, dict):
            self.problems.append(Problem(document.spot(), "not-a-block", {"field": path.stem}))
        else:
            for id_ in document.data:
                self.keep(kind, id_, model, document, (id_,))

    def terms(self, path: Path) -> None:
        """Read a file of the vocabulary: a list of terms."""
        document = self.document(path)
        if not document:
            self.malformed.add(("terms", "*"))
        elif not isinstance(document.data, list):
            self.problems.append(Problem(document.spot(), "not-a-list", {"field": path.stem}))
        else:
            for at, term in enumerate(document.data):
                name = term.get("id") if isinstance(term, dict) else None
                self.keep("terms", str(name or f"{path.stem}[{at}]"), Term, document, (at,))

    def mechanisms(self) -> dict[Mechanism, MechanismInfo]:
        """Return the mechanisms by their word; other words are noted and left out."""
        named = self.found.get("mechanisms", {})
        words = tuple(Mechanism)
        for id_ in named:
            if id_ not in words:
                spot, values = self.spot_of("mechanisms", id_), {"field": "id", "value": id_}
                self.problems.append(Problem(spot, "unknown-word", values, words))
        return {Mechanism(id_): info for id_, info in named.items() if id_ in words}


def load(home: Path = HOME) -> Knowledge:
    """Return the knowledge under `home`.

    Raises KnowledgeError, with every finding, when a file does not have its form. What the
    content rules say is not asked here: the check does that before knowledge is published.
    """
    reading = read(home)
    if reading.problems or not reading.knowledge:
        raise MalformedKnowledgeError(loader_findings(reading, read_messages()))
    return reading.knowledge


def loader_findings(reading: Reading, messages: Messages) -> tuple[Finding, ...]:
    """Return what the loader found, in words and in the order of the files."""
    found = (messages.finding(p.message, Severity.ERROR, p) for p in reading.problems)
    return tuple(sorted(found))


def read(home: Path = HOME) -> Reading:
    """Return everything under `home` that can be read, and what cannot."""
    reader = _Reader(home)
    for kind, model in UNITS.items():
        reader.units(kind, model)
    for kind, model in TABLES.items():
        reader.table(kind, home / f"{kind}.yaml", model)
    for path in _yaml_files(home / "phrases"):
        reader.table("phrases", path, Text)
    for path in _yaml_files(home / "vocabulary"):
        reader.terms(path)
    weights = reader.document(home / "weights.yaml")
    if weights:
        reader.keep("weights", "weights", Weights, weights, ())
    reader.problems += _wrong_suffixes(home)
    knowledge = _knowledge(reader)
    return Reading(
        knowledge,
        tuple(reader.documents),
        reader.places,
        frozenset(reader.malformed),
        tuple(reader.problems),
    )


def _knowledge(reader: _Reader) -> Knowledge | None:
    mechanisms = reader.mechanisms()
    weights = reader.found.get("weights", {}).get("weights")
    if not weights:
        return None
    kinds = {*UNITS, *TABLES, "terms", "phrases"} - {"mechanisms"}
    things = {kind: reader.found.get(kind, {}) for kind in kinds}
    return Knowledge(**things, mechanisms=mechanisms, weights=weights)


def _inside(data: Any, way: Way) -> Any:
    for step in way:
        data = data[step]
    return data


def _yaml_files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.yaml"))


def _wrong_suffixes(home: Path) -> Iterator[Problem]:
    """Yield the files that nobody would read, because their name ends in .yml."""
    for path in sorted(chain(home.glob("*.yml"), home.glob("*/*.yml"))):
        file = path.relative_to(home)
        values = {"value": file.name, "name": file.with_suffix(".yaml").name}
        yield Problem(Spot(file.as_posix()), "file-suffix", values)
