"""What the portal asks of an office and of notices: announcements as written, and as they came to households."""

from typing import Literal, Protocol

from metropool.portal.ports.asked import Asked
from metropool.portal.schemas.basics import Page
from metropool.portal.schemas.notices import (
    AreaMap,
    HomeNotice,
    Medium,
    NoticeChange,
    NoticeGiven,
    NoticePublication,
    NoticeReach,
    NoticeReceipts,
    NoticesWaiting,
    NoticeWithdrawal,
    OfficeNotice,
    OfficeNoticeRow,
    OfficeState,
)


class OfficeDesk(Protocol):
    """Announcements at their office."""

    def notices(self, *, state: OfficeState | None, q: str | None, asked: Asked) -> Page[OfficeNoticeRow]: ...

    def notice(self, *, notice: str) -> OfficeNotice: ...

    def areas(self) -> AreaMap: ...

    def compose(self, *, given: NoticeGiven, by: str) -> OfficeNotice: ...

    def rewrite(self, *, notice: str, given: NoticeChange, by: str) -> OfficeNotice: ...

    def publish(self, *, notice: str, given: NoticePublication, by: str) -> OfficeNotice: ...

    def withdraw(self, *, notice: str, given: NoticeWithdrawal, by: str) -> OfficeNotice: ...


class NoticesDesk(Protocol):
    """Announcements at households, and how far they came."""

    def notices(
        self, *, account: str, service: Medium | None, scope: Literal["mine", "city"], asked: Asked
    ) -> Page[HomeNotice]: ...

    def waiting(self, *, account: str) -> NoticesWaiting: ...

    def areas(self, *, account: str) -> AreaMap: ...

    def receive(self, *, account: str, given: NoticeReceipts) -> NoticesWaiting: ...

    def reaches(self, *, office: str, asked: Asked) -> Page[NoticeReach]: ...
