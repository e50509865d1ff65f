"""The registry in a few whole columns: one query a table, whatever the size of the city."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, func, select

from metropool.facts.registry.tables import channel, end_device, installation, link, place, usage_point

Rows = Sequence[Row[Any]]


class RegistryRows:
    """Reads whole tables of the registry."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def fingerprint(self) -> str:
        """Changes when anything is recorded or closed."""
        c = installation.c
        queries = [
            select(func.count(), func.max(channel.c.id)),
            select(func.count(), func.max(c.id), func.count(c.valid_to), func.count(c.replaced_by)),
            select(func.count()).select_from(end_device),
            select(func.count()).select_from(place),
            select(func.count(), func.max(link.c.id), func.count(link.c.valid_to)),
        ]
        return "-".join(str(value) for query in queries for value in self._connection.execute(query).one())

    def places(self) -> Rows:
        """All places: districts, communities, homes, and nodes of the networks."""
        c = place.c
        return self._all(select(c.id, c.kind, c.parent, c.name_zh, c.name_en, c.lon, c.lat, c.outline, c.address_zh))

    def feeds(self) -> Rows:
        """Which node of a network feeds which."""
        return self._all(select(link.c.from_node, link.c.to_node).where(link.c.kind == "feeds", link.c.valid_to.is_(None)))

    def devices(self) -> Rows:
        """All devices, by id."""
        c = end_device.c
        columns = (c.id, c.kind, c.model, c.serial, c.protocol, c.address, c.parent, c.point, c.place, c.network_node, c.settings)
        return self._all(select(*columns).order_by(c.id))

    def channels(self) -> Rows:
        """Channel, its device and reading type, by channel."""
        c = channel.c
        return self._all(select(c.id, c.device, c.reading_type, c.writable).order_by(c.id))

    def usage_points(self) -> Rows:
        """Usage points by their local number."""
        c = usage_point.c
        return self._all(select(c.number, c.id, c.service, c.role, c.place, c.network_node))

    def installations(self) -> Rows:
        """What is believed now, one row a device and usage point and time, oldest first."""
        c = installation.c
        columns = (channel.c.device, c.usage_point, c.multiplier, c.valid_from, c.valid_to)
        query = select(*columns).join(channel, channel.c.id == c.channel).where(c.replaced_by.is_(None))
        return self._all(query.distinct().order_by(c.valid_from, channel.c.device))

    def _all(self, query: Any) -> Rows:
        return self._connection.execute(query).all()
