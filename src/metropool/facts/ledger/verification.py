"""The hash chain over postings: each row's hash covers the row and the hash before it."""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from metropool.core.texts import Sentence

GENESIS = "0" * 64


@dataclass(frozen=True)
class ChainReport:
    """What a check of the whole chain found.

    Attributes:
        rows: How many postings are right, from the first.
        bad_row: Number of the first wrong posting; None when all are right.
        fault: What is wrong with it.
    """

    rows: int
    bad_row: int | None = None
    fault: Sentence | None = None

    @property
    def reason(self) -> str:
        """What is wrong, in English; empty when nothing is."""
        return str(self.fault) if self.fault else ""

    @property
    def is_whole(self) -> bool:
        """Whether nothing was edited, deleted or swapped."""
        return self.bad_row is None


def chain_hash(before: str, number: int, key: str, leg: int, account: str, amount_fen: int, posted_at: str) -> str:
    """SHA-256 of the hash before a posting and of its number, key, leg, account, amount and time."""
    text = f"{before}\x1f{number}\x1f{key}\x1f{leg}\x1f{account}\x1f{amount_fen}\x1f{posted_at}"
    return sha256(text.encode()).hexdigest()


def chain_hashes(before: str, legs: Iterable[tuple[int, str, int, str, int]], posted_at: str) -> list[str]:
    """``chain_hash`` of each of some new postings: number, key, leg, account, amount [fen]."""
    hashes = []
    for number, key, leg, account, amount_fen in legs:
        before = chain_hash(before, number, key, leg, account, amount_fen, posted_at)
        hashes.append(before)
    return hashes


def check_chain(rows: Iterable[Any], *, head_number: int, head_hash: str) -> ChainReport:
    """Check postings in order of number against the head.

    Args:
        rows: (number, key, leg, account, amount_fen, posted_at, hash), sorted by number.
        head_number: Number of the last posting made.
        head_hash: Its hash.
    """
    before, right, key, total = GENESIS, 0, "", 0
    for number, its_key, leg, account, amount_fen, posted_at, stored in rows:
        if number != right + 1:
            return ChainReport(right, right + 1, _fault("missing", number=right + 1, found=number))
        if its_key != key and total:
            return ChainReport(right - 1, right, _fault("unbalanced", entry=key, total=total))
        if chain_hash(before, number, its_key, leg, account, amount_fen, posted_at) != stored:
            return ChainReport(right, number, _fault("altered", number=number, entry=its_key, account=account))
        total = amount_fen + (total if its_key == key else 0)
        before, right, key = stored, number, its_key
    if (right, before) != (head_number, head_hash):
        return ChainReport(right, right + 1, _fault("cut_off", number=right, last=head_number))
    return ChainReport(right - 1, right, _fault("unbalanced", entry=key, total=total)) if total else ChainReport(right)


def _fault(kind: str, **values: object) -> Sentence:
    return Sentence("metropool.facts.ledger", f"chain_{kind}", values)
