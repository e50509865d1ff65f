"""The plan as a picture: who stands where, what goes between them. Pure data; ``draw`` and the Topology page show it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from metropool.plan.compiled import RunningFacts
from metropool.plan.schema import Contract, Kind, Letter, Network, Plan, Title

ZONES = ("field", "carrier", "production", "management", "dmz", "public")
_COLUMN = {"field": 0, "carrier": 1, "production": 2, "management": 2, "dmz": 3, "public": 4}


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
    per: str | None = None
    runs: bool = True


@dataclass(frozen=True)
class PictureFlow:
    """One direction of an edge: which messages of which rows go from one system to the other."""

    sender: str
    receiver: str
    messages: tuple[str, ...]


@dataclass(frozen=True)
class PictureEdge:
    """Everything between two systems: rows, medium (``broker``, ``field``, ``api``) and one or two directions.

    Attributes:
        networks: Those its rows travel on, where the plan says.
        unbuilt: Those of its rows that do not run yet.
    """

    left: str
    right: str
    rows: tuple[str, ...]
    medium: str
    flows: tuple[PictureFlow, ...]
    networks: tuple[Network, ...] = ()
    unbuilt: tuple[str, ...] = ()

    @property
    def runs(self) -> bool:
        """Whether anything goes here yet."""
        return len(self.unbuilt) < len(self.rows)


@dataclass(frozen=True)
class Picture:
    """Nodes and edges for the drawing and the Topology page; ``messages`` has the names used in it."""

    plan: str
    title: Title
    nodes: tuple[PictureNode, ...]
    edges: tuple[PictureEdge, ...]
    messages: Mapping[str, Title] = field(hash=False)


def draw_up(
    *, plan: Plan, title: Title, contract: Contract, systems: Mapping[str, RunningFacts], said: Sequence[tuple[str, Letter]]
) -> Picture:
    """Place the systems from the field (left) to the public side (right) and gather what goes between each two."""
    edges = _edges(plan, systems, said)
    used = sorted({message for edge in edges for flow in edge.flows for message in flow.messages})
    return Picture(
        plan=plan.plan,
        title=title,
        nodes=_nodes(plan, contract, systems),
        edges=edges,
        messages={name: Title(zh=contract.messages[name].zh, en=contract.messages[name].en) for name in used},
    )


def _nodes(plan: Plan, contract: Contract, systems: Mapping[str, RunningFacts]) -> tuple[PictureNode, ...]:
    """Production stands over management in one column: the two inner zones of the grid company."""
    filled: dict[int, int] = defaultdict(int)
    nodes = []
    for facts in sorted(systems.values(), key=lambda facts: ZONES.index(facts.zone)):
        column = _COLUMN[facts.zone]
        party = contract.parties.get(facts.party)
        nodes.append(
            PictureNode(
                id=facts.id,
                kind=facts.kind,
                zone=facts.zone,
                party=facts.party,
                title=Title(zh=facts.title.zh, en=facts.title.en),
                party_title=Title(zh=party.zh, en=party.en) if party else Title(zh=facts.party, en=facts.party),
                hosts=tuple(facts.hosts),
                column=column,
                layer=filled[column],
                per=facts.per,
                runs=facts.id in plan.systems,
            )
        )
        filled[column] += 1
    return tuple(nodes)


def _edges(plan: Plan, systems: Mapping[str, RunningFacts], said: Sequence[tuple[str, Letter]]) -> tuple[PictureEdge, ...]:
    rows: dict[tuple[str, str], list[str]] = defaultdict(list)
    flows: dict[tuple[str, str], dict[tuple[str, str], list[str]]] = defaultdict(lambda: defaultdict(list))
    for row, letter in said:
        pair = (letter.sender, letter.receiver)
        ends = pair if pair in flows or pair[::-1] not in flows else pair[::-1]
        if row not in rows[ends]:
            rows[ends].append(row)
        if letter.message not in flows[ends][pair]:
            flows[ends][pair].append(letter.message)
    return tuple(
        PictureEdge(
            left=ends[0],
            right=ends[1],
            rows=tuple(rows[ends]),
            medium=_medium(systems[ends[0]], systems[ends[1]]),
            flows=tuple(PictureFlow(pair[0], pair[1], tuple(said_there)) for pair, said_there in there.items()),
            networks=_networks(plan, rows[ends]),
            unbuilt=tuple(row for row in rows[ends] if row in plan.not_yet.rows),
        )
        for ends, there in flows.items()
    )


def _networks(plan: Plan, rows: Sequence[str]) -> tuple[Network, ...]:
    found = (plan.network(row) for row in rows)
    return tuple(dict.fromkeys(network for network in found if network is not None))


def _medium(left: RunningFacts, right: RunningFacts) -> str:
    kinds = {left.kind, right.kind}
    if kinds == {"node"}:
        return "broker"
    return "field" if kinds & {"device", "carrier"} else "api"
