"""Every line, state and reason billing can show has its words in both languages."""

from metropool.capabilities.billing import freezing
from metropool.capabilities.billing.model import RunState
from metropool.capabilities.billing.tariffs import plan_of, tariff_book
from metropool.core.texts import LANGUAGES, texts_of

TEXTS = texts_of("metropool.capabilities.billing")


def _line_names() -> set[str]:
    book = tariff_book()
    return {
        line.name
        for tariff in book.tariffs.values()
        for version in tariff.versions
        for options in ((), *((option,) for option in tariff.options))
        for month in (1, 7)
        for line in plan_of(tariff, version, options=options, month=month).lines
    }


def test_every_line_of_every_tariff_has_words():
    assert {f"line.{name}" for name in _line_names()} <= TEXTS.keys()


def test_every_state_and_every_reason_has_words():
    reasons = {freezing.NO_TARIFF, freezing.NO_REGISTER, freezing.WENT_BACK, freezing.NO_INTERVALS}
    assert {f"state.{state}" for state in RunState} | {f"blocked.{reason}" for reason in reasons} <= TEXTS.keys()
    assert all(set(text) == set(LANGUAGES) and all(text.values()) for text in TEXTS.values())
