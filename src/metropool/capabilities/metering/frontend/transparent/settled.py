"""The register a DL/T 645 meter kept at the end of a month: its settlement data (上n结算日), which name no date of their own."""

from datetime import date, timedelta

from metropool.core.errors import Invalid
from metropool.core.quantities import reading_type
from metropool.devices import addresses, bcd
from metropool.devices.dlt645 import requests as dlt645
from metropool.devices.dlt645.frame import Frame, encode_frame
from metropool.devices.rows import Row, unix_s

ITEM = reading_type("electricity_forward_month_register")
SETTLEMENT_DAY, FORWARD_TOTAL, MONTHS_KEPT = 0x04000B01, 0x00010000, 12
_AT_MONTH_START = bytes((0, 1))
"""``hh DD`` as on the wire: hour 0 of day 1."""

_EPOCH = date(1970, 1, 1)


def month_frames(meter: int, *, day: int, today: int) -> tuple[bytes, bytes]:
    """The two frames that read what a meter kept at the end of a month: when it settles, and the register.

    Args:
        meter: Device address.
        day: Last business day of the month, as days since 1970-01-01.
        today: Business day now.

    Raises:
        Invalid: The month is not over, or longer ago than meters keep.
    """
    asked, now = _EPOCH + timedelta(days=day), _EPOCH + timedelta(days=today)
    back = (now.year - asked.year) * 12 + now.month - asked.month
    if not 1 <= back <= MONTHS_KEPT:
        raise Invalid(f"a meter keeps {MONTHS_KEPT} months, not the one that ended {back} months ago")
    address = addresses.unpack(meter & (1 << 64) - 1).address
    ids = (SETTLEMENT_DAY, FORWARD_TOTAL | back)
    when, register = (encode_frame(dlt645.read(address=address, data_id=data_id), preamble=4) for data_id in ids)
    return when, register


def month_row(meter: int, *, day: int, settles: Frame, register: Frame) -> Row:
    """The register at the month's last instant.

    Raises:
        Invalid: The meter refuses, holds no number, or settles on another day, so that its value is not of that instant.
    """
    if settles.is_refusal or settles.data[4:] != _AT_MONTH_START:
        raise Invalid(f"the meter does not settle at the beginning of a month: {settles.data[4:].hex() or 'refused'}")
    number = None if register.is_refusal else bcd.decimal(register.data[4:8], decimals=2)
    if number is None:
        raise Invalid("the meter holds no register of that month")
    at = unix_s((_EPOCH + timedelta(days=day + 1)).isoformat())
    return Row(device=meter, point=0, item=ITEM.id, at=at or 0, value=ITEM.stored(number))
