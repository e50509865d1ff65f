"""Consumption as homes have it, from a seed: base load, refrigerator, two daily peaks, appliances of one to three kilowatts.

No recorded series is read, so that the bench needs no data files. The constants were set beside two recorded homes, counted as
a meter of hundredths of a kilowatt-hour counts: their quarter hours have mean 31 and 27, spread 25 and 26, entropy 5.5 and 5.8 bits
(AMPds2, a week of 2013; UCI Sceaux, three years); these have mean 28, spread 26 and, each
home by itself over a month, 5.8 bits.
"""

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
_QUARTERS, _HOURS = 96, 24


def electricity_registers(meters: int, days: int, *, seed: int) -> Ints:
    """Register of each meter at each quarter hour, shape (meters, days x 96 + 1), hundredths of a kWh."""
    random = np.random.default_rng(seed)
    quarter = np.arange(days * _QUARTERS) % _QUARTERS / 4
    peaks = np.exp(-((quarter - 7.5) ** 2) / 3) + 1.6 * np.exp(-((quarter - 19.5) ** 2) / 8)
    base = random.gamma(4, 32, (meters, 1)).astype(np.float32)
    watt_hours = base * random.normal(1, 0.35, (meters, len(quarter))).astype(np.float32)
    watt_hours += 25 * (random.random((meters, len(quarter)), np.float32) < 0.4)
    busy = random.random((meters, len(quarter)), np.float32) < 0.22 + 0.40 * peaks.astype(np.float32)
    watt_hours += busy * random.gamma(1.6, 220, (meters, len(quarter))).astype(np.float32)
    opening = random.integers(10_000, 3_000_000, (meters, 1))
    used = np.cumsum(np.maximum(watt_hours, 1), axis=1, dtype=np.float64) / 10
    return np.concatenate([opening, opening + used.astype(np.int64)], axis=1)


def volume_registers(meters: int, days: int, *, seed: int) -> Ints:
    """Register of each water or gas meter at each hour, shape (meters, days x 24 + 1), hundredths of a cubic metre."""
    random = np.random.default_rng(seed)
    hour = np.arange(days * _HOURS) % _HOURS
    likely = 0.05 + 0.5 * np.exp(-((hour - 7.5) ** 2) / 4) + 0.6 * np.exp(-((hour - 20) ** 2) / 6)
    draws = random.poisson(likely.astype(np.float32) * 1.5, (meters, len(hour)))
    litres = draws * random.gamma(1.5, 15, (meters, len(hour))).astype(np.float32)
    opening = random.integers(1_000, 200_000, (meters, 1))
    return np.concatenate([opening, opening + (np.cumsum(litres, axis=1, dtype=np.float64) / 10).astype(np.int64)], axis=1)
