"""A letter that could not be taken in is seen at once; on a phone what is seldom needed is behind "More"; maps keep to their box."""

from browser.strangers import say_what_is_not_known
from browser.test_announcements import confirm

WIDE = {"width": 1400, "height": 900}
NARROW = {"width": 480, "height": 900}
SPAN = """() => {
  const canvas = document.querySelector('.map-box canvas'), copy = document.createElement('canvas')
  copy.width = 200; copy.height = 100
  const pen = copy.getContext('2d')
  pen.drawImage(canvas, 0, 0, 200, 100)
  const row = pen.getImageData(0, 50, 200, 1).data
  const drawn = [...Array(200).keys()].filter((x) => Math.abs(row[4 * x + 2] - row[2]) > 40)
  return { share: drawn.length / 200, fits: canvas.clientWidth === canvas.closest('.map-box').clientWidth }
}"""
BEHIND = """() => {
  const inside = (box, { x, y }, by) => x > box.left - by && x < box.right + by && y > box.top - by && y < box.bottom + by
  const boxes = [...document.querySelectorAll('.react-flow__node')].map((one) => [one.dataset.id, one.getBoundingClientRect()])
  return [...document.querySelectorAll('.react-flow__edge')].flatMap((edge) => {
    const path = edge.querySelector('.react-flow__edge-path'), shown = path.getScreenCTM(), whole = path.getTotalLength()
    const points = [...Array(101).keys()].map((at) => path.getPointAtLength(whole * at / 100).matrixTransform(shown))
    const between = boxes.filter(([, box]) => !inside(box, points[0], 4) && !inside(box, points[100], 4))
    return between.filter(([, box]) => points.some((point) => inside(box, point, -2))).map(([id]) => `${edge.dataset.id} ${id}`)
  })
}"""


def test_a_letter_nobody_knows_is_parked_seen_at_once_and_given_up(visit, city):
    admin = visit("admin", language="en")
    page = admin.open("/admin/parked?system=smart_use_platform")
    page.get_by_text("Nothing is parked here").wait_for(timeout=20_000)
    say_what_is_not_known(city.home, names=("one",))
    row = page.locator("tr", has_text="water_bills").first
    row.wait_for(timeout=30_000)
    assert "version 99" in row.inner_text()
    row.get_by_role("button", name="Replay").click()
    page.locator("[role=status] [role=alert]", has_text="still cannot be taken in").wait_for()
    row.get_by_role("button", name="Give up").click()
    confirm(page, "Give up", reason="they speak the older version again")
    page.get_by_text("Nothing is parked here").wait_for(timeout=20_000)
    page.locator("[role=status]", has_text="Given up").wait_for()
    # The browser notes by itself that the replay was refused.
    admin.errors[:] = [error for error in admin.errors if "409" not in error]


def test_a_charging_station_is_enrolled_given_a_credential_once_and_put_out(visit):
    page = visit("admin", language="en").open("/admin/gateways?system=ev_charging")
    page.get_by_role("textbox", name="Name").fill("pile-7")
    page.get_by_role("textbox", name="Place").fill("site-7")
    page.get_by_role("button", name="Enrol").click()
    row = page.locator("tr", has_text="charging_station/pile-7").first
    row.wait_for(timeout=20_000)
    assert "None yet" in row.inner_text()
    row.get_by_role("button", name="Issue a credential").click()
    confirm(page, "Issue a credential")
    secret = page.locator("[role=status] code.secret")
    secret.wait_for()
    assert len(secret.inner_text()) == 64
    row.get_by_text("Issued").wait_for(timeout=20_000)
    row.get_by_role("button", name="Take back").click()
    confirm(page, "Take back")
    row.get_by_text("Taken back").wait_for(timeout=20_000)
    assert secret.count() == 0


def test_on_a_phone_five_entries_and_the_rest_behind_more_by_keyboard(visit, city):
    page = visit("home1", device="phone", language="en").open(f"/today/{city.account}")
    bar = page.locator(".shell-tabs")
    more = bar.get_by_role("button", name="More")
    more.wait_for()
    assert [text.strip() for text in bar.locator("> a").all_inner_texts()] == ["Home", "Bills", "Usage", "Pay"]
    assert more.get_attribute("aria-expanded") == "false"
    more.focus()
    page.keyboard.press("Enter")
    assert more.get_attribute("aria-expanded") == "true"
    page.keyboard.press("Escape")
    assert more.get_attribute("aria-expanded") == "false" and more.evaluate("one => one === document.activeElement")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/places/" in url)
    bar.locator("button.is-current").wait_for()


def test_on_a_phone_a_link_opens_below_its_card_and_closes_again(visit):
    page = visit("admin", device="phone", language="en").open("/topology")
    card = page.locator(".edge-cards > li", has_text="8.3.4").first
    card.locator("> button").click()
    card.locator("aside").get_by_text("Last messages").wait_for()
    assert card.locator("> button").get_attribute("aria-expanded") == "true"
    assert page.evaluate("[...document.querySelectorAll('main *')].every(one => one.scrollWidth <= innerWidth)")
    card.get_by_role("button", name="Close").click()
    card.locator("aside").wait_for(state="detached")
    page.get_by_role("heading", name="Topology").wait_for()


def test_a_link_of_the_picture_is_opened_by_keyboard_and_what_is_not_counted_is_said_so(visit):
    page = visit("admin", language="en").open("/topology")
    link = page.get_by_label("2.1: Meters to Metering automation")
    link.focus()
    page.keyboard.press("Enter")
    page.locator("aside.panel").get_by_text("it is not counted here").wait_for()
    page.locator("aside.panel").get_by_role("button", name="Close").click()
    page.locator("aside.panel").wait_for(state="detached")
    page.locator(".react-flow__node").first.wait_for()


def test_no_link_of_the_picture_passes_behind_a_system(visit):
    page = visit("admin", language="en").open("/topology?plan=one:direct")
    page.locator(".react-flow__edge-path").first.wait_for(state="attached")
    assert page.evaluate(f"() => ({BEHIND})()") == []


def test_a_map_stays_as_wide_as_its_box(visit, city):
    official = visit("official", language="en")
    official.page.set_viewport_size(NARROW)
    page = official.open("/inquiries/government_desk/new")
    page.locator("[data-ready]").first.wait_for(timeout=30_000)
    page.set_viewport_size(WIDE)
    page.wait_for_function(f"() => {{ const seen = ({SPAN})(); return seen.fits && seen.share > 0.5 }}", timeout=30_000)
