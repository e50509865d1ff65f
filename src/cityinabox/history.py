"""What the old systems hand over when the city moves to the new one: registers of all meters up to that instant, as Parquet files.

The values are those the meters of the simulation would show at that time, so what they tell live goes on without a step.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from cityinabox.clock import iso, midnight
from cityinabox.meters import Row
from cityinabox.series import Consumption, Ints
from cityinabox.supply import Supply, use_of

SHOWN_ENERGY, SHOWN_COUNT = 100, 10
"""Last digit of a display, in units of the register: 0.01 kWh of electricity, 0.01 m3 or kWh of water, gas and heat."""
ENERGY_DIGITS, COUNT_DIGITS = 4, 3


@dataclass(frozen=True)
class Written:
    """One file of the history."""

    path: Path
    meters: int
    rows: int


def write_history(city: Row, *, from_s: int, to_s: int, folder: Path, fine_days: int = 40) -> list[Written]:
    """Write ``electricity_daily`` and ``_curve``, ``water_hourly``, ``gas_hourly`` and ``heat_hourly`` of all meters into ``folder``.

    Args:
        from_s: Earliest instant [Unix seconds].
        to_s: Last instant, included: what comes later is told live.
        fine_days: How far back quarter-hourly and hourly registers reach [days]; before that there is one a day.

    Raises:
        ValueError: The span is empty, or a fault of the city falls into it, which a history does not show.
    """
    _check_span(city, from_s, to_s)
    folder.mkdir(parents=True, exist_ok=True)
    fine_s = max(from_s, midnight(to_s) - fine_days * 86400)
    days, quarters = _grid(from_s, to_s, 86400), _grid(fine_s, to_s, 900)
    hours = np.concatenate([_grid(from_s, fine_s - 1, 86400), _grid(fine_s, to_s, 3600)])
    tables = {
        "electricity_daily": _energy_table(city, _meters(city, "electricity"), days),
        "electricity_curve": _curve_table(city, _meters(city, "electricity"), quarters),
        "water_hourly": _counted_table(city, _meters(city, "water"), hours, "water_m3"),
        "gas_hourly": _counted_table(city, _meters(city, "gas"), hours, "gas_m3"),
        "heat_hourly": _counted_table(city, _meters(city, "heat"), hours, "heat_kwh"),
    }
    return [_write(table, folder / f"{name}.parquet") for name, table in tables.items()]


def _meters(city: Row, service: str) -> list[Row]:
    return [row for row in city["devices"] if row.get("service") == service]


def _check_span(city: Row, from_s: int, to_s: int) -> None:
    if to_s <= from_s:
        raise ValueError("the history ends before it begins")
    starts = [fault["at" if "at" in fault else "from"] for fault in city["faults"] if "at" in fault or "from" in fault]
    if any(datetime.fromisoformat(start).timestamp() <= to_s for start in starts):
        raise ValueError(
            f"the history would reach to {iso(to_s)}, past the first fault of the city at {min(starts)}; end it before"
        )


def _grid(from_s: int, to_s: int, step_s: int) -> Ints:
    """Instants at whole steps of civil time in [from_s, to_s]."""
    first = midnight(from_s) + -(-(from_s - midnight(from_s)) // step_s) * step_s
    return np.arange(first, to_s + 1, step_s, dtype=np.int64)


def _energy_table(city: Row, meters: list[Row], at_s: Ints) -> pa.Table:
    """Total and tariff registers; a terminal freezes all four decimals, a meter without one tells two."""
    registers = [_use(city, meter).columns(at_s) for meter in meters]
    totals = [_shown(rows.sum(axis=0), meter) for rows, meter in zip(registers, meters, strict=True)]
    columns = {"total_kwh": _decimals(totals, ENERGY_DIGITS)}
    for k in range(4):
        tariff = [_shown(rows[k], meter) for rows, meter in zip(registers, meters, strict=True)]
        columns[f"t{k + 1}_kwh"] = _decimals(tariff, ENERGY_DIGITS)
    return _table(meters, at_s, columns)


def _shown(register: Ints, meter: Row) -> Ints:
    return register if meter["parent"] else _cut(register, SHOWN_ENERGY)


def _curve_table(city: Row, meters: list[Row], at_s: Ints) -> pa.Table:
    registers = [_cut(_use(city, meter).columns(at_s).sum(axis=0), SHOWN_ENERGY) for meter in meters]
    return _table(meters, at_s, {"register_kwh": _decimals(registers, ENERGY_DIGITS)})


def _counted_table(city: Row, meters: list[Row], at_s: Ints, name: str) -> pa.Table:
    registers = [_cut(_use(city, meter).columns(at_s).sum(axis=0), SHOWN_COUNT) for meter in meters]
    return _table(meters, at_s, {name: _decimals(registers, COUNT_DIGITS)})


def _use(city: Row, meter: Row) -> Consumption | Supply:
    return use_of(city["series"][meter["id"]])


def _cut(register: Ints, last_digit: int) -> Ints:
    return register // last_digit * last_digit


def _table(meters: list[Row], at_s: Ints, columns: dict[str, pa.Array]) -> pa.Table:
    """Meter by meter, each in the order of time."""
    which = pa.array(np.repeat(np.arange(len(meters), dtype=np.int32), at_s.size))
    ids = pa.DictionaryArray.from_arrays(which, pa.array([meter["id"] for meter in meters], pa.string()))
    at = pa.array(np.tile(at_s, len(meters)), pa.int64()).cast(pa.timestamp("s", tz="UTC"))
    return pa.table({"meter_id": ids, "at": at} | columns)


def _decimals(parts: Iterable[Ints], digits: int) -> pa.Array:
    """Whole numbers as decimals with ``digits`` places, without going through any other form of number."""
    low = np.concatenate([np.empty(0, np.int64), *parts])
    words = np.stack([low, low >> 63], axis=1).astype("<i8")
    return pa.Array.from_buffers(pa.decimal128(18, digits), low.size, [None, pa.py_buffer(words.tobytes())])


def _write(table: pa.Table, path: Path) -> Written:
    pq.write_table(table, path, compression="zstd")
    return Written(path, len(table["meter_id"].unique()), table.num_rows)
