"""``metropool demo``: a small city on embedded defaults, every part a real process, until Ctrl-C."""

import asyncio
import json
import os
import shutil
import signal
import socket
import sys
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from metropool.core.clock import monotonic_s
from metropool.core.errors import MetropoolError, Unavailable
from metropool.core.texts import Language, say
from metropool.runtime.demo.parts import Parts
from metropool.runtime.demo.setup import Setup, first_month
from metropool.runtime.demo.state import FIRST_MIDNIGHT, DemoClock, DemoState, open_demo
from metropool.runtime.demo.tools import run_own, run_tool
from metropool.runtime.enrol import read_city
from metropool.runtime.instances import instances_of, write_instances
from metropool.runtime.pause import done_before, pause
from metropool.runtime.ports import free_port
from metropool.runtime.systems import compile_named
from metropool.storage.disk import write_durably

ROOM = "metropool.runtime"
STARTS_ON = "2026-07-01"
LEAST_FREE_BYTES = 256 << 20
SETUP_SPEED = 60.0
"""The least while a city is set up: bills run every ten minutes of business time, and a year of them is waited for."""


def demo_home() -> Path:
    """``METROPOOL_HOME``, or ``~/.metropool/demo``."""
    given = os.environ.get("METROPOOL_HOME")
    return Path(given) if given else Path.home() / ".metropool" / "demo"


def run_demo(*, fresh: bool, seed: int, homes: int, speed: float, port: int, months: int, plan: str, language: Language) -> None:
    """Start a small city and keep it running.

    Raises:
        Unavailable: The port is taken, or a part did not start; one sentence with the remedy.
        NotFound: No such plan.
        Invalid: The home holds another city, or the plan has faults.
        Conflict: Another demo runs in the home.
    """
    compile_named(plan)
    check_port(port, language=language)
    state = open_demo(demo_home(), fresh=fresh, seed=seed, homes=homes, plan=plan)
    asyncio.run(Demo(state=state, speed=speed, port=port, months=months, language=language).run())


