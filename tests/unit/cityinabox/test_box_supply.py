"""A supply meter counts what its area truly used and what was lost on the way, whatever the meters of the customers show."""

from itertools import pairwise

import numpy as np
import pytest

from cityinabox.city import make_city
from cityinabox.clock import unix
from cityinabox.codec import cjt188, dlt645
from cityinabox.codec.bcd import times
from cityinabox.energymeters import EnergyMeter
from cityinabox.flowmeters import FlowMeter
from cityinabox.journal import Journal
from cityinabox.supply import WHOLE, use_of
from cityinabox.supply_meters import LOSSES, SERVICES

START, END = unix(2026, 6, 1), unix(2026, 7, 1)
CITY = make_city(7, 25).as_dict()
SUPPLY = [row for row in CITY["devices"] if row["id"].startswith("meter-supply-")]
SHOP = "meter-electricity-0026"


@pytest.fixture
def journal(tmp_path):
    with Journal(tmp_path / "journal.sqlite") as journal:
        yield journal


def meter(row, journal, *faults):
    kind = EnergyMeter if row["service"] == "electricity" else FlowMeter
    return kind(row, CITY["series"][row["id"]], list(faults), journal)


def supply_of(node):
    return next(row for row in SUPPLY if row["id"] == f"meter-supply-{node}")


def fed_by(row):
    """Meters behind a supply meter by the links of the city file, each with its multiplier."""
    points = {link["to"] for link in CITY["links"] if link["kind"] == "supplies" and row["id"].endswith("-" + link["from"])}
    rows = {
        one["channel"].partition("/")[0]: int(one["multiplier"]) for one in CITY["installations"] if one["usage_point"] in points
    }
    devices = {device["id"]: device for device in CITY["devices"]}
    return [(devices[device], multiplier) for device, multiplier in rows.items()]


@pytest.mark.parametrize("row", SUPPLY, ids=lambda row: row["id"])
def test_supplied_less_sold_is_the_loss_of_the_area(row, journal):
    use = CITY["series"][row["id"]]
    supplied = use["multiplier"] * meter(row, journal).use.interval(START, END)
    sold = sum(meter(one, journal).use.interval(START, END) * multiplier for one, multiplier in fed_by(row))
    least, most = LOSSES[SERVICES[row["id"].removeprefix("meter-supply-").partition("-")[0]]]
    assert least <= use["loss"] <= most
    assert (supplied - sold) / supplied == pytest.approx(use["loss"] / WHOLE, abs=1e-4)


def test_the_shop_counts_forty_times(journal):
    row = supply_of("transformer-1")
    assert SHOP in {one["id"] for one, _ in fed_by(row)}
    assert CITY["series"][row["id"]]["parts"][SHOP]["multiplier"] == 40


@pytest.mark.parametrize("row", SUPPLY, ids=lambda row: row["id"])
def test_registers_never_fall_and_columns_are_the_registers_of_each_time(row, journal):
    use = meter(row, journal).use
    readings = [use.registers(START + 397 * i) for i in range(500)]
    assert all(a <= b for early, late in pairwise(readings) for a, b in zip(early, late, strict=True))
    at = np.random.default_rng(3).integers(unix(2020, 1, 1), unix(2034, 1, 1), 50)
    assert [tuple(one) for one in use.columns(at).T.tolist()] == [use.registers(time) for time in at.tolist()]


def test_what_panels_give_back_comes_back_at_the_supply_meter(journal):
    row = supply_of("transformer-1")
    given = sum(
        sum(meter(one, journal).reverse_registers(END)) - sum(meter(one, journal).reverse_registers(START))
        for one, _ in fed_by(row)
    )
    shown = [sum(meter(row, journal).reverse_registers(at)) for at in (START, END)]
    assert given > 0
    assert abs((shown[1] - shown[0]) * 60 - given) <= 60 * 4


def test_follows_switching_but_no_fault_of_a_meter_behind_it(journal):
    row = supply_of("water-zone-1")
    (home, _), *_ = fed_by(row)
    before = meter(row, journal).register(END)
    stuck = {"kind": "stuck", "device": home["id"], "from": "2026-06-01T00:00:00+08:00", "to": "2026-07-02T00:00:00+08:00"}
    frozen = meter(home, journal, stuck)
    assert frozen.register(END) == frozen.register(START)
    assert meter(row, journal).register(END) == before
    journal.switch_off(home["id"], START)
    saved = before - meter(row, journal).register(END)
    assert saved == pytest.approx(use_of(CITY["series"][home["id"]]).interval(START, END) / (1 - row_loss(row)), abs=2)


def row_loss(row):
    return CITY["series"][row["id"]]["loss"] / WHOLE


def test_has_nothing_to_switch(journal):
    bulk, district = meter(supply_of("water-zone-1"), journal), meter(supply_of("transformer-1"), journal)
    request = cjt188.Frame188(0x10, bulk.address, cjt188.WRITE, cjt188.VALVE, 7, bytes((cjt188.VALVE_CLOSE,)))
    until = times(END + 600, "smhDMY")
    trip = dlt645.control_request(
        address=district.address, command=dlt645.TRIP, password="02000000", operator="00000001", valid_until=until
    )
    assert cjt188.decode(bulk.answer(request.encode(), END)[0]).control & cjt188.ABNORMAL
    assert dlt645.decode(district.answer(trip.encode(), END)[0]).control == 0xDC
    assert not bulk.is_off(END + 60)
    assert not district.is_off(END + 60)
