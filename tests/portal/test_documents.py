"""Documents: the words on them, the same bytes each time, and a font that has the characters."""

import io
import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from pypdf import PdfReader

from metropool.core.errors import Conflict
from metropool.core.texts import texts_of
from metropool.portal.desks.money.combined import meters_of
from metropool.portal.documents.bill import render_bill, render_company_bill
from metropool.portal.documents.receipt import render_receipt
from metropool.portal.documents.typesetter import HERE
from metropool.portal.documents.wording import number, signed_cny
from portal import samples
from portal.conftest import W

GOLDEN = Path(__file__).parent / "golden"
PAY_URL = "http://127.0.0.1:8765/pay/GZ0000000101"


def pages(pdf: bytes) -> list[str]:
    return [re.sub(r"\s+", " ", page.extract_text()).strip() for page in PdfReader(io.BytesIO(pdf)).pages]


DOCUMENTS = {
    "bill": lambda language: render_bill(samples.combined_bill(), language, pay_url=PAY_URL),
    "company_bill": lambda language: render_company_bill(samples.company_bill(), language),
    "receipt": lambda language: render_receipt(samples.refunded_payment(), samples.household(), language),
}


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_the_words_are_those_of_the_golden_copy(name, language):
    said = "\n\n".join(pages(DOCUMENTS[name](language))) + "\n"
    assert said == (GOLDEN / f"{name}.{language}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_the_same_data_gives_the_same_bytes(name):
    assert DOCUMENTS[name]("zh") == DOCUMENTS[name]("zh")


class TestCombinedBill:
    def test_page_one_says_who_where_what_how_much_and_how_to_pay(self):
        first = pages(DOCUMENTS["bill"]("en"))[0]
        accounts = ["0306000101", "1020000101", "8800000101"]
        meters = ["440100001234", "W20190012345", "G55500012345"]
        registers = ["12,345.67", "12,545.67", "1,018.25", "1,033.25", "765.120", "785.453"]
        for word in [*accounts, *meters, *registers, "¥ 231.87", "2026-11-28", "Estimated reading", "Actual reading", PAY_URL]:
            assert word in first, word

    def test_page_two_works_it_out(self):
        second = pages(DOCUMENTS["bill"]("en"))[1]
        assert "0.58886875 117.77375 ¥ 117.77" in second
        assert "half_up_to_fen" in second
        assert "-¥ 44.13" in second

    def test_creation_date_is_the_issue_date(self):
        information = PdfReader(io.BytesIO(DOCUMENTS["bill"]("zh"))).metadata
        assert information.creation_date == samples.AT
        assert information.title == f"三单合一账单 {samples.NUMBER}"

    def test_names_and_addresses_are_masked(self):
        first = pages(DOCUMENTS["bill"]("zh"))[0]
        assert "李*" in first
        assert "李华" not in first
        assert "1502" not in first

    def test_a_paid_bill_says_so(self):
        total = samples.combined_bill().total_fen
        first = pages(render_bill(samples.combined_bill(paid_fen=total, state="paid"), "en", pay_url=PAY_URL))[0]
        assert "Paid in full" in first

    def test_a_bill_without_registers_history_or_comparison_can_be_set(self):
        part = samples.parts()[0].model_copy(
            update={"register_start": None, "register_end": None, "register_start_at": None, "register_end_at": None}
        )
        bill = samples.combined_bill(parts=[part], history=[], why=[], last_month=None, last_year=None)
        assert len(pages(render_bill(bill, "zh", pay_url=PAY_URL))) == 2

    def test_page_one_still_says_how_to_pay_where_a_meter_was_exchanged_and_fees_are_due(self):
        power, *others = samples.parts()
        rows = [
            {"meter_number": "440100001234", "start": "12345.6731", "end": "12400.67", "to": "2026-10-15"},
            {"meter_number": "440100009999", "start": "0.5", "end": "145.5031", "to": None},
        ]
        meters = meters_of(rows, multiplier=Decimal(1), first_day=date(2026, 10, 1))
        parts = [power.model_copy(update={"meters": meters}), *others]
        bill = samples.combined_bill(parts=parts, late_fees=[samples.late_fee()] * 4)
        for language, taken_out in (("zh", "2026-10-15 拆除"), ("en", "taken out 2026-10-15")):
            first = pages(render_bill(bill, language, pay_url=PAY_URL))[0]
            assert PAY_URL in first
            assert f"440100001234 {taken_out} 12,345.6731 2026-10-01 12,400.6700 2026-10-15 54.9969 kWh" in first
            assert "145.0031 kWh" in first
            assert first.count("200.0000 kWh") == 2

    def test_many_lines_flow_over_pages(self):
        part = samples.parts()[0]
        lines = [part.lines[0].model_copy(update={"line": n}) for n in range(80)]
        bill = samples.combined_bill(parts=[part.model_copy(update={"lines": lines})])
        assert len(pages(render_bill(bill, "zh", pay_url=PAY_URL))) > 2

    def test_text_in_the_data_is_text(self):
        text = samples.text('#panic("x") $ * _ ` <a>', '#panic("x") $ * _ ` <a>')
        part = samples.parts()[0].model_copy(update={"tariff": text})
        second = pages(render_bill(samples.combined_bill(parts=[part]), "zh", pay_url=PAY_URL))[1]
        assert '#panic("x")' in second


class TestReceipt:
    def test_says_who_when_by_which_channel_for_which_bills_and_what_went_back(self):
        said = pages(DOCUMENTS["receipt"]("en"))[0]
        for word in ("R20261102-000001", "李*", "2026-11-02 09:00", "Demo Pay", "CH-778899", "E202610-000101", "¥ 231.87"):
            assert word in said, word
        assert "2026-11-02 RF20261103-a ¥ 1.00 Refunded of this ¥ 1.00" in said
        assert "1502" not in said

    def test_names_a_late_fee_beside_its_bill(self):
        paid = samples.payment()
        fee = paid.split[0].model_copy(update={"is_late_fee": True, "amount_fen": 15})
        said = pages(render_receipt(paid.model_copy(update={"split": [*paid.split, fee]}), samples.household(), "zh"))[0]
        assert "电 · 违约金 E202610-000101 ¥ 0.15" in said

    def test_says_nothing_of_refunds_where_there_were_none(self):
        assert "Refund" not in pages(render_receipt(samples.payment(), samples.household(), "en"))[0]


def test_a_late_fee_is_a_line_of_the_next_combined_bill():
    first = pages(render_bill(samples.combined_bill(late_fees=[samples.late_fee()]), "en", pay_url=PAY_URL))[0]
    assert "Late fees Electricity bill E202609-000101 (2026-09), 2026-10-18 to 2026-11-01 ¥ 0.15 Total" in first


def test_no_receipt_before_the_payment():
    payment = samples.payment(state="pending", paid_at=None, receipt_number=None)
    with pytest.raises(Conflict):
        render_receipt(payment, samples.household(), "zh")


def test_every_character_of_the_texts_is_in_the_fonts():
    from typst import Fonts

    words = "".join(text[language] for text in texts_of("metropool.portal.documents").values() for language in ("zh", "en"))
    hanzi = {char for char in words if char > "\u2e80"}
    fonts = Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[HERE / "fonts"]).fonts()
    assert {font.weight for font in fonts} == {400, 700}
    assert {font.family for font in fonts} == {"Noto Sans CJK SC"}
    assert all(char.encode("gb2312") for char in hanzi)


