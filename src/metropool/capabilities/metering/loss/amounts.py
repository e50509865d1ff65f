"""What sealed blocks say of a whole day: one amount a usage point and direction. Pure: columns in, columns out."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from metropool.facts.readings.schemas import Quality

Ints = NDArray[np.int64]
AMOUNTS = pa.schema(
    [
        pa.field("usage_point", pa.int32(), nullable=False),
        pa.field("is_reverse", pa.bool_(), nullable=False),
        pa.field("amount", pa.int64()),
        pa.field("estimated", pa.int64(), nullable=False),
    ]
)
"""Amount of a day in the reading type's integers, null where some of it is not known, and how much of it rests on no register."""


def amounts_of(blocks: pa.Table, *, reverse: int | None) -> pa.Table:
    """Amounts of the day of sealed blocks: ``AMOUNTS``.

    Args:
        blocks: ``BLOCK`` of one day, the latest of each usage point and reading type.
        reverse: Reading type of the reverse direction.
    """
    values = blocks["values"].combine_chunks()
    ends = np.concatenate([[0], np.cumsum(np.asarray(pc.list_value_length(values)))])
    flat = values.flatten()
    amount = pc.fill_null(flat, 0).to_numpy().astype(np.int64)
    holes = _per_row(np.asarray(flat.is_null()), ends)
    is_estimated = _reaching_out(_qualities(blocks, ends) == Quality.ESTIMATED, ends)
    columns = {
        "usage_point": blocks["usage_point"],
        "is_reverse": pc.equal(blocks["reading_type"], -1 if reverse is None else reverse),
        "amount": pa.array(_per_row(amount, ends), mask=(holes > 0) | (np.diff(ends) == 0)),
        "estimated": pa.array(_per_row(np.where(is_estimated, amount, 0), ends)),
    }
    return pa.table([columns[name] for name in AMOUNTS.names], schema=AMOUNTS)


def _reaching_out(is_estimated: NDArray[np.bool_], ends: Ints) -> NDArray[np.bool_]:
    """Estimated intervals before the first and after the last measured one of a day.

    Those between two measured ones share out what the register says passed, so they make the day's amount no estimate.
    """
    measured = np.concatenate([[0], np.cumsum(~is_estimated)])
    row = np.repeat(np.arange(ends.size - 1), np.diff(ends))
    is_first, is_last = measured[1:] == measured[ends[row]], measured[:-1] == measured[ends[row + 1]]
    reaches: NDArray[np.bool_] = is_estimated & (is_first | is_last)
    return reaches


def _per_row(flat: NDArray[np.generic], ends: Ints) -> Ints:
    seen = np.concatenate([[0], np.cumsum(flat.astype(np.int64))])
    sums: Ints = seen[ends[1:]] - seen[ends[:-1]]
    return sums


def _qualities(blocks: pa.Table, ends: Ints) -> NDArray[np.uint8]:
    """Quality of every interval; of a block without a list all are measured."""
    lists = blocks["quality"].combine_chunks()
    listed = np.asarray(lists.is_valid())
    quality = np.zeros(int(ends[-1]), np.uint8)
    quality[np.repeat(listed, np.diff(ends))] = lists.filter(pa.array(listed)).flatten().to_numpy()
    return quality
