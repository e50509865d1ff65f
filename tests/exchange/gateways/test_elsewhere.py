"""A gateway that is told of several servers comes in at another one where the first is away."""

import asyncio
from pathlib import Path
from typing import Any

from exchange.gateways.house import hosted, until
from metropool.runtime.ports import free_port


def test_it_comes_in_at_the_next_where_the_first_is_away(tmp_path: Path) -> None:
    async def run() -> None:
        async with hosted(tmp_path) as town:
            both = f"127.0.0.1:{free_port()},{town.server.gateways_at}"
            async with town.gateway(uplink=both) as (_, terminal):

                async def is_up() -> Any:
                    return (await terminal.get("/state")).json()["uplink"]

                assert await until(is_up)

    asyncio.run(run())
