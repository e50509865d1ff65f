"""What is known of the usage of many accounts on some days, as matrices of accounts by days."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

UNKNOWN = -(1 << 63)
"""Stands for a register or a sum that is not known."""
KEY = ("usage_point", "reading_type")
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class DayGrid:
    """Usage by account and day, shapes (N, D).

    Attributes:
        columns: Column of each day.
        device: Which of ``device_numbers`` measured; -1 where the day is not known.
        register_start, register_end, total: Registers and the day's own sum [smallest units], ``UNKNOWN`` where not known.
        start_estimated, end_estimated: Whether the register is an estimate.
        device_numbers: The meters.
    """

    columns: Mapping[date, int]
    device: Ints
    register_start: Ints
    register_end: Ints
    total: Ints
    start_estimated: NDArray[np.bool_]
    end_estimated: NDArray[np.bool_]
    device_numbers: Sequence[str]

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
        )


def day_grid(count: int, usage: pl.DataFrame, days: Sequence[date]) -> DayGrid:
    """Lay usage out by account and day.

    Args:
        count: How many accounts.
        usage: Rows of ``Usages.days``: ``row`` and ``column`` in the grid, ``device_number``, ``register_start``, ``register_end``,
            ``total``, ``estimated`` (1 for the register at the start, 2 at the end, 3 both).
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
    )
