"""Child processes of the demo: each dies with us however we die, is started again when it ends, and is stopped in order."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from metropool.core.errors import Unavailable
from metropool.runtime.pause import pause
from metropool.runtime.tied import tied

STOP_S = 15.0
READY_S = 60.0
BACK_OFF_S = 1.0


class Running(Protocol):
    """A process that runs or has run."""

    @property
    def pid(self) -> int: ...
    @property
    def returncode(self) -> int | None: ...
    def send_signal(self, number: int, /) -> None: ...
    def terminate(self) -> None: ...
    def kill(self) -> None: ...
    async def wait(self) -> int: ...


@dataclass
class Child:
    """One program of ours, kept running.

    Attributes:
        name: What people call it.
        arguments: Of this interpreter, such as ``-m metropool.runtime.cli serve``.
        environment: Added to our own.
        log: File its words go to.
        says_ready: It prints one JSON line when it is ready; what it said is kept in ``told``.
        again: It is started again when it ends.
    """

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    says_ready: bool = False
    again: bool = True
    told: dict[str, Any] = field(default_factory=dict)
    starts: int = 0
    process: "Running | None" = None
    _watcher: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start it; with ``says_ready``, return when it is ready.

        Raises:
            Unavailable: It ended at once; the last words of its log say why.
        """
        await self._launch()
        if self.again:
            self._watcher = asyncio.create_task(self._keep(), name=f"keep {self.name}")

    async def stop(self) -> None:
        """Ask it to end, wait, then insist."""
        if self._watcher is not None:
            self._watcher.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watcher
        if self.process is None or self.process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()
        try:
            await asyncio.wait_for(self.process.wait(), STOP_S)
        except TimeoutError:
            self.process.kill()
            await self.process.wait()

    async def _launch(self) -> None:
        self.starts += 1
        command = tied((sys.executable, *self.arguments), by=signal.SIGTERM)
        with self.log.open("ab") as words:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE if self.says_ready else words,
                stderr=words,
                env={**os.environ, **self.environment},
                start_new_session=True,
            )
        self.process = process
        if process.stdout is not None:
            await self._hear(process.stdout)

    async def _hear(self, said: asyncio.StreamReader) -> None:
        try:
            line = await asyncio.wait_for(said.readline(), READY_S)
            self.told = json.loads(line)
        except (TimeoutError, ValueError) as cause:
            raise Unavailable(f"{self.name} did not start: {self.last_words()}") from cause

    async def _keep(self) -> None:
        while True:
            assert self.process is not None
            await self.process.wait()
            await pause(BACK_OFF_S)
            with contextlib.suppress(Unavailable):
                await self._launch()

    def last_words(self) -> str:
        """The end of its log."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines() if self.log.exists() else []
        return lines[-1][:500] if lines else "it said nothing"