def test_fonts_are_small_and_bear_their_licence():
    files = list((HERE / "fonts").glob("*.otf"))
    assert len(files) == 2
    assert all(file.stat().st_size < 3_000_000 for file in files)
    assert "SIL OPEN FONT LICENSE Version 1.1" in (HERE / "fonts" / "OFL.txt").read_text()


def test_numbers_are_shown_exactly():
    assert number(Decimal("1234567.80000")) == "1,234,567.80"
    assert number(Decimal("0.58886875")) == "0.58886875"
    assert number(Decimal("1E+3")) == "1,000.00"
    assert signed_cny(-5) == "-¥ 0.05"


def test_a_bill_is_served_as_a_document(portal):
    from metropool.portal.schemas.bills import CompanyBill
    from portal.fakes import model_of

    browser = portal.signed_in("lihua")
    url = f"/smart_use_platform/api/households/{samples.ACCOUNT}/bills/latest/pdf?language=en"
    answer = browser.get(url)
    assert answer.headers["content-type"] == "application/pdf"
    assert f"http://127.0.0.1/pay/{samples.ACCOUNT}" in pages(answer.content)[0]
    portal.answers["billing"] = {"bill": model_of(CompanyBill)}
    assert portal.signed_in("clerk").get(f"/{W}/api/bills/x/pdf").content.startswith(b"%PDF")
