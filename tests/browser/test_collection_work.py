"""An operator's work on collection: another rhythm, somebody sent out, an hour gone by."""

import re

PLACES = """window.places = new Set(); (function look() {
    const found = document.querySelector('.ant-modal')?.getBoundingClientRect()
    if (found) window.places.add([found.x, found.y, found.width].join(' '))
    requestAnimationFrame(look)
})()"""
"""Remembers where a dialog was, frame by frame."""


def said(page, selector):
    return page.locator(selector).inner_text()


def test_changes_a_schedule_after_being_told_why_not_and_goes_back(visit):
    who = visit("operator", language="en")
    page = who.open("/operator/collection")
    page.evaluate(PLACES)
    page.get_by_role("button", name="Change schedule").click()
    page.get_by_role("button", name="Gas register", exact=True).click()
    page.get_by_label("Asked every").wait_for()
    assert len(page.evaluate("[...window.places]")) == 1, "a dialog that moves loses clicks"
    page.get_by_label("Asked every").fill("0")
    page.get_by_label("Reason").fill("a quieter line")
    page.get_by_role("button", name="Save a new version").click()
    page.get_by_text("0 minutes is no interval").wait_for()
    who.errors[:] = [error for error in who.errors if "422" not in error]
    page.get_by_label("Asked every").fill("30")
    page.get_by_role("button", name="Save a new version").click()
    page.locator(".schedule-chosen").get_by_text("Version 2", exact=True).wait_for()
    rows = {row["item"]: row for row in who.get("/metering/api/collection/schedules").json()["rows"]}
    assert (rows["gas_register"]["every_s"], rows["gas_register"]["versions"][0]["made_by"]) == (1800, "operator")
    page.get_by_label("Reason").fill("as it was before")
    page.get_by_label("Version to restore").click()
    page.get_by_text(re.compile("Version 1 ·")).click()
    page.get_by_role("button", name="Restore", exact=True).click()
    page.locator(".schedule-chosen").get_by_text("Version 3", exact=True).wait_for()


def test_sends_somebody_to_a_terminal_once_and_finishes_the_order(visit):
    who = visit("operator", language="en")
    page = who.open("/operator/collection?terminal=terminal-1")
    for outcome in ("1 opened", "1 open already"):
        page.locator("main table").get_by_role("button", name="Open work order").first.click()
        page.get_by_label("Reason").fill("values are missing every night")
        page.get_by_label("Assigned to").fill("crew 3")
        page.locator(".ant-modal").get_by_role("button", name="Open work order").click()
        page.get_by_text(outcome, exact=True).wait_for()
        page.locator(".ant-modal").get_by_role("button", name="Close").last.click()
        page.locator(".ant-modal").wait_for(state="detached")
    page = who.open("/operator/work-orders")
    page.get_by_role("button", name="WO-000001").click()
    page.locator(".panel").get_by_role("button", name="Begin").click()
    page.locator(".panel").get_by_role("button", name="Hand over or note").wait_for()
    page.locator(".panel").get_by_label("Note").fill("antenna mended")
    page.locator(".panel").get_by_role("button", name="Done").click()
    page.locator(".panel .state-tag").get_by_text("Done").wait_for()
    order = who.get("/metering/api/work-orders/WO-000001").json()
    assert [step["state"] for step in order["steps"]] == ["open", "in_progress", "done"]
    assert order["assigned_to"] == "crew 3"


def test_goes_back_an_hour_with_the_keyboard_and_returns_to_now(visit):
    who = visit("operator", language="en")
    page = who.open("/operator/map")
    who.settled()
    slider = page.get_by_role("slider", name="Time")
    slider.focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    page.wait_for_url(re.compile("at="))
    page.get_by_text("Mean load of the hour").wait_for()
    start, end = re.search(r"(\d\d):00 to (\d\d):00", said(page, ".hour-slider output")).groups()
    assert (int(start) + 1) % 24 == int(end)
    page.locator(".page-as-of").get_by_text(f"{end}:00").wait_for()
    page.get_by_role("button", name="Back to now").click()
    page.wait_for_url(lambda url: "at=" not in url)
    assert said(page, ".hour-slider output") == "Now"
