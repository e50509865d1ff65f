"""The home of a demo: whose it is, what cannot be one, and a start that is broken off."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from metropool.core.errors import Conflict, Invalid, MetropoolError, Unavailable
from metropool.runtime.demo import running
from metropool.runtime.demo.running import Demo
from metropool.runtime.demo.state import DemoState, open_demo
from metropool.runtime.hold import hold
from metropool.runtime.pause import done_before
from metropool.runtime.ports import free_port
from metropool.runtime.settings import settings_of_home

from .conftest import ROOT, command_line


def opened(home: Path, *, fresh: bool = False, homes: int = 6, plan: str = "transition") -> DemoState:
    return open_demo(home, fresh=fresh, seed=7, homes=homes, plan=plan)


def test_a_second_demo_in_one_home_is_refused_before_it_touches_anything(tmp_path):
    first = opened(tmp_path)
    note = (tmp_path / "demo.json").read_bytes()
    for fresh in (False, True):
        with pytest.raises(Conflict, match="is in use by another process"):
            opened(tmp_path, fresh=fresh)
    assert (tmp_path / "demo.json").read_bytes() == note
    assert first.held is not None
    first.held.close()
    assert opened(tmp_path).stages == []


def test_a_home_keeps_its_plan_and_commands_beside_it_follow(tmp_path, monkeypatch):
    first = opened(tmp_path, plan="one:indirect")
    assert first.held is not None
    first.held.close()
    monkeypatch.setenv("METROPOOL_HOME", str(tmp_path))
    monkeypatch.delenv("METROPOOL_PLAN", raising=False)
    assert settings_of_home().plan == "one:indirect"
    with pytest.raises(Invalid, match="--plan one:indirect"):
        opened(tmp_path, plan="two")
    monkeypatch.setenv("METROPOOL_PLAN", "two")
    assert settings_of_home().plan == "two"


def test_a_home_made_before_plans_could_be_chosen_runs_what_it_ran(tmp_path, monkeypatch):
    note = {"seed": 7, "homes": 6, "clock_at": "2026-07-01T00:40:00+08:00", "stages": ["city"]}
    (tmp_path / "demo.json").write_text(json.dumps(note), encoding="utf-8")
    monkeypatch.setenv("METROPOOL_HOME", str(tmp_path))
    monkeypatch.delenv("METROPOOL_PLAN", raising=False)
    assert (settings_of_home().plan, opened(tmp_path).plan) == ("transition", "transition")


def test_starting_over_removes_all_of_the_last_city(tmp_path):
    last = opened(tmp_path)
    last.done("city")
    (tmp_path / "metering/lake").mkdir(parents=True)
    (tmp_path / "city.json").write_text("{}", encoding="utf-8")
    assert last.held is not None
    last.held.close()
    assert opened(tmp_path, fresh=True, homes=9).stages == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["demo.json", "demo.lock"]


def test_starting_over_leaves_a_city_whose_systems_still_run(tmp_path):
    last = opened(tmp_path)
    assert last.held is not None
    last.held.close()
    with hold(tmp_path / "metering/lock"), pytest.raises(Conflict, match="metering is in use"):
        opened(tmp_path, fresh=True)
    assert (tmp_path / "demo.json").exists()


@pytest.mark.parametrize(
    "text", ['{"seed":', "[]", '{"seed": 7, "homes": 6}', '{"seed": 7, "homes": 6, "clock_at": 5, "stages": []}']
)
def test_a_damaged_note_is_told_with_the_remedy(tmp_path, text):
    (tmp_path / "demo.json").write_text(text, encoding="utf-8")
    with pytest.raises(Invalid, match=r"demo\.json is damaged: .* --fresh"):
        opened(tmp_path)
    assert "is damaged" in command_line(tmp_path)("import", ROOT / "README.md").err + command_line(tmp_path)("bill").err
    assert opened(tmp_path, fresh=True).homes == 6


def test_what_can_be_no_folder_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(Unavailable, match="choose another METROPOOL_HOME"):
        opened(tmp_path / "file")
    for command in (("demo", "--port", free_port()), ("serve",)):
        said = command_line(tmp_path / "file")(*command)
        assert (said.status, said.err.count("\n"), said.err.startswith("metropool: ")) == (1, 1, True)


@pytest.mark.parametrize(("name", "value"), [("port", "abc"), ("port", "70000"), ("demo", "perhaps")])
def test_a_setting_that_cannot_be_is_named(tmp_path, name, value):
    said = command_line(tmp_path)("serve", **{name: value})
    assert said.status == 1
    assert f"  METROPOOL_{name.upper()}={value}: " in said.err
    assert "Traceback" not in said.err


def test_an_empty_setting_is_none(tmp_path):
    said = command_line(tmp_path)("doctor", "--json", port="", plan="")
    assert {row["check"]: row["state"] for row in said.json}["plan"] == "ok"


def test_when_the_disk_is_full_that_is_said(tmp_path, monkeypatch):
    demo = Demo(state=opened(tmp_path), speed=60, port=free_port(), months=1, language="en")

    async def times_out() -> None:
        raise Unavailable("nats: timeout")

    monkeypatch.setattr(demo, "_start", times_out)
    with pytest.raises(MetropoolError, match=r"^nats: timeout$"):
        asyncio.run(demo.run())
    monkeypatch.setattr(running, "LEAST_FREE_BYTES", 1 << 60)
    with pytest.raises(Unavailable, match=r"has only \d+ MB left: free some space .*nats: timeout"):
        asyncio.run(demo.run())


def test_a_first_start_ends_when_it_is_told_to_and_leaves_nothing_running(tmp_path):
    home = tmp_path / "home"
    environment = {**os.environ, "METROPOOL_HOME": str(home), "PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, "-m", "metropool.runtime.cli", "demo", "--port", str(free_port()), "--homes", "400"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as demo:
        assert demo.stdout is not None
        while "The old systems" not in demo.stdout.readline():
            assert demo.poll() is None
        asked = time.monotonic()
        demo.send_signal(signal.SIGTERM)
        assert demo.wait(20) == 0
    assert time.monotonic() - asked < 15
    assert json.loads((home / "demo.json").read_text(encoding="utf-8"))["stages"] == ["city"]
    with hold(home / "demo.lock"):
        pass


def test_what_work_raises_before_the_event_is_raised_and_the_event_ends_it():
    async def fails() -> None:
        raise Unavailable("no")

    async def run() -> None:
        event = asyncio.Event()
        with pytest.raises(Unavailable):
            await done_before(event, fails())
        assert await done_before(event, asyncio.sleep(0))
        event.set()
        assert not await done_before(event, asyncio.sleep(60))

    asyncio.run(run())
