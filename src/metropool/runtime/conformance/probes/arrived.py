"""What came to the inboxes while the broker was probed: real letters, and what was let through on purpose; nothing else."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

from metropool.exchange.evidence.objects import Record
from metropool.plan.broker import provisioner_of
from metropool.plan.compiled import Compiled
from metropool.runtime.conformance.probes.count import Probed
from metropool.runtime.conformance.probes.users import at_door
from metropool.runtime.conformance.town.books import heard, said
from metropool.runtime.conformance.town.brokers import Brokers
from metropool.runtime.pause import pause

LOOKS, LOOK_S = 120, 0.25


async def positions(brokers: Brokers, *, compiled: Compiled) -> dict[str, int]:
    """How many messages each inbox stream ever stored, as its provisioning user is told."""

    async def one(account: str) -> int:
        user = next(each for each in compiled.broker.users if each.name == provisioner_of(account))
        async with at_door(brokers, user=user) as prober:
            info = await prober.ask(f"$JS.API.STREAM.INFO.inbox_{account}")
            return int(info["state"]["last_seq"]) if info else -1

    return {account: await one(account) for account in map(str, compiled.nodes())}


async def account_for(probed: Probed, brokers: Brokers, *, compiled: Compiled, before: Mapping[str, int]) -> None:
    """Hold what arrived since to what was said by its sender's own book, and to what was let through; count what was forged."""
    after, home = await positions(brokers, compiled=compiled), brokers.settings.home
    expected = {(receiver, sha) for receiver, sha in [*probed.letters, *probed.forged]}
    aside: set[tuple[str, str]] = set()
    senders = frozenset(map(str, compiled.nodes()))
    for system, last in after.items():
        records = await _records(home, system, since=before[system], until=last, senders=senders)
        aside |= {(system, record.sha256) for record in records if record.outcome == "parked"}
        strange = [record for record in records if not _is_accounted(record, home, expected)]
        missing = max(0, last - before[system] - len(records))
        leaks = [f"{record.phrase} of {record.sender}" for record in strange] + ["not taken in"] * missing
        probed.refusals("arrived", [system], leaks[:1], who=system)
        probed.control("arrived", system, passed=last >= before[system] >= 0)
    taken = [f"{receiver} {sha[:12]}" for receiver, sha in probed.forged if (receiver, sha) not in aside]
    probed.refusals("forged envelope", probed.forged, taken, who="broker")
    for receiver, sha in probed.letters:
        probed.control("forged envelope", receiver, passed=(receiver, sha) in aside)


async def _records(home: Path, system: str, *, since: int, until: int, senders: frozenset[str]) -> list[Record]:
    """What a system took in or set aside between two positions of its inbox, once all of it is there; gateways come another way."""
    found: list[Record] = []
    for _ in range(LOOKS):
        known = await asyncio.to_thread(heard, home, system)
        found = [record for record in known if since < record.position <= until and record.sender in senders]
        if len(found) >= until - since:
            break
        await pause(LOOK_S)
    return found


def _is_accounted(record: Record, home: Path, expected: set[tuple[str, str]]) -> bool:
    if (record.system, record.sha256) in expected:
        return record.outcome == "parked"
    return record.outcome == "taken" and any(each.letter == record.letter for each in said(home, record.sender))
