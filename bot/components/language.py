"""German or English, learned from our own training sentences.

Three words must be enough, half of which may be product names: character n-grams of the two
languages' training data carry that, and no model from elsewhere is needed.
"""

from __future__ import annotations

from typing import Any, Dict, List, Optional

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import ENTITIES, METADATA, METADATA_INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.linear_model import LogisticRegression

#: The language of the message, where it is sure; the conversation's language holds otherwise.
LANGUAGE = "language"
FILE_NAME = "language.npy"


def vectorizer() -> HashingVectorizer:
    """Return the features: character n-grams within words, hashed, so nothing has to be kept."""
    return HashingVectorizer(analyzer="char_wb", ngram_range=(1, 4), n_features=2**15, norm="l2")


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=True)
class MessageLanguage(GraphComponent):
    """Sets `language` and the entity of that name when the message's language is sure.

    Training sentences carry their language as metadata of their intent (`language: de`).
    """

    @staticmethod
    def get_default_config() -> Dict[str, Any]:
        """Return the settings: from which probability a language is sure."""
        return {"sure_from": 0.75}

    def __init__(self, config: Dict[str, Any], storage: ModelStorage, resource: Resource) -> None:
        self._sure_from = {**self.get_default_config(), **config}["sure_from"]
        self._storage = storage
        self._resource = resource
        self._weights = np.zeros(2**15 + 1)

    @classmethod
    def create(
        cls,
        config: Dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> MessageLanguage:
        """Return an untrained component."""
        return cls(config, model_storage, resource)

    def train(self, training_data: TrainingData) -> Resource:
        """Learn the two languages from the training sentences."""
        labelled = [(e.get(TEXT), language_of(e)) for e in training_data.intent_examples]
        texts = [text for text, language in labelled if language]
        is_english = [language == "en" for _, language in labelled if language]
        model = LogisticRegression(C=20.0, max_iter=200).fit(
            vectorizer().transform(texts), is_english
        )
        self._weights = np.append(model.coef_[0], model.intercept_[0]).astype(np.float32)
        with self._storage.write_to(self._resource) as folder:
            np.save(folder / FILE_NAME, self._weights, allow_pickle=False)
        return self._resource

    @classmethod
    def load(
        cls,
        config: Dict[str, Any],
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

    def process(self, messages: List[Message]) -> List[Message]:
        """Name the language of every message whose words tell it."""
        for message in messages:
            language = self.language(message.get(TEXT) or "")
            if language:
                message.set(LANGUAGE, language, add_to_output=True)
                entity = {"entity": LANGUAGE, "value": language, "start": 0, "end": 0}
                known = message.get(ENTITIES, [])
                named = {**entity, "extractor": type(self).__name__}
                message.set(ENTITIES, [*known, named], add_to_output=True)
        return messages

    def language(self, text: str) -> Optional[str]:
        """Return `de` or `en`, None when the words do not tell."""
        words = " ".join(word for word in text.split() if word.isalpha() or word[:-1].isalpha())
        if len(words) < 2:
            return None
        score = vectorizer().transform([words]).dot(self._weights[:-1])[0] + self._weights[-1]
        english = 1 / (1 + np.exp(-score))
        if max(english, 1 - english) < self._sure_from:
            return None
        return "en" if english > 0.5 else "de"


def language_of(example: Message) -> Optional[str]:
    """Return the language in the metadata of a training sentence's intent."""
    metadata = (example.get(METADATA) or {}).get(METADATA_INTENT) or {}
    return metadata.get(LANGUAGE)
