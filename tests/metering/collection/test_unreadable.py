"""An entry of the log that nobody can read is kept beside the lake and holds up none after it."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from metropool.capabilities.metering.attendants import EVENTS, Attendants
from metropool.capabilities.metering.collection.backlog import Backlog
from metropool.capabilities.metering.frontend.tasks import DeviceEvent, encode
from metropool.core.identifiers import SystemId
from metropool.exchange.ports import LogEntry
from metropool.facts.readings.schemas import MEASURED
from metropool.runtime.metering import MeteringUnits
from metropool.runtime.node import Node
from metropool.runtime.settings import Settings
from metropool.runtime.systems import compile_named, open_node

STREAM = "log_metering"
GASP = DeviceEvent(device=1 << 60, code="erc_14", at=1_782_835_200, received_at=1_782_835_200_000)


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    found = open_node(SystemId("metering"), compiled=compile_named("transition"), settings=Settings(home=tmp_path))
    yield found
    found.close()


def batch(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression="lz4")) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue().to_pybytes())


VALUE = {
    "device": 7,
    "point": 1,
    "item": 1,
    "at": 1_782_835_200,
    "value": 5,
    "quality": 0,
    "origin": 1,
    "received_at": 1_782_835_200_000,
}
GOOD = batch(pa.Table.from_pylist([VALUE], schema=MEASURED))
BAD = {
    "bytes": (b"none", "readings"),
    "columns": (batch(pa.table({"device": [1]})), "readings"),
    "a large table": (batch(pa.table({"n": pa.nulls(1 << 30)})), "readings"),
    "events": (b"\x91" * 200_000, EVENTS),
    "no events": (b"\xc1", EVENTS),
}


@pytest.mark.parametrize("what", BAD)
def test_it_is_kept_and_what_comes_after_it_is_taken_in(node: Node, what: str) -> None:
    data, part = BAD[what]
    loops = Attendants(units=MeteringUnits(node), front=None, stream=STREAM)  # type: ignore[arg-type]
    backlog = Backlog()
    backlog.add(
        [LogEntry(1, part, data), LogEntry(2, "readings", GOOD), LogEntry(3, EVENTS, encode([GASP])), LogEntry(4, part, data)]
    )
    asyncio.run(loops.take_in(backlog))
    position = node.read_now("metering", lambda work: work.collection.position(stream=STREAM))
    events = node.read_now("metering", lambda work: work.events.of())
    kept = sorted((node.lake.root / "unreadable").iterdir())
    assert (position, [event.code for event in events]) == (4, ["erc_14"])
    assert [file.read_bytes() for file in kept] == [data, data]
    assert len(list(node.lake.root.rglob("log-*.parquet"))) == 1
    assert node.sweep() == []
