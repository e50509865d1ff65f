"""What a run found is where the running city's portal looks for it, in both languages."""

from datetime import UTC, datetime, timedelta

from metropool.runtime.conformance.keeping import keep
from metropool.runtime.conformance.report import Door, Finding, Report
from metropool.runtime.conformance.ways import Words, ways_of
from metropool.runtime.results import conformance_of
from metropool.runtime.systems import compile_named

AT = datetime(2026, 11, 23, 6, tzinfo=UTC)


def report_of(plan, *, at=AT):
    """Of every way one of the three ends, by turns."""
    compiled = compile_named(plan)
    findings = []
    for number, way in enumerate(ways_of(compiled)):
        works = Finding(way, "works", delay_ms=12, evidence=f"metering:{number}")
        failed = Finding(way, "failed", why=Words.of("stopped", system="metering"))
        findings.append((works, failed, Finding(way, "not built", why=way.unbuilt))[number % 3])
    doors = [Door("publish", tried=50, refused=49, controls=1, let_through=1)]
    return Report(plan, 7, at, 60.0, compiled, findings, doors, {"combinations": 9, "listed": 3, "wrong": 0})


def test_a_kept_result_is_what_the_page_shows(tmp_path):
    report = report_of("two")
    keep(report, home=tmp_path)
    shown = conformance_of(compile_named("two"), home=tmp_path)
    assert [(flow.row, flow.message, flow.status) for flow in shown.flows] == [
        (found.way.row, found.way.message, found.status) for found in report.findings
    ]
    printed = [found.status for found in report.findings if found.way.src == "paper"]
    assert (shown.paper.works, shown.paper.failed) == (printed.count("works"), printed.count("failed"))
    assert shown.others.works == sum(found.status == "works" for found in report.findings) - shown.paper.works
    assert (shown.tried, shown.refused, shown.is_sound) == (50, 49, False)
    failed = next(flow for flow in shown.flows if flow.status == "failed")
    assert (failed.why.zh, failed.why.en) == ("metering 的进程已停止", "the process of metering has stopped")
    assert conformance_of(compile_named("transition"), home=tmp_path) is None


def test_a_plan_asked_for_without_its_variant_is_found_under_the_one_that_ran_and_the_newest_counts(tmp_path):
    keep(report_of("one"), home=tmp_path)
    assert conformance_of(compile_named("one:direct"), home=tmp_path).at == AT
    assert conformance_of(compile_named("one:indirect"), home=tmp_path) is None
    keep(report_of("one:direct", at=AT + timedelta(hours=1)), home=tmp_path)
    assert conformance_of(compile_named("one:direct"), home=tmp_path).at == AT + timedelta(hours=1)


def test_a_result_of_another_version_is_none(tmp_path):
    file = keep(report_of("two"), home=tmp_path)
    file.write_text(file.read_text(encoding="utf-8").replace('"direction"', '"way"'), encoding="utf-8")
    assert conformance_of(compile_named("two"), home=tmp_path) is None
