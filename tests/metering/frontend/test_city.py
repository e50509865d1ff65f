"""The city in a box, as separate processes over real sockets, against a whole head-end: by plain links, and sealed through a carrier."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pyarrow as pa
import pytest
from sqlalchemy import select

from cityinabox.carrier.orders import ask
from metropool.access import tables as access_tables
from metropool.capabilities.metering.attendants import Attendants
from metropool.capabilities.metering.capability import METERING
from metropool.capabilities.metering.collection import queries
from metropool.capabilities.metering.control import operations as control
from metropool.capabilities.metering.frontend.sealed.key_file import TerminalKeyFile
from metropool.capabilities.metering.frontend.sealed.links import Sealing
from metropool.capabilities.metering.frontend.server import serve
from metropool.core.clock import ScaledClock
from metropool.core.identifiers import PartyId, RandomIds, SystemId
from metropool.core.quantities import reading_type, reading_types
from metropool.devices.addresses import pack_cjt188, pack_dlt645, pack_terminal
from metropool.exchange.ports import LogEntry
from metropool.facts import commands as command_facts
from metropool.facts import events as event_facts
from metropool.facts import registry as registry_facts
from metropool.facts.commands import Draft
from metropool.runtime.enrol import enrol_metering
from metropool.runtime.ports import free_port
from metropool.runtime.terminal_keys import hand_over
from metropool.runtime.work import Work
from metropool.storage import lake as lake_storage
from metropool.storage.database import open_database
from metropool.storage.lake import Lake
from metropool.storage.units import UnitContext

SPEED = 300
NO_CHANNEL = ("electricity_reverse_register_t1", "electricity_reverse_register_t2")
"""What terminals tell of panels and the registry of the demo has no channels for."""

LEAD_S = 10
"""Machine seconds for everybody to start in, before the clock is at START: today is planned before it is over."""

CHEATS = ("replay", "alter", "swap", "alter_header")
"""What the carrier must have done in both directions before the rest of the test goes on."""

START = "2026-07-01T23:30+08:00"
DAY, FREEZE = datetime.fromisoformat(START).date(), reading_type("electricity_forward_register").id
BOOKS = {"registry": registry_facts.Registry, "events": event_facts.Events, "commands": command_facts.Commands}


@dataclass
class SharedLog:
    """One log in memory: what is appended can be read."""

    entries: list[LogEntry] = field(default_factory=list)
    read_up_to: int = 0
    came: asyncio.Event = field(default_factory=asyncio.Event)

    def part(self, name):
        return PartOfLog(self, name)

    async def read(self, *, limit, wait_s):
        if self.read_up_to == len(self.entries):
            self.came.clear()
            try:
                async with asyncio.timeout(wait_s):
                    await self.came.wait()
            except TimeoutError:
                return []
        return self.entries[self.read_up_to : self.read_up_to + limit]

    async def done(self, sequence):
        self.read_up_to = sequence


@dataclass
class PartOfLog:
    log: SharedLog
    name: str

    async def append(self, batch):
        self.log.entries.append(LogEntry(len(self.log.entries) + 1, self.name, batch))
        self.log.came.set()
        return len(self.log.entries)


class Units:
    """Units of work of metering on a real database."""

    def __init__(self, folder: Path, clock) -> None:
        self.clock, self.lake = clock, Lake(folder / "lake")
        self.database = open_database(f"sqlite:///{folder}", schema="metering")
        books = [registry_facts.metadata, event_facts.metadata, command_facts.metadata, lake_storage.metadata]
        books.append(access_tables.metadata)
        self.database.create([*books, *METERING.tables])

    async def write(self, operation):
        with self.database.unit() as connection:
            return operation(self.work(connection))

    async def read(self, query):
        with self.database.snapshot() as connection:
            return query(self.work(connection))

    def work(self, connection):
        context = UnitContext(connection, self.clock.now(), self.lake, SystemId("metering"), PartyId("grid"), RandomIds())
        return Work(context=context, capability=METERING, rows=(), books=BOOKS, routes={})


def start(*arguments: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": "src"}
    return subprocess.Popen(
        [sys.executable, "-m", "cityinabox.cli", *arguments], stdout=subprocess.PIPE, text=True, env=environment
    )


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    file = tmp_path_factory.mktemp("city") / "city.json"
    assert start("city", "--seed", "7", "--homes", "8", "-o", str(file)).wait(30) == 0
    return file


@pytest.mark.timeout(300)
def test_what_the_city_says_was_acknowledged_is_in_the_lake_and_a_valve_closes(city, tmp_path):
    asyncio.run(live_with(PlainField(city, tmp_path)))


@pytest.mark.timeout(300)
def test_the_same_sealed_through_a_carrier_that_cheats_and_reads_nothing(city, tmp_path):
    asyncio.run(live_with(SealedField(city, tmp_path)))


class PlainField:
    """The devices of the city and how they reach the head-end: by plain links, as their registry rows say."""

    def __init__(self, city: Path, folder: Path) -> None:
        self.city, self.folder, self.told = city, folder, json.loads(city.read_text())
        anchor = time.time() + LEAD_S
        self.clock = ScaledClock(datetime.fromisoformat(START).astimezone(UTC), SPEED, anchor)
        self.options = ["--city", str(city), "--clock", f"{START}@{SPEED}/{anchor}"]
        self.running = []

    sealing = None

    def start_meter(self):
        """The plain meter; gives the port it is dialled at."""
        return self._start("meter645", "--home", str(self.folder / "m"), *self.options)["port"]

    def rows(self, port):
        """Registry rows of the devices."""
        return plain_rows(self.told, port)

    def give_keys(self, book):
        """Nothing to give."""

    def start_concentrators(self, port, *options):
        head_end = ("--head-end", f"127.0.0.1:{port}", "--confirm-timeout", "1", "--home", str(self.folder / "c"))
        self._start("concentrators", *head_end, *self.options, *options)

    async def cheat(self):
        """Nobody does."""

    async def check(self, units, record, server):
        assert server.hub.counts["sealed_opened"] == 0

    def record(self):
        """What the devices say happened."""
        return [json.loads(line) for line in (self.folder / "c" / "record.jsonl").read_text().splitlines()]

    async def has_told_supplies(self):
        wanted = {row["id"] for row in self.told["devices"] if row.get("switches_supply") is False}
        return wanted <= {row.get("device") for row in self.record()}

    def stop(self):
        for process in reversed(self.running):
            process.send_signal(signal.SIGTERM)
            process.wait(10)

    def _start(self, *arguments):
        process = start(*arguments)
        self.running.append(process)
        return json.loads(process.stdout.readline())


class SealedField(PlainField):
    """Through a carrier, each link sealed with its terminal's own key."""

    def __init__(self, city, folder):
        super().__init__(city, folder)
        (folder / "m").mkdir()
        self.keys, self.given = TerminalKeyFile(folder / "keys", master=bytes(32), random=os.urandom), folder / "given.json"
        self.sealing = Sealing(self.keys, os.urandom)

    def start_meter(self):
        port, self.meter_port = free_port(), free_port()
        route = f"{port}=127.0.0.1:{self.meter_port}"
        self.meter_door = self._start("carrier", "--home", str(self.folder / "kept-m"), "--down", route)["door"]
        return port

    def rows(self, port):
        return [{name: value for name, value in row.items() if name != "link"} for row in super().rows(port)]

    def give_keys(self, book):
        hand_over(self.keys.draw([terminal.address for terminal in book.terminals], at=START), to=self.given)

    def start_concentrators(self, port, *options):
        keys = ("--keys", str(self.given))
        self._start("meter645", "--home", str(self.folder / "m"), "--listen", str(self.meter_port), *self.options, *keys)
        carrier = self._start("carrier", "--home", str(self.folder / "kept"), "--up", f"0=127.0.0.1:{port}")
        self.door = carrier["door"]
        super().start_concentrators(carrier["ports"][0], *keys)

    async def cheat(self):
        """Every trouble once in each direction, while frames and reports go by; then none, so that what follows can be told from it."""
        for way in ("up", "down"):
            await ask("127.0.0.1", self.meter_door, {"do": "replay", "direction": way})
        for do in ("replay", "alter", "swap", "alter_header", "other", "delay", "old", "drop"):
            for way in ("up", "down"):
                await ask("127.0.0.1", self.door, {"do": do, "direction": way, "seconds": 0.3})
        await wait_for(self.has_cheated, True, 60.0)
        await ask("127.0.0.1", self.door, {"do": "calm"})

    async def has_cheated(self):
        done = (await ask("127.0.0.1", self.door, {"do": "counts"}))["done"]
        return all(done.get(do, 0) >= 2 for do in CHEATS)

    async def check(self, units, record, server):
        told = await ask("127.0.0.1", self.door, {"do": "counts"})
        assert set(CHEATS) <= set(told["done"])
        counts = server.hub.counts
        assert counts["sealed_opened"] > 20
        assert all(counts[f"sealed_{reason}"] for reason in ("repeated", "altered", "bad_header"))
        await wait_for(self._has_cheated_meter, True, 60.0)
        await wait_for(lambda: self._is_audited(units, server), True, 60.0)
        refused = self._refused()
        assert {"repeated", "altered", "bad_header"} <= {reason for _, reason in refused}, (
            "the terminals refuse what is not for them either"
        )
        assert [who for who, _ in refused if who == self._direct["id"]], "so does the modem before the direct meter"
        self._check_kept()

    async def _has_cheated_meter(self):
        return (await ask("127.0.0.1", self.meter_door, {"do": "counts"}))["done"] == {"replay": 2}

    async def _is_audited(self, units, server):
        """Every refusal is in the audit, as often as there was one: those of the front end, and those on the terminals' own records."""
        rows = await units.read(audit_rows)
        told = {(row["on"], row["report"], row["reason"]): row["count"] for row in rows if row["by"] == "terminal"}
        there, here = Counter(), Counter()
        for (who, _, reason), count in told.items():
            there[who, reason] += count
        for row in rows:
            here[row["reason"]] += row["count"] if row["by"] == "front_end" else 0
        counted = {reason: server.hub.counts[f"sealed_{reason}"] for reason in here}
        return there == self._refused() and here == counted and here.total() == server.hub.counts["sealed_refused"]

    def _refused(self):
        """How often each device refused for which reason, by the records of the devices themselves."""
        rows = self.record() + [json.loads(line) for line in (self.folder / "m" / f"{self._direct['id']}.jsonl").open()]
        names = {self._direct["address"]: self._direct["id"]}
        return Counter((names.get(row["terminal"], row["terminal"]), row["reason"]) for row in rows if row["how"] == "refused")

    @property
    def _direct(self):
        return next(row for row in self.told["devices"] if row.get("transport") == "tcp")

    def _check_kept(self):
        """No address of a device, and no register told, in what the carrier kept; neither as it is nor with 33H added."""
        kept = b"".join(path.read_bytes() for name in ("kept", "kept-m") for path in (self.folder / name).iterdir())
        secrets = {bytes.fromhex(row["address"].zfill(12))[::-1] for row in self.told["devices"] if row["service"]}
        values = {row["value"] for row in self.record() if row["how"] == "push" and row["value"] > 1_000_000}
        secrets |= {bytes.fromhex(f"{value // 100:08d}"[-8:])[::-1] for value in values if value < 10**10}
        assert len(kept) > 4_000
        assert len(secrets) > 20
        # Four bytes of so much noise are found by chance once in 2^32 / len(kept) looks; six never.
        found = [secret for secret in secrets if secret in kept or bytes((byte + 0x33) % 256 for byte in secret) in kept]
        assert len(found) <= 1


