"""A suite is used only when it gives the known answers; one that cannot be had is refused with the reason."""

import cryptography
import pytest
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from metropool.core.errors import Invalid, Unavailable
from metropool.storage import suites
from metropool.storage.suites import ED25519, SM2, draw_secret, is_signed, self_test, signing_key


def test_what_is_signed_is_known_by_the_public_key_and_by_no_other():
    key, other = (signing_key(ED25519, draw_secret(ED25519)) for _ in range(2))
    signature = key.sign(b"a letter")
    assert is_signed(ED25519, public=key.public, signature=signature, data=b"a letter")
    assert not is_signed(ED25519, public=key.public, signature=signature, data=b"another")
    assert not is_signed(ED25519, public=other.public, signature=signature, data=b"a letter")
    assert key.id != other.id


@pytest.mark.parametrize(("public", "signature"), [("", ""), ("zz", "00"), ("00" * 32, "00" * 64), ("00", "人")])
def test_what_is_no_key_and_no_signature_is_not_right(public, signature):
    assert not is_signed(ED25519, public=public, signature=signature, data=b"")


@pytest.mark.parametrize("secret", ["", "00", "not hexadecimal", "00" * 33])
def test_a_secret_that_is_none_is_refused(secret):
    with pytest.raises(Invalid, match="no secret key"):
        signing_key(ED25519, secret)


def test_a_suite_that_the_library_cannot_do_is_refused_with_the_reason():
    for use in (self_test, draw_secret, lambda suite: signing_key(suite, "")):
        with pytest.raises(Unavailable, match="SM3 but no SM2"):
            use(SM2)
    with pytest.raises(Unavailable, match="SM3 but no SM2"):
        is_signed(SM2, public="", signature="", data=b"")


@pytest.mark.parametrize(
    ("has_sm3", "has_sm2", "words"),
    [
        (True, False, "has SM3 but no SM2 "),
        (False, True, "has SM2 but no SM3 "),
        (False, False, "has neither, SM3 nor SM2 "),
        (True, True, "has SM3 and SM2, but this program does not sign with them "),
    ],
)
def test_the_reason_is_what_was_found(monkeypatch, has_sm3, has_sm2, words):
    def lookup(oid):
        if oid.dotted_string == "1.2.156.10197.1.301" and has_sm2:
            return object
        raise LookupError(oid)

    def hash_of(algorithm):
        if not has_sm3:
            raise UnsupportedAlgorithm(algorithm.name)

    monkeypatch.setattr(ec, "get_curve_for_oid", lookup)
    monkeypatch.setattr(hashes, "Hash", hash_of)
    with pytest.raises(Unavailable) as refused:
        self_test(SM2)
    assert words in refused.value.what
    assert f"cryptography {cryptography.__version__} (" in refused.value.what
    assert "1.2.156.10197.1.301" in refused.value.what


def test_the_probe_finds_a_curve_that_is_there(monkeypatch):
    assert not suites._has_sm2()
    monkeypatch.setattr(suites, "SM2_CURVE", "1.2.840.10045.3.1.7")
    assert suites._has_sm2()


def test_a_suite_nobody_knows_is_refused():
    with pytest.raises(Invalid, match="no suite 'rot13'"):
        self_test("rot13")


@pytest.mark.parametrize("known", ["_KNOWN_SEED", "_KNOWN_PUBLIC", "_KNOWN_SIGNATURE", "_KNOWN_HASH"])
def test_one_wrong_constant_and_nothing_is_signed(monkeypatch, known):
    self_test(ED25519)
    right = getattr(suites, known)
    monkeypatch.setattr(suites, known, ("0" if right[0] != "0" else "1") + right[1:])
    with pytest.raises(Unavailable, match="wrong answers"):
        self_test(ED25519)
