"""What is wrong with a chain is said in the language of whoever looks, and so is how what was tried ended."""

import json
from pathlib import Path
from typing import get_args

import pytest
from sqlalchemy import insert, update

from exchange.evidence.test_book import note
from metropool.access.audit import Audit, Outcome
from metropool.access.tables import audit
from metropool.core.clock import Instant
from metropool.facts.ledger.verification import check_chain
from metropool.runtime.chain_health import chain_line
from metropool.runtime.chains import ChainCheck, chain_check, last_checks, note_check
from metropool.runtime.evidence import examine_audit

from .books import NOW, sign

TEXTS = Path(__file__).parents[3] / "web" / "src" / "texts"


def test_a_touched_audit(signed):
    node, _ = signed
    note(node, "one", "two")
    sign(node)
    with node.database.unit() as connection:
        connection.execute(update(audit).where(audit.c.number == 2).values(actor="b"))
    with node.database.snapshot() as connection:
        right, fault = Audit(connection, 0).examine()
        assert examine_audit(node.context(connection)) == (right, fault)
    assert right == 1
    assert fault.both() == {
        "zh": "审计第 2 行与记入时不符，或已缺失",
        "en": "row 2 of the audit is not what was noted, or is missing",
    }


def test_a_touched_ledger():
    report = check_chain([], head_number=3, head_hash="")
    assert ("第 3 笔" in report.fault.said("zh"), "last made was 3" in report.reason) == (True, True)


def check(fault, at: Instant = NOW) -> ChainCheck:
    return ChainCheck(chain="audit", checked_at=at, rows=1, fault=fault)


def test_what_was_found_is_kept_in_both_languages(nodes):
    told = {"zh": "坏了", "en": "broken"}
    with nodes[0].database.unit() as connection:
        assert [note_check(connection, check(fault)) for fault in ({}, told, told)] == [False, True, False]
        (found,) = last_checks(connection)
        line = chain_line(found)
        assert ("坏了" in line.detail.zh, "broken" in line.detail.en, line.state) == (True, True, "degraded")


def test_what_an_older_book_kept_is_said_as_it_is(nodes):
    with nodes[0].database.unit() as connection:
        row = {"chain": "audit", "checked_at": NOW.isoformat(), "rows": 1, "fault": "row 2 was touched"}
        connection.execute(insert(chain_check).values(row))
        (found,) = last_checks(connection)
    assert found.fault == {"zh": "row 2 was touched", "en": "row 2 was touched"}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_outcome_that_is_noted_has_a_word(language):
    text = (TEXTS / f"{language}.ts").read_text(encoding="utf-8")
    words = text.split("outcome_of: {", 1)[1].split("}", 1)[0]
    assert {part.split(":")[0].strip() for part in words.split(",")} == set(get_args(Outcome))


def test_the_audit_page_filters_by_every_outcome():
    page = (TEXTS.parent / "pages" / "admin" / "AuditPage.tsx").read_text(encoding="utf-8")
    listed = page.split("const OUTCOMES = ", 1)[1].split(" as const", 1)[0].replace("'", '"')
    assert set(json.loads(listed)) == set(get_args(Outcome))
