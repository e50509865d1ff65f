"""Points that can be set, in SQL."""

from collections.abc import Sequence
from dataclasses import fields

from sqlalchemy import delete, or_, select, update

from metropool.capabilities.places.model import Setting
from metropool.capabilities.places.tables import setting
from metropool.storage.units import UnitContext
from metropool.storage.upsert import upsert

_SETTING = [setting.c[field.name] for field in fields(Setting)]


class SqlPlaceBook:
    """Places in one unit of work."""

    def __init__(self, context: UnitContext) -> None:
        self._connection = context.connection

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
