"""A mapping with a fault says file, line, what is wrong and what to do."""

import pytest

from metropool.capabilities.metering.imports.mapping.loading import load_mapping, named_mapping, read_mapping, shipped_mappings
from metropool.core.errors import Invalid, NotFound

GOOD = """name: mine
about: made
time: {column: at, format: "%Y-%m-%d %H:%M", zone: Asia/Shanghai}
device: {column: meter}
channels:
  - {column: energy, reading_type: electricity_forward_register, unit: kWh, interval_s: 900}
  - column: water
    reading_type: water_register
    unit: m3
"""


def test_a_good_mapping_is_read():
    assert [channel.local_name for channel in read_mapping(GOOD, where="mine.yaml").channels] == ["energy", "water"]


@pytest.mark.parametrize(
    ("old", "new", "line", "what"),
    [
        ("Asia/Shanghai", "Mars/Olympus", 3, "no time zone is called 'Mars/Olympus'"),
        ("Asia/Shanghai", '"+25:99"', 3, "no time zone"),
        ("Asia/Shanghai", '"+ab:cd"', 3, "no time zone"),
        ("Asia/Shanghai", "America", 3, "no time zone"),
        (', format: "%Y-%m-%d %H:%M"', "", 3, "how a time is written"),
        ("unit: kWh", "unit: parsec", 6, "no unit is called 'parsec'"),
        ("unit: kWh", "unit: m3", 6, "m3 is no unit of"),
        ("interval_s: 900", "interval_s: soon", 6, "channels[0].interval_s: should be a whole number"),
        ("interval_s: 900", "interval_s: -900", 6, "less than nothing"),
        ("interval_s: 900", "capacity: lots", 6, "'lots' is no number"),
        ("reading_type: water_register", "reading_type: milk", 8, "no reading type is called 'milk'"),
        ("column: water\n", "column: water\n    name: energy\n", 7, "two channels are called 'energy'"),
        ("    unit: m3\n", "    unit: m3\n    colour: red\n", 10, "channels[1].colour: is not known here"),
        ("    unit: m3\n", "    unit: m3\n    unit: L\n", 10, "unit is said twice"),
        ("about: made\n", "", 1, "about: is missing"),
        ("about: made\n", "about: made\nencoding: martian\n", 3, "no encoding is called 'martian'"),
        ("about: made\n", 'about: made\ndelimiter: ";;"\n', 3, "not one character"),
        ("about: made\n", "about: made\nheader_line: 5\n", 3, "before the first line of data"),
        ("device: {column: meter}", "device: {column: meter", 5, "not valid YAML: at column"),
    ],
)
def test_a_fault_is_told_with_file_line_and_remedy(old, new, line, what):
    assert old in GOOD
    with pytest.raises(Invalid) as refused:
        read_mapping(GOOD.replace(old, new, 1), where="mine.yaml")
    fault = refused.value.faults[0]
    assert fault.where == f"mine.yaml:{line}"
    assert what in str(fault.what)
    assert fault.said("zh").what != str(fault.what)
    assert fault.remedy


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "name", "\x00"])
def test_what_is_no_mapping_at_all_is_refused(text):
    with pytest.raises(Invalid, match=r"mine\.yaml is not a mapping"):
        read_mapping(text, where="mine.yaml")


def test_a_mapping_file_that_is_not_there_or_no_text_is_told(tmp_path):
    for path in (tmp_path, tmp_path / "none.yaml"):
        with pytest.raises(NotFound, match="there is no mapping file"):
            load_mapping(path)
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Invalid, match="no UTF-8 text"):
        load_mapping(tmp_path / "binary.yaml")


def test_a_shipped_mapping_is_had_by_its_name_and_a_file_goes_before_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert named_mapping("toon_registers") in shipped_mappings()
    (tmp_path / "toon_registers").write_text(GOOD, encoding="utf-8")
    assert named_mapping("toon_registers") == read_mapping(GOOD, where="toon_registers")
    with pytest.raises(NotFound, match=r"no mapping file mine\.yaml, and no mapping of that name: .*toon_registers"):
        named_mapping("mine.yaml")


def test_a_mapping_may_begin_with_a_byte_order_mark(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    assert load_mapping(path).name == "mine"
