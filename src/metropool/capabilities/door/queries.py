"""What the system's own software may ask of its door."""

from collections.abc import Sequence

from metropool.capabilities.door.model import MOST_UNREAD_BYTES, PAGE_BYTES, KeptLetter
from metropool.capabilities.door.ports import DoorWork
from metropool.core.errors import NotFound
from metropool.exchange.ways import Way


def letters_after(*, work: DoorWork, after: int, limit: int) -> list[KeptLetter]:
    """The letters that came after a number, in order, no more than one answer should carry."""
    return work.letters.after(after, limit=limit, most_bytes=PAGE_BYTES)


def letter(*, work: DoorWork, number: int) -> KeptLetter:
    """One letter.

    Raises:
        NotFound: None of that number came, or it is forgotten.
    """
    found = work.letters.one(number)
    if found is None:
        raise NotFound(f"no letter {number}", key="door.no_letter")
    return found


def may_say(*, work: DoorWork) -> Sequence[Way]:
    """What the running plan lets this system say: what begins here; what it only passes on goes by itself."""
    return [way for way in work.ways if way.sender == work.system and not way.is_passed_on]


def may_hear(*, work: DoorWork) -> Sequence[Way]:
    """What the running plan lets come here."""
    return [way for way in work.ways if way.receiver == work.system]


def may_say_now(*, work: DoorWork) -> str:
    """The same in a few words: each phrase with its rows."""
    rows: dict[str, list[str]] = {}
    for way in may_say(work=work):
        rows.setdefault(way.phrase, []).extend(way.rows)
    return ", ".join(f"{phrase} ({' '.join(sorted(set(listed)))})" for phrase, listed in rows.items()) or "–"


def has_room(*, work: DoorWork) -> bool:
    """Whether the door can keep more: what its software does not read grows to a bound, and no further."""
    return work.letters.mark().unread_bytes < MOST_UNREAD_BYTES
