"""A file on one letter that two records tell of, parked and then replayed: whatever is changed in it is found, as in any other."""

import json
from datetime import timedelta
from itertools import product

import pytest

from exchange.evidence.books import LISTENER, NOW, exchange, key_of, lines_of, open_books, records, sign
from metropool.core.errors import Invalid
from metropool.exchange.evidence import Evidence
from metropool.exchange.evidence.lines import read_line, write_line
from metropool.exchange.evidence.objects import HEADING_DOMAIN, ROOT_DOMAIN
from metropool.exchange.evidence.verify import verify
from metropool.exchange.messages import PaymentStatusTold
from metropool.runtime.intake import replay_now
from metropool.storage.chain import canonical

HEADING, FIRST, FIRST_ROOT, SECOND, SECOND_ROOT = range(5)


def refuse(*, work, message):
    raise Invalid("not yet")


def parked_then_replayed(folder, *, roots, letters="ABC"):
    """A file on the first of some letters, all evidence of its system, and the keys its system publishes."""
    speaker, node = open_books(folder, "marketing"), open_books(folder, "metering")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(LISTENER.consumes, PaymentStatusTold, refuse)
        exchange(speaker, node, *letters)
    names = [row["letter"] for row in records(node)]
    if roots == 2:
        sign(node)
        node.clock.advance(timedelta(hours=1))
    for name in names:
        replay_now(node, name, by="operator")
    sign(node)
    with node.database.snapshot() as connection:
        keys = Evidence(node.context(connection)).keys()
    found = lines_of(node, letter=names[0]), lines_of(node), keys, lines_of(node, letter=names[1])
    for each in (speaker, node):
        each.close()
    return found


@pytest.fixture(scope="module", params=[1, 2], ids=["one root", "two roots"])
def file(request, tmp_path_factory):
    """The lines of a file on one letter, those of all evidence, the keys, and the lines of a file on another letter."""
    return parked_then_replayed(tmp_path_factory.mktemp("letters"), roots=request.param)


def fault_in(lines, keys):
    """What is wrong; the keys of the file itself find it too, whoever made the file."""
    assert verify(lines).fault is not None
    report = verify(lines, pinned=keys)
    assert len({report.fault.sentence.said(language) for language in ("zh", "en")}) == 2
    return report


def number_in(line):
    return json.loads(line)["record"]["number"]


def resigned(line, change, *, of="heading", key=None):
    """A heading or a root that says something else, signed by its system or by somebody else."""
    key, domain = key or key_of("metering"), {"heading": HEADING_DOMAIN, "root": ROOT_DOMAIN}[of]
    content = canonical(json.loads(line)[of] | change)
    return write_line(**{of: content, "signature": key.sign(domain + content)})


def test_as_it_was_written_it_is_believed(file):
    lines, _, keys, _ = file
    report = verify(lines, pinned=keys)
    assert report.fault is None
    assert [json.loads(lines[at])["record"]["direction"] for at in (FIRST, SECOND)] == ["received", "replayed"]
    ((first, last, shown),) = [(found.first, found.last, found.shown) for found in report.sections]
    assert (first, last, shown) == (1, 4, 2)


def other(value):
    """Another value of the same kind."""
    if isinstance(value, str):
        return ("0" if value[:1] != "0" else "1") + value[1:]
    if isinstance(value, dict):
        return {**value, next(iter(value)): other(next(iter(value.values())))} if value else {"x": 1}
    return value[:-1] if isinstance(value, list) and value else [value, "0" * 64] if isinstance(value, list) else (value or 0) + 1


def changes_of(line):
    """The line with each of its fields, and of the object in it, changed, and each taken away."""
    whole = json.loads(line)
    for name, value in whole.items():
        yield name, {**whole, name: other(value)}
        yield name, {key: each for key, each in whole.items() if key != name}
        if isinstance(value, dict):
            for inner, held in value.items():
                yield inner, {**whole, name: {**value, inner: other(held)}}
                yield inner, {**whole, name: {key: each for key, each in value.items() if key != inner}}


def test_every_field_of_every_line(file):
    lines, _, keys, _ = file
    for index, line in enumerate(lines):
        for name, changed in changes_of(line):
            report = fault_in([*lines[:index], canonical(changed) + b"\n", *lines[index + 1 :]], keys)
            assert index + 1 <= report.line <= index + 2, (index, name)
            if index in (FIRST, SECOND) and name != "number" and "record" in changed:
                assert report.fault.number in (number_in(line), number_in(lines[FIRST]) + 1), (index, name)


def test_every_byte_of_every_line(file):
    lines, _, keys, _ = file
    for index, line in enumerate(lines):
        for place in range(0, len(line), 5):
            changed = line[:place] + bytes([line[place] ^ 1]) + line[place + 1 :]
            assert verify([*lines[:index], changed, *lines[index + 1 :]], pinned=keys).fault is not None, (index, place)


