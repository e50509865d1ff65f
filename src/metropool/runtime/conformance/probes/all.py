"""All doors of a town, one after the other, while it lives."""

from pathlib import Path

from metropool.plan.instances import FILE
from metropool.plan.load import named_plan, plan_path
from metropool.runtime.conformance.probes.arrived import account_for, positions
from metropool.runtime.conformance.probes.broker import probe_broker
from metropool.runtime.conformance.probes.count import Probed
from metropool.runtime.conformance.probes.doors import probe_doors
from metropool.runtime.conformance.probes.files import probe_files
from metropool.runtime.conformance.probes.gateways import probe_gateways
from metropool.runtime.conformance.probes.http import probe_http
from metropool.runtime.conformance.probes.table import Table, check_table
from metropool.runtime.conformance.probes.wires import probe_wires
from metropool.runtime.conformance.report import Door
from metropool.runtime.conformance.town.town import Town


async def probe(town: Town) -> list[Door]:
    """Try what is not listed, at every door."""
    before = await positions(town.brokers, compiled=town.compiled)
    seed = int(town.city.rows["seed"])
    probed: Probed = await probe_broker(town.brokers, compiled=town.compiled, now=town.clock.now(), seed=seed)
    await account_for(probed, town.brokers, compiled=town.compiled, before=before)
    await probe_wires(town.brokers, probed)
    await probe_gateways(town, probed)
    await probe_http(town, probed)
    await probe_doors(town, probed)
    probe_files(town, probed)
    return probed.doors()


def table_of(town: Town) -> Table:
    """The compiled plan held to its file and the contract, in memory."""
    plan: Path = named_plan(town.plan)[0]
    return check_table(town.compiled, plan=plan, contract=plan_path("contract"), instances=town.home / FILE)
