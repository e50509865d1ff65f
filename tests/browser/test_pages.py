"""Every page draws itself with its numbers, in both languages, on desktop and phone, without an error."""

import re

import pytest

from browser.places import PAGES

KINDS = [("desktop", "zh"), ("phone", "en")]
RAW_KEY = re.compile(r"\b[a-z_]+\.[a-z_]+\.[a-z_]+\b|\{\{")


@pytest.mark.parametrize(("device", "language"), KINDS)
@pytest.mark.parametrize("login", sorted({login for login, _, _ in PAGES.values()}))
def test_pages_show_their_numbers(visit, city, login, device, language):
    who = visit(login, device=device, language=language)
    for name, (holder, path, must) in PAGES.items():
        if holder != login:
            continue
        page = who.open(path.format(account=city.account))
        page.locator(must).first.wait_for(timeout=25_000)
        who.settled()
        assert page.locator(".state-error").count() == 0, name
        text = page.locator("body").inner_text()
        assert not RAW_KEY.search(text), (name, RAW_KEY.search(text))
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth + 1"), f"{name} scrolls sideways"


def test_the_map_is_drawn(visit):
    page = visit("operator").open("/operator/map")
    page.locator("[data-ready]").first.wait_for(timeout=30_000)
    assert page.locator("canvas").count() >= 1


def test_the_loss_of_an_area_is_beside_the_map_and_in_its_table(visit):
    who = visit("operator")
    page = who.open("/operator/map?service=water&shade=loss_rate&area=water-zone-1")
    page.locator("[data-ready]").first.wait_for(timeout=30_000)
    loss = who.get("/metering/api/areas/water-zone-1?service=water").json()["loss"]
    shown = f"{float(loss['rate']['value']):,.1f}%"
    page.locator("aside.panel dd", has_text=shown).locator(".state-tag").wait_for()
    assert loss["day"] in page.locator(".key-numbers").inner_text()
    page.locator(".chart-switch button").first.click()
    rows = [row for row in page.locator("tr").all_inner_texts() if "供水片区" in row and loss["day"] in row]
    assert len(rows) == 1
    assert shown in rows[0]


def test_a_chart_and_its_table_say_what_the_api_says(visit, city):
    who = visit("home1")
    page = who.open(f"/bills/{city.account}/latest")
    page.locator("canvas").first.wait_for(timeout=20_000)
    bill = who.get(f"/smart_use_platform/api/households/{city.account}/bills/latest").json()
    assert len(bill["history"]) == 13
    total = f"{bill['total_fen'] / 100:,.2f}"
    assert total in page.locator("body").inner_text()


def test_a_resident_sees_only_their_own(visit, city):
    who = visit("home2")
    answer = who.get(f"/smart_use_platform/api/households/{city.account}/dues")
    assert answer.status == 404
    assert who.get("/metering/api/overview").status == 403
