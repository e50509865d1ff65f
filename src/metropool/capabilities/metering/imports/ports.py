"""What the import needs from outside."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from metropool.capabilities.metering.imports.imported import ImportedChannel
from metropool.core.clock import Instant


@dataclass(frozen=True)
class ImportRecord:
    """A file that was imported: the same file by the same mapping is never imported again."""

    key: str
    file_name: str
    file_sha256: str
    mapping: str
    imported_at: Instant
    readings: int
    summary: dict[str, Any]


@dataclass(frozen=True)
class ChannelKeys:
    """Where readings of the channels of a file belong, by the number of the channel in the file; shape (channels,) each."""

    device: npt.NDArray[np.uint64]
    point: npt.NDArray[np.uint16]
    item: npt.NDArray[np.int32]


class ImportRecords(Protocol):
    """The table of files imported."""

    def find(self, key: str) -> ImportRecord | None:
        """The record with this key."""
        ...

    def add(self, record: ImportRecord) -> None:
        """Keep a record."""
        ...


class ImportWork(Protocol):
    """What ``import_file`` is given."""

    @property
    def now(self) -> Instant:
        """The present."""
        ...

    @property
    def imports(self) -> ImportRecords:
        """Files imported before."""
        ...

    def place_channels(self, channels: Sequence[ImportedChannel]) -> ChannelKeys:
        """Find devices and channels in the registry, and make those that are absent."""
        ...

    def hand_over(self, *, rows: pa.Table, key: str) -> None:
        """Put ``MEASURED`` rows into the log; durable when it returns. A repeat of the same key changes nothing."""
        ...
