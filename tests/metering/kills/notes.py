"""Which thread of a program opened which file, as the interpreter's audit events (PEP 578) tell it."""

import os
import sys
import threading
from pathlib import Path
from typing import Any

EVENTS = {
    "open",
    "sqlite3.connect",
    "os.rename",
    "os.remove",
    "os.mkdir",
    "os.rmdir",
    "os.link",
    "os.symlink",
    "os.listdir",
    "os.scandir",
}


def note_files(notes: str) -> None:
    """Note from now on what this process opens: one line a file, the thread's name and the path with a tab between."""
    descriptor = os.open(notes, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def note(event: str, given: tuple[Any, ...]) -> None:
        if event in EVENTS:
            for path in given[:2]:
                if isinstance(path, str | bytes | os.PathLike):
                    line = f"{threading.current_thread().name}\t{Path.cwd() / os.fsdecode(path)}\n"
                    os.write(descriptor, line.encode(errors="replace"))

    sys.addaudithook(note)
