"""Adds to a city the points at which something is metered, and the meters at them."""

from cityinabox.network import INSTALLED, REGION, Network, device_row
from cityinabox.tables import Row

PASSWORD, OPERATOR = "02000000", "00000001"
READING_TYPES = {
    "electricity": (
        "electricity_forward_register",
        *(f"electricity_forward_register_t{k}" for k in range(1, 5)),
        "electricity_reverse_register",
        "electricity_forward_profile_register",
        "electricity_forward_energy",
        "electricity_active_power",
        "electricity_voltage_a",
        "electricity_current_a",
        "electricity_relay_state",
        "electricity_forward_month_register",
    ),
    "water": ("water_register", "water_settlement_register", "water_valve_state"),
    "gas": ("gas_register", "gas_settlement_register", "gas_valve_state"),
    "heat": ("heat_register",),
}
MODELS = {
    "electricity": ("dlt645_single_phase", "dlt645-2007"),
    "water": ("cjt188_water_valve", "cjt188"),
    "gas": ("cjt188_gas_valve", "cjt188"),
    "heat": ("cjt188_heat", "cjt188"),
}


class Metered(Network):
    """Usage points, meters, and which meter serves which point."""

    def _meter(self, service: str, n: int, place: str, terminal: Row | None) -> Row:
        serial = f"{n:06d}" if service == "electricity" else f"{self.rng.randrange(100):02d}{n:06d}"
        return self._add_meter(f"meter-{service}-{n:04d}", service, serial, place, terminal)

    def _add_meter(self, device: str, service: str, serial: str, place: str, terminal: Row | None) -> Row:
        """A meter behind a terminal, at its next measuring point where it is one of electricity."""
        model, protocol = MODELS[service]
        maker = {"electricity": f"{REGION}26", "water": "111124", "gas": "333324", "heat": "222224"}[service]
        row = device_row(device, "meter", model, maker + serial, protocol)
        row |= {"service": service, "place": place, "parent": terminal["id"] if terminal else None, "point": 0}
        if service == "electricity":
            row |= {"password": PASSWORD, "operator": OPERATOR}
            if terminal:
                self.points[terminal["id"]] += 1
                row["point"] = self.points[terminal["id"]]
        else:
            row["meter_type"] = {"water": "10", "gas": "30", "heat": "20"}[service]
        self.city.devices.append(row)
        return row

    def _install(self, meter: Row, point: str, multiplier: str) -> None:
        for code in READING_TYPES[meter["service"]]:
            channel = f"{meter['id']}/{code}"
            self.city.channels.append({"id": channel, "device": meter["id"], "reading_type": code})
            row = {"channel": channel, "usage_point": point, "multiplier": multiplier, "valid_from": INSTALLED}
            self.city.installations.append(row)

    def _usage_point(self, point: str, service: str, place: str, node: str) -> str:
        """A point at which a customer is supplied through a node of the network."""
        self._add_point(point, service, "consumption", place, node)
        self.link(node, point, "supplies")
        return point

    def _add_point(self, point: str, service: str, role: str, place: str, node: str) -> None:
        row = {"id": point, "service": service, "role": role, "place": place, "network_node": node}
        self.city.usage_points.append(row)
