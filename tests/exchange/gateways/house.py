"""The broker of a plan, the node that hosts homes with all that attends it, and gateways: bare MQTT clients or the real process."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from cityinabox.gateway.wire import Mqtt
from metropool.capabilities.admission import operations as admission
from metropool.plan.compiled import Compiled
from metropool.plan.gateways import HOME as HOMES
from metropool.plan.gateways import Gateways, of_kind
from metropool.runtime.broker import BrokerServer
from metropool.runtime.gateways.attending import GatewayDesk, gateway_desk
from metropool.runtime.gateways.porter import open_porter
from metropool.runtime.gateways.warden import open_warden
from metropool.runtime.node import Node
from metropool.runtime.ports import free_port
from metropool.runtime.settings import Settings
from metropool.runtime.systems import compile_named, open_node

HOME, OTHER = "home-0001", "home-0002"
OWN = "north-gate"
"""What the one gateway of each host is called that is no home's."""
HOUSEHOLDS = {HOME: "GZ1", OTHER: "GZ2"}
PATIENCE_S = 30.0


async def until(question: Callable[[], Awaitable[Any]]) -> Any:
    """Ask until the answer is something."""
    async with asyncio.timeout(PATIENCE_S):
        found = await question()
        while not found:
            await asyncio.sleep(0.02)
            found = await question()
        return found


@dataclass
class Hosted:
    """A plan's homes and others with gateways, hosted.

    Attributes:
        gateways: Those of homes.
        secrets: By what each logs in as.
    """

    settings: Settings
    compiled: Compiled
    server: BrokerServer
    gateways: Gateways
    desks: dict[str, GatewayDesk]
    secrets: dict[str, str]
    stack: AsyncExitStack
    running: list[asyncio.Task[None]] = field(default_factory=list)

    @property
    def node(self) -> Node:
        """The node that hosts the homes."""
        return self.desks[self.gateways.hosts[0]].node

    def attend(self) -> None:
        """Start everything that attends the nodes."""
        self.running += [asyncio.create_task(loop, name=name) for desk in self.desks.values() for name, loop in desk.attend()]

    async def stop_attending(self) -> None:
        """The host is away: nothing is heard, told or put out."""
        for task in self.running:
            task.cancel()
        ended = await asyncio.gather(*self.running, return_exceptions=True)
        self.running.clear()
        assert all(isinstance(one, asyncio.CancelledError) for one in ended), ended

    async def come_in(
        self, name: str = HOME, *, secret: str | None = None, heard: Callable[[str, bytes], None] = lambda *_: None
    ) -> Mqtt:
        """Come in as a gateway."""
        host, _, port = self.server.gateways_at.rpartition(":")
        return await Mqtt.connect(host, int(port), name=name, password=secret or self.secrets[name], heard=heard)

    @asynccontextmanager
    async def gateway(
        self, name: str = HOME, **options: str
    ) -> AsyncIterator[tuple[asyncio.subprocess.Process, httpx.AsyncClient]]:
        """The real process, and a terminal in the home that is paired with it."""
        folder = self.settings.home / "at-home" / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "credential").write_text(self.secrets[name])
        kept = ("--home", str(folder), "--secret-file", str(folder / "credential"))
        where = ("--uplink", self.server.gateways_at, "--name", name)
        more = [text for key, value in options.items() for text in (f"--{key.replace('_', '-')}", value)]
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "cityinabox.cli", "gateway", *where, *kept, *more, "--edge", stdout=asyncio.subprocess.PIPE
        )
        try:
            assert process.stdout is not None
            ready = json.loads(await asyncio.wait_for(process.stdout.readline(), PATIENCE_S))
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{ready['port']}", trust_env=False) as terminal:
                paired = await terminal.post("/pair", json={"code": ready["code"]})
                terminal.headers["authorization"] = f"Bearer {paired.json()['token']}"
                yield process, terminal
        finally:
            if process.returncode is None:
                process.terminate()
                await process.wait()

    async def states(self, place: str = HOME, *, system: str | None = None) -> dict[tuple[str, str], int]:
        """How the points of a home stand at its host, or at another system that hears it."""
        node = self.desks[system or self.gateways.hosts[0]].node
        rows = await node.read("points", lambda work: work.point_book.states(place))
        return {(row.point, row.item): row.value for row in rows}

    async def events(self, system: str | None = None) -> list[tuple[str, str]]:
        """What a node knows to have happened, the oldest first."""
        node = self.desks[system or self.gateways.hosts[0]].node
        rows = await node.read("points", lambda work: work.events.of())
        return [(row.device, row.code) for row in reversed(rows)]


@asynccontextmanager
async def hosted(folder: Path, *, plan: str = "transition", attended: bool = True) -> AsyncIterator[Hosted]:
    """A plan's broker, and every node that hears gateways in it; of the home's instances, where it has some."""
    settings = Settings(home=folder, plan=plan, clock="")
    compiled = compile_named(plan, home=folder)
    every = compiled.broker.gateways
    gateways = of_kind(every, HOMES)
    assert gateways is not None
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(BrokerServer(home=folder, broker=compiled.broker, port=free_port()))
        await open_warden(stack, server.url, settings=settings, gateways=every)
        await open_porter(stack, server.url, settings=settings, gateways=every)
        desks = {}
        for system in dict.fromkeys(system for kind in every for system in kind.speakers):
            node = open_node(system, compiled=compiled, settings=settings)
            stack.callback(node.close)
            desk = await stack.enter_async_context(gateway_desk(node, url=server.url, settings=settings, gateways=every))
            desks[system] = desk
        secrets = {
            gateways.name_of(host, place): credential(desks[host].node, per=HOMES, name=place, place=place, household=account)
            for (place, account), host in zip(HOUSEHOLDS.items(), gateways.hosts * 2, strict=False)
        }
        for kind, host in ((other, host) for other in every if other != gateways for host in other.hosts):
            secrets[kind.name_of(host, OWN)] = credential(desks[host].node, per=kind.per, name=OWN, place="here")
        town = Hosted(settings, compiled, server, gateways, desks, secrets, stack)
        if attended:
            town.attend()
        try:
            yield town
        finally:
            await town.stop_attending()


def credential(node: Node, *, per: str, name: str, **given: str) -> str:
    """Enrol a gateway and draw its secret."""

    def give(work: Any) -> str:
        admission.enrol_gateway(work=work, per=per, name=name, **given)
        secret = admission.issue_credential(work=work, per=per, name=name, by="test")
        work.admission_book.dropped(per, name, 1)
        return secret

    return node.write_now("admission", give)[0]


def said(number: str, **what: Any) -> bytes:
    """What a gateway says."""
    return json.dumps({"v": 1, "id": number, **what}).encode()
