"""The disk as an interface, so that a test can forget un-synced bytes, fail the n-th fsync or fill up."""

import os
from collections.abc import Iterable
from contextlib import suppress
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
    """The machine's disk."""

    def write_synced(self, path: Path, data: bytes | memoryview) -> None:
        write_durably(path, data, mode=0o644)

    def remove(self, path: Path) -> None:
        path.unlink(missing_ok=True)


Data = str | bytes | memoryview | Iterable[bytes]


def write_durably(path: Path, data: Data, *, mode: int = 0o600) -> None:
    """Make ``path`` hold ``data`` whole or not at all, and survive power loss once this returns: write beside, fsync, rename, fsync.

    Args:
        path: The file; folders above it that are missing are made.
        data: What it is to hold; text as UTF-8, pieces as they come.
        mode: Who may read it; its owner alone unless said otherwise.

    Raises:
        Unavailable: The disk is full or broken; the file is as it was.
    """
    try:
        _beside(path, data, mode).replace(path)
        sync_folder(path.parent)
    except OSError as cause:
        raise Unavailable(f"cannot write {path.name}: {cause.strerror}; free some space or check the disk") from cause


def write_once(path: Path, data: str | bytes) -> None:
    """The same for a secret that is drawn once, readable by its owner alone: a file that is there already is left as it is.

    Of several processes that draw at the same time one wins; read the file for what holds.
    """
    try:
        beside = _beside(path, data, 0o600)
        with suppress(FileExistsError):
            os.link(beside, path)
        beside.unlink()
        sync_folder(path.parent)
    except OSError as cause:
        raise Unavailable(f"cannot write {path.name}: {cause.strerror}; free some space or check the disk") from cause


def move_durably(path: Path, *, to: Path) -> None:
    """Move a file to another folder of the same disk, for good; nothing when it is not there (any more)."""
    _make_folder(to.parent, 0o700)
    with suppress(FileNotFoundError):
        path.replace(to)
        sync_folder(to.parent)
        sync_folder(path.parent)


def _beside(path: Path, data: Data, mode: int) -> Path:
    """A file beside ``path``, of this process alone, that holds the data and survives power loss."""
    _make_folder(path.parent, 0o700 if mode == 0o600 else 0o777)
    beside = path.with_name(f"{path.name}.{os.getpid()}.part")
    beside.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.writelines(_pieces(data))
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    return beside


def _pieces(data: Data) -> Iterable[bytes | memoryview]:
    if isinstance(data, str):
        return (data.encode(),)
    return (data,) if isinstance(data, (bytes, memoryview)) else data


def _make_folder(folder: Path, mode: int) -> None:
    """Make a folder and those above it, all of the same mode, so that they too survive power loss."""
    if folder.is_dir():
        return
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    for made in reversed(missing):
        made.mkdir(exist_ok=True, mode=mode)
    for made in missing:
        sync_folder(made.parent)


def sync_folder(folder: Path) -> None:
    """Fsync a folder, so that a rename in it survives power loss."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
