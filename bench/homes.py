"""Gateways of homes at a broker: how fast they come in, what they cost it, how fast what they say is in the books, one put out.

More than one server's open files allow come in at a broker of three servers.
"""

import asyncio
import contextlib
import json
import resource
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench.peer import Peer
from bench.processes import Cost, cost_of
from bench.report import Measured, Result
from metropool.capabilities.admission import operations as admission
from metropool.core.identifiers import SystemId
from metropool.plan.compiled import Compiled
from metropool.plan.gateways import HOME, of_kind
from metropool.runtime.broker import BrokerServer
from metropool.runtime.broker_place import keep_server
from metropool.runtime.gateways.attending import gateway_desk
from metropool.runtime.gateways.porter import open_porter
from metropool.runtime.gateways.warden import open_warden
from metropool.runtime.node import Node
from metropool.runtime.ports import free_port, free_ports
from metropool.runtime.settings import Settings
from metropool.runtime.systems import compile_named, open_node

MARK_PUT_OUT_MS = 1000
HOMES_MAX = 20_000
"""What the mark is about; a greater city's homes come in at more machines."""

LOADERS = 2
SPARE_FILES = 100
"""Open files the broker needs beside one a gateway."""
SERVERS = 3
PLAN = "transition"
_PATIENCE_S = 1200


def measure(*, meters: int, repeat: int, peer: Peer) -> Result:  # noqa: ARG001
    """As many homes as meters, as far as the mark and the machine's open files go, once: each comes in, is let in by the registry,
    and says how its power stands. The peer has no gateways."""
    most = _files() - SPARE_FILES
    homes = min(meters, HOMES_MAX, LOADERS * most)
    with tempfile.TemporaryDirectory(prefix="bench-homes-") as folder:
        run = asyncio.run(_run(Path(folder), homes, servers=1 if homes <= most else SERVERS))
    return Result(
        name="homes",
        size=f"{homes:,} gateways over MQTT, each with its credential",
        measured=[
            Measured(what="gateways let in/s", unit="1/s", ours=[homes / run["come_in_s"]]),
            Measured(what="what they say, kept with evidence/s", unit="1/s", ours=[homes / run["heard_s"]]),
            Measured(what="memory of the broker a gateway", unit="B", ours=[run["broker_bytes"] / homes], less_is_better=True),
            Measured(what="one put out after", unit="ms", ours=[run["put_out_ms"]], mark=MARK_PUT_OUT_MS, less_is_better=True),
        ],
        details=run,
    )


