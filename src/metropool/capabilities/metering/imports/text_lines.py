"""Text files as whole lines, unpacked, counted, and checked for what would swallow the lines that follow."""

import gzip
import io
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from metropool.capabilities.metering.imports.doubts import Doubts
from metropool.capabilities.metering.imports.faults import sentence
from metropool.core.errors import Invalid

_GZIP = b"\x1f\x8b"


def open_bytes(path: Path) -> Any:
    """A file's bytes, unpacked when it is gzip."""
    with path.open("rb") as file:
        packed = file.read(2) == _GZIP
    return gzip.open(path) if packed else path.open("rb")


@dataclass
class TextLines(io.RawIOBase):
    """Bytes of a text file as UTF-8, counted by line, so that a fault in them has a place."""

    raw: Any
    encoding: str
    path: Path
    doubts: Doubts
    lines: int = 0
    _rest: bytes = field(default=b"")

    def readable(self) -> bool:
        return True

    def first_line(self) -> bytes:
        """The next line, for the header; before anything is read in bulk."""
        while b"\n" not in self._rest:
            more = self._next()
            if not more:
                break
            self._rest += more
        end = self._rest.find(b"\n") + 1 or len(self._rest)
        line, self._rest = self._rest[:end], self._rest[end:]
        return line

    def put_back(self, line: bytes) -> None:
        """Have a line read again."""
        self._rest = line + self._rest

    def read(self, _size: int = -1) -> bytes:
        """The next stretch of whole lines, whatever its size."""
        if self._rest:
            rest, self._rest = self._rest, b""
            return rest
        return self._next()

    def _next(self) -> bytes:
        try:
            chunk: bytes = self.raw.read(1 << 20)
            if chunk and not chunk.endswith(b"\n"):
                chunk += self.raw.readline(1 << 20)
        except (EOFError, zlib.error, OSError) as cause:
            told = {"file": self.path.name, "line": _lines_before_break(self.path), "reason": str(cause)}
            raise Invalid.that(sentence("breaks_off_line", **told)) from cause
        try:
            text = chunk.decode(self.encoding)
        except UnicodeDecodeError as cause:
            line = self.lines + chunk[: cause.start].count(b"\n") + 1
            where = {"file": self.path.name, "line": line}
            raise Invalid.that(sentence("not_encoded", **where, encoding=self.encoding, reason=cause.reason)) from cause
        before, self.lines = self.lines, self.lines + chunk.count(b"\n")
        whole = chunk if self.encoding in ("utf-8", "utf8") else text.encode()
        return self._without_open_quotes(whole, before) if b'"' in whole else whole

    def _without_open_quotes(self, chunk: bytes, before: int) -> bytes:
        """Empty lines for those whose quotation marks do not pair: one would swallow all that follows, unseen."""
        lines = chunk.split(b"\n")
        for number, line in enumerate(lines):
            if line.count(b'"') % 2:
                shown = line.decode("utf-8", errors="replace")[:200]
                what = "a quotation mark is opened and not closed"
                self.doubts.add_bad_row(before + number + 1, shown, what, emptied=True)
                lines[number] = b""
        return b"\n".join(lines)


def _lines_before_break(path: Path) -> int:
    """Whole lines that can be had of a file that breaks off."""
    lines = 0
    with open_bytes(path) as stream:
        try:
            while chunk := stream.read1(1 << 14):
                lines += chunk.count(b"\n")
        except (EOFError, zlib.error, OSError):
            return lines
    return lines
