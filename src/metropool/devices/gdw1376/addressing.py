"""DA and DT: which measuring points and which functions a data unit is about."""

from metropool.core.errors import Invalid

ALL_POINTS = 0xFFFF
POINTS_MAX, FUNCTIONS_MAX = 255 * 8, 256 * 8


def points_of(da: bytes) -> tuple[int, ...]:
    """Measuring points of DA1 DA2, ascending; (0,) is the terminal itself, (ALL_POINTS,) all of them; () when it names none."""
    if da == b"\x00\x00":
        return (0,)
    if da == b"\xff\xff":
        return (ALL_POINTS,)
    return tuple((da[1] - 1) * 8 + bit + 1 for bit in range(8) if da[0] >> bit & 1) if da[1] else ()


def functions_of(dt: bytes) -> tuple[int, ...]:
    """Function numbers of DT1 DT2, ascending."""
    return tuple(dt[1] * 8 + bit + 1 for bit in range(8) if dt[0] >> bit & 1)


def encode_points(*points: int) -> bytes:
    """DA of one or several points of one group of eight.

    Raises:
        Invalid: Points of different groups, or out of range.
    """
    if points == (0,):
        return b"\x00\x00"
    if points == (ALL_POINTS,):
        return b"\xff\xff"
    mask, group = _mask(points, POINTS_MAX)
    return bytes([mask, group + 1])


def encode_functions(*functions: int) -> bytes:
    """DT of one or several functions of one group of eight.

    Raises:
        Invalid: Functions of different groups, or out of range.
    """
    mask, group = _mask(functions, FUNCTIONS_MAX)
    return bytes([mask, group])


def _mask(numbers: tuple[int, ...], limit: int) -> tuple[int, int]:
    groups = {(number - 1) // 8 for number in numbers}
    if len(groups) != 1 or min(numbers) < 1 or max(numbers) > limit:
        raise Invalid(f"{numbers} are no points or functions of one group of eight")
    mask = 0
    for number in numbers:
        mask |= 1 << (number - 1) % 8
    return mask, groups.pop()
