"""What the loader and the content rules find, and how it is put into words.

A rule yields a `Problem`: where, which message, with which values. `Messages` turns it into a
`Finding` with a German and an English sentence; the sentences stand in phrases/knowledge.yaml.
"""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from knowledge.words import Language, Severity

PHRASES = Path(__file__).parent / "phrases" / "knowledge.yaml"
PREFIX = "kb-"
#: A longer list of allowed words helps nobody in a one-line message.
LONGEST_LIST = 20


@dataclass(frozen=True, order=True)
class Spot:
    """A line of a file; `file` is relative to the folder of the knowledge."""

    file: str
    line: int = 1


@dataclass(frozen=True)
class Problem:
    """What is wrong at a spot, before it is put into words.

    `message` is the id of a phrase without its prefix, `values` fill its placeholders. Where
    `choices` stand, the repair names the one that is closest to `values["value"]`.
    """

    at: Spot
    message: str
    values: Mapping[str, str] = field(default_factory=dict)
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, order=True)
class Finding:
    """One line of the check's report."""

    file: str
    line: int
    de: str
    en: str
    rule: str
    severity: Severity

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.de} ({self.en})"


@dataclass(frozen=True)
class Messages:
    """The sentences of the check's report, by language."""

    phrases: Mapping[str, Mapping[str, str]]

    def say(self, id_: str, language: Language, **values: str) -> str:
        """Return a phrase; without it the id and the values, so that nothing is ever hidden."""
        phrase = self.phrases.get(PREFIX + id_, {}).get(language)
        return phrase.format(**values) if phrase else f"{id_} {values}"

    def finding(self, rule: str, severity: Severity, problem: Problem) -> Finding:
        """Return the problem in words."""
        de, en = (self._sentence(problem, severity, language) for language in Language)
        return Finding(problem.at.file, problem.at.line, de, en, rule, severity)

    def _sentence(self, problem: Problem, severity: Severity, language: Language) -> str:
        prefix = self.say("warning", language) + " " if severity == Severity.WARNING else ""
        repair = self._repair(problem, language)
        return prefix + self.say(problem.message, language, **problem.values) + repair

    def _repair(self, problem: Problem, language: Language) -> str:
        close = closest(problem.values.get("value", ""), problem.choices)
        if close:
            return " " + self.say("did-you-mean", language, word=close[0])
        if 0 < len(problem.choices) <= LONGEST_LIST:
            return " " + self.say("choices", language, words=", ".join(problem.choices))
        return ""


def closest(word: str, words: tuple[str, ...]) -> list[str]:
    """Return up to three words that look like `word`, the closest first."""
    by_small = {other.lower(): other for other in words}
    return [by_small[found] for found in difflib.get_close_matches(word.lower(), by_small)]


def read_messages(path: Path = PHRASES) -> Messages:
    """Return the sentences; none when the file cannot be read, which is itself a finding."""
    try:
        return Messages(YAML(typ="safe", pure=False).load(path) or {})
    except (OSError, YAMLError, UnicodeDecodeError):
        return Messages({})
