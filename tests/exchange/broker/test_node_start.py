"""Before a node works it is alone, its lake holds what is listed, its ledger is whole, its log is the one it read from."""

import asyncio
import json
import shutil
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from sqlalchemy import func, insert, select, update

from exchange.broker.harness import City, running_city
from metropool.access import Access
from metropool.access.tables import audit, once, session
from metropool.core.clock import VirtualClock
from metropool.core.errors import Conflict, Invalid, Unavailable
from metropool.core.identifiers import SystemId
from metropool.facts.ledger.tables import ledger_head, posting
from metropool.runtime import upkeep
from metropool.runtime.chain_health import chain_checks
from metropool.runtime.cli.accept_log import accept
from metropool.runtime.cli.doctor import examine
from metropool.runtime.node import Node
from metropool.runtime.portal import Facts
from metropool.runtime.serve import open_served
from metropool.runtime.settings import Settings
from metropool.runtime.systems import open_node
from metropool.runtime.upkeep import check_chains, keep_in_order

METERING, PLATFORM = SystemId("metering"), SystemId("smart_use_platform")
BILL = [("receivable/1", 100), ("revenue/water", -100)]


async def start(stack: AsyncExitStack, city: City, system: SystemId) -> Node:
    settings = Settings(home=city.home)
    node, _ = await open_served(stack, system, url=city.server.url, settings=settings, compiled=city.compiled)
    return node


def beside(city: City, system: SystemId) -> Node:
    return open_node(system, compiled=city.compiled, settings=Settings(home=city.home))


