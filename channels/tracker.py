"""What Rasa keeps of a conversation, where that is the SQLite file in the state folder.

Read when a message was on its way while this server ended: whether Rasa has heard it, and what it
said. Deleted from when a person wants to be forgotten.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Json = dict[str, Any]
#: Seconds to wait while Rasa writes.
PATIENCE = 5.0


@dataclass(frozen=True)
class Heard:
    """What became of a message in Rasa: the answers it has given so far."""

    answers: tuple[Json, ...]


@dataclass(frozen=True)
class Tracker:
    """The events that Rasa has stored. Without a path there are none that we could read."""

    path: Path | None = None

    def heard(self, conversation: str, message: str) -> Heard | None:
        """Return what became of the message with this id; None when Rasa knows nothing of it."""
        if not self.path:
            return None
        try:
            with closing(self._connected(self.path, "ro")) as db:
                rows = db.execute(_SAID, (conversation,)).fetchall()
        except sqlite3.Error:
            return None
        return heard_in((json.loads(data) for (data,) in rows), message)

    def forget(self, conversation: str) -> bool:
        """Delete a conversation; return whether we could."""
        if not self.path:
            return False
        try:
            with closing(self._connected(self.path, "rw")) as db, db:
                db.execute("PRAGMA secure_delete = ON")
                db.execute("DELETE FROM events WHERE sender_id = ?", (conversation,))
        except sqlite3.Error:
            return False
        return True

    @staticmethod
    def _connected(path: Path, mode: str) -> sqlite3.Connection:
        address = f"{path.absolute().as_uri()}?mode={mode}"
        return sqlite3.connect(address, uri=True, timeout=PATIENCE)


_SAID = "SELECT data FROM events WHERE sender_id = ? AND type_name IN ('user', 'bot') ORDER BY id"


def heard_in(events: Iterable[Json], message: str) -> Heard | None:
    """Return what became of a message, by the events of its conversation.

    >>> said = [{"event": "user", "metadata": {"message_id": "c|7"}}, {"event": "bot", "text": "a"}]
    >>> heard_in([*said, {"event": "user", "metadata": {}}, {"event": "bot", "text": "b"}], "c|7")
    Heard(answers=({'text': 'a'},))
    """
    answers: list[Json] | None = None
    for event in events:
        if event["event"] == "user":
            if answers is not None:
                break
            if (event.get("metadata") or {}).get("message_id") == message:
                answers = []
        elif answers is not None:
            answers.append(_as_sent(event))
    return None if answers is None else Heard(tuple(answers))


def _as_sent(event: Json) -> Json:
    """Return a stored answer as Rasa's REST channel sends it."""
    custom = (event.get("data") or {}).get("custom")
    return {"custom": custom} if custom else {"text": event.get("text")}
