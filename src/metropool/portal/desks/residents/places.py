"""The desk of places: whose gateways there are, and orders to their points."""

from datetime import UTC, datetime, timedelta
from typing import Any

from metropool.capabilities.places import operations
from metropool.capabilities.places.model import VALUES, Gateway, device_of
from metropool.core.errors import NotFound
from metropool.facts.commands import Command
from metropool.portal.desks.words import name
from metropool.portal.schemas import places as schema
from metropool.portal.schemas.basics import Text


class PlacesDesk:
    """Gateways and orders, in one unit of work."""

    def __init__(self, work: Any) -> None:
        self._work = work

    def home(self, *, account: str) -> schema.HomeGateway:
        """The household's gateway, and the newest order to each of its points."""
        gateway = self._gateway(account)
        settings = self._work.place_book.settings(gateway.place)
        newest = [self._newest(device_of(gateway.place, setting.point)) for setting in settings]
        return schema.HomeGateway(
            place=gateway.place,
            has_credential=gateway.secret_hash is not None,
            came_in_at=_instant(gateway.came_in_at),
            orders=[_order(command) for command in newest if command is not None],
        )

    def order(self, *, account: str, given: schema.OrderGiven, by: str, key: str) -> schema.HomeOrder:
        """Operation: order a point to be switched."""
        expires_at = self._work.now + timedelta(seconds=given.within_s)
        written = operations.order(
            work=self._work,
            place=self._gateway(account).place,
            point=given.point,
            value=given.value,
            by=by,
            key=key,
            expires_at=expires_at,
        )
        return _order(written)

    def order_of(self, *, account: str, id: str) -> schema.HomeOrder:
        """One order to the household's points."""
        place = self._gateway(account).place
        command: Command = self._work.commands.get(id=id)
        if command.device.partition("/")[0] != place:
            raise NotFound(f"no order {id} at {place}")
        return _order(command)

    def gateways(self) -> schema.Gateways:
        """All of them."""
        return schema.Gateways(rows=[_row(one) for one in self._work.place_book.gateways()], as_of=self._work.now)

    def issue(self, *, place: str, by: str) -> schema.CredentialDrawn:
        """Operation: draw a new credential."""
        secret = operations.issue_credential(work=self._work, place=place, by=by)
        return schema.CredentialDrawn(place=place, name=place, secret=secret)

    def revoke(self, *, place: str) -> schema.GatewayRow:
        """Operation: take a credential back."""
        operations.revoke_credential(work=self._work, place=place)
        return _row(self._work.place_book.gateway(place))

    def _gateway(self, account: str) -> Gateway:
        found: list[Gateway] = self._work.place_book.gateways(household=account)
        if not found:
            raise NotFound(f"{account} has no gateway", key="places.no_gateway")
        return found[0]

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


def _row(gateway: Gateway) -> schema.GatewayRow:
    instants = {field: _instant(getattr(gateway, field)) for field in ("issued_at", "revoked_at", "came_in_at")}
    has_one = gateway.secret_hash is not None
    return schema.GatewayRow(place=gateway.place, has_credential=has_one, issued_by=gateway.issued_by, **instants)


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _at(unix_ms: int) -> datetime:
    return datetime.fromtimestamp(unix_ms / 1000, UTC)
