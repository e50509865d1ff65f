"""serve: says where it is, and what it cannot have in one sentence."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from metropool.core.errors import Conflict, Invalid, NotFound, Unavailable
from metropool.runtime.ports import free_port
from metropool.runtime.serve import only_known, serve_systems

from .conftest import ROOT, command_line


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


@pytest.mark.parametrize("system", ["", "gas_system"])
def test_a_taken_port_is_one_sentence_before_anything_is_made(tmp_path, taken, system):
    said = command_line(tmp_path / "home")("serve", system, port=str(taken))
    assert said.status == 1
    assert said.err == f"metropool: port {taken} is taken: choose another with METROPOOL_PORT (of a demo with --port)\n"
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("weather", "wether"), "runs no system 'wether'; it runs metering, "),
        (("weather", "metering:frontend"), "metering:frontend is a process of its own; serve it without weather"),
        (("broker", "weather"), "broker is a process of its own; serve it without weather"),
        (("nobody:frontend",), "runs no system 'nobody'"),
    ],
)
def test_several_are_served_by_one_process_where_each_is_a_system(names, said, monkeypatch, tmp_path):
    monkeypatch.setenv("METROPOOL_HOME", str(tmp_path))
    with pytest.raises((Invalid, NotFound)) as refused:
        serve_systems(*names)
    assert said in refused.value.what


def test_an_address_of_another_machine_is_told(tmp_path):
    said = command_line(tmp_path / "home")("serve", host="203.0.113.1")
    assert said.status == 1
    assert said.err.startswith("metropool: cannot listen on 203.0.113.1:8765: ")
    assert said.err.count("\n") == 1


def test_it_says_where_it_is_and_ends_when_asked(tmp_path: Path) -> None:
    port = free_port()
    environment = {**os.environ, "METROPOOL_HOME": str(tmp_path), "METROPOOL_PORT": str(port), "PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, "-m", "metropool.runtime.cli", "--lang", "en", "serve"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as serving:
        assert serving.stderr is not None
        line = serving.stderr.readline()
        serving.send_signal(signal.SIGTERM)
        assert serving.wait(30) == 0
    assert re.search(rf"^metering, .*: running at http://127\.0\.0\.1:{port}; books in .*, broker nats://127\.0\.0\.1:\d+$", line)


def test_tasks_that_end_together_are_told_by_the_first_with_a_sentence() -> None:
    first = Unavailable("no broker")
    assert only_known(BaseExceptionGroup("", [BaseExceptionGroup("", [first]), Conflict("held")])) is first
    assert only_known(BaseExceptionGroup("", [first, KeyError("a fault of ours")])) is None
