"""What people say, as training data: mirrored, unambiguous, broad, and without keys."""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from ruamel.yaml import YAML

from knowledge.words import Language, Mechanism

NLU_DATA = Path(__file__).parents[2] / "nlu_data"
#: Below this number of sentences a mechanism is guessed, not understood.
ENOUGH = 100
#: So many ways there are at least for every move of a conversation.
ENOUGH_FOR_A_MOVE = 40
#: A story is at least this long; real descriptions are, and the telling word hides in them.
STORY = 180
#: From this share of common words on, a sentence of another intent steals.
THEFT = 0.8
#: Shorter sentences are alike by nature: "kann ich nicht", "weiß ich nicht".
SHORT = 5
#: So many stories has every mechanism in every language at least.
STORIES = 6
PRODUCT_KEY = re.compile(r"\b[A-Z0-9]{5}(?:-[A-Z0-9]{5}){4}\b", re.IGNORECASE)
CODE = re.compile(r"\b(?:0x)?[0-9a-f]{8}\b|\bAADSTS\d{4,}\b|-\d{10}\b", re.IGNORECASE)
ANNOTATION = re.compile(r"\[[^\]]+\](?:\(|\{)")


class Example(NamedTuple):
    """A training sentence and where it stands."""

    language: str
    file: str
    intent: str
    text: str

    @property
    def describes(self) -> bool:
        """Whether it tells a problem, not a move of the conversation."""
        return self.intent.startswith("describe_")


def read_examples() -> list[Example]:
    """Return every training sentence of both languages."""
    reader = YAML(typ="safe", pure=True)
    return [
        Example(language.value, path.name, entry["intent"], line.strip().removeprefix("- ").strip())
        for language in Language
        for path in sorted((NLU_DATA / language.value).glob("*.yml"))
        for entry in reader.load(path)["nlu"]
        for line in entry["examples"].splitlines()
    ]


def plain(text: str) -> str:
    """Return a sentence without case and punctuation: what a classifier is left with."""
    return " ".join(re.findall(r"\w+", text.casefold()))


def near_pairs(examples: list[Example]) -> Iterator[tuple[Example, Example]]:
    """Yield the pairs of different intents that have nearly all words in common.

    Such a pair shares one of its rarest words, so only sentences that do are compared.
    """
    sentences = [(one, frozenset(plain(one.text).split())) for one in examples]
    frequency = Counter(word for _, words in sentences for word in words)
    index: dict[str, list[tuple[Example, frozenset[str]]]] = defaultdict(list)
    for entry in sentences:
        one, words = entry
        if len(words) < SHORT:
            continue
        rarest = sorted(words, key=lambda word: (frequency[word], word))
        telling = rarest[: len(words) - math.ceil(THEFT * len(words)) + 1]
        for other, its_words in {id(c): c for w in telling for c in index[w]}.values():
            alike = len(words & its_words) / len(words | its_words)
            if alike >= THEFT and other.intent != one.intent:
                yield other, one
        for word in telling:
            index[word].append(entry)


@pytest.fixture(scope="module")
def examples() -> list[Example]:
    return read_examples()


@pytest.fixture(scope="module")
def descriptions(examples: list[Example]) -> list[Example]:
    return [one for one in examples if one.describes]


def test_both_languages_have_the_same_files_with_the_same_intents(
    examples: list[Example],
) -> None:
    german, english = (
        list(dict.fromkeys((one.file, one.intent) for one in examples if one.language == language))
        for language in ("de", "en")
    )
    assert german == english != []


def test_no_sentence_stands_under_two_intents(examples: list[Example]) -> None:
    intents = defaultdict(set)
    for one in examples:
        intents[plain(one.text)].add(one.intent)
    assert {text: found for text, found in intents.items() if len(found) > 1} == {}


def test_no_sentence_is_nearly_one_of_another_intent(examples: list[Example]) -> None:
    assert [(a.intent, a.text, b.intent, b.text) for a, b in near_pairs(examples)] == []


def test_no_sentence_stands_twice_in_a_language(examples: list[Example]) -> None:
    said = Counter((one.language, plain(one.text)) for one in examples)
    assert [place for place, times in said.items() if times > 1] == []


def test_every_mechanism_has_an_intent(descriptions: list[Example]) -> None:
    expected = {f"describe_{word.value}" for word in Mechanism if word is not Mechanism.NONE}
    assert {one.intent for one in descriptions} == expected


def test_every_mechanism_is_described_in_many_ways(descriptions: list[Example]) -> None:
    count = Counter((one.intent, one.language) for one in descriptions)
    assert {place: n for place, n in count.items() if n < ENOUGH} == {}


def test_every_move_is_made_in_many_ways(examples: list[Example]) -> None:
    count = Counter((one.intent, one.language) for one in examples if not one.describes)
    assert {place: n for place, n in count.items() if n < ENOUGH_FOR_A_MOVE} == {}


def test_every_mechanism_is_told_as_a_story_too(descriptions: list[Example]) -> None:
    places = {(one.intent, one.language) for one in descriptions}
    stories = Counter((one.intent, one.language) for one in descriptions if len(one.text) >= STORY)
    assert {place: stories[place] for place in places if stories[place] < STORIES} == {}


def test_no_sentence_holds_a_product_key(examples: list[Example]) -> None:
    assert [one.text for one in examples if PRODUCT_KEY.search(one.text)] == []


def test_no_sentence_is_only_a_code(examples: list[Example]) -> None:
    bare = [one.text for one in examples if CODE.search(one.text)]
    assert [text for text in bare if not plain(CODE.sub("", text))] == []


def test_no_sentence_is_annotated_or_empty(examples: list[Example]) -> None:
    odd = [one for one in examples if not one.text or ANNOTATION.search(one.text)]
    assert odd == []


@pytest.mark.parametrize("language", list(Language))
def test_what_a_team_must_act_on_is_a_description_of_the_training_data(
    descriptions: list[Example], language: Language
) -> None:
    path = NLU_DATA / "team_acts" / f"{language}.txt"
    marked = path.read_text(encoding="utf-8").splitlines()
    known = {one.text for one in descriptions if one.language == language}
    assert [sentence for sentence in marked if sentence not in known] == []
    assert len(set(marked)) == len(marked)


@pytest.mark.parametrize("language", list(Language))
def test_both_what_a_team_and_what_a_person_mends_is_described(
    descriptions: list[Example], language: Language
) -> None:
    path = NLU_DATA / "team_acts" / f"{language}.txt"
    marked = set(path.read_text(encoding="utf-8").splitlines())
    ours = [one for one in descriptions if one.language == language]
    share = sum(one.text in marked for one in ours) / len(ours)
    assert 0.25 < share < 0.75
