"""All checks, one after the other. Pure."""

from collections.abc import Callable, Iterable, Mapping

from metropool.plan.checks.case import Case, Said
from metropool.plan.checks.contract import contract_messages, contract_names, contract_origins, contract_rows
from metropool.plan.checks.gateways import gateways
from metropool.plan.checks.hosted import (
    capabilities_known,
    carriers,
    circles,
    hosting,
    said_and_heard,
    spoken_of,
    unbuilt_capabilities,
)
from metropool.plan.checks.named import added_messages, brokers, hands, networks, operators, plan_names, unsaid, vouchers
from metropool.plan.checks.reach import single_points
from metropool.plan.checks.rows import ends_placed, ends_running, origins, rows_apart, rows_listed, zones
from metropool.plan.checks.unbuilt import could_run, silent_rows
from metropool.plan.checks.values import added_rows, contract_values, faces, hosted_for, unbuilt_known
from metropool.plan.compiled import CapabilityFacts, RunningFacts
from metropool.plan.load import Loaded
from metropool.plan.schema import Contract, Plan
from metropool.plan.source import PlanFault

CHECKS: tuple[Callable[[Case], Iterable[PlanFault]], ...] = (
    contract_names,
    contract_rows,
    contract_origins,
    contract_messages,
    contract_values,
    plan_names,
    added_messages,
    added_rows,
    faces,
    unbuilt_known,
    hands,
    operators,
    unsaid,
    vouchers,
    brokers,
    networks,
    rows_listed,
    rows_apart,
    ends_running,
    ends_placed,
    zones,
    origins,
    capabilities_known,
    unbuilt_capabilities,
    hosted_for,
    hosting,
    gateways,
    said_and_heard,
    spoken_of,
    carriers,
    circles,
    single_points,
    silent_rows,
    could_run,
)


def check_everything(
    *,
    plan: Loaded[Plan],
    contract: Loaded[Contract],
    capabilities: Mapping[str, CapabilityFacts],
    systems: Mapping[str, RunningFacts],
    said: Said,
) -> list[PlanFault]:
    """Every fault and note, by file and line."""
    case = Case(plan.content, contract.content, plan.source, contract.source, capabilities, systems, said)
    found = [fault for check in CHECKS for fault in check(case)]
    return sorted(found, key=lambda fault: (fault.is_note, fault.file, fault.line, fault.key))
