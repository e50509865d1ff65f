"""What is exchanged with payment channels, as evidence has it: the bytes that travelled with their signatures, under our own ids."""

from typing import Literal

from metropool.capabilities.settlement.model import MandateNotice, PaymentNotice, Wire
from metropool.exchange.evidence import Spoken

ORDERS, NOTICES = "payment_order", "payment_notice"
"""What the plan calls what a channel is told, and what it says."""


def told(*, channel: str, kind: str, key: str, wire: Wire, outcome: Literal["receipted", "refused"] = "receipted") -> Spoken:
    """Something a channel was told, and answered.

    Args:
        channel: Which one.
        kind: Method and path of the call.
        key: Our id of what it is about.
        wire: Both as they travelled.
        outcome: What the channel answered.
    """
    return Spoken(
        medium="http",
        direction="sent",
        outcome=outcome,
        phrase=ORDERS,
        kind=kind,
        key=f"{channel}/{key}",
        data=wire.said,
        answer=wire.answered,
    )


def heard(notice: PaymentNotice | MandateNotice) -> Spoken:
    """A notice of a channel, whether it came by itself or was asked for."""
    about = notice.order if isinstance(notice, PaymentNotice) else notice.mandate
    return Spoken(
        medium="http",
        direction="received",
        outcome="taken",
        phrase=NOTICES,
        kind=type(notice).__name__,
        key=f"{notice.channel}/{about}",
        once=f"{notice.reference}/{notice.status}",
        data=notice.wire,
    )
