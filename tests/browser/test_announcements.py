"""A water company announces, a resident reads it without a reload, the company sees it read and takes it back."""

SCRIPT = "<img src=x onerror=window.ran=1><script>window.ran=1</script>"


def write(page, **texts):
    names = {"title_zh": "Chinese title", "title_en": "English title", "text_zh": "Chinese text", "text_en": "English text"}
    for name, label in names.items():
        page.get_by_label(label).fill(texts.get(name, f"{name} {SCRIPT}"))


def draw(page, *corners):
    """Click corners, each a share of the map's width and height."""
    page.locator(".notice-map[data-ready]").wait_for()
    canvas = page.locator(".notice-map canvas")
    box = canvas.bounding_box()
    for right, down in corners:
        canvas.click(position={"x": right * box["width"], "y": down * box["height"]})
    page.get_by_text(f"{len(corners)} corners").wait_for()


def confirm(page, action, *, reason=None):
    form = page.locator(".ant-modal")
    if reason:
        form.get_by_label("Reason").fill(reason)
    form.get_by_role("checkbox").check()
    form.get_by_role("button", name=action).click()
    form.wait_for(state="detached")


def test_an_announcement_goes_from_the_company_to_the_home_and_back(visit, city):
    resident = visit("home2", device="phone", language="en")
    account = resident.get("/smart_use_platform/api/households").json()["rows"][0]["account"]
    home = resident.open(f"/notices/{account}")
    resident.settled()
    company = visit("waterworks", language="en")
    page = company.open("/announcements/water_system/new")
    write(page)
    page.get_by_text("Drawn on the map").click()
    draw(page, (0.02, 0.05), (0.9, 0.05), (0.9, 0.95), (0.02, 0.95))
    page.get_by_role("button", name="Publish", exact=True).click()
    confirm(page, "Publish")
    page.get_by_text("Edition 1 · Published").wait_for()

    card = home.locator(".notice", has_text=f"title_en {SCRIPT}")
    card.wait_for(timeout=20_000)
    assert f"text_en {SCRIPT}" in card.inner_text()
    assert "Affected" in card.inner_text()
    assert home.locator(".notice img, .notice script").count() == 0
    card.scroll_into_view_if_needed()
    card.locator(".notice-new").wait_for(state="detached", timeout=20_000)
    read = page.locator(".key-number", has_text="Read").locator(".key-value", has_text="1")
    read.wait_for(timeout=20_000)

    page.get_by_role("button", name="Withdraw").click()
    confirm(page, "Withdraw", reason="repaired already")
    page.get_by_text("Withdrawn: repaired already").wait_for()
    home.locator(".notice.is-withdrawn", has_text=f"title_en {SCRIPT}").wait_for(timeout=20_000)
    assert [where.evaluate("window.ran") for where in (home, page)] == [None, None]


def test_what_cannot_be_drawn_is_refused_in_words_and_nothing_is_lost(visit, city):
    who = visit("waterworks", language="en")
    page = who.open("/announcements/water_system/new")
    write(page, title_en="Crossed")
    page.get_by_text("Drawn on the map").click()
    draw(page, (0.1, 0.1), (0.9, 0.9), (0.9, 0.3), (0.1, 0.9))
    page.get_by_role("button", name="Save draft").click()
    page.get_by_text("the edge crosses itself").wait_for()
    assert page.get_by_label("English title").input_value() == "Crossed"
    who.errors[:] = [error for error in who.errors if "422" not in error]


def test_an_area_is_chosen_by_keyboard_alone(visit, city):
    page = visit("gasworks", language="en").open("/announcements/gas_system/new")
    write(page, title_en="Visits")
    page.get_by_label("Whole city").focus()
    page.keyboard.press("ArrowRight")
    page.get_by_label("Choose districts or communities").focus()
    page.keyboard.type("Garden")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Save draft").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/announcements/gas_system/NT*")
    page.locator(".notice[lang=en]", has_text="Garden").wait_for()
