"""Child processes that end when we do, however we end: the child asks the kernel for that before it becomes its program."""

import ctypes
import os
import signal
import sys
from collections.abc import Sequence

_BECOME = """
import ctypes, os, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, int(sys.argv[2]))
    if os.getppid() != int(sys.argv[1]): sys.exit("the parent is gone")
os.execv(sys.argv[3], sys.argv[3:])
"""


def tie(*, parent: int, by: signal.Signals) -> None:
    """Tie this process, just forked, to the one it came from: it gets this signal when that is gone."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, int(by))
        if os.getppid() != parent:
            sys.exit("the parent is gone")


def tied(program: Sequence[str], *, by: signal.Signals) -> tuple[str, ...]:
    """The command that runs a program tied to us.

    Linux ends the child with the *thread* that started it: start it from the main thread.

    Args:
        program: Path of the program and its arguments.
        by: Signal it gets when we are gone.
    """
    return (sys.executable, "-ISc", _BECOME, str(os.getpid()), str(int(by)), *program)
