"""Why the broker's server ended: one sentence out of the last it said."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path


def why_not(lines: Sequence[str], *, where: str, folder: Path) -> str:
    """One sentence about why a server is not there.

    Args:
        lines: The last it said, the newest last.
        where: Where it was to listen.
        folder: Where its files are.
    """
    words = "\n".join(lines)
    if "address already in use" in words:
        return f"{_taken(words) or where} is taken: stop what uses it, or choose another port"
    if "no space left" in words:
        return f"the disk of {folder} is full: make room, then start again"
    return next(_complaints(lines), "the broker ended without a word")


def _taken(words: str) -> str:
    """The address that the server names itself: it listens at several."""
    found = re.search(r"listen tcp (?P<host>\S+):(?P<port>\d+): bind: address already in use", words)
    return f"port {found['port']} on {found['host']}" if found else ""


def _complaints(lines: Sequence[str]) -> Iterator[str]:
    for line in reversed(lines):
        if "[FTL]" in line or "[ERR]" in line or "nats-server:" in line:
            yield f"the broker says: {line}"
