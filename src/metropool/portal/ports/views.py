"""What the portal asks of inquiries, disclosure and sharing: requests to look into books, consents, records of what was given."""

from datetime import datetime
from typing import Any, Protocol

from metropool.portal.ports.asked import Asked
from metropool.portal.schemas.basics import Page
from metropool.portal.schemas.consents import AccessRow, ConsentChange, Consents
from metropool.portal.schemas.notices import AreaMap
from metropool.portal.schemas.views import (
    AnswerRow,
    Disclosure,
    DisclosureRow,
    DisclosureState,
    Inquiry,
    InquiryQuestions,
    InquiryRow,
    InquiryState,
    NewInquiry,
    ProvisionRow,
)


class InquiriesDesk(Protocol):
    """Requests at who asks."""

    def inquiries(self, *, state: InquiryState | None, asked: Asked) -> Page[InquiryRow]: ...

    def inquiry(self, *, request: str) -> Inquiry: ...

    def answer(self, *, request: str, asked: Asked) -> Page[AnswerRow]:
        """The content of an answer; ``Conflict`` when it may not be read."""
        ...

    def areas(self) -> AreaMap: ...

    def questions(self) -> InquiryQuestions:
        """What may be asked today."""
        ...

    def ask(self, *, given: NewInquiry, by: str) -> Inquiry: ...

    def withdraw(self, *, request: str) -> Inquiry: ...


class DisclosuresDesk(Protocol):
    """Requests at whoever keeps the books."""

    def disclosures(self, *, state: DisclosureState | None, asked: Asked) -> Page[DisclosureRow]: ...

    def disclosure(self, *, asker: str, request: str) -> Disclosure: ...

    def prepare(self, *, asker: str, request: str) -> Any:
        """What an approval would tell, worked out on a view that changes nothing."""
        ...

    def approve(self, *, asker: str, request: str, prepared: Any, reason: str, until: datetime | None, by: str) -> Disclosure: ...

    def refuse(self, *, asker: str, request: str, reason: str, by: str) -> Disclosure: ...

    def revoke(self, *, asker: str, request: str, reason: str, by: str) -> Disclosure: ...

    def provisions(self, *, asked: Asked) -> Page[ProvisionRow]: ...


class ConsentsDesk(Protocol):
    """What residents agree to, and who looked."""

    def consents(self, *, account: str) -> Consents: ...

    def change(self, *, account: str, given: ConsentChange, by: str) -> Consents: ...

    def accesses(self, *, account: str, asked: Asked) -> Page[AccessRow]: ...
