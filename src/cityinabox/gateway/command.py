"""``cityinabox gateway``: one home's gateway as a process."""

import argparse
import asyncio
import json
import secrets
import socket
import ssl
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn

from cityinabox.clock import CityClock, read_clock
from cityinabox.gateway.gateway import Gateway
from cityinabox.gateway.keeping import Keeping
from cityinabox.gateway.local import Local
from cityinabox.gateway.uplink import Uplink
from cityinabox.serving import say_ready, until_terminated

SHOWN = "shown.json"
"""What whoever stands before the gateway can read: the port of its own address, and the pairing code."""
LEAST_S = 1.0
"""However fast the city's clock, nothing is reported more often than this [s of the machine]."""


def add_gateway(commands: Any) -> None:
    """Add the command."""
    parser: argparse.ArgumentParser = commands.add_parser("gateway", help="run a home's gateway")
    parser.add_argument("--uplink", required=True, metavar="HOST:PORT,...", help="where it may come in over MQTT")
    parser.add_argument("--authority", type=Path, help="certificate of whom it believes that it is there; without one no TLS")
    parser.add_argument("--name", required=True, help="its name there: the home's id")
    parser.add_argument("--secret-file", type=Path, required=True, help="file of its secret")
    parser.add_argument("--home", type=Path, default=Path(".gateway"), help="folder of what it keeps")
    parser.add_argument("--listen", type=int, default=0, metavar="PORT", help="port of its own address in the home")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--clock", default="", help="START@SPEED/ANCHOR; the machine's time when left out")
    parser.add_argument(
        "--states-every", type=float, default=60.0, metavar="SECONDS", help="business seconds between reports of states"
    )
    parser.add_argument(
        "--energy-every", type=float, default=900.0, metavar="SECONDS", help="business seconds between reports of registers"
    )
    parser.add_argument("--edge", action="store_true", help="let the home itself be played with under /edge")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> None:
    keeping = Keeping(arguments.home / "gateway.sqlite")
    clock = read_clock(arguments.clock)
    try:
        until_terminated(lambda: _serve(arguments, keeping, clock))
    finally:
        keeping.close()


class _Server(uvicorn.Server):
    """Leaves signals to the command line."""

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


async def _serve(arguments: argparse.Namespace, keeping: Keeping, clock: CityClock) -> None:
    places = [(host or "127.0.0.1", int(port)) for host, _, port in (at.rpartition(":") for at in arguments.uplink.split(","))]
    tls = ssl.create_default_context(cafile=arguments.authority) if arguments.authority else None
    gateway = Gateway(keeping, clock)
    secret = arguments.secret_file.read_text("ascii").strip()
    uplink = Uplink(gateway, keeping, places, arguments.name, secret, tls)
    code = keeping.fact("code", f"{secrets.randbelow(1_000_000):06d}")
    keeping.remember("code", code)
    local = Local(gateway, uplink, keeping, code=code, has_edge=arguments.edge)
    listener = socket.create_server((arguments.host, arguments.listen))
    server = _Server(uvicorn.Config(local.app(), log_level="warning", lifespan="off", timeout_graceful_shutdown=1))
    async with asyncio.TaskGroup() as group:
        group.create_task(server.serve(sockets=[listener]))
        group.create_task(uplink.run())
        group.create_task(_every(clock, arguments.states_every, gateway.report_states))
        group.create_task(_every(clock, arguments.energy_every, gateway.report_registers))
        facts = {"port": listener.getsockname()[1], "name": arguments.name, "code": code}
        (arguments.home / SHOWN).write_text(json.dumps(facts), "utf-8")
        say_ready(**facts)


async def _every(clock: CityClock, seconds: float, report: Any) -> None:
    while True:
        report()
        least = LEAST_S * clock.speed
        await clock.sleep(max(seconds, least))