def check_port(port: int, *, language: Language) -> None:
    """Refuse a port that somebody listens on.

    Raises:
        Unavailable: It is taken.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as cause:
            raise Unavailable(say(ROOM, "port_taken", language, port=port)) from cause


@dataclass
class Demo:
    """One running demo."""

    state: DemoState
    speed: float
    port: int
    months: int
    language: Language
    parts: Parts | None = None
    clock: DemoClock | None = None
    _begun: float = field(default_factory=monotonic_s)

    async def run(self) -> None:
        """Set the city up at the first start, start every part, say where it is, wait for Ctrl-C."""
        stopping = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stopping.set)
        keeping = asyncio.create_task(self._keep_time(stopping))
        try:
            if await done_before(stopping, self._start()):
                self._tell_where()
                await keeping
        except MetropoolError as fault:
            raise self._with_disk(fault) from fault
        finally:
            keeping.cancel()
            self.say("demo_stopping")
            if self.parts is not None:
                await self.parts.stop()

    def _with_disk(self, fault: MetropoolError) -> MetropoolError:
        """What went wrong; when the disk is all but full, that it is: the part that met it may have said something else."""
        free = shutil.disk_usage(self.home).free
        if free >= LEAST_FREE_BYTES:
            return fault
        words = say(ROOM, "disk_full", self.language, home=self.home, free=f"{free / (1 << 20):.0f}", what=fault.what)
        return Unavailable(words)

    async def _start(self) -> None:
        await self._once("city", self._make_city)
        await self._once("history", self._write_history)
        is_set_up = self.state.has("handed_over")
        parts = self._parts_at(self.speed if is_set_up else max(self.speed, SETUP_SPEED))
        setup = Setup(home=self.home, environment=parts.environment, months=self.months)
        await self._once("enrolled", setup.enrol)
        await self._serve(parts)
        await self._once("imported", self._import_history)
        await self._once("billed", setup.bill)
        await self._once("paid", self._pay_old_bills)
        await self._once("handed_over", self._hand_over)
        if parts.clock.speed != self.speed:
            await parts.stop()
            parts = self._parts_at(self.speed)
            await self._serve(parts)
        self.say("demo_field")
        await parts.start_field()

    def _parts_at(self, speed: float) -> Parts:
        """Parts, none started, whose time goes on from where it stands."""
        if self.clock is not None:
            self.clock.reserve(self.state)
        self.clock = DemoClock.resume(self.state, speed=speed)
        self.clock.reserve(self.state)
        self.parts = Parts(home=self.home, port=self.port, clock=self.clock, plan=self.state.plan)
        return self.parts

    async def _serve(self, parts: Parts) -> None:
        await parts.start_channel()
        self.say("demo_systems")
        await parts.start_systems()

    async def _once(self, stage: str, work) -> None:  # type: ignore[no-untyped-def]
        """A stage of the first start, told with its time; skipped when it was done before."""
        if self.state.has(stage):
            return
        self.say(f"demo_{stage}")
        await work()
        self.state.done(stage)

    async def _make_city(self) -> None:
        options = (
            "--seed",
            self.state.seed,
            "--homes",
            self.state.homes,
            "--starts-on",
            STARTS_ON,
            "-o",
            self.home / "city.json",
        )
        await run_tool("city", *options)
        write_instances(self.home, instances_of(compile_named(self.state.plan), read_city(self.home / "city.json")))
        write_durably(self.home / "ports.json", json.dumps({"meter": free_port()}))

    async def _write_history(self) -> None:
        await self._history(first_month(self.months).isoformat(), f"{STARTS_ON}T00:00:00+08:00", folder="history")

    async def _hand_over(self) -> None:
        """What the old systems read while ours were set up: from now on the meters are read by ours alone."""
        assert self.clock is not None
        passed = (self.clock.now() - FIRST_MIDNIGHT) // timedelta(hours=1)
        if passed:
            until = FIRST_MIDNIGHT + passed * timedelta(hours=1)
            await self._history(f"{STARTS_ON}T00:00:00+08:00", until.isoformat(), folder="handover")
            await self._import("handover")

    async def _history(self, first: str, last: str, *, folder: str) -> None:
        span = ("--from", first, "--to", last, "--fine-days", 400)
        await run_tool("history", "--city", self.home / "city.json", *span, "-o", self.home / folder)

    async def _import_history(self) -> None:
        await self._import("history")

    async def _import(self, folder: str) -> None:
        assert self.parts is not None
        files = sorted((self.home / folder).glob("*.parquet"))
        if files:
            self.say("demo_file", name=", ".join(file.name for file in files))
            await run_own("import", *map(str, files), "--json", environment=self.parts.environment)

    async def _pay_old_bills(self) -> None:
        site = ("--site", f"http://127.0.0.1:{self.port}", "--logins", self.home / "residents.json")
        await run_tool("payers", *site, "--until-open", 1, "--share", "0.9", "--seed", self.state.seed)

    async def _keep_time(self, stopping: asyncio.Event) -> None:
        while not stopping.is_set():
            if self.clock is not None:
                self.clock.reserve(self.state)
            await pause(1.0, unless=stopping)

    def _tell_where(self) -> None:
        self.say("demo_ready", url=f"http://127.0.0.1:{self.port}")
        logins = json.loads((self.home / "logins.json").read_text(encoding="utf-8"))
        for row in logins:
            sys.stdout.write(
                f"  {row['role_zh' if self.language == 'zh' else 'role_en']:<28} {row['login']:<14} {row['password']}\n"
            )
        self.say("demo_stop")

    def say(self, key: str, **values: object) -> None:
        """One line of progress, with the seconds since the start."""
        text = say(ROOM, key, self.language, **values)
        sys.stdout.write(f"[{monotonic_s() - self._begun:6.1f} s] {text}\n")
        sys.stdout.flush()

    @property
    def home(self) -> Path:
        """Folder of all state."""
        return self.state.home
