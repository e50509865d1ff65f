"""A credential that is taken back while somebody is being let in by it: whoever is first, nobody stays."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from exchange.gateways.house import HOME
from exchange.test_workers import until
from metropool.capabilities.admission import operations as admission
from metropool.core.errors import Unavailable
from metropool.runtime.gateways import telling
from metropool.runtime.gateways.door import Door
from metropool.runtime.node import Node
from metropool.runtime.settings import Settings
from metropool.runtime.systems import compile_named, open_node

WHICH = {"per": "home", "name": HOME}


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Node]:
    compiled = compile_named("transition", home=tmp_path)
    node = open_node(compiled.broker.gateways[0].hosts[0], compiled=compiled, settings=Settings(home=tmp_path, plan="transition"))
    node.write_now("admission", lambda work: admission.enrol_gateway(work=work, **WHICH, place=HOME, household="GZ1"))
    yield node
    node.close()


def issue(node: Node) -> str:
    return str(node.write_now("admission", lambda work: admission.issue_credential(work=work, **WHICH, by="test"))[0])


def gateway(node: Node) -> Any:
    return node.read_now("admission", lambda work: work.admission_book.gateway("home", HOME))


async def vouched_for(node: Node, secret: str) -> bool:
    return await Door(node, None, gateways=()).vouches_for("home", HOME, secret)  # type: ignore[arg-type]


@pytest.mark.parametrize("is_revoked", [True, False])
def test_the_door_looks_again_in_the_unit_that_lets_in(host: Node, monkeypatch: pytest.MonkeyPatch, is_revoked: bool) -> None:
    secret, write = issue(host), host.write

    async def late(capability: str, operation: Any) -> Any:
        """Another unit comes first, after the secret was found right."""
        if is_revoked:
            await write("admission", lambda work: admission.revoke_credential(work=work, **WHICH))
        return await write(capability, operation)

    monkeypatch.setattr(host, "write", late)
    assert asyncio.run(vouched_for(host, secret)) is not is_revoked
    assert (gateway(host).came_in_at is None) is is_revoked


@pytest.mark.parametrize("fault", [Unavailable("full"), OSError("gone")])
def test_who_cannot_be_noted_is_not_let_in(host: Node, monkeypatch: pytest.MonkeyPatch, fault: Exception) -> None:
    secret = issue(host)

    async def full(*_: Any) -> Any:
        raise fault

    monkeypatch.setattr(host, "write", full)
    assert asyncio.run(vouched_for(host, secret)) is False


class Link:
    """Counts what it is asked to end."""

    def __init__(self) -> None:
        self.dropped: list[str] = []

    async def drop(self, per: str, name: str) -> int:
        assert per == "home"
        self.dropped.append(name)
        return 1


def putting_out(host: Node, monkeypatch: pytest.MonkeyPatch, *, once_more_s: float, enough: Any) -> list[str]:
    link = Link()

    async def nap(_: float) -> None:
        await asyncio.sleep(0.002)

    monkeypatch.setattr(telling, "pause", nap)
    monkeypatch.setattr(telling, "ONCE_MORE_S", once_more_s)

    async def run() -> None:
        loop = asyncio.create_task(telling.put_out(host, link))  # type: ignore[arg-type]
        await until(lambda: enough(link))
        await asyncio.sleep(0.02)
        loop.cancel()

    asyncio.run(run())
    return link.dropped


def test_who_was_just_being_let_in_is_put_out_once_more(host: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    issue(host)
    host.write_now("admission", lambda work: admission.revoke_credential(work=work, **WHICH))
    told = putting_out(host, monkeypatch, once_more_s=0.05, enough=lambda _: gateway(host).dropped == 2)
    assert told == [HOME, HOME]


def test_until_then_it_is_not_done_and_a_restart_begins_anew(host: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    issue(host)
    host.write_now("admission", lambda work: admission.revoke_credential(work=work, **WHICH))
    for _ in range(2):
        assert putting_out(host, monkeypatch, once_more_s=60, enough=lambda link: link.dropped) == [HOME]
        assert gateway(host).dropped == 0


def test_before_the_first_credential_there_was_none(host: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    issue(host)
    assert putting_out(host, monkeypatch, once_more_s=60, enough=lambda _: gateway(host).dropped == 1) == [HOME]
