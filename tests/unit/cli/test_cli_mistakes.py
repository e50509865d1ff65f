"""What people do wrong, and machines that are not as ours, end in a sentence that is true, never in a traceback."""

from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from metropool.runtime.settings import Settings
from metropool.runtime.systems import compile_named, open_node

from .conftest import ROOT, command_line

READ_ADDRESS = "68AAAAAAAAAAAA681300DF16"


class TestTerminals:
    def test_what_the_encoding_lacks_is_printed_by_its_number(self, tmp_path):
        run = command_line(tmp_path, encoding="ascii")
        said = run("--lang", "zh", "decode", "--protocol", "dlt645", READ_ADDRESS)
        assert (said.status, said.err) == (0, "")
        assert "\\u5e27\\u8d77" in said.out

    def test_json_stays_json_in_any_encoding(self, cli, tmp_path):
        command = ("decode", "--protocol", "dlt645", READ_ADDRESS, "--json")
        assert command_line(tmp_path, encoding="latin-1")(*command).json == cli(*command).json

    def test_nothing_is_said_of_a_file_where_stdout_was_asked_for(self, cli):
        said = cli("plan", "draw", "two", "-o", "-")
        assert (said.status, said.err) == (0, "")
        assert said.out.startswith("<svg")


class TestHomes:
    @pytest.mark.parametrize(
        "command",
        [
            ("gateway", "list"),
            ("gateway", "enrol", "home-1", "LW1"),
            ("gateway", "revoke", "home-1"),
            ("evidence", "export", "all.evidence"),
            ("doctor", "--accept-log", "metering", "--reason", "lost"),
        ],
        ids=" ".join,
    )
    def test_a_home_that_nobody_served_is_told_and_not_made(self, cli, tmp_path, command):
        said = cli(*command)
        assert said.status == 1
        assert said.err.startswith(f"metropool: There are no books in {tmp_path / 'home'}: set METROPOOL_HOME")
        assert not (tmp_path / "home").exists()


class TestSettings:
    @pytest.mark.parametrize("address", ["foo", "mysql://x/y", "postgresql+psycopg://x@127.0.0.1:abc/x"])
    def test_what_is_no_database_is_one_sentence(self, cli, address):
        said = cli("bill", database=address)
        assert said.status == 1
        assert said.err.startswith("metropool: ")
        assert "METROPOOL_DATABASE" in said.err
        assert said.err.count("\n") == 1

    @pytest.mark.parametrize("broker", ["embedded", "nats://127.0.0.1:4222"])
    def test_without_a_brokers_file_there_are_no_servers_to_list(self, cli, broker):
        said = cli("broker", "servers", broker=broker)
        assert said.status == 1
        assert said.err.startswith(f"metropool: METROPOOL_BROKER is {broker}, no brokers' file")

    @pytest.mark.parametrize("names", [("site_certificate", "site_key"), ("site_key",)])
    def test_a_site_without_a_certificate_that_is_one_does_not_start(self, cli, names):
        said = cli("serve", **dict.fromkeys(names, str(ROOT / "README.md")))
        assert said.status == 1
        assert said.err.startswith("metropool: METROPOOL_SITE_")
        assert said.err.count("\n") == 1

    def test_a_level_that_is_none_is_told(self, cli):
        assert cli("serve", log="loud").err == "metropool: METROPOOL_LOG=loud is no level: debug info warning error\n"

    def test_the_name_of_a_key_is_told_in_words(self, cli, tmp_path):
        settings = Settings(home=tmp_path / "home")
        open_node("weather", compiled=compile_named("transition"), settings=settings).close()
        assert cli("door", "key", "new", "weather", "--name", "").err.endswith(
            "name: 1 to 64 characters: small letters, digits, . _ -\n"
        )
        assert "小写字母" in cli("--lang", "zh", "door", "key", "new", "weather", "--name", "").err


class Page(BaseHTTPRequestHandler):
    """A web server that is none of ours."""

    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<h1>It works</h1>")

    def do_POST(self):
        self.send_error(501)

    def log_message(self, *_):
        """Say nothing."""


def test_a_web_server_that_is_no_site_is_told_as_that(cli):
    with HTTPServer(("127.0.0.1", 0), Page) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        said = cli("control", "list", "--login", "operator", "--site", url, password="x")
        server.shutdown()
    assert said.status == 1
    assert (
        said.err
        == f"metropool: What answers at {url}/ is no Metropool site: name its address with --site or METROPOOL_SITE_URL.\n"
    )
