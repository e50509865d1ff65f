"""What surrounds every answer, and the site's own files."""

import pytest

from portal.conftest import M, P, Portal, opened
from portal.test_every_route import check_error


@pytest.fixture(scope="module")
def portal(tmp_path_factory):
    """One for all: nothing here changes anything."""
    with opened(tmp_path_factory.mktemp("portal")) as made:
        yield made


@pytest.mark.parametrize("path", ["/", "/api/site", f"/{M}/api/meters", "/assets/app-1.js", "/nothing/here"])
def test_every_answer_bears_the_security_headers(portal, path):
    headers = portal.browser().get(path, headers={"Accept": "text/html"}).headers
    policy = headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "script-src 'self';" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert "access-control-allow-origin" not in headers


def test_no_other_site_is_let_in_by_cors(portal):
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    answer = portal.browser().options("/api/session", headers=asked)
    assert answer.status_code == 405
    assert "access-control-allow-origin" not in answer.headers


def test_answers_of_the_api_are_not_kept(portal):
    assert portal.browser().get("/api/site").headers["cache-control"] == "no-store"


@pytest.mark.parametrize("chunked", [False, True])
def test_a_large_body_is_refused_announced_or_not(portal, chunked):
    body = b"x" * (256 * 1024 + 1)
    content = (body[i : i + 10_000] for i in range(0, len(body), 10_000)) if chunked else body
    answer = portal.signed_in("lihua").post("/api/session", content=content)
    assert answer.status_code == 413
    assert answer.json()["error"]["kind"] == "invalid"


@pytest.mark.parametrize("body", [b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b"[" * 50_000])
def test_a_body_that_is_no_object_is_invalid_and_no_fault_of_ours(portal, body):
    browser = portal.signed_in("lihua")
    answer = browser.post("/api/session", content=body, headers={"Content-Type": "application/json"})
    check_error(answer, 422, "invalid")


def test_an_unknown_address_and_a_wrong_method_have_the_one_shape(portal):
    check_error(portal.browser().get(f"/{P}/api/nothing"), 404, "not_found")
    check_error(portal.browser().delete("/api/site"), 405, "not_found")


def test_a_fault_of_ours_tells_nothing(portal):
    def broken(**_):
        raise RuntimeError("secret path /etc/x")

    portal.answers["metering"] = {"meters": broken}
    answer = portal.signed_in("oper").get(f"/{M}/api/meters")
    check_error(answer, 500, "internal")
    assert "secret" not in answer.text


def test_large_answers_are_packed(portal):
    answer = portal.browser().get("/assets/app-1.js", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.content == b"console.log('x');" * 200


class TestSite:
    def test_assets_never_change(self, portal):
        answer = portal.browser().get("/assets/app-1.js")
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert "javascript" in answer.headers["content-type"]

    @pytest.mark.parametrize("path", ["/", "/home", "/pay/result/A/B", "/operator/meters/1"])
    def test_every_page_is_the_one_page_and_asked_for_anew(self, portal, path):
        answer = portal.browser().get(path, headers={"Accept": "text/html"})
        assert "<title>Metropool</title>" in answer.text
        assert answer.headers["cache-control"] == "no-cache"

    @pytest.mark.parametrize("path", ["/assets/gone.js", "/favicon.ico"])
    def test_a_file_that_is_not_there_is_not_the_page(self, portal, path):
        check_error(portal.browser().get(path, headers={"Accept": "*/*"}), 404, "not_found")

    @pytest.mark.parametrize(
        "path", ["/../secret.txt", "/%2e%2e/secret.txt", "/assets/..%2f..%2fsecret.txt", "//etc/passwd", "/assets/%00"]
    )
    def test_nothing_outside_the_folder_is_served(self, portal, path):
        answer = portal.browser().get(path, headers={"Accept": "*/*"})
        assert "secret" not in answer.text
        assert "root:" not in answer.text
        assert answer.status_code == 404

    def test_a_site_that_was_not_built_says_what_to_do(self, tmp_path):
        portal = Portal(tmp_path / "state", None)
        error = check_error(portal.browser().get("/"), 503, "unavailable")
        assert "make site" in error["remedy_en"]
