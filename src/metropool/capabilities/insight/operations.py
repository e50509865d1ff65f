"""What insight does with what it is told."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from metropool.core.errors import NotFound
from metropool.exchange.messages import BillsIssued, HouseholdUsageTold, late_fee_of
from metropool.facts.readings.book import Readings
from metropool.facts.readings.schemas import BLOCK
from metropool.facts.registry import Registry


class Prices(Protocol):
    """What things cost, as bills said (``adapters/prices.py``)."""

    def note(self, rows: Sequence[dict[str, Any]]) -> None: ...
    def mean_price(self, usage_point: str) -> Decimal | None: ...
    def lines(self, usage_point: str) -> list[dict[str, Any]]: ...


class InsightWork(Protocol):
    """One unit of work of insight."""

    @property
    def now(self) -> datetime: ...
    @property
    def prices(self) -> Prices: ...
    @property
    def cause(self) -> str: ...
    @property
    def registry(self) -> Registry: ...
    @property
    def readings(self) -> Readings: ...
    def changed(self, topic: str) -> None: ...


def note_usage(*, work: InsightWork, message: HouseholdUsageTold) -> None:
    """Keep household usage as blocks.

    Raises:
        NotFound: A usage point nobody here has heard of; the message is parked with it.
    """
    blocks = to_blocks(message.rows, usage_points=work.registry.usage_points())
    work.readings.add(work.readings.write_blocks(blocks, name=f"told-{work.cause}"))
    work.changed("readings")


def note_prices(*, work: InsightWork, message: BillsIssued) -> None:
    """Keep what each usage point's newest bill came to, so that usage can be shown in money; late fees are no price."""
    names = ("usage_point", "period_end", "quantity", "amount_fen", "lines")
    rows = [row for row in message.rows.select(names).to_pylist() if late_fee_of(row["lines"]) is None]
    work.prices.note([{**row, "period_end": row["period_end"].isoformat()} for row in rows])


def to_blocks(rows: pa.Table, *, usage_points: pa.Table) -> pa.Table:
    """Rows of a message as ``BLOCK``, with the host's own numbers of usage points, sorted."""
    place = pc.index_in(rows["usage_point"], usage_points["id"])
    if place.null_count:
        unknown = rows["usage_point"].filter(pc.is_null(place)).unique().to_pylist()
        raise NotFound(f"{len(unknown)} unknown usage points, the first is {unknown[0]}")
    numbers = usage_points["usage_point"].take(place)
    nothing = pa.array([0] * rows.num_rows, pa.int64())
    columns = {name: rows[name] for name in BLOCK.names if name in rows.schema.names}
    columns |= {"usage_point": numbers, "readings_snapshot": nothing, "installation_version": nothing, "rules_version": nothing}
    table = pa.table([columns[name].cast(BLOCK.field(name).type) for name in BLOCK.names], schema=BLOCK)
    keys = [("usage_point", "ascending"), ("reading_type", "ascending"), ("business_date", "ascending")]
    return table.sort_by(keys)
