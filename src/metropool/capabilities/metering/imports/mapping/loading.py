"""Reading a mapping: from text, from a file of one's own, those shipped. A faulty one is refused with line and remedy."""

import codecs
import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path

import msgspec

from metropool.capabilities.metering.imports.mapping.model import ChannelColumn, Mapping
from metropool.capabilities.metering.imports.mapping.text import parse_mapping
from metropool.capabilities.metering.imports.mapping.units import factor_of
from metropool.capabilities.metering.imports.times import zone_of
from metropool.core.errors import Fault, Invalid, MetropoolError, NotFound

Place = tuple[str | int, ...]
_NUMBER = re.compile(r"\d{1,12}(\.\d{1,9})?")


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


def named_mapping(given: str) -> Mapping:
    """The mapping of a file of one's own, or the shipped one of that name.

    Raises:
        NotFound: Neither a file nor the name of a shipped one; says which there are.
        Invalid: As ``load_mapping``.
    """
    shipped = {mapping.name: mapping for mapping in shipped_mappings()}
    if given in shipped and not Path(given).exists():
        return shipped[given]
    if not Path(given).is_file():
        raise NotFound(f"there is no mapping file {given}, and no mapping of that name: {', '.join(shipped)}")
    return load_mapping(Path(given))


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
    folder = files("metropool.capabilities.metering.imports.mapping").joinpath("shipped")
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
