"""The intent of what a person wrote, and whether an administrators' team must act.

Evidence alone is its own intent.

A logistic regression over character n-grams (tf-idf, unit length) and the sentence's vector
(DECISIONS, no. 3; bench/classifiers.py). Both parts have unit length, so that a long story is no
surer than a short sentence. It is trained on the n-grams' leading directions, which is faster than
training on each n-gram and measures the same within two posts; afterwards the weights of the
directions are folded into weights of n-grams.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

import numpy as np
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from scipy.sparse import csr_matrix, hstack
from scipy.special import expit, softmax
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from components.component import Component
from components.pasted_output import PROSE
from components.sentence_encoder import encode

#: A pasted output or a bare code, without words around it.
GIVE_EVIDENCE = "give_evidence"
WORD = re.compile(r"[^\W\d_]{2,}")
CODE_LIKE = re.compile(r"\S*\d\S*")
#: How probable it is that an administrators' team must act, where a problem is described.
TEAM_ACTS = "team_acts"
#: The intents that describe a problem begin so.
DESCRIBE = "describe_"
#: What was learned, as plain arrays: no code is loaded with a model, and it loads in no time.
FILE_NAME = "meaning.npz"
#: Rounds of the search for leading directions, and the least square of a direction's length.
ROUNDS = 3
TINY = 1e-8


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class Meaning(Component):
    """Sets the intent and the probabilities of all intents."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the settings: the n-grams' lengths and directions, and the regression's own."""
        return {
            "shortest": 2,
            "longest": 5,
            "directions": 600,
            "C": 60.0,
            "max_iter": 120,
            "tol": 1e-3,
            "team_acts": "../nlu_data/team_acts",
        }

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str:
        """Return the fingerprint of the sentences in which a team must act; Rasa sees no change."""
        folder = {**cls.get_default_config(), **config}["team_acts"]
        return hashlib.sha256("\n".join(sorted(team_sentences(folder))).encode()).hexdigest()

    def __init__(self, config: dict[str, Any], storage: ModelStorage, resource: Resource) -> None:
        super().__init__(config, storage, resource)
        settings = self.config
        self._grams = TfidfVectorizer(
            analyzer="char_wb",
            ngram_range=(settings["shortest"], settings["longest"]),
            min_df=2,
            sublinear_tf=True,
            dtype=np.float32,
        )
        regression = {name: settings[name] for name in ("C", "max_iter", "tol")}
        self._model = LogisticRegression(**regression)
        self._team = LogisticRegression(**regression)

    def learn(self, training_data: TrainingData) -> None:
        """Fit the weights of n-grams and sentence vectors."""
        examples = training_data.intent_examples
        texts = [example.get(TEXT) for example in examples]
        grams = self._grams.fit_transform(texts)
        places, lengths = leading_directions(grams, self.config["directions"])
        features = np.hstack([places * lengths, encode(texts)])
        intents = [example.get(INTENT) for example in examples]
        self._model.fit(features, intents)
        told = [row for row, intent in enumerate(intents) if intent.startswith(DESCRIBE)]
        team = team_sentences(self.config["team_acts"])
        self._team.fit(features[told], [texts[row] in team for row in told])
        for model in (self._model, self._team):
            of_directions, of_vectors = np.split(model.coef_, [len(lengths)], axis=1)
            of_grams = (grams.T @ (places @ (of_directions / lengths).T)).T
            model.coef_ = np.hstack([of_grams, of_vectors]).astype(np.float32)

    def keep(self, folder: Path) -> None:
        """Write what was learned as plain arrays."""
        np.savez_compressed(
            folder / FILE_NAME,
            grams=self._grams.get_feature_names_out().astype(str),
            rarity=self._grams.idf_,
            intents=self._model.classes_.astype(str),
            weights=np.vstack([self._model.coef_, self._team.coef_]),
            bias=np.append(self._model.intercept_, self._team.intercept_),
        )

    def recall(self, folder: Path) -> None:
        """Read what was learned, and encode once, so that no message waits for the encoder."""
        with np.load(folder / FILE_NAME, allow_pickle=False) as kept:
            self._grams.vocabulary_ = {gram: i for i, gram in enumerate(kept["grams"].tolist())}
            self._grams.idf_ = kept["rarity"]
            self._intents = kept["intents"].tolist()
            self._weights, self._bias = kept["weights"], kept["bias"]
        self._understood("bereit")

    def understand(self, message: Message) -> None:
        """Set the intent of a message that says anything."""
        prose = message.get(PROSE) or ""
        if has_words(prose):
            chances, team_acts = self._understood(prose)
            self._set(message, chances)
            message.set(TEAM_ACTS, team_acts, add_to_output=True)
        elif message.get(TEXT):
            self._set(message, {GIVE_EVIDENCE: 1.0})

    def _understood(self, text: str) -> tuple[dict[str, float], float]:
        """Return the probability of each intent, and that a team must act."""
        features = hstack([self._grams.transform([text]), csr_matrix(encode([text]))]).tocsr()
        *scores, team = (features @ self._weights.T)[0] + self._bias
        chances = softmax(scores)
        return dict(zip(self._intents, chances.tolist(), strict=True)), float(expit(team))

    def _set(self, message: Message, chances: dict[str, float]) -> None:
        ranking = [
            {"name": name, "confidence": chance}
            for name, chance in sorted(chances.items(), key=lambda item: -item[1])
        ]
        message.set(INTENT, ranking[0], add_to_output=True)
        message.set(INTENT_RANKING_KEY, ranking, add_to_output=True)


def team_sentences(folder: str) -> frozenset[str]:
    """Return the training sentences that describe what only an administrators' team can mend."""
    files = sorted(Path(folder).glob("*.txt"))
    return frozenset(line for file in files for line in file.read_text("utf-8").splitlines())


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
    squares, turn = np.linalg.eigh(basis.T @ (rows @ (rows.T @ basis)))
    return basis @ turn[:, ::-1], np.sqrt(np.maximum(squares[::-1], TINY))


def has_words(text: str) -> bool:
    """Tell whether something is left besides codes and numbers.

    >>> has_words("0xC004F074 ?"), has_words("kommt 0xC004F074")
    (False, True)
    """
    return bool(WORD.search(CODE_LIKE.sub(" ", text)))
