"""A try to log in that ends as cancelled, because the broker went away meanwhile, ends no process: the next one is made."""

import asyncio

import pytest
from nats.aio.client import Client

from metropool.exchange.connection import connect


def test_the_next_try_is_made_where_the_broker_is_then(monkeypatch):
    tried = []

    async def gives_up_once(client, servers, **options):
        tried.append(servers)
        if len(tried) == 1:
            raise asyncio.CancelledError

    monkeypatch.setattr(Client, "connect", gives_up_once)
    client = asyncio.run(connect("nats://a:1", user="u", seed="s", where=lambda: "nats://b:2"))
    assert isinstance(client, Client)
    assert tried == [["nats://a:1"], ["nats://b:2"]]


def test_who_is_asked_to_end_ends(monkeypatch):
    async def never(client, servers, **options):
        await asyncio.Event().wait()

    async def end():
        task = asyncio.ensure_future(connect("nats://a:1", user="u", seed="s"))
        await asyncio.sleep(0)
        task.cancel()
        await task

    monkeypatch.setattr(Client, "connect", never)
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(end())
