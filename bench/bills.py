"""Rated bills a second: a company's whole run, from sealed usage to numbered, posted, told bills, beside set-based SQL."""

import json
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from sqlalchemy import func, select

from bench.bills_peer import peer_run
from bench.peer import Peer
from bench.report import Measured, Result
from metropool.capabilities.billing import operations
from metropool.capabilities.billing.adapters.tables import bill
from metropool.capabilities.billing.capability import BILLING
from metropool.capabilities.billing.rating.batch import rate_columns
from metropool.capabilities.billing.rating.columns import UsageColumns
from metropool.capabilities.billing.tariffs.loader import tariff_book
from metropool.capabilities.billing.tariffs.plans import plan_of
from metropool.core.identifiers import PartyId, SeededIds, SystemId
from metropool.core.periods import BUSINESS_ZONE
from metropool.exchange import outbox
from metropool.exchange.messages import ROWS, BlocksSealed
from metropool.facts import ledger
from metropool.plan.compiled import Route
from metropool.runtime.work import Work
from metropool.storage.database import Database, open_database
from metropool.storage.lake import Lake
from metropool.storage.units import UnitContext

MARK_BILLS_S = 20_000
START, END = date(2026, 7, 1), date(2026, 8, 1)
NOW = datetime(2026, 8, 2, 1, tzinfo=UTC)
TARIFF, REGISTER, DIGITS = "guangzhou_residential_electricity", 1, 4
DAYS, SLOTS = (END - START).days, 96
TOU_SHARE, BILLS_MAX, SEED = 10, 20_000, 20260701
Ints = NDArray[np.int64]


