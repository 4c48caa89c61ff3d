"""Parts of a text, counted: tf-idf of n-grams that a regression learns by their leading directions.

To train a regression on a hundred thousand n-grams takes minutes, on some hundred directions in
which they vary most it takes seconds and measures the same (DECISIONS, no. 18). Afterwards the
directions' weights are folded into weights of n-grams, so that nothing remains of the detour.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import TfidfVectorizer
from threadpoolctl import threadpool_limits

#: Rounds of the search for leading directions, and the least square of a direction's length.
ROUNDS = 4
TINY = 1e-8
#: Of one character too: "E3", "365" and a lone "2" tell something.
WORD = r"(?u)\b\w+\b"


class Grams:
    """N-grams of characters (`char_wb`) or words (`word`), as long as `lengths` says.

    A text's row has the length `weight`, however long the text is: a long story is no surer than
    a short sentence.
    """

    def __init__(
        self, analyzer: str, lengths: tuple[int, int], directions: int, weight: float
    ) -> None:
        self._counts = TfidfVectorizer(
            analyzer=analyzer,
            ngram_range=lengths,
            token_pattern=WORD if analyzer == "word" else None,
            min_df=2,
            sublinear_tf=True,
            dtype=np.float32,
        )
        self._directions, self._weight = directions, weight

    def learn(self, texts: Sequence[str]) -> None:
        """Learn the n-grams of texts, and the directions in which the texts vary most."""
        self._rows = self._weight * self._counts.fit_transform(texts)
        self._places, self._lengths = leading_directions(self._rows, self._directions)

    @property
    def features(self) -> np.ndarray:
        """Where each text that was learned lies along each direction."""
        return self._places * self._lengths

    def folded(self, weights: np.ndarray) -> np.ndarray:
        """Return the weights of n-grams, given those of directions; one column per class."""
        return self._rows.T @ (self._places @ (weights / self._lengths).T)

    def rows(self, texts: Sequence[str]) -> csr_matrix:
        """Return the n-grams of texts, one row each.

        In float32, as weights are: in float64 every message would first convert all weights.
        """
        return (self._weight * self._counts.transform(texts)).astype(np.float32)

    def kept(self) -> dict[str, np.ndarray]:
        """Return what was learned as plain arrays."""
        return {
            "grams": self._counts.get_feature_names_out().astype(str),
            "rarity": self._counts.idf_,
        }

    def recall(self, kept: Mapping[str, np.ndarray]) -> None:
        """Take back what `kept` returned."""
        self._counts.vocabulary_ = {gram: i for i, gram in enumerate(kept["grams"].tolist())}
        self._counts.idf_ = kept["rarity"]


def learned(texts: Sequence[str], *kinds: Grams) -> list[Grams]:
    """Return the kinds of n-grams, each learned on a processor of its own."""
    with ProcessPoolExecutor(len(kinds), get_context("fork")) as processors:
        return list(processors.map(partial(_learned, texts), kinds))


def _learned(texts: Sequence[str], grams: Grams) -> Grams:
    with threadpool_limits(1):  # the other processors are busy with the other kinds
        grams.learn(texts)
    return grams


def leading_directions(rows: csr_matrix, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return where each row lies along the leading directions, and the directions' lengths.

    These are the left singular vectors and the singular values of the matrix, the longest first,
    by subspace iteration. The right ones, as long as there are n-grams, are never needed: that is
    what makes it several times faster than a general truncated SVD.
    """
    count = min(count, min(rows.shape) - 1)
    random = np.random.default_rng(1)
    basis = random.standard_normal((rows.shape[0], count), dtype=np.float32)
    for _ in range(ROUNDS):
        basis, _ = np.linalg.qr(rows @ (rows.T @ basis))
    of_grams = rows.T @ basis
    squares, turn = np.linalg.eigh(of_grams.T @ of_grams)
    return basis @ turn[:, ::-1], np.sqrt(np.maximum(squares[::-1], TINY))
