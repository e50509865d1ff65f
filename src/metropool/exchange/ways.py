"""What one system may say and hear by the running plan, as whoever works there is told it; made by runtime from the compiled plan."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

PLACES: Final = ("community", "building")
"""Kinds of places that have systems of their own; what tells of people says in columns of these names where they live."""


@dataclass(frozen=True)
class Way:
    """One message from one system to another.

    Attributes:
        phrase: Message id of the contract.
        kind: Name of the class that carries it.
        rows: Rows of the plan that list it.
        wheres: What may be spoken of this way: any of these; an empty one is no limit.
        speakers: Systems with which it may have begun: the sender alone, or, where it only passes it on, those before it.
        name_zh, name_en: What the contract calls it.
        personal: It tells of a person or a household.
    """

    phrase: str
    kind: str
    sender: str
    receiver: str
    rows: tuple[str, ...]
    wheres: tuple[Mapping[str, str], ...] = field(default=(), hash=False)
    speakers: frozenset[str] = frozenset()
    name_zh: str = ""
    name_en: str = ""
    personal: bool = False

    @property
    def is_passed_on(self) -> bool:
        """The sender did not begin it; runtime tells it on as it came."""
        return self.sender not in self.speakers
