"""The shipped plans as separate processes on brokers of three servers with TLS: servers are killed while every row is driven."""

import asyncio
import os
from collections import Counter
from pathlib import Path

import pytest
from cryptography import x509

from metropool.plan.load import PLANS
from metropool.runtime.certificates.trust import Certificates
from metropool.runtime.conformance.losing import SHARES
from metropool.runtime.conformance.running import Run
from metropool.runtime.conformance.town.brokers import Brokers, place_servers
from metropool.runtime.conformance.ways import ways_of
from metropool.runtime.settings import Settings
from metropool.runtime.systems import compile_named

only_soak = pytest.mark.skipif(not os.environ.get("METROPOOL_SOAK"), reason="with make soak")
SERVERS = 3


@pytest.mark.parametrize("plan", PLANS)
def test_every_user_of_a_plan_has_a_broker_and_no_two_machines_a_certificate(tmp_path: Path, plan: str) -> None:
    compiled = compile_named(plan)
    told = place_servers(tmp_path, compiled, servers=SERVERS)
    brokers = Brokers(Settings(home=tmp_path, plan=plan, **told), compiled)
    names = [site.name for sites in brokers.servers.values() for site in sites]
    assert len(names) == SERVERS * len(compiled.brokers) == len(brokers.urls)
    assert {brokers.url(user.account).count("tls://") for user in compiled.broker.users} == {SERVERS}
    for kind in compiled.broker.gateways:
        assert [len(brokers.gateways_at(kind.name_of(host, "one"))) for host in kind.hosts] == [SERVERS] * len(kind.hosts)
    folders = [tmp_path / "certificates" / name for name in (*names, "systems")]
    shown = {x509.load_pem_x509_certificate((folder / "certificate.pem").read_bytes()).serial_number for folder in folders}
    assert len(shown) == len(folders)
    assert {len(Certificates(folder).pins.good) for folder in folders} == {len(folders)}
    assert {len(Certificates(folder).pins.servers) for folder in folders} == {len(names)}


@only_soak
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("plan", PLANS)
def test_a_plan_runs_on_brokers_of_three_servers_of_which_one_is_killed_and_loses_nothing(tmp_path: Path, plan: str) -> None:
    run = Run([plan], seed=11, say=lambda *_, **__: None, finished=lambda _: None, servers=SERVERS)
    (report,) = asyncio.run(run.all(tmp_path))
    brokers = compile_named(plan).brokers
    failed = [(each.way.row, each.way.message, each.why) for each in report.findings if each.status == "failed"]
    assert failed == []
    works = {(each.way.row, each.way.message) for each in report.findings if each.status == "works"}
    assert works == {(way.row, way.message) for way in ways_of(compile_named(plan)) if not way.unbuilt}
    assert report.losses is not None
    assert report.losses.servers == SERVERS * len(brokers)
    assert Counter(each.broker for each in report.losses.killed) == dict.fromkeys(brokers, len(SHARES))
    assert all(each.led > 0 for each in report.losses.killed)
    assert report.losses.letters.letters > len(works)
    assert (report.losses.letters.waiting, report.losses.letters.lost, report.losses.letters.doubled) == (0, (), ())
    assert [(door.name, door.leaks) for door in report.doors if not door.is_shut] == []
    assert report.is_sound
