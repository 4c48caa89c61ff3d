"""Which intents take a post away from the one it belongs to.

`./lotse bench intents FILE…` asks the trained classifier alone, without triage, for the intent of
every labelled post and holds it against all intents: a description must be heard as the one of its
mechanism, what is not for us as none of these. It prints who takes from whom, per language, and
writes every post with its five best intents to reports/intents.json in the folder of the
installation.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from actions.case import DESCRIBE
from bench.weights import parses
from channels.services import Installation

#: What every post that describes no problem of ours belongs to, whichever move it is.
ELSEWHERE = "not for us"
#: An output or a code without words has no description.
EVIDENCE = "give_evidence"
KEPT = 5


@dataclass(frozen=True)
class Heard:
    """A post: where it belongs, what was heard, and the best intents with their probability."""

    id: str
    language: str
    belongs: str
    heard: str
    best: tuple[tuple[str, float], ...]

    @property
    def taken(self) -> bool:
        """Tell whether another intent takes the post away."""
        return self.heard not in (self.belongs, EVIDENCE)


def heard(post: dict[str, Any], parse: dict[str, Any]) -> Heard:
    """Return what was heard of a post."""
    ranking = [(one["name"], round(one["confidence"], 4)) for one in parse["intent_ranking"]]
    first = ranking[0][0]
    ours = first.startswith(DESCRIBE) or first == EVIDENCE
    belongs = f"{DESCRIBE}{post['mechanism']}" if post["scope"] == "in" else ELSEWHERE
    named = first if ours else ELSEWHERE
    return Heard(post["id"], post["lang"], belongs, named, tuple(ranking[:KEPT]))


def report(found: Sequence[Heard]) -> Iterator[str]:
    """Yield the tables."""
    yield "| language | posts | taken by another intent |"
    yield "|---|---|---|"
    for language in sorted({one.language for one in found}):
        own = [one for one in found if one.language == language]
        yield f"| {language} | {len(own)} | {sum(one.taken for one in own)} |"
    yield "\n| belongs to | taken by | times |"
    yield "|---|---|---|"
    taken = Counter((one.belongs, one.heard) for one in found if one.taken)
    for (belongs, by), times in taken.most_common():
        yield f"| {belongs} | {by} | {times} |"


def measure(paths: Sequence[Path]) -> Iterator[str]:
    """Yield the tables for the labelled posts of the files, and keep the whole of it."""
    posts = [json.loads(line) for path in paths for line in path.read_text("utf-8").splitlines()]
    installation = Installation.from_environment(os.environ)
    results, _ = parses(installation, [post["text"] for post in posts])
    found = [heard(post, parse) for post, parse in zip(posts, results, strict=True)]
    kept = installation.home / "reports" / "intents.json"
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps([asdict(one) for one in found], ensure_ascii=False, indent=1))
    yield from report(found)
    yield f"\nEvery post with its best intents: {kept}"
