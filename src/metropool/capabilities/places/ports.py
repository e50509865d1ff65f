"""What places need of a unit of work."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from metropool.capabilities.places.model import Setting
from metropool.facts.commands import Commands


class PlaceBook(Protocol):
    """The tables of places."""

    def can_set(self, place: str, settings: Sequence[tuple[str, str]]) -> None: ...
    def settings(self, place: str) -> list[Setting]: ...
    def read_back(self, place: str, point: str, *, value: int, at: int) -> None: ...


class PlacesWork(Protocol):
    """One unit of work of places."""

    context: Any

    @property
    def now(self) -> datetime: ...
    @property
    def commands(self) -> Commands: ...
    @property
    def place_book(self) -> PlaceBook: ...
    def changed(self, topic: str) -> None: ...
