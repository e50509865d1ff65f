"""The carrier on the command line."""

import argparse
import asyncio
import json
from pathlib import Path
from random import Random

from cityinabox.carrier.orders import ask, open_door
from cityinabox.carrier.relay import Relay, Route, Store
from cityinabox.carrier.trouble import Trouble
from cityinabox.serving import say_ready, until_terminated

HOME, DOOR = Path(".cityinabox/carrier"), "door"


def add_carrier(parser: argparse.ArgumentParser) -> None:
    """Options of ``carrier``."""
    parser.add_argument("--home", type=Path, default=HOME, help="folder of all bytes that went by")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--up", action="append", default=[], metavar="PORT=HOST:PORT", help="terminals call PORT; repeatable")
    parser.add_argument(
        "--down", action="append", default=[], metavar="PORT=HOST:PORT", help="the head-end calls PORT; repeatable"
    )
    parser.add_argument("--door", type=int, default=0, metavar="PORT", help="where trouble is asked for")
    parser.add_argument("--keep-mb", type=int, default=0, help="keep so much; 0 for everything")
    parser.add_argument("--seed", type=int, default=7, help="decides which bits are flipped")
    parser.set_defaults(run=_run_carrier)


def add_trouble(parser: argparse.ArgumentParser) -> None:
    """Options of ``trouble``."""
    parser.add_argument(
        "do", help="alter, alter_header, alter_counter, replay, old, other, swap, delay, stall, drop; calm; counts"
    )
    parser.add_argument("--home", type=Path, default=HOME, help="folder of the carrier")
    parser.add_argument("--direction", choices=("up", "down"), default="up")
    parser.add_argument("--count", type=int, default=1, help="frames")
    parser.add_argument("--seconds", type=float, default=1.0, help="how long delayed frames wait")
    parser.set_defaults(run=_ask_trouble)


def _run_carrier(arguments: argparse.Namespace) -> None:
    routes = [_route(text, calls="up") for text in arguments.up] + [_route(text, calls="down") for text in arguments.down]
    relay = Relay(Store(arguments.home, arguments.keep_mb << 20), Trouble(Random(arguments.seed)))

    async def serve() -> None:
        ports = [await relay.open(arguments.host, route) for route in routes]
        door, door_port = await open_door(relay, arguments.host, arguments.door)
        (arguments.home / DOOR).write_text(f"{arguments.host}:{door_port}", "utf-8")
        say_ready(ports=ports, door=door_port)
        try:
            await asyncio.Event().wait()
        finally:
            door.close()
            await relay.close()

    until_terminated(serve)


def _route(text: str, *, calls: str) -> Route:
    listen, _, target = text.partition("=")
    host, _, port = target.rpartition(":")
    return Route(int(listen), host or "127.0.0.1", int(port), calls)


def _ask_trouble(arguments: argparse.Namespace) -> None:
    host, _, port = (arguments.home / DOOR).read_text("utf-8").rpartition(":")
    wish: dict[str, object] = {"do": arguments.do}
    if arguments.do not in ("counts", "calm"):
        wish |= {"direction": arguments.direction, "count": arguments.count, "seconds": arguments.seconds}
    print(json.dumps(asyncio.run(ask(host, int(port), wish))))
