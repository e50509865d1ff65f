"""What the carrier between terminals and metering gets: sealed frames, and nothing of a register it could read."""

from collections.abc import Iterator
from decimal import Decimal

from metropool.runtime.conformance.checks.field import in_field, needed, read_on_demand, register_told
from metropool.runtime.conformance.checks.seeing import Seen
from metropool.runtime.conformance.failed import Failed
from metropool.runtime.conformance.town.records import Carried, Told, carried, told_by_devices
from metropool.runtime.conformance.town.town import Town
from metropool.runtime.conformance.ways import Way

RECORD = b"\xa7\x5e"
"""How a sealed record begins; see decision 22."""
MASK = 0x33
"""What DL/T 645 adds to each byte of data."""
LEAST_DIGITS = 5
"""A register of fewer is not looked for: so few bytes come about by chance."""


async def sealed_frames(town: Town, way: Way) -> Seen:
    """Frames of a register told or a read asked for, in the carrier's own record: there, sealed, and not to be read."""
    await in_field(town)
    act = register_told if way.direction == "up" else read_on_demand
    told = await town.once(("carried", way.direction), lambda: act(town, way))
    known = [each for each in told_by_devices(town.home) if each.wall_s > 0]

    async def look() -> Carried | None:
        kept = [each for each in carried(town.home, way.direction) if RECORD in each.data[:2]]
        return max(kept, key=lambda each: len(each.data), default=None)

    largest, _ = await town.seen(look, needs=needed(town), what="carried")
    kept = carried(town.home, "up") + carried(town.home, "down")
    patterns = {pattern for each in known for pattern in readable(each)}
    if not patterns:
        raise Failed("nothing_to_look_for")
    for each in kept:
        if found := next((pattern for pattern in patterns if pattern in each.data), None):
            raise Failed("readable", where=each.place, bytes=found.hex())
    return Seen(told.delay_s, f"{largest.place}:{len(largest.data)}")


def readable(told: Told) -> Iterator[bytes]:
    """How a register would stand in an open frame: BCD, low byte first, of four decimals or two, masked or not; or as text."""
    for decimals, width in ((4, 10), (2, 8)):
        number = int(told.value.scaleb(decimals))
        if Decimal(number) == told.value.scaleb(decimals) and len(str(number)) >= LEAST_DIGITS:
            digits = bytes.fromhex(f"{number:0{width}d}")[::-1]
            yield digits
            yield bytes((each + MASK) % 256 for each in digits)
            yield str(number).encode()
