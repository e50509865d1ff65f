"""A company that bills, on a real SQLite database: what the tests of runs, payments and adjustments share."""

import json
import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
from sqlalchemy import select

from metropool.capabilities.billing import operations, stages
from metropool.capabilities.billing.adapters.tables import bill, bill_run_item
from metropool.capabilities.billing.capability import BILLING
from metropool.core.identifiers import SeededIds
from metropool.core.quantities import reading_type
from metropool.exchange import outbox
from metropool.exchange.envelope import open_envelope
from metropool.exchange.messages import ROWS, BillsIssued, BlocksSealed
from metropool.exchange.outbox import Outbox
from metropool.facts import ledger, registry
from metropool.runtime.work import Route, Work
from metropool.storage.database import open_database
from metropool.storage.units import UnitContext

ZONE = ZoneInfo("Asia/Shanghai")
REGISTERS = {
    "electricity": "electricity_forward_register",
    "water": "water_register",
    "gas": "gas_register",
    "heat": "heat_register",
}


class Company:
    """One company's books on disk; ``now`` is the time of its next units."""

    def __init__(self, folder: Path, *, url: str = "") -> None:
        self.folder = folder
        self.url = url or f"sqlite:///{folder}"
        self.now = datetime(2026, 8, 2, 1, tzinfo=UTC)
        self.capability = BILLING
        self.reopen()

    def reopen(self) -> None:
        """Open the books as a process that starts does."""
        self.database = open_database(self.url, schema="company")
        self.database.create([*BILLING.tables, ledger.metadata, registry.metadata, outbox.metadata])

    @contextmanager
    def unit(self) -> Iterator[Work]:
        """One unit of work."""
        with self.database.unit() as connection:
            context = UnitContext(connection, self.now, None, "company_system", "company", SeededIds(1))
            route = Route("bills", "platform", "platform_operator")
            yield Work(
                context=context,
                capability=self.capability,
                rows=(),
                books={"ledger": ledger.SqlLedger, "registry": registry.Registry},
                routes={"BillsIssued": [route]},
            )

    def assign(self, account: str, tariff: str, **more) -> None:
        """Bill an account by a tariff; its usage point is ``up-<account>``."""
        service = more.pop("service", tariff.rpartition("_")[2])
        defaults = {
            "usage_point": f"up-{account}",
            "combined_account": f"home-{account}",
            "register": REGISTERS[service],
            "valid_from": date(2019, 7, 1),
        }
        with self.unit() as work:
            operations.assign_tariff(work=work, account_number=account, tariff=tariff, **{**defaults, **more})

    def measure(self, account: str, days: Sequence[dict]) -> None:
        """Seal blocks: each day a mapping with day and, if wanted, start, end, values, version, service, device, quality."""
        with self.unit() as work:
            operations.note_usage(work=work, message=BlocksSealed(rows=blocks(account, days)))

    def measure_month(self, account: str, start: date, end: date, *, daily: int, opening: int = 1000, **more) -> None:
        """Seal whole days of equal use ``daily`` [smallest units], register from ``opening`` on, with 96 equal intervals."""
        days = [start + timedelta(days=i) for i in range((end - start).days)]
        rows = [
            {"day": day, "start": opening + i * daily, "end": opening + (i + 1) * daily, **more} for i, day in enumerate(days)
        ]
        self.measure(account, rows)

    def run(self, service: str, start: date, end: date, **more) -> str:
        """Bill a period to the end of what needs no person."""
        with self.unit() as work:
            run = operations.start_bill_run(work=work, service=service, period_start=start, period_end=end, by="ann", **more)
        self.work_off()
        return run

    def work_off(self) -> None:
        """Let the worker step until there is nothing more to do."""
        for _ in range(10_000):
            with self.unit() as work:
                if operations.advance_bill_runs(work=work) is None:
                    return
        raise AssertionError("the worker never comes to an end")

    def bills(self) -> list[dict]:
        """All bills, by number."""
        with self.database.snapshot() as connection:
            return [dict(row) for row in connection.execute(select(bill).order_by(bill.c.number)).mappings()]

    def items(self) -> dict[str, dict]:
        """The items of all runs by account; the last run wins."""
        with self.database.snapshot() as connection:
            rows = connection.execute(select(bill_run_item).order_by(bill_run_item.c.run)).mappings()
            return {row["account_number"]: dict(row) for row in rows}

    def told(self) -> list[BillsIssued]:
        """What the company said, in its order."""
        with self.database.snapshot() as connection:
            return [open_envelope(envelope) for _, envelope in Outbox(connection).unsent(limit=10_000)]

    def balances(self) -> dict[str, int]:
        """Trial balance [fen]."""
        with self.database.snapshot() as connection:
            context = UnitContext(connection, self.now, None, "company_system", "company", SeededIds(1))
            return dict(ledger.SqlLedger(context).trial_balance())


def step_and_die(folder: Path, chunk: int) -> None:
    """One step of the worker, killed just before its commit; ends well only where nothing is left to do."""
    stages.CHUNK = chunk
    with Company(folder).unit() as work:
        if operations.advance_bill_runs(work=work) is not None:
            os.kill(os.getpid(), signal.SIGKILL)


def blocks(account: str, days: Sequence[dict]) -> pa.Table:
    """Rows of ``BlocksSealed`` for one account."""
    rows = [_block(account, **day) for day in days]
    return pa.Table.from_pylist(rows, schema=ROWS[BlocksSealed])


def _block(
    account, *, day, start=None, end=None, values="even", version=1, service="electricity", device="M1", quality=None, meters=None
):
    count = 96 if service == "electricity" else 24
    if values == "even":
        whole = (end - start) if start is not None and end is not None else 0
        values = [whole // count] * (count - 1) + [whole - whole // count * (count - 1)]
    midnight = datetime(day.year, day.month, day.day, tzinfo=ZONE)
    return {
        "service": service,
        "usage_point": f"up-{account}",
        "device_number": device,
        "reading_type": reading_type(REGISTERS[service]).id,
        "business_date": day,
        "version": version,
        "start": int(midnight.timestamp()),
        "interval_s": 86_400 // count,
        "values": values,
        "quality": quality,
        "register_start": start,
        "register_end": end,
        "meters": json.dumps(meters) if meters else None,
    }
