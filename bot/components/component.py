"""The base of the bot's components: learn once, keep it in the model, understand each message."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import ENTITIES
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData


class Component(GraphComponent, EntityExtractorMixin):
    """What Rasa asks of a component, said once. Subclasses learn, keep, recall and understand."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the settings and what they are unless bot/config.yml says otherwise."""
        return {}

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
    ) -> Component:
        """Return an untrained component."""
        return cls(config, model_storage, resource)

    def train(self, training_data: TrainingData) -> Resource:
        """Learn, and keep what was learned in the model."""
        self.learn(training_data)
        with self._storage.write_to(self._resource) as folder:
            self.keep(folder)
        return self._resource

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> Component:
        """Return the component as it was trained."""
        component = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as folder:
            component.recall(folder)
        return component

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Leave the training sentences as they are: no other component learns from this one."""
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Understand every message."""
        for message in messages:
            self.understand(message)
        return messages

    def learn(self, training_data: TrainingData) -> None:
        """Learn from the training sentences, or from the exported knowledge."""
        raise NotImplementedError

    def keep(self, folder: Path) -> None:
        """Write what was learned into a folder of the model."""
        raise NotImplementedError

    def recall(self, folder: Path) -> None:
        """Read what `keep` wrote."""
        raise NotImplementedError

    def understand(self, message: Message) -> None:
        """Add to the message what is understood of it."""
        raise NotImplementedError

    def add_entities(self, message: Message, found: list[dict[str, Any]]) -> None:
        """Add entities to the message, marked as this component's."""
        known = message.get(ENTITIES, [])
        named = [{"start": 0, "end": 0, "extractor": type(self).__name__, **e} for e in found]
        message.set(ENTITIES, [*known, *named], add_to_output=True)
