"""Readings around an exchange: what the old meter last told, and what the new one told before anybody said it was there."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from metropool.capabilities.metering.meter_exchange.model import Seen
from metropool.capabilities.metering.meter_exchange.ports import ExchangeWork
from metropool.core.periods import DAY, business_date
from metropool.facts.readings.book import READINGS
from metropool.facts.readings.parquet import READING_PARQUET
from metropool.facts.readings.schemas import READING, Quality
from metropool.facts.registry.tables import channel

Ints = NDArray[np.int64]
Key = tuple[int, int, int]
LOOKS_BACK_DAYS = 62
UNKNOWN = "unknown_readings"


def readings_around(*, work: ExchangeWork, channels: Sequence[int], at: datetime) -> tuple[Seen | None, Seen | None]:
    """The last reading of a dial up to an instant (of the 62 days before), and the highest after it, over some of its channels."""
    instant, day = int(at.timestamp()), business_date(at)
    after = None
    for n in range((business_date(work.now) - day).days + 2):
        when, value = _of_day(work, channels, day + n * DAY)
        found = value[when > instant]
        if found.size and (after is None or found.max() > after.value):
            after = Seen(int(found.max()), int(when[when > instant][found.argmax()]))
    for n in range(LOOKS_BACK_DAYS):
        when, value = _of_day(work, channels, day - n * DAY)
        known = np.flatnonzero(when <= instant)
        if known.size:
            last = known[when[known].argmax()]
            return Seen(int(value[last]), int(when[last])), after
    return None, after


def adopt(*, work: ExchangeWork, device: str, since: datetime, name: str) -> int:
    """Give a meter the readings it told before it was in the registry; returns how many.

    Args:
        since: Its installation: what it told before that is nobody's.
        name: Names the files, once.
    """
    channels = {
        (row["address"], row["point"], row["reading_type"]): row["id"] for row in work.registry.rows(channel, device=device)
    }
    first, last, adopted = business_date(since), business_date(work.now), 0
    for n in range((last - first).days + 2):
        day = first + n * DAY
        rows = _unknown(work, day, channels, int(since.timestamp()))
        if rows.num_rows:
            part = day.isoformat()
            file = work.lake.write(table=READINGS, part=part, name=f"adopted-{name}", data=rows, key="channel", **READING_PARQUET)
            work.add_files([file])
            _note_newest(work, rows)
            adopted += rows.num_rows
    work.exchanges.no_longer_unknown(list(channels))
    return adopted


def _of_day(work: ExchangeWork, channels: Sequence[int], day: date) -> tuple[Ints, Ints]:
    """Instants and values measured by some channels on a business day; only files that may hold them are opened."""
    low, high = min(channels), max(channels)
    files = [file for file in work.readings.files(READINGS, first=day, last=day) if file.low <= high and file.high >= low]
    wanted = [("channel", "in", list(channels)), ("quality", "=", int(Quality.MEASURED))]
    tables = [pq.read_table(path, columns=["at", "value"], filters=wanted) for path in work.lake.paths(files)]
    whole = pa.concat_tables([READING.empty_table().select(["at", "value"]), *tables])
    return whole["at"].to_numpy(), whole["value"].to_numpy()


def _unknown(work: ExchangeWork, day: date, channels: Mapping[Key, int], since_s: int) -> pa.Table:
    """What unknown devices told on a day that are these channels now, as ``READING``."""
    addresses = {address for address, _, _ in channels}
    files = work.readings.files(UNKNOWN, first=day, last=day)
    near = [file for file in files if any(file.low <= address <= file.high for address in addresses)]
    tables = [
        pq.read_table(path, filters=[("device", "in", list(addresses)), ("at", ">=", since_s)]) for path in work.lake.paths(near)
    ]
    told = [
        {**row, "channel": channels[key]}
        for table in tables
        for row in table.to_pylist()
        if (key := (row["device"], row["point"], row["item"])) in channels
    ]
    rows = pa.Table.from_pylist(told, schema=READING)
    return rows.sort_by([("channel", "ascending"), ("at", "ascending")])


def _note_newest(work: ExchangeWork, rows: pa.Table) -> None:
    last = rows.group_by("channel").aggregate([("at", "max")]).rename_columns(["channel", "at"])
    newest = rows.join(last, ["channel", "at"], join_type="inner").sort_by("channel")
    once = newest.group_by("channel", use_threads=False).aggregate(
        [(name, "last") for name in ("at", "value", "received_at", "quality")]
    )
    columns = {"channel": once["channel"].to_numpy()}
    work.sheets.note_newest(
        columns | {name: once[f"{name}_last"].to_numpy() for name in ("at", "value", "received_at", "quality")}
    )
