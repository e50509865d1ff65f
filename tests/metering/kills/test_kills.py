"""kill -9 of every part of the live path, again and again: nothing acknowledged is lost or doubled (P1, P4; F80, F81)."""

import json
import os
import random
import time
from dataclasses import dataclass, field
from threading import Event, Thread

import httpx
import pytest

from metering.kills.compare import compare
from metering.kills.harness import City, until

SEED = int(os.environ.get("METROPOOL_SEED", "20260701"))
SOAK = bool(os.environ.get("METROPOOL_SOAK"))
MOMENTS = {
    # part to its moments: a place in the code, or some moment the seed draws
    "frontend": ["any", "any", "any", "frontend.batch_made", "frontend.batch_kept"],
    "broker": ["any"] * 4,
    "metering": [
        *("any", "any", "any", "writer.files_written", "writer.inside_commit", "writer.committed"),
        *("sealing.at_work", "sealing.files_written", "sealing.inside_commit", "relay.delivered"),
    ],
    "platform": ["relay.taken_in", "portal.session_kept", "any"],
}
PAGE = "/smart_use_platform/api/households/{account}/usage"
PERIOD = {"service": "electricity", "start": "2026-07-01T16:00:00+00:00", "end": "2026-07-02T16:00:00+00:00"}


def drawn(seed: int, *, rounds: int) -> list[tuple[str, str, float]]:
    """Part, moment and pause before it [s] of every kill, mixed by the seed; the last part is never the next one."""
    chance = random.Random(seed)
    left = {part: chance.sample(moments * rounds, len(moments) * rounds) for part, moments in MOMENTS.items()}
    kills: list[tuple[str, str, float]] = []
    while any(left.values()):
        open_parts = [part for part, moments in left.items() if moments and (not kills or part != kills[-1][0])]
        part = max(open_parts or [kills[-1][0]], key=lambda name: (len(left[name]), chance.random()))
        kills.append((part, left[part].pop(), chance.uniform(0.1, 0.8)))
    return kills


@dataclass
class Browser:
    """A resident who keeps looking at the usage page while the platform comes and goes."""

    city: City
    login: dict[str, str]
    statuses: dict[int, int] = field(default_factory=dict)
    unanswered: int = 0
    _stop: Event = field(default_factory=Event)

    def __post_init__(self) -> None:
        url = f"http://127.0.0.1:{self.city.ports['platform']}"
        self.client = httpx.Client(base_url=url, trust_env=False, timeout=10)

    def sign_in(self) -> None:
        """Sign in; a platform killed at it gives no answer, and signing in again must work."""
        self.client.get("/api/site")
        token = {"X-Metropool-CSRF": self.client.cookies.get("metropool_csrf", "")}
        answer = self.client.post("/api/session", json={k: self.login[k] for k in ("login", "password")}, headers=token)
        assert answer.status_code == 200, answer.text

    def look(self) -> httpx.Response:
        """The usage page of a day."""
        return self.client.get(PAGE.format(account=self.login["account"]), params=PERIOD)

    def watch(self) -> Thread:
        """Look again and again, beside the test."""
        thread = Thread(target=self._watch, daemon=True)
        thread.start()
        return thread

    def _watch(self) -> None:
        while not self._stop.wait(0.3):
            try:
                status = self.look().status_code
                self.statuses[status] = self.statuses.get(status, 0) + 1
            except httpx.HTTPError:
                self.unanswered += 1

    def stop(self) -> None:
        """Stop looking."""
        self._stop.set()


def kill(city: City, browser: Browser, part: str, moment: str) -> None:
    """One kill, and the start after it."""
    victim = city.parts[part]
    victim.ready()
    if part == "broker":
        city.kill_broker()
        return
    if moment == "any":
        victim.kill()
    else:
        victim.arm(moment)
        if moment == "portal.session_kept":
            with pytest.raises(httpx.HTTPError):
                browser.sign_in()
        # Some places are come to once a business day, when it is sealed.
        victim.died_at(moment, patience_s=86_400 / city.speed + 45)
    victim.start()
    if moment == "portal.session_kept":
        victim.ready()
        browser.sign_in()


@pytest.mark.timeout(900 if SOAK else 300)
def test_whatever_is_killed_nothing_acknowledged_is_lost_or_doubled(tmp_path, capsys):
    kills = drawn(SEED, rounds=4 if SOAK else 1)
    assert len(kills) >= 20
    city, began = City(home=tmp_path / "city", seed=SEED % 1000, homes=4), time.monotonic()
    city.enrol()
    try:
        city.start()
        browser = Browser(city, residents(city)[0])
        browser.sign_in()
        watching = browser.watch()
        for part, moment, pause_s in kills:
            time.sleep(pause_s)
            kill(city, browser, part, moment)
        for part in city.parts.values():
            if part.name != "field":
                part.ready()
        time.sleep(3)
        browser.stop()
        watching.join(15)
        city.parts["field"].stop()
        city.settle()
        found = compare(city)
        check_pages(city, browser)
    finally:
        city.stop()
    killed = sum(part.kills for part in city.parts.values())
    with capsys.disabled():
        print(f"\n  seed {SEED}: {killed} kills in {time.monotonic() - began:.0f} s; {found}; pages {browser.statuses}")
    assert killed == len(kills) + 1
    assert found.sealed_days >= 1


def check_pages(city: City, browser: Browser) -> None:
    """The session outlives a kill of its process, and the page says the same after it; no page ever failed with an answer."""
    assert set(browser.statuses) <= {200}, browser.statuses
    before = browser.look().json()
    city.parts["platform"].kill()
    city.parts["platform"].start()
    city.parts["platform"].ready()
    until(lambda: browser.look().status_code == 200, "the page is back", patience_s=10)
    after = browser.look().json()
    assert before["series"] == after["series"]
    assert sum(value is not None for value in before["series"]["values"]) >= 8


def residents(city: City) -> list[dict[str, str]]:
    """Logins of the homes."""
    return json.loads((city.home / "residents.json").read_text(encoding="utf-8"))
