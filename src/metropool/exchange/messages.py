"""What systems say to one another: facts (past tense), orders (imperative, expiring), questions (a noun with ``Of``).

Classes are meanings, few; the contract's phrases (``water_bills``, ``gas_bills``) are many and map to them in the contract.
Columns of ``rows`` are fixed per class in ``ROWS``; a message whose rows differ is refused.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, ClassVar, Literal

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from metropool.core.areas import Area
from metropool.core.errors import Invalid

NoticeKind = Literal["outage", "fault", "price", "safety", "general"]
NoticeState = Literal["published", "withdrawn"]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class Message(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Something one system says to another."""

    version: ClassVar[int] = 1


class Fact(Message, frozen=True, kw_only=True):
    """It happened; the sender is its one writer."""


class Order(Message, frozen=True, kw_only=True):
    """Do it, but never after ``expires_at``."""

    expires_at: datetime


class BlocksSealed(Fact, frozen=True, kw_only=True):
    """Interval blocks and registers of usage points, sealed for one business day (抄表与冻结数据)."""

    rows: pa.Table


class HouseholdUsageTold(Fact, frozen=True, kw_only=True):
    """A household's own three meters' data (家庭三表数据), for the household."""

    rows: pa.Table


class CustomersTold(Fact, frozen=True, kw_only=True):
    """Customers and agreements of a company, as copies for readers (客户档案)."""

    rows: pa.Table


class BillsIssued(Fact, frozen=True, kw_only=True):
    """Bills of one company and period (账单信息), numbered and immutable."""

    service: str
    company: str
    rows: pa.Table


class PaymentsAllocated(Fact, frozen=True, kw_only=True):
    """Parts of combined-bill payments that fall to one company (三单合一缴费信息); negative for a refund."""

    company: str
    rows: pa.Table


class PaymentStatusTold(Fact, frozen=True, kw_only=True):
    """Whether accounts are paid, due or overdue (缴费情况); no amounts."""

    rows: pa.Table


class RowsRequested(Fact, frozen=True, kw_only=True):
    """A company asks for meter data of its usage points again (供水/供气相关数据要求)."""

    request: str
    service: str
    first_day: str
    last_day: str
    rows: pa.Table


class NoticePublished(Fact, frozen=True, kw_only=True):
    """One edition of an announcement (公告), whole; the highest edition heard holds, in whatever order they come.

    Attributes:
        notice: Id, unique at the office that wrote it.
        edition: 1 for the first; a correction or a withdrawal is the next.
        office: System whose people wrote it; a receiver holds it to who the broker says spoke.
        publisher: Party that runs it.
        service: Medium, or ``government``.
        starts_at: From when what it tells of holds, UTC; ``ends_at`` None means until further notice.
    """

    notice: str
    edition: int
    office: str
    publisher: str
    service: str
    kind: NoticeKind
    state: NoticeState
    title_zh: str
    title_en: str
    text_zh: str
    text_en: str
    starts_at: Moment
    ends_at: Moment | None
    area: Area
    published_at: Moment


class SwitchSupply(Order, frozen=True, kw_only=True):
    """Suspend or restore supply at a usage point (停复电申请); re-authorised by the owner of the device."""

    request: str
    usage_point: str
    close: bool
    reason: str
    requested_by: str


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
_TEXT = pa.string()
ROWS: Mapping[type[Message], pa.Schema] = {
    BlocksSealed: _BLOCK_COLUMNS,
    HouseholdUsageTold: _BLOCK_COLUMNS,
    CustomersTold: pa.schema(
        [(name, _TEXT) for name in ("usage_point", "account_number", "place", "category", "name", "combined_account")]
        + [("valid_from", pa.date32()), ("valid_to", pa.date32())]
    ),
    BillsIssued: pa.schema(
        [
            (name, _TEXT)
            for name in ("service", "bill_number", "account_number", "combined_account", "usage_point", "meter_number")
        ]
        + [("period_start", pa.date32()), ("period_end", pa.date32())]
        + [(name, _TEXT) for name in ("register_start", "register_end", "registers", "multiplier", "quantity", "unit")]
        + [("is_estimated", pa.bool_()), ("lines", _TEXT), ("amount_fen", pa.int64()), ("due_date", pa.date32())]
        + [("version", pa.int32()), ("tariff", _TEXT)]
    ),
    PaymentsAllocated: pa.schema(
        [(name, _TEXT) for name in ("reference", "account_number", "bill_number")]
        + [("amount_fen", pa.int64()), ("paid_at", pa.timestamp("us", tz="UTC"))]
    ),
    PaymentStatusTold: pa.schema([("account_number", _TEXT), ("status", _TEXT), ("as_of", pa.timestamp("us", tz="UTC"))]),
    RowsRequested: pa.schema([("usage_point", _TEXT)]),
}
LATE_FEE = "late_fee"
"""Name of the one line of a bill that asks for lateness only; after its amount it has the number of the late bill."""
MESSAGES: tuple[type[Message], ...] = (*ROWS, NoticePublished, SwitchSupply)


def check_rows(message: Message) -> None:
    """Hold the rows of a message to the columns of its class.

    Raises:
        Invalid: Missing, additional or differently typed columns.
    """
    expected = ROWS.get(type(message))
    if expected is None:
        return
    rows: pa.Table = message.rows  # type: ignore[attr-defined]
    if not rows.schema.equals(expected, check_metadata=False):
        raise Invalid(
            f"{type(message).__name__}: the columns are {rows.schema.names}, expected {expected.names} with their types"
        )


def check_where(message: Message, wheres: Sequence[Mapping[str, str]]) -> None:
    """Hold a message that came in to what its way may speak of, such as ``{"service": "water"}``.

    Raises:
        Invalid: There are such limits, and it keeps none of them: it, or one of its rows, speaks of something else.
    """
    if wheres and not any(_keeps(message, where) for where in wheres):
        raise Invalid(f"{type(message).__name__}: this way only {' or '.join(map(str, wheres))} may be spoken of")


def _keeps(message: Message, where: Mapping[str, str]) -> bool:
    rows: pa.Table | None = getattr(message, "rows", None)
    for name, value in where.items():
        if getattr(message, name, value) != value:
            return False
        if rows is not None and name in rows.schema.names and pc.any(pc.not_equal(rows[name], value), min_count=0).as_py():
            return False
    return True


def late_fee_of(lines: str) -> str | None:
    """The bill that a row of ``BillsIssued`` asks a late fee (违约金) for, by its ``lines``; None for a bill of its own."""
    if not lines.startswith(f'[["{LATE_FEE}"'):
        return None
    return str(msgspec.json.decode(lines)[0][4])
