"""The machine's own time, and words nobody said before."""

from zlib import crc32

from metropool.core.clock import SystemClock
from metropool.core.identifiers import RandomIds


def unix_s() -> float:
    """Seconds of the machine's clock since 1970, as devices note them in their records."""
    return SystemClock().now().timestamp()


def drawn_word() -> str:
    """A word nobody said before, to know again what was said."""
    return RandomIds().fresh_id()[:12]


def drawn_number(below: int) -> int:
    """A number nobody knows before, from 0 on."""
    return crc32(RandomIds().fresh_id().encode()) % below
