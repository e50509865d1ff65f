"""Sealed frames: known answers worked out here with nothing of the product's, and properties of whatever is flipped or cut."""

import hashlib
import hmac
import os
import random

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given, settings
from hypothesis import strategies as st

from metropool.core.errors import Invalid, Unavailable
from metropool.devices.sealed import suites
from metropool.devices.sealed.greeting import answer_to, is_from, read_hello
from metropool.devices.sealed.session import COUNTER_MAX, FrameRefused
from metropool.devices.sealed.wire import ANSWER, CONTENT_MAX, DOWN, FRAME_MAX, HEADER, UP, Records

KEY, NAME, NUMBER = bytes(range(32)), b"key-name", 3
HELLO_RANDOM, ANSWER_RANDOM = bytes([0x11]) * 32, bytes([0x22]) * 32
FUZZ = int(os.environ.get("METROPOOL_FUZZ", "3000"))
SUITES = (suites.AES256GCM, suites.SM4GCM)


class Peer:
    """The terminal's side by the page of the format: RFC 5869 by hand, the cipher from its own primitives."""

    def __init__(self, suite=suites.AES256GCM, *, key=KEY, random=HELLO_RANDOM):
        self.suite, self.key, self.sent = suite, key, 0
        said = b"\xa7\x5e\x01\x01" + bytes([suite, 0]) + b"\x00\x30" + NAME + NUMBER.to_bytes(4, "big") + random
        self.hello = said + self.mac(self.hkdf(b"", b"metropool sealed link 1 hello", 32), said)
        self.random = random

    def hear(self, answer):
        whose = NAME + NUMBER.to_bytes(4, "big")
        info = b"metropool sealed link 1 session\x01" + bytes([self.suite]) + whose
        made = self.hkdf(self.random + answer[20:52], info, 100)
        assert answer[:20] == b"\xa7\x5e\x01\x02" + bytes([self.suite, 1]) + b"\x00\x30" + whose
        assert answer[52:] == self.mac(made[64:96], self.hello + answer[:52])
        self.up, self.down, self.session = made[:32], made[32:64], made[96:]
        return self

    def seal(self, content, *, counter=None):
        self.sent += 1
        nonce = self.session + (self.sent if counter is None else counter).to_bytes(8, "big")
        header = b"\xa7\x5e\x01\x03" + bytes([self.suite, 0]) + (24 + len(content)).to_bytes(2, "big") + nonce
        sealing = Cipher(self.cipher(self.up), modes.GCM(nonce)).encryptor()
        sealing.authenticate_additional_data(header)
        return header + sealing.update(bytes(8) + content) + sealing.finalize() + sealing.tag

    def open(self, record):
        opening = Cipher(self.cipher(self.down), modes.GCM(record[8:20], record[-16:])).decryptor()
        opening.authenticate_additional_data(record[:20])
        plain = opening.update(record[20:-16]) + opening.finalize()
        return int.from_bytes(record[12:20], "big"), int.from_bytes(plain[:8], "big"), plain[8:]

    def cipher(self, key):
        return algorithms.AES(key) if self.suite == 1 else algorithms.SM4(key[:16])

    def hkdf(self, salt, info, size):
        root, made, block = hmac.new(salt or bytes(32), self.key, hashlib.sha256).digest(), b"", b""
        while len(made) < size:
            block = hmac.new(root, block + info + bytes([len(made) // 32 + 1]), hashlib.sha256).digest()
            made += block
        return made[:size]

    @staticmethod
    def mac(key, data):
        return hmac.new(key, data, hashlib.sha256).digest()[:16]


def agreed(suite=suites.AES256GCM):
    peer = Peer(suite)
    answer, session = answer_to(read_hello(peer.hello), key=KEY, random=ANSWER_RANDOM)
    return peer.hear(answer), session


@pytest.mark.parametrize("suite", SUITES)
def test_both_sides_come_to_the_same_and_open_each_other(suite):
    peer, session = agreed(suite)
    assert session.open(peer.seal(b"login")) == (1, 0, b"login")
    assert session.open(peer.seal(b"data")) == (2, 0, b"data")
    assert peer.open(session.seal(b"order", expires_s=1_782_835_200)) == (1, 1_782_835_200, b"order")


def test_the_bytes_of_the_format_are_these():
    """Written down once from this page's own peer: a later change of the format shows here."""
    peer, session = agreed()
    frame = peer.seal(bytes.fromhex("6832003200680B0000000000007000000100AC16"))
    assert peer.hello.hex() == (
        "a75e0101010000306b65792d6e616d65000000031111111111111111111111111111111111111111111111111111111111111111"
        "4a5006a79c3b29baab3e6d3ce4de9af4"
    )
    assert frame.hex() == (
        "a75e01030100002cfc3d473600000000000000011b75c1366fcfd082bb47e22654dc357d6f52c59275e16da1cbb232c6186bf6ae"
        "902cbe9322afd3aea3d6c896"
    )
    assert session.open(frame).content.hex().startswith("68320032")


def test_a_hello_shows_that_its_sender_has_the_key():
    peer = Peer()
    assert is_from(read_hello(peer.hello), key=KEY)
    assert not is_from(read_hello(peer.hello), key=bytes(32))


def test_an_old_hello_or_an_old_answer_leads_to_keys_nobody_has():
    peer, _ = agreed()
    _, again = answer_to(read_hello(peer.hello), key=KEY, random=bytes([0x33]) * 32)
    with pytest.raises(FrameRefused) as refused:
        again.open(peer.seal(b"login"))
    assert refused.value.reason == "other_session"


@settings(max_examples=60, deadline=None)
@given(at=st.integers(0, 8 * 68 - 1))
def test_any_bit_flipped_in_a_hello_is_refused(at):
    spoiled = flipped(Peer().hello, at)
    taken = Records(UP).feed(spoiled)
    assert all(not is_from(read_hello(raw), key=KEY) for raw in taken)


@settings(max_examples=150, deadline=None)
@given(at=st.integers(0, 8 * 64 - 1), suite=st.sampled_from(SUITES))
def test_any_bit_flipped_in_a_frame_is_refused_and_the_next_one_is_taken(at, suite):
    peer, session = agreed(suite)
    records = Records(UP)
    records.feed(peer.hello)
    good = peer.seal(b"twenty bytes of text")
    taken = records.feed(flipped(good, at))
    if taken:
        with pytest.raises(FrameRefused) as refused:
            session.open(taken[0])
        assert refused.value.reason in ("altered", "other_session")
        following = records.feed(peer.seal(b"next"))
        is_shorter = at // 8 in (6, 7)
        assert records.fault == "bad_header" if is_shorter else session.open(*following).content == b"next"
    else:
        assert records.fault or records.pending, "a bad header ends the link; a longer length waits, and ends it then"
        records.feed(peer.seal(b"x" * 30) * 3 + bytes(FRAME_MAX * 2))
        assert records.fault == "bad_header"


def flipped(record, at):
    spoiled = bytearray(record)
    spoiled[at // 8] ^= 1 << at % 8
    return bytes(spoiled)


def test_a_frame_repeated_or_put_back_in_order_is_refused_alone():
    peer, session = agreed()
    first, second, third = (peer.seal(text) for text in (b"1", b"2", b"3"))
    assert session.open(first).content == b"1"
    assert session.open(third).content == b"3", "one that was dropped leaves a gap, and that is all"
    for old in (first, second, third):
        with pytest.raises(FrameRefused, match="repeated"):
            session.open(old)
    assert session.open(peer.seal(b"4")).counter == 4


def test_what_we_sent_is_not_taken_back():
    peer, session = agreed()
    records = Records(UP)
    records.feed(peer.hello)
    assert records.feed(session.seal(b"order")) == []
    assert records.fault == "bad_header"


def test_after_a_bad_header_nothing_is_taken_any_more():
    peer, _ = agreed()
    records = Records(UP)
    assert len(records.feed(peer.hello + peer.seal(b"1") + b"\x00" * HEADER + peer.seal(b"2"))) == 2
    assert records.feed(peer.seal(b"3")) == []
    assert (records.fault, records.pending) == ("bad_header", 0)


def test_records_come_whole_however_they_are_cut():
    peer, session = agreed()
    stream = peer.hello + b"".join(peer.seal(bytes([n]) * n) for n in range(1, 30))
    records, found = Records(UP), []
    for byte in stream:
        found += records.feed(bytes([byte]))
    assert [session.open(frame).content for frame in found[1:]] == [bytes([n]) * n for n in range(1, 30)]


def test_long_contents_are_cut_into_frames_and_a_longer_frame_is_no_frame():
    peer, session = agreed()
    sealed, records = session.seal(b"c" * (CONTENT_MAX + 5)), Records(DOWN, kind=ANSWER)
    records.kind = 3
    assert [len(peer.open(record)[2]) for record in records.feed(sealed)] == [CONTENT_MAX, 5]
    up = Records(UP)
    up.feed(peer.hello)
    assert up.feed(peer.seal(b"c" * (CONTENT_MAX + 1))) == []
    assert up.fault == "bad_header"


def test_a_session_ends_before_its_counter_is_used_up():
    _, session = agreed()
    session.sent = COUNTER_MAX
    with pytest.raises(Invalid, match="agree a new one"):
        session.seal(b"x")


@pytest.mark.parametrize("suite", SUITES)
def test_a_suite_that_fails_its_example_is_not_used(suite, monkeypatch):
    assert suite in suites.usable_suites()
    example = suites.EXAMPLES[suite]
    assert not suites.is_right(suite, suites.Example(example.key, example.nonce, example.plain, example.header, bytes(80)))
    monkeypatch.setattr(suites, "usable_suites", lambda: frozenset({1, 2} - {suite}))
    with pytest.raises(Unavailable, match=suites.NAMES[suite]):
        suites.aead_of(suite, KEY)


@pytest.mark.timeout(0)
def test_any_stream_is_cut_and_opened_or_refused_within_bounds():
    chance = random.Random(20_260_701)
    opened = 0
    for _ in range(FUZZ // 10):
        peer, session = agreed()
        records = Records(UP)
        frames = [peer.hello, *(peer.seal(chance.randbytes(chance.randrange(60))) for _ in range(8))]
        stream = bytearray(b"".join(frames))
        for _ in range(chance.randrange(3)):
            at = chance.randrange(len(stream))
            treat = chance.randrange(3)
            stream[at : at + treat] = chance.randbytes(chance.randrange(3)) if treat else b""
        for first in range(0, len(stream), 37):
            for number, record in enumerate(records.feed(bytes(stream[first : first + 37]))):
                assert len(record) <= HEADER + FRAME_MAX, number
                try:
                    opened += record[3] == 3 and session.open(record).counter > 0
                except FrameRefused as refused:
                    assert refused.reason in ("altered", "repeated", "other_session")
            assert records.pending <= HEADER + FRAME_MAX
    assert opened > FUZZ // 10
