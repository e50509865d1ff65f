"""What the company does: reads its letters, bills whole months by its tariff, tells bills, notices and requests."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import httpx

from cityinabox.company.book import Book, Month, Row

ESTIMATED = 1
FEWEST = 10
"""Households that must stand behind a sum that is told."""
DUE_AFTER = timedelta(days=28)
AT_ONCE = 200


class Refused(ValueError):
    """The system did not let the company read or say something."""


@dataclass(frozen=True)
class Tariff:
    """What the company asks for a unit.

    Attributes:
        price: Of a unit [yuan].
        unit: Such as ``m3``.
        scale: Registers are told as whole numbers × 10^scale of the unit.
        reading_type: The register that is billed, as ``docs/integrators.md`` numbers it.
    """

    price: Decimal
    unit: str = "m3"
    scale: int = -3
    reading_type: int = 30


@dataclass(frozen=True)
class Company:
    """One company at the door of its system.

    Attributes:
        door: Client of ``…/<system>/api`` that shows the company's key.
        customers: Usage point to its agreement: ``account_number``, ``combined_account``.
        phrase: Under which it tells its bills.
        paid: Told each letter of payments, once it is in the books.
    """

    door: httpx.Client
    book: Book
    party: str
    service: str
    tariff: Tariff
    customers: Mapping[str, Row]
    phrase: str
    paid: Callable[[Row], None] = lambda _: None

    def work(self, *, wait_s: float) -> int:
        """Read what came, bill what is whole, tell it; returns how many letters there were."""
        found = self.ask("GET", "letters", params={"after": self.book.read(), "limit": 50, "wait": wait_s})
        for letter in found["letters"]:
            self._hear(letter)
        if found["letters"]:
            self.ask("POST", "letters/acknowledgement", json={"through": self.book.read()})
        for month in self.book.whole_months():
            if month.usage_point in self.customers:
                self._bill(month)
        self._tell()
        return len(found["letters"])

    def announce(self, notice: Row) -> Row:
        """Tell a notice; an edition is told once."""
        return self.say(f"{self.service}_announcements", notice, key=f"notice/{notice['notice']}/{notice['edition']}")

    def request(self, number: str, points: Iterable[str], first: date, last: date) -> Row:
        """Ask for readings again."""
        days = {"first_day": first.isoformat(), "last_day": last.isoformat()}
        wanted = {"request": number, "service": self.service, **days, "rows": [{"usage_point": point} for point in points]}
        return self.say(f"{self.service}_data_requests", wanted, key=f"request/{number}")

    def answer(self, asked: Row, *, state: str, reason: str, now: datetime) -> Row:
        """Answer an authority's request with the sums of what was billed, or with none."""
        rows = self._sums(asked) if state == "approved" else []
        answer = {name: asked[name] for name in ("request", "asker", "holder", "service", "what")}
        is_approved = int(state == "approved")
        pages = {"page": is_approved, "pages": is_approved, "expires_at": asked["expires_at"] if is_approved else None}
        told = {**answer, **pages, "state": state, "reason": reason, "decided_at": now.isoformat(), "rows": rows}
        return self.say("government_answers", told, key=f"answer/{asked['request']}/{state}")

    def say(self, phrase: str, message: Row, *, key: str) -> Row:
        """Say something under the company's own key; again is harmless."""
        return self.ask("POST", f"letters/{phrase}", json=message, headers={"Idempotency-Key": key})

    def ask(self, method: str, path: str, **given: Any) -> Row:
        """One request.

        Raises:
            Refused: With what the system said.
        """
        answer = self.door.request(method, path, **given)
        if answer.status_code >= 400:
            raise Refused(f"{method} {path}: {answer.status_code} {answer.text[:500]}")
        told: Row = answer.json()
        return told

    def _hear(self, letter: Row) -> None:
        rows = letter["message"].get("rows", [])
        if letter["kind"] == "BlocksSealed":
            self.book.note(letter["number"], days=self._days(rows))
        elif letter["kind"] == "PaymentsAllocated":
            self.book.note(letter["number"], payments=rows)
            self.paid(letter)
        elif letter["kind"] == "ViewRequested":
            asked = letter["message"]
            self.book.note(letter["number"], requests=[{**asked, "id": asked["request"], "message": json.dumps(asked)}])
        else:
            self.book.note(letter["number"])

    def _days(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Closed days with both registers; version 0 is a day that still runs."""
        for row in rows:
            known = row["register_start"] is not None and row["register_end"] is not None
            if row["reading_type"] == self.tariff.reading_type and row["version"] > 0 and known:
                yield {
                    "usage_point": row["usage_point"],
                    "day": row["business_date"],
                    "version": row["version"],
                    "meter": row["device_number"],
                    "first": row["register_start"],
                    "last": row["register_end"],
                    "used": used_on(row),
                    "estimated": ESTIMATED in (row["quality"] or ()),
                }

    def _sums(self, asked: Row) -> list[Row]:
        """What was billed of each month; of few households nothing but that it is of few."""
        months: dict[str, list[int]] = {}
        for bill in self.book.bills():
            if asked["first_day"] <= bill["period_start"] <= asked["last_day"]:
                months.setdefault(bill["period_start"], []).append(bill["amount_fen"])
        plain = {"measure": "billed", "category": "residential", "subject": None, "scale": 0, "unit": "fen"}
        return [
            {**plain, "period": month, "value": None, "subjects": None, "is_suppressed": True}
            if len(amounts) < FEWEST
            else {**plain, "period": month, "value": sum(amounts), "subjects": len(amounts), "is_suppressed": False}
            for month, amounts in sorted(months.items())
        ]

    def _bill(self, month: Month) -> None:
        customer, unit = self.customers[month.usage_point], Decimal(1).scaleb(self.tariff.scale)
        quantity = month.used * unit
        exact = quantity * self.tariff.price
        amount = exact.quantize(Decimal("0.01"), ROUND_HALF_UP)
        first = date.fromisoformat(f"{month.month}-01")
        end = (first + timedelta(days=31)).replace(day=1)
        number = f"{self.party[:1].upper()}{month.month.replace('-', '')}-{customer['account_number']}"
        row = {
            "service": self.service,
            "bill_number": number,
            "account_number": customer["account_number"],
            "combined_account": customer["combined_account"],
            "usage_point": month.usage_point,
            "meter_number": month.meter,
            "period_start": first.isoformat(),
            "period_end": end.isoformat(),
            "register_start": f"{month.first * unit:f}",
            "register_end": f"{month.last * unit:f}",
            "registers": None,
            "multiplier": "1",
            "quantity": f"{quantity:f}",
            "unit": self.tariff.unit,
            "is_estimated": month.is_estimated,
            "lines": json.dumps([["energy", f"{quantity:f}", f"{self.tariff.price:f}", f"{exact:f}"]]),
            "amount_fen": int(amount * 100),
            "due_date": (end + DUE_AFTER).isoformat(),
            "version": 1,
            "tariff": f"{self.party} flat",
        }
        self.book.keep_bill(number, month, int(amount * 100), row)

    def _tell(self) -> None:
        """Tell the bills that were not told; the key is that of their numbers, so that a crash between is harmless."""
        waiting = self.book.unsaid()
        for start in range(0, len(waiting), AT_ONCE):
            some = waiting[start : start + AT_ONCE]
            numbers = [row["bill_number"] for row in some]
            key = f"bills/{numbers[0]}/{numbers[-1]}/{len(some)}"
            self.say(self.phrase, {"service": self.service, "company": self.party, "rows": some}, key=key)
            self.book.told(numbers)


def used_on(row: Row) -> int:
    """What was used on a day [as told]; of each meter where it was exchanged."""
    if row["meters"]:
        return sum(int(end) - int(start) for _, start, end in json.loads(row["meters"]))
    return int(row["register_end"]) - int(row["register_start"])
