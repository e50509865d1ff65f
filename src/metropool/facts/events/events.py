"""End-device events (终端事件): each once, whenever and however often a device tells it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import msgspec
from sqlalchemy import select

from metropool.core.identifiers import derived_id
from metropool.facts.events.tables import end_device_event
from metropool.storage.units import UnitContext
from metropool.storage.upsert import insert_into


@dataclass(frozen=True, kw_only=True)
class EndDeviceEvent:
    """Something that happened at a device.

    Attributes:
        device: End device, or the address text of one the registry does not know.
        code: What happened, such as ``terminal_power`` or ``meter_register_decreased``.
        at: When, by the device's clock [Unix s].
        received_at: When we heard of it [Unix ms].
        detail: What else the device told, as plain JSON.
    """

    device: str
    code: str
    at: int
    received_at: int
    detail: Mapping[str, Any] = field(default_factory=dict)


class Events:
    """The book of events in one unit of work."""

    def __init__(self, context: UnitContext) -> None:
        self._connection = context.connection

    def add(self, events: Sequence[EndDeviceEvent]) -> int:
        """Write events down; those told before are left as they are. Returns how many were new."""
        if not events:
            return 0
        rows = [{**asdict(event), "id": _id(event)} for event in events]
        added = self._connection.execute(
            insert_into(self._connection, end_device_event).on_conflict_do_nothing(index_elements=["id"]), rows
        )
        return int(added.rowcount)

    def of(self, *, device: str | None = None, since: int = 0, limit: int = 200) -> list[EndDeviceEvent]:
        """Events of one device or of all since ``since`` [Unix s], newest first."""
        c = end_device_event.c
        query = select(c.device, c.code, c.at, c.received_at, c.detail).where(c.at >= since)
        if device is not None:
            query = query.where(c.device == device)
        rows = self._connection.execute(query.order_by(c.at.desc(), c.number.desc()).limit(limit)).mappings()
        return [EndDeviceEvent(**row) for row in rows]


def _id(event: EndDeviceEvent) -> str:
    detail = msgspec.json.encode(event.detail, order="deterministic").decode()
    return derived_id(event.device, event.code, str(event.at), detail)
