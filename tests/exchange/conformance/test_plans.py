"""All three plans, each in a town of its own: every row of the contract once, nothing that runs fails, nothing unlisted passes."""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
CONTRACT = yaml.safe_load((ROOT / "plans" / "contract.yaml").read_text(encoding="utf-8"))
PLANS = ("one", "two", "transition")
pytestmark = pytest.mark.timeout(1200)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    home = tmp_path_factory.mktemp("conformance")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("METROPOOL_")}
    environment = {**kept, "PYTHONPATH": str(ROOT / "src"), "METROPOOL_HOME": str(home), "LC_ALL": "C.UTF-8"}
    command = [sys.executable, "-m", "metropool.runtime.cli", "conformance", "--json", "--folder", str(home / "towns")]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ran.stdout.startswith("["), ran.stderr[-3000:]
    return {report["plan"]: report for report in json.loads(ran.stdout)}, ran, home


def listed(plan):
    """Row, direction and message of everything the contract gives a plan, and of what its file adds."""
    added = yaml.safe_load((ROOT / "plans" / f"{plan}.yaml").read_text(encoding="utf-8")).get("add") or {}
    for name, row in {**CONTRACT["rows"], **added}.items():
        if plan in row.get("plans", (plan,)):
            for way in ("up", "down"):
                for message in (*row.get(way, ()), *row.get(f"{way}_inferred", ())):
                    yield str(name), way, message


@pytest.mark.parametrize("plan", PLANS)
def test_every_message_of_every_row_is_told_once(run, plan):
    told = Counter((flow["id"], flow["direction"], flow["message"]) for flow in run[0][plan]["flows"])
    assert told == Counter(listed(plan))


@pytest.mark.parametrize("plan", PLANS)
def test_what_runs_works(run, plan):
    flows = run[0][plan]["flows"]
    failed = [(flow["id"], flow["message"], flow["why"]) for flow in flows if flow["status"] == "failed"]
    assert failed == []
    works = [flow for flow in flows if flow["status"] == "works"]
    assert len(works) >= 29
    assert all(flow["delay_ms"] >= 0 and flow["evidence"] for flow in works)
    assert all(flow["why"] for flow in flows if flow["status"] == "not built")


@pytest.mark.parametrize("plan", PLANS)
def test_what_is_not_listed_is_refused(run, plan):
    unlisted = run[0][plan]["unlisted"]
    assert unlisted["doors"] == {name: {**door, "refused": door["tried"]} for name, door in unlisted["doors"].items()}
    assert unlisted["tried"] == unlisted["refused"] >= 5000
    assert unlisted["controls"] == unlisted["let_through"] > 0
    assert unlisted["table"]["wrong"] == 0


def test_the_status_says_whether_all_is_well_and_the_result_is_kept(run):
    reports, ran, home = run
    assert ran.returncode == 0
    assert all(report["sound"] for report in reports.values())
    assert {file.stem for file in (home / "conformance").glob("*.json")} == set(PLANS)
    kept = json.loads((home / "conformance" / "two.json").read_text(encoding="utf-8"))["flows"]
    assert [{name: value for name, value in flow.items() if name != "why_zh"} for flow in kept] == reports["two"]["flows"]
    assert all(flow["why_zh"] for flow in kept if flow["status"] == "not built")


@pytest.mark.parametrize("plan", PLANS)
def test_the_seed_of_a_run_is_told_and_its_towns_are_kept_where_asked(run, plan):
    reports, _, home = run
    assert reports[plan]["seed"] >= 0
    assert (home / "towns" / plan / "logs" / "broker.log").exists()
