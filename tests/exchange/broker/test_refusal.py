"""A letter the plan does not list is known as refused at once, not after a time-out."""

import asyncio
from datetime import UTC, datetime

import pyarrow as pa
import pytest

from exchange.broker.harness import running_city
from metropool.core.errors import Forbidden
from metropool.core.identifiers import SystemId
from metropool.exchange.envelope import seal
from metropool.exchange.jetstream import JetStreamExchange
from metropool.exchange.messages import ROWS, PaymentStatusTold
from metropool.runtime.broker import seed_of

NOW = datetime(2026, 7, 1, tzinfo=UTC)


def test_a_refused_letter_is_forbidden_and_a_listed_one_passes(tmp_path):
    rows = pa.Table.from_pylist([{"account_number": "1", "status": "paid", "as_of": NOW}], schema=ROWS[PaymentStatusTold])

    def letter(phrase, receiver):
        sealed = PaymentStatusTold(rows=rows)
        return seal(message=sealed, key="k", phrase=phrase, sender=SystemId("marketing"), receiver=SystemId(receiver), at=NOW)

    async def run():
        async with running_city(tmp_path) as city:
            seed = seed_of(city.home, account="marketing", user="marketing")
            exchange = await JetStreamExchange.open(city.server.url, system="marketing", seed=seed)
            try:
                assert await exchange.deliver(letter("payment_status", "metering")) == 1
                async with asyncio.timeout(2):
                    with pytest.raises(Forbidden):
                        await exchange.deliver(letter("payment_status", "gas_system"))
            finally:
                await exchange.close()

    asyncio.run(run())
