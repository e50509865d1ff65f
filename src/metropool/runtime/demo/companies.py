"""The companies of a demo: their customers and tariffs, and from when on they bill."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from metropool.capabilities.billing import operations as billing
from metropool.capabilities.billing.telling import tell_customers
from metropool.runtime.enrol import enrol_company
from metropool.runtime.node import Node

REGISTERS = {
    "electricity": "electricity_forward_register",
    "water": "water_register",
    "gas": "gas_register",
    "heat": "heat_register",
}
PROFILE_REGISTER = "electricity_forward_profile_register"


def enrol_a_company(node: Node, city: Mapping[str, Any], *, since: date) -> None:
    """Give a company its own customers, each with the tariff of the city file, and let it tell them."""
    points = {row["id"]: row for row in city["usage_points"]}
    multipliers = {row["usage_point"]: row["multiplier"] for row in city["installations"]}

    def enrol(work: Any) -> None:
        enrol_company(work.registry, city, party=node.party)
        for row in city["agreements"]:
            if row["supplier"] == node.party:
                service = points[row["usage_point"]]["service"]
                options = _options(row.get("options") or {}, work.tariffs.book.tariff(row["tariff"]).options)
                billing.assign_tariff(
                    work=work,
                    account_number=row["account_number"],
                    usage_point=row["usage_point"],
                    combined_account=row["combined_account"] or "",
                    tariff=row["tariff"],
                    register=_register(service, row["tariff"], options),
                    valid_from=since,
                    options=options,
                    multiplier=multipliers.get(row["usage_point"], "1"),
                )

        tell_customers(work=work)

    node.write_now("billing", enrol)


def _register(service: str, tariff: str, options: list[str]) -> str:
    """The register a bill is made of: the quarter-hourly one where the hour counts."""
    needs_hours = "tou" in options or "commercial" in tariff
    return PROFILE_REGISTER if service == "electricity" and needs_hours else REGISTERS[service]


def _options(given: Mapping[str, Any], known: Collection[str]) -> list[str]:
    """Options of the tariff that a customer of the city file has; a tariff without choice has none."""
    members = int(given.get("household_members") or 0)
    wanted = {"tou": given.get("time_of_use"), "combined_meter": given.get("combined_meter"), "multi_person": members >= 5}
    return [option for option, is_wanted in wanted.items() if is_wanted and option in known]


def let_bill(node: Node, since: date) -> None:
    """Let a company bill each of its services from a month on, on the first of the next."""

    def schedule(work: Any) -> None:
        known = {row["service"] for row in work.runs.schedules()}
        for service in node.hosted["billing"].rows:
            if service not in known:
                billing.schedule_bill_runs(work=work, service=service, first_month=since, day=1)

    node.write_now("billing", schedule)
