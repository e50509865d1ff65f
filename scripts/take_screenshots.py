"""Take a picture of every page of a running demo, in both languages, on desktop and phone, for docs/images.

Usage: python scripts/take_screenshots.py http://127.0.0.1:8765 HOME docs/images [PAGE…]
"""

import argparse
import json
import os
import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from browser.conftest import ARGS, DEVICES, changed, first_password_changed
from browser.places import METER, PAGES
from browser.strangers import say_what_is_not_known

QUALITY = 72
LANGUAGES = ("zh", "en")
TALL_MAX = 2400
HALF = "/metering/api/disclosures?state=half_approved"
STILL = ".shell-tabs { position: static !important }"
"""What stays at the edge of a screen would lie across the middle of a picture of the whole page."""


class Visit:
    """One person at one device.

    Args:
        browser: The browser.
        demo: Address and passwords of the demo.
        device: ``desktop`` or ``phone``.
        out: Folder of the pictures.
    """

    def __init__(self, browser, demo, device, out):
        self.context = browser.new_context(locale="zh-CN", timezone_id="Asia/Shanghai", viewport=DEVICES[device])
        self.page = self.context.new_page()
        self.demo, self.device, self.out, self.login = demo, device, out, ""

    def sign_in(self, login):
        """Sign in, and change the password where the first sign-in asks for it."""
        self.login = login
        passwords = self.demo["passwords"]
        if not self._enters(passwords[login]):  # pictures were taken of this demo before
            passwords[login] = changed(passwords[login])
            assert self._enters(passwords[login]), login
        passwords[login] = first_password_changed(self.page, self.demo["url"], passwords[login])

    def _enters(self, password):
        """Whether a password lets them in."""
        self.page.goto(f"{self.demo['url']}/login")
        self.page.locator("input").nth(0).fill(self.login)
        self.page.locator("input[type=password]").fill(password)
        with self.page.expect_response(
            lambda answer: answer.url.endswith("/api/session") and answer.request.method == "POST"
        ) as answer:
            self.page.keyboard.press("Enter")
        if answer.value.ok:
            self.page.wait_for_url(lambda address: "/login" not in address)
        return answer.value.ok

    def take(self, name, path, must):
        """One page in both languages."""
        if not self.wants(name):
            return
        joint = "&" if "?" in path else "?"
        for language in LANGUAGES:
            self.page.goto(f"{self.demo['url']}{path}{joint}language={language}")
            self.page.locator(must).first.wait_for(timeout=60_000)
            self.page.add_style_tag(content=STILL)
            self.page.wait_for_timeout(2500)
            file = self.out / f"{name}-{language}-{self.device}.jpg"
            tall = min(self.page.evaluate("document.documentElement.scrollHeight"), TALL_MAX)
            clip = {"x": 0, "y": 0, "width": DEVICES[self.device]["width"], "height": tall}
            self.page.screenshot(path=str(file), type="jpeg", quality=QUALITY, full_page=True, clip=clip)
            print(file.name)

    def wants(self, name):
        """Whether a page is asked for: all are where none is named."""
        return not self.demo["only"] or name in self.demo["only"]

    def get(self, path):
        """JSON of an API path."""
        return self.page.request.get(f"{self.demo['url']}{path}").json()

    def post(self, path, body, key):
        """JSON of the answer to a request that changes something; the same key once."""
        csrf = next(cookie["value"] for cookie in self.context.cookies() if cookie["name"] == "metropool_csrf")
        headers = {"X-Metropool-CSRF": csrf, "Idempotency-Key": f"picture-{key}"}
        answer = self.page.request.post(f"{self.demo['url']}{path}", data=body, headers=headers)
        assert answer.ok, answer.text()
        return answer.json()

    def ask_for_readings(self):
        """Ask metering for two days of one usage point, so that the page has a row."""
        point = self.get("/water_system/api/customers?size=1")["rows"][0]["usage_point"]
        body = {"first_day": "2026-06-28", "last_day": "2026-06-29", "usage_points": [point], "reason": "补数 / a gap"}
        self.post("/water_system/api/data-requests", body, "data-request")

    def approve_waiting(self):
        """Approve what waits for a steward, so that residents see who looked."""
        for row in self.get("/metering/api/disclosures?state=waiting")["rows"] + self.get(HALF)["rows"]:
            body = {"decision": "approve", "reason": "依法 / by law", "password": self.demo["passwords"][self.login]}
            self.post(f"/metering/api/disclosures/{row['asker']}/{row['id']}/decision", body, row["id"])

    def agree(self, account):
        """Agree to one use of one's data."""
        at = f"/smart_use_platform/api/households/{account}/consents"
        offer = self.get(at)["offers"][0]
        body = {name: offer[name] for name in ("receiver", "message", "purpose")} | {"state": "given"}
        self.post(at, body, "consent")

    def ordered_reading(self):
        """The id of an order to read a meter now."""
        body = {"kind": "read_on_demand", "meter": METER, "reason": "客户来电核对 / a customer asks"}
        return self.post("/metering/api/commands", body, self.device)["id"]

    def open_work_order(self):
        """Send somebody to a meter, so that the page has a row."""
        body = {"devices": [METER], "kind": "clock", "reason": "时钟超差 / clock off", "assigned_to": "外勤三组 / crew 3"}
        self.post("/metering/api/work-orders", body, "work-order")

    def ask_refund(self):
        """Ask for a little of the home's newest paid payment to go back, so that the page has a row."""
        body = {"payment": self.demo["paid"], "amount_fen": 150, "reason": "示数抄错 / read wrong"}
        self.post("/smart_use_platform/api/refunds", body, "refund")

    def pay_one_company(self, account):
        """Pay what one company asks at the channel; the path of the page that says how it ended."""
        self.page.goto(f"{self.demo['url']}/pay/{account}?language=zh")
        self.page.locator(".split .link-button").first.click()
        self.page.locator(".pay-bar button").first.click()
        self.page.wait_for_url(lambda address: not address.startswith(self.demo["url"]), timeout=30_000)
        self.page.locator("button[value=pay]").click()
        self.page.wait_for_url(lambda address: address.startswith(f"{self.demo['url']}/pay/result/"), timeout=30_000)
        return self.page.url.removeprefix(self.demo["url"]).split("?")[0]


