"""What stopping one system takes down: how long is waited for what still comes, and one system of a shipped plan that is stopped."""

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest

from metropool.plan.schema import Letter
from metropool.runtime.conformance import stopping
from metropool.runtime.conformance.report import Finding
from metropool.runtime.conformance.running import Run
from metropool.runtime.conformance.stopping import Standstill, all_that_comes, stop_each
from metropool.runtime.conformance.town.rest import Rest, effort_s
from metropool.runtime.conformance.ways import Way, ways_of
from metropool.runtime.systems import compile_named

only_soak = pytest.mark.skipif(not os.environ.get("METROPOOL_SOAK"), reason="with make soak")
SOON, LATE, NEVER = 0.0, 0.4, 3600.0


def way(name: str) -> Way:
    return Way(row=name, direction="up", message=name, sender="a", receiver="b", src="paper")


def what_comes(
    monkeypatch: pytest.MonkeyPatch, after_s: dict[str, float], *, alive: set[str], idle: bool = True
) -> dict[str, str]:
    """Status of each way of a town in which each comes after so long; where it is not idle, somebody works all the time."""

    async def finding_of(town: Any, one: Way) -> Finding:
        await asyncio.sleep(after_s[one.row])
        return Finding(one, "works")

    monkeypatch.setattr(stopping, "finding_of", finding_of)
    for name, value in {"LOOK_S": 0.02, "REST_S": 0.8, "SHORT_REST_S": 0.15, "MOST_S": 2.0}.items():
        monkeypatch.setattr(stopping, name, value)
    monkeypatch.setattr("metropool.runtime.conformance.town.rest.WINDOW_S", 0.02)
    effort = iter(range(10_000))
    rest = Rest(lambda: {1: 0.0 if idle else next(effort), 2: 0.0})
    ways = [way(name) for name in after_s]
    letters = {each.letter for each in ways if each.row in alive}
    found = asyncio.run(all_that_comes(None, ways, alive=letters, rest=rest))
    return {each.way.row: each.status for each in found}


def test_what_should_come_is_waited_for_longer_than_what_should_not(monkeypatch: pytest.MonkeyPatch) -> None:
    times = {"soon": SOON, "late": LATE, "never": NEVER}
    assert what_comes(monkeypatch, times, alive={"soon", "late"}) == {"soon": "works", "late": "works", "never": "failed"}
    assert what_comes(monkeypatch, times, alive={"soon"}) == {"soon": "works", "late": "failed", "never": "failed"}


def test_while_somebody_works_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    assert what_comes(monkeypatch, {"soon": SOON, "late": LATE}, alive=set(), idle=False) == {"soon": "works", "late": "works"}


def test_what_processes_want_of_the_processor_is_counted() -> None:
    own = os.getpid()
    before = effort_s([own])[own]
    sum(number * number for number in range(300_000))
    assert effort_s([own])[own] > before > 0


def test_what_did_not_come_is_what_was_silenced() -> None:
    found = Standstill("a", (Finding(way("one"), "works"), Finding(way("two"), "failed")))
    assert found.silenced == {Letter("a", "two", "b")}
    assert (found.stop.lost, found.stop.silenced, found.stop.cut_off) == ((Letter("a", "two", "b"),), 1, ())


@only_soak
@pytest.mark.timeout(600)
def test_stopping_a_company_silences_what_the_rows_say_and_what_is_made_of_it_and_nothing_else(tmp_path: Path) -> None:
    """Without the water company no combined bill is whole: nothing of it is paid, and nobody is told of payments."""
    run = Run(["transition"], seed=11, say=lambda *_, **__: None, finished=lambda _: None)
    (seen,) = asyncio.run(stop_each(run, ["water_system"], tmp_path))["transition"]
    runs = {each.letter for each in ways_of(compile_named("transition")) if not each.unbuilt}
    assert seen.alive < runs
    computed, made_of_it = runs - seen.alive, seen.silenced & seen.alive
    assert computed <= seen.silenced
    assert {letter.message for letter in made_of_it} <= {
        "combined_bill",
        "combined_bill_payments",
        "resident_payment",
        "payment_order",
        "payment_notice",
        "payment_status",
        "government_answers",
    }
    assert {each.message for each in runs - seen.silenced} >= {"meter_data", "electricity_bills", "gas_bills", "home_state"}
