"""Reading a frame field by field while writing down what each byte means, for people and for tests."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from metropool.core.errors import Invalid

Value = TypeVar("Value")
Explained = dict[str, object]


@dataclass
class FieldReader:
    """Walks over the plain bytes of a frame.

    Attributes:
        plain: The bytes to interpret.
        wire: The same bytes as they were on the line (DL/T 645 adds 33H); equal in length to ``plain``.
        base: Offset of the first of them in the whole frame.
        fields: What was read so far, one dict of offset, bytes (hex), name, zh, en, value each.
    """

    plain: bytes
    wire: bytes
    base: int = 0
    at: int = 0
    fields: list[Explained] = field(default_factory=list)

    @property
    def left(self) -> int:
        """Number of bytes not yet read."""
        return len(self.plain) - self.at

    def take(self, size: int, name: str, zh: str, en: str, read: Callable[[bytes], Value]) -> Value:
        """Read ``size`` bytes as one named field.

        Raises:
            Invalid: Fewer bytes are left (``length``).
        """
        if size > self.left:
            raise Invalid("length", values={"field": name})
        raw = self.plain[self.at : self.at + size]
        value = read(raw)
        entry: Explained = {"offset": self.base + self.at, "bytes": self.wire[self.at : self.at + size].hex().upper()}
        self.fields.append(entry | {"name": name, "zh": zh, "en": en, "value": value})
        self.at += size
        return value

    def rest(self, name: str, zh: str, en: str) -> str:
        """Read everything left as hex."""
        return self.take(self.left, name, zh, en, hex_text)


def hex_text(raw: bytes) -> str:
    """Bytes as upper-case hex, in wire order."""
    return raw.hex().upper()


def number_text(raw: bytes) -> int:
    """Bytes as a binary number, low byte first."""
    return int.from_bytes(raw, "little")
