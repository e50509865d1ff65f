"""Items of a run, one row an account, and the columns they travel in from stage to stage."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from metropool.capabilities.billing.day_grid import UNKNOWN, DayGrid
from metropool.capabilities.billing.freezing import REASONS, Span
from metropool.capabilities.billing.model import Month
from metropool.capabilities.billing.ports import Row
from metropool.core.periods import DAY
from metropool.core.quantities import reading_types_by_id

Ints = NDArray[np.int64]
ITEM: dict[str, Any] = {
    "account_number": pl.String,
    "usage_point": pl.String,
    "combined_account": pl.String,
    "meter_number": pl.String,
    "multiplier": pl.String,
    "digits": pl.Int64,
    "unit": pl.String,
    "register_start": pl.Int64,
    "register_end": pl.Int64,
    "registers": pl.String,
    "quantity": pl.Int64,
    "is_estimated": pl.Boolean,
    "shape": pl.String,
    "numbers": pl.List(pl.Int64),
    "tariff": pl.String,
    "blocked": pl.String,
}
"""Columns of frozen items: ``shape`` says the spans as JSON; ``numbers`` has for each of them the quantity, the quantity of the
tier window before it and the shares of its time-of-use periods [10^-digits]."""


@dataclass(frozen=True)
class Group:
    """Accounts of the same spans: their latest assignments, the unit, tariff version and periods of what they are billed by."""

    accounts: pl.DataFrame
    unit: str
    tariff: str
    spans: tuple[Span, ...]
    periods: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Frozen:
    """What a group is rated on: one array of shape (N, numbers) for each span, codes of reasons and of holes, shapes (N,).

    ``registers`` are those of each meter where it was exchanged, as JSON, by row.
    """

    numbers: Sequence[Ints]
    reasons: Ints
    has_holes: NDArray[np.bool_]
    registers: Mapping[int, str] = field(default_factory=dict)


def month_of(run: Row) -> Month:
    """The billing month of a run or a bill."""
    return Month(date.fromisoformat(run["period_start"]), date.fromisoformat(run["period_end"]))


def item_frame(*, group: Group, grid: DayGrid, frozen: Frozen) -> pl.DataFrame:
    """The items of a group, with the registers and the meter at the edges of the period."""
    accounts, numbers = group.accounts, [*frozen.numbers, np.zeros((group.accounts.height, 0), np.int64)]
    digits = {id_: -kind.scale for id_, kind in reading_types_by_id().items()}
    columns: dict[str, Any] = {
        name: accounts[name] for name in ("account_number", "usage_point", "combined_account", "multiplier")
    }
    columns |= {
        "digits": accounts["reading_type"].replace_strict(digits, return_dtype=pl.Int64),
        "quantity": sum((each[:, 0] for each in frozen.numbers), np.zeros(accounts.height, np.int64)),
        "numbers": pl.Series(np.concatenate(numbers, axis=1)).cast(pl.List(pl.Int64)),
        "blocked": pl.Series(frozen.reasons).replace_strict(dict(enumerate(REASONS)), return_dtype=pl.String),
        "registers": pl.Series([frozen.registers.get(row) for row in range(accounts.height)], dtype=pl.String)
        if frozen.registers
        else pl.repeat(None, accounts.height, dtype=pl.String, eager=True),
        **_edges(group, grid, frozen.has_holes),
    }
    shape = json.dumps([_shape(span) for span in group.spans], separators=(",", ":"))
    fixed = {"unit": pl.lit(group.unit), "tariff": pl.lit(group.tariff), "shape": pl.lit(shape)}
    return pl.DataFrame(columns).with_columns(**fixed).select(**{name: pl.col(name).cast(kind) for name, kind in ITEM.items()})


def _edges(group: Group, grid: DayGrid, has_holes: NDArray[np.bool_]) -> dict[str, Any]:
    count = group.accounts.height
    if not group.spans:
        nothing = pl.Series([None] * count, dtype=pl.Int64)
        return {"meter_number": [""] * count, "register_start": nothing, "register_end": nothing, "is_estimated": has_holes}
    first, last = grid.columns[group.spans[0].start], grid.columns[group.spans[-1].end - DAY]
    device = np.where(grid.device[:, last] >= 0, grid.device[:, last], grid.device[:, first])
    names = {-1: "", **dict(enumerate(grid.device_numbers))}
    return {
        "meter_number": pl.Series(device).replace_strict(names, return_dtype=pl.String),
        "register_start": pl.Series(grid.register_start[:, first]).replace(UNKNOWN, None),
        "register_end": pl.Series(grid.register_end[:, last]).replace(UNKNOWN, None),
        "is_estimated": grid.start_estimated[:, first] | grid.end_estimated[:, last] | has_holes,
    }


def _shape(span: Span) -> list[Any]:
    return [span.start.isoformat(), span.end.isoformat(), span.tariff, span.version_from.isoformat(), list(span.options)]
