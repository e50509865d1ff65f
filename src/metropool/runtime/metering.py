"""What keeps a node that hosts metering going: taking the log in, asking for what is missing, answering the front end."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from metropool.capabilities.metering.collection import ingest, operations, schedules
from metropool.capabilities.metering.collection.index import ChannelIndex, index_of
from metropool.capabilities.metering.frontend import tasks
from metropool.capabilities.metering.frontend.tasks import AddressBook, Answer, Forward, Read, Terminal
from metropool.core.errors import Conflict
from metropool.core.periods import business_date
from metropool.devices.addresses import pack_dlt645, pack_terminal
from metropool.exchange.jetstream import JetStreamLog
from metropool.exchange.ports import LogEntry
from metropool.facts.registry import Registry
from metropool.facts.registry.registry import Row
from metropool.facts.registry.tables import channel, end_device
from metropool.runtime.node import Node
from metropool.runtime.pause import pause
from metropool.runtime.settings import Settings

log = structlog.get_logger()
METERING = "metering"
BATCHES = 64
TASK_S = 60.0
EPOCH_ORDINAL = 719_163
CAN_ASK_S = 0.5


@dataclass
class Known:
    """The registry as the head-end works with it: made anew when devices or channels are added."""

    fingerprint: str = ""
    index: ChannelIndex | None = None
    book: AddressBook = field(default_factory=lambda: AddressBook(terminals=[]))
    names: dict[int, str] = field(default_factory=dict)


@dataclass
class MeteringAttendant:
    """Attends one node that hosts metering."""

    node: Node
    client: Client
    settings: Settings
    known: Known = field(default_factory=Known)
    _asked: dict[int, asyncio.Lock] = field(default_factory=dict)

    async def take_log_in(self) -> None:
        """From the log to the lake, for ever: exactly once by sequence, many batches a commit."""
        name = self.node.system
        source = JetStreamLog(self.client, stream=f"log_{name}", subject=f"log.{name}")
        while True:
            entries = await source.read(limit=BATCHES, wait_s=1.0)
            if entries:
                await self.refresh()
                await self._take_in(entries, stream=f"log_{name}")
                await source.done(entries[-1].sequence)

    async def _take_in(self, entries: Sequence[LogEntry], *, stream: str) -> None:
        index, names = self.known.index, self.known.names
        assert index is not None
        position = await self.node.read(METERING, lambda work: work.collection.position(stream=stream))
        fresh = [entry for entry in entries if entry.sequence > position]
        readings = [(entry.sequence, entry.data) for entry in fresh if entry.part != "events"]
        events = [event for entry in fresh if entry.part == "events" for event in tasks.decode_events(entry.data)]
        if not fresh:
            return
        planned = await self.node.read(METERING, lambda work: work.collection.schedules())
        prepared = await asyncio.to_thread(ingest.prepare, readings, index=index, schedules=planned) if readings else None
        files = await asyncio.to_thread(ingest.write, prepared, lake=self.node.lake) if prepared else []

        def commit(work):  # type: ignore[no-untyped-def]
            if prepared is not None:
                ingest.commit(work=work, prepared=prepared, files=files, stream=stream)
            operations.record_events(work=work, events=events, names=names)
            work.collection.set_position(stream=stream, sequence=fresh[-1].sequence)
            work.changed("readings")
            work.changed("collection")

        try:
            await self.node.write(METERING, commit)
        except Conflict as repeated:
            log.warning("log batch not taken in again", reason=str(repeated))

    async def collect(self) -> None:
        """Plan days and ask for what is missing, for ever."""
        await self._start_schedules()
        while True:
            if not await self._collect_once():
                await pause(CAN_ASK_S)

    async def _collect_once(self) -> int:
        """Ask for what is due and note how it went; returns how many reads that took."""
        await self.refresh()
        index, fingerprint = self.known.index, self.known.fingerprint
        assert index is not None
        await self.node.write(METERING, lambda work: operations.plan_days(work=work, index=index, fingerprint=fingerprint))
        reads = await self.node.write(METERING, lambda work: operations.due_reads(work=work, index=index))
        answers = await asyncio.gather(*(self._ask_in_turn(read) for read in reads))
        pairs = list(zip(reads, answers, strict=True))
        if pairs:
            await self.node.write(METERING, lambda work: operations.record_answers(work=work, answers=pairs))
        return len(pairs)

    async def _start_schedules(self) -> None:
        def start(work):  # type: ignore[no-untyped-def]
            if not work.collection.schedules():
                now = work.now
                today = business_date(now).toordinal() - EPOCH_ORDINAL
                work.collection.set_schedules(schedules.standard_schedules(first_day=today, now_s=int(now.timestamp())))

        await self.node.write(METERING, start)

    async def _ask_in_turn(self, task: Read | Forward) -> Answer:
        """One task at a time for each terminal: it has one line to its meters."""
        async with self._asked.setdefault(task.terminal, asyncio.Lock()):
            return await self.carry_out(task)

    async def carry_out(self, task: Read | Forward) -> Answer:
        """Have the front end do a task; ``unreachable`` when it does not answer, ``lost`` when nobody knows."""
        now_ms = int(self.node.clock.now().timestamp() * 1000)
        try:
            answer = await self.client.request(f"frontend.{self.node.system}.do.task", tasks.encode(task), timeout=TASK_S)
            return tasks.decode_answer(answer.data)
        except TimeoutError:
            return Answer(task=task.id, result="lost", at=now_ms, detail="the front end did not say how it went")
        except (NatsError, OSError) as reason:
            return Answer(task=task.id, result="unreachable", at=now_ms, detail=str(reason) or type(reason).__name__)

    async def answer_front_end(self) -> None:
        """Tell the front end who exists; hear how they stand."""
        prefix = f"frontend.{self.node.system}.ask"

        async def heard(message: Msg) -> None:
            if message.subject == f"{prefix}.book":
                await self.refresh()
                await self.client.publish(message.reply, tasks.encode(self.known.book))
            elif message.subject == f"{prefix}.contacts":
                contacts = tasks.decode_contacts(message.data)
                await self.node.write(METERING, lambda work: operations.record_contacts(work=work, contacts=contacts))
                await self.client.publish(message.reply, b"")

        await self.client.subscribe(f"{prefix}.>", cb=heard)
        await asyncio.Event().wait()

    async def refresh(self) -> None:
        """Look at the registry again when it has grown."""
        fingerprint = await self.node.read(METERING, lambda work: work.collection.fingerprint(channel))
        if fingerprint != self.known.fingerprint:
            self.known = await self.node.read(METERING, lambda work: known_of(work.registry, fingerprint))


def known_of(registry: Registry, fingerprint: str) -> Known:
    """Index, address book and names out of the registry."""
    devices = {row["id"]: row for row in registry.rows(end_device)}
    channels = registry.channels()
    own = dict(_addresses(registry, devices))
    rows = [(address, *_link_of(devices, device, own)) for address, device in own.items()]
    links = pa.table(
        {
            "address": pa.array([row[0] for row in rows], pa.int64()),
            "terminal": pa.array([row[1] for row in rows], pa.int64()),
            "device": pa.array([row[2] for row in rows], pa.string()),
        }
    )
    terminals = [terminal for device in devices.values() if (terminal := _terminal(device)) is not None]
    return Known(fingerprint, index_of(channels, terminal_of_address=links), AddressBook(terminals=terminals), own)


def _addresses(registry: Registry, devices: Mapping[str, Row]) -> list[tuple[int, str]]:
    """Every address values come under, and its device; a terminal's points belong to the terminal."""
    pairs = [(_packed(device), str(name)) for name, device in devices.items() if device["kind"] == "concentrator"]
    pairs += [(row["address"], row["device"]) for row in registry.rows(channel) if row["point"] == 0]
    return list(dict.fromkeys(pairs))


def _link_of(devices: Mapping[str, Row], device: str, own: dict[int, str]) -> tuple[int, str]:
    """Address and device that keep the link a device is reached by: its terminal, or itself."""
    parent = devices[device]["parent"]
    if parent is not None:
        return _packed(devices[str(parent)]), str(parent)
    if devices[device]["kind"] == "concentrator":
        return _packed(devices[device]), device
    return next(address for address, name in own.items() if name == device), device


def _packed(device: Row) -> int:
    settings = device["settings"]
    return pack_terminal(region=str(settings["region"]), terminal=int(str(settings["terminal"])))


def _terminal(device: Row) -> Terminal | None:
    settings = device["settings"]
    if device["kind"] == "concentrator":
        return Terminal(address=_packed(device))
    if settings.get("transport") == "tcp" and settings.get("port"):
        host, port = str(settings.get("host") or "127.0.0.1"), int(str(settings["port"]))
        return Terminal(address=pack_dlt645(str(device["address"])), kind="transparent", host=host, port=port)
    return None
