"""District heating came by data alone, a row of the plan, a tariff file, rows of the registry: the home's bill gains a part."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from importlib.resources import files

import pyarrow as pa

from metropool.capabilities.billing import operations as billing
from metropool.capabilities.billing.adapters.tariffs import SqlTariffs
from metropool.capabilities.billing.tariffs import load_tariffs
from metropool.capabilities.settlement import operations as settlement
from metropool.core.clock import VirtualClock
from metropool.core.identifiers import SeededIds
from metropool.core.quantities import reading_type
from metropool.exchange.memory import MemoryBroker
from metropool.exchange.messages import ROWS, BlocksSealed
from metropool.runtime.node import Hosted
from metropool.runtime.settings import Settings
from metropool.runtime.systems import compile_named, open_node

from .conftest import ACCOUNT, COMPANIES, City, enrol

TARIFF = """
tariffs:
  - id: lanwan_residential_heat
    service: heat
    unit: kWh
    zh: 居民供热
    en: Residential district heating
    versions:
      - {valid_from: 2020-01-01, source: made for this test, certainty: derived, charges: [{name: heat, by: total, price: 0.16}]}
"""
NOW = datetime(2026, 7, 1, 2, tzinfo=UTC)


def heat_blocks():
    rows = []
    for number in range(30):
        day = date(2026, 6, 1) + timedelta(days=number)
        start = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) - 8 * 3600
        rows.append(
            {
                "service": "heat",
                "usage_point": "heat-1",
                "device_number": "H0001",
                "reading_type": reading_type("heat_register").id,
                "business_date": day,
                "version": 1,
                "start": start,
                "interval_s": 86_400,
                "values": [1000],
                "quality": None,
                "register_start": 500_000 + number * 1000,
                "register_end": 500_000 + (number + 1) * 1000,
            }
        )
    return pa.Table.from_pylist(rows, schema=ROWS[BlocksSealed])


def assign_heat(work):
    billing.assign_tariff(
        work=work,
        account_number="heat-1-account",
        usage_point="heat-1",
        combined_account=ACCOUNT,
        tariff="lanwan_residential_heat",
        register="heat_register",
        valid_from=date(2026, 6, 1),
    )
    billing.schedule_bill_runs(work=work, service="heat", first_month=date(2026, 6, 1), day=1)


def test_a_homes_bill_gains_a_part_for_heat(tmp_path):
    (tmp_path / "tariffs").mkdir()
    (tmp_path / "tariffs" / "heat.yaml").write_text(TARIFF, encoding="utf-8")
    book = load_tariffs([files("metropool.capabilities.billing.tariffs"), tmp_path / "tariffs"])
    compiled = compile_named("transition")
    names = ("smart_use_platform", "marketing", "water_system", "gas_system", "heat_system", "metering")
    nodes = {name: open_node(name, compiled=compiled, settings=Settings(home=tmp_path)) for name in names}
    for node in nodes.values():
        node.clock, node.ids = VirtualClock(NOW), SeededIds(1)
    heat = nodes["heat_system"]
    placed = heat.hosted["billing"].capability
    keeps = {**placed.keeps, "tariffs": partial(SqlTariffs, book=book)}
    heat.hosted = {"billing": Hosted(capability=replace(placed, keeps=keeps), rows=("heat",))}
    allowed = frozenset((letter.sender, letter.message, letter.receiver) for letter in compiled.letters)
    city = City(nodes, MemoryBroker(allowed=allowed, chance=SeededIds(1)), VirtualClock(NOW))
    try:
        city.platform.write_now("settlement", enrol)
        heat.write_now("billing", assign_heat)
        nodes["metering"].write_now("metering", lambda work: work.tell(BlocksSealed(rows=heat_blocks()), key="june"))
        city.carry()
        while heat.write_now("billing", lambda work: billing.advance_bill_runs(work=work))[0] is not None:
            pass
        city.carry()
        for number, company in enumerate(COMPANIES):
            city.bill(company, number=f"B{number}", amount_fen=1000)
        city.settle(lambda work: settlement.issue_combined_bills(work=work))
        (bill,) = city.platform.read_now("settlement", lambda work: work.dues.combined_bills())
    finally:
        for node in nodes.values():
            node.close()
    parts = {part["service"]: part for part in json.loads(bill["content"])["parts"]}
    assert sorted(parts) == ["electricity", "gas", "heat", "water"]
    assert (parts["heat"]["quantity"], parts["heat"]["amount_fen"]) == ("300", 4800)
    assert parts["heat"]["lines"] == [["heat", "300", "0.16", "48"]]
    assert bill["total_fen"] == 7800
