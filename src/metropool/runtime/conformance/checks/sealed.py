"""What the carrier between terminals and metering gets: sealed frames, and nothing of a register it could read."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from metropool.devices.sealed.greeting import answer_to, is_from, read_hello
from metropool.devices.sealed.session import Session
from metropool.devices.sealed.wire import ANSWER, DOWN, FRAME, HEADER, KIND, RANDOM, UP, Records
from metropool.runtime.conformance.checks.field import in_field, needed, read_on_demand, register_told
from metropool.runtime.conformance.checks.seeing import Seen
from metropool.runtime.conformance.failed import Failed
from metropool.runtime.conformance.town.records import Carried, Told, carried, keys_of_terminals, told_by_devices
from metropool.runtime.conformance.town.town import Town
from metropool.runtime.conformance.ways import Way

MASK = 0x33
"""What DL/T 645 adds to each byte of data."""
LEAST_DIGITS = 5
"""A register of fewer is not looked for: so few bytes come about by chance."""


async def sealed_frames(town: Town, way: Way) -> Seen:
    """A register told or a read asked for, in the carrier's own record: there, by the key of its terminal; and not to be read without."""
    await in_field(town)
    act = register_told if way.direction == "up" else read_on_demand
    seen = await town.once(("carried", way.direction), lambda: act(town, way))
    known = [each for each in told_by_devices(town.home) if each.wall_s > 0]
    its = {pattern for each in known if seen.evidence.endswith(f":{each.place}") for pattern in readable(each)}
    if not its:
        raise Failed("nothing_to_look_for")

    async def look() -> tuple[Carried, bytes] | None:
        downs = {each.connection: each for each in carried(town.home, "down")}
        links = [(up, downs[up.connection]) for up in carried(town.home, "up") if up.connection in downs]
        for up, down in links:
            contents = opened(up.data, down.data, keys=keys_of_terminals(town.home))
            if any(pattern in contents[UP] for pattern in its):
                return (up, contents[UP]) if way.direction == "up" else (down, contents[DOWN])
        return None

    (found, content), _ = await town.seen(look, needs=needed(town), what="carried")
    if not content:
        raise Failed("nothing_to_look_for")
    patterns = {pattern for each in known for pattern in readable(each)}
    for each in carried(town.home, "up") + carried(town.home, "down"):
        if bare := next((pattern for pattern in patterns if pattern in each.data), None):
            raise Failed("readable", where=each.place, bytes=bare.hex())
    return Seen(seen.delay_s, f"{found.place}:{len(found.data)}")


def opened(up: bytes, down: bytes, *, keys: dict[tuple[bytes, int], bytes]) -> tuple[bytes, bytes]:
    """What the frames of a link carried ``UP`` and ``DOWN``, opened with the key of its terminal; nothing where it is of none of these.

    Args:
        keys: Name and number of a key to the key.
    """
    said, heard = Records(UP).feed(up), Records(DOWN, kind=ANSWER).feed(down)
    hello = read_hello(said[0]) if said and heard else None
    key = keys.get((hello.name, hello.number)) if hello else None
    if hello is None or key is None or not is_from(hello, key=key):
        return b"", b""
    answer, session = answer_to(hello, key=key, random=heard[0][HEADER : HEADER + RANDOM])
    if answer != heard[0]:
        return b"", b""
    back = replace(session, opens=session.seals)
    return _contents(session, said[1:]), _contents(back, heard[1:])


def _contents(session: Session, records: list[bytes]) -> bytes:
    return b"".join(opened.content for record in records if (opened := session.open(record)) and record[KIND] == FRAME)


def readable(told: Told) -> Iterator[bytes]:
    """How a register would stand in an open frame: BCD, low byte first, of four decimals or two, masked or not; or as text."""
    for decimals, width in ((4, 10), (2, 8)):
        number = int(told.value.scaleb(decimals))
        if Decimal(number) == told.value.scaleb(decimals) and LEAST_DIGITS <= len(str(number)) <= width:
            digits = bytes.fromhex(f"{number:0{width}d}")[::-1]
            yield digits
            yield bytes((each + MASK) % 256 for each in digits)
            yield str(number).encode()
