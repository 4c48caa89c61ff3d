"""Fit how much each kind of evidence counts, and show how far the shares can be believed.

`./lotse bench weights FILE…` parses the labelled posts of the files with the trained model. The
score of a mechanism is a sum of the classifier's log probability and of what codes, terms and
facts add, each times its weight (knowledge/weights.yaml), so the weights that make the labels most
probable are those of a conditional logit; they are found by gradient descent, and shares of
mechanisms fitted so are calibrated. It prints today's weights and the fitted ones with their mean
log loss, on all posts and when fitted on one half and measured on the other; how often the first
guess is right by its share; and what asking below a share would cost. It changes no file.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from actions.case import Case, Heard
from actions.conversation import heard_from
from actions.evidence import scores, telling
from channels.services import Installation
from knowledge.schema import Weights
from knowledge.store import Knowledge, load
from knowledge.words import Mechanism

#: The weights that are fitted, as knowledge/weights.yaml names them.
FITTED = ("classifier", "code", "term", "fact", "other_product")
#: How strongly a weight is held to today's value: posts are few.
HELD = 0.02
ROUNDS, PACE = 400, 0.5
#: Steps that a wrong start costs a person, against the one that a question costs.
WRONG_START = 4.0
BINS = (0.0, 0.4, 0.55, 0.7, 0.8, 0.9, 0.95, 0.99)

Vector = tuple[float, ...]


@dataclass(frozen=True)
class Judged:
    """A post in scope: what each kind of evidence says for each mechanism, and the label."""

    parts: dict[Mechanism, Vector]
    label: Mechanism


def parses(installation: Installation, texts: Sequence[str]) -> tuple[list[Any], list[float]]:
    """Return Rasa's parse of every text, and the milliseconds each took."""
    command = [
        str(installation.home / "bot" / "bin" / "python"),
        *("-W", "ignore", str(Path(__file__).with_name("parse.py")), str(installation.model)),
    ]
    ran = subprocess.run(
        command,
        input="\n".join(json.dumps(text) for text in texts),
        cwd=installation.root / "bot",
        env={**os.environ, "PYTHONPATH": str(installation.root / "bot")},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=True,
    )
    times, *results = map(json.loads, ran.stdout.splitlines())
    return results, times


def judged(posts: Sequence[dict[str, Any]], found: Sequence[Any], known: Knowledge) -> list[Judged]:
    """Return the posts that are labelled in scope, with their evidence taken apart."""
    return [
        Judged(_parts(case_of(parse, known), known), Mechanism(post["mechanism"]))
        for post, parse in zip(posts, found, strict=True)
        if post["scope"] == "in"
    ]


def case_of(parse: Any, known: Knowledge) -> Case:
    """Return the case that a first message makes."""
    heard: Heard = heard_from(parse)
    return Case().with_heard(replace(heard, terms=telling(heard.terms, known)))


def _parts(case: Case, known: Knowledge) -> dict[Mechanism, Vector]:
    """Return, per mechanism, what each kind of evidence adds at a weight of one."""
    alone = [scores(case, replace(known, weights=_only(known.weights, name))) for name in FITTED]
    return {m: tuple(part[m] for part in alone) for m in Mechanism if m is not Mechanism.NONE}


def _only(weights: Weights, name: str) -> Weights:
    return weights.model_copy(update={other: float(other == name) for other in FITTED})


# --- fitting --------------------------------------------------------------------------------


def chances(post: Judged, weights: Vector) -> dict[Mechanism, float]:
    """Return the share of each mechanism."""
    added = {m: sum(map(float.__mul__, weights, part)) for m, part in post.parts.items()}
    top = max(added.values())
    raised = {m: math.exp(score - top) for m, score in added.items()}
    total = sum(raised.values())
    return {m: value / total for m, value in raised.items()}


def loss(posts: Iterable[Judged], weights: Vector) -> float:
    """Return the mean log loss of the labels."""
    each = [-math.log(max(chances(post, weights)[post.label], 1e-9)) for post in posts]
    return sum(each) / len(each)


