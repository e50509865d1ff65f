"""Clocks of simulated meters and terminals, in processes of their own, over real sockets: found off, set, right again."""

import asyncio
import json
import signal
import time
from datetime import UTC, datetime, timedelta

import pytest

from metering.frontend.test_city import SharedLog, Units, city, enrol_plain, outcome, start, wait_for
from metropool.capabilities.metering.attendants import Attendants
from metropool.capabilities.metering.control import operations as control
from metropool.capabilities.metering.frontend.server import serve
from metropool.core.clock import ScaledClock
from metropool.facts.commands import Draft

SPEED = 20
START = "2026-07-01T10:00+08:00"
__all__ = ["city"]


@pytest.mark.timeout(90)
def test_drift_is_found_and_told_the_clocks_are_set_and_the_drift_is_gone(city, tmp_path):
    asyncio.run(live_with(city, json.loads(city.read_text()), tmp_path))


async def live_with(city, told, folder):
    anchor = time.time()
    clock = ScaledClock(datetime.fromisoformat(START).astimezone(UTC), SPEED, anchor)
    options = ["--clock", f"{START}@{SPEED}/{anchor}"]
    meter = start("meter645", "--city", str(city), "--home", str(folder / "m"), *options)
    port = json.loads(meter.stdout.readline())["port"]
    units, log = Units(folder, clock), SharedLog()
    await units.write(lambda work: enrol_plain(work, told, port))
    server = await serve(host="127.0.0.1", port=0, clock=clock, log=log.part("readings"), event_log=log.part("events"))
    await server.introduce(await units.read(lambda work: work.collection.address_book(heartbeat_s=60)))
    head_end = f"127.0.0.1:{server.port}"
    words = ["--city", str(city), "--head-end", head_end, "--home", str(folder / "c"), "--late-clock", "600", *options]
    devices = start("concentrators", *words)
    devices.stdout.readline()
    await until(lambda: len(server.hub.links), sum(row["kind"] == "concentrator" for row in told["devices"]))
    attendants = Attendants(units, server)
    loops = [asyncio.create_task(loop) for loop in (attendants.look_after_clocks(), attendants.command())]
    try:
        await every_clock_is_read(units, told)
        await they_are_set(units, attendants, told)
    finally:
        for loop in loops:
            loop.cancel()
        await asyncio.gather(*loops, return_exceptions=True)
        for process in (devices, meter):
            process.send_signal(signal.SIGTERM)
            process.wait(10)
        await server.close()


async def every_clock_is_read(units, told):
    """Each clock is known as exactly as the round trip allows, and only those beyond five minutes are alarms."""
    wanted = {device: use["clock_s"] for device, use in told["series"].items()}
    for fault in told["faults"]:
        if fault["kind"] == "clock_off":
            wanted[fault["device"]] += fault["seconds"]
    terminals = {row["id"]: -600 for row in told["devices"] if row["kind"] == "concentrator"}
    found = await until_all_read(units, wanted | terminals, missing=missed(told))
    for device, ahead_s in (wanted | terminals).items():
        if device in found:
            assert abs(found[device].ahead_ms - ahead_s * 1000) <= found[device].margin_ms + 1000, device
    off = {device for device, ahead_s in (wanted | terminals).items() if abs(ahead_s) > 300}
    assert {clock.device for clock in await units.read(lambda work: work.clocks.off())} == off
    events = await units.read(lambda work: work.events.of())
    assert {(event.device, event.code) for event in events} == {(device, "clock_off") for device in off}


def missed(told):
    return {fault["device"] for fault in told["faults"] if fault["kind"] == "missed_answers"}


async def until_all_read(units, wanted, *, missing):
    """The clocks, when all that always answer have answered."""

    async def read():
        clocks = await units.read(lambda work: work.clocks.of(wanted))
        return {device: clock for device, clock in clocks.items() if clock.checked_at}

    async with asyncio.timeout(40):
        while wanted.keys() - (await read()).keys() - missing:  # noqa: ASYNC110 - a database has no event to wait for
            await asyncio.sleep(0.2)
    return await read()


async def they_are_set(units, attendants, told):
    by_fault = {fault["seconds"]: fault["device"] for fault in told["faults"] if fault["kind"] == "clock_off"}
    plain = next(row["id"] for row in told["devices"] if row.get("transport") == "tcp")
    for number, device in enumerate((*by_fault.values(), plain)):
        command = await units.write(lambda work, device=device, number=number: order(work, device, str(number)))
        attendants.ordered.set()
        await wait_for(lambda command=command: outcome(units, command.id), "done")
        kept = await units.read(lambda work, command=command: work.commands.get(id=command.id))
        assert abs(kept.read_back["clock"]["ahead_ms"]) <= kept.read_back["clock"]["margin_ms"] + 5000
        clocks = await units.read(lambda work, device=device: work.clocks.of([device]))
        assert (clocks[device].ahead_ms, clocks[device].off_since) == (kept.read_back["clock"]["ahead_ms"], None)
    events = await units.read(lambda work: work.events.of())
    assert {event.device for event in events if event.code == "clock_right"} == {by_fault[-2220], by_fault[-1380]}


def order(work, device, key):
    draft = Draft(
        device=device,
        kind="synchronize_clock",
        reason="off",
        requested_by="li",
        expires_at=work.now + timedelta(seconds=600),
    )
    return control.order(work=work, draft=draft, key=key)


async def until(count, wanted, seconds=15.0):
    async with asyncio.timeout(seconds):
        while count() != wanted:  # noqa: ASYNC110 - sockets have no event to wait for
            await asyncio.sleep(0.1)
