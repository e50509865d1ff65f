"""The demo's homes with a gateway, enrolled where the plan hosts homes, each with its credential; the first of them is real."""

import json
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from metropool.capabilities.places import operations
from metropool.plan.gateways import Gateways
from metropool.runtime.enrol import households, lying_in
from metropool.runtime.node import Node
from metropool.storage.disk import write_durably

NOTE, CREDENTIAL = "gateway.json", "gateway.credential"
CREDENTIALS = ((NOTE, CREDENTIAL), ("gateway-2.json", "gateway-2.credential"))
"""Files in the demo's home: which home, and its gateway's secret."""


def homes_with_gateways(city: Mapping[str, Any]) -> list[str]:
    """The homes with a gateway, as many as there are credentials: those of the first residents. Only the first one's runs."""
    accounts = households(city)
    return sorted(accounts, key=lambda one: accounts[one])[: len(CREDENTIALS)]


def enrol_gateways(node: Node, city: Mapping[str, Any], *, home: Path, gateways: Gateways, within: str = "") -> None:
    """Enrol the gateways with a credential each, which lie in the demo's home for their processes alone.

    Args:
        within: The place whose homes the node hosts; empty for all.
    """
    accounts, own = households(city), lying_in(city, within)

    def enrol(work: Any, place: str) -> str:
        operations.enrol_gateway(work=work, place=place, household=accounts[place])
        return operations.issue_credential(work=work, place=place, by="demo")

    for place, (note, credential) in zip(homes_with_gateways(city), CREDENTIALS, strict=False):
        if place in own:
            secret = node.write_now("places", partial(enrol, place=place))[0]
            write_durably(home / credential, secret + "\n")
            write_durably(home / note, json.dumps({"name": gateways.name_of(node.system, place), "home": place}))


def gateway_options(home: Path, clock: str, *, uplinks: Sequence[str], authority: Path | None = None) -> tuple[str, ...] | None:
    """How the process of the demo's gateway is started; None where no home is hosted, or the broker hears no gateways.

    Args:
        uplinks: Where gateways come in.
        authority: Whose certificates it believes, where they come in over TLS.
    """
    note = home / NOTE
    if not note.exists() or not uplinks:
        return None
    name = json.loads(note.read_text(encoding="utf-8"))["name"]
    kept = ("--home", str(home / "gateway"), "--secret-file", str(home / CREDENTIAL))
    believes = ("--authority", str(authority)) if authority else ()
    return ("--uplink", ",".join(uplinks), *believes, "--name", name, *kept, "--clock", clock, "--edge")
