"""What homes were told, for the evidence of the system that told it: orders and household meter data alike."""

from typing import Literal

from metropool.exchange.evidence import Spoken
from metropool.exchange.messages import Message


def told_to_home(
    message: type[Message],
    *,
    phrase: str,
    key: str,
    gateways: str,
    data: bytes,
    outcome: Literal["told", "receipted"],
    rows: int = 0,
) -> Spoken:
    """The exchange behind something said over MQTT to one home.

    Args:
        message: Class of what was said.
        phrase: What the plan calls it.
        key: Business key: the order, or the row that waited.
        gateways: Account of the gateways; the other end.
        data: The bytes that travelled.
        outcome: ``told`` when it left and nobody need say that it came, ``receipted`` once the gateway did.
        rows: How many rows it has, where it is told in rows.
    """
    return Spoken(
        medium="mqtt",
        direction="sent",
        outcome=outcome,
        phrase=phrase,
        kind=message.__name__,
        version=message.version,
        key=key,
        other=gateways,
        data=data,
        rows=rows,
    )
