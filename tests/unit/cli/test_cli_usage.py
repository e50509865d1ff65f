"""Wrong usage and the headings of help, in the reader's language; what typer says itself is never mixed in."""

import re

import pytest

from .conftest import Cli

TYPERS_OWN = re.compile(r"\b(Usage|Try|Error|Options|Arguments|Commands|Missing|Invalid|Input|No such|required|default|Show)\b")


def told(text: str) -> str:
    """What a panel says, on one line."""
    return " ".join(re.sub("[│╭╮╰╯─]", " ", text).split())


@pytest.mark.parametrize(
    ("arguments", "zh", "en"),
    [
        (
            ["demo", "--sed", "3"],
            "没有选项 --sed；有 --seed, --speed。",
            "No such option: --sed (Possible options: --seed, --speed)",
        ),
        (["demo", "--nowhere"], "没有选项 --nowhere。", "No such option: --nowhere"),
        (["nowhere"], "没有命令 'nowhere'。", "No such command 'nowhere'."),
        (["rat"], "没有命令 'rat'；是否指 'rate'？", "No such command 'rat'. Did you mean 'rate'?"),
        (["rate"], "缺少参数 'CASES.json'。", "Missing argument 'CASES.json'."),
        (["decode", "68"], "缺少选项 '--protocol'。", "Missing option '--protocol'."),
        (["decode", "68", "--protocol"], "选项 '--protocol' 缺少值。", "Option '--protocol' requires an argument."),
        (["demo", "--fresh=1"], "选项 '--fresh' 不带值。", "Option '--fresh' does not take a value."),
        (["rate", "a", "b"], "多出参数：b", "Got unexpected extra arguments: b"),
        (["demo", "--seed", "x"], "'--seed' 的值不对：应为 整数", "Invalid value for '--seed': should be a whole number"),
        (["demo", "--speed", "x"], "'--speed' 的值不对：应为 数字", "Invalid value for '--speed': should be a number"),
        (["demo", "--homes", "0"], "'--homes' 的值不对：应为 不小于 1 的数", "'--homes': should be a number of 1 or more"),
        (["demo", "--port", "70000"], "应为 不大于 65535 的数", "should be a number of 65535 or less"),
    ],
    ids=" ".join,
)
def test_wrong_usage_is_told_in_each_language_with_status_2(cli: Cli, arguments: list[str], zh: str, en: str) -> None:
    chinese, english = cli(*arguments, lang="zh"), cli(*arguments, lang="en")
    assert (chinese.status, english.status, chinese.out, english.out) == (2, 2, "", "")
    assert zh in told(chinese.err) and en in told(english.err)
    assert not TYPERS_OWN.search(chinese.err)


def test_wrong_usage_shows_how_it_is_used_and_where_help_is(cli: Cli) -> None:
    chinese, english = cli("rate", lang="zh").err, cli("rate", lang="en").err
    assert re.search(r"^用法：.* rate \[选项\]", chinese) and re.search(r"' 显示帮助。$", chinese, re.MULTILINE)
    assert re.search(r"^Usage: .* rate \[OPTIONS\]", english) and re.search(
        r"^Try '.* rate -h' for help\.$", english, re.MULTILINE
    )


@pytest.mark.parametrize(
    "arguments", [["--help"], ["rate", "-h"], ["demo", "--help"], ["plan", "check", "-h"], ["plan"]], ids=" ".join
)
def test_help_has_no_heading_and_no_mark_in_the_other_language(cli: Cli, arguments: list[str]) -> None:
    chinese, english = cli(*arguments, lang="zh"), cli(*arguments, lang="en")
    assert chinese.status == english.status
    assert not TYPERS_OWN.search(chinese.out)
    assert "用法：" in chinese.out and "显示此帮助" in chinese.out
    assert "Usage: " in english.out and "Show this message and exit." in english.out
    assert not re.search("[\u4e00-\u9fff]", english.out)


def test_defaults_and_what_is_needed_are_marked_in_each_language(cli: Cli) -> None:
    assert "[默认：7]" in cli("demo", "-h", lang="zh").out and "[default: 7]" in cli("demo", "-h", lang="en").out
    assert "[必填]" in cli("rate", "-h", lang="zh").out and "[required]" in cli("rate", "-h", lang="en").out
    assert "[环境变量：METROPOOL_PLAN]" in cli("demo", "-h", lang="zh").out
