"""The Step: what the assistant says, as every channel receives it (DESIGN, section 3).

A Step travels as JSON in the `custom` payload of an answer. The words in it are already in the
person's language; a channel draws it and adds nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

VERSION = 1


class Kind(StrEnum):
    """What sort of answer a Step is."""

    ASK = "ask"
    CHECK = "check"
    MEASURE = "measure"
    CONSENT = "consent"
    ESCALATE = "escalate"
    TICKET = "ticket"
    RESOLVED = "resolved"
    EXPLAIN = "explain"
    REFUSE = "refuse"
    OUT_OF_SCOPE = "out_of_scope"
    GREET = "greet"


@dataclass(frozen=True)
class Command:
    """What to type or open. `shell`: cmd, powershell, settings or portal."""

    text: str
    shell: str
    elevated: bool = False


@dataclass(frozen=True)
class Choice:
    """A button. Clicking it sends its label as text."""

    id: str
    label: str


@dataclass(frozen=True)
class SourceRef:
    """Where the answer comes from; `read_on` is an ISO day."""

    title: str
    url: str | None
    read_on: str


@dataclass(frozen=True)
class Progress:
    """How many checks of the fault are done, of how many."""

    done: int
    of: int


@dataclass(frozen=True)
class TicketRef:
    """A case that was handed over. `queued` means: not yet in the ticket system."""

    id: str
    team: str
    url: str | None
    queued: bool


@dataclass(frozen=True)
class Step:
    """One answer. `title` and `body` are Markdown; `case` is what is known so far.

    `risk` is none, reversible, limited or irreversible; where it is not none, `warning` says
    what changes and `before` what to secure first.
    """

    kind: Kind
    id: str
    language: str
    title: str
    body: str
    fault: str | None = None
    phase: str | None = None
    command: Command | None = None
    choices: tuple[Choice, ...] = ()
    risk: str = "none"
    warning: str | None = None
    before: str | None = None
    why: str = ""
    sources: tuple[SourceRef, ...] = ()
    progress: Progress | None = None
    ticket: TicketRef | None = None
    case: Mapping[str, Any] = field(default_factory=dict)
    version: int = VERSION

    def to_json(self) -> dict[str, Any]:
        """Return the Step as plain JSON data."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Step:
        """Return the Step that `to_json` wrote.

        Raises ValueError when `data` is no Step of this version.
        """
        if data.get("version") != VERSION:
            raise ValueError(f"not a Step of version {VERSION}: version={data.get('version')!r}")
        try:
            return cls(
                kind=Kind(data["kind"]),
                id=str(data["id"]),
                language=str(data["language"]),
                title=str(data["title"]),
                body=str(data["body"]),
                fault=data.get("fault"),
                phase=data.get("phase"),
                command=Command(**data["command"]) if data.get("command") else None,
                choices=tuple(Choice(**choice) for choice in data.get("choices", ())),
                risk=str(data.get("risk", "none")),
                warning=data.get("warning"),
                before=data.get("before"),
                why=str(data.get("why", "")),
                sources=tuple(SourceRef(**source) for source in data.get("sources", ())),
                progress=Progress(**data["progress"]) if data.get("progress") else None,
                ticket=TicketRef(**data["ticket"]) if data.get("ticket") else None,
                case=dict(data.get("case", {})),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"not a Step: {error}") from error
