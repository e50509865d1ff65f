"""Doors for a system's own software: with the key of another system, with none of ours, and what the plan does not list with one's own."""

import asyncio
from collections.abc import Sequence

import httpx

from metropool.core.identifiers import RandomIds
from metropool.runtime.conformance.checks.at_doors import has_door
from metropool.runtime.conformance.probes.count import Probed
from metropool.runtime.conformance.probes.subjects import drawn
from metropool.runtime.conformance.town.town import Town
from metropool.runtime.demo.doors import door_key

PHRASES = 20
"""So many unlisted phrases a door is asked to say: it lets a key ask fifty times a second, and these are of every zone."""
KEYS = 6
"""So many keys of others a door is shown: it looks at twenty wrong ones of a source at once, and then at one a second."""
UNAUTHENTICATED, FORBIDDEN, GOOD = 401, 403, 200


async def probe_doors(town: Town, probed: Probed) -> None:
    """Try every door, all at once: each is a process of its own."""
    systems = [name for name in town.ports if has_door(town, name)]
    await asyncio.gather(*(_probe(town, name, systems, probed) for name in systems))


async def _probe(town: Town, system: str, systems: Sequence[str], probed: Probed) -> None:
    base = f"http://127.0.0.1:{town.ports[system]}/{system}/api/letters"
    async with httpx.AsyncClient(base_url=base, timeout=60.0, trust_env=False) as client:
        others = drawn((other for other in systems if other != system), most=KEYS, salt=f"{town.city.rows['seed']} {system}")
        keys = {other: door_key(town.home, other) for other in others}
        keys["nobody"] = f"mpk_{RandomIds().fresh_id()[:16]}_{RandomIds().fresh_id()}"
        leaked = [who for who, key in keys.items() if await _status(client, "GET", "/phrases", key) != UNAUTHENTICATED]
        probed.refusals("door with another's key", keys, leaked, who=system)
        own = door_key(town.home, system)
        is_let_in = await _status(client, "GET", "/phrases", own) == GOOD
        probed.control("door with another's key", system, passed=is_let_in)
        unlisted = _unlisted(town, system)
        leaked = [phrase for phrase in unlisted if await _status(client, "POST", f"/{phrase}", own) != FORBIDDEN]
        probed.refusals("door unlisted", unlisted, leaked, who=system)
        probed.control("door unlisted", system, passed=await _status(client, "GET", "/phrases", own) == GOOD)


def _unlisted(town: Town, system: str) -> list[str]:
    """Phrases that no row lets this system's software say."""
    listed = {letter.message for letter in town.compiled.letters if letter.sender == system}
    every = set(town.compiled.whole.messages) - listed
    return drawn(every, most=PHRASES, salt=f"{town.city.rows['seed']} {system}")


async def _status(client: httpx.AsyncClient, method: str, path: str, key: str) -> int:
    headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": "probe"}
    return (await client.request(method, path, headers=headers, content=b"" if method == "GET" else b"{}")).status_code
