"""A broker that starts again listens where it did, so that a front end that outlived it finds it."""

import socket

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
