"""What the broker has acknowledged is there after a kill of the broker and of the host."""

import asyncio
import os
import signal
from pathlib import Path

from exchange.gateways.house import HOME, hosted, said, until

COUNT = 200


def test_what_was_acknowledged_survives_a_kill_of_broker_and_host(tmp_path: Path) -> None:
    async def run() -> None:
        async with hosted(tmp_path, attended=False) as town:
            link = await town.come_in()
            events = [["door", "door_opened", 1782835200 + number, 1] for number in range(COUNT)]
            saying = [
                link.publish(f"home/{HOME}/up/home_security", said(f"e{n}", events=[event])) for n, event in enumerate(events)
            ]
            await asyncio.gather(*saying)
            pid = town.server.pid
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
            await link.ended()
            town.attend()

            async def all_there() -> bool:
                return len(await town.events()) == COUNT

            await until(all_there)
            assert town.server.restarts == 1

    asyncio.run(run())


def test_what_was_heard_and_not_committed_is_heard_again_and_counts_once(tmp_path: Path) -> None:
    async def run() -> None:
        async with hosted(tmp_path, attended=False) as town:
            link = await town.come_in()
            payload = said("e1", events=[["door", "door_opened", 1782835200, 1]])
            for _ in range(3):
                await link.publish(f"home/{HOME}/up/home_security", payload)
            desk = town.desks[town.gateways.hosts[0]]
            ((_, first), *_) = await desk.links["home"].fetch(limit=1, wait_s=2)
            await first.later(0.05)  # as a host that died before it committed
            town.attend()
            await until(town.events)
            await link.publish(f"home/{HOME}/up/home_security", said("e2", events=[["door", "door_closed", 1782835260, 0]]))

            async def both() -> bool:
                return len(await town.events()) >= 2

            await until(both)
            assert await town.events() == [(f"{HOME}/door", "door_opened"), (f"{HOME}/door", "door_closed")]
            await link.close()

    asyncio.run(run())
