"""What is no YAML is told in our words, with line and column, whichever parser met it."""

import re
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from metropool.core.yaml_words import YamlTrouble, trouble_of

PARSERS: dict[str, Callable[[str], Any]] = {
    "PyYAML": lambda text: yaml.load(text, Loader=yaml.SafeLoader),
    "ruamel": lambda text: YAML(typ="safe", pure=True).load(text),
}
PARSERS_OWN = re.compile("not allowed here|could not find|expected |found |was |cannot start")


def met(parser: str, text: str) -> YamlTrouble:
    with pytest.raises((yaml.YAMLError, YAMLError)) as refused:
        PARSERS[parser](text)
    return trouble_of(refused.value, text)


@pytest.mark.parametrize("parser", PARSERS)
@pytest.mark.parametrize(
    ("text", "place", "zh", "en"),
    [
        ("x: 1\na: b: c", (2, 5), "此处不能出现冒号", "a colon stands where no name can be"),
        ("x: - a", (1, 4), "此处不能出现列表项", "an item of a list stands where none can be"),
        ("- a\nb: c", (2, 1), "缩进与第 1 行开始的部分不一致", "it is not indented as what begins on line 1"),
        ("a: [1,\nb: 2", (2, 5), "第 1 行的括号没有闭合", "the bracket of line 1 is not closed"),
        ("a: 'x", (1, 6), "第 1 行的引号没有闭合", "the quote of line 1 is not closed"),
        ("\ta: 1", (1, 1), "行首用了制表符", "a tab stands where a line is indented"),
        ("a: 1\nb: \x07", (2, 4), "有不能打印的字符", "there is a character that cannot be printed"),
        ("a: 1\n---\nb: 2", (2, 1), "文件里有第二份文档", "a second document begins here"),
        ("a: !foo 1", (1, 4), "这里用了标签 !foo", "there is a tag here, !foo"),
        ("a: @x", (1, 4), "值不能以 @ 开头", "a value cannot begin with @"),
        ('a: "\\q"', (1, 6), "双引号里的反斜杠写法无效", "a backslash in double quotes"),
        ("]", (1, 1), "此处应有一个值", "a value is missing here"),
        ("%x\na: 1", (2, 1), "这里应当结束", "it should end here"),
    ],
)
def test_trouble_has_its_words_its_place_and_a_remedy(parser: str, text: str, place: tuple[int, int], zh: str, en: str) -> None:
    found = met(parser, text)
    assert (found.line, found.column) == place
    assert found.what.said("zh").startswith(zh) and found.what.said("en").startswith(en)
    assert not PARSERS_OWN.search(found.what.said("zh"))
    assert all(found.remedy.both().values())
    assert found.placed.said("zh").startswith(f"不是有效的 YAML：第 {place[1]} 列，")


@pytest.mark.parametrize("parser", PARSERS)
def test_trouble_nobody_has_words_for_is_told_as_the_parser_tells_it(parser: str) -> None:
    found = met(parser, "a: |x\n b")
    assert found.what.said("zh").startswith("解析器报告 expected chomping")
    assert (found.line, found.column) == (1, 5)
