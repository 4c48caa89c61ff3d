"""Readers: one pure function per command; pasted output in, facts out.

A reader has three outcomes: a complete reading, a reading with something missing, or None for
"not mine". It never guesses.
"""

from collections.abc import Callable, Mapping

from actions.readers.reading import Reading

Reader = Callable[[str], Reading | None]

#: Every reader by its id, which is also the name of its module and of its output's shape.
READERS: Mapping[str, Reader] = {}


def read_all(text: str) -> tuple[Reading, ...]:
    """Return what the readers found in a whole message: prose, output, or both mixed.

    The text is redacted already. Its newlines may be lost, as Teams turns them into spaces.
    """
    readings = (read(text) for read in READERS.values())
    return tuple(reading for reading in readings if reading is not None)


__all__ = ["READERS", "Reader", "Reading", "read_all"]
