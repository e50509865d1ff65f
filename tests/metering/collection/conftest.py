"""A small head-end on a real database: registry, books of collection, lake."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import pytest

from metropool.capabilities.metering.collection.adapters import tables
from metropool.capabilities.metering.collection.adapters.book import CollectionBook
from metropool.capabilities.metering.collection.adapters.sheets import SheetBook
from metropool.capabilities.metering.collection.index import ChannelIndex
from metropool.core.identifiers import PartyId, SeededIds, SystemId
from metropool.facts import events as event_facts
from metropool.facts import registry as registry_facts
from metropool.storage import lake as lake_storage
from metropool.storage.database import Database, open_database
from metropool.storage.lake import Lake, LakeFile
from metropool.storage.units import UnitContext

T = TypeVar("T")
NOON = datetime(2026, 7, 1, 4, 0, tzinfo=UTC)


@dataclass
class Work:
    """What the runtime hands to an operation."""

    context: UnitContext
    index: ChannelIndex | None = None
    topics: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.now, self.lake = self.context.now, self.context.lake
        self.collection = CollectionBook(self.context)
        if self.index is not None:
            self.collection.index = lambda: (self.index, "1")
        self.sheets = SheetBook(self.context)
        self.registry = registry_facts.Registry(self.context)
        self.events = event_facts.Events(self.context)

    def changed(self, topic: str) -> None:
        self.topics.append(topic)

    def add_files(self, files: Sequence[LakeFile]) -> int:
        return self.context.lake.add(self.context.connection, files)


@dataclass
class HeadEnd:
    """Opens units and snapshots as the runtime does."""

    database: Database
    lake: Lake
    now: datetime = NOON
    index: ChannelIndex | None = None

    def unit(self, step: Callable[[Work], T]) -> T:
        with self.database.unit() as connection:
            return step(Work(self._context(connection), self.index))

    def _context(self, connection: object) -> UnitContext:
        return UnitContext(connection, self.now, self.lake, SystemId("metering"), PartyId("grid"), SeededIds(1))  # type: ignore[arg-type]


@pytest.fixture
def head_end(tmp_path: Path) -> Iterator[HeadEnd]:
    database = open_database(f"sqlite:///{tmp_path}", schema="metering")
    database.create([tables.metadata, registry_facts.metadata, event_facts.metadata, lake_storage.metadata])
    yield HeadEnd(database, Lake(tmp_path / "lake"))
    database.close()
