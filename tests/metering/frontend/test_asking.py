"""Tasks over links: matched answers only, bounded waits, commands once."""

import asyncio

import pytest

from metering.frontend.test_links import scenario
from metering.frontend.worlds import NOW, device
from metropool.capabilities.metering.frontend import requests
from metropool.capabilities.metering.frontend.tasks import Forward, Read
from metropool.core.errors import Invalid
from metropool.core.quantities import reading_type
from metropool.devices.addresses import pack_cjt188, pack_dlt645
from metropool.devices.cjt188.frame import Frame as WaterFrame
from metropool.devices.cjt188.frame import encode_frame as encode_water
from metropool.devices.gdw1376.requests import unit_address

NOW_MS = int(NOW.timestamp() * 1000)
LATER = NOW_MS + 60_000
FREEZE, CURVE = reading_type("electricity_forward_register").id, reading_type("electricity_forward_profile_register").id
MONTH = reading_type("electricity_forward_month_register").id
WATER = pack_cjt188("11110012345678", meter_type=0x10)
WATER_SETTLEMENT = reading_type("water_settlement_register").id
WATER_ANSWER = bytes.fromhex("68107856341200111181161F9000452301002C002001002C1530082011252000FF9816")


def read(**values) -> Read:
    return Read(**{"id": "r", "terminal": device(1), "expires_at": LATER, "item": FREEZE, "day": 20_634, **values})


def answer_freeze(terminal, request, *points, seq=None, last=True):
    """F161 of points in answer to a request."""
    units = b""
    for point in points:
        units += unit_address(points=(point,), functions=(161,)) + b"\x30\x06\x26" + b"\x01\x00\x01\x07\x26\x00"
        units += bytes.fromhex("0000012300")[::-1]
    number = (request.seq if seq is None else seq) & 0x0F
    return terminal.frame(0x88, 0x0D, units, seq=(0x60 if last else 0x40) | number)


@scenario
async def test_a_read_asks_each_group_of_points_and_is_answered_when_durable(make):
    world = await make()
    terminal = await world.terminal(1)
    task = asyncio.create_task(world.server.carry_out(read(points=[1, 2, 9], origin=5)))
    first = await terminal.hears()
    assert (first.afn, first.units[:4].hex(), first.units[4:].hex()) == (0x0D, "03010114", "300626")
    world.log.gate.clear()
    terminal.send(answer_freeze(terminal, first, 1, 2))
    second = await terminal.hears()
    terminal.send(answer_freeze(terminal, second, 9))
    await asyncio.sleep(0.1)
    assert not task.done(), "not answered before the log has it"
    world.log.gate.set()
    answer = await task
    assert answer.result == "answered"
    assert [(row["point"], row["origin"]) for row in world.log.rows] == [(1, 5), (2, 5), (9, 5)]


@scenario
async def test_an_answer_in_several_frames_ends_with_the_last(make):
    world = await make()
    terminal = await world.terminal(1)
    task = asyncio.create_task(world.server.carry_out(read(points=[1, 2])))
    request = await terminal.hears()
    terminal.send(answer_freeze(terminal, request, 1, last=False))
    await asyncio.sleep(0.1)
    assert not task.done()
    terminal.send(answer_freeze(terminal, request, 2, seq=request.seq + 1))
    assert (await task).result == "answered"
    assert len(world.log.rows) == 2


@scenario
async def test_an_answer_to_another_request_is_not_taken(make):
    world = await make()
    terminal = await world.terminal(1)
    terminal.send(answer_freeze(terminal, None, 3, seq=4))
    await asyncio.sleep(0.1)
    task = asyncio.create_task(world.server.carry_out(read(points=[1])))
    request = await terminal.hears()
    terminal.send(answer_freeze(terminal, request, 7, seq=request.seq + 15))
    await asyncio.sleep(0.1)
    assert not task.done()
    terminal.send(answer_freeze(terminal, request, 1))
    assert (await task).result == "answered"
    assert [row["point"] for row in world.log.rows] == [1]
    assert world.server.hub.counts["late"] == 2


@scenario
async def test_a_curve_is_asked_from_the_first_missing_slot(make):
    world = await make()
    terminal = await world.terminal(1)
    wanted = read(item=CURVE, points=[1], first_slot=4, last_slot=8, interval_s=900, day=20_635)
    task = asyncio.create_task(world.server.carry_out(wanted))
    request = await terminal.hears()
    assert request.units.hex() == "0101" + "100c" + "1501010726" + "01" + "04"
    terminal.send(terminal.frame(0x88, 0x00, unit_address(points=(0,), functions=(2,)), seq=0x60 | request.seq & 15))
    assert (await task).result == "denied"


@scenario
async def test_a_silent_terminal_is_asked_twice_and_a_command_once(make):
    world = await make()
    terminal = await world.terminal(1)
    requests.ANSWER_S, requests.FORWARD_S, before = 0.15, 0.15, (requests.ANSWER_S, requests.FORWARD_S)
    try:
        answer = await world.server.carry_out(read(points=[1]))
        assert answer.result == "silent"
        assert [(await terminal.hears(within=0.1)) is not None for _ in range(3)] == [True, True, False]
        order = Forward(id="c", terminal=device(1), expires_at=LATER, meter=WATER, frame=b"\x68")
        assert (await world.server.carry_out(order)).result == "silent"
        assert [(await terminal.hears(within=0.1)) is not None for _ in range(2)] == [True, False]
    finally:
        requests.ANSWER_S, requests.FORWARD_S = before


