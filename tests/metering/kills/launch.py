"""The town's cradle with places at which what comes out of it dies when a test armed them: ``python -m metering.kills.launch ARMS``.

A place is armed by a file of its name in the folder ARMS: the process that reaches it removes the file and kills itself with
SIGKILL at that very line. The arguments of an order are ``[MODULE, …]``: ``product`` (its command line), ``city`` (that of
cityinabox) or ``broker``.
"""

import asyncio
import functools
import importlib
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from metering.kills.notes import note_files
from metropool.runtime.conformance.town import cradle

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


def places_of(arguments: Sequence[str]) -> list[str]:
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


def become(order: Sequence[str], *, arms: Arms) -> None:
    """Run a program in this process, with its places planted."""
    if "NOTES" in os.environ:
        note_files(os.environ["NOTES"])
    module, *arguments = order
    if module == "broker":
        run_broker(Path(arguments[0]), int(arguments[1]))
    elif module == "city":
        importlib.import_module("cityinabox.cli").main(arguments)
    else:
        arms.plant(places_of(arguments))
        cradle.run_metropool(arguments)


if __name__ == "__main__":
    code = sorted({module for module, _, _ in PLACES.values()} | PRELOADED)
    cradle.main(code=code, program=functools.partial(become, arms=Arms(Path(sys.argv[1]))))
