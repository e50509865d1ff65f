"""One broker a zone for real: what is listed crosses with its receipt, what is not is refused, a cut link loses and doubles nothing."""

import asyncio
import base64
import json
import os
from pathlib import Path

import nats
import nkeys
import pytest
from nats.errors import Error as NatsError

from exchange.city.cities import Brokers, certify, place, running_brokers
from metropool.plan.schema import Letter
from metropool.plan.subjects import subject_of
from metropool.runtime.broker import seed_of

ZONES = {"production": 1, "management": 1, "dmz": 1}


def crossing(brokers: Brokers) -> list[Letter]:
    return [
        each for each in sorted(brokers.compiled.letters) if brokers.broker_of(each.sender) != brokers.broker_of(each.receiver)
    ]


only_soak = pytest.mark.skipif(not os.environ.get("METROPOOL_SOAK"), reason="with make soak")


@pytest.mark.parametrize(
    ("servers", "tls"),
    [
        pytest.param(ZONES, False, id="on one machine"),
        pytest.param(ZONES, True, id="with TLS"),
        pytest.param({**ZONES, "dmz": 3}, True, id="with TLS and a cluster outside", marks=only_soak),
        pytest.param({**ZONES, "production": 3, "dmz": 3}, True, id="with TLS and two clusters", marks=only_soak),
    ],
)
def test_every_letter_arrives_with_its_receipt_and_nothing_unlisted_does(tmp_path: Path, servers: dict, tls: bool) -> None:
    if tls:
        certify(tmp_path)

    async def run() -> None:
        async with running_brokers(place(tmp_path, servers=servers, tls=tls)) as brokers:
            probes = {system: await brokers.probe(system) for system in brokers.compiled.nodes()}
            assert len(crossing(brokers)) >= 8
            for letter in sorted(brokers.compiled.letters):
                receipt = await brokers.say(probes[letter.sender], subject_of(letter), repr(letter).encode())
                assert receipt["stream"] == f"inbox_{letter.receiver}"
            for letter in crossing(brokers):
                backwards = subject_of(Letter(letter.receiver, letter.message, letter.sender))
                if Letter(letter.receiver, letter.message, letter.sender) not in brokers.compiled.letters:
                    assert await probes[letter.receiver].try_publish(backwards)
            for system, probe in probes.items():
                listed = {(subject_of(each), repr(each).encode()) for each in brokers.compiled.letters if each.receiver == system}
                heard = await probe.hear(f"inbox_{system}", limit=len(listed) + 1)
                assert (set(heard), len(heard)) == (listed, len(listed))

    asyncio.run(run())


def test_whoever_holds_a_link_says_what_crosses_there_and_nothing_else(tmp_path: Path) -> None:
    """The inner broker turns: with the key of its link it tries what the border does not list, beside what it does."""

    async def run() -> None:
        async with running_brokers(place(tmp_path, servers=ZONES, tls=False)) as brokers:
            border = next(each for each in brokers.zones["production"].dials if each.outer == "dmz")
            seed = seed_of(tmp_path, account=border.account, user=border.user.name)
            with pytest.raises(NatsError):
                await nats.connect(brokers.sites.url("dmz"), nkeys_seed_str=seed, allow_reconnect=False, connect_timeout=2)
            leaf = await Leaf.dial(brokers.sites.brokers["dmz"][0].links, seed)
            listed, unlisted = border.outward[0].subject, "smart_use_platform.main.water_bills.water_system.main"
            assert await leaf.publish(listed) == ""
            assert "Permissions Violation" in await leaf.publish(unlisted)
            platform = await brokers.probe("smart_use_platform")
            assert [subject for subject, _ in await platform.hear("inbox_smart_use_platform", limit=3)] == [listed]
            await leaf.close()

    asyncio.run(run())


def test_a_system_may_not_log_in_over_a_link(tmp_path: Path) -> None:
    async def run() -> None:
        async with running_brokers(place(tmp_path, servers=ZONES, tls=False)) as brokers:
            port = brokers.sites.brokers["dmz"][0].links
            with pytest.raises(ConnectionError, match="Authorization Violation"):
                await Leaf.dial(port, seed_of(tmp_path, account="water_system", user="water_system"))
            await brokers.probe("water_system")

    asyncio.run(run())


class Leaf:
    """A broker's link by hand, as its protocol says: CONNECT, then LS+ and LMSG."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def dial(cls, port: int, seed: str) -> "Leaf":
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        info = json.loads((await reader.readline()).removeprefix(b"INFO "))
        key = nkeys.from_seed(seed.encode())
        signed = base64.urlsafe_b64encode(key.sign(info["nonce"].encode())).rstrip(b"=").decode()
        hello = {"nkey": key.public_key.decode(), "sig": signed, "name": "turned", "version": info["version"], "headers": True}
        writer.write(b"CONNECT " + json.dumps(hello).encode() + b"\r\nPING\r\n")
        leaf = cls(reader, writer)
        if fault := await leaf.settle():
            raise ConnectionError(fault)
        return leaf

    async def publish(self, subject: str) -> str:
        """What the other side complains of; empty when it does not."""
        self._writer.write(f"LMSG {subject} 5\r\nprobe\r\nPING\r\n".encode())
        return await self.settle()

    async def settle(self) -> str:
        """Everything until the answer to our PING: the complaint in it, if any."""
        fault = ""
        while True:
            line = (await asyncio.wait_for(self._reader.readline(), 10)).decode()
            if line.startswith("-ERR") or not line:
                fault = fault or line or "closed"
            if line.startswith("PONG") or not line:
                return fault

    async def close(self) -> None:
        self._writer.close()
        await self._writer.wait_closed()
