"""The bulk path: any bytes at all are bounded work; how bytes are cut changes nothing; energy curves end where they end."""

from itertools import pairwise

import numpy as np
import pytest

from metering.frontend.worlds import HandTerminal
from metropool.capabilities.metering.frontend.chunks.decoder import Decoder, Standing
from metropool.capabilities.metering.frontend.chunks.measured import batch_bytes, measured_batch
from metropool.devices.gdw1376.requests import unit_address

TERMINAL = 0x1101 << 16 | 1
NOBODY_ASKED = Standing(
    np.array([TERMINAL], np.uint32), np.array([255], np.uint8), np.array([0], np.uint8), np.array([1], np.uint8)
)


@pytest.fixture(scope="module")
def decoder():
    made = Decoder(frames=4096, rows=1 << 16)
    made.warm_up()
    return made


def frames_of_a_day(seed=3, count=40):
    terminal, random = HandTerminal(1, None, None), np.random.default_rng(seed)
    return [terminal.push((int(random.integers(1, 2000)), int(random.integers(0, 10**8)))) for _ in range(count)]


def decoded(decoder, data):
    frames = decoder.scan([data])
    return frames, decoder.decode(frames, standing=NOBODY_ASKED, received_at=1_782_900_000_000)


def test_however_bytes_are_cut_the_values_are_the_same(decoder):
    data = b"\x68\x00" + b"".join(frames_of_a_day())
    _, whole = decoded(decoder, data)
    random = np.random.default_rng(5)
    cuts = [0, *sorted(random.integers(0, len(data), 60).tolist()), len(data)]
    values, held, confirms = [], b"", b""
    for first, last in pairwise(cuts):
        held += data[first:last]
        frames, part = decoded(decoder, held)
        held = held[int(frames.consumed[0]) :]
        values += part.columns["value"].tolist()
        confirms += part.confirms[0]
    assert values == whole.columns["value"].tolist()
    assert confirms == whole.confirms[0]
    assert len(confirms) == 40 * 20


def test_twenty_thousand_spoiled_frames_give_values_or_nothing(decoder):
    random, good = np.random.default_rng(11), frames_of_a_day()
    for _ in range(200):
        spoiled = bytearray(b"".join(good[i] for i in random.integers(0, len(good), 100)))
        for place in random.integers(0, len(spoiled), 300).tolist():
            spoiled[place] = int(random.integers(0, 256))
        frames, found = decoded(decoder, bytes(spoiled))
        assert 0 <= int(frames.consumed[0]) <= len(spoiled)
        assert set(found.columns["item"].tolist()) <= set(range(1, 51))
        assert len(batch_bytes(measured_batch(found.columns))) > 0


def test_an_energy_curve_is_stamped_with_the_ends_of_its_intervals(decoder):
    terminal = HandTerminal(1, None, None)
    curve = b"\x00\x00\x01\x07\x26\x01\x04" + bytes.fromhex("01000000 02000000 03000000 04000000")
    units = b"".join(unit_address(points=(point,), functions=(97,)) + curve for point in (1, 2))
    single = unit_address(points=(3,), functions=(97,)) + b"\x00\x00\x01\x07\x26\x01\x01" + bytes.fromhex("05000000")
    _, found = decoded(decoder, terminal.frame(0xC4, 0x0D, units + single))
    midnight = 1_782_835_200
    assert (found.columns["at"] - midnight).tolist() == [900, 1800, 2700, 3600] * 2 + [900]


def test_a_full_table_leaves_the_rest_for_the_next_chunk():
    small = Decoder(frames=8, rows=8192)
    data = b"".join(frames_of_a_day(count=20))
    values = []
    while data:
        frames, found = decoded(small, data)
        data = data[int(frames.consumed[0]) :]
        values += found.columns["value"].tolist()
    assert len(values) == 20
