"""What meter exchange needs of its unit of work."""

from typing import Protocol

from metropool.capabilities.metering.meter_exchange.adapters.book import ExchangeBook
from metropool.capabilities.metering.ports import CollectionWork
from metropool.core.identifiers import SystemId
from metropool.facts.readings.book import Readings


class ExchangeWork(CollectionWork, Protocol):
    """One unit of work of meter exchange."""

    @property
    def exchanges(self) -> ExchangeBook: ...
    @property
    def readings(self) -> Readings: ...
    @property
    def system(self) -> SystemId: ...
