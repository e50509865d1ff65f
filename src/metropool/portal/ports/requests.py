"""What the portal asks of a company's requests, and of those that came to who measures."""

from typing import Protocol

from metropool.portal.ports.asked import Asked
from metropool.portal.schemas.basics import Page
from metropool.portal.schemas.requests import HeardDataRequest, NewSwitchRequest, SwitchRequest


class RequestsDesk(Protocol):
    """What a company asks of who measures (billing)."""

    def ask_switch(self, *, wanted: NewSwitchRequest, by: str) -> SwitchRequest: ...


class HeardRequestsDesk(Protocol):
    """What companies asked (metering)."""

    def heard(self, *, asked: Asked) -> Page[HeardDataRequest]: ...
