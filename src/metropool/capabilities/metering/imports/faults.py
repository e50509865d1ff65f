"""What keeps a file or a mapping from being imported, in words of each language (the texts of this room)."""

from typing import Final

from metropool.core.errors import Fault
from metropool.core.texts import Sentence, Words

ROOM: Final = "metropool.capabilities.metering.imports"


def sentence(name: str, /, **values: object) -> Sentence:
    """What is wrong."""
    return Sentence(ROOM, name, values)


def fault(where: Words, name: str, /, **values: object) -> Fault:
    """What is wrong at a place, and what to do about it (``<name>_remedy``)."""
    return Fault(where, sentence(name, **values), sentence(f"{name}_remedy", **values))
