"""What a plan lists: each message of each row in its direction, once; what runs of it, and why the rest does not."""

from dataclasses import dataclass
from typing import Literal

from metropool.plan.compiled import Compiled
from metropool.plan.schema import Letter

Direction = Literal["up", "down"]
Source = Literal["paper", "inferred", "product"]


@dataclass(frozen=True)
class Words:
    """A text of this room with its values, said in the language of whoever reads it."""

    key: str
    values: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, key: str, **values: object) -> "Words":
        """The text of a key."""
        return cls(key, tuple((name, str(value)) for name, value in values.items()))


@dataclass(frozen=True)
class Way:
    """One message of one row, in one direction.

    Attributes:
        src: Where it stands: printed in the paper, needed by it, or needed by a real city.
        service: What its rows may speak of, where the contract says; empty elsewhere.
        unbuilt: Why it does not run yet; None where it runs.
    """

    row: str
    direction: Direction
    message: str
    sender: str
    receiver: str
    src: Source
    service: str = ""
    unbuilt: Words | None = None

    @property
    def letter(self) -> Letter:
        """The message with its two ends."""
        return Letter(self.sender, self.message, self.receiver)


def ways_of(compiled: Compiled) -> list[Way]:
    """Everything the contract gives a plan, in the order of the plan's rows; to and from each instance where there are many."""
    return [
        _way(compiled, row, listed, letter)
        for row, listed in compiled.whole.said
        for letter in (compiled.spread(listed) if _unbuilt(compiled, row, listed) is None else (listed,))
    ]


def _way(compiled: Compiled, name: str, listed: Letter, letter: Letter) -> Way:
    row = compiled.whole.rows[name]
    direction: Direction = "up" if listed.sender == row.link[0] else "down"
    inferred = row.up_inferred if direction == "up" else row.down_inferred
    where = {**compiled.whole.messages[letter.message].where, **row.where}
    return Way(
        row=name,
        direction=direction,
        message=letter.message,
        sender=letter.sender,
        receiver=letter.receiver,
        src="inferred" if row.src == "paper" and letter.message in inferred else row.src,
        service=where.get("service", ""),
        unbuilt=_unbuilt(compiled, name, listed),
    )


def _unbuilt(compiled: Compiled, row: str, letter: Letter) -> Words | None:
    """What of it the plan has under ``not_yet``."""
    if missing := [end for end in (letter.sender, letter.receiver) if not compiled.runs_as(end)]:
        return Words.of("unbuilt_system", system=missing[0])
    if row not in compiled.rows:
        return Words.of("unbuilt_row", row=row)
    return None if letter in compiled.allowed else Words.of("unbuilt_message", message=letter.message)
