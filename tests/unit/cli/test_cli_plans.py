"""Commands about plans, asked for what is no plan, or for one with faults: sentences, never a traceback, and a status that says so."""

import json
import sys
from functools import partial
from xml.etree import ElementTree

import pytest

from metropool.runtime.cli.main import main
from metropool.runtime.cli.words import language

from .conftest import ROOT

ONE = (ROOT / "plans" / "one.yaml").read_text(encoding="utf-8")
FAULTY = ONE.replace("billing: [water]", "billing: [wather]")
COMMANDS = ("check", "draw", "asyncapi", "compare")


@pytest.fixture
def metropool(tmp_path, monkeypatch, capsys):
    """A ``metropool`` command in a folder of its own: status, what it said on stdout, on stderr."""
    monkeypatch.chdir(tmp_path)

    def run(*words, lang="en"):
        monkeypatch.setattr(sys, "argv", ["metropool", *map(str, words)])
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
def plan(metropool):
    """The same of ``metropool plan``."""
    return partial(metropool, "plan")


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

    @pytest.mark.parametrize(("lang", "said"), [("en", "faults in plan one:direct: 1"), ("zh", "方案 one:direct 有 1 处错误")])
    @pytest.mark.parametrize("command", [("demo", "--plan"), ("conformance", "--plan")])
    def test_are_told_in_it_by_whatever_would_run_the_plan(self, metropool, faulty, command, lang, said):
        status, out, err = metropool(*command, faulty, lang=lang)
        assert (status, out) == (1, "")
        assert said in err and ("不能为 wather 承载" in err) == (lang == "zh") and "faulty.yaml:23" in err


class TestNames:
    def test_the_variant_that_was_checked_is_told(self, plan):
        for asked, variant in (("one", "direct"), ("one:indirect", "indirect"), ("two", None)):
            told = json.loads(plan("check", asked, "--json")[1])
            assert (told["plan"], told["variant"]) == (asked.partition(":")[0], variant)
        assert "plan one:indirect is sound" in plan("check", "one:indirect")[1]

    @pytest.mark.parametrize("title", ["Plan [red]one[/nope] <b>", "Long " * 58])
    def test_a_title_is_text_and_may_be_long(self, plan, tmp_path, title):
        named = ONE.replace("'Plan one: led by the power company'", json.dumps(title.strip()))
        (tmp_path / "named.yaml").write_text(named.replace("directly led", "as it is " * 30 + "led", 1), encoding="utf-8")
        assert plan("check", "named.yaml")[0] == 0
        status, out, _ = plan("compare", "named.yaml", "two")
        assert status == 0 and title.split()[1] in out
        status, out, _ = plan("draw", "named.yaml", "-o", "-")
        drawn = ElementTree.fromstring(out).findtext("{http://www.w3.org/2000/svg}title")
        assert status == 0 and drawn.startswith(title.strip())

    @pytest.mark.parametrize(
        ("lang", "said"), [("en", "no software that could stand for metering"), ("zh", "没有可代替 metering 的软件")]
    )
    def test_software_that_nobody_has_stands_for_no_system(self, metropool, lang, said):
        status, out, err = metropool("conformance", "--plan", "two", "--outside", "metering", lang=lang)
        assert (status, out) == (1, "") and said in err and len(err.splitlines()) == 1

    @pytest.mark.parametrize(("lang", "said"), [("en", "runs no system 'nobody'"), ("zh", "没有运行系统 'nobody'")])
    def test_a_system_that_is_none_is_not_stopped(self, plan, lang, said):
        status, out, err = plan("compare", "two", "--stop", "nobody", lang=lang)
        assert (status, out) == (1, "") and said in err


class TestOddArguments:
    @pytest.mark.parametrize("lang", ["zh", "en"])
    @pytest.mark.parametrize("command", COMMANDS)
    @pytest.mark.parametrize(
        ("plan_name", "content", "words"),
        [
            ("nope.yaml", None, ("没有名为 'nope.yaml' 的方案", "no plan is called 'nope.yaml'")),
            (".", None, (". 是目录", ". is a folder: give the path of the plan file in it")),
            ("", None, ("没有名为 '' 的方案", "no plan is called ''")),
            ("empty.yaml", b"", ("empty.yaml:1：文件里什么也没有", "empty.yaml:1: the file says nothing")),
            (
                "binary.yaml",
                bytes(range(256)),
                ("binary.yaml:2：这一行不是 UTF-8 文本", "binary.yaml:2: this line is no UTF-8 text"),
            ),
            ("nul.yaml", b"plan: one\nx: \0\n", ("nul.yaml:2：不是有效的 YAML", "nul.yaml:2: not valid YAML")),
            ("list.yaml", b"- one\n", ("list.yaml:1：文件 应为 映射", "list.yaml:1: the file should be a mapping")),
            ("one:sideways", None, ("有 one:direct, one:indirect", "there is one:direct, one:indirect")),
            ("two:direct", None, ("没有变体 'direct'", "no variant 'direct'")),
            ("two+unknown_system", None, ("没有可由外部软件运行的节点 unknown_system", "no node unknown_system")),
            ("two+meters", None, ("节点 meters", "no node meters")),
            ("two+", None, ("没有可由外部软件运行的节点", "runs no node")),
            ("contract", None, ("没有名为 parties 的项", "nothing is called parties here")),
        ],
    )
    def test_are_a_sentence_with_a_remedy_and_status_1(self, plan, tmp_path, command, plan_name, content, words, lang):
        if content is not None:
            (tmp_path / plan_name).write_bytes(content)
        status, out, err = plan(command, plan_name, lang=lang)
        assert status == 1
        assert words[lang == "en"] in out + err
        assert "Traceback" not in err and not list(tmp_path.glob("plan.*"))

    def test_a_file_called_contract_is_not_taken_for_ours(self, plan, tmp_path):
        (tmp_path / "contract").write_text("between us", encoding="utf-8")
        assert plan("check", "two")[0] == 0

    @pytest.mark.parametrize("command", ["draw", "asyncapi"])
    def test_where_nothing_can_be_written_it_is_told(self, plan, tmp_path, command):
        (tmp_path / "file").write_text("x", encoding="utf-8")
        for place in ("missing/plan.svg", ".", "file/plan.svg", "/proc/plan.svg"):
            status, out, err = plan(command, "two", "-o", place)
            assert (status, out) == (1, "")
            assert f"Cannot write {place}" in err and "choose another place" in err

    def test_json_where_it_fits_and_wrong_usage_where_not(self, plan, tmp_path):
        (tmp_path / "list.yaml").write_text("- one\n", encoding="utf-8")
        status, out, _ = plan("check", "list.yaml", "--json")
        assert (status, json.loads(out)["sound"]) == (1, False)
        assert plan("draw", "two", "--json")[0] == 2
        assert plan("compare", "two", "--stop")[0] == 2

    def test_two_plans_that_are_one_and_one_elsewhere_are_compared(self, plan, tmp_path):
        (tmp_path / "deep").mkdir()
        (tmp_path / "deep" / "mine.yaml").write_text(ONE, encoding="utf-8")
        status, out, _ = plan("compare", "two", "two", "deep/mine.yaml:indirect", "--json")
        sheets = json.loads(out)
        assert (status, len(sheets)) == (0, 3)
        assert sheets[0] == sheets[1] and sheets[2]["variant"] == "indirect"

    def test_a_system_that_no_plan_has_cannot_be_stopped(self, plan):
        status, out, err = plan("compare", "two", "--stop", "unknown_system")
        assert (status, out) == (1, "") and "unknown_system" in err
