"""What was recorded is under a signed root within a second of the machine's clock, however fast the business clock runs."""

import asyncio
import stat
import time

import pytest

from exchange.evidence.books import exchange, key_of, open_books, records, status_of
from metropool.core.clock import ScaledClock
from metropool.core.errors import Invalid, Unavailable
from metropool.exchange.evidence import Broken, Evidence
from metropool.runtime.chain_health import signing_line
from metropool.runtime.evidence import key_file, open_key, read_key, sign_evidence
from metropool.runtime.settings import Settings

LOADED_S = 1.0
"""What a machine with other work to do may add to the second."""


def covered(node):
    with node.database.snapshot() as connection:
        root = Evidence(node.context(connection)).last_root()
    return root[0].last if root else 0


async def signed_until(node, count):
    """Sign what a node noted until so many records are covered, for five seconds at most."""
    signing = asyncio.create_task(sign_evidence(node, key_of("marketing")))
    for _ in range(500):
        await asyncio.sleep(0.01)
        if covered(node) == count:
            break
    signing.cancel()


class TestSecond:
    @pytest.mark.parametrize("speed", [1.0, 3600.0])
    def test_is_kept(self, nodes, speed):
        node = nodes[0]
        node.clock = ScaledClock(starts_at=node.clock.now(), speed=speed, anchor_s=time.time())

        async def run():
            signing = asyncio.create_task(sign_evidence(node, key_of("marketing")))
            longest = 0.0
            for number in range(1, 6):
                await node.write("speaker", lambda work, number=number: work.tell(status_of("A"), key=f"{number}"))
                await node.mark_sent([(number, number)])
                began = time.monotonic()
                for _ in range(1000):
                    if covered(node) == number:
                        break
                    await asyncio.sleep(0.01)
                longest = max(longest, time.monotonic() - began)
                await asyncio.sleep(0.07 * number)
            signing.cancel()
            return longest

        assert asyncio.run(run()) < 1.0 + LOADED_S
        with node.database.snapshot() as connection:
            roots = list(Evidence(node.context(connection)).roots())
        assert (roots[-1].last, len(roots) <= 5) == (5, True)

    def test_what_a_crash_left_is_signed_at_once(self, nodes, tmp_path):
        exchange(*nodes, "A", "B")
        nodes[0].close()
        node = open_books(tmp_path, "marketing")
        assert (len(records(node)), covered(node)) == (2, 0)

        asyncio.run(signed_until(node, 2))
        assert covered(node) == 2
        node.close()

    def test_a_full_disk_is_waited_for(self, nodes, monkeypatch):
        exchange(*nodes, "A")
        node, tries = nodes[0], []

        async def refuse_twice(call):
            tries.append(call)
            if len(tries) < 3:
                raise Unavailable("the disk is full")
            return call()

        monkeypatch.setattr(node, "on_writer", refuse_twice)

        asyncio.run(signed_until(node, 1))
        assert (covered(node), len(tries) >= 3) == (1, True)


class TestKey:
    def test_is_drawn_once_for_its_owner_alone(self, tmp_path):
        settings = Settings(home=tmp_path)
        drawn = open_key(settings, "marketing")
        assert open_key(settings, "marketing") == read_key(settings, "marketing") == drawn
        assert open_key(settings, "metering") != drawn
        file = key_file(settings, "marketing")
        assert file.parent == tmp_path / "marketing" / "keys"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600

    def test_that_is_none_is_refused_and_left_alone(self, tmp_path):
        settings = Settings(home=tmp_path)
        file = key_file(settings, "marketing")
        file.parent.mkdir(parents=True)
        file.write_text("nonsense")
        with pytest.raises(Invalid, match="a new one is drawn"):
            open_key(settings, "marketing")
        assert file.read_text() == "nonsense"

    def test_of_a_suite_that_cannot_be_had_is_refused_before_anything_is_written(self, tmp_path):
        with pytest.raises(Unavailable, match="no SM2"):
            open_key(Settings(home=tmp_path, suite="sm2-sm3"), "marketing")
        assert not (tmp_path / "marketing").exists()

    def test_that_was_never_drawn_cannot_be_read(self, tmp_path):
        with pytest.raises(Unavailable, match="serve the system once"):
            read_key(Settings(home=tmp_path), "marketing")


class TestUnforeseen:
    def test_is_told_on_the_health_page_and_tried_again(self, nodes, monkeypatch):
        exchange(*nodes, "A")
        node, lines = nodes[0], []

        async def stumble_twice(call):
            lines.append(signing_line(node))
            if len(lines) < 3:
                raise KeyError("no such thing")
            return call()

        monkeypatch.setattr(node, "on_writer", stumble_twice)
        monkeypatch.setattr("metropool.runtime.evidence.GATHER_S", 0.01)

        asyncio.run(signed_until(node, 1))
        assert (covered(node), lines[0].state, lines[2].state, signing_line(node).state) == (1, "up", "down", "up")
        assert ("KeyError" in lines[2].detail.zh, "重试" in lines[2].detail.zh, "tried again" in lines[2].detail.en) == (
            True,
        ) * 3

    def test_a_root_that_was_touched_is_told_in_both_languages(self, nodes):
        exchange(*nodes, "A")
        node = nodes[0]
        node.unsigned = Broken("form", 1)
        line = signing_line(node)
        assert ("record 1" in line.detail.en, "第 1 条" in line.detail.zh) == (True, True)
