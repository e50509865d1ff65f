"""One plan's town: its broker and each of its systems a process of its own, its field, its payment channel, and who signs in where."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from metropool.core.clock import monotonic_s
from metropool.core.errors import MetropoolError
from metropool.plan.compiled import Compiled
from metropool.plan.gateways import HOME
from metropool.runtime.conformance.failed import Failed
from metropool.runtime.conformance.town.brokers import Brokers
from metropool.runtime.conformance.town.city import City
from metropool.runtime.conformance.town.making import enrol
from metropool.runtime.conformance.town.moments import unix_s
from metropool.runtime.conformance.town.people import Client, Refusal, enter
from metropool.runtime.conformance.town.processes import BROKER, Processes
from metropool.runtime.conformance.town.starting import (
    companies_outside,
    process_of,
    run_outside,
    start_brokers,
    start_channel,
    start_software,
    start_systems,
    till_brokers_listen,
)
from metropool.runtime.demo.logins import Post, posts
from metropool.runtime.demo.setup import FIELD_KEYS
from metropool.runtime.demo.state import DemoClock
from metropool.runtime.pause import pause
from metropool.runtime.ports import free_port

T = TypeVar("T")
GATEWAY, DOOR, DOORS = "gateway", "door", "doors"
STAND_FOR = {"device": ("concentrators", "meter645"), "carrier": ("carrier",), "outside": ("payment-channel",), "face": ()}
"""Kind of a system to the processes of the simulated city that are it; a face is whoever signs in."""
OF_A_COMPANY = ("billing", "office", "disclosure")
"""What a company's own software does in the place of what we would host for it."""
LOOK_S, RARELY_S = 0.2, 1.0
"""How often somebody looks [s of the machine]; who has waited for long looks more rarely: a hundred look at a time."""