def visit_as(browser, demo, login, device, out):
    """All pages of one person at one device, and what has to be done first to be seen."""
    visit = Visit(browser, demo, device, out)
    visit.sign_in(login)
    if login == "operator":
        visit.open_work_order()
    if login == "cashier":
        visit.ask_refund()
    if login == "waterworks":
        visit.ask_for_readings()
    for name, (holder, path, must) in PAGES.items():
        if holder == login:
            visit.take(name, path.format(account=demo["account"]), must)
    if login == "home1" and visit.wants("payment"):
        visit.take("payment", visit.pay_one_company(demo["account"]), "[data-state=succeeded]")
    if login == "controller" and visit.wants("command"):
        visit.take("command", f"/operator/commands/{visit.ordered_reading()}", "[data-outcome], main")
    if login == "waterworks" and visit.wants("company-bill"):
        number = visit.get("/water_system/api/bills?size=1")["rows"][0]["bill_number"]
        visit.take("company-bill", f"/company/water_system/bills/{number}", f"text={number}")
    visit.context.close()


def newest_payment(browser, demo, out):
    """Reference of the newest payment of the home that succeeded."""
    visit = Visit(browser, demo, "desktop", out)
    visit.sign_in("home1")
    rows = visit.get(f"/smart_use_platform/api/households/{demo['account']}/payments")["rows"]
    visit.context.close()
    return next(row["reference"] for row in rows if row["state"] == "succeeded")


def prepare(browser, demo, home, out):
    """What pages show only once somebody did something."""
    say_what_is_not_known(home, names=("picture",))
    for login in ("steward", "steward2"):
        visit = Visit(browser, demo, "desktop", out)
        visit.sign_in(login)
        visit.approve_waiting()
        visit.context.close()
    visit = Visit(browser, demo, "desktop", out)
    visit.sign_in("home1")
    visit.agree(demo["account"])
    visit.context.close()


def main(url: str, home: str, folder: str, *only: str) -> None:
    """Visit each page as its holder and keep what is seen."""
    logins, residents = (
        json.loads((Path(home) / file).read_text(encoding="utf-8")) for file in ("logins.json", "residents.json")
    )
    passwords = {row["login"]: row["password"] for row in [*residents, *logins]}
    demo = {"url": url, "account": residents[0]["account"], "passwords": passwords, "only": set(only)}
    out = Path(folder)
    out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as running:
        browser = running.chromium.launch(executable_path=shutil.which("chromium"), args=ARGS, chromium_sandbox=os.geteuid() != 0)
        prepare(browser, demo, Path(home), out)
        demo["paid"] = newest_payment(browser, demo, out)
        for device in DEVICES:
            Visit(browser, demo, device, out).take("login", "/login", "input[type=password]")
            for login in sorted({holder for name, (holder, _, _) in PAGES.items() if not only or name in only}):
                visit_as(browser, demo, login, device, out)
        browser.close()


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Take a picture of every page of a running demo.")
    parser.add_argument("url", help="address of the demo, such as http://127.0.0.1:8765")
    parser.add_argument("home", help="folder of its state, such as ~/.metropool/demo")
    parser.add_argument("folder", help="where the pictures go, such as docs/images")
    parser.add_argument("only", nargs="*", metavar="PAGE", help="pages to take; all when left out")
    return parser.parse_args()


if __name__ == "__main__":
    asked = _asked()
    main(asked.url, asked.home, asked.folder, *asked.only)
