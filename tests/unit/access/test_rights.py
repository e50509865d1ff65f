"""Grants: by action, scope, purpose and time; nothing unless granted."""

from datetime import UTC, datetime, timedelta
from timeit import repeat

import pytest

from metropool.access.rights import Grant, Rights, account_scope, need_second_person, roles, system_scope
from metropool.core.errors import Conflict, Forbidden, NotFound

NOW = datetime(2026, 11, 21, tzinfo=UTC)


class TestRights:
    def test_deny_by_default(self):
        assert not Rights([]).may("home.read", account_scope("A"), now=NOW)

    def test_allow_the_action_on_the_scope_and_nothing_else(self):
        rights = Rights([Grant(("home.read",), account_scope("A"), "resident")])
        assert rights.may("home.read", account_scope("A"), now=NOW)
        assert not rights.may("home.read", account_scope("B"), now=NOW)
        assert not rights.may("payments.create", account_scope("A"), now=NOW)
        assert not rights.may("home.read", now=NOW)

    def test_a_grant_on_a_place_holds_for_what_lies_in_it(self):
        rights = Rights([Grant(("meters.read",), "place:district-1", "work")])
        assert rights.may("meters.read", "place:home-7", "place:district-1", now=NOW)
        assert not rights.may("meters.read", "place:home-8", "place:district-2", now=NOW)

    def test_end_at_their_time(self):
        rights = Rights([Grant(("x",), "*", "p", until_s=NOW.timestamp() + 1)])
        assert rights.may("x", now=NOW)
        assert rights.actions(now=NOW) == ["x"]
        later = NOW + timedelta(seconds=1)
        assert not rights.may("x", now=later)
        assert rights.actions(now=later) == []

    def test_hold_for_their_purpose_when_one_is_named(self):
        rights = Rights([Grant(("x",), "*", "billing")])
        assert rights.may("x", now=NOW, purpose="billing")
        assert not rights.may("x", now=NOW, purpose="marketing")

    def test_a_check_takes_at_most_five_microseconds(self):
        grants = [Grant(("home.read", "payments.create"), account_scope(str(n)), "resident") for n in range(1000)]
        rights = Rights(grants)
        scope = account_scope("777")
        best = min(repeat(lambda: rights.may("home.read", scope, now=NOW), number=2000, repeat=7)) / 2000
        assert best < 5e-6


class TestGiving:
    def test_a_role_gives_its_actions_on_its_scope(self, door):
        with door.unit() as access:
            access.logins.give_role(login_name="lihua", role="resident", scope="account:A", purpose="contract", by="admin")
            rights = access.logins.rights_of("lihua")
        assert rights.scopes("home.read", "account", now=door.now) == ["A"]
        assert rights.actions(now=door.now) == sorted(roles()["resident"].actions)

    def test_the_same_grant_twice_is_one(self, door):
        with door.unit() as access:
            for _ in range(2):
                access.logins.give_action(login_name="lihua", action="x", scope="*", purpose="p", by="admin")
            assert len(access.logins.grants("lihua")) == 1

    def test_what_is_taken_back_ends(self, door):
        with door.unit() as access:
            access.logins.give_action(login_name="lihua", action="x", scope="*", purpose="p", by="admin")
            number = access.logins.grants("lihua")[0]["number"]
            access.logins.take_back(number=number, by="admin")
            assert not access.logins.rights_of("lihua").may("x", now=door.now)
            with pytest.raises(NotFound):
                access.logins.take_back(number=number, by="admin")

    def test_administrator_security_administrator_and_auditor_stay_apart(self, door):
        with door.unit() as access:
            access.logins.give_role(login_name="lihua", role="administrator", scope="*", purpose="p", by="admin")
            for other in ("security_administrator", "auditor"):
                with pytest.raises(Conflict):
                    access.logins.give_role(login_name="lihua", role=other, scope="*", purpose="p", by="admin")

    @pytest.mark.parametrize("pair", [("official", "data_steward"), ("data_steward", "official")])
    def test_who_asks_and_who_decides_stay_apart(self, door, pair):
        with door.unit() as access:
            access.logins.give_role(login_name="lihua", role=pair[0], scope=system_scope("a"), purpose="p", by="admin")
            access.logins.give_role(login_name="lihua", role="resident", scope="*", purpose="p", by="admin")
            with pytest.raises(Conflict):
                access.logins.give_role(login_name="lihua", role=pair[1], scope=system_scope("b"), purpose="p", by="admin")

    def test_nobody_unknown_is_given_anything(self, door):
        with door.unit() as access, pytest.raises(NotFound):
            access.logins.give_role(login_name="nobody", role="resident", scope="*", purpose="p", by="admin")

    def test_a_role_nobody_defined_is_refused(self, door):
        with door.unit() as access, pytest.raises(NotFound):
            access.logins.give_role(login_name="lihua", role="god", scope=system_scope("metering"), purpose="p", by="admin")


def test_maker_and_checker_are_two_people():
    need_second_person(maker="a", checker="b")
    with pytest.raises(Forbidden):
        need_second_person(maker="a", checker="a")
