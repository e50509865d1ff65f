"""What the portal asks of a company's back office."""

from typing import Protocol

from metropool.portal.ports.asked import Asked
from metropool.portal.schemas.basics import Page
from metropool.portal.schemas.company import CustomerReading, CustomerRow, DataRequest, NewDataRequest


class CompanyDesk(Protocol):
    """Customers, their readings, and requests for meter data (billing)."""

    def customers(self, *, q: str | None, asked: Asked) -> Page[CustomerRow]: ...

    def readings(self, *, usage_point: str, asked: Asked) -> Page[CustomerReading]:
        """Of one of our usage points; ``NotFound`` when it is not ours."""
        ...

    def data_requests(self, *, asked: Asked) -> Page[DataRequest]: ...

    def ask_rows(self, *, given: NewDataRequest, by: str) -> DataRequest: ...
