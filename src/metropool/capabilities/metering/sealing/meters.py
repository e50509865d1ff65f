"""Which meter measured on each day of a block, and on a day of an exchange the registers of each."""

import json
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import numpy as np
import pyarrow as pa

from metropool.core.periods import day_period

Row = Mapping[str, Any]
Key = tuple[int, int]


def meters_of_days(blocks: pa.Table, *, now: pa.Array, turns: Sequence[Row]) -> tuple[pa.Array, pa.Array]:
    """Columns ``device_number`` and ``meters`` of blocks.

    Args:
        blocks: ``BLOCK``.
        now: Number of the meter installed now, a row each.
        turns: Installations where meters were exchanged (``Registry.meters_in_turn``); only these few rows are looked at one by
            one.
    """
    meters: list[str | None] = [None] * blocks.num_rows
    by_key = {key: list(rows) for key, rows in groupby(turns, key=lambda row: (row["usage_point"], row["reading_type"]))}
    points = np.fromiter({point for point, _ in by_key}, np.int64)
    exchanged = np.flatnonzero(np.isin(blocks["usage_point"].to_numpy(), points)).tolist()
    if not exchanged:
        return now, pa.array(meters, pa.string())
    numbers = now.to_pylist()
    days = blocks.select(["usage_point", "reading_type", "business_date", "register_start", "register_end"])
    for place, row in zip(exchanged, days.take(exchanged).to_pylist(), strict=True):
        some = by_key.get((row["usage_point"], row["reading_type"]), [])
        numbers[place], meters[place] = _of_day(row, some, now=numbers[place])
    return pa.array(numbers, pa.string()), pa.array(meters, pa.string())


def _of_day(row: Row, turns: Sequence[Row], *, now: str | None) -> tuple[str | None, str | None]:
    """The meter at the end of a day, and the parts of the day as JSON if there were several.

    An exchange at midnight is of the day that ends there, as a freeze at midnight is.
    """
    period = day_period(row["business_date"])
    start, end = int(period.start.timestamp()), int(period.end.timestamp())
    some = [turn for turn in turns if turn["valid_from"] <= end and (turn["valid_to"] is None or turn["valid_to"] > start)]
    if not some:
        return now, None
    last = some[-1]["device_number"]
    if len({turn["device_number"] for turn in some}) == 1:
        return last, None
    begins = [row["register_start"], *(turn["register_from"] for turn in some[1:])]
    ends = [*(turn["register_to"] for turn in some[:-1]), row["register_end"]]
    parts = [[turn["device_number"], *edges] for turn, *edges in zip(some, begins, ends, strict=True)]
    return last, json.dumps(parts, separators=(",", ":"))