def audit_rows(work):
    assert work.audit.first_bad() is None
    c = access_tables.audit.c
    query = select(c.object, c.details).where(c.action == "link.sealed")
    return [{"on": on, **json.loads(text)} for on, text in work.context.connection.execute(query)]


def enrol_plain(work, told, port):
    """Enrol a city whose devices speak by plain links; the plain meter is dialled at the port."""
    enrol_metering(work.registry, told | {"devices": plain_rows(told, port)})


def plain_rows(told, port):
    """Registry rows of devices that speak by plain links."""
    tcp = {"host": "127.0.0.1", "port": port}
    return [row | {"link": "plain"} | (tcp if row.get("transport") == "tcp" else {}) for row in told["devices"]]


async def live_with(field: PlainField) -> None:
    port = field.start_meter()
    units, log = Units(field.folder, field.clock), SharedLog()
    field.told["devices"] = field.rows(port)
    await units.write(lambda work: enrol_metering(work.registry, field.told))
    book = await units.read(lambda work: work.collection.address_book(heartbeat_s=60))
    field.give_keys(book)
    logs = {"log": log.part("readings"), "event_log": log.part("events")}
    server = await serve(host="127.0.0.1", port=0, clock=field.clock, **logs, sealing=field.sealing)
    attendants = Attendants(units, server)
    await server.introduce(book)
    field.start_concentrators(server.port)
    loops = [asyncio.create_task(loop) for loop in (attendants.take_log_in(log), attendants.collect(), attendants.command())]
    try:
        await asyncio.sleep(3)
        await field.cheat()
        await asyncio.sleep(3)
        await wait_for(lambda: is_connected(server), True, 30.0)
        command = await close_a_valve(units, attendants, field.told)
        await wait_for(lambda: outcome(units, command.id), "done", 30.0)
        await wait_for(lambda: is_collected(units), True, 180.0)
        await wait_for(field.has_told_supplies, True, 30.0)
        record = field.record()
        await server.hub.drain()
        await server.hub.tell_refusals()
        await asyncio.sleep(1.5)
        await field.check(units, record, server)
    finally:
        field.stop()
        await server.hub.drain()
        await asyncio.sleep(1.5)
        for loop in loops:
            loop.cancel()
        ended = await asyncio.gather(*loops, return_exceptions=True)
        await server.close()
    assert [each for each in ended if not isinstance(each, asyncio.CancelledError)] == []
    await check(units, [row for row in field.record() if row["how"] in ("push", "poll")], field.told)


