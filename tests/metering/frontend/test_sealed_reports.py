"""What terminals refuse is reported, audited and confirmed, through a carrier that attacks the reports too."""

import asyncio
from contextlib import asynccontextmanager

from dlt645.aio import AsyncMeterServerService

from cityinabox.carrier.relay import Relay, Route, Store
from cityinabox.carrier.trouble import Order, Trouble
from cityinabox.codec.sealed import REPORT, Count, LinkKey, packed
from cityinabox.journal import Record
from cityinabox.modem import open_modem
from cityinabox.refused import Refusals
from metering.frontend.sealed_worlds import sealed_world
from metering.frontend.test_sealed_links import LATER, points, scenario, terminal_record
from metering.frontend.worlds import NOW, device
from metropool.capabilities.metering.frontend.tasks import AddressBook, Read, Terminal
from metropool.core.quantities import reading_type
from metropool.devices.addresses import pack_dlt645

METER = pack_dlt645("000012345678")
VOLTAGE = reading_type("electricity_voltage_a").id


def refuse(world, reason="repeated", counter=9, number=1):
    """A terminal remembers that it refused something."""
    world.refused[number].note(reason, counter)


async def until(condition, within=8.0):
    async with asyncio.timeout(within):
        while not await condition():  # noqa: ASYNC110 - told in rounds
            await asyncio.sleep(0.05)


@asynccontextmanager
async def listening(terminal):
    """The terminal takes what comes meanwhile."""

    async def listen():
        while await terminal.wire.read():
            pass

    task = asyncio.create_task(listen())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def is_confirmed(world, number=1):
    async def check():
        await world.server.hub.tell_refusals()
        return world.refused[number].due_s() is None

    return check


async def is_reported_again(world):
    return world.count("sealed_reports") > 1


@scenario
async def test_what_a_terminal_refuses_is_reported_with_its_counters_audited_once_and_confirmed(folder):
    async with sealed_world(folder) as world:
        terminal = await world.sealed()
        world.order("replay", "down", count=2)
        assert [await terminal.says(terminal.push((n, n))) for n in (1, 2)] == [0, 0]
        async with listening(terminal):
            await until(is_confirmed(world))
        told = await world.refusals("terminal")
        assert {(who, reason) for who, reason, _, _ in told} == {(device(1), "repeated")}
        assert sum(count for _, _, _, count in told) == 2
        assert [row["counter"] for row in terminal_record(folder)] == [2, 3]
        assert await world.refusals() == []
        assert points(world) == [(1, 100), (2, 200)], "and nothing of it reached the meters' protocol"
        event = world.events.events[0]
        assert (event.detail["report"], event.detail["peer"][:9]) == (1, "127.0.0.1")


@scenario
async def test_a_report_that_was_altered_is_refused_and_comes_again(folder):
    async with sealed_world(folder) as world:
        terminal = await world.sealed()
        for do in ("alter", "drop"):
            world.order(do)
            refuse(world)
            async with listening(terminal):
                await until(is_confirmed(world))
        assert await world.refusals("terminal") == [(device(1), "repeated", 9, 1)] * 2
        assert [told[1] for told in await world.refusals()] == ["altered"]


@scenario
async def test_a_report_sent_again_or_behind_a_frame_is_refused_as_repeated_and_told_once(folder):
    async with sealed_world(folder) as world:
        terminal = await world.sealed()
        refuse(world)
        world.order("replay")
        async with listening(terminal):
            await until(is_confirmed(world))
        world.order("swap")
        refuse(world, "altered", 7)
        terminal.wire._report()
        await asyncio.sleep(1.1)
        async with listening(terminal):
            await asyncio.sleep(0.1)
            terminal.send(terminal.push((1, 1)))
            await until(is_confirmed(world))
        assert await world.refusals("terminal") == [(device(1), "repeated", 9, 1), (device(1), "altered", 7, 1)]
        assert [told[1] for told in await world.refusals()] == ["repeated", "repeated"]
        assert points(world) == [(1, 100)]


@scenario
async def test_a_confirmation_that_is_lost_or_altered_has_the_report_said_again_and_not_told_again(folder):
    async with sealed_world(folder) as world:
        terminal = await world.sealed()
        world.order("alter", "down")
        refuse(world)
        async with listening(terminal):
            await until(is_confirmed(world))
        told = await world.refusals("terminal")
        assert told == [(device(1), "repeated", 9, 1), (device(1), "altered", 2, 1)], "the confirmation was refused, and is told"
        reports = [event.detail["report"] for event in world.events.events]
        assert reports == [1, 2]


@scenario
async def test_on_the_next_link_a_report_that_was_not_confirmed_is_said_again(folder):
    async with sealed_world(folder) as world:
        terminal = await world.sealed()
        world.order("drop", "down")
        refuse(world)
        async with listening(terminal):

            async def told():
                return bool(await world.refusals("terminal"))

            await until(told)
        terminal.writer.transport.abort()
        refuse(world, "altered", 3)
        again = await world.sealed()
        async with listening(again):
            await until(is_confirmed(world))
        assert world.count("sealed_reports") == 3, "the first one twice, then the next"
        assert await world.refusals("terminal") == [(device(1), "repeated", 9, 1), (device(1), "altered", 3, 1)]


