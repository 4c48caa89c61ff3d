"""Remember parsed files, so that an unchanged file is parsed once and not at every start.

Reading YAML is the slow part of loading (some 10 ms for one fault). What was read is kept beside
the knowledge in `__pycache__`, under the fingerprint of each file's text; deleting it costs only
time, and where it cannot be written, loading works all the same.
"""

import hashlib
import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from knowledge.documents import Document, read_document
from knowledge.findings import Problem

#: Raise this when the form of what is kept changes.
VERSION = 1


class DocumentCache:
    """Reads documents under `home`, through what an earlier run kept."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._file = home / "__pycache__" / "documents.json"
        self._kept = _load(self._file)
        self._used: dict[str, Any] = {}

    def read(self, path: Path) -> tuple[Document | None, list[Problem]]:
        """Return the document and what is wrong with it; only faultless ones are kept."""
        file, text = path.relative_to(self._home).as_posix(), _text(path)
        mark = hashlib.sha256(text).hexdigest()
        kept = self._kept.get(file)
        if kept and kept["mark"] == mark:
            self._used[file] = kept
            lines = {tuple(way): line for way, line in kept["lines"]}
            return Document(file, text.decode("utf-8"), kept["data"], lines), []
        document, problems = read_document(path, self._home)
        if document and not problems:
            lines_kept = [[list(way), line] for way, line in document.lines.items()]
            self._used[file] = {"mark": mark, "data": document.data, "lines": lines_kept}
        return document, problems

    def save(self) -> None:
        """Keep what this run used, when it differs; a half-written file is never seen."""
        if self._used == self._kept:
            return
        fresh = self._file.with_suffix(f".{os.getpid()}")
        with suppress(OSError):
            self._file.parent.mkdir(exist_ok=True)
            kept = {"version": VERSION, "documents": self._used}
            fresh.write_text(json.dumps(kept, ensure_ascii=False), encoding="utf-8")
            fresh.replace(self._file)


def _text(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _load(file: Path) -> dict[str, Any]:
    """Return what was kept, or nothing when it is missing, damaged or of another version."""
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
        return dict(kept["documents"]) if kept["version"] == VERSION else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}
