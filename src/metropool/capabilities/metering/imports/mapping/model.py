"""Mappings: what a file's columns mean, as data. Those shipped lie in ``mappings/``; anybody may write one more."""

import codecs
import re
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Literal

import msgspec

from metropool.capabilities.metering.imports.mapping_text import parse_mapping
from metropool.capabilities.metering.imports.times import zone_of
from metropool.capabilities.metering.imports.units import factor_of
from metropool.core.errors import Fault, Invalid, MetropoolError, NotFound
from metropool.core.quantities import ReadingType, reading_type

Stamp = Literal["start", "end"]
Repeated = Literal["by_order", "first", "second"]
Place = tuple[str | int, ...]
_NUMBER = re.compile(r"\d{1,12}(\.\d{1,9})?")


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


def read_mapping(text: str, *, where: str) -> Mapping:
    """Read a mapping.

    Raises:
        Invalid: Not YAML, an unknown or missing field, an unknown reading type, unit or zone; each with file, line and remedy.
    """
    written = parse_mapping(text, where=where)
    try:
        mapping = msgspec.convert(written.values, type=Mapping)
    except msgspec.ValidationError as cause:
        raise Invalid(f"{where} is not a mapping", faults=[written.fault(str(cause))]) from cause
    faults = [Fault(written.place(path), what, remedy) for path, what, remedy in _faults_of(mapping)]
    if faults:
        raise Invalid(f"{where} is not a mapping", faults=faults)
    return mapping


def load_mapping(path: Path) -> Mapping:
    """Read a mapping from a file of one's own.

    Raises:
        NotFound: No such file.
        Invalid: As ``read_mapping``, or it is no UTF-8 text.
    """
    if not path.is_file():
        raise NotFound(f"there is no mapping file {path}")
    try:
        return read_mapping(path.read_text(encoding="utf-8-sig"), where=str(path))
    except UnicodeDecodeError as cause:
        raise Invalid(f"{path} is not a mapping: it is no UTF-8 text") from cause


@cache
def shipped_mappings() -> tuple[Mapping, ...]:
    """All mappings that come with the product, by name."""
    folder = files("metropool.capabilities.metering.imports").joinpath("mappings")
    texts = sorted((entry.name, entry.read_text(encoding="utf-8")) for entry in folder.iterdir() if entry.name.endswith(".yaml"))
    return tuple(read_mapping(text, where=name) for name, text in texts)


def _faults_of(mapping: Mapping) -> Iterator[tuple[Place, str, str]]:
    """What is well formed and still cannot be: where in the mapping, what, and the remedy."""
    try:
        zone_of(mapping.time.zone)
    except Invalid as cause:
        yield ("time", "zone"), cause.what, "use a name such as Asia/Shanghai, or an offset such as +08:00"
    if mapping.format == "csv":
        yield from _faults_of_text(mapping)
    if not mapping.channels:
        yield ("channels",), "it names no channel", "name at least one column with its reading_type and unit"
    names = [channel.local_name for channel in mapping.channels]
    for index, channel in enumerate(mapping.channels):
        if channel.local_name in names[:index]:
            yield ("channels", index), f"two channels are called {channel.local_name!r}", "give each a name"
        yield from _faults_of_channel(channel, ("channels", index))


def _faults_of_text(mapping: Mapping) -> Iterator[tuple[Place, str, str]]:
    if not mapping.time.format:
        yield ("time",), "it does not say how a time is written", 'add format: "%Y-%m-%d %H:%M", as in strptime'
    try:
        codecs.lookup(mapping.encoding)
    except LookupError:
        yield ("encoding",), f"no encoding is called {mapping.encoding!r}", "use utf-8, gb18030, latin-1 ..."
    if len(mapping.delimiter) != 1:
        yield ("delimiter",), f"{mapping.delimiter!r} is not one character", 'use "," or ";" or "\\t"'
    if not 0 <= mapping.header_line < mapping.first_line:
        yield ("header_line",), "the header must stand before the first line of data", "header_line: 0 says there is none"


def _faults_of_channel(channel: ChannelColumn, place: Place) -> Iterator[tuple[Place, str, str]]:
    try:
        channel.kind  # noqa: B018
        factor_of(channel.unit, channel.kind)
    except NotFound as cause:
        yield (*place, "reading_type"), cause.what, "the codes are in core/reading_types.yaml"
    except MetropoolError as cause:
        yield (*place, "unit"), cause.what, "a channel's unit is the one the file uses"
    for name in ("interval_s", "digits"):
        if getattr(channel, name) < 0:
            yield (*place, name), f"{getattr(channel, name)} is less than nothing", "leave it out when it is not known"
    for name in ("capacity", "large_step"):
        if not _NUMBER.fullmatch(getattr(channel, name) or "0"):
            yield (*place, name), f"{getattr(channel, name)!r} is no number", 'write it as text, such as "17.25"'
