"""A mapping: what the columns of one kind of file mean."""

from collections.abc import Sequence
from typing import Literal

import msgspec

from metropool.core.quantities import ReadingType, reading_type

Stamp = Literal["start", "end"]
Repeated = Literal["by_order", "first", "second"]


class TimeColumn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the time of a row is written.

    Attributes:
        format: ``strptime`` format of text (``%s``: Unix seconds); empty for a Parquet timestamp.
        zone: IANA name, or a fixed offset such as ``+10:00``; ignored where the text or type carries its own.
        stamp: Whether an interval bears the time of its start or of its end. Registers are always of the moment itself.
        repeated: Which of the two a local time means that a clock change makes occur twice: told by the order of rows, or always
            the first or second.
    """

    column: str
    format: str = ""
    zone: str = "UTC"
    stamp: Stamp = "end"
    repeated: Repeated = "by_order"


class Device(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which meter a row is of: one name for the whole file, or a column of names."""

    name: str = ""
    column: str = ""


class Numbers(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How numbers are written; ``blank`` lists what stands for no value."""

    decimal: str = "."
    thousands: str = ""
    blank: tuple[str, ...] = ("",)


class Validity(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A column that says how far the values of a row can be trusted; what is in no list has quality ``otherwise``.

    Attributes:
        of: Where the column counts: what it shows when all of the interval was measured. What is short of it was not measured.
    """

    column: str
    of: int = 0
    measured: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    otherwise: Literal["measured", "estimated", "suspect"] = "estimated"


class ChannelColumn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One column of values.

    Attributes:
        name: Local name of the channel; the column's own when empty.
        unit: Unit the file uses.
        interval_s: Length of the interval, or nominal distance of registers [s]; 0 when not known.
        digits: Digits of the register before the decimal point, in the unit of the reading type; 0 when not known.
        capacity: Most that can pass in an hour, or highest power, in the unit of the reading type; empty when not known.
        large_step: A step of at least this is told, in the unit of the reading type.
        difference: A column with the difference to the reading before, in the unit of the file.
    """

    column: str
    reading_type: str
    unit: str
    name: str = ""
    interval_s: int = 0
    digits: int = 0
    capacity: str = ""
    large_step: str = ""
    difference: str = ""

    @property
    def local_name(self) -> str:
        """Name of the channel within its device."""
        return self.name or self.column

    @property
    def kind(self) -> ReadingType:
        """The reading type meant."""
        return reading_type(self.reading_type)


class Mapping(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One kind of file.

    Attributes:
        header: Column names that tell this kind from all others; all must be there. Empty: every column used must be there.
        header_line: Line with the column names, from 1; 0: there is none, and the columns are ``column 1``, ``column 2`` ...
        first_line: The first line of data.
        ignored: Columns known and left out (``*``: all others); any other column is told as not imported.
        duplicates: Which of two different values for one time is used: the first or the last in the file.
    """

    name: str
    about: str
    time: TimeColumn
    channels: tuple[ChannelColumn, ...]
    format: Literal["csv", "parquet"] = "csv"
    credit: str = ""
    header: tuple[str, ...] = ()
    encoding: str = "utf-8"
    delimiter: str = ","
    header_line: int = 1
    first_line: int = 2
    device: Device = Device(name="")
    numbers: Numbers = Numbers()
    validity: Validity | None = None
    ignored: tuple[str, ...] = ()
    duplicates: Literal["first", "last"] = "first"

    @property
    def used(self) -> tuple[str, ...]:
        """Columns of the file that are read, in a fixed order, each once."""
        wanted = [self.time.column, self.device.column, *(channel.column for channel in self.channels)]
        wanted += [channel.difference for channel in self.channels]
        wanted += [self.validity.column] if self.validity else []
        return tuple(dict.fromkeys(name for name in wanted if name))

    def fits(self, names: Sequence[str]) -> bool:
        """Whether a file with these column names is of this kind."""
        return set(self.header or self.used) <= set(names)
