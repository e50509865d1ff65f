"""Load records (负荷记录) of DL/T 645-2007, class 06: walked by lengths, since AA and E5 occur inside values."""

from metropool.devices import bcd
from metropool.devices.dlt645.values import number_of, plain_number
from metropool.devices.fields import Explained

GOOD, DAMAGED, BLOCK_END, RECORD_END = b"\xa0\xa0", b"\xe0\xe0", 0xAA, 0xE5
_TIME = 5
# Class: its possible lengths, full first; the parts of the full block as (key, format, how many).
_SIZES = ((17, 7, 0), (24, 12, 6, 0), (8, 4, 0), (16, 8, 0), (16, 0), (6, 7, 8, 9, 12, 16, 24, 0))
_PARTS = (
    (("voltage_v", "XXX.X", 3), ("current_a", "-XXX.XXX", 3), ("frequency_hz", "XX.XX", 1)),
    (("active_kw", "-XX.XXXX", 4), ("reactive_kvar", "-XX.XXXX", 4)),
    (("power_factor", "-X.XXX", 4),),
    (("forward_reverse_kwh", "XXXXXX.XX", 2), ("combined_kvarh", "-XXXXXX.XX", 2)),
    (("quadrants_kvarh", "XXXXXX.XX", 4),),
    (("demand", "-XX.XXXX", 2),),
)


def read_records(plain: bytes) -> tuple[list[Explained], bytes]:
    """Split and read load records.

    Args:
        plain: What follows the data identifier, without the 33H shift.

    Returns:
        The records and what is left when the bytes stop being records.
    """
    records: list[Explained] = []
    at = 0
    while at + 3 <= len(plain) and plain[at : at + 2] in {GOOD, DAMAGED}:
        end = at + 3 + plain[at + 2] + 2
        if end > len(plain) or plain[end - 1] != RECORD_END:
            break
        records.append(_read_record(plain[at:end]))
        at = end
    return records, plain[at:]


def _read_record(record: bytes) -> Explained:
    is_damaged = record[:2] == DAMAGED or sum(record[:-2]) & 0xFF != record[-2]
    body = record[3:-2]
    blocks = None if is_damaged else _split(body[_TIME:])
    if blocks is None:
        return {"damaged": True, "time": bcd.time_of("YYMMDDhhmm", body[:_TIME]), "raw": record.hex().upper()}
    found: Explained = {"damaged": False, "time": bcd.time_of("YYMMDDhhmm", body[:_TIME])}
    for parts, sizes, block in zip(_PARTS, _SIZES, blocks, strict=True):
        found |= _read_block(parts, block) if len(block) in {0, sizes[0]} else _read_short(parts, block)
    return found


def _split(body: bytes, number: int = 0) -> list[bytes] | None:
    """The six blocks of a record, each ended by AA, such that all bytes are used; None when they do not fit."""
    if number == len(_SIZES):
        return [] if not body else None
    for size in _SIZES[number]:
        if len(body) > size and body[size] == BLOCK_END:
            rest = _split(body[size + 1 :], number + 1)
            if rest is not None:
                return [body[:size], *rest]
    return None


def _read_block(parts: tuple[tuple[str, str, int], ...], block: bytes) -> Explained:
    found: Explained = {}
    at = 0
    for key, form, count in parts if block else ():
        width = sum(c == "X" for c in form) // 2 + (sum(c == "X" for c in form) & 1)
        values = [plain_number(number_of(form, block[i : i + width])) for i in range(at, at + width * count, width)]
        at += width * count
        found[key] = values[0] if count == 1 else values
    return found


def _read_short(parts: tuple[tuple[str, str, int], ...], block: bytes) -> Explained:
    """A block of a single-phase meter (one value for each kind) or one its maker lengthened."""
    single = tuple((key, form, 1) for key, form, _ in parts)
    widths = [sum(c == "X" for c in form) // 2 for _, form, _ in parts]
    if sum(widths) == len(block):
        return {key: [value] if count > 1 else value for (key, _, count), value in _paired(parts, _read_block(single, block))}
    return {f"{parts[0][0]}_raw": block.hex().upper()}


def _paired(parts: tuple[tuple[str, str, int], ...], found: Explained) -> list[tuple[tuple[str, str, int], object]]:
    return [(part, found[part[0]]) for part in parts]
