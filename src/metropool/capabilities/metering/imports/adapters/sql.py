"""Files imported, and the channels their readings belong to, in one unit of work."""

import json
from collections.abc import Sequence
from datetime import datetime

import numpy as np
from sqlalchemy import JSON, BigInteger, Column, MetaData, String, Table, func, insert, select

from metropool.capabilities.metering.imports.imported import ImportedChannel
from metropool.capabilities.metering.imports.ports import ChannelKeys, ImportRecord
from metropool.core.identifiers import derived_id
from metropool.facts.registry import Registry
from metropool.facts.registry import tables as t
from metropool.storage.units import UnitContext

FILE_TAG = 4
metadata = MetaData()
imported_file = Table(
    "imported_file",
    metadata,
    Column("key", String, primary_key=True),
    Column("file_name", String, nullable=False),
    Column("file_sha256", String, nullable=False),
    Column("mapping", String, nullable=False),
    Column("imported_at", String, nullable=False),
    Column("readings", BigInteger, nullable=False),
    Column("summary", JSON, nullable=False),
)


class SqlImports:
    """The table of files imported, and placing channels in the registry."""

    def __init__(self, context: UnitContext) -> None:
        self._connection = context.connection
        self._registry = Registry(context)
        self._now = context.now

    def find(self, key: str) -> ImportRecord | None:
        """The record with this key."""
        row = self._connection.execute(select(imported_file).where(imported_file.c.key == key)).mappings().one_or_none()
        if row is None:
            return None
        return ImportRecord(**{**row, "imported_at": datetime.fromisoformat(row["imported_at"])})

    def add(self, record: ImportRecord) -> None:
        """Keep a record."""
        summary = json.loads(json.dumps(record.summary, default=str))
        row = {name: getattr(record, name) for name in ("key", "file_name", "file_sha256", "mapping", "readings")}
        self._connection.execute(insert(imported_file).values(**row, imported_at=record.imported_at.isoformat(), summary=summary))

    def place_channels(self, channels: Sequence[ImportedChannel], *, file: str) -> ChannelKeys:
        """Find devices and channels in the registry, and make those that are absent.

        Args:
            channels: Of the file.
            file: Name of its mapping, for devices that the file does not name.
        """
        device = np.zeros(len(channels), np.uint64)
        point, item = np.zeros(len(channels), np.uint16), np.zeros(len(channels), np.int32)
        for number, channel in enumerate(channels):
            row = self._channel(channel, channel.device or file)
            device[number], point[number], item[number] = row["address"], row["point"], row["reading_type"]
        return ChannelKeys(device=device, point=point, item=item)

    def _channel(self, channel: ImportedChannel, device: str) -> dict[str, int]:
        kind = channel.column.kind
        name = channel.column.local_name
        found = self._installed(device, kind.id) or self._made(f"{device}/{name}", kind.id)
        if found is None:
            self._make(channel, device, f"{device}/{name}")
            found = self._made(f"{device}/{name}", kind.id)
        assert found is not None
        return found

    def _installed(self, device: str, reading_type: int) -> dict[str, int] | None:
        """The channel of a device the registry knows that counts for a usage point."""
        query = (
            select(t.channel.c.address, t.channel.c.point, t.channel.c.reading_type)
            .join(t.installation, t.installation.c.channel == t.channel.c.id)
            .where(t.channel.c.device == device, t.channel.c.reading_type == reading_type, t.installation.c.replaced_by.is_(None))
        )
        row = self._connection.execute(query).mappings().first()
        return dict(row) if row else None

    def _made(self, name: str, reading_type: int) -> dict[str, int] | None:
        query = select(t.channel.c.address, t.channel.c.point, t.channel.c.reading_type).where(
            t.channel.c.address == _address_of(name), t.channel.c.reading_type == reading_type
        )
        row = self._connection.execute(query).mappings().first()
        return dict(row) if row else None

    def _make(self, channel: ImportedChannel, device: str, name: str) -> None:
        """A place, a usage point, a device, a channel and its installation for what a file speaks of."""
        kind, column = channel.column.kind, channel.column
        point = f"{name}"
        self._registry.add(t.place, [{"id": device, "kind": "site", "parent": None, "name_zh": device, "name_en": device}])
        self._registry.add(
            t.usage_point,
            [
                {
                    "number": self._next(t.usage_point, "number"),
                    "id": point,
                    "service": kind.service,
                    "role": "consumption",
                    "place": device,
                }
            ],
        )
        self._registry.add(t.end_device, [_device_row(device)])
        number = self._next(t.channel, "id")
        self._registry.add(
            t.channel,
            [
                {
                    "id": number,
                    "device": device,
                    "reading_type": kind.id,
                    "address": _address_of(name),
                    "point": 0,
                    "digits": column.digits or None,
                    "interval_s": column.interval_s or None,
                    "writable": False,
                }
            ],
        )
        usage_point = self._registry.one(t.usage_point, id=point)["number"]
        self._registry.add(t.installation, [_installation_row(number, usage_point, int(self._now.timestamp()))])

    def _next(self, table: Table, column: str) -> int:
        return int(self._connection.execute(select(func.coalesce(func.max(table.c[column]), 0))).scalar_one()) + 1


def _address_of(name: str) -> int:
    """Address of a channel that only files speak of: tag 4 and a hash of its name."""
    return FILE_TAG << 60 | int(derived_id("file channel", name)[:14], 16)


def _device_row(device: str) -> dict[str, object]:
    row = {"id": device, "kind": "meter", "model": "file", "serial": device, "protocol": "file", "address": device}
    return {**row, "parent": None, "point": 0, "place": device, "network_node": None, "settings": {}}


def _installation_row(channel: int, usage_point: int, now_s: int) -> dict[str, object]:
    row = {"channel": channel, "usage_point": usage_point, "multiplier": "1", "valid_from": 0, "valid_to": None}
    return {**row, "recorded_at": now_s, "version": 1, "replaced_by": None}
