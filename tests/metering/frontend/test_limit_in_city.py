"""A limit over real sockets: head-end, concentrator and meter as separate processes; the meter closes by itself."""

import asyncio
import json
import signal
import time
from datetime import UTC, datetime, timedelta

import pytest

from metering.frontend.test_city import START, SharedLog, Units, city, enrol_plain, start, wait_for
from metropool.capabilities.metering.attendants import Attendants
from metropool.capabilities.metering.control import limiting
from metropool.capabilities.metering.control import operations as control
from metropool.capabilities.metering.frontend.server import serve
from metropool.core.clock import ScaledClock
from metropool.devices.addresses import pack_terminal
from metropool.facts.commands import Draft

__all__ = ["city"]
SPEED = 60
"""A limit of five minutes is five seconds."""


@pytest.mark.timeout(120)
def test_a_limited_meter_opens_and_closes_by_itself_and_both_are_read_back(city, tmp_path):
    asyncio.run(live_with(city, json.loads(city.read_text()), tmp_path))


async def live_with(city, told, folder):
    anchor = time.time()
    clock = ScaledClock(datetime.fromisoformat(START).astimezone(UTC), SPEED, anchor)
    units, log = Units(folder, clock), SharedLog()
    await units.write(lambda work: enrol_plain(work, told, 1))
    server = await serve(host="127.0.0.1", port=0, clock=clock, log=log.part("readings"), event_log=log.part("events"))
    attendants = Attendants(units, server)
    await server.introduce(await units.read(lambda work: work.collection.address_book(heartbeat_s=60)))
    options = ["--home", str(folder / "c"), "--clock", f"{START}@{SPEED}/{anchor}"]
    devices = start("concentrators", "--city", str(city), "--head-end", f"127.0.0.1:{server.port}", *options)
    loops = [asyncio.create_task(loop) for loop in (attendants.take_log_in(log), attendants.command())]
    try:
        meter = sound_meter(told)
        command = await limit(units, attendants, meter, terminals_of(told))
        await wait_for(lambda: state(units, command.id), "holding")
        await check_second_is_refused(units, meter)
        await wait_for(lambda: state(units, command.id), "confirmed")
        await check(units, command.id)
    finally:
        devices.send_signal(signal.SIGTERM)
        devices.wait(10)
        await server.hub.drain()
        for loop in loops:
            loop.cancel()
        await asyncio.gather(*loops, return_exceptions=True)
        await server.close()


def terminals_of(told):
    rows = [row for row in told["devices"] if row["protocol"] == "gdw1376"]
    return {pack_terminal(region=row["region"], terminal=int(row["terminal"])) for row in rows}


def sound_meter(told):
    faulty = {fault["device"] for fault in told["faults"]}
    homes = [row["id"] for row in told["devices"] if row["id"].startswith("meter-electricity") and row["parent"]]
    return next(meter for meter in homes if meter not in faulty)


async def limit(units, attendants, meter, terminals):
    """Ordered by one, approved by another once the terminal is there: an unreachable one ends it refused."""
    draft = Draft(
        device=meter,
        kind=limiting.KIND,
        minutes=5,
        reason="works",
        requested_by="li",
        expires_at=units.clock.now() + timedelta(hours=1),
    )
    command = await units.write(lambda work: control.order(work=work, draft=draft, key="k"))
    await wait_for(lambda: heard(attendants.front), terminals, seconds=60.0)
    await units.write(lambda work: control.approve(work=work, id=command.id, by="wang"))
    attendants.ordered.set()
    return command


async def heard(server):
    return {contact.terminal for contact in server.contacts(whole=True) if contact.state == "online"}


async def state(units, id):
    return await units.read(lambda work: work.commands.get(id=id).state)


async def check_second_is_refused(units, meter):
    draft = Draft(
        device=meter,
        kind="disconnect",
        reason="arrears",
        requested_by="li",
        expires_at=units.clock.now() + timedelta(hours=1),
    )
    second = await units.write(lambda work: control.order(work=work, draft=draft, key="k2"))
    assert (second.outcome, second.note) == ("refused", "a limit is under way")


async def check(units, id):
    """It was off for its time and no longer, by what was read back."""
    found = await units.read(lambda work: work.commands.get(id=id))
    assert (found.outcome, found.note) == ("done", limiting.BACK)
    assert [row["value"] & 1 for row in found.read_back["values"]] == [0]
    by = limiting.back_by(found)
    assert by is not None
    assert by <= found.resolved_at <= limiting.back_at_latest(found)
    steps = await units.read(lambda work: work.commands.steps(id=id))
    assert [step.state for step in steps] == ["ordered", "approved", "sent", "accepted", "holding", "confirmed"]
