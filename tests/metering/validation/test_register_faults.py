"""Made faults on two real registers: every fault is found, nothing else is, and the total is exact in spite of them."""

import csv
import json
from datetime import datetime

import pytest

from metering.samples import sample, summary_of
from metropool.capabilities.metering.imports.mapping.loading import read_mapping

REGISTERS = {
    "elec": {"reading_type": "electricity_forward_register_t1", "unit": "kWh", "capacity": "17.25"},
    "gas": {"reading_type": "gas_register", "unit": "m3", "capacity": "6"},
}
CLASSES = {
    "rollover": {"rollover"},
    "stuck": {"standstill", "catch_up"},
    "spike": {"spike"},
    "unit_change": {"scale_change", "blank"},
    "gap": {"gap"},
    "backward": {"backward"},
    "duplicate": {"duplicate"},
    "conflict": {"conflict"},
    "out_of_order": {"out_of_order"},
}


def mapping(kind: str, **more: object):
    column = {"column": "register", "interval_s": 3600, **REGISTERS[kind], **more}
    return read_mapping(
        f"""
name: register_faults
about: one register with made faults
time: {{column: ts_utc, format: "%Y-%m-%dT%H:%M:%SZ"}}
device: {{column: meter_id}}
channels:
  - {column!r}
""",
        where="test",
    )


@pytest.fixture(scope="module", name="faulty", params=["elec", "gas"])
def faulty_register(request):
    summary = summary_of(sample(f"anomalies/register_faults_{request.param}_dev_dirty.csv.gz"), mapping(request.param))
    with sample(f"anomalies/register_faults_{request.param}_dev_labels.csv").open() as file:
        labels = list(csv.DictReader(file))
    return request.param, summary, labels


def test_every_made_fault_is_found(faulty):
    _, summary, labels = faulty
    for label in labels:
        found = [flag["class"] for flag in summary["flags"] if overlaps(flag, label)]
        assert CLASSES[label["fault"]] & set(found), label


def test_no_flag_lies_outside_a_made_fault(faulty):
    _, summary, labels = faulty
    for flag in summary["flags"]:
        assert any(overlaps(flag, label) and flag["class"] in CLASSES[label["fault"]] for label in labels), flag


def test_total_is_exact_in_spite_of_the_faults(faulty):
    kind, summary, _ = faulty
    with sample(f"anomalies/register_faults_{kind}_dev_meta.json").open() as file:
        assert float(summary["channels"][0]["total"]) == json.load(file)["true_total_over_period"]


@pytest.mark.parametrize("kind", ["elec", "gas"])
def test_it_works_without_knowing_the_capacity(kind):
    path = sample(f"anomalies/register_faults_{kind}_dev_dirty.csv.gz")
    known, unknown = summary_of(path, mapping(kind)), summary_of(path, mapping(kind, capacity=""))
    assert unknown["channels"][0]["total"] == known["channels"][0]["total"]
    assert unknown["counts"] == known["counts"]


def overlaps(flag, label):
    begin, end = (datetime.fromisoformat(flag[name]) for name in ("from", "to"))
    # a catch-up is the step after the last stuck reading
    if flag["class"] == "catch_up":
        return (begin - datetime.fromisoformat(label["to_ts"])).total_seconds() == 3600
    return begin <= datetime.fromisoformat(label["to_ts"]) and end >= datetime.fromisoformat(label["from_ts"])
