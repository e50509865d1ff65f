"""Binary-coded decimals and the civil times made of them."""

from datetime import datetime

from cityinabox.clock import LOCAL


class BadFrame(ValueError):
    """Bytes that are no frame of the protocol."""


def low_first(value: int, size: int) -> bytes:
    """``value`` as ``size`` bytes of BCD, lowest byte first; digits that do not fit fall off at the top."""
    text = f"{value % 10 ** (2 * size):0{2 * size}d}"
    return bytes.fromhex(text)[::-1]


def signed_low_first(value: int, size: int) -> bytes:
    """As ``low_first`` with the sign in the top bit."""
    raw = bytearray(low_first(abs(value), size))
    if value < 0:
        raw[-1] |= 0x80
    return bytes(raw)


def number(raw: bytes) -> int:
    """The value of BCD bytes, lowest first.

    Raises:
        BadFrame: A digit is no decimal.
    """
    try:
        return int(raw[::-1].hex())
    except ValueError as cause:
        raise BadFrame(f"{raw.hex()} is not decimal") from cause


def digits(text: str) -> bytes:
    """An address printed high digit first, as BCD bytes lowest first."""
    return bytes.fromhex(text)[::-1]


def times(at_s: float, order: str) -> bytes:
    """Civil time at ``at_s`` as BCD bytes in the order of the letters of ``order``.

    Letters: s second, m minute, h hour, D day, M month, Y year of the century, C century, W weekday (Sunday 0).
    """
    at = datetime.fromtimestamp(at_s, LOCAL)
    parts = {
        "s": at.second,
        "m": at.minute,
        "h": at.hour,
        "D": at.day,
        "M": at.month,
        "Y": at.year % 100,
        "C": at.year // 100,
        "W": at.isoweekday() % 7,
    }
    return bytes(parts[letter] // 10 * 16 + parts[letter] % 10 for letter in order)


def instant(raw: bytes, order: str) -> int:
    """Unix seconds of BCD civil time ``raw`` in the order of ``times``; century 20 when not given.

    Raises:
        BadFrame: It is no date and time.
    """
    parts = {letter: number(raw[i : i + 1]) for i, letter in enumerate(order)}
    try:
        year = parts.get("C", 20) * 100 + parts["Y"]
        at = datetime(year, parts["M"], parts["D"], parts.get("h", 0), parts.get("m", 0), parts.get("s", 0), tzinfo=LOCAL)
    except ValueError as cause:
        raise BadFrame(f"{raw.hex()} is no time: {cause}") from cause
    return int(at.timestamp())