async def close_a_valve(units, attendants, told):
    water = next(row["id"] for row in told["devices"] if row.get("service") == "water")
    now = units.clock.now()
    draft = Draft(device=water, kind="close_valve", reason="leak", requested_by="li", expires_at=now + timedelta(hours=6))
    command = await units.write(lambda work: control.order(work=work, draft=draft, key="k"))
    await units.write(lambda work: control.approve(work=work, id=command.id, by="wang"))
    attendants.ordered.set()
    return command


async def is_collected(units):
    """The day's freezes and the month's, but for a few meters that may stay silent."""
    june_30 = DAY - timedelta(days=1)
    wanted = ((DAY, FREEZE, 2), (june_30, reading_type("electricity_forward_month_register").id, 3))
    for day, item, silent in wanted:
        rates = await units.read(partial(rates_of, first=day, last=day, item=item))
        if [rate.rate.collected >= rate.rate.planned - silent for rate in rates] != [True]:
            return False
    return True


def rates_of(work, **wanted):
    return queries.day_rates(work=work, **wanted)


async def is_connected(server):
    return all(server.hub.roster.link_of(address.address) for address in server.hub.roster.terminals.values())


async def outcome(units, id):
    return await units.read(lambda work: work.commands.get(id=id).outcome)


async def wait_for(ask, wanted, seconds=15.0):
    async with asyncio.timeout(seconds):
        while await ask() != wanted:  # noqa: ASYNC110 - a database has no event to wait for
            await asyncio.sleep(0.2)


