"""A Step as people see it: an Adaptive Card, and the same in plain text.

`layout` says what a Step says, and in which order; `adaptive` and `text` draw that, and so does
the terminal. What one of them says, all of them say.
"""

from channels.cards.adaptive import CARD, attachment, card, suggested_actions
from channels.cards.text import plain
from channels.cards.ticks import is_unticked
from channels.cards.words import Phrases, day, say

__all__ = [
    "CARD",
    "Phrases",
    "attachment",
    "card",
    "day",
    "is_unticked",
    "plain",
    "say",
    "suggested_actions",
]
