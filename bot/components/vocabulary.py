"""The part of the knowledge that the bot needs, kept inside the trained model.

`python -m knowledge export` writes it before training; a component takes it in when it is trained
and finds it again in the model afterwards, so a model always fits the words it was trained with.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage

FILE_NAME = "vocabulary.json"


def read(path: str) -> dict[str, Any]:
    """Return the exported vocabulary; raises FileNotFoundError when nothing was exported."""
    return json.loads(Path(path).read_text(encoding="utf-8"))


def keep(vocabulary: dict[str, Any], storage: ModelStorage, resource: Resource) -> None:
    """Write the vocabulary into the model."""
    with storage.write_to(resource) as folder:
        text = json.dumps(vocabulary, ensure_ascii=False)
        (folder / FILE_NAME).write_text(text, encoding="utf-8")


def recall(storage: ModelStorage, resource: Resource) -> dict[str, Any]:
    """Return the vocabulary that `keep` wrote into the model."""
    with storage.read_from(resource) as folder:
        return read(str(folder / FILE_NAME))
