"""Sealed links over real sockets through a carrier that cheats: F18, F25, F28, F36 and R03 of the trust sheet."""

import asyncio
import json
from datetime import timedelta
from functools import wraps

from cityinabox.codec.sealed import LinkKey
from cityinabox.journal import Record
from cityinabox.refused import Refusals
from cityinabox.wires import agree
from metering.frontend.sealed_worlds import sealed_world
from metering.frontend.worlds import NOW, device
from metropool.capabilities.metering.frontend.sealed.refusals import EACH_MAX
from metropool.capabilities.metering.frontend.tasks import AddressBook, Forward, Read, Terminal
from metropool.devices.gdw1376.requests import unit_address

LATER = int((NOW + timedelta(minutes=5)).timestamp() * 1000)


def scenario(body):
    """Run a coroutine test on its own loop with a folder of its own."""

    @wraps(body)
    def test(tmp_path):
        asyncio.run(body(tmp_path))

    del test.__wrapped__
    return test


def points(world):
    return [(row["point"], row["value"]) for row in world.log.rows]


@scenario
async def test_a_sealed_link_carries_login_push_and_confirmation_and_the_carrier_keeps_nothing_readable(folder):
    async with sealed_world(folder) as world:
        terminal = await world.sealed()
        pushes = [terminal.push((1, 123_456)), terminal.push((2, 87_654_321))]
        assert [await terminal.says(push) for push in pushes] == [0, 0]
        assert points(world) == [(1, 12_345_600), (2, 8_765_432_100)]
        kept = world.kept()
        assert len(kept) > sum(map(len, pushes))
        for secret in (b"\x56\x34\x12", b"\x00\x21\x43\x65\x87", b"\x01\x11\x01\x00", pushes[0][6:30]):
            assert secret not in kept
            assert bytes((byte + 0x33) % 256 for byte in secret) not in kept
        assert await world.refusals() == []


@scenario
async def test_without_its_key_a_terminal_is_not_heard_and_its_refusal_is_told(folder):
    async with sealed_world(folder) as world:
        plain = await world.terminal(1, login=False)
        assert await plain.says(plain.link(1)) == 1
        plain = await world.terminal(1, login=False)
        plain.send(plain.push((1, 5)))
        stranger = LinkKey(b"stranger", 1, bytes(32))
        forger = LinkKey(world.given[1].name, 1, bytes(32))
        for key in (stranger, forger):
            assert await refused_hello(world, key)
        assert points(world) == []
        told = {(device, reason) for device, reason, _, _ in await world.refusals()}
        assert told == {(device(1), "unsealed"), (1 << 60, "unknown_key"), (device(1), "forged_hello")}


async def refused_hello(world, key):
    try:
        await world.sealed(1, key=key, login=False, direct=True)
    except ConnectionError:
        return True
    return False


@scenario
async def test_a_registry_row_may_say_that_a_link_is_plain(folder):
    book = [Terminal(address=device(1), link="plain"), Terminal(address=device(2))]
    async with sealed_world(folder, book=book) as world:
        terminal = await world.terminal(1)
        assert await terminal.says(terminal.push((1, 5))) == 0
        await world.server.introduce(AddressBook(terminals=[Terminal(address=device(1)), Terminal(address=device(2))]))
        assert await terminal.is_closed(), "the row says so no longer"


@scenario
async def test_an_altered_frame_is_refused_alone_and_what_it_said_comes_again(folder):
    async with sealed_world(folder) as world:
        terminal = await world.sealed()
        world.order("alter")
        push = terminal.push((1, 77))
        assert await terminal.says(push, within=0.3) is None
        assert await terminal.says(push) == 0
        assert points(world) == [(1, 7_700)]
        assert await world.refusals() == [(device(1), "altered", 2, 1)]
        world.order("alter_counter")
        assert await terminal.says(terminal.push((2, 1)), within=0.3) is None
        assert await terminal.says(terminal.push((2, 1))) == 0, "the same link"


@scenario
async def test_a_bad_header_ends_the_link_and_a_new_session_goes_on(folder):
    async with sealed_world(folder) as world:
        terminal = await world.sealed()
        world.order("alter_header")
        terminal.send(terminal.push((1, 1)))
        assert await terminal.hears(within=2.0) is None
        again = await world.sealed()
        assert await again.says(again.push((1, 1))) == 0
        assert [(who, reason) for who, reason, _, _ in await world.refusals()] == [(device(1), "bad_header")]


