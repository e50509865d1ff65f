"""Columns of readings and blocks, and what their small numbers mean."""

from enum import IntEnum

import pyarrow as pa


class Quality(IntEnum):
    """How far a value can be trusted (数据质量)."""

    MEASURED = 0
    ESTIMATED = 1
    MISSING = 2
    NOT_EXPECTED = 3
    SUSPECT = 4
    EDITED = 5


class Origin(IntEnum):
    """How a value came in."""

    SCHEDULED = 1
    PUSHED = 2
    ON_DEMAND = 3
    IMPORT = 4
    RECOLLECTED = 5


MEASURED = pa.schema(
    [
        pa.field("device", pa.uint64(), nullable=False),
        pa.field("point", pa.uint16(), nullable=False),
        pa.field("item", pa.int32(), nullable=False),
        pa.field("at", pa.int64(), nullable=False),
        pa.field("value", pa.int64(), nullable=False),
        pa.field("quality", pa.uint8(), nullable=False),
        pa.field("origin", pa.uint8(), nullable=False),
        pa.field("received_at", pa.int64(), nullable=False),
    ]
)
"""Front end or import to log, one row per value: ``at`` Unix seconds, ``received_at`` Unix ms, ``item`` a reading type."""

READING = pa.schema(
    [
        pa.field("channel", pa.int32(), nullable=False),
        pa.field("at", pa.int64(), nullable=False),
        pa.field("value", pa.int64(), nullable=False),
        pa.field("quality", pa.uint8(), nullable=False),
        pa.field("origin", pa.uint8(), nullable=False),
        pa.field("received_at", pa.int64(), nullable=False),
    ]
)
"""Lake table ``readings``, sorted by (channel, at). A value of an interval is stamped with the end of its interval."""

STEPS = pa.schema(
    [
        pa.field("channel", pa.int32(), nullable=False),
        pa.field("at", pa.int64(), nullable=False),
        pa.field("value", pa.int64(), nullable=False),
        pa.field("quality", pa.uint8(), nullable=False),
        pa.field("step", pa.int64(), nullable=False),
        pa.field("linked", pa.bool_(), nullable=False),
    ]
)
"""Accepted readings as amounts, sorted by (channel, at): ``step`` is what passed since the row before, if ``linked`` to it.

For a register the difference across roll-overs; for an interval its amount; for a mean power, power x seconds. ``quality`` is
that of the step.
"""

BLOCK = pa.schema(
    [
        pa.field("usage_point", pa.int32(), nullable=False),
        pa.field("reading_type", pa.int32(), nullable=False),
        pa.field("business_date", pa.date32(), nullable=False),
        pa.field("version", pa.int32(), nullable=False),
        pa.field("start", pa.int64(), nullable=False),
        pa.field("interval_s", pa.int32(), nullable=False),
        pa.field("values", pa.list_(pa.field("item", pa.int64())), nullable=False),
        pa.field("quality", pa.list_(pa.field("item", pa.uint8()))),
        pa.field("register_start", pa.int64()),
        pa.field("register_end", pa.int64()),
        pa.field("readings_snapshot", pa.int64(), nullable=False),
        pa.field("installation_version", pa.int32(), nullable=False),
        pa.field("rules_version", pa.int32(), nullable=False),
    ]
)
"""Lake table ``blocks``: one row per usage point, reading type and business day.

``values`` are amounts in the reading type's own integers, times the multiplier (a mean power's are power x seconds); null is a
hole. ``quality`` is null when every interval was measured. Registers are dial values at the first and last edge of the day.
"""

INSTALLATION = pa.schema(
    [
        pa.field("channel", pa.int32(), nullable=False),
        pa.field("usage_point", pa.int32(), nullable=False),
        pa.field("reading_type", pa.int32(), nullable=False),
        pa.field("numerator", pa.int64(), nullable=False),
        pa.field("denominator", pa.int64(), nullable=False),
        pa.field("valid_from", pa.int64(), nullable=False),
        pa.field("valid_to", pa.int64(), nullable=False),
        pa.field("version", pa.int32(), nullable=False),
    ]
)
"""Which usage point a channel serves from when to when [s], and its multiplier (倍率) as an exact fraction."""

FOREVER = (1 << 62) - 1