def _files() -> int:
    """Files a process may have open; as many as the machine allows from here on."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most


async def _run(home: Path, homes: int, *, servers: int) -> dict[str, Any]:
    compiled = compile_named(PLAN)
    gateways = compiled.broker.gateways
    homes_of = of_kind(gateways, HOME)
    assert homes_of is not None
    async with AsyncExitStack() as stack:
        brokers = await _brokers(stack, home, compiled, servers)
        node = open_node(SystemId(homes_of.hosts[0]), compiled=compiled, settings=brokers.settings)
        stack.callback(node.close)
        secrets = node.write_now("admission", lambda work: _credentials(work, homes))[0]
        (home / "credentials.json").write_text(json.dumps(secrets), "utf-8")
        desk = await stack.enter_async_context(gateway_desk(node, url=brokers.url, settings=brokers.settings, gateways=gateways))
        assert desk is not None
        tasks = [asyncio.create_task(loop, name=name) for name, loop in desk.attend()]
        doors = [server.gateways_at for server in brokers.servers]
        loaders = [await _loader(doors, home, part) for part in range(LOADERS)]
        try:
            return await _measured(node, brokers.servers, loaders, homes)
        finally:
            for loader in loaders:
                with contextlib.suppress(ProcessLookupError):
                    loader.kill()
                await loader.wait()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


@dataclass(frozen=True)
class _Brokers:
    """One broker, of one server or several."""

    settings: Settings
    url: str
    servers: list[BrokerServer]


async def _brokers(stack: AsyncExitStack, home: Path, compiled: Compiled, servers: int) -> _Brokers:
    if servers == 1:
        settings = Settings(home=home, plan=PLAN)
        server = await stack.enter_async_context(BrokerServer(home=home, broker=compiled.broker, port=free_port()))
        await open_warden(stack, server.url, settings=settings, gateways=compiled.broker.gateways)
        await open_porter(stack, server.url, settings=settings, gateways=compiled.broker.gateways)
        return _Brokers(settings, server.url, [server])
    ports = ("port", "links", "routes", "gateways")
    sites = [
        {"name": f"city-{number}", "host": "127.0.0.1"} | dict(zip(ports, free_ports(len(ports)), strict=True))
        for number in range(servers)
    ]
    file = home / "brokers.yaml"
    file.write_text(json.dumps({"tls": False, "brokers": {"city": sites}}), "utf-8")
    settings = Settings(home=home, plan=PLAN, broker=str(file))
    together = replace(compiled, brokers={"city": tuple(str(name) for name in compiled.nodes())})
    running = [await keep_server(stack, str(site["name"]), settings=settings, compiled=together) for site in sites]
    for server in running:
        await server.provisioned()
    return _Brokers(settings, running[0].url, running)


def _credentials(work: Any, homes: int) -> dict[str, str]:
    secrets = {}
    for number in range(homes):
        place = f"home-{number:05d}"
        admission.enrol_gateway(work=work, per=HOME, name=place, place=place, household=f"A{number}")
        secrets[place] = admission.issue_credential(work=work, per=HOME, name=place, by="bench")
        work.admission_book.dropped(HOME, place, 1)
    return secrets


async def _loader(addresses: list[str], home: Path, part: int) -> asyncio.subprocess.Process:
    pipe = asyncio.subprocess.PIPE
    command = (
        sys.executable,
        "-m",
        "bench.homes_load",
        ",".join(addresses),
        str(home / "credentials.json"),
        str(part),
        str(LOADERS),
    )
    return await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe)


async def _say(loaders: list[asyncio.subprocess.Process], word: str) -> list[dict[str, Any]]:
    """Tell every loader something and wait until all have done it."""
    for loader in loaders:
        assert loader.stdin is not None
        loader.stdin.write(f"{word}\n".encode())
    return [await _next(loader) for loader in loaders]


async def _next(loader: asyncio.subprocess.Process) -> dict[str, Any]:
    assert loader.stdout is not None
    line = await asyncio.wait_for(loader.stdout.readline(), _PATIENCE_S)
    told: dict[str, Any] = json.loads(line)
    return told


async def _measured(
    node: Node, servers: list[BrokerServer], loaders: list[asyncio.subprocess.Process], homes: int
) -> dict[str, Any]:
    pids, before = [server.pid for server in servers], _cost_of(servers)
    began = time.perf_counter()
    connected = sum(told["connected"] for told in await _say(loaders, "come in"))
    assert connected == homes, f"{connected} of {homes} came in"
    come_in_s = time.perf_counter() - began
    began = time.perf_counter()
    await _say(loaders, "say")
    acknowledged_s = time.perf_counter() - began
    while await node.read("points", _counted) < homes:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    heard_s = time.perf_counter() - began
    began = time.perf_counter()
    await node.write("admission", lambda work: admission.revoke_credential(work=work, per=HOME, name="home-00000"))
    gone = await _next(loaders[0])
    put_out_ms = (time.perf_counter() - began) * 1000
    assert gone == {"gone": "home-00000"}, gone
    still = sum(told["connected"] for told in await _say(loaders, "count"))
    assert (still, [server.pid for server in servers]) == (homes - 1, pids), f"{homes - 1 - still} others were lost"
    broker, nodes = _cost_of(servers), cost_of("node")
    return {
        "come_in_s": round(come_in_s, 2),
        "acknowledged_s": round(acknowledged_s, 2),
        "heard_s": round(heard_s, 2),
        "put_out_ms": round(put_out_ms, 1),
        "servers": len(servers),
        "broker_bytes": sum(each.peak_bytes for each in broker) - sum(each.peak_bytes for each in before),
        "broker_peak_bytes": sum(each.peak_bytes for each in broker),
        "node_peak_bytes": nodes.peak_bytes,
        "broker_cpu_s": sum(after.since(first).cpu_s for after, first in zip(broker, before, strict=True)),
    }


def _cost_of(servers: list[BrokerServer]) -> list[Cost]:
    return [cost_of("broker", server.pid or "self") for server in servers]


def _counted(work: Any) -> int:
    from sqlalchemy import func, select

    from metropool.capabilities.points.tables import point_state

    return int(work.context.connection.execute(select(func.count()).select_from(point_state)).scalar_one())
