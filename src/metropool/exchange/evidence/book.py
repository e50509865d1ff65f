"""A system's book of evidence: a record of each exchange in the unit that keeps it or takes it in, and the roots that cover them."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import msgspec
from sqlalchemy import insert, select
from sqlalchemy.exc import SQLAlchemyError

from metropool.core.clock import Instant
from metropool.core.texts import Sentence
from metropool.exchange.envelope import Envelope, digest, from_bytes, rows_of
from metropool.exchange.evidence.objects import Anchor, PublicKey, Record, Root, content_of, leaf_of, sign_root
from metropool.exchange.evidence.spoken import Listing, Spoken
from metropool.exchange.evidence.tables import evidence, evidence_root
from metropool.exchange.evidence.terms import announce, keys_in
from metropool.exchange.evidence.trail import START, Broken, Trail, root_of
from metropool.storage.chain import GENESIS, link
from metropool.storage.merkle import Tree
from metropool.storage.suites import SigningKey
from metropool.storage.units import UnitContext

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
AT_ONCE = 10_000
UNREADABLE = (SQLAlchemyError, ValueError, TypeError, AttributeError)
"""What a row that was touched beside us raises when it is read."""
_HEAD = select(evidence.c.number, evidence.c.hash).order_by(evidence.c.number.desc()).limit(1)
_ADD = insert(evidence)


class Evidence:
    """The book of one system, in one unit of work.

    Args:
        context: The unit.
        listing: What the running plan says of what is exchanged.
    """

    def __init__(self, context: UnitContext, listing: Listing | None = None) -> None:
        self._context = context
        self._connection = context.connection
        self._listing = listing or Listing()
        self._head: tuple[int, str] | None = None

    def sent(self, letters: Iterable[tuple[bytes, int]]) -> None:
        """Record letters that the receiver's inbox stream has stored: the bytes that travelled, their position there."""
        told, known = ((from_bytes(data), data, place) for data, place in letters), {"direction": "sent", "outcome": "receipted"}
        self._add(self._row(of, data, rows=rows_of(of), position=place, **known) for of, data, place in told)

    def received(
        self, letters: Iterable[tuple[Envelope, bytes, int, int]], *, outcome: str, called: Mapping[tuple[str, str], str]
    ) -> None:
        """Record letters that came in: envelope, bytes, position, rows; the envelope stands for bytes that are none, too. ``called``
        is what the inbox calls each, by sender and id."""
        known = {"direction": "received", "outcome": outcome}
        self._add(
            self._row(of, data, rows=rows, position=place, **known) | {"letter": called[of.sender, of.id]}
            for of, data, place, rows in letters
        )

    def replayed(self, letter: tuple[Envelope, bytes, int, int], *, called: str) -> None:
        """Record a letter that was parked and is taken in now, as ``received`` is told of it."""
        envelope, data, place, rows = letter
        known = {"direction": "replayed", "outcome": "taken"}
        self._add([self._row(envelope, data, rows=rows, position=place, **known) | {"letter": called}])

    def spoken(self, those: Iterable[Spoken]) -> None:
        """Record what was exchanged otherwise than by letter, each once: a repeat leaves no second record."""
        named: dict[tuple[str, str], tuple[Spoken, str, str]] = {}
        for one in those:
            sender, receiver = self._listing.ends(self._context.system, one)
            named.setdefault((one.letter(sender, receiver), one.direction), (one, sender, receiver))
        known = self._known({letter for letter, _ in named})
        self._add(self._spoken(letter, *found) for (letter, way), found in named.items() if (letter, way) not in known)

    def position_of(self, letter: str) -> int:
        """Where a letter, by what the inbox calls it, came in the inbox stream, as its record says; 0 without one."""
        its = (evidence.c.letter == letter) & (evidence.c.direction == "received")
        found = self._connection.execute(select(evidence.c.record).where(its)).scalar()
        return msgspec.json.decode(found, type=Record).position if found else 0

    def head(self) -> tuple[int, str]:
        """Number of the newest record and the hash of the chain after it."""
        if self._head is None:
            row = self._connection.execute(_HEAD).first()
            self._head = (row[0], row[1]) if row else (START.number, START.hash)
        return self._head

    def cover(self, key: SigningKey, audit: Anchor) -> Root | None:
        """Sign a root over what no root covers yet; None when there is nothing new, in the audit neither."""
        before = self.last_root()
        at = max(self._context.now, before[0].at) if before else self._context.now
        announce(self._context, key, at)
        last, seen = (before[0].last, before[0].audit.number) if before else (0, 0)
        if (self.head()[0], audit.number) == (last, seen):
            return None
        leaves = self._connection.execute(
            select(evidence.c.leaf)
            .where(evidence.c.number > last)
            .order_by(evidence.c.number)
            .execution_options(yield_per=AT_ONCE)
        )
        tree = Tree(bytes.fromhex(leaf) for leaf in leaves.scalars())
        root = Root(
            system=self._context.system,
            party=self._context.party,
            number=before[0].number + 1 if before else 1,
            first=last + 1,
            last=last + tree.size,
            root=tree.root().hex(),
            hash=self.head()[1],
            previous=sha256(before[1]).hexdigest() if before else GENESIS,
            audit=audit,
            at=at,
            suite=key.suite,
            key=key.id,
        )
        row = {"number": root.number, "first": root.first, "last": root.last, "root": content_of(root).decode()}
        self._connection.execute(insert(evidence_root).values(**row, signature=sign_root(root, key)))
        return root

    def last_root(self) -> tuple[Root, bytes] | None:
        """The newest root and its bytes.

        Raises:
            Broken: It is none.
        """
        c = evidence_root.c
        text = self._connection.execute(select(c.root).order_by(c.number.desc()).limit(1)).scalar()
        return (root_of(text.encode(), 1), text.encode()) if text else None

    def keys(self) -> list[PublicKey]:
        """Public keys of the system, one a term, the newest last."""
        return keys_in(self._context)

    def examine(self) -> tuple[int, Sentence | None]:
        """How many records are right from the first, and what is wrong with the next; None when all is whole."""
        right = 0
        try:
            for number in self._followed(Trail(self._context.system, self.keys())):
                right = number
        except Broken as broken:
            return broken.number - 1, broken.sentence
        except UNREADABLE as cause:
            return right, unreadable(right + 1, cause).sentence
        return right, None

    def _followed(self, trail: Trail) -> Iterator[int]:
        """The number of each record as it is found right, with its root where there is one."""
        rows = self._rows()
        for content, signature, last in self._roots():
            yield from _follow(trail, rows, until=last)
            trail.cover(content, signature)
        yield from _follow(trail, rows, until=None)

    def roots(self) -> Iterator[Root]:
        """The roots in order.

        Raises:
            Broken: One of them is none.
        """
        for content, _, _ in self._roots():
            yield root_of(content, 1)

    def _roots(self) -> Iterator[tuple[bytes, str, int]]:
        c = evidence_root.c
        query = select(c.root, c.signature, c.last).order_by(c.number).execution_options(yield_per=AT_ONCE)
        for content, signature, last in self._connection.execute(query):
            yield content.encode(), signature, last

    def _rows(self) -> Iterator[tuple[int, str, bytes, str]]:
        c = evidence.c
        query = select(c.number, c.salt, c.record, c.hash).order_by(c.number).execution_options(yield_per=AT_ONCE)
        for number, salt, record, chained in self._connection.execute(query):
            yield number, salt, record.encode(), chained

    def _add(self, rows: Iterable[Mapping[str, Any]]) -> None:
        if every := list(rows):
            self._connection.execute(_ADD, every)

    def _known(self, letters: Iterable[str]) -> set[tuple[str, str]]:
        query = select(evidence.c.letter, evidence.c.direction).where(evidence.c.letter.in_(letters))
        return {(letter, direction) for letter, direction in self._connection.execute(query)}

    def _spoken(self, letter: str, one: Spoken, sender: str, receiver: str) -> dict[str, Any]:
        told = {name: getattr(one, name) for name in ("medium", "direction", "outcome", "phrase", "kind", "version", "key")}
        answer = None if one.answer is None else digest(one.answer)
        counted: dict[str, Any] = {"rows": one.rows, "position": one.position, "answer": answer}
        return self._kept(one.data, letter=letter, sender=sender, receiver=receiver, **told, **counted)

    def _row(self, envelope: Envelope, data: bytes, **known: Any) -> dict[str, Any]:
        said = {name: getattr(envelope, name) for name in ("phrase", "kind", "version", "sender", "receiver")}
        return self._kept(data, letter=envelope.id, **said, **known)

    def _kept(self, data: bytes, *, sender: str, phrase: str, receiver: str, **known: Any) -> dict[str, Any]:
        (number, before), now = self.head(), self._context.now
        record = Record(
            number=number + 1,
            system=self._context.system,
            phrase=phrase,
            sender=sender,
            sender_party=self._listing.parties.get(sender, ""),
            receiver=receiver,
            receiver_party=self._listing.parties.get(receiver, ""),
            sha256=digest(data),
            bytes=len(data),
            under=self._listing.under(sender, phrase, receiver),
            at=now,
            **known,
        )
        content, salt = content_of(record), self._context.ids.fresh_id()
        leaf = leaf_of(salt, content)
        row = {name: getattr(record, name) for name in ("number", "direction", "letter", "sender_party", "receiver_party")}
        row |= {"at_us": microseconds(now), "record": content.decode(), "salt": salt, "leaf": leaf.hex()}
        self._head = (record.number, link(before, leaf))
        return row | {"hash": self._head[1]}


def microseconds(at: Instant) -> int:
    """Microseconds since 1970, UTC."""
    return (at - EPOCH) // timedelta(microseconds=1)


def unreadable(number: int, cause: Exception) -> Broken:
    """What is said of a book whose database does not give record ``number`` or one that follows."""
    return Broken("unreadable", number, reason=str(cause).splitlines()[0])


def _follow(trail: Trail, rows: Iterator[tuple[int, str, bytes, str]], *, until: int | None) -> Iterator[int]:
    while until is None or trail.number < until:
        row = next(rows, None)
        if row is None:
            return
        number, salt, content, chained = row
        trail.follow(number, leaf_of(salt, content), chained)
        yield number
