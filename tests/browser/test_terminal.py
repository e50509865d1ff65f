"""The resident's terminal, outdoors through the host and indoors at the gateway, over the real city."""

import json

import pytest


def at_home(who, city, method, path, body=None):
    """Ask the gateway at its own address in the home, as a terminal that is paired with it."""
    shown = json.loads((city.home / "gateway" / "shown.json").read_text(encoding="utf-8"))
    address = f"http://127.0.0.1:{shown['port']}"
    token = who.context.request.post(f"{address}/pair", data={"code": shown["code"]}).json()["token"]
    answer = who.context.request.fetch(f"{address}{path}", method=method, data=body, headers={"authorization": f"Bearer {token}"})
    assert answer.status == 200
    return answer.json()


@pytest.mark.parametrize(
    ("device", "language", "on", "done"), [("phone", "zh", "打开", "已确认"), ("desktop", "en", "Turn on", "Confirmed")]
)
def test_switches_the_plug_from_anywhere_and_sees_it_read_back(visit, city, device, language, on, done):
    who = visit("home1", device=device, language=language)
    at_home(who, city, "POST", "/points/plug", {"value": 0})
    page = who.open(f"/places/{city.account}")
    switch = page.locator("[data-testid=switch-plug]")
    page.locator("[data-testid=switch-plug][data-state=off]").wait_for(timeout=30_000)
    switch.get_by_role("button", name=on).focus()
    page.keyboard.press("Enter")
    page.locator("[data-testid=switch-plug][data-state=on]").wait_for(timeout=30_000)
    switch.get_by_text(done).wait_for(timeout=30_000)
    values = at_home(who, city, "GET", "/state")["values"]
    assert {(row["item"], row["value"]) for row in values if row["point"] == "plug"} >= {("switch", 1), ("power", 60)}


def test_sees_the_door_open_and_meter_data_that_reached_the_gateway(visit, city):
    who = visit("home1", device="phone", language="en")
    page = who.open(f"/places/{city.account}")
    page.locator("[data-testid=power-now]").wait_for()
    at_home(who, city, "POST", "/edge/door", {"value": 1})
    page.get_by_text("Door opened").first.wait_for(timeout=30_000)
    page.get_by_text("At the gateway").first.wait_for(timeout=60_000)
    assert {block["service"] for block in at_home(who, city, "GET", "/usage")["blocks"]} >= {"electricity"}
