"""Batches that come while the log is being read are given in their order, none after a later one."""

import asyncio
from itertools import pairwise
from pathlib import Path

from exchange.broker.harness import running_city
from metropool.exchange.jetstream import JetStreamLog

BATCHES = 60


def test_no_batch_is_passed_over_while_batches_come(tmp_path: Path) -> None:
    async def run() -> list[int]:
        async with running_city(tmp_path) as city:
            front = await city.probe("metering-frontend", account="metering")
            core = await city.probe("metering")
            written = JetStreamLog(front.client, stream="log_metering", subject="log.metering")
            read = JetStreamLog(core.client, stream="log_metering", subject="log.metering")
            writing = asyncio.create_task(write(written))
            seen: list[int] = []
            while not writing.done() or len(seen) < BATCHES:
                entries = await read.read(limit=12, wait_s=0.5)
                if not entries and writing.done():
                    break
                seen += [entry.sequence for entry in entries]
                await read.done(max(seen, default=0))
            await writing
            return seen

    async def write(log: JetStreamLog) -> None:
        for number in range(BATCHES):
            await log.append(b"x" * 400_000, part="readings")
            await asyncio.sleep(0.04 + number % 10 * 0.002)

    seen = asyncio.run(run())
    assert len(seen) == BATCHES
    assert all(after == before + 1 for before, after in pairwise(seen))
