"""Evidence books of the town's systems, read beside whoever serves them: the record of a letter at both of its ends."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from msgspec import json

from metropool.exchange.evidence.objects import Record
from metropool.plan.schema import Letter
from metropool.runtime.conformance.town.files import ask

COVERED = "SELECT record FROM evidence WHERE direction = ? AND number <= (SELECT max(last) FROM evidence_root) ORDER BY number"
ALL = "SELECT record FROM evidence WHERE direction = ? ORDER BY number"


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
    sent = {record.letter: record for record in _records(home, letter.sender, "sent") if _is(record, letter)}
    heard = [record for record in _records(home, letter.receiver, "received") if _is(record, letter) and record.letter in sent]
    pairs = [Exchanged(sent[record.letter], record) for record in heard if record.outcome == "taken"]
    return [pair for pair in reversed(pairs) if pair.sent.sha256 == pair.received.sha256]


def heard(home: Path, system: str) -> list[Record]:
    """Everything a system took in or set aside so far, whether a root covers it yet or not."""
    return list(_records(home, system, "received", query=ALL))


def said(home: Path, system: str) -> list[Record]:
    """Everything a system said that its receiver has stored."""
    return list(_records(home, system, "sent", query=ALL))


def _records(home: Path, system: str, direction: str, *, query: str = COVERED) -> Iterator[Record]:
    for (row,) in ask(home / system / f"{system}.sqlite", query, direction):
        yield json.decode(row, type=Record)


def _is(record: Record, letter: Letter) -> bool:
    return Letter(record.sender, record.phrase, record.receiver) == letter
