"""What the Topology page knows of processes: of one that serves several systems behind doors, and of software at a door."""

import asyncio
import os
import signal
import sys
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from exchange.city.cities import HOST, certify, place, running_brokers
from exchange.city.towns import Town as Places
from metering.kills.harness import listens, until
from metropool.access import Access
from metropool.access.api_keys import ApiKeys
from metropool.access.first_start import first_secrets, make_first_logins
from metropool.access.passwords import Passwords
from metropool.core.clock import monotonic_s
from metropool.core.errors import Unavailable
from metropool.core.identifiers import RandomIds
from metropool.exchange.ways import Way
from metropool.plan.load import load_sites
from metropool.runtime.beats import keep_in_touch
from metropool.runtime.callers import Callers
from metropool.runtime.conformance.town.births import CAN_FORK, Births
from metropool.runtime.conformance.town.making import QUICK
from metropool.runtime.conformance.town.people import CSRF, CSRF_HEADER, enter
from metropool.runtime.ports import free_ports
from metropool.runtime.presence import Beat, Neighbours
from metropool.runtime.systems import compile_named, open_node

PLAN, HUB, COMPANY = "transition+water_system", "smart_use_platform", "water_system"
DOORS = ("water_system", "police_system", "ev_charging", "weather")
"""One process: a company's own software is at the first; the next hear letters of the hub, one of marketing too; the last
says and hears nothing."""
BROKERS = {"production": 1, "management": 1, "dmz": 1}
WITHIN_S = 10.0
pytestmark = [
    pytest.mark.timeout(180),
    pytest.mark.skipif(not CAN_FORK, reason="processes are forked on Linux alone"),
]


@dataclass
class Seen:
    """What the page shows at one moment, and how long after something was done it did."""

    nodes: dict
    edges: dict
    after_s: float

    def state(self, *names):
        return {self.nodes[name]["state"] for name in names}

    def line(self, edge):
        return self.edges[edge]["state"]


class Town:
    """Some systems of a plan in processes of their own; the hub's page."""

    def __init__(self, home):
        self.home, self.births = home, Births(home / "cradle.log")
        self.settings = place(home, servers=BROKERS, tls=False)
        self.sites = load_sites(Path(self.settings.broker)).content
        self.ports = dict(zip((HUB, *DOORS[:1], "marketing"), free_ports(3), strict=True))
        self.key = self.prepare()

    def prepare(self):
        """The hub's first logins, and a key for the company's software."""
        compiled = compile_named(PLAN)
        for name in (HUB, COMPANY):
            node = open_node(name, compiled=compiled, settings=self.settings)
            with node.database.unit() as connection:
                context = node.context(connection)
                if name == HUB:
                    self.secrets = first_secrets(home=self.home, ids=RandomIds())
                    make_first_logins(Access(context), secrets=self.secrets, passwords=Passwords(QUICK))
                else:
                    key = ApiKeys(context).make(name="company", by="ann")
            node.close()
        return key

    async def serve(self, *names, port=0):
        told = {"METROPOOL_HOME": str(self.home), "METROPOOL_PLAN": PLAN, "METROPOOL_BROKER": self.settings.broker}
        told |= {"METROPOOL_PORT": str(port)} if port else {}
        return await self.births.bear(("serve", *names), told, self.home / f"{names[0].replace(':', '-')}.log")

    async def start(self):
        for name in BROKERS:
            await self.serve(f"broker:{name}-1")
        await self.till_brokers_listen()
        self.hub = await self.serve(HUB, port=self.ports[HUB])
        self.marketing = await self.serve("marketing", port=self.ports["marketing"])
        self.doors = await self.serve(*DOORS, port=self.ports[COMPANY])
        self.page = await self.sign_in()

    async def till_brokers_listen(self):
        await till(lambda: all(listens(site.port) for sites in self.sites.brokers.values() for site in sites))

    async def sign_in(self):
        while True:
            try:
                url = f"http://{HOST}:{self.ports[HUB]}"
                page = await enter(url, system=HUB, login="auditor", password=self.secrets["auditor"])
                break
            except Unavailable:
                await asyncio.sleep(0.2)
        new = {"current": page.password, "new": f"{page.password}-Changed1"}
        done = await page.http.put("/api/session/password", json=new, headers={CSRF_HEADER: page.http.cookies.get(CSRF)})
        assert done.is_success, done.text
        return page

    async def software(self):
        """The company's software, at work at its door."""
        command = (
            "keeper",
            f"--site=http://{HOST}:{self.ports[COMPANY]}",
            f"--system={COMPANY}",
            f"--home={self.home / 'software'}",
        )
        environment = {**os.environ, "CITYINABOX_KEY": self.key, "PYTHONPATH": os.pathsep.join(sys.path)}
        with (self.home / "software.log").open("ab") as words:
            return await asyncio.create_subprocess_exec(
                sys.executable, "-m", "cityinabox.cli", *command, env=environment, stdout=words, stderr=words
            )

    async def shows(self, question):
        """The page once the answer is yes."""
        began = time.monotonic()
        while True:
            topology = await self.page.get("/topology")
            nodes = {node["id"]: node for node in topology["nodes"]}
            seen = Seen(nodes, {edge["id"]: edge for edge in topology["edges"]}, time.monotonic() - began)
            if question(seen):
                return seen
            assert seen.after_s < 40, {name: node["state"] for name, node in nodes.items()}
            await asyncio.sleep(0.2)


