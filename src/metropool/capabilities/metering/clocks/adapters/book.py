"""The book of clocks: one row a device, found by when it is due."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Column, Index, MetaData, String, Table, bindparam, func, insert, literal, or_, select, update

from metropool.facts.registry.tables import channel, end_device, installation
from metropool.storage.units import UnitContext

metadata = MetaData()
device_clock = Table(
    "device_clock",
    metadata,
    Column("device", String, primary_key=True),
    Column("due_at", BigInteger, nullable=False),
    Column("ahead_ms", BigInteger),
    Column("margin_ms", BigInteger),
    Column("checked_at", BigInteger),
    Column("off_since", BigInteger),
    Column("outcome", String, nullable=False),
    Index("device_clock_by_due", "due_at"),
    Index("device_clock_by_off", "off_since"),
)
NEVER = ""
SOME = 500


@dataclass(frozen=True, kw_only=True)
class DeviceClock:
    """A clock as it was last read.

    Attributes:
        device: End device.
        ahead_ms, margin_ms: How far it was ahead, give or take; None when it never told a time.
        checked_at: When that was [Unix ms].
        off_since: Since when it is off by more than allowed [Unix s]; None when it is not.
        outcome: How the last asking went: ``answered``, ``no_time``, or why not; empty before the first.
    """

    device: str
    ahead_ms: int | None
    margin_ms: int | None
    checked_at: int | None
    off_since: int | None
    outcome: str


@dataclass(frozen=True)
class DueClock:
    """A device whose clock is to be read: its row in the registry, and one of its channels (None for a terminal)."""

    device: str
    protocol: str
    address: str
    settings: Mapping[str, Any]
    channel: int | None


_C = device_clock.c
_COLUMNS = (_C.device, _C.ahead_ms, _C.margin_ms, _C.checked_at, _C.off_since, _C.outcome)


class ClockBook:
    """Clocks in one unit of work."""

    def __init__(self, context: UnitContext) -> None:
        self._connection = context.connection

    def enrol(self, *, due_at: int) -> int:
        """Look after the clock of every device that measures or forwards and is not listed yet; returns how many."""
        measures = select(channel.c.device).where(channel.c.device == end_device.c.id).exists()
        listed = select(_C.device).where(_C.device == end_device.c.id).exists()
        wanted = select(end_device.c.id, literal(due_at), literal(NEVER)).where(
            or_(measures, end_device.c.protocol == "gdw1376"), ~listed
        )
        added = self._connection.execute(insert(device_clock).from_select(["device", "due_at", "outcome"], wanted))
        return int(added.rowcount)

    def is_due(self, *, now_s: int) -> bool:
        """Whether any clock is due."""
        return self._connection.execute(select(_C.device).where(_C.due_at <= now_s).limit(1)).first() is not None

    def due(self, *, now_s: int, limit: int) -> list[DueClock]:
        """Devices whose clock is due, longest first; those taken out are not."""
        serves = (
            select(channel.c.device, func.min(channel.c.id).label("channel"))
            .join(installation, installation.c.channel == channel.c.id)
            .where(installation.c.valid_to.is_(None), installation.c.replaced_by.is_(None))
            .group_by(channel.c.device)
        )
        first = select(_C.device).where(_C.due_at <= now_s).order_by(_C.due_at, _C.device).limit(limit).subquery()
        some = serves.where(channel.c.device.in_(select(first.c.device))).subquery()
        d = end_device.c
        query = select(d.id, d.protocol, d.address, d.settings, some.c.channel).join(first, first.c.device == d.id)
        rows = self._connection.execute(query.outerjoin(some, some.c.device == d.id))
        return [DueClock(row.id, row.protocol, row.address, row.settings or {}, row.channel) for row in rows]

    def put_off(self, *, devices: Collection[str], due_at: int, outcome: str | None = None) -> None:
        """Look at some clocks again later, and note why they told nothing."""
        changed = {"due_at": due_at} | ({} if outcome is None else {"outcome": outcome})
        for some in _pieces(sorted(devices)):
            self._connection.execute(update(device_clock).where(_C.device.in_(some)).values(changed))

    def note(self, clocks: Sequence[DeviceClock], *, due_at: int) -> None:
        """Keep what clocks told."""
        names = ("ahead_ms", "margin_ms", "checked_at", "off_since", "outcome")
        rows = [{"of": clock.device, **{f"new_{name}": getattr(clock, name) for name in names}} for clock in clocks]
        values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in names}
        if rows:
            self._connection.execute(
                update(device_clock).where(_C.device == bindparam("of")).values(**values, due_at=due_at), rows
            )

    def of(self, devices: Iterable[str]) -> dict[str, DeviceClock]:
        """Clocks of some devices, by device."""
        found = {}
        for some in _pieces(sorted(set(devices))):
            for row in self._connection.execute(select(*_COLUMNS).where(_C.device.in_(some))).mappings():
                found[str(row["device"])] = DeviceClock(**row)
        return found

    def off(self) -> list[DeviceClock]:
        """Clocks that are off by more than allowed, longest first."""
        query = select(*_COLUMNS).where(_C.off_since.is_not(None)).order_by(_C.off_since)
        return [DeviceClock(**row) for row in self._connection.execute(query).mappings()]


def _pieces(devices: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(devices), SOME):
        yield devices[start : start + SOME]
