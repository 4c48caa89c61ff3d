"""What was taken and is not yet answered, in a file: nothing is lost when the process ends.

A message stands here, without secrets, from before it is acknowledged until its answer was
delivered. What was shown last stands here too, so that a card from before a restart still works.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Json = dict[str, Any]
SCHEMA = """
CREATE TABLE IF NOT EXISTS messages (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation TEXT NOT NULL,
    activity TEXT NOT NULL,
    taken REAL NOT NULL,
    deed TEXT NOT NULL,
    answers TEXT NOT NULL DEFAULT '',
    sent INTEGER NOT NULL DEFAULT 0,
    UNIQUE (conversation, activity)
);
CREATE TABLE IF NOT EXISTS conversations (
    conversation TEXT PRIMARY KEY,
    greeted INTEGER NOT NULL DEFAULT 0,
    step TEXT NOT NULL DEFAULT '',
    clicked TEXT NOT NULL DEFAULT '',
    seen REAL NOT NULL
);
"""
#: Seconds that an answered message's id is known, so that one delivered twice is answered once.
KNOWN_FOR = 86_400.0
#: Seconds that a quiet conversation's last card stays usable.
QUIET_FOR = 30 * 86_400.0


@dataclass(frozen=True)
class Entry:
    """A message that waits: what was done, the answers if there are any, how many were sent."""

    number: int
    conversation: str
    deed: Mapping[str, Any]
    answers: tuple[Json, ...] | None
    sent: int


@dataclass(frozen=True)
class Shown:
    """The Step that a conversation saw last, and the choice that was clicked on its card."""

    step: Json
    clicked: str = ""


class Journal:
    """The file. One process writes to it; every call is short."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT, 0o600))  # nobody else reads along
        self._database = sqlite3.connect(path, isolation_level=None)
        # A committed message survives the end of the process without a wait for the disk.
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = NORMAL")
        self._database.executescript(SCHEMA)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def take(self, conversation: str, activity: str, deed: Json, now: float) -> int | None:
        """Keep what a person did and return its number; None when it is known already."""
        row = self._database.execute(
            "INSERT OR IGNORE INTO messages (conversation, activity, taken, deed)"
            " VALUES (?, ?, ?, ?)",
            (conversation, activity, now, json.dumps(deed)),
        )
        return row.lastrowid if row.rowcount else None

    def waiting(self) -> tuple[Entry, ...]:
        """Return what is not answered yet, oldest first."""
        rows = self._database.execute(
            "SELECT number, conversation, deed, answers, sent FROM messages"
            " WHERE deed <> '' ORDER BY number"
        )
        return tuple(_entry(*row) for row in rows)

    def answer(self, number: int, answers: Iterable[Json], step: Json | None, now: float) -> None:
        """Keep the answers to a message, and with them the Step that they show."""
        with self._together():
            self._database.execute(
                "UPDATE messages SET answers = ? WHERE number = ?",
                (json.dumps(list(answers)), number),
            )
            if step is not None:
                (conversation,) = self._database.execute(
                    "SELECT conversation FROM messages WHERE number = ?", (number,)
                ).fetchone()
                self._set(conversation, now, step=json.dumps(step), clicked="")

    def sent(self, number: int, count: int) -> None:
        """Note how many of the answers were delivered."""
        self._database.execute("UPDATE messages SET sent = ? WHERE number = ?", (count, number))

    def done(self, number: int) -> None:
        """Forget the words of an answered message; its id stays for a day."""
        self._database.execute(
            "UPDATE messages SET deed = '', answers = '' WHERE number = ?", (number,)
        )

    def shown(self, conversation: str) -> Shown | None:
        """Return what a conversation saw last."""
        row = self._database.execute(
            "SELECT step, clicked FROM conversations WHERE conversation = ?", (conversation,)
        ).fetchone()
        return Shown(json.loads(row[0]), row[1]) if row and row[0] else None

    def click(self, conversation: str, choice: str, now: float) -> None:
        """Note which button of the last card was clicked; empty: it may be clicked again."""
        self._set(conversation, now, clicked=choice)

    def greet(self, conversation: str, now: float) -> bool:
        """Return whether this conversation is to be greeted: the first time alone."""
        row = self._database.execute(
            "SELECT greeted FROM conversations WHERE conversation = ?", (conversation,)
        ).fetchone()
        if row and row[0]:
            return False
        self._set(conversation, now, greeted=1)
        return True

    def forget(self, conversation: str) -> None:
        """Forget a conversation that the bot was removed from."""
        self._database.execute("DELETE FROM conversations WHERE conversation = ?", (conversation,))

    def tidy(self, now: float) -> None:
        """Drop what is no longer of use."""
        self._database.execute(
            "DELETE FROM messages WHERE deed = '' AND taken < ?", (now - KNOWN_FOR,)
        )
        self._database.execute(
            "UPDATE conversations SET step = '' WHERE seen < ?", (now - QUIET_FOR,)
        )

    def _set(self, conversation: str, now: float, **values: object) -> None:
        names = ", ".join(f"{name} = ?" for name in ("seen", *values))
        with self._together():
            self._database.execute(
                "INSERT OR IGNORE INTO conversations (conversation, seen) VALUES (?, ?)",
                (conversation, now),
            )
            self._database.execute(
                f"UPDATE conversations SET {names} WHERE conversation = ?",
                (now, *values.values(), conversation),
            )

    @contextmanager
    def _together(self) -> Iterator[None]:
        if self._database.in_transaction:
            yield
            return
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")


def _entry(number: int, conversation: str, deed: str, answers: str, sent: int) -> Entry:
    told = tuple(json.loads(answers)) if answers else None
    return Entry(number, conversation, json.loads(deed), told, sent)
