"""A small real city for the live path: each part a process of its own, killed and started again by the test."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from queue import Queue
from threading import Thread

import httpx
from sqlalchemy import select

from metropool.capabilities.metering.sealing.due import is_behind
from metropool.capabilities.metering.sealing.operations import next_day
from metropool.core.identifiers import SystemId
from metropool.core.periods import business_date
from metropool.exchange.outbox import Outbox, inbox, outbox
from metropool.runtime.demo.setup import FIELD_KEYS, Setup
from metropool.runtime.node import Node
from metropool.runtime.ports import free_port
from metropool.runtime.settings import Settings
from metropool.runtime.systems import compile_named, open_node
from metropool.runtime.tied import tied

SOURCE, TESTS = Path(__file__).parents[3] / "src", Path(__file__).parents[2]
BEGINS = "2026-07-01T20:00:00+08:00"
NO_FAULTS = "2026-08-01"
METERING, PLATFORM = SystemId("metering"), SystemId("smart_use_platform")


def listens(port: int) -> bool:
    """Whether somebody takes connections on a port of this machine."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def until(question: Callable[[], bool], what: str, *, patience_s: float = 60, every_s: float = 0.05) -> None:
    """Ask until the answer is yes; fail with what was waited for."""
    deadline = time.monotonic() + patience_s
    while not question():
        assert time.monotonic() < deadline, f"{what}: not within {patience_s:.0f} s"
        time.sleep(every_s)


class Keeper:
    """The cradle that all others come out of (``launch``); their ends are known as they happen."""

    def __init__(self, *, arms: Path) -> None:
        arms.mkdir(exist_ok=True)
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(SOURCE), str(TESTS)))}
        command = tied((sys.executable, "-m", "metering.kills.launch", str(arms)), by=signal.SIGKILL)
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment, cwd=arms
        )
        self._environment = environment
        self.ended: dict[int, int] = {}
        self._pids: Queue[int] = Queue()
        Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            told = json.loads(line)
            if "ended" in told:
                self.ended[told["ended"]] = told["status"]
            else:
                self._pids.put(told["born"])

    def fork(self, arguments: Sequence[str], *, environment: Mapping[str, str], log: Path) -> int:
        """Start a program; its process id."""
        assert self._process.stdin is not None
        order = {"arguments": arguments, "environment": {**self._environment, **environment}, "log": str(log)}
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return self._pids.get(timeout=60)

    def close(self) -> None:
        """End it, and with it what still runs."""
        self._process.kill()
        self._process.wait(10)


@dataclass
class Part:
    """One process of the city.

    Attributes:
        arguments: MODULE and what follows, for ``launch``.
        port: Where it listens once it is ready.
        arms: Folder in which places are armed.
        kills: How often it was killed.
    """

    name: str
    arguments: tuple[str, ...]
    port: int
    arms: Path
    log: Path
    environment: dict[str, str]
    keeper: Keeper
    pid: int = 0
    kills: int = 0

    def start(self) -> None:
        """Start it, without waiting for it."""
        self.pid = self.keeper.fork(self.arguments, environment=self.environment, log=self.log)

    @property
    def status(self) -> int | None:
        """How it ended; None while it runs."""
        return self.keeper.ended.get(self.pid)

    def ready(self) -> None:
        """Wait until it listens."""
        until(lambda: listens(self.port) or self.status is not None, f"{self.name} listens")
        assert self.status is None, f"{self.name} ended by itself with {self.status}: see {self.log}"

    def kill(self) -> None:
        """kill -9."""
        assert self.status is None, f"{self.name} ended by itself with {self.status}: see {self.log}"
        os.kill(self.pid, signal.SIGKILL)
        until(lambda: self.status is not None, f"{self.name} is gone", every_s=0.01)
        self.kills += 1

    def arm(self, place: str) -> None:
        """Let it die when it next comes to a place."""
        (self.arms / place).touch()

    def died_at(self, place: str, *, patience_s: float = 45) -> None:
        """Wait until it died at the place that was armed."""
        until(lambda: self.status is not None, f"{self.name} comes to {place}", patience_s=patience_s, every_s=0.02)
        assert self.status == -signal.SIGKILL, f"{self.name} ended by itself with {self.status}: see {self.log}"
        assert not (self.arms / place).exists(), f"{self.name} died elsewhere than at {place}"
        self.kills += 1

    def stop(self) -> None:
        """SIGTERM, as an operator stops it."""
        if self.status is None:
            os.kill(self.pid, signal.SIGTERM)
            until(lambda: self.status is not None, f"{self.name} stops", patience_s=15)


