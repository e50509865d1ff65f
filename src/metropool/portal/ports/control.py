"""What the portal asks of metering where something is done at a meter: commands, and meter exchange."""

from typing import Protocol

from metropool.portal.ports.asked import Asked
from metropool.portal.schemas.basics import Page, Rows
from metropool.portal.schemas.commands import Command, CommandEffect, CommandKind, CommandSummary, NewCommand
from metropool.portal.schemas.exchanges import ExchangeForm, MeterExchange, NewExchange


class CommandsDesk(Protocol):
    """Reading on demand and control (metering, over ``facts/commands``)."""

    def summary(self) -> CommandSummary: ...

    def commands(self, *, state: str | None, meter: str | None, kind: str | None, asked: Asked) -> Page[Command]:
        """Newest first unless asked otherwise."""
        ...

    def command(self, *, command: str) -> Command: ...

    def effect(self, *, kind: CommandKind, meter: str) -> CommandEffect: ...

    def order(self, *, wanted: NewCommand, by: str, key: str) -> Command:
        """Operation: put a command in the journal; ``Forbidden`` where supply is guaranteed."""
        ...

    def decide(self, *, command: str, approve: bool, reason: str, by: str) -> Command:
        """Operation: the second person's word; the portal has checked that it is a second person, and the password."""
        ...

    def cancel(self, *, command: str, reason: str, by: str) -> Command:
        """Operation: take a command back; ``Conflict`` once it is sent."""
        ...


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
