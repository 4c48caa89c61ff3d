"""The intent of what a person wrote; evidence alone is its own intent."""

from __future__ import annotations

import re

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.classifiers.logistic_regression_classifier import LogisticRegressionClassifier
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message

from components.pasted_output import WHOLE

#: A pasted output or a bare code, without words around it.
GIVE_EVIDENCE = "give_evidence"
WORD = re.compile(r"[^\W\d_]{2,}")
CODE_LIKE = re.compile(r"\S*\d\S*")


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class Meaning(LogisticRegressionClassifier):
    """Rasa's logistic regression, asked only when there are words to understand."""

    def process(self, messages: list[Message]) -> list[Message]:
        """Set the intent of every message."""
        for message in messages:
            if _has_words(message.get(TEXT) or ""):
                super().process([message])
            elif message.get(WHOLE):
                only = {"name": GIVE_EVIDENCE, "confidence": 1.0}
                message.set(INTENT, only, add_to_output=True)
                message.set("intent_ranking", [only], add_to_output=True)
        return messages


def _has_words(text: str) -> bool:
    """Tell whether something is left besides codes and numbers.

    >>> _has_words("0xC004F074 ?"), _has_words("kommt 0xC004F074")
    (False, True)
    """
    return bool(WORD.search(CODE_LIKE.sub(" ", text)))
