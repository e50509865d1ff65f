"""Sealed frames: known answers worked out here with nothing of the product's, and properties of whatever is flipped or cut."""

import hashlib
import hmac
import os
import random

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given, settings
from hypothesis import strategies as st

from cityinabox.codec import sealed as terminal
from metropool.core.errors import Invalid, Unavailable
from metropool.devices.sealed import suites
from metropool.devices.sealed.greeting import answer_to, is_from, read_hello
from metropool.devices.sealed.report import REASONS, Counted, read_report
from metropool.devices.sealed.session import COUNTER_MAX, FrameRefused
from metropool.devices.sealed.wire import ANSWER, CONTENT_MAX, DOWN, FRAME_MAX, HEADER, KIND, UP, Records

KEY, NAME, NUMBER = bytes(range(32)), b"key-name", 3
HELLO_RANDOM, ANSWER_RANDOM = bytes([0x11]) * 32, bytes([0x22]) * 32
FUZZ = int(os.environ.get("METROPOOL_FUZZ", "3000"))
SUITES = (suites.AES256GCM, suites.SM4GCM)
ROW_BOUNDS = ((1, 6), (1, 2**32 - 1), (0, 2**64 - 1), (0, 2**64 - 1))
CODES = {reason: code for code, reason in REASONS.items()}
REPORTED = (
    "a75e01040100004afc3d473600000000000000011b75c1366fcfd082d375e21454b43e7a6d52c59277916da1cab29ed0bb51d44d"
    "b6ecc9fd104161f44374d788025fb44131cf616997b7e9db948efa34f03bcfa1318c43d56dda9c9b3800"
)
CONFIRMED = "a75e010401010020fc3d473600000000000000014237c2e0ac3eece18a5e93c6db47cf55a37192268f5d631ee66908658e616696"
"""Made by this page's own cipher alone, once."""


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

    def seal(self, content, *, counter=None, kind=b"\x03"):
        self.sent += 1
        nonce = self.session + (self.sent if counter is None else counter).to_bytes(8, "big")
        header = b"\xa7\x5e\x01" + kind + bytes([self.suite, 0]) + (24 + len(content)).to_bytes(2, "big") + nonce
        sealing = Cipher(self.cipher(self.up), modes.GCM(nonce)).encryptor()
        sealing.authenticate_additional_data(header)
        return header + sealing.update(bytes(8) + content) + sealing.finalize() + sealing.tag

    def report(self, number, *rows):
        """A report record; a row is the code of the reason, how many, counter of the first, of the last."""
        sizes = (1, 4, 8, 8)
        told = b"".join(value.to_bytes(size, "big") for row in rows for value, size in zip(row, sizes, strict=True))
        return self.seal(number.to_bytes(8, "big") + told, kind=b"\x04")

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


def test_the_bytes_of_a_report_and_of_its_confirmation_are_these():
    """Two orders that came again (counters 2 and 5), and a header that was none."""
    peer, session = agreed()
    report = peer.report(7, (2, 2, 2, 5), (5, 1, 0, 0))
    assert report.hex() == REPORTED
    assert session.open(report).content.hex() == (
        "0000000000000007" + "02" + "00000002" + "0000000000000002" + "0000000000000005" + "05" + "00000001" + "00" * 16
    )
    confirmed = session.confirm(7)
    assert confirmed.hex() == CONFIRMED
    assert peer.open(confirmed) == (1, 0, bytes.fromhex("0000000000000007"))


def test_the_simulated_terminal_makes_the_same_report_and_takes_the_same_confirmation():
    key = terminal.LinkKey(NAME, NUMBER, KEY)
    answer, session = answer_to(read_hello(terminal.hello(key, HELLO_RANDOM)), key=KEY, random=ANSWER_RANDOM)
    theirs = terminal.Session(key, terminal.hello(key, HELLO_RANDOM), answer)
    counts = [terminal.Count("repeated", 2, 2, 5), terminal.Count("bad_header", 1, 0, 0)]
    content = bytes(7) + b"\x07" + terminal.packed(counts)
    assert theirs.seal(content, terminal.REPORT).hex() == REPORTED
    assert terminal.unpacked(content[8:]) == counts
    assert theirs.open(session.confirm(7), 0.0) == content[:8]
    assert theirs.open(session.seal(b"order"), 0.0) == b"order", "reports, confirmations and frames have one counter"


@pytest.mark.parametrize("suite", SUITES)
def test_a_report_stands_between_frames_in_their_one_order_of_counters(suite):
    peer, session = agreed(suite)
    records = Records(UP)
    records.feed(peer.hello)
    frame, report, later = peer.seal(b"1"), peer.report(1, (1, 3, 9, 11)), peer.seal(b"2")
    assert [record[KIND] for record in records.feed(frame + report + later)] == [3, 4, 3]
    assert [session.open(record).counter for record in (frame, report)] == [1, 2]
    for old in (frame, report):
        with pytest.raises(FrameRefused, match="repeated"):
            session.open(old)
    assert session.open(later).content == b"2"
    assert read_report(session.open(peer.report(2, (6, 1, 0, 0))).content)[:2] == (2, (Counted("bad_answer", 1, 0, 0),))


