"""German or English, learned from our own training sentences.

Three words must be enough, half of which may be product names: character n-grams of the two
languages' training data carry that, and no model from elsewhere is needed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.loading import load_data
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.linear_model import LogisticRegression

from components.pasted_output import PROSE

#: The language of the message, where it is sure; the conversation's language holds otherwise.
LANGUAGE = "language"
FILE_NAME = "language.npy"


def vectorizer() -> HashingVectorizer:
    """Return the features: character n-grams within words, hashed, so nothing has to be kept."""
    return HashingVectorizer(analyzer="char_wb", ngram_range=(1, 4), n_features=2**15, norm="l2")


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=True)
class MessageLanguage(GraphComponent):
    """Sets `language` and the entity of that name when the message's language is sure."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the settings: where sentences of a language stand, and when one is sure."""
        return {"german": "../nlu_data/de", "english": "../nlu_data/en", "sure_from": 0.75}

    def __init__(self, config: dict[str, Any], storage: ModelStorage, resource: Resource) -> None:
        self._config = {**self.get_default_config(), **config}
        self._storage = storage
        self._resource = resource
        self._weights = np.zeros(2**15 + 1)

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> MessageLanguage:
        """Return an untrained component."""
        return cls(config, model_storage, resource)

    def train(self, training_data: TrainingData) -> Resource:
        """Learn the two languages from the training sentences."""
        german, english = (sentences(self._config[name]) for name in ("german", "english"))
        features = vectorizer().transform(german + english)
        is_english = [False] * len(german) + [True] * len(english)
        model = LogisticRegression(C=20.0, max_iter=200).fit(features, is_english)
        self._weights = np.append(model.coef_[0], model.intercept_[0]).astype(np.float32)
        with self._storage.write_to(self._resource) as folder:
            np.save(folder / FILE_NAME, self._weights, allow_pickle=False)
        return self._resource

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> MessageLanguage:
        """Return the component as it was trained."""
        component = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as folder:
            component._weights = np.load(folder / FILE_NAME, allow_pickle=False)
        return component

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Leave the training sentences as they are."""
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Name the language of every message whose words tell it."""
        for message in messages:
            language = self.language(message.get(PROSE) or "")
            if language:
                message.set(LANGUAGE, language, add_to_output=True)
                entity = {"entity": LANGUAGE, "value": language, "start": 0, "end": 0}
                known = message.get(ENTITIES, [])
                named = {**entity, "extractor": type(self).__name__}
                message.set(ENTITIES, [*known, named], add_to_output=True)
        return messages

    def language(self, text: str) -> str | None:
        """Return `de` or `en`, None when the words do not tell."""
        words = " ".join(word for word in text.split() if word.isalpha() or word[:-1].isalpha())
        if len(words) < 2:
            return None
        score = vectorizer().transform([words]).dot(self._weights[:-1])[0] + self._weights[-1]
        english = 1 / (1 + np.exp(-score))
        if max(english, 1 - english) < self._config["sure_from"]:
            return None
        return "en" if english > 0.5 else "de"


def sentences(folder: str) -> list[str]:
    """Return the training sentences of one language."""
    return [example.get(TEXT) for example in load_data(folder).intent_examples]
