"""Whatever is changed in an evidence file is found, and the first record that cannot be believed is named."""

import gzip
import io
import json
from datetime import timedelta
from itertools import zip_longest

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange.evidence.books import NOW, exchange, key_of, lines_of, open_books, sign
from metropool.core.errors import Invalid
from metropool.exchange.evidence.lines import LINE_BYTES, read_line, write_line
from metropool.exchange.evidence.lines import lines_of as lines_of_file
from metropool.exchange.evidence.objects import (
    HEADING_DOMAIN,
    leaf_of,
)
from metropool.exchange.evidence.verify import keys_of, verify
from metropool.storage.chain import GENESIS, canonical, link


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The lines of a file of two systems, some of it withheld."""
    folder = tmp_path_factory.mktemp("books")
    nodes = open_books(folder, "marketing"), open_books(folder, "metering")
    for letters in (range(7), range(7, 8), range(8, 12)):
        exchange(*nodes, *(f"A{letter}" for letter in letters))
        sign(*nodes)
        for node in nodes:
            node.clock.advance(timedelta(hours=1))
    lines = lines_of(*nodes, start=NOW + timedelta(minutes=30)), lines_of(*nodes)
    for node in nodes:
        node.close()
    return lines


def place_of(lines: list[bytes], index: int) -> tuple[str, int]:
    """System and number of the record that a line holds, or stands before."""
    system, number = "", 0
    for line in lines[: index + 1]:
        this = read_line(line)
        if this.heading:
            heading = json.loads(bytes(this.heading))
            system, number = heading["system"], heading["before"]["number"]
        number = this.number or number
    return system, number if read_line(lines[index]).number else number + 1


def by_section(lines: list[bytes]) -> dict[str, list[bytes]]:
    """The lines of each section, by its system."""
    sections: dict[str, list[bytes]] = {}
    for line in lines:
        if heading := read_line(line).heading:
            sections[json.loads(bytes(heading))["system"]] = []
        sections[list(sections)[-1]].append(line)
    return sections


def first_of_root(lines: list[bytes], index: int) -> int:
    """The first record that the root in a line covers."""
    return json.loads(bytes(read_line(lines[index]).root))["first"]


class TestWhole:
    def test_is_believed(self, whole):
        for lines in whole:
            report = verify(lines)
            assert report.fault is None
            assert [found.system for found in report.sections] == ["marketing", "metering"]
        assert [(found.first, found.last, found.shown, found.roots) for found in report.sections] == [(1, 12, 12, 3)] * 2

    def test_shows_only_what_was_asked_for(self, whole):
        shown = [(found.first, found.last, found.shown) for found in verify(whole[0]).sections]
        assert shown == [(8, 12, 5)] * 2


class TestChanged:
    @settings(max_examples=400, deadline=None)
    @given(st.data())
    def test_any_byte(self, whole, data):
        lines = list(whole[data.draw(st.integers(0, 1))])
        index = data.draw(st.integers(0, len(lines) - 1))
        place = data.draw(st.integers(0, len(lines[index]) - 1))
        byte = data.draw(st.integers(0, 255).filter(lambda byte: byte != lines[index][place]))
        line = lines[index][:place] + bytes([byte]) + lines[index][place + 1 :]
        self.is_named(lines, index, [*lines[:index], *line.splitlines(keepends=True), *lines[index + 1 :]])

    @pytest.mark.parametrize("written", ["{}\\n", " {}", "upper"])
    @pytest.mark.parametrize("name", ["signature", "salt"])
    def test_the_same_bytes_written_otherwise(self, whole, name, written):
        """Hexadecimal is read from capitals, and with blanks in it: what verifies it must not."""
        lines = list(whole[1])
        index = next(i for i, line in enumerate(lines) if f'"{name}":'.encode() in line)
        text = json.loads(lines[index])[name]
        other = text.upper() if written == "upper" else written.format(text)
        assert other != text
        changed = lines[index].replace(f'"{text}"'.encode(), f'"{other}"'.encode())
        self.is_named(lines, index, [*lines[:index], changed, *lines[index + 1 :]])

    @settings(max_examples=150, deadline=None)
    @given(st.data())
    def test_any_line_taken_out(self, whole, data):
        lines = list(whole[data.draw(st.integers(0, 1))])
        index = data.draw(st.integers(0, len(lines) - 1))
        self.is_named(lines, index, [*lines[:index], *lines[index + 1 :]])

    @settings(max_examples=150, deadline=None)
    @given(st.data())
    def test_any_line_said_twice_or_put_elsewhere(self, whole, data):
        lines = list(whole[1])
        index = data.draw(st.integers(0, len(lines) - 1))
        to = data.draw(st.integers(0, len(lines)).filter(lambda to: to not in (index, index + 1)))
        moved = list(lines)
        if data.draw(st.booleans()):
            moved[index] = b""
        moved.insert(to, lines[index])
        moved = [line for line in moved if line]
        first = next(place for place, (was, now) in enumerate(zip_longest(lines, moved)) if was != now)
        if first == len(lines):
            assert verify(moved).fault is not None
        else:
            self.is_named(lines, first, moved)

    @settings(max_examples=60, deadline=None)
    @given(st.data())
    def test_cut_off_anywhere(self, whole, data):
        lines = list(whole[1])
        file = b"".join(lines)
        end = data.draw(st.integers(0, len(file) - 1))
        report = verify(file[:end].splitlines(keepends=True))
        assert report.fault is not None

    def is_named(self, lines, index, changed):
        """The record that the changed line holds is named; where a root is wrong, the first it would cover or the one after it."""
        report = verify(changed)
        assert report.fault is not None
        this = read_line(lines[index])
        system, number = place_of(lines, index)
        if this.root:
            assert (report.system, report.fault.number in (first_of_root(lines, index), number)) == (system, True)
        elif this.number and index < len(changed) and changed[index].startswith(b'{"root"'):
            assert report.fault.kind in ("missing", "missing_last", "root_missing", "root_other")
            assert report.fault.number == number or not report.fault.kind.startswith("missing")
            assert report.system == system
        elif this.number:
            assert (report.system, report.fault.number) == (system, number)
        else:
            assert report.line <= index + 2


class TestForged:
    """Somebody who changes a file and makes its hashes fit has no key to sign what follows from them."""

    @staticmethod
    def parts(line: bytes, name: str) -> tuple[dict, str]:
        this = json.loads(line)
        return this[name], this["signature"]

    def test_a_record_with_all_hashes_after_it(self, whole):
        lines, before = list(whole[1]), GENESIS
        for index, line in enumerate(lines[1:8], start=1):
            this = json.loads(line)
            if index == 3:
                this["record"]["rows"] = 2
            content = canonical(this["record"])
            before = link(before, leaf_of(this["salt"], content))
            lines[index] = write_line(hash=before, number=this["number"], record=content, salt=this["salt"])
        report = verify(lines)
        assert (report.fault.kind, report.fault.number, report.line) == ("altered", 1, 9)

    @pytest.mark.parametrize(
        ("change", "kind"),
        [
            ({"suite": "sm2-sm3"}, "suite"),
            ({"suite": "rot13"}, "suite"),
            ({"key": "0" * 32}, "key"),
            ({"at": "2026-07-01T00:00:01Z"}, "signature"),
            ({"system": "metering"}, "root_other"),
            ({"root": "zz"}, "form"),
        ],
    )
    def test_a_root(self, whole, change, kind):
        lines = list(whole[1])
        root, signature = self.parts(lines[8], "root")
        lines[8] = write_line(root=canonical(root | change), signature=signature)
        report = verify(lines)
        assert (report.fault.kind, report.fault.number, report.line, report.system) == (kind, 1, 9, "marketing")

    def test_a_section_signed_by_a_key_of_ones_own(self, whole):
        lines, key = list(whole[1]), key_of("mallory")
        heading, _ = self.parts(lines[0], "heading")
        theirs = heading["keys"][0] | {"id": key.id, "public": key.public}
        content = canonical(heading | {"key": key.id, "keys": [*heading["keys"], theirs]})
        lines[0] = write_line(heading=content, signature=key.sign(HEADING_DOMAIN + content))
        assert verify(lines).fault is None, "whoever holds the keys of a file made it: this is what --keys is for"
        published = [json.loads(whole[1][at])["heading"]["keys"] for at in (0, 16)]
        pinned = keys_of(json.dumps({"keys": [*published[0], *published[1]]}).encode())
        assert verify(whole[1], pinned=pinned).fault is None
        assert verify(lines, pinned=pinned).fault.kind == "key"

    @pytest.mark.parametrize(
        ("since", "until"), [("2026-07-01T00:30:00Z", None), ("2026-06-01T00:00:00Z", "2026-07-01T01:30:00Z")]
    )
    def test_a_root_signed_outside_the_term_of_its_key(self, whole, since, until):
        heading, _ = self.parts(whole[1][0], "heading")
        keys = keys_of(json.dumps({"keys": [heading["keys"][0] | {"since": since, "until": until}]}).encode())
        report = verify(whole[1], pinned=keys)
        assert report.fault.kind == "term"


class TestBadInput:
    @pytest.mark.parametrize(
        ("change", "line", "record"),
        [
            (gzip.compress, 1, 1),
            (lambda file: b"\xef\xbb\xbf" + file, 1, 1),
            (lambda file: file.replace(b"\n", b"\r\n"), 1, 1),
            (lambda file: file.decode().encode("utf-16"), 1, 1),
            (lambda file: file.replace(b'"number":3,', b'"number":3,"number":3,', 1), 4, 3),
            (lambda file: file.replace(b'"number":3,', b'"number":"3",', 1), 4, 3),
            (lambda file: file.replace(b'"number":3,', b'"number":NaN,', 1), 4, 3),
            (lambda file: file.replace(b'"number":3,', b'"number":3.0,', 1), 4, 3),
            (lambda file: file.replace(b'"number":3,', b'"number":' + b"9" * 5000 + b",", 1), 4, 3),
            (lambda file: file.replace(b'"rows":1', b'"rows":NaN', 1), 2, 1),
            (lambda file: file + b"x" * (3 << 20), 33, 13),
            (lambda file: file + b"\n", 33, 13),
            (lambda file: file[:-1], 32, 13),
            (lambda file: file + file, 33, 1),
        ],
        ids=[
            "gzip",
            "BOM",
            "CRLF",
            "UTF-16",
            "twice",
            "text",
            "NaN",
            "float",
            "digits",
            "NaN in it",
            "huge",
            "blank",
            "end",
            "two",
        ],
    )
    def test_a_file_that_was_written_otherwise_is_told_by_its_place(self, whole, change, line, record):
        report = verify(lines_of_file(io.BytesIO(change(b"".join(whole[1])))))
        assert (report.line, report.fault.number) == (line, record)

    def test_a_heading_that_is_not_believed_names_its_system(self, whole):
        keys = keys_of(json.dumps({"keys": json.loads(whole[1][0])["heading"]["keys"]}).encode())
        report = verify(whole[1], pinned=keys)
        assert (report.fault.kind, report.system, report.line) == ("key", "metering", 17)

    @pytest.mark.parametrize("asked", [{}, {"party": "grid"}, {"end": NOW + timedelta(days=1)}], ids=["earlier", "party", "end"])
    @pytest.mark.parametrize("taken", ["marketing", "metering"])
    def test_a_true_section_of_another_export_is_not_of_this_file(self, tmp_path, taken, asked):
        nodes = open_books(tmp_path, "marketing"), open_books(tmp_path, "metering")
        exchange(*nodes, "A1")
        sign(*nodes)
        other = lines_of(*nodes, **asked)
        if not asked:
            exchange(*nodes, "A2")
            sign(*nodes)
        sections = {True: by_section(other), False: by_section(lines_of(*nodes))}
        for node in nodes:
            node.close()
        report = verify([line for system in ("marketing", "metering") for line in sections[system == taken][system]])
        assert (report.fault.kind, report.system, report.fault.number) == ("other_export", "metering", 1)

    def test_keys_that_are_said_twice_are_the_same_keys(self, whole):
        published = [key for at in (0, 16) for key in json.loads(whole[1][at])["heading"]["keys"]]
        keys = keys_of(json.dumps({"keys": [*published, *published]}).encode())
        report = verify(whole[1], pinned=keys)
        assert (report.fault, [len(found.keys) for found in report.sections]) == (None, [1, 1])
        other = [key | {"public": key_of("mallory").public} for key in published]
        assert verify(whole[1], pinned=keys_of(json.dumps({"keys": other}).encode())).fault.kind == "key"
        both = keys_of(json.dumps({"keys": [*published, *other]}).encode())
        assert verify(whole[1], pinned=both).fault is None

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"\n",
            b"\x00" * 100,
            b"[" * 100_000,
            b"x" * (3 << 20),
            b'{"heading":' + b"[" * 5000,
            b'{"heading":{}}\n',
            "人".encode() * 99,
        ],
        ids=lambda content: f"{content[:4]!r} x {len(content)}",
    )
    def test_is_said_to_be_no_evidence(self, content):
        report = verify(lines_of_file(io.BytesIO(content)))
        assert (report.fault.kind, report.line) == ("heading", 1)

    @pytest.mark.parametrize("content", [b"", b"{}", b'{"keys": 1}', b'{"keys":[{"id":"x"}]}', b"[" * 100_000])
    def test_keys_that_are_none_are_refused(self, content):
        with pytest.raises(Invalid, match="public keys"):
            keys_of(content)

    def test_a_line_without_end_costs_bounded_memory(self):
        longest = max(len(line) for line in lines_of_file(io.BytesIO(b"x" * (5 << 20))))
        assert longest <= LINE_BYTES