class TestLog:
    @staticmethod
    async def taken_up_to(city: City, sequence: int, *, written: int) -> None:
        front = await city.probe("metering-frontend", account="metering")
        for _ in range(written):
            await front.say("log.metering.readings")
        node = beside(city, METERING)
        node.write_now("metering", lambda work: work.collection.set_position(stream="log_metering", sequence=sequence))
        node.close()

    @staticmethod
    async def grown_anew(home: Path) -> None:
        """A node takes three batches in; then the broker loses its store, and the new log grows past them."""
        async with running_city(home) as city, AsyncExitStack() as stack:
            await TestLog.taken_up_to(city, 3, written=3)
            await start(stack, city, METERING)
        shutil.rmtree(home / "broker" / "store")
        async with running_city(home) as city:
            front = await city.probe("metering-frontend", account="metering")
            for _ in range(5):
                await front.say("log.metering.readings")

    def test_a_log_made_anew_that_has_grown_past_what_was_taken_in_is_refused(self, tmp_path: Path) -> None:
        async def run() -> None:
            await self.grown_anew(tmp_path)
            async with running_city(tmp_path) as city, AsyncExitStack() as stack:
                with pytest.raises(Conflict, match=r"made anew at .*--accept-log metering"):
                    await start(stack, city, METERING)

        asyncio.run(run())

    def test_a_log_made_anew_is_taken_from_its_beginning_once_somebody_accepted_it(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asyncio.run(self.grown_anew(tmp_path))
        monkeypatch.setenv("METROPOOL_HOME", str(tmp_path))
        with pytest.raises(Invalid, match="--reason"):
            accept("metering", reason=" ", as_json=False)
        accept("metering", reason="the broker's disk broke", as_json=False)

        async def run() -> None:
            async with running_city(tmp_path) as city, AsyncExitStack() as stack:
                node = await start(stack, city, METERING)
                assert node.read_now("metering", lambda work: work.collection.position(stream="log_metering")) == 0
                with node.database.snapshot() as connection:
                    (row,) = connection.execute(select(audit).where(audit.c.action == "log.accept")).mappings()
                told = json.loads(row["details"])
                assert (told["reason"], told["before"]["position"], told["ends"]) == ("the broker's disk broke", 3, 5)

        asyncio.run(run())
        with pytest.raises(Conflict, match="nothing to accept"):
            accept("metering", reason="again", as_json=False)

    @pytest.mark.parametrize("position", [0, 2, 3])
    def test_a_log_that_goes_on_is_taken(self, tmp_path: Path, position: int) -> None:
        async def run() -> None:
            async with running_city(tmp_path) as city, AsyncExitStack() as stack:
                await self.taken_up_to(city, position, written=3)
                assert (await start(stack, city, METERING)).system == METERING

        asyncio.run(run())

    def test_a_log_that_ends_before_what_was_taken_in_is_refused(self, tmp_path: Path) -> None:
        async def run() -> None:
            async with running_city(tmp_path) as city, AsyncExitStack() as stack:
                await self.taken_up_to(city, 4, written=3)
                with pytest.raises(Conflict, match="ends at batch 3, but metering took in batch 4"):
                    await start(stack, city, METERING)

        asyncio.run(run())


def test_a_node_is_served_once_at_a_time(tmp_path: Path) -> None:
    async def run() -> None:
        async with running_city(tmp_path) as city:
            async with AsyncExitStack() as stack:
                await start(stack, city, PLATFORM)
                with pytest.raises(Conflict, match="in use by another process"):
                    async with AsyncExitStack() as second:
                        await start(second, city, PLATFORM)
                beside(city, PLATFORM).close()
            async with AsyncExitStack() as stack:
                await start(stack, city, PLATFORM)

    asyncio.run(run())


class TestLake:
    def test_what_a_crash_left_is_removed_when_it_is_served_not_when_it_is_opened(self, tmp_path: Path) -> None:
        async def run() -> None:
            async with running_city(tmp_path) as city:
                node = beside(city, PLATFORM)
                rows = pa.table({"usage_point": [1, 2]})
                kept, orphan = (
                    node.lake.write(table="blocks", part="2026-07-01", name=name, data=rows, key="usage_point")
                    for name in ("kept", "orphan")
                )
                node.write_now("insight", lambda work: work.add_files([kept]))
                node.close()
                beside(city, PLATFORM).close()
                assert (node.lake.root / orphan.path).exists()
                async with AsyncExitStack() as stack:
                    await start(stack, city, PLATFORM)
                    assert not (node.lake.root / orphan.path).exists()
                    assert (node.lake.root / kept.path).exists()

        asyncio.run(run())


class TestLedger:
    @staticmethod
    def touch(node: Node) -> None:
        with node.database.unit() as connection:
            connection.execute(update(posting).where(posting.c.number == 1).values(amount_fen=1))

    @staticmethod
    def post(node: Node, key: str) -> None:
        node.write_now("settlement", lambda work: work.ledger.post(key=key, legs=BILL))

    def test_touched_while_it_lay_there_is_stopped_at_start(self, tmp_path: Path) -> None:
        async def run() -> None:
            async with running_city(tmp_path) as city, AsyncExitStack() as stack:
                node = beside(city, PLATFORM)
                self.post(node, "bill/1")
                self.post(node, "bill/2")
                self.touch(node)
                self.post(node, "bill/3")
                node.close()
                node = await start(stack, city, PLATFORM)
                with pytest.raises(Unavailable, match="stopped"):
                    self.post(node, "bill/4")
                assert len(node.read_now("settlement", lambda work: work.ledger.entry("bill/2"))) == 2

        asyncio.run(run())

    def test_touched_while_it_is_served_is_stopped_within_a_day(self, tmp_path: Path) -> None:
        async def run() -> None:
            async with running_city(tmp_path) as city, AsyncExitStack() as stack:
                node = await start(stack, city, PLATFORM)
                node.clock = clock = VirtualClock(node.clock.now())
                self.post(node, "bill/1")
                self.post(node, "bill/2")
                checking = asyncio.create_task(keep_in_order(node))
                await asyncio.sleep(0)
                self.touch(node)
                clock.advance(timedelta(hours=23))
                await asyncio.sleep(0.05)
                self.post(node, "bill/3")
                clock.advance(timedelta(hours=2))
                for _ in range(100):
                    await asyncio.sleep(0.02)
                    if is_stopped(node):
                        break
                checking.cancel()
                with pytest.raises(Unavailable, match="stopped"):
                    self.post(node, "bill/4")

        asyncio.run(run())


class TestAudit:
    @staticmethod
    def note(node: Node, action: str) -> None:
        node.write_now(
            "settlement", lambda work: Access(work.context).audit.note(actor="a", action=action, on="x", outcome="done")
        )

    @staticmethod
    def touch(node: Node, number: int) -> None:
        with node.database.unit() as connection:
            connection.execute(update(audit).where(audit.c.number == number).values(actor="somebody else"))

    @staticmethod
    def told(node: Node) -> tuple[list[str], list[str]]:
        """What the health page says of the audit, and how often the audit itself says that it was touched."""
        with node.database.snapshot() as connection:
            noted = connection.execute(select(audit.c.details).where(audit.c.action == "audit.verify")).scalars().all()
        return [check.fault.get("en", "") for check in chain_checks(node) if check.chain == "audit"], noted

    def test_touched_while_it_lay_there_is_told_at_start(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        async def run() -> None:
            async with running_city(tmp_path) as city, AsyncExitStack() as stack:
                node = beside(city, PLATFORM)
                for action in ("one", "two", "three"):
                    self.note(node, action)
                self.touch(node, 2)
                node.close()
                node = await start(stack, city, PLATFORM)
                (fault,), noted = self.told(node)
                assert fault == "row 2 of the audit is not what was noted, or is missing"
                assert len(noted) == 1
                facts = Facts({PLATFORM: node}, settings=Settings(home=tmp_path), compiled=city.compiled)
                (system,) = (await facts.health()).systems
                lines = {check.name.en: (check.state, check.detail.en) for check in system.checks}
                assert system.state == lines["Audit chain"][0] == "degraded"
                assert "row 2" in lines["Audit chain"][1]
                assert lines["Ledger chain"][0] == "up"
                await check_chains(node)
                assert len(self.told(node)[1]) == 1

        asyncio.run(run())
        monkeypatch.setenv("METROPOOL_HOME", str(tmp_path))
        (finding,) = (found for found in examine() if found.check == "chains")
        assert finding.state == "failed"
        assert "smart_use_platform, audit: row 2" in finding.detail

    def test_untouched_is_said_to_be_whole(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        async def run() -> None:
            async with running_city(tmp_path) as city, AsyncExitStack() as stack:
                node = await start(stack, city, PLATFORM)
                self.note(node, "one")
                await check_chains(node)
                assert self.told(node) == ([""], [])

        asyncio.run(run())
        monkeypatch.setenv("METROPOOL_HOME", str(tmp_path))
        (finding,) = (found for found in examine() if found.check == "chains")
        assert (finding.state, finding.detail[:1]) == ("ok", "3")

    def test_touched_while_it_is_served_is_told_within_a_day(self, tmp_path: Path) -> None:
        async def run() -> None:
            async with running_city(tmp_path) as city, AsyncExitStack() as stack:
                node = await start(stack, city, PLATFORM)
                node.clock = clock = VirtualClock(node.clock.now())
                self.note(node, "one")
                checking = asyncio.create_task(keep_in_order(node))
                await asyncio.sleep(0)
                self.touch(node, 1)
                clock.advance(timedelta(hours=25))
                for _ in range(200):
                    await asyncio.sleep(0.02)
                    if self.told(node)[0] != [""]:
                        break
                checking.cancel()
                assert self.told(node)[0] == ["row 1 of the audit is not what was noted, or is missing"]

        asyncio.run(run())


class TestForgetting:
    @staticmethod
    def remember(node: Node, *, days_ago: int, count: int = 30) -> None:
        """Answers given and sessions opened some days ago."""
        at_s = int((node.clock.now() - timedelta(days=days_ago)).timestamp())
        answered = {"actor": "a", "body_hash": "h", "status": 200, "answer": b"{}", "at": at_s}
        opened = {"csrf_hash": "c", "login": "a", "source": "s", "opened_at": at_s, "seen_at": at_s, "expires_at": at_s + 43_200}
        with node.database.unit() as connection:
            names = [f"{days_ago}-{number}" for number in range(count)]
            connection.execute(insert(once), [answered | {"key": name} for name in names])
            connection.execute(insert(session), [opened | {"token_hash": name} for name in names])

    @staticmethod
    def kept(node: Node) -> tuple[int, int]:
        with node.database.snapshot() as connection:
            answers, sessions = (select(func.count()).select_from(table) for table in (once, session))
            return connection.execute(answers).scalar_one(), connection.execute(sessions).scalar_one()

    def test_answers_and_sessions_of_long_ago_go_at_start_and_daily(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(upkeep, "AT_ONCE", 20)

        async def run() -> None:
            async with running_city(tmp_path) as city, AsyncExitStack() as stack:
                node = beside(city, PLATFORM)
                for days_ago in (0, 2, 40):
                    self.remember(node, days_ago=days_ago)
                node.close()
                node = await start(stack, city, PLATFORM)
                assert self.kept(node) == (60, 30)
                node.clock = clock = VirtualClock(node.clock.now())
                keeping = asyncio.create_task(keep_in_order(node))
                await asyncio.sleep(0)
                clock.advance(timedelta(days=29))
                for _ in range(200):
                    await asyncio.sleep(0.02)
                    if self.kept(node) == (30, 0):
                        break
                keeping.cancel()
                assert self.kept(node) == (30, 0)

        asyncio.run(run())


def is_stopped(node: Node) -> bool:
    with node.database.snapshot() as connection:
        return connection.execute(select(ledger_head.c.stopped)).scalar() is not None
