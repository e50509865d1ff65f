"""Everything of a household in one file."""

import csv
import io
import json
import zipfile

from sqlalchemy import text

from portal import samples
from portal.conftest import P

PATH = f"/{P}/api/households/{samples.ACCOUNT}/data"


def opened(answer):
    return zipfile.ZipFile(io.BytesIO(answer.content))


def test_has_each_list_and_says_what_it_is(portal):
    answer = portal.signed_in("lihua").get(f"{PATH}?language=en")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    assert samples.ACCOUNT in answer.headers["content-disposition"]
    with opened(answer) as box:
        names = set(box.namelist())
        assert {
            "README.txt",
            "bills.csv",
            "payments.csv",
            "who-looked.csv",
            "consents.json",
            "announcements.csv",
            "devices.json",
        } <= names
        assert any(name.startswith("usage-") for name in names)
        about = box.read("README.txt").decode()
        assert samples.ACCOUNT in about
        assert all(f"- {name}" in about for name in names - {"README.txt"})
        bills = [name for name in names if name.startswith("bills/")]
        assert [json.loads(box.read(name))["number"] for name in bills] == [samples.NUMBER]
        rows = list(csv.reader(io.StringIO(box.read("payments.csv").decode("utf-8-sig"))))
        assert len(rows) >= 2


def test_is_of_one_s_own_home_alone_and_noted(portal):
    assert portal.signed_in("wangwu").get(PATH).status_code == 404
    assert portal.browser().get(PATH).status_code == 401
    portal.signed_in("lihua").get(PATH)
    query = text("SELECT actor, object, outcome FROM audit")
    assert ("lihua", PATH, "done") in portal.door.read_now(lambda work: work.context.connection.execute(query).all())
