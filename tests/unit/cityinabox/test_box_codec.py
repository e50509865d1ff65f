"""Frames of the standards' public examples and recorded devices, read and made by the city's own codecs."""

import pytest

from cityinabox.clock import unix
from cityinabox.codec import cjt188, dlt645, gdw1376
from cityinabox.codec.bcd import BadFrame, instant, low_first, number, signed_low_first, times

ADDRESS = "000012345678"


class TestDlt645:
    @pytest.mark.parametrize(
        ("frame", "wire"),
        [
            (dlt645.read_request(ADDRESS, 0x05060101), "6878563412000068110434343938D216"),
            (dlt645.Frame645(ADDRESS, 0x9C), "687856341200006" + "89C008016"),
            (dlt645.Frame645(ADDRESS, 0xDC, b"\x04"), "6878563412000068DC0137F816"),
            (dlt645.Frame645("999999999999", 0x08, bytes.fromhex("153008201125")), "6899999999999968080648633B5344584916"),
        ],
    )
    def test_makes_the_worked_examples(self, frame, wire):
        assert frame.encode().hex().upper() == wire
        assert dlt645.decode(bytes.fromhex("FEFEFEFE" + wire)) == frame

    def test_makes_the_worked_trip(self):
        until = times(unix(2025, 11, 20, 23, 59) + 59, "smhDMY")
        trip = dlt645.control_request(address=ADDRESS, command=0x1A, password="02123456", operator="00000001", valid_until=until)
        assert trip.encode().hex().upper() == "68785634120000681C1035896745343333334D338C8C565344582416"

    @pytest.mark.parametrize(
        "wire",
        [
            "687856341200006891183434393889674533333336333333373389673633333335339516",
            "6878563412000069110434343938D216",
            "6878563412000068110434343938D2",
        ],
    )
    def test_refuses_a_bad_frame(self, wire):
        with pytest.raises(BadFrame):
            dlt645.decode(bytes.fromhex(wire))


class TestCjt188:
    @pytest.mark.parametrize(
        ("frame", "wire"),
        [
            (cjt188.Frame188(0x10, "11110012345678", 0x01, 0x901F, 0), "68107856341200111101031F90006116"),
            (cjt188.Frame188(0x10, "11223344556677", 0x01, 0x901F, 1, b"", True), "6810776655443322110103901F010816"),
            (cjt188.Frame188(0x10, "78331505900569", 0x84, 0xA017, 1, b"\0\0", True), "6810690590051533788405A0170100007C16"),
        ],
    )
    def test_keeps_the_order_it_was_asked_in(self, frame, wire):
        assert frame.encode().hex().upper() == wire
        assert cjt188.decode(b"\xfe" * 3 + bytes.fromhex(wire)) == frame

    def test_refuses_a_wrong_checksum(self):
        with pytest.raises(BadFrame):
            cjt188.decode(bytes.fromhex("6810776655443322110103901F010916"))


class TestGdw1376:
    @pytest.mark.parametrize(
        ("wire", "afn", "points", "functions"),
        [
            ("683200320068C97101220800027800000100E016", 0x02, [0], [1]),
            ("683200320068C90341A9F900027F000004003416", 0x02, [0], [3]),
            ("684A004A00684B71012208020CE2010101100239191628007C16", 0x0C, [1], [129]),
            ("683E003E00684B01110201020D60010101141911253516", 0x0D, [1], [161]),
            ("687200720068C412965634000E7000000100010000010E0A401431071031110308108816", 0x0E, [0], [1]),
        ],
    )
    def test_reads_and_makes_recorded_frames(self, wire, afn, points, functions):
        frame = gdw1376.decode(bytes.fromhex(wire))
        assert (frame.afn, gdw1376.masked_points(frame.units[:2])) == (afn, points)
        assert gdw1376.masked_functions(frame.units[2:4]) == functions
        assert frame.encode().hex().upper() == wire

    def test_takes_the_password_off_a_forwarded_frame(self):
        wire = (
            "68CA00CA00684B01110201021064000001001F6B640A10006878563412000068110433333433C6160000000000000000000000000000000081"
        )
        frame = gdw1376.decode(bytes.fromhex(wire + "16"))
        assert frame.units[-2:] == b"\xc6\x16"
        assert frame.aux == bytes(16)

    def test_finds_frames_in_a_broken_stream(self):
        login = bytes.fromhex("683200320068C97101220800027800000100E016")
        splitter = gdw1376.Splitter()
        stream = b"\x68\x00\x11" + login + b"\x16\x68" + login
        frames = [frame for i in range(0, len(stream), 3) for frame in splitter.feed(stream[i : i + 3])]
        assert [frame.encode() for frame in frames] == [login, login]
        assert splitter.dropped == 5

    @pytest.mark.parametrize("point", [0, 1, 8, 9, 2039])
    def test_masks_agree_with_the_table(self, point):
        assert [gdw1376.function_mask(fn).hex() for fn in (1, 25, 97, 101, 129, 131, 161, 163)] == [
            "0100", "0103", "010c", "100c", "0110", "0410", "0114", "0414",
        ]  # fmt: skip
        assert gdw1376.masked_points(gdw1376.point_mask(point)) == [point]


def test_signs_and_times_survive():
    assert signed_low_first(-500, 3) == bytes.fromhex("000580")
    assert number(low_first(123456, 4)) == 123456
    at = unix(2028, 2, 29, 23, 59)
    assert instant(times(at, "mhDMY"), "mhDMY") == at
    with pytest.raises(BadFrame):
        instant(bytes.fromhex("0000310225"), "mhDMY")
