"""Device models as data: what a model speaks, what it can do, how its registers behave."""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from decimal import Decimal
from functools import cache
from importlib.resources import files

import yaml

from metropool.core.errors import Fault, Invalid, NotFound
from metropool.core.yaml_text import read_yaml

PROTOCOLS = ("dlt645", "cjt188", "gdw1376")
ABILITIES = frozenset(
    {"reads_registers", "reads_load_profile", "reads_daily_freeze", "switches_supply", "limits_supply", "has_valve", "forwards"}
)
DI_ORDERS = ("", "be", "le")


@dataclass(frozen=True)
class DeviceModel:
    """A device model (设备型号).

    Attributes:
        id: Name of its file.
        maker: Maker, or ``generic``.
        protocol: ``dlt645``, ``cjt188`` or ``gdw1376``.
        abilities: What it can do, of ABILITIES.
        zh: Chinese name.
        en: English name.
        service: Service kind, empty for terminals.
        register_digits: Digits of the register before the decimal point: it rolls over at 10^digits of ``register_unit``.
        register_decimals: Digits after the decimal point.
        register_unit: ``kWh`` or ``m3``.
        di_order: CJ/T 188: order of identifier bytes it expects.
        meter_type: CJ/T 188: meter type byte.
        volume_basis: Gas: ``uncorrected`` or ``corrected``.
        trip_load_current_max_a: The meter waits with tripping while the load current is above this [A].
        valve_time_s: Longest time the valve's motor needs [s].
        speed_bd: Speed of its line [bit/s].
        source: Where these facts come from and how sure they are.
    """

    id: str
    maker: str
    protocol: str
    abilities: frozenset[str]
    zh: str
    en: str
    service: str = ""
    register_digits: int = 0
    register_decimals: int = 0
    register_unit: str = ""
    di_order: str = ""
    meter_type: int = 0
    volume_basis: str = ""
    trip_load_current_max_a: Decimal | None = None
    valve_time_s: int = 0
    speed_bd: int = 0
    source: str = ""


@cache
def device_models() -> Mapping[str, DeviceModel]:
    """All models by id, from the YAML files of this folder."""
    folder = files("metropool.devices.catalog")
    found = (entry for entry in folder.iterdir() if entry.name.endswith(".yaml"))
    texts = {entry.name.removesuffix(".yaml"): entry.read_text(encoding="utf-8") for entry in found}
    return {name: read_model(name=name, text=texts[name]) for name in sorted(texts)}


def device_model(model: str) -> DeviceModel:
    """The model called ``model``.

    Raises:
        NotFound: No such model.
    """
    try:
        return device_models()[model]
    except KeyError as cause:
        raise NotFound(f"no device model is called {model!r}") from cause


def read_model(*, name: str, text: str) -> DeviceModel:
    """Read one catalog file.

    Raises:
        Invalid: With every fault found: not a mapping, missing, unknown or impossible entries.
    """
    try:
        loaded = read_yaml(text)
    except yaml.YAMLError as cause:
        raise Invalid(f"catalog file {name}.yaml is no YAML: {cause}") from cause
    if not isinstance(loaded, dict):
        raise Invalid(f"catalog file {name}.yaml is no mapping of entries")
    entries = {str(key): value for key, value in loaded.items()}
    faults = _shape_faults(name, entries) or _value_faults(name, entries)
    if faults:
        raise Invalid(f"catalog file {name}.yaml is wrong", faults=faults)
    limit = entries.get("trip_load_current_max_a")
    entries |= {"abilities": frozenset(entries["abilities"]), "id": name}
    entries |= {} if limit is None else {"trip_load_current_max_a": Decimal(str(limit))}
    return DeviceModel(**entries)


def _shape_faults(name: str, entries: dict[str, object]) -> list[Fault]:
    known = {one.name: one for one in fields(DeviceModel) if one.name != "id"}
    faults = [
        Fault(f"{name}.yaml: {key}", "no such entry", f"there are {', '.join(known)}") for key in entries if key not in known
    ]
    needed = [key for key, one in known.items() if one.default is MISSING]
    return faults + [Fault(f"{name}.yaml: {key}", "is missing", "add it") for key in needed if key not in entries]


def _value_faults(name: str, entries: dict[str, object]) -> list[Fault]:
    abilities = entries["abilities"]
    listed = abilities if isinstance(abilities, list) else [abilities]
    unknown = [str(ability) for ability in listed if ability not in ABILITIES]
    checks = [
        ("protocol", entries["protocol"] in PROTOCOLS, f"one of {', '.join(PROTOCOLS)}"),
        ("abilities", isinstance(abilities, list) and not unknown, f"a list of {', '.join(sorted(ABILITIES))}"),
        ("di_order", entries.get("di_order", "") in DI_ORDERS, "be or le"),
        ("volume_basis", entries.get("volume_basis", "") in {"", "corrected", "uncorrected"}, "corrected or uncorrected"),
        ("trip_load_current_max_a", _is_amount(entries.get("trip_load_current_max_a")), "a current in ampere"),
    ]
    numbers = ("register_digits", "register_decimals", "meter_type", "valve_time_s", "speed_bd")
    checks += [(key, _is_count(entries.get(key, 0)), "a whole number, not negative") for key in numbers]
    return [
        Fault(f"{name}.yaml: {key}", f"{entries.get(key)!r}", f"must be {wanted}") for key, good, wanted in checks if not good
    ]


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_amount(value: object) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool) and value > 0)
