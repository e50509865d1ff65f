"""A row is red when its producer stands still, and when its receiver's handler keeps a constant."""

import asyncio
import os
import signal
import time

from metropool.runtime.conformance.driving import drive
from metropool.runtime.conformance.town.making import make_city
from metropool.runtime.conformance.town.opening import open_town
from metropool.runtime.conformance.ways import ways_of
from metropool.runtime.systems import compile_named

CONSTANT = ("-m", "exchange.conformance.constant")


async def look(tmp_path):
    compiled = compile_named("transition")
    host = str(compiled.host_of("notices"))
    (tmp_path / "city").mkdir()
    city = await make_city(tmp_path / "city", seed=5, homes=1)
    town = open_town(tmp_path / "home", plan="transition", compiled=compiled, city=city, served={host: CONSTANT})
    try:
        await town.start()
        ways = {way.message: way for way in ways_of(compiled) if way.receiver == host}
        water, gas = ways["water_announcements"], ways["gas_announcements"]
        (constant,) = await drive(town, [water], heard=lambda found: None)
        os.kill(town.processes.children[gas.sender].process.pid, signal.SIGSTOP)
        began = time.monotonic()
        (stopped,) = await drive(town, [gas], heard=lambda found: None)
        return constant, stopped, time.monotonic() - began, town.processes.stopped([gas.sender])
    finally:
        await town.stop()


def test_a_constant_and_a_stopped_producer_are_seen(tmp_path):
    constant, stopped, took_s, who = asyncio.run(look(tmp_path))
    assert (constant.status, constant.why.key) == ("failed", "other_value")
    assert dict(constant.why.values)["what"] == "title"
    assert (stopped.status, stopped.why.key) == ("failed", "stopped")
    assert dict(stopped.why.values)["system"] == who
    assert took_s < 10