def test_its_lines_in_any_other_order_or_number(file):
    """Removed, moved, exchanged, said twice: every row of at most five of its lines, and any of them once more anywhere."""
    lines, _, keys, _ = file
    others = [row for count in range(6) for row in product(range(5), repeat=count) if row != (0, 1, 2, 3, 4)]
    more = [(*range(place), again, *range(place, 5)) for place in range(6) for again in range(5)]
    for row in [*others, *more]:
        changed = [lines[at] for at in row]
        if changed != lines:
            assert verify(changed, pinned=keys).fault is not None, row


def test_pairs_that_changed_places_name_the_record(file):
    lines, _, keys, _ = file
    heading, one, two = lines[:1], lines[1:3], lines[3:]
    swapped = fault_in([*heading, *two, *one], keys)
    assert (swapped.fault.kind in ("root_missing", "order"), swapped.fault.number in (1, 4)) == (True, True)
    twice = fault_in([*heading, *one, *one], keys)
    assert (twice.fault.kind, twice.fault.number, twice.line) == ("order", 1, 4)


@pytest.mark.parametrize("kept", [(FIRST, FIRST_ROOT), (SECOND, SECOND_ROOT)])
def test_one_of_the_two_alone(file, kept):
    lines, _, keys, _ = file
    assert fault_in([lines[HEADING], *(lines[at] for at in kept)], keys).fault.kind in ("withheld", "root_missing")


def test_cut_off_at_every_line_and_within_it(file):
    lines, _, keys, _ = file
    for index, line in enumerate(lines):
        for rest in (b"", line[:-1], line[: len(line) // 2]):
            assert fault_in([*lines[:index], *([rest] if rest else [])], keys).line in (index + 1, index + 2)


def test_a_record_of_another_letter(file):
    lines, _, keys, others = file
    for at in (FIRST, SECOND):
        report = fault_in([*lines[:at], *others[at : at + 2], *lines[at + 2 :]], keys)
        assert (report.fault.kind, report.fault.number, report.line) == ("unasked", number_in(others[at]), at + 1)


def test_a_root_signed_by_another_key_or_of_another_book(file, tmp_path):
    lines, _, keys, _ = file
    elsewhere = parked_then_replayed(tmp_path, roots=1, letters="XY")[0]
    foreign = [line for line in lines_of_marketing(tmp_path) if read_line(line).root]
    for at in (FIRST_ROOT, SECOND_ROOT):
        for line, kinds in (
            (resigned(lines[at], {"key": key_of("mallory").id}, of="root", key=key_of("mallory")), ("key",)),
            (resigned(lines[at], {}, of="root", key=key_of("mallory")), ("signature",)),
            (elsewhere[FIRST_ROOT], ("altered", "root_missing", "root_order")),
            (foreign[0], ("root_other",)),
        ):
            report = fault_in([*lines[:at], line, *lines[at + 1 :]], keys)
            assert (report.fault.kind in kinds, report.fault.number, report.line) == (True, number_in(lines[at - 1]), at + 1)


def lines_of_marketing(folder):
    """All evidence of the other system of those books."""
    node = open_books(folder, "marketing")
    sign(node)
    lines = lines_of(node)
    node.close()
    return lines


def test_a_section_signed_by_a_key_of_ones_own(file):
    lines, _, keys, _ = file
    heading, mallory = json.loads(lines[HEADING])["heading"], key_of("mallory")
    theirs = [*heading["keys"], heading["keys"][0] | {"id": mallory.id, "public": mallory.public}]
    forged = resigned(lines[HEADING], {"key": mallory.id, "keys": theirs}, key=mallory)
    assert verify([forged, *lines[1:]], pinned=keys).fault.kind == "key"


CHANGES = {
    "fewer": {"shown": 1},
    "more": {"shown": 3},
    "of another letter": {"asked": {"party": "", "start": None, "end": None, "letter": "0" * 32}},
    "of another party": {"asked": {"party": "water_company", "start": None, "end": None, "letter": ""}},
    "of another day": {"asked": {"party": "", "start": "2027-01-01T00:00:00Z", "end": None, "letter": ""}},
    "a range": {"kind": "range"},
    "to a later root": {"last_root": 9},
    "from a later root": {"first_root": 9, "before": {"number": 9, "hash": "0" * 64, "root": 8, "previous": "0" * 64}},
    "of another system": {"system": "marketing", "sections": ["marketing"]},
    "of more systems": {"sections": ["metering", "marketing"]},
    "before the key": {"made_at": (NOW - timedelta(days=1)).isoformat()},
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_heading_that_its_own_system_signed_and_that_does_not_fit(file, change):
    lines, _, keys, _ = file
    fault_in([resigned(lines[HEADING], CHANGES[change]), *lines[1:]], keys)
    assert verify([resigned(lines[HEADING], {}), *lines[1:]], pinned=keys).fault is None


def test_what_a_range_shows_is_what_was_asked_for(file):
    """Another record shown in the place of one that is withheld: as many as were signed for, and not those."""
    _, every, keys, _ = file
    asked = {"party": "", "start": None, "end": None, "letter": json.loads(every[1])["record"]["letter"]}
    report = verify([resigned(every[HEADING], {"asked": asked}), *every[1:]], pinned=keys)
    assert (report.fault.kind, report.fault.number) == ("unasked", 2)
