"""The intent of what a person wrote, and whether an administrators' team must act.

Evidence alone is its own intent.

A logistic regression over n-grams of characters, words with their neighbours, and the sentence's
vector (DECISIONS, no. 3; bench/classifiers.py). Characters see through typing errors and compounds,
words say most, the vector knows the same thing in the other language.
"""

from __future__ import annotations

import hashlib
import re
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
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
from sklearn.linear_model import LogisticRegression

from components.component import Component
from components.grams import Grams
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


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class Meaning(Component):
    """Sets the intent and the probabilities of all intents."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the settings: kinds of n-grams, how loud a vector is, the regression's own."""
        return {
            "grams": {
                "char_wb": {"lengths": (2, 5), "directions": 600, "weight": 1.0},
                "word": {"lengths": (1, 2), "directions": 900, "weight": 1.3},
            },
            "vector": 0.4,
            "C": 30.0,
            # Stopped early, which measures the same as at the end and takes half the time.
            "max_iter": 60,
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
        self._grams = {kind: Grams(kind, **given) for kind, given in settings["grams"].items()}
        regression = {name: settings[name] for name in ("C", "max_iter")}
        self._model = LogisticRegression(**regression)
        self._team = LogisticRegression(**regression)

    def learn(self, training_data: TrainingData) -> None:
        """Fit the weights of n-grams and sentence vectors."""
        examples = training_data.intent_examples
        texts = [example.get(TEXT) for example in examples]
        # On a second processor, in a process of its own: of threads only one would run.
        with ProcessPoolExecutor(1, get_context("fork")) as elsewhere:
            vectors = elsewhere.submit(encode, texts)
            parts = [grams.learn(texts) for grams in self._grams.values()]
            parts.append(self.config["vector"] * vectors.result())
        # The solver reckons in float64; given anything else it converts in every step.
        features = np.hstack(parts).astype(np.float64)
        intents = [example.get(INTENT) for example in examples]
        self._model.fit(features, intents)
        told = [row for row, intent in enumerate(intents) if intent.startswith(DESCRIBE)]
        team = team_sentences(self.config["team_acts"])
        self._team.fit(features[told], [texts[row] in team for row in told])
        for model in (self._model, self._team):
            borders = np.cumsum([part.shape[1] for part in parts])[:-1]
            *of_directions, of_vectors = np.split(model.coef_, borders, axis=1)
            of_grams = map(Grams.folded, self._grams.values(), of_directions)
            model.coef_ = np.hstack([*of_grams, of_vectors]).astype(np.float32)

    def keep(self, folder: Path) -> None:
        """Write what was learned as plain arrays."""
        grams = {
            f"{kind}_{name}": array
            for kind, grams in self._grams.items()
            for name, array in grams.kept().items()
        }
        np.savez(  # uncompressed: the model they go into is compressed as a whole
            folder / FILE_NAME,
            **grams,
            intents=self._model.classes_.astype(str),
            weights=np.vstack([self._model.coef_, self._team.coef_]),
            bias=np.append(self._model.intercept_, self._team.intercept_),
        )

    def recall(self, folder: Path) -> None:
        """Read what was learned, and encode once, so that no message waits for the encoder."""
        with np.load(folder / FILE_NAME, allow_pickle=False) as kept:
            for kind, grams in self._grams.items():
                grams.recall({name: kept[f"{kind}_{name}"] for name in ("grams", "rarity")})
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
        counted = [grams.rows([text]) for grams in self._grams.values()]
        features = hstack([*counted, csr_matrix(self.config["vector"] * encode([text]))])
        *scores, team = (features.tocsr() @ self._weights.T)[0] + self._bias
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


def has_words(text: str) -> bool:
    """Tell whether something is left besides codes and numbers.

    >>> has_words("0xC004F074 ?"), has_words("kommt 0xC004F074")
    (False, True)
    """
    return bool(WORD.search(CODE_LIKE.sub(" ", text)))
