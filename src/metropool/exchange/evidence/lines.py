"""A line of an evidence file: one JSON object with sorted keys and no spaces. Written in one way only: any other byte is a change."""

from collections.abc import Iterator, Sequence
from typing import BinaryIO

import msgspec

from metropool.exchange.evidence.objects import Hash, Number, Salt, Signature

LINE_BYTES = 1 << 20


class Line(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Any line; which fields it has says what it is."""

    hash: Hash | None = None
    heading: msgspec.Raw = msgspec.Raw()
    leaf: Hash | None = None
    number: Number | None = None
    path: list[Hash] | None = None
    record: msgspec.Raw = msgspec.Raw()
    root: msgspec.Raw = msgspec.Raw()
    salt: Salt | None = None
    signature: Signature | None = None


KINDS = (
    ("heading", "signature"),
    ("root", "signature"),
    ("hash", "number", "record", "salt"),
    ("hash", "leaf", "number"),
    ("path", "record", "salt"),
)
"""What fields there are together: a heading, a root, a record, a record withheld, a record with the path to its root."""

_decode = msgspec.json.Decoder(Line).decode


def write_line(**fields: bytes | str | int | Sequence[str]) -> bytes:
    """One line; bytes are JSON already."""
    said = (
        f'"{name}":'.encode() + (value if isinstance(value, bytes) else msgspec.json.encode(value))
        for name, value in sorted(fields.items())
    )
    return b"{" + b",".join(said) + b"}\n"


def read_line(text: bytes) -> Line:
    """Read a line.

    Raises:
        ValueError: It is none, or not written as ``write_line`` writes it.
    """
    line = _decode(text)
    values = ((name, getattr(line, name)) for name in Line.__struct_fields__)
    plain = ((name, bytes(value) if isinstance(value, msgspec.Raw) else value) for name, value in values)
    fields = {name: value for name, value in plain if value not in (None, b"")}
    if tuple(fields) not in KINDS or write_line(**fields) != text:
        raise ValueError("the line is not written as evidence is")
    return line


def lines_of(file: BinaryIO) -> Iterator[bytes]:
    """The lines of a file; one that is too long to be ours comes cut off, and is none."""
    while text := file.readline(LINE_BYTES):
        yield text
