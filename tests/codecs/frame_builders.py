"""Frames of devices for tests: bytes made by hand rules, not by the codecs under test."""

from hypothesis import strategies as st


def bcd(number: int, width: int) -> bytes:
    return bytes.fromhex(f"{number:0{width * 2}d}")[::-1]


def dlt645(data: bytes, *, address: int = 12345678, control: int = 0x91) -> bytes:
    body = b"\x68" + bcd(address, 6) + bytes([0x68, control, len(data)]) + bytes((b + 0x33) & 0xFF for b in data)
    return body + bytes([sum(body) & 0xFF, 0x16])


def cjt188(data: bytes, *, meter_type: int = 0x10, address: int = 11110012345678, control: int = 0x81) -> bytes:
    body = bytes([0x68, meter_type]) + bcd(address, 7) + bytes([control, len(data)]) + data
    return body + bytes([sum(body) & 0xFF, 0x16])


def gdw1376(units: bytes, *, afn: int, control: int = 0x88, region: int = 0x1101, terminal: int = 258, seq: int = 0x60) -> bytes:
    user = bytes([control]) + region.to_bytes(2, "little") + terminal.to_bytes(2, "little") + bytes([2, afn, seq]) + units
    size = (len(user) << 2 | 2).to_bytes(2, "little")
    return b"\x68" + size * 2 + b"\x68" + user + bytes([sum(user) & 0xFF, 0x16])


def forwarded(inner: bytes) -> bytes:
    return gdw1376(b"\x00\x00\x01\x00\x1f" + len(inner).to_bytes(2, "little") + inner, afn=0x10)


