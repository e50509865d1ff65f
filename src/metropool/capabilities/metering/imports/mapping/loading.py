"""Reading a mapping: from text, from a file of one's own, those shipped. A faulty one is refused with line and remedy."""

import codecs
import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path

import msgspec

from metropool.capabilities.metering.imports.faults import fault, sentence
from metropool.capabilities.metering.imports.mapping.model import ChannelColumn, Mapping
from metropool.capabilities.metering.imports.mapping.text import parse_mapping
from metropool.capabilities.metering.imports.mapping.units import factor_of
from metropool.capabilities.metering.imports.times import zone_of
from metropool.core.errors import Invalid, NotFound

Place = tuple[str | int, ...]
Found = Iterator[tuple[Place, str, dict[str, object]]]
"""What is wrong with a mapping: where in it, the text, its parameters."""
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
        raise Invalid.that(sentence("not_a_mapping", file=where), faults=[written.fault(str(cause))]) from cause
    faults = [fault(written.place(path), name, **values) for path, name, values in _faults_of(mapping)]
    if faults:
        raise Invalid.that(sentence("not_a_mapping", file=where), faults=faults)
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
        raise NotFound.that(sentence("no_mapping_named", name=given, known=", ".join(shipped)))
    return load_mapping(Path(given))


def load_mapping(path: Path) -> Mapping:
    """Read a mapping from a file of one's own.

    Raises:
        NotFound: No such file.
        Invalid: As ``read_mapping``, or it is no UTF-8 text.
    """
    if not path.is_file():
        raise NotFound.that(sentence("no_mapping_file", path=path))
    try:
        return read_mapping(path.read_text(encoding="utf-8-sig"), where=str(path))
    except UnicodeDecodeError as cause:
        raise Invalid.that(sentence("mapping_not_utf8", file=path)) from cause


@cache
def shipped_mappings() -> tuple[Mapping, ...]:
    """All mappings that come with the product, by name."""
    folder = files("metropool.capabilities.metering.imports.mapping").joinpath("shipped")
    texts = sorted((entry.name, entry.read_text(encoding="utf-8")) for entry in folder.iterdir() if entry.name.endswith(".yaml"))
    return tuple(read_mapping(text, where=name) for name, text in texts)


def _faults_of(mapping: Mapping) -> Found:
    """What is well formed and still cannot be."""
    try:
        zone_of(mapping.time.zone)
    except Invalid:
        yield ("time", "zone"), "no_zone", {"name": mapping.time.zone}
    if mapping.format == "csv":
        yield from _faults_of_text(mapping)
    if not mapping.channels:
        yield ("channels",), "no_channels", {}
    names = [channel.local_name for channel in mapping.channels]
    for index, channel in enumerate(mapping.channels):
        if channel.local_name in names[:index]:
            yield ("channels", index), "channel_twice", {"name": channel.local_name}
        yield from _faults_of_channel(channel, ("channels", index))


def _faults_of_text(mapping: Mapping) -> Found:
    if not mapping.time.format:
        yield ("time",), "no_time_format", {}
    try:
        codecs.lookup(mapping.encoding)
    except LookupError:
        yield ("encoding",), "no_encoding", {"name": mapping.encoding}
    if len(mapping.delimiter) != 1:
        yield ("delimiter",), "delimiter", {"name": mapping.delimiter}
    if not 0 <= mapping.header_line < mapping.first_line:
        yield ("header_line",), "header_after", {}


def _faults_of_channel(channel: ChannelColumn, place: Place) -> Found:
    try:
        factor_of(channel.unit, channel.kind)
    except NotFound:
        yield (*place, "reading_type"), "no_reading_type", {"name": channel.reading_type}
    except Invalid as cause:
        assert cause.sentence is not None
        yield (*place, "unit"), cause.sentence.key, dict(cause.sentence.values)
    for name in ("interval_s", "digits"):
        if getattr(channel, name) < 0:
            yield (*place, name), "less_than_nothing", {"value": getattr(channel, name)}
    for name in ("capacity", "large_step"):
        if not _NUMBER.fullmatch(getattr(channel, name) or "0"):
            yield (*place, name), "no_number", {"value": getattr(channel, name)}