def test_a_report_before_the_greeting_ends_the_link():
    peer, _ = agreed()
    records = Records(UP)
    assert records.feed(peer.report(1, (1, 1, 1, 1))) == []
    assert records.fault == "bad_header"


@given(
    st.integers(0, 2**64 - 1), st.lists(st.tuples(*(st.integers(low, high) for low, high in ROW_BOUNDS)), min_size=1, max_size=64)
)
def test_every_report_is_read_as_it_was_written(number, rows):
    peer, session = agreed()
    found = read_report(session.open(peer.report(number, *rows)).content)
    assert found.number == number
    assert [(CODES[row.reason], row.count, row.first, row.last) for row in found.rows] == rows


@given(st.binary(max_size=8 + 21 * 66))
def test_any_bytes_are_a_report_or_refused_as_none(content):
    try:
        found = read_report(content)
    except Invalid:
        return
    assert 1 <= len(found.rows) <= 64
    assert len(content) == 8 + 21 * len(found.rows)
    assert all(row.count for row in found.rows)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        bytes(8),
        bytes(8) + b"\x01" + bytes(3) + b"\x01" + bytes(15),
        bytes(8) + (b"\x01" + bytes(3) + b"\x01" + bytes(16)) * 65,
        bytes(8) + b"\x07" + bytes(3) + b"\x01" + bytes(16),
        bytes(8) + b"\x00" + bytes(3) + b"\x01" + bytes(16),
        bytes(8) + b"\x01" + bytes(20),
    ],
    ids=["empty", "no row", "half a row", "65 rows", "reason 7", "reason 0", "of nothing"],
)
def test_what_is_no_report_is_refused(content):
    with pytest.raises(Invalid, match="no report"):
        read_report(content)


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
    check_flipped(at, suite, lambda peer: peer.seal(b"twenty bytes of text"))


@pytest.mark.parametrize("suite", SUITES)
def test_every_bit_flipped_in_a_report_is_refused_and_the_next_frame_is_taken(suite):
    for at in range(8 * (20 + 8 + 8 + 21 + 16)):
        check_flipped(at, suite, lambda peer: peer.report(1, (2, 1, 5, 5)))


def test_a_frame_cannot_be_made_a_report_nor_a_report_a_frame():
    peer, session = agreed()
    for good, kind in ((peer.seal(b"x" * 29), b"\x04"), (peer.report(1, (1, 1, 1, 1)), b"\x03")):
        with pytest.raises(FrameRefused, match="altered"):
            session.open(good[:3] + kind + good[4:])


@pytest.mark.parametrize("suite", SUITES)
def test_every_bit_flipped_in_a_confirmation_is_refused_by_the_terminal(suite):
    key = terminal.LinkKey(NAME, NUMBER, KEY)
    said = terminal.hello(key, HELLO_RANDOM, suite)
    answer, session = answer_to(read_hello(said), key=KEY, random=ANSWER_RANDOM)
    theirs, good = terminal.Session(key, said, answer), session.confirm(7)
    for at in range(8 * len(good)):
        cutter = terminal.Cutter(suite)
        assert cutter.feed(answer) == [answer]
        found = cutter.feed(flipped(good, at))
        assert found or cutter.is_over or at // 8 in (6, 7), "a longer length waits for the rest"
        for record in found:
            with pytest.raises(terminal.Refused):
                theirs.open(record, 0.0)
    assert theirs.open(good, 0.0) == bytes(7) + b"\x07"


def check_flipped(at, suite, made):
    peer, session = agreed(suite)
    records = Records(UP)
    records.feed(peer.hello)
    good = made(peer)
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
        kinds = [chance.choice((b"\x03", b"\x04")) for _ in range(8)]
        frames = [peer.hello, *(peer.seal(chance.randbytes(chance.randrange(60)), kind=kind) for kind in kinds)]
        stream = bytearray(b"".join(frames))
        for _ in range(chance.randrange(3)):
            at = chance.randrange(len(stream))
            treat = chance.randrange(3)
            stream[at : at + treat] = chance.randbytes(chance.randrange(3)) if treat else b""
        for first in range(0, len(stream), 37):
            for number, record in enumerate(records.feed(bytes(stream[first : first + 37]))):
                assert len(record) <= HEADER + FRAME_MAX, number
                try:
                    opened += record[3] in (3, 4) and session.open(record).counter > 0
                except FrameRefused as refused:
                    assert refused.reason in ("altered", "repeated", "other_session")
            assert records.pending <= HEADER + FRAME_MAX
    assert opened > FUZZ // 10
