"""Evidence books of the town's systems, read beside whoever serves them: a letter at both of its ends, anything else at ours."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from msgspec import json

from metropool.exchange.envelope import OF
from metropool.exchange.evidence.objects import Record
from metropool.plan.schema import Letter
from metropool.runtime.conformance.town.files import ask

RECEIPTS = "SELECT id, receiver, sha256 FROM outbox WHERE receipt IS NOT NULL"
KEPT = "SELECT id, sender, sha256 FROM inbox"
WAITING = "SELECT count(*) FROM outbox WHERE sent_at IS NULL AND number NOT IN (SELECT number FROM outbox_withheld)"
Place = tuple[str, str, str, str]
"""Receiver, sender and id of a letter, and what it said (SHA-256)."""
ALL = "SELECT record FROM evidence WHERE direction = ? ORDER BY number"
COVERED = """SELECT record FROM evidence WHERE direction = ? AND number <= (SELECT max(last) FROM evidence_root)
AND instr(record, ?) > 0 ORDER BY number"""


@dataclass(frozen=True)
class Exchanged:
    """A letter that both ends have a record of, with the same content; each under a signed root.

    Attributes:
        sent, received: The records of sender and receiver.
    """

    sent: Record
    received: Record

    @property
    def place(self) -> str:
        """Where the receiver keeps it: ``system:number``."""
        return f"{self.received.system}:{self.received.number}"


def exchanged(home: Path, letter: Letter) -> list[Exchanged]:
    """What one system said to another under a phrase and was taken in there, the newest first."""
    of = _of(letter)
    sent = {record.letter: record for record in _records(home, letter.sender, COVERED, "sent", of) if _is(record, letter)}
    came = (record for record in _records(home, letter.receiver, COVERED, "received", of) if _is(record, letter))
    heard = [record for record in came if record.letter in sent]
    pairs = [Exchanged(sent[record.letter], record) for record in heard if record.outcome == "taken"]
    return [pair for pair in reversed(pairs) if pair.sent.sha256 == pair.received.sha256]


def spoken(home: Path, keeper: str, letter: Letter, *, key: str) -> Record | None:
    """The newest record that a system has, under a signed root, of something it said or heard otherwise than by letter.

    Args:
        home: Of the town.
        keeper: Which system.
        letter: Who says what to whom.
        key: Part of its business key: an account, an order.
    """
    direction = "sent" if letter.sender == keeper else "received"
    records = _records(home, keeper, COVERED, direction, _of(letter))
    found = [each for each in records if _is(each, letter) and each.medium != "letter" and key in each.key.split("/")]
    return found[-1] if found else None


@dataclass(frozen=True)
class Acknowledged:
    """What became of the letters between a town's systems.

    Attributes:
        letters: How many have their receipt.
        waiting: How many have none yet.
        lost: Those with a receipt that are not in their receiver's inbox with the same content: receiver, sender and id.
        doubled: Those of which it has not just one record.
    """

    letters: int
    waiting: int
    lost: tuple[str, ...]
    doubled: tuple[str, ...]

    @property
    def is_whole(self) -> bool:
        """Each letter that was told arrived, once."""
        return self.letters > 0 and not self.waiting and not self.lost and not self.doubled


def acknowledged(home: Path, systems: Sequence[str]) -> Acknowledged:
    """Hold every receipt in the outboxes to what is in the inboxes, and in the evidence of what came."""
    waiting, sent, kept, times = 0, set[Place](), set[Place](), Counter[Place]()
    for name in systems:
        books = home / name / f"{name}.sqlite"
        waiting += ask(books, WAITING)[0][0]
        sent |= {(receiver, name, letter, sha) for letter, receiver, sha in ask(books, RECEIPTS)}
        kept |= {(name, sender, letter.removesuffix(f"{OF}{sender}"), sha) for letter, sender, sha in ask(books, KEPT)}
        times.update((name, each.sender, each.letter, each.sha256) for each in heard(home, name))
    lost = (" ".join(place[:3]) for place in sorted(sent - kept))
    doubled = (" ".join(place[:3]) for place in sorted(sent) if times[place] != 1 and place in kept)
    return Acknowledged(letters=len(sent), waiting=waiting, lost=tuple(lost), doubled=tuple(doubled))


def heard(home: Path, system: str) -> list[Record]:
    """Everything a system took in or set aside so far, whether a root covers it yet or not."""
    return list(_records(home, system, ALL, "received"))


def said(home: Path, system: str) -> list[Record]:
    """Everything a system said that its receiver has stored."""
    return list(_records(home, system, ALL, "sent"))


def _records(home: Path, system: str, query: str, *asked: str) -> Iterator[Record]:
    for (row,) in ask(home / system / f"{system}.sqlite", query, *asked):
        yield json.decode(row, type=Record)


def _of(letter: Letter) -> str:
    """Stands in each record of this message."""
    return f'"phrase":"{letter.message}"'


def _is(record: Record, letter: Letter) -> bool:
    return Letter(record.sender, record.phrase, record.receiver) == letter