@asynccontextmanager
async def town(home):
    found = Town(home)
    try:
        await found.start()
        yield found
    finally:
        await found.births.close()


def test_a_process_behind_doors_and_software_at_a_door_are_missed_within_ten_seconds(tmp_path):
    asyncio.run(look(tmp_path / "home"))


async def look(home):
    home.mkdir()
    async with town(home) as city:
        before = await city.shows(lambda seen: seen.state(*DOORS[:3], "marketing") == {"up"})
        assert before.nodes[COMPANY]["software_seen_at"] is None
        assert before.state(DOORS[3]) == {"not_run"}, "it says and hears nothing by the plan: nobody can tell"
        assert "broken" not in {before.line(f"{HUB}>police_system"), before.line("marketing>ev_charging")}
        software = await city.software()
        await city.shows(lambda seen: seen.nodes[COMPANY]["software_seen_at"])
        software.kill()
        gone = await city.shows(lambda seen: seen.state(COMPANY) == {"silent"})
        assert gone.after_s < WITHIN_S
        assert gone.line(f"{HUB}>{COMPANY}") == gone.line(f"{COMPANY}>{HUB}") == "broken"
        assert gone.state("police_system") == {"up"}
        await software.wait()
        software = await city.software()
        back = await city.shows(lambda seen: seen.state(COMPANY) == {"up"})
        assert back.nodes[COMPANY]["software_seen_at"] > gone.nodes[COMPANY]["software_seen_at"]
        assert back.line(f"{HUB}>{COMPANY}") != "broken"
        city.doors.send_signal(signal.SIGSTOP)
        stopped = await city.shows(lambda seen: seen.state(*DOORS[:3]) == {"down"})
        assert stopped.after_s < WITHIN_S
        for edge in (f"{HUB}>{COMPANY}", f"{HUB}>police_system", "marketing>ev_charging"):
            assert stopped.line(edge) == "broken"
        city.marketing.kill()
        alone = await city.shows(lambda seen: seen.state("marketing") == {"down"})
        assert alone.after_s < WITHIN_S
        assert alone.state("ev_charging") == {"down"}, "the hub asks it for government and misses it itself"
        assert alone.line("marketing>ev_charging") == "broken"
        software.kill()
        await software.wait()


class Heard:
    """As much of a node as beats need."""

    def __init__(self, system, *ways):
        self.system, self.callers = system, Callers()
        self.ways = [Way(phrase="payment_status", kind="", sender=said, receiver=heard, rows=()) for said, heard in ways]
        self.neighbours = Neighbours(frozenset({"gate", "pool"} - {system}))


def test_who_only_hears_answers_over_the_border_of_two_brokers(tmp_path):
    """The gate says letters to the pool, which says none: each knows of the other, and the gate misses it when it is gone."""

    async def run():
        city = Places(ways=(("gate", "pool"),), brokers={"east": ("gate",), "city": ("pool",)})
        settings = place(tmp_path, servers={"east": 1, "city": 1}, tls=True)
        certify(tmp_path)
        gate, pool = Heard("gate", *city.ways), Heard("pool", *city.ways)
        async with running_brokers(settings, city) as brokers:
            at_work = {
                node.system: asyncio.create_task(
                    keep_in_touch(node, (await brokers.probe(node.system)).client, overseers=frozenset({"gate"}))
                )
                for node in (gate, pool)
            }
            await till(lambda: states(gate, "pool") == states(pool, "gate") == "up")
            with pool.callers.calling():
                await till(lambda: gate.neighbours.known("pool", at_s=monotonic_s()).software)
            assert pool.neighbours.told["gate"] == Beat()
            assert await brokers.open[0].try_publish("_R_.made.up"), "who hears nothing answers nobody"
            began = time.monotonic()
            at_work.pop("pool").cancel()
            await brokers.open[1].client.close()
            await till(lambda: states(gate, "pool") == "down")
            assert time.monotonic() - began < WITHIN_S
            at_work["gate"].cancel()

    asyncio.run(run())


def states(node, name):
    return node.neighbours.presence(name, at_s=monotonic_s())


async def till(question):
    await asyncio.to_thread(until, question, "what is waited for", patience_s=30)
