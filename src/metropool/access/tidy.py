"""What the door need not remember: answers that nobody asks for again, sessions that have ended, failures too old to count."""

from metropool.access.lockout import Lockout, LockoutRule
from metropool.access.once import Once
from metropool.access.sessions import forget_ended
from metropool.storage.units import UnitContext


def tidy(context: UnitContext, *, limit: int) -> int:
    """Forget at most ``limit`` rows of each kind in this unit.

    Returns:
        The most that was forgotten of a kind; less than ``limit`` when nothing is left to forget.
    """
    now_s = int(context.now.timestamp())
    Lockout(context.connection, LockoutRule(), now_s).forget()
    return max(Once(context).forget(limit=limit), forget_ended(context.connection, now_s=now_s, limit=limit))
