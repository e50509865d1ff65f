"""A log that is looked at while readings are taken in out of it is still the one it was."""

import asyncio

import pytest

from metropool.core.errors import Conflict
from metropool.exchange.ports import LogEnd
from metropool.runtime.log_check import check_log
from metropool.runtime.settings import Settings
from metropool.runtime.systems import compile_named, open_node

STREAM, MADE = "log_metering", "2026-07-01T00:00:00Z"


class Log:
    """A log that ends at some batch; while it is asked where, others append and take in."""

    def __init__(self, node, *, ends, meanwhile):
        self.node, self.ends, self.meanwhile = node, ends, meanwhile

    async def end(self):
        told = LogEnd(sequence=self.ends, made=MADE)
        taken = self.meanwhile
        self.node.write_now("metering", lambda work: work.collection.set_position(stream=STREAM, sequence=taken))
        return told


@pytest.fixture
def node(tmp_path):
    node = open_node("metering", compiled=compile_named("transition"), settings=Settings(home=tmp_path))
    node.write_now("metering", lambda work: work.collection.set_log(stream=STREAM, made=MADE, epoch=0))
    node.write_now("metering", lambda work: work.collection.set_position(stream=STREAM, sequence=3))
    yield node
    node.close()


def test_a_batch_taken_in_meanwhile_is_no_lost_log(node):
    asyncio.run(check_log(node, Log(node, ends=3, meanwhile=4)))


def test_a_log_that_ends_before_what_was_taken_in_is_another(node):
    with pytest.raises(Conflict, match="ends at batch 2"):
        asyncio.run(check_log(node, Log(node, ends=2, meanwhile=3)))
