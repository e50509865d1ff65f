"""The front door: the site, the session, the users, the health."""

from typing import Literal

from pydantic import Field

from metropool.portal.schemas.basics import Instant, Model, Request, Text

Role = Literal["resident", "operator", "company", "cashier", "steward", "government", "property", "software", "admin"]
State = Literal["up", "degraded", "down"]


class PlanNamed(Model):
    """The plan that runs."""

    id: str
    title: Text


class Hosting(Model):
    """A capability and the rows it is hosted for."""

    capability: str
    of: list[str]


class SystemInfo(Model):
    """A system this deployment runs."""

    id: str
    name: Text
    party: str
    party_name: Text
    hosts: list[Hosting]


class Site(Model):
    """What every page needs to know first; ``now`` is the business clock, ``hosted_by`` names the systems of each capability."""

    name: Text
    version: str
    plan: PlanNamed
    now: Instant
    clock_speed: float
    timezone: Literal["Asia/Shanghai"] = "Asia/Shanghai"
    demo: bool
    systems: list[SystemInfo]
    hosted_by: dict[str, list[str]]


class SignIn(Request):
    """A login and its password."""

    login: str = Field(min_length=1, max_length=64, examples=["lihua"])
    password: str = Field(min_length=1, max_length=256)


class NewPassword(Request):
    """The password now and the one to be."""

    current: str = Field(min_length=1, max_length=256)
    new: str = Field(min_length=1, max_length=256)


class Session(Model):
    """Who is signed in; the site shows and hides by ``rights``, the server decides anyway.

    ``hosts``: by household and capability the system that is there for this home, of capabilities that several systems host.
    """

    login: str
    name: str
    roles: list[Role]
    rights: list[str]
    households: list[str]
    hosts: dict[str, dict[str, str]] = Field(default_factory=dict)
    system: str | None
    must_change_password: bool
    expires_at: Instant
    language: Literal["zh", "en"]


class User(Model):
    """A login as administrators see it."""

    login: str
    name: str
    roles: list[Role]
    system: str | None
    locked_until: Instant | None
    last_sign_in_at: Instant | None


class PublicKey(Model):
    """A key that a system signs its evidence with, and its term; what it signed at another time does not count."""

    system: str
    party: str
    id: str
    suite: str
    public: str
    since: Instant
    until: Instant | None


class PublicKeys(Model):
    """The public keys of all systems here, former ones too."""

    as_of: Instant
    keys: list[PublicKey]


class Check(Model):
    """One thing looked at."""

    name: Text
    state: State
    detail: Text


class SystemHealth(Model):
    """How one system is."""

    id: str
    name: Text
    state: State
    checks: list[Check]


class Health(Model):
    """How all of it is."""

    as_of: Instant
    systems: list[SystemHealth]
