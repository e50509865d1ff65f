"""What a plan compiles to: plain, immutable, comparable. Made by ``compile_plan``, read by everyone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from metropool.core.errors import Invalid
from metropool.core.identifiers import PartyId, SystemId
from metropool.plan.broker import BrokerPlan
from metropool.plan.schema import Kind, Letter, Title
from metropool.plan.source import PlanFault


@dataclass(frozen=True)
class CapabilityFacts:
    """What the plan must know of a capability: its name and the classes it hears and says."""

    name: str
    consumes: frozenset[str] = frozenset()
    produces: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Route:
    """Where a message class of one system may go.

    Attributes:
        phrase: Message id of the contract.
        receiver: System that may hear it.
        receiver_party: The organisation that runs it.
        where: Column values a row must have to go this way, such as ``{"service": "water"}``.
    """

    phrase: str
    receiver: SystemId
    receiver_party: PartyId
    where: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class RunningFacts:
    """One system of the running plan.

    Attributes:
        kind: A node of ours, a device, the carrier, a face (comes through its host's API) or an outside party.
        hosts: Capability to the rows it is hosted for.
        front_end: Worker in the access zone that listens to devices, when there is one.
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


@dataclass(frozen=True)
class PictureNode:
    """A system in the drawing; ``column`` counts from the field to the public side, ``layer`` from the top."""

    id: str
    kind: Kind
    zone: str
    party: str
    title: Title
    party_title: Title
    hosts: tuple[str, ...]
    column: int
    layer: int


@dataclass(frozen=True)
class PictureFlow:
    """One direction of an edge: which messages of which rows go from one system to the other."""

    sender: str
    receiver: str
    messages: tuple[str, ...]


@dataclass(frozen=True)
class PictureEdge:
    """Everything between two systems: rows, medium (``broker``, ``field``, ``api``) and one or two directions."""

    left: str
    right: str
    rows: tuple[str, ...]
    medium: str
    flows: tuple[PictureFlow, ...]


@dataclass(frozen=True)
class Picture:
    """Nodes and edges for the drawing and the Topology page; ``messages`` has the names used in it."""

    plan: str
    title: Title
    nodes: tuple[PictureNode, ...]
    edges: tuple[PictureEdge, ...]
    messages: Mapping[str, Title] = field(hash=False)


@dataclass(frozen=True)
class Compiled:
    """A plan held to the contract and to the capabilities at hand.

    Attributes:
        faults: What is wrong; a plan with any is not started.
        notes: Worth knowing: single points of failure, and what could leave ``not_yet``.
        allowed: Everything that may be said, whatever carries it.
        letters: Those of them that the broker carries (between nodes of ours).
        routes: System to message class to where it may go.
        systems: What runs.
    """

    plan: str
    title: Title
    faults: tuple[PlanFault, ...]
    notes: tuple[PlanFault, ...]
    allowed: frozenset[Letter]
    letters: frozenset[Letter]
    routes: Mapping[str, Mapping[str, tuple[Route, ...]]]
    systems: Mapping[str, RunningFacts]
    broker: BrokerPlan
    picture: Picture
    identity: Mapping[str, str] = field(default_factory=dict)

    def hosts(self, system: str) -> Sequence[tuple[str, Sequence[str]]]:
        """Capabilities of a system, each with the rows it is hosted for."""
        return tuple(self.systems[system].hosts.items())

    def nodes(self) -> Sequence[SystemId]:
        """The systems that are nodes of ours, in the order of the plan."""
        return tuple(facts.id for facts in self.systems.values() if facts.kind == "node")

    def require_sound(self) -> None:
        """Refuse to go on with a faulty plan.

        Raises:
            Invalid: With every fault.
        """
        if self.faults:
            raise Invalid(f"the plan {self.plan} has {len(self.faults)} faults", faults=[f.as_fault() for f in self.faults])
