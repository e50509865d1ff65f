"""kill -9 of the front end between any two of its steps: nothing confirmed is lost, what is repeated is the same (P1)."""

import asyncio
import os
import subprocess
import sys

import pyarrow as pa
import pytest

from metering.frontend.worlds import HandTerminal


def start(path, moment):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(["src", "tests"])}
    command = [sys.executable, "-m", "metering.frontend.killed", str(path), moment]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    return process, int(process.stdout.readline())


def whole_batches(path):
    """What a reader of the log file finds; a torn record at its end is nothing."""
    data, rows = path.read_bytes(), []
    while len(data) >= 4 and len(data) >= 4 + int.from_bytes(data[:4], "big"):
        size = 4 + int.from_bytes(data[:4], "big")
        rows += pa.ipc.open_stream(data[4:size]).read_all().to_pylist()
        data = data[size:]
    return rows


async def push(port, point):
    """Log in and push one point; the confirmation, or None when the front end died."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    terminal = HandTerminal(1, reader, writer)
    try:
        assert await terminal.says(terminal.link(1)) == 0
        return await terminal.says(terminal.push((point, point)))
    except ConnectionError:
        return None
    finally:
        writer.close()


@pytest.mark.parametrize("moment", ["before_append", "half_append", "before_sync", "before_confirm"])
def test_what_was_not_confirmed_comes_again_and_what_was_confirmed_is_there(tmp_path, moment):
    path = tmp_path / "log"
    process, port = start(path, "never")
    try:
        assert asyncio.run(push(port, 1)) == 0
    finally:
        process.kill()
        process.wait(10)
    assert [row["point"] for row in whole_batches(path)] == [1], "killed after confirming: it is there"
    process, port = start(path, moment)
    assert asyncio.run(push(port, 2)) is None
    assert process.wait(10) == -9
    kept = whole_batches(path)
    truncate(path, kept)
    process, port = start(path, "never")
    try:
        assert asyncio.run(push(port, 2)) == 0
    finally:
        process.kill()
        process.wait(10)
    values = {(row["point"], row["at"], row["value"]) for row in whole_batches(path)}
    assert {point for point, _, _ in values} == {1, 2}
    assert len(values) == 2, "a repeat says the same"


def truncate(path, kept):
    """A log cuts a torn record off when it is opened again."""
    data, size = path.read_bytes(), 0
    while len(data) >= size + 4 and len(data) >= size + 4 + int.from_bytes(data[size : size + 4], "big"):
        size += 4 + int.from_bytes(data[size : size + 4], "big")
    path.write_bytes(data[:size])
    assert whole_batches(path) == kept
