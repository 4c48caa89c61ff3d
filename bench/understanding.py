"""How well labelled posts are understood, measured through the same way as `./lotse triage`.

Fields of a post as in the labelled examples: id, lang, text, codes, product, mechanism, context,
escalate, escalate_team, scope, must_refuse. The rows:

- codes exact: the set of codes found equals the labelled set; all posts, also those out of scope.
- product, mechanism first guess: the field equals the label; posts labelled in scope.
- mechanism in the first three: the label is among the first three different names of the first
  guess followed by the ranking; posts labelled in scope.
- a question first: posts labelled in scope whose first answer is a question.
- wrong, no question asked: the first guess is not the label, and the assistant neither asks
  (`asks`) nor says that it does not know (mechanism `unknown`); posts labelled in scope.
  Lower is better.
- escalation F1: of `escalate`, over all posts. Escalation team: where both label and result
  escalate, the share with the labelled team.
- out of scope recall, precision: a result whose scope is not `in` (so `out` or `human`) against
  the label `out`; all posts.
- refusals: posts labelled must_refuse that are refused. Refused wrongly: the share of the others.
- language: the language of the answer equals the post's.

A post without a result (an error line) counts as wrong everywhere.
"""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from channels.batch import RANKING, Post, sort_all, sorter_running
from channels.services import Installation
from knowledge.store import load

LANGUAGES = ("de", "en")
#: Confusion pairs that are worth a line.
PAIRS = 12


@dataclass(frozen=True)
class Label:
    """What a post is, as a person labelled it."""

    id: str
    language: str
    text: str
    codes: frozenset[str]
    product: str
    mechanism: str
    escalate: bool
    team: str
    in_scope: bool
    must_refuse: bool


@dataclass(frozen=True)
class Outcome:
    """A label, and what the assistant made of the post. `error` instead of a result."""

    label: Label
    codes: frozenset[str] = frozenset()
    product: str = ""
    mechanism: str = ""
    first_three: tuple[str, ...] = ()
    asked: bool = False
    escalate: bool = False
    team: str = ""
    in_scope: bool | None = None
    refused: bool = False
    language: str = ""
    step: str = ""
    error: str = ""


Test = Callable[[Outcome], bool]


# --- reading and running --------------------------------------------------------------------


def labelled(path: Path) -> list[Label]:
    """Return the posts of a file; raises ValueError that names the line which is none."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [_label(path, number, line) for number, line in enumerate(lines, 1) if line.strip()]


def _label(path: Path, number: int, line: str) -> Label:
    try:
        post = json.loads(line)
        return Label(
            id=str(post["id"]),
            language=post["lang"],
            text=post["text"],
            codes=frozenset(post["codes"]),
            product=post["product"],
            mechanism=post["mechanism"],
            escalate=post["escalate"],
            team=post.get("escalate_team", "none"),
            in_scope=post["scope"] == "in",
            must_refuse=post["must_refuse"],
        )
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path}:{number}: no labelled post: {error!r}") from error


async def measure(labels: Sequence[Label], url: str | None) -> list[Outcome]:
    """Return what the assistant makes of the posts."""
    installation = Installation.from_environment(os.environ)
    posts = iter([Post(label.id, label.text) for label in labels])
    async with sorter_running(installation, load(), _tell, url=url) as sorter:
        results = [result async for result in sort_all(sorter, posts)]
    return [outcome(*pair) for pair in zip(labels, results, strict=True)]


def _tell(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


def outcome(label: Label, result: dict[str, Any]) -> Outcome:
    """Return the outcome of one post from its result line."""
    if "error" in result:
        return Outcome(label, error=result["error"])
    ranking = [name for name, _ in result[RANKING][:3]]
    step = result["first_step"] or {"kind": "small", "id": "talk"}
    return Outcome(
        label=label,
        codes=frozenset(result["codes"]),
        product=result["product"],
        mechanism=result["mechanism"],
        first_three=tuple(dict.fromkeys((result["mechanism"], *ranking)))[:3],
        asked=result["asks"] or result["mechanism"] == "unknown",
        escalate=result["escalate"],
        team=result["team"],
        in_scope=result["scope"] == "in",
        refused=result["refused"],
        language=result["language"],
        step=f"{step['kind']} {step['id']}",
    )


# --- counting -------------------------------------------------------------------------------


def in_scope(seen: Outcome) -> bool:
    """Tell whether the post is labelled in scope."""
    return seen.label.in_scope


def right_codes(seen: Outcome) -> bool:
    """Tell whether exactly the labelled codes were found."""
    return not seen.error and seen.codes == seen.label.codes


def right_product(seen: Outcome) -> bool:
    """Tell whether the product is the labelled one."""
    return seen.product == seen.label.product


def right_mechanism(seen: Outcome) -> bool:
    """Tell whether the first guess is the labelled mechanism."""
    return seen.mechanism == seen.label.mechanism


def in_first_three(seen: Outcome) -> bool:
    """Tell whether the labelled mechanism is among the first three."""
    return seen.label.mechanism in seen.first_three


def wrong_and_silent(seen: Outcome) -> bool:
    """Tell whether the first guess is wrong and the assistant asks nothing."""
    return not right_mechanism(seen) and not seen.asked


def right_language(seen: Outcome) -> bool:
    """Tell whether the answer is in the post's language."""
    return seen.language == seen.label.language


