"""What the portal asks of meter exchange."""

from typing import Protocol

from metropool.portal.schemas.basics import Rows
from metropool.portal.schemas.exchanges import ExchangeForm, MeterExchange, NewExchange


class ExchangesDesk(Protocol):
    """Meter exchange (metering)."""

    def form(self, *, meter: str) -> ExchangeForm: ...

    def history(self, *, meter: str) -> Rows[MeterExchange]:
        """Newest first, each with the versions it had."""
        ...

    def record(self, *, meter: str, wanted: NewExchange, by: str, key: str) -> MeterExchange:
        """Operation: record an exchange; ``Invalid`` or ``Conflict`` where it cannot be."""
        ...

    def correct(self, *, exchange: str, wanted: NewExchange, by: str) -> MeterExchange:
        """Operation: a new version of an exchange."""
        ...
