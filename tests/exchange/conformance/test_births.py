"""What comes out of a town's cradle is a process of its own, that ends when it is told to and when the town is gone."""

import asyncio
import os
import signal
import time
from pathlib import Path

import pytest

from metropool.core.errors import Unavailable
from metropool.runtime.conformance.town.births import CAN_FORK, Births

pytestmark = pytest.mark.skipif(not CAN_FORK, reason="processes are forked on Linux alone")


def state(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except OSError:
        return "gone"


def until(pid, *states):
    while state(pid) not in states:
        time.sleep(0.01)


def test_a_birth_an_end_and_the_end_of_all(tmp_path):
    async def look():
        births = Births(tmp_path / "cradle.log")
        told = {"METROPOOL_HOME": str(tmp_path / "a home")}
        words = tmp_path / "words.log"
        quick = await births.bear(("--version",), told, words)
        assert await quick.wait() == 0
        wrong = await births.bear(("serve", "nobody"), told, words)
        assert await wrong.wait() == 1
        lasting = [await births.bear(("serve", "broker"), told, words) for _ in range(2)]
        assert len({os.getsid(each.pid) for each in lasting} | {os.getsid(0)}) == 3
        lasting[0].send_signal(signal.SIGSTOP)
        await asyncio.to_thread(until, lasting[0].pid, "T")
        lasting[0].kill()
        assert await lasting[0].wait() == -signal.SIGKILL
        births._process.kill()
        assert await lasting[1].wait() != 0
        await asyncio.to_thread(until, lasting[1].pid, "gone", "Z")
        with pytest.raises(Unavailable, match="cradle"):
            await asyncio.wait_for(births.bear(("--version",), told, words), 10)
        await births.close()
        return words.read_text(encoding="utf-8")

    said = asyncio.run(look())
    assert said.startswith("metropool ")
    assert "nobody" in said