def unit(*, points: tuple[int, int] = (1, 1), fn: int) -> bytes:
    return bytes([*points, 1 << (fn - 1) % 8, (fn - 1) // 8])


# A decimal field of some bytes; now and then what a device sends when it has no value, or nonsense.
def field(width: int) -> st.SearchStrategy[bytes]:
    digits = st.integers(0, 10 ** (2 * width) - 1).map(lambda n: bcd(n, width))
    return st.one_of(
        digits, digits, digits, st.just(b"\xee" * width), st.just(b"\xff" * width), st.binary(min_size=width, max_size=width)
    )


minute = st.one_of(
    st.datetimes().map(lambda t: bytes.fromhex(f"{t.minute:02}{t.hour:02}{t.day:02}{t.month:02}{t.year % 100:02}")), field(5)
)
day = st.one_of(st.dates().map(lambda t: bytes.fromhex(f"{t.day:02}{t.month:02}{t.year % 100:02}")), field(3))


@st.composite
def curve(draw: st.DrawFn) -> bytes:
    fn, count = draw(st.integers(81, 108)), draw(st.integers(0, 20))
    width = 3 if fn <= 88 or 92 <= fn <= 95 else 4 if 97 <= fn <= 104 else 2
    head = draw(minute) + bytes([draw(st.sampled_from([0, 1, 2, 3, 254, 255, 7])), count])
    return (
        unit(points=draw(st.sampled_from([(1, 1), (0x80, 200), (0, 0)])), fn=fn)
        + head
        + b"".join(draw(field(width)) for _ in range(count))
    )


@st.composite
def registers(draw: st.DrawFn) -> bytes:
    kind, tariffs = draw(st.integers(0, 7)), draw(st.integers(0, 12))
    width = 5 if kind in {0, 2} else 4
    points = draw(st.sampled_from([(1, 1), (5, 3), (0x80, 255)]))
    one = draw(day)
    contents = [
        one + draw(minute) + bytes([tariffs]) + b"".join(draw(field(width)) for _ in range(tariffs + 1))
        for _ in range(points[0].bit_count())
    ]
    return unit(points=points, fn=161 + kind) + b"".join(contents)


history = st.lists(st.one_of(curve(), registers()), min_size=1, max_size=3).map(lambda units: gdw1376(b"".join(units), afn=0x0D))


@st.composite
def current(draw: st.DrawFn) -> bytes:
    fn = draw(st.sampled_from([25, *range(129, 137)]))
    if fn == 25:
        widths = [3] * 8 + [2] * 7 + [3] * 8
        return gdw1376(unit(fn=25) + draw(minute) + b"".join(draw(field(width)) for width in widths), afn=0x0C)
    tariffs, width = draw(st.integers(0, 6)), 5 if fn in {129, 131} else 4
    content = draw(minute) + bytes([tariffs]) + b"".join(draw(field(width)) for _ in range(tariffs + 1))
    return gdw1376(unit(fn=fn) + content, afn=0x0C)


@st.composite
def meter_answer(draw: st.DrawFn) -> bytes:
    data_id, widths = draw(
        st.sampled_from(
            [
                (0x00010000, [4]),
                (0x00010300, [4]),
                (0x0001FF00, [4] * 5),
                (0x0001FF00, [4] * 7),
                (0x0002FF00, [4] * 5),
                (0x00020000, [4]),
                (0x05060101, [4] * 5),
                (0x0506023E, [4]),
                (0x05060001, [5]),
                (0x02010100, [2]),
                (0x02020100, [3]),
                (0x02030000, [3]),
                (0x02040000, [3]),
                (0x04000503, [2]),
                (0x04000101, [4]),
                (0x00010000, [3]),
            ]
        )
    )
    content = draw(minute) if data_id == 0x05060001 else b"".join(draw(field(width)) for width in widths)
    control = draw(st.sampled_from([0x91, 0x91, 0x91, 0xB1, 0xD1]))
    return dlt645(data_id.to_bytes(4, "little") + content, control=control, address=draw(st.integers(0, 10**12 - 1)))


@st.composite
def volume_answer(draw: st.DrawFn) -> bytes:
    units = st.sampled_from([0x29, 0x2A, 0x2B, 0x2C, 0x2C, 0x2D, 0x2E, 0x05])
    clock = st.datetimes().map(lambda t: bytes.fromhex(f"{t:%S%M%H%d%m}") + bcd(t.year % 100, 1) + b"\x20")
    content = draw(field(4)) + bytes([draw(units)]) + draw(field(4)) + bytes([draw(units)])
    content += draw(st.one_of(clock, clock, st.just(bytes(7)), field(7))) + draw(st.binary(min_size=2, max_size=2))
    data = draw(st.sampled_from([b"\x90\x1f", b"\x1f\x90"])) + b"\x01" + content
    return cjt188(
        data, meter_type=draw(st.sampled_from([0x10, 0x19, 0x30, 0x20, 0xAA])), address=draw(st.integers(0, 10**14 - 1))
    )


@st.composite
def heat_answer(draw: st.DrawFn) -> bytes:
    """Energy twice, power, flow and volume with their units behind them, temperatures, hours; a unit is sometimes of another kind."""
    energy, odd = st.sampled_from([0x05, 0x05, 0x06, 0x07]), st.sampled_from([0x02, 0x0E, 0x2C, 0x00, 0xEE])
    units = [st.one_of(energy, energy, odd), st.one_of(energy, energy, odd)]
    units += [st.sampled_from([0x17, 0x17, 0x40, 0x45, 0x2C]), st.sampled_from([0x35, 0x35, 0x32, 0x05])]
    units += [st.sampled_from([0x2C, 0x2C, 0x29, 0x35])]
    clock = st.datetimes().map(lambda t: bytes.fromhex(f"{t:%S%M%H%d%m}") + bcd(t.year % 100, 1) + b"\x20")
    content = b"".join(draw(field(4)) + bytes([draw(unit)]) for unit in units) + b"".join(draw(field(3)) for _ in range(3))
    content += draw(st.one_of(clock, clock, st.just(bytes(7)), field(7))) + draw(st.binary(min_size=2, max_size=2))
    data = draw(st.sampled_from([b"\x90\x1f", b"\x1f\x90"])) + b"\x01" + content
    kind = draw(st.sampled_from([0x20, 0x20, 0x21, 0x22, 0x10, 0x23]))
    return cjt188(data, meter_type=kind, address=draw(st.integers(0, 10**14 - 1)))


pass_through = st.one_of(meter_answer(), volume_answer(), heat_answer()).flatmap(
    lambda inner: st.sampled_from([forwarded(inner), forwarded(b"\xfe\xfe" + inner), forwarded(inner[:-1])])
)
frames = st.one_of(history, current(), pass_through)
