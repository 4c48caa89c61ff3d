"""The conversations of the web chat on disk: activities without secrets, and who waits for what.

One SQLite file in the state folder. What stands in it can be taken up again for as long as a key
lives; afterwards nobody can reach it any more, and it is deleted.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

Json = dict[str, Any]

#: Activities of one conversation, and conversations, that are kept.
ACTIVITIES = 1_000
CONVERSATIONS = 20_000
#: How long a conversation is kept after its last sign of life: longer than any key lives.
KEPT = timedelta(hours=24)

_SCHEMA = """
CREATE TABLE IF NOT EXISTS conversation (
    id TEXT PRIMARY KEY, user TEXT NOT NULL, locale TEXT NOT NULL, last INTEGER NOT NULL,
    touched REAL NOT NULL, forgotten INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS activity (
    conversation TEXT NOT NULL, number INTEGER NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (conversation, number)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS waiting (
    conversation TEXT NOT NULL, number INTEGER NOT NULL, message TEXT NOT NULL,
    since REAL NOT NULL, PRIMARY KEY (conversation, number)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS touched ON conversation (touched);
"""


@dataclass(frozen=True)
class Kept:
    """A conversation as it was kept. `forgotten`: its person wanted it deleted."""

    id: str
    user: str
    locale: str
    last: int
    forgotten: bool
    activities: Mapping[int, Json]


@dataclass(frozen=True)
class Waiting:
    """A message that has no answer yet: number 0 waits for the greeting."""

    conversation: str
    number: int
    message: Json
    since: datetime


class Store:
    """Reads and writes the conversations. Without a path they live as long as this object."""

    def __init__(self, path: Path | None = None) -> None:
        if path:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
        self._db = sqlite3.connect(path or ":memory:")
        self._db.executescript(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA secure_delete = ON;"
            + _SCHEMA
        )

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def find(self, name: str) -> Kept | None:
        """Return a conversation, if it is kept."""
        row = self._db.execute(
            "SELECT user, locale, last, forgotten FROM conversation WHERE id = ?", (name,)
        ).fetchone()
        if not row:
            return None
        user, locale, last, forgotten = row
        kept = self._db.execute(
            "SELECT number, body FROM activity WHERE conversation = ? ORDER BY number", (name,)
        )
        activities = {number: json.loads(body) for number, body in kept}
        return Kept(name, user, locale, last, bool(forgotten), activities)

    def open(self, name: str, user: str, locale: str, now: datetime) -> None:
        """Keep a new conversation that waits for its greeting."""
        with self._db:
            self._db.execute(
                "INSERT INTO conversation (id, user, locale, last, touched) VALUES (?, ?, ?, 0, ?)",
                (name, user, locale, now.timestamp()),
            )
            self._wait(Waiting(name, 0, {}, now))

    def count(self, name: str, last: int) -> None:
        """Keep the number of an activity that is not kept itself, so that none is used twice."""
        with self._db:
            self._db.execute("UPDATE conversation SET last = ? WHERE id = ?", (last, name))

    def add(
        self,
        name: str,
        locale: str,
        activities: Mapping[int, Json],
        now: datetime,
        *,
        waiting: Waiting | None = None,
        answered: int | None = None,
    ) -> None:
        """Keep activities, and whether one waits for an answer or has it now: all or nothing."""
        with self._db:
            self._db.executemany(
                "INSERT INTO activity VALUES (?, ?, ?)",
                [(name, number, json.dumps(body)) for number, body in activities.items()],
            )
            if activities:
                last = max(activities)
                self._db.execute(
                    "UPDATE conversation SET last = ?, locale = ?, touched = ? WHERE id = ?",
                    (last, locale, now.timestamp(), name),
                )
                self._db.execute(
                    "DELETE FROM activity WHERE conversation = ? AND number <= "
                    "(SELECT number FROM activity WHERE conversation = ? "
                    "ORDER BY number DESC LIMIT 1 OFFSET ?)",
                    (name, name, ACTIVITIES),
                )
            if waiting:
                self._wait(waiting)
            if answered is not None:
                self._db.execute(
                    "DELETE FROM waiting WHERE conversation = ? AND number = ?", (name, answered)
                )

    def touch(self, name: str, now: datetime) -> None:
        """Note a sign of life of a conversation."""
        with self._db:
            self._db.execute(
                "UPDATE conversation SET touched = ? WHERE id = ?", (now.timestamp(), name)
            )

    def waiting(self) -> tuple[Waiting, ...]:
        """Return the messages without an answer, in the order in which they came."""
        rows = self._db.execute("SELECT * FROM waiting ORDER BY conversation, number")
        return tuple(
            Waiting(name, number, json.loads(message), datetime.fromtimestamp(since).astimezone())
            for name, number, message, since in rows
        )

    def forget(self, name: str) -> None:
        """Delete what was said in a conversation, and remember that nobody may open it again."""
        with self._db:
            self._delete(name)
            self._db.execute(
                "UPDATE conversation SET forgotten = 1, locale = '' WHERE id = ?", (name,)
            )
        # What was deleted stands in the write-ahead log until that is emptied.
        with closing(self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")) as emptied:
            emptied.fetchall()

    def prune(self, now: datetime) -> int:
        """Delete the conversations that nobody can reach any more; return how many."""
        gone = self._db.execute(
            "SELECT id FROM conversation WHERE touched < ? UNION SELECT id FROM "
            "(SELECT id FROM conversation ORDER BY touched DESC LIMIT -1 OFFSET ?)",
            ((now - KEPT).timestamp(), CONVERSATIONS),
        ).fetchall()
        with self._db:
            for (name,) in gone:
                self._delete(name)
                self._db.execute("DELETE FROM conversation WHERE id = ?", (name,))
        return len(gone)

    def _wait(self, waiting: Waiting) -> None:
        self._db.execute(
            "INSERT INTO waiting VALUES (?, ?, ?, ?)",
            (
                waiting.conversation,
                waiting.number,
                json.dumps(waiting.message),
                waiting.since.timestamp(),
            ),
        )

    def _delete(self, name: str) -> None:
        for table in ("activity", "waiting"):
            self._db.execute(f"DELETE FROM {table} WHERE conversation = ?", (name,))
