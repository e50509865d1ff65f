"""What cannot be rated, and why, in words of each language (``fault.<name>`` and ``fault.<name>_remedy`` of the texts)."""

from typing import Final

from metropool.core.errors import Fault
from metropool.core.texts import Sentence, Words, texts_of

ROOM: Final = "metropool.capabilities.billing"


def sentence(name: str, /, **values: object) -> Sentence:
    """What is wrong."""
    return Sentence(ROOM, f"fault.{name}", values)


def fault(where: Words, name: str, /, **values: object) -> Fault:
    """What is wrong at a place, with its remedy where there is one to tell."""
    has_remedy = f"fault.{name}_remedy" in texts_of(ROOM)
    return Fault(where, sentence(name, **values), sentence(f"{name}_remedy", **values) if has_remedy else "")