async def check(units, record, told):
    """Everything the devices count as acknowledged is in the lake, at its instant, with its value."""
    pushed = [row for row in record if row["how"] == "push" and row["item"] in reading_types() and row["item"] not in NO_CHANNEL]
    lake = await units.read(stored)
    assert len(pushed) > 100
    missing = [row for row in pushed if key_of(row, told) not in lake]
    assert missing == []
    assert len({key[:4] for key in lake}) == len(lake), "one value for one register and instant"
    items = {item for _, _, item, _, _ in lake}
    assert {reading_type(code).id for code in ("electricity_forward_register", "electricity_forward_profile_register")} <= items
    assert {reading_type(code).id for code in ("water_register", "gas_register")} <= items
    assert {row["device"] for row in record if "supply" in row["device"]} == {
        row["id"] for row in told["devices"] if row["id"].startswith("meter-supply-")
    }
    tcp = next(row for row in told["devices"] if row.get("transport") == "tcp")
    assert pack_dlt645(tcp["address"]) in {device for device, *_ in lake}
    unknown = await units.read(lambda work: queries.unknown_devices(work=work))
    assert {row["item"] for row in unknown} <= {reading_type(code).id for code in NO_CHANNEL}
    await check_month(units, record, told, lake)
    steps = await units.read(lambda work: queries.funnel(work=work, item=FREEZE, day=DAY))
    assert steps.planned >= steps.reached >= steps.read >= steps.stored > 0


async def check_month(units, record, told, lake):
    """June's registers came by their own schedule: F177, the settlement of the direct meter, that of water and gas."""
    month = [row for row in record if row["item"] == "electricity_forward_month_register"]
    assert len(month) >= 5
    assert [row for row in month if key_of(row, told) not in lake] == []
    june_30 = datetime.fromisoformat(START).date() - timedelta(days=1)
    rates = await units.read(lambda work: queries.day_rates(work=work, first=june_30, last=june_30))
    found = {rate.item: (rate.rate.planned, rate.rate.collected) for rate in rates}
    planned, collected = found[reading_type("electricity_forward_month_register").id]
    assert planned == 11
    assert collected >= planned - 3, "three meters may stay silent"
    for code in ("water_settlement_register", "gas_settlement_register"):
        assert found[reading_type(code).id] == (9, 9)


def stored(work):
    index, _ = work.collection.index()
    rows = work.lake.read(work.lake.files(work.context.connection, table="readings"))
    assert isinstance(rows, pa.Table)
    channel = rows["channel"].to_numpy()
    columns = (index.address_of[channel], index.point_of[channel], index.item_of[channel], rows["at"], rows["value"])
    return set(zip(*(column.tolist() if hasattr(column, "tolist") else column.to_pylist() for column in columns), strict=True))


def key_of(row, told):
    devices = {device["id"]: device for device in told["devices"]}
    device, terminal = devices[row["device"]], devices[row["terminal"]]
    item = reading_type(row["item"]).id
    if row["point"]:
        address = pack_terminal(region=terminal["region"], terminal=int(terminal["terminal"]))
        return address, row["point"], item, row["at"], row["value"]
    return pack_cjt188(device["address"], meter_type=int(device["meter_type"], 16)), 0, item, row["at"], row["value"]
