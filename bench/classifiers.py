"""Compare intent classifiers on the evaluation posts; runs in the bot's environment.

Trains each candidate on nlu_data/de and nlu_data/en and prints, per candidate: the share of
in-scope posts of nlu_data/eval whose mechanism is the first guess and among the first three (the
classifier alone, without codes and terms), the mean log loss, the training time and the time per
post. Times are of one run on one machine and only compare with each other.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from components.sentence_encoder import encode
from rasa.shared.nlu.training_data.loading import load_data
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import normalize

ROOT = Path(__file__).resolve().parent.parent
PREFIX = "describe_"
Features = Callable[[list[str]], Any]


def training() -> tuple[list[str], list[str]]:
    """Return the training sentences and their intents."""
    data = [load_data(str(ROOT / "nlu_data" / language)) for language in ("de", "en")]
    examples = [example for part in data for example in part.intent_examples]
    return [e.get("text") for e in examples], [e.get("intent") for e in examples]


def evaluation() -> tuple[list[str], list[str]]:
    """Return the in-scope evaluation posts and the intent of their mechanism."""
    lines = (ROOT / "nlu_data/eval/posts.jsonl").read_text(encoding="utf-8").splitlines()
    posts = [post for post in map(json.loads, lines) if post["scope"] == "in"]
    return [p["text"] for p in posts], [PREFIX + p["mechanism"] for p in posts]


def vectors(texts: list[str]) -> np.ndarray:
    """Return the sentence vectors."""
    return np.vstack([encode(text) for text in texts])


class Candidate:
    """A way to turn texts into features, with a logistic regression behind it."""

    def __init__(self, grams: bool, sentence: bool, scaled: bool, C: float, tol: float) -> None:
        self.name = (
            f"{'n-grams ' if grams else ''}{'sentence ' if sentence else ''}"
            f"{'scaled ' if scaled else ''}C={C:g} tol={tol:g}"
        )
        self._grams = CountVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=2)
        self._idf = TfidfTransformer(sublinear_tf=True)
        self._use = (grams, sentence, scaled)
        self._model = LogisticRegression(C=C, tol=tol, max_iter=200, class_weight="balanced")

    def fit(self, texts: list[str], known: np.ndarray, intents: list[str]) -> None:
        """Train on texts, their sentence vectors and their intents."""
        counts = self._grams.fit_transform(texts)
        self._idf.fit(counts)
        self._model.fit(self._features(texts, known), intents)

    def chances(self, texts: list[str], known: np.ndarray) -> np.ndarray:
        """Return the probabilities per text and intent."""
        return self._model.predict_proba(self._features(texts, known))

    @property
    def intents(self) -> list[str]:
        """Return the intents in the order of the probabilities."""
        return list(self._model.classes_)

    def _features(self, texts: list[str], known: np.ndarray) -> Any:
        grams, sentence, scaled = self._use
        counts = self._grams.transform(texts)
        parts = []
        if grams:
            parts.append(normalize(self._idf.transform(counts)) if scaled else counts)
        if sentence:
            parts.append(csr_matrix(known))
        return hstack(parts).tocsr()


def measured(candidate: Candidate, train: Any, test: Any) -> str:
    """Return a row of the table."""
    texts, known, intents = train
    began = time.perf_counter()
    candidate.fit(texts, known, intents)
    took = time.perf_counter() - began
    posts, post_vectors, wanted = test
    began = time.perf_counter()
    chances = candidate.chances(posts, post_vectors)
    each = (time.perf_counter() - began) / len(posts)
    columns = [i for i, name in enumerate(candidate.intents) if name.startswith(PREFIX)]
    names = [candidate.intents[i] for i in columns]
    ours = chances[:, columns] / chances[:, columns].sum(axis=1, keepdims=True)
    order = np.argsort(-ours, axis=1)
    place = [[names[i] for i in ranked].index(w) for ranked, w in zip(order, wanted, strict=True)]
    truth = [row[names.index(w)] for row, w in zip(ours, wanted, strict=True)]
    figures = (
        f"{np.mean([p == 0 for p in place]):.3f}",
        f"{np.mean([p < 3 for p in place]):.3f}",
        f"{-np.mean(np.log(np.maximum(truth, 1e-9))):.2f}",
        f"{took:.0f} s",
        f"{each * 1000:.1f} ms",
    )
    return f"| {' | '.join((candidate.name, *figures))} |"


def main() -> None:
    """Print the table."""
    texts, intents = training()
    posts, wanted = evaluation()
    print(f"{len(texts)} sentences, {len(posts)} posts", file=sys.stderr)
    train, test = (texts, vectors(texts), intents), (posts, vectors(posts), wanted)
    print("| features | first | first three | log loss | training | per post |")
    print("|---|---|---|---|---|---|")
    for grams, sentence, scaled, C, tol in (
        (True, False, True, 20, 1e-3),
        (False, True, True, 20, 1e-3),
        (True, True, True, 5, 1e-3),
        (True, True, True, 20, 1e-3),
        (True, True, True, 60, 1e-3),
        (True, True, False, 1, 1e-3),
    ):
        candidate = Candidate(grams, sentence, scaled, C, tol)
        print(measured(candidate, train, test), flush=True)


if __name__ == "__main__":
    main()
