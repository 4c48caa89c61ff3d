"""Find the words of the vocabulary: products, mechanisms, circumstances, situations.

The pattern language is described for its writers in knowledge/vocabulary/README.md. Patterns
become spaCy token patterns over blank German and English pipelines.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import spacy
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from spacy.matcher import Matcher
from spacy.tokens import Doc

from components.finding import Finder
from components.language import LANGUAGE
from components.pasted_output import PROSE

LANGUAGES = ("de", "en")
#: Words that turn a term into its opposite when they stand up to three words before it.
NEGATORS = frozenset(
    [
        *("kein", "keine", "keinen", "keinem", "keiner", "keines", "nicht", "nie", "niemals"),
        *("ohne", "weder", "no", "not", "without", "never", "neither", "nor", "n't", "dont"),
        *("cannot", "isnt", "wasnt", "nothing", "nichts", "nix", "ned", "koa", "koan", "kei"),
    ]
)
#: Where a clause ends: a negation does not reach across.
CLAUSE_ENDS = frozenset([".", ",", ";", ":", "!", "?", "aber", "sondern", "but"])
#: What a gap (~) may not jump over.
SENTENCE_ENDS = [".", "!", "?", ";"]
GAP = {"LOWER": {"NOT_IN": SENTENCE_ENDS}, "OP": "?"}
GAP_WORDS = 4
REACH = 3
#: Where the patterns stand that need no word.
NO_WORD = -1
#: The kinds of term that a negation takes back; "kein KMS erreichbar" still speaks of KMS.
DENIABLE = frozenset({"context", "situation"})
#: Signs that only decorate a word; hyphens part compounds that people write in either way.
DECORATION = re.compile(r"[„“”\"»«()\[\]{}*_/\\|<>=\-–—‑]")


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=True)
class TermMatcher(Finder):
    """Adds an entity `term` for every term heard, `topic` for what an explanation is about, and
    `message` for a quoted error message.
    """

    def prepare(self, words: dict[str, Any]) -> None:
        """Compile the vocabulary for both languages."""
        self._ears = {language: Ear(language, words["terms"]) for language in LANGUAGES}
        topics = [{**topic, "kind": "topic"} for topic in words["topics"]]
        self._topics = {language: Ear(language, topics) for language in LANGUAGES}
        self._messages = [(entry["fault"], plain(entry["text"])) for entry in words["messages"]]

    def understand(self, message: Message) -> None:
        """Add what the person's own words name, and the messages quoted anywhere."""
        language, prose = message.get(LANGUAGE) or "de", message.get(PROSE) or ""
        terms = [{"entity": "term", "value": v} for v in self._ears[language].heard(prose)]
        topics = [{"entity": "topic", "value": v} for v in self._topics[language].named(prose)]
        whole = plain(message.get(TEXT) or "")
        faults = sorted({fault for fault, text in self._messages if text in whole})
        quoted = [{"entity": "message", "value": f} for f in faults]
        self.add_entities(message, terms + topics + quoted)


@dataclass(frozen=True)
class Pattern:
    """One pattern: its term, what it needs, and spaCy's matcher for it.

    `needed` are the numbers of the words that must occur. `deniable` means that a negation
    takes it back; that holds for circumstances, and not for patterns that are negations.
    """

    term: str
    needed: frozenset[int]
    matcher: Matcher
    deniable: bool


