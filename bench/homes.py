"""Gateways of homes at one broker: how fast they come in, what they cost it, how fast what they say is in the books, one put out."""

import asyncio
import contextlib
import json
import resource
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from bench.peer import Peer
from bench.processes import cost_of
from bench.report import Measured, Result
from metropool.capabilities.places import operations as places
from metropool.runtime.broker import BrokerServer
from metropool.runtime.gateways.attending import gateway_desk
from metropool.runtime.gateways.warden import open_warden
from metropool.runtime.node import Node
from metropool.runtime.ports import free_port
from metropool.runtime.settings import Settings
from metropool.runtime.systems import compile_named, open_node

MARK_PUT_OUT_MS = 1000
LOADERS = 2
SPARE_FILES = 100
"""Open files the broker needs beside one a gateway."""
PLAN = "transition"
_PATIENCE_S = 1200


def measure(*, meters: int, repeat: int, peer: Peer) -> Result:  # noqa: ARG001
    """As many homes as meters, once: each comes in, is let in by the registry, and says how its power stands. The peer has no gateways."""
    homes = min(meters, _files() - SPARE_FILES)
    with tempfile.TemporaryDirectory(prefix="bench-homes-") as folder:
        run = asyncio.run(_run(Path(folder), homes))
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


async def _run(home: Path, homes: int) -> dict[str, Any]:
    settings, compiled = Settings(home=home, plan=PLAN), compile_named(PLAN)
    gateways = compiled.broker.gateways
    assert gateways is not None
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(BrokerServer(home=home, broker=compiled.broker, port=free_port()))
        await open_warden(stack, server.url, settings=settings, gateways=gateways)
        node = open_node(gateways.host, compiled=compiled, settings=settings)
        stack.callback(node.close)
        secrets = node.write_now("places", lambda work: _credentials(work, homes))[0]
        (home / "credentials.json").write_text(json.dumps(secrets), "utf-8")
        desk = await stack.enter_async_context(gateway_desk(node, url=server.url, settings=settings, gateways=gateways))
        assert desk is not None
        tasks = [asyncio.create_task(loop, name=name) for name, loop in desk.attend()]
        loaders = [await _loader(server.gateways_at, home, part) for part in range(LOADERS)]
        try:
            return await _measured(node, server, loaders, homes)
        finally:
            for loader in loaders:
                with contextlib.suppress(ProcessLookupError):
                    loader.kill()
                await loader.wait()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def _credentials(work: Any, homes: int) -> dict[str, str]:
    secrets = {}
    for number in range(homes):
        place = f"home-{number:05d}"
        places.enrol_gateway(work=work, place=place, household=f"A{number}")
        secrets[place] = places.issue_credential(work=work, place=place, by="bench")
        work.place_book.dropped(place, 1)
    return secrets


async def _loader(address: str, home: Path, part: int) -> asyncio.subprocess.Process:
    pipe = asyncio.subprocess.PIPE
    command = (sys.executable, "-m", "bench.homes_load", address, str(home / "credentials.json"), str(part), str(LOADERS))
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


async def _measured(node: Node, server: BrokerServer, loaders: list[asyncio.subprocess.Process], homes: int) -> dict[str, Any]:
    pid, before = server.pid, cost_of("broker", server.pid or "self")
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
    await node.write("places", lambda work: places.revoke_credential(work=work, place="home-00000"))
    gone = await _next(loaders[0])
    put_out_ms = (time.perf_counter() - began) * 1000
    assert gone == {"gone": "home-00000"}, gone
    still = sum(told["connected"] for told in await _say(loaders, "count"))
    assert (still, server.pid) == (homes - 1, pid), f"{homes - 1 - still} others were lost"
    broker, nodes = cost_of("broker", pid or "self"), cost_of("node")
    return {
        "come_in_s": round(come_in_s, 2),
        "acknowledged_s": round(acknowledged_s, 2),
        "heard_s": round(heard_s, 2),
        "put_out_ms": round(put_out_ms, 1),
        "broker_bytes": broker.peak_bytes - before.peak_bytes,
        "broker_peak_bytes": broker.peak_bytes,
        "node_peak_bytes": nodes.peak_bytes,
        "broker_cpu_s": broker.since(before).cpu_s,
    }


def _counted(work: Any) -> int:
    from sqlalchemy import func, select

    from metropool.capabilities.points.tables import point_state

    return int(work.context.connection.execute(select(func.count()).select_from(point_state)).scalar_one())
