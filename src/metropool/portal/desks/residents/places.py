"""The desk of places: orders to their points."""

from datetime import UTC, datetime, timedelta
from typing import Any

from metropool.capabilities.places import operations
from metropool.capabilities.places.model import VALUES, device_of
from metropool.core.errors import NotFound
from metropool.facts.commands import Command
from metropool.portal.desks.words import name
from metropool.portal.schemas import places as schema
from metropool.portal.schemas.basics import Text


class PlacesDesk:
    """Orders, in one unit of work."""

    def __init__(self, work: Any) -> None:
        self._work = work

    def home(self, *, gateway: schema.GatewayRow) -> schema.HomeGateway:
        """A household's gateway, and the newest order to each of its points."""
        settings = self._work.place_book.settings(gateway.place)
        newest = [self._newest(device_of(gateway.place, setting.point)) for setting in settings]
        return schema.HomeGateway(
            place=gateway.place,
            has_credential=gateway.has_credential,
            came_in_at=gateway.came_in_at,
            orders=[_order(command) for command in newest if command is not None],
        )

    def order(self, *, place: str, given: schema.OrderGiven, by: str, key: str) -> schema.HomeOrder:
        """Operation: order a point to be switched."""
        expires_at = self._work.now + timedelta(seconds=given.within_s)
        written = operations.order(
            work=self._work,
            place=place,
            point=given.point,
            value=given.value,
            by=by,
            key=key,
            expires_at=expires_at,
        )
        return _order(written)

    def order_of(self, *, place: str, id: str) -> schema.HomeOrder:
        """One order to the points of a place."""
        command: Command = self._work.commands.get(id=id)
        if command.device.partition("/")[0] != place:
            raise NotFound(f"no order {id} at {place}")
        return _order(command)

    def _newest(self, device: str) -> Command | None:
        found: list[Command] = self._work.commands.recent(device=device, kinds=operations.KINDS, limit=1)
        return found[0] if found else None


def _order(command: Command) -> schema.HomeOrder:
    read = (command.read_back or {}).get("value")
    return schema.HomeOrder(
        id=command.id,
        point=command.device.partition("/")[2],
        value=VALUES[command.kind],
        state=command.state,  # type: ignore[arg-type]  # these kinds pass through no other
        state_text=name("home_orders", command.state),
        outcome=command.outcome,  # type: ignore[arg-type]  # the journal's own four
        reason=_reason(command),
        requested_at=_at(command.created_at),
        expires_at=_at(command.expires_at),
        sent_at=_at(command.sent_at) if command.sent_at else None,
        resolved_at=_at(command.resolved_at) if command.resolved_at else None,
        read_back=None if read is None else int(read),
    )


def _reason(command: Command) -> Text | None:
    return name("home_refusals", command.note) if command.state == "refused" and command.note else None


def _at(unix_ms: int) -> datetime:
    return datetime.fromtimestamp(unix_ms / 1000, UTC)
