"""Arrow streams of others: bytes and nothing else, held to bounds by what they say of themselves before anything is decompressed.

How long a batch and its columns are stands in its heading, a flatbuffer (Arrow columnar format 1.5, Message.fbs; pyarrow has checked its
offsets when it hands a message over), and what a compressed buffer opens to in its first eight bytes. So a small stream that opens to a
large table, or says it has rows of which there is nothing, is refused unread. No class of message has dictionaries, so no stream has.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from struct import unpack_from
from typing import Any, TypeVar

import pyarrow as pa

from metropool.core.errors import Invalid

T = TypeVar("T")
_OPTIONS = pa.ipc.IpcReadOptions(use_threads=False)
_LENGTH, _NODES, _BUFFERS, _COMPRESSION = range(4)
"""Fields of the heading of a batch; a message's own field ``_BATCH`` is that heading."""
_BATCH = 2
_PREFIX, _AS_IT_IS = 8, -1
"""Bytes of the length before a compressed buffer, and what stands there before one that was not worth compressing."""


@dataclass(frozen=True)
class Bounds:
    """The most a table may have once it is opened, in all its batches."""

    rows: int
    bytes: int


LETTER = Bounds(rows=250_000, bytes=16 << 20)
"""What is told here is cut into parts of half a MiB opened, and some ten thousand rows; software of others may pack a letter fuller."""


def read_stream(data: object, bounds: Bounds = LETTER) -> pa.Table:
    """The table of a stream.

    Raises:
        Invalid: It is no stream, is not what it says of itself, or has more than the bounds.
    """
    return _or_invalid(_read, data, bounds)


def rows_in(data: object, bounds: Bounds = LETTER) -> int:
    """How many rows a stream says it has; nothing of it is opened.

    Raises:
        Invalid: It is no stream, or has more than the bounds.
    """
    return _or_invalid(_checked, data, bounds)


def _or_invalid(read: Callable[[bytes, Bounds], T], data: object, bounds: Bounds) -> T:
    # What is no bytes is refused: a text would be opened as the path of a file.
    if not isinstance(data, bytes):
        raise Invalid(f"no Arrow stream but a {type(data).__name__}")
    try:
        return read(data, bounds)
    except Invalid:
        raise
    except Exception as cause:  # whatever damaged bytes make of a reader, it is they that are wrong
        raise Invalid(f"no Arrow stream: {type(cause).__name__}: {str(cause)[:200]}") from cause


def _read(data: bytes, bounds: Bounds) -> pa.Table:
    _checked(data, bounds)
    with pa.ipc.open_stream(pa.BufferReader(data), options=_OPTIONS) as reader:
        table = reader.read_all()
    table.validate(full=True)
    str(table.schema.names)  # text is read when it is asked for, names too
    return table


def _checked(data: bytes, bounds: Bounds) -> int:
    """Hold a stream to its bounds by what it says of itself; how many rows that is."""
    rows = opened = 0
    for heading, body in _batches(data):
        lengths = _pairs(heading, _NODES)
        rows += _number(heading, _LENGTH)
        opened += sum(_opened(heading, body))
        if min((rows, *(length for length, _ in lengths))) < 0:
            raise Invalid("no Arrow stream: it says that it has less than nothing")
        longest = max((length for length, _ in lengths), default=0)
        if rows > bounds.rows or max(opened, longest) > bounds.bytes:
            most = f"{bounds.rows} rows, {bounds.bytes} bytes"
            raise Invalid(f"{rows} rows, {max(opened, longest)} bytes when opened is more than a message may have ({most})")
    return rows


def _batches(data: bytes) -> Iterator[tuple[Any, Any]]:
    """Heading and body of each batch of a stream."""
    messages = pa.ipc.MessageReader.open_stream(pa.BufferReader(data))
    for number, message in enumerate(messages):
        if message.type != ("record batch" if number else "schema"):
            raise Invalid(f"no Arrow stream: a {message.type} has no place in it")
        if number:
            yield memoryview(message.metadata), memoryview(message.body)


def _opened(heading: Any, body: Any) -> Iterator[int]:
    """Bytes of each buffer of a batch once it is opened."""
    is_packed = _field(_batch(heading), heading, _COMPRESSION) is not None
    for offset, length in _pairs(heading, _BUFFERS):
        said = unpack_from("<q", body, offset)[0] if is_packed and length >= _PREFIX else length
        size = length if said == _AS_IT_IS else said
        if min(offset, size) < 0:
            raise Invalid("no Arrow stream: a buffer of it is nowhere")
        yield size


def _batch(heading: Any) -> int:
    """Where the table that tells of the batch begins."""
    root: int = unpack_from("<I", heading, 0)[0]
    place = _field(root, heading, _BATCH)
    if place is None:
        raise Invalid("no Arrow stream: a batch without a heading")
    return place + int(unpack_from("<I", heading, place)[0])


def _number(heading: Any, field: int) -> int:
    place = _field(_batch(heading), heading, field)
    return 0 if place is None else int(unpack_from("<q", heading, place)[0])


def _pairs(heading: Any, field: int) -> list[tuple[int, int]]:
    """A vector of pairs of numbers."""
    place = _field(_batch(heading), heading, field)
    if place is None:
        return []
    place += unpack_from("<I", heading, place)[0]
    count = unpack_from("<I", heading, place)[0]
    flat = unpack_from(f"<{2 * count}q", heading, place + 4)
    return list(zip(flat[::2], flat[1::2], strict=True))


def _field(table: int, heading: Any, field: int) -> int | None:
    """Where a field of a flatbuffer's table is; None where it is left out."""
    rules = table - unpack_from("<i", heading, table)[0]
    size = unpack_from("<H", heading, rules)[0]
    entry = 4 + 2 * field
    offset: int = unpack_from("<H", heading, rules + entry)[0] if entry < size else 0
    return table + offset if offset else None
