"""The simulated city as its file says it, and what its meters showed: what the runner knows was caused."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq

from metropool.core.periods import DAY, day_period
from metropool.runtime.enrol import lying_in

Row = dict[str, Any]
FILES = {
    "electricity": ("electricity_daily", "total_kwh"),
    "water": ("water_hourly", "water_m3"),
    "gas": ("gas_hourly", "gas_m3"),
    "heat": ("heat_hourly", "heat_kwh"),
}
"""Service to the file of the old systems with its registers, and their column."""
FINE = {**FILES, "electricity": ("electricity_curve", "register_kwh")}
"""The same with the registers that a load profile is made of, which have fewer digits."""


@dataclass(frozen=True)
class Customer:
    """One service of one home: its account at the company, its usage point and the meter there."""

    service: str
    account_number: str
    combined_account: str
    usage_point: str
    meter: str


@dataclass(frozen=True)
class City:
    """A city file and the history written for it.

    Attributes:
        folder: Where ``city.json`` and ``history`` are.
    """

    folder: Path

    @cached_property
    def rows(self) -> Mapping[str, Any]:
        """The content of the city file."""
        content: Mapping[str, Any] = json.loads((self.folder / "city.json").read_text(encoding="utf-8"))
        return content

    @cached_property
    def customers(self) -> tuple[Customer, ...]:
        """Every service of every home that has a combined bill."""
        return tuple(self._customers())

    def customer(self, *, account: str, service: str) -> Customer:
        """One service of one home."""
        return next(each for each in self.customers if (each.combined_account, each.service) == (account, service))

    def customers_of(self, account: str) -> list[Customer]:
        """Every service of one home."""
        return [each for each in self.customers if each.combined_account == account]

    @property
    def accounts(self) -> list[str]:
        """Combined accounts, in order."""
        return sorted({each.combined_account for each in self.customers})

    def accounts_in(self, place: str) -> list[int]:
        """Which of the accounts lie in a place, by their number in ``accounts``."""
        within, at = lying_in(self.rows, place), {row["id"]: row["place"] for row in self.rows["usage_points"]}
        lying = {each.combined_account for each in self.customers if at[each.usage_point] in within}
        return [number for number, account in enumerate(self.accounts) if account in lying]

    def device(self, name: str) -> Row:
        """One device."""
        return next(row for row in self.rows["devices"] if row["id"] == name)

    def counted(self, customer: Customer, first: date, end: date) -> Decimal:
        """What the meter counted from the beginning of one day to that of another, by the registers of its profile."""
        return self.register(customer, end, files=FINE) - self.register(customer, first, files=FINE)

    def register(self, customer: Customer, day: date, *, files: Mapping[str, tuple[str, str]] = FILES) -> Decimal:
        """What the meter showed when a business day began [kWh or m3], as the old systems wrote it down."""
        file, column = files[customer.service]
        at = day_period(day).start
        table = pq.read_table(
            self.folder / "history" / f"{file}.parquet",
            columns=[column],
            filters=(pc.field("meter_id") == customer.meter) & (pc.field("at") == _scalar(at)),
        )
        value: Decimal = table[column][0].as_py()
        return value

    def usual(self, service: str, *, before: date, days: int) -> Decimal:
        """What a home of those with a service used on the middle one of the days before a day [m3, or kWh of electricity]."""
        file, column = FILES[service]
        homes = pc.field("meter_id").isin([each.meter for each in self.customers if each.service == service])
        table = pq.read_table(self.folder / "history" / f"{file}.parquet", columns=["at", column], filters=homes)
        shown: dict[datetime, list[Decimal]] = {}
        for back in range(days + 1):
            at = day_period(before - DAY * back).start
            shown[at] = table[column].filter(pc.equal(table["at"], _scalar(at))).to_pylist()
        sums = [sum(shown[at], Decimal(0)) / len(shown[at]) for at in sorted(shown)]
        return median(later - sooner for sooner, later in pairwise(sums))

    def _customers(self) -> Iterator[Customer]:
        services = {row["id"]: row["service"] for row in self.rows["usage_points"]}
        meters = {row["usage_point"]: row["channel"].partition("/")[0] for row in self.rows["installations"]}
        for row in self.rows["agreements"]:
            if row["combined_account"]:
                point = row["usage_point"]
                yield Customer(services[point], row["account_number"], row["combined_account"], point, meters[point])


def _scalar(at: datetime) -> Any:
    import pyarrow as pa

    return pa.scalar(at, pa.timestamp("s", tz="UTC"))
