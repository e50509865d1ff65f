"""How points that raise alarms stand, in SQL."""

from sqlalchemy import select

from metropool.capabilities.alarms.tables import alarm
from metropool.storage.units import UnitContext
from metropool.storage.upsert import upsert


class SqlAlarmBook:
    """Points and their alarms, in one unit of work."""

    def __init__(self, context: UnitContext) -> None:
        self._connection = context.connection

    def turn(self, *, place: str, point: str, kind: str, state: str, at: int) -> int | None:
        """Note that a point says an alarm is raised or cleared.

        Returns:
            Since when the alarm it is about stands [Unix s], where this is news; None where it is not: the same as before, older
            than what is known, or the end of what never began.
        """
        c = alarm.c
        query = select(c.state, c.at).where(c.place == place, c.point == point, c.kind == kind)
        known = self._connection.execute(query).one_or_none()
        if known is None and state == "cleared":
            return None
        if known is not None and (known.state == state or at < known.at):
            return None
        row = {"place": place, "point": point, "kind": kind, "at": at, "state": state}
        upsert(self._connection, alarm, [row])
        return at if state == "raised" or known is None else int(known.at)
