"""A conversation as a text file that a person keeps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from channels.cards import Phrases, say

Json = dict[str, Any]


def transcript(activities: Iterable[Json], phrases: Phrases, language: str) -> str:
    """Return the messages of a conversation: who said what, and when (UTC)."""
    parts = [say(phrases, "web_transcript_title", language)]
    parts += ["\n".join(_lines(one, phrases, language)) for one in _messages(activities)]
    return "\n\n".join(parts) + "\n"


def _messages(activities: Iterable[Json]) -> Iterator[Json]:
    return (one for one in activities if one["type"] == "message")


def _lines(message: Json, phrases: Phrases, language: str) -> Iterator[str]:
    ours = message["from"]["role"] == "bot"
    who = say(phrases, "web_title" if ours else "web_transcript_you", language)
    yield f"[{message['timestamp'][:16].replace('T', ' ')} UTC] {who}:"
    if message["text"]:
        yield message["text"]
    for file in message.get("attachments", []) if not ours else []:
        yield say(phrases, "web_transcript_file", language, file=file["name"])
