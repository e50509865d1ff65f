"""Fakes of the portal's own ports: hosts on a real database, desks that answer anything of the right type."""

import asyncio
import types
import typing
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

from pydantic import AwareDatetime
from sqlalchemy import Column, Integer, MetaData, Table, func, insert, select

from metropool.access import metadata
from metropool.core.clock import VirtualClock
from metropool.core.identifiers import PartyId, SeededIds, SystemId
from metropool.portal.ports import (
    announcements,
    billing,
    company,
    control,
    door,
    insight,
    metering,
    parked,
    places,
    requests,
    settlement,
    sharing,
    views,
    watch,
)
from metropool.portal.schemas.conformance import Conformance
from metropool.portal.schemas.site import Health, PlanNamed, PublicKeys, Site
from metropool.portal.schemas.trust import Why, WhyChoices
from metropool.storage.database import open_database
from metropool.storage.lake import Lake
from metropool.storage.units import UnitContext
from portal import samples

START = datetime(2026, 11, 21, 0, 0, tzinfo=UTC)
effects = Table("effects", MetaData(), Column("id", Integer, primary_key=True))


class FakeHost:
    """A system whose work objects have nothing but the context, and whose evidence is a list."""

    def __init__(self, system: str, hosts: set[str], folder: Path, clock: VirtualClock) -> None:
        self.system, self.party, self.hosts, self.clock = SystemId(system), PartyId("grid"), frozenset(hosts), clock
        self.database = open_database(f"sqlite:///{folder / system}", schema=system)
        self.database.create([metadata, effects.metadata])
        self.folder, self.ids = folder, SeededIds(hash(system) & 0xFFFF)
        self.queue: asyncio.Queue[str] | None = None
        self.attested: list = []

    def _work(self, connection):
        lake = Lake(self.folder / "lake")
        context = UnitContext(
            connection=connection, now=self.clock.now(), lake=lake, system=self.system, party=self.party, ids=self.ids
        )
        return SimpleNamespace(context=context, attest=self.attested.append)

    def read_now(self, query):
        with self.database.snapshot() as connection:
            return query(self._work(connection))

    def write_now(self, operation):
        with self.database.unit() as connection:
            return operation(self._work(connection))

    async def read(self, capability, query):
        assert capability in self.hosts
        return await asyncio.to_thread(self.read_now, query)

    async def write(self, capability, operation):
        assert capability in self.hosts
        return await asyncio.to_thread(self.write_now, operation)

    async def changes(self):
        self.queue = asyncio.Queue()
        while True:
            yield await self.queue.get()


class Desk:
    """Answers each method of a desk's Protocol with something of its type; operations leave a row."""

    OPERATIONS = frozenset(
        {
            "ask_about_bill",
            "pay",
            "recollect",
            "order",
            "decide",
            "cancel",
            "hear_notice",
            "ask",
            "top_up",
            "open_mandate",
            "revoke_mandate",
            "hear_mandate_notice",
            "change",
            "undo",
            "open",
            "step",
            "record",
            "correct",
            "ask_rows",
            "ask_switch",
            "compose",
            "rewrite",
            "publish",
            "replay",
            "discard",
            "withdraw",
            "receive",
            "say",
            "acknowledge",
            "approve",
            "refuse",
            "revoke",
        }
    )

    def __init__(self, protocol: type, work, calls: list, answers: dict) -> None:
        self._protocol, self._work, self._calls, self._answers = protocol, work, calls, answers

    def __getattr__(self, name: str):
        method = getattr(self._protocol, name)

        def call(**given):
            self._calls.append((name, given))
            if name in self.OPERATIONS:
                self._work.context.connection.execute(insert(effects))
            answer = self._answers.get(name)
            if answer is not None:
                return answer(**given) if callable(answer) else answer
            return anything(typing.get_type_hints(method)["return"])

        return call


def anything(annotation):
    """A value of a type: the first choice, the smallest list with something in it."""
    origin, args = typing.get_origin(annotation), typing.get_args(annotation)
    values = {
        str: "x",
        int: 1,
        float: 1.5,
        bool: True,
        Decimal: Decimal("1.2300"),
        datetime: START,
        AwareDatetime: START,
        date: START.date(),
    }
    made = {
        typing.Annotated: lambda: "2026-11" if "pattern" in str(args[1:]) else anything(args[0]),
        typing.Literal: lambda: args[0],
        types.UnionType: lambda: anything(next(arg for arg in args if arg is not type(None))),
        typing.Union: lambda: anything(next(arg for arg in args if arg is not type(None))),
        list: lambda: [anything(args[0])],
        tuple: lambda: tuple(anything(arg) for arg in args if arg is not Ellipsis),
        dict: dict,
    }
    if origin in made:
        return made[origin]()
    return values[annotation] if annotation in values else model_of(annotation)


def model_of(kind):
    """A model with a value in every field."""
    fields = {}
    for name, field in kind.model_fields.items():
        is_month = any("pattern" in str(extra) for extra in field.metadata)
        fields[field.alias or name] = "2026-11" if is_month else anything(field.annotation)
    return kind.model_validate(fields)


class FakeFacts:
    """A deployment with nothing to tell but its plan."""

    def site(self, *, now):
        name = samples.text("测试", "Test")
        return Site(
            name=name,
            version="0",
            plan=PlanNamed(id="p", title=name),
            now=now,
            clock_speed=1,
            demo=True,
            systems=[],
            hosted_by={},
        )

    async def hosts_of(self, households):
        return {}

    async def health(self):
        return Health(as_of=START, systems=[])

    async def keys(self):
        return PublicKeys(as_of=START, keys=[])

    def why_choices(self):
        return model_of(WhyChoices)

    def why_system(self, *, system, message):
        return model_of(Why)

    async def conformance(self, *, plan):
        return model_of(Conformance)


def desks_with(calls: list, answers: dict):
    """All desks, noting their calls."""
    protocols = {
        "households": settlement.HouseholdsDesk,
        "refunds": settlement.RefundsDesk,
        "company": company.CompanyDesk,
        "inquiries": views.InquiriesDesk,
        "disclosures": views.DisclosuresDesk,
        "consents": views.ConsentsDesk,
        "invoices": settlement.InvoicesDesk,
        "usage": insight.UsageDesk,
        "metering": metering.MeteringDesk,
        "schedules": metering.SchedulesDesk,
        "work_orders": metering.WorkOrdersDesk,
        "commands": control.CommandsDesk,
        "exchanges": control.ExchangesDesk,
        "billing": billing.BillingDesk,
        "requests": requests.RequestsDesk,
        "heard_requests": requests.HeardRequestsDesk,
        "office": announcements.OfficeDesk,
        "notices": announcements.NoticesDesk,
        "admission": places.AdmissionDesk,
        "places": places.PlacesDesk,
        "points": places.PointsDesk,
        "topology": sharing.TopologyDesk,
        "door": door.DoorDesk,
        "watch": watch.WatchDesk,
        "parked": parked.ParkedDesk,
    }
    return {
        name: (lambda work, name=name, protocol=protocol: Desk(protocol, work, calls, answers.get(name, {})))
        for name, protocol in protocols.items()
    }


def count_effects(host: FakeHost) -> int:
    """How many operations were committed."""
    query = select(func.count()).select_from(effects)
    return host.read_now(lambda work: work.context.connection.execute(query).scalar_one())
