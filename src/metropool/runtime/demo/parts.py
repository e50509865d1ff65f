"""The processes of a running demo: payment channel, systems, front end, and the field with its meters."""

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from metropool.core.clock import monotonic_s
from metropool.core.errors import Unavailable
from metropool.runtime.broker_place import gateways_at
from metropool.runtime.demo.children import Child
from metropool.runtime.demo.gateways import gateway_options
from metropool.runtime.demo.setup import FIELD_KEYS, write_channels
from metropool.runtime.demo.state import DemoClock
from metropool.runtime.pause import pause
from metropool.runtime.ports import free_port

KEPT_MB = 64
"""What the demo's carrier keeps of what passes by."""
STARTS = 4
"""How often the systems are started before we give up: a broker that was killed a moment ago may still hold their folders."""


@dataclass
class Parts:
    """The parts of one demo, in the order they were started.

    Attributes:
        home: Folder of all state.
        port: Of the site.
        clock: What time it is in the city.
        plan: Name or file of the plan that runs.
        field_port: Where terminals connect: drawn once a start.
    """

    home: Path
    port: int
    clock: DemoClock
    plan: str
    field_port: int = field(default_factory=free_port)
    children: list[Child] = field(default_factory=list)

    async def start_channel(self) -> None:
        """Start the payment channel and tell the platform where it is."""
        from metropool.runtime.channels import MERCHANT, merchant_key, merchant_system, public_hex
        from metropool.runtime.systems import compile_named

        key = public_hex(merchant_key(self.home, merchant_system(compile_named(self.plan, home=self.home))))
        options = ("--home", self.home / "payment-channel", "--merchant", f"{MERCHANT}={key}", "--clock", self.clock.setting)
        channel = await self._start_box("payment-channel", options)
        write_channels(self.home, port=channel.told["port"], public_key=channel.told["public_key"])

    async def start_systems(self) -> None:
        """Start the systems and, once the site answers, the front end."""
        await self._start_own("serve", ("serve",))
        await self._answers()
        await self._start_own("frontend", ("serve", self._front_end()))

    async def start_field(self) -> None:
        """Start the plain meter, the carrier and the concentrators; what passes between them and us is sealed."""
        meter = json.loads((self.home / "ports.json").read_text(encoding="utf-8"))["meter"]
        behind, up = free_port(), free_port()
        common = ("--city", self.home / "city.json", "--keys", self.home / FIELD_KEYS, "--clock", self.clock.setting)
        await self._start_box("meter645", ("--home", self.home / "meter", "--listen", behind, *common))
        routes = ("--up", f"{up}=127.0.0.1:{self.field_port}", "--down", f"{meter}=127.0.0.1:{behind}")
        kept = ("--home", self.home / "carrier", "--keep-mb", KEPT_MB)
        await self._start_box("carrier", (*routes, *kept))
        head_end = ("--head-end", f"127.0.0.1:{up}")
        if options := gateway_options(self.home, self.clock.setting, uplinks=gateways_at(self.home)):
            await self._start_box("gateway", options)
        await self._start_box("concentrators", ("--home", self.home / "concentrators", "--heartbeat", 20, *head_end, *common))

    async def stop(self) -> None:
        """Stop all, the last started first."""
        for child in reversed(self.children):
            await child.stop()

    @property
    def environment(self) -> dict[str, str]:
        """What each of them is told."""
        return {
            "METROPOOL_HOME": str(self.home),
            "METROPOOL_PLAN": self.plan,
            "METROPOOL_CLOCK": self.clock.setting,
            "METROPOOL_PORT": str(self.port),
            "METROPOOL_FIELD_PORT": str(self.field_port),
            "METROPOOL_DEMO": "1",
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        }

    async def _start_own(self, name: str, arguments: Sequence[str]) -> None:
        log = self._log(name)
        child = Child(name, ("-m", "metropool.runtime.cli", *arguments), self.environment, log)
        self.children.append(child)
        await child.start()

    async def _start_box(self, command: str, options: Sequence[object]) -> Child:
        arguments = ("-m", "cityinabox.cli", command, *map(str, options))
        child = Child(command, arguments, self.environment, self._log(command), says_ready=True)
        self.children.append(child)
        await child.start()
        return child

    async def _answers(self) -> None:
        """Wait until the site answers.

        Raises:
            Unavailable: They end again and again, or do not answer within a minute.
        """
        import httpx

        deadline, serving = monotonic_s() + 60, self.children[-1]
        async with httpx.AsyncClient(trust_env=False, timeout=2.0) as client:
            while monotonic_s() < deadline and serving.starts <= STARTS:
                try:
                    if (await client.get(f"http://127.0.0.1:{self.port}/api/site")).status_code == 200:
                        return
                except httpx.HTTPError:
                    await pause(0.3)
        raise Unavailable(f"the systems did not start: {serving.last_words()}")

    def _front_end(self) -> str:
        """The worker that hears terminals, as ``serve`` is told it."""
        from metropool.runtime.systems import compile_named

        systems = compile_named(self.plan, home=self.home).systems.values()
        return next(f"{facts.id}:{facts.front_end}" for facts in systems if facts.front_end)

    def _log(self, name: str) -> Path:
        folder = self.home / "logs"
        folder.mkdir(exist_ok=True)
        return folder / f"{name}.log"
