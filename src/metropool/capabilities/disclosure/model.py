"""What a request is while its owner decides on it, and what of an answer may be told. Pure."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

import msgspec
import numpy as np
import numpy.typing as npt

from metropool.access.groups import Groups
from metropool.exchange.messages import ViewRequested

Ints = npt.NDArray[np.int64]
State = Literal["waiting", "half_approved", "approved", "refused", "withdrawn", "revoked", "lapsed"]
OPEN: tuple[State, ...] = ("waiting", "half_approved")
STANDING: tuple[State, ...] = (*OPEN, "approved")
"""What ends when whoever asked takes the request back."""
PAGE_ROWS = 500
MOST_ROWS = 20_000
"""Rows of one answer; who needs more asks for less at a time."""


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """A request as its owner knows it.

    Attributes:
        asked: The newest edition heard.
        heard_from: System that handed it over; answers go back there.
        first_by: Who approved first, where two must.
        expires_at: No use after this; the owner may shorten what was asked.
        suppressed: Cells of the answer that are too small a group to tell.
    """

    asked: ViewRequested
    state: State
    heard_from: str
    heard_at: datetime
    expires_at: datetime
    first_by: str | None = None
    first_at: datetime | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None
    reason: str | None = None
    pages: int = 0
    rows: int = 0
    suppressed: int = 0


@dataclass(frozen=True)
class Cell:
    """One sum that was asked for.

    Attributes:
        members: Local numbers of the usage points behind it, shape (N,), each once.
        weights: What each of them is of the sum, shape (N,).
        value: The sum, as an integer of 10^``scale`` ``unit``.
    """

    period: date
    measure: str
    category: str
    members: Ints
    weights: Ints
    value: int
    scale: int
    unit: str


def admitted(atoms: Ints, cell: Cell, rule: Groups) -> Ints | None:
    """The atoms after a cell is told too; None where it must not be told.

    Every sum that can be worked out of the cells told of one period is made of whole atoms: sets of usage points that were only ever
    told of together. So no cell may leave a part of an atom, or a new one, that is too small or that one member is most of.

    Args:
        atoms: Atom of each usage point by its local number, 0 where it was never told of, shape (P,).
        cell: What is to be told.
        rule: What is too small.
    """
    least = rule.least[cell.category]
    if cell.members.size < least:
        return None
    before = np.zeros(max(atoms.size, int(cell.members.max()) + 1), dtype=np.int64)
    before[: atoms.size] = atoms
    inside = np.zeros(before.size, dtype=np.int64)
    inside[cell.members] = 1
    parts, after, counts = np.unique(before * 2 + inside, return_inverse=True, return_counts=True)
    if (counts[parts > 0] < least).any():
        return None
    weights = np.zeros(before.size, dtype=np.float64)
    weights[cell.members] = np.abs(cell.weights)
    sums, largest = np.bincount(after, weights), np.zeros(parts.size)
    np.maximum.at(largest, after, weights)
    if (largest * 100 > sums * rule.largest_share)[parts % 2 == 1].any() and cell.category != "devices":
        return None
    return np.asarray(after if parts[0] == 0 else after + 1, dtype=np.int64)
