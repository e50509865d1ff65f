"""A few journeys told in a person's words, over the real city: pay, read a meter, cut and restore supply."""

import io

import pytest
from pypdf import PdfReader


def pdf_text(answer):
    assert answer.status == 200
    return "".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.body())).pages)


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

    def test_sees_today_change_without_a_reload(self, visit, city):
        who = visit("home2")
        account = who.get("/smart_use_platform/api/households").json()["rows"][0]["account"]
        page = who.open(f"/today/{account}")
        who.settled()
        before = page.locator("main").inner_text()
        for _ in range(60):
            page.wait_for_timeout(1000)
            if page.locator("main").inner_text() != before:
                return
        raise AssertionError("nothing changed within a minute, which is an hour in the city")


class TestOperator:
    def post(self, who, path, body, key="k"):
        csrf = next(c["value"] for c in who.context.cookies() if c["name"] == "metropool_csrf")
        headers = {"X-Metropool-CSRF": csrf, "Idempotency-Key": key}
        return who.page.request.post(f"{who.city.url}{path}", data=body, headers=headers)

    def finished(self, who, command):
        for _ in range(60):
            told = who.get(f"/metering/api/commands/{command}").json()
            if told["state"] == "finished":
                return told
            who.page.wait_for_timeout(500)
        raise AssertionError(f"not finished: {told['state']}")

    def test_reads_a_meter_and_cuts_and_restores_supply_with_a_second_person(self, visit, city):
        maker, checker = visit("controller"), visit("checker")
        wanted = {"kind": "read_on_demand", "meter": "meter-electricity-0002", "reason": "browser test"}
        read = self.post(maker, "/metering/api/commands", wanted, "read").json()
        assert self.finished(maker, read["id"])["outcome"] == "done"
        for kind in ("disconnect", "reconnect"):
            ordered = self.post(maker, "/metering/api/commands", {**wanted, "kind": kind}, kind).json()
            own = {"decision": "approve", "reason": "me", "password": city.passwords["controller"]}
            assert self.post(maker, f"/metering/api/commands/{ordered['id']}/approval", own).status == 403
            word = {"decision": "approve", "reason": "seen", "password": city.passwords["checker"]}
            assert self.post(checker, f"/metering/api/commands/{ordered['id']}/approval", word).status == 200
            assert self.finished(maker, ordered["id"])["outcome"] == "done", kind
        page = maker.open(f"/operator/commands/{read['id']}")
        page.locator("main").wait_for()
        maker.settled()
