"""What any meter of the city has: registers with faults and switched-off times, and a clock that may be off."""

from datetime import datetime
from typing import Any
from zlib import crc32

from cityinabox.journal import Journal
from cityinabox.series import drawn
from cityinabox.supply import Supply, use_of

Row = dict[str, Any]
FLAT = 2


class Meter:
    """What any meter has: a consumption, a clock that may be off, a relay or valve, and perhaps faults."""

    def __init__(self, row: Row, use: Row, faults: list[Row], journal: Journal) -> None:
        self.id: str = row["id"]
        self.address: str = row["address"]
        self.point: int = row["point"]
        self.row = row
        self.can_switch: bool = row.get("switches_supply", True)
        self.use = use_of(use)
        self.reverse_use = use_of(use["reverse"]) if "reverse" in use else None
        self.journal = journal
        self.steps = [(_unix(f["at"]), int(f["amount"])) for f in faults if f["kind"] == "reverse_step"]
        self.stuck = [(_unix(f["from"]), _unix(f["to"])) for f in faults if f["kind"] == "stuck"]
        self.missed_share = max((f["share"] for f in faults if f["kind"] == "missed_answers"), default=0.0)
        self._clock_off_s = use.get("clock_s", 0) + sum(f["seconds"] for f in faults if f["kind"] == "clock_off")

    def registers(self, at_s: int) -> tuple[int, ...]:
        """Tariff registers at ``at_s``; the total is their sum. They stand still while the supply is off."""
        at_s = next((start for start, end in self.stuck if start <= at_s < end), at_s)
        values = list(self._counted(at_s))
        values[min(FLAT, len(values) - 1)] -= sum(amount for since, amount in self.steps if at_s >= since)
        return tuple(values)

    def _counted(self, at_s: int) -> tuple[int, ...]:
        off_times = self.journal.off_times
        if isinstance(self.use, Supply):
            return self.use.registers(at_s, off_times)
        return drawn(self.use, at_s, off_times(self.id))

    def register(self, at_s: int) -> int:
        return sum(self.registers(at_s))

    def reverse_registers(self, at_s: int) -> tuple[int, ...]:
        """Registers of energy given back; zeros when the home has no panels."""
        return self.reverse_use.registers(at_s) if self.reverse_use else (0,) * len(self.use.registers(at_s))

    def is_off(self, at_s: int) -> bool:
        """The relay or valve is open (no supply) at ``at_s``."""
        return any(start <= at_s and (end is None or at_s < end) for start, end in self.journal.off_times(self.id))

    def is_ordered_off(self, at_s: int) -> bool:
        """The last command was to switch off, whether it has happened yet or not, and its time, if it has one, is not over."""
        off = self.journal.off_times(self.id)
        if not off or off[-1][1] is None:
            return bool(off)
        return at_s < off[-1][1] == self.journal.fact(f"limit/{self.id}")

    def clock_off_s(self) -> int:
        """How far the meter's own clock is ahead of the true time."""
        return self.journal.fact(f"clock/{self.id}", self._clock_off_s)

    def clock(self, at_s: int) -> int:
        """What the meter's own clock shows."""
        return at_s + self.clock_off_s()

    def set_clock(self, shown_s: int, at_s: int) -> None:
        """From now on the clock goes on from what it was set to."""
        self.journal.remember(f"clock/{self.id}", shown_s - at_s)

    def noise(self, at_s: int, salt: str, below: int) -> int:
        """A number from 0 to ``below`` - 1 that depends on the meter, the minute and ``salt`` only."""
        return crc32(f"{self.address}/{at_s // 60}/{salt}".encode()) % below


def _unix(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())