@dataclass
class Town:
    """A town at work.

    Attributes:
        home: Folder of its state; ``city``: what was enrolled in it.
        ports: HTTP port of each system.
        idle: Systems that one process (``doors``) serves.
        patience_s: See ``opening``.
        served_s: When its systems were started [Unix s of the machine].
        field_port: Where the front end hears terminals.
    """

    home: Path
    plan: str
    compiled: Compiled
    city: City
    clock: DemoClock
    processes: Processes
    brokers: Brokers
    ports: dict[str, int]
    field_port: int
    patience_s: float
    idle: tuple[str, ...] = ()
    served_s: float = 0.0
    _doing: dict[Any, "asyncio.Task[Any]"] = field(default_factory=dict)

    async def start(self) -> None:
        """Enrol everyone, start every process but the field, and return when each door answers.

        Raises:
            Unavailable: One did not start; its last words say why.
        """
        await start_brokers(self)
        await asyncio.gather(start_channel(self), enrol(self.home, city=self.city, environment=self.processes.environment))
        await till_brokers_listen(self)
        self.served_s = unix_s()
        await start_systems(self)
        await asyncio.gather(*(self.desk(name) for name in run_outside(self)))

    async def start_field(self) -> None:
        """Bring the meters on: the plain one, the carrier between, the concentrators; each keeps its own record."""
        keys = ("--city", self.home / "city.json", "--keys", self.home / FIELD_KEYS, "--clock", self.clock.setting)
        meter = json.loads((self.home / "ports.json").read_text(encoding="utf-8"))["meter"]
        behind, up = free_port(), free_port()
        routes = ("--up", f"{up}=127.0.0.1:{self.field_port}", "--down", f"{meter}=127.0.0.1:{behind}")
        await asyncio.gather(
            self.processes.box("meter645", "--home", self.home / "meter", "--listen", behind, *keys),
            self.processes.box("carrier", *routes, "--home", self.home / "carrier"),
        )
        head_end = ("--head-end", f"127.0.0.1:{up}", "--heartbeat", 20, "--curve-minutes", 15)
        await self.processes.box("concentrators", "--home", self.home / "concentrators", *head_end, *keys)

    async def stop(self) -> None:
        """End every process and every session."""
        for task in self._doing.values():
            task.cancel()
        done = await asyncio.gather(*self._doing.values(), return_exceptions=True)
        for client in (each for each in done if isinstance(each, Client)):
            await client.http.aclose()
        await self.processes.stop()

    @property
    def front_end(self) -> str | None:
        """The worker that hears terminals, as ``serve`` is told it."""
        return next((f"{facts.id}:{facts.front_end}" for facts in self.compiled.systems.values() if facts.front_end), None)

    def host(self, capability: str, row: str = "") -> str:
        """The system that hosts a capability, for a row where that makes a difference; of several the first that is at work.

        Raises:
            Failed: The plan places it nowhere.
        """
        hosted = {str(name): self.rows(name, capability) for name in self.compiled.nodes()}
        hosts = [name for name, rows in hosted.items() if rows is not None and (not row or row in rows)]
        if not hosts:
            raise Failed("no_host", capability=capability, row=row)
        return min(hosts, key=self.stands_still)

    def stands_still(self, system: str) -> bool:
        """Whether a process of a system has ended or was stopped."""
        return self.processes.stopped(self.ends(system)) is not None

    def rows(self, system: str, capability: str) -> Sequence[str] | None:
        """Rows for which a system does such work, be it by its own software; None where it does not."""
        facts = self.compiled.systems[system]
        own = facts.software == "outside" and capability in OF_A_COMPANY
        return facts.hosts[DOOR] if own else facts.hosts.get(capability)

    def ends(self, *systems: str) -> list[str]:
        """The processes that are these systems: their own, their front end, or those that stand for what is not ours."""
        found: list[str] = []
        gateways = {kind.account: (GATEWAY,) if kind.per == HOME else () for kind in self.compiled.broker.gateways}
        for name in systems:
            found += gateways.get(name, ())
        for name in (each for each in systems if each not in gateways):
            facts = self.compiled.systems[name]
            found += STAND_FOR.get(facts.kind, (self.served_by(name),))
            found += [process_of(name)] if name in run_outside(self) else []
            found += [f"{name}:{facts.front_end}"] if facts.front_end else []
        return found

    def served_by(self, system: str) -> str:
        """What the process of a system of ours is called."""
        return DOORS if system in self.idle else system

    def once(self, what: Any, work: Callable[[], Coroutine[Any, Any, T]]) -> "asyncio.Task[T]":
        """Do something once for all who need it."""
        if what not in self._doing:
            self._doing[what] = asyncio.ensure_future(work())
        return self._doing[what]

    async def staff(self, login: str) -> Client:
        """A member of staff at the door of the system they work with."""
        return await self.enter(next(post.system for post in self._posts if post.login == login), login)

    def member(self, system: str, *, role: str = "") -> Post:
        """A member of a system's own staff, of a role where that makes a difference.

        Raises:
            Failed: It has no such people.
        """
        for post in self._posts:
            if post.system == system and role in ("", post.member.role, *post.member.also):
                return post
        raise Failed("nobody_looks", system=system)

    async def someone(self, system: str, *, role: str = "") -> Client:
        """The same at the system's own door, or at their own desk where their software is their own.

        Raises:
            Failed: It has no such people.
        """
        if system in run_outside(self):
            return await self.desk(system)
        return await self.enter(system, self.member(system, role=role).login)

    async def company(self, system: str) -> Client:
        """The staff of the company whose billing a system hosts, or that bills by its own software."""
        if system in companies_outside(self):
            return await self.desk(system)
        return await self.staff(
            next(post.login for post in self._posts if (post.system, post.member.capability) == (system, "billing"))
        )

    async def resident(self, number: int = 0, *, of: str = "settlement") -> tuple[Client, str]:
        """A resident's app at the door of who hosts a capability, and the combined account."""
        return await self.resident_at(self.host(of), number)

    async def resident_at(self, system: str, number: int = 0) -> tuple[Client, str]:
        """A resident's app at the door of a system, and the combined account."""
        row = self._residents[number]
        return await self.enter(system, row["login"]), row["account"]

    async def seen(self, look: Callable[[], Awaitable[T | None]], *, needs: Sequence[str], what: str) -> tuple[T, float]:
        """Look until there is something to see: it, and when it was seen [Unix s of the machine].

        Args:
            look: Gives None while there is nothing yet; a refusal and a door that does not answer count as nothing.
            needs: Systems and processes without which it cannot come: when one of them stands still we stop looking.
            what: Key of the text of what was looked for.

        Raises:
            Failed: It did not come.
        """
        began, last = monotonic_s(), ""
        while True:
            try:
                if (found := await look()) is not None:
                    return found, unix_s()
            except (Refusal, MetropoolError) as reason:
                last = str(reason)
            self.must_run(needs)
            if (waited_s := monotonic_s() - began) > self.patience_s:
                raise Failed("never_seen", what=what, after_s=f"{self.patience_s:.0f}", last=last)
            await pause(min(max(LOOK_S, waited_s / 10), RARELY_S))

    def must_run(self, names: Sequence[str]) -> None:
        """Refuse to wait for someone who does not run.

        Raises:
            Failed: One of them has ended, or was stopped.
        """
        if (stopped := self.processes.stopped([BROKER, *names])) is not None:
            raise Failed("stopped", system=stopped)

    def desk(self, system: str) -> "asyncio.Task[Client]":
        """The desk of a system's own software, for its people; the software is started with it."""
        return self.once(("desk", system), lambda: start_software(self, system))

    @cached_property
    def _posts(self) -> list[Post]:
        return posts(list(self.compiled.nodes()), self.rows)

    @cached_property
    def _passwords(self) -> dict[str, str]:
        told = json.loads((self.home / "logins.json").read_text(encoding="utf-8"))
        return {row["login"]: row["password"] for row in [*told, *self._residents]}

    @cached_property
    def _residents(self) -> list[dict[str, str]]:
        rows: list[dict[str, str]] = json.loads((self.home / "residents.json").read_text(encoding="utf-8"))
        return rows

    async def enter(self, system: str, login: str) -> Client:
        """A login at the door of one system, signed in once."""
        url, password = f"http://127.0.0.1:{self.ports[system]}", self._passwords[login]
        return await self.once(("client", system, login), lambda: enter(url, system=system, login=login, password=password))
