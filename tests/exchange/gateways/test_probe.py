"""Conformance's probe of the gateways' door: it finds nothing where the plan holds, and what got through where it does not."""

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from exchange.gateways.house import HOME, OTHER, Hosted, hosted
from metropool.plan.compiled import Compiled
from metropool.plan.gateways import Gateways
from metropool.runtime.broker_place import note_of
from metropool.runtime.conformance.probes.count import Probed
from metropool.runtime.conformance.probes.gateways import probe_gateways
from metropool.runtime.conformance.town.brokers import Brokers
from metropool.runtime.demo.gateways import DEVICES
from metropool.runtime.gateways.door import Door
from metropool.storage.disk import write_durably


@dataclass
class AsTown:
    """As much of a conformance town as the probe asks for."""

    home: Path
    compiled: Compiled
    brokers: Brokers
    processes: Any
    city: Any


class Nobody:
    """No processes, and a city of two homes."""

    def __init__(self) -> None:
        self.rows = {"places": [{"kind": "home", "id": HOME}, {"kind": "home", "id": OTHER}]}

    async def end(self, name: str) -> None:
        """There is no gateway to end."""


def town_of(town: Hosted) -> Any:
    for number, (name, secret) in enumerate(town.secrets.items()):
        write_durably(town.settings.home / DEVICES / f"{number}.json", json.dumps({"name": name, "secret": secret}))
    note_of(town.settings).write_text(town.server.url)
    return AsTown(town.settings.home, town.compiled, Brokers(town.settings, town.compiled), Nobody(), Nobody())


@pytest.mark.parametrize(("plan", "loose"), [("one", False), ("two", True)])
def test_what_is_another_homes_is_refused_and_a_hole_would_be_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, plan: str, *, loose: bool
) -> None:
    if loose:
        monkeypatch.setattr(Gateways, "may_publish", lambda self, name: [f"{self.per}.>", "gateways.drop"])

    async def run() -> Probed:
        async with hosted(tmp_path, plan=plan) as town:
            probed = Probed()
            await probe_gateways(town_of(town), probed)
            return probed

    doors = {door.name: door for door in asyncio.run(run()).doors()}
    assert set(doors) == {"mqtt log in", "mqtt subscribe", "mqtt publish"}
    assert doors["mqtt log in"].is_shut and doors["mqtt subscribe"].is_shut
    said = doors["mqtt publish"]
    assert said.tried >= 5 * 20
    if loose:
        assert any("stored by" in leak for leak in said.leaks) and any("told" in leak or "put out" in leak for leak in said.leaks)
    else:
        assert said.is_shut and said.controls == 5


async def welcome(*_: Any) -> bool:
    """A door that vouches for anybody."""
    return True


@pytest.mark.parametrize(
    ("hole", "door"),
    [
        ((Gateways, "may_subscribe", lambda self, name: [f"{self.per}.>"]), "mqtt subscribe"),
        ((Gateways, "may_publish", lambda self, name: [self.up(name, ">")]), "mqtt publish"),
        ((Door, "vouches_for", welcome), "mqtt log in"),
        ((Gateways, "host_of", lambda self, name: self.hosts[0]), None),
    ],
)
def test_a_hole_of_each_kind_is_found_at_its_door_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hole: tuple[Any, str, Any], door: str | None
) -> None:
    """Who asks the wrong host gets no further: its registry does not know the name."""
    monkeypatch.setattr(*hole)

    async def run() -> Probed:
        async with hosted(tmp_path, plan="transition") as town:
            probed = Probed()
            await probe_gateways(town_of(town), probed)
            return probed

    assert {each.name for each in asyncio.run(run()).doors() if not each.is_shut} == ({door} if door else set())
