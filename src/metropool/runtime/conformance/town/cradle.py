"""Brings up processes of a town out of one that has read our code already: reading it takes a process longer than all it does in a town.

What is born here is a process of its own, forked: its own session, memory, files and environment, running ``metropool`` as from a shell.
Run as ``python -m metropool.runtime.conformance.town.cradle``: a JSON line an order on stdin (``{"arguments", "environment", "log"}``),
births (``{"born"}``, its number) and ends (``{"ended", "status"}``) told on stdout.
"""

import gc
import json
import os
import signal
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

from metropool.runtime.tied import tie

CODE = ("metropool.runtime.cli.main", "metropool.runtime.serve", "metropool.runtime.frontend", "metropool.runtime.cli.parked")
"""What a system imports before it is at work."""
WATCHED = {signal.SIGCHLD}
Program = Callable[[Sequence[str]], None]
"""What a process runs once it is itself, with its arguments."""


def run_metropool(arguments: Sequence[str]) -> None:
    """Run ``metropool`` with these arguments."""
    from metropool.runtime.cli.main import main as metropool

    sys.argv = ["metropool", *arguments]
    metropool()


def main(*, code: Iterable[str] = CODE, program: Program = run_metropool) -> None:
    """Bring up what is ordered until nobody orders any more.

    Args:
        code: Modules that are read once, before the first order.
        program: What each process runs.
    """
    for name in code:
        import_module(name)
    gc.freeze()
    signal.signal(signal.SIGCHLD, lambda *_: _tell_ended())
    for line in sys.stdin.buffer:
        _bear(json.loads(line), program)


def _bear(order: dict[str, Any], program: Program) -> None:
    """Fork; its end is told after its birth, however soon it comes."""
    parent = os.getpid()
    signal.pthread_sigmask(signal.SIG_BLOCK, WATCHED)
    if (pid := os.fork()) == 0:
        _become(order, program, parent=parent)
    _tell({"born": pid})
    signal.pthread_sigmask(signal.SIG_UNBLOCK, WATCHED)


def _become(order: dict[str, Any], program: Program, *, parent: int) -> NoReturn:
    """Be the process that was ordered, and nothing of what was before."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, WATCHED)
    tie(parent=parent, by=signal.SIGTERM)
    os.setsid()
    with Path(os.devnull).open("rb") as nothing, Path(order["log"]).open("ab") as words:
        os.dup2(nothing.fileno(), 0)
        os.dup2(words.fileno(), 1)
        os.dup2(words.fileno(), 2)
    os.environ.clear()
    os.environ.update(order["environment"])
    os._exit(_status_of(program, order["arguments"]))


def _status_of(program: Program, arguments: Sequence[str]) -> int:
    """How a program ended; what it did not catch is told in its words."""
    status: object = 0
    try:
        program(arguments)
    except SystemExit as end:
        status = end.code
    except BaseException:
        import traceback

        traceback.print_exc()
        status = 1
    for words in (sys.stdout, sys.stderr):
        words.flush()
    return status if isinstance(status, int) else 1 if status else 0


def _tell_ended() -> None:
    with suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            _tell({"ended": ended[0], "status": os.waitstatus_to_exitcode(ended[1])})


def _tell(told: dict[str, int]) -> None:
    os.write(1, json.dumps(told).encode() + b"\n")


if __name__ == "__main__":
    main()
