"""A water company's office and the host of notices, joined by a broker in memory, over a town of four homes."""

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from metropool.capabilities.office import operations
from metropool.capabilities.office.model import Content
from metropool.core.areas import Area
from metropool.core.clock import VirtualClock
from metropool.core.identifiers import SeededIds, SystemId
from metropool.exchange.envelope import seal
from metropool.exchange.memory import MemoryBroker
from metropool.exchange.messages import NoticePublished
from metropool.exchange.outbox import inbox
from metropool.facts.registry.tables import party, place, supply_agreement, usage_point
from metropool.runtime.capabilities import BOOKS, CAPABILITIES, TABLES
from metropool.runtime.node import Hosted, Node
from metropool.storage.database import open_database
from metropool.storage.lake import Lake
from plans import compiled_once

NOW = datetime(2026, 7, 1, 4, tzinfo=UTC)
WATER, GAS, GRID, BOARD = map(SystemId, ("water_system", "gas_system", "marketing", "smart_use_platform"))
GARDENS, TOWERS = map(SystemId, ("community_system", "building_system"))
KINDS = {"city": "city", "east": "community", "west": "community", "tower": "building"}
SQUARE = (((0.0, 0.0), (0.0, 2.0), (2.0, 2.0), (2.0, 0.0), (0.0, 0.0)),)
HOLE = ((0.4, 0.4), (0.4, 0.6), (0.6, 0.6), (0.6, 0.4), (0.4, 0.4))
"""Home 1 lies at (0.5, 0.5): in the square's hole."""

HOMES = {
    "home-1": (0.5, 0.5, "east"),
    "home-2": (1.5, 1.5, "east"),
    "home-3": (9.0, 9.0, "west"),
    "home-4": (None, None, "tower"),
}
"""Position and what it lies in; home 4 has none of its own, its tower stands at (1, 1)."""


def content(**values):
    usual = {
        "service": "water",
        "kind": "outage",
        "title_zh": "停水通知",
        "title_en": "Water off",
        "text_zh": "管道检修，请提前储水。",
        "text_en": "Pipe repair.\nPlease store water.",
        "starts_at": NOW + timedelta(hours=2),
        "ends_at": NOW + timedelta(hours=8),
        "area": Area(kind="city"),
    }
    return Content(**{**usual, **values})


def outline(*polygons):
    return Area(kind="outline", outline=polygons)


