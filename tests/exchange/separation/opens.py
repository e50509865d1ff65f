"""Which process opened which file of a disk, as the kernel tells it (fanotify), whatever language the opening code is in."""

import ctypes
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest

CLOEXEC, UNLIMITED_QUEUE, O_LARGEFILE = 0x1, 0x10, 0o100000
MARK_ADD, MARK_MOUNT, OPEN, AT_FDCWD = 0x1, 0x10, 0x20, -100
EVENT = struct.Struct("IBBHQii")
"""event_len, vers, reserved, metadata_len, mask, fd, pid (``struct fanotify_event_metadata``)."""


@contextmanager
def opens(mount: Path) -> Iterator[set[tuple[int, str]]]:
    """Process id and path below the mount of every file that is opened meanwhile."""
    libc = ctypes.CDLL(None, use_errno=True)
    queue = libc.fanotify_init(CLOEXEC | UNLIMITED_QUEUE, os.O_RDONLY | O_LARGEFILE)
    marked = queue >= 0 and not libc.fanotify_mark(
        queue, MARK_ADD | MARK_MOUNT, ctypes.c_uint64(OPEN), AT_FDCWD, os.fsencode(mount)
    )
    if not marked:
        pytest.skip(f"fanotify is not permitted here: {os.strerror(ctypes.get_errno())}")
    found: set[tuple[int, str]] = set()
    listening = Thread(target=_listen, args=(queue, mount, found), daemon=True)
    listening.start()
    try:
        yield found
    finally:
        # One open of our own ends the listening, after everything before it was heard.
        (mount / "lost+found").stat()
        (mount / ".over").touch()
        listening.join(10)
        os.close(queue)


def _listen(queue: int, mount: Path, found: set[tuple[int, str]]) -> None:
    while True:
        data = os.read(queue, 65536)
        while data:
            length, _, _, _, _, descriptor, pid = EVENT.unpack_from(data)
            data = data[length:]
            if descriptor >= 0:
                path = os.path.relpath(Path(f"/proc/self/fd/{descriptor}").readlink(), mount)
                os.close(descriptor)
                found.add((pid, path))
                if path == ".over":
                    return
