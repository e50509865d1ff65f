"""A broker that starts again listens where it did, so that a front end that outlived it finds it."""

import socket

from metropool.runtime.last_words import why_not
from metropool.runtime.ports import free_port, port_as_before


def test_the_port_noted_is_used_again(tmp_path):
    note, port = tmp_path / "url", free_port()
    note.write_text(f"nats://127.0.0.1:{port}", encoding="ascii")
    assert port_as_before(note) == port


def test_a_taken_port_or_no_note_gives_a_free_one(tmp_path):
    note = tmp_path / "url"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        note.write_text(f"nats://127.0.0.1:{port}", encoding="ascii")
        assert port_as_before(note) not in {0, port}
    assert port_as_before(tmp_path / "none") > 0


def test_of_several_ports_the_one_that_is_taken_is_named(tmp_path):
    said = ["[1] [FTL] Unable to listen for MQTT connections: listen tcp 127.0.0.1:8883: bind: address already in use"]
    assert why_not(said, where="port 4222 on 127.0.0.1", folder=tmp_path).startswith("port 8883 on 127.0.0.1 is taken")
    said = ["nats-server: address already in use"]
    assert why_not(said, where="port 4222 on 127.0.0.1", folder=tmp_path).startswith("port 4222 on 127.0.0.1 is taken")