class Town:
    """The systems, and what people do there."""

    def __init__(self, folder, database=None):
        """``database``: address of a PostgreSQL; files of SQLite without one."""
        self.database = database
        self.compiled = compiled_once("transition")
        self.clock, self.broker = VirtualClock(NOW), MemoryBroker(allowed=self.compiled.letters, chance=SeededIds(7))
        self.nodes = {system: self._node(folder, system) for system in (WATER, GAS, GRID, BOARD, GARDENS, TOWERS)}
        for node in self.nodes.values():
            node.write_now(min(node.hosted), lambda work: enrol(work.registry))

    def _node(self, folder, system):
        hosts = self.compiled.systems[system].hosts
        return Node(
            system=system,
            party=self.compiled.systems[system].party,
            database=open_database(self.database or f"sqlite:///{folder / system}", schema=system),
            lake=Lake(root=folder / f"{system}-lake"),
            clock=self.clock,
            ids=SeededIds(len(system)),
            hosted={name: Hosted(capability=CAPABILITIES[name], rows=tuple(rows)) for name, rows in hosts.items()},
            routes=self.compiled.routes[system],
            books=BOOKS,
            tables=TABLES,
            passes=self.compiled.passes.get(system, {}),
            ways=self.compiled.ways[system],
        )

    def office(self, operation, *, of=WATER, **given):
        """An operation at an office, as one unit."""
        return self.nodes[of].write_now("office", lambda work: operation(work=work, **given))[0]

    def published(self, *, of=WATER, **values):
        """A notice that is composed and published, not yet carried."""
        draft = self.office(operations.compose, of=of, content=content(**values), by="ann")
        return self.office(operations.publish, of=of, notice=draft.id, seen=draft.revision, at=None, by="ann")

    def board(self, query):
        return self.nodes[BOARD].read_now("notices", query)

    def kept(self, notice, office=WATER):
        return self.board(lambda work: work.board.one(office=office, notice=notice))

    def reached(self, notice):
        """Accounts a notice is for."""
        at_home = {
            account: self.board(
                lambda work, a=account: work.board.at_home(
                    account=a, service=None, whole_city=False, now=work.now, offset=0, limit=99
                )
            )
            for account in ("A1", "A2", "A3", "A4")
        }
        return {a for a, (rows, _) in at_home.items() if any(row.kept.notice == notice and row.is_affected for row in rows)}

    def unsent(self, system=WATER):
        return [envelope for _, envelope in self.nodes[system].unsent(limit=100)]

    async def carry(self, *, order=list, system=WATER):
        """Deliver what waits at a system one by one, in the order a function makes of it."""
        for number, envelope in order(self.nodes[system].unsent(limit=100)):
            await self.nodes[system].mark_sent([(number, 1)])
            await self.hear(envelope)

    async def hear(self, envelope):
        """Let the host of notices hear one envelope as the broker hands it over."""
        await self.broker.exchange(envelope.sender).deliver(envelope)
        for delivery in await self.broker.exchange(BOARD).fetch(limit=100, wait_s=0):
            await self.nodes[BOARD].receive(delivery)

    def parked(self):
        """Why what was heard could not be taken in."""
        with self.nodes[BOARD].database.snapshot() as connection:
            return list(connection.execute(select(inbox.c.reason).where(inbox.c.outcome == "parked")).scalars())


def enrol(registry):
    """Four homes with water; home 2 has no gas; homes 1 and 2 in the east, which lies in the city, as the tower does."""
    above = {"city": None, "east": "city", "west": "city", "tower": "east"}
    spots = {"tower": (1.0, 1.0)}
    areas = [(name, parent, *spots.get(name, (None, None))) for name, parent in above.items()]
    homes = [(name, parent, lon, lat) for name, (lon, lat, parent) in HOMES.items()]
    named = {"name_zh": "地", "name_en": "place"}
    registry.add(party, [{"id": "water", "kind": "company", "name_zh": "供水公司", "name_en": "Water company"}])
    registry.add(
        place,
        [{"id": i, "kind": KINDS.get(i, "home"), "parent": p, "lon": x, "lat": y, **named} for i, p, x, y in [*areas, *homes]],
    )
    points = [(service, number) for number in range(1, 5) for service in ("water", "gas") if (service, number) != ("gas", 2)]
    rows = [
        {"number": i, "id": f"{service}-{n}", "service": service, "role": "consumption", "place": f"home-{n}"}
        for i, (service, n) in enumerate(points, start=1)
    ]
    registry.add(usage_point, rows)
    registry.add(supply_agreement, [agreement(service, number) for service, number in points])


def agreement(service, number):
    row = {"account_number": f"{service}{number}", "party": f"p{number}", "usage_point": f"{service}-{number}"}
    return row | {
        "supplier": service,
        "tariff": "t",
        "category": "residential",
        "options": {},
        "combined_account": f"A{number}",
        "valid_from": "2020-01-01",
        "valid_to": None,
    }


@contextmanager
def opened(folder, database=None):
    town = Town(folder, database)
    yield town
    for node in town.nodes.values():
        node.close()


def said(*, by=WATER, **values):
    """An edition as outside software may say it, sealed by the water company or whoever it is by."""
    usual = {name: getattr(content(), name) for name in Content.__struct_fields__}
    usual |= {"notice": "N1", "edition": 1, "office": by, "publisher": "water", "state": "published", "published_at": NOW}
    message = NoticePublished(**{**usual, **values})
    key, phrase = f"{message.notice}/{message.edition}", f"{message.service if by != WATER else 'water'}_announcements"
    return seal(message=message, key=key, phrase=phrase, sender=by, receiver=BOARD, at=NOW)
