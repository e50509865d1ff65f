"""A changed schedule is what a terminal hears next, over a socket that stays open all the while."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cityinabox.city import make_city
from metering.frontend.test_city import Units
from metering.frontend.worlds import HandTerminal, MemoryLog
from metropool.capabilities.metering.attendants import Attendants
from metropool.capabilities.metering.frontend.server import serve
from metropool.capabilities.metering.scheduling import operations as scheduling
from metropool.capabilities.metering.scheduling.model import Wish
from metropool.core.clock import VirtualClock
from metropool.core.quantities import reading_type
from metropool.devices.gdw1376 import requests
from metropool.devices.gdw1376.addressing import functions_of
from metropool.devices.gdw1376.frame import decode_frame, encode_frame
from metropool.runtime.enrol import enrol_metering

PROFILE = reading_type("electricity_forward_profile_register").id
CURVE, MONTHLY = 101, 177
NOW = datetime(2026, 7, 1, 18, 6, tzinfo=UTC)
"""Six minutes past two in the morning: the quarter hour before is due."""


class Station:
    """A head-end, its front end, and one terminal that refuses all it is asked and remembers what that was."""

    def __init__(self, units, attendants, terminal):
        self.units, self.attendants, self.terminal = units, attendants, terminal

    async def asked_after(self, minutes):
        """Functions of class 2 the terminal is asked for, some time later."""
        self.units.clock.advance(timedelta(minutes=minutes))
        await self.attendants.collect_step()
        heard = []
        while (frame := await self.terminal.hears(within=0.5)) is not None:
            heard += functions_of(frame.units[2:4]) if frame.afn == requests.HISTORY else ()
            denial = requests.deny(frame)
            self.terminal.send(self.terminal.frame(0x80, denial.afn, denial.units, seq=0x60 | frame.seq & 0x0F))
        return set(heard)

    async def change(self, every_s, *, seen):
        wish = Wish(every_s=every_s, delay_s=300, is_collected=True)
        given = {"item": PROFILE, "wish": wish, "seen": seen, "starts_at": None, "reason": "quiet line", "by": "ann"}
        await self.units.write(lambda work: scheduling.change_schedule(work=work, **given))


async def with_station(folder, scene):
    clock, city = VirtualClock(NOW), make_city(7, 1).as_dict()
    units = Units(folder, clock)
    city["devices"] = [{**row, "link": "plain"} for row in city["devices"]]
    await units.write(lambda work: enrol_metering(work.registry, city))
    await units.write(lambda work: scheduling.start_schedules(work=work))
    server = await serve(host="127.0.0.1", port=0, clock=clock, log=MemoryLog(), event_log=MemoryLog())
    await server.introduce(await units.read(lambda work: work.collection.address_book(heartbeat_s=60)))
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    row = next(device for device in city["devices"] if device["kind"] == "concentrator")
    terminal = Terminal(row["terminal"], reader, writer)
    terminal.region = row["region"]
    try:
        assert await terminal.says(terminal.link(1)) == 0
        await scene(Station(units, Attendants(units, server), terminal))
    finally:
        terminal.close()
        await server.close()


class Terminal(HandTerminal):
    """A terminal of another region than the usual one."""

    region = ""

    def frame(self, *given, **named):
        return encode_frame(replace(decode_frame(super().frame(*given, **named)), region=self.region))


@pytest.mark.timeout(60)
def test_the_next_asking_follows_the_change_and_undoing_it_brings_the_old_rhythm_back(tmp_path):
    async def scene(station):
        assert await station.asked_after(0) == set(), "nothing is due in the moment of the start"
        assert {CURVE} <= await station.asked_after(15)
        assert {CURVE} <= await station.asked_after(15), "every quarter of an hour"
        await station.change(3600, seen=1)
        quiet = [await station.asked_after(minutes) for minutes in (0, 10, 10)]
        assert all(CURVE not in heard for heard in quiet)
        assert CURVE in await station.asked_after(45)
        undo = {"item": PROFILE, "restore": 1, "seen": 2, "reason": "as before", "by": "ann"}
        await station.units.write(lambda work: scheduling.undo_change(work=work, **undo))
        await station.asked_after(0)
        assert CURVE in await station.asked_after(15)

    asyncio.run(with_station(tmp_path, scene))


@pytest.mark.timeout(60)
def test_a_terminal_is_asked_for_last_months_register_once_it_is_due(tmp_path):
    async def scene(station):
        assert MONTHLY in await station.asked_after(60)

    asyncio.run(with_station(tmp_path, scene))
