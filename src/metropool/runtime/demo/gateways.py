"""The demo's gateways, enrolled where the plan has somebody vouch for them, each with its credential; the first home's is real."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from metropool.capabilities.admission import operations
from metropool.plan.gateways import HOME, Gateways
from metropool.runtime.enrol import households, lying_in
from metropool.runtime.node import Node
from metropool.storage.disk import write_durably

NOTE, CREDENTIAL = "gateway.json", "gateway.credential"
CREDENTIALS = ((NOTE, CREDENTIAL), ("gateway-2.json", "gateway-2.credential"))
"""Files in the demo's home: which home, and its gateway's secret."""
DEVICES = "devices"
"""Folder in the demo's home with a file for each other gateway: what it logs in as, and its secret."""
STANDING = ("east", "west")
"""Each host has two others of each kind, called ``terminal-east`` and so on."""


def homes_with_gateways(city: Mapping[str, Any]) -> list[str]:
    """The homes with a gateway, as many as there are credentials: those of the first residents. Only the first one's runs."""
    accounts = households(city)
    return sorted(accounts, key=lambda one: accounts[one])[: len(CREDENTIALS)]


def enrol_gateways(node: Node, city: Mapping[str, Any], *, home: Path, gateways: Sequence[Gateways], within: str = "") -> None:
    """Enrol the gateways a node vouches for with a credential each, which lie in the demo's home for their processes alone.

    Args:
        within: The place that the node is for; empty for all.
    """
    for kind in gateways:
        if node.system in kind.hosts:
            (_enrol_homes if kind.per == HOME else _enrol_others)(node, city, home, kind, within)


def _enrol_homes(node: Node, city: Mapping[str, Any], home: Path, kind: Gateways, within: str) -> None:
    accounts, own = households(city), lying_in(city, within)
    for place, (note, credential) in zip(homes_with_gateways(city), CREDENTIALS, strict=False):
        if place in own:
            secret = _enrol(node, per=kind.per, name=place, place=place, household=accounts[place])
            write_durably(home / credential, secret + "\n")
            write_durably(home / note, json.dumps({"name": kind.name_of(node.system, place), "home": place}))


def _enrol_others(node: Node, _: Mapping[str, Any], home: Path, kind: Gateways, within: str) -> None:
    for where in STANDING:
        name = f"terminal-{where}"
        secret = _enrol(node, per=kind.per, name=name, place=within or f"{kind.per}-{where}")
        login = kind.name_of(node.system, name)
        write_durably(home / DEVICES / f"{login.replace('/', '.')}.json", json.dumps({"name": login, "secret": secret}))


def _enrol(node: Node, **given: str) -> str:
    def enrol(work: Any) -> str:
        operations.enrol_gateway(work=work, **given)
        return operations.issue_credential(work=work, per=given["per"], name=given["name"], by="demo")

    return node.write_now("admission", enrol)[0]


def credentials(home: Path) -> Iterator[tuple[str, str]]:
    """What each gateway of a demo's home logs in as, and its secret."""
    for note, credential in CREDENTIALS:
        if (home / note).exists():
            name = json.loads((home / note).read_text(encoding="utf-8"))["name"]
            yield name, (home / credential).read_text(encoding="ascii").strip()
    for file in sorted((home / DEVICES).glob("*.json")):
        told = json.loads(file.read_text(encoding="utf-8"))
        yield told["name"], told["secret"]


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
