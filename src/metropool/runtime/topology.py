"""The Topology page's desk: a plan's picture; of the running one with what this deployment's outboxes and inboxes say of it."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from metropool.core.errors import NotFound
from metropool.core.identifiers import SystemId
from metropool.exchange.outbox import outbox
from metropool.plan.compiled import Compiled
from metropool.plan.drawing.layout import place
from metropool.portal.desks.paging import page_of
from metropool.portal.ports.asked import Asked
from metropool.portal.schemas import topology as schema
from metropool.portal.schemas.basics import Page, Text
from metropool.portal.schemas.site import PlanNamed
from metropool.runtime.node import Node
from metropool.runtime.seen import Seen, text_of
from metropool.runtime.work import Work

NEWEST = 1000


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
            plan=PlanNamed(id=name, title=text_of(picture.title)),
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
        return PlanNamed(id=plan, title=text_of(self._compiled_of(plan).title))

    def _message(self, sender: str, row: Mapping[str, Any]) -> schema.TopologyMessage:
        title = self._compiled_of(self._running).picture.messages.get(row["phrase"])
        return schema.TopologyMessage(
            id=row["id"],
            message=row["phrase"],
            name=text_of(title) if title else Text(zh=row["phrase"], en=row["phrase"]),
            sender=sender,
            receiver=row["receiver"],
            sent_at=datetime.fromisoformat(row["told_at"]),
            delivered_at=datetime.fromisoformat(row["sent_at"]) if row["sent_at"] else None,
            state="delivered" if row["sent_at"] else "waiting",
            rows=None,
            bytes=len(row["bytes"]),
            reason=None,
        )
