"""A system that reads nothing, one whose disk is full, a broker that is killed under load: the others go on, and it all comes once."""

import asyncio
import os
import shutil
import signal
import subprocess
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path

import pytest

from exchange.city.cities import Brokers, place, running_brokers
from exchange.city.towns import Town, eventually, served
from metropool.plan import broker as broker_plan
from metropool.plan.broker import provisioner_of

TOWN = Town(ways=(("teller", "idler"), ("teller", "hearer")), brokers={"city": ("teller", "idler", "hearer")})
BOUND = 96 << 10
ROOM_MB = 64


def resident_mb(pid: int | str = "self") -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


async def stream_of(brokers: Brokers, system: str) -> dict:
    probe = await brokers.probe(provisioner_of(system), account=system, url=brokers.sites.url("city"))
    return (await probe.say(f"$JS.API.STREAM.INFO.inbox_{system}", b""))["state"]


def test_who_reads_nothing_fills_its_own_inbox_and_nobody_else_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker_plan, "_GIB", BOUND)
    every = [f"{number}" for number in range(400)]

    async def run() -> None:
        async with running_brokers(place(tmp_path, servers={"city": 1}, tls=False), TOWN) as brokers:
            pid = brokers.servers["city-1"].pid
            async with served(brokers, TOWN, "teller", "hearer") as nodes:
                before = resident_mb(), resident_mb(pid)
                await nodes["teller"].tell_together(*every)
                await eventually(lambda: nodes["hearer"].taken() == len(every), within_s=60)
                state = await stream_of(brokers, "idler")
                assert 0 < state["bytes"] <= BOUND
                assert nodes["teller"].waiting() == len(every) - state["messages"] > len(every) // 3
                assert resident_mb() - before[0] < ROOM_MB
                assert resident_mb(pid) - before[1] < ROOM_MB
            async with served(brokers, TOWN, "teller", "idler") as nodes:
                await eventually(lambda: nodes["idler"].taken() == len(every), within_s=60)
                assert sorted(nodes["idler"].heard) == sorted(every)
                await eventually(lambda: nodes["teller"].waiting() == 0)

    asyncio.run(run())


@contextmanager
def small_disk(point: Path, *, mib: int):
    """A file system of its own size, if we may mount one."""
    mount = shutil.which("mount", path="/usr/bin:/bin:/usr/sbin:/sbin")
    if os.geteuid() != 0 or mount is None:
        pytest.skip("mounting needs root")
    point.mkdir(parents=True)
    done = subprocess.run([mount, "-t", "tmpfs", "-o", f"size={mib}m", "tmpfs", str(point)], capture_output=True, check=False)
    if done.returncode:
        pytest.skip(f"mounting is not permitted here: {done.stderr.decode(errors='replace').strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(point)], check=True)


def fill(folder: Path) -> Path:
    """Leave no byte free."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"0" * 4096)
        except OSError:
            return ballast


def test_a_full_disk_stops_its_own_system_until_there_is_room_again(tmp_path: Path) -> None:
    async def run() -> None:
        async with AsyncExitStack() as stack:
            brokers = await stack.enter_async_context(running_brokers(place(tmp_path, servers={"city": 1}, tls=False), TOWN))
            nodes = await stack.enter_async_context(served(brokers, TOWN, "teller", "idler", "hearer"))
            idler, hearer = nodes["idler"], nodes["hearer"]
            await nodes["teller"].tell_together("first")
            await eventually(lambda: idler.taken() == hearer.taken() == 1)
            ballast = fill(tmp_path / "idler")
            every = [f"{number}" for number in range(200)]
            await nodes["teller"].tell_together(*every)
            await eventually(lambda: hearer.taken() == 201)
            assert idler.taken() < 201
            ballast.unlink()
            await eventually(lambda: idler.taken() == 201, within_s=60)
            assert nodes["teller"].waiting() == 0

    with small_disk(tmp_path / "idler", mib=48):
        asyncio.run(run())


def test_a_broker_killed_under_load_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    async def run() -> None:
        async with running_brokers(place(tmp_path, servers={"city": 1}, tls=False), TOWN) as brokers:
            server = brokers.servers["city-1"]
            async with served(brokers, TOWN, "teller", "idler", "hearer") as nodes:
                for kill in range(3):
                    telling = asyncio.ensure_future(nodes["teller"].tell(*(f"{kill}/{number}" for number in range(40))))
                    await eventually(lambda kill=kill: len(nodes["hearer"].heard) >= kill * 40 + 10)
                    os.kill(server.pid, signal.SIGKILL)
                    await telling
                    await eventually(lambda kill=kill: server.restarts > kill)
                for name in ("idler", "hearer"):
                    await eventually(lambda name=name: nodes[name].taken() == 120, within_s=60)
                    assert len(nodes[name].heard) == len(set(nodes[name].heard)) == 120
                assert nodes["teller"].waiting() == 0

    asyncio.run(run())
