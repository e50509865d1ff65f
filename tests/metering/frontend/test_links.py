"""Links of terminals on real sockets: faults F18-F30 of the trust sheet."""

import asyncio

import pytest

from metering.frontend.worlds import device, open_world


def scenario(body):
    """Run a coroutine test on its own loop, the front end closed at the end."""

    def test():
        async def run():
            opened = []

            async def make(**limits):
                opened.append(await open_world(**limits))
                return opened[-1]

            try:
                await body(make)
            finally:
                for world in opened:
                    await world.server.close()

        asyncio.run(run())

    test.__doc__ = body.__doc__
    return test


@scenario
async def test_login_heartbeat_and_push_are_confirmed(make):
    world = await make()
    terminal = await world.terminal()
    assert await terminal.says(terminal.link(3)) == 0
    assert await terminal.says(terminal.push((1, 123_456), (2, 5))) == 0
    assert [(row["point"], row["item"], row["value"], row["origin"]) for row in world.log.rows] == [
        (1, 1, 12_345_600, 2),
        (2, 1, 500, 2),
    ]
    assert {row["device"] for row in world.log.rows} == {device(1)}
    assert [(c.state, c.terminal) for c in world.server.contacts()] == [("online", device(1))]


@scenario
async def test_a_push_is_confirmed_only_when_it_is_durable(make):
    world = await make()
    terminal = await world.terminal()
    world.log.gate.clear()
    assert await terminal.says(terminal.push((1, 1)), within=0.3) is None
    world.log.gate.set()
    assert await terminal.verdict() == 0


@scenario
async def test_a_push_that_could_not_be_kept_is_not_confirmed(make):
    world = await make()
    terminal = await world.terminal()
    world.log.fail = True
    push = terminal.push((1, 1))
    assert await terminal.says(push, within=0.3) is None
    world.log.fail = False
    assert await terminal.says(push) == 0
    assert len(world.log.rows) == 1


@scenario
async def test_many_pushes_share_an_append(make):
    world = await make(flush_s=0.05)
    terminals = [await world.terminal(number) for number in (1, 2, 3)]
    for terminal in terminals:
        for point in range(1, 9):
            terminal.send(terminal.push((point, point)))
    assert [[await terminal.verdict() for _ in range(8)] for terminal in terminals] == [[0] * 8] * 3
    assert len(world.log.rows) == 24
    assert len(world.log.kept) <= 3


@scenario
async def test_frames_glued_cut_byte_by_byte_and_behind_garbage_are_all_taken_in_order(make):
    world = await make()
    terminal = await world.terminal()
    glued = b"".join(terminal.push((point, point)) for point in range(1, 6))
    terminal.send(b"\x00\x68\x68\x16" + glued[:-7])
    assert [await terminal.verdict() for _ in range(4)] == [0] * 4
    for byte in glued[-7:] + terminal.push((6, 6)):
        terminal.send(bytes([byte]))
        await terminal.writer.drain()
    assert [await terminal.verdict() for _ in range(2)] == [0, 0]
    assert [row["point"] for row in world.log.rows] == [1, 2, 3, 4, 5, 6]


@scenario
async def test_one_flipped_bit_anywhere_is_dropped_and_the_link_stays(make):
    world = await make()
    terminal = await world.terminal()
    good = terminal.push((1, 77))
    for position in range(0, len(good) - 1, 3):
        spoiled = bytearray(good)
        spoiled[position] ^= 0x08
        terminal.send(bytes(spoiled) + terminal.link(3))
    while await terminal.verdict(within=0.3) is not None:
        pass
    assert all(row["value"] == 7_700 for row in world.log.rows)
    assert await terminal.says(terminal.push((2, 1))) == 0


@scenario
async def test_a_frame_that_never_ends_frees_its_buffer(make):
    world = await make(stall_s=0.2)
    terminal = await world.terminal()
    terminal.send(b"\x68\xff\xff\xff\xff\x68" + terminal.push((1, 1)))
    assert await terminal.verdict(within=3.0) == 0
    assert world.server.hub.counts["frames_stalled"] >= 1


@scenario
async def test_garbage_without_end_closes_the_link(make):
    world = await make(garbage=20_000)
    terminal = await world.terminal()
    for _ in range(20):
        terminal.send(b"\x68\x00" * 1000)
    assert await terminal.is_closed()


@scenario
async def test_a_link_that_does_not_log_in_or_dribbles_is_closed_and_others_are_served(make):
    world = await make(login_s=0.5)
    slow, good = await world.terminal(2, login=False), await world.terminal(1)
    for byte in slow.link(1)[:5]:
        slow.send(bytes([byte]))
        await slow.writer.drain()
    assert await slow.is_closed(within=4.0)
    assert await good.says(good.push((1, 1))) == 0


