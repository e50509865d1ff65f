"""A file read: its channels, its readings in one table, and what was wrong with single rows."""

from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import pyarrow as pa

from metropool.capabilities.metering.imports.doubts import Doubt
from metropool.capabilities.metering.imports.mapping.model import ChannelColumn, Mapping
from metropool.capabilities.metering.imports.unmeasured import Unmeasured
from metropool.capabilities.metering.validation.rules import ChannelFact

IMPORTED = pa.schema(
    [
        pa.field("channel", pa.int32(), nullable=False),
        pa.field("at", pa.int64(), nullable=False),
        pa.field("value", pa.int64()),
        pa.field("quality", pa.uint8(), nullable=False),
        pa.field("origin", pa.uint8(), nullable=False),
        pa.field("row", pa.int64(), nullable=False),
    ]
)
"""``channel`` is the place in ``ImportedFile.channels``; ``row`` the line of the file; ``value`` null for a blank cell."""


@dataclass(frozen=True)
class ImportedChannel:
    """A channel to be found or made in the registry."""

    number: int
    device: str
    column: ChannelColumn

    @property
    def name(self) -> str:
        """Name in reports: device and channel."""
        return f"{self.device}/{self.column.local_name}" if self.device else self.column.local_name

    def fact(self, device: int) -> ChannelFact:
        """What the rules need to know of it."""
        kind, column = self.column.kind, self.column
        return ChannelFact(
            channel=self.number,
            reading_type=kind,
            device=device,
            interval_s=column.interval_s,
            modulus=10 ** (column.digits - kind.scale) if column.digits else 0,
            capacity=kind.stored(Decimal(column.capacity)) if column.capacity else 0,
            large_step=kind.stored(Decimal(column.large_step)) if column.large_step else 0,
        )


@dataclass
class ImportedFile:
    """What a file holds.

    Attributes:
        readings: ``IMPORTED``, in the order of the file within each channel.
        rows: Rows of data in the file, bad ones included.
        doubts: Rows and cells refused or taken otherwise than written.
        rounded: Numbers finer than their reading type, per channel number.
        repeated, second_pass, skipped: Rows (line numbers, channel) in an hour that a clock change repeated or skipped.
        unmeasured: What the file itself says was not measured; None where it has no column for that.
    """

    path: Path
    sha256: str
    mapping: Mapping
    channels: list[ImportedChannel]
    readings: pa.Table
    rows: int
    doubts: list[Doubt]
    left_out: list[str]
    rounded: dict[int, int] = field(default_factory=dict)
    repeated: pa.Table = field(default_factory=IMPORTED.empty_table)
    second_pass: pa.Table = field(default_factory=IMPORTED.empty_table)
    skipped: pa.Table = field(default_factory=IMPORTED.empty_table)
    unmeasured: Unmeasured | None = None
    differences: dict[int, tuple[int, int, int]] = field(default_factory=dict)
