"""A log that nobody leads just now is waited for: what came from the meters meanwhile is neither refused nor lost."""

import asyncio
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import nats
import pytest
from nats.aio.client import Client

from metropool.core.errors import Unavailable
from metropool.exchange import jetstream
from metropool.exchange.jetstream import JetStreamLog
from metropool.runtime.broker import find_nats_server
from metropool.runtime.ports import free_port

STREAM, SUBJECT = "log_metering", "log.metering"


@asynccontextmanager
async def connected(home: Path) -> AsyncIterator[Client]:
    """A connection to a server of which nobody has made a stream: it says that nobody takes a batch, as one without a leader does."""
    port = free_port()
    command = [find_nats_server(), "-js", "-sd", str(home), "-a", "127.0.0.1", "-p", str(port)]
    server = await asyncio.create_subprocess_exec(*command, stderr=subprocess.DEVNULL)
    try:
        client = await nats.connect(f"nats://127.0.0.1:{port}", reconnect_time_wait=0.05, max_reconnect_attempts=-1)
        yield client
        await client.close()
    finally:
        server.terminate()
        await server.wait()


def test_what_comes_meanwhile_is_kept_once_when_there_is_a_leader(tmp_path: Path) -> None:
    async def run() -> None:
        async with connected(tmp_path) as client:
            appending = asyncio.create_task(
                JetStreamLog(client, stream=STREAM, subject=SUBJECT).append(b"batch", part="readings")
            )
            await asyncio.sleep(3 * jetstream.AWAY_S)
            assert not appending.done()
            streams = client.jetstream()
            await streams.add_stream(name=STREAM, subjects=[f"{SUBJECT}.>"])
            assert await appending == 1
            assert (await streams.stream_info(STREAM)).state.messages == 1

    asyncio.run(run())


def test_one_that_nobody_leads_for_long_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jetstream, "LEADERLESS_S", 0.5)

    async def run() -> None:
        async with connected(tmp_path) as client:
            with pytest.raises(Unavailable, match="the log log_metering gave no receipt"):
                await JetStreamLog(client, stream=STREAM, subject=SUBJECT).append(b"batch", part="readings")

    asyncio.run(run())
