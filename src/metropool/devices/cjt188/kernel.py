"""Compiled reading of CJ/T 188 water, gas and heat answers forwarded by a concentrator: the same rows as ``rows.py``."""

# Small compiled functions, called by position on the bulk path; numba infers the types of the private ones.
# mypy: disable-error-code="no-any-return,no-untyped-def,no-untyped-call"

from numba import njit

from metropool.devices.kernel import BAD, Bytes, Out, checksum, emit, number, pair, unix_s

OTHER = -1
_CLOCK_BAD = 2
_STANDARD, _HEAT = 0x16, 0x2E


@njit(cache=True, nogil=True)
def is_frame(buffer: Bytes, at: int, end: int) -> bool:
    """A whole, sound CJ/T 188 frame fills ``[at, end)``."""
    if (
        end - at < 13
        or buffer[at] != 0x68
        or buffer[at + 10] > 0x64
        or end - at != 13 + buffer[at + 10]
        or buffer[end - 1] != 0x16
    ):
        return False
    return checksum(buffer, at, end - 2) == buffer[end - 2]


@njit(cache=True, nogil=True)
def read_answer(buffer: Bytes, at: int, frame: int, out: Out, k: int) -> tuple[int, int]:
    """Rows of the sound frame at ``at``: volume, volume at settlement day, valve; of a heat meter its energy in kWh.

    Returns:
        The next free row, or OTHER when this is not an answer this kernel knows; and 0, all its values having reading types.
    """
    meter_type, address = int(buffer[at + 1]), number(buffer, at + 2, 7)
    high_first = buffer[at + 11] == 0x90 and buffer[at + 12] == 0x1F
    low_first = buffer[at + 11] == 0x1F and buffer[at + 12] == 0x90
    if buffer[at + 9] != 0x81 or not (high_first or low_first) or address < 0:
        return OTHER, 0
    if buffer[at + 10] == _HEAT and 0x20 <= meter_type <= 0x22:
        return _read_heat(buffer, at, meter_type, address, frame, out, k), 0
    if buffer[at + 10] != _STANDARD:
        return OTHER, 0
    item = 40 if meter_type == 0x30 else 30 if 0x10 <= meter_type <= 0x19 else 0
    first = at + 14
    if item == 0 or not _is_volume(buffer[first + 4]) or not _is_volume(buffer[first + 9]):
        return OTHER, 0
    time = _clock(buffer, first + 10)
    head = ((3 << 60) | (meter_type << 48) | address, 0, 0 if time != BAD else _CLOCK_BAD, frame)
    moment = time if time != BAD else 0
    k = emit(out, k, head, item, moment, _volume(buffer, first))
    k = emit(out, k, head, item + 1, moment, _volume(buffer, first + 5))
    valve = int(buffer[first + 17]) & 3
    return emit(out, k, head, item + 2, moment, BAD if valve == 2 else valve), 0


@njit(cache=True, nogil=True)
def _read_heat(buffer: Bytes, at: int, meter_type: int, address: int, frame: int, out: Out, k: int) -> int:
    """The present energy of a heat answer of 46 bytes with its units behind the numbers; OTHER where it is not in kWh."""
    first = at + 14
    has_energy = 0x01 <= buffer[first + 4] <= 0x13 and 0x05 <= buffer[first + 9] <= 0x07
    power = buffer[first + 14]
    has_power = 0x14 <= power <= 0x1C or power == 0x40 or 0x43 <= power <= 0x4B
    has_flow = 0x32 <= buffer[first + 19] <= 0x37 and _is_volume(buffer[first + 24])
    if not (has_energy and has_power and has_flow):
        return OTHER
    time = _clock(buffer, first + 34)
    head = ((3 << 60) | (meter_type << 48) | address, 0, 0 if time != BAD else _CLOCK_BAD, frame)
    hundredths = number(buffer, first + 5, 4)
    tens = 10 ** (int(buffer[first + 9]) - 0x05)
    return emit(out, k, head, 50, time if time != BAD else 0, hundredths * tens if hundredths >= 0 else BAD)


@njit(cache=True, nogil=True)
def _is_volume(unit: int) -> bool:
    """29-2B are litres, 2C-2E cubic metres, each times 1, 10, 100."""
    return 0x29 <= unit <= 0x2E


@njit(cache=True, nogil=True)
def _volume(buffer: Bytes, at: int) -> int:
    """A volume with two decimals and its unit byte, in thousandths of a cubic metre, half up."""
    hundredths, power = number(buffer, at, 4), (int(buffer[at + 4]) - 0x29) % 3
    if hundredths < 0:
        return BAD
    if power == 1:
        hundredths *= 10
    elif power == 2:
        hundredths *= 100
    return hundredths * 10 if buffer[at + 4] >= 0x2C else (hundredths + 50) // 100


@njit(cache=True, nogil=True)
def _clock(buffer: Bytes, at: int) -> int:
    """``ss mm hh DD MM YY CC`` as Unix seconds; BAD when the clock is not set or impossible."""
    second, minute, hour = pair(buffer[at]), pair(buffer[at + 1]), pair(buffer[at + 2])
    if buffer[at + 6] != 0x20 or second < 0 or second > 59 or minute < 0 or minute > 59 or hour < 0 or hour > 23:
        return BAD
    of_day = hour * 3600 + minute * 60 + second
    return unix_s(pair(buffer[at + 5]), pair(buffer[at + 4]), pair(buffer[at + 3]), of_day)
