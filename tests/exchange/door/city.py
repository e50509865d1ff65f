"""All nodes of a plan joined by a broker in memory that obeys it, and their HTTP faces."""

import asyncio
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from fastapi.testclient import TestClient
from sqlalchemy import select

from exchange.carrying import carry_all
from metropool.access.api_keys import ApiKeys
from metropool.capabilities.office import operations as office
from metropool.capabilities.office.model import Content
from metropool.core.areas import Area
from metropool.core.clock import VirtualClock
from metropool.core.identifiers import SeededIds
from metropool.exchange.memory import MemoryBroker
from metropool.exchange.outbox import inbox
from metropool.runtime.settings import Settings
from metropool.runtime.systems import compile_named, open_node
from portal.whole_site import app_over

NOW = datetime(2026, 7, 1, 2, tzinfo=UTC)


class City:
    """A plan at work; outside parties that have nothing to say yet only where they are asked for."""

    def __init__(self, folder, plan, *, with_outside=False):
        self.compiled, self.settings = compile_named(plan, home=folder), Settings(home=folder, plan=plan)
        self.clock, self.nodes = VirtualClock(NOW), {}
        for name in self.compiled.nodes():
            if self.compiled.systems[name].party == "outside" and not with_outside:
                continue
            self.nodes[name] = node = open_node(name, compiled=self.compiled, settings=self.settings)
            node.clock, node.ids = self.clock, SeededIds(sum(map(ord, name)))
        allowed = frozenset((letter.sender, letter.message, letter.receiver) for letter in self.compiled.letters)
        self.broker = MemoryBroker(allowed=allowed, chance=SeededIds(3))

    @property
    def hub(self):
        return self.nodes[self.compiled.host_of("settlement")]

    def office_of(self, service):
        return next(n for n in self.nodes.values() if service in (n.hosted["office"].rows if "office" in n.hosted else ()))

    def announce(self, service="water", title="Water off"):
        """A notice for the whole city, published at the company's office."""
        content = Content(
            service=service,
            kind="outage",
            title_zh="停水通知",
            title_en=title,
            text_zh="检修",
            text_en="Repair",
            starts_at=self.clock.now(),
            ends_at=self.clock.now() + timedelta(hours=3),
            area=Area(kind="city"),
        )

        def publish(work):
            draft = office.compose(work=work, content=content, by="ann")
            return office.publish(work=work, notice=draft.id, seen=draft.revision, at=None, by="ann")

        return self.office_of(service).write_now("office", publish)[0]

    def carry(self):
        """Relay until nothing waits."""
        asyncio.run(carry_all(self.nodes, self.broker))

    def parked(self, system):
        with self.nodes[system].database.snapshot() as connection:
            return list(connection.execute(select(inbox.c.reason).where(inbox.c.outcome == "parked")).scalars())

    def key(self, system, name="company"):
        """A fresh key of a system."""
        return self.nodes[system].write_now("door", lambda work: ApiKeys(work.context).make(name=name, by="ann"))[0]

    def app(self):
        return app_over(self.nodes, settings=self.settings, compiled=self.compiled)

    @contextmanager
    def software(self, system, key=None):
        """A client of a system's API that shows a key."""
        headers = {"Authorization": f"Bearer {key or self.key(system)}"}
        with TestClient(self.app(), base_url=f"http://127.0.0.1/{system}/api/", headers=headers) as client:
            yield client


@contextmanager
def opened(folder, plan):
    city = City(folder, plan)
    yield city
    for node in city.nodes.values():
        node.close()
