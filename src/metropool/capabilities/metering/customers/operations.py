"""Keep what companies tell of their customers; tell again what they ask for."""

from datetime import date, datetime
from typing import Any, Protocol

from metropool.capabilities.metering.customers.book import CustomerBook
from metropool.capabilities.metering.sealing.operations import told_rows
from metropool.core.errors import Invalid
from metropool.core.periods import instant_text
from metropool.exchange.messages import BlocksSealed, CustomersTold, Message, PaymentStatusTold, RowsRequested
from metropool.facts.readings.book import Readings
from metropool.facts.registry import Registry
from metropool.facts.registry.tables import usage_point

MOST_DAYS = 400


class CustomersWork(Protocol):
    """One unit of work of metering, as far as customers need it."""

    @property
    def now(self) -> datetime: ...
    @property
    def told_at(self) -> datetime: ...
    @property
    def sender(self) -> str: ...
    @property
    def customers(self) -> CustomerBook: ...
    @property
    def registry(self) -> Registry: ...
    @property
    def readings(self) -> Readings: ...
    def tell(self, message: Message, *, key: str, to: str | None = None) -> None: ...


def note_customers(*, work: CustomersWork, message: CustomersTold) -> None:
    """Keep copies of a company's agreements; a letter that comes after one told later changes nothing that one said."""
    work.customers.note_customers([_copy(row, told_at=instant_text(work.told_at)) for row in message.rows.to_pylist()])


def note_payment_status(*, work: CustomersWork, message: PaymentStatusTold) -> None:
    """Keep who has paid, the newest that was told."""
    names = ("account_number", "status")
    rows = [{name: row[name] for name in names} | {"as_of": instant_text(row["as_of"])} for row in message.rows.to_pylist()]
    work.customers.note_payment_status(rows)


def tell_again(*, work: CustomersWork, message: RowsRequested) -> None:
    """Tell the blocks of some usage points and days again, in their latest versions.

    Raises:
        Invalid: Days the wrong way round, or more of them than one answer holds.
    """
    first, last = date.fromisoformat(message.first_day), date.fromisoformat(message.last_day)
    if not 0 <= (last - first).days <= MOST_DAYS:
        raise Invalid(f"request {message.request}: {first} to {last} is no span of up to {MOST_DAYS} days")
    points = message.rows["usage_point"].to_pylist()
    numbers = [row["number"] for row in work.registry.rows(usage_point, id=points, service=message.service)]
    blocks = work.readings.blocks(usage_points=numbers, first=first, last=last)
    work.customers.note_request(
        {
            "id": message.request,
            "service": message.service,
            "handed_over_by": work.sender,
            "first_day": message.first_day,
            "last_day": message.last_day,
            "usage_points": len(points),
            "rows_told": blocks.num_rows,
            "heard_at": work.now.isoformat(),
        }
    )
    if blocks.num_rows:
        work.tell(BlocksSealed(rows=told_rows(blocks, registry=work.registry)), key=f"again/{message.request}")


def _copy(row: dict[str, Any], *, told_at: str) -> dict[str, Any]:
    dates = {name: row[name].isoformat() if row[name] else None for name in ("valid_from", "valid_to")}
    return {name: row[name] for name in ("account_number", "usage_point", "category")} | dates | {"told_at": told_at}
