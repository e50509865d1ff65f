"""A few journeys told in a person's words, over the real city: pay, read a meter, cut and restore supply."""

import io
import re

import pytest
from pypdf import PdfReader

from browser.conftest import Visitor


def pdf_text(answer):
    assert answer.status == 200
    return "".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.body())).pages)


@pytest.fixture(scope="module")
def today(contexts, city):
    """The first page of a home, as it was when the journeys of this file began, and what it says now."""
    who = Visitor(contexts, city).enter("home2")
    account = who.get("/smart_use_platform/api/households").json()["rows"][0]["account"]
    page = who.open(f"/today/{account}")
    who.settled()
    yield page.locator("main").inner_text(), page
    assert who.leave() == []


def post(who, path, body, key="k"):
    csrf = next(c["value"] for c in who.context.cookies() if c["name"] == "metropool_csrf")
    headers = {"X-Metropool-CSRF": csrf, "Idempotency-Key": key}
    return who.page.request.post(f"{who.city.url}{path}", data=body, headers=headers)


def approved(checker, command):
    word = {"decision": "approve", "reason": "seen", "password": checker.city.passwords["checker"]}
    return post(checker, f"/metering/api/commands/{command}/approval", word)


def finished(who, command):
    for _ in range(120):
        told = who.get(f"/metering/api/commands/{command}").json()
        if told["state"] == "finished":
            return told
        who.page.wait_for_timeout(500)
    raise AssertionError(f"not finished: {told['state']}")


@pytest.fixture(scope="module")
def limited(contexts, city):
    """A supply that is off for a time, ordered when the journeys of this file begin: it comes back while they go on."""
    maker, checker = Visitor(contexts, city, language="en").enter("controller"), Visitor(contexts, city).enter("checker")
    page = maker.open("/operator/meters/meter-electricity-0003")
    page.get_by_role("button", name="Limit supply", exact=True).click()
    form = page.locator(".ant-modal")
    form.get_by_label("Supply off for").click()
    page.get_by_title("15 min", exact=True).click()  # half a minute here, so that a busy machine reads it back meanwhile
    form.locator("textarea").fill("works in the street")
    form.locator("input[type=checkbox]").check()
    form.get_by_role("button", name="Limit supply").click()
    page.wait_for_url("**/operator/commands/**")
    page.get_by_text("Supply off for").wait_for()
    ordered = page.url.partition("/commands/")[2].partition("?")[0]
    assert approved(checker, ordered).status == 200
    yield maker, ordered
    assert maker.leave() + checker.leave() == []


@pytest.mark.usefixtures("today", "limited")
class TestResident:
    @pytest.mark.parametrize(("language", "words"), [("zh", "三单合一账单"), ("en", "Combined utility bill")])
    def test_reads_the_bill_as_a_document(self, visit, city, language, words):
        who = visit("home1", language=language)
        bill = who.get(f"/smart_use_platform/api/households/{city.account}/bills/latest").json()
        text = pdf_text(who.get(f"/smart_use_platform/api/households/{city.account}/bills/latest/pdf?language={language}"))
        assert words in text
        assert all(part["account_number"] in text for part in bill["parts"])
        assert f"{bill['total_fen'] / 100:,.2f}" in text

    def test_pays_all_three_companies_at_the_channel(self, visit, city):
        who = visit("home1", device="phone")
        page = who.open(f"/pay/{city.account}")
        page.locator("[data-testid=payable]").wait_for()
        page.locator(".pay-bar button").first.click()
        page.wait_for_url(lambda url: not url.startswith(city.url), timeout=20_000)
        page.locator("button[value=pay]").click()
        page.wait_for_url(lambda url: url.startswith(f"{city.url}/pay/result/"), timeout=20_000)
        page.locator("[data-state=succeeded]").wait_for(timeout=30_000)
        dues = who.get(f"/smart_use_platform/api/households/{city.account}/dues").json()
        assert dues["payable_fen"] == 0

    def test_copies_and_exports_what_a_company_wants_for_its_tax_invoice(self, visit, city):
        who = visit("home1", device="phone", language="en")
        who.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page = who.open(f"/pay/{city.account}")
        page.get_by_role("link", name=re.compile("^Tax invoice of payment")).first.click()
        page.get_by_text("nothing is sent from here for you").wait_for()
        page.get_by_role("button", name=re.compile("^Copy what to quote")).first.click()
        page.get_by_text("Copied", exact=True).wait_for()
        copied = page.evaluate("navigator.clipboard.readText()")
        household = f"/smart_use_platform/api/households/{city.account}"
        paid = who.get(f"{household}/payments").json()["rows"][0]
        rows = who.get(f"{household}/invoice-basis?payment={paid['reference']}").json()["rows"]
        assert sum(row["amount_fen"] for row in rows) == paid["amount_fen"]
        first = rows[0]
        for said in (first["bill_number"], first["account_number"], paid["reference"], f"¥ {first['amount_fen'] / 100:,.2f}"):
            assert said in copied, said
        with page.expect_download() as download:
            page.get_by_role("link", name="Export CSV").click()
        assert paid["reference"] in download.value.path().read_text(encoding="utf-8-sig")

    def test_tops_up_signs_automatic_payment_and_ends_it(self, visit, city):
        who = visit("home3", device="phone", language="en")
        account = who.get("/smart_use_platform/api/households").json()["rows"][0]["account"]
        page = who.open(f"/pay/{account}")
        page.get_by_role("button", name="¥ 200", exact=True).click()
        page.get_by_role("button", name="Top up").click()
        page.wait_for_url(lambda url: not url.startswith(city.url), timeout=20_000)
        page.locator("button[value=pay]").click()
        page.locator("[data-state=succeeded]").wait_for(timeout=30_000)
        page = who.open(f"/pay/{account}")
        page.locator("[data-testid=credit]", has_text="¥ 200.00").wait_for()
        page.get_by_role("button", name="Go and sign").click()
        page.wait_for_url(lambda url: not url.startswith(city.url), timeout=20_000)
        page.locator("button[value=sign]").click()
        page.locator("[data-testid=mandate]").wait_for(timeout=30_000)
        page.get_by_role("button", name="End it").click()
        page.get_by_role("button", name="Go and sign").wait_for()
        dues = who.get(f"/smart_use_platform/api/households/{account}/dues").json()
        assert (dues["credit_fen"], dues["mandate"]["state"]) == (20_000, "revoked")


