"""Where things are: one setting of the same shape for each real part, read from the environment."""

from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from metropool.core.clock import Clock, read_clock
from metropool.core.errors import Fault, Invalid
from metropool.core.misfits import misfit
from metropool.core.texts import Sentence
from metropool.runtime.demo.state import FILE, read_note
from metropool.storage.suites import ED25519

PREFIX = "METROPOOL_"
Port = Annotated[int, Field(ge=0, le=65535)]


class Settings(BaseSettings):
    """Settings of a process; each is an environment variable ``METROPOOL_<NAME>``.

    Attributes:
        home: Folder of all state.
        plan: Plan file, or the name of one that comes with the product (``one``, ``one:indirect``, ``two``, ``transition``).
        broker: ``embedded``, the address of a NATS server (``nats://host:port``, ``tls://host:port``; several set apart by commas), or a
            file that says where each broker of the plan runs.
        certificates: Folder of this machine's certificates, for brokers beyond it; ``certificates`` under home when left out.
        database: ``embedded`` (SQLite under home) or a PostgreSQL address.
        lake: ``embedded`` (a folder under home) or another folder.
        clock: Empty for the machine's clock, or ``START@SPEED[/ANCHOR]``.
        suite: Suite of signature and hash that evidence is signed with.
        port: HTTP port of the portal.
        field_port: TCP port on which the front end hears terminals.
        gateway_port: TCP port at which the embedded broker hears gateways (MQTT); 0: a free one, noted in ``<home>/broker/gateways``.
        terminal_master: File of the 32 bytes that seal the terminals' keys at rest; beside them when left out.
        site_certificate, site_key: PEM files the site is served with as HTTPS; without them it is HTTP, for a proxy on this machine.
        site_url: Address people reach the site at, when a proxy stands before it.
        demo: This is a demonstration city: zones share a process, and the site says so.

    Raises:
        Invalid: A variable has a value it cannot have; one that is set and empty counts as not set.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, frozen=True)

    home: Path = Field(default_factory=lambda: Path.home() / ".metropool")
    plan: str = "transition"
    broker: str = "embedded"
    certificates: Path | None = None
    database: str = "embedded"
    lake: str = "embedded"
    clock: str = ""
    suite: str = ED25519
    host: str = "127.0.0.1"
    port: Port = 8765
    field_port: Port = 8766
    gateway_port: Port = 0
    terminal_master: Path | None = None
    site_url: str = ""
    site_certificate: Path | None = None
    site_key: Path | None = None
    demo: bool = False

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as cause:
            faults = [
                Fault(f"{PREFIX}{'.'.join(map(str, each['loc'])).upper()}={each['input']}", misfit(each))
                for each in cause.errors()
            ]
            raise Invalid.that(Sentence("metropool.runtime", "settings_wrong"), faults=faults) from cause

    @cached_property
    def the_clock(self) -> Clock:
        """The clock of this process."""
        return read_clock(self.clock)

    @property
    def public_url(self) -> str:
        """Address people and payment channels reach the site at."""
        return self.site_url or f"{'https' if self.site_certificate else 'http'}://{self.host}:{self.port}"

    @property
    def has_brokers_file(self) -> bool:
        """Whether ``broker`` is a file that says where each broker runs."""
        return self.broker != "embedded" and "://" not in self.broker

    @property
    def certificate_folder(self) -> Path:
        """Where this machine's certificates are."""
        return self.certificates or self.home / "certificates"

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
    """Settings of this process; beside a demonstration city its plan and clock, which are in its home, unless one was given."""
    settings = Settings()
    note = settings.home / FILE
    if not note.exists():
        return settings
    kept = read_note(settings.home)
    clock = settings.clock or f"{kept['clock_at']}@1"
    plan = settings.plan if "plan" in settings.model_fields_set else kept["plan"]
    return settings.model_copy(update={"clock": clock, "plan": plan})
