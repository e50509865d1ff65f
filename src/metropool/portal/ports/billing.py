"""What the portal asks of billing."""

from typing import Protocol

from metropool.portal.ports.asked import Asked
from metropool.portal.schemas.basics import Page
from metropool.portal.schemas.bills import CompanyBill, CompanyBillRow, CompanyOverview


class BillingDesk(Protocol):
    """One company's bills (billing)."""

    def overview(self, *, month: str | None) -> CompanyOverview: ...

    def bills(
        self, *, month: str | None, state: str | None, q: str | None, estimated: bool | None, asked: Asked
    ) -> Page[CompanyBillRow]: ...

    def bill(self, *, bill_number: str) -> CompanyBill: ...