def fit(posts: Sequence[Judged], today: Vector) -> Vector:
    """Return the weights that make the labels most probable, held near today's."""
    weights = today
    for _ in range(ROUNDS):
        pull = [HELD * (now - before) for now, before in zip(weights, today, strict=True)]
        slope = [a + b for a, b in zip(_slope(posts, weights), pull, strict=True)]
        weights = tuple(max(0.0, w - PACE * s) for w, s in zip(weights, slope, strict=True))
    return weights


def _slope(posts: Sequence[Judged], weights: Vector) -> list[float]:
    slope = [0.0] * len(weights)
    for post in posts:
        for mechanism, share in chances(post, weights).items():
            off = (share - (mechanism is post.label)) / len(posts)
            for i, part in enumerate(post.parts[mechanism]):
                slope[i] += off * part
    return slope


# --- showing --------------------------------------------------------------------------------


def report(posts: Sequence[Judged], today: Vector) -> Iterator[str]:
    """Yield the tables."""
    fitted = fit(posts, today)
    halves = posts[::2], posts[1::2]
    apart = [loss(b, fit(a, today)) for a, b in (halves, halves[::-1])]
    yield f"{len(posts)} posts in scope\n"
    yield f"| weights | {' | '.join(FITTED)} | log loss | log loss on the other half |"
    yield "|---" * (len(FITTED) + 3) + "|"
    yield _row("today", today, loss(posts, today), loss(posts, today))
    yield _row("fitted", fitted, loss(posts, fitted), sum(apart) / 2)
    for name, weights in (("today", today), ("fitted", fitted)):
        yield f"\nFirst guess by its share, {name}\n"
        yield from believed(posts, weights)
        yield f"\nAsking below a share, {name}\n"
        yield from asking(posts, weights)


def _row(name: str, weights: Vector, here: float, elsewhere: float) -> str:
    figures = (*(f"{w:.2f}" for w in weights), f"{here:.3f}", f"{elsewhere:.3f}")
    return f"| {name} | {' | '.join(figures)} |"


def guesses(posts: Iterable[Judged], weights: Vector) -> list[tuple[float, bool]]:
    """Return the share of the first guess, and whether it is right, per post."""
    ranked = [
        (max(c.items(), key=lambda item: item[1]), p) for p in posts for c in [chances(p, weights)]
    ]
    return [(share, mechanism is post.label) for (mechanism, share), post in ranked]


def believed(posts: Sequence[Judged], weights: Vector) -> Iterator[str]:
    """Yield the table that shows whether a share of 0.9 is right nine times of ten."""
    yield "| share from | posts | mean share | right |"
    yield "|---|---|---|---|"
    seen = guesses(posts, weights)
    for low, high in zip(BINS, (*BINS[1:], 1.01), strict=True):
        inside = [(share, right) for share, right in seen if low <= share < high]
        if inside:
            mean = sum(share for share, _ in inside) / len(inside)
            right = sum(right for _, right in inside) / len(inside)
            yield f"| {low:.2f} | {len(inside)} | {mean:.3f} | {right:.3f} |"


def asking(posts: Sequence[Judged], weights: Vector) -> Iterator[str]:
    """Yield what it costs to ask whenever the first guess has less than a share.

    A question costs one step, a wrong start `WRONG_START`.
    """
    yield "| ask below | asked | wrong and not asked | mean cost in steps |"
    yield "|---|---|---|---|"
    seen = guesses(posts, weights)
    for below in (0.0, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95):
        asked = sum(share < below for share, _ in seen) / len(seen)
        wrong = sum(share >= below and not right for share, right in seen) / len(seen)
        yield f"| {below:.2f} | {asked:.3f} | {wrong:.3f} | {asked + WRONG_START * wrong:.3f} |"


def measure(paths: Sequence[Path]) -> Iterator[str]:
    """Yield the report on the labelled posts of the files."""
    posts = [json.loads(line) for path in paths for line in path.read_text("utf-8").splitlines()]
    known = load()
    found, _ = parses(Installation.from_environment(os.environ), [post["text"] for post in posts])
    today = tuple(float(getattr(known.weights, name)) for name in FITTED)
    yield from report(judged(posts, found, known), today)
