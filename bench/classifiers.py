"""Compare intent classifiers on the evaluation posts; runs in the bot's environment.

`./lotse bench classifiers [--diet]` trains each candidate on nlu_data/de and nlu_data/en and
prints, on the in-scope posts of nlu_data/eval, the classifier alone, without triage: the share of
posts whose mechanism is the first guess, per language, and among the first three; the mean log
loss; the calibration error (by how much its probabilities are off, on average over ten bins); the
training time; the time per post; and how much of a model it takes.
"entities": it also sees which terms and codes our components find. `--diet` adds Rasa's stock DIET
pipeline, stopped after a few epochs; even so it takes many minutes. Times are of one run and only
compare with each other.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from components.code_forms import find_codes
from components.finding import vocabulary
from components.grams import Grams, learned
from components.terms import Ear
from rasa.core.agent import Agent
from rasa.model_training import train_nlu
from rasa.shared.nlu.training_data.loading import load_data
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression

ROOT = Path(__file__).resolve().parent.parent
PREFIX = "describe_"
LANGUAGES = ("de", "en")
#: Rasa's default is 300; an epoch takes most of a minute on two busy cores.
EPOCHS = 10
DIET = """
recipe: default.v1
assistant_id: lizenzlotse-bench
language: de
pipeline:
  - name: WhitespaceTokenizer
  - name: LexicalSyntacticFeaturizer
  - name: CountVectorsFeaturizer
  - name: CountVectorsFeaturizer
    analyzer: char_wb
    min_ngram: 1
    max_ngram: 4
  - name: DIETClassifier
    epochs: %d
    constrain_similarities: true
    ranking_length: 0
"""


class Texts(NamedTuple):
    """Texts, what our components find in them, languages and intents."""

    texts: list[str]
    entities: list[dict[str, float]]
    languages: list[str]
    intents: list[str]


class Candidate:
    """A logistic regression over kinds of n-grams, trained on their leading directions.

    `entities` says how loud those are beside the n-grams, 0 leaves them out.
    """

    def __init__(
        self,
        name: str,
        *grams: Grams,
        entities: float = 0.0,
        C: float = 30,
        max_iter: int = 60,
    ) -> None:
        self.name = name
        self._grams, self._entities = grams, entities
        self._found = DictVectorizer(sparse=False)
        self._model = LogisticRegression(C=C, max_iter=max_iter)

    def fit(self, known: Texts) -> None:
        """Train, as bot/components/meaning.py does it."""
        self._found.fit(known.entities)
        self._grams = tuple(learned(known.texts, *self._grams))
        parts = [*(grams.features for grams in self._grams), self._others(known)]
        self._model.fit(np.hstack(parts).astype(np.float64), known.intents)
        borders = np.cumsum([part.shape[1] for part in parts])[:-1]
        *of_directions, of_others = np.split(self._model.coef_, borders, axis=1)
        of_grams = [
            grams.folded(part).T for grams, part in zip(self._grams, of_directions, strict=True)
        ]
        self._model.coef_ = np.hstack([*of_grams, of_others])
        self._model.n_features_in_ = self._model.coef_.shape[1]

    def chances(self, asked: Texts) -> tuple[list[str], np.ndarray]:
        """Return the intents and their probabilities per text."""
        counted = [grams.rows(asked.texts) for grams in self._grams]
        features = hstack([*counted, csr_matrix(self._others(asked))]).tocsr()
        return list(self._model.classes_), self._model.predict_proba(features)

    def _others(self, given: Texts) -> np.ndarray:
        """Return the features that are no n-grams."""
        if not self._entities:
            return np.zeros((len(given.texts), 0), dtype=np.float32)
        return self._entities * self._found.transform(given.entities)

    def size(self) -> float:
        """Return the megabytes it takes in a model."""
        return len(zlib.compress(self._model.coef_.astype(np.float32).tobytes(), 6)) / 1e6


class Diet:
    """Rasa's own classifier in its stock pipeline."""

    name = f"DIET, stock pipeline, {EPOCHS} epochs"

    def fit(self, known: Texts) -> None:
        """Train with Rasa."""
        with tempfile.TemporaryDirectory() as folder:
            config = Path(folder, "config.yml")
            config.write_text(DIET % EPOCHS)
            model = train_nlu(str(config), str(ROOT / "nlu_data"), folder)
            self._size = Path(model).stat().st_size / 1e6
            self._agent = Agent.load(model)

    def chances(self, asked: Texts) -> tuple[list[str], np.ndarray]:
        """Return the intents and their probabilities per text."""
        parsed = [asyncio.run(self._agent.parse_message(text)) for text in asked.texts]
        ranked = [{r["name"]: r["confidence"] for r in p["intent_ranking"]} for p in parsed]
        names = sorted(ranked[0])
        return names, np.array([[row[name] for name in names] for row in ranked])

    def size(self) -> float:
        """Return the megabytes of its model."""
        return self._size


