"""Find error codes in a message; how they are read stands in code_forms.py."""

from __future__ import annotations

from typing import Any

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message

from components.code_forms import find_codes
from components.finding import Finder


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=True)
class CodeExtractor(Finder):
    """Adds an entity `code` with its canonical value for every code of a message."""

    def prepare(self, words: dict[str, Any]) -> None:
        """Remember which codes exist."""
        self._known = set(words["codes"])

    def understand(self, message: Message) -> None:
        """Add the codes of the whole message, outputs included, each once."""
        entities = [
            {
                "entity": "code",
                "start": found.start,
                "end": found.end,
                "value": found.code,
                "certain": found.certain,
            }
            for found in find_codes(message.get(TEXT) or "", self._known)
        ]
        self.add_entities(message, entities)