@dataclass
class City:
    """The parts and the books of a city under one home.

    Attributes:
        seed, homes: Of the city file.
        speed: Business seconds per machine second.
        beside: Folder for what is not the product's: the simulation's home and record, logs, armed places.
    """

    home: Path
    seed: int = 7
    homes: int = 2
    speed: float = 1200.0
    begins: str = BEGINS
    beside: Path | None = None
    parts: dict[str, Part] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder = self.beside or self.home.parent / f"{self.home.name}-beside"
        self.box, self.logs, self.arms = (self.folder / name for name in ("box", "logs", "arms"))
        for folder in (self.box, self.logs, self.arms):
            folder.mkdir(parents=True, exist_ok=True)
        self.keeper = Keeper(arms=self.arms)
        self._set_clock()
        self.ports = {name: free_port() for name in ("broker", "metering", "frontend", "platform")}

    def enrol(self) -> None:
        """Make the city file and fill the registries and logins, before anything runs."""
        self.home.mkdir(parents=True, exist_ok=True)
        city = (
            "city",
            "--seed",
            str(self.seed),
            "--homes",
            str(self.homes),
            "--starts-on",
            NO_FAULTS,
            "-o",
            str(self.home / "city.json"),
        )
        environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
        subprocess.run([sys.executable, "-m", "cityinabox.cli", *city], check=True, env=environment, capture_output=True)
        (self.home / "ports.json").write_text(json.dumps({"meter": free_port()}), encoding="utf-8")
        setup = Setup(home=self.home, environment={"METROPOOL_CLOCK": self.clock, "METROPOOL_PLAN": "transition"}, months=1)
        asyncio.run(setup.enrol())

    def start(self, *, field: bool = True) -> None:
        """Start the clock and the systems' parts; with ``field`` the front end and the concentrators too."""
        self.start_broker()
        served = {"metering": "metering", "platform": "smart_use_platform"} | ({"frontend": "metering:frontend"} if field else {})
        for name, what in served.items():
            self.serve(name, what)
        for name in served:
            self.parts[name].ready()
        if field:
            self.start_field()

    def start_broker(self) -> None:
        """Start the clock and the broker by itself."""
        self._set_clock()
        self._add("broker", ("broker", str(self.home), str(self.ports["broker"]))).ready()

    def serve(self, name: str, what: str, *, notes: Path | None = None) -> None:
        """Start ``metropool serve WHAT`` without waiting for it; with ``notes``, what it opens is noted there."""
        part = self._add(name, ("product", "serve", *([what] if what else [])), notes=notes)
        self.ports[name] = part.port

    def _set_clock(self) -> None:
        self.anchor_s = time.time()
        self.clock = f"{self.begins}@{self.speed:g}/{self.anchor_s:.3f}"

    def now(self) -> str:
        """The business instant, as ``begins`` is given."""
        passed = timedelta(seconds=(time.time() - self.anchor_s) * self.speed)
        return (datetime.fromisoformat(self.begins) + passed).isoformat()

    def start_field(self) -> None:
        """Start the concentrators: what they record as confirmed is what must be found."""
        head_end = ("--head-end", f"127.0.0.1:{self.ports['frontend']}", "--heartbeat", "2", "--confirm-timeout", "3")
        keys = ("--keys", str(self.home / FIELD_KEYS))
        box = ("--city", str(self.home / "city.json"), "--home", str(self.box), "--clock", self.clock, *keys)
        self._add("field", ("city", "concentrators", *box, *head_end))

    def _add(self, name: str, arguments: tuple[str, ...], *, notes: Path | None = None) -> Part:
        port = self.ports.get(name) or free_port()
        environment = {
            "METROPOOL_HOME": str(self.home),
            "METROPOOL_CLOCK": self.clock,
            "METROPOOL_PORT": str(port),
            "METROPOOL_FIELD_PORT": str(self.ports["frontend"]),
            "METROPOOL_DEMO": "1",
        }
        log = self.logs / f"{name}.log"
        environment |= {"NOTES": str(notes)} if notes else {}
        part = Part(name, arguments, port, self.arms, log, environment, self.keeper)
        self.parts[name] = part
        part.start()
        return part

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """All processes stand still, the field first: what it recorded as confirmed had been confirmed by the others."""
        pids = [pid for name in ("field", "frontend", "metering", "platform", "broker") for pid in self._pids_of(name)]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
            until(lambda pid=pid: is_stopped(pid), f"{pid} stands still", every_s=0.002)
        try:
            yield
        finally:
            for pid in reversed(pids):
                os.kill(pid, signal.SIGCONT)

    def _pids_of(self, name: str) -> list[int]:
        if name not in self.parts:
            return []
        pid = self.parts[name].pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
        return [pid, *map(int, children)]

    def kill_broker(self) -> None:
        """kill -9 nats-server itself; its keeper starts it again."""
        keeper = self.parts["broker"]
        _, child = self._pids_of("broker")
        os.kill(child, signal.SIGKILL)
        keeper.kills += 1
        until(lambda: not listens(keeper.port), "the broker is gone", every_s=0.005)
        keeper.ready()

    def record(self) -> list[dict[str, object]]:
        """The simulator's own record: what it was told is kept (``push``) and what it handed over (``poll``)."""
        path = self.box / "record.jsonl"
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []

    def stop(self) -> None:
        """Stop what runs, the field first."""
        try:
            for part in reversed(self.parts.values()):
                part.stop()
        finally:
            self.keeper.close()

    @contextmanager
    def books(self, system: SystemId) -> Iterator[Node]:
        """The books of one system, opened beside whoever runs it."""
        node = open_node(system, compiled=compile_named("transition"), settings=Settings(home=self.home, clock=self.clock))
        try:
            yield node
        finally:
            node.close()

    def drain(self, *, patience_s: float = 60) -> None:
        """Wait until the log is taken in, closed days are sealed, and every letter was sent and heard."""
        with self.books(METERING) as metering, self.books(PLATFORM) as platform:
            until(lambda: self._is_taken_in(metering), "the log is taken in", patience_s=patience_s, every_s=0.3)
            until(lambda: is_sealed(metering), "closed days are sealed", patience_s=patience_s, every_s=0.3)
            until(lambda: is_heard(metering, platform), "every letter is heard", patience_s=patience_s, every_s=0.3)

    def settle(self) -> None:
        """Drain, and stop metering at a moment at which nothing it said is on its way: its clock goes on saying things."""
        for _ in range(10):
            self.drain()
            self.parts["metering"].stop()
            with self.books(METERING) as metering, self.books(PLATFORM) as platform:
                if is_heard(metering, platform):
                    return
            self.parts["metering"].start()
            self.parts["metering"].ready()
        raise AssertionError("metering never fell silent")

    def _is_taken_in(self, metering: Node) -> bool:
        with suppress(OSError, TimeoutError, AssertionError):
            kept = asyncio.run(last_sequence(self))
            return kept == position(metering)
        return False

    def get(self, name: str, path: str, **options: object) -> httpx.Response:
        """A page of a part."""
        return httpx.get(f"http://127.0.0.1:{self.ports[name]}{path}", trust_env=False, timeout=10, **options)


