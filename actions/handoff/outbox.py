"""The local outbox: a SQLite file in which a case and the answer about it stand together."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from actions.handoff.handoff import Handoff

SCHEMA = """
CREATE TABLE IF NOT EXISTS handoffs (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    team TEXT NOT NULL,
    handoff TEXT NOT NULL,
    answer TEXT NOT NULL
)
"""


class Outbox:
    """Keeps handed over cases until a ticket system has taken them.

    A case and the answer that names its number are written in one transaction: either the person
    is told a number and the case stands here, or neither.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def hand_over(
        self, handoff: Handoff, answer: Callable[[str], dict[str, Any]]
    ) -> dict[str, Any]:
        """Keep the handoff and return the answer that names its number (see TicketSystem)."""
        with self._transaction() as database:
            given = database.execute(
                "SELECT answer FROM handoffs WHERE key = ?", (handoff.key,)
            ).fetchone()
            if given:
                return dict(json.loads(given[0]))
            cursor = database.execute(
                "INSERT INTO handoffs (key, team, handoff, answer) VALUES (?, ?, ?, '')",
                (handoff.key, handoff.team, _json(handoff.to_json())),
            )
            told = answer(number_of(cursor.lastrowid or 0))
            database.execute(
                "UPDATE handoffs SET answer = ? WHERE number = ?", (_json(told), cursor.lastrowid)
            )
            return told

    def waiting(self) -> list[tuple[str, dict[str, Any]]]:
        """Return the cases that wait for a ticket system, as (number, handoff), oldest first."""
        with self._transaction() as database:
            rows = database.execute("SELECT number, handoff FROM handoffs ORDER BY number")
            return [(number_of(number), json.loads(handoff)) for number, handoff in rows]

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """Open the file for one transaction; two processes wait for each other."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        database = sqlite3.connect(self._path, timeout=10, isolation_level=None)
        try:
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = FULL")
            database.execute(SCHEMA)
            database.execute("BEGIN IMMEDIATE")
            try:
                yield database
            except BaseException:
                database.execute("ROLLBACK")
                raise
            database.execute("COMMIT")
        finally:
            database.close()


def number_of(row: int) -> str:
    """Return the number a person is told.

    >>> number_of(7)
    'LL-000007'
    """
    return f"LL-{row:06d}"


def _json(data: dict[str, Any]) -> str:
    return json.dumps(data, ensure_ascii=False)
