"""Losses worked out from what meters told, held against what the simulator knows to be lost."""

from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from cityinabox.city import make_city
from cityinabox.clock import unix
from cityinabox.history import write_history
from metropool.capabilities.metering.capability import METERING
from metropool.capabilities.metering.collection import ingest
from metropool.capabilities.metering.loss.queries import FORWARD, newest_losses
from metropool.capabilities.metering.sealing import operations as sealing
from metropool.core.quantities import reading_type
from metropool.facts.registry.tables import channel
from metropool.runtime.enrol import enrol_metering
from portal.desks.conftest import batch_of, make_node

FROM, TO = unix(2026, 6, 28), unix(2026, 7, 1)
LAST, TODAY = date(2026, 6, 30), date(2026, 7, 1)
FILES = {"electricity_daily": "total_kwh", "water_hourly": "water_m3", "gas_hourly": "gas_m3", "heat_hourly": "heat_kwh"}
SHOWN = {"electricity": 60 * 5, "water": 10, "gas": 10, "heat": 1}
AREAS = {"electricity": 2, "water": 2, "gas": 2, "heat": 1}
"""Smallest units a register may be off by: four tariffs and a total behind 60:1, or a display of 0.01 m3 or kWh."""


@pytest.fixture(scope="module")
def city():
    return make_city(7, 25).as_dict()


@pytest.fixture(scope="module")
def node(city, tmp_path_factory):
    """What the old systems hand over of three days, taken in and sealed."""
    node = make_node(tmp_path_factory.mktemp("loss"), METERING, "metering")
    node.write_now("metering", lambda work: enrol_metering(work.registry, city))
    index, rows = node.read_now("metering", lambda work: (work.collection.index()[0], work.registry.rows(channel)))
    files = write_history(city, from_s=FROM, to_s=TO, folder=tmp_path_factory.mktemp("history"))
    batch = batch_of([series for file in files if file.path.stem in FILES for series in series_of(file.path, rows)])
    prepared = ingest.prepare([(1, batch)], index=index, schedules={})
    written = ingest.write(prepared, lake=node.lake)
    node.write_now("metering", lambda work: ingest.commit(work=work, prepared=prepared, files=written, stream="log"))
    while (ready := node.read_now("metering", lambda work: sealing.prepare(work=work))) is not None:
        node.write_now("metering", lambda work, ready=ready: sealing.commit(work=work, prepared=ready))
    yield node
    node.close()


def series_of(path, rows):
    """(address, point, item, instants, values) of each meter in a file."""
    table, item = pq.read_table(path), FORWARD[path.stem.partition("_")[0]]
    meters = table["meter_id"].cast("string")
    value = pc.multiply(table[FILES[path.stem]].cast("float64"), 10.0**-item.scale)
    at = table["at"].cast(pa.timestamp("s", tz="UTC")).cast("int64")
    places = {row["device"]: (row["address"], row["point"]) for row in rows if row["reading_type"] == item.id and row["point"]}
    own = {row["device"]: (row["address"], row["point"]) for row in rows if row["reading_type"] == item.id} | places
    for meter in meters.unique().to_pylist():
        mine = pc.equal(meters, meter)
        yield (*own[meter], item.id, at.filter(mine).to_numpy(), np.rint(value.filter(mine).to_numpy()).astype(np.int64))


@pytest.mark.parametrize("service", list(AREAS))
def test_every_area_loses_what_the_simulator_says(city, node, service):
    newest = node.read_now("metering", lambda work: newest_losses(work=work, service=service, before=TODAY))[0]
    assert newest.day == LAST
    assert len(newest.areas) == AREAS[service]
    for i, area in enumerate(newest.areas):
        total = newest.loss.total(np.array([i]))
        truth = city["series"][f"meter-supply-{area}"]["loss"] / 10_000
        assert total.is_whole
        assert total.rate == pytest.approx(truth, abs=SHOWN[service] * (total.meters + 1) / total.supplied)


def test_the_service_of_an_area_is_its_meters_own(node):
    found = {
        service: node.read_now("metering", lambda work, s=service: newest_losses(work=work, service=s, before=TODAY))
        for service in FORWARD
    }
    assert [one.areas for one in found["heat"]] == [("heat-zone-1",)] * 3
    assert all(area.startswith("water-zone-") for area in found["water"][0].areas)
    assert reading_type("water_register") == FORWARD["water"]


def test_an_earlier_day_looks_at_the_days_before_it(node):
    found = node.read_now("metering", lambda work: newest_losses(work=work, service="water", before=LAST))
    assert [one.day for one in found] == [date(2026, 6, 29), date(2026, 6, 28), date(2026, 6, 27)]
    assert node.read_now("metering", lambda work: newest_losses(work=work, service="water", before=TODAY))[0].day == LAST