def is_stopped(pid: int) -> bool:
    """Whether no thread of a process runs or is in the kernel any more."""
    states = (task.joinpath("stat").read_text().rsplit(")", 1)[1].split()[0] for task in Path(f"/proc/{pid}/task").iterdir())
    return all(state == "T" for state in states)


def position(metering: Node) -> int:
    """The last sequence of the log that is in effect."""
    found: int = metering.read_now("metering", lambda work: work.collection.position(stream="log_metering"))
    return found


async def last_sequence(city: City) -> int:
    """The last sequence that the log keeps, as the provisioning user sees it."""
    import nats

    from metropool.plan.broker import provisioner_of
    from metropool.runtime.broker import seed_of

    user = provisioner_of("metering")
    seed = seed_of(city.home, account="metering", user=user)
    url = f"nats://127.0.0.1:{city.ports['broker']}"
    client = await nats.connect(url, nkeys_seed_str=seed, inbox_prefix=f"reply.{user}".encode(), allow_reconnect=False)
    try:
        answer = await client.request("$JS.API.STREAM.INFO.log_metering", b"", timeout=5)
        return int(json.loads(answer.data)["state"]["last_seq"])
    finally:
        await client.close()


def is_sealed(metering: Node) -> bool:
    """Whether no closed day waits for sealing, or will after a while."""

    def waits(work: object) -> bool:
        due, newest = next_day(work=work), work.sealing.days_with_readings()
        closed = [(date.fromisoformat(day), row) for day, row in work.sealing.sealed().items() if row["holes"] >= 0]
        is_due = due is not None and due < business_date(work.now)
        return is_due or any(is_behind(day=day, row=row, newest=newest) for day, row in closed)

    return not metering.read_now("metering", waits)


def is_heard(metering: Node, platform: Node) -> bool:
    """Whether every letter of metering was receipted, and the platform took in those that are for it."""
    with metering.database.snapshot() as connection:
        waiting = Outbox(connection).waiting()
        said = set(connection.execute(select(outbox.c.id).where(outbox.c.receiver == PLATFORM)).scalars())
    with platform.database.snapshot() as connection:
        heard = set(connection.execute(select(inbox.c.id).where(inbox.c.sender == METERING)).scalars())
    return not waiting and said <= heard


__all__ = ["METERING", "PLATFORM", "City", "Part", "free_port", "is_heard", "last_sequence", "listens", "position", "until"]