class Ear:
    """Hears the terms of the vocabulary in a text of one language.

    spaCy's matcher tries every pattern at every word; most patterns need a word that does not
    occur at all. Only those whose words all occur are handed to it (about twenty times faster).
    """

    def __init__(self, language: str, terms: list[dict[str, Any]]) -> None:
        self._pipeline = spacy.blank(language)
        self._numbers: dict[str, int] = {}
        self._exact: dict[str, set[int]] = {}
        self._wild: list[tuple[re.Pattern[str], int]] = []
        self._patterns = [
            self._pattern(term, pattern)
            for term in terms
            for name in LANGUAGES  # of both languages: people mix them
            for pattern in term[name]
        ]
        self._any_wild = re.compile("|".join(expression.pattern for expression, _ in self._wild))
        self._places = lru_cache(maxsize=20_000)(self._places_of)
        # Each pattern under the one of its words that the fewest others need.
        needs = Counter(number for pattern in self._patterns for number in pattern.needed)
        self._by_word: defaultdict[int, list[Pattern]] = defaultdict(list)
        for pattern in self._patterns:
            rarest = min(pattern.needed, key=lambda number: needs[number], default=NO_WORD)
            self._by_word[rarest].append(pattern)

    def heard(self, text: str) -> list[str]:
        """Return the ids of the terms in a text that are not negated, sorted."""
        return sorted({term for term, _, _ in self._spans(text)})

    def named(self, text: str) -> list[str]:
        """Return the ids of the terms in a text; of words that overlap, the longest alone count.

        "KMS-Host" is one thing, not KMS and then something else.
        """
        taken: list[tuple[str, int, int]] = []
        for span in sorted(self._spans(text), key=lambda s: (s[1] - s[2], s[1], s[0])):
            if all(span[2] <= start or end <= span[1] for _, start, end in taken):
                taken.append(span)
        return list(dict.fromkeys(term for term, _, _ in taken))

    def _spans(self, text: str) -> list[tuple[str, int, int]]:
        """Return every term in a text that is not negated, with the words it covers."""
        doc = self._pipeline(plain(text))
        present: frozenset[int] = frozenset().union(*(self._places(t.lower_) for t in doc))
        likely = (p for number in (NO_WORD, *present) for p in self._by_word.get(number, ()))
        fitting = (p for p in likely if p.needed <= present)
        return [(p.term, start, end) for p in fitting for start, end in _in(doc, p)]

    def _pattern(self, term: dict[str, Any], pattern: str) -> Pattern:
        tokens = compiled(pattern, self._pipeline)
        matcher = Matcher(self._pipeline.vocab)
        matcher.add(term["id"], [tokens])
        needed = frozenset(self._number(t["LOWER"]) for t in tokens if t.get("OP") != "?")
        negative = NEGATORS & set(re.split(r"[\s|?]", pattern.lower()))
        return Pattern(term["id"], needed, matcher, term["kind"] in DENIABLE and not negative)

    def _number(self, word: Any) -> int:
        """Return the number of a word of a pattern, a new one for a new word."""
        name = str(word)
        if name in self._numbers:
            return self._numbers[name]
        number = self._numbers[name] = len(self._numbers)
        if isinstance(word, str):
            self._exact.setdefault(word, set()).add(number)
        elif "IN" in word:
            for form in word["IN"]:
                self._exact.setdefault(form, set()).add(number)
        else:
            self._wild.append((re.compile(word["REGEX"]), number))
        return number

    def _places_of(self, word: str) -> frozenset[int]:
        """Return the numbers of the patterns' words that a word of the text fits."""
        exact = self._exact.get(word, set())
        if not (self._wild and self._any_wild.search(word)):  # most words: one search for all
            return frozenset(exact)
        return exact.union(n for expression, n in self._wild if expression.search(word))


def _in(doc: Doc, pattern: Pattern) -> list[tuple[int, int]]:
    """Return where a pattern stands in a text and is not taken back there."""
    found = ((start, end) for _, start, end in pattern.matcher(doc))
    return [span for span in found if not (pattern.deniable and negated(doc, *span))]


def plain(text: str) -> str:
    """Return the text as patterns see it: lower case, hyphens and decoration as blanks.

    >>> plain('Der „Product-Key“ geht nicht')
    'der product key geht nicht'
    """
    return " ".join(DECORATION.sub(" ", text.lower()).split())


def negated(doc: Doc, start: int, end: int) -> bool:
    """Tell whether a negation reaches the words from `start` to `end`.

    It stands in a gap between them ("Mainboard wurde nicht getauscht") or shortly before them.
    """
    if any(token.lower_ in NEGATORS for token in doc[start:end]):
        return True
    for token in reversed(doc[max(0, start - REACH) : start]):
        if token.lower_ in CLAUSE_ENDS:
            return False
        if token.lower_ in NEGATORS:
            return True
    return False


def compiled(pattern: str, pipeline: Any) -> list[dict[str, Any]]:
    """Return the token pattern of one pattern of the vocabulary.

    >>> compiled("board* ~ neu|new", spacy.blank("de"))[0]
    {'LOWER': {'REGEX': '^board.*$'}}
    """
    tokens: list[dict[str, Any]] = []
    for word in pattern.lower().split():
        if word == "~":
            tokens.extend([GAP] * GAP_WORDS)
        elif word.endswith("?") and len(word) > 1:
            tokens.extend({**token, "OP": "?"} for token in _word(word[:-1], pipeline))
        else:
            tokens.extend(_word(word, pipeline))
    return tokens


def _word(word: str, pipeline: Any) -> list[dict[str, Any]]:
    """Return the token patterns of one word: plain, with `|`, or with `*`."""
    if "|" not in word and "*" not in word:
        return [{"LOWER": token.lower_} for token in pipeline(plain(word))]
    forms = word.split("|")
    if "*" not in word:
        return [{"LOWER": {"IN": forms}}]
    expression = "|".join(re.escape(form).replace(r"\*", ".*") for form in forms)
    anchored = f"^{expression}$" if len(forms) == 1 else f"^(?:{expression})$"
    return [{"LOWER": {"REGEX": anchored}}]
