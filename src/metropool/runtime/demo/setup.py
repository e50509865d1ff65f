"""The first start of a demo: registries, logins, tariffs, and the bills of the year before."""

import asyncio
import json
from collections import Counter
from collections.abc import Collection, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from metropool.access.passwords import Passwords
from metropool.core.errors import Unavailable
from metropool.core.identifiers import SystemId
from metropool.core.periods import day_period
from metropool.exchange.outbox import Outbox, inbox, outbox
from metropool.plan.compiled import Compiled
from metropool.runtime.demo.agreements import agree
from metropool.runtime.demo.announcements import announce
from metropool.runtime.demo.companies import enrol_a_company, let_bill
from metropool.runtime.demo.doors import draw_door_keys
from metropool.runtime.demo.gateways import enrol_gateways, homes_with_gateways
from metropool.runtime.demo.logins import make_logins
from metropool.runtime.demo.requests import answer_first, ask_examples, have_arrived
from metropool.runtime.enrol import (
    enrol_authority,
    enrol_homes,
    enrol_metering,
    enrol_platform,
    lying_in,
    read_city,
)
from metropool.runtime.node import Node
from metropool.runtime.pause import pause
from metropool.runtime.settings import Settings
from metropool.runtime.systems import compile_named, open_node
from metropool.runtime.terminal_keys import hand_over, open_terminal_keys
from metropool.storage.disk import write_durably

LAST_MONTH = date(2026, 6, 1)
CHANNEL = "citypay"
FIELD_KEYS = "field-keys.json"


