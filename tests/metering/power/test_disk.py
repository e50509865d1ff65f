"""The disk of these tests forgets what was not synced, and nothing else: without fsync the same steps lose what they wrote."""

import asyncio
import os
from pathlib import Path

import pyarrow as pa
import pytest
from sqlalchemy import text

from exchange.plan.cases import transition
from metering.power.disk import cut_power, disk, why_not
from metropool.exchange.connection import connect
from metropool.exchange.jetstream import JetStreamLog
from metropool.runtime import broker as broker_room
from metropool.runtime.broker import BrokerServer, seed_of
from metropool.runtime.ports import free_port
from metropool.storage import database as database_room
from metropool.storage.database import open_database
from metropool.storage.lake import Lake

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not())
ROWS = pa.table({"channel": pa.array(range(1000), pa.int32())})
synced = pytest.mark.parametrize("is_synced", [True, False], ids=["synced", "without fsync"])


@synced
def test_a_lake_file_is_whole_after_the_power_failed(tmp_path, monkeypatch, is_synced):
    if not is_synced:
        monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    with disk(tmp_path / "first") as point:
        written = Lake(root=point / "lake").write(table="readings", part="2026-07-01", name="one", data=ROWS, key="channel")
        image = cut_power(tmp_path / "first", to=tmp_path / "second")
    with disk(tmp_path / "second", image=image) as point:
        file = point / "lake" / written.path
        assert (file.exists() and file.stat().st_size == written.bytes) is is_synced


@synced
def test_a_commit_is_there_after_the_power_failed(tmp_path, monkeypatch, is_synced):
    if not is_synced:
        pragmas = [pragma.replace("synchronous=FULL", "synchronous=OFF") for pragma in database_room._PRAGMAS]
        monkeypatch.setattr(database_room, "_PRAGMAS", pragmas)
    with disk(tmp_path / "first") as point:
        database = open_database(f"sqlite:///{point}", schema="metering")
        with database.unit() as unit:
            unit.execute(text("CREATE TABLE kept (number INTEGER)"))
        os.sync()
        with database.unit() as unit:
            unit.execute(text("INSERT INTO kept VALUES (7)"))
        image = cut_power(tmp_path / "first", to=tmp_path / "second")
        database.close()
    with disk(tmp_path / "second", image=image) as point:
        database = open_database(f"sqlite:///{point}", schema="metering")
        with database.snapshot() as snapshot:
            assert snapshot.execute(text("SELECT count(*) FROM kept")).scalar_one() == int(is_synced)
        database.close()


@synced
def test_a_batch_the_log_gave_a_receipt_for_is_there_after_the_power_failed(tmp_path, monkeypatch, is_synced):
    if not is_synced:
        render = broker_room.render_broker
        lazy = lambda *given, **named: render(*given, **named).replace('"always"', '"2m"')  # noqa: E731
        monkeypatch.setattr(broker_room, "render_broker", lazy)
    with disk(tmp_path / "first") as point:
        asyncio.run(append_then(point, lambda: cut_power(tmp_path / "first", to=tmp_path / "second")))
    with disk(tmp_path / "second", image=tmp_path / "second" / "image") as point:
        assert asyncio.run(batches(point)) == ([b"safe"] if is_synced else [])


async def append_then(home: Path, cut) -> None:
    """Append a batch to the log of metering, and cut the power when its receipt is there."""
    async with BrokerServer(home=home, broker=transition().broker, port=free_port()) as server:
        os.sync()
        client = await connect(
            server.url, user="metering-frontend", seed=seed_of(home, account="metering", user="metering-frontend")
        )
        await JetStreamLog(client, stream="log_metering", subject="log.metering").append(b"safe", part="readings")
        cut()
        await client.close()


async def batches(home: Path) -> list[bytes]:
    """What the log holds."""
    async with BrokerServer(home=home, broker=transition().broker, port=free_port()) as server:
        client = await connect(server.url, user="metering", seed=seed_of(home, account="metering", user="metering"))
        found = await JetStreamLog(client, stream="log_metering", subject="log.metering").read(limit=10, wait_s=1.0)
        await client.close()
        return [entry.data for entry in found]
