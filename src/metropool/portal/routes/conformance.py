"""What the last conformance run of a plan found."""

from typing import Annotated

from fastapi import Query, Response

from metropool.portal.call import CallOf, answer
from metropool.portal.declare import Room, on_system
from metropool.portal.desks.paging import page_of
from metropool.portal.listing import ListingOf, list_rows
from metropool.portal.ports.asked import Asked
from metropool.portal.schemas.basics import Page
from metropool.portal.schemas.conformance import Conformance, ConformanceFlow, FlowStatus

PlanAsked = Annotated[str | None, Query(max_length=80)]
ROOM = Room("conformance")
READ = on_system("topology.read")


@ROOM.get("/conformance", right=READ, answer=Conformance | None)
async def get_conformance(call: CallOf, plan: PlanAsked = None) -> Response:
    """The last run of a plan, of the running one where none is named; null when it never ran here."""
    found = await call.portal.facts.conformance(plan=plan)
    return answer(found) if found else Response("null", media_type="application/json")


@ROOM.get("/conformance/flows", right=READ, answer=Page[ConformanceFlow])
async def list_flows(
    call: CallOf,
    listing: ListingOf,
    plan: PlanAsked = None,
    status: FlowStatus | None = None,
    printed: bool | None = None,
) -> Response:
    """Each message of each row as that run found it; ``printed``: only what the paper prints, or only the rest."""
    found = await call.portal.facts.conformance(plan=plan)

    async def fetch(asked: Asked) -> Page[ConformanceFlow]:
        flows = found.flows if found else []
        kept = [flow for flow in flows if status in (None, flow.status) and printed in (None, flow.src == "paper")]
        return page_of(kept, asked)

    return await list_rows(listing, ConformanceFlow, "conformance", fetch)
