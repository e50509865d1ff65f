"""Profiles over links: written once, read back, with a simulated terminal of its own codec at the other end."""

import asyncio
from dataclasses import replace
from random import Random

from cityinabox.city import make_city
from cityinabox.codec import gdw1376 as box
from cityinabox.journal import Journal
from cityinabox.load import energy_meter
from cityinabox.terminal import Terminal
from metering.frontend.test_links import scenario
from metering.frontend.test_transparent import METER, with_meter
from metering.frontend.worlds import NOW, REGION, device
from metropool.capabilities.metering.frontend.tasks import ReadProfile, SetProfile
from metropool.devices.gdw1376.frame import encode_frame
from metropool.devices.gdw1376.profile import DLT645_2007, MeterProfile

LATER = int(NOW.timestamp() * 1000) + 60_000
PROFILE = MeterProfile(
    number=1, point=1, speed=3, port=31, protocol=DLT645_2007, address="000000999999", tariffs=4, integers=6, decimals=2
)
WRITE = SetProfile(id="w", terminal=device(1), expires_at=LATER, profile=PROFILE)
READ = ReadProfile(id="r", terminal=device(1), expires_at=LATER, number=1)
CONFIRMED, DENIED = "00000100", "00000200"


def simulated(folder):
    """The first concentrator of a small city, under the address of the world's terminal."""
    city = make_city(7, 4).as_dict() | {"faults": []}
    row = next(row for row in city["devices"] if row["kind"] == "concentrator") | {"region": REGION, "terminal": 1}
    journal = Journal(folder / "journal.sqlite")
    meters = [energy_meter(city, one["id"], journal) for one in city["devices"] if one["point"] and one["parent"] == row["id"]]
    return Terminal(row, meters, [], journal=journal, chance=Random(1))


async def carried_out(world, terminal, task, answer):
    """A task whose one request is answered by ``answer(raw)``; the answer, and the request."""
    work = asyncio.create_task(world.server.carry_out(task))
    request = await terminal.hears()
    for raw in answer(request):
        terminal.send(raw)
    return await work, request


def by(simulation):
    def answer(request):
        return [sent.frame.encode() for sent in simulation.handle(box.decode(encode_frame(request)), NOW.timestamp())]

    return answer


def test_a_terminal_keeps_what_is_written_and_tells_it(tmp_path):
    @scenario
    async def scene(make):
        world = await make()
        terminal, simulation = await world.terminal(1), simulated(tmp_path)
        before, _ = await carried_out(world, terminal, READ, by(simulation))
        assert before.profiles[0].address != PROFILE.address
        written, request = await carried_out(world, terminal, WRITE, by(simulation))
        assert (written.result, written.profiles) == ("answered", None)
        assert (request.afn, len(request.password)) == (0x04, 16), "with the terminal's password"
        read, _ = await carried_out(world, terminal, READ, by(simulation))
        assert (read.result, read.profiles) == ("answered", [PROFILE])
        unknown, _ = await carried_out(world, terminal, ReadProfile(**fields(READ, id="u", number=2000)), by(simulation))
        assert (unknown.result, unknown.profiles) == ("answered", [])
        assert world.server.hub.counts["not_understood"] == 0
        twice = await world.server.carry_out(WRITE)
        assert (twice.result, twice.detail) == ("denied", "this order was begun before")

    scene()


def fields(task, **changes):
    return {name: getattr(task, name) for name in task.__struct_fields__} | changes


@scenario
async def test_a_denial_of_all_or_of_the_one_unit_is_a_denial(make):
    world = await make()
    terminal = await world.terminal(1)

    def says(units):
        return lambda request: [terminal.frame(0x88, 0x00, bytes.fromhex(units), seq=0x60 | request.seq & 0x0F)]

    results = []
    for number, units in enumerate((DENIED, "0000040004" + "0000020101", "0000040004" + "0000020100", CONFIRMED)):
        answer, _ = await carried_out(world, terminal, SetProfile(**fields(WRITE, id=str(number))), says(units))
        results.append(answer.result)
    assert results == ["denied", "denied", "answered", "answered"]
    refused, _ = await carried_out(world, terminal, READ, says(DENIED))
    assert (refused.result, refused.profiles) == ("denied", None)


@scenario
async def test_an_answer_that_is_no_archive_tells_nothing(make):
    world = await make()
    terminal = await world.terminal(1)

    def cut_short(request):
        return [terminal.frame(0x88, 0x0A, bytes.fromhex("00000201" + "0100" + "0100"), seq=0x60 | request.seq & 0x0F)]

    answer, _ = await carried_out(world, terminal, READ, cut_short)
    assert (answer.result, answer.profiles) == ("denied", None)


@scenario
async def test_a_profile_no_row_can_hold_is_denied_before_anything_is_sent(make):
    world = await make()
    terminal = await world.terminal(1)
    task = SetProfile(**fields(WRITE, profile=replace(PROFILE, point=3000)))
    assert (await world.server.carry_out(task)).result == "denied"
    assert await terminal.hears(within=0.1) is None


def test_a_meter_on_a_line_of_its_own_has_no_terminal_that_keeps_it():
    async def body(world, meter):
        for task in (SetProfile(**fields(WRITE, terminal=METER)), ReadProfile(**fields(READ, terminal=METER))):
            answer = await world.server.carry_out(task)
            assert (answer.result, answer.profiles) == ("denied", None)
            assert "no terminal" in answer.detail

    asyncio.run(with_meter(body))
