"""The house stays tidy: rooms, names, texts. What the import linter and ruff cannot see."""

import re
from pathlib import Path

import pytest
import yaml

from metropool.exchange.messages import MESSAGES

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "metropool"
CAPABILITIES = sorted(p for p in (SOURCE / "capabilities").iterdir() if (p / "__init__.py").exists())
VARYING = {"electricity", "water", "gas", "heat", "home", "community", "building"}
LONGEST_FILE = 255


def python_files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.py"))


@pytest.mark.parametrize("room", CAPABILITIES, ids=lambda p: p.name)
def test_every_capability_has_the_same_rooms(room):
    missing = [name for name in ("README.md", "capability.py") if not (room / name).exists()]
    assert not missing


def test_what_varies_along_a_dimension_is_never_a_file_or_folder():
    named = [p for p in SOURCE.rglob("*") if p.stem in VARYING and "site" not in p.parts]
    assert named == []


def test_nothing_names_a_system_of_a_plan():
    """Which plan runs is known to plan files alone (names that are capabilities too are words of the trade)."""
    contract = yaml.safe_load((ROOT / "plans" / "contract.yaml").read_text(encoding="utf-8"))
    capabilities = {p.name for p in CAPABILITIES}
    systems = {name for name in contract["systems"] if "_" in name and name not in capabilities}
    pattern = re.compile(r"['\"/](" + "|".join(sorted(systems)) + r")['\"/]")
    folders = (SOURCE, ROOT / "src" / "cityinabox", ROOT / "web" / "src")
    files = [path for folder in folders for path in folder.rglob("*") if path.suffix in (".py", ".ts", ".tsx", ".yaml")]
    found = {
        f"{path.relative_to(ROOT)}: {match.group(1)}"
        for path in files
        for match in pattern.finditer(path.read_text(encoding="utf-8"))
    }
    assert found == set()


def test_every_message_has_a_contract_in_code_and_no_class_is_without_one():
    """Each ``is`` of the contract and of the plans is a class; what has none says what else carries it."""
    files = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted((ROOT / "plans").glob("*.yaml"))]
    entries = {name: entry for file in files for key in ("messages", "add_messages") for name, entry in file.get(key, {}).items()}
    assert {entry["is"] for entry in entries.values() if "is" in entry} == {kind.__name__ for kind in MESSAGES}
    assert [name for name, entry in entries.items() if not {"is", "http", "calls", "frames"} & set(entry)] == []


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("texts.yaml")), ids=lambda p: str(p.parent.relative_to(SOURCE)))
def test_every_text_is_there_in_both_languages(path):
    texts = yaml.safe_load(path.read_text(encoding="utf-8"))
    incomplete = [key for key, text in texts.items() if set(text) != {"zh", "en"} or not all(text.values())]
    assert incomplete == []


def test_files_stay_short():
    long = {
        str(p.relative_to(ROOT)): n for p in python_files(ROOT / "src") if (n := len(p.read_text().splitlines())) > LONGEST_FILE
    }
    assert long == {}


def test_every_package_says_what_it_is_for():
    silent = [p for p in SOURCE.rglob("__init__.py") if not p.read_text(encoding="utf-8").lstrip().startswith('"""')]
    assert silent == []
