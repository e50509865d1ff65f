"""What the broker hands over out of order, as it does after a crash, is taken in in order and nothing is passed over."""

import asyncio

import pytest

from metropool.capabilities.metering import attendants
from metropool.capabilities.metering.attendants import Attendants, next_run
from metropool.exchange.ports import LogEntry


def entry(sequence):
    return LogEntry(sequence, "readings", b"")


class TestNextRun:
    def test_stops_at_the_first_gap(self):
        assert [e.sequence for e in next_run([entry(n) for n in (3, 4, 6)], position=2)] == [3, 4]

    def test_passes_over_what_was_taken_in(self):
        assert [e.sequence for e in next_run([entry(n) for n in (1, 2, 3)], position=2)] == [3]

    def test_is_empty_while_the_next_one_is_missing(self):
        assert next_run([entry(5)], position=2) == []


class Books:
    """Stands for the node's units: keeps the position and the order in which entries came true."""

    def __init__(self):
        self.position, self.order = 0, []

    async def read(self, query):
        return query(self)

    async def write(self, operation):
        return operation(self)


class HandedOver:
    """A log that hands over given batches, then ends the loop."""

    def __init__(self, *batches):
        self.batches, self.acknowledged = list(batches), 0

    async def read(self, *, limit, wait_s):
        if not self.batches:
            raise asyncio.CancelledError
        return [entry(sequence) for sequence in self.batches.pop(0)]

    async def done(self, sequence):
        self.acknowledged = max(self.acknowledged, sequence)


def test_later_batches_are_held_until_the_earlier_ones_come_again(monkeypatch):
    books = Books()
    monkeypatch.setattr(Books, "collection", property(lambda self: self), raising=False)
    real = Attendants(units=books, front=None)
    monkeypatch.setattr(books, "read", _position_of(books))
    monkeypatch.setattr(attendants, "_prepare", lambda work, *, entries: (None, []))
    monkeypatch.setattr(attendants, "_commit", _commit_of(books))
    log = HandedOver([4, 5], [6], [1, 2], [3], [])
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(real.take_log_in(log))
    assert books.order == [1, 2, 3, 4, 5, 6]
    assert log.acknowledged == 6


def _position_of(books):
    async def read(query):
        if getattr(query, "func", None) is not None:
            return query(books)
        return books.position

    return read


def _commit_of(books):
    def commit(work, *, entries, prepared, files, stream):
        books.order += [each.sequence for each in entries]
        books.position = entries[-1].sequence

    return commit
