"""Golden cases: each folder says why it is there; worked by hand."""

import json
from pathlib import Path

import pytest

from metropool.capabilities.billing.cases import rate_cases

FOLDERS = sorted(folder for folder in (Path(__file__).parent / "golden").iterdir() if folder.is_dir())


def _read(file: Path):
    return json.loads(file.read_text(encoding="utf-8"))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_case_comes_out_as_worked_by_hand(folder):
    answers, expected = rate_cases(_read(folder / "input.json")), _read(folder / "expected.json")
    assert len(answers) == len(expected)
    for answer, wanted in zip(answers, expected, strict=True):
        assert {key: answer[key] for key in wanted} == wanted


def test_every_folder_says_why():
    assert len(FOLDERS) >= 6
    assert all("By hand:" in (folder / "README.md").read_text(encoding="utf-8") for folder in FOLDERS)
