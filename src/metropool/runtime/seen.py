"""What can be seen from here of the systems and edges of a plan: books, inboxes, and who is heard to be there."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from metropool.core.clock import Instant
from metropool.plan.compiled import Compiled
from metropool.plan.drawing.layout import Placed
from metropool.plan.drawing.picture import PictureEdge, PictureFlow, PictureNode
from metropool.plan.schema import Letter
from metropool.portal.schemas import topology as schema
from metropool.portal.schemas.basics import Text
from metropool.portal.schemas.site import Hosting
from metropool.runtime.node import Node
from metropool.runtime.traffic import Traffic, heard_by, merged, parked_by, traffic_of
from metropool.runtime.whereabouts import Whereabouts

FLOWS_FOR = timedelta(days=1)
WAITS_S = 60.0
"""A letter that did not leave for so long waits [s of the machine]."""
LETTERS = "broker"
"""The medium whose messages pass through outboxes and inboxes; frames of a protocol and calls of an interface are in no book here."""
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


class Seen:
    """What can be said of the systems and edges of one plan: of the running one with its nodes, of another with none.

    Of a system that runs elsewhere, what the nodes here hear: its beats, or what others tell of it, and its letters in their inboxes.
    """

    def __init__(self, compiled: Compiled, nodes: Mapping[str, Node], now: Instant) -> None:
        self._compiled, self._nodes, self._now = compiled, nodes, now
        self._who = Whereabouts(compiled, nodes, now)
        self._traffic: defaultdict[tuple[str, str, str], list[Traffic]] = defaultdict(list)
        self._parked: Counter[tuple[str, str, str]] = Counter()
        for name, node in nodes.items():
            for (phrase, receiver), seen in traffic_of(node, now).items():
                self._traffic[self._listed(name), phrase, self._listed(receiver)].append(seen)
            for (sender, phrase), seen in heard_by(node, now).items():
                if sender not in nodes:
                    self._traffic[self._listed(sender), phrase, self._listed(name)].append(seen)
            for (sender, phrase), count in parked_by(node).items():
                self._parked[self._listed(sender), phrase, self._listed(name)] += count

    def node(self, node: PictureNode, placed: Placed) -> schema.TopologyNode:
        """A system."""
        is_here = self._who.is_here(node.id)
        facts = self._compiled.whole.systems[node.id]
        return schema.TopologyNode(
            id=node.id,
            name=text_of(node.title),
            party=node.party,
            party_name=text_of(node.party_title),
            zone=node.zone,
            zone_name=ZONES.get(node.zone, Text(zh=node.zone, en=node.zone)),
            hosts=[Hosting(capability=name, of=list(rows)) for name, rows in facts.hosts.items()],
            running=is_here,
            state=self._node_state(node),
            last_seen_at=self._now if is_here else self._who.last_seen(node.id),
            software_seen_at=self._who.software_seen(node.id),
            column=placed.rank[node.id],
            top=placed.top[node.id],
            instances=len(self._compiled.runs_as(node.id)) or 1,
        )

    def edge(self, edge: PictureEdge, flow: PictureFlow) -> schema.TopologyEdge:
        """One direction between two systems."""
        ways = [(flow.sender, phrase, flow.receiver) for phrase in flow.messages]
        seen = merged([traffic for way in ways for traffic in self._traffic.get(way, ())])
        parked = sum(self._parked[way] for way in ways)
        return schema.TopologyEdge(
            id=f"{flow.sender}>{flow.receiver}",
            row=" ".join(edge.rows),
            source=flow.sender,
            target=flow.receiver,
            direction="up" if flow.sender == edge.left else "down",
            control=all(any(word in phrase for word in CONTROL) for phrase in flow.messages),
            messages=[self._named(phrase, flow) for phrase in flow.messages],
            state=self._edge_state(edge, flow, seen, parked=parked),
            per_minute=seen.per_minute if seen else None,
            delay_s=seen.delay_s if seen else None,
            delivered=seen.delivered if seen else 0 if self._nodes and edge.medium == LETTERS else None,
            refused=parked,
            last_at=seen.last_at if seen else None,
            provenance=min((self._compiled.whole.rows[row].src for row in edge.rows), key=SOURCES.index),
        )

    def _node_state(self, node: PictureNode) -> Any:
        if not node.runs:
            return "not_built"
        if node.kind != "node":
            return "beyond" if self._nodes else "not_run"
        presence = self._who.presence(node.id) or "not_run"
        return "silent" if presence == "up" and self._who.is_silent(node.id) else presence

    def _edge_state(self, edge: PictureEdge, flow: PictureFlow, seen: Traffic | None, *, parked: int) -> Any:
        if not any(self._is_built(phrase, flow) for phrase in flow.messages):
            return "not_built"
        if self._is_broken(edge, flow):
            return "broken"
        if not self._nodes or (edge.medium == LETTERS and not any(map(self._who.is_here, (flow.sender, flow.receiver)))):
            return "not_run"
        if parked:
            return "refused"
        return "uncounted" if seen is None and edge.medium != LETTERS else self._flow_state(seen)

    def _is_broken(self, edge: PictureEdge, flow: PictureFlow) -> bool:
        """Whether an end of it is down, or the software that would say or hear its letters stays away."""
        ends = (flow.sender, flow.receiver)
        is_down = "down" in map(self._who.presence, ends)
        return is_down or (edge.medium == LETTERS and any(map(self._who.is_silent, ends)))

    def _flow_state(self, seen: Traffic | None) -> Any:
        if seen is None:
            return "idle"
        if seen.waits_since and self._now - seen.waits_since > timedelta(seconds=WAITS_S * self._who.speed):
            return "waiting"
        return "flowing" if seen.last_at and self._now - seen.last_at < FLOWS_FOR else "idle"

    def _listed(self, system: str) -> str:
        """What the plan calls a system that runs, which may be one of many."""
        facts = self._compiled.systems.get(system)
        return facts.listed_as if facts else system

    def _is_built(self, phrase: str, flow: PictureFlow) -> bool:
        return Letter(flow.sender, phrase, flow.receiver) in self._compiled.allowed

    def _named(self, phrase: str, flow: PictureFlow) -> schema.MessageNamed:
        entry = self._compiled.whole.messages[phrase]
        told = {"id": phrase, "name": text_of(entry), "class": entry.carried_by or None, "built": self._is_built(phrase, flow)}
        return schema.MessageNamed.model_validate(told)


def text_of(title: Any) -> Text:
    """A title of a plan in both languages."""
    return Text(zh=title.zh, en=title.en)
