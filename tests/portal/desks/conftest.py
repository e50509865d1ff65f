"""A small city at work: enrolled, two days of readings taken in, the first of them sealed."""

import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from cityinabox.city import make_city
from metropool.capabilities.metering.capability import METERING
from metropool.capabilities.metering.collection import ingest
from metropool.capabilities.metering.collection import operations as collection
from metropool.capabilities.metering.collection.model import day_number
from metropool.capabilities.metering.collection.schedules import standard_schedules
from metropool.capabilities.metering.frontend.tasks import Contact
from metropool.capabilities.metering.sealing import operations as sealing
from metropool.core.clock import VirtualClock
from metropool.core.identifiers import PartyId, SeededIds, SystemId
from metropool.core.quantities import reading_type
from metropool.facts.events import EndDeviceEvent
from metropool.facts.readings.schemas import MEASURED
from metropool.facts.registry.tables import channel
from metropool.runtime.capabilities import BOOKS, TABLES
from metropool.runtime.enrol import enrol_metering
from metropool.runtime.node import Hosted, Node
from metropool.storage.database import open_database
from metropool.storage.lake import Lake

DAY = date(2026, 7, 1)
MIDNIGHT = int(datetime(2026, 6, 30, 16, tzinfo=UTC).timestamp())
NOW = datetime(2026, 7, 2, 2, 6, tzinfo=UTC)
NOW_S = int(NOW.timestamp())
LAST_S = NOW_S - NOW_S % 900
HOMES = 8
DEAD = "meter-electricity-0008"
FALLING = "meter-electricity-0007"
NEVER = "meter-gas-0003"
SUPPLIES = 40
"""Supply meters count 0.4 m3 an hour: the homes use 36 hundredths of water, so a tenth is lost."""
PROFILE, DAILY = reading_type("electricity_forward_profile_register").id, reading_type("electricity_forward_register").id
RELAY, WATER, GAS = (reading_type(code).id for code in ("electricity_relay_state", "water_register", "gas_register"))
MONTH = reading_type("electricity_forward_month_register").id
STATES = {"meter-electricity-0002": 1}


@dataclass
class Station:
    """The node, and what desks are asked on it."""

    node: Node

    def ask(self, desk, query):
        return self.node.read_now("metering", lambda work: query(desk(work)))

    def do(self, desk, operation):
        return self.node.write_now("metering", lambda work: operation(desk(work)))[0]


def make_node(folder: Path, capability, system: str, *, seed: int = 1) -> Node:
    return Node(
        system=SystemId(system),
        party=PartyId("grid"),
        database=open_database(f"sqlite:///{folder / system}", schema=system),
        lake=Lake(root=folder / system / "lake"),
        clock=VirtualClock(NOW),
        ids=SeededIds(seed),
        hosted={capability.name: Hosted(capability=capability, rows=())},
        routes={},
        books=BOOKS,
        tables=TABLES,
    )


@pytest.fixture(scope="session")
def city_at_work(tmp_path_factory):
    """The folder of homes whose meter n uses n x 0.01 kWh a quarter hour and n x 0.01 m3 an hour; some of them with troubles."""
    folder = tmp_path_factory.mktemp("metering")
    node = make_node(folder, METERING, "metering")
    fill(node)
    node.close()
    return folder


@pytest.fixture(scope="module")
def station(city_at_work, tmp_path_factory):
    """The city, for tests that look."""
    with copied(city_at_work, tmp_path_factory.mktemp("station") / "state") as made:
        yield made


@pytest.fixture
def fresh_station(city_at_work, tmp_path):
    """The same city, for tests that change it."""
    with copied(city_at_work, tmp_path / "state") as made:
        yield made


@contextmanager
def copied(city: Path, folder: Path):
    """A station of one's own; it draws other identifiers than those the city was made with."""
    shutil.copytree(city, folder)
    node = make_node(folder, METERING, "metering", seed=2)
    yield Station(node)
    node.close()


