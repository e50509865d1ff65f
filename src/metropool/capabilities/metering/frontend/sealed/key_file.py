"""Keys of terminals in a file of the front end's: each sealed under a master key, lines only ever added, the newest word counts.

A line is a key that was drawn, or the end of one. A line that was not finished is passed over, so nothing that was there before
is lost by a crash. Satisfies ``ports.TerminalKeys``; a hardware module that derives the sessions itself could stand in its place.
"""

import fcntl
import json
import os
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from metropool.capabilities.metering.frontend.sealed.ends import Agreed, GreetingRefused
from metropool.core.errors import Invalid, Unavailable
from metropool.devices.sealed.greeting import KEY, NAME, Hello, answer_to, is_from
from metropool.devices.sealed.suites import usable_suites
from metropool.storage.disk import sync_folder

_NONCE, REMEMBERED = 12, 8
Ending = Literal["replaced", "revoked"]


@dataclass(frozen=True)
class DrawnKey:
    """A key as its terminal is to be given it, once, on the bench and never over the air."""

    terminal: int
    name: bytes
    number: int
    key: bytes


@dataclass
class KeyRow:
    """One key: whose, its name and number, how it lies in the file, and how it ended."""

    terminal: int
    name: bytes
    number: int
    at: str
    sealed: bytes
    ended: str = ""
    is_proven: bool = False
    heard: deque[bytes] = field(default_factory=lambda: deque(maxlen=REMEMBERED))


class TerminalKeyFile:
    """The key file of one front end.

    Args:
        path: The file; made at the first key.
        master: 32 bytes that seal every key in it, kept elsewhere.
        random: Draws so many random bytes.

    Raises:
        Invalid: The file has a line that is none.
    """

    def __init__(self, path: Path, *, master: bytes, random: Callable[[int], bytes]) -> None:
        self._path, self._master, self._random = path, AESGCM(master), random
        self._rows: dict[bytes, KeyRow] = {}
        self._of: dict[int, list[KeyRow]] = {}
        self._read = 0
        self.refresh()

    def refresh(self) -> None:
        """Read the lines that were added since the last look."""
        if not self._path.exists() or self._path.stat().st_size <= self._read:
            return
        with self._path.open("rb") as file:
            file.seek(self._read)
            whole, line_end, _ = file.read().rpartition(b"\n")
        for line in whole.splitlines():
            self._take(line)
        self._read += len(whole) + len(line_end)

    def draw(self, terminals: Iterable[int], *, at: str) -> list[DrawnKey]:
        """Draw a fresh key for each terminal; the one before stays good until the new one was used.

        Args:
            terminals: Device numbers.
            at: When, for people.
        """
        self.refresh()
        drawn = [
            DrawnKey(terminal, self._random(NAME), 1 + max((row.number for row in self._of.get(terminal, [])), default=0), key)
            for terminal, key in ((terminal, self._random(KEY)) for terminal in terminals)
        ]
        self._append([self._line(key, at) for key in drawn])
        return drawn

    def end(self, *, terminal: int, how: Ending, before: int | None = None) -> int:
        """End the keys of a terminal, or only those with a number below ``before``; returns how many."""
        self.refresh()
        rows = [row for row in self._of.get(terminal, []) if not row.ended and (before is None or row.number < before)]
        self._append([{"name": row.name.hex(), "ended": how} for row in rows])
        return len(rows)

    def standing(self) -> Sequence[KeyRow]:
        """Every key there was, by terminal and number."""
        self.refresh()
        return sorted(self._rows.values(), key=lambda row: (row.terminal, row.number))

    def agree(self, hello: Hello, *, random: bytes) -> Agreed:
        """See ``ports.TerminalKeys``."""
        row = self._rows.get(hello.name)
        if row is None:
            raise GreetingRefused("unknown_key")
        key = self._opened(row)
        if hello.number != row.number or not is_from(hello, key=key):
            raise GreetingRefused("forged_hello", row.terminal)
        if row.ended:
            raise GreetingRefused("ended_key", row.terminal)
        if hello.random in row.heard:
            raise GreetingRefused("repeated_hello", row.terminal)
        if hello.suite not in usable_suites():
            raise GreetingRefused("suite", row.terminal)
        row.heard.append(hello.random)
        answer, session = answer_to(hello, key=key, random=random)
        return Agreed(row.terminal, answer, session)

    def proven(self, key: bytes) -> None:
        """See ``ports.TerminalKeys``."""
        row = self._rows.get(key)
        if row is None or row.is_proven:
            return
        # On a full disk the older key stays until the next session: no reason to refuse this one.
        with suppress(Unavailable):
            self.end(terminal=row.terminal, how="replaced", before=row.number)
            row.is_proven = True

    def holds(self, key: bytes) -> bool:
        """See ``ports.TerminalKeys``."""
        row = self._rows.get(key)
        return row is not None and not row.ended

    def _opened(self, row: KeyRow) -> bytes:
        try:
            return self._master.decrypt(row.sealed[:_NONCE], row.sealed[_NONCE:], _bound(row.terminal, row.name, row.number))
        except InvalidTag:
            raise GreetingRefused("sealed_elsewhere", row.terminal) from None

    def _line(self, drawn: DrawnKey, at: str) -> dict[str, object]:
        nonce = self._random(_NONCE)
        sealed = nonce + self._master.encrypt(nonce, drawn.key, _bound(drawn.terminal, drawn.name, drawn.number))
        who: dict[str, object] = {"terminal": drawn.terminal, "name": drawn.name.hex(), "number": drawn.number}
        return who | {"at": at, "sealed": sealed.hex()}

    def _take(self, line: bytes) -> None:
        try:
            told = json.loads(line) if line.strip() else {}
            if "ended" in told:
                self._rows[bytes.fromhex(told["name"])].ended = str(told["ended"])
            elif told:
                name, sealed = bytes.fromhex(told["name"]), bytes.fromhex(told["sealed"])
                row = KeyRow(int(told["terminal"]), name, int(told["number"]), str(told["at"]), sealed)
                self._rows[name] = row
                self._of.setdefault(row.terminal, []).append(row)
        except (ValueError, KeyError, TypeError) as cause:
            raise Invalid(f"{self._path.name} has a line that is none; take the file from a backup: {cause!r}") from cause

    def _append(self, rows: Sequence[dict[str, object]]) -> None:
        """Add lines and read them; they survive power loss once this returns.

        Raises:
            Unavailable: The disk is full or broken.
        """
        if not rows:
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            is_new = not self._path.exists()
            with os.fdopen(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "r+b", buffering=0) as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                file.seek(self._read)
                whole, line_end, _ = file.read().rpartition(b"\n")
                # What a crash left of a line that was not finished goes: whoever wrote it never said that it was kept.
                file.truncate(self._read + len(whole) + len(line_end))
                file.write(b"".join(json.dumps(row).encode() + b"\n" for row in rows))
                os.fsync(file.fileno())
            if is_new:
                sync_folder(self._path.parent)
        except OSError as cause:
            raise Unavailable(f"cannot write {self._path.name}: {cause.strerror}; free some space or check the disk") from cause
        self.refresh()


def _bound(terminal: int, name: bytes, number: int) -> bytes:
    """What a sealed key is bound to, so that it cannot be moved to another row."""
    return f"terminal key {terminal} {name.hex()} {number}".encode()
