"""Find the words of the vocabulary: products, mechanisms, circumstances, situations.

The pattern language is described for its writers in knowledge/vocabulary/README.md. Patterns
become spaCy token patterns over blank German and English pipelines.
"""

from __future__ import annotations

import re
from typing import Any

import spacy
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from spacy.matcher import Matcher
from spacy.tokens import Doc

from components.finding import Finder
from components.language import LANGUAGE
from components.pasted_output import WHOLE

LANGUAGES = ("de", "en")
#: Words that turn a term into its opposite when they stand up to three words before it.
NEGATORS = frozenset(
    [
        "kein",
        "keine",
        "keinen",
        "keinem",
        "keiner",
        "keines",
        "nicht",
        "nie",
        "niemals",
        "ohne",
        "weder",
        "no",
        "not",
        "without",
        "never",
        "neither",
        "nor",
        "n't",
        "dont",
        "cannot",
        "isnt",
        "wasnt",
    ]
)
#: Where a clause ends: a negation does not reach across.
CLAUSE_ENDS = frozenset([".", ",", ";", ":", "!", "?", "aber", "sondern", "but"])
#: What a gap (~) may not jump over.
SENTENCE_ENDS = [".", "!", "?", ";"]
GAP = {"LOWER": {"NOT_IN": SENTENCE_ENDS}, "OP": "?"}
GAP_WORDS = 4
REACH = 3
#: Marks a pattern that is itself a negation ("ohne VPN").
NEGATIVE = "#negative"
#: Signs that only decorate a word; hyphens part compounds that people write in either way.
DECORATION = re.compile(r"[„“”\"»«()\[\]{}*_/\\|<>=\-–—‑]")


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=True)
class TermMatcher(Finder):
    """Adds an entity `term` for every term heard, and `message` for a quoted error message."""

    def learn(self, words: dict[str, Any]) -> None:
        """Compile the vocabulary for both languages."""
        self._pipelines = {language: spacy.blank(language) for language in LANGUAGES}
        self._matchers = {
            language: _matcher(pipeline, words["terms"])
            for language, pipeline in self._pipelines.items()
        }
        self._messages = [(entry["fault"], plain(entry["text"])) for entry in words["messages"]]

    def find(self, message: Message) -> None:
        """Add what the person's own words name, and the messages quoted anywhere."""
        language = message.get(LANGUAGE) or "de"
        doc = self._pipelines[language](plain(message.get(TEXT) or ""))
        terms = [
            {"entity": "term", "start": 0, "end": 0, "value": value}
            for value in heard(doc, self._matchers[language])
        ]
        whole = plain(message.get(WHOLE) or "")
        faults = sorted({fault for fault, text in self._messages if text in whole})
        quoted = [{"entity": "message", "start": 0, "end": 0, "value": f} for f in faults]
        self.add_entities(message, terms + quoted)


def plain(text: str) -> str:
    """Return the text as patterns see it: lower case, hyphens and decoration as blanks.

    >>> plain('Der „Product-Key“ geht nicht')
    'der product key geht nicht'
    """
    return " ".join(DECORATION.sub(" ", text.lower()).split())


def heard(doc: Doc, matcher: Matcher) -> list[str]:
    """Return the ids of the terms in a text that are not negated, sorted."""
    names = doc.vocab.strings
    found = ((names[key].partition(NEGATIVE), start, end) for key, start, end in matcher(doc))
    return sorted(
        {term for (term, negative, _), *span in found if negative or not negated(doc, *span)}
    )


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


def _matcher(pipeline: Any, terms: list[dict[str, Any]]) -> Matcher:
    """Return a matcher with the patterns of both languages: people mix them."""
    matcher = Matcher(pipeline.vocab)
    for term in terms:
        for language in LANGUAGES:
            for pattern in term[language]:
                negative = NEGATORS & set(re.split(r"[\s|?]", pattern.lower()))
                key = term["id"] + (NEGATIVE if negative else "")
                matcher.add(key, compiled(pattern, pipeline))
    return matcher


def compiled(pattern: str, pipeline: Any) -> list[list[dict[str, Any]]]:
    """Return the token patterns of one pattern of the vocabulary.

    >>> compiled("board* ~ neu|new", spacy.blank("de"))[0][0]
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
    return [tokens] if tokens else []


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
