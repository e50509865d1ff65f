"""Tariffs (电价, 水价, 气价) as dated data: the YAML files here, their schema and their loader."""

from metropool.capabilities.billing.tariffs.calendars import band_of_day
from metropool.capabilities.billing.tariffs.loader import TariffBook, load_tariffs, tariff_book
from metropool.capabilities.billing.tariffs.plans import plan_of
from metropool.capabilities.billing.tariffs.schema import Tariff, TariffVersion

__all__ = ["Tariff", "TariffBook", "TariffVersion", "band_of_day", "load_tariffs", "plan_of", "tariff_book"]
