"""Changes of level: real gas meters that came back in another unit; and facts of many channels at once."""

import gzip

import pyarrow as pa

from metering.made import fact
from metering.samples import flags, other_share, sample, summary_of
from metropool.capabilities.metering.imports.mapping.loading import read_mapping
from metropool.capabilities.metering.validation.rules import ChannelFacts


def buildings(path):
    with gzip.open(path, "rt") as file:
        names = file.readline().strip().split(",")[1:]
    columns = [
        {"column": name, "reading_type": "electricity_forward_energy", "unit": "kWh", "interval_s": 3600} for name in names
    ]
    text = f'name: b\nabout: b\ntime: {{column: ts, format: "%Y-%m-%d %H:%M:%S"}}\nchannels: {columns!r}\n'
    return read_mapping(text, where="test")


def test_gas_meters_that_changed_scale_without_notice_are_told():
    path = sample("buildings/cambridge/gas_hourly_2016_2019.csv.gz")
    summary = summary_of(path, buildings(path))
    told = {(flag["channel"], flag["from"][:10]) for flag in flags(summary, "level_change")}
    assert ("b25", "2018-01-01") in told
    assert ("b0", "2018-01-20") in told
    assert len(told) <= 12, "the others are starts and ends of heating"
    assert other_share(summary, {"level_change"}) < 0.0001


def test_electricity_of_24_buildings_keeps_its_level():
    path = sample("buildings/cambridge/electricity_kwh_hourly_2016_2019.csv.gz")
    assert flags(summary_of(path, buildings(path)), "level_change") == []


def test_facts_as_columns_say_the_same_as_facts_one_by_one():
    channels = pa.table({"channel": [4, 2], "item": [1, 13], "digits": [6, None], "interval_s": [900, 60]})
    columns = ChannelFacts.of_columns(channels)
    listed = ChannelFacts.of(
        [
            fact(2, "electricity_mean_power", interval_s=60, capacity=0),
            fact(4, interval_s=900, capacity=0, modulus=10**10),
        ]
    )
    for name in vars(listed):
        assert getattr(columns, name).tolist() == getattr(listed, name).tolist(), name
