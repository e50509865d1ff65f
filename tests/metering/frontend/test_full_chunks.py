"""A chunk with more frames than the table holds: every link is served, also one that has nothing more to say."""

from metering.frontend.test_links import scenario
from metropool.capabilities.metering.frontend.chunks.decoder import Decoder


@scenario
async def test_links_beyond_a_full_table_are_served_without_a_further_byte(make):
    world = await make(flush_s=0.05)
    world.server.hub._decoder = Decoder(frames=8)
    terminals = [await world.terminal(number) for number in (1, 2, 3)]
    for terminal in terminals:
        for point in range(1, 13):
            terminal.send(terminal.push((point, point)))
    assert [[await terminal.verdict() for _ in range(12)] for terminal in terminals] == [[0] * 12] * 3
    assert len(world.log.rows) == 36
