"""Load the knowledge into one frozen object."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from ruamel.yaml import YAML

from knowledge.schema import (
    Check,
    CodeFact,
    Evidence,
    Fact,
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
from knowledge.words import Mechanism

HOME = Path(__file__).parent
M = TypeVar("M", bound=Model)


@dataclass(frozen=True)
class Knowledge:
    """Everything the helpdesk knows, by id."""

    faults: Mapping[str, Fault]
    checks: Mapping[str, Check]
    measures: Mapping[str, Measure]
    questions: Mapping[str, Question]
    terms: Mapping[str, Term]
    mechanisms: Mapping[Mechanism, MechanismInfo]
    phrases: Mapping[str, Text]
    evidence: Mapping[str, Evidence]
    sources: Mapping[str, Source]
    facts: Mapping[str, Fact]
    outputs: Mapping[str, Output]
    codes: Mapping[str, CodeFact]
    weights: Weights


def _read(path: Path) -> Any:
    return YAML(typ="safe", pure=True).load(path)


def _units(folder: Path, model: type[M]) -> dict[str, M]:
    return {path.stem: model.model_validate(_read(path)) for path in sorted(folder.glob("*.yaml"))}


def _table(path: Path, model: type[M]) -> dict[str, M]:
    return {key: model.model_validate(value) for key, value in (_read(path) or {}).items()}


def load_phrases(home: Path = HOME) -> dict[str, Text]:
    """Return the assistant's own sentences: they are needed where a whole load would be slow."""
    phrases: dict[str, Text] = {}
    for path in sorted((home / "phrases").glob("*.yaml")):
        phrases |= _table(path, Text)
    return phrases


def load(home: Path = HOME) -> Knowledge:
    """Return the knowledge under `home`."""
    terms: dict[str, Term] = {}
    for path in sorted((home / "vocabulary").glob("*.yaml")):
        terms |= {entry["id"]: Term.model_validate(entry) for entry in _read(path) or []}
    return Knowledge(
        faults=_units(home / "faults", Fault),
        checks=_units(home / "checks", Check),
        measures=_units(home / "measures", Measure),
        questions=_units(home / "questions", Question),
        terms=terms,
        mechanisms={
            Mechanism(key): info
            for key, info in _table(home / "mechanisms.yaml", MechanismInfo).items()
        },
        phrases=load_phrases(home),
        evidence=_table(home / "evidence.yaml", Evidence),
        sources=_table(home / "sources.yaml", Source),
        facts=_table(home / "facts.yaml", Fact),
        outputs=_table(home / "outputs.yaml", Output),
        codes=_table(home / "codes.yaml", CodeFact),
        weights=Weights.model_validate(_read(home / "weights.yaml")),
    )
