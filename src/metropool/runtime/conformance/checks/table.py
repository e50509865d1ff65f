"""Message of the contract to how it is caused and seen. What has no entry cannot be driven yet."""

from collections.abc import Mapping

from metropool.plan.gateways import HOME, of_kind
from metropool.runtime.conformance.checks import (
    announcing,
    asking,
    at_doors,
    at_home,
    field,
    home_usage,
    looking,
    months,
    paying,
    sealed,
    watching,
)
from metropool.runtime.conformance.checks.seeing import Check, Seen
from metropool.runtime.conformance.town.town import Town
from metropool.runtime.conformance.ways import Way


async def meter_data(town: Town, way: Way) -> Seen:
    """Readings: from the field where measuring is hosted, else what became of those that were imported."""
    is_measured_there = "metering" in town.compiled.systems[way.receiver].hosts
    return await (field.register_told if is_measured_there else months.usage)(town, way)


async def household_meter_data(town: Town, way: Way) -> Seen:
    """A home's own usage: at its gateway, at another organisation's, at a door, in the app of whoever tells it, in that of the bills."""
    homes, systems = of_kind(town.compiled.broker.gateways, HOME), town.compiled.systems
    if homes is not None and homes.account in (way.sender, way.receiver):
        return await home_usage.at_gateway(town, way)
    if way.message in town.compiled.whole.rows[way.row].consent:
        return await home_usage.shared(town, way)
    if at_doors.has_door(town, way.receiver):
        return await at_doors.household_usage(town, way)
    if systems[way.receiver].per == "home":
        return await home_usage.in_app(town, way)
    return await months.household_usage(town, way)


CHECKS: Mapping[str, Check] = {
    "meter_data": meter_data,
    "meter_on_demand_read": field.read_on_demand,
    "meter_control": field.control,
    "meter_profile": field.profile,
    "sealed_frames": sealed.sealed_frames,
    "usage_for_billing": months.usage,
    "household_meter_data": household_meter_data,
    "security_alarms": at_home.alarm,
    "large_scale_anomalies": watching.anomaly,
    "home_state": at_home.state,
    "home_energy": at_home.energy,
    "home_security": at_home.security,
    "home_fault_alarms": at_home.fault,
    "community_security": at_home.passed_on,
    "home_commands": at_home.commands,
    "electricity_bills": months.bills,
    "water_bills": months.bills,
    "gas_bills": months.bills,
    "heat_bills": months.bills,
    "combined_bill": months.combined_bill,
    "resident_payment": paying.resident_payment,
    "payment_order": paying.payment_order,
    "payment_notice": paying.payment_notice,
    "combined_bill_payments": paying.allocated,
    "water_data_requests": asking.data_request,
    "gas_data_requests": asking.data_request,
    "switch_requests": asking.switch_request,
    "customer_profiles": asking.customers,
    "payment_status": asking.payment_status,
    "government_requests": looking.request,
    "government_answers": looking.answer,
    "heat_answers": looking.answer,
    "community_answers": looking.answer,
    "cctv_requests": looking.request,
    "consents": looking.consent,
    "government_announcements": announcing.announcement,
    "electricity_announcements": announcing.announcement,
    "water_announcements": announcing.announcement,
    "gas_announcements": announcing.announcement,
    "community_announcements": announcing.announcement,
    "building_announcements": announcing.announcement,
}