@scenario
async def test_repeated_swapped_and_late_frames_are_refused_and_nothing_is_taken_twice(folder):
    async with sealed_world(folder) as world:
        terminal = await world.sealed()
        world.order("replay", count=2)
        assert [await terminal.says(terminal.push((n, n))) for n in (1, 2)] == [0, 0]
        world.order("swap")
        late = terminal.push((3, 3))
        terminal.send(late)
        assert await terminal.says(terminal.push((4, 4))) == 0
        assert await terminal.says(late) == 0
        world.order("delay", seconds=0.2)
        terminal.send(late)
        assert await terminal.says(terminal.push((5, 5))) == 0
        await asyncio.sleep(0.4)
        assert sorted(points(world)) == [(1, 100), (2, 200), (3, 300), (4, 400), (5, 500)]
        assert world.count("sealed_repeated") == 4
        assert await world.refusals() == [(device(1), "repeated", counter, 1) for counter in (2, 3, 4, 7)], "each at once"


@scenario
async def test_frames_of_another_terminal_and_of_an_older_session_are_refused(folder):
    async with sealed_world(folder) as world:
        one, other = await world.sealed(1), await world.sealed(2)
        assert await one.says(one.push((1, 1))) == 0
        world.order("other")
        assert await other.says(other.push((2, 2))) == 0
        one.writer.close()
        again = await world.sealed(1)
        world.order("old")
        assert await again.says(again.push((3, 3))) == 0
        assert sorted(points(world)) == [(1, 100), (2, 200), (3, 300)]
        told = {(who, reason) for who, reason, _, _ in await world.refusals()}
        assert told == {(device(2), "other_session"), (device(1), "other_session")}


@scenario
async def test_a_login_recorded_yesterday_opens_nothing_and_shuts_nobody_out(folder):
    async with sealed_world(folder) as world:
        terminal = await world.sealed()
        assert await terminal.says(terminal.push((1, 1))) == 0
        recorded = next((folder / "carrier").glob("*.up")).read_bytes()
        reader, writer = await asyncio.open_connection("127.0.0.1", world.server.port)
        writer.write(recorded)
        assert await reader.read() == b"", "a hello that was said before is not answered"
        assert await terminal.says(terminal.push((2, 2))) == 0, "the true terminal goes on"
        assert points(world) == [(1, 100), (2, 200)]
        assert [(who, reason) for who, reason, _, _ in await world.refusals()] == [(device(1), "repeated_hello")]


@scenario
async def test_a_restarted_front_end_agrees_anew_and_takes_nothing_of_the_old_session(folder):
    async with sealed_world(folder / "first", terminals=1) as world:
        terminal = await world.sealed()
        assert await terminal.says(terminal.push((1, 1))) == 0
        recorded = next((folder / "first" / "carrier").glob("*.up")).read_bytes()
    (folder / "second").mkdir()
    (folder / "first" / "terminals.keys").rename(folder / "second" / "terminals.keys")
    async with sealed_world(folder / "second", terminals=1) as after:
        key = next(iter(world.given.values()))
        _, writer = await asyncio.open_connection("127.0.0.1", after.server.port)
        writer.write(recorded)
        again = await after.sealed(1, key=key)
        assert await again.says(again.push((2, 2))) == 0
        assert points(after) == [(2, 200)]
        assert [told[:3] for told in await after.refusals()] == [(device(1), "other_session", n) for n in (1, 2)]


@scenario
async def test_a_link_that_was_held_back_and_let_go_later_shuts_nobody_out(folder):
    async with sealed_world(folder) as world:
        first = await world.sealed()
        second = await world.sealed()
        await asyncio.sleep(0.6)
        first.send(first.push((1, 111)))
        assert await second.says(second.push((1, 5))) == 0
        assert points(world) == [(1, 500)]
        assert world.count("quarantined") == 0


@scenario
async def test_a_terminal_cannot_log_in_as_another_with_its_own_key(folder):
    async with sealed_world(folder) as world:
        terminal = await world.sealed(1, login=False)
        terminal.number = 2
        assert await terminal.says(terminal.link(1)) == 1
        assert [(who, reason) for who, reason, _, _ in await world.refusals()] == [(device(1), "other_terminal")]


