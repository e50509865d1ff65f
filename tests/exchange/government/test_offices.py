"""What else passes through the hub in every plan: announcements of the government, and meter data a company asks for again."""

from datetime import date, timedelta

import pyarrow as pa
import pytest

from exchange.government.town import APP, DAY, DESK, NOW, READINGS, opened, row
from metropool.capabilities.billing import asking
from metropool.capabilities.office import operations as office
from metropool.capabilities.office.model import Content
from metropool.core.areas import Area
from metropool.core.errors import Conflict, NotFound
from metropool.core.quantities import reading_type
from metropool.facts.readings.schemas import BLOCK
from metropool.facts.registry.tables import channel, end_device, supply_agreement, usage_point
from metropool.portal.desks.money.company import CompanyDesk
from metropool.portal.ports.asked import Asked

POINT = {"number": 900, "id": "w-east-1", "service": "water", "role": "consumption", "place": "east-1"}
KEYS = [(name, "ascending") for name in ("usage_point", "reading_type", "business_date")]
PLANS = ("one", "two", "transition")


@pytest.fixture(params=PLANS)
def town(request, tmp_path):
    with opened(tmp_path, request.param) as made:
        yield made


def keeper_of(town, medium):
    """The company that bills a medium."""
    return next(name for name, node in town.nodes.items() if medium in getattr(node.hosted.get("billing"), "rows", ()))


def test_the_government_announces_from_its_desk_and_its_app_to_homes_of_the_area(town):
    content = Content(
        service="government", kind="safety", title_zh="台风预警", title_en="Typhoon warning", text_zh="请勿外出。", text_en="Stay inside.",
        starts_at=NOW, ends_at=NOW + timedelta(days=1), area=Area(kind="places", places=("north",)),
    )  # fmt: skip
    for at in (DESK, APP):
        write = town.nodes[at].write_now
        draft, _ = write("office", lambda work: office.compose(work=work, content=content, by="ms_chen"))
        write("office", lambda work, d=draft: office.publish(work=work, notice=d.id, seen=d.revision, at=None, by="ms_chen"))
        town.carry()
        (reach,) = town.nodes[town.hub].read_now("notices", lambda work, a=at: work.board.reaches(office=a))
        assert reach.recipients == 10


def add_water(town, company, days):
    """A home has water at the company, and metering has some days of it."""
    agreement = {"account_number": "W1", "party": "p-east-1", "usage_point": POINT["id"], "supplier": "water", "tariff": "t"}
    agreement |= {
        "category": "residential",
        "options": {},
        "combined_account": "A-east-1",
        "valid_from": "2020-01-01",
        "valid_to": None,
    }
    for name in (company, town.hub, READINGS):
        work_of = min(town.nodes[name].hosted)
        town.nodes[name].write_now(work_of, lambda work: work.registry.add(usage_point, [POINT]))
        if name != READINGS:
            town.nodes[name].write_now(work_of, lambda work: work.registry.add(supply_agreement, [agreement]))
    kind = reading_type("water_register").id
    meter = {"id": "m1", "kind": "meter", "model": "x", "serial": "W-0001", "protocol": "cjt188", "address": "1", "settings": {}}
    at = {"id": 1, "device": "m1", "reading_type": kind, "address": 1, "point": 0}
    served = {"channel": 1, "usage_point": 900, "multiplier": "1", "valid_from": 0}
    registry = town.nodes[READINGS].write_now
    registry("metering", lambda work: (work.registry.add(end_device, [meter]), work.registry.add(channel, [at])))
    registry("metering", lambda work: work.registry.install([served]))
    rows = [{**row(900, DAY + timedelta(days=day)), "reading_type": kind} for day in range(days)]
    blocks = pa.Table.from_pylist(rows, schema=BLOCK).sort_by(KEYS)
    town.nodes[READINGS].write_now("metering", lambda work: work.readings.add(work.readings.write_blocks(blocks, name="water")))


def ask(town, company, points=("w-east-1",), service="water"):
    given = {"service": service, "first_day": DAY, "last_day": DAY + timedelta(days=3), "usage_points": points}
    given |= {"reason": "gap", "by": "clerk"}
    return town.nodes[company].write_now("billing", lambda work: asking.ask_rows(work=work, **given))[0]


def test_a_company_asks_for_days_of_its_own_meters_and_sees_what_came(town):
    company = keeper_of(town, "water")
    add_water(town, company, days=2)
    read = town.nodes[company].read_now
    ask(town, company)
    before = read("billing", lambda work: CompanyDesk(work).data_requests(asked=Asked()).rows)
    assert [(one.state, one.held, one.wanted) for one in before] == [("waiting", 0, 4)]
    town.carry()
    (after,) = read("billing", lambda work: CompanyDesk(work).data_requests(asked=Asked()).rows)
    assert (after.state, after.held, after.held_before, after.asked_by) == ("partly", 2, 0, "clerk")
    readings = read("billing", lambda work: CompanyDesk(work).readings(usage_point="w-east-1", asked=Asked()))
    assert [(one.day, one.meter_number) for one in readings.rows] == [(date(2026, 7, d), "W-0001") for d in (2, 1)]
    assert {name: town.parked(name) for name in town.nodes} == {name: [] for name in town.nodes}


def test_a_company_neither_asks_for_nor_reads_others_meters(town):
    company = keeper_of(town, "water")
    with pytest.raises(NotFound):
        ask(town, company, points=("e-east-1",))
    with pytest.raises(NotFound):
        town.nodes[company].read_now("billing", lambda work: CompanyDesk(work).readings(usage_point="e-east-1", asked=Asked()))
    with pytest.raises(Conflict):
        ask(town, keeper_of(town, "electricity"), points=("e-east-1",), service="electricity")