@scenario
async def test_a_report_is_not_confirmed_before_the_log_has_it(folder):
    async with sealed_world(folder) as world:
        terminal = await world.sealed()
        world.events.fail = True
        refuse(world)
        async with listening(terminal):
            await until(lambda: is_reported_again(world))
            assert world.refused[1].due_s() is not None
            assert world.events.events == []
            world.events.fail = False
            await until(is_confirmed(world))
        assert await world.refusals("terminal") == [(device(1), "repeated", 9, 1)]


@scenario
async def test_a_front_end_that_was_restarted_before_it_confirmed_may_tell_a_report_again_under_its_number(folder):
    (folder / "first").mkdir()
    (folder / "second").mkdir()
    async with sealed_world(folder / "first", terminals=1) as world:
        terminal = await world.sealed()
        world.order("drop", "down", count=9)
        refuse(world)
        async with listening(terminal):
            await until(lambda: told_by_terminals(world))
        refused, before = world.refused, world.events.events
    (folder / "first" / "terminals.keys").rename(folder / "second" / "terminals.keys")
    async with sealed_world(folder / "second", terminals=1) as after:
        after.refused.update(refused)
        again = await after.sealed(1, key=world.given[1])
        async with listening(again):
            await until(is_confirmed(after))
        twice = [event.detail for event in before + after.events.events]
        assert [(row["by"], row["report"], row["counter"]) for row in twice] == [("terminal", 1, 9)] * 2


async def told_by_terminals(world):
    return bool(await world.refusals("terminal"))


@scenario
async def test_a_report_that_is_none_is_refused_alone_and_what_it_holds_is_no_frame(folder):
    async with sealed_world(folder) as world:
        terminal = await world.sealed()
        push = terminal.push((1, 1))
        row = packed([Count("altered", 1, 1, 1)])
        for content in (push, b"", bytes(8), bytes(8) + row * 65, bytes(8) + b"\x09" + row[1:], bytes(8) + row[:-1]):
            terminal.writer.write(terminal.wire._session.seal(content, REPORT))
        assert await terminal.says(terminal.push((2, 2))) == 0, "the same link"
        assert points(world) == [(2, 200)]
        assert await world.refusals() == [(device(1), "bad_report", counter, 1) for counter in range(2, 8)]
        assert await world.refusals("terminal") == []
        terminal.writer.write(terminal.wire._session.seal(bytes(8) + row * 64, REPORT))
        await until(lambda: told_by_terminals(world))
        assert len(await world.refusals("terminal")) == 64


@scenario
async def test_the_end_of_a_link_by_a_bad_header_or_answer_is_reported_on_the_next(folder):
    async with sealed_world(folder) as world:
        terminal = await world.sealed()
        world.order("alter_header", "down")
        terminal.send(terminal.push((1, 1)))
        try:
            while await terminal.wire.read():
                pass
        except ConnectionError:
            terminal.writer.transport.abort()
        refuse(world, "bad_answer", 0)
        again = await world.sealed()
        async with listening(again):
            await until(is_confirmed(world))
        told = await world.refusals("terminal")
        assert {row["reason"] for row in terminal_record(folder)} == {reason for _, reason, _, _ in told}
        assert (device(1), "bad_answer", 0, 1) in told


@asynccontextmanager
async def modem_world(folder):
    """A plain meter behind its modem, dialled through a carrier of its own."""
    async with sealed_world(folder, terminals=1) as world:
        (drawn,) = world.keys.draw([METER], at="2026-07-01")
        keys = type("Keys", (), {"of": lambda self, address: LinkKey(drawn.name, drawn.number, drawn.key)})()
        refusals = Refusals("m", Record(folder / "m.jsonl"))
        meter = AsyncMeterServerService.new_tcp_server("127.0.0.1", 0)
        meter.set_address(bytes.fromhex("785634120000"))
        meter.set_02(0x02010100, 220.1)
        assert await meter.start()
        given = {"meter_port": meter.server.port, "address": "000012345678", "keys": keys, "refusals": refusals}
        modem = await open_modem("127.0.0.1", 0, shows=NOW.timestamp, **given)
        carrier = Relay(Store(folder / "carrier-m"), Trouble(world.relay.trouble.chance))
        port = await carrier.open("127.0.0.1", Route(0, "127.0.0.1", modem.sockets[0].getsockname()[1], "down"))
        book = [Terminal(address=METER, kind="transparent", link="sealed", host="127.0.0.1", port=port)]
        await world.server.introduce(AddressBook(terminals=book))
        world.refused[0] = refusals
        try:
            yield world, carrier
        finally:
            await carrier.close()
            modem.close()
            await meter.stop()


@scenario
async def test_a_modem_reports_what_it_refused_while_nobody_asks_its_meter_anything(folder):
    async with modem_world(folder) as (world, carrier):
        read = Read(id="r", terminal=METER, expires_at=LATER, item=VOLTAGE, meters=[METER], origin=3)
        carrier.trouble.order(Order("replay", "down"))
        answer = await world.server.carry_out(read)
        assert (answer.result, [value.value for value in answer.values]) == ("answered", [2201])

        async def is_told():
            return bool(await world.refusals("terminal")) and world.refused[0].due_s() is None

        await until(is_told)
        assert await world.refusals("terminal") == [(METER, "repeated", 1, 1)]
        carrier.trouble.order(Order("replay", "up"))
        assert (await world.server.carry_out(read)).result == "answered", "the line goes on"
        await until(lambda: is_refused_here(world))
        assert [told[:2] for told in await world.refusals()] == [(METER, "repeated")]


async def is_refused_here(world):
    return bool(await world.refusals())
