"""Compare intent classifiers on the evaluation posts; runs in the bot's environment.

`./lotse bench classifiers [--diet]` trains each candidate on nlu_data/de and nlu_data/en and
prints, per candidate: the share of in-scope posts of nlu_data/eval whose mechanism is the first
guess and among the first three (the classifier alone, without codes and terms), the mean log loss,
the training time, and the time per post without the sentence vector. `--diet` adds Rasa's stock
DIET pipeline, stopped after a few epochs; even so it takes many minutes. Times are of one run and
only compare with each other.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from components.meaning import vectors
from rasa.core.agent import Agent
from rasa.model_training import train_nlu
from rasa.shared.nlu.training_data.loading import load_data
from scipy.sparse import csr_matrix, hstack
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
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
    """Texts, their sentence vectors and their intents."""

    texts: list[str]
    vectors: np.ndarray
    intents: list[str]


class Candidate:
    """A logistic regression over n-grams, sentence vectors, or both.

    `directions`: how many leading directions of the n-grams it is trained on; 0 for all n-grams.
    `unit`: tf-idf of unit length instead of raw counts.
    """

    def __init__(
        self, name: str, *, grams: bool, sentence: bool, directions: int, unit: bool, C: float
    ) -> None:
        self.name = name
        self._grams = TfidfVectorizer(
            analyzer="char_wb",
            ngram_range=(2, 5),
            min_df=2,
            sublinear_tf=unit,
            use_idf=unit,
            norm="l2" if unit else None,
        )
        self._uses = (grams, sentence)
        self._directions = (
            TruncatedSVD(directions, n_iter=3, random_state=1) if directions else None
        )
        self._model = LogisticRegression(C=C, tol=1e-3, max_iter=200, class_weight="balanced")

    def fit(self, known: Texts) -> None:
        """Train."""
        counts = self._grams.fit_transform(known.texts)
        if self._directions:
            self._directions.fit(counts)
        self._model.fit(self._features(known), known.intents)

    def chances(self, asked: Texts) -> tuple[list[str], np.ndarray]:
        """Return the intents and their probabilities per text."""
        return list(self._model.classes_), self._model.predict_proba(self._features(asked))

    def _features(self, given: Texts) -> Any:
        grams, sentence = self._uses
        counts = self._grams.transform(given.texts)
        if self._directions:
            return np.hstack([self._directions.transform(counts), given.vectors])
        parts = [counts] * grams + [csr_matrix(given.vectors)] * sentence
        return hstack(parts).tocsr()


class Diet:
    """Rasa's own classifier in its stock pipeline."""

    name = f"DIET, stock pipeline, {EPOCHS} epochs"

    def fit(self, known: Texts) -> None:
        """Train with Rasa."""
        with tempfile.TemporaryDirectory() as folder:
            config = Path(folder, "config.yml")
            config.write_text(DIET % EPOCHS)
            model = train_nlu(str(config), str(ROOT / "nlu_data"), folder)
            self._agent = Agent.load(model)

    def chances(self, asked: Texts) -> tuple[list[str], np.ndarray]:
        """Return the intents and their probabilities per text."""
        parsed = [asyncio.run(self._agent.parse_message(text)) for text in asked.texts]
        ranked = [{r["name"]: r["confidence"] for r in p["intent_ranking"]} for p in parsed]
        names = sorted(ranked[0])
        return names, np.array([[row[name] for name in names] for row in ranked])


CANDIDATES = (
    Candidate("n-grams", grams=True, sentence=False, directions=0, unit=True, C=60),
    Candidate("sentence vector", grams=False, sentence=True, directions=0, unit=True, C=60),
    Candidate("both, raw counts", grams=True, sentence=True, directions=0, unit=False, C=1),
    Candidate("both", grams=True, sentence=True, directions=0, unit=True, C=60),
    Candidate("both, 400 directions", grams=True, sentence=True, directions=400, unit=True, C=60),
    Candidate("both, 800 directions", grams=True, sentence=True, directions=800, unit=True, C=60),
)


def training() -> Texts:
    """Return the training sentences."""
    data = [load_data(str(ROOT / "nlu_data" / language)) for language in LANGUAGES]
    examples = [example for part in data for example in part.intent_examples]
    texts = [example.get("text") for example in examples]
    return Texts(texts, vectors(texts), [example.get("intent") for example in examples])


def evaluation() -> Texts:
    """Return the in-scope evaluation posts; their intents are their mechanisms."""
    lines = (ROOT / "nlu_data/eval/posts.jsonl").read_text(encoding="utf-8").splitlines()
    posts = [post for post in map(json.loads, lines) if post["scope"] == "in"]
    texts = [post["text"] for post in posts]
    return Texts(texts, vectors(texts), [PREFIX + post["mechanism"] for post in posts])


def row(candidate: Candidate | Diet, known: Texts, asked: Texts) -> str:
    """Train and measure a candidate and return its row of the table."""
    began = time.perf_counter()
    candidate.fit(known)
    took = time.perf_counter() - began
    began = time.perf_counter()
    names, chances = candidate.chances(asked)
    each = (time.perf_counter() - began) / len(asked.texts)
    figures = (*understood(names, chances, asked.intents), f"{took:.0f} s", f"{each * 1000:.1f} ms")
    return f"| {' | '.join((candidate.name, *figures))} |"


def understood(names: Sequence[str], chances: np.ndarray, wanted: Sequence[str]) -> tuple[str, ...]:
    """Return first guess, first three and log loss among the intents that describe a problem."""
    columns = [i for i, name in enumerate(names) if name.startswith(PREFIX)]
    ours = [names[i] for i in columns]
    described = chances[:, columns] + 1e-9
    described /= described.sum(axis=1, keepdims=True)
    ranked = [[ours[i] for i in order] for order in np.argsort(-described, axis=1)]
    place = [order.index(name) for order, name in zip(ranked, wanted, strict=True)]
    truth = [line[ours.index(name)] for line, name in zip(described, wanted, strict=True)]
    first, three = np.mean([p == 0 for p in place]), np.mean([p < 3 for p in place])
    return f"{first:.3f}", f"{three:.3f}", f"{-np.mean(np.log(truth)):.2f}"


def main() -> None:
    """Print the table."""
    known, asked = training(), evaluation()
    print(f"{len(known.texts)} sentences, {len(asked.texts)} posts", file=sys.stderr)
    print("| classifier | first | first three | log loss | training | per post |")
    print("|---|---|---|---|---|---|")
    for candidate in (*CANDIDATES, *([Diet()] if "--diet" in sys.argv else [])):
        print(row(candidate, known, asked), flush=True)


if __name__ == "__main__":
    main()
