"""What watch needs of a unit of work."""

from datetime import datetime
from typing import Protocol

from metropool.capabilities.watch.model import Watched, What


class WatchBook(Protocol):
    """The table of watch."""

    def one(self, id: str) -> Watched | None: ...
    def put(self, watched: Watched) -> None: ...
    def page(self, *, what: What, only_open: bool, offset: int, limit: int) -> tuple[list[Watched], int]: ...
    def open_count(self, *, what: What) -> int: ...


class WatchWork(Protocol):
    """One unit of work of watch."""

    @property
    def now(self) -> datetime: ...
    @property
    def watch_book(self) -> WatchBook: ...
    def changed(self, topic: str) -> None: ...