@scenario
async def test_a_flood_of_refusals_costs_a_bounded_number_of_rows_and_ends_the_link(folder):
    async with sealed_world(folder, garbage=20_000) as world:
        terminal, other = await world.sealed(1), await world.sealed(2)
        junk = bytearray(terminal.wire._session.seal(b"x" * 50))
        junk[-1] ^= 1
        try:
            for _ in range(40):
                terminal.writer.write(bytes(junk) * 50)
                await terminal.writer.drain()
        except ConnectionError:
            pass
        assert await other.says(other.push((1, 1))) == 0
        assert await terminal.hears() is None
        assert world.count("sealed_refused") > 200
        assert [told[3] for told in await world.refusals()] == [1] * EACH_MAX, "each of the first for itself"
        world.clock.advance(timedelta(hours=1))
        (*_, summed) = await world.refusals()
        assert summed[1] == "altered"
        assert EACH_MAX + summed[3] == world.count("sealed_altered")


@scenario
async def test_refusals_that_could_not_be_told_are_told_later(folder):
    async with sealed_world(folder) as world:
        world.events.fail = True
        assert await refused_hello(world, LinkKey(b"stranger", 1, bytes(32)))
        await world.server.hub.tell_refusals()
        world.events.fail = False
        assert [reason for _, reason, _, _ in await world.refusals()] == ["unknown_key"]


@scenario
async def test_an_order_replayed_to_the_terminal_is_refused_there(folder):
    async with sealed_world(folder) as world:
        terminal = await world.sealed()
        world.order("replay", "down")
        asked = asyncio.create_task(world.server.carry_out(valve_order("v1", LATER)))
        order = await terminal.hears()
        assert order.afn == 0x10
        terminal.send(terminal.frame(0x88, 0x00, unit_address(points=(0,), functions=(1,)), seq=0x60 | order.seq & 0x0F))
        assert (await asked).result == "answered"
        assert await terminal.hears(within=0.3) is None, "the second one is not heard"
        assert [(row["reason"], row["counter"]) for row in terminal_record(folder)] == [("repeated", 2)]


@scenario
async def test_an_order_held_back_until_it_expired_is_not_acted_on(folder):
    async with sealed_world(folder) as world:
        terminal = await world.sealed()
        terminal.wire._shows = lambda: LATER / 1000
        asked = asyncio.create_task(world.server.carry_out(valve_order("v2", LATER)))
        assert await terminal.hears(within=0.4) is None
        assert [row["reason"] for row in terminal_record(folder)] == ["expired"]
        read = Read(id="r", terminal=device(1), expires_at=LATER, item=1, points=[1], day=20_634)
        asked.cancel()
        reading = asyncio.create_task(world.server.carry_out(read))
        assert (await terminal.hears()).afn in (0x0C, 0x0D), "what only reads does not expire there"
        reading.cancel()


def valve_order(id, expires_at):
    return Forward(id=id, terminal=device(1), expires_at=expires_at, meter=0, frame=b"\x68valve\x16")


def terminal_record(folder):
    return [json.loads(line) for line in (folder / "record.jsonl").read_text().splitlines()]


@scenario
async def test_a_new_key_ends_the_old_one_once_it_was_used_and_a_revoked_one_cuts_its_link(folder):
    async with sealed_world(folder) as world:
        old = await world.sealed()
        (drawn,) = world.keys.draw([device(1)], at="2026-07-02")
        assert await old.says(old.link(3)) == 0, "the old one is good until the new one was used"
        new = LinkKey(drawn.name, drawn.number, drawn.key)
        terminal = await world.sealed(1, key=new)
        assert await terminal.says(terminal.push((1, 1))) == 0
        assert await refused_hello(world, world.given[1])
        assert [(row.number, row.ended) for row in world.keys.standing() if row.terminal == device(1)] == [
            (1, "replaced"),
            (2, ""),
        ]
        world.keys.end(terminal=device(1), how="revoked")
        await world.server.introduce(AddressBook(terminals=[Terminal(address=device(1))]))
        assert await terminal.hears() is None
        assert await refused_hello(world, new)
        assert {reason for _, reason, _, _ in await world.refusals()} == {"ended_key"}


@scenario
async def test_a_terminal_notices_an_answer_by_somebody_without_the_key(folder):
    async with sealed_world(folder) as world:

        async def pretend(reader, writer):
            said = await reader.read(4096)
            writer.write(said[:3] + b"\x02" + said[4:5] + b"\x01" + said[6:20] + bytes(48))

        false_end = await asyncio.start_server(pretend, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*false_end.sockets[0].getsockname())
        refusals = Refusals("t1", Record(folder / "record.jsonl"))
        try:
            await agree(reader, writer, world.given[1], refusals=refusals, shows=lambda: 0.0)
        except ConnectionError as refused:
            assert "without the key" in str(refused)
        else:
            raise AssertionError("it believed a false head-end")
        false_end.close()
