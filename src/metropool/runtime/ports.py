"""Ports of this machine: the one noted before, or a free one."""

import socket
from pathlib import Path


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
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def noted(note: Path) -> str:
    """What a note says; nothing where there is none."""
    return note.read_text(encoding="ascii").strip() if note.exists() else ""
