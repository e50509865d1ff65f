"""A portal of three systems with one person of each kind."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from fastapi.testclient import TestClient

from metropool.access import Access, SessionRule
from metropool.access.lockout import LockoutRule
from metropool.access.passwords import Passwords
from metropool.core.clock import VirtualClock
from metropool.core.identifiers import SystemId
from metropool.portal.app import make_app
from metropool.portal.settings import PortalSettings
from portal import samples
from portal.fakes import START, FakeFacts, FakeHost, desks_with

PASSWORD = "right horse battery"
CHEAP = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
RULE = SessionRule(lockout=LockoutRule(by_login=3, by_source=100, window=timedelta(minutes=15)))
P, M, W, G, D = "smart_use_platform", "metering", "water_system", "government_desk", "police_system"
PEOPLE = {
    "lihua": ("resident", f"account:{samples.ACCOUNT}", None),
    "wangwu": ("resident", f"account:{samples.OTHER}", None),
    "oper": ("operator", f"system:{M}", M),
    "ctrl1": ("controller", f"system:{M}", M),
    "ctrl2": ("controller", f"system:{M}", M),
    "clerk": ("company_operator", f"system:{W}", W),
    "cash1": ("cashier", f"system:{P}", P),
    "cash2": ("cashier", f"system:{P}", P),
    "chen": ("official", f"system:{G}", G),
    "keeper": ("data_steward", f"system:{M}", M),
    "admin": ("administrator", "*", None),
    "security": ("security_administrator", "*", None),
    "auditor": ("auditor", "*", None),
}


class Portal:
    """The portal under test, with what its desks were asked."""

    def __init__(self, folder: Path, site: Path | None) -> None:
        self.clock = VirtualClock(START)
        self.calls: list = []
        self.answers: dict = {
            "households": {"bill": samples.combined_bill(), "payment": samples.payment()},
            "commands": {},
            "refunds": {},
        }
        self.hosts = {
            SystemId(P): FakeHost(
                P, {"settlement", "insight", "sharing", "notices", "admission", "places", "points"}, folder, self.clock
            ),
            SystemId(M): FakeHost(M, {"metering", "disclosure"}, folder, self.clock),
            SystemId(W): FakeHost(W, {"billing", "office"}, folder, self.clock),
            SystemId(D): FakeHost(D, {"door"}, folder, self.clock),
            SystemId(G): FakeHost(G, {"inquiries", "watch"}, folder, self.clock),
        }
        self.door = self.hosts[SystemId(P)]
        self.door.write_now(self._people)
        settings = PortalSettings(door=SystemId(P), sessions=RULE, heartbeat_s=0.2, streams_a_session=3)
        desks = desks_with(self.calls, self.answers)
        self.app = make_app(self.hosts, site, settings, desks=desks, facts=FakeFacts(), passwords=CHEAP)
        self.kept = CHEAP.hash(PASSWORD)

    @staticmethod
    def _people(work) -> None:
        logins = Access(work.context, RULE).logins
        kept = CHEAP.hash(PASSWORD)
        for login, (role, scope, system) in PEOPLE.items():
            logins.add_login(login_name=login, name=login.title(), password_hash=kept, by="test", system=system)
            logins.give_role(login_name=login, role=role, scope=scope, purpose="test", by="test")

    def browser(self, **options) -> TestClient:
        return TestClient(self.app, base_url="http://127.0.0.1", raise_server_exceptions=False, **options)

    def signed_in(self, login: str) -> TestClient:
        """A browser with a session, which echoes its CSRF token."""
        browser = self.browser()
        browser.get("/api/site")
        browser.headers["X-Metropool-CSRF"] = browser.cookies["metropool_csrf"]
        answer = browser.post("/api/session", json={"login": login, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        browser.headers["X-Metropool-CSRF"] = browser.cookies["metropool_csrf"]
        return browser


@contextmanager
def opened(folder: Path) -> Iterator[Portal]:
    """A portal with a built site, closed at the end."""
    site = folder / "site"
    (site / "assets").mkdir(parents=True)
    (site / "index.html").write_text("<!doctype html><title>Metropool</title>")
    (site / "assets" / "app-1.js").write_text("console.log('x');" * 200)
    (folder / "secret.txt").write_text("secret")
    made = Portal(folder / "state", site)
    yield made
    for host in made.hosts.values():
        host.database.close()


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[Portal]:
    with opened(tmp_path) as made:
        yield made
