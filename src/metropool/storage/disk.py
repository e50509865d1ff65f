"""The disk as an interface, so that a test can forget un-synced bytes, fail the n-th fsync or fill up."""

import os
from pathlib import Path
from typing import Protocol

from metropool.core.errors import Unavailable


class Disk(Protocol):
    """What the lake needs of a file system."""

    def write_synced(self, path: Path, data: bytes | memoryview) -> None:
        """Make ``path`` hold ``data`` whole or not at all, and survive power loss once this returns."""
        ...

    def remove(self, path: Path) -> None:
        """Remove a file; nothing when it is not there."""
        ...


class RealDisk:
    """The machine's disk: write beside, fsync, rename, fsync the folder."""

    def write_synced(self, path: Path, data: bytes | memoryview) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(path.name + ".part")
        try:
            with beside.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)
            sync_folder(path.parent)
        except OSError as cause:
            raise Unavailable(f"cannot write {path.name}: {cause.strerror}; free some space or check the disk") from cause

    def remove(self, path: Path) -> None:
        path.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Fsync a folder, so that a rename in it survives power loss."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
