"""Components that find something by the knowledge's own words, without learning from sentences.

`python -m knowledge export` writes those words before training; they are kept inside the model,
so that a model always fits the words it was trained with.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from rasa.shared.nlu.training_data.training_data import TrainingData

from components.component import Component

FILE_NAME = "vocabulary.json"


def vocabulary(path: str) -> dict[str, Any]:
    """Return the exported vocabulary; raises FileNotFoundError when nothing was exported."""
    return json.loads(Path(path).read_text(encoding="utf-8"))


class Finder(Component):
    """Base of the components that look things up. Subclasses prepare, and understand."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the settings: where the exported vocabulary stands during training."""
        return {"vocabulary": "generated/vocabulary.json"}

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str:
        """Return the fingerprint of the exported vocabulary.

        Rasa keeps a component it has trained before as long as settings and sentences are the
        same. It cannot see this file; without its fingerprint a new word would not be heard.
        """
        path = {**cls.get_default_config(), **config}["vocabulary"]
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()

    def learn(self, training_data: TrainingData) -> None:
        """Take the exported vocabulary in."""
        self._words = vocabulary(self.config["vocabulary"])
        self.prepare(self._words)

    def keep(self, folder: Path) -> None:
        """Write the vocabulary into the model."""
        text = json.dumps(self._words, ensure_ascii=False)
        (folder / FILE_NAME).write_text(text, encoding="utf-8")

    def recall(self, folder: Path) -> None:
        """Prepare for finding with the vocabulary of the model."""
        self.prepare(vocabulary(str(folder / FILE_NAME)))

    def prepare(self, words: dict[str, Any]) -> None:
        """Prepare for finding; `words` is the exported vocabulary."""
        raise NotImplementedError
