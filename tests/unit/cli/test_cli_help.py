"""Help comes at once and in the reader's language; what goes wrong is one sentence."""

import re
import subprocess
import sys

import pytest
import yaml

from .conftest import ROOT

COMMANDS = ("demo", "serve", "import", "rate", "bill", "decode", "plan", "doctor", "bench", "evidence")
HEAVY = {"numpy", "pyarrow", "nats", "numba", "sqlalchemy", "fastapi", "duckdb", "polars"}
TEXTS = yaml.safe_load((ROOT / "src/metropool/runtime/texts.yaml").read_text(encoding="utf-8"))
LISTS_IMPORTS = """
import sys
from metropool.runtime.cli import main
sys.argv = ["metropool", *sys.argv[1:]]
try:
    main()
finally:
    sys.stderr.write(" ".join(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def imported_by(*arguments: str) -> set[str]:
    command = [sys.executable, "-c", LISTS_IMPORTS, *arguments]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60, env={"PYTHONPATH": str(ROOT / "src")})
    return set(ran.stderr.split())


@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ("import", "--help"), ("plan", "--help")], ids=" ".join)
def test_help_needs_none_of_the_heavy_packages(arguments):
    found = imported_by(*arguments)
    assert "typer" in found
    assert found & HEAVY == set()


def test_help_names_every_command(cli):
    said = cli("--help")
    assert said.status == 0
    assert [name for name in COMMANDS if f" {name} " not in said.out] == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_help_speaks_the_language_that_was_asked_for(cli, language):
    by_option = cli("--lang", language, "--help").out
    assert TEXTS["group_operate"][language] in by_option
    assert by_option.replace("zh", "en") == cli("--help", lang=language).out.replace("zh", "en")


def test_every_command_is_explained_in_chinese(cli):
    said = cli("--lang", "zh", "--help").out
    assert [name for name in COMMANDS if not re.search(rf"│ {name} +[\u4e00-\u9fff]", said)] == []


def test_wrong_usage_is_status_2(cli):
    assert cli("rate").status == 2
    assert cli("no-such-command").status == 2


@pytest.mark.parametrize("command", [("rate", "nowhere.json"), ("import", "nowhere.csv"), ("bill",), ("plan", "check", "none")])
def test_what_is_not_there_is_one_sentence_and_status_1(cli, command):
    said = cli(*command)
    assert (said.status, said.out) == (1, "")
    assert said.err.startswith("metropool: ")
    assert said.err.count("\n") == 1


@pytest.mark.parametrize("arguments", [("--lang",), ("plan", "check", "two", "--lang")])
def test_no_language_is_wrong_usage(cli, arguments):
    assert cli(*arguments).status == 2


def test_the_package_is_the_command():
    command = [sys.executable, "-m", "metropool", "--version"]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60, env={"PYTHONPATH": str(ROOT / "src")})
    assert ran.stdout.startswith("metropool ")


@pytest.mark.parametrize("arguments", [("--lang", "zh", "--help"), ("--help", "--lang", "zh"), ("--lang=zh", "-h")])
def test_the_language_may_stand_anywhere(cli, arguments):
    assert TEXTS["group_operate"]["zh"] in cli(*arguments).out


def test_the_language_may_follow_a_command(cli):
    said = cli("decode", "--protocol", "dlt645", "68", "--lang", "zh")
    assert (said.status, "长度不对" in said.err) == (1, True)


def test_a_language_nobody_speaks_is_wrong_usage(cli):
    assert cli("--lang", "xx", "plan", "check").status == 2
