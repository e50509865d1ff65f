"""Runs ``metropool`` out of a process that has read the libraries already: reading them takes a command longer than all it does.

Each command is a process of its own, forked: its own environment and files, and all of our code read anew, since texts are chosen
as it is read. Run as ``python cradle.py``: a JSON line an order on stdin (``{"arguments", "environment", "out", "err"}``), the
status of each, once it ended, a line on stdout.
"""

import gc
import json
import os
import signal
import sys
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

LIBRARIES = (
    "pyarrow",
    "polars",
    "pydantic_settings",
    "rich.console",
    "sqlalchemy",
    "typer",
    "yaml",
    "msgspec",
    "httpx",
    "nats",
    "zoneinfo",
)
LONGEST_S = 100


def main() -> None:
    """Run what is ordered, one after the other, until nobody orders any more."""
    for name in LIBRARIES:
        import_module(name)
    gc.freeze()
    for line in sys.stdin.buffer:
        if (child := os.fork()) == 0:
            become(json.loads(line))
        _, ended = os.waitpid(child, 0)
        os.write(1, f"{os.waitstatus_to_exitcode(ended)}\n".encode())


def become(order: dict[str, Any]) -> NoReturn:
    """Be the command that was ordered, and end as it does."""
    signal.alarm(LONGEST_S)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(Path(order[name]), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    sys.argv = ["metropool", *order["arguments"]]
    os._exit(status_of())


def status_of() -> int:
    """Run it; what it did not catch is told in its words."""
    status: object = 0
    try:
        import_module("metropool.runtime.cli").main()
    except SystemExit as end:
        status = end.code
    except BaseException:
        sys.excepthook(*sys.exc_info())
        status = 1
    for words in (sys.stdout, sys.stderr):
        words.flush()
    return status if isinstance(status, int) else 1 if status else 0


if __name__ == "__main__":
    main()