@scenario
async def test_an_unknown_terminal_is_refused_told_once_and_its_data_not_taken(make):
    world = await make()
    stranger = await world.terminal(99, login=False)
    assert await stranger.says(stranger.link(1)) == 1
    assert await stranger.is_closed()
    again = await world.terminal(99, login=False)
    again.send(again.push((1, 1)) + again.link(1))
    assert await again.verdict() == 1
    known = await world.terminal(1)
    assert await known.says(known.link(3)) == 0
    assert await known.says(known.push((1, 1))) == 0
    assert len(world.log.rows) == 1
    assert [(event.code, event.device) for event in world.events.events] == [("login_unknown", device(99))]


@scenario
async def test_data_of_another_terminal_on_a_link_is_not_taken(make):
    world = await make()
    terminal = await world.terminal(1)
    terminal.number = 2
    assert await terminal.says(terminal.push((1, 1)), within=0.3) is None
    assert world.log.rows == []
    assert world.server.hub.counts["foreign"] == 1


@scenario
async def test_a_new_link_takes_the_place_of_a_dead_one(make):
    world = await make(fenced_s=0.2)
    old = await world.terminal(1)
    new = await world.terminal(1)
    assert await new.says(new.push((1, 1))) == 0
    assert await old.is_closed(within=4.0)
    assert world.server.hub.roster.link_of(device(1)) is not None


@scenario
async def test_two_terminals_with_one_address_are_both_shut_out(make):
    world = await make()
    first, second = await world.terminal(1), await world.terminal(1)
    await asyncio.sleep(0.6)
    first.send(first.push((1, 111)))
    assert await first.is_closed()
    assert await second.is_closed()
    assert world.log.rows == []
    third = await world.terminal(1, login=False)
    assert await third.says(third.link(1)) == 1
    await world.server.hub.drain()
    other = await world.terminal(2)
    assert await other.says(other.push((1, 2))) == 0
    assert "address_conflict" in [event.code for event in world.events.events]
    assert [c.state for c in world.server.contacts() if c.terminal == device(1)] == ["quarantined"]


@scenario
async def test_a_reconnect_storm_is_served_within_bounds(make):
    world = await make(terminals=400)
    terminals = await asyncio.gather(*(world.terminal(number) for number in range(1, 401)))
    assert await asyncio.gather(*(terminal.says(terminal.push((1, 5))) for terminal in terminals)) == [0] * 400
    assert len(world.log.rows) == 400


@scenario
async def test_links_beyond_the_bound_are_cut_at_once(make):
    world = await make(links=2)
    kept = [await world.terminal(1), await world.terminal(2)]
    extra = await world.terminal(3, login=False)
    assert await extra.is_closed()
    assert await kept[0].says(kept[0].link(3)) == 0


@scenario
async def test_one_terminal_that_floods_does_not_starve_another(make):
    world = await make()
    loud, quiet = await world.terminal(1), await world.terminal(2)
    flood = loud.push((1, 1)) * 5_000
    loud.send(flood)
    async with asyncio.timeout(2.0):
        assert await quiet.says(quiet.push((1, 2))) == 0


@scenario
async def test_events_are_confirmed_when_kept(make):
    world = await make()
    terminal = await world.terminal(1)
    record = bytes.fromhex("0E0A 4014310710 3111030810")
    units = bytes.fromhex("00000100") + bytes([1, 0, 0, 1]) + record
    assert await terminal.says(terminal.frame(0xC4, 0x0E, units)) == 0
    (event,) = [event for event in world.events.events if event.code == "erc_14"]
    assert event.detail["off_time"] == "2010-07-31T14:40"


@scenario
async def test_a_push_nobody_understands_is_confirmed_and_counted(make):
    world = await make()
    terminal = await world.terminal(1)
    assert await terminal.says(terminal.frame(0xC4, 0x0D, bytes.fromhex("0101 011F 3006 26 0102"))) == 0
    assert world.server.hub.counts["not_understood"] == 1


@scenario
async def test_missing_values_are_no_readings(make):
    world = await make()
    terminal = await world.terminal(1)
    absent = bytes.fromhex("0101 0114 300626 0001 010726 00") + b"\xee" * 5
    assert await terminal.says(terminal.frame(0xC4, 0x0D, absent)) == 0
    assert world.log.rows == []
    assert world.server.hub.counts["missing"] == 1


def test_a_taken_port_is_one_sentence():
    async def run():
        world = await open_world()
        try:
            from metropool.capabilities.metering.frontend.server import serve

            with pytest.raises(Exception, match="choose another port"):
                await serve(host="127.0.0.1", port=world.server.port, clock=world.clock, log=world.log, event_log=world.events)
        finally:
            await world.server.close()

    asyncio.run(run())