@scenario
async def test_a_copy_of_an_order_never_reaches_the_meter(make):
    """F36, as far as the front end can hold it: the same order again, while it is under way and after."""
    world = await make()
    terminal = await world.terminal(1)
    requests.FORWARD_S, before = 0.15, requests.FORWARD_S
    try:
        order = Forward(id="c", terminal=device(1), expires_at=LATER, meter=WATER, frame=b"\x68")
        answers = await asyncio.gather(*(world.server.carry_out(order) for _ in range(20)))
        answers.append(await world.server.carry_out(order))
        assert sorted(answer.result for answer in answers) == ["denied"] * 20 + ["silent"]
        assert [(await terminal.hears(within=0.1)) is not None for _ in range(2)] == [True, False]
        other = Forward(id="d", terminal=device(1), expires_at=LATER, meter=WATER, frame=b"\x68")
        assert (await world.server.carry_out(other)).result == "silent"
    finally:
        requests.FORWARD_S = before


@scenario
async def test_who_is_not_connected_is_unreachable_and_what_is_too_late_expired(make):
    world = await make()
    assert (await world.server.carry_out(read(points=[1]))).result == "unreachable"
    terminal = await world.terminal(1)
    late = Forward(id="c", terminal=device(1), expires_at=NOW_MS, meter=WATER, frame=b"\x68")
    assert (await world.server.carry_out(late)).result == "expired"
    assert await terminal.hears(within=0.1) is None


@scenario
async def test_a_link_that_breaks_after_sending_leaves_the_outcome_unknown(make):
    world = await make()
    terminal = await world.terminal(1)
    order = Forward(id="c", terminal=device(1), expires_at=LATER, meter=WATER, frame=b"\x68")
    task = asyncio.create_task(world.server.carry_out(order))
    await terminal.hears()
    terminal.close()
    assert (await task).result == "lost"


@scenario
async def test_values_that_could_not_be_kept_were_not_answered(make):
    world = await make()
    terminal = await world.terminal(1)
    world.log.fail = True
    task = asyncio.create_task(world.server.carry_out(read(points=[1])))
    request = await terminal.hears()
    terminal.send(answer_freeze(terminal, request, 1))
    assert (await task).result == "lost"


def forwarded(terminal, request, inner):
    units = request.units[:4] + bytes([31]) + len(inner).to_bytes(2, "little") + inner
    return terminal.frame(0x88, 0x10, units, seq=0x60 | request.seq & 0x0F)


@scenario
async def test_a_meter_behind_is_read_and_another_meters_answer_passed_over(make):
    world = await make()
    terminal = await world.terminal(1)
    task = asyncio.create_task(world.server.carry_out(read(item=30, meters=[WATER], origin=3)))
    request = await terminal.hears()
    stranger = encode_water(
        WaterFrame(0x10, "11110099999999", 0x81, bytes.fromhex("1F9000452301002C002001002C1530082011252000FF"))
    )
    terminal.send(forwarded(terminal, request, stranger))
    await asyncio.sleep(0.1)
    assert not task.done()
    terminal.send(forwarded(terminal, request, WATER_ANSWER))
    answer = await task
    assert answer.result == "answered"
    assert (30, 123_450) in [(value.item, value.value) for value in answer.values if value.device == WATER]


@scenario
async def test_a_silent_meter_behind_a_terminal_does_not_stop_the_others(make):
    world = await make()
    terminal = await world.terminal(1)
    other = pack_dlt645("000000000007")
    task = asyncio.create_task(world.server.carry_out(read(item=18, meters=[other], origin=3)))
    request = await terminal.hears()
    terminal.send(forwarded(terminal, request, b""))
    again = await terminal.hears(within=0.5)
    if again is not None:
        terminal.send(forwarded(terminal, again, b""))
    answer = await task
    assert (answer.result, "does not answer" in answer.detail) == ("silent", True)


@scenario
async def test_a_refusing_meter_says_why(make):
    world = await make()
    terminal = await world.terminal(1)
    meter = pack_dlt645("000012345678")
    task = asyncio.create_task(
        world.server.carry_out(Forward(id="c", terminal=device(1), expires_at=LATER, meter=meter, frame=b"h"))
    )
    request = await terminal.hears()
    terminal.send(forwarded(terminal, request, bytes.fromhex("6878563412000068DC0137F816")))
    answer = await task
    assert (answer.result, answer.detail) == ("denied", "password_or_authority")


def test_a_read_nothing_reads_is_refused_before_anything_is_sent():
    with pytest.raises(Invalid):
        list(requests.requests_of(read(points=[1], item=WATER_SETTLEMENT), region="1101", terminal=1, now=lambda: NOW))
    with pytest.raises(Invalid):
        list(requests.requests_of(read(meters=[device(2)]), region="1101", terminal=1, now=lambda: NOW))


@scenario
async def test_a_monthly_freeze_is_asked_with_its_month_and_lies_at_the_end_of_it(make):
    world = await make()
    terminal = await world.terminal(1)
    june_30 = 20_634
    task = asyncio.create_task(world.server.carry_out(read(item=MONTH, points=[1], day=june_30, interval_s=31 * 86_400)))
    asked = await terminal.hears()
    assert (asked.afn, asked.units.hex()) == (0x0D, "010101160626")
    units = unit_address(points=(1,), functions=(177,)) + bytes.fromhex("0626" + "0000010726" + "00" + "0000012300")
    terminal.send(terminal.frame(0x88, 0x0D, units, seq=0x60 | asked.seq & 0x0F))
    assert (await task).result == "answered"
    (row,) = world.log.rows
    assert (row["item"], row["at"], row["value"]) == (MONTH, NOW_MS // 1000 // 86_400 * 86_400 - 8 * 3600, 23_010_000)
