"""Read one YAML file strictly: plain data, and the line of every value."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import Event
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.resolver import VersionedResolver

from knowledge.findings import Problem, Spot

HEX = re.compile(r"0[xX][0-9A-Fa-f]+")
#: Where an anchor or alias may stand; most files have nothing like it.
LIKE_AN_ANCHOR = re.compile(r"(?:^|[\s\[{,])[&*][^\s*]")
TAG = "tag:yaml.org,2002:"
Way = tuple[str | int, ...]


@dataclass(frozen=True)
class Document:
    """A file as it was read. `lines` says where each value stands, by its way from the top."""

    file: str
    text: str
    data: Any
    lines: Mapping[Way, int]

    @cached_property
    def texts(self) -> tuple[tuple[Way, str, str], ...]:
        """Every sentence for people in the document: its way, German, English."""
        return tuple(_texts(self.data, ()))

    def spot(self, *way: str | int) -> Spot:
        """Return where the value stands, or the nearest thing around it that has a line."""
        while way and way not in self.lines:
            way = way[:-1]
        return Spot(self.file, self.lines.get(way, 1))


@dataclass
class _Builder:
    """Turns YAML nodes into plain data while noting lines and problems."""

    file: str
    lines: dict[Way, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def value(self, node: Node, way: Way, line: int) -> Any:
        self.lines[way] = line
        if isinstance(node, MappingNode):
            return self.mapping(node, way)
        if isinstance(node, SequenceNode):
            return [self.value(item, (*way, at), _line(item)) for at, item in enumerate(node.value)]
        return self.scalar(node) if isinstance(node, ScalarNode) else None

    def mapping(self, node: MappingNode, way: Way) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for key, value in node.value:
            name = str(key.value)
            if name in data:
                self.report("duplicate-key", key, name)
            else:
                data[name] = self.value(value, (*way, name), _line(key))
        return data

    def scalar(self, node: ScalarNode) -> Any:
        text, kind = str(node.value), str(node.tag).removeprefix(TAG)
        if kind == "null":
            return None
        if kind == "bool":
            return text.lower() == "true"
        if kind == "int" and HEX.fullmatch(text):
            self.report("unquoted-code", node, "0x" + text[2:].upper())
        elif kind == "timestamp":
            self.report("unquoted-day", node, text)
        elif kind in ("int", "float"):
            return _number(text)
        return text

    def report(self, message: str, node: Node, value: str) -> None:
        self.problems.append(Problem(Spot(self.file, _line(node)), message, {"value": value}))


def read_document(path: Path, home: Path) -> tuple[Document | None, list[Problem]]:
    """Return the file and what is wrong with it; no document when it is no YAML we read."""
    file = path.relative_to(home).as_posix()
    try:
        text = path.read_text(encoding="utf-8")
        root, anchors = _parsed(text, file)
    except FileNotFoundError:
        return None, [Problem(Spot(file), "missing-file")]
    except UnicodeDecodeError:
        return None, [Problem(Spot(file), "not-utf8")]
    except YAMLError as error:
        return None, [Problem(Spot(file, _error_line(error)), "yaml", {"value": _reason(error)})]
    if anchors:
        # What an anchor names can hold itself: such a file is not looked into any further.
        return None, anchors
    if root is None:
        return None, [Problem(Spot(file), "empty-file")]
    builder = _Builder(file)
    data = builder.value(root, (), _line(root))
    return Document(file, text, data, builder.lines), builder.problems


def _parsed(text: str, file: str) -> tuple[Node | None, list[Problem]]:
    """Return the top node, or every anchor and alias. Raises YAMLError.

    The parser in C is eight times faster, but stumbles over `{de: Wer?, en: Who?}` and says less
    about a mistake: what it refuses is read again by the one in Python.
    """
    try:
        return _parsed_by(YAML(typ="safe", pure=False), text, file)
    except YAMLError:
        return _parsed_by(YAML(typ="safe", pure=True), text, file)


class _Resolver(VersionedResolver):
    """Knows what a plain value means; ruamel looks that up anew for every value."""

    @cached_property
    def versioned_resolver(self) -> Any:
        return super().versioned_resolver


def _parsed_by(yaml: YAML, text: str, file: str) -> tuple[Node | None, list[Problem]]:
    yaml.Resolver = _Resolver
    if not LIKE_AN_ANCHOR.search(text):
        return yaml.compose(text), []
    # The events are asked, because nodes of the parser in C no longer show their anchors.
    anchors = [
        Problem(Spot(file, _line(event)), "anchor", {"value": str(event.anchor)})
        for event in yaml.parse(text)
        if getattr(event, "anchor", None)
    ]
    return (None, anchors) if anchors else (yaml.compose(text), [])


def _texts(data: Any, way: Way) -> Iterator[tuple[Way, str, str]]:
    if isinstance(data, list):
        for at, item in enumerate(data):
            yield from _texts(item, (*way, at))
    if not isinstance(data, dict):
        return
    if isinstance(data.get("de"), str) and isinstance(data.get("en"), str):
        yield way, data["de"], data["en"]
    for key, value in data.items():
        yield from _texts(value, (*way, key))


def _line(node: Node | Event) -> int:
    return int(node.start_mark.line) + 1


def _number(text: str) -> int | float | str:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _error_line(error: YAMLError) -> int:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    return int(mark.line) + 1 if mark else 1


def _reason(error: YAMLError) -> str:
    reason = error.problem if isinstance(error, MarkedYAMLError) else None
    return str(reason or str(error).splitlines()[0])
