"""What stops a person at the door."""

from dataclasses import dataclass
from typing import ClassVar

from metropool.core.errors import MetropoolError


class Unauthenticated(MetropoolError):
    """Nobody is signed in, or the sign-in was wrong (401)."""

    status = 401


@dataclass
class Locked(MetropoolError):
    """Too many wrong sign-ins of this login or from this source (429).

    Args:
        retry_after_s: Seconds until the next try counts.
    """

    retry_after_s: int = 60
    status: ClassVar[int] = 429

    def __str__(self) -> str:
        return self.what
