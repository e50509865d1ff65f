"""Why the broker's server ended: one sentence out of the last it said."""

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
        return f"{where} is taken: stop what uses it, or choose another port"
    if "no space left" in words:
        return f"the disk of {folder} is full: make room, then start again"
    return next(_complaints(lines), "the broker ended without a word")


def _complaints(lines: Sequence[str]) -> Iterator[str]:
    for line in reversed(lines):
        if "[FTL]" in line or "[ERR]" in line or "nats-server:" in line:
            yield f"the broker says: {line}"
