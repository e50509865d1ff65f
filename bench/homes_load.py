"""Many gateways in one process, as the bench of homes drives them over its standard input: ``come in``, ``say``, ``count``."""

import asyncio
import json
import resource
import sys
from pathlib import Path

from cityinabox.gateway.wire import Mqtt, NotLetIn

AT_ONCE = 50
TRIES = 5


class Load:
    """Every ``parts``-th gateway of a list, from the ``part``-th on; at each of several addresses as many."""

    def __init__(self, addresses: str, secrets: dict[str, str], part: int, parts: int) -> None:
        self._addresses = [address.rpartition(":") for address in addresses.split(",")]
        self._secrets = dict(sorted(secrets.items())[part::parts])
        self._links: dict[str, Mqtt] = {}
        self._few = asyncio.Semaphore(AT_ONCE)

    async def come_in(self) -> None:
        await asyncio.gather(*(self._come_in(name, number) for number, name in enumerate(self._secrets)))

    async def say(self) -> None:
        await asyncio.gather(*(self._say(name) for name in list(self._links)))

    def tell(self, **what: object) -> None:
        print(json.dumps(what), flush=True)

    def count(self) -> int:
        return len(self._links)

    async def _come_in(self, name: str, number: int) -> None:
        host, _, port = self._addresses[number % len(self._addresses)]
        async with self._few:
            for attempt in range(TRIES):
                try:
                    link = await Mqtt.connect(
                        host, int(port), name=name, password=self._secrets[name], heard=lambda *_: None, keep_alive_s=1200
                    )
                except NotLetIn:
                    if attempt == TRIES - 1:
                        return
                    continue
                await link.subscribe(f"home/{name}/down/#")
                self._links[name] = link
                asyncio.ensure_future(self._watch(name, link))  # noqa: RUF006
                return

    async def _watch(self, name: str, link: Mqtt) -> None:
        await link.ended()
        self._links.pop(name, None)
        self.tell(gone=name)

    async def _say(self, name: str) -> None:
        async with self._few:
            body = {"v": 1, "id": "first", "values": [["main", "power", 1_782_835_200, 434]]}
            await self._links[name].publish(f"home/{name}/up/home_state", json.dumps(body).encode())


async def run(load: Load) -> None:
    """Do as told until nobody tells any more."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while word := (await reader.readline()).decode().strip():
        if word == "come in":
            await load.come_in()
        elif word == "say":
            await load.say()
        load.tell(connected=load.count())


if __name__ == "__main__":
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    given = json.loads(Path(sys.argv[2]).read_text("utf-8"))
    asyncio.run(run(Load(sys.argv[1], given, int(sys.argv[3]), int(sys.argv[4]))))
