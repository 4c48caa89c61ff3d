"""A component that finds something by the exported vocabulary, without learning."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import ENTITIES
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from components import vocabulary


class Finder(GraphComponent, EntityExtractorMixin):
    """Base of the components that look things up: takes the vocabulary in, finds per message."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the settings: where the exported vocabulary stands during training."""
        return {"vocabulary": "generated/vocabulary.json"}

    def __init__(self, config: dict[str, Any], storage: ModelStorage, resource: Resource) -> None:
        self.config = {**self.get_default_config(), **config}
        self._storage = storage
        self._resource = resource

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> Finder:
        """Return an untrained component."""
        return cls(config, model_storage, resource)

    def train(self, training_data: TrainingData) -> Resource:
        """Take the exported vocabulary into the model."""
        words = vocabulary.read(self.config["vocabulary"])
        vocabulary.keep(words, self._storage, self._resource)
        self.learn(words)
        return self._resource

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> Finder:
        """Return the component as it was trained."""
        component = cls(config, model_storage, resource)
        component.learn(vocabulary.recall(model_storage, resource))
        return component

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Leave the training sentences as they are: nothing here is learned from them."""
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Find in every message."""
        for message in messages:
            self.find(message)
        return messages

    def learn(self, words: dict[str, Any]) -> None:
        """Prepare for finding; `words` is the exported vocabulary."""
        raise NotImplementedError

    def find(self, message: Message) -> None:
        """Add to the message what is found in it."""
        raise NotImplementedError

    def add_entities(self, message: Message, found: list[dict[str, Any]]) -> None:
        """Add entities to the message, marked as this component's."""
        known = message.get(ENTITIES, [])
        named = [{"extractor": type(self).__name__, **entity} for entity in found]
        message.set(ENTITIES, [*known, *named], add_to_output=True)
