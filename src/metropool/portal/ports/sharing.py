"""What the portal asks of sharing: how the plan runs."""

from typing import Protocol

from metropool.portal.ports.asked import Asked
from metropool.portal.schemas.basics import Page
from metropool.portal.schemas.topology import Topology, TopologyMessage


class TopologyDesk(Protocol):
    """The plan as it runs (the picture the plan compiles to, with the exchange's counters)."""

    def topology(self, *, plan: str | None, whole: bool) -> Topology: ...

    def messages(self, *, edge: str, asked: Asked) -> Page[TopologyMessage]: ...
