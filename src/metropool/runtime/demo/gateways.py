"""The demo's one real home: its gateway is enrolled where the plan hosts homes, and given its credential."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from metropool.capabilities.places import operations
from metropool.runtime.enrol import households
from metropool.runtime.node import Node
from metropool.storage.disk import write_durably

NOTE = "gateway.json"
CREDENTIAL = "gateway.credential"


def first_home(city: Mapping[str, Any]) -> str:
    """The home with a gateway: the first resident's."""
    accounts = households(city)
    return min(accounts, key=lambda one: accounts[one])


def enrol_gateway(node: Node, city: Mapping[str, Any], *, home: Path) -> None:
    """Enrol the gateway of the first resident's home with its credential, which lies in the demo's home for its process alone."""
    place = first_home(city)

    def enrol(work: Any) -> str:
        operations.enrol_gateway(work=work, place=place, household=households(city)[place])
        return operations.issue_credential(work=work, place=place, by="demo")

    secret = node.write_now("places", enrol)[0]
    write_durably(home / CREDENTIAL, secret + "\n")
    write_durably(home / NOTE, json.dumps({"name": place}))


def gateway_options(home: Path, clock: str) -> tuple[str, ...] | None:
    """How the process of the demo's gateway is started; None where no home is hosted, or the broker hears no gateways."""
    note, at = home / NOTE, home / "broker" / "gateways"
    if not note.exists() or not at.exists():
        return None
    name = json.loads(note.read_text(encoding="utf-8"))["name"]
    uplink = at.read_text(encoding="ascii").strip()
    kept = ("--home", str(home / "gateway"), "--secret-file", str(home / CREDENTIAL))
    return ("--uplink", uplink, "--name", name, *kept, "--clock", clock, "--edge")