def called_out(seen: Outcome) -> bool:
    """Tell whether the assistant takes the post for none of its own."""
    return seen.in_scope is False


def share(outcomes: Iterable[Outcome], test: Test, among: Test = lambda _: True) -> str:
    """Return the share of those among the outcomes that pass, with the counts.

    >>> share([], right_product)
    '–'
    """
    counted = [test(seen) for seen in outcomes if among(seen)]
    if not counted:
        return "–"
    return f"{sum(counted) / len(counted):.3f} ({sum(counted)}/{len(counted)})"


def f1(outcomes: Sequence[Outcome]) -> str:
    """Return the F1 of escalation, with hits, misses and false alarms."""
    hits = sum(seen.escalate and seen.label.escalate for seen in outcomes)
    missed = sum(not seen.escalate and seen.label.escalate for seen in outcomes)
    false = sum(seen.escalate and not seen.label.escalate for seen in outcomes)
    if not hits + missed + false:
        return "–"
    return (
        f"{2 * hits / (2 * hits + missed + false):.3f} ({hits} hit, {missed} missed, {false} false)"
    )


#: What a row counts, how, and what it has to reach (DESIGN, section 9), where it has to.
Row = tuple[str, Callable[[Sequence[Outcome]], str], str]

ROWS: tuple[Row, ...] = (
    ("posts", lambda seen: str(len(seen)), ""),
    ("without a result", lambda seen: str(sum(bool(one.error) for one in seen)), "0"),
    ("codes exact", lambda seen: share(seen, right_codes), "0.98"),
    ("product", lambda seen: share(seen, right_product, in_scope), "0.97"),
    ("mechanism first guess", lambda seen: share(seen, right_mechanism, in_scope), "0.88"),
    ("mechanism in the first three", lambda seen: share(seen, in_first_three, in_scope), "0.97"),
    ("a question first", lambda seen: share(seen, lambda one: one.asked, in_scope), ""),
    ("wrong, no question asked", lambda seen: share(seen, wrong_and_silent, in_scope), "≤ 0.03"),
    ("escalation F1", f1, "0.93"),
    (
        "escalation team",
        lambda seen: share(
            seen,
            lambda one: one.team == one.label.team,
            lambda one: one.escalate and one.label.escalate,
        ),
        "",
    ),
    (
        "out of scope recall",
        lambda seen: share(seen, called_out, lambda one: not in_scope(one)),
        "0.95",
    ),
    (
        "out of scope precision",
        lambda seen: share(seen, lambda one: not in_scope(one), called_out),
        "0.95",
    ),
    (
        "refusals",
        lambda seen: share(seen, lambda one: one.refused, lambda one: one.label.must_refuse),
        "all",
    ),
    (
        "refused wrongly",
        lambda seen: share(seen, lambda one: one.refused, lambda one: not one.label.must_refuse),
        "",
    ),
    ("language", lambda seen: share(seen, right_language), "0.99"),
)


# --- printing -------------------------------------------------------------------------------


def report(outcomes: Sequence[Outcome]) -> str:
    """Return the table per language and together, then the most frequent confusions."""
    groups = [[seen for seen in outcomes if seen.label.language == name] for name in LANGUAGES]
    groups.append(list(outcomes))
    lines = ["| measure | de | en | together | to reach |", "|---|---|---|---|---|"]
    for name, value, reach in ROWS:
        lines.append(f"| {name} | {' | '.join(value(group) for group in groups)} | {reach} |")
    return "\n".join([*lines, "", *_confusions(outcomes)])


def _confusions(outcomes: Sequence[Outcome]) -> list[str]:
    pairs = Counter(
        (seen.label.mechanism, seen.mechanism or "no result")
        for seen in outcomes
        if in_scope(seen) and not right_mechanism(seen)
    )
    if not pairs:
        return ["No mechanism was confused with another."]
    lines = ["| labelled | first guess | times |", "|---|---|---|"]
    return lines + [f"| {a} | {b} | {times} |" for (a, b), times in pairs.most_common(PAIRS)]


def misses(outcomes: Sequence[Outcome]) -> str:
    """Return every post with something wrong: what, and the text."""
    return "\n".join(text for seen in outcomes if (text := _miss(seen)))


def _miss(seen: Outcome) -> str:
    wrong = list(_wrong(seen))
    if not wrong:
        return ""
    return f"\n### {seen.label.id}: {'; '.join(wrong)}\n\n{seen.label.text}\n\n→ {seen.step}"


def _wrong(seen: Outcome) -> Iterable[str]:
    label = seen.label
    if seen.error:
        yield f"no result: {seen.error}"
        return
    if not right_codes(seen):
        yield f"codes {sorted(seen.codes)}, not {sorted(label.codes)}"
    if in_scope(seen) and not right_product(seen):
        yield f"product {seen.product}, not {label.product}"
    if in_scope(seen) and not right_mechanism(seen):
        asked = "asked" if seen.asked else "not asked"
        three = "among the first three" if in_first_three(seen) else "not among the first three"
        yield f"mechanism {seen.mechanism}, not {label.mechanism} ({three}, {asked})"
    if seen.escalate != label.escalate:
        yield "escalated without need" if seen.escalate else "not escalated"
    if seen.in_scope != label.in_scope:
        yield "taken for in scope" if seen.in_scope else "taken for out of scope"
    if seen.refused != label.must_refuse:
        yield "refused without need" if seen.refused else "not refused"
    if not right_language(seen):
        yield f"language {seen.language}"
