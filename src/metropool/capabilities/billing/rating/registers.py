"""Quantities from registers: the reading at an instant between readings, and growth with its multiplier."""

from collections.abc import Sequence
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
from numpy.typing import NDArray

from metropool.core.errors import NotFound

Reading = tuple[datetime, int]


def interpolate_register(readings: Sequence[Reading], *, at: datetime) -> Decimal:
    """The register (示数) at an instant, on the straight line between the readings either side.

    Args:
        readings: Instants and register values [smallest units], sorted by instant.
        at: The instant, such as a local midnight.

    Returns:
        The register at the instant [smallest units], exact where a reading is of that very instant, else to 12 decimals.

    Raises:
        NotFound: No reading at or before, or none at or after the instant.
    """
    before = max((reading for reading in readings if reading[0] <= at), key=_instant, default=None)
    after = min((reading for reading in readings if reading[0] >= at), key=_instant, default=None)
    if before is None or after is None:
        raise NotFound(f"no reading {'at or before' if before is None else 'at or after'} {at.isoformat()}")
    if before[0] == after[0]:
        return Decimal(before[1])
    passed, whole = (_micro(at) - _micro(before[0])), (_micro(after[0]) - _micro(before[0]))
    grown = Decimal((after[1] - before[1]) * passed) / Decimal(whole)
    return Decimal(before[1]) + grown.quantize(Decimal("1E-12"), rounding=ROUND_HALF_UP)


def apply_multipliers(growth: NDArray[np.int64], multipliers: Sequence[str]) -> NDArray[np.int64]:
    """Growth times the multiplier (倍率) [smallest units]: step ``half_up_to_register_digits`` where it is no integer.

    Args:
        growth: 0 or more [smallest units], shape (N,) or (N, D).
        multipliers: Exact decimals, 0 or more, N of them; row n is of multiplier n.
    """
    grown = growth.copy()
    texts = np.asarray(multipliers)
    for text in dict.fromkeys(multipliers):
        numerator, denominator = Decimal(text).as_integer_ratio()
        if numerator != denominator:
            of_it = texts == text
            whole = growth[of_it].astype(object)
            grown[of_it] = (2 * whole * numerator + denominator) // (2 * denominator)
    return grown


def _instant(reading: Reading) -> datetime:
    return reading[0]


def _micro(instant: datetime) -> int:
    return int(instant.timestamp()) * 1_000_000 + instant.microsecond
