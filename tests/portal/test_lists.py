"""Lists as pages and as files."""

import csv
import io
import zipfile
from decimal import Decimal

import pytest

from metropool.portal import routes
from metropool.portal.exports import columns_of, file_of, header, neutral
from metropool.portal.ports.asked import Asked, Sort
from metropool.portal.routes.series import CurveRow, SeriesRow
from metropool.portal.schemas import basics, bills, commands, invoices, metering, meters, paying, site, topology, watch
from portal import samples
from portal.conftest import M
from portal.fakes import model_of
from portal.test_every_route import check_error

EXPORTED = (
    bills.BillSummary,
    bills.CompanyBillRow,
    commands.Command,
    invoices.InvoiceRow,
    metering.Alarm,
    meters.MeterEvent,
    meters.MeterRow,
    metering.Terminal,
    paying.Payment,
    site.User,
    topology.TopologyMessage,
    watch.WatchedRow,
    SeriesRow,
    CurveRow,
)


def asked_of(portal):
    return portal.calls[-1][1]["asked"]


class TestPages:
    def test_pass_on_page_size_sort_and_filters(self, portal):
        browser = portal.signed_in("oper")
        assert browser.get(f"/{M}/api/meters?page=3&size=50&sort=-number,state&q=44&service=water").status_code == 200
        name, given = portal.calls[-1]
        assert (name, given["q"], given["service"]) == ("meters", "44", "water")
        assert given["asked"] == Asked(page=3, size=50, sort=(Sort("number", True), Sort("state", False)))
        assert given["asked"].offset == 100

    @pytest.mark.parametrize(
        "query", ["sort=nonsense", "size=201", "size=0", "page=0", "page=x", "service=steam", "format=pdf", "page=1&page=2"]
    )
    def test_refuse_what_makes_no_sense(self, portal, query):
        check_error(portal.signed_in("oper").get(f"/{M}/api/meters?{query}"), 422, "invalid")
        assert portal.calls == []

    def test_a_column_with_the_name_of_a_method_can_be_sorted_by(self, portal):
        assert portal.signed_in("oper").get(f"/{M}/api/meters?sort=register").status_code == 200


class TestFiles:
    def test_csv_has_a_mark_for_spreadsheets_headers_and_yuan(self, portal):
        portal.answers["households"]["payments"] = basics.Page[paying.Payment](rows=[samples.payment()], page=1, size=1, total=1)
        answer = portal.signed_in("lihua").get(
            f"/smart_use_platform/api/households/{samples.ACCOUNT}/payments?format=csv&language=en"
        )
        assert answer.headers["content-disposition"] == f'attachment; filename="payments-{samples.ACCOUNT}.csv"'
        assert answer.content.startswith(b"\xef\xbb\xbf")
        rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
        assert rows[0]["Amount (CNY)"] == "231.87"
        assert rows[0]["Paid at"] == "2026-11-02T09:00:00+08:00"
        assert asked_of(portal) == Asked(page=1, size=100_000)

    def test_xlsx_is_a_workbook_without_formulas(self):
        row = model_of(metering.Alarm).model_copy(update={"meter": "=HYPERLINK(1)"})
        book = zipfile.ZipFile(io.BytesIO(file_of("xlsx", metering.Alarm, [row], "zh")))
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
        assert "<f>" not in sheet
        assert "'=HYPERLINK(1)" in sheet or "'=HYPERLINK(1)" in book.read("xl/sharedStrings.xml").decode()

    @pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =cmd|' /C calc'!A0"])
    def test_no_cell_can_be_run(self, text):
        assert neutral(text) == f"'{text}"
        row = model_of(metering.Alarm).model_copy(update={"terminal": text})
        cells = next(iter(list(csv.reader(io.StringIO(file_of("csv", metering.Alarm, [row], "en").decode("utf-8-sig"))))[1:]))
        assert not any(cell.lstrip().startswith(("=", "+", "-", "@")) for cell in cells)

    def test_plain_text_and_negative_numbers_stay_as_they_are(self):
        assert neutral("李华") == "李华"
        row = model_of(bills.CompanyBillRow).model_copy(update={"amount_fen": -1234})
        assert b",-12.34," in file_of("csv", bills.CompanyBillRow, [row], "en")

    @pytest.mark.parametrize("model", EXPORTED, ids=lambda model: model.__name__)
    @pytest.mark.parametrize("language", ["zh", "en"])
    def test_every_column_has_a_header(self, model, language):
        headers = [header(name, language) for name in columns_of(model)]
        assert len(headers) > 3
        assert all(headers)

    def test_usage_is_a_row_an_interval_with_quality(self, portal):
        from metropool.portal.schemas.resident import Usage

        series = basics.Series(unit="m3", start=samples.AT, interval_s=3600, values=[0.1, None], quality=[0, 2])
        portal.answers["usage"] = {"usage": model_of(Usage).model_copy(update={"series": series, "money": None, "carbon": None})}
        url = f"/smart_use_platform/api/households/{samples.ACCOUNT}/usage?service=water&format=csv&language=en"
        period = "&start=2026-11-02T00:00:00Z&end=2026-11-03T00:00:00Z"
        answer = portal.signed_in("lihua").get(url + period)
        rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
        assert [(row["Starts at"], row["Quantity"], row["Quality"]) for row in rows] == [
            ("2026-11-02T09:00:00+08:00", "0.1", "measured"),
            ("2026-11-02T10:00:00+08:00", "", "missing"),
        ]

    def test_what_an_invoice_is_issued_on_is_a_row_a_bill_and_payment(self, portal):
        row = model_of(invoices.InvoiceRow).model_copy(update={"charges_fen": 11777, "late_fee_fen": 15, "amount_fen": 11792})
        portal.answers["invoices"] = {"basis": model_of(invoices.InvoiceBasis).model_copy(update={"rows": [row]})}
        url = f"/smart_use_platform/api/households/{samples.ACCOUNT}/invoice-basis?payment=P-1&format=csv&language=en"
        answer = portal.signed_in("lihua").get(url)
        assert answer.headers["content-disposition"] == 'attachment; filename="invoice-P-1.csv"'
        (told,) = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
        assert [told[name] for name in ("Charges (CNY)", "Late fee (CNY)", "Amount (CNY)")] == ["117.77", "0.15", "117.92"]
        assert portal.calls[-1] == ("basis", {"account": samples.ACCOUNT, "payment": "P-1", "bill": None})

    @pytest.mark.parametrize(
        "period", ["start=2026-11-03T00:00:00Z&end=2026-11-02T00:00:00Z", "start=2020-01-01T00:00:00Z&end=2026-01-01T00:00:00Z"]
    )
    def test_a_period_that_cannot_be_is_refused(self, portal, period):
        url = f"/smart_use_platform/api/households/{samples.ACCOUNT}/usage?service=water&{period}"
        error = check_error(portal.signed_in("lihua").get(url), 422, "invalid")
        assert error["faults"][0]["where"] == "end"


def test_numbers_are_exact_and_instants_bear_the_business_offset():
    figure = basics.Figure(value=Decimal("12.3400"), unit="kWh", as_of=samples.AT, quality="measured", estimated_share=0)
    assert figure.model_dump_json() == (
        '{"value":"12.3400","unit":"kWh","as_of":"2026-11-02T09:00:00+08:00","quality":"measured",'
        '"estimated_share":0.0,"reason":null}'
    )


def test_all_rooms_are_served():
    tags = {room.tag for room in (*routes.DOOR_ROOMS, *routes.SYSTEM_ROOMS)}
    assert {"site", "session", "resident", "payments", "meters", "collection", "commands", "bills", "topology"} <= tags
