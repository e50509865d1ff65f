"""What the portal asks of insight."""

from typing import Protocol

from metropool.core.clock import Instant
from metropool.portal.schemas.basics import Service
from metropool.portal.schemas.resident import Step, Usage, UsageCalendar, UsageNow


class UsageDesk(Protocol):
    """A home's own usage (insight)."""

    def now(self, *, account: str) -> UsageNow: ...

    def usage(
        self,
        *,
        account: str,
        service: Service,
        start: Instant,
        end: Instant,
        step: Step,
        compare_start: Instant | None,
    ) -> Usage: ...

    def calendar(self, *, account: str, service: Service, year: int) -> UsageCalendar: ...
