"""A concentrator over a real socket against a small head-end."""

import asyncio
import json
import time
from contextlib import asynccontextmanager
from random import Random

import pytest

from cityinabox.city import make_city
from cityinabox.clock import CityClock, midnight, unix
from cityinabox.codec import cjt188, dlt645
from cityinabox.codec import gdw1376 as wire
from cityinabox.codec.bcd import instant, number
from cityinabox.concentrator import LinkSettings
from cityinabox.journal import Journal, Record
from cityinabox.load import Faults, concentrators

START = unix(2026, 7, 3, 0, 20)
CITY = make_city(7, 4).as_dict() | {"faults": []}
QUICK = LinkSettings(heartbeat_s=0.4, confirm_s=0.15)


class HeadEnd:
    """Accepts a terminal, notes what it sends, confirms unless told not to, and asks."""

    def __init__(self, ignores=()):
        self.ignores, self.reply = ignores, wire.unit(0, 1)
        self.frames = []
        self.links = 0
        self.writer = None
        self.answers = asyncio.Queue()

    async def accept(self, reader, writer):
        self.links += 1
        self.writer = writer
        splitter = wire.Splitter()
        while chunk := await reader.read(4096):
            for frame in splitter.feed(chunk):
                self.frames.append(frame)
                if not frame.control & wire.STARTER:
                    self.answers.put_nowait(frame)
                elif frame.afn not in self.ignores:
                    writer.write(self.down(wire.CONFIRM, self.reply, frame.number, 0x0B).encode())
        writer.close()

    def down(self, afn, units, number=3, control=0x4B):
        aux = bytes(16) if afn in wire.WITH_PASSWORD else b""
        return wire.Frame376("4401", 1, afn, control, 0x60 | number, units, 5, aux)

    async def ask(self, afn, units):
        """The frames of one answer."""
        await self.until(lambda: self.writer is not None)
        self.writer.write(self.down(afn, units).encode())
        frames = []
        while not frames or not frames[-1].seq & 0x20:
            async with asyncio.timeout(30):
                frames.append(await self.answers.get())
        return frames

    async def until(self, condition):
        async with asyncio.timeout(30):
            while not condition():  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    def pushed(self, afn):
        return [frame for frame in self.frames if frame.control & wire.STARTER and frame.afn == afn]


@asynccontextmanager
async def running(folder, clock=None, faults=None, link=QUICK, ignores=()):
    head_end = HeadEnd(ignores)
    server = await asyncio.start_server(head_end.accept, "127.0.0.1", 0)
    clock = clock or CityClock(START, 0.0, time.time())
    record = Record(folder / "record.jsonl")
    with Journal(folder / "journal.sqlite") as journal:
        (concentrator, *_) = concentrators(CITY, clock, journal, record, faults=faults or Faults(), curve_s=3600, link=link)
        head_end.terminal = concentrator.terminal
        task = asyncio.create_task(concentrator.run("127.0.0.1", server.sockets[0].getsockname()[1]))
        try:
            yield head_end
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            server.close()
            record.close()


def recorded(folder, how):
    rows = [json.loads(line) for line in (folder / "record.jsonl").read_text().splitlines()]
    return [row for row in rows if row["how"] == how]


def run(scene):
    asyncio.run(scene)


def test_logs_in_pushes_yesterday_and_keeps_a_heartbeat(tmp_path):
    async def scene():
        async with running(tmp_path) as head_end:
            await head_end.until(lambda: len(head_end.pushed(wire.LINK)) >= 3)
            first = head_end.frames[0]
            assert (first.afn, first.control, first.units) == (wire.LINK, 0xC9, wire.unit(0, 1))
            assert head_end.pushed(wire.LINK)[-1].units == wire.unit(0, 3)
            (push,) = head_end.pushed(wire.HISTORY)
            assert push.control == 0xC4
            assert push.units[4:7] == bytes.fromhex("020726")
            meter = head_end.terminal.energy[1]
            assert number(push.units[13:18]) == meter.register(unix(2026, 7, 3))

    run(scene())
    told = recorded(tmp_path, "push")
    assert {(row["point"], row["at"]) for row in told} == {(pn, unix(2026, 7, 3)) for pn in range(1, 7)}


