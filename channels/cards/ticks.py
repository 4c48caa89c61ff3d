"""What a consent asks to be secured first, and whether it was ticked.

A client may leave out that an input is required (Teams does where it draws only the elements of
Adaptive Cards 1.2), so the doors look again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from actions.step import Step
from channels.cards.layout import CONFIRM, Before, parts
from channels.cards.words import Phrases

#: The value of a box that is ticked.
TICKED = "yes"


def box(number: int) -> str:
    """Return the name under which the nth box of a card is sent."""
    return f"secured-{number}"


def is_unticked(step: Step, choice: str, sent: Mapping[str, Any], phrases: Phrases) -> bool:
    """Tell whether a click consents to a step although something to secure is not ticked.

    `sent` is the data that came with the click.
    """
    if choice != CONFIRM:
        return False
    asked = (part for part in parts(step, phrases) if isinstance(part, Before) and part.tick)
    return any(
        sent.get(box(number)) != TICKED for part in asked for number, _ in enumerate(part.items, 1)
    )
