"""A real small city, started once, and a real browser that fails on any error and on any request that leaves the machine."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from metropool.runtime.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "src" / "metropool" / "portal" / "site" / "index.html"
CHROMIUM = shutil.which("chromium")
ARGS = [
    *("--disable-gpu", "--enable-unsafe-swiftshader", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
DEVICES = {"desktop": {"width": 1440, "height": 900}, "phone": {"width": 390, "height": 844}}
STARTS_WITHIN_S = 600
SEED = 95
"""Of a city in which the meters that tests order something of answer whenever they are asked: elsewhere some leave one question in five."""
SPEED = 30
"""Seconds of the city in one of the machine: what the city waits for a minute, such as a meter's answer, may take two seconds here."""
HERE = Path(__file__).parent


def pytest_collection_modifyitems(items):
    """The time a test is given is its own: the city has its own to start in."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.timeout(120, func_only=True))


@dataclass
class City:
    """A running demo.

    Attributes:
        url: Address of the site.
        passwords: Login to password.
        account: Combined account of ``home1``.
        signed_in: Login to the cookies of a session that somebody signed in for on the page.
    """

    url: str
    home: Path
    passwords: dict
    account: str
    signed_in: dict = field(default_factory=dict)


@pytest.fixture(scope="session")
def city(tmp_path_factory):
    if CHROMIUM is None:
        pytest.skip("chromium is not installed")
    if not SITE.exists():
        pytest.skip("the site is not built: run make site")
    home, port = tmp_path_factory.mktemp("city") / "home", free_port()
    log = home.parent / "demo.log"
    environment = {**os.environ, "METROPOOL_HOME": str(home), "PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, "-m", "metropool.runtime.cli", "demo", "--homes", "4", "--months", "2", "--port", str(port)]
    command += ["--speed", str(SPEED), "--seed", str(SEED)]
    with log.open("wb") as words:
        process = subprocess.Popen(command, env=environment, stdout=words, stderr=words, start_new_session=True)
    try:
        wait_for(log, process)
        logins = json.loads((home / "logins.json").read_text(encoding="utf-8"))
        residents = json.loads((home / "residents.json").read_text(encoding="utf-8"))
        passwords = {row["login"]: row["password"] for row in [*logins, *residents]}
        yield City(f"http://127.0.0.1:{port}", home, passwords, residents[0]["account"])
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=40)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


def wait_for(log, process):
    deadline = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < deadline:
        text = log.read_text(encoding="utf-8", errors="replace")
        if "http://127.0.0.1" in text:
            return
        if process.poll() is not None:
            pytest.fail(f"the demo ended: {text[-2000:]}")
        time.sleep(0.5)
    pytest.fail(f"the demo did not start within {STARTS_WITHIN_S} s: {log.read_text()[-2000:]}")


@pytest.fixture(scope="session")
def browser(city):
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as running:
        launched = running.chromium.launch(executable_path=CHROMIUM, args=ARGS, chromium_sandbox=os.geteuid() != 0)
        yield launched
        launched.close()


def changed(password):
    """What the first password of an administrator becomes."""
    return f"{password[:20]}-Changed-1"


def first_password_changed(page, url, password):
    """The password from now on: the first sign-in of an administrator asks for a new one."""
    if not page.request.get(f"{url}/api/session").json()["must_change_password"]:
        return password
    csrf = next(cookie["value"] for cookie in page.context.cookies() if cookie["name"] == "metropool_csrf")
    body = {"current": password, "new": changed(password)}
    answer = page.request.put(f"{url}/api/session/password", data=body, headers={"X-Metropool-CSRF": csrf})
    assert answer.status == 200, answer.text()
    return body["new"]


class Contexts:
    """Contexts of the browser, each of one visitor at a time: what one has loaded of the site stays for the next, and nothing else does."""

    def __init__(self, browser):
        self._browser, self._free = browser, {"zh-CN": [], "en-US": []}

    def take(self, locale):
        free = self._free[locale]
        return free.pop() if free else self._browser.new_context(locale=locale, timezone_id="Asia/Shanghai")

    def give_back(self, context, locale, *, site):
        """Forget who was there; a context whose page ended elsewhere is not used again, for what it keeps cannot be reached from there."""
        if not all(page.url.startswith(site) for page in context.pages):
            context.close()
            return
        for page in context.pages:
            page.evaluate("localStorage.clear()")
            page.close()
        context.clear_cookies()
        context.clear_permissions()
        self._free[locale].append(context)


@pytest.fixture(scope="session")
def contexts(browser):
    return Contexts(browser)


class Visitor:
    """One person at one device; ``errors`` must stay empty."""

    def __init__(self, contexts, city, *, device="desktop", language="zh"):
        self.contexts, self.locale = contexts, "zh-CN" if language == "zh" else "en-US"
        self.context = contexts.take(self.locale)
        self.page = self.context.new_page()
        self.page.set_viewport_size(DEVICES[device])
        self.city, self.language, self.errors = city, language, []
        self.page.on("pageerror", lambda error: self.errors.append(f"page: {error}"))
        self.page.on("console", lambda said: said.type == "error" and self.errors.append(f"console: {said.text}"))
        self.page.on("request", self._watch)

    def _watch(self, request):
        if request.url.startswith("http") and not request.url.startswith("http://127.0.0.1:"):
            self.errors.append(f"left the machine: {request.url}")

    def enter(self, login):
        """Go on with the session this login has, or sign in on the page."""
        self.context.add_cookies(self.city.signed_in.get(login, []))
        if login not in self.city.signed_in or self.get("/api/session").json() is None:
            self.sign_in(login)
            self.city.signed_in[login] = self.context.cookies()
        return self

    def sign_in(self, login):
        self.open("/login")
        self.page.locator("input").nth(0).fill(login)
        self.page.locator("input[type=password]").fill(self.city.passwords[login])
        self.page.keyboard.press("Enter")
        self.page.wait_for_url(lambda url: "/login" not in url)
        self.city.passwords[login] = first_password_changed(self.page, self.city.url, self.city.passwords[login])
        return self

    def open(self, path):
        joint = "&" if "?" in path else "?"
        self.page.goto(f"{self.city.url}{path}{joint}language={self.language}")
        return self.page

    def settled(self):
        """Wait until no skeleton is left."""
        self.page.locator("main, #root").first.wait_for()
        self.page.locator(".skeleton").first.wait_for(state="detached", timeout=20_000)
        return self.page

    def get(self, path):
        return self.page.request.get(f"{self.city.url}{path}")

    def leave(self):
        """What they met that should not have been."""
        met = list(self.errors)
        self.contexts.give_back(self.context, self.locale, site=self.city.url)
        return met


@pytest.fixture
def visit(contexts, city):
    """Make visitors; at the end none may have met an error."""
    visitors = []

    def make(login=None, **kind):
        visitors.append(Visitor(contexts, city, **kind))
        return visitors[-1].enter(login) if login else visitors[-1]

    yield make
    assert [error for visitor in visitors for error in visitor.leave()] == []
