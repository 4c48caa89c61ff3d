"""The intent of what a person wrote, and whether an administrators' team must act.

Evidence alone is its own intent.

A logistic regression over n-grams of characters, which see through typing errors and compounds, and
over words with their neighbours, which say most (DECISIONS, no. 3; bench/classifiers.py).
"""

from __future__ import annotations

import hashlib
import re
from inspect import getfile
from pathlib import Path
from typing import Any

import numpy as np
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from scipy.sparse import hstack
from scipy.special import expit, softmax
from sklearn.linear_model import LogisticRegression

from components.component import Component
from components.grams import Grams, learned
from components.pasted_output import PROSE

#: A pasted output or a bare code, without words around it.
GIVE_EVIDENCE = "give_evidence"
WORD = re.compile(r"[^\W\d_]{2,}")
CODE_LIKE = re.compile(r"\S*\d\S*")
#: How probable it is that an administrators' team must act, where a problem is described.
TEAM_ACTS = "team_acts"
#: How a class of `_team_by_intent` ends when a team must act.
ACTS = "acts"
#: The intents that describe a problem begin so.
DESCRIBE = "describe_"
#: What was learned, as plain arrays: no code is loaded with a model, and it loads in no time.
FILE_NAME = "meaning.npz"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class Meaning(Component):
    """Sets the intent and the probabilities of all intents."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the settings: the kinds of n-grams (components/grams.py), the regression's own."""
        return {
            "grams": {
                "char_wb": {"lengths": (2, 5), "directions": 900, "weight": 1.0},
                "word": {"lengths": (1, 2), "directions": 1300, "weight": 1.0},
            },
            "C": 30.0,
            "team_C": 10.0,
            # Stopped early, which measures the same as at the end and takes half the time.
            "max_iter": 60,
            "team_acts": "../nlu_data/team_acts",
        }

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str:
        """Return the fingerprint of what else is learned from, of which Rasa sees no change.

        The sentences in which a team must act, and the source of what counts n-grams.
        """
        folder = {**cls.get_default_config(), **config}["team_acts"]
        seen = (*sorted(team_sentences(folder)), Path(getfile(Grams)).read_text("utf-8"))
        return hashlib.sha256("\n".join(seen).encode()).hexdigest()

    def __init__(self, config: dict[str, Any], storage: ModelStorage, resource: Resource) -> None:
        super().__init__(config, storage, resource)
        settings = self.config
        self._grams = {kind: Grams(kind, **given) for kind, given in settings["grams"].items()}
        rounds = settings["max_iter"]
        self._model = LogisticRegression(C=settings["C"], max_iter=rounds)
        # Whether a team must act is told twice: for all that describes a problem at once, and for
        # each intent of its own. The mean of both is surer than either (DECISIONS, no. 21).
        self._team = LogisticRegression(C=settings["team_C"], max_iter=rounds)
        self._team_by_intent = LogisticRegression(C=settings["team_C"], max_iter=rounds)

    def learn(self, training_data: TrainingData) -> None:
        """Fit the weights of the n-grams."""
        examples = training_data.intent_examples
        texts = [example.get(TEXT) for example in examples]
        kinds = learned(texts, *self._grams.values())
        self._grams = dict(zip(self._grams, kinds, strict=True))
        parts = [grams.features for grams in kinds]
        # The solver reckons in float64; given anything else it converts in every step.
        features = np.hstack(parts).astype(np.float64)
        intents = [example.get(INTENT) for example in examples]
        self._model.fit(features, intents)
        told = [row for row, intent in enumerate(intents) if intent.startswith(DESCRIBE)]
        team = team_sentences(self.config["team_acts"])
        acts = [texts[row] in team for row in told]
        self._team.fit(features[told], acts)
        both = [f"{intents[row]} {ACTS * act}" for row, act in zip(told, acts, strict=True)]
        self._team_by_intent.fit(features[told], both)
        borders = np.cumsum([part.shape[1] for part in parts])[:-1]
        of_directions = np.split(np.vstack([m.coef_ for m in self._models]), borders, axis=1)
        self._weights = np.vstack(list(map(Grams.folded, kinds, of_directions)))

    @property
    def _models(self) -> tuple[LogisticRegression, ...]:
        """The regressions in the order in which their weights are kept."""
        return self._model, self._team, self._team_by_intent

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
            acts=np.char.endswith(self._team_by_intent.classes_.astype(str), ACTS),
            weights=self._weights.astype(np.float32),
            bias=np.concatenate([model.intercept_ for model in self._models]),
        )

    def recall(self, folder: Path) -> None:
        """Read what was learned."""
        with np.load(folder / FILE_NAME, allow_pickle=False) as kept:
            for kind, grams in self._grams.items():
                grams.recall({name: kept[f"{kind}_{name}"] for name in ("grams", "rarity")})
            self._intents = kept["intents"].tolist()
            self._acts = kept["acts"]
            self._weights, self._bias = kept["weights"], kept["bias"]

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
        counted = hstack([grams.rows([text]) for grams in self._grams.values()], format="csr")
        scores = (counted @ self._weights)[0] + self._bias
        of_intents, (team, *team_by_intent) = np.split(scores, [len(self._intents)])
        chances = softmax(of_intents)
        by_intent = softmax(team_by_intent)[self._acts].sum()
        team_acts = (expit(team) + by_intent) / 2
        return dict(zip(self._intents, chances.tolist(), strict=True)), float(team_acts)

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
