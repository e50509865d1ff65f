"""What is larger than a letter: cut between rows into letters that each say which part of what whole they are.

The digest of the whole is worked out of those of the bodies, 32 bytes a part: whoever sends or hears a batch needs no two of its
bodies at once to tell that it is whole, and a relay that passes parts on as they came does not change it.
"""

import re
from collections.abc import Iterable
from functools import partial
from hashlib import sha256

import msgspec
import pyarrow as pa

from metropool.core.clock import Instant
from metropool.core.errors import Invalid
from metropool.core.identifiers import SystemId
from metropool.exchange.envelope import MAX_BYTES, Envelope, Part, Step, digest, seal
from metropool.exchange.messages import Message

MOST_PARTS = 10_000
"""Some 5 GiB opened; what a receiver keeps of a batch while it is not whole is about a hundred bytes a part."""
_DIGEST = re.compile(r"[0-9a-f]{64}")


def sealed_parts(
    message: Message,
    *,
    key: str,
    phrase: str,
    sender: SystemId,
    receiver: SystemId,
    at: Instant,
    through: tuple[Step, ...] = (),
    part: Part | None = None,
) -> list[tuple[Message, Envelope]]:
    """A message in the letters it needs, each with what it says; those of a batch know of the whole.

    Args:
        message: What to tell.
        key: Business key of all of it.
        phrase, sender, receiver, at, through: As ``seal`` takes them.
        part: Which part of a batch that somebody else cut the message is as a whole.

    Raises:
        Invalid: One row alone is too large, or it would be too many parts.
    """
    sealed = partial(seal, key=key, phrase=phrase, sender=sender, receiver=receiver, at=at, through=through)
    if part is not None:
        return [(message, sealed(message=message, part=part))]
    pieces = in_parts(message)
    letters = [sealed(message=piece, number=number) for number, piece in enumerate(pieces, 1)]
    if len(letters) > 1:
        whole = whole_of(digest(letter.body) for letter in letters)
        batch, of = letters[0].id, len(letters)
        parts = (Part(batch=batch, number=number, of=of, whole=whole) for number in range(1, of + 1))
        letters = [msgspec.structs.replace(letter, part=its) for letter, its in zip(letters, parts, strict=True)]
    return list(zip(pieces, letters, strict=True))


def in_parts(message: Message) -> list[Message]:
    """The message in pieces small enough to travel, cut between rows.

    Raises:
        Invalid: One row alone is too large, or it would be too many pieces.
    """
    rows: pa.Table | None = getattr(message, "rows", None)
    if rows is None or rows.nbytes < MAX_BYTES // 2:
        return [message]
    pieces = -(-rows.nbytes // (MAX_BYTES // 2))
    step = max(1, rows.num_rows // pieces)
    if rows.num_rows == 1:
        raise Invalid(f"{type(message).__name__}: one row of {rows.nbytes} bytes is too large for a message")
    if -(-rows.num_rows // step) > MOST_PARTS:
        raise Invalid(f"{type(message).__name__}: {rows.nbytes} bytes are more than {MOST_PARTS} parts; tell less at once")
    return [
        msgspec.structs.replace(message, rows=rows.slice(start, step).combine_chunks()) for start in range(0, rows.num_rows, step)
    ]


def whole_of(digests: Iterable[str]) -> str:
    """The digest of a batch: SHA-256 over those of its bodies, 32 bytes each, in the order of the parts."""
    made = sha256()
    for each in digests:
        made.update(bytes.fromhex(each))
    return made.hexdigest()


def check_part(part: Part) -> None:
    """Hold a letter to what a part can be.

    Raises:
        Invalid: There is no such part, or no such digest.
    """
    if not 1 <= part.number <= part.of:
        raise Invalid(f"{named(part)}: there is no such part")
    if part.of > MOST_PARTS:
        raise Invalid(f"{named(part)}: more than {MOST_PARTS} parts are not taken")
    if part.whole and not _DIGEST.fullmatch(part.whole):
        raise Invalid(f"{named(part)}: what it says of the whole is no SHA-256")


def named(part: Part) -> str:
    """A part in words."""
    return f"part {part.number} of {part.of} of the batch {part.batch}"
