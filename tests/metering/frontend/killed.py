"""A front end in a process of its own, with a log of one file, that is killed at a moment the test names.

Usage: ``python -m metering.frontend.killed LOG_FILE MOMENT [UNTOLD_FILE]`` with MOMENT one of ``never``, ``before_append``,
``half_append``, ``before_sync``, ``before_told``, ``before_confirm``. Prints its port.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

from metering.frontend.worlds import NOW, device
from metropool.capabilities.metering.frontend.links import Link
from metropool.capabilities.metering.frontend.sealed.untold import UntoldFile
from metropool.capabilities.metering.frontend.server import serve
from metropool.capabilities.metering.frontend.tasks import AddressBook, Terminal
from metropool.core.clock import VirtualClock


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class FileLog:
    """Each batch is its length and its bytes; durable after fsync."""

    def __init__(self, path: Path, moment: str) -> None:
        self._file, self._moment, self._count = path.open("ab", buffering=0), moment, 0

    async def append(self, batch: bytes) -> int:
        if self._moment == "before_append":
            die()
        record = len(batch).to_bytes(4, "big") + batch
        if self._moment == "half_append":
            self._file.write(record[: len(record) // 2])
            die()
        self._file.write(record)
        if self._moment == "before_sync":
            die()
        os.fsync(self._file.fileno())
        if self._moment == "before_told":
            die()
        self._count += 1
        return self._count


async def main(path: Path, moment: str, untold: str | None = None) -> None:
    log, kept = FileLog(path, moment), UntoldFile(Path(untold)) if untold else None
    server = await serve(host="127.0.0.1", port=0, clock=VirtualClock(NOW), log=log, event_log=log, untold=kept)
    await server.introduce(AddressBook(terminals=[Terminal(address=device(1), link="plain"), Terminal(address=device(2))]))
    if moment == "before_confirm":
        kill_at_confirmation(log)
    print(server.port, flush=True)
    await asyncio.Event().wait()


def kill_at_confirmation(log: FileLog) -> None:
    """Die when bytes go out after something became durable."""
    send = Link.send

    def fatal(self: Link, data: bytes, *, expires_s: int = 0) -> None:
        if log._count and data:
            die()
        send(self, data)

    Link.send = fatal


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), *sys.argv[2:]))
