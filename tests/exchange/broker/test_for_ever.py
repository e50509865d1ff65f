"""A letter with a receipt is handed over until it is taken in, however often; consumers of an older version, too."""

import asyncio
import json
from pathlib import Path

from exchange.broker.harness import running_city
from exchange.plan.cases import transition
from metropool.plan.broker import provisioner_of
from metropool.plan.gateway_users import consumer_config as gateways_consumer
from metropool.plan.provision import consumer_config
from metropool.runtime.broker_keys import provision_broker


def test_an_inbox_that_gave_up_after_a_thousand_times_never_does_once_it_is_provisioned(tmp_path: Path) -> None:
    async def run() -> None:
        async with running_city(tmp_path) as city:
            broker = city.compiled.broker
            inbox = next(stream for stream in broker.streams if stream.name == "inbox_metering")
            maker = await city.probe(provisioner_of("metering"), account="metering")

            async def most() -> int:
                told = await maker.say(f"$JS.API.CONSUMER.INFO.{inbox.name}.main", b"")
                return int(told["config"]["max_deliver"])

            older = {"stream_name": inbox.name, "config": consumer_config(inbox) | {"max_deliver": 1000}, "action": ""}
            told = await maker.say(f"$JS.API.CONSUMER.CREATE.{inbox.name}.main", json.dumps(older).encode())
            assert (told["config"]["max_deliver"], await most()) == (1000, 1000)
            await provision_broker(city.server.url, home=tmp_path, broker=broker)
            assert await most() == -1

    asyncio.run(run())


def test_so_is_what_a_gateway_said() -> None:
    every = transition().broker.gateways
    assert every and all(gateways.speakers for gateways in every)
    assert {gateways_consumer(kind, system)["max_deliver"] for kind in every for system in kind.speakers} == {-1}
