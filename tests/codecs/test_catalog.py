"""Catalog files: all of ours load, and a wrong one is refused with every fault."""

import pytest

from cityinabox.city import make_city
from metropool.core.errors import Invalid, NotFound
from metropool.devices.catalog import device_model, device_models, read_model


def test_the_shipped_models_are_there() -> None:
    made = {device["model"] for device in make_city(seed=1, homes=2).devices}
    assert made <= set(device_models()), "the small city has models nobody described"


def test_a_model_says_what_it_can_do() -> None:
    assert "switches_supply" in device_model("dlt645_single_phase").abilities
    assert device_model("cjt188_gas_valve").meter_type == 0x30
    assert device_model("cjt188_water_valve").register_digits == 6


def test_an_unknown_model_is_not_found() -> None:
    with pytest.raises(NotFound):
        device_model("no_such_model")


def test_every_fault_of_a_file_is_told() -> None:
    text = "{zh: x, en: y, maker: m, protocol: modbus, abilities: [flies], register_digits: -1}"
    with pytest.raises(Invalid) as refusal:
        read_model(name="bad", text=text)
    assert [fault.where for fault in refusal.value.faults] == [
        "bad.yaml: protocol",
        "bad.yaml: abilities",
        "bad.yaml: register_digits",
    ]


@pytest.mark.parametrize("text", ["", "- a list", "{: :", "{zh: only}", "{zh: x, colour: red}"])
def test_a_file_of_another_shape_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        read_model(name="bad", text=text)
