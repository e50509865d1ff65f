"""Frames out of a stream, however the line cuts, glues or soils them."""

import frame_builders as builders
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metropool.devices.framing import frame_max, splitter_of, strip_echo

FRAMES = {
    "dlt645": builders.dlt645(bytes.fromhex("00000100") + builders.bcd(686816, 4)),
    "cjt188": builders.cjt188(bytes.fromhex("1f9000") + bytes(19)),
    "gdw1376": builders.gdw1376(builders.unit(fn=161) + bytes(20), afn=0x0D),
}
PROTOCOLS = sorted(FRAMES)


@pytest.mark.parametrize("protocol", PROTOCOLS)
@given(data=st.data())
def test_any_cutting_gives_the_same_frames(protocol: str, data: st.DataObject) -> None:
    stream = FRAMES[protocol] * 3
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=20)))
    splitter, found = splitter_of(protocol), []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        found += splitter.feed(stream[start:end])
    assert found == [FRAMES[protocol]] * 3
    assert (splitter.pending, splitter.skipped) == (0, 0)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_one_byte_at_a_time_with_preambles(protocol: str) -> None:
    for preamble in range(13):
        splitter = splitter_of(protocol)
        found = [frame for byte in b"\xfe" * preamble + FRAMES[protocol] for frame in splitter.feed(bytes([byte]))]
        assert found == [FRAMES[protocol]]
        assert splitter.skipped == 0


@pytest.mark.parametrize("protocol", PROTOCOLS)
@given(noise=st.binary(max_size=60))
def test_noise_before_a_frame_costs_no_frame_but_that_it_hides(protocol: str, noise: bytes) -> None:
    splitter = splitter_of(protocol)
    found = splitter.feed(noise + FRAMES[protocol]) + splitter.flush()
    assert FRAMES[protocol] in found
    assert splitter.pending == 0


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_bad_checksum_is_counted_and_the_next_frame_found(protocol: str) -> None:
    good = FRAMES[protocol]
    bad = good[:-2] + bytes([good[-2] ^ 0xFF]) + good[-1:]
    splitter = splitter_of(protocol)
    assert splitter.feed(bad + good) + splitter.flush() == [good]
    assert splitter.refused >= 1


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_truncated_frame_does_not_swallow_the_next(protocol: str) -> None:
    good = FRAMES[protocol]
    for cut in range(1, len(good)):
        splitter = splitter_of(protocol)
        assert good in splitter.feed(good[:cut] + good) + splitter.flush()


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_no_more_than_one_frame_is_ever_held(protocol: str) -> None:
    splitter = splitter_of(protocol)
    lie = {
        "dlt645": b"\x68" + bytes(6) + b"\x68\x91\xff",
        "cjt188": b"\x68" + bytes(9) + b"\x64",
        "gdw1376": b"\x68\xfe\xff\xfe\xff\x68",
    }
    for _ in range(2000):
        splitter.feed(lie[protocol] + bytes(37))
        assert splitter.pending <= frame_max(protocol)


def test_the_echo_of_our_own_request_is_taken_off() -> None:
    request = builders.dlt645(b"\x00\x00\x01\x00", control=0x11)
    answer = FRAMES["dlt645"]
    assert strip_echo(request=request, received=request + answer) == answer
    assert strip_echo(request=request, received=answer) == answer
