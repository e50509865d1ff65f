"""What the running plan says of exchanges, and those that are no letters: requests with their answers, what gateways are told."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from metropool.exchange.envelope import derived_letter
from metropool.exchange.evidence.objects import Medium


@dataclass(frozen=True)
class Listing:
    """What the running plan says of what is exchanged.

    Attributes:
        plan: Its name.
        parties: The organisation of each system.
        rows: Rows of the plan under which (sender, phrase, receiver) may travel.
        places: The community or building of each system that is for one.
    """

    plan: str = ""
    parties: Mapping[str, str] = field(default_factory=dict)
    rows: Mapping[tuple[str, str, str], str] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)

    def under(self, sender: str, phrase: str, receiver: str) -> str:
        """Plan and rows something travels under."""
        return f"{self.plan} {self.rows.get((sender, phrase, receiver), '')}".strip()

    def ends(self, system: str, spoken: "Spoken") -> tuple[str, str]:
        """Sender and receiver of something that a system said or heard; the other end is empty where the plan lists none."""
        other = spoken.other or self._others.get((spoken.direction, system, spoken.phrase), "")
        return (system, other) if spoken.direction == "sent" else (other, system)

    @cached_property
    def _others(self) -> Mapping[tuple[str, str, str], str]:
        """The other end of what a system says or hears, the first that is listed."""
        found: dict[tuple[str, str, str], str] = {}
        for sender, phrase, receiver in self.rows:
            found.setdefault(("sent", sender, phrase), receiver)
            found.setdefault(("received", receiver, phrase), sender)
        return found


@dataclass(frozen=True, kw_only=True)
class Spoken:
    """One exchange that was no letter, at the end that is ours.

    Attributes:
        medium, direction, outcome, rows, position: See ``Record``.
        phrase: Message id of the contract.
        kind: What it is at the wire: method and path, or the class of the message.
        key: Business key; with ``once`` it stands for this exchange and for no other, so that a repeat leaves no second record.
        once: What else tells it from another of this key; it is not shown.
        other: The other end; empty where it is the only one that the plan lists for the phrase.
        data, answer: The bytes that travelled, and those of what was answered at once; kept as their digests.
    """

    medium: Medium
    direction: Literal["sent", "received"]
    outcome: Literal["receipted", "taken", "told", "refused"]
    phrase: str
    kind: str
    key: str
    data: bytes
    version: int = 1
    once: str = ""
    other: str = ""
    answer: bytes | None = None
    rows: int = 0
    position: int = 0

    def letter(self, sender: str, receiver: str) -> str:
        """The id it is asked for by: derived as that of a letter is."""
        key = f"{self.medium} {self.kind} {self.key} {self.once}"
        return derived_letter(sender=sender, receiver=receiver, phrase=self.phrase, key=key)