def test_repeats_a_push_until_it_is_confirmed_also_after_a_restart(tmp_path):
    async def scene(ignores, logins):
        async with running(tmp_path, ignores=ignores) as head_end:
            await head_end.until(lambda: len(head_end.pushed(wire.LINK)) >= logins)
            return [frame.units for frame in head_end.pushed(wire.HISTORY)]

    repeated = asyncio.run(scene({wire.HISTORY}, 3))
    assert len(repeated) >= 6
    assert len(set(repeated)) == 1
    assert recorded(tmp_path, "push") == []
    assert asyncio.run(scene((), 2)) == repeated[:1]
    assert len(recorded(tmp_path, "push")) == 6 * 5
    assert asyncio.run(scene((), 2)) == []


def test_a_denial_is_no_confirmation(tmp_path):
    async def scene():
        async with running(tmp_path) as head_end:
            head_end.reply = wire.unit(0, 2)
            await head_end.until(lambda: head_end.links >= 2)
            assert head_end.pushed(wire.HISTORY) == []

    run(scene())
    assert recorded(tmp_path, "push") == []


def test_pushes_the_curve_of_each_hour_once(tmp_path):
    clock = CityClock(START, 3600 * 4, time.time())

    async def scene():
        async with running(tmp_path, clock) as head_end:
            await head_end.until(lambda: clock.time() > START + 5 * 3600)

    run(scene())
    told = [(row["point"], row["at"]) for row in recorded(tmp_path, "push") if "profile" in row["item"]]
    assert len(told) == len(set(told)) > 0
    one = sorted(at for point, at in told if point == 1)
    assert one == [unix(2026, 7, 3, 0, 15) + 900 * i for i in range(len(one))]
    assert len(one) >= 12


def test_answers_current_and_daily_registers_of_several_points(tmp_path):
    async def scene():
        async with running(tmp_path) as head_end:
            (frame,) = await head_end.ask(wire.CURRENT, bytes((0x03, 1)) + wire.function_mask(129))
            assert (frame.control & 0xDF, frame.seq, frame.station) == (0x88, 0x63, 5)
            registers = head_end.terminal.energy[1].registers(START)
            assert [number(frame.units[10 + 5 * i : 15 + 5 * i]) for i in range(5)] == [sum(registers), *registers]
            assert frame.units[35:39] == wire.point_mask(2) + wire.function_mask(129)
            (frame,) = await head_end.ask(wire.HISTORY, wire.unit(3, 161, wire.a20(unix(2026, 6, 10))))
            assert instant(frame.units[7:12], "mhDMY") == unix(2026, 6, 11)
            assert number(frame.units[13:18]) == head_end.terminal.energy[3].register(unix(2026, 6, 11))
            (frame,) = await head_end.ask(wire.HISTORY, wire.unit(3, 161, wire.a20(START)))
            assert frame.units[7:] == b"\xee" * 5 + b"\x04" + b"\xee" * 25

    run(scene())
    assert len(recorded(tmp_path, "poll")) == 2 * 5 + 5


def test_answers_the_register_of_a_month_that_is_over_and_none_of_one_that_is_not(tmp_path):
    async def scene():
        async with running(tmp_path) as head_end:
            (frame,) = await head_end.ask(wire.HISTORY, wire.unit(3, 177, bytes.fromhex("0626")))
            assert frame.units[4:6].hex() == "0626"
            assert instant(frame.units[6:11], "mhDMY") == unix(2026, 7, 1)
            assert number(frame.units[12:17]) == head_end.terminal.energy[3].register(unix(2026, 7, 1))
            (frame,) = await head_end.ask(wire.HISTORY, wire.unit(3, 177, bytes.fromhex("0726")))
            assert frame.units[6:] == b"\xee" * 5 + b"\x04" + b"\xee" * 25

    run(scene())
    assert [row["item"] for row in recorded(tmp_path, "poll")] == ["electricity_forward_month_register"]


def test_a_long_curve_comes_in_several_frames_and_has_no_future(tmp_path):
    async def scene():
        async with running(tmp_path) as head_end:
            label = wire.a15(midnight(START)) + bytes((1, 96))
            frames = await head_end.ask(wire.HISTORY, bytes((0x1F, 1)) + wire.function_mask(101) + label)
            assert [frame.seq & 0x60 for frame in frames] == [0x40, 0x00, 0x20]
            assert [frame.number for frame in frames] == [3, 4, 5]
            units = b"".join(frame.units for frame in frames)
            assert len(units) == 5 * (11 + 96 * 4)
            assert number(units[11:15]) == head_end.terminal.energy[1].register(midnight(START)) // 100
            assert units[15:19] != b"\xee" * 4
            assert units[19 : 11 + 96 * 4] == b"\xee" * (94 * 4)

    run(scene())
    assert len(recorded(tmp_path, "poll")) == 5 * 2


