"""What metering needs of its unit of work and of the world: Protocols that adapters and the runtime satisfy."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from metropool.core.clock import Instant
from metropool.core.identifiers import IdSource, PartyId, SystemId
from metropool.exchange.ports import LogEntry
from metropool.facts.commands import Commands
from metropool.facts.events import Events
from metropool.facts.registry import Registry
from metropool.storage.lake import Lake, LakeFile

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    from metropool.capabilities.metering.clocks.adapters.book import ClockBook
    from metropool.capabilities.metering.collection.index import ChannelIndex
    from metropool.capabilities.metering.collection.ingest import Marks
    from metropool.capabilities.metering.collection.model import Rate, Schedule
    from metropool.capabilities.metering.collection.plan import Asking
    from metropool.capabilities.metering.frontend.tasks import AddressBook, Answer, AnyTask


class Collection(Protocol):
    """Schedules, askings, contacts and the position in the log (``collection/adapters/book.py``)."""

    def position(self, *, stream: str) -> int: ...
    def set_position(self, *, stream: str, sequence: int) -> None: ...
    def note_unknown(self, rows: "pa.Table") -> None: ...
    def unknown(self, *, limit: int = 200) -> list[Mapping[str, Any]]: ...
    def schedules(self) -> Mapping[int, "Schedule"]: ...
    def set_schedules(self, schedules: Sequence["Schedule"]) -> None: ...
    def askings_by_terminal(self, *, item: int, day: int) -> Mapping[int, "Asking"]: ...
    def note_asked(self, rows: Sequence[Mapping[str, Any]]) -> None: ...
    def note_outcome(self, *, item: int, day: int, terminal: int, outcome: str, at_ms: int) -> None: ...
    def askings(self, *, item: int, day: int) -> list[Mapping[str, Any]]: ...
    def note_contacts(self, rows: Sequence[Mapping[str, Any]]) -> None: ...
    def contacts(self) -> Mapping[int, Mapping[str, Any]]: ...
    def index(self) -> tuple["ChannelIndex", str]: ...
    def address_book(self, *, heartbeat_s: int) -> "AddressBook": ...


class Sheets(Protocol):
    """Planned, collected and newest per channel (``collection/adapters/sheets.py``)."""

    def mark(self, *, marks: "Marks") -> None: ...
    def note_newest(self, rows: "Mapping[str, NDArray[Any]]") -> None: ...
    def newest(self, *, channels: "NDArray[np.int64]") -> "pa.Table": ...
    def plan(self, *, schedule: "Schedule", day: int, channels: "NDArray[np.int64]", fingerprint: str) -> int: ...
    def planned_with(self, *, item: int, day: int) -> str | None: ...
    def open_days(self, *, item: int, days: range) -> list[int]: ...
    def rates(self, *, first_day: int, last_day: int, item: int | None = None) -> list[tuple[int, int, "Rate"]]: ...
    def sheets(self, *, kind: str, item: int, day: int, slots: int, channels: int) -> "NDArray[np.uint8]": ...


class CollectionWork(Protocol):
    """The unit of work of collection.

    The runtime's work object satisfies it: ``collection`` and ``sheets`` are ``keeps`` of metering, the rest is its host's.
    """

    @property
    def now(self) -> Instant: ...
    @property
    def collection(self) -> Collection: ...
    @property
    def sheets(self) -> Sheets: ...
    @property
    def registry(self) -> Registry: ...
    @property
    def events(self) -> Events: ...

    @property
    def lake(self) -> Lake: ...

    def changed(self, topic: str) -> None:
        """Let open pages know, once this unit is committed, that they should look again."""
        ...

    def add_files(self, files: Sequence[LakeFile]) -> int:
        """List files in the lake in this unit; the number of the snapshot that shows them."""
        ...


class ControlWork(Protocol):
    """The unit of work of control."""

    @property
    def now(self) -> Instant: ...
    @property
    def ids(self) -> IdSource: ...
    @property
    def party(self) -> PartyId: ...
    @property
    def system(self) -> SystemId: ...
    @property
    def registry(self) -> Registry: ...
    @property
    def commands(self) -> Commands: ...
    @property
    def events(self) -> Events: ...
    @property
    def guarantees(self) -> "Guarantees": ...
    @property
    def clocks(self) -> "ClockBook": ...

    def changed(self, topic: str) -> None:
        """Let open pages know, once this unit is committed, that they should look again."""
        ...


class Guarantees(Protocol):
    """Usage points whose supply must not be cut (保电); ``control/adapters``."""

    def of(self, *, usage_point: str, now: Instant) -> str | None:
        """Why supply is guaranteed now; None when it is not."""
        ...


class FrontEnd(Protocol):
    """The front end as the core sees it, across the zone border."""

    async def carry_out(self, task: "AnyTask") -> "Answer":
        """Do one task and say how it went: ``unreachable`` when it was surely not begun, ``lost`` when nobody knows."""
        ...


class LogSource(Protocol):
    """The durable log as its consumer sees it."""

    async def read(self, *, limit: int, wait_s: float) -> Sequence[LogEntry]:
        """Entries not yet done, ascending; waits a while for the first, then gives what there is, perhaps nothing."""
        ...

    async def done(self, sequence: int) -> None:
        """Entries up to a sequence need not be given again."""
        ...


class Log(Protocol):
    """The durable log of measured batches."""

    async def append(self, batch: bytes) -> int:
        """Keep a batch; its sequence once it survives power loss.

        Raises:
            Unavailable: It may or may not have been kept; append it again.
        """
        ...
