"""The processes of a town: started side by side, never started again, and looked at from outside."""

import asyncio
import os
import signal
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from metropool.runtime.conformance.town.births import CAN_FORK, Births
from metropool.runtime.demo.children import Child
from metropool.runtime.settings import PREFIX

BROKER = "broker"
SERVE = "serve"
OWN: tuple[str, ...] = ("-m", "metropool.runtime.cli", SERVE)
"""How a system is served; the arguments that say which follow."""
STOPPED = ("T", "t", "Z", "X")
"""States in ``/proc/<pid>/stat`` in which a process does nothing for anyone."""


@dataclass
class Processes:
    """Children by name; a system's name is its system's.

    Attributes:
        home: Where their words go (``logs``).
        environment: What all of them are told.
        served: System to the command that serves it, where it is another than ours.
    """

    home: Path
    environment: Mapping[str, str]
    served: Mapping[str, Sequence[str]] = field(default_factory=dict)
    children: dict[str, Child] = field(default_factory=dict)
    _births: Births | None = None

    async def serve(
        self, name: str, *, systems: Sequence[str] = (), port: int = 0, told: Mapping[str, str] | None = None
    ) -> Child:
        """Start one of our own: a system, ``system:frontend``, ``broker`` or ``broker:server``; or, under a name of its own, one that
        serves several.

        Args:
            name: What it is called here, and what it serves where no systems are named.
            systems: What it serves.
            port: Of its site.
            told: For this one alone.
        """
        which = systems or (name,)
        environment = {**self.environment, **({"METROPOOL_PORT": str(port)} if port else {}), **(told or {})}
        if name in self.served or not CAN_FORK:
            return await self._start(name, (*self.served.get(name, OWN), *which), environment, says_ready=False)
        child = self._child(name, (*OWN, *which), environment, says_ready=False)
        child.process, child.starts = await self._cradle().bear((SERVE, *which), child.environment, child.log), 1
        return child

    async def box(self, command: str, *options: object) -> Child:
        """Start a device or an outside party; it is ready when this returns."""
        arguments = ("-m", "cityinabox.cli", command, *map(str, options))
        return await self._start(command, arguments, self.environment, says_ready=True)

    async def outside(self, command: str, *options: object, name: str, environment: Mapping[str, str]) -> Child:
        """Start an outside party that is told nothing of ours but this environment; it is ready when this returns."""
        nothing = {key: "" for key in self.environment if key.startswith(PREFIX)}
        arguments = ("-m", "cityinabox.cli", command, *map(str, options))
        return await self._start(name, arguments, {**nothing, **environment}, says_ready=True)

    @property
    def pids(self) -> list[int]:
        """Those that were started and have not ended."""
        running = [child.process for child in self.children.values() if child.process is not None]
        return [process.pid for process in running if process.returncode is None]

    def stopped(self, names: Iterable[str]) -> str | None:
        """The first of these that has ended or was stopped; what no process of ours runs is taken to be well."""
        return next((name for name in names if name in self.children and not self._runs(name)), None)

    async def end(self, name: str) -> None:
        """End one at once, if it runs."""
        child = self.children.get(name)
        if child is not None and child.process is not None and child.process.returncode is None:
            child.process.kill()
            await child.process.wait()

    def halt(self, name: str) -> None:
        """Let one stand still, if it runs: it keeps its sockets and does nothing for anyone."""
        child = self.children.get(name)
        if child is not None and child.process is not None and child.process.returncode is None:
            child.process.send_signal(signal.SIGSTOP)

    async def stop(self) -> None:
        """End all at once, without asking: nobody needs what they would still do."""
        running = [child.process for child in self.children.values() if child.process is not None]
        for process in running:
            if process.returncode is None:
                process.kill()
        await asyncio.gather(*(process.wait() for process in running))
        if self._births is not None:
            await self._births.close()

    def last_words(self, name: str) -> str:
        """The end of what one said."""
        return self.children[name].last_words()

    def _runs(self, name: str) -> bool:
        """Whether one is at work, or just being started."""
        process = self.children[name].process
        if process is None:
            return True
        if process.returncode is not None:
            return False
        try:
            state = Path(f"/proc/{process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
        except OSError:
            return not Path("/proc/self").exists()
        return state not in STOPPED

    def _cradle(self) -> Births:
        self._births = self._births or Births(self._log("cradle"))
        return self._births

    async def _start(self, name: str, arguments: Sequence[str], told: Mapping[str, str], *, says_ready: bool) -> Child:
        child = self._child(name, arguments, told, says_ready=says_ready)
        await child.start()
        return child

    def _child(self, name: str, arguments: Sequence[str], told: Mapping[str, str], *, says_ready: bool) -> Child:
        path = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        child = Child(name, arguments, {**told, **path}, self._log(name), says_ready=says_ready, again=False)
        self.children[name] = child
        return child

    def _log(self, name: str) -> Path:
        log = self.home / "logs" / f"{name.replace(':', '-')}.log"
        log.parent.mkdir(exist_ok=True, parents=True)
        return log
