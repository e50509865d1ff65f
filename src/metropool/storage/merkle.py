"""Merkle trees in the shape of RFC 6962 (section 2.1): one hash stands for many leaves, and a short path proves one of them. Pure."""

import hashlib
from collections.abc import Iterable, Sequence

EMPTY = hashlib.sha256(b"").digest()
"""The root of no leaves."""


def leaf_hash(content: bytes) -> bytes:
    """The leaf of some bytes: SHA-256(0x00 ‖ content)."""
    return hashlib.sha256(b"\x00" + content).digest()


class Tree:
    """A tree that grows leaf by leaf and keeps no more than one hash a level, however many leaves it has."""

    def __init__(self, leaves: Iterable[bytes] = ()) -> None:
        self._peaks: list[tuple[int, bytes]] = []
        self.size = 0
        for leaf in leaves:
            self.add(leaf)

    def add(self, leaf: bytes) -> None:
        """Append a leaf (its hash)."""
        self.size += 1
        width, top = 1, leaf
        while self._peaks and self._peaks[-1][0] == width:
            top = _inner(self._peaks.pop()[1], top)
            width *= 2
        self._peaks.append((width, top))

    def root(self) -> bytes:
        """The hash of all leaves so far."""
        if not self._peaks:
            return EMPTY
        *others, (_, top) = self._peaks
        for _, peak in reversed(others):
            top = _inner(peak, top)
        return top


def path_of(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The hashes that lead from the leaf at ``index`` to the root, the lowest first."""
    if len(leaves) == 1:
        return []
    left = 1 << ((len(leaves) - 1).bit_length() - 1)
    if index < left:
        return [*path_of(leaves[:left], index), Tree(leaves[left:]).root()]
    return [*path_of(leaves[left:], index - left), Tree(leaves[:left]).root()]


def root_by_path(leaf: bytes, *, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root that a path leads to from the leaf at ``index`` of ``size``; None when the path is not of that length.

    Source: RFC 9162, section 2.1.3.2.
    """
    place, last, top = index, size - 1, leaf
    for other in path:
        if last == 0:
            return None
        if place % 2 or place == last:
            top = _inner(other, top)
            while place and not place % 2:
                place, last = place >> 1, last >> 1
        else:
            top = _inner(top, other)
        place, last = place >> 1, last >> 1
    return top if last == 0 else None


def _inner(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()
