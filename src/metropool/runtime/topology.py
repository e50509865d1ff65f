"""The Topology page's desk: the compiled plan's picture, with what this deployment's outboxes and inboxes say of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from metropool.core.clock import Instant
from metropool.core.errors import NotFound
from metropool.core.identifiers import SystemId
from metropool.exchange.outbox import inbox, outbox
from metropool.plan.compiled import Compiled, PictureEdge, PictureFlow, PictureNode
from metropool.portal.desks.paging import page_of
from metropool.portal.ports.asked import Asked
from metropool.portal.schemas import topology as schema
from metropool.portal.schemas.basics import Page, Text
from metropool.portal.schemas.site import Hosting, PlanNamed
from metropool.runtime.node import Node
from metropool.runtime.work import Work

SILENT_AFTER = timedelta(days=1)
CONTROL = ("control", "read", "profile", "switch", "order")
ZONES = {
    "production": Text(zh="生产控制区", en="Production"),
    "management": Text(zh="管理信息区", en="Management"),
    "dmz": Text(zh="隔离区", en="DMZ"),
    "public": Text(zh="公网", en="Public"),
    "carrier": Text(zh="运营商专网", en="Carrier"),
    "field": Text(zh="现场", en="Field"),
}


@dataclass(frozen=True)
class Traffic:
    """What one sender's outbox says of one phrase to one receiver."""

    delivered: int
    waiting: int
    last_at: Instant | None
    per_minute: float


class TopologyDesk:
    """The plan as it runs, seen from one process: its nodes' books are read, nobody else's."""

    def __init__(self, work: Work, *, compiled: Compiled, nodes: Mapping[SystemId, Node]) -> None:
        self._now = work.now
        self._compiled = compiled
        self._nodes: dict[str, Node] = {str(name): node for name, node in nodes.items()}
        self._traffic = {name: _traffic(node, self._now) for name, node in self._nodes.items()}

    def topology(self) -> schema.Topology:
        """All systems and edges."""
        picture = self._compiled.picture
        edges = [self._edge(edge, flow) for edge in picture.edges for flow in edge.flows]
        return schema.Topology(
            as_of=self._now,
            plan=PlanNamed(id=picture.plan, title=_text(picture.title)),
            nodes=[self._node(node) for node in picture.nodes],
            edges=edges,
        )

    def messages(self, *, edge: str, asked: Asked) -> Page[schema.TopologyMessage]:
        """Messages that travelled along one edge, newest first, without their content."""
        sender, _, receiver = edge.partition(">")
        node = self._nodes.get(sender)
        if node is None:
            raise NotFound(f"no node runs here that sends along {edge}")
        with node.database.snapshot() as connection:
            query = select(outbox).where(outbox.c.receiver == receiver).order_by(outbox.c.number.desc()).limit(1000)
            rows = [self._message(sender, dict(row)) for row in connection.execute(query).mappings()]
        return page_of(rows, asked, as_of=self._now)

    def _node(self, node: PictureNode) -> schema.TopologyNode:
        is_here = node.id in self._nodes
        facts = self._compiled.systems.get(node.id)
        hosts = [Hosting(capability=name, of=list(rows)) for name, rows in facts.hosts.items()] if facts else []
        return schema.TopologyNode(
            id=node.id,
            name=_text(node.title),
            party=node.party,
            party_name=_text(node.party_title),
            zone=node.zone,
            zone_name=ZONES.get(node.zone, Text(zh=node.zone, en=node.zone)),
            hosts=hosts,
            running=is_here,
            state="up" if is_here or node.kind != "node" else "not_run",
            last_seen_at=self._now if is_here else None,
        )

    def _edge(self, edge: PictureEdge, flow: PictureFlow) -> schema.TopologyEdge:
        seen = [self._traffic.get(flow.sender, {}).get((phrase, flow.receiver)) for phrase in flow.messages]
        known = [traffic for traffic in seen if traffic is not None]
        last_at = max((traffic.last_at for traffic in known if traffic.last_at), default=None)
        return schema.TopologyEdge(
            id=f"{flow.sender}>{flow.receiver}",
            row=" ".join(edge.rows),
            source=flow.sender,
            target=flow.receiver,
            direction="up" if flow.sender == edge.left else "down",
            control=all(any(word in phrase for word in CONTROL) for phrase in flow.messages),
            messages=[self._named(phrase) for phrase in flow.messages],
            state=self._state(edge, flow, last_at),
            per_minute=sum(traffic.per_minute for traffic in known) if known else None,
            delay_s=None,
            delivered=sum(traffic.delivered for traffic in known),
            refused=0,
            last_at=last_at,
            provenance="paper",
        )

    def _state(self, edge: PictureEdge, flow: PictureFlow, last_at: Instant | None) -> Any:
        if edge.medium != "broker":
            return "idle"
        if flow.sender not in self._nodes:
            return "not_run"
        if last_at is None:
            return "idle"
        return "flowing" if self._now - last_at < SILENT_AFTER else "silent"

    def _named(self, phrase: str) -> schema.MessageNamed:
        kinds = [
            kind
            for routes in self._compiled.routes.values()
            for kind, ways in routes.items()
            if phrase in {w.phrase for w in ways}
        ]
        title = self._compiled.picture.messages.get(phrase)
        named = _text(title) if title else Text(zh=phrase, en=phrase)
        return schema.MessageNamed.model_validate({"id": phrase, "name": named, "class": kinds[0] if kinds else None})

    def _message(self, sender: str, row: Mapping[str, Any]) -> schema.TopologyMessage:
        title = self._compiled.picture.messages.get(row["phrase"])
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


def parked(node: Node) -> int:
    """How many messages a node could not take in and keeps with their reasons."""
    with node.database.snapshot() as connection:
        query = select(func.count()).select_from(inbox).where(inbox.c.outcome == "parked")
        return int(connection.execute(query).scalar_one())


def _traffic(node: Node, now: Instant) -> dict[tuple[str, str], Traffic]:
    since = (now - timedelta(hours=1)).isoformat()
    c = outbox.c
    recent = func.sum(func.coalesce(c.told_at >= since, 0))
    query = select(c.phrase, c.receiver, func.count(), func.count(c.sent_at), func.max(c.sent_at), recent).group_by(
        c.phrase, c.receiver
    )
    with node.database.snapshot() as connection:
        return {
            (phrase, receiver): Traffic(
                delivered=sent,
                waiting=told - sent,
                last_at=datetime.fromisoformat(last) if last else None,
                per_minute=float(lately or 0) / 60,
            )
            for phrase, receiver, told, sent, last, lately in connection.execute(query)
        }


def _text(title: Any) -> Text:
    return Text(zh=title.zh, en=title.en)
