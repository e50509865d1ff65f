"""The sheets of collection in one unit of work: planned, collected, newest; and the counts of each day."""

import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from sqlalchemy import select, update

from metropool.capabilities.metering.collection.adapters.tables import latest, planned_day, sheet
from metropool.capabilities.metering.collection.ingest import Marks
from metropool.capabilities.metering.collection.model import Rate, Schedule
from metropool.capabilities.metering.collection.sheets import (
    CHUNK,
    LATEST,
    Bits,
    Ints,
    count_bits,
    join,
    new_bits,
    newest,
    per_chunk,
    read_bits,
    set_bits,
)
from metropool.storage.units import UnitContext
from metropool.storage.upsert import insert_into, upsert


class SheetBook:
    """What is planned, collected and newest, per item, business day and channel."""

    def __init__(self, context: UnitContext) -> None:
        self._connection = context.connection

    def mark(self, *, marks: Marks) -> None:
        """Mark slots collected; what is marked already stays so, and what was not planned does not count."""
        item, day, slots = marks.schedule.item, marks.day, marks.schedule.slots
        fresh = 0
        for chunk, rows in per_chunk(marks.channels):
            bits = self._bits("collected", item, day, chunk, slots)
            planned = self._planned(item, day, chunk)
            before, all_before = count_bits(bits[planned]), count_bits(bits)
            set_bits(bits, marks.channels[rows] - chunk * CHUNK, marks.slots[rows])
            fresh += count_bits(bits[planned]) - before
            if count_bits(bits) > all_before:
                self._put("collected", item, day, chunk, bits)
        c = planned_day.c
        changed = {"collected": c.collected + fresh, "late": c.late + min(marks.late, fresh)}
        self._connection.execute(update(planned_day).where(c.item == item, c.day == day).values(changed))

    def note_newest(self, rows: Mapping[str, NDArray[Any]]) -> None:
        """Keep the newest reading of each channel; columns ``channel at value received_at quality``, channels ascending."""
        channel = rows["channel"].astype(np.int64)
        for chunk, where in per_chunk(channel):
            values = {name: column[where] for name, column in rows.items()}
            sheet_after = newest(self._latest(chunk), channel[where] - chunk * CHUNK, values)
            upsert(self._connection, latest, [{"chunk": chunk, "body": sheet_after.tobytes()}])

    def newest(self, *, channels: Ints) -> pa.Table:
        """Newest reading of some channels (ascending): ``channel at value received_at quality``; no row where there is none."""
        found = []
        for chunk, where in per_chunk(channels):
            values = self._latest(chunk)[channels[where] - chunk * CHUNK]
            is_there = values["filled"] == 1
            columns = {"channel": channels[where][is_there]} | {
                name: values[name][is_there] for name in ("at", "value", "received_at", "quality")
            }
            found.append(pa.table({name: pa.array(column) for name, column in columns.items()}))
        return pa.concat_tables(found) if found else _NO_READINGS

    def plan(self, *, schedule: Schedule, day: int, channels: Ints, fingerprint: str) -> int:
        """Plan a day: these channels (ascending) are expected in every slot. Adds to what was planned.

        Returns:
            Channels added; what they had pushed before is counted.
        """
        added = collected = 0
        for chunk, where in per_chunk(channels):
            bits = self._bits("planned", schedule.item, day, chunk, 1)
            before = bits[:, 0].astype(np.bool_)
            set_bits(bits, channels[where] - chunk * CHUNK, np.zeros(where.stop - where.start, np.int64))
            is_new = bits[:, 0].astype(np.bool_) & ~before
            added += int(is_new.sum())
            collected += count_bits(self._bits("collected", schedule.item, day, chunk, schedule.slots)[is_new])
            self._put("planned", schedule.item, day, chunk, bits)
        self._count_planned(schedule.item, day, added * schedule.slots, collected, fingerprint)
        return added

    def _count_planned(self, item: int, day: int, planned: int, collected: int, fingerprint: str) -> None:
        make = insert_into(self._connection, planned_day)
        row = {"item": item, "day": day, "planned": planned, "collected": collected, "late": 0, "channels": fingerprint}
        changed = {name: planned_day.c[name] + make.excluded[name] for name in ("planned", "collected")}
        changed |= {"channels": make.excluded.channels}
        self._connection.execute(make.values(row).on_conflict_do_update(index_elements=["item", "day"], set_=changed))

    def planned_with(self, *, item: int, day: int) -> str | None:
        """Fingerprint of the registry a day was planned with; None for a day not yet planned."""
        c = planned_day.c
        return self._connection.execute(select(c.channels).where(c.item == item, c.day == day)).scalar_one_or_none()

    def open_days(self, *, item: int, days: Sequence[int]) -> list[int]:
        """Days of an item, out of some ascending ones, that were planned and are not complete."""
        if not days:
            return []
        c = planned_day.c
        query = select(c.day).where(c.item == item, c.day.between(days[0], days[-1]), c.collected < c.planned)
        return list(self._connection.execute(query.order_by(c.day)).scalars())

    def rates(self, *, first_day: int, last_day: int, item: int | None = None) -> list[tuple[int, int, Rate]]:
        """(item, day, rate) of planned days, both ends included."""
        c = planned_day.c
        query = select(c.item, c.day, c.planned, c.collected, c.late).where(c.day.between(first_day, last_day))
        if item is not None:
            query = query.where(c.item == item)
        return [(row[0], row[1], Rate(*row[2:])) for row in self._connection.execute(query.order_by(c.day, c.item))]

    def sheets(self, *, kind: str, item: int, day: int, slots: int, channels: int) -> Bits:
        """A whole bit sheet over channel numbers ``0 .. channels``, shape (channels + 1, width)."""
        c = sheet.c
        query = select(c.chunk, c.bits).where(c.kind == kind, c.item == item, c.day == day)
        found = {chunk: read_bits(zlib.decompress(data), slots) for chunk, data in self._connection.execute(query)}
        return join(found, channels=channels, slots=slots)

    def _bits(self, kind: str, item: int, day: int, chunk: int, slots: int) -> Bits:
        c = sheet.c
        query = select(c.bits).where(c.kind == kind, c.item == item, c.day == day, c.chunk == chunk)
        data = self._connection.execute(query).scalar_one_or_none()
        return new_bits(slots) if data is None else read_bits(zlib.decompress(data), slots)

    def _put(self, kind: str, item: int, day: int, chunk: int, bits: Bits) -> None:
        row = {"kind": kind, "item": item, "day": day, "chunk": chunk, "bits": zlib.compress(bits.tobytes(), 1)}
        upsert(self._connection, sheet, [row])

    def _planned(self, item: int, day: int, chunk: int) -> NDArray[np.bool_]:
        return self._bits("planned", item, day, chunk, 1)[:, 0].astype(np.bool_)

    def _latest(self, chunk: int) -> NDArray[np.void]:
        data = self._connection.execute(select(latest.c.body).where(latest.c.chunk == chunk)).scalar_one_or_none()
        return np.zeros(CHUNK, LATEST) if data is None else np.frombuffer(data, LATEST)


_NO_READINGS = pa.table(
    {
        "channel": pa.array([], pa.int64()),
        "at": pa.array([], pa.int64()),
        "value": pa.array([], pa.int64()),
        "received_at": pa.array([], pa.int64()),
        "quality": pa.array([], pa.uint8()),
    }
)
