"""An operator exchanges a meter: the old one is read, the new one takes its place, and both pages tell it."""

OLD, NEW = "meter-electricity-0003", "440126990003"


def test_exchanges_a_meter_and_both_pages_tell_the_registers(visit):
    who = visit("controller", language="en")
    page = who.open(f"/operator/meters/{OLD}")
    page.get_by_role("button", name="Exchange the meter").click()
    form = page.locator(".ant-modal")
    form.get_by_role("button", name="Read it now").click()
    form.get_by_text("read on demand", exact=True).wait_for()
    read = form.get_by_label("Final register").input_value()
    form.get_by_label("New meter", exact=True).fill(NEW)
    form.get_by_label("Communication address").fill(NEW)
    form.get_by_label("Start register").fill("0.12")
    form.get_by_label("Reason").fill("display is dead")
    form.get_by_role("button", name="Record the exchange").click()
    form.wait_for(state="detached")
    history = page.get_by_role("region", name="Meters of this usage point")
    history.get_by_text("read on demand").wait_for()
    assert f"{float(read):,.2f} kWh" in history.inner_text()
    page.get_by_role("button", name="Read now").wait_for(state="detached")
    history.get_by_role("link", name=NEW).click()
    page.get_by_role("heading", name=f"Meter {NEW}").wait_for()
    assert "0.12 kWh" in history.inner_text()
    page.get_by_role("button", name="Exchange the meter").wait_for()
    (made,) = who.get(f"/metering/api/meters/{OLD}/exchanges").json()["rows"]
    assert (made["new_number"], made["final_source"], made["recorded_by"]) == (NEW, "read", "controller")
    assert float(made["final_register"]) == float(read)
