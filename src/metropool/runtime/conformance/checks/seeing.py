"""What every check gives: how long it took to be seen, and the record of it."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from metropool.exchange.evidence.objects import Record
from metropool.plan.schema import Letter
from metropool.runtime.conformance.town.books import Exchanged, exchanged, spoken
from metropool.runtime.conformance.town.town import Town
from metropool.runtime.conformance.ways import Way


@dataclass(frozen=True)
class Seen:
    """A message that was seen where it should be, as it was caused.

    Attributes:
        delay_s: From the act to the sight [s of the machine].
        evidence: See ``Finding``.
    """

    delay_s: float
    evidence: str


Check = Callable[[Town, Way], Coroutine[Any, Any, Seen]]


async def seen_letter(town: Town, way: Way, *, acted_s: float, saw_s: float, letter: str = "") -> Seen:
    """What was seen came as a letter, of this id where one is known: both ends have a record of it, under signed roots.

    Raises:
        Failed: One of them has none.
    """
    pair = await letter_of(town, way, letter=letter)
    return Seen(max(0.0, saw_s - acted_s), pair.place)


async def letter_of(town: Town, way: Way, *, letter: str = "") -> Exchanged:
    """The newest letter of a way, or that of an id, that both ends have signed evidence of.

    Raises:
        Failed: There is none.
    """

    async def look() -> Exchanged | None:
        return next((pair for pair in exchanged(town.home, way.letter) if letter in ("", pair.received.letter)), None)

    pair, _ = await town.seen(look, needs=(way.sender, way.receiver), what="evidence")
    return pair


async def seen_spoken(town: Town, letter: Letter, *, keeper: str, key: str, acted_s: float, saw_s: float) -> Seen:
    """What was seen was said otherwise than by letter: the end that is ours has a record of it, under a signed root.

    Args:
        town: The town.
        letter: Who said what to whom.
        keeper: Whose book has it.
        key: Part of its business key.
        acted_s, saw_s: From the act to the sight [Unix s of the machine].

    Raises:
        Failed: It has none.
    """

    async def look() -> Record | None:
        return spoken(town.home, keeper, letter, key=key)

    record, _ = await town.seen(look, needs=(keeper,), what="evidence")
    return Seen(max(0.0, saw_s - acted_s), f"{record.system}:{record.number}")
