"""No system opens another's files: they meet by message alone (F77-F81 hold for each by itself)."""

import os
import time
from pathlib import Path

import pytest

from exchange.separation.opens import opens
from metering.kills.harness import METERING, City
from metering.power.disk import disk, why_not
from metropool.runtime.systems import compile_named

SYSTEMS = ("metering", "marketing", "water_system", "gas_system", "smart_use_platform", "government_desk", "government_app")
ENGINES = ("writer", "reader")
PATIENCE_S = 90
pytestmark = pytest.mark.timeout(240)


def owners(path: str) -> list[str]:
    """The system whose folder a path below the home lies in."""
    return [part for part in Path(path).parts[1:2] if part in SYSTEMS]


def live(city: City) -> None:
    """Let a city live over a midnight, until a day is sealed and told."""
    city.start_field()
    until = time.monotonic() + PATIENCE_S
    while not sealed(city):
        assert time.monotonic() < until, "no day was sealed"
        time.sleep(0.5)
    city.parts["field"].stop()


def sealed(city: City) -> bool:
    with city.books(METERING) as metering:
        return bool(metering.read_now("metering", lambda work: work.sealing.sealed()))


@pytest.mark.skipif(bool(why_not()), reason=why_not())
def test_of_five_systems_in_five_processes_none_opens_a_file_of_another(tmp_path):
    assert set(compile_named("transition").nodes()) >= set(SYSTEMS)
    with disk(tmp_path / "disk") as point:
        city = City(home=point / "home", beside=tmp_path / "beside")
        city.enrol()
        with opens(point) as found:
            try:
                city.start_broker()
                for system in SYSTEMS:
                    city.serve(system, system)
                city.serve("frontend", "metering:frontend")
                for part in city.parts.values():
                    part.ready()
                live(city)
                parts = {part.pid: name for name, part in city.parts.items()}
            finally:
                city.stop()
    by_part = {name: {path for pid, path in found if parts.get(pid) == name and owners(path)} for name in parts.values()}
    for system in SYSTEMS:
        assert any(path.endswith(f"{system}.sqlite-wal") for path in by_part[system]), "the kernel told what was opened"
        assert {owner for path in by_part[system] for owner in owners(path)} == {system}
    assert any("lake/readings" in path for path in by_part["metering"])
    keys = ("metering-frontend.nk", "terminals.keys", "terminals.master")
    assert by_part["frontend"] == {f"home/metering/keys/{name}" for name in keys}
    assert not by_part["field"]


def test_in_one_process_each_systems_threads_open_only_their_own(tmp_path):
    city, notes = City(home=tmp_path / "home", beside=tmp_path / "beside"), tmp_path / "notes"
    city.enrol()
    try:
        city.serve("metering", "", notes=notes)
        city.parts["metering"].ready()
        city.serve("frontend", "metering:frontend")
        city.parts["frontend"].ready()
        live(city)
    finally:
        city.stop()
    opened = {system: set() for system in SYSTEMS}
    for line in notes.read_text(encoding="utf-8").splitlines():
        thread, path = line.split("\t")
        system = next((name for name in SYSTEMS if thread.startswith(tuple(f"{name}-{engine}" for engine in ENGINES))), None)
        if system and path.startswith(str(city.home)):
            opened[system].add(os.path.relpath(path, city.home))
    assert opened["metering"]
    assert opened["smart_use_platform"]
    for system, paths in opened.items():
        assert {Path(path).parts[0] for path in paths} <= {system}
