"""The Topology page's desk: a plan's picture; of the running one with what this deployment's outboxes and inboxes say of it."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from metropool.core.clock import Instant
from metropool.core.errors import NotFound
from metropool.core.identifiers import SystemId
from metropool.exchange.outbox import outbox
from metropool.plan.compiled import Compiled
from metropool.plan.drawing.layout import Placed, place
from metropool.plan.drawing.picture import PictureEdge, PictureFlow, PictureNode
from metropool.plan.schema import Letter
from metropool.portal.desks.paging import page_of
from metropool.portal.ports.asked import Asked
from metropool.portal.schemas import topology as schema
from metropool.portal.schemas.basics import Page, Text
from metropool.portal.schemas.site import Hosting, PlanNamed
from metropool.runtime.node import Node
from metropool.runtime.traffic import Traffic, merged, parked_by, traffic_of
from metropool.runtime.work import Work

NEWEST = 1000
SILENT_AFTER = timedelta(days=1)
CONTROL = ("control", "read", "profile", "switch", "order", "command", "limit")
ZONES = {
    "production": Text(zh="生产控制区", en="Production"),
    "management": Text(zh="管理信息区", en="Management"),
    "dmz": Text(zh="隔离区", en="DMZ"),
    "public": Text(zh="公网", en="Public"),
    "carrier": Text(zh="运营商专网", en="Carrier"),
    "field": Text(zh="现场", en="Field"),
}
SOURCES = ("paper", "inferred", "product")


class TopologyDesk:
    """Plans as they run or would run, seen from one process: its nodes' books are read, nobody else's.

    Args:
        running: Name of the plan that runs.
        plans: Names of the plans that can be drawn.
        compiled_of: Gives one of them by name; asked for the drawn one only.
        nodes: Those of this process.
    """

    def __init__(
        self,
        work: Work,
        *,
        running: str,
        plans: Sequence[str],
        compiled_of: Callable[[str], Compiled],
        nodes: Mapping[SystemId, Node],
    ) -> None:
        self._now, self._running, self._plans, self._compiled_of = work.now, running, plans, compiled_of
        self._nodes: dict[str, Node] = {str(name): node for name, node in nodes.items()}

    def topology(self, *, plan: str | None, whole: bool) -> schema.Topology:
        """Systems and edges of a plan: the running one where none is named; with ``whole`` those that are not built, too.

        Raises:
            NotFound: No such plan.
        """
        name = plan or self._running
        compiled = self._compiled_of(name)
        picture = compiled.whole_picture if whole else compiled.picture
        placed = place(picture)
        seen = Seen(compiled, self._nodes if name == self._running else {}, self._now)
        plans = [self._named(each) for each in dict.fromkeys((*self._plans, self._running))]
        return schema.Topology(
            as_of=self._now,
            plan=PlanNamed(id=name, title=_text(picture.title)),
            plans=plans,
            running=self._running,
            nodes=[seen.node(node, placed) for node in picture.nodes],
            edges=[seen.edge(edge, flow) for edge in picture.edges for flow in edge.flows],
        )

    def messages(self, *, edge: str, asked: Asked) -> Page[schema.TopologyMessage]:
        """Messages that travelled along one edge of the running plan, newest first, without their content."""
        sender, _, receiver = edge.partition(">")
        compiled = self._compiled_of(self._running)
        here = [name for name in compiled.runs_as(sender) if name in self._nodes]
        if not here:
            raise NotFound(f"no node runs here that sends along {edge}")
        receivers = compiled.runs_as(receiver)
        rows = [row for name in here for row in self._said(name, receivers)]
        newest = sorted(rows, key=lambda row: row.sent_at, reverse=True)[:NEWEST]
        return page_of(newest, asked, as_of=self._now)

    def _said(self, sender: str, receivers: Sequence[str]) -> list[schema.TopologyMessage]:
        c = outbox.c
        query = select(outbox).where(c.receiver.in_(receivers)).order_by(c.number.desc()).limit(NEWEST)
        with self._nodes[sender].database.snapshot() as connection:
            return [self._message(sender, dict(row)) for row in connection.execute(query).mappings()]

    def _named(self, plan: str) -> PlanNamed:
        return PlanNamed(id=plan, title=_text(self._compiled_of(plan).title))

    def _message(self, sender: str, row: Mapping[str, Any]) -> schema.TopologyMessage:
        title = self._compiled_of(self._running).picture.messages.get(row["phrase"])
        return schema.TopologyMessage(
            id=row["id"],
            message=row["phrase"],
            name=_text(title) if title else Text(zh=row["phrase"], en=row["phrase"]),
            sender=sender,
            receiver=row["receiver"],
            sent_at=datetime.fromisoformat(row["told_at"]),
            delivered_at=datetime.fromisoformat(row["sent_at"]) if row["sent_at"] else None,
            state="delivered" if row["sent_at"] else "waiting",
            rows=None,
            bytes=len(row["bytes"]),
            reason=None,
        )


class Seen:
    """What can be said of the systems and edges of one plan: of the running one with its nodes, of another with none."""

    def __init__(self, compiled: Compiled, nodes: Mapping[str, Node], now: Instant) -> None:
        self._compiled, self._nodes, self._now = compiled, nodes, now
        self._traffic: defaultdict[tuple[str, str, str], list[Traffic]] = defaultdict(list)
        self._parked: Counter[tuple[str, str, str]] = Counter()
        for name, node in nodes.items():
            for (phrase, receiver), seen in traffic_of(node, now).items():
                self._traffic[self._listed(name), phrase, self._listed(receiver)].append(seen)
            for (sender, phrase), count in parked_by(node).items():
                self._parked[self._listed(sender), phrase, self._listed(name)] += count

    def node(self, node: PictureNode, placed: Placed) -> schema.TopologyNode:
        """A system."""
        is_here = self._is_here(node.id)
        facts = self._compiled.whole.systems[node.id]
        return schema.TopologyNode(
            id=node.id,
            name=_text(node.title),
            party=node.party,
            party_name=_text(node.party_title),
            zone=node.zone,
            zone_name=ZONES.get(node.zone, Text(zh=node.zone, en=node.zone)),
            hosts=[Hosting(capability=name, of=list(rows)) for name, rows in facts.hosts.items()],
            running=is_here,
            state=self._node_state(node, is_here=is_here),
            last_seen_at=self._now if is_here else None,
            column=placed.rank[node.id],
            top=placed.top[node.id],
            instances=len(self._compiled.runs_as(node.id)) or 1,
        )

    def edge(self, edge: PictureEdge, flow: PictureFlow) -> schema.TopologyEdge:
        """One direction between two systems."""
        ways = [(flow.sender, phrase, flow.receiver) for phrase in flow.messages]
        seen = merged([traffic for way in ways for traffic in self._traffic.get(way, ())])
        return schema.TopologyEdge(
            id=f"{flow.sender}>{flow.receiver}",
            row=" ".join(edge.rows),
            source=flow.sender,
            target=flow.receiver,
            direction="up" if flow.sender == edge.left else "down",
            control=all(any(word in phrase for word in CONTROL) for phrase in flow.messages),
            messages=[self._named(phrase, flow) for phrase in flow.messages],
            state=self._edge_state(edge, flow, seen),
            per_minute=seen.per_minute if seen else None,
            delay_s=seen.delay_s if seen else None,
            delivered=seen.delivered if seen else 0,
            refused=sum(self._parked[way] for way in ways),
            last_at=seen.last_at if seen else None,
            provenance=min((self._compiled.whole.rows[row].src for row in edge.rows), key=SOURCES.index),
        )

    def _node_state(self, node: PictureNode, *, is_here: bool) -> Any:
        if not node.runs:
            return "not_built"
        return "up" if is_here or (self._nodes and node.kind != "node") else "not_run"

    def _edge_state(self, edge: PictureEdge, flow: PictureFlow, seen: Traffic | None) -> Any:
        if not any(self._is_built(phrase, flow) for phrase in flow.messages):
            return "not_built"
        if not self._nodes or (edge.medium == "broker" and not self._is_here(flow.sender)):
            return "not_run"
        if seen is None or seen.last_at is None:
            return "idle"
        return "flowing" if self._now - seen.last_at < SILENT_AFTER else "silent"

    def _listed(self, system: str) -> str:
        """What the plan calls a system that runs, which may be one of many."""
        facts = self._compiled.systems.get(system)
        return facts.listed_as if facts else system

    def _is_here(self, system: str) -> bool:
        return any(name in self._nodes for name in self._compiled.runs_as(system))

    def _is_built(self, phrase: str, flow: PictureFlow) -> bool:
        return Letter(flow.sender, phrase, flow.receiver) in self._compiled.allowed

    def _named(self, phrase: str, flow: PictureFlow) -> schema.MessageNamed:
        entry = self._compiled.whole.messages[phrase]
        told = {"id": phrase, "name": _text(entry), "class": entry.carried_by or None, "built": self._is_built(phrase, flow)}
        return schema.MessageNamed.model_validate(told)


def _text(title: Any) -> Text:
    return Text(zh=title.zh, en=title.en)