def fill(node: Node) -> None:
    """Enrol, plan, take readings in, seal."""
    city = without_heat(make_city(7, HOMES).as_dict())
    node.write_now("metering", lambda work: enrol_metering(work.registry, city))
    schedules = standard_schedules(first_day=day_number(DAY), now_s=MIDNIGHT)
    node.write_now("metering", lambda work: work.collection.set_schedules(schedules))
    node.write_now("metering", lambda work: collection.plan_days(work=work))
    index, channels = node.read_now("metering", lambda work: (work.collection.index()[0], work.registry.rows(channel)))
    batch = batch_of([series for row in channels for series in series_of(row)])
    by_item = {schedule.item: schedule for schedule in schedules}
    prepared = ingest.prepare([(1, batch)], index=index, schedules=by_item)
    files = ingest.write(prepared, lake=node.lake)
    node.write_now("metering", lambda work: ingest.commit(work=work, prepared=prepared, files=files, stream="log"))
    for _ in range(2):
        ready = node.read_now("metering", lambda work: sealing.prepare(work=work))
        node.write_now("metering", lambda work, ready=ready: sealing.commit(work=work, prepared=ready))
    assert ready.day == DAY
    node.write_now("metering", lambda work: tell(work, index))


def without_heat(city):
    """The city as it is without district heating: there is a service that nobody is supplied with."""
    keep = {name: [row for row in rows if "heat" not in str(row)] for name, rows in city.items() if isinstance(rows, list)}
    return {**city, **keep}


def tell(work, index) -> None:
    """The terminal is online; it told of a power failure last night, and of a change of parameters."""
    number = int(index.terminals[index.terminal_devices.index("terminal-1")])
    contact = Contact(terminal=number, state="online", since=MIDNIGHT * 1000, last_heard_at=NOW_S * 1000)
    collection.record_contacts(work=work, contacts=[contact])
    told = [("erc_14", NOW_S - 7200), ("erc_3", NOW_S - 3600)]
    work.events.add([EndDeviceEvent(device="terminal-1", code=code, at=at, received_at=at * 1000) for code, at in told])


def number_of(row) -> int:
    return SUPPLIES if row["device"].startswith("meter-supply-") else int(row["device"].rsplit("-", 1)[1])


def series_of(row):
    """(address, point, item, instants, values) of a channel."""
    n, item = number_of(row), row["reading_type"]
    where = (row["address"], row["point"], item)
    if row["device"] == NEVER:
        return []
    if item == PROFILE:
        at = np.arange(MIDNIGHT, LAST_S + 1, 900)
        if row["device"] == DEAD:
            at = at[at <= MIDNIGHT + 4 * 3600]
        return [(*where, at, register(row, at))]
    if item in (DAILY, MONTH) and row["point"]:
        held = {DAILY: 2, MONTH: 1}[item] - (row["device"] == DEAD)
        at = np.array([MIDNIGHT, MIDNIGHT + 86_400])[:held]
        return [(*where, at, register(row, at))]
    if item in (WATER, GAS):
        at = np.arange(MIDNIGHT, NOW_S, 3600)
        return [(*where, at, n * 100_000 + (at - MIDNIGHT) // 3600 * n * 10)]
    if item == RELAY:
        return [(*where, np.array([NOW_S - 600]), np.array([STATES.get(row["device"], 0)]))] if row["device"] != DEAD else []
    return []


def register(row, at):
    """The dial: n x 0.01 kWh a quarter hour; one meter falls by 50 kWh at noon of the first day."""
    steps = (at - MIDNIGHT) // 900 * number_of(row) * 100
    fallen = 500_000 * (at >= MIDNIGHT + 12 * 3600) if row["device"] == FALLING else 0
    return (10 + number_of(row)) * 1_000_000 + steps - fallen


def batch_of(series) -> bytes:
    """Series as one batch of the log."""
    counts = [len(at) for *_, at, _ in series]
    columns = {
        "device": np.repeat([one[0] for one in series], counts).astype(np.uint64),
        "point": np.repeat([one[1] for one in series], counts),
        "item": np.repeat([one[2] for one in series], counts),
        "at": np.concatenate([one[3] for one in series]),
        "value": np.concatenate([one[4] for one in series]),
    }
    size = sum(counts)
    columns |= {"quality": np.zeros(size), "origin": np.ones(size), "received_at": (columns["at"] + 60) * 1000}
    table = pa.table({field.name: pa.array(columns[field.name]).cast(field.type) for field in MEASURED}, schema=MEASURED)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, MEASURED) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()