def first_month(months: int) -> date:
    """The first of so many months that end with June 2026."""
    count = LAST_MONTH.year * 12 + LAST_MONTH.month - months
    return date(count // 12, count % 12 + 1, 1)


@dataclass(frozen=True)
class Setup:
    """What a first start does once.

    Attributes:
        home: The demo's home.
        environment: Settings of the demo's processes.
        months: Months of history before the demo begins.
        passwords: How the drawn passwords are kept; as everywhere when nobody says.
        without: Systems that stand still: nothing is done for them, and nobody waits for them.
    """

    home: Path
    environment: Mapping[str, str]
    months: int
    passwords: Passwords | None = None
    without: Collection[str] = ()

    async def enrol(self) -> None:
        """Fill the registries and make the logins, before anything runs."""
        city, compiled = self._city(), self._compiled
        with self._nodes() as nodes:
            places = {name: facts.place for name, facts in compiled.systems.items()}
            make_logins(nodes, city, home=self.home, passwords=self.passwords or Passwords(), places=places)
            draw_door_keys(nodes, home=self.home)
            for node in nodes.values():
                if "metering" in node.hosts:
                    node.write_now("metering", lambda work: enrol_metering(work.registry, city))
                    self._draw_keys(node)
                if "billing" in node.hosts:
                    enrol_a_company(node, city, since=first_month(self.months))
                if "settlement" in node.hosts:
                    node.write_now("settlement", lambda work: enrol_platform(work.registry, city, billers=_billers(compiled)))
                if "points" in node.hosts:
                    _enrol_homes(node, city, within=places[node.system])
                if "admission" in node.hosts:
                    gateways = compiled.broker.gateways
                    enrol_gateways(node, city, home=self.home, gateways=gateways, within=places[node.system])
                if "sharing" in node.hosts:
                    agree(node, city, at=day_period(first_month(self.months)).start)
                if "inquiries" in node.hosts:
                    node.write_now("inquiries", lambda work: enrol_authority(work.registry, city))
                    node.write_now("inquiries", lambda work: ask_examples(work=work))
                if "office" in node.hosts:
                    _enrol_office(node, city, within=places[node.system])
                    node.write_now("office", lambda work: announce(work=work))

    async def bill(self) -> None:
        """When the months before are sealed and told, let each company bill them, and wait for the combined bills."""
        await self.let_bill()
        with self._nodes() as nodes:
            await _until(lambda: _combined_bills(nodes) >= self._homes() * self.months, "billed", patience_s=600)
            await _until(lambda: have_arrived(nodes), "asked")
            answer_first(nodes)

    async def let_bill(self) -> None:
        """When the months before are sealed and told, let each company bill them."""
        with self._nodes() as nodes:
            await _until(lambda: _is_sealed(nodes) and _is_quiet(nodes), "sealed")
            for node in nodes.values():
                if "billing" in node.hosts:
                    let_bill(node, first_month(self.months))

    def _draw_keys(self, node: Node) -> None:
        """A key for everything that keeps a link; what the simulated terminals are given lies in ``field-keys.json``."""
        book = node.read_now("metering", lambda work: work.collection.address_book(heartbeat_s=60))
        sealed = [terminal.address for terminal in book.terminals if terminal.link == "sealed"]
        drawn = open_terminal_keys(self._settings(), node.system).draw(sealed, at=node.clock.now().isoformat())
        hand_over(drawn, to=self.home / FIELD_KEYS)

    def _homes(self) -> int:
        return int(self._city()["homes"])

    def _city(self) -> dict[str, Any]:
        city = dict(read_city(self.home / "city.json"))
        port = json.loads((self.home / "ports.json").read_text(encoding="utf-8"))["meter"]
        city["devices"] = [
            {**row, "host": "127.0.0.1", "port": port} if row.get("transport") == "tcp" else row for row in city["devices"]
        ]
        return city

    def _settings(self) -> Settings:
        told = self.environment
        return Settings(home=self.home, clock=told["METROPOOL_CLOCK"], plan=told["METROPOOL_PLAN"])

    @property
    def _compiled(self) -> Compiled:
        return compile_named(self._settings().plan, home=self.home)

    def _nodes(self) -> "_OpenNodes":
        return _OpenNodes(self._settings(), self._compiled, without=self.without)


class _OpenNodes(ExitStack):
    """The nodes of a home, opened for setting up beside whoever runs them."""

    def __init__(self, settings: Settings, compiled: Compiled, *, without: Collection[str]) -> None:
        super().__init__()
        self._settings, self._compiled, self._without = settings, compiled, without

    def __enter__(self) -> dict[SystemId, Node]:  # type: ignore[override]
        compiled, settings = self._compiled, self._settings
        nodes = {
            system: open_node(system, compiled=compiled, settings=settings)
            for system in compiled.nodes()
            if system not in self._without
        }
        for node in nodes.values():
            self.callback(node.close)
        return nodes


def _billers(compiled: Compiled) -> set[str]:
    """Parties of the systems that tell bills."""
    messages = compiled.whole.messages
    bills = [letter for letter in compiled.letters if messages[letter.message].carried_by == "BillsIssued"]
    return {str(compiled.systems[letter.sender].party) for letter in bills}


def _enrol_homes(node: Node, city: Mapping[str, Any], *, within: str) -> None:
    homes = lying_in(city, within).intersection(homes_with_gateways(city))
    node.write_now("points", lambda work: enrol_homes(work.registry, city, homes=homes, within=within))


def _enrol_office(node: Node, city: Mapping[str, Any], *, within: str) -> None:
    node.write_now("office", lambda work: enrol_authority(work.registry, city, within=within))


def _is_sealed(nodes: Mapping[SystemId, Node]) -> bool:
    """Whether every closed day with readings is sealed."""
    from metropool.capabilities.metering.sealing.operations import next_day

    for node in nodes.values():
        if "metering" in node.hosts:
            due: date | None = node.read_now("metering", lambda work: next_day(work=work))
            return due is None or due > LAST_MONTH.replace(day=30)
    return False


def _is_quiet(nodes: Mapping[SystemId, Node]) -> bool:
    """Whether everything nodes said was heard: no letter waits at its sender, each is in its receiver's inbox."""
    said: Counter[str] = Counter()
    heard: Counter[str] = Counter()
    for node in nodes.values():
        with node.database.snapshot() as connection:
            if Outbox(connection).waiting():
                return False
            to_others = select(outbox.c.receiver, func.count()).group_by(outbox.c.receiver)
            said.update({name: count for name, count in connection.execute(to_others) if name in nodes})
            between = inbox.c.sender.in_([str(name) for name in nodes])
            heard[node.system] = connection.execute(select(func.count()).select_from(inbox).where(between)).scalar_one()
    return said == heard


def _combined_bills(nodes: Mapping[SystemId, Node]) -> int:
    node = next(node for node in nodes.values() if "settlement" in node.hosts)
    return len(node.read_now("settlement", lambda work: work.dues.combined_bills()))


async def _until(question: Any, what: str, *, patience_s: float = 900) -> None:
    """Ask until the answer is yes.

    Raises:
        Unavailable: It was not in time.
    """
    for _ in range(int(patience_s * 2)):
        if await asyncio.to_thread(question):
            return
        await pause(0.5)
    raise Unavailable(f"the city was not {what} within {patience_s:.0f} s; look at the logs in its home")


def write_channels(home: Path, *, port: int, public_key: str) -> None:
    """Tell the platform its payment channel."""
    row = {"name": CHANNEL, "url": f"http://127.0.0.1:{port}", "public_key": public_key}
    write_durably(home / "channels.json", json.dumps([row]))
