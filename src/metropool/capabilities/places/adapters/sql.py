"""Gateways and points that can be set, in SQL."""

from collections.abc import Sequence
from dataclasses import asdict, fields

from sqlalchemy import delete, or_, select, update

from metropool.capabilities.places.model import Gateway, Setting
from metropool.capabilities.places.tables import gateway, setting
from metropool.storage.units import UnitContext
from metropool.storage.upsert import upsert

_GATEWAY = [gateway.c[field.name] for field in fields(Gateway)]
_SETTING = [setting.c[field.name] for field in fields(Setting)]


class SqlPlaceBook:
    """Places in one unit of work."""

    def __init__(self, context: UnitContext) -> None:
        self._connection = context.connection

    def gateway(self, place: str) -> Gateway | None:
        """The gateway of a place."""
        row = self._connection.execute(select(*_GATEWAY).where(gateway.c.place == place)).mappings().one_or_none()
        return None if row is None else Gateway(**row)

    def gateways(self, *, household: str | None = None) -> list[Gateway]:
        """All gateways, or those of one household."""
        query = select(*_GATEWAY).order_by(gateway.c.place)
        if household is not None:
            query = query.where(gateway.c.household == household)
        return [Gateway(**row) for row in self._connection.execute(query).mappings()]

    def put(self, given: Gateway) -> None:
        """Write a gateway down as it is from now on."""
        upsert(self._connection, gateway, [asdict(given)])

    def came_in(self, place: str, *, at: str) -> None:
        """Note that a gateway came in."""
        self._connection.execute(update(gateway).where(gateway.c.place == place).values(came_in_at=at))

    def undropped(self) -> list[Gateway]:
        """Gateways whose connections by an earlier credential may be open still."""
        query = select(*_GATEWAY).where(gateway.c.dropped < gateway.c.issued)
        return [Gateway(**row) for row in self._connection.execute(query).mappings()]

    def dropped(self, place: str, issued: int) -> None:
        """Connections by whatever came before this credential are ended."""
        self._connection.execute(update(gateway).where(gateway.c.place == place).values(dropped=issued))

    def can_set(self, place: str, settings: Sequence[tuple[str, str]]) -> None:
        """The points of a place that can be set, all of them, each with its item."""
        points = [point for point, _ in settings]
        self._connection.execute(delete(setting).where(setting.c.place == place, setting.c.point.not_in(points)))
        rows = [{"place": place, "point": point, "item": item} for point, item in settings]
        upsert(self._connection, setting, rows, change=("item",))

    def settings(self, place: str) -> list[Setting]:
        """The points of a place that can be set."""
        query = select(*_SETTING).where(setting.c.place == place).order_by(setting.c.point)
        return [Setting(**row) for row in self._connection.execute(query).mappings()]

    def read_back(self, place: str, point: str, *, value: int, at: int) -> None:
        """How a point stands, unless something later is known."""
        c = setting.c
        newer = or_(c.at.is_(None), c.at <= at)
        self._connection.execute(update(setting).where(c.place == place, c.point == point, newer).values(value=value, at=at))
