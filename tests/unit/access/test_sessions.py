"""Signing in, staying in, being locked out."""

from datetime import timedelta

import pytest

from metropool.access import Locked, Unauthenticated

RIGHT = "right horse battery"


def principal(door, token):
    with door.unit() as access:
        return access.sessions.principal(token)


class TestSignIn:
    def test_opens_a_session_that_stands_for_the_person(self, door):
        opened = door.try_sign_in(" LiHua ", RIGHT)
        assert principal(door, opened.token).login == "lihua"

    def test_gives_another_token_each_time(self, door):
        assert door.try_sign_in("lihua", RIGHT).token != door.try_sign_in("lihua", RIGHT).token

    def test_keeps_no_token_and_no_password_in_the_files(self, door):
        opened = door.try_sign_in("lihua", RIGHT)
        written = b"".join(file.read_bytes() for file in door.folder.glob("door.sqlite*"))
        assert b"lihua" in written
        assert opened.token.encode() not in written
        assert opened.csrf.encode() not in written
        assert RIGHT.encode() not in written

    @pytest.mark.parametrize("login", ["lihua", "nobody"])
    def test_says_the_same_to_a_wrong_password_and_an_unknown_login(self, door, login):
        assert [door.try_sign_in(login, "wrong") for _ in range(3)] == [None, None, None]
        with pytest.raises(Locked) as locked:
            door.try_sign_in(login, "wrong")
        assert locked.value.retry_after_s == 900

    def test_is_locked_even_with_the_right_password(self, door):
        for _ in range(3):
            door.try_sign_in("lihua", "wrong")
        with pytest.raises(Locked):
            door.try_sign_in("lihua", RIGHT)

    def test_refuses_a_right_guess_that_was_being_checked_when_the_lock_fell(self, door):
        for _ in range(3):
            door.try_sign_in("lihua", "wrong")
        with door.unit() as access, pytest.raises(Locked):
            access.sessions.sign_in(login_name="lihua", source="10.9.9.9", is_right=True)

    def test_locks_a_source_that_tries_many_logins(self, door):
        for number in range(6):
            door.try_sign_in(f"guess{number}", "wrong", source="10.6.6.6")
        with pytest.raises(Locked):
            door.try_sign_in("lihua", RIGHT, source="10.6.6.6")
        assert door.try_sign_in("lihua", RIGHT, source="10.0.0.1")

    def test_is_open_again_when_the_lock_is_over(self, door):
        for _ in range(3):
            door.try_sign_in("lihua", "wrong")
        door.now += timedelta(minutes=15)
        assert door.try_sign_in("lihua", RIGHT)

    def test_forgets_old_failures(self, door):
        for _ in range(4):
            assert door.try_sign_in("lihua", "wrong") is None
            door.now += timedelta(minutes=16)
        assert door.try_sign_in("lihua", RIGHT)

    def test_is_open_again_when_an_administrator_says_so(self, door):
        for _ in range(3):
            door.try_sign_in("lihua", "wrong")
        with door.unit() as access:
            assert access.logins.unlock(login_name="lihua", by="security").locked_until is None
        assert door.try_sign_in("lihua", RIGHT)


class TestSession:
    def test_ends_when_idle(self, door):
        token = door.try_sign_in("lihua", RIGHT).token
        door.now += timedelta(minutes=30)
        with pytest.raises(Unauthenticated):
            principal(door, token)

    def test_lives_while_used_but_never_past_its_end(self, door):
        token = door.try_sign_in("lihua", RIGHT).token
        for _ in range(35):
            door.now += timedelta(minutes=20)
            who = principal(door, token)
            assert who.stale
            with door.unit() as access:
                access.sessions.seen(who)
        door.now += timedelta(minutes=20)
        with pytest.raises(Unauthenticated):
            principal(door, token)

    def test_ends_at_sign_out(self, door):
        token = door.try_sign_in("lihua", RIGHT).token
        other = door.try_sign_in("lihua", RIGHT).token
        with door.unit() as access:
            access.sessions.sign_out(access.sessions.principal(token))
        with pytest.raises(Unauthenticated):
            principal(door, token)
        assert principal(door, other)

    def test_a_new_password_ends_every_other_session(self, door):
        first, second = (door.try_sign_in("lihua", RIGHT).token for _ in range(2))
        with door.unit() as access:
            who = access.sessions.principal(first)
            opened = access.sessions.change_password(who=who, source="10.0.0.1", new_hash="x")
        for token in (first, second):
            with pytest.raises(Unauthenticated):
                principal(door, token)
        assert principal(door, opened.token)

    @pytest.mark.parametrize("token", ["", "x", "0" * 64, "' OR 1=1 --", "../../etc/passwd"])
    def test_no_made_up_token_is_one(self, door, token):
        with pytest.raises(Unauthenticated):
            principal(door, token)


def test_step_up_with_a_wrong_password_counts_towards_the_lock(door):
    token = door.try_sign_in("lihua", RIGHT).token
    with door.unit() as access:
        who = access.sessions.principal(token)
        assert access.sessions.step_up(who=who, source="10.0.0.1", is_right=True)
        for _ in range(3):
            assert not access.sessions.step_up(who=who, source="10.0.0.1", is_right=False)
    with door.unit() as access, pytest.raises(Locked):
        access.sessions.step_up(who=who, source="10.0.0.1", is_right=True)
