"""What is known of the usage of many accounts on some days, as matrices of accounts by days."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

UNKNOWN = -(1 << 63)
"""Stands for a register or a sum that is not known."""
KEY = ("usage_point", "reading_type")
Ints = NDArray[np.int64]


class MeterOfDay(NamedTuple):
    """One of several meters of a day: number, registers at the beginning and end of its part [smallest units], None not known."""

    number: str
    start: int | None
    end: int | None


@dataclass(frozen=True)
class DayGrid:
    """Usage by account and day, shapes (N, D).

    Attributes:
        columns: Column of each day.
        device: Which of ``device_numbers`` measured; -1 where the day is not known.
        register_start, register_end, total: Registers and the day's own sum [smallest units], ``UNKNOWN`` where not known.
        start_estimated, end_estimated: Whether the register is an estimate.
        device_numbers: The meters.
        meters: What each meter counted on days of an exchange, by row and column; there are few.
    """

    columns: Mapping[date, int]
    device: Ints
    register_start: Ints
    register_end: Ints
    total: Ints
    start_estimated: NDArray[np.bool_]
    end_estimated: NDArray[np.bool_]
    device_numbers: Sequence[str]
    meters: Mapping[tuple[int, int], Sequence[MeterOfDay]]

    @property
    def is_exchanged(self) -> NDArray[np.bool_]:
        """Days on which there was more than one meter, shape (N, D)."""
        found = np.zeros(self.device.shape, np.bool_)
        for row, column in self.meters:
            found[row, column] = True
        return found

    def rows(self, chosen: NDArray[Any]) -> "DayGrid":
        """Only the chosen accounts."""
        return DayGrid(
            self.columns,
            self.device[chosen],
            self.register_start[chosen],
            self.register_end[chosen],
            self.total[chosen],
            self.start_estimated[chosen],
            self.end_estimated[chosen],
            self.device_numbers,
            self._meters_of(chosen) if self.meters else {},
        )

    def _meters_of(self, chosen: NDArray[Any]) -> Mapping[tuple[int, int], Sequence[MeterOfDay]]:
        place = {row: new for new, row in enumerate(np.arange(len(self.device))[chosen].tolist())}
        return {(place[row], column): meters for (row, column), meters in self.meters.items() if row in place}


def day_grid(count: int, usage: pl.DataFrame, days: Sequence[date]) -> DayGrid:
    """Lay usage out by account and day.

    Args:
        count: How many accounts.
        usage: Rows of ``Usages.days``: ``row`` and ``column`` in the grid, ``device_number``, ``register_start``, ``register_end``,
            ``total``, ``estimated`` (1 for the register at the start, 2 at the end, 3 both), ``meters`` (of a day of an exchange).
        days: The columns, sorted.
    """
    at = usage["row"].to_numpy(), usage["column"].to_numpy()
    devices, estimated = usage["device_number"], usage["estimated"].to_numpy()

    def lay(values: NDArray[Any], otherwise: int | bool) -> NDArray[Any]:
        matrix = np.full((count, len(days)), otherwise)
        matrix[at] = values
        return matrix

    return DayGrid(
        columns={day: column for column, day in enumerate(days)},
        device=lay((devices.rank("dense").cast(pl.Int64) - 1).to_numpy(), -1),
        register_start=lay(usage["register_start"].fill_null(UNKNOWN).to_numpy(), UNKNOWN),
        register_end=lay(usage["register_end"].fill_null(UNKNOWN).to_numpy(), UNKNOWN),
        total=lay(usage["total"].fill_null(UNKNOWN).to_numpy(), UNKNOWN),
        start_estimated=lay(estimated % 2 == 1, False),
        end_estimated=lay(estimated >= 2, False),
        device_numbers=devices.unique().sort().to_list(),
        meters=_meters(usage),
    )


def _meters(usage: pl.DataFrame) -> dict[tuple[int, int], Sequence[MeterOfDay]]:
    some = usage.filter(pl.col("meters").is_not_null()).select("row", "column", "meters")
    return {(row, column): [MeterOfDay(*part) for part in json.loads(text)] for row, column, text in some.rows()}
