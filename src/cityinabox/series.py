"""What every meter of the city has counted at any time: a pure function of the meter's settings and the time.

A meter repeats one real series of whole weeks (``data/series.npz``), moved by some weeks and scaled to a plausible
monthly amount. All arithmetic is exact on integers, so a process that was killed counts on as if it had never stopped,
and a register read twice for one instant is the same number. Works for any time; the series wraps around.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from pathlib import Path

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
EPOCH_S = 1_577_635_200
"""Monday 2019-12-30 00:00 in the city: registers stand at their start value."""
WEEK_S = 604_800
MONTHS_PER_WEEK = (12 * 4 * 7, 1461)
TARIFF_OF_HOUR = tuple(3 if h < 8 else 1 if 10 <= h < 12 or 14 <= h < 19 else 2 for h in range(24))
"""Tariff register of an hour, counted from 0: 0 sharp (unused), 1 peak, 2 flat, 3 valley."""
GAS_BLEND = (3, 7)
"""Parts of a home's gas that follow the furnace meter and, standing for water heating, the water meter."""


@dataclass(frozen=True)
class Shape:
    """One real series: running totals at the interval bounds, for each tariff register and for all hours together.

    ``totals[k][i]`` is the amount of tariff k in the first i intervals; all tariffs cover the same intervals.
    """

    step_s: int
    totals: tuple[tuple[int, ...], ...]

    @property
    def steps(self) -> int:
        return len(self.totals[0]) - 1

    @property
    def amount(self) -> int:
        return sum(total[-1] for total in self.totals)

    @property
    def weeks(self) -> int:
        return self.steps * self.step_s // WEEK_S

    def fine(self, *, tariff: int, at_s: int, offset_weeks: int) -> int:
        """Amount x step_s counted from the series' own start to ``at_s``, straight lines inside an interval."""
        step, into = divmod(at_s - EPOCH_S + offset_weeks * WEEK_S, self.step_s)
        turns, index = divmod(step, self.steps)
        total = self.totals[tariff]
        return (turns * total[-1] + total[index]) * self.step_s + (total[index + 1] - total[index]) * into


@dataclass(frozen=True)
class Consumption:
    """How one meter uses a shape.

    Args:
        source: Name of the shape.
        offset_weeks: How far the series is moved.
        monthly: Mean amount of a month, in units of the register.
        start: Register at ``EPOCH_S``; goes to the flat tariff when there are several.
    """

    source: str
    offset_weeks: int
    monthly: int
    start: int = 0

    def registers(self, at_s: int) -> tuple[int, ...]:
        """Tariff registers at ``at_s`` in units of the register; never fall. One register when the shape has no tariffs.

        The total register of the meter is their sum.
        """
        shape = shape_of(self.source)
        scale, all_amount = self._ratio(shape)
        start_in = 2 if len(shape.totals) > 1 else 0
        return tuple(
            (self.start if k == start_in else 0) + (self._since_epoch(shape, k, at_s) * scale) // all_amount
            for k in range(len(shape.totals))
        )

    def register(self, at_s: int) -> int:
        """The total register at ``at_s``."""
        return sum(self.registers(at_s))

    def interval(self, from_s: int, to_s: int) -> int:
        """What was used in [from_s, to_s)."""
        return self.register(to_s) - self.register(from_s)

    def columns(self, at_s: Ints) -> Ints:
        """``registers`` at many times at once, shape (tariffs, times)."""
        return np.stack([self._column(tariff, at_s) for tariff in range(len(shape_of(self.source).totals))])

    def _column(self, tariff: int, at_s: Ints) -> Ints:
        shape, total = shape_of(self.source), _total_column(self.source, tariff)
        first = self.registers(EPOCH_S)[tariff]
        if not total[-1]:
            return np.full(at_s.size, first, np.int64)
        step, into = np.divmod(at_s - EPOCH_S + self.offset_weeks * WEEK_S, shape.step_s)
        turns, index = np.divmod(step, shape.steps)
        counted = turns.astype(object) * total[-1] + total[index]
        fine = counted * shape.step_s + (total[index + 1] - total[index]) * into.astype(object)
        since = fine - shape.fine(tariff=tariff, at_s=EPOCH_S, offset_weeks=self.offset_weeks)
        scale, amount = self._ratio(shape)
        column: Ints = (since * scale // amount).astype(np.int64) + first
        return column

    def _ratio(self, shape: Shape) -> tuple[int, int]:
        """What an amount x step_s of the shape is multiplied and then divided by."""
        months, weeks = MONTHS_PER_WEEK
        return self.monthly * shape.weeks * months, shape.amount * shape.step_s * weeks

    def _since_epoch(self, shape: Shape, tariff: int, at_s: int) -> int:
        return shape.fine(tariff=tariff, at_s=at_s, offset_weeks=self.offset_weeks) - shape.fine(
            tariff=tariff, at_s=EPOCH_S, offset_weeks=self.offset_weeks
        )


def drawn(use: Consumption, at_s: int, off_times: Iterable[tuple[int, int | None]]) -> tuple[int, ...]:
    """Tariff registers at ``at_s`` of a use that stood still while the supply was off; the end of an off-time may be open."""
    values = list(use.registers(at_s))
    for start, end in off_times:
        until = min(at_s, end if end is not None else at_s)
        if until > start:
            gone = zip(use.registers(until), use.registers(start), strict=True)
            values = [value - (late - early) for value, (late, early) in zip(values, gone, strict=True)]
    return tuple(values)


@cache
def shape_of(source: str) -> Shape:
    """The shape called ``source``: fr_sceaux, nl_import, nl_export (four tariffs), ca_water, gas (one)."""
    if source == "gas":
        return Shape(900, (_running(_gas()),))
    amounts = _amounts(source)
    step_s = 3600 if source.startswith("nl_") else 900
    if source.startswith("ca_"):
        return Shape(step_s, (_running(amounts),))
    tariffs = [TARIFF_OF_HOUR[i * step_s // 3600 % 24] for i in range(len(amounts))]
    return Shape(step_s, tuple(_running([a if t == k else 0 for a, t in zip(amounts, tariffs, strict=True)]) for k in range(4)))


@cache
def _total_column(source: str, tariff: int) -> npt.NDArray[np.object_]:
    """The running totals of one tariff as a column of whole numbers of any size: those of gas need more than 64 bits."""
    return np.array(shape_of(source).totals[tariff], dtype=object)


def _gas() -> list[int]:
    furnace, water = _amounts("ca_gas"), _amounts("ca_water")
    furnace_part, water_part = GAS_BLEND[0] * sum(water), GAS_BLEND[1] * sum(furnace)
    return [furnace_part * f + water_part * w for f, w in zip(furnace, water, strict=True)]


def _amounts(source: str) -> list[int]:
    with np.load(Path(__file__).parent / "data/series.npz", allow_pickle=False) as arrays:
        return [int(amount) for amount in arrays[source]]


def _running(amounts: list[int]) -> tuple[int, ...]:
    return tuple(accumulate(amounts, initial=0))
