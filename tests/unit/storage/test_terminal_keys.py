"""The key file of terminals: sealed at rest, only ever added to, whole after a crash."""

import os

import pytest

from metropool.capabilities.metering.frontend.sealed.ends import GreetingRefused
from metropool.capabilities.metering.frontend.sealed.key_file import TerminalKeyFile
from metropool.core.errors import Invalid
from metropool.devices.sealed.greeting import Hello
from metropool.runtime.settings import Settings
from metropool.runtime.terminal_keys import open_terminal_keys

MASTER = bytes(range(32))


def open_file(path, master=MASTER):
    return TerminalKeyFile(path, master=master, random=os.urandom)


def hello_of(drawn):
    return Hello(drawn.name, drawn.number, 1, bytes(32), bytes(68))


def test_no_key_is_in_the_file_and_only_the_owner_reads_it(tmp_path):
    drawn = open_file(tmp_path / "keys").draw([1, 2, 3], at="today")
    data = (tmp_path / "keys").read_bytes()
    assert all(key.key not in data and key.key.hex().encode() not in data for key in drawn)
    assert (tmp_path / "keys").stat().st_mode & 0o077 == 0


def test_a_line_that_was_not_finished_is_passed_over_and_what_was_there_stays(tmp_path):
    path = tmp_path / "keys"
    open_file(path).draw([1], at="today")
    whole = path.read_bytes()
    open_file(path).draw([2], at="today")
    for size in range(len(whole), path.stat().st_size):
        path.write_bytes(path.read_bytes()[:size])
        assert [row.terminal for row in open_file(path).standing()] == [1]
    path.write_bytes(whole + b'{"terminal": 2, "na')
    open_file(path).draw([3], at="today")
    assert [row.terminal for row in open_file(path).standing()] == [1, 3]
    path.write_bytes(path.read_bytes().replace(b'"sealed"', b'"saeled"'))
    with pytest.raises(Invalid, match="backup"):
        open_file(path)


def test_keys_drawn_elsewhere_are_seen_at_the_next_look(tmp_path):
    here, there = open_file(tmp_path / "keys"), open_file(tmp_path / "keys")
    (drawn,) = there.draw([1], at="today")
    assert not here.holds(drawn.name)
    here.refresh()
    assert here.holds(drawn.name)
    there.end(terminal=1, how="revoked")
    here.refresh()
    assert not here.holds(drawn.name)


def test_a_key_sealed_under_another_master_or_moved_to_another_row_opens_nothing(tmp_path):
    path = tmp_path / "keys"
    (drawn,) = open_file(path).draw([1], at="today")
    with pytest.raises(GreetingRefused, match="sealed_elsewhere"):
        open_file(path, master=bytes(32)).agree(hello_of(drawn), random=bytes(32))
    path.write_bytes(path.read_bytes().replace(b'"terminal": 1', b'"terminal": 2'))
    with pytest.raises(GreetingRefused, match="sealed_elsewhere"):
        open_file(path).agree(hello_of(drawn), random=bytes(32))


def test_the_master_key_may_lie_elsewhere_and_is_drawn_once(tmp_path):
    settings = Settings(home=tmp_path, terminal_master=tmp_path / "stick" / "master")
    (drawn,) = open_terminal_keys(settings, "metering").draw([1], at="today")
    assert len((tmp_path / "stick" / "master").read_bytes()) == 32
    assert not (tmp_path / "metering" / "keys" / "terminals.master").exists()
    assert open_terminal_keys(settings, "metering").holds(drawn.name)
    (tmp_path / "stick" / "master").write_bytes(b"short")
    with pytest.raises(Invalid, match="backup"):
        open_terminal_keys(settings, "metering")
