"""Ports of this machine: the one noted before, or a free one."""

import secrets
import socket
from contextlib import ExitStack, suppress
from pathlib import Path

FIRST, END = 12_000, 32_000
TRIES = 50


def port_as_before(note: Path) -> int:
    """The port noted by the broker before us, so that who is still connected finds us again; a free one when it is taken."""
    before = noted(note).rpartition(":")[2]
    if not before.isdigit():
        return free_port()
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", int(before)))
        except (OSError, OverflowError):
            return free_port()
    return int(before)


def free_port() -> int:
    """A loopback port nobody listens on just now."""
    return free_ports(1)[0]


def free_ports(count: int) -> list[int]:
    """So many of them, each another: all are held until the last is found.

    They are below those that a machine gives to connections going out, which would take one before it is listened on.
    """
    with ExitStack() as held:
        return [_bound(held.enter_context(socket.socket())) for _ in range(count)]


def _bound(probe: socket.socket) -> int:
    for _ in range(TRIES):
        with suppress(OSError):
            probe.bind(("127.0.0.1", FIRST + secrets.randbelow(END - FIRST)))
            return int(probe.getsockname()[1])
    probe.bind(("127.0.0.1", 0))
    return int(probe.getsockname()[1])


def noted(note: Path) -> str:
    """What a note says; nothing where there is none."""
    return note.read_text(encoding="ascii").strip() if note.exists() else ""
