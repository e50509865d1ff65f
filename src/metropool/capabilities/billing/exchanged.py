"""The registers of a bill whose meter was exchanged (换表): one pair for each meter, as a customer reads them."""

import json
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from metropool.capabilities.billing.day_grid import UNKNOWN, DayGrid


def registers_of(grid: DayGrid, *, first: date, last: date, digits: Sequence[int]) -> list[str | None]:
    """What the meters of each account read at the edges of their part of the period, as JSON; None where there was only one.

    Args:
        grid: Every day of the period.
        first, last: Its days, both included.
        digits: Digits after the point of each account's register.

    Returns:
        A list of ``{"meter_number", "start", "end", "to"}`` in the order of time: registers as decimals (null where not known),
        ``to`` the day on which the meter was taken out, null for the last.
    """
    told: list[str | None] = [None] * len(grid.device)
    day_of = {column: day for day, column in grid.columns.items()}
    begins, ends = grid.columns[first], grid.columns[last]
    for row in sorted({row for row, column in grid.meters if begins <= column <= ends}):
        columns = sorted(column for r, column in grid.meters if r == row and begins <= column <= ends)
        register = _known(grid.register_start[row, begins])
        parts: list[tuple[str, int | None, int | None, date | None]] = []
        for column in columns:
            meters = grid.meters[row, column]
            starts = [register, *(one.start for one in meters[1:])]
            parts += [(one.number, start, one.end, day_of[column]) for one, start in zip(meters[:-1], starts, strict=False)]
            number, register = meters[-1].number, meters[-1].start
        parts.append((number, register, _known(grid.register_end[row, ends]), None))
        told[row] = _text(parts, digits[row])
    return told


def _known(value: int) -> int | None:
    return None if value == UNKNOWN else int(value)


def _text(parts: Sequence[tuple[str, int | None, int | None, date | None]], digits: int) -> str:
    rows = [
        {
            "meter_number": number,
            "start": _shown(start, digits),
            "end": _shown(end, digits),
            "to": day.isoformat() if day else None,
        }
        for number, start, end, day in parts
    ]
    return json.dumps(rows, separators=(",", ":"))


def _shown(value: int | None, digits: int) -> str | None:
    return None if value is None else f"{Decimal(value).scaleb(-digits).normalize():f}"
