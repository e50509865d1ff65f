"""What a plan compiles to: plain, immutable, comparable. Made by ``compile_plan``, read by everyone."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from typing import TYPE_CHECKING

from metropool.core.errors import NotFound
from metropool.core.identifiers import PartyId, SystemId
from metropool.exchange.ways import Way
from metropool.plan.broker import BrokerPlan
from metropool.plan.schema import Kind, Letter, MessageEntry, Party, Row, Title
from metropool.plan.source import Faulty, PlanFault

if TYPE_CHECKING:
    from metropool.plan.drawing.picture import Picture


@dataclass(frozen=True)
class CapabilityFacts:
    """What the plan must know of a capability.

    Attributes:
        consumes, produces: The classes it hears and says.
        is_door: It speaks for outside software.
        rows: What it may be hosted for; empty: it is hosted as a whole; None: for anything.
    """

    name: str
    consumes: frozenset[str] = frozenset()
    produces: frozenset[str] = frozenset()
    is_door: bool = False
    rows: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Route:
    """Where a message class of one system may go.

    Attributes:
        phrase: Message id of the contract.
        receiver: System that may hear it.
        receiver_party: The organisation that runs it.
        where: Column values a row must have to go this way, such as ``{"service": "water"}``.
        needs_consent: Each household has to agree before its rows go this way.
        rows: Rows for which whoever takes the message there is hosted; None where somebody there takes all.
    """

    phrase: str
    receiver: SystemId
    receiver_party: PartyId
    where: Mapping[str, str] = field(default_factory=dict, hash=False)
    needs_consent: bool = False
    rows: tuple[str, ...] | None = None


@dataclass(frozen=True)
class RunningFacts:
    """One system of the running plan.

    Attributes:
        kind: A node of ours, a device, the carrier, a face (comes through its host's API) or an outside party.
        hosts: Capability to the rows it is hosted for.
        front_end: Worker in the access zone that listens to devices, when there is one.
        software: Whose software does its work: ours, or ``outside``, which comes through a door.
        instance_of: The system of the plan that it is one of many of; empty where it is that itself.
        place: The community or building it is for.
    """

    id: SystemId
    kind: Kind
    party: PartyId
    zone: str
    title: Title
    hosts: Mapping[str, Sequence[str]] = field(default_factory=dict, hash=False)
    front_end: str | None = None
    face: str | None = None
    per: str | None = None
    software: str | None = None
    way_in: tuple[str, ...] = ()
    instance_of: str = ""
    place: str = ""

    @property
    def listed_as(self) -> str:
        """The system of the plan that it is, or is an instance of."""
        return self.instance_of or self.id


@dataclass(frozen=True)
class Outline:
    """Systems and what they may say, by row: of what runs, or of everything the plan will be.

    Attributes:
        said: Row id and letter of everything that may be said.
        rows: Those rows.
        messages: Every message of the contract.
        parties: Every party of it.
    """

    systems: Mapping[str, RunningFacts] = field(hash=False)
    said: tuple[tuple[str, Letter], ...]
    rows: Mapping[str, Row] = field(hash=False)
    messages: Mapping[str, MessageEntry] = field(hash=False)
    parties: Mapping[str, Party] = field(hash=False)

    @property
    def letters(self) -> frozenset[Letter]:
        """Each message with its direction, once."""
        return frozenset(letter for _, letter in self.said)


@dataclass(frozen=True)
class Many:
    """What runs of each system: itself, or its instances."""

    of: Mapping[str, tuple[SystemId, ...]] = field(default_factory=dict)

    def runs_as(self, system: str) -> Sequence[str]:
        """The names a system runs under."""
        return self.of.get(system, (system,))

    def letters(self, letter: Letter) -> Iterator[Letter]:
        """A letter between systems of the plan, between those that run."""
        for sender, receiver in product(self.runs_as(letter.sender), self.runs_as(letter.receiver)):
            yield Letter(sender, letter.message, receiver)


@dataclass(frozen=True)
class Compiled:
    """A plan held to the contract and to the capabilities at hand.

    Attributes:
        faults: What is wrong; a plan with any is not started.
        notes: Worth knowing: single points of failure, and what could leave ``not_yet``.
        allowed: Everything that may be said between systems of the plan, whatever carries it.
        letters: Those of them that the broker carries (between nodes of ours), from instance to instance.
        rows: Rows that run.
        routes: System to message class to where it may go, of what may begin there.
        passes: System to message to where it goes on, of what it is told and did not begin.
        ways: System to everything it may say or hear.
        systems: What runs: of a system with instances those.
        instances: Which instances run of the systems of the plan that there are many of.
        variant: Which way of running the plan this is; None where it has one way only.
        whole: Everything the plan will be when what is not built yet is built.
        whole_picture: The drawing of that.
        brokers: Broker to the systems on it, of the whole plan.
        consents: Party and message of all the contract lets a household agree to, in whatever plan.
    """

    plan: str
    title: Title
    faults: tuple[PlanFault, ...]
    notes: tuple[PlanFault, ...]
    allowed: frozenset[Letter]
    letters: frozenset[Letter]
    rows: tuple[str, ...]
    routes: Mapping[str, Mapping[str, tuple[Route, ...]]]
    systems: Mapping[str, RunningFacts]
    broker: BrokerPlan
    picture: "Picture"
    whole: Outline
    whole_picture: "Picture"
    variant: str | None = None
    identity: Mapping[str, str] = field(default_factory=dict)
    brokers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    passes: Mapping[str, Mapping[str, tuple[Route, ...]]] = field(default_factory=dict)
    ways: Mapping[str, tuple[Way, ...]] = field(default_factory=dict)
    consents: tuple[tuple[PartyId, str], ...] = ()
    instances: Many = field(default_factory=Many)

    @property
    def name(self) -> str:
        """The plan and the way it is run, as one asks for it (``one:direct``)."""
        return f"{self.plan}:{self.variant}" if self.variant else self.plan

    @property
    def running(self) -> Outline:
        """What runs, in the shape of ``whole``."""
        kept = tuple((row, letter) for row, letter in self.whole.said if letter in self.allowed and row in self.rows)
        rows = {row: entry for row, entry in self.whole.rows.items() if row in self.rows}
        systems = {name: facts for name, facts in self.whole.systems.items() if self.runs_as(name)}
        return replace(self.whole, systems=systems, said=kept, rows=rows)

    def runs_as(self, system: str) -> Sequence[SystemId]:
        """The names that a system of the plan runs under: its own or those of its instances; none where it does not run."""
        return self.instances.of.get(system) or ((self.systems[system].id,) if system in self.systems else ())

    def spread(self, letter: Letter) -> Iterator[Letter]:
        """A letter between systems of the plan, between those that run as them; itself where they do not run."""
        return self.instances.letters(letter)

    def facts(self, system: str) -> RunningFacts:
        """A system of the plan or an instance, whether it runs or will.

        Raises:
            NotFound: There is no such name.
        """
        found = self.systems.get(system) or self.whole.systems.get(system)
        if found is None:
            raise NotFound(f"the plan {self.plan} has no system {system!r}")
        return found

    def hosts(self, system: str) -> Sequence[tuple[str, Sequence[str]]]:
        """Capabilities of a system, each with the rows it is hosted for."""
        return tuple(self.systems[system].hosts.items())

    def hosted_by(self) -> dict[str, list[str]]:
        """Every capability of the plan, with the nodes that host it, wherever they run."""
        found: dict[str, list[str]] = {}
        for name in self.nodes():
            for capability in self.systems[name].hosts:
                found.setdefault(capability, []).append(name)
        return found

    def host_of(self, capability: str) -> SystemId | None:
        """The first node that hosts a capability; None where the plan places it nowhere."""
        return next((name for name in self.nodes() if capability in self.systems[name].hosts), None)

    def nodes(self) -> Sequence[SystemId]:
        """The systems that are nodes of ours, in the order of the plan."""
        return tuple(facts.id for facts in self.systems.values() if facts.kind == "node")

    def require_nodes(self, names: Iterable[str]) -> None:
        """Refuse to go on where one of these is no node that runs.

        Raises:
            NotFound: With those that are none, and those that there are.
        """
        known = self.nodes()
        if unknown := ", ".join(repr(name) for name in names if name not in known):
            told: dict[str, object] = {"plan": self.name, "names": unknown, "known": ", ".join(known)}
            what = f"the plan {self.name} runs no system {unknown}; it runs {', '.join(known)}"
            raise NotFound(what, key="plan.no_system", values=told)

    def require_sound(self) -> None:
        """Refuse to go on with a faulty plan.

        Raises:
            Faulty: With every fault.
        """
        if self.faults:
            told: dict[str, object] = {"plan": self.name, "count": len(self.faults)}
            raise Faulty(f"the plan {self.name} has faults: {len(self.faults)}", self.faults, key="plan.faulty", values=told)
