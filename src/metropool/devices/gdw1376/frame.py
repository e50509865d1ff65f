"""The Q/GDW 376.1 frame: double length, control, terminal address, AFN, SEQ, data units, auxiliary part. Clauses: README.md."""

from dataclasses import dataclass, field

from metropool.core.errors import Invalid
from metropool.devices import bcd

START, END = 0x68, 0x16
HEADER, TRAILER = 6, 2
USER_DATA_MIN, USER_DATA_MAX = 12, 0x3FFF
FIXED = 8
PW, EC, TP = 16, 2, 6
AFN_WITH_PASSWORD = frozenset({0x01, 0x04, 0x05, 0x06, 0x0F, 0x10})
TPV, FIR, FIN, CON = 0x80, 0x40, 0x20, 0x10
SINGLE = FIR | FIN


@dataclass(frozen=True)
class Frame:
    """One 376.1 frame.

    Attributes:
        region: A1, four digits.
        terminal: A2, 1-65535; 65535 is broadcast with ``is_group``.
        control: C: DIR, PRM, FCB or ACD, FCV, function.
        afn: Application function.
        seq: TpV, FIR, FIN, CON, sequence number.
        units: Data units (DA DT content), repeated.
        station: Master station number MSA.
        is_group: The address is a group's.
        protocol: Protocol bits of L; 2 is 376.1.
        password: PW, 16 bytes or none. Not in the repr.
        events: EC1 and EC2 when ACD is set, else none.
        time_label: Tp, 6 bytes when TpV is set, else none.
    """

    region: str
    terminal: int
    control: int
    afn: int
    seq: int
    units: bytes = b""
    station: int = 0
    is_group: bool = False
    protocol: int = 2
    password: bytes = field(default=b"", repr=False)
    events: bytes = b""
    time_label: bytes = b""

    @property
    def from_terminal(self) -> bool:
        """DIR: the terminal speaks."""
        return self.control & 0x80 != 0

    @property
    def says_no_data(self) -> bool:
        """The terminal answers that it does not have what was asked for (function 9 of an answer)."""
        return self.control & 0xCF == 0x89

    @property
    def has_events(self) -> bool:
        """ACD: an important event waits."""
        return self.from_terminal and self.control & 0x20 != 0


def decode_frame(frame: bytes) -> Frame:
    """Read exactly one frame.

    Raises:
        Invalid: With the reason ``start``, ``length``, ``end`` or ``checksum``.
    """
    user = user_data(frame)
    control, afn, seq = user[0], user[6], user[7]
    has_events = control & 0xA0 == 0xA0
    sizes = (_password_size(control, afn), EC if has_events else 0, TP if seq & TPV else 0)
    units_end = len(user) - sum(sizes)
    if units_end < FIXED:
        raise Invalid("length")
    events_at, label_at = units_end + sizes[0], units_end + sizes[0] + sizes[1]
    return Frame(
        region=bcd.digits_of(user[1:3]),
        terminal=int.from_bytes(user[3:5], "little"),
        control=control,
        afn=afn,
        seq=seq,
        units=user[FIXED:units_end],
        station=user[5] >> 1,
        is_group=user[5] & 1 == 1,
        protocol=frame[1] & 3,
        password=user[units_end:events_at],
        events=user[events_at:label_at],
        time_label=user[label_at:],
    )


def user_data(frame: bytes) -> bytes:
    """The bytes from C to AUX of exactly one sound frame.

    Raises:
        Invalid: As ``decode_frame``.
    """
    if not frame or frame[0] != START or (len(frame) >= HEADER and frame[5] != START):
        raise Invalid("start")
    if len(frame) < HEADER or frame[1:3] != frame[3:5]:
        raise Invalid("length")
    size = int.from_bytes(frame[1:3], "little") >> 2
    if size < USER_DATA_MIN or len(frame) < HEADER + size + TRAILER:
        raise Invalid("length")
    if frame[HEADER + size + 1] != END:
        raise Invalid("end")
    if len(frame) > HEADER + size + TRAILER:
        raise Invalid("length")
    user = frame[HEADER:-TRAILER]
    if sum(user) & 0xFF != frame[-TRAILER]:
        raise Invalid("checksum")
    return user


def encode_frame(frame: Frame) -> bytes:
    """The bytes of a frame.

    Raises:
        Invalid: An address or a part that does not fit, or a part its control bits do not announce.
    """
    _check_parts(frame)
    user = bytes([frame.control]) + bcd.encode_digits(frame.region, width=2) + frame.terminal.to_bytes(2, "little")
    user += bytes([frame.station << 1 | frame.is_group, frame.afn, frame.seq]) + frame.units
    user += frame.password + frame.events + frame.time_label
    if not USER_DATA_MIN <= len(user) <= USER_DATA_MAX:
        raise Invalid(f"{len(user)} bytes of user data do not fit a 376.1 frame")
    size = (len(user) << 2 | frame.protocol).to_bytes(2, "little")
    return bytes([START]) + size * 2 + bytes([START]) + user + bytes([sum(user) & 0xFF, END])


def _password_size(control: int, afn: int) -> int:
    return PW if control & 0x80 == 0 and afn in AFN_WITH_PASSWORD else 0


def _check_parts(frame: Frame) -> None:
    wanted = {
        "PW": (len(frame.password), _password_size(frame.control, frame.afn)),
        "EC": (len(frame.events), EC if frame.has_events else 0),
        "Tp": (len(frame.time_label), TP if frame.seq & TPV else 0),
    }
    wrong = [name for name, (given, size) in wanted.items() if given != size]
    if wrong or not 0 <= frame.terminal <= 0xFFFF or not 0 <= frame.station <= 127:
        raise Invalid(f"the parts of a 376.1 frame do not fit its control bits: {', '.join(wrong) or 'address'}")
