"""In one town: own software stands for five systems and all rows there work; a stopped producer and a constant are seen."""

import asyncio
import os
import signal
import time

import pytest

from metropool.runtime.conformance.driving import drive
from metropool.runtime.conformance.town.making import make_city
from metropool.runtime.conformance.town.opening import open_town
from metropool.runtime.conformance.town.people import CSRF, CSRF_HEADER
from metropool.runtime.conformance.town.starting import process_of
from metropool.runtime.conformance.ways import ways_of
from metropool.runtime.systems import compile_named

CONSTANT = ("-m", "exchange.conformance.constant")
OUTSIDE = ("marketing", "water_system", "gas_system", "community_system", "building_system")
PLAN = "+".join(("transition", *OUTSIDE))
pytestmark = pytest.mark.timeout(600)


async def look(tmp_path):
    compiled = compile_named(PLAN)
    host = str(compiled.host_of("notices"))
    (tmp_path / "city").mkdir()
    city = await make_city(tmp_path / "city", seed=5, homes=1)
    town = open_town(tmp_path / "home", plan=PLAN, compiled=compiled, city=city, served={host: CONSTANT})
    try:
        await town.start()
        ways = [way for way in ways_of(compiled) if way.unbuilt is None]
        at_host = {way.message: way for way in ways if way.receiver == host}
        gas, electricity = at_host["gas_announcements"], at_host["electricity_announcements"]
        own = [way for way in ways if {way.sender, way.receiver} & set(OUTSIDE) and way != gas]
        *found, constant = await drive(town, [*own, gas], heard=lambda found: None)
        page = await auditor(town)
        before = await on_the_page(page, electricity.sender, until="up")
        began = time.monotonic()
        stopped = await without(town, electricity.sender, electricity)
        shown = before, await on_the_page(page, electricity.sender, until="down"), time.monotonic() - began
        ended = await without(town, process_of("water_system"), at_host["water_announcements"])
        return found, constant, stopped, ended, shown
    finally:
        await town.stop()


async def without(town, process, way):
    """What becomes of a way when a process stands still, and how long that takes."""
    os.kill(town.processes.children[process].process.pid, signal.SIGSTOP)
    began = time.monotonic()
    (found,) = await drive(town, [way], heard=lambda found: None)
    return found, time.monotonic() - began


async def auditor(town):
    """Who may look at the Topology page."""
    page = await town.enter(town.host("sharing"), "auditor")
    new = {"current": page.password, "new": f"{page.password}-Changed1"}
    changed = await page.http.put("/api/session/password", json=new, headers={CSRF_HEADER: page.http.cookies.get(CSRF)})
    assert changed.is_success, changed.text
    return page


async def on_the_page(page, system, *, until):
    """What the page shows of a system once it is in a state, and of its lines."""
    while True:
        topology = await page.get("/topology")
        state = next(node["state"] for node in topology["nodes"] if node["id"] == system)
        if state == until:
            return {edge["state"] for edge in topology["edges"] if system in (edge["source"], edge["target"])}
        await asyncio.sleep(0.2)


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    return asyncio.run(look(tmp_path_factory.mktemp("town")))


def test_own_software_keeps_every_row_at_its_system(town):
    found = town[0]
    assert {end for each in found for end in (each.way.sender, each.way.receiver)} >= set(OUTSIDE)
    assert [(each.way.row, each.way.message, each.why) for each in found if each.status != "works"] == []
    assert all(each.evidence for each in found)
    assert len(found) >= 35


def test_a_constant_is_seen(town):
    constant = town[1]
    assert (constant.status, constant.why.key) == ("failed", "other_value")
    assert dict(constant.why.values)["what"] == "title"


@pytest.mark.parametrize("which", [2, 3])
def test_a_stopped_producer_is_seen_within_ten_seconds(town, which):
    stopped, took_s = town[which]
    assert (stopped.status, stopped.why.key) == ("failed", "stopped")
    assert dict(stopped.why.values)["system"] in (stopped.way.sender, process_of(stopped.way.sender))
    assert took_s < 10


def test_the_topology_page_shows_it_too(town):
    before, after, took_s = town[4]
    assert "flowing" in before
    assert "broken" not in before
    assert "broken" in after
    assert "flowing" not in after
    assert took_s < 10
