"""All systems of a plan over a town of 160 homes and one factory, joined by a broker in memory that obeys the plan."""

import asyncio
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pyarrow as pa
from sqlalchemy import select

from metropool.capabilities.disclosure import computing
from metropool.capabilities.disclosure import operations as owner
from metropool.capabilities.inquiries import operations as desk
from metropool.capabilities.inquiries.model import Wish
from metropool.core.areas import Area
from metropool.core.clock import VirtualClock
from metropool.core.identifiers import SeededIds
from metropool.core.quantities import reading_type
from metropool.exchange.memory import MemoryBroker
from metropool.exchange.outbox import inbox
from metropool.facts.readings.schemas import BLOCK
from metropool.facts.registry.tables import place, supply_agreement, usage_point
from metropool.runtime.releasing import still_leaving
from metropool.runtime.settings import Settings
from metropool.runtime.systems import open_node
from plans import compiled_once

NOW = datetime(2026, 7, 10, 4, tzinfo=UTC)
DAY = date(2026, 7, 1)
HOMES = {"east": 120, "west": 30, "north": 10}
"""Homes of each community; the factory stands in the south, alone."""
FACTORY = "factory"
USED = 2_0000
"""What a home uses a day [10^-4 kWh]; home n a ten-thousandth more each, so that sums tell who is in them."""
DESK, APP, READINGS = "government_desk", "government_app", "metering"


def wish(**values):
    usual = {
        "what": "usage_by_day",
        "service": "electricity",
        "area": Area(kind="city"),
        "first_day": DAY,
        "last_day": DAY,
        "reason": "统计夏季用电",
        "legal_basis": "",
        "purpose": "statistics",
        "expires_at": NOW + timedelta(days=30),
    }
    return Wish(**{**usual, **values})


def personal(**values):
    return wish(
        **{
            "what": "household_usage",
            "purpose": "investigation",
            "legal_basis": "刑事诉讼法第五十四条",
            "area": within("north"),
            **values,
        }
    )


def within(*places):
    return Area(kind="places", places=places)


class Town:
    """The systems, and what people do there."""

    def __init__(self, folder, plan):
        self.compiled = compiled_once(plan)
        self.clock = VirtualClock(NOW)
        self.nodes = {}
        for name in sorted({end for letter in self.compiled.letters for end in (letter.sender, letter.receiver)}):
            self.nodes[name] = open_node(name, compiled=self.compiled, settings=Settings(home=folder))
            self.nodes[name].clock, self.nodes[name].ids = self.clock, SeededIds(len(name))
        self.broker = MemoryBroker(allowed=self.compiled.letters, chance=SeededIds(3))
        self.hub = str(self.compiled.host_of("sharing"))
        for node in self.nodes.values():
            node.write_now(min(node.hosted), lambda work, node=node: enrol(work, node))

    def ask(self, asked, *, at=DESK, by="ms_chen"):
        """Ask at a desk, and let it be carried."""
        made, _ = self.nodes[at].write_now("inquiries", lambda work: desk.ask(work=work, wish=asked, by=by))
        self.carry()
        return made.request

    def decide(self, operation, request, *, at=READINGS, asker=DESK, **given):
        """A decision of an owner; not yet carried."""
        given = {"asker": asker, "request": request, "reason": "依法办理", "by": "steward", **given}
        return self.nodes[at].write_now("disclosure", lambda work: operation(work=work, **given))[0]

    def approve(self, request, *, at=READINGS, asker=DESK, by="steward", until=None):
        """The owner's approval; not yet carried."""

        def prepare(work):
            known = work.disclosures.one(asker=asker, request=request)
            return computing.prepare(work=work, asked=known.asked)

        prepared = self.nodes[at].read_now("disclosure", prepare)
        return self.decide(owner.approve, request, at=at, asker=asker, prepared=prepared, until=until, by=by)

    def answered(self, asked, *, at=READINGS):
        """The rows that come back when one person approves."""
        request = self.ask(asked)
        self.approve(request, at=at)
        self.carry()
        return self.rows(request)

    def inquiry(self, request, *, at=DESK):
        return self.nodes[at].read_now("inquiries", lambda work: work.inquiries.one(request))

    def rows(self, request, *, at=DESK):
        """What can be read of an answer."""
        pages = self.nodes[at].read_now("inquiries", lambda work: desk.content(work=work, request=request))
        return [row for page in pages for row in page.to_pylist()]

    def provisions(self, at=READINGS):
        capability = "disclosure" if "disclosure" in self.nodes[at].hosted else "sharing"
        return self.nodes[at].read_now(capability, lambda work: work.provisions.all(limit=999)[0])

    def parked(self, at):
        with self.nodes[at].database.snapshot() as connection:
            return list(connection.execute(select(inbox.c.reason).where(inbox.c.outcome == "parked")).scalars())

    def carry(self):
        """Relay until nothing waits."""
        asyncio.run(self._carry())

    async def _carry(self):
        moved = True
        while moved:
            moved = False
            for name in self.nodes:
                moved = await self.send(name) or await self.hear(name) or moved

    async def send(self, name, limit=100):
        """Send what waits and may still leave."""
        node = self.nodes[name]
        waiting = await still_leaving(node, node.unsent(limit=limit))
        for number, envelope in waiting:
            await node.mark_sent([(number, await self.broker.exchange(name).deliver(envelope))])
        return bool(waiting)

    async def hear(self, name):
        deliveries = await self.broker.exchange(name).fetch(limit=100, wait_s=0)
        for delivery in deliveries:
            await self.nodes[name].receive(delivery)
        return bool(deliveries)


