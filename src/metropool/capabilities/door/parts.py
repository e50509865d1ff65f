"""A batch that software says in parts of its own cutting: each held to those before it, the last to what all are together."""

import re
from collections.abc import Sequence

from metropool.capabilities.door.model import LONGEST_KEY, SaidPart
from metropool.capabilities.door.ports import DoorWork
from metropool.core.errors import Conflict, Fault, Invalid
from metropool.core.identifiers import derived_id
from metropool.exchange.envelope import Part
from metropool.exchange.messages import Message
from metropool.exchange.parts import MOST_PARTS, in_parts, whole_of

KEY = re.compile(rf"[\x21-\x7e]{{1,{LONGEST_KEY}}}")
_DIGEST = re.compile(r"([0-9a-f]{64})?")


def part_of(*, work: DoorWork, phrase: str, message: Message, part: SaidPart) -> Part:
    """What the letter that says a part tells of its batch: of the whole only the one that is said last, by then it is known.

    Raises:
        Invalid: There is no such part, it is larger than a letter, or all together are not what the software says.
        Conflict: It was said under another key, or those before are of another batch.
    """
    _check_form(part)
    if len(in_parts(message)) > 1:
        raise Invalid("a part has to go in one letter", key="door.part_large")
    before = work.letters.parts_said(phrase=phrase, batch=part.batch)
    _check_beside(part, before)
    every = sorted([*before, part], key=lambda one: one.number)
    is_last = len(every) == part.of
    if is_last:
        _check_whole(every)
    return Part(
        batch=derived_id(work.system, phrase, part.batch),
        number=part.number,
        of=part.of,
        whole=whole_of(one.body for one in every) if is_last else "",
    )


def _check_form(part: SaidPart) -> None:
    wrong = {
        "batch": not KEY.fullmatch(part.batch),
        "part": not 1 <= part.number <= part.of,
        "parts": not 1 <= part.of <= MOST_PARTS,
        "whole": not _DIGEST.fullmatch(part.whole),
    }
    if faults := [Fault(name, f"door.{name}_form") for name, is_wrong in wrong.items() if is_wrong]:
        raise Invalid("there is no such part", key="door.no_part", faults=faults)


def _check_beside(part: SaidPart, before: Sequence[SaidPart]) -> None:
    values = {"batch": part.batch, "number": part.number}
    if any(one.of != part.of or (one.whole and part.whole and one.whole != part.whole) for one in before):
        raise Conflict(f"the batch {part.batch} has other parts", key="door.other_batch", values=values)
    if any(one.number == part.number for one in before):
        raise Conflict(f"part {part.number} of {part.batch} was said under another key", key="door.part_said", values=values)


def _check_whole(every: Sequence[SaidPart]) -> None:
    found = whole_of(one.request for one in every)
    said = next((one.whole for one in every if one.whole), found)
    if said != found:
        values: dict[str, object] = {"batch": every[0].batch, "found": found, "said": said}
        raise Invalid(f"the parts of {every[0].batch} are not what they say", key="door.not_whole", values=values)
