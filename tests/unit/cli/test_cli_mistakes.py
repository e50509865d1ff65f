"""What people do wrong, and machines that are not as ours, end in a sentence that is true, never in a traceback."""

from .conftest import command_line

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
