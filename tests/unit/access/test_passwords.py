"""Passwords, and the first start."""

import pytest
from argon2 import PasswordHasher

from metropool.access.first_start import FIRST, first_secrets, make_first_logins
from metropool.access.passwords import Passwords, check_new_password
from metropool.core.errors import Invalid
from metropool.core.identifiers import RandomIds, SeededIds


class TestPasswords:
    def test_the_right_one_is_right_and_no_other(self, cheap):
        kept = cheap.hash("right horse")
        assert cheap.right(kept, "right horse")
        assert not cheap.right(kept, "right  horse")

    def test_nobody_has_no_password_not_even_the_stand_in(self, cheap):
        assert not cheap.right(None, "nobody has this password")

    def test_an_unknown_login_costs_the_same_work(self):
        class Counting(PasswordHasher):
            checked = 0

            def verify(self, *given):
                self.checked += 1
                return super().verify(*given)

        hasher = Counting(time_cost=1, memory_cost=8, parallelism=1)
        passwords = Passwords(hasher)
        kept = passwords.hash("right horse")
        for one in (kept, None):
            assert not passwords.right(one, "wrong")
        assert hasher.checked == 2
        assert kept.split("$")[3] == passwords._nobody.split("$")[3]

    def test_an_unreadable_hash_lets_nobody_in(self, cheap):
        assert not cheap.right("not a hash", "x")

    @pytest.mark.parametrize("password", ["short", "x" * 129, "my login LIHUA here"])
    def test_weak_ones_are_refused(self, password):
        with pytest.raises(Invalid):
            check_new_password(password, login="lihua")

    def test_a_long_one_is_taken(self):
        check_new_password("four words are plenty", login="lihua")


class TestFirstStart:
    def test_draws_secrets_only_their_owner_can_read(self, tmp_path):
        secrets = first_secrets(home=tmp_path / "home", ids=RandomIds())
        file = tmp_path / "home" / "first-secrets"
        assert file.stat().st_mode & 0o777 == 0o600
        assert set(secrets) == set(FIRST)
        assert len(set(secrets.values())) == len(FIRST)
        assert all(len(secret) == 32 for secret in secrets.values())

    def test_two_homes_have_different_secrets(self, tmp_path):
        one, two = (first_secrets(home=tmp_path / name, ids=RandomIds()) for name in "ab")
        assert not set(one.values()) & set(two.values())

    def test_a_second_start_reads_the_same(self, tmp_path):
        first = first_secrets(home=tmp_path, ids=SeededIds(1))
        assert first_secrets(home=tmp_path, ids=SeededIds(2)) == first

    def test_makes_administrators_once_who_must_change_the_password(self, door, tmp_path, cheap):
        secrets = first_secrets(home=tmp_path / "home", ids=RandomIds())
        with door.unit() as access:
            assert make_first_logins(access, secrets=secrets, passwords=cheap) == list(FIRST)
            assert make_first_logins(access, secrets=secrets, passwords=cheap) == []
        opened = door.try_sign_in("admin", secrets["admin"])
        with door.unit() as access:
            who = access.sessions.principal(opened.token)
        assert who.must_change_password
        assert who.rights.may("site.admin", now=door.now)
        assert not who.rights.may("users.manage", now=door.now)