def test_hands_frames_to_the_meters_behind_it(tmp_path):
    async def forward(head_end, inner):
        request = b"\x1f\x6b\x64\x0a" + len(inner).to_bytes(2, "little") + inner
        (frame,) = await head_end.ask(wire.FORWARD, wire.unit(0, 1, request))
        size = int.from_bytes(frame.units[5:7], "little")
        return frame.units[7 : 7 + size]

    async def scene():
        async with running(tmp_path) as head_end:
            meter = head_end.terminal.energy[2]
            answer = await forward(head_end, dlt645.read_request(meter.address, 0x00010000).encode())
            assert number(dlt645.decode(answer).data[4:]) == meter.register(START) // 100
            gas = next(flow for flow in head_end.terminal.flow.values() if flow.row["service"] == "gas")
            answer = await forward(head_end, cjt188.Frame188(0x30, gas.address, 1, 0x901F, 9).encode())
            assert number(cjt188.decode(answer).content[:4]) == gas.register(START) // 10
            assert await forward(head_end, dlt645.read_request("000000000000", 0x00010000).encode()) == b""

    run(scene())


def test_denies_what_it_does_not_know_and_tells_its_clock(tmp_path):
    async def scene():
        async with running(tmp_path, faults=Faults(late_s=600)) as head_end:
            (frame,) = await head_end.ask(wire.CURRENT, wire.unit(1, 167))
            assert (frame.afn, frame.control & 0xDF, frame.units) == (wire.CONFIRM, 0x89, wire.unit(0, 2))
            (frame,) = await head_end.ask(wire.CURRENT, wire.unit(0, 2))
            assert frame.units[4:] == wire.a1(START - 600)
            await head_end.ask(wire.CONTROL, wire.unit(0, 31, wire.a1(START)))
            (frame,) = await head_end.ask(wire.CURRENT, wire.unit(0, 2))
            assert frame.units[4:] == wire.a1(START)

    run(scene())


def test_reports_after_a_stop_how_long_it_had_no_power(tmp_path):
    async def scene(at):
        async with running(tmp_path, CityClock(at, 0.0, time.time())) as head_end:
            await head_end.until(lambda: len(head_end.pushed(wire.LINK)) >= 2)
            return [frame.units[4:] for frame in head_end.pushed(wire.EVENTS)]

    assert asyncio.run(scene(START)) == []
    (event,) = asyncio.run(scene(START + 7200))
    assert event == bytes((1, 0, 0, 1, 14, 10)) + wire.a15(START) + wire.a15(START + 7200)
    assert asyncio.run(scene(START + 7205)) != [event]


def test_lost_answers_are_missing_and_never_zero(tmp_path):
    async def scene():
        async with running(tmp_path, faults=Faults(lose=1.0)) as head_end:
            (frame,) = await head_end.ask(wire.CURRENT, wire.unit(1, 129))
            assert frame.units[4:] == b"\xee" * 5 + b"\x04" + b"\xee" * 25

    run(scene())
    assert recorded(tmp_path, "poll") == recorded(tmp_path, "push") == []


def test_survives_garbage_and_cuts(tmp_path):
    link = LinkSettings(heartbeat_s=0.3, confirm_s=0.2, cut_s=0.4, garbage=0.3)

    async def scene():
        async with running(tmp_path, CityClock(START, 3600.0, time.time()), link=link) as head_end:
            await head_end.until(lambda: head_end.links >= 3 and len(recorded(tmp_path, "push")) > 25)

    run(scene())
    told = [(row["point"], row["item"], row["at"]) for row in recorded(tmp_path, "push")]
    assert len(told) == len(set(told))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_bytes_at_random_never_break_a_terminal(tmp_path, seed):
    rng = Random(seed)
    with Journal(tmp_path / "j.sqlite") as journal:
        (concentrator, *_) = concentrators(
            CITY, CityClock(), journal, Record(tmp_path / "r"), faults=Faults(), curve_s=3600, link=QUICK
        )
        for afn in (0x00, 0x01, 0x04, 0x05, 0x0A, 0x0C, 0x0D, 0x0E, 0x10, 0x55):
            for _ in range(100):
                units = rng.randbytes(rng.randrange(0, 30))
                for sent in concentrator.terminal.handle(wire.Frame376("4401", 1, afn, 0x4B, 0x61, units), START):
                    assert wire.decode(sent.frame.encode()).terminal == 1
