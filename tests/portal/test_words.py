"""Masking, and texts in both languages."""

from typing import get_args

import pytest

from metropool.access.rights import roles
from metropool.core.errors import Conflict, Fault, Invalid, MetropoolError, Unavailable
from metropool.core.texts import texts_of
from metropool.portal.masking import mask_address, mask_name
from metropool.portal.schemas.site import Role
from metropool.portal.told import answer_to, told


@pytest.mark.parametrize("room", ["metropool.access", "metropool.portal", "metropool.portal.documents"])
def test_every_text_is_in_both_languages_with_the_same_parameters(room):
    import string

    for key, text in texts_of(room).items():
        assert set(text) == {"zh", "en"}, key
        assert all(isinstance(words, str) and words for words in text.values()), key
        zh, en = ({name for _, name, _, _ in string.Formatter().parse(text[language]) if name} for language in ("zh", "en"))
        assert zh == en, key


@pytest.mark.parametrize(
    ("name", "masked"), [("李华", "李*"), ("张小明", "张**"), ("Alice Zhang", "A**** Z****"), ("", ""), ("李*", "李*")]
)
def test_names_are_masked(name, masked):
    assert mask_name(name) == masked
    assert mask_name(masked) == masked


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("天河区花城大道88号3栋1502房", "天河区花城大道88号**栋**房"),
        ("8 Huacheng Avenue, Block 3, Room 1502", "8 Huacheng Avenue, Block **, Room **"),
        ("天河区", "天河区"),
    ],
)
def test_addresses_are_masked(address, masked):
    assert mask_address(address) == masked
    assert mask_address(masked) == masked


class TestErrors:
    def test_an_error_with_a_key_of_its_room_says_its_text(self):
        error = told(Conflict("x", key="access.key_reused")).error
        assert error.kind == "conflict"
        assert error.message_en == "This Idempotency-Key was used for another request."

    @pytest.mark.parametrize("key", ["", "nowhere.nothing", "access.nothing", "os.path", "../x", "metering.unknown_key"])
    def test_an_error_without_a_text_says_that_of_its_kind_and_nothing_of_the_log(self, key):
        error = told(Unavailable("database at /secret", key=key)).error
        assert error.message_en == "The service does not answer just now."
        assert "secret" not in error.model_dump_json()

    def test_faults_are_told_by_text_or_as_they_are(self):
        faults = (Fault("a", "fault.missing"), Fault("b", "plain words"))
        error = told(Invalid("x", faults=faults)).error
        assert [(fault.where, fault.what_en) for fault in error.faults] == [("a", "must not be empty"), ("b", "plain words")]

    def test_something_that_may_pass_says_when_to_try_again(self):
        assert answer_to(Unavailable("x")).headers["retry-after"] == "5"

    def test_a_kind_nobody_named_is_internal(self):
        assert told(MetropoolError("x")).error.kind == "internal"


def test_pages_know_the_face_of_every_role():
    assert {role.face for role in roles().values()} == set(get_args(Role))
