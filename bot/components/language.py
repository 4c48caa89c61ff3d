"""German or English, learned from our own training sentences.

Three words must be enough, half of which may be product names: character n-grams of the two
languages' training data carry that, and no model from elsewhere is needed.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.loading import load_data
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.linear_model import LogisticRegression

from components.component import Component
from components.pasted_output import PROSE

#: The language of the message, where it is sure; the conversation's language holds otherwise.
LANGUAGE = "language"
FILE_NAME = "language.npy"
#: A word, also with an apostrophe ("what's") and with one sign behind it; no code, path or number.
WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*[^\w\s]?")


def vectorizer() -> HashingVectorizer:
    """Return the features: character n-grams within words, hashed, so nothing has to be kept."""
    return HashingVectorizer(analyzer="char_wb", ngram_range=(1, 4), n_features=2**15, norm="l2")


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=True)
class MessageLanguage(Component):
    """Sets `language` and the entity of that name when the message's language is sure."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the settings: where sentences of a language stand, and when one is sure."""
        return {"german": "../nlu_data/de", "english": "../nlu_data/en", "sure_from": 0.75}

    def learn(self, training_data: TrainingData) -> None:
        """Learn the two languages from the sentences of their folders."""
        german, english = (sentences(self.config[name]) for name in ("german", "english"))
        features = vectorizer().transform(german + english)
        is_english = [False] * len(german) + [True] * len(english)
        model = LogisticRegression(C=20.0, max_iter=200).fit(features, is_english)
        self._weights = np.append(model.coef_[0], model.intercept_[0]).astype(np.float32)

    def keep(self, folder: Path) -> None:
        """Write the weights into the model."""
        np.save(folder / FILE_NAME, self._weights, allow_pickle=False)

    def recall(self, folder: Path) -> None:
        """Read the weights from the model."""
        self._weights = np.load(folder / FILE_NAME, allow_pickle=False)

    def understand(self, message: Message) -> None:
        """Name the language of a message whose words tell it."""
        language = self.language(message.get(PROSE) or "")
        if language:
            message.set(LANGUAGE, language, add_to_output=True)
            self.add_entities(message, [{"entity": LANGUAGE, "value": language}])

    def language(self, text: str) -> str | None:
        """Return `de` or `en`, None when the words do not tell."""
        words = " ".join(word for word in text.split() if WORD.fullmatch(word))
        if len(words) < 2:
            return None
        score = vectorizer().transform([words]).dot(self._weights[:-1])[0] + self._weights[-1]
        english = 1 / (1 + np.exp(-score))
        if max(english, 1 - english) < self.config["sure_from"]:
            return None
        return "en" if english > 0.5 else "de"


def sentences(folder: str) -> list[str]:
    """Return the training sentences of one language."""
    return [example.get(TEXT) for example in load_data(folder).intent_examples]