class TestSomebodyQuick:
    def test_signs_in_before_the_page_has_brought_its_token(self, visit):
        quick, held = visit(), []
        quick.page.route("**/api/site", lambda route: route.continue_() if held else held.append(route))
        quick.sign_in("home4")
        held[0].continue_()
        assert "/login" not in quick.page.url


class TestCashiers:
    def fill(self, page, *, reason, action, **fields):
        form = page.locator(".ant-modal")
        for name, value in fields.items():
            form.get_by_label(name.replace("_", " ")).fill(value)
        form.locator("textarea").fill(reason)
        form.locator("input[type=checkbox]").check()
        form.get_by_role("button", name=action).click()
        form.wait_for(state="detached")

    def test_one_asks_for_a_refund_and_another_refuses_it(self, visit, city):
        payments = visit("home1").get(f"/smart_use_platform/api/households/{city.account}/payments").json()["rows"]
        paid = next(row for row in payments if row["state"] == "succeeded")
        maker, checker = visit("cashier", language="en"), visit("cashier2", language="en")
        page = maker.open("/refunds/smart_use_platform")
        page.get_by_role("button", name="Ask for a refund").click()
        self.fill(page, Payment=paid["reference"], Refund="1.50", reason="read wrong", action="Ask")
        page.get_by_text("Another person decides").wait_for()
        page = checker.open("/refunds/smart_use_platform")
        page.get_by_role("button", name="Refuse").click()
        self.fill(page, Your_password=city.passwords["cashier2"], reason="read right", action="Refuse")
        page.get_by_text("Rejected", exact=True).wait_for()
        asked = checker.get("/smart_use_platform/api/refunds").json()["rows"][0]
        assert (asked["payment"], asked["amount_fen"], asked["state"]) == (paid["reference"], 150, "rejected")


def test_reads_a_meter_and_cuts_and_restores_supply_with_a_second_person(visit, city):
    maker, checker = visit("controller"), visit("checker")
    wanted = {"kind": "read_on_demand", "meter": "meter-electricity-0002", "reason": "browser test", "expires_in_s": 3600}
    read = post(maker, "/metering/api/commands", wanted, "read").json()
    assert finished(maker, read["id"])["outcome"] == "done"
    for kind in ("disconnect", "reconnect"):
        ordered = post(maker, "/metering/api/commands", {**wanted, "kind": kind}, kind).json()
        own = {"decision": "approve", "reason": "me", "password": city.passwords["controller"]}
        assert post(maker, f"/metering/api/commands/{ordered['id']}/approval", own).status == 403
        assert approved(checker, ordered["id"]).status == 200
        assert finished(maker, ordered["id"])["outcome"] == "done", kind
    page = maker.open(f"/operator/commands/{read['id']}")
    page.locator("main").wait_for()
    maker.settled()


def test_supply_limited_for_a_time_is_seen_to_come_back(limited):
    maker, ordered = limited
    told = finished(maker, ordered)
    assert (told["kind"], told["minutes"], told["outcome"]) == ("limit_supply", 15, "done"), told["steps"]
    assert [step["step"] for step in told["steps"]][-3:] == ["holding", "read_back", "finished"]
    page = maker.open("/operator/meters/meter-water-0001")
    page.get_by_text("no order that ends by itself").wait_for()
    assert page.get_by_role("button", name="Limit supply", exact=True).is_disabled()
    maker.settled()


def test_today_changed_without_a_reload(today):
    before, page = today
    for _ in range(120):
        if page.locator("main").inner_text() != before:
            return
        page.wait_for_timeout(500)
    raise AssertionError("nothing changed within a minute, which is half an hour in the city")
