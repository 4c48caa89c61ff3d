"""The labelled posts that measure the assistant: well-formed, and never seen in training."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict, Field
from ruamel.yaml import YAML

from knowledge.schema import CODE
from knowledge.words import Context, Language, Mechanism, Product, Team

NLU_DATA = Path(__file__).parents[2] / "nlu_data"
#: From this share of common words on, a post counts as known from training.
TOO_SIMILAR = 0.8
ANNOTATION = re.compile(r"\[([^\]]*)\](?:\([^)]*\)|\{[^}]*\})")
PRODUCT_KEY = re.compile(r"\b[A-Z0-9]{5}(?:-[A-Z0-9]{5}){4}\b", re.IGNORECASE)


class Post(BaseModel):
    """A labelled description, with the fields of the examples and no others."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^eval-(de|en)-[0-9]{3}$")
    lang: Language
    text: str = Field(min_length=3)
    codes: tuple[str, ...]
    product: Product
    mechanism: Mechanism
    context: tuple[Context, ...]
    escalate: bool
    escalate_team: Team
    scope: str = Field(pattern=r"^(in|out)$")
    must_refuse: bool
    note: str = Field(min_length=3)


@pytest.fixture(scope="module")
def posts() -> list[Post]:
    text = (NLU_DATA / "eval" / "posts.jsonl").read_text(encoding="utf-8")
    return [Post.model_validate(json.loads(line)) for line in text.splitlines()]


@pytest.fixture(scope="module")
def in_scope(posts: list[Post]) -> list[Post]:
    return [post for post in posts if post.scope == "in"]


def words(text: str) -> frozenset[str]:
    """Return the words of a text, without their case, order or punctuation."""
    return frozenset(re.findall(r"\w+", text.casefold()))


def overlap(one: frozenset[str], other: frozenset[str]) -> float:
    """Return the share of common words (Jaccard)."""
    return len(one & other) / len(one | other)


def training_sentences() -> Iterator[str]:
    """Yield every example sentence of the training data, without its annotations."""
    reader = YAML(typ="safe", pure=True)
    for path in sorted(NLU_DATA.glob("??/*.yml")):
        for entry in reader.load(path)["nlu"]:
            for line in entry.get("examples", "").splitlines():
                if sentence := line.strip().removeprefix("-").strip():
                    yield ANNOTATION.sub(r"\1", sentence)


def test_there_are_enough_posts_in_both_languages(posts: list[Post]) -> None:
    count = Counter(post.lang for post in posts)
    assert min(count[language] for language in Language) >= 60


def test_every_id_stands_once_and_names_its_language(posts: list[Post]) -> None:
    ids = Counter(post.id for post in posts)
    assert max(ids.values()) == 1
    assert [p.id for p in posts if not p.id.startswith(f"eval-{p.lang}-")] == []


def test_codes_are_canonical_and_stand_once(posts: list[Post]) -> None:
    odd = [(p.id, code) for p in posts for code in p.codes if not re.match(CODE, code)]
    assert odd == []
    assert [p.id for p in posts if len(set(p.codes)) != len(p.codes)] == []


def test_a_team_is_named_exactly_when_a_case_is_escalated(posts: list[Post]) -> None:
    assert [p.id for p in posts if p.escalate != (p.escalate_team is not Team.NONE)] == []


def test_what_is_out_of_scope_has_no_mechanism_and_goes_to_no_team(posts: list[Post]) -> None:
    wrong = [
        p.id
        for p in posts
        if (p.scope == "out") != (p.mechanism is Mechanism.NONE)
        or (p.scope == "out" and (p.escalate or p.context or p.product is not Product.NONE))
    ]
    assert wrong == []


def test_what_is_refused_is_out_of_scope(posts: list[Post]) -> None:
    assert [p.id for p in posts if p.must_refuse and p.scope == "in"] == []


@pytest.mark.parametrize("language", list(Language))
def test_every_mechanism_is_described_in_both_languages(
    in_scope: list[Post], language: Language
) -> None:
    described = {post.mechanism for post in in_scope if post.lang is language}
    assert set(Mechanism) - described - {Mechanism.NONE} == set()


def test_every_circumstance_is_mentioned_somewhere(in_scope: list[Post]) -> None:
    mentioned = {context for post in in_scope for context in post.context}
    assert set(Context) - mentioned == set()


def test_no_post_holds_a_whole_product_key(posts: list[Post]) -> None:
    assert [post.id for post in posts if PRODUCT_KEY.search(post.text)] == []


def test_no_post_is_known_from_training(posts: list[Post]) -> None:
    known = [(sentence, words(sentence)) for sentence in training_sentences()]
    assert known, "there is no training data to compare with"
    similar = [
        (post.id, sentence)
        for post in posts
        for sentence, its_words in known
        if its_words and overlap(words(post.text), its_words) >= TOO_SIMILAR
    ]
    assert similar == []


def test_no_two_posts_say_the_same(posts: list[Post]) -> None:
    said = [(post.id, words(post.text)) for post in posts]
    twins = [
        (one, other)
        for place, (one, mine) in enumerate(said)
        for other, theirs in said[place + 1 :]
        if overlap(mine, theirs) >= TOO_SIMILAR
    ]
    assert twins == []
