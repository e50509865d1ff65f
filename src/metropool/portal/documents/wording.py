"""How numbers, dates and services are written in documents."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from metropool.core.money import show_cny
from metropool.core.periods import BUSINESS_ZONE
from metropool.core.texts import Language, say, texts_of
from metropool.portal.schemas.basics import Text

ROOM = "metropool.portal.documents"
COLOURS: Mapping[str, str] = {"electricity": "#d98e04", "water": "#2b83ba", "gas": "#c8521f", "heat": "#7a4fa3"}
ESTIMATED = "#5a6875"


@dataclass(frozen=True)
class Wording:
    """Writes for one language."""

    language: Language

    def say(self, key: str, **values: object) -> str:
        """A text of the documents."""
        return say(ROOM, key, self.language, **values)

    def pick(self, text: Text) -> str:
        """The reader's side of a text."""
        return text.zh if self.language == "zh" else text.en

    def words(self) -> dict[str, str]:
        """Every text without parameters, by key."""
        plain = {key: text[self.language] for key, text in texts_of(ROOM).items() if "{" not in text[self.language]}
        return {key: value for key, value in plain.items() if "." not in key}

    def pair(self, key: str, value: str) -> dict[str, str]:
        """A label with its value."""
        return {"name": self.say(key), "value": value}

    def service(self, service: str) -> str:
        """Name of a service kind."""
        return self.say(f"service.{service}")

    def quantity(self, value: Decimal | None, unit: str | None, *, least: int = 2) -> str:
        """A quantity with its unit and at least so many decimals, or a dash."""
        if value is None or unit is None:
            return self.say("missing")
        key = f"unit.{unit}"
        return f"{number(value, least=least)} {self.say(key) if key in texts_of(ROOM) else unit}"

    def register(self, value: Decimal | None, *, beside: Decimal | None) -> str:
        """A register with as many decimals as the one shown beside it, or a dash."""
        if value is None:
            return self.say("missing")
        decimals = [len(format(one.normalize(), "f").partition(".")[2]) for one in (value, beside) if one is not None]
        return number(value, least=max(2, *decimals))

    def day(self, instant: datetime | date | None) -> str:
        """``2026-11-21`` of the business calendar; empty when unknown."""
        if isinstance(instant, datetime):
            instant = instant.astimezone(BUSINESS_ZONE).date()
        return instant.isoformat() if instant else ""

    def minute(self, instant: datetime | None) -> str:
        """``2026-11-21 08:15`` of the business calendar; a dash when unknown."""
        return f"{instant.astimezone(BUSINESS_ZONE):%Y-%m-%d %H:%M}" if instant else self.say("missing")

    def period(self, start: date, end: date) -> str:
        """First and last day of a half-open period."""
        return self.say("period.value", start=start.isoformat(), end=(end - timedelta(days=1)).isoformat())

    def frame(self, *, title: str, number: str, issuer: str) -> dict[str, Any]:
        """What every document has: title, issuer, footer, language."""
        return {
            "title": f"{title} {number}",
            "heading": title,
            "issuer": issuer,
            "lang": self.language,
            "region": self.say("region"),
            "footer": self.say("footer", title=title, number=number),
            "page_word": self.say("page_word", page="{page}", pages="{pages}"),
            "words": self.words(),
        }


def number(value: Decimal, *, least: int = 2) -> str:
    """Exact, with thousands grouped and at least ``least`` decimals."""
    shown = format(value.normalize(), ",f")
    whole, _, decimals = shown.partition(".")
    return f"{whole}.{decimals.ljust(least, '0')}"


def signed_cny(fen: int) -> str:
    """An amount with its sign always shown."""
    return f"{'+' if fen >= 0 else '-'}{show_cny(abs(fen))}"
