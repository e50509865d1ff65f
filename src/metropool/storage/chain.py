"""A hash chain: each row's hash covers its own bytes and the hash before it, so that a later change shows."""

import hashlib
import json
from collections.abc import Iterable, Mapping

GENESIS = "0" * 64
_DOMAIN = b"metropool-chain-1\x00"


def canonical(row: Mapping[str, object]) -> bytes:
    """The one byte form of a row of texts, integers, booleans and nulls, whatever the order of its keys."""
    return json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def link(previous_hash: str, canonical_bytes: bytes) -> str:
    """The hash of a row that follows the row with ``previous_hash`` (``GENESIS`` for the first)."""
    return hashlib.sha256(_DOMAIN + bytes.fromhex(previous_hash) + canonical_bytes).hexdigest()


def verify(rows: Iterable[tuple[bytes, str]], *, start: str = GENESIS, head: str | None = None) -> int | None:
    """Find the first row that is not what was chained.

    Args:
        rows: Canonical bytes and stored hash of each row, in order.
        start: Hash before the first row given.
        head: The hash the last row must have, kept elsewhere; without it a cut-off end cannot be seen.

    Returns:
        Index of the first altered, missing, added or moved row (the count of rows when the end is cut off), or None.
    """
    previous, count = start, 0
    for count, (content, stored) in enumerate(rows, start=1):
        if link(previous, content) != stored:
            return count - 1
        previous = stored
    return None if head is None or head == previous else count
