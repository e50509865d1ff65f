"""Keys of terminals on the command line, in a home of their own."""

import json

import pytest


@pytest.fixture
def keys(cli, tmp_path, monkeypatch):
    monkeypatch.setenv("METROPOOL_HOME", str(tmp_path))
    return lambda *arguments: cli("keys", *arguments)


def test_keys_are_drawn_replaced_listed_and_revoked(keys, tmp_path):
    given = tmp_path / "given.json"
    assert keys("draw", "4401-00001", "000012345678", "--to", str(given)).status == 0
    first = {row["address"]: row["key"] for row in json.loads(given.read_text())}
    assert set(first) == {"4401-00001", "000012345678"}
    assert keys("draw", "4401-00001", "--to", str(given)).status == 0
    second = {row["address"]: (row["number"], row["key"]) for row in json.loads(given.read_text())}
    assert second["4401-00001"][0] == 2
    assert second["4401-00001"][1] != first["4401-00001"]
    assert second["000012345678"] == (1, first["000012345678"])
    said = keys("revoke", "4401-09999", "4401-00001", "--lang", "en")
    assert (said.status, said.out[:2], "never had a key: 4401-09999;" in said.err) == (1, "2 ", True), said
    listed = json.loads(keys("list", "--json").out)
    assert [(row["terminal"], row["number"], row["ended"]) for row in listed] == [
        ("4401-00001", 1, "revoked"),
        ("4401-00001", 2, "revoked"),
        ("000012345678", 1, None),
    ]
    assert given.stat().st_mode & 0o077 == 0


def test_what_is_no_address_is_one_sentence(keys, tmp_path):
    said = keys("draw", "terminal-1", "--to", str(tmp_path / "given.json"))
    assert said.status == 1
    assert "terminal-1" in said.err
    assert not (tmp_path / "given.json").exists()
