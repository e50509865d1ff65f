"""Coming in, staying in, going out, as a browser sees it."""

from datetime import timedelta

import pytest

from portal.conftest import PASSWORD, M
from portal.test_every_route import check_error


def ready(portal):
    browser = portal.browser()
    browser.get("/api/site")
    browser.headers["X-Metropool-CSRF"] = browser.cookies["metropool_csrf"]
    return browser


class TestSignIn:
    def test_tells_who_is_in_and_what_they_may_do(self, portal):
        browser = portal.signed_in("lihua")
        session = browser.get("/api/session").json()
        assert session["roles"] == ["resident"]
        assert session["rights"] == ["home.consent", "home.control", "home.read", "payments.create"]
        assert session["households"] == ["GZ0000000101"]
        assert session["system"] is None

    def test_nobody_is_null_and_no_error(self, portal):
        answer = portal.browser().get("/api/session")
        assert (answer.status_code, answer.json()) == (200, None)

    def test_staff_have_a_system_of_their_own(self, portal):
        assert portal.signed_in("oper").get("/api/session").json()["system"] == M

    def test_an_unknown_login_and_a_wrong_password_get_the_same_answer(self, portal):
        answers = []
        for login in ("lihua", "nobody-of-that-name"):
            answer = ready(portal).post("/api/session", json={"login": login, "password": "wrong"})
            answers.append((answer.status_code, answer.json()))
        assert answers[0] == answers[1]
        assert answers[0][0] == 401

    @pytest.mark.parametrize("login", ["lihua", "nobody-of-that-name"])
    def test_is_locked_after_failures_with_the_time_to_wait(self, portal, login):
        browser = ready(portal)
        for _ in range(3):
            assert browser.post("/api/session", json={"login": login, "password": "wrong"}).status_code == 401
        answer = browser.post("/api/session", json={"login": login, "password": PASSWORD})
        check_error(answer, 429, "locked")
        assert answer.headers["Retry-After"] == "900"

    def test_gives_a_new_token_each_time(self, portal):
        browser = portal.signed_in("lihua")
        first = browser.cookies["metropool_session"]
        browser.post("/api/session", json={"login": "lihua", "password": PASSWORD})
        assert browser.cookies["metropool_session"] != first

    def test_faults_in_the_form_are_all_told(self, portal):
        error = check_error(ready(portal).post("/api/session", json={"login": "", "nickname": "x"}), 422, "invalid")
        assert {fault["where"] for fault in error["faults"]} == {"login", "password", "nickname"}
        assert all(fault["what_zh"] and fault["what_en"] for fault in error["faults"])


class TestCookies:
    def test_are_closed_to_scripts_and_other_sites(self, portal):
        browser = ready(portal)
        told = browser.post("/api/session", json={"login": "lihua", "password": PASSWORD}).headers.get_list("set-cookie")
        session = next(cookie for cookie in told if cookie.startswith("metropool_session="))
        assert "HttpOnly" in session
        assert "samesite=lax" in session.lower()
        assert "secure" not in session.lower()

    @pytest.mark.parametrize("base", ["https://site.example", "http://site.example", "https://127.0.0.1"])
    def test_are_secure_except_on_plain_loopback(self, portal, base):
        from fastapi.testclient import TestClient

        told = TestClient(portal.app, base_url=base).get("/api/site").headers["set-cookie"]
        assert "secure" in told.lower()


class TestCsrf:
    def test_no_token_is_refused(self, portal):
        browser = portal.signed_in("ctrl1")
        del browser.headers["X-Metropool-CSRF"]
        assert check_error(browser.delete("/api/session"), 403, "forbidden")["key"] == "session.csrf"
        assert browser.get("/api/session").status_code == 200

    def test_a_token_that_is_not_the_sessions_is_refused(self, portal):
        browser = portal.signed_in("ctrl1")
        browser.cookies.set("metropool_csrf", "f" * 32, domain="127.0.0.1")
        browser.headers["X-Metropool-CSRF"] = "f" * 32
        assert browser.delete("/api/session").status_code == 403

    @pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
    def test_another_site_is_refused(self, portal, headers):
        browser = portal.signed_in("ctrl1")
        assert browser.delete("/api/session", headers=headers).status_code == 403
        assert browser.delete("/api/session", headers={"Origin": "http://127.0.0.1"}).status_code == 204


class TestSession:
    def test_ends_when_idle_and_at_sign_out(self, portal):
        browser = portal.signed_in("lihua")
        portal.clock.advance(timedelta(minutes=29))
        assert browser.get("/api/session").status_code == 200
        portal.clock.advance(timedelta(minutes=29))
        assert browser.get("/api/session").status_code == 200
        portal.clock.advance(timedelta(minutes=30))
        assert browser.get("/api/session").json() is None
        check_error(browser.get("/smart_use_platform/api/households"), 401, "unauthenticated")

    def test_a_new_password_works_and_the_old_one_does_not(self, portal):
        browser, other = portal.signed_in("lihua"), portal.signed_in("lihua")
        wrong = browser.put("/api/session/password", json={"current": "wrong", "new": "another long password"})
        check_error(wrong, 403, "forbidden")
        weak = browser.put("/api/session/password", json={"current": PASSWORD, "new": "short"})
        check_error(weak, 422, "invalid")
        assert browser.put("/api/session/password", json={"current": PASSWORD, "new": "another long password"}).status_code == 200
        assert browser.get("/api/session").status_code == 200
        assert other.get("/api/session").json() is None
        assert ready(portal).post("/api/session", json={"login": "lihua", "password": PASSWORD}).status_code == 401

    def test_a_first_password_must_be_changed_before_anything_else(self, portal):
        from sqlalchemy import update

        from metropool.access.tables import login

        change = update(login).where(login.c.login == "oper").values(must_change_password=True)
        portal.door.write_now(lambda work: work.context.connection.execute(change))
        browser = portal.signed_in("oper")
        assert browser.get("/api/session").json()["must_change_password"] is True
        answer = browser.get(f"/{M}/api/meters")
        assert check_error(answer, 403, "forbidden")["key"] == "session.must_change_password"

    def test_rights_taken_back_end_at_once(self, portal):
        from sqlalchemy import update

        from metropool.access.tables import grant

        browser = portal.signed_in("oper")
        assert browser.get(f"/{M}/api/meters").status_code == 200
        change = update(grant).where(grant.c.login == "oper").values(revoked_at=1)
        portal.door.write_now(lambda work: work.context.connection.execute(change))
        assert browser.get(f"/{M}/api/meters").status_code == 403


def test_users_are_listed_sorted_and_unlocked(portal):
    browser = portal.signed_in("security")
    page = browser.get("/api/users?size=2&page=2&sort=-login").json()
    assert [user["login"] for user in page["rows"]] == ["oper", "lihua"]
    assert page["total"] == 13
    stranger = ready(portal)
    for _ in range(3):
        stranger.post("/api/session", json={"login": "oper", "password": "wrong"})
    locked = {user["login"]: user["locked_until"] for user in browser.get("/api/users").json()["rows"]}
    assert locked["oper"] == "2026-11-21T08:15:00+08:00"
    assert browser.post("/api/users/oper/unlock").json()["locked_until"] is None
    check_error(browser.post("/api/users/nobody/unlock"), 404, "not_found")
