"""Commands about plans, asked for what is no plan, or for one with faults: sentences, never a traceback, and a status that says so."""

import sys

import pytest

from metropool.runtime.cli.main import main
from metropool.runtime.cli.words import language

from .conftest import ROOT

ONE = (ROOT / "plans" / "one.yaml").read_text(encoding="utf-8")
FAULTY = ONE.replace("billing: [water]", "billing: [wather]")
COMMANDS = ("check", "draw", "asyncapi", "compare")


@pytest.fixture
def plan(tmp_path, monkeypatch, capsys):
    """A ``metropool plan`` command in a folder of its own: status, what it said on stdout, on stderr."""
    monkeypatch.chdir(tmp_path)

    def run(*words, lang="en"):
        monkeypatch.setattr(sys, "argv", ["metropool", "plan", *map(str, words)])
        monkeypatch.setenv("METROPOOL_LANG", lang)
        monkeypatch.setenv("COLUMNS", "200")
        language.cache_clear()
        with pytest.raises(SystemExit) as ended:
            main()
        told = capsys.readouterr()
        return ended.value.code or 0, told.out, told.err

    yield run
    language.cache_clear()


@pytest.fixture
def faulty(tmp_path):
    path = tmp_path / "faulty.yaml"
    path.write_text(FAULTY, encoding="utf-8")
    return path


class TestFaults:
    def test_a_drawing_of_a_faulty_plan_is_made_and_its_faults_are_told(self, plan, faulty, tmp_path):
        status, out, err = plan("draw", faulty, "-o", "plan.svg")
        assert (status, out) == (1, "")
        assert "faulty.yaml:23: billing cannot be hosted for wather; it can be for: electricity, water" in err
        assert (tmp_path / "plan.svg").read_text(encoding="utf-8").startswith("<svg")

    def test_numbers_and_channels_of_a_faulty_plan_are_not_given(self, plan, faulty, tmp_path):
        for words in (("compare", "two", faulty), ("compare", faulty, "--json"), ("asyncapi", faulty, "-o", "plan.json")):
            status, out, err = plan(*words)
            assert (status, out) == (1, "")
            assert "faulty.yaml:23" in err and "faults in plan one:direct: 1" in err
        assert not (tmp_path / "plan.json").exists()

    def test_are_told_in_the_language_asked_for(self, plan, faulty):
        assert "能力 billing 不能为 wather 承载。可选：" in plan("compare", faulty, lang="zh")[2]
