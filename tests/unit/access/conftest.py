"""A door on a database of its own, and a clock that tests move."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from metropool.access import Access, SessionRule, metadata
from metropool.access.lockout import LockoutRule
from metropool.access.passwords import Passwords
from metropool.core.identifiers import PartyId, SeededIds, SystemId
from metropool.storage.database import open_database
from metropool.storage.lake import Lake
from metropool.storage.units import UnitContext

RULE = SessionRule(
    idle=timedelta(minutes=30),
    longest=timedelta(hours=12),
    lockout=LockoutRule(by_login=3, by_source=6, window=timedelta(minutes=15)),
)
CHEAP = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


class Door:
    """A system's door in a test: opens units at a time that the test sets."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = open_database(f"sqlite:///{folder}", schema="door")
        self.database.create([metadata])
        self.now = datetime(2026, 11, 21, 0, 0, tzinfo=UTC)
        self.ids = SeededIds(7)

    @contextmanager
    def context(self) -> Iterator[UnitContext]:
        with self.database.unit() as connection:
            yield UnitContext(
                connection=connection,
                now=self.now,
                lake=Lake(self.folder / "lake"),
                system=SystemId("door"),
                party=PartyId("grid"),
                ids=self.ids,
            )

    @contextmanager
    def unit(self) -> Iterator[Access]:
        with self.context() as context:
            yield Access(context, RULE)

    def add(self, login: str, password: str = "right horse battery") -> None:
        with self.unit() as access:
            access.logins.add_login(login_name=login, name=login.title(), password_hash=CHEAP.hash(password), by="test")

    def try_sign_in(self, login: str, password: str, source: str = "10.0.0.1"):
        with self.unit() as access:
            kept = access.sessions.password_hash(login_name=login, source=source)
        is_right = CHEAP.right(kept, password)
        with self.unit() as access:
            return access.sessions.sign_in(login_name=login, source=source, is_right=is_right)


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    made = Door(tmp_path)
    made.add("lihua")
    yield made
    made.database.close()


@pytest.fixture
def cheap() -> Passwords:
    """argon2 at a cost that tests can pay."""
    return CHEAP
