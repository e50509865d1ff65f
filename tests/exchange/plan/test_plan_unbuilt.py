"""What a plan holds back though it is built is told; what it holds back on purpose it says why; a row that carries nothing is told."""

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from exchange.plan.cases import CONTRACT, ROOT
from exchange.plan.test_plan_files import PLANS, compiled
from metropool.core.yaml_text import read_yaml, write_yaml
from metropool.plan.commands import CheckReport, check
from metropool.plan.compare import compare
from metropool.runtime.capabilities import CAPABILITIES
from metropool.runtime.systems import facts_of

FACTS = facts_of(CAPABILITIES)
SILENT = {
    "one": {"G.2", "G.4"},
    "two": {"2.4d", "6.2.3a", "G.2", "G.4"},
    "transition": {"6.t1", "G.2", "G.4"},
}
HELD_BACK = (
    "water_bills",
    "meter_data",
    "household_meter_data",
    "consents",
    "government_requests",
    "government_answers",
    "home_commands",
)


@cache
def text_of(name: str) -> str:
    return (ROOT / "plans" / f"{name}.yaml").read_text(encoding="utf-8")


def report(folder: Path, name: str, **unbuilt: Any) -> CheckReport:
    """On a shipped plan with more under ``not_yet``."""
    data = read_yaml(text_of(name))
    for key, more in unbuilt.items():
        data["not_yet"][key] = [*data["not_yet"][key], *more] if isinstance(more, list) else more
    path = folder / f"{name}.yaml"
    path.write_text(write_yaml(data), encoding="utf-8")
    return check(plan=path, contract=CONTRACT, capabilities=FACTS)


def told(report: CheckReport, key: str, name: str = "name") -> set[str]:
    return {note.values[name] for note in report.notes if note.key == key}


@pytest.mark.parametrize("name", PLANS)
def test_nothing_that_is_built_is_held_back_in_silence(name: str) -> None:
    plan = compiled(name)
    assert [note.values["name"] for note in plan.notes if note.key == "could_run"] == []
    assert {note.values["row"] for note in plan.notes if note.key == "row_carries_nothing"} == SILENT[name]


@pytest.mark.parametrize("name", PLANS)
def test_a_message_that_is_built_and_held_back_is_told(tmp_path: Path, name: str) -> None:
    assert told(report(tmp_path, name, messages=list(HELD_BACK)), "could_run") == set(HELD_BACK)


def test_without_a_reason_what_could_run_is_told_with_its_line(tmp_path: Path) -> None:
    every = report(tmp_path, "one", withheld={})
    assert told(every, "could_run") == set(read_yaml(text_of("one"))["not_yet"]["withheld"])
    assert {"load_data", "community_public_security"} <= told(every, "could_run")
    assert all(note.line > 1 and note.what("zh") and note.remedy("en") for note in every.notes)


def test_a_capability_that_is_built_is_told(tmp_path: Path) -> None:
    assert told(report(tmp_path, "two", capabilities=["settlement"]), "could_run") == {"settlement"}


def test_a_reason_for_what_nothing_is_called_is_a_fault_and_for_what_runs_a_note(tmp_path: Path) -> None:
    of = report(tmp_path, "two", withheld={"water_bills": "it runs", "wather_bills": "no such thing"})
    assert [(fault.key, fault.values["name"]) for fault in of.faults] == [("withheld_unlisted", "wather_bills")]
    assert told(of, "withheld_unlisted") == {"water_bills"}


@pytest.mark.parametrize("name", PLANS)
def test_only_rows_that_carry_something_are_counted(name: str) -> None:
    assert compare(compiled(name)).running.rows == len(compiled(name).rows) - len(SILENT[name])
