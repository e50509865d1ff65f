"""The plan as it runs, and the others beside it."""

from typing import Annotated

from fastapi import Query, Response

from metropool.portal.call import CallOf, answer
from metropool.portal.declare import Room, on_system
from metropool.portal.listing import ListingOf, list_rows
from metropool.portal.ports.asked import Asked
from metropool.portal.ports.desks import TOPOLOGY
from metropool.portal.schemas.basics import Page
from metropool.portal.schemas.topology import Topology, TopologyMessage

PlanAsked = Annotated[str | None, Query(max_length=80)]
ROOM = Room("topology", of="sharing")
READ = on_system("topology.read")


@ROOM.get("/topology", right=READ, answer=Topology)
async def get_topology(call: CallOf, plan: PlanAsked = None, whole: bool = False) -> Response:
    """Systems of a plan and what flows between them: the running plan's where none is named; with ``whole`` what is not built, too."""
    return answer(await call.ask(TOPOLOGY, lambda desk: desk.topology(plan=plan, whole=whole)))


@ROOM.get("/topology/edges/{edge}/messages", right=READ, answer=Page[TopologyMessage])
async def list_messages(call: CallOf, edge: str, listing: ListingOf) -> Response:
    """The last messages of an edge, without their content."""

    async def fetch(asked: Asked) -> Page[TopologyMessage]:
        return await call.ask(TOPOLOGY, lambda desk: desk.messages(edge=edge, asked=asked))

    return await list_rows(listing, TopologyMessage, "messages", fetch)
