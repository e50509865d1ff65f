"""The town's side of its cradle: orders a process, knows its number, and hears of its end."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from metropool.core.errors import Unavailable
from metropool.runtime.tied import tied

CRADLE = "metropool.runtime.conformance.town.cradle"
CAN_FORK = sys.platform == "linux"


@dataclass
class Born:
    """A process out of the cradle, to be held like one that was started here."""

    pid: int
    returncode: int | None = None
    _ended: asyncio.Event = field(default_factory=asyncio.Event)

    def note_end(self, status: int) -> None:
        """It has ended."""
        self.returncode = status
        self._ended.set()

    def send_signal(self, number: int) -> None:
        """Signal it, as long as it is there."""
        if self.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)

    async def wait(self) -> int:
        """Its exit status, once it has ended."""
        await self._ended.wait()
        assert self.returncode is not None
        return self.returncode


@dataclass
class Births:
    """One cradle and what came out of it.

    Attributes:
        log: File its own words go to.
    """

    log: Path
    born: dict[int, Born] = field(default_factory=dict)
    _process: asyncio.subprocess.Process | None = None
    _awaited: "asyncio.Queue[asyncio.Future[Born]]" = field(default_factory=asyncio.Queue)
    _listener: "asyncio.Task[None] | None" = None
    _opening: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def open(self, environment: Mapping[str, str]) -> None:
        """Start the cradle, once; it reads the code while others work."""
        async with self._opening:
            if self._process is None:
                with self.log.open("ab") as words:
                    self._process = await asyncio.create_subprocess_exec(
                        *tied((sys.executable, "-m", CRADLE), by=signal.SIGTERM),
                        stdin=asyncio.subprocess.PIPE,
                        stdout=asyncio.subprocess.PIPE,
                        stderr=words,
                        env={**os.environ, **environment},
                        start_new_session=True,
                    )
                self._listener = asyncio.create_task(self._listen(), name="cradle")

    async def bear(self, arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> Born:
        """Have a process brought up that runs ``metropool`` with these arguments.

        Raises:
            Unavailable: The cradle has ended.
        """
        await self.open(environment)
        assert self._process is not None
        assert self._process.stdin is not None
        if self._listener is None or self._listener.done():
            raise self._fault()
        order = {"arguments": list(arguments), "environment": {**os.environ, **environment}, "log": str(log)}
        asked: asyncio.Future[Born] = asyncio.get_running_loop().create_future()
        self._awaited.put_nowait(asked)
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        return await asked

    async def close(self) -> None:
        """End the cradle and whatever of its processes still runs."""
        if self._process is None or self._listener is None:
            return
        for each in self.born.values():
            each.kill()
        await asyncio.gather(*(each.wait() for each in self.born.values()))
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
        await self._listener

    async def _listen(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            told = json.loads(line)
            if "born" in told:
                self.born[told["born"]] = Born(told["born"])
                self._awaited.get_nowait().set_result(self.born[told["born"]])
            else:
                self.born[told["ended"]].note_end(told["status"])
        await self._gone()

    async def _gone(self) -> None:
        """The kernel ends whatever the cradle brought up with it."""
        for each in self.born.values():
            if each.returncode is None:
                each.note_end(-signal.SIGTERM)
        while not self._awaited.empty():
            self._awaited.get_nowait().set_exception(self._fault())

    def _fault(self) -> Unavailable:
        words = self.log.read_text(encoding="utf-8", errors="replace")[-500:]
        return Unavailable(f"no process can be started, the cradle has ended: {words or 'it said nothing'}")
