"""Where things are: one setting of the same shape for each real part, read from the environment."""

import json
from functools import cached_property
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from metropool.core.clock import Clock, read_clock
from metropool.runtime.demo.state import FILE


class Settings(BaseSettings):
    """Settings of a process; each is an environment variable ``METROPOOL_<NAME>``.

    Attributes:
        home: Folder of all state.
        plan: Plan file, or the name of one that comes with the product.
        broker: ``embedded`` or the address of a NATS server (``nats://host:port``).
        database: ``embedded`` (SQLite under home) or a PostgreSQL address.
        lake: ``embedded`` (a folder under home) or another folder.
        clock: Empty for the machine's clock, or ``START@SPEED[/ANCHOR]``.
        port: HTTP port of the portal.
        field_port: TCP port on which the front end hears terminals.
        site_url: Address people reach the site at, when a proxy stands before it.
        demo: This is a demonstration city: zones share a process, and the site says so.
    """

    model_config = SettingsConfigDict(env_prefix="METROPOOL_", frozen=True)

    home: Path = Field(default_factory=lambda: Path.home() / ".metropool")
    plan: str = "transition"
    broker: str = "embedded"
    database: str = "embedded"
    lake: str = "embedded"
    clock: str = ""
    host: str = "127.0.0.1"
    port: int = 8765
    field_port: int = 8766
    site_url: str = ""
    demo: bool = False

    @cached_property
    def the_clock(self) -> Clock:
        """The clock of this process."""
        return read_clock(self.clock)

    @property
    def public_url(self) -> str:
        """Address people and payment channels reach the site at."""
        return self.site_url or f"http://{self.host}:{self.port}"

    def database_url(self, system: str) -> str:
        """Where the books of one system are."""
        return f"sqlite:///{self.folder(system)}" if self.database == "embedded" else self.database

    def lake_root(self, system: str) -> Path:
        """Where the readings of one system are."""
        return self.folder(system) / "lake" if self.lake == "embedded" else Path(self.lake) / system

    def folder(self, system: str) -> Path:
        """The system's own folder: nobody else opens it."""
        return self.home / system


def settings_of_home() -> Settings:
    """Settings of this process; beside a demonstration city its clock, which is in its home, unless one was given."""
    settings = Settings()
    note = settings.home / FILE
    if settings.clock or not note.exists():
        return settings
    clock_at = json.loads(note.read_text(encoding="utf-8"))["clock_at"]
    return settings.model_copy(update={"clock": f"{clock_at}@1"})