def characters(directions: int = 900) -> Grams:
    """Return n-grams of characters, as the product counts them."""
    return Grams("char_wb", (2, 5), directions, 1.0)


def words(directions: int = 1300) -> Grams:
    """Return words with their neighbours, as the product counts them."""
    return Grams("word", (1, 2), directions, 1.0)


CANDIDATES = (
    Candidate("characters", characters()),
    Candidate("words", words()),
    Candidate("characters and words, fewer directions", characters(600), words(900)),
    Candidate("characters and words", characters(), words()),
    Candidate("characters and words, to the end", characters(), words(), max_iter=300),
    Candidate("characters, words and entities", characters(), words(), entities=0.3),
)


def gathered(texts: list[str], languages: list[str], intents: list[str]) -> Texts:
    """Return texts with what our components find in them."""
    words = vocabulary(str(ROOT / "bot" / "generated" / "vocabulary.json"))
    known = set(words["codes"])
    ears = {language: Ear(language, words["terms"]) for language in LANGUAGES}
    entities = [
        dict.fromkeys(
            (*ears[language].heard(text), *(found.code for found in find_codes(text, known))), 1.0
        )
        for text, language in zip(texts, languages, strict=True)
    ]
    return Texts(texts, entities, languages, intents)


def training() -> Texts:
    """Return the training sentences."""
    examples = [
        (example, language)
        for language in LANGUAGES
        for example in load_data(str(ROOT / "nlu_data" / language)).intent_examples
    ]
    texts = [example.get("text") for example, _ in examples]
    intents = [example.get("intent") for example, _ in examples]
    return gathered(texts, [language for _, language in examples], intents)


def evaluation() -> Texts:
    """Return the in-scope evaluation posts; their intents are their mechanisms."""
    files = sorted((ROOT / "nlu_data" / "eval").glob("*.jsonl"))
    lines = [line for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    posts = [post for post in map(json.loads, lines) if post["scope"] == "in"]
    return gathered(
        [post["text"] for post in posts],
        [post["lang"] for post in posts],
        [PREFIX + post["mechanism"] for post in posts],
    )


def row(candidate: Candidate | Diet, known: Texts, asked: Texts) -> str:
    """Train and measure a candidate and return its row of the table."""
    began = time.perf_counter()
    candidate.fit(known)
    took = time.perf_counter() - began
    began = time.perf_counter()
    names, chances = candidate.chances(asked)
    each = (time.perf_counter() - began) / len(asked.texts)
    costs = (f"{took:.0f} s", f"{each * 1000:.1f} ms", f"{candidate.size():.1f} MB")
    figures = (*understood(names, chances, asked), *costs)
    return f"| {' | '.join((candidate.name, *figures))} |"


def understood(names: Sequence[str], chances: np.ndarray, asked: Texts) -> tuple[str, ...]:
    """Return first guess per language, first three, log loss and calibration error.

    Only the intents that describe a problem count.
    """
    columns = [i for i, name in enumerate(names) if name.startswith(PREFIX)]
    ours = [names[i] for i in columns]
    described = chances[:, columns] + 1e-9
    described /= described.sum(axis=1, keepdims=True)
    truth = np.array([ours.index(name) for name in asked.intents])
    place = np.array(
        [list(np.argsort(-row)).index(t) for row, t in zip(described, truth, strict=True)]
    )
    of = {language: np.array(asked.languages) == language for language in LANGUAGES}
    loss = -np.mean(np.log(described[np.arange(len(truth)), truth]))
    firsts = [float(np.mean(place[rows] == 0)) for rows in of.values()]
    off = calibration_error(described.max(axis=1), place == 0)
    return (*(f"{f:.3f}" for f in (*firsts, np.mean(place < 3))), f"{loss:.2f}", f"{off:.3f}")


def calibration_error(shares: np.ndarray, right: np.ndarray) -> float:
    """Return by how much probabilities are off, on average over ten bins of equal width."""
    bins = np.minimum((shares * 10).astype(int), 9)
    parts = [bins == number for number in range(10) if np.any(bins == number)]
    return float(sum(abs(shares[p].mean() - right[p].mean()) * p.mean() for p in parts))


def main() -> None:
    """Print the table."""
    known, asked = training(), evaluation()
    print(f"{len(known.texts)} sentences, {len(asked.texts)} posts", file=sys.stderr)
    print(
        "| classifier | first, de | first, en | first three | log loss | calibration error"
        " | training | per post | size |"
    )
    print("|---" * 9 + "|")
    for candidate in (*CANDIDATES, *([Diet()] if "--diet" in sys.argv else [])):
        print(row(candidate, known, asked), flush=True)


if __name__ == "__main__":
    main()
