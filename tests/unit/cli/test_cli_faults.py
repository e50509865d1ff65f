"""What is wrong with a file or a setting is told in the reader's language: where, what, and what to do."""

import json
import re
from pathlib import Path

import pytest

from .conftest import Cli

CHINESE = re.compile("[\u4e00-\u9fff]")
LIBRARIES_OWN = re.compile("Input should|Field required|not allowed here|Expected `|is no |there is|[Ii]nvalid")
SERVERS = """\
tls: false
brokers:
  production: [{name: production-1, host: 127.0.0.1, port: 4301, links: 4302}]
  management: [{name: management-1, host: 127.0.0.1, port: 4303, links: 4304, gateways: 4305}]
  dmz:
    - {name: dmz-1, host: 127.0.0.1, port: 4306, links: 4307, gateways: 4308}
"""


def lines(cli: Cli, *arguments: object, lang: str, **settings: str) -> list[str]:
    said = cli(*arguments, lang=lang, **settings)
    assert said.status == 1, said
    return said.err.splitlines()


def test_a_sound_brokers_file_is_taken(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "brokers.yaml"
    file.write_text(SERVERS, encoding="utf-8")
    assert cli("broker", "servers", broker=str(file), plan="transition").status == 0


@pytest.mark.parametrize(
    ("old", "new", "line", "zh", "en"),
    [
        ("port: 4306", "port: many", 6, "brokers.dmz.0.port 应为 整数，读到的是 'many': 改为 整数", "should be a whole number"),
        ("port: 4306", "port: 0", 6, "应为 不小于 1 的数，读到的是 0", "should be a number of 1 or more"),
        ("host: 127.0.0.1, port: 4306", "host: 'a b', port: 4306", 6, "应为 主机名或地址", "a host or an address"),
        ("name: dmz-1, ", "", 6, "缺少 brokers.dmz.0.name: 补上此项", "brokers.dmz.0.name is missing: add it"),
        ("tls: false", "tls: perhaps", 1, "tls 应为 true 或 false", "tls should be true or false"),
        ("  dmz:", "  dmx:", 5, "方案没有运行总线 dmx: 方案的总线是：", "the plan runs no broker dmx: it runs "),
        (", links: 4307", "", 6, "会连入服务器 dmz-1，而它没有供连接的端口: 写明端口 links", "which has no port for links"),
        (", gateways: 4308", "", 6, "网关从服务器 dmz-1 接入", "gateways come in at the server dmz-1"),
        (
            "name: dmz-1, host: 127.0.0.1",
            "name: dmz-1, host: 10.0.0.5",
            6,
            "10.0.0.5 不在本机，而没有用 TLS",
            "beyond this machine",
        ),
        ("name: dmz-1", "name: production-1", 6, "有两台服务器都叫 production-1: 各起一个名称", "two servers have the name"),
        ("dmz-1, host", "dmz-1: host", 6, "不是有效的 YAML：第 19 列", "not valid YAML: at column 19"),
    ],
)
def test_a_fault_of_the_brokers_file_has_its_line(
    cli: Cli, tmp_path: Path, old: str, new: str, line: int, zh: str, en: str
) -> None:
    file = tmp_path / "brokers.yaml"
    assert old in SERVERS
    file.write_text(SERVERS.replace(old, new, 1), encoding="utf-8")
    for lang, words in (("zh", zh), ("en", en)):
        told = lines(cli, "broker", "servers", lang=lang, broker=str(file), plan="transition")
        (found,) = [each for each in told[1:] if words in each]
        assert found.startswith(f"  {file}:{line}: "), told
        assert bool(CHINESE.search(told[0])) == bool(CHINESE.search(found)) == (lang == "zh")
        assert lang == "en" or not LIBRARIES_OWN.search(found)


def test_two_servers_and_none_are_told(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "brokers.yaml"
    file.write_text(SERVERS.replace("  dmz:", "  other:").replace("dmz-1", "other-1"), encoding="utf-8")
    told = "\n".join(lines(cli, "broker", "servers", lang="zh", broker=str(file), plan="transition"))
    assert f"总线文件 {file} 与方案不符" in told
    assert f"{file}:2: 总线 dmz 有 0 台服务器: 写一台，或能投票的三台以上" in told


@pytest.mark.parametrize(
    ("text", "line", "zh", "en"),
    [
        ("data_pool:\n  one: {place: p, zh: a, en: a}\n", 1, "data_pool 在方案中只有一个", "the plan runs one of it, data_pool"),
        (
            "communal_system:\n  one: {place: p, zh: a, en: a}\n",
            1,
            "方案没有运行系统 communal_system",
            "the plan runs no such system",
        ),
        (
            "community_system:\n  broker: {place: p, zh: a, en: a}\n",
            2,
            "名称 broker 已被占用: 给每一个起自己",
            "this name is taken, broker",
        ),
        (
            "community_system:\n  a: {place: p, zh: a, en: a}\n  b: {place: p, zh: a, en: a}\n",
            *(3, "b 的地点 p 已经归 a: 只保留一个", "the place p has a already, and b too"),
        ),
        (
            "community_system:\n  one: {place: p, zh: a}\n",
            2,
            "缺少 community_system.one.en",
            "community_system.one.en is missing",
        ),
        ("community_system:\n  one: {place: ' ', zh: a, en: a}\n", 2, "应为 地点编号，不含空白", "the id of a place"),
        (
            "community_system:\n  one: {place: p, zh: a, en: a, c: b}\n",
            2,
            "没有名为 community_system.one.c 的项",
            "nothing is called",
        ),
        (
            "community_system:\n\tone: 1\n",
            2,
            "不是有效的 YAML：第 1 列，行首用了制表符: 缩进只用空格",
            "not valid YAML: at column 1",
        ),
    ],
)
def test_a_fault_of_the_instances_has_its_line(cli: Cli, tmp_path: Path, text: str, line: int, zh: str, en: str) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "instances.yaml").write_text(text, encoding="utf-8")
    for lang, words in (("zh", zh), ("en", en)):
        told = lines(cli, "broker", "servers", lang=lang, plan="two", broker=str(tmp_path / "none.yaml"))
        (found,) = [each for each in told[1:] if words in each]
        assert found.startswith(f"  {home / 'instances.yaml'}:{line}: "), told
        assert bool(CHINESE.search(found)) == (lang == "zh")


def test_a_setting_that_cannot_be_is_told_in_each_language(cli: Cli) -> None:
    chinese, english = (lines(cli, "bill", lang=lang, port="many") for lang in ("zh", "en"))
    assert chinese == ["metropool: 有设置的取值不对；docs/operators.md 列出全部设置", "  METROPOOL_PORT=many: 应为 整数"]
    assert english[1] == "  METROPOOL_PORT=many: should be a whole number"


MAPPING = """\
name: mine
about: x
time: {column: at, format: '%s'}
channels:
  - {column: v, reading_type: water_register, unit: m3}
"""


@pytest.mark.parametrize(
    ("old", "new", "line", "zh", "en"),
    [
        ("unit: m3", "unit: gallon", 5, "没有名为 'gallon' 的单位", "no unit is called 'gallon'"),
        ("unit: m3", "unit: kWh", 5, "kWh 不是 water_register 的单位", "kWh is no unit of water_register"),
        ("water_register", "milk", 5, "没有名为 'milk' 的数据项", "no reading type is called 'milk'"),
        ("about: x\n", "", 1, "about：缺少此项: 各字段见 docs/integrators.md", "about: is missing: the fields are in"),
        ("about: x", "about: [x]", 2, "about：应为 文本", "about: should be a text"),
        ("unit: m3", "unit: m3, interval_s: soon", 5, "channels[0].interval_s：应为 整数", "should be a whole number"),
        ("unit: m3", "unit: m3, colour: red", 5, "channels[0].colour：没有此项", "channels[0].colour: is not known here"),
        ("about: x", "about: x: y", 2, "不是有效的 YAML：第 9 列，此处不能出现冒号", "not valid YAML: at column 9, a colon"),
        ("about: x", "about: x\nabout: y", 3, "about 出现两次: 只保留一个", "about is said twice: leave one of them"),
        ("'%s'}", "'%s', zone: Mars}", 3, "没有名为 'Mars' 的时区: 用 Asia/Shanghai", "no time zone is called 'Mars'"),
    ],
)
def test_a_fault_of_a_mapping_has_its_line(cli: Cli, tmp_path: Path, old: str, new: str, line: int, zh: str, en: str) -> None:
    mapping, file = tmp_path / "mine.yaml", tmp_path / "file.csv"
    assert old in MAPPING
    mapping.write_text(MAPPING.replace(old, new, 1), encoding="utf-8")
    file.write_text("at,v\n1,2\n", encoding="utf-8")
    for lang, words in (("zh", zh), ("en", en)):
        said = cli("import", file, "--mapping", mapping, "--json", lang=lang)
        assert said.status == 1
        (found,) = [each for each in said.err.splitlines() if words in each]
        assert found.startswith(f"  {mapping}:{line}: ")
        told = json.loads(said.out)
        assert (
            words.startswith(told["faults"][0]["what"][:5])
            or words in f"{told['faults'][0]['what']}: {told['faults'][0]['remedy']}"
        )
        assert bool(CHINESE.search(told["error"])) == (lang == "zh")


@pytest.mark.parametrize(
    ("content", "zh", "en"),
    [
        (b"", "file.csv 是空的", "file.csv is empty"),
        (b"PK\x03\x04", "file.csv 是压缩包或电子表格", "file.csv is a zip archive or a spreadsheet"),
        (b"at,v\n", "file.csv 只有表头，没有数据行", "file.csv has a header but no rows"),
        (b"at,w\n1,2\n", "列 'v': 文件里没有: 改正映射中的列名", "column 'v': is not in the file: correct its name"),
        (b"at,v\n1,\xff\n", "file.csv 第 2 行不是 utf-8 文本", "file.csv, line 2: not utf-8 text"),
        (
            b"at,v\nx,y\n",
            "没有一行能按映射 mine 读出；第一处：第 2 行",
            "none of the 1 rows of file.csv can be read by the mapping mine",
        ),
    ],
)
def test_a_file_that_cannot_be_imported_is_told_in_each_language(
    cli: Cli, tmp_path: Path, content: bytes, zh: str, en: str
) -> None:
    mapping, file = tmp_path / "mine.yaml", tmp_path / "file.csv"
    mapping.write_text(MAPPING, encoding="utf-8")
    file.write_bytes(content)
    for lang, words in (("zh", zh), ("en", en)):
        assert words in "\n".join(lines(cli, "import", file, "--mapping", mapping, lang=lang))


def test_what_is_not_there_to_import_is_told_in_each_language(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "file.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    assert lines(cli, "import", "none.csv", lang="zh") == ["metropool: 没有文件 none.csv"]
    assert (
        "没有映射文件 none，也没有这个名称的映射"
        in lines(cli, "import", tmp_path / "file.csv", "--mapping", "none", lang="zh")[-1]
    )
    assert "没有适合 file.csv 的映射" in (told := lines(cli, "import", tmp_path / "file.csv", lang="zh")[-1])
    assert "它的列：a, b" in told


CASES = [
    {"tariff": "no_such"},
    {"tariff": "guangzhou_residential_water", "m3": "much"},
    {"tariff": "guangzhou_residential_water", "m3": -1},
    {"tariff": "guangzhou_residential_water", "m3": 1, "date": "soon"},
    {"tariff": "guangzhou_residential_water", "m3": 1, "date": "1999-01-01"},
    {"rule": "none", "unpaid_cny": 1, "daily_rate": "0.1", "days_late": 1.5},
    7,
]
TOLD = [
    ("cases[0].tariff", "没有名为 'no_such' 的资费；有", "no tariff is called 'no_such'; known are"),
    ("cases[1].m3", "'much' 不是账单可用的数字: 写成", "'much' is no number a bill can have: write"),
    ("cases[2].m3", "-1 为负: 更正用退补", "-1 is less than nothing: a correction is"),
    ("cases[3].date", "'soon' 不是日期: 写成 2026-07-31", "'soon' is not a day: write it as 2026-07-31"),
    ("cases[4].date", "没有 1999-01-01 适用的版本", "has no version for 1999-01-01"),
    ("cases[5].rule", "没有名为 'none' 的规则", "no rule is called 'none'"),
    ("cases[5].days_late", "1.5 不是整数", "1.5 is no whole number"),
    ("cases[6]", "不是键与值的映射: 写成", "it is no mapping of keys to values: write"),
]


def test_cases_that_cannot_be_rated_are_told_in_each_language(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "cases.json"
    file.write_text(json.dumps(CASES), encoding="utf-8")
    for lang, which in (("zh", 1), ("en", 2)):
        said = cli("rate", file, "--json", lang=lang)
        told = said.err.splitlines()
        for where, *words in TOLD:
            assert [each for each in told if each.startswith(f"  {where}: ") and words[which - 1] in each], (where, told)
        answers = [each for case in said.json for each in case["error"]]
        assert [bool(CHINESE.search(each["what"])) for each in answers] == [lang == "zh"] * len(TOLD)


@pytest.mark.parametrize(
    ("content", "zh", "en"),
    [
        (b"{}", "用例不是列表", "the cases are no list"),
        (b"[1,\n2", "不是 JSON：第 2 行第 2 列读不下去", "cannot be read on from line 2, column 2"),
        (b'["\xe9"]', "不是 JSON：不是 UTF-8 文本", "it is no UTF-8 text"),
        (b"[NaN]", "不是 JSON：NaN 不是数字", "NaN is no number"),
        (b'[{"a": 1, "a": 2}]', "不是 JSON：键 'a' 出现两次", "the key 'a' is said twice"),
        (b"[" + b"9" * 5000 + b"]", "不是 JSON：有数字的位数过多", "a number has too many digits"),
        (b"[" * 100_000, "嵌套过深", "nested too deeply"),
    ],
)
def test_what_is_no_file_of_cases_is_told_in_each_language(cli: Cli, tmp_path: Path, content: bytes, zh: str, en: str) -> None:
    file = tmp_path / "cases.json"
    file.write_bytes(content)
    assert zh in lines(cli, "rate", file, lang="zh")[0]
    assert en in lines(cli, "rate", file, lang="en")[0]


def test_a_protocol_nobody_knows_is_told_in_each_language(cli: Cli) -> None:
    chinese, english = (lines(cli, "decode", "68", "--protocol", "modbus", lang=lang) for lang in ("zh", "en"))
    assert chinese == ["metropool: 没有名为 'modbus' 的规约；有 dlt645, cjt188, gdw1376"]
    assert english == ["metropool: no protocol is called 'modbus'; there are dlt645, cjt188, gdw1376"]
    assert lines(cli, "decode", "x", "--protocol", "dlt645", lang="zh") == ["metropool: 不是十六进制文本"]
