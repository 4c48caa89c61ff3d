"""Write what the bot's components need from the knowledge, as one JSON file.

The bot runs in an environment of its own and imports nothing of ours. The same knowledge gives
the same bytes, so that a model is trained anew only when something has changed.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from knowledge.schema import Fault
from knowledge.store import Knowledge
from knowledge.words import Status

CODE_IN_TEXT = re.compile(r"\b(0x[0-9A-F]{8}|AADSTS[0-9]{5,7})\b")


def vocabulary(knowledge: Knowledge) -> dict[str, Any]:
    """Return terms, topics, codes, message texts and shapes of outputs, each in a fixed order."""
    return {
        "terms": [
            {"id": term.id, "kind": term.kind.value, "de": list(term.de), "en": list(term.en)}
            for _, term in sorted(knowledge.terms.items())
        ],
        "topics": [
            {"id": id_, "de": list(explanation.asked.de), "en": list(explanation.asked.en)}
            for id_, explanation in sorted(knowledge.explanations.items())
        ],
        "codes": sorted(_codes(knowledge)),
        "messages": sorted(_messages(knowledge), key=lambda message: tuple(message.values())),
        "outputs": {
            id_: {
                "command": output.command,
                "lines": list(output.lines),
                "at_least": output.at_least,
            }
            for id_, output in sorted(knowledge.outputs.items())
        },
    }


def write(knowledge: Knowledge, path: Path) -> None:
    """Write the vocabulary to `path`, and the folders above it where they are missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(vocabulary(knowledge), ensure_ascii=False, indent=1)
    path.write_text(text + "\n", encoding="utf-8")


def _codes(knowledge: Knowledge) -> set[str]:
    """Return every code that the knowledge knows: the table, the signals, the vocabulary."""
    codes = set(knowledge.codes)
    for fault in _current(knowledge):
        codes.update(fault.signals.codes)
        codes.update(sign for reason in fault.escalation.when for sign in _coded(*reason.signs))
    for term in knowledge.terms.values():
        codes.update(_coded(*term.de, *term.en))
    return codes


def _coded(*texts: str) -> Iterator[str]:
    for text in texts:
        yield from CODE_IN_TEXT.findall(text)


def _messages(knowledge: Knowledge) -> Iterator[dict[str, str]]:
    for fault in _current(knowledge):
        for language, texts in fault.signals.messages.items():
            for text in texts:
                yield {
                    "fault": fault.id,
                    "mechanism": fault.mechanism.value,
                    "language": str(language),
                    "text": text,
                }


def _current(knowledge: Knowledge) -> list[Fault]:
    return [fault for fault in knowledge.faults.values() if fault.status != Status.RETIRED]
