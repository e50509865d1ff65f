"""The tables of a door in SQL."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import delete, func, insert, select, update

from metropool.capabilities.door.model import KeptLetter, Mark, Said, SaidLetter, SaidPart
from metropool.capabilities.door.tables import door_letter, door_mark, door_part, door_said
from metropool.core.identifiers import derived_id
from metropool.exchange.envelope import Envelope, from_bytes, to_bytes
from metropool.exchange.outbox import outbox
from metropool.storage.units import UnitContext
from metropool.storage.upsert import upsert

_L: Any = door_letter.c
AT_ONCE = 500


class SqlLetters:
    """Letters of a door, in one unit of work."""

    def __init__(self, context: UnitContext) -> None:
        self._connection = context.connection

    def keep(self, envelope: Envelope, *, now: datetime) -> None:
        """Keep a letter until its software has read it."""
        data, mark = to_bytes(envelope), self.mark()
        row: dict[str, Any] = {
            "id": derived_id(envelope.sender, envelope.id),
            "phrase": envelope.phrase,
            "sender": envelope.sender,
            "speaker": envelope.speaker,
        }
        row |= {"size": len(data), "heard_at": now.isoformat(), "envelope": data}
        self._connection.execute(insert(door_letter).values(row))
        self._put(msgspec.structs.replace(mark, unread=mark.unread + 1, unread_bytes=mark.unread_bytes + len(data)))

    def after(self, number: int, *, limit: int, most_bytes: int) -> list[KeptLetter]:
        """Letters with a higher number, in order: at most ``limit``, and no more than so many bytes but for the first."""
        sizes = self._connection.execute(
            select(_L.number, _L.size).where(_L.number > number).order_by(_L.number).limit(limit)
        ).all()
        wanted: list[int] = []
        for one, size in sizes:
            most_bytes -= size
            if wanted and most_bytes < 0:
                break
            wanted.append(one)
        query = select(_L.number, _L.envelope, _L.heard_at).where(_L.number.in_(wanted)).order_by(_L.number)
        return [_kept(row) for row in self._connection.execute(query)]

    def one(self, number: int) -> KeptLetter | None:
        """The letter of this number; None when none came, or it is forgotten."""
        query = select(_L.number, _L.envelope, _L.heard_at).where(_L.number == number)
        row = self._connection.execute(query).one_or_none()
        return None if row is None else _kept(row)

    def last(self) -> int:
        """Number of the newest letter that came; 0 before the first."""
        newest = int(self._connection.execute(select(func.max(_L.number))).scalar() or 0)
        return max(newest, self.mark().acknowledged)

    def mark(self) -> Mark:
        """How far letters were read."""
        row = self._connection.execute(select(door_mark)).mappings().one_or_none()
        return Mark() if row is None else Mark(**{name: row[name] for name in Mark.__struct_fields__})

    def acknowledge(self, number: int, *, now: datetime) -> Mark:
        """Letters up to a number were read; one that was said before is left as it is."""
        acknowledged = max(number, self.mark().acknowledged)
        read = (_L.number <= acknowledged) & _L.acknowledged_at.is_(None)
        self._connection.execute(update(door_letter).where(read).values(acknowledged_at=now.isoformat()))
        left = select(func.count(), func.coalesce(func.sum(_L.size), 0)).where(_L.number > acknowledged)
        unread, unread_bytes = self._connection.execute(left).one()
        return self._put(Mark(acknowledged=acknowledged, unread=int(unread), unread_bytes=int(unread_bytes)))

    def forget(self, *, before: datetime, limit: int) -> int:
        """Remove at most ``limit`` letters that were acknowledged earlier than that; returns how many."""
        old = select(_L.number).where(_L.acknowledged_at < before.isoformat()).order_by(_L.number).limit(limit)
        return self._connection.execute(delete(door_letter).where(_L.number.in_(old))).rowcount

    def said(self, *, phrase: str, key: str) -> tuple[str, Said] | None:
        """The hash of what was said under a key, and what it became; None when nothing was."""
        c = door_said.c
        query = select(c.sha256, c.letters).where(c.phrase == phrase, c.key == key)
        row = self._connection.execute(query).one_or_none()
        if row is None:
            return None
        letters = msgspec.json.decode(row.letters, type=tuple[SaidLetter, ...])
        return row.sha256, Said(phrase=phrase, key=key, letters=letters, is_repeat=True)

    def note_said(self, said: Said, *, sha256: str, by: str, now: datetime) -> None:
        """Note what was said under a key."""
        row = {"phrase": said.phrase, "key": said.key, "sha256": sha256, "said_by": by, "said_at": now.isoformat()}
        self._connection.execute(insert(door_said).values(**row, letters=msgspec.json.encode(said.letters).decode()))

    def parts_said(self, *, phrase: str, batch: str) -> list[SaidPart]:
        """The parts of a batch that were said, in their order."""
        c = door_part.c
        query = select(*(c[name] for name in SaidPart.__struct_fields__)).where(c.phrase == phrase, c.batch == batch)
        return [SaidPart(**row) for row in self._connection.execute(query.order_by(c.number)).mappings()]

    def note_part(self, part: SaidPart, *, phrase: str) -> None:
        """Note that a part of a batch was said."""
        self._connection.execute(insert(door_part).values(phrase=phrase, **msgspec.structs.asdict(part)))

    def delivered(self, letters: Sequence[SaidLetter]) -> tuple[SaidLetter, ...]:
        """The same letters with the receipts of their receivers, as far as there are."""
        found: dict[str, tuple[str | None, int | None]] = {}
        ids = [letter.id for letter in letters]
        for start in range(0, len(ids), AT_ONCE):
            query = select(outbox.c.id, outbox.c.sent_at, outbox.c.receipt).where(outbox.c.id.in_(ids[start : start + AT_ONCE]))
            found |= {name: (sent_at, receipt) for name, sent_at, receipt in self._connection.execute(query)}
        return tuple(_with_receipt(letter, *found.get(letter.id, (None, None))) for letter in letters)

    def _put(self, mark: Mark) -> Mark:
        upsert(self._connection, door_mark, [{"id": 1, **msgspec.structs.asdict(mark)}])
        return mark


def _kept(row: Any) -> KeptLetter:
    return KeptLetter(number=row.number, envelope=from_bytes(row.envelope), heard_at=datetime.fromisoformat(row.heard_at))


def _with_receipt(letter: SaidLetter, sent_at: str | None, position: int | None) -> SaidLetter:
    at = datetime.fromisoformat(sent_at) if sent_at else None
    return msgspec.structs.replace(letter, sent_at=at, position=position)