def homes():
    return [f"{community}-{n}" for community, count in HOMES.items() for n in range(1, count + 1)]


def enrol(work, node):
    """Each system knows what its party would: places everywhere, meters at metering, customers at their company."""
    named = {"name_zh": "地", "name_en": "place", "lon": None, "lat": None, "outline": None}
    communities = [{"id": one, "kind": "community", "parent": "city", **named} for one in (*HOMES, "south")]
    places = [{"id": "city", "kind": "city", "parent": None, **named}, *communities]
    places += [{"id": one, "kind": "home", "parent": one.rpartition("-")[0] or "south", **named} for one in (*homes(), FACTORY)]
    work.registry.add(place, places)
    if {"metering", "billing", "settlement"} & node.hosts:
        points = [
            {"number": number, "id": f"e-{one}", "service": "electricity", "role": "consumption", "place": one}
            for number, one in enumerate((*homes(), FACTORY), start=1)
        ]
        work.registry.add(usage_point, points)
    if (node.party == "grid" and "billing" in node.hosts) or "settlement" in node.hosts:
        work.registry.add(supply_agreement, [agreement(one) for one in (*homes(), FACTORY)])
    if "metering" in node.hosts:
        work.readings.add(work.readings.write_blocks(blocks(), name="town"))


def agreement(home):
    is_home = home != FACTORY
    return {
        "account_number": f"N-{home}",
        "party": f"p-{home}",
        "usage_point": f"e-{home}",
        "supplier": "grid",
        "tariff": "t",
        "category": "residential" if is_home else "other",
        "options": {},
        "combined_account": f"A-{home}" if is_home else None,
        "valid_from": "2020-01-01",
        "valid_to": None,
    }


def amount(number):
    """What usage point ``number`` uses a day [10^-4 kWh]; the factory is as much as all homes."""
    return USED + number if number <= sum(HOMES.values()) else USED * 200


def blocks():
    """Two days of every usage point, and a third on which home 1 is silent."""
    rows = [
        row(number, DAY + timedelta(days=day))
        for number in range(1, sum(HOMES.values()) + 2)
        for day in range(3)
        if (number, day) != (1, 2)
    ]
    return pa.Table.from_pylist(rows, schema=BLOCK).sort_by(
        [(name, "ascending") for name in ("usage_point", "reading_type", "business_date")]
    )


def row(number, day):
    start = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) - 8 * 3600
    half = amount(number) // 2
    return {
        "usage_point": number,
        "reading_type": reading_type("electricity_forward_register").id,
        "business_date": day,
        "version": 1,
        "start": start,
        "interval_s": 43_200,
        "values": [half, amount(number) - half],
        "quality": None,
        "register_start": None,
        "register_end": None,
        "readings_snapshot": 0,
        "installation_version": 1,
        "rules_version": 1,
    }


@contextmanager
def opened(folder, plan="transition"):
    town = Town(folder, plan)
    yield town
    for node in town.nodes.values():
        node.close()


def total(rows, measure="usage"):
    frame = pl.DataFrame(rows)
    return frame.filter(pl.col("measure") == measure)["value"].to_list()
