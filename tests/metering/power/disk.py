"""A disk that loses its power: an ext4 file system in a file, and what of it had reached that file at some moment.

What a program wrote and did not sync lies in the page cache of the mounted system; the file below holds only what the file
system sent down, in its order. A copy of the file is what a machine would find after its power came back: its journal is
replayed at the mount, un-synced bytes are gone.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

SIZE_MB = 192


def why_not() -> str:
    """Why such a disk cannot be had here; empty when it can."""
    if not sys.platform.startswith("linux"):
        return "loop mounts need Linux"
    missing = [tool for tool in ("mkfs.ext4", "mount", "umount") if shutil.which(tool, path=_path()) is None]
    if missing:
        return f"{', '.join(missing)} not installed"
    if os.geteuid() != 0:
        return "mounting needs root"
    return ""


@contextmanager
def disk(folder: Path, *, image: Path | None = None) -> Iterator[Path]:
    """A mounted disk; a new one, or the one in an image.

    Args:
        folder: Where ``image`` and the mount point are made.
        image: A copy of another disk's file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    file, point = image or folder / "image", folder / "disk"
    point.mkdir(exist_ok=True)
    if image is None:
        with file.open("wb") as new:
            new.truncate(SIZE_MB << 20)
        _run("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0", str(file))
    command = ["mount", "-o", "loop,commit=300", str(file), str(point)]
    mounted = subprocess.run(command, capture_output=True, check=False, env=_environment())
    if mounted.returncode:
        pytest.skip(f"mounting is not permitted here: {mounted.stderr.decode(errors='replace').strip()}")
    try:
        yield point
    finally:
        _run("umount", "-l", str(point))


def cut_power(folder: Path, *, to: Path) -> Path:
    """What had reached the disk at one moment, as an image of its own; nobody is asked to finish anything.

    The copy is held against the file once more: when they are equal, the file did not change between, and the copy is the state
    of one moment and not of several. Whoever writes should stand still meanwhile.
    """
    to.mkdir(parents=True, exist_ok=True)
    image, file = to / "image", folder / "image"
    for _ in range(10):
        _run("cp", "--sparse=always", str(file), str(image))
        if not subprocess.run(["cmp", "-s", str(file), str(image)], check=False).returncode:
            return image
    raise AssertionError("the disk did not stand still")


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, check=False, env=_environment())
    assert not done.returncode, f"{command[0]}: {done.stderr.decode(errors='replace')}"


def _environment() -> dict[str, str]:
    return {**os.environ, "PATH": _path()}


def _path() -> str:
    return os.pathsep.join((os.environ.get("PATH", ""), "/sbin", "/usr/sbin"))
