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
EVAL = NLU_DATA / "eval"
#: The files that measure by themselves, and the beginning of the ids in each.
SETS = {
    **{"posts": "eval", "fresh": "fresh", "dev": "dev", "test": "test"},
    **{"forum_dev": "f", "forum_test": "g"},
}
#: From this share of common words on, a post counts as known from training.
TOO_SIMILAR = 0.8
ANNOTATION = re.compile(r"\[([^\]]*)\](?:\([^)]*\)|\{[^}]*\})")
#: A whole product key; one that is masked with X is none.
PRODUCT_KEY = re.compile(r"\b(?!(?:X{5}-){4}X{5}\b)[A-Z0-9]{5}(?:-[A-Z0-9]{5}){4}\b", re.IGNORECASE)


class Post(BaseModel):
    """A labelled description, with the fields of the examples and no others."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[a-z]+-(de|en)-[0-9]{3}$")
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


def read_posts(path: Path) -> list[Post]:
    """Return the posts of one file, in its order."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [Post.model_validate(json.loads(line)) for line in lines]


@pytest.fixture(scope="module", params=SETS)
def one_set(request: pytest.FixtureRequest) -> list[Post]:
    """The posts of one file, for what must hold in every file by itself."""
    return read_posts(EVAL / f"{request.param}.jsonl")


@pytest.fixture(scope="module")
def posts() -> list[Post]:
    """The posts of all files together."""
    return [post for path in sorted(EVAL.glob("*.jsonl")) for post in read_posts(path)]


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


def test_every_file_is_a_set_that_the_readme_explains() -> None:
    assert {path.stem for path in EVAL.glob("*.jsonl")} == set(SETS)
    readme = (EVAL / "README.md").read_text(encoding="utf-8")
    assert [name for name in SETS if f"`{name}.jsonl`" not in readme] == []


def test_the_languages_of_a_set_are_in_balance(one_set: list[Post]) -> None:
    count = Counter(post.lang for post in one_set)
    assert min(count[language] for language in Language) >= 0.4 * len(one_set)


@pytest.mark.parametrize(("name", "beginning"), SETS.items())
def test_every_id_names_its_file_and_language(name: str, beginning: str) -> None:
    posts = read_posts(EVAL / f"{name}.jsonl")
    assert [p.id for p in posts if not p.id.startswith(f"{beginning}-{p.lang}-")] == []


def test_every_id_stands_once(posts: list[Post]) -> None:
    assert max(Counter(post.id for post in posts).values()) == 1


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


def test_every_mechanism_is_described_in_every_set(one_set: list[Post]) -> None:
    assert set(Mechanism) - {post.mechanism for post in one_set} == set()


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
        (one, sentence)
        for one, mine in [(post.id, words(post.text)) for post in posts]
        for sentence, its_words in known
        if its_words and overlap(mine, its_words) >= TOO_SIMILAR
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
