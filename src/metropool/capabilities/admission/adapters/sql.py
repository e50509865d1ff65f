"""Gateways in SQL."""

from dataclasses import asdict, fields

from sqlalchemy import ColumnElement, and_, select, update

from metropool.capabilities.admission.model import Gateway
from metropool.capabilities.admission.tables import admitted
from metropool.storage.units import UnitContext
from metropool.storage.upsert import upsert

_GATEWAY = [admitted.c[field.name] for field in fields(Gateway)]


class SqlAdmissionBook:
    """Gateways in one unit of work."""

    def __init__(self, context: UnitContext) -> None:
        self._connection = context.connection

    def gateway(self, per: str, name: str) -> Gateway | None:
        """One gateway."""
        row = self._connection.execute(select(*_GATEWAY).where(_is(per, name))).mappings().one_or_none()
        return None if row is None else Gateway(**row)

    def gateways(self, *, household: str | None = None) -> list[Gateway]:
        """All gateways, or those of one household."""
        query = select(*_GATEWAY).order_by(admitted.c.per, admitted.c.name)
        if household is not None:
            query = query.where(admitted.c.household == household)
        return [Gateway(**row) for row in self._connection.execute(query).mappings()]

    def put(self, given: Gateway) -> None:
        """Write a gateway down as it is from now on."""
        upsert(self._connection, admitted, [asdict(given)])

    def came_in(self, per: str, name: str, *, at: str) -> None:
        """Note that a gateway came in."""
        self._connection.execute(update(admitted).where(_is(per, name)).values(came_in_at=at))

    def heard(self, per: str, name: str, *, at: str) -> None:
        """Note that a gateway said that it is there."""
        self._connection.execute(update(admitted).where(_is(per, name)).values(heard_at=at))

    def undropped(self) -> list[Gateway]:
        """Gateways whose connections by an earlier credential may be open still."""
        query = select(*_GATEWAY).where(admitted.c.dropped < admitted.c.issued)
        return [Gateway(**row) for row in self._connection.execute(query).mappings()]

    def dropped(self, per: str, name: str, issued: int) -> None:
        """Connections by whatever came before this credential are ended."""
        self._connection.execute(update(admitted).where(_is(per, name)).values(dropped=issued))


def _is(per: str, name: str) -> ColumnElement[bool]:
    return and_(admitted.c.per == per, admitted.c.name == name)
