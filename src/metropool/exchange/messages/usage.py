"""Usage as it was measured, and what is asked and ordered about it."""

from collections.abc import Mapping
from typing import ClassVar

import pyarrow as pa

from metropool.exchange.messages.base import Fact, Message, Order

_BLOCK_COLUMNS = pa.schema(
    [
        ("service", pa.string()),
        ("usage_point", pa.string()),
        ("device_number", pa.string()),
        ("reading_type", pa.int32()),
        ("business_date", pa.date32()),
        ("version", pa.int32()),
        ("start", pa.int64()),
        ("interval_s", pa.int32()),
        ("values", pa.list_(pa.int64())),
        ("quality", pa.list_(pa.uint8())),
        ("register_start", pa.int64()),
        ("register_end", pa.int64()),
        ("meters", pa.string()),
    ]
)
"""``device_number`` is the meter at the end of the day. On a day on which it was exchanged ``meters`` says, as JSON, each meter of the
day with its registers at the beginning and the end of its part: ``[["A", 100, 130], ["B", 0, 12]]``; else it is null."""


class BlocksSealed(Fact, frozen=True, kw_only=True):
    """Interval blocks and registers of usage points, sealed for one business day (抄表与冻结数据)."""

    rows: pa.Table


class HouseholdUsageTold(Fact, frozen=True, kw_only=True):
    """A household's own three meters' data (家庭三表数据), for the household; and the community and building it lies in."""

    version: ClassVar[int] = 2
    rows: pa.Table


class RowsRequested(Fact, frozen=True, kw_only=True):
    """A company asks for meter data of its usage points again (供水/供气相关数据要求)."""

    request: str
    service: str
    first_day: str
    last_day: str
    rows: pa.Table


class SwitchSupply(Order, frozen=True, kw_only=True):
    """Suspend or restore supply at a usage point (停复电申请); re-authorised by the owner of the device."""

    request: str
    usage_point: str
    close: bool
    reason: str
    requested_by: str


ROWS: Mapping[type[Message], pa.Schema] = {
    BlocksSealed: _BLOCK_COLUMNS,
    HouseholdUsageTold: pa.schema([*_BLOCK_COLUMNS, ("community", pa.string()), ("building", pa.string())]),
    RowsRequested: pa.schema([("usage_point", pa.string())]),
}
_BLOCK_NEEDS = frozenset({"service", "usage_point", "reading_type", "business_date", "version", "start", "interval_s"})
NEEDED: Mapping[type[Message], frozenset[str]] = {
    BlocksSealed: _BLOCK_NEEDS,
    HouseholdUsageTold: _BLOCK_NEEDS,
    RowsRequested: frozenset({"usage_point"}),
}
