"""The site is at its root for whoever asks, and at every other address for browsers."""

from starlette.testclient import TestClient

from metropool.portal.site_files import SiteFiles

BROWSER = {"accept": "text/html"}


def test_the_root_is_the_site_for_programs_too_and_other_addresses_for_browsers_only(tmp_path):
    (tmp_path / "index.html").write_text("<p>site</p>", encoding="utf-8")
    client = TestClient(SiteFiles(tmp_path))
    assert client.get("/", headers={"accept": "*/*"}).text == "<p>site</p>"
    assert client.get("/operator/map", headers=BROWSER).text == "<p>site</p>"
    assert client.get("/operator/map", headers={"accept": "*/*"}).status_code == 404
    assert client.get("/assets/gone.js", headers=BROWSER).status_code == 404
