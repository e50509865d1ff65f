"""Alarms and anomalies as an authority hears them."""

from typing import Literal

from metropool.portal.schemas.basics import Instant, Model, Text

What = Literal["alarm", "anomaly"]


class WatchedRow(Model):
    """An alarm of people's safety, or something abnormal over an area; ``detail`` says it in words."""

    id: str
    what: What
    what_text: Text
    kind: str
    kind_text: Text
    state: str
    state_text: Text
    is_open: bool
    service: str | None
    where: Text
    detail: Text
    began_at: Instant
    heard_at: Instant
    acknowledged_by: str | None
    acknowledged_at: Instant | None
