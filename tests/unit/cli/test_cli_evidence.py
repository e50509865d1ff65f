"""Evidence of a home becomes one file, and whoever has the file verifies it without a home."""

import asyncio
import json
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from metropool.core.identifiers import SeededIds, SystemId
from metropool.exchange.memory import MemoryBroker
from metropool.exchange.messages import ROWS, PaymentStatusTold
from metropool.runtime.evidence import cover, open_key
from metropool.runtime.portal import Facts
from metropool.runtime.settings import Settings
from metropool.runtime.systems import compile_named, open_node

from .conftest import command_line

SENDER, RECEIVER = SystemId("marketing"), SystemId("metering")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A home in which three letters went from the electricity company to the metering system, with the keys it publishes."""
    folder = tmp_path_factory.mktemp("evidence") / "home"
    settings, compiled = Settings(home=folder), compile_named("transition")
    nodes = {name: open_node(name, compiled=compiled, settings=settings) for name in (SENDER, RECEIVER)}
    allowed = frozenset(tuple(letter) for letter in compiled.letters)
    broker = MemoryBroker(allowed=allowed, chance=SeededIds(1))
    row = {"account_number": "1", "status": "paid", "as_of": settings.the_clock.now()}
    status = PaymentStatusTold(rows=pa.Table.from_pylist([row], schema=ROWS[PaymentStatusTold]))

    async def run():
        for key in ("a", "b", "c"):
            nodes[SENDER].write_now("billing", lambda work, key=key: work.tell(status, key=key))
        for number, envelope in nodes[SENDER].unsent(limit=10):
            await nodes[SENDER].mark_sent([(number, await broker.exchange(SENDER).deliver(envelope))])
        for delivery in await broker.exchange(RECEIVER).fetch(limit=10, wait_s=0):
            await nodes[RECEIVER].receive(delivery)
        for name, node in nodes.items():
            cover(node, open_key(settings, name))
        keys = await Facts(nodes, settings=settings, compiled=compiled).keys()
        (folder.parent / "keys.json").write_text(keys.model_dump_json())

    asyncio.run(run())
    for node in nodes.values():
        node.close()
    return folder


@pytest.fixture(scope="module")
def exported(home):
    """All evidence of the home, written once."""
    command_line(home)("evidence", "export", home.parent / "all.evidence")
    return home.parent / "all.evidence"


@pytest.fixture
def file(exported, tmp_path):
    """The file, for a test to change."""
    return Path(shutil.copy(exported, tmp_path))


def test_a_home_becomes_one_file_that_is_verified_without_it(home, tmp_path, cli, file):
    assert file.stat().st_mode & 0o777 == 0o600
    said = cli("evidence", "verify", file, "--keys", home.parent / "keys.json", "--json")
    assert said.status == 0, said.err
    assert (said.json["whole"], said.json["keys_given"], said.json["fault"]) == (True, True, None)
    found = {each["system"]: (each["party"], each["first"], each["last"], each["shown"]) for each in said.json["systems"]}
    assert found == {"marketing": ("grid", 1, 3, 3), "metering": ("grid", 1, 3, 3)}
    assert not (tmp_path / "home").exists()


def test_keys_of_the_file_itself_are_believed_but_said_to_be(cli, file):
    said = cli("evidence", "verify", file, "--lang", "en")
    assert (said.status, "--keys" in said.err, "as it was signed" in said.out) == (0, True, True)
    assert "letters 3" in said.out
    chinese = cli("evidence", "verify", file, "--lang", "zh").out
    assert ("与签名相符" in chinese, "系统间消息 3" in chinese) == (True, True)


def test_it_goes_out_by_a_pipe_once_it_is_verified_and_in_by_one(home, tmp_path, exported, cli):
    piped = command_line(home)("evidence", "export", "-", "--lang", "en")
    assert piped.status == 0, piped.err
    assert len(piped.out.splitlines()) == len(exported.read_bytes().splitlines())
    assert "metering" in piped.err
    command = [sys.executable, "-m", "metropool.runtime.cli", "evidence", "verify", "-", "--json"]
    said = subprocess.run(command, input=piped.out.encode(), capture_output=True, cwd=tmp_path, check=True)
    assert [each["shown"] for each in json.loads(said.stdout)["systems"]] == [3, 3]
    missing = "\n".join(piped.out.splitlines()[:1] + piped.out.splitlines()[2:])
    said = subprocess.run(command, input=missing.encode(), capture_output=True, cwd=tmp_path, check=False)
    assert (said.returncode, json.loads(said.stdout)["whole"]) == (1, False)
    assert command_line(home)("evidence", "export", "-", "--from", "2999-01-01").out == ""


@pytest.mark.parametrize(("take", "record"), [(3, 3), (1, 1)])
def test_the_first_record_that_is_missing_is_named(cli, file, take, record):
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(lines[:take] + lines[take + 1 :]))
    said = cli("evidence", "verify", file, "--json", "--lang", "zh")
    assert said.status == 1
    assert (said.json["fault"]["system"], said.json["fault"]["record"]) == ("metering", record)
    assert "缺少第" in said.json["fault"]["what"]
    assert f"record {record} is missing" in cli("evidence", "verify", file, "--lang", "en").out


def test_what_is_with_others_goes_out_as_its_leaf(home, tmp_path, cli):
    file = tmp_path / "one"
    said = command_line(home)("evidence", "export", file, "--system", "metering", "--with", "water_company", "--json")
    assert (said.status, file.exists()) == (1, False)
    assert command_line(home)("evidence", "export", file, "--system", "metering", "--with", "grid", "--json").status == 0
    assert [each["shown"] for each in cli("evidence", "verify", file, "--json").json["systems"]] == [3]


def test_one_letter_is_proved_by_its_path(home, tmp_path, cli, file):
    letter = json.loads(file.read_bytes().splitlines()[2])["record"]["letter"]
    one = tmp_path / "one"
    assert command_line(home)("evidence", "export", one, "--letter", letter).status == 0
    said = cli("evidence", "verify", one, "--keys", home.parent / "keys.json", "--json")
    assert [(each["kind"], each["shown"], each["roots"]) for each in said.json["systems"]] == [("letter", 1, 1)] * 2
    lines = one.read_bytes().splitlines(keepends=True)
    assert len(lines) == 6
    one.write_bytes(b"".join(lines).replace(b'"rows":1', b'"rows":2', 1))
    assert cli("evidence", "verify", one, "--json").json["fault"]["record"] == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("--from", "2999-01-01"),
        ("--from", "yesterday"),
        ("--to", "2026-07-01T00:00"),
        ("--system", "nobody"),
        ("--letter", "'; DROP TABLE evidence; --"),
        ("--letter", "\udcff"),
        ("--with", "\udcff"),
        ("--system", "\udcff"),
        ("--to", "0001-01-01"),
        ("--from", "9999-12-31"),
        ("--from", "9999-12-31T23:59-23:59"),
        ("--to", "0001-01-01T00:00+23:59"),
    ],
    ids=ascii,
)
def test_what_cannot_be_exported_is_one_sentence(home, tmp_path, arguments):
    said = command_line(home)("evidence", "export", tmp_path / "file", *arguments)
    assert (said.status, said.out, len(said.err.splitlines())) == (1, "", 1)
    assert not list(tmp_path.glob("file*"))


def test_what_is_no_file_is_one_sentence(home, tmp_path, cli):
    file_of_ours = Path(__file__)
    for arguments in ((tmp_path / "none",), (tmp_path,), (file_of_ours, "--keys", file_of_ours)):
        said = cli("evidence", "verify", *arguments)
        assert (said.status, len(said.err.splitlines())) == (1, 1), arguments
    assert str(file_of_ours) in said.err
    for language, words in (("zh", "不是普通文件"), ("en", "no plain file")):
        said = command_line(home)("evidence", "export", tmp_path, "--lang", language)
        assert (said.status, words in said.err) == (1, True)
    said = command_line(home)("evidence", "export", file_of_ours / "below")
    assert (said.status, len(said.err.splitlines())) == (1, 1)


def test_a_home_without_evidence_says_so(cli):
    said = cli("evidence", "export", "file", "--lang", "zh")
    assert said.status == 1
    assert "里没有账簿" in said.err


def test_the_doctor_looks_at_evidence(home):
    (chains,) = (found for found in command_line(home)("doctor", "--json").json if found["check"] == "chains")
    assert (chains["state"], chains["detail"][:1]) == ("ok", "6")


@pytest.fixture
def touched(home, tmp_path):
    """A copy of the home from whose metering system a record was removed, by number."""
    folder = shutil.copytree(home, tmp_path / "home", dirs_exist_ok=True)

    def remove(number, table="evidence"):
        with sqlite3.connect(folder / "metering" / "metering.sqlite") as books:
            books.execute(f"DELETE FROM {table} WHERE number = {number}")
        books.close()
        return command_line(folder)

    return remove


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_book_with_a_record_removed_is_written_and_said_not_to_be_whole(touched, tmp_path, cli, number):
    file = tmp_path / "touched"
    run = touched(number)
    for language, words in (("en", f"record {number} is missing"), ("zh", f"缺少第 {number} 条记录")):
        said = run("evidence", "export", file, "--lang", language)
        assert (said.status, words in said.err.splitlines()[-1], "metering" in said.err.splitlines()[-1]) == (1, True, True)
        assert "Traceback" not in said.err
    fault = cli("evidence", "verify", file, "--json").json["fault"]
    assert (fault["system"], fault["record"]) == ("metering", number)
    told = run("evidence", "export", file, "--json").json["faults"]
    assert [(each["system"], each["record"]) for each in told] == [("metering", number)]


def test_a_removed_letter_is_not_said_never_to_have_been(touched, tmp_path, file):
    records = [json.loads(line)["record"] for line in file.read_bytes().splitlines() if b'"record"' in line]
    removed = next(each["letter"] for each in records if (each["system"], each["number"]) == ("metering", 2))
    run = touched(2)
    said = run("evidence", "export", tmp_path / "one", "--letter", removed, "--system", "metering", "--lang", "en")
    assert (said.status, "record 2 is missing" in said.err) == (1, True)
    both = run("evidence", "export", tmp_path / "one", "--letter", removed, "--lang", "en")
    assert (both.status, "record 2 is missing" in both.err) == (1, True)


def test_a_book_with_its_root_removed_is_one_sentence(touched, tmp_path):
    said = touched(1, "evidence_root")("evidence", "export", tmp_path / "file", "--system", "metering")
    assert (said.status, len(said.err.splitlines())) == (1, 1)
