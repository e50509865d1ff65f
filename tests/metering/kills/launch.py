"""Starts programs of ours with places at which they die when a test armed them: ``python -m metering.kills.launch ARMS``.

A place is armed by a file of its name in the folder ARMS: the process that reaches it removes the file and kills itself with
SIGKILL at that very line. Orders come as JSON lines on standard input, ``{"arguments", "environment", "log"}`` with arguments
``[MODULE, …]``: ``product`` (its command line), ``city`` (that of cityinabox) or ``broker``; each is forked off this process,
which has imported everything once, so a restart costs what a program does and not what Python takes to load it. Standard
output tells ``{"pid"}`` of each and ``{"ended", "status"}`` when it is over.
"""

import asyncio
import ctypes
import functools
import importlib
import json
import os
import select
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from metering.kills.notes import note_files

PLACES: dict[str, tuple[str, str, str]] = {
    # name: module, attribute, whether the process dies before or after the call
    "frontend.batch_made": ("metropool.runtime.frontend", "PartOfLog.append", "before"),
    "frontend.batch_kept": ("metropool.runtime.frontend", "PartOfLog.append", "after"),
    "writer.files_written": ("metropool.capabilities.metering.collection.ingest", "write", "after"),
    "writer.inside_commit": ("metropool.capabilities.metering.attendants", "_commit", "after"),
    "writer.committed": ("metropool.exchange.jetstream", "JetStreamLog.done", "before"),
    "sealing.at_work": ("metropool.capabilities.metering.sealing.operations", "seal_day", "after"),
    "sealing.files_written": ("metropool.facts.readings.book", "Readings.write_blocks", "after"),
    "sealing.inside_commit": ("metropool.capabilities.metering.sealing.operations", "_tell", "after"),
    "relay.delivered": ("metropool.runtime.node", "Node.mark_sent", "before"),
    "relay.taken_in": ("metropool.runtime.node", "Node.take_in", "after"),
    "portal.session_kept": ("metropool.portal.routes.session", "_enter", "before"),
}
PRELOADED = {
    "metropool.runtime.cli",
    "metropool.runtime.serve",
    "metropool.capabilities.metering.frontend.server",
    "cityinabox.concentrator",
}


class Arms:
    """The places that are armed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def at(self, place: str) -> None:
        """Die here when the place is armed."""
        file = self._folder / place
        if file.exists():
            file.unlink()
            os.kill(os.getpid(), signal.SIGKILL)

    def wrap(self, call: Callable[..., Any], place: str, moment: str) -> Callable[..., Any]:
        """The call with the place before or after it."""

        @functools.wraps(call)
        def plain(*given: Any, **named: Any) -> Any:
            if moment == "before":
                self.at(place)
            result = call(*given, **named)
            if moment == "after":
                self.at(place)
            return result

        @functools.wraps(call)
        async def awaited(*given: Any, **named: Any) -> Any:
            if moment == "before":
                self.at(place)
            result = await call(*given, **named)
            if moment == "after":
                self.at(place)
            return result

        return awaited if asyncio.iscoroutinefunction(call) else plain

    def plant(self, places: list[str]) -> None:
        """Put places where they belong."""
        for place in places:
            module, path, moment = PLACES[place]
            holder: Any = importlib.import_module(module)
            *outer, name = path.split(".")
            for part in outer:
                holder = getattr(holder, part)
            setattr(holder, name, self.wrap(getattr(holder, name), place, moment))


def places_of(arguments: list[str]) -> list[str]:
    """Places that a process of these arguments can reach."""
    if arguments[:1] != ["serve"]:
        return []
    arguments = [*arguments, ""]
    rooms = {"metering:frontend": ("frontend",), "metering": ("writer", "sealing", "relay")}.get(
        arguments[1], ("relay", "portal")
    )
    return [place for place in PLACES if place.split(".")[0] in rooms]


def run_broker(home: Path, port: int) -> None:
    """The broker alone, as ``metropool serve`` would keep it, until this process ends; it waits less for the killed."""
    from metropool.plan import broker as settings
    from metropool.runtime.broker import BrokerServer
    from metropool.runtime.systems import compile_named

    async def serve() -> None:
        async with BrokerServer(home=home, broker=compile_named("transition").broker, port=port) as server:
            (home / "broker" / "url").write_text(server.url, encoding="ascii")
            await asyncio.Event().wait()

    if "METROPOOL_SOAK" not in os.environ:
        settings.INBOX_ACK_WAIT_S = settings.LOG_ACK_WAIT_S = 1.0
    asyncio.run(serve())


def become(module: str, arguments: list[str], arms: Arms) -> None:
    """Run the program in this process, with its places planted."""
    sys.argv = [module, *arguments]
    if module == "broker":
        run_broker(Path(arguments[0]), int(arguments[1]))
    elif module == "city":
        importlib.import_module("cityinabox.cli").main(arguments)
    else:
        arms.plant(places_of(arguments))
        importlib.import_module("metropool.runtime.cli").main()


def fork(order: dict[str, Any], arms: Arms) -> int:
    """A process of its own for one order; its number."""
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        tie_to_parent()
        words = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        for number in (1, 2):
            os.dup2(words, number)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.environ.update(order["environment"])
        if "NOTES" in order["environment"]:
            note_files(order["environment"]["NOTES"])
        become(order["arguments"][0], order["arguments"][1:], arms)
        status = 0
    except SystemExit as ending:
        status = ending.code if isinstance(ending.code, int) else bool(ending.code)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


def tie_to_parent() -> None:
    """Ask the kernel to kill us when whoever started us dies."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def reap() -> None:
    """Tell who is over."""
    with suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            tell(ended=ended[0], status=os.waitstatus_to_exitcode(ended[1]))


def tell(**facts: int) -> None:
    """One line of JSON."""
    print(json.dumps(facts), flush=True)


def main() -> None:
    """Import what the programs need, then start one after the other until standard input ends."""
    tie_to_parent()
    for module in {module for module, _, _ in PLACES.values()} | PRELOADED:
        importlib.import_module(module)
    arms = Arms(Path(sys.argv[1]))
    while True:
        ready, _, _ = select.select([sys.stdin], [], [], 0.02)
        reap()
        if ready:
            line = sys.stdin.readline()
            if not line:
                return
            tell(pid=fork(json.loads(line), arms))


if __name__ == "__main__":
    main()
