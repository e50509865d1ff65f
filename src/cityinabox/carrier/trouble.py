"""What a bad carrier does to what it carries: alter, repeat, delay, swap, drop, and put in from elsewhere."""

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from cityinabox.carrier.records import HEAD, START, is_frame

KINDS = ("alter", "alter_header", "alter_counter", "replay", "old", "other", "swap", "delay", "drop", "stall")
REMEMBERED = 512


@dataclass
class Order:
    """So many frames of one direction to be treated so; ``seconds`` for those that wait."""

    do: str
    direction: str
    count: int = 1
    seconds: float = 1.0


@dataclass(frozen=True)
class Passed:
    """What to pass on in place of one record: now, and after so many seconds."""

    now: tuple[bytes, ...] = ()
    later: tuple[bytes, ...] = ()
    after_s: float = 0.0
    stall_s: float = 0.0


@dataclass(frozen=True)
class Kept:
    """A record that went by."""

    connection: int
    direction: str
    record: bytes


@dataclass
class Trouble:
    """Orders that wait for frames to go by, and what was done.

    Args:
        chance: Where it is altered.
    """

    chance: Random
    orders: list[Order] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)
    _seen: deque[Kept] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    _swapped: dict[tuple[int, str], bytes] = field(default_factory=dict)

    def order(self, order: Order) -> None:
        """Ask for trouble.

        Raises:
            ValueError: There is no such trouble.
        """
        if order.do not in KINDS or order.direction not in ("up", "down"):
            raise ValueError(f"do is one of {', '.join(KINDS)}; direction is up or down")
        self.orders.append(order)

    def treat(self, record: bytes, *, connection: int, direction: str) -> Passed:
        """What is passed on for one record that came."""
        before = self._swapped.pop((connection, direction), None)
        if before is not None:
            self._note(record, connection, direction)
            return Passed(now=(record, before))
        order = self._next(direction) if is_frame(record) else None
        passed = self._do(order, record, connection, direction) if order else Passed(now=(record,))
        self._note(record, connection, direction)
        return passed

    def _next(self, direction: str) -> Order | None:
        order = next((order for order in self.orders if order.direction == direction), None)
        if order is None:
            return None
        order.count -= 1
        if order.count <= 0:
            self.orders.remove(order)
        return order

    def _do(self, order: Order, record: bytes, connection: int, direction: str) -> Passed:
        if order.do in ("old", "other"):
            found = self._elsewhere(order.do, record, connection, direction)
            if found is None:
                order.count += 1
                self.orders += [] if order in self.orders else [order]
                return Passed(now=(record,))
            self.done[order.do] += 1
            return Passed(now=(found, record))
        self.done[order.do] += 1
        if order.do == "swap":
            self._swapped[connection, direction] = record
            return Passed()
        ways: dict[str, Callable[[], Passed]] = {
            "alter": lambda: Passed(now=(self._flipped(record, HEAD, len(record)),)),
            "alter_header": lambda: Passed(now=(self._flipped(record, 0, 6),)),
            "alter_counter": lambda: Passed(now=(self._flipped(record, 12, HEAD),)),
            "replay": lambda: Passed(now=(record, record)),
            "delay": lambda: Passed(later=(record,), after_s=order.seconds),
            "stall": lambda: Passed(now=(record,), stall_s=order.seconds),
            "drop": Passed,
        }
        return ways[order.do]()

    def _elsewhere(self, do: str, record: bytes, connection: int, direction: str) -> bytes | None:
        """A frame of another session: ``old`` of one that is over before this one began, ``other`` of any other."""
        found = [kept for kept in self._seen if kept.direction == direction and kept.record[8:12] != record[8:12]]
        found = [kept for kept in found if kept.connection < connection or do == "other"]
        return found[-1].record if found else None

    def _flipped(self, record: bytes, first: int, last: int) -> bytes:
        if record[:2] != START:
            first, last = 0, len(record)
        spoiled = bytearray(record)
        spoiled[self.chance.randrange(first, last)] ^= 1 << self.chance.randrange(8)
        return bytes(spoiled)

    def _note(self, record: bytes, connection: int, direction: str) -> None:
        if is_frame(record):
            self._seen.append(Kept(connection, direction, record))
