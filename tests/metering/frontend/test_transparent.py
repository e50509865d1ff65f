"""A plain DL/T 645 meter on a TCP link: the public ``dlt645`` library is the meter."""

import asyncio

from dlt645.aio import AsyncMeterServerService
from msgspec.structs import replace

from metering.frontend.worlds import NOW, open_world
from metropool.capabilities.metering.frontend.tasks import AddressBook, Forward, Read, Terminal
from metropool.core.quantities import reading_type
from metropool.devices.addresses import pack_dlt645
from metropool.devices.dlt645 import requests
from metropool.devices.dlt645.frame import encode_frame

METER = pack_dlt645("000012345678")
JUNE_30, JULY_1_S = 20_634, 1_782_835_200
LATER = int(NOW.timestamp() * 1000) + 60_000
MONTH = reading_type("electricity_forward_month_register").id
REGISTER, VOLTAGE = reading_type("electricity_forward_register").id, reading_type("electricity_voltage_a").id


async def with_meter(body):
    meter = AsyncMeterServerService.new_tcp_server("127.0.0.1", 0)
    meter.set_address(bytes.fromhex("785634120000"))
    meter.set_00(0x00010000, 1234.56)
    meter.set_02(0x02010100, 220.1)
    assert await meter.start()
    world = await open_world()
    line = Terminal(address=METER, kind="transparent", link="plain", host="127.0.0.1", port=meter.server.port)
    await world.server.introduce(AddressBook(terminals=[line]))
    try:
        await body(world, meter)
    finally:
        await world.server.close()
        await meter.stop()


def read(item, **values):
    return Read(**{"id": "r", "terminal": METER, "expires_at": LATER, "item": item, "meters": [METER], "origin": 3, **values})


def test_register_and_voltage_are_read_and_durable_before_they_are_answered():
    async def body(world, meter):
        answer = await world.server.carry_out(read(REGISTER))
        assert (answer.result, [(value.item, value.value) for value in answer.values]) == ("answered", [(REGISTER, 12_345_600)])
        answer = await world.server.carry_out(read(VOLTAGE))
        assert [(value.item, value.value) for value in answer.values] == [(VOLTAGE, 2201)]
        assert [(row["device"], row["value"]) for row in world.log.rows] == [(METER, 12_345_600), (METER, 2201)]
        world.log.fail = True
        assert (await world.server.carry_out(read(REGISTER))).result == "lost"

    asyncio.run(with_meter(body))


def test_a_meter_without_freezes_gives_its_present_register_as_of_now():
    async def body(world, meter):
        answer = await world.server.carry_out(read(REGISTER, origin=1, day=20_634))
        assert answer.result == "answered"
        assert [row["at"] for row in world.log.rows] == [int(NOW.timestamp())]

    asyncio.run(with_meter(body))


def test_a_meter_that_is_gone_is_unreachable_and_a_refused_order_denied():
    async def body(world, meter):
        broken = Forward(id="c", terminal=METER, expires_at=LATER, meter=METER, frame=b"no frame")
        assert (await world.server.carry_out(broken)).result == "denied"
        other = encode_frame(requests.read(address="000012345678", data_id=0x02770001))
        refused = await world.server.carry_out(replace(broken, frame=other))
        assert refused.result == "denied"
        await meter.stop()
        gone = Terminal(address=METER, kind="transparent", link="plain", host="127.0.0.1", port=1)
        await world.server.introduce(AddressBook(terminals=[gone]))
        assert (await world.server.carry_out(read(REGISTER))).result == "unreachable"

    asyncio.run(with_meter(body))


def test_the_register_of_last_month_is_what_the_meter_kept_at_its_settlement():
    async def body(world, meter):
        meter.set_04(0x04000B01, "0100")
        meter.set_00(0x00010001, 1200.25)
        answer = await world.server.carry_out(read(MONTH, origin=1, day=JUNE_30, interval_s=31 * 86_400))
        assert answer.result == "answered"
        assert [(row["item"], row["at"], row["value"]) for row in world.log.rows] == [(MONTH, JULY_1_S, 12_002_500)]

    asyncio.run(with_meter(body))


def test_a_meter_that_settles_on_another_day_or_a_month_that_is_not_over_is_denied_and_nothing_is_kept():
    async def body(world, meter):
        meter.set_00(0x00010001, 1200.25)
        meter.set_04(0x04000B01, "1500")
        other_day = await world.server.carry_out(read(MONTH, origin=1, day=JUNE_30))
        assert (other_day.result, "does not settle" in other_day.detail) == ("denied", True)
        meter.set_04(0x04000B01, "0100")
        for day in (JUNE_30 + 31, JUNE_30 - 400):
            assert (await world.server.carry_out(read(MONTH, origin=1, day=day))).result == "denied"
        assert world.log.rows == []

    asyncio.run(with_meter(body))


async def stands(world, state):
    for _ in range(400):
        if [contact.state for contact in world.server.contacts(whole=True)] == [state]:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(world.server.contacts(whole=True))


def test_a_meter_is_dialled_without_being_asked_and_told_as_gone_when_it_hangs_up():
    async def body(world, meter):
        await stands(world, "online")
        await world.server.carry_out(read(REGISTER))
        heard = world.server.contacts(whole=True)[0].last_heard_at
        await meter.stop()
        line = world.server.meters._lines[METER]
        line.writer.transport.abort()
        line.dial_at = 0
        await stands(world, "offline")
        assert world.server.contacts(whole=True)[0].last_heard_at == heard

    asyncio.run(with_meter(body))
