"""What to quote when asking a company for its tax invoice; no row of the plan carries the wish itself yet."""

from typing import Annotated

from fastapi import Query, Response

from metropool.portal.call import CallOf, answer
from metropool.portal.declare import Room, on_account
from metropool.portal.listing import ExportOf, export_rows
from metropool.portal.ports.desks import INVOICES
from metropool.portal.schemas.invoices import InvoiceBasis, InvoiceRow

ROOM = Room("invoices", of="settlement")
Known = Annotated[str | None, Query(min_length=1, max_length=64)]


@ROOM.get("/households/{a}/invoice-basis", right=on_account("home.read"), answer=InvoiceBasis)
async def get_basis(call: CallOf, *, a: str, export: ExportOf, payment: Known = None, bill: Known = None) -> Response:
    """What was paid to each company: of one payment, of one combined bill, or of all."""
    found = await call.ask(INVOICES, lambda desk: desk.basis(account=a, payment=payment, bill=bill))
    if export.kind is None:
        return answer(found)
    return await export_rows(export, InvoiceRow, found.rows, f"invoice-{payment or bill or a}")
