"""An exchange is recorded once, refused with a reason, corrected by a new version; sealed days follow, also late ones."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from metering.meter_exchange.world import DAY, NOON, World, draft
from metropool.capabilities.metering.collection import queries
from metropool.capabilities.metering.meter_exchange import operations
from metropool.core.errors import Conflict, Invalid, NotFound
from metropool.core.quantities import reading_type
from metropool.devices.addresses import pack_cjt188, pack_terminal

REGISTER, PROFILE = "electricity_forward_register", "electricity_forward_profile_register"
OLD, NEW, POINT = "meter-electricity-0001", "meter-440126900001", "electricity-0001"
MIDNIGHTS = [datetime(2026, 7, day, 16, 0, tzinfo=UTC) for day in (8, 9, 10, 11, 12)]
TENTH, ELEVENTH = date(2026, 7, 10), date(2026, 7, 11)


@pytest.fixture
def world(tmp_path):
    world = World(tmp_path)
    world.measured(OLD, REGISTER, (MIDNIGHTS[0], "100"), (MIDNIGHTS[1], "105.5"))
    world.seal()
    yield world
    world.database.close()


def after(world, device=NEW, code=REGISTER):
    """The new meter goes on from 3 kWh: 4.25 at midnight, then 4 a day."""
    world.measured(device, code, (MIDNIGHTS[2], "4.25"), (MIDNIGHTS[3], "8.25"), (MIDNIGHTS[4], "12.25"))


def units(value):
    return reading_type(REGISTER).stored(Decimal(value))


def test_the_day_of_the_exchange_is_what_both_meters_counted_and_says_so(world):
    world.exchange()
    after(world)
    world.seal()
    block = world.block(POINT, REGISTER, TENTH)
    assert block["values"] == [units("4.5") + units("1.25")]
    assert (block["register_start"], block["register_end"]) == (units("105.5"), units("4.25"))
    assert block["device_number"] == "440126900001"
    old = next(row["address"] for row in world.city["devices"] if row["id"] == OLD)
    assert block["meters"] == f'[["{old}",{units("105.5")},{units("110")}],["440126900001",{units("3")},{units("4.25")}]]'
    before, later = world.block(POINT, REGISTER, date(2026, 7, 9)), world.block(POINT, REGISTER, ELEVENTH)
    assert (before["device_number"], before["meters"]) == (old, None)
    assert (later["device_number"], later["meters"], later["values"]) == ("440126900001", None, [units("4")])


def test_an_exchange_entered_days_later_makes_new_versions_from_its_day_on_and_takes_in_what_the_meter_told(world):
    terminal = next(row for row in world.city["devices"] if row["kind"] == "concentrator")
    address = pack_terminal(region=terminal["region"], terminal=terminal["terminal"])
    world.told_by_nobody(address, 9, REGISTER, (MIDNIGHTS[2], "4.25"), (MIDNIGHTS[3], "8.25"), (NOON - DAY, "0.5"))
    other = "meter-electricity-0002"
    world.measured(other, REGISTER, *((midnight, str(50 + n)) for n, midnight in enumerate(MIDNIGHTS)))
    world.seal()
    seen = world.block("electricity-0002", REGISTER, TENTH)
    world.exchange(point=9)
    world.seal()
    block = world.block(POINT, REGISTER, TENTH)
    assert (block["version"], block["values"]) == (2, [units("5.75")])
    assert world.block(POINT, REGISTER, ELEVENTH)["values"] == [units("4")]
    assert world.block("electricity-0002", REGISTER, TENTH) == seen, "nobody else's day is another version"
    assert world.block(POINT, REGISTER, date(2026, 7, 9))["version"] == 1
    newest = world(queries.newest_readings, channels=[world.channel(NEW, REGISTER)])
    assert newest["value"].to_pylist() == [units("8.25")]


def test_the_quarter_hours_around_the_exchange_add_up(world):
    step = timedelta(minutes=15)
    world.measured(OLD, PROFILE, *((NOON - step * n - timedelta(minutes=7), f"{109.9 - n / 10:.1f}") for n in range(3)))
    world.measured(OLD, PROFILE, (NOON - step, "109.4"), (NOON - 2 * step, "109"))
    world.exchange(at=NOON + timedelta(minutes=7))
    world.measured(NEW, PROFILE, (NOON + step, "3.5"), (NOON + 2 * step, "4"))
    world.measured(OLD, PROFILE, (NOON, "109.95"))
    world.seal()
    block = world.block(POINT, PROFILE, TENTH)
    at = 12 * 4
    assert block["values"][at] == units("110") - units("109.95") + units("3.5") - units("3")
    assert block["values"][at + 1] == units("0.5")


def test_an_exchange_of_a_meter_read_by_the_hour_is_not_moved_to_the_hour(world):
    old = "meter-water-0001"
    hour = timedelta(hours=1)
    for n in range(-12, 3):
        if n <= 0:
            world.measured(old, "water_register", (NOON + n * hour, f"{50 + n / 100:.2f}"))
    world.exchange(
        device=old,
        at=NOON + timedelta(minutes=4),
        final=Decimal("50.01"),
        start=Decimal("0.20"),
        number="W9",
        address="11112400900001",
        protocol="cjt188",
    )
    world.measured("meter-W9", "water_register", (NOON + hour, "0.25"), (NOON + 2 * hour, "0.27"))
    world.seal()
    block = world.block("water-0001", "water_register", TENTH)
    assert block["values"][12:14] == [60, 20]


def test_the_same_key_is_one_exchange_and_another_draft_a_conflict(world):
    first = world.exchange()
    assert world.exchange() == first
    with pytest.raises(Conflict):
        world.exchange(final=Decimal("111"))
    assert len(world(lambda work: work.exchanges.versions(id=first))) == 1


@pytest.mark.parametrize(
    ("values", "kind", "key"),
    [
        ({"at": NOON + 4 * DAY}, Invalid, "metering.exchange_future"),
        ({"at": datetime(2000, 1, 1, tzinfo=UTC)}, Invalid, "metering.exchange_too_early"),
        ({"final": Decimal("105.49")}, Invalid, "metering.exchange_register_below"),
        ({"start": Decimal("-1")}, Invalid, "metering.exchange_negative"),
        ({"at": NOON - 2 * DAY}, Invalid, "metering.exchange_read_after"),
        ({"number": "440126000002"}, Conflict, "metering.exchange_in_use"),
        ({"address": "440126000002"}, Conflict, "metering.exchange_in_use"),
        ({"address": "12"}, Invalid, "metering.exchange_address"),
        ({"protocol": "cjt188"}, Invalid, "metering.exchange_protocol"),
        ({"point": 1}, Conflict, "metering.exchange_point"),
        ({"device": "meter-electricity-0099"}, NotFound, ""),
    ],
)
def test_what_cannot_be_is_refused_with_its_reason_and_changes_nothing(world, values, kind, key):
    values = {"final": Decimal("99.99")} | values if key == "metering.exchange_read_after" else values
    values |= {"final": Decimal("101")} if key == "metering.exchange_read_after" else {}
    with pytest.raises(kind) as refused:
        world.exchange(**values)
    assert refused.value.key == key
    assert world(lambda work: work.events.of()) == []
    world.exchange(key="k2")


def test_a_display_with_two_decimals_does_not_make_the_register_step_back(world):
    world.measured(OLD, REGISTER, (NOON - timedelta(hours=1), "110.0078"))
    world.exchange()
    after(world)
    world.seal()
    assert world.block(POINT, REGISTER, TENTH)["values"] == [units("110.0078") - units("105.5") + units("1.25")]


def test_a_meter_that_was_taken_out_is_not_exchanged_again_nor_asked_any_more(world):
    world.exchange()
    with pytest.raises(Conflict) as refused:
        world.exchange(key="k2", number="9", address="440126900009")
    assert refused.value.key == "metering.exchange_not_installed"

    def expected(work):
        index, _ = work.collection.index()
        return {int(n) for n in index.serves.nonzero()[0]}

    serving = world(expected)
    assert world.channel(NEW, REGISTER) in serving
    assert world.channel(OLD, REGISTER) not in serving


def test_a_wrong_exchange_is_corrected_by_a_new_version_and_its_days_with_it(world):
    number = world.exchange(address="440126900007", number="440126900007")
    world.seal()
    right = draft(at=NOON + timedelta(hours=2), final=Decimal("110.5"), start=Decimal("2"))
    assert world(operations.correct_exchange, id=number, draft=right) == number
    assert world(operations.correct_exchange, id=number, draft=right) == number, "the same correction again changes nothing"
    after(world, device="meter-440126900007")
    world.seal()
    block = world.block(POINT, REGISTER, TENTH)
    assert (block["values"], block["device_number"]) == ([units("5") + units("2.25")], "440126900001")
    first, second = world(lambda work: work.exchanges.versions(id=number))
    assert (first["replaced_by"], second["version"], second["replaced_by"]) == (second["number"], 2, None)
    assert (first["new_meter"]["number"], second["new_meter"]["number"]) == ("440126900007", "440126900001")
    assert len(world(lambda work: work.events.of(device=OLD))) == 2
    with pytest.raises(NotFound):
        world(operations.correct_exchange, id="none", draft=right)


def test_an_exchange_whose_new_meter_was_exchanged_since_stays(world):
    number = world.exchange()
    after(world)
    second = {
        "device": NEW,
        "at": NOON + 2.9 * DAY,
        "number": "8",
        "address": "440126900008",
        "final": Decimal("13"),
        "start": Decimal(0),
    }
    world.exchange(key="k2", **second)
    with pytest.raises(Conflict) as refused:
        world(operations.correct_exchange, id=number, draft=draft(start=Decimal("1")))
    assert refused.value.key == "metering.exchange_exchanged_again"


def test_an_exchange_at_midnight_closes_the_day_that_ends_there(world):
    world.exchange(at=MIDNIGHTS[2])
    world.measured("meter-electricity-0002", REGISTER, (MIDNIGHTS[2], "50"))
    world.measured(NEW, REGISTER, (MIDNIGHTS[3], "8.25"))
    world.seal()
    day, next_day = world.block(POINT, REGISTER, TENTH), world.block(POINT, REGISTER, ELEVENTH)
    assert day["values"] == [units("4.5")]
    assert day["meters"].endswith(f'["440126900001",{units("3")},{units("3")}]]')
    assert (next_day["values"], next_day["meters"]) == ([units("5.25")], None)


def test_a_flow_meter_goes_on_under_its_own_address(world):
    world.exchange(
        device="meter-water-0001", final=Decimal("9"), start=Decimal(0), number="W9", address="11112400900001", protocol="cjt188"
    )
    channel = world.channel("meter-W9", "water_register")
    index, _ = world(lambda work: work.collection.index())
    assert index.address_of[channel] == pack_cjt188("11112400900001", meter_type=0x10)