def measure(*, meters: int, repeat: int, peer: Peer) -> Result:
    """Bill a month of homes, one in ten by time of use; the totals of both are the same to the fen."""
    homes = max(500, min(meters // 5, BILLS_MAX))
    usage = usage_of(homes)
    tariff_book()  # read from its files once in the life of a node
    ours, columns, theirs, totals = [], [], [], set()
    for _ in range(repeat):
        seconds, total = _run(usage)
        ours.append(homes / seconds)
        seconds, in_columns = _columns_run(usage)
        columns.append(homes / seconds)
        seconds, of_peer = peer_run(peer, opening=usage[0], daily=usage[1])
        theirs.append(homes / seconds)
        totals |= {total, in_columns, of_peer}
    assert len(totals) == 1, f"the totals differ: {totals} fen"
    return Result(
        name="bills",
        size=f"{homes:,} bills, {homes // TOU_SHARE:,} of them by time of use, {totals.pop() / 100:,.2f} CNY on both sides",
        measured=[
            Measured("rated bills/s, usage to issued, numbered, posted, told", "1/s", ours, theirs, MARK_BILLS_S),
            Measured("rated bills/s, columns rated only", "1/s", columns),
        ],
    )


def usage_of(homes: int) -> tuple[Ints, Ints]:
    """Register at the start of the month, shape (homes,), and amounts by day and quarter hour, shape (homes, days, 96) [10^-4 kWh].

    The first tenth is billed by time of use.
    """
    random = np.random.default_rng(SEED)
    level = random.gamma(3, 350, (homes, 1, 1))
    daily = (level * random.gamma(2, 0.5, (homes, DAYS, SLOTS)).astype(np.float32)).astype(np.int64)
    return random.integers(1_000_000, 90_000_000, homes), daily


def _run(usage: tuple[Ints, Ints]) -> tuple[float, int]:
    """Seconds of the product's run, and the sum of its bills [fen]."""
    with tempfile.TemporaryDirectory(prefix="bench-bills-") as name:
        company = Company(Path(name))
        company.prepare(*usage)
        began = time.perf_counter()
        company.unit(
            lambda work: operations.start_bill_run(
                work=work, service="electricity", period_start=START, period_end=END, by="bench"
            )
        )
        while company.unit(lambda work: operations.advance_bill_runs(work=work)) is not None:
            pass
        seconds = time.perf_counter() - began
        with company.database.snapshot() as connection:
            count, total = connection.execute(select(func.count(), func.sum(bill.c.amount_fen))).one()
        company.database.close()
    assert count == len(usage[0]), f"{count} bills of {len(usage[0])}"
    return seconds, int(total)


def _columns_run(usage: tuple[Ints, Ints]) -> tuple[float, int]:
    """Seconds of the rating engine alone on columns in memory."""
    book, tou = tariff_book(), len(usage[0]) // TOU_SHARE
    tariff, version = book.tariff(TARIFF), book.version_on(TARIFF, START)
    totals = usage[1].sum(axis=(1, 2))
    periods = _by_period(usage[1][:tou])
    began = time.perf_counter()
    by_time = rate_columns(
        plan_of(tariff, version, options=("tou",), month=7), UsageColumns(digits=DIGITS, quantity=totals[:tou], periods=periods)
    )
    by_tier = rate_columns(plan_of(tariff, version, month=7), UsageColumns(digits=DIGITS, quantity=totals[tou:]))
    seconds = time.perf_counter() - began
    return seconds, int(by_time.total_fen.sum() + by_tier.total_fen.sum())


def _by_period(daily: Ints) -> dict[str, Ints]:
    hour = np.arange(SLOTS) // 4
    peak = ((hour >= 10) & (hour < 12)) | ((hour >= 14) & (hour < 19))
    valley = hour < 8
    return {
        name: daily[:, :, chosen].sum(axis=(1, 2))
        for name, chosen in (("peak", peak), ("flat", ~peak & ~valley), ("valley", valley))
    }


class Company:
    """A company's books on disk, as its node opens them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database: Database = open_database(f"sqlite:///{folder}", schema="marketing")
        self.database.create([*BILLING.tables, ledger.metadata, outbox.metadata])

    def unit(self, step: Callable[[Work], Any]) -> Any:
        """One unit of work."""
        with self.database.unit() as connection:
            lake = Lake(self.folder / "lake")
            context = UnitContext(connection, NOW, lake, SystemId("marketing"), PartyId("grid"), SeededIds(1))
            routes = {"BillsIssued": [Route("electricity_bills", SystemId("smart_use_platform"), PartyId("platform"))]}
            work = Work(context=context, capability=BILLING, rows=(), books={"ledger": ledger.SqlLedger}, routes=routes)
            return step(work)

    def prepare(self, opening: Ints, daily: Ints) -> None:
        """Assign tariffs and note sealed usage: every day of homes by time of use, first and last day of the others."""
        homes, tou = len(opening), len(opening) // TOU_SHARE
        self.unit(lambda work: work.tariffs.assign([_assignment(i, is_tou=i < tou) for i in range(homes)]))
        after = opening[:, None] + np.cumsum(daily.sum(axis=2), axis=1)
        before = np.concatenate([opening[:, None], after[:, :-1]], axis=1)
        for day in range(DAYS):
            count = homes if day in (0, DAYS - 1) else tou
            rows = blocks_of(day, before[:count, day], after[:count, day], daily[:count, day])
            self.unit(partial(_note, rows))


def _note(rows: pa.Table, work: Work) -> None:
    operations.note_usage(work=work, message=BlocksSealed(rows=rows))


def blocks_of(day: int, before: Ints, after: Ints, values: Ints) -> pa.Table:
    """The sealed day of homes 0 … n - 1."""
    count = len(before)
    when = START + timedelta(days=day)
    start = int(datetime(when.year, when.month, when.day, tzinfo=BUSINESS_ZONE).timestamp())
    columns = {
        "service": pa.array(["electricity"] * count),
        "usage_point": pa.array([f"up-{i:06d}" for i in range(count)]),
        "device_number": pa.array([f"M{i:06d}" for i in range(count)]),
        "reading_type": pa.array(np.full(count, REGISTER)),
        "business_date": pa.array([when] * count),
        "version": pa.array(np.ones(count, np.int64)),
        "start": pa.array(np.full(count, start)),
        "interval_s": pa.array(np.full(count, 86_400 // SLOTS)),
        "values": pa.ListArray.from_arrays(
            pa.array(np.arange(0, count * SLOTS + 1, SLOTS, dtype=np.int32)), pa.array(values.reshape(-1))
        ),
        "quality": pa.nulls(count),
        "register_start": pa.array(before),
        "register_end": pa.array(after),
        "meters": pa.nulls(count),
    }
    schema = ROWS[BlocksSealed]
    return pa.table([columns[name].cast(schema.field(name).type) for name in schema.names], schema=schema)


def _assignment(home: int, *, is_tou: bool) -> dict[str, object]:
    return {
        "account_number": f"A{home:06d}",
        "valid_from": "2026-01-01",
        "valid_to": None,
        "service": "electricity",
        "usage_point": f"up-{home:06d}",
        "combined_account": f"H{home:06d}",
        "tariff": TARIFF,
        "options": json.dumps(["tou"] if is_tou else []),
        "reading_type": REGISTER,
        "multiplier": "1",
        "opening_year": 2026,
        "opening_to_date": 0,
    }
